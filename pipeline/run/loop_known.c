/* loop_known.c - with --skip-known: contents that this rank was granted are looked up before
 * they are handed to examiners; of those that are known good, that is the record.
 *
 * The I/O thread looks them up, as a set may lie on a slow disk.  Whether a content is
 * known follows from its hashes and the sets alone, so no rank and no order decides it. */
#include "loop_parts.h"

#include "known.h"

#include <stdlib.h>
#include <string.h>

struct looking {
    struct as_loop *l;
    uint32_t batch, n;
    struct as_slot slot[AS_BATCH_SLOTS]; /* of the contents of the batch    */
    bool good[AS_BATCH_SLOTS];
    enum as_status status;
    struct as_err err;
};

static void look(void *arg)
{
    struct looking *k = arg;
    const struct as_question *q = &k->l->question[k->batch];

    for (uint32_t i = 0; i < k->n && k->status == AS_OK; i++) {
        const struct as_slot *s = &k->slot[i];
        const bool more = (s->bits & AS_SLOT_MD5) != 0;
        const struct as_known_ask ask = {s->sha256, more ? s->sha1 : NULL, more ? s->md5 : NULL};
        if (!q->grant[i])
            continue;
        k->status = as_against_good(&k->l->r->against, &ask, &k->err);
        k->good[i] = k->status == AS_OK;
        if (k->status == AS_END)
            k->status = AS_OK;
    }
}

static void looked(void *arg)
{
    struct looking *k = arg;
    struct as_loop *l = k->l;
    struct as_question *q = &l->question[k->batch];
    uint8_t record[256];

    for (uint32_t i = 0; i < k->n && k->status == AS_OK; i++) {
        if (!k->good[i])
            continue;
        size_t n =
            as_content_pack_failed(k->slot[i].kind, AS_REASON_KNOWN, "", "", record, sizeof record);
        if (n == 0) {
            k->status = as_fail(&k->err, AS_EBUG, AS_REASON_NONE, __FILE__, __LINE__,
                                "the record of a known content does not fit");
            break;
        }
        as_loop_content(l, k->slot[i].sha256, record, n);
        q->grant[i] = false;
    }
    if (k->status != AS_OK)
        as_loop_stop(l, k->status, k->err.text);
    else
        as_crew_granted(l->crew, k->batch, q->grant, q->n);
    free(k);
}

void as_loop_granted(struct as_loop *l, uint32_t batch)
{
    const struct as_question *q = &l->question[batch];
    struct looking *k = NULL;
    bool any = false;

    for (uint32_t i = 0; i < q->n; i++)
        any = any || q->grant[i];
    if (!l->r->options->skip_known || !any) {
        as_crew_granted(l->crew, batch, q->grant, q->n);
        return;
    }
    if ((k = calloc(1, sizeof *k)) != NULL) {
        k->l = l;
        k->batch = batch;
        k->n = q->n;
        for (uint32_t i = 0; i < q->n; i++)
            k->slot[i] = *as_crew_asked(l->crew, batch, i);
    }
    if (k == NULL || as_io_submit(l->r->io, look, looked, k) != AS_OK) {
        free(k);
        as_loop_stop(l, AS_EIO, "no memory to look up known contents");
    }
}
