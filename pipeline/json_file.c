/* json_file.c - a whole file of JSON, and its hash. */
#include "json_file.h"

#include "hex.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BYTES_MAX = 256 << 20 };

static enum as_status read_file(const char *path, const char *what, char **text, size_t *len,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    char *buf = NULL;
    FILE *f = NULL;
    long size;

    *text = NULL;
    if ((f = fopen(path, "rb")) == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0 ||
        fseek(f, 0, SEEK_SET) != 0)
        AS_FAIL(err, AS_EIO, "cannot read the %s %s", what, path);
    if (size > BYTES_MAX)
        AS_FAIL(err, AS_EUSAGE, "the %s %s is larger than %d bytes", what, path, BYTES_MAX);
    if ((buf = malloc((size_t)size + 1)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "%ld bytes for the %s %s", size, what, path);
    if (fread(buf, 1, (size_t)size, f) != (size_t)size)
        AS_FAIL(err, AS_EIO, "cannot read the %s %s", what, path);
    buf[size] = '\0';
    *len = (size_t)size;
    *text = buf;
    buf = NULL;
done:
    free(buf);
    if (f)
        fclose(f);
    return status;
}

enum as_status as_json_file_read(const char *path, const char *what, json_t **root, char sha256[65],
                                 struct as_err *err)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    enum as_status status = AS_OK;
    char *text = NULL;
    size_t len = 0;
    json_error_t at;

    *root = NULL;
    AS_TRY(read_file(path, what, &text, &len, err));
    if ((*root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at)) == NULL)
        AS_FAIL(err, json_error_code(&at) == json_error_out_of_memory ? AS_ENOMEM : AS_EUSAGE,
                "the %s %s, line %d: %s", what, path, at.line, at.text);
    SHA256((const unsigned char *)text, len, digest);
    as_hex(digest, sizeof digest, sha256);
done:
    free(text);
    return status;
}

bool as_json_file_find(const char *name, const char *chosen, const char *installed,
                       const char *source, char *path, size_t n)
{
    const char *const rooms[] = {chosen ? chosen : installed, chosen ? NULL : source, NULL};

    for (size_t i = 0; rooms[i]; i++) {
        const int len = snprintf(path, n, "%s/%s.json", rooms[i], name);
        /* one that cannot be looked at is not taken for absent: reading it says what is wrong */
        if (len > 0 && (size_t)len < n &&
            (access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR)))
            return true;
    }
    return false;
}
