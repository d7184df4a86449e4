/* nameless.c - files without a name. */
#include "nameless.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum as_status as_nameless_open(const char *beside, int *fd, struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *slash = strrchr(beside, '/');
    const int n = slash != NULL ? (int)(slash - beside) + 1 : 0;
    char *name = NULL;

    if (asprintf(&name, "%.*s.assay-beside-XXXXXX", n, beside) < 0) {
        name = NULL;
        AS_FAIL(err, AS_ENOMEM, "no memory for the name of a temporary file");
    }
    if ((*fd = mkostemp(name, O_CLOEXEC)) < 0)
        AS_FAIL(err, AS_EIO, "cannot make a temporary file beside %s: %s", beside, strerror(errno));
    unlink(name);
done:
    free(name);
    return status;
}

enum as_status as_nameless_map(const char *beside, size_t bytes, void **at, struct as_err *err)
{
    enum as_status status = AS_OK;
    int fd = -1, code;

    AS_TRY(as_nameless_open(beside, &fd, err));
    if ((code = posix_fallocate(fd, 0, (off_t)bytes)) != 0)
        AS_FAIL(err, AS_EIO, "no room for a temporary file of %zu bytes beside %s: %s", bytes,
                beside, strerror(code));
    *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (*at == MAP_FAILED)
        AS_FAIL(err, AS_EIO, "a temporary file of %zu bytes cannot be mapped: %s", bytes,
                strerror(errno));
done:
    if (fd >= 0)
        close(fd);
    return status;
}
