/* cmd_verify.c - assay verify CASE: is it what was sealed? */
#include "../log.h"
#include "../report/case.h"
#include "../cluster/chain.h"
#include "../report/checks.h"
#include "../report/human.h"
#include "../report/show_search.h"
#include "../report/summary.h"
#include "../run/spool.h"
#include "cmd.h"
#include "rehash.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void compare(struct as_checks *c, const char *name, const char *stored, const char *found)
{
    if (stored && strcmp(stored, found) == 0)
        as_checks_add(c, AS_LEVEL_OK, name, "%s", found);
    else
        as_checks_add(c, AS_LEVEL_BAD, name, "the data give %s, the seal says %s", found,
                      stored ? stored : "nothing");
}

static enum as_status digests(struct as_store *store, struct as_checks *c, struct as_err *err)
{
    enum as_status status = AS_OK;
    char content[65], exact[65];

    AS_TRY(as_store_digest(store, content, exact, err));
    compare(c, "content digest", as_store_attr(store, "content_digest"), content);
    compare(c, "exact digest", as_store_attr(store, "digest_exact"), exact);
done:
    return status;
}

static enum as_status accounting(struct as_store *store, struct as_checks *c, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_summary *s = NULL;
    struct as_making m;
    char count[32];

    AS_TRY(as_summary_new(&s, store, err));
    as_making_read(as_store_provenance(store), &m);
    if (as_summary_holds(s) && s->rows == as_store_items(store))
        as_checks_add(c, AS_LEVEL_OK, "accounting", "%s items, each with one status",
                      as_human_count(s->items, count));
    else
        as_checks_add(c, AS_LEVEL_BAD, "accounting",
                      "%" PRIu64 " of %" PRIu64 " items have no valid status", s->strange,
                      s->items);
    if (m.discovered && m.discovered != s->items)
        as_checks_add(c, AS_LEVEL_BAD, "accounting",
                      "%" PRIu64 " items were discovered, the store has %" PRIu64, m.discovered,
                      s->items);
    if (s->misplaced)
        as_checks_add(c, AS_LEVEL_BAD, "order",
                      "%" PRIu64 " rows break the order of ids, the first is row %" PRIu64,
                      s->misplaced, s->first_misplaced);
    else
        as_checks_add(c, AS_LEVEL_OK, "order", "ids without gaps, rows sorted");
    if (s->unfounded)
        as_checks_add(c, AS_LEVEL_BAD, "reasons",
                      "%" PRIu64 " items have a reason of another status, the first is #%" PRIu64,
                      s->unfounded, s->first_unfounded);
    else
        as_checks_add(c, AS_LEVEL_OK, "reasons", "every reason belongs to its item's status");
done:
    as_summary_free(s);
    return status;
}

static void broken_line(void *state, uint64_t line, const char *what)
{
    as_checks_add(state, AS_LEVEL_BAD, "audit log", "line %" PRIu64 ": %s", line, what);
}

/* The chain, and that its end names the digest of the store. */
static enum as_status chain(const char *name, struct as_store *store, struct as_chain *a,
                            struct as_checks *c, struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *digest = as_store_attr(store, "content_digest");
    char path[AS_CASE_PATH];

    AS_TRY(as_case_path(name, "audit.jsonl", path, err));
    if ((status = as_chain_follow(path, a, broken_line, c, err)) == AS_SKIP) {
        as_checks_add(c, AS_LEVEL_BAD, "audit log", "audit.jsonl is missing");
        status = AS_OK;
        goto done;
    }
    AS_TRY(status);
    if (a->broken == 0)
        as_checks_add(c, AS_LEVEL_OK, "audit log", "one unbroken chain of %" PRIu64 " lines%s%s",
                      a->lines,
                      a->recovered ? "; torn lines were closed by entries that say so" : "",
                      a->torn_end ? "; its last line is torn, which a kill explains" : "");
    if (a->content_digest[0] == 0)
        as_checks_add(c, AS_LEVEL_BAD, "audit log", "no entry tells of the seal");
    else if (digest == NULL || strcmp(a->content_digest, digest) != 0)
        as_checks_add(c, AS_LEVEL_BAD, "audit log",
                      "it tells of the seal %s, which is not this store's", a->content_digest);
    else
        as_checks_add(c, AS_LEVEL_OK, "audit log", "its seal is this store's");
done:
    return status;
}

/* What a run with --keep-residuals left, against what the seal says of it, and the audit log. */
static enum as_status residuals(const struct as_options *o, const char *name,
                                struct as_store *store, const struct as_chain *a,
                                struct as_checks *c, struct as_err *err)
{
    struct as_rank alone = {.options = o, .size = 1};
    json_t *made = json_loads(as_store_provenance(store), 0, NULL);
    struct as_spool_sum told, found;
    enum as_status status = AS_OK;
    char path[AS_CASE_PATH], count[32];
    char **files = NULL;
    size_t n = 0;

    const bool is_told = as_spool_told(made, &told);
    if (a->content_digest[0] && !as_chain_kept(a, told.digest, told.pixels))
        as_checks_add(c, AS_LEVEL_BAD, "residuals",
                      "the provenance says other things of them than the audit log's seal");
    if (!is_told)
        goto done;
    AS_TRY(as_case_path(name, "spool", path, err));
    if (access(path, F_OK) != 0) {
        as_checks_add(c, AS_LEVEL_WARN, "residuals", "they are not there: %s", path);
        goto done;
    }
    AS_TRY(as_spool_list(&alone, path, &files, &n, err));
    AS_TRY(as_spool_sum(&alone, files, n, NULL, NULL, &found, err));
    if (strcmp(told.digest, found.digest) == 0)
        as_checks_add(c, AS_LEVEL_OK, "residuals", "%s, as they were sealed",
                      as_human_count(found.records, count));
    else
        as_checks_add(c, AS_LEVEL_BAD, "residuals", "%s is not what the case was sealed with",
                      path);
done:
    as_journal_list_free(files, n);
    json_decref(made);
    return status;
}

static enum as_status signature(const char *name, struct as_checks *c, struct as_err *err)
{
    enum as_status status = AS_OK;
    char path[AS_CASE_PATH];

    AS_TRY(as_case_path(name, "seal.sig", path, err));
    if (access(path, F_OK) == 0)
        as_checks_add(c, AS_LEVEL_OK, "signature",
                      "seal.sig is there; check it with the program that made it");
    else
        as_checks_add(c, AS_LEVEL_OK, "signature", "none: the case was sealed without --sign");
done:
    return status;
}

/* Whether the case is still what was searched, where it is still there. */
static void check_parent(struct as_store *search, struct as_checks *c)
{
    const struct as_store_parent *is = as_store_parent(search);
    struct as_store *parent = NULL;

    as_search_parent(search, &parent);
    if (parent)
        as_checks_add(c, AS_LEVEL_OK, "case", "it is where it was searched: %s",
                      is->content_digest);
    else
        as_checks_add(c, AS_LEVEL_WARN, "case",
                      "not where it was searched, or another one; this is the search of %s",
                      is->content_digest);
    as_store_close(parent);
}

static enum as_status check_search(const struct as_options *o, struct as_store *store,
                                   struct as_checks *c, struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint64_t n = as_store_matches(store);
    struct as_match m, last = {0};
    char count[32];

    if (o->evidence)
        AS_FAIL(err, AS_EUSAGE, "--evidence: this is the search of a case; verify the case itself");
    for (uint64_t i = 0; i < n; i++) {
        AS_TRY(as_store_match(store, i, &m, err));
        if (m.row < last.row)
            AS_FAIL(err, AS_EFORMAT, "match %" PRIu64 " is out of order", i);
        last = m;
    }
    as_checks_add(c, AS_LEVEL_OK, "matches", "%s, each of an item of the case and of a set",
                  as_human_count(n, count));
    check_parent(store, c);
done:
    return status;
}

static enum as_status check_all(const struct as_options *o, const char *name, const char *path,
                                struct as_checks *c, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_store *store = NULL;
    bool folder = strlen(path) > strlen(name);
    struct as_chain a = {0};

    AS_TRY(as_store_open_any(&store, path, err));
    AS_TRY(digests(store, c, err));
    if (as_store_parent(store)) {
        status = check_search(o, store, c, err);
        goto done;
    }
    AS_TRY(accounting(store, c, err));
    if (folder) {
        AS_TRY(chain(name, store, &a, c, err));
        AS_TRY(signature(name, c, err));
        AS_TRY(residuals(o, name, store, &a, c, err));
    }
    if (o->evidence)
        AS_TRY(as_rehash(store, c, err));
done:
    as_store_close(store);
    return status;
}

static void print(const struct as_options *o, const char *name, const struct as_checks *c)
{
    struct as_json j = {.out = stdout};
    struct as_terminal t;
    bool good = c->count[AS_LEVEL_BAD] == 0;

    if (o->json) {
        as_json_open(&j, NULL, '{');
        as_json_text(&j, "case", as_text_of(name), AS_SHOW_PATH);
        as_json_bool(&j, "verified", good);
        as_checks_json(c, &j, "checks");
        as_json_close(&j);
        return;
    }
    as_terminal_init(&t, stdout);
    as_checks_print(c, &t);
    if (good)
        printf("%sverified%s: the case is what was sealed\n", as_terminal_style(&t, AS_STYLE_GOOD),
               as_terminal_style(&t, AS_STYLE_END));
    else
        printf("%sNOT VERIFIED%s; findings: %zu\n", as_terminal_style(&t, AS_STYLE_BAD),
               as_terminal_style(&t, AS_STYLE_END), c->count[AS_LEVEL_BAD]);
}

/* A case without a store: what it is instead. */
static int say_unsealed(const char *name)
{
    struct as_progress p;

    if (as_progress_read(name, &p, NULL) == AS_OK && p.shard[0])
        as_log(AS_LOG_ERROR, "%s is shard %s of a job, which assay merge seals; see assay show %s",
               name, p.shard, name);
    else
        as_log(AS_LOG_ERROR, "%s is not sealed: it has no results.h5; see assay show %s", name,
               name);
    return AS_EXIT_NO_INPUT;
}

/* A store that is there and cannot be read is a finding, not a failure of ours. */
static int verify(const struct as_options *o, const char *name)
{
    struct as_checks *c = NULL;
    char path[AS_CASE_PATH];
    struct as_err err;
    enum as_status status;
    int code = AS_EXIT_OK;

    as_err_clear(&err);
    if ((status = as_case_store(name, path, &err)) != AS_OK) {
        return status == AS_SKIP ? say_unsealed(name) : as_cmd_fail(&err, AS_EXIT_NO_INPUT);
    }
    if ((c = calloc(1, sizeof *c)) == NULL)
        return AS_EXIT_IO;
    status = check_all(o, name, path, c, &err);
    if (status == AS_EFORMAT || status == AS_ELIMIT)
        as_checks_add(c, AS_LEVEL_BAD, "store", "%s", err.text);
    else if (status != AS_OK)
        code = as_cmd_fail(&err, as_exit_code(status));
    print(o, name, c);
    if (code == AS_EXIT_OK && c->count[AS_LEVEL_BAD])
        code = AS_EXIT_INTEGRITY;
    free(c);
    return code;
}

static enum as_status open_case(const char *name, struct as_store **store, struct as_err *err)
{
    enum as_status status = AS_OK;
    char path[AS_CASE_PATH];

    if ((status = as_case_store(name, path, err)) == AS_SKIP)
        AS_FAIL(err, AS_SKIP, "%s is not sealed: it has no results.h5; see assay show %s", name,
                name);
    if (status == AS_EIO)
        status = AS_SKIP; /* no such case, which it says */
    AS_TRY(status);
    AS_TRY(as_store_open_any(store, path, err));
done:
    return status;
}

/* The first difference of two cases; 2 when there is one. */
static int explain(const struct as_options *o, char **names)
{
    struct as_store *a = NULL, *b = NULL;
    struct as_json j = {.out = stdout};
    struct as_err err;
    char text[1024] = "";
    enum as_status status;
    bool equal = false;

    as_err_clear(&err);
    AS_TRY(open_case(names[0], &a, &err));
    AS_TRY(open_case(names[1], &b, &err));
    AS_TRY(as_store_explain(a, b, text, sizeof text, &err));
    equal = strcmp(text, "equal") == 0;
    if (o->json) {
        as_json_open(&j, NULL, '{');
        as_json_bool(&j, "equal", equal);
        as_json_string(&j, "first_difference", equal ? NULL : text);
        as_json_close(&j);
    } else {
        printf("%s\n", text);
    }
done:
    as_store_close(a);
    as_store_close(b);
    if (status != AS_OK)
        return as_cmd_fail(&err, status == AS_SKIP ? AS_EXIT_NO_INPUT : as_exit_code(status));
    return equal ? AS_EXIT_OK : AS_EXIT_INTEGRITY;
}

int as_cmd_verify(const struct as_options *o, int argc, char **argv)
{
    if (argc != (o->explain ? 2 : 1)) {
        as_log(AS_LOG_ERROR, o->explain ? "--explain wants two cases: assay verify --explain CASE CASE"
                                        : "one case at a time; --explain compares two");
        return AS_EXIT_USAGE;
    }
    return o->explain ? explain(o, argv) : verify(o, argv[0]);
}
