/* journal_read.c - reading journals: list, scan, single frames.
 *
 * All reading is by one window over one file: a frame inside it costs no call, any
 * other begins a new window.  Nothing a file says is believed beyond the window.  */
#include "journal.h"
#include "journal_frame.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WINDOW_READ = 64 << 10, WINDOW_SCAN = 1 << 20, NO_FD = -1 };

struct open_file {
    size_t file;
    int fd;
    uint64_t used; /* the reader's clock when it was last read from */
};

struct as_journal_reader {
    char **names; /* paths */
    size_t names_n;
    struct open_file *open;
    size_t open_n, open_max;
    uint64_t clock;
    uint8_t *window;
    size_t window_n, window_room, window_file, window_least;
    uint64_t window_at;
};

/* aNNNN-rNNNNN.jnl */
static bool is_name(const char *name)
{
    static const char SHAPE[] = "a0000-r00000.jnl";

    for (size_t i = 0; i < sizeof SHAPE; i++)
        if (SHAPE[i] == '0' ? !isdigit((unsigned char)name[i]) : name[i] != SHAPE[i])
            return false;
    return true;
}

static bool is_path(const char *path)
{
    const char *slash = strrchr(path, '/');

    return is_name(slash ? slash + 1 : path);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Takes a name over; it is freed when there is no room for it. */
static enum as_status add_name(char ***names, size_t *n, size_t *room, char *name)
{
    if (name != NULL && *n == *room) {
        size_t more = *room ? 2 * *room : 64;
        char **grown = reallocarray(*names, more, sizeof *grown);
        if (grown == NULL) {
            free(name);
            return AS_ENOMEM;
        }
        *names = grown;
        *room = more;
    }
    if (name == NULL)
        return AS_ENOMEM;
    (*names)[(*n)++] = name;
    return AS_OK;
}

static char *join(const char *dir, const char *name)
{
    char *path;

    return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* Adds the journals of one folder. */
static enum as_status list_folder(const char *dir, char ***paths, size_t *n, size_t *room,
                                  struct as_err *err)
{
    enum as_status status = AS_OK;
    const size_t before = *n;
    DIR *d = opendir(dir);

    if (d == NULL)
        AS_FAIL(err, AS_EIO, "cannot open the journal folder %s: %s", dir, strerror(errno));
    errno = 0;
    for (struct dirent *e; (e = readdir(d)) != NULL; errno = 0)
        if (is_name(e->d_name) && add_name(paths, n, room, join(dir, e->d_name)) != AS_OK)
            AS_FAIL(err, AS_ENOMEM, "no memory to list the journals");
    if (errno != 0)
        AS_FAIL(err, AS_EIO, "cannot list the journal folder %s: %s", dir, strerror(errno));
    if (*n > before)
        qsort(*paths + before, *n - before, sizeof **paths, by_name);
done:
    if (d != NULL)
        closedir(d);
    return status;
}

enum as_status as_journal_list(char *const *dirs, size_t ndirs, char ***paths, size_t *n,
                               struct as_err *err)
{
    enum as_status status = AS_OK;
    size_t room = 0;

    *paths = NULL;
    *n = 0;
    for (size_t i = 0; i < ndirs; i++)
        AS_TRY(list_folder(dirs[i], paths, n, &room, err));
done:
    if (status != AS_OK) {
        as_journal_list_free(*paths, *n);
        *paths = NULL;
        *n = 0;
    }
    return status;
}

void as_journal_list_free(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

/* `window` is how much is read at a time at least. */
static enum as_status new_reader(struct as_journal_reader **reader, size_t open_max, size_t window,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_journal_reader *r = calloc(1, sizeof *r);

    *reader = NULL;
    if (r == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to read journals");
    r->window_least = window;
    r->open_max = open_max ? open_max : 1;
    r->open = calloc(r->open_max, sizeof *r->open);
    if (r->open == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to read journals");
    *reader = r;
    r = NULL;
done:
    as_journal_close_read(r);
    return status;
}

/* Lets the reader know one more file. */
static enum as_status know(struct as_journal_reader *r, size_t *room, const char *path,
                           struct as_err *err)
{
    enum as_status status = AS_OK;

    if (!is_path(path))
        AS_FAIL(err, AS_EUSAGE, "%s is not the name of a journal", path);
    if (add_name(&r->names, &r->names_n, room, strdup(path)) != AS_OK)
        AS_FAIL(err, AS_ENOMEM, "no memory to read journals");
done:
    return status;
}

enum as_status as_journal_open_read(struct as_journal_reader **reader, char *const *paths, size_t n,
                                    size_t open_max, struct as_err *err)
{
    enum as_status status = AS_OK;
    size_t room = 0;

    AS_TRY(new_reader(reader, open_max, WINDOW_READ, err));
    for (size_t i = 0; i < n; i++)
        AS_TRY(know(*reader, &room, paths[i], err));
done:
    if (status != AS_OK) {
        as_journal_close_read(*reader);
        *reader = NULL;
    }
    return status;
}

void as_journal_close_read(struct as_journal_reader *reader)
{
    if (reader == NULL)
        return;
    for (size_t i = 0; i < reader->open_n; i++)
        if (reader->open[i].fd >= 0)
            close(reader->open[i].fd);
    as_journal_list_free(reader->names, reader->names_n);
    free(reader->open);
    free(reader->window);
    free(reader);
}

/* The slot that holds `file`, or one that is free: a new one, or the longest unused. */
static struct open_file *slot_for(struct as_journal_reader *r, size_t file)
{
    struct open_file *oldest = r->open;

    for (size_t i = 0; i < r->open_n; i++) {
        if (r->open[i].fd >= 0 && r->open[i].file == file)
            return &r->open[i];
        if (r->open[i].used < oldest->used)
            oldest = &r->open[i];
    }
    if (r->open_n < r->open_max) {
        oldest = &r->open[r->open_n++];
    } else if (oldest->fd >= 0) {
        close(oldest->fd);
    }
    oldest->fd = NO_FD;
    oldest->file = file;
    return oldest;
}

/* Gives a descriptor of a file, opening it when need be. */
static enum as_status use_file(struct as_journal_reader *r, size_t file, int *fd,
                               struct as_err *err)
{
    enum as_status status = AS_OK;
    struct open_file *slot = slot_for(r, file);
    struct stat st;

    slot->used = ++r->clock;
    if (slot->fd < 0) {
        /* not blocking: a FIFO of that name must not stop the run */
        slot->fd = open(r->names[file], O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        if (slot->fd < 0)
            AS_FAIL(err, AS_EIO, "cannot open the journal %s: %s", r->names[file], strerror(errno));
        if (fstat(slot->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
            close(slot->fd);
            slot->fd = NO_FD;
            AS_FAIL(err, AS_EIO, "the journal %s is not a regular file", r->names[file]);
        }
    }
    *fd = slot->fd;
done:
    return status;
}

/* Reads up to n bytes at an offset into the window, whose room is enough. */
static enum as_status fill_window(struct as_journal_reader *r, int fd, size_t n, uint64_t offset,
                                  const char *name, struct as_err *err)
{
    enum as_status status = AS_OK;

    r->window_at = offset;
    r->window_n = 0;
    while (r->window_n < n) {
        ssize_t k =
            pread(fd, r->window + r->window_n, n - r->window_n, (off_t)(offset + r->window_n));
        if (k == 0)
            break;
        if (k < 0 && errno != EINTR)
            AS_FAIL(err, AS_EIO, "cannot read the journal %s: %s", name, strerror(errno));
        if (k > 0)
            r->window_n += (size_t)k;
    }
done:
    if (status != AS_OK)
        r->window_n = 0;
    return status;
}

/* How many bytes of a file the window has from an offset on. */
static size_t seen(const struct as_journal_reader *r, size_t file, uint64_t offset)
{
    if (r->window_n == 0 || r->window_file != file || offset < r->window_at ||
        offset - r->window_at > r->window_n)
        return 0;
    return r->window_n - (size_t)(offset - r->window_at);
}

/* Makes the window cover n bytes at an offset, or as many as the file has there. */
static enum as_status look(struct as_journal_reader *r, size_t file, uint64_t offset, size_t n,
                           struct as_err *err)
{
    enum as_status status = AS_OK;
    const size_t want = n > r->window_least ? n : r->window_least;
    int fd;

    if (seen(r, file, offset) >= n)
        return AS_OK;
    AS_TRY(use_file(r, file, &fd, err));
    r->window_n = 0;
    if (r->window_room < want) {
        free(r->window);
        r->window_room = 0;
        r->window = malloc(want);
        if (r->window == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory to read a journal");
        r->window_room = want;
    }
    r->window_file = file;
    AS_TRY(fill_window(r, fd, want, offset, r->names[file], err));
done:
    return status;
}

/* Gives the frame at an offset.  AS_END: the file ends there; AS_EFORMAT: no whole frame. */
static enum as_status frame_at(struct as_journal_reader *r, size_t file, uint64_t offset,
                               struct as_journal_frame *frame, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct frame_head h = {0};
    const uint8_t *at;

    if (offset > INT64_MAX - UINT64_C(4) * AS_JOURNAL_MAX_BYTES) /* off_t cannot overflow below */
        return AS_EFORMAT;
    AS_TRY(look(r, file, offset, FRAME_HEAD, err));
    if (seen(r, file, offset) == 0)
        return AS_END;
    if (seen(r, file, offset) < FRAME_HEAD ||
        !as_frame_get(r->window + (offset - r->window_at), &h))
        return AS_EFORMAT;
    AS_TRY(look(r, file, offset, FRAME_HEAD + (size_t)h.n, err));
    if (seen(r, file, offset) < FRAME_HEAD + (size_t)h.n)
        return AS_EFORMAT;
    at = r->window + (offset - r->window_at);
    if (as_frame_crc(at, at + FRAME_HEAD, h.n) != h.crc)
        return AS_EFORMAT;
    frame->bytes = at + FRAME_HEAD;
    frame->n = h.n;
    frame->type = h.type;
done:
    return status;
}

enum as_status as_journal_read(struct as_journal_reader *reader, size_t file, uint64_t offset,
                               struct as_journal_frame *frame, struct as_err *err)
{
    enum as_status status = AS_OK;

    *frame = (struct as_journal_frame){0};
    if (file >= reader->names_n)
        AS_FAIL(err, AS_EBUG, "there is no journal number %zu", file);
    status = frame_at(reader, file, offset, frame, err);
    if (status == AS_END || status == AS_EFORMAT)
        AS_FAIL(err, AS_EFORMAT, "the journal %s has no whole record at byte %" PRIu64,
                reader->names[file], offset);
done:
    return status;
}

enum as_status as_journal_scan(const char *path,
                               enum as_status (*each)(void *state, uint8_t type, const void *bytes,
                                                      uint32_t n, uint64_t offset),
                               void *state, bool *torn, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_journal_reader *r = NULL;
    struct as_journal_frame frame;
    uint64_t offset = 0;
    size_t room = 0;

    *torn = false;
    AS_TRY(new_reader(&r, 1, WINDOW_SCAN, err));
    AS_TRY(know(r, &room, path, err));
    while ((status = frame_at(r, 0, offset, &frame, err)) == AS_OK) {
        AS_TRY(each(state, frame.type, frame.bytes, frame.n, offset));
        offset += FRAME_HEAD + (uint64_t)frame.n;
    }
    *torn = status == AS_EFORMAT;
    if (status == AS_EFORMAT || status == AS_END)
        status = AS_OK;
done:
    as_journal_close_read(r);
    return status;
}
