/* inventory.c - walking the sources, cutting them into grains, reading slices back.
 *
 *  1. sources
 *  2. the walk
 *  3. works
 */
#include "inventory.h"

#include "../evidence/folder.h"
#include "../examine/hash.h"
#include "../wire.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* Longer paths are cut and their files not opened. */
enum { ENTRY_HEAD = 8, PROGRESS_EVERY = 4096, PATH_ROOM = AS_PATH_MAX - 512 };

/* ---- 1. sources ---- */

static bool lies_in(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return strncmp(path, folder, n) == 0 && (path[n] == 0 || path[n] == '/' || n == 1);
}

/* The last part of what the user wrote, or of the real path for "." and "..". */
static char *display_name(const char *given, const char *real)
{
    size_t n = strlen(given);
    const char *from;

    while (n > 1 && given[n - 1] == '/')
        n--;
    from = memrchr(given, '/', n);
    from = from ? from + 1 : given;
    n -= (size_t)(from - given);
    if (n == 0 || (n == 1 && from[0] == '.') || (n == 2 && memcmp(from, "..", 2) == 0)) {
        from = strrchr(real, '/') + 1;
        n = strlen(from);
    }
    return n ? strndup(from, n) : strdup("root");
}

/* The real path of a folder, or of the one it will be made in. */
static char *real_folder(const char *path)
{
    char *real = realpath(path, NULL), *copy = real ? NULL : strdup(path);

    if (copy)
        real = realpath(dirname(copy), NULL);
    free(copy);
    return real;
}

static enum as_status fill_source(struct as_source *s, const char *given, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct stat st;
    char *slash;

    if ((s->path = realpath(given, NULL)) == NULL || stat(s->path, &st) != 0)
        AS_FAIL(err, errno == EIO || as_errno_is_ours(errno) ? AS_EIO : AS_SKIP,
                errno == EIO || as_errno_is_ours(errno) ? "cannot look at the evidence %s (%s)"
                                                        : "no such evidence: %s (%s)",
                given, strerror(errno));
    s->folder = S_ISDIR(st.st_mode);
    if (!s->folder && !S_ISREG(st.st_mode))
        AS_FAIL(err, AS_SKIP, "%s is neither a file nor a folder", given);
    s->size = s->folder ? 0 : (uint64_t)st.st_size;
    s->mtime_s = st.st_mtim.tv_sec;
    s->name = display_name(given, s->path);
    s->root = strdup(s->path);
    slash = s->root ? strrchr(s->root, '/') : NULL;
    if (slash && !s->folder) {
        s->rel = strdup(slash + 1);
        slash[slash == s->root] = 0;
    } else {
        s->rel = strdup("");
    }
    if (!s->name || !s->root || !s->rel)
        AS_FAIL(err, AS_ENOMEM, "no memory for the list of sources");
done:
    return status;
}

enum as_status as_sources_apart(const struct as_source *sources, uint32_t n, const char *case_dir,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    char *real_case = real_folder(case_dir);

    for (uint32_t i = 0; real_case && i < n; i++)
        if (sources[i].folder && lies_in(real_case, sources[i].path))
            AS_FAIL(err, AS_EUSAGE, "the case folder %s lies inside the evidence %s; "
                    "put it elsewhere", case_dir, sources[i].path);
done:
    free(real_case);
    return status;
}

enum as_status as_sources_new(struct as_source **sources, uint32_t *n, char *const *names,
                              uint32_t nnames, const char *case_dir, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_source *s = calloc(nnames + 1, sizeof *s);

    *sources = NULL;
    *n = 0;
    if (s == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the list of sources");
    for (uint32_t i = 0; i < nnames; i++) {
        AS_TRY(fill_source(&s[i], names[i], err));
        for (uint32_t k = 0; k < i; k++)
            if (lies_in(s[i].path, s[k].path) || lies_in(s[k].path, s[i].path))
                AS_FAIL(err, AS_EUSAGE, "%s and %s overlap: name each piece of evidence once",
                        names[k], names[i]);
    }
    AS_TRY(as_sources_apart(s, nnames, case_dir, err));
    *sources = s;
    *n = nnames;
    s = NULL;
done:
    as_sources_free(s, nnames);
    return status;
}

void as_sources_free(struct as_source *sources, uint32_t n)
{
    for (uint32_t i = 0; sources && i < n; i++) {
        free(sources[i].path);
        free(sources[i].root);
        free(sources[i].rel);
        free(sources[i].name);
    }
    free(sources);
}

/* ---- 2. the walk ---- */

struct walk {
    FILE *f;
    uint64_t at; /* bytes written */
    struct as_hash *hash; /* of them */
    uint8_t *entry;
    struct as_lot *lot; /* [nlots], the last one is open if it has files */
    uint64_t nlots, cap;
    uint64_t grain_bytes, grain_entries;
    struct as_totals totals;
    struct as_err *err;
};

static enum as_status add_to_lot(struct walk *w, uint64_t size, uint64_t len)
{
    struct as_lot *l = w->nlots ? &w->lot[w->nlots - 1] : NULL;

    if (l == NULL || l->nfiles >= w->grain_entries ||
        (l->nfiles > 0 && l->bytes + size > w->grain_bytes)) {
        if (w->nlots == w->cap) {
            uint64_t cap = w->cap ? 2 * w->cap : 64;
            struct as_lot *more = realloc(w->lot, cap * sizeof *more);
            if (more == NULL)
                return AS_ENOMEM;
            w->lot = more;
            w->cap = cap;
        }
        l = &w->lot[w->nlots++];
        *l = (struct as_lot){.at = w->at, .mode = AS_READ_FILES};
    }
    l->nfiles++;
    l->bytes += size;
    l->len += len;
    return AS_OK;
}

/* Frame: u32 length, u32 crc, then the fields. */
static enum as_status write_entry(struct walk *w, const struct as_key *key, const struct as_file *file)
{
    enum as_status status = AS_OK;
    uint64_t size = file->type == AS_ENTRY_FILE ? file->size : 0;
    size_t len = strlen(file->path);
    bool cut = len >= PATH_ROOM;
    struct as_wire e;
    uint32_t head[2];

    as_wire_init(&e, w->entry + ENTRY_HEAD, AS_PATH_MAX + 256);
    as_put_u8(&e, (uint8_t)key->n);
    as_put(&e, key->part, key->n * sizeof *key->part);
    as_put_u8(&e, (uint8_t)file->type);
    as_put_u16(&e, cut ? AS_REASON_LIMIT_NAME : (uint16_t)file->reason);
    as_put_u64(&e, file->size);
    as_put_u64(&e, (uint64_t)file->mtime_s);
    as_put_u64(&e, (uint64_t)file->mtime_ns);
    as_put_u32(&e, (uint32_t)(cut ? PATH_ROOM : len) + 1);
    as_put(&e, file->path, cut ? PATH_ROOM : len);
    as_put_u8(&e, 0);
    if (e.bad)
        AS_FAIL(w->err, AS_EBUG, "an entry of the inventory does not fit");
    head[0] = (uint32_t)e.n;
    head[1] = (uint32_t)crc32(0, w->entry + ENTRY_HEAD, (uInt)e.n);
    memcpy(w->entry, head, sizeof head);
    AS_TRY(add_to_lot(w, size, ENTRY_HEAD + e.n));
    if (fwrite(w->entry, 1, ENTRY_HEAD + e.n, w->f) != ENTRY_HEAD + e.n)
        AS_FAIL(w->err, AS_EIO, "cannot write the inventory: %s", strerror(errno));
    as_hash_add(w->hash, w->entry, ENTRY_HEAD + e.n);
    w->at += ENTRY_HEAD + e.n;
    w->totals.entries++;
    w->totals.files += file->type == AS_ENTRY_FILE;
    w->totals.bytes += size;
    w->totals.unreadable += file->reason != AS_REASON_NONE;
done:
    return status;
}

static enum as_status walk_folder(struct walk *w, const struct as_source *s, uint32_t ordinal,
                                  enum as_status (*progress)(void *, const struct as_totals *),
                                  void *state)
{
    enum as_status status = AS_OK, next;
    struct as_key key = {.n = 1, .part = {ordinal}};
    struct as_folder *folder = NULL;
    struct as_file file;
    uint64_t index = 0;

    AS_TRY(as_folder_open(&folder, s->path, w->err));
    while ((next = as_folder_next(folder, &file, w->err)) == AS_OK) {
        if (index >= UINT32_MAX)
            AS_FAIL(w->err, AS_EIO, "%s has more than 4 billion entries", s->path);
        AS_TRY(write_entry(w, &key, &file));
        key.n = 2;
        key.part[1] = (uint32_t)index++;
        if (progress && index % PROGRESS_EVERY == 0)
            AS_TRY(progress(state, &w->totals));
    }
    status = next == AS_END ? AS_OK : next;
done:
    as_folder_close(folder);
    return status;
}

static enum as_status walk_file(struct walk *w, const struct as_source *s, uint32_t ordinal)
{
    struct as_key key = {.n = 1, .part = {ordinal}};
    struct as_file file = {.path = s->rel, .type = AS_ENTRY_FILE, .size = s->size};
    struct stat st;

    if (stat(s->path, &st) != 0)
        file.reason = AS_REASON_UNREADABLE;
    file.mtime_s = st.st_mtim.tv_sec;
    file.mtime_ns = st.st_mtim.tv_nsec;
    return write_entry(w, &key, &file);
}

enum as_status as_inventory_make(const char *path, const struct as_source *sources, uint32_t n,
                                 uint64_t grain_bytes, uint64_t grain_entries, struct as_lot **lots,
                                 uint64_t *nlots, struct as_totals *totals,
                                 enum as_status (*progress)(void *state, const struct as_totals *t),
                                 void *state, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct walk w = {.grain_bytes = grain_bytes, .grain_entries = grain_entries, .err = err};
    char *beside = NULL;
    uint8_t no[20];

    *lots = NULL;
    if (as_hash_new(&w.hash, false) != AS_OK ||
        (w.entry = malloc(ENTRY_HEAD + AS_PATH_MAX + 256)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the inventory");
    if ((w.f = as_beside_open(path, &beside)) == NULL)
        AS_FAIL(err, AS_EIO, "cannot write %s: %s", path, strerror(errno));
    as_hash_start(w.hash);
    for (uint32_t i = 0; i < n; i++) {
        if (sources[i].folder)
            AS_TRY(walk_folder(&w, &sources[i], i, progress, state));
        else
            AS_TRY(walk_file(&w, &sources[i], i));
    }
    as_hash_end(w.hash, w.totals.listing, no, no);
    status = as_beside_close(w.f, true, beside, path, err);
    w.f = NULL;
    if (status != AS_OK)
        goto done;
    *lots = w.lot;
    *nlots = w.nlots;
    *totals = w.totals;
    w.lot = NULL;
done:
    if (w.f)
        fclose(w.f);
    free(beside);
    as_hash_free(w.hash);
    free(w.entry);
    free(w.lot);
    return status;
}

/* ---- 3. works ---- */

/* A work and all it borrows, in one allocation each. */
struct work_room {
    struct as_work work;
    uint8_t *slice;
    char *paths;
};

/* Takes the next entry out of a slice. */
static bool take_entry(struct as_wire *s, struct as_lot_file *f, struct as_text *path)
{
    uint32_t len = as_get_u32(s), crc = as_get_u32(s);
    const uint8_t *at = as_wire_take(s, len);
    struct as_wire e;

    if (at == NULL || crc32(0, at, len) != crc)
        return false;
    as_wire_init(&e, at, len);
    f->key.n = as_get_u8(&e);
    if (f->key.n < 1 || f->key.n > 2)
        return false;
    as_get(&e, f->key.part, f->key.n * sizeof *f->key.part);
    f->type = as_get_u8(&e);
    f->reason = as_get_u16(&e);
    f->size = as_get_u64(&e);
    f->mtime_s = (int64_t)as_get_u64(&e);
    f->mtime_ns = (int64_t)as_get_u64(&e);
    *path = as_get_text(&e);
    return !e.bad && path->len > 0 && path->at[path->len - 1] == 0 && f->type <= AS_ENTRY_SPECIAL;
}

/* Sets the forensic path: source name, "/" and the path in it. */
static char *set_path(struct as_lot_file *f, const struct as_source *s, char *to)
{
    char *begin = to;

    to = stpcpy(to, s->name);
    if (s->folder && f->rel[0]) {
        *to++ = '/';
        to = stpcpy(to, f->rel);
    }
    f->path.at = begin;
    f->path.len = (uint32_t)(to - begin);
    if (f->path.len >= AS_PATH_MAX)
        f->path.len = AS_PATH_MAX - 1;
    return to + 1;
}

static enum as_status fill_work(struct work_room *r, const struct as_lot *lot,
                                const struct as_source *sources, uint32_t nsources,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_wire slice;
    char *to = r->paths;

    as_wire_init(&slice, r->slice, lot->len);
    for (uint64_t i = 0; i < lot->nfiles; i++) {
        struct as_lot_file *f = &r->work.file[i];
        struct as_text path;
        if (!take_entry(&slice, f, &path) || f->key.part[0] >= nsources)
            AS_FAIL(err, AS_EFORMAT, "the inventory of the case is broken; start over with --fresh");
        f->root = sources[f->key.part[0]].root;
        f->rel = path.at;
        to = set_path(f, &sources[f->key.part[0]], to);
    }
done:
    return status;
}

static size_t paths_room(const struct as_lot *lot, const struct as_source *sources, uint32_t nsources)
{
    size_t longest = 0;

    for (uint32_t i = 0; i < nsources; i++)
        if (strlen(sources[i].name) > longest)
            longest = strlen(sources[i].name);
    return lot->len + lot->nfiles * (longest + 3) + 1;
}

enum as_status as_work_new(struct as_work **work, int fd, const struct as_lot *lot, uint64_t id,
                           const struct as_source *sources, uint32_t nsources, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct work_room *r = calloc(1, sizeof *r);
    struct as_input in = {NULL, fd, lot->at, lot->len};

    *work = NULL;
    if (r == NULL || (r->slice = malloc(lot->len + 1)) == NULL ||
        (r->work.file = calloc(lot->nfiles + 1, sizeof *r->work.file)) == NULL ||
        (r->paths = malloc(paths_room(lot, sources, nsources))) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a lot of %llu entries",
                (unsigned long long)lot->nfiles);
    if (as_input_read(&in, 0, r->slice, lot->len) != (int64_t)lot->len)
        AS_FAIL(err, AS_EIO, "cannot read the inventory of the case");
    AS_TRY(fill_work(r, lot, sources, nsources, err));
    r->work.id = id;
    r->work.nfiles = (uint32_t)lot->nfiles;
    r->work.lot.mode = (uint32_t)lot->mode;
    r->work.lot.offset = lot->offset;
    r->work.lot.first = lot->first;
    r->work.lot.count = lot->count;
    *work = &r->work;
    r = NULL;
done:
    if (r)
        as_work_free(&r->work);
    return status;
}

enum as_status as_work_for_file(struct as_work **work, const struct as_source *source,
                                const char *rel, const struct stat *st, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct work_room *r = calloc(1, sizeof *r);
    struct as_lot_file *f;

    *work = NULL;
    if (r == NULL || (r->work.file = calloc(1, sizeof *r->work.file)) == NULL ||
        (r->slice = (uint8_t *)strdup(rel)) == NULL ||
        (r->paths = malloc(strlen(rel) + strlen(source->name) + 3)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a file");
    f = r->work.file;
    f->key = (struct as_key){.n = 2};
    f->root = source->root;
    f->rel = (const char *)r->slice;
    f->type = AS_ENTRY_FILE;
    f->size = (uint64_t)st->st_size;
    f->mtime_s = st->st_mtim.tv_sec;
    f->mtime_ns = st->st_mtim.tv_nsec;
    set_path(f, source, r->paths);
    r->work.nfiles = 1;
    *work = &r->work;
    r = NULL;
done:
    if (r)
        as_work_free(&r->work);
    return status;
}

void as_work_free(struct as_work *work)
{
    struct work_room *r = (struct work_room *)work;

    if (r == NULL)
        return;
    free(r->slice);
    free(r->paths);
    free(r->work.file);
    free(r);
}
