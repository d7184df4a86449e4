/* shard.c - what a finished shard leaves for the merge. */
#include "shard.h"

#include "provenance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

static const char MAGIC[] = "ASSHARD1";
enum { MAGIC_LEN = 8, FILE_MAX = 64 << 20, SOURCES_MAX = 1 << 20 };

/* ---- writing ---- */

static void put_u32(FILE *f, uint32_t v)
{
    fwrite(&v, sizeof v, 1, f);
}

static void put_u64(FILE *f, uint64_t v)
{
    fwrite(&v, sizeof v, 1, f);
}

static void put_text(FILE *f, const char *text)
{
    put_u32(f, (uint32_t)strlen(text) + 1);
    fwrite(text, 1, strlen(text) + 1, f);
}

static void put_sources(FILE *f, const struct as_rank *r)
{
    put_u32(f, r->nsources);
    for (uint32_t i = 0; i < r->nsources; i++) {
        const struct as_source *s = &r->sources[i];
        fputc(s->folder, f);
        put_u64(f, s->size);
        put_u64(f, (uint64_t)s->mtime_s);
        put_text(f, s->path);
        put_text(f, s->root);
        put_text(f, s->rel);
        put_text(f, s->name);
    }
}

static void put_options(FILE *f, const struct as_options *o)
{
    char value[4096];
    uint32_t n = 0;

    for (const struct as_option *t = as_option_table; t->name; t++)
        n += (t->commands & AS_CMD_RUN) != 0;
    put_u32(f, n);
    for (const struct as_option *t = as_option_table; t->name; t++)
        if (t->commands & AS_CMD_RUN) {
            as_option_text(o, t, value, sizeof value);
            put_text(f, t->name);
            put_text(f, value);
        }
}

static enum as_status pack(const struct as_rank *r, const char *fingerprint, const char *made,
                           char **bytes, size_t *n, struct as_err *err)
{
    enum as_status status = AS_OK;
    FILE *f = open_memstream(bytes, n);
    bool bad;

    if (f == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to tell of the shard");
    fwrite(MAGIC, 1, MAGIC_LEN, f);
    put_u32(f, r->shard.i);
    put_u32(f, r->shard.n);
    put_u32(f, r->cpu);
    put_text(f, fingerprint);
    put_text(f, made);
    put_sources(f, r);
    put_options(f, r->options);
    bad = fflush(f) != 0;
    if (!bad)
        put_u32(f, (uint32_t)crc32_z(0, (const uint8_t *)*bytes, *n));
    bad |= ferror(f) != 0;
    if ((fclose(f) != 0) | bad)
        AS_FAIL(err, AS_ENOMEM, "no memory to tell of the shard");
done:
    return status;
}

static enum as_status write_file(const char *path, const char *bytes, size_t n, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *beside = NULL;
    FILE *f = as_beside_open(path, &beside);

    if (f == NULL)
        AS_FAIL(err, AS_EIO, "cannot write %s: %s", path, strerror(errno));
    AS_TRY(as_beside_close(f, fwrite(bytes, 1, n, f) == n, beside, path, err));
done:
    free(beside);
    return status;
}

enum as_status as_shard_leave(struct as_rank *r, const char *fingerprint, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *made = NULL, *bytes = NULL;
    size_t n = 0;

    AS_TRY(as_rank_audit(r, "examined", json_pack("{s:s}", "shard", r->options->shard), err));
    AS_TRY(as_provenance_shard(r, as_audit_head(r->audit), &made, err));
    AS_TRY(pack(r, fingerprint, made, &bytes, &n, err));
    AS_TRY(write_file(r->kase.shard, bytes, n, err));
done:
    free(made);
    free(bytes);
    return status;
}

/* ---- reading ---- */

enum as_status as_shard_read(const char *path, uint8_t **bytes, uint64_t *n, struct as_err *err)
{
    enum as_status status = AS_OK;
    FILE *f = fopen(path, "rb");
    struct stat st;

    *bytes = NULL;
    *n = 0;
    if (f == NULL && errno == ENOENT)
        return AS_SKIP;
    if (f == NULL || fstat(fileno(f), &st) != 0)
        AS_FAIL(err, AS_EIO, "cannot read %s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
        AS_FAIL(err, AS_EFORMAT, "%s is broken: start this shard over with --fresh", path);
    if ((*bytes = malloc((size_t)st.st_size + 1)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to read %s", path);
    *n = (uint64_t)st.st_size;
    if (fread(*bytes, 1, *n, f) != *n)
        AS_FAIL(err, AS_EIO, "cannot read %s", path);
done:
    if (f)
        fclose(f);
    if (status != AS_OK) {
        free(*bytes);
        *bytes = NULL;
    }
    return status;
}

/* A text of the file; "" and w->bad when it is not ended by its only NUL. */
static const char *get_text(struct as_wire *w)
{
    struct as_text t = as_get_text(w);

    if (t.len == 0 || memchr(t.at, 0, t.len) != t.at + t.len - 1) {
        w->bad = true;
        return "";
    }
    return t.at;
}

static bool get_source(struct as_wire *w, struct as_source *s)
{
    s->folder = as_get_u8(w);
    s->size = as_get_u64(w);
    s->mtime_s = (int64_t)as_get_u64(w);
    s->path = strdup(get_text(w));
    s->root = strdup(get_text(w));
    s->rel = strdup(get_text(w));
    s->name = strdup(get_text(w));
    return s->path && s->root && s->rel && s->name;
}

enum as_status as_shard_unpack(struct as_shard_record *rec, const uint8_t *bytes, uint64_t n,
                               struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_wire w;
    uint32_t crc = 0;

    memset(rec, 0, sizeof *rec);
    if (n >= MAGIC_LEN + sizeof crc)
        memcpy(&crc, bytes + n - sizeof crc, sizeof crc);
    if (n < MAGIC_LEN + sizeof crc || memcmp(bytes, MAGIC, MAGIC_LEN) != 0 ||
        crc != (uint32_t)crc32_z(0, bytes, n - sizeof crc))
        AS_FAIL(err, AS_EFORMAT, "journal/shard is broken: start this shard over with --fresh");
    as_wire_init(&w, bytes + MAGIC_LEN, n - MAGIC_LEN - sizeof crc);
    rec->shard.i = as_get_u32(&w);
    rec->shard.n = as_get_u32(&w);
    rec->cpu = as_get_u32(&w);
    rec->fingerprint = get_text(&w);
    rec->made = get_text(&w);
    rec->nsources = as_get_u32(&w);
    if (w.bad || rec->nsources > SOURCES_MAX)
        AS_FAIL(err, AS_EFORMAT, "journal/shard names no sources");
    if ((rec->sources = calloc((size_t)rec->nsources + 1, sizeof *rec->sources)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the list of sources");
    for (uint32_t i = 0; i < rec->nsources && !w.bad; i++)
        if (!get_source(&w, &rec->sources[i]))
            AS_FAIL(err, AS_ENOMEM, "no memory for the list of sources");
    rec->noptions = as_get_u32(&w);
    rec->options = w;
    if (w.bad || rec->shard.i < 1 || rec->shard.i > rec->shard.n || rec->shard.n > AS_SHARDS_MAX)
        AS_FAIL(err, AS_EFORMAT, "journal/shard is of another version of assay");
done:
    return status;
}

void as_shard_clear(struct as_shard_record *rec)
{
    as_sources_free(rec->sources, rec->nsources);
    memset(rec, 0, sizeof *rec);
}

enum as_status as_shard_options(const struct as_shard_record *rec, struct as_options *o,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_wire w = rec->options;

    for (uint32_t i = 0; i < rec->noptions && !w.bad; i++) {
        const char *name = get_text(&w), *value = get_text(&w);
        for (const struct as_option *t = as_option_table; t->name && !w.bad; t++)
            if (strcmp(t->name, name) == 0 && t->commands & AS_CMD_RUN &&
                (!(t->commands & AS_CMD_MERGE) ||
                 (strcmp(name, "against") == 0 && o->against[0] == 0)))
                AS_TRY(as_option_set(o, t, value, err));
    }
    if (w.bad)
        AS_FAIL(err, AS_EFORMAT, "journal/shard has no options");
done:
    return status;
}
