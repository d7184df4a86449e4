/* input.h - evidence bytes, wherever they are: in memory, or behind a descriptor. */
#ifndef AS_INPUT_H
#define AS_INPUT_H

#include <stdint.h>

/* Borrowed.  at != NULL: `size` bytes at `at`.  Else `size` bytes of `fd` from
 * offset `start`, to be read by pread only (never read, lseek or mmap: the
 * descriptor may be shared, and a file that shrinks must not raise SIGBUS).  */
struct as_input {
    const uint8_t *at;
    int fd;
    uint64_t start;
    uint64_t size;
};

/* Copies up to n bytes from offset `off` to `to`; returns the count (short at
 * the end), or -1 on a read error.                                          */
int64_t as_input_read(const struct as_input *in, uint64_t off, void *to, uint64_t n);

#endif
