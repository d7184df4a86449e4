/* case.c - what lies in a case folder beside the store, read for a person. */
#include "case.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum as_status as_case_path(const char *name, const char *file, char path[AS_CASE_PATH],
                            struct as_err *err)
{
    enum as_status status = AS_OK;

    if (snprintf(path, AS_CASE_PATH, "%s/%s", name, file) >= AS_CASE_PATH)
        AS_FAIL(err, AS_EUSAGE, "the name of the case is too long");
done:
    return status;
}

enum as_status as_case_store(const char *name, char path[AS_CASE_PATH], struct as_err *err)
{
    enum as_status status = AS_OK;
    struct stat st;

    if (stat(name, &st) != 0)
        AS_FAIL(err, AS_EIO, "no such case: %s: %s", name, strerror(errno));
    if (S_ISREG(st.st_mode)) {
        if (snprintf(path, AS_CASE_PATH, "%s", name) >= AS_CASE_PATH)
            AS_FAIL(err, AS_EIO, "the name of the store is too long");
        goto done;
    }
    if (!S_ISDIR(st.st_mode))
        AS_FAIL(err, AS_EIO, "%s is no case: neither a folder nor a store", name);
    AS_TRY(as_case_path(name, "results.h5", path, err));
    if (stat(path, &st) == 0)
        goto done;
    if (errno != ENOENT && errno != ENOTDIR)
        AS_FAIL(err, AS_EIO, "cannot look for %s: %s", path, strerror(errno));
    status = AS_SKIP;
done:
    return status;
}

static uint64_t count_of(const json_t *o, const char *key)
{
    json_int_t v = json_integer_value(json_object_get(o, key));
    return v > 0 ? (uint64_t)v : 0;
}

static void text_of(const json_t *o, const char *key, char *to, size_t n)
{
    const char *v = json_string_value(json_object_get(o, key));
    snprintf(to, n, "%s", v ? v : "");
}

enum as_status as_progress_read(const char *name, struct as_progress *p, struct as_err *err)
{
    enum as_status status = AS_OK;
    char path[AS_CASE_PATH];
    json_t *o = NULL;
    json_error_t why;

    memset(p, 0, sizeof *p);
    AS_TRY(as_case_path(name, "status.json", path, err));
    if (access(path, F_OK) != 0) {
        status = AS_SKIP;
        goto done;
    }
    if ((o = json_load_file(path, 0, &why)) == NULL || !json_is_object(o))
        AS_FAIL(err, AS_EFORMAT, "%s is broken: %s", path, why.text);
    text_of(o, "state", p->state, sizeof p->state);
    text_of(o, "shard", p->shard, sizeof p->shard);
    AS_TRY(as_case_path(name, "journal/shard", path, err));
    if (p->shard[0] && access(path, F_OK) == 0) /* finished, though killed before it said so */
        snprintf(p->state, sizeof p->state, "examined");
    text_of(o, "host", p->host, sizeof p->host);
    p->attempt = count_of(o, "attempt");
    p->items_done = count_of(o, "items_done");
    p->items_seen = count_of(o, "items_seen");
    p->bytes_done = count_of(o, "bytes_done");
    p->bytes_total = count_of(o, "bytes_total");
    p->lots_done = count_of(o, "lots_done");
    p->lots_total = count_of(o, "lots_total");
    p->updated = (int64_t)count_of(o, "updated");
    p->pid = json_integer_value(json_object_get(o, "pid"));
done:
    json_decref(o);
    return status;
}

bool as_progress_alive(const struct as_progress *p)
{
    char host[64] = "";

    gethostname(host, sizeof host - 1);
    return p->pid > 1 && strcmp(host, p->host) == 0 &&
           (kill((pid_t)p->pid, 0) == 0 || errno == EPERM);
}

/* Either a text or a number of unix seconds. */
static void started_of(const json_t *o, char *to, size_t n)
{
    const json_t *v = json_object_get(o, "started");

    if (json_is_number(v))
        snprintf(to, n, "%.0f", json_number_value(v));
    else
        text_of(o, "started", to, n);
}

static void models_of(const json_t *detectors, struct as_making *m)
{
    const json_t *d;
    size_t i;

    json_array_foreach(detectors, i, d)
    {
        const json_t *a = json_object_get(d, "authentic");
        const char *sha256 = json_string_value(json_object_get(d, "model_sha256"));
        const uint32_t at = m->nmodels;
        if (!sha256 || !sha256[0] || at == AS_DETECTORS_MAX)
            continue;
        text_of(d, "name", m->model[at].detector, sizeof m->model[at].detector);
        text_of(a, "what", m->model[at].what, sizeof m->model[at].what);
        m->model[at].calibrated = json_is_true(json_object_get(d, "calibrated"));
        m->model[at].items = count_of(a, "items");
        m->model[at].fired = count_of(a, "fired");
        m->model[at].upper95 = json_number_value(json_object_get(a, "upper95"));
        m->nmodels++;
    }
}

void as_making_read(const char *provenance, struct as_making *m)
{
    json_t *o = provenance ? json_loads(provenance, 0, NULL) : NULL;
    const json_t *options;

    memset(m, 0, sizeof *m);
    text_of(o, "host", m->host, sizeof m->host);
    text_of(o, "cpu", m->cpu, sizeof m->cpu);
    started_of(o, m->started, sizeof m->started);
    m->ranks = count_of(o, "ranks");
    m->examiners = count_of(o, "examiners");
    m->attempts = count_of(o, "attempts");
    m->shards = json_array_size(json_object_get(o, "shards"));
    m->discovered = count_of(o, "items_discovered");
    m->seconds = json_number_value(json_object_get(o, "seconds"));
    options = json_object_get(o, "options");
    m->no_sandbox = json_is_false(json_object_get(o, "sandbox")) ||
                    json_is_true(json_object_get(options, "no-sandbox")) ||
                    strcmp("1", json_string_value(json_object_get(options, "no-sandbox"))
                                    ? json_string_value(json_object_get(options, "no-sandbox"))
                                    : "0") == 0;
    models_of(json_object_get(o, "detectors"), m);
    as_scale_words_read(json_object_get(o, "scale"), &m->words);
    json_decref(o);
}
