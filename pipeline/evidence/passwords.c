/* passwords.c - reading the list of passwords. */
#include "passwords.h"

#include "../whole.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASSWORDS_MAX = 1000 };

/* The lines of a text that are not empty. */
static enum as_status split(char *text, size_t n, char **all, struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *const end = text + n;
    size_t found = 0;

    for (char *line = text; line < end && found < PASSWORDS_MAX;) {
        char *const stop = memchr(line, '\n', (size_t)(end - line));
        if (stop)
            *stop = 0;
        line[strcspn(line, "\r")] = 0;
        if (line[0] && (all[found++] = strdup(line)) == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory for passwords");
        line = stop ? stop + 1 : text + n;
    }
done:
    return status;
}

enum as_status as_passwords_load(const char *path, char ***list, char sha256[65],
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    char **all = calloc(PASSWORDS_MAX + 1, sizeof *all), *text = NULL;
    FILE *f = NULL;
    size_t n;

    *list = NULL;
    sha256[0] = 0;
    if (all == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for passwords");
    if (path[0] && (f = fopen(path, "rb")) == NULL)
        AS_FAIL(err, AS_EUSAGE, "cannot read --passwords %s: %s", path, strerror(errno));
    if (f) {
        AS_TRY(as_whole_read(f, "list of --passwords", path, &text, &n, sha256, err));
        AS_TRY(split(text, n, all, err));
    }
    *list = all;
    all = NULL;
done:
    as_passwords_free(all);
    free(text);
    if (f)
        fclose(f);
    return status;
}

void as_passwords_free(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}
