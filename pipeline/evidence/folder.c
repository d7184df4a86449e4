/* folder.c - walks a folder depth first and opens its files.
 *
 * A stack of frames, one per folder on the way down, each holding its sorted
 * names.  Descriptors are kept for the deepest frames only; a parent whose
 * descriptor was given up is found again through "..", and must then be the
 * folder that it was (device and inode).  Thus neither the depth nor the
 * length of a path is limited by the system's PATH_MAX or open files.         */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    FDS_KEPT = 32, /* descriptors of one walk */
    DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
};

struct frame {
    char *bytes;  /* the names, each ended by NUL, in the folder's order */
    size_t *name; /* sorted: where each begins */
    size_t n, next;
    size_t path_len; /* of the folder's own path */
    int fd;          /* -1: given up */
    int error;       /* then: why    */
    dev_t dev;
    ino_t ino;
};

struct as_folder {
    char *root;
    char *path; /* of the file told last */
    size_t path_size;
    struct frame *frame;
    size_t depth, frames;
    size_t first_open; /* frames below this have no descriptor */
    bool started;
};

/* qsort_r's order: bytes, as unsigned. */
static int by_bytes(const void *a, const void *b, void *bytes)
{
    return strcmp((const char *)bytes + *(const size_t *)a,
                  (const char *)bytes + *(const size_t *)b);
}

static bool is_dot(const char *name)
{
    return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

/* Makes room for `need` elements of `size` bytes; doubles. */
static bool grow(void **at, size_t *have, size_t need, size_t size)
{
    size_t want = *have ? *have : 64;
    void *more;

    if (need <= *have)
        return true;
    while (want < need)
        want *= 2;
    if (want > SIZE_MAX / size || (more = realloc(*at, want * size)) == NULL)
        return false;
    *at = more;
    *have = want;
    return true;
}

/* Reads all names of the folder behind f->fd.  Gives 0 or an errno. */
static int list_names(struct frame *f)
{
    size_t used = 0, have = 0, slots = 0;
    int error = 0, fd = dup(f->fd);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    if (dir == NULL) {
        error = errno;
        if (fd >= 0)
            close(fd);
        return error;
    }
    for (;;) {
        errno = 0;
        const struct dirent *d = readdir(dir);
        if (d == NULL) {
            error = errno;
            break;
        }
        if (is_dot(d->d_name))
            continue;
        size_t len = strlen(d->d_name) + 1;
        if (!grow((void **)&f->bytes, &have, used + len, 1) ||
            !grow((void **)&f->name, &slots, f->n + 1, sizeof *f->name)) {
            error = ENOMEM;
            break;
        }
        memcpy(f->bytes + used, d->d_name, len);
        f->name[f->n++] = used;
        used += len;
    }
    closedir(dir);
    if (error == 0 && f->n > 1)
        qsort_r(f->name, f->n, sizeof *f->name, by_bytes, f->bytes);
    return error;
}

static void frame_clear(struct frame *f)
{
    free(f->bytes);
    free(f->name);
    if (f->fd >= 0)
        close(f->fd);
}

/* Goes down into the folder behind `fd`, which is taken.  0 or an errno. */
static int push(struct as_folder *f, int fd, size_t path_len)
{
    struct frame top = {.fd = fd, .path_len = path_len};
    struct stat st;
    int error = 0;

    if (fstat(fd, &st) != 0)
        error = errno;
    else
        error = list_names(&top);
    if (error == 0 && !grow((void **)&f->frame, &f->frames, f->depth + 1, sizeof *f->frame))
        error = ENOMEM;
    if (error != 0) {
        frame_clear(&top);
        return error;
    }
    top.dev = st.st_dev;
    top.ino = st.st_ino;
    f->frame[f->depth++] = top;
    if (f->depth - f->first_open > FDS_KEPT) {
        close(f->frame[f->first_open].fd);
        f->frame[f->first_open++].fd = -1;
    }
    return 0;
}

/* Opens the folder `dir` (len bytes) below `root` part by part. */
static int open_parts(int root, const char *dir, size_t len)
{
    int fd = dup(root);
    char part[NAME_MAX + 1];

    for (size_t i = 0; fd >= 0 && i < len;) {
        size_t n = 0;
        while (i + n < len && dir[i + n] != '/')
            n++;
        int next = -1;
        if (n > NAME_MAX) {
            errno = ENAMETOOLONG;
        } else if (n > 0) {
            memcpy(part, dir + i, n);
            part[n] = 0;
            if (n == 2 && memcmp(part, "..", 3) == 0)
                errno = EXDEV; /* as RESOLVE_BENEATH says it */
            else
                next = openat(fd, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        } else {
            next = dup(fd);
        }
        int error = errno;
        close(fd);
        errno = error;
        fd = next;
        i += n + 1;
    }
    return fd;
}

/* Gives the parent of `top` a descriptor again: through "..", or, if that is
 * another folder by now, from the root.  -1: it cannot be reached, and what is
 * left of it is told as unreadable.                                          */
static int reopen_parent(const struct as_folder *f, const struct frame *top)
{
    const struct frame *up = top - 1;
    struct stat st;
    int fd = top->fd < 0 ? -1 : openat(top->fd, "..", DIR_FLAGS), root;

    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == up->dev && st.st_ino == up->ino)
        return fd;
    if (fd >= 0)
        close(fd);
    if ((root = open(f->root, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
        return -1;
    fd = open_parts(root, f->path, up->path_len);
    close(root);
    return fd;
}

/* Leaves the deepest folder; its parent gets a descriptor again. */
static void pop(struct as_folder *f)
{
    struct frame *top = &f->frame[f->depth - 1];

    if (f->depth > 1 && top[-1].fd < 0)
        if ((top[-1].fd = reopen_parent(f, top)) < 0)
            top[-1].error = as_errno_is_ours(errno) ? errno : ESTALE;
    frame_clear(top);
    f->depth--;
    if (f->first_open >= f->depth)
        f->first_open = f->depth ? f->depth - 1 : 0;
}

static enum as_entry_type type_of(mode_t mode)
{
    if (S_ISREG(mode))
        return AS_ENTRY_FILE;
    if (S_ISDIR(mode))
        return AS_ENTRY_FOLDER;
    return S_ISLNK(mode) ? AS_ENTRY_SYMLINK : AS_ENTRY_SPECIAL;
}

static void tell(struct as_file *file, const char *path, const struct stat *st)
{
    *file = (struct as_file){.path = path, .type = type_of(st->st_mode)};
    file->size = S_ISREG(st->st_mode) || S_ISLNK(st->st_mode) ? (uint64_t)st->st_size : 0;
    file->mtime_s = st->st_mtim.tv_sec;
    file->mtime_ns = st->st_mtim.tv_nsec;
}

static enum as_status unreadable(struct as_file *file, int error, struct as_err *err)
{
    if (as_errno_is_ours(error))
        return as_fail(err, AS_EIO, AS_REASON_NONE, __FILE__, __LINE__,
                       "cannot go on listing the evidence: %s", strerror(error));
    file->reason = AS_REASON_UNREADABLE;
    file->error = error;
    return AS_OK;
}

/* Tells the entry `name` of the folder `at` (AT_FDCWD: the root) and, if it is
 * a folder, goes down into it.                                               */
static enum as_status visit(struct as_folder *f, int at, const char *name, size_t path_len,
                            struct as_file *file, struct as_err *err)
{
    struct stat st;
    int fd, error = 0;

    if (at == -1 || fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        error = at == -1 ? f->frame[f->depth - 1].error : errno;
        *file = (struct as_file){.path = f->path, .type = AS_ENTRY_FILE, .mtime_s = INT64_MIN};
        return unreadable(file, error, err);
    }
    tell(file, f->path, &st);
    if (file->type != AS_ENTRY_FOLDER)
        return AS_OK;
    fd = openat(at, name, DIR_FLAGS);
    error = fd < 0 ? errno : push(f, fd, path_len);
    return error ? unreadable(file, error, err) : AS_OK;
}

enum as_status as_folder_open(struct as_folder **folder, const char *path, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_folder *f = NULL;
    struct stat st;

    *folder = NULL;
    if (lstat(path, &st) != 0)
        AS_FAIL_AS(err, AS_EIO, AS_REASON_UNREADABLE, "cannot open %s: %s", path, strerror(errno));
    if ((f = calloc(1, sizeof *f)) == NULL || (f->root = strdup(path)) == NULL ||
        !grow((void **)&f->path, &f->path_size, 1, 1))
        AS_FAIL(err, AS_ENOMEM, "no memory to walk %s", path);
    f->path[0] = 0;
    *folder = f;
    f = NULL;
done:
    as_folder_close(f);
    return status;
}

enum as_status as_folder_next(struct as_folder *f, struct as_file *file, struct as_err *err)
{
    struct frame *top;
    const char *name;
    size_t len, at;

    if (!f->started) {
        f->started = true;
        return visit(f, AT_FDCWD, f->root, 0, file, err);
    }
    while (f->depth > 0 && f->frame[f->depth - 1].next == f->frame[f->depth - 1].n)
        pop(f);
    if (f->depth == 0)
        return AS_END;
    top = &f->frame[f->depth - 1];
    name = top->bytes + top->name[top->next++];
    len = strlen(name);
    at = top->path_len;
    if (!grow((void **)&f->path, &f->path_size, at + len + 2, 1))
        return as_fail(err, AS_ENOMEM, AS_REASON_NONE, __FILE__, __LINE__, "no memory for a path");
    if (at > 0)
        f->path[at++] = '/';
    memcpy(f->path + at, name, len + 1);
    return visit(f, top->fd, name, at + len, file, err);
}

void as_folder_close(struct as_folder *f)
{
    if (f == NULL)
        return;
    while (f->depth > 0)
        frame_clear(&f->frame[--f->depth]);
    free(f->frame);
    free(f->root);
    free(f->path);
    free(f);
}

/* Opens the folder of the first len bytes of `relative` below `root`. */
static int open_below(int root, const char *relative, size_t len)
{
    struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH};
    char *dir;
    long fd;

    if (len >= PATH_MAX)
        return open_parts(root, relative, len);
    if ((dir = strndup(len ? relative : ".", len ? len : 1)) == NULL)
        return -1;
    fd = syscall(SYS_openat2, root, dir, &how, sizeof how);
    int error = errno;
    free(dir);
    errno = error;
    if (fd < 0 && (error == ENOSYS || error == EPERM || error == EINVAL))
        return open_parts(root, relative, len);
    return (int)fd;
}

/* Opens the regular file `name` in the folder `at`. */
static int open_regular(int at, const char *name, struct stat *st)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW;
    int fd, error = 0;

    /* looked at first: opening a device may do something */
    if (fstatat(at, name, st, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    if (!S_ISREG(st->st_mode)) {
        errno = ENXIO;
        return -1;
    }
    fd = openat(at, name, flags | O_NOATIME);
    if (fd < 0 && errno == EPERM)
        fd = openat(at, name, flags);
    if (fd < 0 || fstat(fd, st) != 0)
        error = errno;
    else if (!S_ISREG(st->st_mode))
        error = ENXIO;
    if (error != 0 && fd >= 0)
        close(fd);
    errno = error;
    return error ? -1 : fd;
}

int as_file_open(const char *root, const char *relative, struct stat *st)
{
    const char *slash = strrchr(relative, '/');
    const char *name = slash ? slash + 1 : relative;
    int top, dir, fd, error;

    if (*relative == 0)
        return open_regular(AT_FDCWD, root, st);
    if (*relative == '/' || *name == 0 || is_dot(name)) {
        errno = EXDEV;
        return -1;
    }
    if ((top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
        return -1;
    dir = open_below(top, relative, slash ? (size_t)(slash - relative) : 0);
    fd = dir < 0 ? -1 : open_regular(dir, name, st);
    error = errno;
    if (dir >= 0)
        close(dir);
    close(top);
    errno = error;
    return fd;
}
