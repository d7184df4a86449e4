/* provenance.c - what decided the results and how they came about. */
#include "provenance.h"

#include "spool.h"
#include "timing.h"
#include "tree.h"

#include "../../kernels/cpu.h"
#include "../evidence/container.h"
#include "../examine/alter.h"
#include "../media/media.h"
#include "../weighing.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

/* Of a line of the fingerprint, in a sentence about two of them. */
enum { NAME_SHOWN = 24, VALUE_SHOWN = 48, LINE_SHOWN = NAME_SHOWN + VALUE_SHOWN + 8 };

/* The first line of the fingerprint of a job without shards. */
static const char WHOLE[] = "shard = none\n";

/* Bytes as text: what is not printable ASCII as \xNN. */
static void put_bytes(FILE *f, const char *bytes)
{
    for (const unsigned char *c = (const unsigned char *)bytes; *c; c++)
        fprintf(f, *c < 0x20 || *c > 0x7e ? "\\x%02x" : "%c", *c);
}

/* False: no memory. */
static bool put_options(FILE *f, const struct as_rank *r)
{
    const struct as_options *o = r->options;
    char value[4096], *digests = NULL;
    bool good = true;

    for (const struct as_option *t = as_option_table; t->name; t++) {
        if (!t->affects || strcmp(t->name, "cpu") == 0)
            continue;
        if (strcmp(t->name, "passwords") == 0)
            snprintf(value, sizeof value, "%s", r->given.passwords_sha256);
        else if (strcmp(t->name, "c2pa-trust") == 0)
            snprintf(value, sizeof value, "%s", r->given.trust_sha256);
        else
            as_option_text(o, t, value, sizeof value);
        fprintf(f, "--%s = ", t->name);
        if (strcmp(t->name, "against") == 0) { /* the stores count, not where they lie */
            good = (digests = as_against_digests(&r->against)) != NULL;
            fprintf(f, "%s", digests != NULL ? digests : "");
            free(digests);
        } else {
            put_bytes(f, value);
        }
        fputc('\n', f);
    }
    return good;
}

/* The shard, the evidence, the options, the CPU class: what the user decides.
 * False: as put_options.                                                         */
static bool put_request(FILE *f, const struct as_rank *r)
{
    bool good;

    if (r->shard.n)
        fprintf(f, "shard = %u/%u of lots of %" PRIu64 " bytes, %" PRIu64 " entries\n", r->shard.i,
                r->shard.n, r->options->lot_bytes, r->options->lot_entries);
    else
        fprintf(f, "%s", WHOLE);
    for (uint32_t i = 0; i < r->nsources; i++) {
        fprintf(f, "evidence %u = ", i);
        put_bytes(f, r->sources[i].path);
        fprintf(f, ", %" PRIu64 " bytes, modified %" PRId64 "\n", r->sources[i].size,
                r->sources[i].folder ? (int64_t)0 : r->sources[i].mtime_s);
    }
    good = put_options(f, r);
    fprintf(f, "cpu class = %s\n", as_cpu_name((enum as_cpu)r->cpu));
    return good;
}

/* How the altered copies that are asked for are made. */
static void put_alterations(FILE *f, const char *list)
{
    bool with[AS_ALTERATIONS_MAX];

    if (list[0] == '\0' || as_alterations_select(list, with, NULL) != AS_OK)
        return;
    fprintf(f, "alterations = version %d\n", AS_ALTERATIONS_VERSION);
    for (size_t k = 0; as_alterations[k].name; k++)
        if (with[k])
            fprintf(f, "alteration %s = way %d, strength %" PRIu32 ", quality %" PRIu32 "\n",
                    as_alterations[k].name, as_alterations[k].how, as_alterations[k].strength,
                    as_alterations[k].quality);
}

static void put_program(FILE *f, const struct as_models *models, const char *alter)
{
    char libs[1024];

    fprintf(f, "assay = %s\n", ASSAY_VERSION);
    for (size_t d = 0; as_detectors[d]; d++)
        fprintf(f, "detector %s = version %u, model %s\n", as_detectors[d]->name,
                as_detectors[d]->version, models->at[d] ? models->sha256[d] : "none");
    fprintf(f, "verbal scale = %s\n", models->weighing->sha256);
    put_alterations(f, alter);
    as_media_versions(libs, sizeof libs);
    fprintf(f, "media libraries = %s\n", libs);
    as_metadata_versions(libs, sizeof libs);
    fprintf(f, "metadata libraries = %s\n", libs);
    as_container_versions(libs, sizeof libs);
    fprintf(f, "container libraries = %s\n", libs);
}

enum as_status as_fingerprint_make(const struct as_rank *r, char **text, struct as_err *err)
{
    enum as_status status = AS_OK;
    size_t n = 0;
    bool good;
    FILE *f;

    *text = NULL;
    if ((f = open_memstream(text, &n)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the fingerprint");
    good = put_request(f, r);
    put_program(f, &r->given.models, r->options->alter);
    good &= ferror(f) == 0;
    good &= fclose(f) == 0;
    if (!good)
        AS_FAIL(err, AS_ENOMEM, "no memory for the fingerprint");
done:
    return status;
}

/* The options, the CPU class and the program, without shard and evidence; borrowed. */
static const char *means(const char *text)
{
    const char *at = strstr(text, "\n--"); /* values have no newlines */
    return at ? at + 1 : "";
}

enum as_status as_fingerprint_agree(struct as_comm *comm, const char *text, struct as_err *err)
{
    const char *own = means(text);
    enum as_status status = AS_OK;
    uint64_t n = strlen(own) + 1;
    char difference[200], *first = NULL;

    AS_TRY(as_comm_bcast(comm, &n, sizeof n, 0));
    first = as_comm_rank(comm) == 0 ? strdup(own) : malloc(n);
    AS_TRY(as_comm_agree(comm, first ? AS_OK : AS_ENOMEM, err));
    AS_TRY(as_comm_bcast(comm, first, n, 0));
    if (strcmp(first, own) != 0) {
        as_fingerprint_difference(first, own, difference, sizeof difference);
        status =
            as_fail(err, AS_EFORMAT, AS_REASON_NONE, __FILE__, __LINE__,
                    "rank %d would work otherwise than rank 0: %s", as_comm_rank(comm), difference);
    }
    AS_TRY(as_comm_agree(comm, status, err));
done:
    free(first);
    return status;
}

struct as_shard as_fingerprint_shard(const char *text)
{
    struct as_shard s = {0, 0};

    if (sscanf(text, "shard = %5u/%5u", &s.i, &s.n) != 2)
        s = (struct as_shard){0, 0};
    return s;
}

const char *as_fingerprint_common(const char *text)
{
    size_t n = strcspn(text, "/\n");
    return text + n + (text[n] != 0);
}

const char *as_fingerprint_programs(const char *text)
{
    const char *at = strstr(text, "\nassay = "); /* values have no newlines */
    return at ? at + 1 : "";
}

enum as_status as_fingerprint_whole(const char *text, char **whole, struct as_err *err)
{
    enum as_status status = AS_OK;
    size_t n = strcspn(text, "\n");

    *whole = NULL;
    if (asprintf(whole, "%s%s", WHOLE, text + n + (text[n] != 0)) < 0) {
        *whole = NULL;
        AS_FAIL(err, AS_ENOMEM, "no memory for the fingerprint");
    }
done:
    return status;
}

/* A line, cut to where its value begins to differ from that of another line. */
static void show_line(const char *line, const char *other, char to[LINE_SHOWN])
{
    const int len = (int)strcspn(line, "\n");
    const char *equals = memmem(line, (size_t)len, " = ", 3);
    int value = equals ? (int)(equals - line) + 3 : 0, at = 0;

    while (at < len && line[at] == other[at])
        at++;
    value = value < NAME_SHOWN ? value : NAME_SHOWN;
    at = at < value + VALUE_SHOWN / 2 ? value : at - VALUE_SHOWN / 8;
    snprintf(to, LINE_SHOWN, "%.*s%s%.*s%s", value, line, at > value ? "..." : "",
             len - at < VALUE_SHOWN ? len - at : VALUE_SHOWN, line + at,
             len - at > VALUE_SHOWN ? "..." : "");
}

void as_fingerprint_difference(const char *there, const char *here, char *to, size_t n)
{
    while (*there && *here) {
        size_t a = strcspn(there, "\n"), b = strcspn(here, "\n");
        if (a != b || memcmp(there, here, a) != 0)
            break;
        there += a + (there[a] == '\n');
        here += b + (here[b] == '\n');
    }
    char a[LINE_SHOWN], b[LINE_SHOWN];
    show_line(there, here, a);
    show_line(here, there, b);
    snprintf(to, n, "there \"%s\", here \"%s\"", a, b);
}

json_t *as_provenance_text(const char *bytes)
{
    json_t *j = json_string(bytes);
    char *text = NULL;
    size_t n = 0;
    FILE *f = j ? NULL : open_memstream(&text, &n);

    if (f == NULL)
        return j;
    put_bytes(f, bytes);
    if (fclose(f) == 0)
        j = json_string(text);
    free(text);
    return j;
}

static json_t *options_json(const struct as_options *o)
{
    json_t *j = json_object();
    char value[4096];

    for (const struct as_option *t = as_option_table; t->name; t++) {
        if (!(t->commands & AS_CMD_RUN))
            continue;
        as_option_text(o, t, value, sizeof value);
        as_tree_set(&j, t->name, as_provenance_text(value));
    }
    return j;
}

/* What was measured of a model on authentic items; NULL: nothing. */
static json_t *authentic_json(const struct as_model *model)
{
    if (model == NULL || model->authentic.items == 0)
        return NULL;
    return json_pack("{s:i, s:i, s:f, s:s}", "items", (int)model->authentic.items, "fired",
                     (int)model->authentic.fired, "upper95", (double)model->authentic.upper95,
                     "what", model->authentic.what);
}

static json_t *detectors_json(const struct as_models *models, const bool *with)
{
    json_t *a = json_array();

    for (size_t d = 0; as_detectors[d]; d++) {
        const struct as_detector *det = as_detectors[d];
        json_t *m = json_array(), *j;
        if (!with[d]) {
            json_decref(m);
            continue;
        }
        for (uint32_t i = 0; i < det->dim; i++)
            as_tree_append(&m, json_string(det->measures[i]));
        j = json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:b, s:o*, s:o}", "name", det->name,
                      "version", (int)det->version, "summary", det->summary, "paper", det->paper,
                      "card", det->card, "model_sha256", models->at[d] ? models->sha256[d] : "",
                      "calibrated", as_model_calibrated(models->at[d]), "authentic",
                      authentic_json(models->at[d]), "measures", m);
        as_tree_append(&a, j);
    }
    return a;
}

static json_t *argv_json(void)
{
    FILE *f = fopen("/proc/self/cmdline", "r");
    json_t *a = json_array();
    char *word = NULL;
    size_t room = 0;

    while (f && getdelim(&word, &room, 0, f) > 0)
        as_tree_append(&a, as_provenance_text(word));
    free(word);
    if (f)
        fclose(f);
    return a;
}

static json_t *libraries_json(void)
{
    char media[1024], metadata[1024], container[1024], store[256];

    as_media_versions(media, sizeof media);
    as_metadata_versions(metadata, sizeof metadata);
    as_container_versions(container, sizeof container);
    as_store_versions(store, sizeof store);
    return json_pack("{s:s, s:s, s:s, s:s}", "media", media, "metadata", metadata, "containers",
                     container, "store", store);
}

/* Where and as what this job ran, the same for a run, a shard and a merge. */
static void add_job(json_t **o, const struct as_rank *r)
{
    const char *job = getenv("SLURM_JOB_ID");
    struct utsname u = {0};

    uname(&u);
    as_tree_set(o, "argv", argv_json());
    as_tree_set(o, "host",
                json_pack("{s:o, s:s, s:s}", "name", as_provenance_text(u.nodename), "kernel",
                          u.release, "machine", u.machine));
    as_tree_set(o, "ranks", json_integer(r->size));
    as_tree_set(o, "examiners", json_integer(r->nexaminers));
    as_tree_set(o, "attempts", json_integer(r->kase.attempt));
    as_tree_set(o, "slurm_job", job ? as_provenance_text(job) : json_null());
    as_tree_set(o, "seconds", json_real(as_rank_elapsed(r)));
}

static json_t *program_json(void)
{
    return json_pack("{s:s, s:s, s:s}", "name", "assay", "version", ASSAY_VERSION, "commit",
                     ASSAY_COMMIT);
}

enum as_status as_provenance_make(const struct as_rank *r, const char *fingerprint,
                                  const struct as_outcome *v, const bool *with, char **text,
                                  struct as_err *err)
{
    const struct as_models *models = &r->given.models;
    enum as_status status = AS_OK;
    json_t *o = json_object();

    add_job(&o, r);
    as_tree_set(&o, "program", program_json());
    as_tree_set(&o, "options", options_json(r->options));
    as_tree_set(&o, "fingerprint", json_string(fingerprint));
    as_tree_set(&o, "cpu_class", json_string(as_cpu_name((enum as_cpu)r->cpu)));
    as_tree_set(&o, "libraries", libraries_json());
    as_tree_set(&o, "detectors", detectors_json(models, with));
    as_tree_set(&o, "scale", json_incref(models->weighing->root));
    as_tree_set(&o, "scale_sha256", json_string(models->weighing->sha256));
    as_tree_set(&o, "items_discovered", json_integer((json_int_t)v->items));
    as_tree_set(&o, "sealed", json_integer((json_int_t)time(NULL)));
    as_tree_set(&o, "sandbox", json_boolean(!r->options->no_sandbox));
    as_tree_set(&o, "exit_code", json_integer(v->code));
    if (r->tallies)
        as_tree_set(&o, "time", as_timing_json(r->tallies, r->size));
    if (r->shards)
        as_tree_set(&o, "shards", json_incref(r->shards));
    if (r->kept)
        as_tree_set(&o, "residuals", as_spool_json(r->kept));
    *text = json_dumps(o, JSON_INDENT(1) | JSON_ENSURE_ASCII);
    json_decref(o);
    if (*text == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the provenance");
done:
    return status;
}

enum as_status as_provenance_shard(const struct as_rank *r, const char *head, char **text,
                                   struct as_err *err)
{
    enum as_status status = AS_OK;
    json_t *o = json_object();

    add_job(&o, r);
    as_tree_set(&o, "audit_head", json_string(head));
    as_tree_set(&o, "finished", json_integer((json_int_t)time(NULL)));
    *text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(o);
    if (*text == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the provenance");
done:
    return status;
}

enum as_status as_provenance_search(const struct as_rank *r, const char *path,
                                    const struct as_store_parent *parent, char **text,
                                    struct as_err *err)
{
    enum as_status status = AS_OK;
    char *whole = realpath(path, NULL);
    json_t *o = json_object();

    add_job(&o, r);
    as_tree_set(&o, "program", program_json());
    as_tree_set(&o, "cpu_class", json_string(as_cpu_name((enum as_cpu)r->cpu)));
    as_tree_set(&o, "case", as_provenance_text(whole ? whole : path));
    as_tree_set(&o, "case_content_digest", json_string(parent->content_digest));
    as_tree_set(&o, "sealed", json_integer((json_int_t)time(NULL)));
    *text = json_dumps(o, JSON_INDENT(1) | JSON_ENSURE_ASCII);
    json_decref(o);
    free(whole);
    if (*text == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the provenance");
done:
    return status;
}
