/* residuals.c - the residuals that a case has kept, read one by one; what is lost is told. */
#include "residuals_parts.h"

#include "grow.h"

#include "../log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPEN_MAX = 4 };

void as_residuals_clear(struct as_residuals *v)
{
    for (size_t i = 0; i < v->npaths; i++)
        free(v->path[i]);
    free(v->path);
    free(v->place);
    free(v->lost);
    memset(v, 0, sizeof *v);
}

enum as_status as_residuals_reader(const struct as_residuals *v, struct as_journal_reader **reader,
                                   struct as_err *err)
{
    return as_journal_open_read(reader, v->path, v->npaths, OPEN_MAX, err);
}

enum as_status as_residuals_note(struct as_residuals *v, uint64_t i, struct as_err *err)
{
    struct as_residual_place *p = &v->place[i];
    enum as_status status = AS_SKIP;
    struct as_noise_record rec;

    memset(&rec, 0, sizeof rec);
    memcpy(rec.sha256, p->sha256, sizeof rec.sha256);
    rec.offset = p->offset;
    if (sscanf(strrchr(v->path[p->file], '/'), "/a%u-r%u.jnl", &rec.attempt, &rec.rank) != 2)
        return as_fail(err, AS_EBUG, AS_REASON_NONE, __FILE__, __LINE__, "%s is no spool",
                       v->path[p->file]);
    pthread_mutex_lock(&v->lock);
    if (p->lost)
        goto done;
    as_log(AS_LOG_WARN, "%s has lost the residual at byte %" PRIu64, v->path[p->file], p->offset);
    if (as_grow((void **)&v->lost, v->nlost, &v->lost_cap, sizeof *v->lost)) {
        v->lost[v->nlost++] = rec;
        p->lost = true;
    } else {
        status = AS_ENOMEM;
    }
done:
    pthread_mutex_unlock(&v->lock);
    return status;
}

/* A file that is there and cannot be read is another matter: the disk may come back. */
static bool is_gone(const char *path)
{
    return access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

enum as_status as_residuals_read(struct as_residuals *v, struct as_journal_reader *reader,
                                 uint64_t i, struct as_noise_head *head, const uint8_t **bytes,
                                 struct as_err *err)
{
    const struct as_residual_place *p = &v->place[i];
    enum as_status status = AS_OK;
    struct as_journal_frame f;

    status = as_journal_read(reader, p->file, p->offset, &f, err);
    if (status == AS_EFORMAT || (status == AS_EIO && is_gone(v->path[p->file])))
        return as_residuals_note(v, i, err);
    AS_TRY(status);
    if (f.type != AS_REC_NOISE || !as_noise_check(&v->keep, f.bytes, f.n, head) ||
        memcmp(head->sha256, p->sha256, sizeof p->sha256) != 0 || head->full_w != p->w ||
        head->full_h != p->h)
        return as_residuals_note(v, i, err);
    *bytes = f.bytes;
done:
    return status;
}

/* Has the journal tell what this rank found lost. */
static enum as_status tell_lost(struct as_residuals *v, struct as_journal *j, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_block *block = NULL;

    for (uint64_t i = 0; i < v->nlost && status == AS_OK; i++)
        status = as_journal_append(j, AS_REC_LOST, &v->lost[i], sizeof v->lost[i]);
    if (status != AS_OK)
        AS_FAIL(err, status, "no memory for the journal");
    as_journal_cut(j, &block);
    AS_TRY(as_journal_commit(j, block, err));
    AS_TRY(as_journal_copy(j, err));
done:
    return status;
}

enum as_status as_residuals_end(struct as_residuals *v, struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t lost = v->nlost;

    AS_TRY(as_comm_sum(r->comm, &lost, 1));
    if (lost == 0)
        return AS_OK;
    if (r->journal == NULL && r->kept)
        AS_FAIL(err, AS_EIO, "%" PRIu64 " residuals changed while they were read", lost);
    if (r->journal == NULL)
        AS_FAIL(err, AS_EIO,
                "the residuals of %" PRIu64 " pictures are lost: the shards named above are to be "
                "examined again, with --fresh",
                lost);
    status = v->nlost > 0 ? tell_lost(v, r->journal, err) : AS_OK;
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_FAIL(err, AS_ESTOP,
            "the residuals of %" PRIu64 " pictures are lost or damaged; the same command examines "
            "these pictures again",
            lost);
done:
    return status;
}
