/* sources.c - hashes of whole sources. */
#include "sources.h"

#include "../examine/hash.h"
#include "../hex.h"
#include "../log.h"
#include "../media/sniff.h"
#include "../wire.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REC_FIXED = 96 };

struct as_roll {
    uint8_t *bytes;
    uint64_t n, cap;
};

enum as_status as_roll_new(struct as_roll **roll, struct as_err *err)
{
    enum as_status status = AS_OK;

    if ((*roll = calloc(1, sizeof **roll)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the sources");
done:
    return status;
}

void as_roll_free(struct as_roll *roll)
{
    if (roll)
        free(roll->bytes);
    free(roll);
}

enum as_status as_roll_look(struct as_roll *roll, const struct as_row *row, const struct as_key *key)
{
    struct as_wire w;
    uint64_t need;

    if (key->n > 2)
        return AS_OK;
    need = roll->n + REC_FIXED + row->path.len;
    if (need > roll->cap) {
        uint8_t *more = realloc(roll->bytes, 2 * need);
        if (more == NULL)
            return AS_ENOMEM;
        roll->bytes = more;
        roll->cap = 2 * need;
    }
    as_wire_init(&w, roll->bytes + roll->n, roll->cap - roll->n);
    as_put_u32(&w, key->part[0]);
    as_put_u8(&w, key->n == 1);
    as_put_u8(&w, row->has_sha256);
    as_put_u8(&w, (row->flags & AS_FLAG_CHANGED) != 0);
    as_put_u16(&w, row->kind);
    as_put_u64(&w, row->size);
    as_put(&w, row->sha256, 32);
    as_put_text(&w, row->path.at, row->path.len);
    roll->n += w.n;
    return AS_OK;
}

struct roll_entry {
    uint32_t source;
    bool root, hashed, changed;
    uint16_t kind;
    uint64_t size;
    uint8_t sha[32];
    struct as_text path;
};

static bool next_entry(struct as_wire *w, struct roll_entry *e)
{
    if (w->n >= w->cap)
        return false;
    e->source = as_get_u32(w);
    e->root = as_get_u8(w);
    e->hashed = as_get_u8(w);
    e->changed = as_get_u8(w);
    e->kind = as_get_u16(w);
    e->size = as_get_u64(w);
    as_get(w, e->sha, 32);
    e->path = as_get_text(w);
    return !w->bad;
}

/* A file of a folder goes into the folder's hash. */
static void add_file(struct as_hash *h, const struct roll_entry *e, const struct as_source *s,
                     struct as_source_row *row)
{
    size_t skip = strlen(s->name) + 1;
    char text[96], sum[65];
    int n;

    if (!e->hashed || e->path.len < skip)
        return;
    as_hex(e->sha, 32, sum);
    n = snprintf(text, sizeof text, "%c%" PRIu64 "%c%s\n", 0, e->size, 0, sum);
    as_hash_add(h, e->path.at + skip, e->path.len - skip);
    as_hash_add(h, text, (size_t)n);
    row->size += e->size;
}

static uint16_t recheck_word(const struct as_rank *r, bool changed)
{
    if (changed)
        return 3;
    return strcmp(r->options->recheck, "full") == 0 ? 1 : strcmp(r->options->recheck, "stat") == 0 ? 2 : 0;
}

static enum as_status make_rows(const struct as_rank *r, const uint8_t *all, uint64_t len,
                                struct as_source_row *rows)
{
    uint8_t sha[32], no[20];
    struct as_hash *h;
    bool changed;

    if (as_hash_new(&h, false) != AS_OK)
        return AS_ENOMEM;
    for (uint32_t i = 0; i < r->nsources; i++) {
        struct roll_entry e;
        struct as_wire w;
        as_wire_init(&w, all, len);
        as_hash_start(h);
        changed = false;
        rows[i] = (struct as_source_row){.ordinal = i, .mtime_s = r->sources[i].mtime_s};
        while (next_entry(&w, &e)) {
            if (e.source != i)
                continue;
            changed |= e.changed;
            if (e.root) {
                rows[i].kind = e.kind;
                rows[i].size = r->sources[i].folder ? 0 : e.size;
                if (e.hashed)
                    as_hex(e.sha, 32, rows[i].sha256);
            } else if (r->sources[i].folder) {
                add_file(h, &e, &r->sources[i], &rows[i]);
            }
        }
        as_hash_end(h, sha, no, no);
        if (r->sources[i].folder)
            as_hex(sha, 32, rows[i].sha256);
        rows[i].recheck = recheck_word(r, changed);
    }
    as_hash_free(h);
    return AS_OK;
}

enum as_status as_roll_call(struct as_roll *roll, struct as_rank *r, struct as_source_row *rows,
                            struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t *all = NULL;
    uint64_t len = 0;

    AS_TRY(as_comm_gather(r->comm, roll->bytes, roll->n, &all, &len, err));
    if (r->me == 0)
        status = make_rows(r, all, len, rows);
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(as_comm_bcast(r->comm, rows, r->nsources * sizeof *rows, 0));
    for (uint32_t i = 0; i < r->nsources; i++)
        rows[i].path = r->sources[i].path;
done:
    free(all);
    return status;
}

/* Lines that name no source are told: a slip of the pen must not pass for a check. */
static void compare_line(const char *line, const struct as_source_row *rows, uint32_t n,
                         uint64_t *bad)
{
    bool named = false;
    char sum[65] = "", name[4096] = "";
    const char *base;

    if (line[0] == '#' || line[strspn(line, " \t\r\n")] == 0)
        return;
    if (sscanf(line, "%64[0-9a-fA-F]%*[ *]%4095[^\r\n]", sum, name) != 2 || strlen(sum) != 64) {
        as_log(AS_LOG_WARN, "--hashes: not a line of sha256sum: %s", line);
        return;
    }
    base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
    for (uint32_t i = 0; i < n; i++) {
        const char *own = strrchr(rows[i].path, '/');
        if (strcmp(own ? own + 1 : rows[i].path, base) != 0)
            continue;
        named = true;
        if (strcasecmp(sum, rows[i].sha256) == 0)
            continue;
        (*bad)++;
        as_log(AS_LOG_ERROR, "%s has sha256 %s, but its acquisition hash is %s", rows[i].path,
               rows[i].sha256, sum);
    }
    if (!named)
        as_log(AS_LOG_WARN, "--hashes: no source is called %s; nothing was compared with it", base);
}

enum as_status as_hashes_compare(const char *file, const struct as_source_row *rows, uint32_t n,
                                 uint64_t *bad, struct as_err *err)
{
    enum as_status status = AS_OK;
    FILE *f = fopen(file, "r");
    char *line = NULL;
    size_t room = 0;

    *bad = 0;
    if (f == NULL)
        AS_FAIL(err, AS_EUSAGE, "cannot read --hashes %s: %s", file, strerror(errno));
    while (getline(&line, &room, f) >= 0)
        compare_line(line, rows, n, bad);
done:
    free(line);
    if (f)
        fclose(f);
    return status;
}
