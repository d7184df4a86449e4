/* whole.c - all bytes of a file that is read once, and their hash. */
#include "whole.h"

#include "hex.h"

#include <openssl/sha.h>
#include <stdlib.h>

enum { BYTES_FIRST = 64 << 10, BYTES_MAX = 256 << 20 };

enum as_status as_whole_read(FILE *f, const char *what, const char *path, char **bytes, size_t *n,
                             char sha256[65], struct as_err *err)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    enum as_status status = AS_OK;
    size_t room = BYTES_FIRST, at = 0, got = 1;
    char *buf = NULL, *more;

    *bytes = NULL;
    for (; got > 0 && at < BYTES_MAX; room *= 2) {
        if ((more = realloc(buf, room + 1)) == NULL)
            AS_FAIL(err, AS_ENOMEM, "%zu bytes for the %s %s", room, what, path);
        buf = more;
        got = fread(buf + at, 1, room - at, f);
        at += got;
    }
    if (ferror(f))
        AS_FAIL(err, AS_EIO, "cannot read the %s %s", what, path);
    if (got > 0 && fgetc(f) != EOF)
        AS_FAIL(err, AS_EUSAGE, "the %s %s is larger than %d bytes", what, path, BYTES_MAX);
    buf[at] = '\0';
    SHA256((const unsigned char *)buf, at, digest);
    as_hex(digest, sizeof digest, sha256);
    *n = at;
    *bytes = buf;
    buf = NULL;
done:
    free(buf);
    return status;
}
