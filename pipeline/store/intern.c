/* intern.c - a bounded hash table of short texts.
 *
 * Metadata keys are few and come with every item.  Open addressing with a
 * bounded probe: a text that finds no place is simply stored again.          */
#include "intern.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 2 * AS_INTERN_MAX, PROBES = 16 };

struct slot {
    uint64_t offset;
    uint32_t len; /* 0: free */
    char text[AS_INTERN_LEN];
};

struct as_intern {
    uint32_t used;
    struct slot slot[SLOTS];
};

enum as_status as_intern_new(struct as_intern **t, struct as_err *err)
{
    enum as_status status = AS_OK;

    if ((*t = calloc(1, sizeof **t)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a table of texts");
done:
    return status;
}

void as_intern_free(struct as_intern *t)
{
    free(t);
}

void as_intern_reset(struct as_intern *t)
{
    memset(t, 0, sizeof *t);
}

static uint32_t hash(struct as_text text)
{
    uint32_t h = 2166136261u; /* FNV-1a */

    for (uint32_t i = 0; i < text.len; i++)
        h = (h ^ (uint8_t)text.at[i]) * 16777619u;
    return h;
}

bool as_intern_find(struct as_intern *t, struct as_text text, uint64_t *offset)
{
    if (text.len == 0 || text.len > AS_INTERN_LEN)
        return false;
    uint32_t h = hash(text);
    for (uint32_t i = 0; i < PROBES; i++) {
        struct slot *s = &t->slot[(h + i) % SLOTS];
        if (s->len == text.len && memcmp(s->text, text.at, text.len) == 0) {
            *offset = s->offset;
            return true;
        }
        if (s->len == 0 && t->used < AS_INTERN_MAX) {
            t->used++;
            s->len = text.len;
            s->offset = *offset;
            memcpy(s->text, text.at, text.len);
            return false;
        }
        if (s->len == 0)
            return false;
    }
    return false;
}
