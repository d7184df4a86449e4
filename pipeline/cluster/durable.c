/* durable.c - writes that are on the disk when they are done. */
#include "durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int as_write_synced(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;

    while (n > 0) {
        ssize_t k = write(fd, at, n);
        if (k == 0)
            return EIO;
        if (k < 0 && errno != EINTR)
            return errno;
        if (k > 0) {
            at += k;
            n -= (size_t)k;
        }
    }
    return fdatasync(fd) == 0 ? 0 : errno;
}

static int sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    int error = fd < 0 || fsync(fd) != 0 ? errno : 0;

    if (fd >= 0)
        close(fd);
    return error;
}

int as_rename_synced(const char *from, const char *to)
{
    const char *slash = strrchr(to, '/');
    char *folder = slash != NULL ? strndup(to, (size_t)(slash - to) + 1) : strdup(".");
    int error = folder == NULL ? ENOMEM : sync_path(from, O_RDONLY);

    if (error == 0 && rename(from, to) != 0)
        error = errno;
    if (error == 0)
        error = sync_path(folder, O_RDONLY | O_DIRECTORY);
    free(folder);
    return error;
}
