/* container_magic.h - which container formats the first bytes of a file allow. */
#ifndef AS_CONTAINER_MAGIC_H
#define AS_CONTAINER_MAGIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    AS_FORMAT_7ZIP = 1 << 0,
    AS_FORMAT_AR = 1 << 1,
    AS_FORMAT_CAB = 1 << 2,
    AS_FORMAT_CPIO = 1 << 3,
    AS_FORMAT_ISO = 1 << 4,
    AS_FORMAT_LHA = 1 << 5,
    AS_FORMAT_RAR = 1 << 6,
    AS_FORMAT_RAR5 = 1 << 7,
    AS_FORMAT_TAR = 1 << 8,
    AS_FORMAT_WARC = 1 << 9,
    AS_FORMAT_XAR = 1 << 10,
    AS_FORMAT_ZIP_SEEK = 1 << 11,   /* by the central directory */
    AS_FORMAT_ZIP_STREAM = 1 << 12, /* by the local headers     */
    AS_FORMAT_FILTER = 1 << 13      /* a compressed stream      */
};

/* Bytes of the head that as_magic_find looks at, at most: ISO 9660 begins at 32 KiB. */
enum { AS_MAGIC_HEAD = 36864 };

struct as_magic {
    uint32_t formats; /* 0: no container                                     */
    bool certain;     /* the magic is long enough that a failure is damage   */
    bool volume;      /* one of several volumes                              */
};

/* What the first n bytes of a file, or of a decompressed stream, allow. */
struct as_magic as_magic_find(const uint8_t *head, size_t n);

#endif
