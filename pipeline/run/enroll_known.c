/* enroll_known.c - hash sets become a reference store.
 *
 * Every entry becomes a record of one size (kind, hash, class, category); records are
 * sorted outside of memory and gone over twice, to count the different hashes and to
 * write them.  Class and category are at the end of a record, the worst last, so that
 * of equal hashes the last one is to be kept.                                      */
#include "enroll_known.h"

#include "../log.h"
#include "../store/reference.h"
#include "enroll.h"
#include "hashset_parts.h"
#include "machine.h"
#include "rank.h"
#include "runs.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MEMORY = 1 << 30 /* to sort in, where nothing was said */ };
enum {
    REC_HASH = 1,
    REC_CLASS = REC_HASH + AS_HASH_MAX,
    REC_CATEGORY, /* 255 less the category, as the lower one is the worse */
    REC_BYTES,
    BATCH = 4096 /* rows handed to the store at a time */
};

/* Where hashes of a kind go. */
static const struct {
    enum as_ref_set hash, class, category;
} SETS[AS_HASH_KINDS] = {
    {AS_REF_KNOWN_sha256, AS_REF_KNOWN_sha256_class, AS_REF_KNOWN_sha256_category},
    {AS_REF_KNOWN_sha1, AS_REF_KNOWN_sha1_class, AS_REF_KNOWN_sha1_category},
    {AS_REF_KNOWN_md5, AS_REF_KNOWN_md5_class, AS_REF_KNOWN_md5_category},
};

struct enroll {
    const struct as_options *o;
    struct as_runs *runs;
    struct as_ref_writer *store;
    struct as_enrolled_known *done;
    json_t *sources;
    /* rows on their way into the store, all of one kind */
    int kind;
    uint32_t n;
    uint8_t hash[BATCH * AS_HASH_MAX], class[BATCH], category[BATCH];
};

/* What VICS numbers mean differs from country to country: 1 to 3 are what is sought, whatever is
 * said of the file as a whole, and no number is a reason to look away.                  */
static uint8_t class_of(const struct as_options *o, int category)
{
    if (o->known_bad || (category >= 1 && category <= 3))
        return AS_KNOWN_BAD;
    return o->known_good ? AS_KNOWN_GOOD : AS_KNOWN_UNSAID;
}

static enum as_status add(void *state, const struct as_hash_entry *entry, struct as_err *err)
{
    struct enroll *e = state;
    uint8_t rec[REC_BYTES] = {0};
    int kind = 0;

    while (!entry->has[kind])
        kind++;
    rec[0] = (uint8_t)kind;
    memcpy(rec + REC_HASH, entry->hash[kind], as_hash_bytes((enum as_hash_kind)kind));
    rec[REC_CLASS] = class_of(e->o, entry->category);
    e->done->weak += rec[REC_CLASS] == AS_KNOWN_GOOD && kind != AS_HASH_SHA256;
    rec[REC_CATEGORY] = entry->category < 0 ? 0 : (uint8_t)(AS_KNOWN_NO_CATEGORY - entry->category);
    return as_stop_signal ? as_hashset_go_on(err) : as_runs_add(e->runs, rec, err);
}

static enum as_status read_file(struct enroll *e, const char *path, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_hashset_counts counts;
    const struct as_hashset_to to = {e, add};
    json_t *source;

    AS_TRY(as_hashset_read(path, &to, &counts, err));
    as_log(AS_LOG_INFO, "read %s hashes=%" PRIu64 " file=%s", counts.form, counts.entries, path);
    if (counts.without > 0)
        as_log(AS_LOG_WARN, "%" PRIu64 " entries of %s have no hash", counts.without, path);
    e->done->entries += counts.entries;
    e->done->without += counts.without;
    /* paths are bytes: what is no UTF-8 stands in the store as its hash alone */
    source =
        json_pack("{s:s, s:s, s:I, s:I}", "form", counts.form, "sha256", counts.sha256, "entries",
                  (json_int_t)counts.entries, "without", (json_int_t)counts.without);
    json_object_set_new(source, "path", json_string(path));
    if (json_array_append_new(e->sources, source) != 0)
        AS_FAIL(err, AS_ENOMEM, "no memory for the provenance");
done:
    return status;
}

/* The last of each run of equal hashes; AS_END. */
static enum as_status next_hash(struct enroll *e, uint8_t rec[REC_BYTES], uint8_t ahead[REC_BYTES],
                                bool *has_ahead, struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = NULL;

    if (!*has_ahead) {
        AS_TRY(as_runs_next(e->runs, &at, err));
        memcpy(ahead, at, REC_BYTES);
    }
    *has_ahead = false;
    memcpy(rec, ahead, REC_BYTES);
    while ((status = as_runs_next(e->runs, &at, err)) == AS_OK && memcmp(at, rec, REC_CLASS) == 0)
        memcpy(rec, at, REC_BYTES);
    if (status == AS_OK) {
        memcpy(ahead, at, REC_BYTES);
        *has_ahead = true;
    }
    if (status == AS_END)
        status = AS_OK; /* of the one after this */
done:
    return status;
}

static enum as_status flush(struct enroll *e, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint32_t n = e->n;

    e->n = 0;
    if (n == 0)
        goto done;
    AS_TRY(as_ref_append(e->store, SETS[e->kind].hash, e->hash, n, err));
    AS_TRY(as_ref_append(e->store, SETS[e->kind].class, e->class, n, err));
    AS_TRY(as_ref_append(e->store, SETS[e->kind].category, e->category, n, err));
done:
    return status;
}

static enum as_status put(struct enroll *e, const uint8_t rec[REC_BYTES], struct as_err *err)
{
    enum as_status status = AS_OK;

    if (e->n == BATCH || rec[0] != e->kind)
        AS_TRY(flush(e, err));
    e->kind = rec[0];
    const size_t bytes = as_hash_bytes((enum as_hash_kind)e->kind);
    memcpy(e->hash + e->n * bytes, rec + REC_HASH, bytes);
    e->class[e->n] = rec[REC_CLASS];
    e->category[e->n++] = (uint8_t)(AS_KNOWN_NO_CATEGORY - rec[REC_CATEGORY]);
done:
    return status;
}

/* Goes over all hashes: to count them, or to write them. */
static enum as_status walk(struct enroll *e, bool write, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t rec[REC_BYTES], ahead[REC_BYTES];
    bool has_ahead = false;

    AS_TRY(as_runs_rewind(e->runs, err));
    while ((status = next_hash(e, rec, ahead, &has_ahead, err)) == AS_OK) {
        AS_TRY(as_hashset_go_on(err));
        if (write) {
            AS_TRY(put(e, rec, err));
        } else {
            e->done->rows[rec[0]]++;
            e->done->by_class[rec[REC_CLASS]]++;
        }
    }
    if (status == AS_END)
        status = write ? flush(e, err) : AS_OK;
done:
    return status;
}

static enum as_status begin_sets(struct enroll *e, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (int k = 0; k < AS_HASH_KINDS; k++) {
        uint64_t n = e->done->rows[k];
        if (n == 0)
            continue;
        AS_TRY(as_ref_begin(e->store, SETS[k].hash, n, 0, err));
        AS_TRY(as_ref_begin(e->store, SETS[k].class, n, 0, err));
        AS_TRY(as_ref_begin(e->store, SETS[k].category, n, 0, err));
    }
done:
    return status;
}

static enum as_status write_store(struct enroll *e, struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *slash = strrchr(e->o->output, '/'), *name = slash ? slash + 1 : e->o->output;
    json_t *all = json_pack("{s:s, s:O, s:I, s:b, s:b}", "command", "enroll known", "sources",
                            e->sources, "entries", (json_int_t)e->done->entries, "known_good",
                            (int)e->o->known_good, "known_bad", (int)e->o->known_bad);
    char *text = all != NULL ? json_dumps(all, JSON_COMPACT) : NULL;
    struct stat st;

    json_decref(all);
    if (text == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the provenance");
    AS_TRY(as_ref_create(&e->store, e->o->output, AS_REF_KNOWN, name, err));
    AS_TRY(begin_sets(e, err));
    AS_TRY(walk(e, true, err));
    status = as_ref_commit(e->store, text, e->done->digest, err);
    e->store = NULL;
    if (status == AS_OK && stat(e->o->output, &st) == 0)
        e->done->bytes = (uint64_t)st.st_size;
done:
    free(text);
    return status;
}

static enum as_status check(const struct as_options *o, struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *world = getenv("OMPI_COMM_WORLD_SIZE");

    if (as_machine_singles(1) > 1 || (world != NULL && strcmp(world, "1") != 0))
        AS_FAIL(err, AS_EUSAGE,
                "enroll known is the work of one process: start it without mpirun or "
                "srun");
    AS_TRY(as_enroll_output(o->output, err));
    if (o->known_good && o->known_bad)
        AS_FAIL(err, AS_EUSAGE, "--known-good or --known-bad, not both: enroll the two apart");
done:
    return status;
}

enum as_status as_enroll_known(const struct as_options *o, int nfiles, char *const *files,
                               struct as_enrolled_known *done, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct enroll *e = calloc(1, sizeof *e);

    memset(done, 0, sizeof *done);
    if (e == NULL || (e->sources = json_array()) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to enroll");
    e->o = o;
    e->done = done;
    AS_TRY(check(o, err));
    as_stop_catch();
    AS_TRY(as_runs_new(&e->runs, REC_BYTES, o->memory ? o->memory : MEMORY, o->output, err));
    for (int i = 0; i < nfiles; i++)
        AS_TRY(read_file(e, files[i], err));
    if (done->weak > 0)
        as_log(AS_LOG_WARN,
               "%" PRIu64 " entries said to be good have no SHA-256: other files can be made with "
               "their MD5 or SHA-1, and --skip-known will skip them",
               done->weak);
    AS_TRY(walk(e, false, err));
    AS_TRY(write_store(e, err));
done:
    if (e != NULL) {
        as_ref_drop(e->store);
        as_runs_free(e->runs);
        json_decref(e->sources);
    }
    free(e);
    return status;
}
