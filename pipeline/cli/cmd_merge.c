/* cmd_merge.c - assay merge: one sealed case out of the shards of a job. */
#include "../run/run.h"
#include "cmd.h"

int as_cmd_merge(const struct as_options *o, int argc, char **argv)
{
    struct as_run_result result;
    struct as_err err = {0};
    enum as_status status = as_merge(o, argc, argv, &result, &err);

    return as_cmd_ended(o, &result, status, &err);
}
