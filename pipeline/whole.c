/* whole.c - all bytes of a file that is read once, and their hash. */
#include "whole.h"

#include "hex.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_FIRST = 64 << 10 };

static enum as_status read_all(FILE *f, const struct as_whole *w, char **bytes, size_t *n,
                               struct as_err *err)
{
    const size_t max = w->max ? w->max : AS_WHOLE_MAX;
    enum as_status status = AS_OK;
    size_t room = BYTES_FIRST, at = 0, got = 1;
    char *more;

    for (; got > 0 && at < max; room *= 2) {
        room = room < max ? room : max;
        if ((more = realloc(*bytes, room + 1)) == NULL)
            AS_FAIL(err, AS_ENOMEM, "%zu bytes for the %s %s", room, w->what, w->path);
        *bytes = more;
        got = fread(*bytes + at, 1, room - at, f);
        at += got;
    }
    if (ferror(f) && errno == EISDIR)
        AS_FAIL(err, AS_EFORMAT, "%s is a folder, no %s: name the file", w->path, w->what);
    if (ferror(f))
        AS_FAIL(err, AS_EIO, "cannot read the %s %s: %s", w->what, w->path, strerror(errno));
    if (got > 0 && fgetc(f) != EOF)
        AS_FAIL(err, AS_EFORMAT, "the %s %s is larger than %zu MiB: divide it", w->what, w->path,
                max >> 20);
    (*bytes)[at] = '\0';
    *n = at;
done:
    return status;
}

enum as_status as_whole_read(const struct as_whole *w, char **bytes, size_t *n, char sha256[65],
                             struct as_err *err)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    enum as_status status = AS_OK;
    FILE *f = fopen(w->path, "rb");

    *bytes = NULL;
    if (f == NULL)
        AS_FAIL(err, errno == ENOENT || errno == ENOTDIR ? AS_SKIP : AS_EIO,
                "cannot read the %s %s: %s", w->what, w->path, strerror(errno));
    AS_TRY(read_all(f, w, bytes, n, err));
    SHA256((const unsigned char *)*bytes, *n, digest);
    as_hex(digest, sizeof digest, sha256);
done:
    if (f)
        fclose(f);
    if (status != AS_OK) {
        free(*bytes);
        *bytes = NULL;
    }
    return status;
}

const char *as_whole_text(const char *bytes)
{
    return strncmp(bytes, "\xef\xbb\xbf", 3) == 0 ? bytes + 3 : bytes;
}
