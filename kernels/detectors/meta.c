/* meta.c - looking up a metadata entry. */
#include "meta.h"

#include "../dct.h"

#include <string.h>

const struct as_text *as_meta_find(const struct as_meta *meta, const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < meta->nkv; i++)
        if (meta->kv[i].key.len == len && memcmp(meta->kv[i].key.at, key, len) == 0)
            return &meta->kv[i].value;
    return NULL;
}

bool as_meta_luma_usable(const struct as_meta *meta, const struct as_dct *dct, size_t n,
                         uint16_t most)
{
    if (dct->ncomp == 0 || !dct->comp[0].at || dct->comp[0].wb != (meta->w + 7) / 8 ||
        dct->comp[0].hb != (meta->h + 7) / 8)
        return false;
    for (size_t k = 0; k < n; k++)
        if (dct->comp[0].q[as_zigzag[k]] == 0 || dct->comp[0].q[as_zigzag[k]] > most)
            return false;
    return true;
}
