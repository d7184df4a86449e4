/* cmd_run.c - assay run: the main job. */
#include "../report/show_time.h"
#include "../run/run.h"
#include "../log.h"
#include "cmd.h"

#include <inttypes.h>
#include <stdio.h>

/* Nothing was there to examine: the user's path is wrong, not the request. */
static int code_of(enum as_status status)
{
    return status == AS_SKIP ? AS_EXIT_NO_INPUT : as_exit_code(status);
}

static void print_outcome(const struct as_options *o, const struct as_run_result *r)
{
    const struct as_outcome *v = &r->outcome;

    if (r->sealed_before)
        printf("the case was sealed before; nothing was examined\n");
    else
        printf("%" PRIu64 " items in %.1f s on %d rank%s\n", v->items, r->seconds, r->ranks,
               r->ranks == 1 ? "" : "s");
    as_show_time(stdout, r->time, "  ", 3);
    if (r->seal_s > 0)
        printf("  seal %.1f s\n", r->seal_s);
    for (int i = 0; i < AS_ITEM_STATUSES; i++)
        if (v->by_status[i])
            printf("  %-15s %10" PRIu64 "\n", as_item_status_name((enum as_item_status)i),
                   v->by_status[i]);
    if (v->changed)
        printf("EVIDENCE CHANGED: %" PRIu64 " items differ between two readings\n", v->changed);
    if (v->unlisted)
        printf("HASH MISMATCH: %" PRIu64 " sources differ from their acquisition hashes\n",
               v->unlisted);
    printf("content_digest %s\ndigest_exact   %s\nnow: assay show %s\n", v->content_digest,
           v->digest_exact, o->output);
}

static void print_shard(const struct as_options *o, const struct as_run_result *r)
{
    if (r->shard_before)
        printf("shard %s was examined before; nothing was done\n", o->shard);
    else
        printf("shard %s is examined, in %.1f s on %d rank%s\n", o->shard, r->seconds, r->ranks,
               r->ranks == 1 ? "" : "s");
    printf("when all are: assay merge %s ... -o CASE\n", o->output);
}

int as_cmd_ended(const struct as_options *o, const struct as_run_result *result,
                 enum as_status status, const struct as_err *err)
{
    int code = status == AS_OK ? result->outcome.code : code_of(status);

    if (result->me == 0 && status != AS_OK)
        as_cmd_fail(err, code);
    if (result->me == 0 && code == AS_EXIT_IO)
        as_log(AS_LOG_ERROR, "what was finished is kept: when the cause is mended, run the same "
                             "command again to go on");
    if (result->me == 0 && status == AS_OK && o->shard[0])
        print_shard(o, result);
    else if (result->me == 0 && status == AS_OK)
        print_outcome(o, result);
    json_decref(result->time);
    return code;
}

int as_cmd_run(const struct as_options *o, int argc, char **argv)
{
    struct as_run_result result;
    struct as_err err = {0};
    enum as_status status = as_run(o, argc, argv, &result, &err);

    return as_cmd_ended(o, &result, status, &err);
}
