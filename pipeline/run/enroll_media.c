/* enroll_media.c - assay enroll media: the pictures of a folder or archive become a reference
 * store.
 *
 * Nothing is examined here: a run does it, in its jail and on all its ranks, and its sealed store
 * is copied into the other form.                                                      */
#include "enroll_media.h"

#include "../../kernels/detectors/gist.h"
#include "enroll.h"
#include "near.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct enroll {
    const struct as_options *o;
    struct as_enrolled_media *done;
    struct as_store *from;
    struct as_ref_writer *to;
    uint64_t path_bytes;
    int pdq, gist; /* places in as_detectors[] */
};

/* Media that could be read, each content once. */
static bool wanted(const struct as_row *row)
{
    return row->part == 0 && row->has_sha256 &&
           (row->status == AS_ITEM_OK || (row->status == AS_ITEM_LIMIT && row->w > 0));
}

static enum as_status count(void *state, const struct as_row *row, struct as_err *err)
{
    struct enroll *e = state;

    (void)err;
    e->done->items += row->part == 0;
    if (wanted(row)) {
        e->done->media++;
        e->path_bytes += row->path.len;
    }
    return AS_OK;
}

static enum as_status begin_sets(struct enroll *e, struct as_err *err)
{
    static const enum as_ref_set ROWS[] = {AS_REF_MEDIA_pdq,         AS_REF_MEDIA_quality,
                                           AS_REF_MEDIA_sha256,      AS_REF_MEDIA_vector_gist,
                                           AS_REF_MEDIA_path_offset, AS_REF_MEDIA_path_length};
    enum as_status status = AS_OK;

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        AS_TRY(as_ref_begin(e->to, ROWS[i], e->done->media, 0, err));
    AS_TRY(as_ref_begin(e->to, AS_REF_MEDIA_strings, e->path_bytes, 0, err));
done:
    return status;
}

static bool has_code(const struct as_det_row *det)
{
    return det->status == AS_DET_APPLIES && det->code != NULL && det->feat != NULL;
}

static enum as_status copy_row(struct enroll *e, const struct as_row *row, uint64_t offset,
                               struct as_err *err)
{
    static const uint8_t NONE[AS_GIST_DIM];
    const struct as_det_row *det = &row->det[e->pdq];
    const bool has = has_code(det);
    const uint8_t quality = has ? (uint8_t)det->feat[0] : 0;
    const uint8_t *scene = has_code(&row->det[e->gist]) ? row->det[e->gist].code : NONE;
    enum as_status status = AS_OK;

    e->done->codes += has;
    e->done->poor += has && quality < AS_NEAR_QUALITY;
    AS_TRY(as_ref_append(e->to, AS_REF_MEDIA_pdq, has ? det->code : NONE, 1, err));
    AS_TRY(as_ref_append(e->to, AS_REF_MEDIA_quality, &quality, 1, err));
    AS_TRY(as_ref_append(e->to, AS_REF_MEDIA_sha256, row->sha256, 1, err));
    AS_TRY(as_ref_append(e->to, AS_REF_MEDIA_vector_gist, scene, 1, err));
    AS_TRY(as_ref_append(e->to, AS_REF_MEDIA_path_offset, &offset, 1, err));
    AS_TRY(as_ref_append(e->to, AS_REF_MEDIA_path_length, &row->path.len, 1, err));
    AS_TRY(as_ref_append(e->to, AS_REF_MEDIA_strings, row->path.at, row->path.len, err));
done:
    return status;
}

static enum as_status copy_rows(struct enroll *e, struct as_err *err)
{
    enum as_status status = AS_OK;
    float score[AS_DETECTORS_MAX];
    uint64_t offset = 0;
    struct as_row row;

    for (uint64_t i = 0; i < as_store_items(e->from); i++) {
        AS_TRY(as_store_row(e->from, i, &row, score, err));
        if (!wanted(&row))
            continue;
        AS_TRY(copy_row(e, &row, offset, err));
        offset += row.path.len;
    }
done:
    return status;
}

static char *provenance(const struct enroll *e)
{
    json_t *run = json_loads(as_store_provenance(e->from), 0, NULL),
           *all = json_pack("{s:s, s:s, s:I, s:I, s:I, s:o*}", "command", "enroll media",
                            "content_digest", as_store_attr(e->from, "content_digest"), "items",
                            (json_int_t)e->done->items, "media", (json_int_t)e->done->media,
                            "codes", (json_int_t)e->done->codes, "run", run);
    char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;

    json_decref(all);
    return text;
}

static enum as_status convert(struct enroll *e, const char *results, struct as_err *err)
{
    const char *slash = strrchr(e->o->output, '/');
    enum as_status status = AS_OK;
    char *text = NULL;

    AS_TRY(as_store_open(&e->from, results, err));
    AS_TRY(as_store_each(e->from, count, e, err));
    if (e->done->media == 0)
        AS_FAIL(err, AS_SKIP,
                "no picture or video that could be read among %" PRIu64 " items: no store was made",
                e->done->items);
    AS_TRY(
        as_ref_create(&e->to, e->o->output, AS_REF_MEDIA, slash ? slash + 1 : e->o->output, err));
    AS_TRY(begin_sets(e, err));
    AS_TRY(copy_rows(e, err));
    if ((text = provenance(e)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the provenance");
    status = as_ref_commit(e->to, text, e->done->digest, err);
    e->to = NULL;
done:
    free(text);
    as_ref_drop(e->to);
    as_store_close(e->from);
    return status;
}

/* Place in as_detectors[]; of its end if there is none called so. */
static int place_of(const char *name)
{
    int d = 0;

    while (as_detectors[d] && strcmp(as_detectors[d]->name, name) != 0)
        d++;
    return d;
}

/* Rank 0, after the run. */
static enum as_status write_store(struct enroll *e, const char *dir, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_case kase = {0};

    e->pdq = place_of("pdq");
    e->gist = place_of("gist");
    if (as_detectors[e->pdq] == NULL || as_detectors[e->gist] == NULL)
        AS_FAIL(err, AS_EBUG, "there is no detector pdq or gist");
    AS_TRY(as_case_init(&kase, dir, err));
    status = convert(e, kase.results, err);
    if (status == AS_OK || status == AS_SKIP) /* what was examined serves no other attempt */
        as_case_remove(&kase);
done:
    as_case_clear(&kase);
    return status;
}

enum as_status as_enroll_media(const struct as_options *o, int npaths, char *const *paths,
                               struct as_enrolled_media *done, struct as_err *err)
{
    struct enroll e = {.o = o, .done = done};
    struct as_run_result result = {0};
    struct as_options own = *o;
    enum as_status status = AS_OK;
    char *dir = NULL;

    memset(done, 0, sizeof *done);
    AS_TRY(as_enroll_output(o->output, err));
    if (asprintf(&dir, "%s.case", o->output) < 0) {
        dir = NULL;
        AS_FAIL(err, AS_ENOMEM, "no memory to enroll");
    }
    own.output = dir;
    own.detectors = "pdq,gist";
    own.recheck = "none";
    status = as_run(&own, npaths, paths, &result, err);
    json_decref(result.time);
    done->me = result.me;
    AS_TRY(status);
    done->code = result.outcome.code;
    if (result.me == 0)
        AS_TRY(write_store(&e, dir, err));
done:
    free(dir);
    return status;
}
