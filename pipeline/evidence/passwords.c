/* passwords.c - reading the list of passwords. */
#include "passwords.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASSWORDS_MAX = 1000 };

enum as_status as_passwords_load(const char *path, char ***list, struct as_err *err)
{
    enum as_status status = AS_OK;
    char **all = calloc(PASSWORDS_MAX + 1, sizeof *all), *line = NULL;
    size_t room = 0, n = 0;
    ssize_t len;
    FILE *f = NULL;

    *list = NULL;
    if (all == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for passwords");
    if (path[0] && (f = fopen(path, "rb")) == NULL)
        AS_FAIL(err, AS_EUSAGE, "cannot read --passwords %s: %s", path, strerror(errno));
    while (f && n < PASSWORDS_MAX && (len = getline(&line, &room, f)) >= 0) {
        line[strcspn(line, "\r\n")] = 0;
        if (line[0] == 0)
            continue;
        if ((all[n] = strdup(line)) == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory for passwords");
        n++;
    }
    *list = all;
    all = NULL;
done:
    as_passwords_free(all);
    free(line);
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
