/* sealed.c - what is left to do when the store has its name: tell, sign, tidy. */
#include "../log.h"
#include "rank.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static enum as_status sign(const struct as_rank *r, const char *digest, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *argv[] = {"sh", "-c", (char *)(uintptr_t)r->options->sign, NULL}, *path = NULL;
    posix_spawn_file_actions_t files;
    int in[2] = {-1, -1}, out = -1, wstatus = 0;
    pid_t pid;

    posix_spawn_file_actions_init(&files);
    if (asprintf(&path, "%s/seal.sig", r->kase.dir) < 0 || pipe2(in, O_CLOEXEC) != 0 ||
        (out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
        AS_FAIL(err, AS_EIO, "cannot write the signature: %s", strerror(errno));
    posix_spawn_file_actions_adddup2(&files, in[0], 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    if (posix_spawn(&pid, "/bin/sh", &files, NULL, argv, environ) != 0)
        AS_FAIL(err, AS_EIO, "cannot start the --sign command");
    if (write(in[1], digest, 64) != 64 || write(in[1], "\n", 1) != 1)
        as_log(AS_LOG_WARN, "the --sign command does not read the digest");
    close(in[1]);
    in[1] = -1;
    if (waitpid(pid, &wstatus, 0) != pid || wstatus != 0)
        AS_FAIL(err, AS_EIO, "the --sign command failed; the case is sealed, but not signed");
done:
    posix_spawn_file_actions_destroy(&files);
    for (int i = 0; i < 2; i++)
        if (in[i] >= 0)
            close(in[i]);
    if (out >= 0)
        close(out);
    free(path);
    return status;
}

enum as_status as_sealed(struct as_rank *r, const struct as_outcome *v, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_audit_add(r->audit, "sealed",
                        json_pack("{s:s, s:s, s:I, s:i}", "content_digest", v->content_digest,
                                  "digest_exact", v->digest_exact, "items", (json_int_t)v->items,
                                  "exit_code", v->code),
                        err));
    if (r->options->sign[0])
        AS_TRY(sign(r, v->content_digest, err));
    as_case_tidy(&r->kase);
done:
    return status;
}
