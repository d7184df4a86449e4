/* enroll.c - what every enrolment checks first. */
#include "enroll.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum as_status check_folder(const char *path, struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL   ? strdup(".")
                   : slash == path ? strdup("/")
                                   : strndup(path, (size_t)(slash - path));
    struct stat st;

    if (folder == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to enroll");
    if (stat(folder, &st) != 0)
        AS_FAIL(err, AS_EUSAGE, "cannot make %s: %s: %s", path, folder, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        AS_FAIL(err, AS_EUSAGE, "cannot make %s: %s is no folder", path, folder);
    if (access(folder, W_OK | X_OK) != 0)
        AS_FAIL(err, AS_EIO, "cannot make %s: %s: %s", path, folder, strerror(errno));
done:
    free(folder);
    return status;
}

enum as_status as_enroll_output(const char *path, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct stat st;

    if (path[0] == '\0')
        AS_FAIL(err, AS_EUSAGE, "where to? -o FILE names the file to make");
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        AS_FAIL(err, AS_EUSAGE, "%s is a folder: name the file to make in it", path);
    if (access(path, F_OK) == 0)
        AS_FAIL(err, AS_EUSAGE,
                "%s is there already; such a file is never changed: remove it first", path);
    AS_TRY(check_folder(path, err));
done:
    return status;
}
