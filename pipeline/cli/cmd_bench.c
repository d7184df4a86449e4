/* cmd_bench.c - assay bench: detectors on labelled pictures. */
#include "../report/show_benchmark.h"
#include "../run/benchmark.h"
#include "../run/run.h"
#include "cmd.h"

#include <stdio.h>

int as_cmd_bench(const struct as_options *o, int argc, char **argv)
{
    struct as_run_result result;
    struct as_benchmark b;
    struct as_err err = {0};
    enum as_status status = as_benchmark_run(&b, o, argv[0], &result, &err);
    const int code = status == AS_OK     ? result.outcome.code
                     : status == AS_SKIP ? AS_EXIT_NO_INPUT
                                         : as_exit_code(status);

    (void)argc;
    if (result.me == 0 && status != AS_OK)
        as_cmd_fail(&err, code);
    if (result.me == 0 && status == AS_OK)
        as_show_benchmark(stdout, &b);
    as_benchmark_clear(&b);
    json_decref(result.time);
    return code;
}
