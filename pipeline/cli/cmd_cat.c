/* cmd_cat.c - assay cat CASE ITEM: the bytes of one item. */
#include "../report/case.h"
#include "../run/fetch.h"
#include "cmd.h"
#include "find.h"

#include <stdlib.h>
#include <unistd.h>

static enum as_status fetch(const struct as_options *o, struct as_store *store, const char *item,
                            struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_row *row = calloc(1, sizeof *row);
    const struct as_source_row *sources;
    float score[AS_DETECTORS_MAX];
    uint64_t at;

    if (row == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory");
    if ((status = as_find_item(store, item, &at, err)) == AS_SKIP)
        AS_FAIL(err, AS_SKIP,
                "no item \"%s\" in the case: an id, a path, or the last whole names of one", item);
    if (status != AS_OK)
        goto done;
    AS_TRY(as_store_row(store, at, row, score, err));
    if (row->flags & AS_FLAG_ALTERED && o->alter[0] == '\0')
        AS_FAIL(err, AS_EUSAGE,
                "this is no evidence but a copy that assay bench --alter made: name its alteration "
                "with --alter to have it made again");
    if (row->source >= as_store_sources(store, &sources))
        AS_FAIL(err, AS_EFORMAT, "the store names a source that it does not have");
    status = as_fetch_item(o, &sources[row->source], row, STDOUT_FILENO, err);
done:
    free(row);
    return status;
}

int as_cmd_cat(const struct as_options *o, int argc, char **argv)
{
    enum as_status status = AS_OK;
    struct as_store *store = NULL;
    struct as_err err = {0};
    char path[AS_CASE_PATH];

    (void)argc;
    if ((status = as_case_store(argv[0], path, &err)) != AS_OK) {
        if (status == AS_SKIP)
            as_fail(&err, status, AS_REASON_NONE, __FILE__, __LINE__, "%s is not sealed yet",
                    argv[0]);
        return as_cmd_fail(&err, AS_EXIT_NO_INPUT);
    }
    if ((status = as_store_open(&store, path, &err)) == AS_OK)
        status = fetch(o, store, argv[1], &err);
    as_store_close(store);
    if (status == AS_OK)
        return AS_EXIT_OK;
    return as_cmd_fail(&err, status == AS_SKIP      ? AS_EXIT_NO_INPUT
                             : status == AS_EFORMAT ? AS_EXIT_INTEGRITY
                                                    : as_exit_code(status));
}
