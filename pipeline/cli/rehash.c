/* rehash.c - the evidence of a sealed case, hashed again.
 *
 * A source that is a file has its hash in /evidence.  A source that is a folder
 * has its files as items: basename/relative.  What those hold follows each of
 * them directly (ids sort by key), with the file's path and ">>" in front, so
 * one remembered path tells the files from their members.                     */
#include "rehash.h"

#include "../evidence/folder.h"
#include "../hex.h"
#include "../log.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1 << 20 };

/* Above this one process is the wrong tool, and says so. */
#define SLOW_BYTES (UINT64_C(10) * 1000 * 1000 * 1000)

struct work {
    struct as_store *store;
    struct as_checks *checks;
    EVP_MD_CTX *md;
    unsigned char *block;
    /* the folder at hand */
    const struct as_source_row *source;
    size_t base_len; /* of its name, which every path begins with; 0: not seen yet */
    char *file;      /* the path of the last entry of the folder, malloc'd */
    bool opens;      /* that entry is a file, so it may have members */
    size_t file_len, file_room;
    uint64_t files, good, skipped;
};

/* SHA-256 of a whole descriptor. */
static enum as_status hash_file(struct work *w, int fd, uint8_t sha256[32], uint64_t *size,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    ssize_t n;

    *size = 0;
    if (EVP_DigestInit_ex(w->md, EVP_sha256(), NULL) != 1)
        AS_FAIL(err, AS_EIO, "SHA-256 is not available");
    while ((n = pread(fd, w->block, BLOCK, (off_t)*size)) > 0) {
        if (EVP_DigestUpdate(w->md, w->block, (size_t)n) != 1)
            AS_FAIL(err, AS_EIO, "SHA-256 failed");
        *size += (uint64_t)n;
    }
    if (n < 0)
        AS_FAIL(err, AS_EFORMAT, "%s", strerror(errno));
    if (EVP_DigestFinal_ex(w->md, sha256, NULL) != 1)
        AS_FAIL(err, AS_EIO, "SHA-256 failed");
done:
    return status;
}

static void bad(struct work *w, const char *what, const char *path, uint32_t len)
{
    char shown[384];

    as_show_text(shown, sizeof shown, (struct as_text){path, len}, AS_SHOW_PATH);
    as_checks_add(w->checks, AS_LEVEL_BAD, "evidence", "%s: %s", shown, what);
}

/* Hashes root/relative.  AS_SKIP: it cannot be had, and that is recorded. */
static enum as_status hash_path(struct work *w, const char *root, const char *relative,
                                uint8_t sha256[32], uint64_t *size, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct stat st;
    int fd = as_file_open(root, relative, &st);

    if (fd < 0) {
        bad(w, strerror(errno), relative, (uint32_t)strlen(relative));
        return AS_SKIP;
    }
    if ((status = hash_file(w, fd, sha256, size, err)) == AS_EFORMAT) {
        bad(w, err->text, relative, (uint32_t)strlen(relative));
        status = AS_SKIP;
    }
    close(fd);
    return status;
}

static enum as_status single(struct work *w, const struct as_source_row *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *slash = strrchr(s->path, '/'), *name = slash ? slash + 1 : s->path;
    char *root = NULL, hex[65];
    uint8_t sha256[32];
    uint64_t size;

    if (s->sha256[0] == 0) {
        as_checks_add(w->checks, AS_LEVEL_WARN, "evidence", "%s has no hash in the store", s->path);
        goto done;
    }
    root = slash == NULL ? strdup(".")
                         : strndup(s->path, slash == s->path ? 1 : (size_t)(slash - s->path));
    if (root == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory");
    AS_TRY(hash_path(w, root, name, sha256, &size, err));
    as_hex(sha256, 32, hex);
    if (strcmp(hex, s->sha256) == 0)
        as_checks_add(w->checks, AS_LEVEL_OK, "evidence", "%s is unchanged", s->path);
    else
        bad(w, "its hash is not what it was", s->path, (uint32_t)strlen(s->path));
done:
    free(root);
    return status == AS_SKIP ? AS_OK : status;
}

/* True when the row is a member of the last file seen. */
static bool is_member(const struct work *w, const struct as_row *row)
{
    return w->opens && row->path.len >= w->file_len + 2 &&
           memcmp(row->path.at, w->file, w->file_len) == 0 &&
           memcmp(row->path.at + w->file_len, ">>", 2) == 0;
}

static enum as_status remember(struct work *w, const struct as_row *row, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (row->path.len + (size_t)1 > w->file_room) {
        char *more = realloc(w->file, row->path.len + (size_t)1);
        if (more == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory");
        w->file = more;
        w->file_room = row->path.len + (size_t)1;
    }
    if (row->path.len > 0)
        memcpy(w->file, row->path.at, row->path.len);
    w->file[row->path.len] = 0;
    w->file_len = row->path.len;
done:
    return status;
}

static bool is_file(const struct as_row *row)
{
    return row->kind != AS_KIND_FOLDER && row->kind != AS_KIND_SYMLINK &&
           row->kind != AS_KIND_SPECIAL;
}

/* One row of the folder at hand: a file of it is hashed and compared. */
static enum as_status folder_row(void *state, const struct as_row *row, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct work *w = state;
    uint8_t want[32], sha256[32];
    bool known = row->has_sha256;
    uint64_t size;

    if (row->source != w->source->ordinal || row->part != 0 || is_member(w, row))
        goto done;
    if (w->base_len == 0) { /* its own row: the name may be a link's, unlike the path's */
        w->base_len = row->path.len;
        goto done;
    }
    memcpy(want, row->sha256, sizeof want);
    AS_TRY(remember(w, row, err));
    w->opens = is_file(row);
    if (!w->opens || w->file_len <= w->base_len + 1)
        goto done;
    w->files++;
    w->skipped += !known;
    if (!known)
        goto done;
    AS_TRY(hash_path(w, w->source->path, w->file + w->base_len + 1, sha256, &size, err));
    if (memcmp(sha256, want, 32) == 0)
        w->good++;
    else
        bad(w, "its hash is not what it was", w->file, (uint32_t)w->file_len);
done:
    return status == AS_SKIP ? AS_OK : status;
}

static enum as_status count_files(const char *path, uint64_t *n, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_folder *folder = NULL;
    struct as_file file;

    *n = 0;
    AS_TRY(as_folder_open(&folder, path, err));
    while ((status = as_folder_next(folder, &file, err)) == AS_OK)
        *n += file.type == AS_ENTRY_FILE;
    if (status == AS_END)
        status = AS_OK;
done:
    as_folder_close(folder);
    return status;
}

static enum as_status folder(struct work *w, const struct as_source_row *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t there;

    w->source = s;
    w->files = w->good = w->skipped = 0;
    w->file_len = 0;
    w->opens = false;
    w->base_len = 0;
    if (count_files(s->path, &there, err) != AS_OK) {
        bad(w, "cannot be listed", s->path, (uint32_t)strlen(s->path));
        goto done;
    }
    AS_TRY(as_store_each(w->store, folder_row, w, err));
    if (there != w->files)
        as_checks_add(w->checks, AS_LEVEL_BAD, "evidence",
                      "%s holds %" PRIu64 " files now, the case has %" PRIu64, s->path, there,
                      w->files);
    if (w->skipped)
        as_checks_add(w->checks, AS_LEVEL_WARN, "evidence",
                      "%" PRIu64 " files of %s have no hash in the store", w->skipped, s->path);
    as_checks_add(w->checks, w->good + w->skipped == w->files ? AS_LEVEL_OK : AS_LEVEL_BAD,
                  "evidence", "%s: %" PRIu64 " of %" PRIu64 " files are unchanged", s->path,
                  w->good, w->files);
done:
    return status;
}

enum as_status as_rehash(struct as_store *store, struct as_checks *checks, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_source_row *s;
    uint32_t n = as_store_sources(store, &s);
    struct work w = {.store = store, .checks = checks};
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < n; i++)
        bytes += s[i].size;
    if (bytes > SLOW_BYTES)
        as_log(AS_LOG_WARN, "hashing %" PRIu64 " GB in one process will take a while",
               bytes / (SLOW_BYTES / 10));
    w.md = EVP_MD_CTX_new();
    w.block = malloc(BLOCK);
    if (w.md == NULL || w.block == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to hash with");
    for (uint32_t i = 0; i < n; i++)
        AS_TRY(s[i].kind == AS_KIND_FOLDER ? folder(&w, &s[i], err) : single(&w, &s[i], err));
done:
    EVP_MD_CTX_free(w.md);
    free(w.block);
    free(w.file);
    return status;
}
