/* cmd_enroll.c - assay enroll: reference stores out of what is known. */
#include "../run/enroll_known.h"
#include "../store/reference.h"
#include "cmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int enroll_known(const struct as_options *o, int argc, char **argv, struct as_err *err)
{
    struct as_enrolled_known done;
    enum as_status status = as_enroll_known(o, argc, argv, &done, err);
    uint64_t rows = done.rows[AS_HASH_SHA256] + done.rows[AS_HASH_SHA1] + done.rows[AS_HASH_MD5];

    if (status != AS_OK)
        return status == AS_SKIP ? AS_EXIT_NO_INPUT : as_exit_code(status);
    printf("%" PRIu64 " hashes of %" PRIu64 " entries\n", rows, done.entries);
    printf("  SHA-256 %12" PRIu64 "\n  SHA-1   %12" PRIu64 "\n  MD5     %12" PRIu64 "\n",
           done.rows[AS_HASH_SHA256], done.rows[AS_HASH_SHA1], done.rows[AS_HASH_MD5]);
    printf("  known good %" PRIu64 ", known bad %" PRIu64 ", not said %" PRIu64 "\n",
           done.by_class[AS_KNOWN_GOOD], done.by_class[AS_KNOWN_BAD],
           done.by_class[AS_KNOWN_UNSAID]);
    printf("digest %s\n", done.digest);
    return AS_EXIT_OK;
}

static const struct {
    const char *kind;
    int (*enroll)(const struct as_options *o, int argc, char **argv, struct as_err *err);
} KINDS[] = {
    {"known", enroll_known},
};

int as_cmd_enroll(const struct as_options *o, int argc, char **argv)
{
    struct as_err err = {0};
    char kinds[64] = "";

    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        snprintf(kinds + strlen(kinds), sizeof kinds - strlen(kinds), "%s%s", i > 0 ? ", " : "",
                 KINDS[i].kind);
        if (strcmp(argv[0], KINDS[i].kind) != 0)
            continue;
        int code = KINDS[i].enroll(o, argc - 1, argv + 1, &err);
        return code == AS_EXIT_OK ? code : as_cmd_fail(&err, code);
    }
    as_fail(&err, AS_EUSAGE, AS_REASON_NONE, __FILE__, __LINE__,
            "\"%s\" is nothing that can be enrolled: %s", argv[0], kinds);
    return as_cmd_fail(&err, AS_EXIT_USAGE);
}
