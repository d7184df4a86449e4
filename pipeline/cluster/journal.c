/* journal.c - writing a journal: append to memory, cut, commit to disk.
 *
 * The block in memory belongs to the main thread, the file to the thread that
 * commits: they share nothing but the block that is handed over.                 */
#include "journal_parts.h"

#include "durable.h"
#include "journal_frame.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_START = 64 << 10, ATTEMPT_MAX = 9999, RANK_MAX = 99999 };

struct as_block {
    uint8_t *at;
    size_t n, room;
};

/* Splits the fence's path, because its folder is opened anew before each look. */
static enum as_status set_fence(struct as_journal *j, const char *path, struct as_err *err)
{
    enum as_status status = AS_OK;
    const size_t len = strlen(path);
    const char *slash = strrchr(path, '/');
    size_t cut = slash ? (size_t)(slash - path) + 1 : 0;

    j->fence_dir = calloc(len + 4, 1);
    if (j->fence_dir == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a journal");
    memcpy(j->fence_dir, slash ? path : "./", slash ? cut : 2);
    j->fence_name = j->fence_dir + (slash ? cut : 2) + 1;
    memcpy(j->fence_dir + (slash ? cut : 2) + 1, path + cut, len - cut);
done:
    return status;
}

/* Makes the file, and the folder's entry for it durable. */
static enum as_status create_file(struct as_journal *j, const char *dir, struct as_err *err)
{
    enum as_status status = AS_OK;
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir_fd < 0)
        AS_FAIL(err, AS_EIO, "cannot open the journal folder %s: %s", dir, strerror(errno));
    j->fd = openat(dir_fd, j->name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                   0600);
    if (j->fd < 0)
        AS_FAIL(err, AS_EIO, "cannot make the journal %s in %s: %s", j->name, dir, strerror(errno));
    if (fsync(dir_fd) != 0 && errno != EINVAL) /* some file systems sync no folders */
        AS_FAIL(err, AS_EIO, "cannot sync the journal folder %s: %s", dir, strerror(errno));
done:
    if (dir_fd >= 0)
        close(dir_fd);
    return status;
}

enum as_status as_journal_create(struct as_journal **j, const char *dir, uint32_t attempt,
                                 uint32_t rank, const char *fence_path, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_journal *made = NULL;

    *j = NULL;
    if (attempt > ATTEMPT_MAX || rank > RANK_MAX)
        AS_FAIL(err, AS_ELIMIT,
                "attempt %" PRIu32 " of rank %" PRIu32 " is beyond what a case holds", attempt,
                rank);
    made = calloc(1, sizeof *made);
    if (made == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a journal");
    made->fd = made->back = -1;
    snprintf(made->name, sizeof made->name, "a%04" PRIu32 "-r%05" PRIu32 ".jnl", attempt, rank);
    AS_TRY(set_fence(made, fence_path, err));
    AS_TRY(create_file(made, dir, err));
    *j = made;
    made = NULL;
done:
    as_journal_close(made);
    return status;
}

void as_block_free(struct as_block *block)
{
    if (block == NULL)
        return;
    free(block->at);
    free(block);
}

void as_journal_close(struct as_journal *j)
{
    if (j == NULL)
        return;
    if (j->fd >= 0)
        close(j->fd);
    as_journal_close_near(j);
    as_block_free(j->block);
    free(j->fence_dir);
    free(j);
}

/* Makes room for n more bytes. */
static enum as_status reserve(struct as_block *block, size_t n)
{
    size_t room = block->room ? block->room : BLOCK_START;
    uint8_t *at;

    while (room - block->n < n) {
        if (room > SIZE_MAX / 2)
            return AS_ENOMEM;
        room *= 2;
    }
    if (room == block->room)
        return AS_OK;
    at = realloc(block->at, room);
    if (at == NULL)
        return AS_ENOMEM;
    block->at = at;
    block->room = room;
    return AS_OK;
}

enum as_status as_journal_append(struct as_journal *j, uint8_t type, const void *bytes, uint32_t n)
{
    enum as_status status = AS_OK;

    if (n > AS_JOURNAL_MAX_BYTES)
        return AS_ELIMIT;
    if (j->block == NULL)
        j->block = calloc(1, sizeof *j->block);
    if (j->block == NULL)
        return AS_ENOMEM;
    AS_TRY(reserve(j->block, FRAME_HEAD + (size_t)n));
    as_frame_put(j->block->at + j->block->n, type, bytes, n);
    if (n > 0)
        memcpy(j->block->at + j->block->n + FRAME_HEAD, bytes, n);
    j->block->n += FRAME_HEAD + (size_t)n;
    j->next += FRAME_HEAD + (uint64_t)n;
done:
    return status;
}

uint64_t as_journal_next(const struct as_journal *j)
{
    return j->next;
}

uint64_t as_journal_held(const struct as_journal *j)
{
    return j->block ? j->block->n : 0;
}

void as_journal_cut(struct as_journal *j, struct as_block **block)
{
    *block = NULL;
    if (as_journal_held(j) == 0)
        return;
    *block = j->block;
    j->block = NULL;
}

/* AS_ESTOP when a newer attempt has begun.  Opening the folder first makes a network
 * file system ask its server again instead of trusting what it remembers.           */
static enum as_status check_fence(const struct as_journal *j, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct stat st;
    int dir_fd = open(j->fence_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir_fd < 0)
        AS_FAIL(err, AS_EIO, "cannot open the case folder %s: %s", j->fence_dir, strerror(errno));
    if (fstatat(dir_fd, j->fence_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        AS_FAIL(err, AS_ESTOP, "another run has taken over this case (%s%s exists)", j->fence_dir,
                j->fence_name);
    if (errno != ENOENT)
        AS_FAIL(err, AS_EIO, "cannot look for %s%s: %s", j->fence_dir, j->fence_name,
                strerror(errno));
done:
    if (dir_fd >= 0)
        close(dir_fd);
    return status;
}

enum as_status as_journal_unsaved(const char *where, int error, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (error == ENOSPC || error == EDQUOT || error == EFBIG)
        AS_FAIL(err, AS_EIO,
                "no room to save the state of the run in %s (%s): make room and run again", where,
                strerror(error));
    AS_FAIL(err, AS_EIO, "cannot save the state of the run in %s: %s", where, strerror(error));
done:
    return status;
}

/* Takes a failed block back and says what happened. */
static enum as_status give_up(struct as_journal *j, int error, struct as_err *err)
{
    j->broken = true;
    /* if even this fails, readers still stop at the last whole frame */
    if (ftruncate(j->fd, (off_t)j->size) == 0)
        (void)fdatasync(j->fd);
    return as_journal_unsaved(j->near_path ? j->near_path : j->name, error, err);
}

enum as_status as_journal_commit(struct as_journal *j, struct as_block *block, struct as_err *err)
{
    enum as_status status = AS_OK;
    int error;

    status = check_fence(j, err);
    if (status != AS_OK) {
        j->broken = true; /* what follows would stand without this block */
        goto done;
    }
    if (j->broken)
        AS_FAIL(err, AS_EIO, "%s could not be saved to before", j->name);
    if (block == NULL)
        goto done;
    error = as_write_synced(j->fd, block->at, block->n);
    if (error != 0) {
        status = give_up(j, error, err);
        goto done;
    }
    j->size += block->n;
done:
    as_block_free(block);
    return status;
}
