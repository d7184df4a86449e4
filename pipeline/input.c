/* input.c - reading evidence bytes from memory or by pread. */
#include "input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int64_t as_input_read(const struct as_input *in, uint64_t off, void *to, uint64_t n)
{
    uint64_t got = 0;

    if (off >= in->size)
        return 0;
    if (n > in->size - off)
        n = in->size - off;
    if (in->at) {
        memcpy(to, in->at + off, n);
        return (int64_t)n;
    }
    while (got < n) {
        ssize_t r = pread(in->fd, (uint8_t *)to + got, n - got, (off_t)(in->start + off + got));
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return -1;
        if (r == 0)
            break;
        got += (uint64_t)r;
    }
    return (int64_t)got;
}
