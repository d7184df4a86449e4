/* meta.c - looking up a metadata entry. */
#include "meta.h"

#include <string.h>

const struct as_text *as_meta_find(const struct as_meta *meta, const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < meta->nkv; i++)
        if (meta->kv[i].key.len == len && memcmp(meta->kv[i].key.at, key, len) == 0)
            return &meta->kv[i].value;
    return NULL;
}
