/* sealed.c - what is left to do when the store has its name: tell, sign, tidy. */
#include "../log.h"
#include "spool.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Starts the command with `in` and `out` as its standard input and output. */
static enum as_status start(const char *command, int in, int out, pid_t *pid, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *argv[] = {"sh", "-c", (char *)(uintptr_t)command, NULL};
    posix_spawn_file_actions_t files;
    int error = posix_spawn_file_actions_init(&files);

    if (error != 0)
        AS_FAIL(err, AS_ENOMEM, "no memory to start the --sign command");
    if ((error = posix_spawn_file_actions_adddup2(&files, in, 0)) == 0 &&
        (error = posix_spawn_file_actions_adddup2(&files, out, 1)) == 0)
        error = posix_spawn(pid, "/bin/sh", &files, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    if (error != 0)
        AS_FAIL(err, AS_EIO, "cannot start the --sign command: %s", strerror(error));
done:
    return status;
}

/* Waits for the command, unless a signal wants the run to end. */
static enum as_status await(pid_t pid, struct as_err *err)
{
    enum as_status status = AS_OK;
    int wstatus = 0;
    pid_t ended;

    while ((ended = waitpid(pid, &wstatus, 0)) < 0 && errno == EINTR && !as_stop_signal)
        ;
    if (ended < 0 && errno == EINTR) {
        kill(pid, SIGTERM);
        AS_FAIL(err, AS_ESTOP, "%s while the --sign command ran", as_stop_why());
    }
    if (ended != pid)
        AS_FAIL(err, AS_EIO, "cannot wait for the --sign command: %s", strerror(errno));
    if (wstatus != 0)
        AS_FAIL(err, AS_EIO, "the --sign command failed");
done:
    return status;
}

/* What the command makes of the digest, into `out`. */
static enum as_status make_signature(const char *command, const char *digest, int out,
                                     struct as_err *err)
{
    enum as_status status = AS_OK;
    int in[2] = {-1, -1};
    char line[66];
    pid_t pid;

    snprintf(line, sizeof line, "%s\n", digest);
    /* it fits into the pipe, whose reader this process is too: the command may read it or not */
    if (pipe2(in, O_CLOEXEC) != 0 || write(in[1], line, strlen(line)) != (ssize_t)strlen(line))
        AS_FAIL(err, AS_EIO, "cannot give the digest to the --sign command: %s", strerror(errno));
    close(in[1]);
    in[1] = -1;
    AS_TRY(start(command, in[0], out, &pid, err));
    AS_TRY(await(pid, err));
done:
    for (int i = 0; i < 2; i++)
        if (in[i] >= 0)
            close(in[i]);
    return status;
}

/* A signature appears whole or not at all. */
static enum as_status sign(const struct as_rank *r, const char *digest, struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *path = r->kase.signature;
    char *beside = NULL;
    FILE *f = as_beside_open(path, &beside);

    if (f == NULL)
        AS_FAIL(err, AS_EIO, "cannot write %s: %s", path, strerror(errno));
    if ((status = make_signature(r->options->sign, digest, fileno(f), err)) != AS_OK) {
        fclose(f);
        unlink(beside);
        goto done;
    }
    AS_TRY(as_beside_close(f, true, beside, path, err));
done:
    if (status != AS_OK)
        as_log(AS_LOG_WARN, "the case is sealed, but not signed: run the same command again");
    free(beside);
    return status;
}

/* Of residuals that are kept all that decides how they are read: the provenance is in no digest. */
static json_t *event(const struct as_outcome *v)
{
    json_t *o = json_pack("{s:s, s:s, s:I, s:i}", "content_digest", v->content_digest,
                          "digest_exact", v->digest_exact, "items", (json_int_t)v->items,
                          "exit_code", v->code);

    if (v->kept.digest[0]) {
        as_tree_set(&o, "residuals", as_spool_json(&v->kept));
        as_tree_set(&o, "residual_pixels", json_integer((json_int_t)v->kept.pixels));
    }
    return o;
}

enum as_status as_sealed(struct as_rank *r, const struct as_outcome *v, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_audit_add(r->audit, "sealed", event(v), err));
    if (r->options->sign[0])
        AS_TRY(sign(r, v->content_digest, err));
    as_case_tidy(&r->kase, r->options->keep_residuals);
done:
    return status;
}
