/* cmd_search.c - assay search: a sealed case against reference stores. */
#include "../report/case.h"
#include "../run/search_case.h"
#include "cmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int as_cmd_search(const struct as_options *o, int argc, char **argv)
{
    struct as_run_result result = {0};
    struct as_searched told;
    struct as_err err = {0};
    enum as_status status;
    char path[AS_CASE_PATH];
    int code;

    (void)argc;
    if ((status = as_case_store(argv[0], path, &err)) == AS_SKIP)
        as_fail(&err, AS_SKIP, AS_REASON_NONE, __FILE__, __LINE__,
                "%s is not sealed: assay run --against searches while it examines", argv[0]);
    if (status != AS_OK)
        return as_cmd_fail(&err, AS_EXIT_NO_INPUT);
    status =
        as_search_case(o, path, strcmp(path, argv[0]) == 0 ? NULL : argv[0], &told, &result, &err);
    code = as_exit_code(status);
    if (result.me == 0 && status != AS_OK)
        as_cmd_fail(&err, code);
    if (result.me != 0 || status != AS_OK)
        return code;
    printf("%" PRIu64 " items, %u set%s, %" PRIu64 " match%s in %.1f s on %d rank%s\n", told.items,
           told.sets, told.sets == 1 ? "" : "s", told.matches, told.matches == 1 ? "" : "es",
           result.seconds, result.ranks, result.ranks == 1 ? "" : "s");
    printf("content_digest %s\ndigest_exact   %s\nnow: assay show %s\n",
           result.outcome.content_digest, result.outcome.digest_exact, o->output);
    return AS_EXIT_OK;
}
