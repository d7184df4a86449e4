/* spool.c - the residuals that a sealed case has kept.
 *
 * Which rank spooled what differs from run to run, so the digest is no part of the results: it
 * guards the files of this case, and stands in its provenance.  That is in no digest, so the audit
 * log says the same.                                                                     */
#include "spool.h"

#include "../examine/hash.h"
#include "../hex.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of each file, in words that are summed over the ranks: records, bytes, SHA-256. */
enum { RECORDS, BYTES, SHA, WORDS = SHA + 4 };

struct reading {
    struct as_rank *r;
    enum as_status (*each)(void *state, uint32_t file, uint64_t offset, const uint8_t *bytes,
                           uint32_t len);
    void *state;
    struct as_hash *hash;
    uint32_t file;
    uint64_t *words; /* of the file */
};

static enum as_status take(void *state, uint8_t type, const void *bytes, uint32_t n,
                           uint64_t offset)
{
    struct reading *g = state;
    uint32_t len = n;

    if (type != AS_REC_NOISE)
        return AS_OK;
    as_rank_tell(g->r);
    if (as_stop_signal)
        return AS_ESTOP;
    as_hash_add(g->hash, (const uint8_t *)&len, sizeof len);
    as_hash_add(g->hash, bytes, n);
    g->words[RECORDS]++;
    g->words[BYTES] += n;
    return g->each ? g->each(g->state, g->file, offset, bytes, n) : AS_OK;
}

static enum as_status read_file(struct reading *g, const char *name, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t sha[32], no[20];
    bool torn;

    as_hash_start(g->hash);
    if ((status = as_journal_scan(name, take, g, &torn, err)) == AS_ESTOP)
        AS_FAIL(err, AS_ESTOP, "%s while residuals were read", as_stop_why());
    AS_TRY(status);
    as_hash_end(g->hash, sha, no, no);
    memcpy(g->words + SHA, sha, sizeof sha);
done:
    return status;
}

static enum as_status read_mine(struct reading *g, char *const *names, size_t n, uint64_t *words,
                                struct as_err *err)
{
    enum as_status status = AS_OK;

    if (words == NULL || as_hash_new(&g->hash, false) != AS_OK)
        AS_FAIL(err, AS_ENOMEM, "no memory to read the spool");
    for (size_t i = (size_t)g->r->me; i < n; i += (size_t)g->r->size) {
        g->file = (uint32_t)i;
        g->words = words + i * WORDS;
        AS_TRY(read_file(g, names[i], err));
    }
done:
    return status;
}

/* Files without records count for nothing: a rank that had no picture leaves one. */
static void sum_up(struct as_hash *hash, char *const *names, size_t n, const uint64_t *words,
                   struct as_spool_sum *sum)
{
    uint8_t sha[32], no[20];
    char line[160], hex[65];

    memset(sum, 0, sizeof *sum);
    as_hash_start(hash);
    for (size_t i = 0; i < n; i++) {
        const uint64_t *w = words + i * WORDS;
        if (w[RECORDS] == 0)
            continue;
        memcpy(sha, w + SHA, sizeof sha);
        as_hex(sha, sizeof sha, hex);
        snprintf(line, sizeof line, "%.64s %" PRIu64 " %s\n", strrchr(names[i], '/') + 1,
                 w[RECORDS], hex);
        as_hash_add(hash, (const uint8_t *)line, strlen(line));
        sum->records += w[RECORDS];
        sum->bytes += w[BYTES];
    }
    as_hash_end(hash, sha, no, no);
    as_hex(sha, sizeof sha, sum->digest);
}

enum as_status as_spool_sum(struct as_rank *r, char *const *names, size_t n,
                            enum as_status (*each)(void *state, uint32_t file, uint64_t offset,
                                                   const uint8_t *bytes, uint32_t len),
                            void *state, struct as_spool_sum *sum, struct as_err *err)
{
    struct reading g = {.r = r, .each = each, .state = state};
    enum as_status status = AS_OK;
    uint64_t *words = calloc(n + 1, WORDS * sizeof *words);

    AS_TRY(as_comm_agree(r->comm, read_mine(&g, names, n, words, err), err));
    for (size_t i = 0; i < n; i++)
        AS_TRY(as_comm_sum(r->comm, words + i * WORDS, WORDS));
    sum_up(g.hash, names, n, words, sum);
done:
    as_hash_free(g.hash);
    free(words);
    return status;
}

enum as_status as_spool_list(struct as_rank *r, char *dir, char ***names, size_t *n,
                             struct as_err *err)
{
    char *const *journals = r->journals, *const here[] = {dir};
    const size_t njournals = r->njournals;
    enum as_status status;

    r->journals = here;
    r->njournals = 1;
    status = as_rank_journals(r, names, n, err);
    r->journals = journals;
    r->njournals = njournals;
    return status;
}

json_t *as_spool_json(const struct as_spool_sum *sum)
{
    return json_pack("{s:s, s:I, s:I}", "digest", sum->digest, "records", (json_int_t)sum->records,
                     "bytes", (json_int_t)sum->bytes);
}

bool as_spool_told(const json_t *provenance, struct as_spool_sum *sum)
{
    const json_t *o = json_object_get(provenance, "residuals");
    const char *digest = json_string_value(json_object_get(o, "digest"));

    memset(sum, 0, sizeof *sum);
    if (digest == NULL)
        return false;
    snprintf(sum->digest, sizeof sum->digest, "%s", digest);
    sum->records = (uint64_t)json_integer_value(json_object_get(o, "records"));
    sum->bytes = (uint64_t)json_integer_value(json_object_get(o, "bytes"));
    o = json_object_get(json_object_get(provenance, "options"), "residual-pixels");
    sum->pixels = json_is_string(o) ? strtoull(json_string_value(o), NULL, 10) : 0;
    return true;
}
