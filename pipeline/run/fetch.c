/* fetch.c - the bytes of one item out of the evidence.
 *
 * A path without ">>" names a file of the file system, which is copied.  Anything
 * deeper is looked for by its hash in the file that its path begins with.      */
#include "fetch.h"

#include "../evidence/folder.h"
#include "../examine/hash.h"
#include "run.h"
#include "solo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fetch {
    struct as_solo *solo;
    int to;
    bool written;
    enum as_status status;
    struct as_err err;
};

static bool on_grant(void *state, uint32_t batch, uint32_t i, const uint8_t sha256[32])
{
    struct fetch *f = state;

    (void)sha256;
    if (!f->written)
        f->status = as_solo_write(f->solo, batch, i, f->to, &f->err);
    f->written = true;
    return false;
}

/* Copies an open file, comparing its hash at the end. */
static enum as_status copy_file(int fd, const struct as_row *row, int to, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t sha[32], no[20], *piece = malloc(1 << 20);
    struct as_input in = {NULL, fd, 0, row->size};
    struct as_hash *h = NULL;
    int64_t got;

    if (piece == NULL || as_hash_new(&h, false) != AS_OK)
        AS_FAIL(err, AS_ENOMEM, "no memory");
    as_hash_start(h);
    for (uint64_t at = 0; (got = as_input_read(&in, at, piece, 1 << 20)) > 0; at += (uint64_t)got) {
        as_hash_add(h, piece, (size_t)got);
        for (int64_t done = 0; done < got;) {
            ssize_t n = write(to, piece + done, (size_t)(got - done));
            if (n <= 0)
                AS_FAIL(err, AS_EIO, "cannot write the item: %s", strerror(errno));
            done += n;
        }
    }
    as_hash_end(h, sha, no, no);
    if (memcmp(sha, row->sha256, 32) != 0)
        AS_FAIL(err, AS_EFORMAT, "the file is no longer what was examined: its hash differs");
done:
    as_hash_free(h);
    free(piece);
    return status;
}

/* Opens the file of the file system that an item's path begins with; *rel is
 * malloc'd, *inside tells whether the item lies in it.  File names may hold ">>",
 * so the longest part that is a file is taken.                                  */
static int open_file(const struct as_source *s, const struct as_row *row, char **rel, bool *inside,
                     struct stat *st)
{
    const char *slash = memchr(row->path.at, '/', row->path.len);
    size_t skip = slash && s->folder ? (size_t)(slash - row->path.at) + 1 : 0;
    int fd = -1;

    *inside = false;
    *rel = s->folder ? strndup(row->path.at + skip, row->path.len - skip) : strdup(s->rel);
    if (!s->folder)
        *inside = memmem(row->path.at, row->path.len, ">>", 2) != NULL;
    while (*rel && (fd = as_file_open(s->root, *rel, st)) < 0 && s->folder) {
        size_t n = strlen(*rel);
        while (n > 1 && memcmp(*rel + n - 2, ">>", 2) != 0)
            n--;
        if (n < 2)
            break;
        (*rel)[n - 2] = 0;
        *inside = true;
    }
    return fd;
}

static enum as_status search(const struct as_options *o, const struct as_source *s, const char *rel,
                             const struct stat *st, const struct as_row *row, int to,
                             struct as_err *err)
{
    struct fetch f = {.to = to};
    struct as_solo_calls calls = {&f, NULL, NULL, on_grant, NULL};
    enum as_status status = AS_OK;
    struct as_work *work = NULL;
    uint64_t us[4];

    AS_TRY(as_work_for_file(&work, s, rel, st, err));
    work->lot.mode = AS_READ_FIND;
    memcpy(work->lot.want, row->sha256, 32);
    AS_TRY(as_solo_new(&f.solo, o, 1, &calls, err));
    status = as_solo_do(f.solo, work, us, err);
    work = NULL;
    if (status == AS_OK && f.status != AS_OK) {
        *err = f.err;
        status = f.status;
    }
    if (status == AS_OK && !f.written)
        AS_FAIL(err, AS_EFORMAT, "the container no longer holds these bytes, or it needs the same "
                "options (--passwords, limits) as the run");
done:
    as_work_free(work);
    as_solo_free(f.solo);
    return status;
}

enum as_status as_fetch_item(const struct as_options *o, const struct as_source_row *source,
                             const struct as_row *row, int to, struct as_err *err)
{
    char *name = (char *)(uintptr_t)source->path, *rel = NULL;
    struct as_source *s = NULL;
    enum as_status status = AS_OK;
    uint32_t n = 0;
    struct stat st;
    bool inside;
    int fd = -1;

    if (!row->has_sha256)
        AS_FAIL(err, AS_SKIP, "this item has no bytes that were read: %s",
                as_reason_text(row->reason));
    AS_TRY(as_run_check(o, err));
    AS_TRY(as_sources_new(&s, &n, &name, 1, "", err));
    if ((fd = open_file(s, row, &rel, &inside, &st)) < 0)
        AS_FAIL(err, AS_EIO, "cannot open the file of this item in %s: %s", s->root,
                strerror(errno));
    if (inside)
        AS_TRY(search(o, s, rel, &st, row, to, err));
    else
        AS_TRY(copy_file(fd, row, to, err));
done:
    if (fd >= 0)
        close(fd);
    free(rel);
    as_sources_free(s, n);
    return status;
}
