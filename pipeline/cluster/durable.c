/* durable.c - writes that are on the disk when they are done. */
#include "durable.h"

#include <errno.h>
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
