/* against.c - the reference stores that a case is searched against. */
#include "against.h"

#include "../../kernels/detectors/camera.h"
#include "../examine/unit.h"
#include "known.h"
#include "rank.h"
#include "team.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Pixels that are kept of a picture where nothing else is asked for. */
enum { RESIDUAL_CAMERAS = 4 << 20, RESIDUAL_ORIGINS = 16 << 20 };

enum { LIST_MAX_BYTES = 4000, DIGEST_TEXT = 65 };

static uint64_t rows_of(const struct as_ref *ref)
{
    switch (as_ref_kind(ref)) {
    case AS_REF_KNOWN:
        return as_ref_rows(ref, AS_REF_KNOWN_sha256) + as_ref_rows(ref, AS_REF_KNOWN_sha1) +
               as_ref_rows(ref, AS_REF_KNOWN_md5);
    case AS_REF_MEDIA:
        return as_ref_rows(ref, AS_REF_MEDIA_pdq);
    default:
        return as_ref_rows(ref, AS_REF_CAMERA_cameras);
    }
}

static enum as_status open_one(struct as_against *a, const char *path, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_ref *ref = NULL;

    if (access(path, F_OK) != 0)
        AS_FAIL(err, AS_EUSAGE, "--against: there is no %s (several have commas between them)",
                path);
    AS_TRY(as_ref_open(&ref, path, err));
    for (uint16_t i = 0; i < a->n; i++)
        if (strcmp(as_ref_digest(a->ref[i]), as_ref_digest(ref)) == 0)
            AS_FAIL(err, AS_EUSAGE, "--against: %s is the same store as %s", path,
                    as_ref_path(a->ref[i]));
    struct as_set_row *row = &a->sets[a->n];
    *row = (struct as_set_row){.kind = (uint16_t)as_ref_kind(ref),
                               .name = as_ref_name(ref),
                               .path = as_ref_path(ref),
                               .rows = rows_of(ref)};
    memcpy(row->digest, as_ref_digest(ref), sizeof row->digest);
    a->ref[a->n++] = ref;
    ref = NULL;
done:
    as_ref_close(ref);
    return status;
}

enum as_status as_against_open(struct as_against *a, const char *list, struct as_err *err)
{
    enum as_status status = AS_OK;
    size_t n = 1;
    char *copy = strdup(list), *save = NULL;

    memset(a, 0, sizeof *a);
    for (const char *p = list; *p != '\0'; p++)
        n += *p == ',';
    if (strlen(list) > LIST_MAX_BYTES) /* what is kept of an option's text for a merge */
        AS_FAIL(err, AS_EUSAGE, "--against takes at most %d bytes", LIST_MAX_BYTES);
    a->ref = calloc(n, sizeof(struct as_ref *));
    a->sets = calloc(n, sizeof *a->sets);
    if (copy == NULL || a->ref == NULL || a->sets == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the stores of --against");
    for (char *path = strtok_r(copy, ",", &save); path != NULL; path = strtok_r(NULL, ",", &save))
        AS_TRY(open_one(a, path, err));
    if (a->n == 0 && list[0] != '\0')
        AS_FAIL(err, AS_EUSAGE, "--against %s names no reference store", list);
done:
    free(copy);
    if (status != AS_OK)
        as_against_close(a);
    return status;
}

void as_against_close(struct as_against *a)
{
    for (uint16_t i = 0; i < a->n; i++)
        as_ref_close(a->ref[i]);
    free(a->ref);
    free(a->sets);
    memset(a, 0, sizeof *a);
}

enum as_status as_against_imply(const struct as_against *a, struct as_options *o,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    bool known = false, camera = o->keep_residuals || o->origins, with[AS_DETECTORS_MAX];

    for (uint16_t i = 0; i < a->n; i++) {
        camera = camera || as_ref_kind(a->ref[i]) == AS_REF_CAMERA;
        if (as_ref_kind(a->ref[i]) != AS_REF_KNOWN)
            continue;
        known = true;
        o->md5 = o->md5 || as_known_needs_md5(a->ref[i]);
    }
    if (o->residual_pixels == 0) /* two pictures show less of a sensor than a fingerprint does */
        o->residual_pixels = o->origins ? RESIDUAL_ORIGINS : RESIDUAL_CAMERAS;
    if (camera && o->detectors[0] == 0)
        o->detectors = "all,camera";
    AS_TRY(as_detectors_select(o->detectors, with, err));
    for (size_t d = 0; camera && as_detectors[d]; d++)
        if (as_detectors[d] == &as_detector_camera && !with[d])
            AS_FAIL(err, AS_EUSAGE, "%s: name camera in --detector too",
                    o->origins          ? "--origins"
                    : o->keep_residuals ? "--keep-residuals is for cameras"
                                        : "--against names a store of cameras");
    if (o->skip_known && !known)
        AS_FAIL(err, AS_EUSAGE,
                "--skip-known goes by the stores of kind known that --against names; "
                "there is none");
done:
    return status;
}

/* Each rank's stores against those of rank 0.  Collective. */
static enum as_status same_stores(const struct as_against *a, struct as_comm *comm,
                                  struct as_err *err)
{
    enum as_status status = AS_OK;
    uint16_t n = a->n;
    char *theirs = NULL;

    AS_TRY(as_comm_bcast(comm, &n, sizeof n, 0));
    if (n != a->n)
        status =
            as_fail(err, AS_EFORMAT, AS_REASON_NONE, __FILE__, __LINE__,
                    "--against: rank %d has %u stores, rank 0 has %u", as_comm_rank(comm), a->n, n);
    AS_TRY(as_comm_agree(comm, status, err));
    theirs = malloc((size_t)n * DIGEST_TEXT + 1);
    AS_TRY(as_comm_agree(comm, theirs ? AS_OK : AS_ENOMEM, err));
    for (uint16_t i = 0; i < n; i++)
        memcpy(theirs + (size_t)i * DIGEST_TEXT, a->sets[i].digest, DIGEST_TEXT);
    AS_TRY(as_comm_bcast(comm, theirs, (uint64_t)n * DIGEST_TEXT, 0));
    for (uint16_t i = 0; i < n && status == AS_OK; i++)
        if (memcmp(theirs + (size_t)i * DIGEST_TEXT, a->sets[i].digest, DIGEST_TEXT) != 0)
            status = as_fail(err, AS_EFORMAT, AS_REASON_NONE, __FILE__, __LINE__,
                             "--against: the store of rank %d is not that of rank 0; all ranks "
                             "must see the same: %s",
                             as_comm_rank(comm), a->sets[i].path);
    status = as_comm_agree(comm, status, err);
done:
    free(theirs);
    return status;
}

/* True when it is this rank that reads store i: those that have the same file open take turns. */
static bool reads(const struct as_ref_stamp *of, int ranks, int me, uint16_t i)
{
    int sharing = 0, before = 0;

    for (int k = 0; k < ranks; k++)
        if (memcmp(&of[k], &of[me], sizeof *of) == 0) {
            sharing++;
            before += k < me;
        }
    return before == i % sharing;
}

static enum as_status go_on(void *state, struct as_err *err)
{
    return as_team_go_on(state, 0, "reading reference stores", err);
}

/* Collective. */
static enum as_status sound_stores(struct as_rank *r, struct as_err *err)
{
    const struct as_against *a = &r->against;
    const struct as_ask ask = {go_on, r};
    struct as_comm *comm = r->comm;
    enum as_status status = AS_OK, mine = AS_OK;
    const int ranks = as_comm_size(comm), me = as_comm_rank(comm);
    struct as_ref_stamp stamp, *all = calloc((size_t)ranks, sizeof *all);

    AS_TRY(as_comm_agree(comm, all ? AS_OK : AS_ENOMEM, err));
    for (uint16_t i = 0; i < a->n; i++) {
        AS_TRY(as_comm_agree(comm, as_ref_stamp(a->ref[i], &stamp, err), err));
        AS_TRY(as_comm_allgather(comm, &stamp, sizeof stamp, all));
        if (mine == AS_OK && reads(all, ranks, me, i))
            mine = as_ref_check(a->ref[i], &ask, err);
    }
    status = as_comm_agree(comm, mine, err);
done:
    free(all);
    return status;
}

enum as_status as_against_agree(struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(same_stores(&r->against, r->comm, err));
    if (r->against.n > 0)
        AS_TRY(sound_stores(r, err));
done:
    return status;
}

char *as_against_digests(const struct as_against *a)
{
    char *text = calloc((size_t)a->n + 1, 66);

    for (uint16_t i = 0; text != NULL && i < a->n; i++)
        snprintf(text + strlen(text), 66, "%s%s", i > 0 ? "," : "", a->sets[i].digest);
    return text;
}

enum as_status as_against_good(const struct as_against *a, const struct as_known_ask *ask,
                               struct as_err *err)
{
    enum as_status status = AS_OK;
    bool good = false;

    for (uint16_t i = 0; i < a->n; i++) {
        struct as_known_hit hit;
        if (as_ref_kind(a->ref[i]) != AS_REF_KNOWN)
            continue;
        status = as_known_find(a->ref[i], ask, &hit, err);
        if (status > AS_END)
            goto done;
        if (status == AS_OK && hit.class == AS_KNOWN_BAD)
            return AS_END;
        good = good || (status == AS_OK && hit.class == AS_KNOWN_GOOD);
    }
    status = good ? AS_OK : AS_END;
done:
    return status;
}
