/* json_file.c - a whole file of JSON, and its hash. */
#include "json_file.h"

#include "whole.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Values of a text of JSON, at most: each is up to 200 bytes in memory, but may be two in the file.
 */
enum { VALUES_MAX = 16 << 20 };

static size_t values_of(const char *text, size_t n)
{
    size_t values = 1;

    for (size_t i = 0; i < n; i++)
        values += text[i] == ',' || text[i] == '[' || text[i] == '{';
    return values;
}

enum as_status as_json_file_read(const char *path, const char *what, json_t **root, char sha256[65],
                                 struct as_err *err)
{
    const struct as_whole file = {.path = path, .what = what};
    enum as_status status = AS_OK;
    char *bytes = NULL;
    size_t len = 0;
    json_error_t at;

    *root = NULL;
    AS_TRY(as_whole_read(&file, &bytes, &len, sha256, err));
    const char *text = as_whole_text(bytes);
    len -= (size_t)(text - bytes);
    if (values_of(text, len) > VALUES_MAX)
        AS_FAIL(err, AS_EFORMAT, "the %s %s has more than %d values: divide it", what, path,
                VALUES_MAX);
    if ((*root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at)) == NULL)
        AS_FAIL(err, json_error_code(&at) == json_error_out_of_memory ? AS_ENOMEM : AS_EFORMAT,
                "the %s %s, line %d: %s", what, path, at.line, at.text);
done:
    free(bytes);
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
