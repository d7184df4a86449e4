/* passwords.c - reading the list of passwords. */
#include "passwords.h"

#include "../whole.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASSWORDS_MAX = 1000, BYTES_MAX = 1024 };

/* Enters a line of n bytes that is not empty; none is cut, or left out, without a word. */
static enum as_status take(char **all, size_t *found, const char *line, size_t n, const char *where,
                           struct as_err *err)
{
    enum as_status status = AS_OK;

    if (memchr(line, 0, n) != NULL)
        AS_FAIL(err, AS_EFORMAT, "%s holds a byte 0: save the passwords as text in UTF-8", where);
    if (n > BYTES_MAX)
        AS_FAIL(err, AS_EFORMAT, "%s is longer than %d bytes, too long for a password", where,
                BYTES_MAX);
    if (*found == PASSWORDS_MAX)
        AS_FAIL(err, AS_EFORMAT, "%s: more than %d passwords; try them in several runs", where,
                PASSWORDS_MAX);
    if ((all[*found] = strndup(line, n)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for passwords");
    ++*found;
done:
    return status;
}

static enum as_status split(const char *text, size_t n, const char *path, char **all,
                            struct as_err *err)
{
    const char *const end = text + n, *next;
    enum as_status status = AS_OK;
    size_t found = 0, number = 1;
    char where[160];

    for (const char *line = text; line < end; line = next, number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        next = stop ? stop + 1 : end;
        stop = stop ? stop : end;
        stop -= stop > line && stop[-1] == '\r';
        snprintf(where, sizeof where, "--passwords %.100s, line %zu", path, number);
        if (stop > line)
            AS_TRY(take(all, &found, line, (size_t)(stop - line), where, err));
    }
done:
    return status;
}

enum as_status as_passwords_load(const char *path, char ***list, char sha256[65],
                                 struct as_err *err)
{
    const struct as_whole file = {.path = path, .what = "list of --passwords"};
    enum as_status status = AS_OK;
    char **all = calloc(PASSWORDS_MAX + 1, sizeof *all), *bytes = NULL;
    size_t n;

    *list = NULL;
    sha256[0] = 0;
    if (all == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for passwords");
    if (path[0]) {
        AS_TRY(as_whole_read(&file, &bytes, &n, sha256, err));
        const char *text = as_whole_text(bytes);
        AS_TRY(split(text, n - (size_t)(text - bytes), path, all, err));
    }
    *list = all;
    all = NULL;
done:
    as_passwords_free(all);
    free(bytes);
    return status;
}

void as_passwords_free(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}
