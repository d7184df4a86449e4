/* journal_near.c - a journal that is kept on a node's own disk and copied to the case.
 *
 * Blocks are committed to DIR/assay-HASH/aNNNN-rNNNNN.jnl, where HASH is of the path of the
 * case, and what is new of it is appended to the journal of the same name now and then.  So
 * the journal is always a beginning of the near file.  A near file that outlived its
 * attempt may hold more: that is taken up, if the two begin alike.  Each begins with a
 * record of random bytes, so that files of other cases and attempts do not.           */
#include "journal_parts.h"

#include "durable.h"
#include "journal_frame.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 20, NONCE = 16, TYPE_NONCE = 0, ATTEMPT_CHARS = 5 };

/* ---- making ---- */

/* Folder of this case in `dir`: nobody else's. */
static enum as_status make_folder(struct as_journal *j, const char *dir, const char *kase,
                                  struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    char *real = realpath(kase, NULL);
    struct stat st;

    if (real == NULL)
        AS_FAIL(err, AS_EIO, "cannot find the case folder %s: %s", kase, strerror(errno));
    for (const char *p = real; *p; p++)
        hash = (hash ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
    if (asprintf(&j->near_dir, "%s/assay-%016" PRIx64, dir, hash) < 0)
        j->near_dir = NULL;
    if (j->near_dir == NULL || asprintf(&j->near_path, "%s/%s", j->near_dir, j->name) < 0)
        AS_FAIL(err, AS_ENOMEM, "no memory for a journal");
    if ((mkdir(dir, 0700) != 0 && errno != EEXIST) ||
        (mkdir(j->near_dir, 0700) != 0 && errno != EEXIST) || lstat(j->near_dir, &st) != 0)
        AS_FAIL(err, AS_EIO, "cannot keep journals in %s: %s", dir, strerror(errno));
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid())
        AS_FAIL(err, AS_EIO, "%s belongs to somebody else", j->near_dir);
done:
    free(real);
    return status;
}

/* The first record of both files. */
static enum as_status write_nonce(struct as_journal *j, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t frame[FRAME_HEAD + NONCE];
    int error;

    if (getrandom(frame + FRAME_HEAD, NONCE, 0) != NONCE)
        AS_FAIL(err, AS_EIO, "no random bytes: %s", strerror(errno));
    as_frame_put(frame, TYPE_NONCE, frame + FRAME_HEAD, NONCE);
    if ((error = as_write_synced(j->fd, frame, sizeof frame)) != 0) {
        status = as_journal_unsaved(j->near_path, error, err);
        goto done;
    }
    j->size = sizeof frame;
    AS_TRY(as_journal_copy(j, err));
done:
    return status;
}

enum as_status as_journal_keep_near(struct as_journal *j, const char *dir, const char *kase,
                                    struct as_err *err)
{
    enum as_status status = AS_OK;
    int fd;

    AS_TRY(make_folder(j, dir, kase, err));
    unlink(j->near_path); /* of a case of the same name that is no more */
    fd = open(j->near_path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        AS_FAIL(err, AS_EIO, "cannot make the journal %s: %s", j->near_path, strerror(errno));
    j->back = j->fd;
    j->fd = fd;
    AS_TRY(write_nonce(j, err));
done:
    return status;
}

void as_journal_close_near(struct as_journal *j)
{
    if (j->back >= 0)
        close(j->back);
    if (j->back >= 0 && j->copied == j->size)
        unlink(j->near_path);
    if (j->near_dir)
        rmdir(j->near_dir); /* when it is empty */
    free(j->near_dir);
    free(j->near_path);
}

/* ---- copying ---- */

static enum as_status copy_piece(struct as_journal *j, uint8_t *piece, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t left = j->size - j->copied;
    ssize_t n = pread(j->fd, piece, left < PIECE ? (size_t)left : PIECE, (off_t)j->copied);
    int error;

    if (n <= 0)
        AS_FAIL(err, AS_EIO, "cannot read the journal %s: %s", j->near_path,
                n < 0 ? strerror(errno) : "it has become shorter");
    if ((error = as_write_synced(j->back, piece, (size_t)n)) != 0) {
        /* if even this fails, readers still stop at the last whole frame */
        (void)!ftruncate(j->back, (off_t)j->copied);
        status = as_journal_unsaved(j->name, error, err);
        goto done;
    }
    j->copied += (uint64_t)n;
done:
    return status;
}

enum as_status as_journal_copy(struct as_journal *j, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t *piece = NULL;

    if (j->back < 0 || j->copied == j->size)
        return AS_OK;
    if (j->broken)
        AS_FAIL(err, AS_EIO, "%s could not be saved to before", j->name);
    if ((piece = malloc(PIECE)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to copy a journal");
    while (j->copied < j->size)
        AS_TRY(copy_piece(j, piece, err));
done:
    j->broken |= status != AS_OK;
    free(piece);
    return status;
}

/* ---- taking up what was not copied ---- */

struct tail {
    struct as_journal *to;
    uint64_t from, end; /* frames from this offset on; end of the last whole frame */
};

static enum as_status each_frame(void *state, uint8_t type, const void *bytes, uint32_t n,
                                 uint64_t offset)
{
    struct tail *t = state;

    t->end = offset + FRAME_HEAD + n;
    return t->to && offset >= t->from ? as_journal_append(t->to, type, bytes, n) : AS_OK;
}

/* Whether two files begin with the same n bytes, n > 0. */
static bool begin_alike(const char *a, const char *b, uint64_t n)
{
    FILE *f = fopen(a, "re"), *g = fopen(b, "re");
    bool alike = f && g && n > 0;
    int c;

    while (alike && n-- > 0)
        alike = (c = getc(f)) != EOF && c == getc(g);
    if (f)
        fclose(f);
    if (g)
        fclose(g);
    return alike;
}

/* A near file whose journal is not there, or begins otherwise, is of no use to anyone. */
static enum as_status take_up_one(struct as_journal *j, const char *near, const char *journal,
                                  struct as_err *err)
{
    enum as_status status = AS_OK;
    struct tail t = {0};
    bool torn;

    if (as_journal_scan(journal, each_frame, &t, &torn, NULL) == AS_OK &&
        begin_alike(near, journal, t.end)) {
        t.to = j;
        t.from = t.end;
        AS_TRY(as_journal_scan(near, each_frame, &t, &torn, err));
    }
done:
    return status;
}

enum as_status as_journal_take_up(struct as_journal *j, const char *dir, uint64_t *bytes,
                                  struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_block *block = NULL;
    char **near = NULL, *journal = NULL;
    const char *name;
    size_t n = 0;

    *bytes = 0;
    AS_TRY(as_journal_list(&j->near_dir, 1, &near, &n, err));
    for (size_t i = 0; i < n; i++) {
        name = strrchr(near[i], '/') + 1;
        if (memcmp(name, j->name, ATTEMPT_CHARS) == 0)
            continue; /* of this attempt */
        if (asprintf(&journal, "%s/%s", dir, name) < 0)
            AS_FAIL(err, AS_ENOMEM, "no memory for a journal");
        AS_TRY(take_up_one(j, near[i], journal, err));
        *bytes += as_journal_held(j);
        as_journal_cut(j, &block);
        AS_TRY(as_journal_commit(j, block, err));
        AS_TRY(as_journal_copy(j, err));
        unlink(near[i]);
        free(journal);
        journal = NULL;
    }
done:
    free(journal);
    as_journal_list_free(near, n);
    return status;
}
