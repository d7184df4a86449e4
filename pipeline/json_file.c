/* json_file.c - a whole file of JSON, and its hash. */
#include "json_file.h"

#include "whole.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum as_status as_json_file_read(const char *path, const char *what, json_t **root, char sha256[65],
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    char *text = NULL;
    size_t len = 0;
    json_error_t at;
    FILE *f;

    *root = NULL;
    if ((f = fopen(path, "rb")) == NULL)
        AS_FAIL(err, AS_EIO, "cannot read the %s %s", what, path);
    AS_TRY(as_whole_read(f, what, path, &text, &len, sha256, err));
    if ((*root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at)) == NULL)
        AS_FAIL(err, json_error_code(&at) == json_error_out_of_memory ? AS_ENOMEM : AS_EUSAGE,
                "the %s %s, line %d: %s", what, path, at.line, at.text);
done:
    if (f)
        fclose(f);
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
