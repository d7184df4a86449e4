/* sources.c - hashes of whole sources.
 *
 * Only the files of folders and the sources themselves count.  Their entries go to
 * rank 0 in the order of ids, piece by piece, and through the folder's hash there.
 * A rank holds the first of its entries, made while others are at work, and makes
 * the rest when it is asked.
 *
 *  1. entries
 *  2. from every rank
 *  3. on rank 0
 *  4. acquisition hashes
 */
#include "sources.h"

#include "../examine/hash.h"
#include "../hex.h"
#include "../log.h"
#include "../media/sniff.h"
#include "../whole.h"
#include "../wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* An entry without its path; the entries that are held. */
enum { ENTRY_FIXED = 96, ENTRY_MAX = ENTRY_FIXED + AS_PATH_MAX, HELD_MAX = 4 << 20 };

struct as_roll {
    struct as_rank *r;
    struct as_catalogue *c;
    uint8_t *held; /* entries, each behind its length */
    uint64_t nheld, cap, given;
    bool full;
    uint64_t next;            /* full: the first row that is not held */
    uint8_t entry[ENTRY_MAX]; /* made last */
    const uint8_t *pending;   /* an entry that did not fit into the piece before */
    uint32_t npending;
    /* rank 0 */
    struct as_source_row *rows;
    struct as_hash *hash;
    uint32_t source, nsources; /* sources before this one are done */
    bool changed;
};

/* ---- 1. entries ---- */

enum as_status as_roll_new(struct as_roll **roll, struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;

    if ((*roll = calloc(1, sizeof **roll)) == NULL || as_hash_new(&(*roll)->hash, false) != AS_OK)
        AS_FAIL(err, AS_ENOMEM, "no memory for the sources");
    (*roll)->r = r;
done:
    return status;
}

void as_roll_free(struct as_roll *roll)
{
    if (roll) {
        free(roll->held);
        as_hash_free(roll->hash);
    }
    free(roll);
}

static bool counts(const struct as_rank *r, const struct as_key *key)
{
    return key->n == 1 || (key->n == 2 && r->sources[key->part[0]].folder);
}

/* Packs a row into roll->entry; returns the length. */
static uint32_t make_entry(struct as_roll *roll, const struct as_row *row, const struct as_key *key)
{
    struct as_wire w;

    as_wire_init(&w, roll->entry, sizeof roll->entry);
    as_put_u32(&w, key->part[0]);
    as_put_u8(&w, key->n == 1);
    as_put_u8(&w, row->has_sha256);
    as_put_u8(&w, (row->flags & AS_FLAG_CHANGED) != 0);
    as_put_u16(&w, row->kind);
    as_put_u64(&w, row->size);
    as_put(&w, row->sha256, 32);
    as_put_text(&w, row->path.at, row->path.len);
    return w.bad ? 0 : (uint32_t)w.n;
}

enum as_status as_roll_look(struct as_roll *roll, const struct as_row *row,
                            const struct as_key *key)
{
    uint64_t need;
    uint32_t n;

    if (roll->full || !counts(roll->r, key))
        return AS_OK;
    if ((n = make_entry(roll, row, key)) == 0)
        return AS_EBUG;
    need = roll->nheld + sizeof n + n;
    if (need > HELD_MAX) {
        roll->full = true;
        roll->next = row->id;
        return AS_OK;
    }
    if (need > roll->cap) {
        uint8_t *more = realloc(roll->held, 2 * need);
        if (more == NULL)
            return AS_ENOMEM;
        roll->held = more;
        roll->cap = 2 * need;
    }
    memcpy(roll->held + roll->nheld, &n, sizeof n);
    memcpy(roll->held + roll->nheld + sizeof n, roll->entry, n);
    roll->nheld = need;
    return AS_OK;
}

/* ---- 2. from every rank ---- */

/* The next entry, held or made now: roll->pending; of no bytes when there is none. */
static enum as_status next_pending(struct as_roll *roll, struct as_err *err)
{
    const struct as_catalogue *c = roll->c;
    enum as_status status = AS_OK;
    struct as_row row;
    struct as_key key;

    if (roll->given < roll->nheld) {
        memcpy(&roll->npending, roll->held + roll->given, sizeof roll->npending);
        roll->pending = roll->held + roll->given + sizeof roll->npending;
        roll->given += sizeof roll->npending + roll->npending;
        return AS_OK;
    }
    while (roll->full && roll->npending == 0 && roll->next < c->first + c->count) {
        AS_TRY(as_catalogue_row(roll->c, roll->next++, &row, &key, err));
        if (!counts(roll->r, &key))
            continue;
        roll->pending = roll->entry;
        if ((roll->npending = make_entry(roll, &row, &key)) == 0)
            AS_FAIL(err, AS_EBUG, "a path does not fit");
    }
done:
    return status;
}

static enum as_status give(void *state, uint8_t *to, uint32_t *n, struct as_err *err)
{
    struct as_roll *roll = state;
    enum as_status status = AS_OK;

    *n = 0;
    if (as_stop_signal)
        AS_FAIL(err, AS_ESTOP, "%s while sealing", as_stop_why());
    for (;;) {
        if (roll->npending == 0)
            AS_TRY(next_pending(roll, err));
        if (roll->npending == 0 || *n + roll->npending > AS_RELAY_BYTES)
            break;
        memcpy(to + *n, roll->pending, roll->npending);
        *n += roll->npending;
        roll->npending = 0;
    }
done:
    return status;
}

/* ---- 3. on rank 0 ---- */

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
    return strcmp(r->options->recheck, "full") == 0   ? 1
           : strcmp(r->options->recheck, "stat") == 0 ? 2
                                                      : 0;
}

static void start_source(struct as_roll *roll)
{
    const uint32_t i = roll->source;

    as_hash_start(roll->hash);
    roll->changed = false;
    if (i < roll->nsources)
        roll->rows[i] =
            (struct as_source_row){.ordinal = i, .mtime_s = roll->r->sources[i].mtime_s};
}

/* Ends the source at hand, and begins the next. */
static void end_source(struct as_roll *roll)
{
    struct as_source_row *row = &roll->rows[roll->source];
    uint8_t sha[32], no[20];

    as_hash_end(roll->hash, sha, no, no);
    if (roll->r->sources[roll->source].folder)
        as_hex(sha, 32, row->sha256);
    row->recheck = recheck_word(roll->r, roll->changed);
    roll->source++;
    start_source(roll);
}

static void take_entry(struct as_roll *roll, const struct roll_entry *e)
{
    const struct as_source *s = &roll->r->sources[e->source];
    struct as_source_row *row = &roll->rows[e->source];

    while (roll->source < e->source)
        end_source(roll);
    roll->changed |= e->changed;
    if (e->root) {
        row->kind = e->kind;
        row->size = s->folder ? 0 : e->size;
        if (e->hashed)
            as_hex(e->sha, 32, row->sha256);
    } else {
        add_file(roll->hash, e, s, row);
    }
}

static enum as_status take(void *state, const uint8_t *bytes, uint32_t n, struct as_err *err)
{
    struct as_roll *roll = state;
    enum as_status status = AS_OK;
    struct roll_entry e;
    struct as_wire w;

    as_rank_tell(roll->r);
    as_wire_init(&w, bytes, n);
    while (next_entry(&w, &e)) {
        if (e.source < roll->source || e.source >= roll->nsources)
            AS_FAIL(err, AS_EBUG, "the items are not in the order of the sources");
        take_entry(roll, &e);
    }
    if (w.bad)
        AS_FAIL(err, AS_EBUG, "an entry of a source was cut");
done:
    return status;
}

enum as_status as_roll_call(struct as_roll *roll, struct as_catalogue *c,
                            struct as_source_row *rows, struct as_err *err)
{
    const struct as_relay relay = {roll, give, take};
    struct as_rank *r = roll->r;
    enum as_status status = AS_OK;

    roll->c = c;
    roll->rows = rows;
    roll->nsources = r->nsources;
    start_source(roll);
    AS_TRY(as_comm_relay(r->comm, &relay, err));
    while (r->me == 0 && roll->source < r->nsources)
        end_source(roll);
    AS_TRY(as_comm_bcast(r->comm, rows, r->nsources * sizeof *rows, 0));
    for (uint32_t i = 0; i < r->nsources; i++)
        rows[i].path = r->sources[i].path;
done:
    return status;
}

/* ---- 4. acquisition hashes ---- */

/* What is compared, and what came of it. */
struct acquired {
    const struct as_source_row *rows;
    uint32_t n;
    uint64_t line, compared, bad, odd;
};

enum { ODD_TOLD = 20 };

/* A line that names no source is told: a slip of the pen must not pass for a check. */
static void tell_odd(struct acquired *a, const char *what, const char *text)
{
    if (a->odd++ < ODD_TOLD)
        as_log(AS_LOG_WARN, "--hashes, line %" PRIu64 ": nothing was compared with it, %s: %.200s",
               a->line, what, text);
}

static void compare_line(struct acquired *a, const char *line)
{
    char sum[65] = "", name[4096] = "";
    const char *base;
    bool named = false;

    if (line[0] == '#' || line[strspn(line, " \t\r")] == 0)
        return;
    if (sscanf(line, "%64[0-9a-fA-F]%*[ *]%4095[^\r\n]", sum, name) != 2 || strlen(sum) != 64) {
        tell_odd(a, "it is not as sha256sum writes it", line);
        return;
    }
    base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
    for (uint32_t i = 0; i < a->n; i++) {
        const char *own = strrchr(a->rows[i].path, '/');
        if (strcmp(own ? own + 1 : a->rows[i].path, base) != 0)
            continue;
        named = true;
        if (strcasecmp(sum, a->rows[i].sha256) == 0)
            continue;
        a->bad++;
        as_log(AS_LOG_ERROR, "%s has sha256 %s, but its acquisition hash is %s", a->rows[i].path,
               a->rows[i].sha256, sum);
    }
    a->compared += named;
    if (!named)
        tell_odd(a, "no source is called", base);
}

static enum as_status read_sums(const char *path, char **bytes, struct as_err *err)
{
    const struct as_whole file = {.path = path, .what = "list of --hashes"};
    enum as_status status = AS_OK;
    char sha256[65];
    size_t n;

    AS_TRY(as_whole_read(&file, bytes, &n, sha256, err));
    if (memchr(*bytes, 0, n) != NULL)
        AS_FAIL(err, AS_EFORMAT, "--hashes %s holds a byte 0: save it as text in UTF-8", path);
done:
    return status;
}

enum as_status as_hashes_check(const char *path, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *bytes = NULL;
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISFIFO(st.st_mode)) /* a pipe is read once */
        status = read_sums(path, &bytes, err);
    free(bytes);
    return status;
}

enum as_status as_hashes_compare(const char *path, const struct as_source_row *rows, uint32_t n,
                                 uint64_t *bad, struct as_err *err)
{
    struct acquired a = {.rows = rows, .n = n};
    enum as_status status = AS_OK;
    char *bytes = NULL, *line, *next;

    *bad = 0;
    AS_TRY(read_sums(path, &bytes, err));
    line = bytes + (as_whole_text(bytes) - bytes);
    for (; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        a.line++;
        compare_line(&a, line);
    }
    if (a.odd > ODD_TOLD || a.compared == 0)
        as_log(AS_LOG_WARN,
               "--hashes %s: lines=%" PRIu64 " compared=%" PRIu64 " not_compared=%" PRIu64, path,
               a.line, a.compared, a.odd);
    *bad = a.bad;
done:
    free(bytes);
    return status;
}
