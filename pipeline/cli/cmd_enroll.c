/* cmd_enroll.c - assay enroll: reference stores out of what is known. */
#include "../report/escape.h"
#include "../run/enroll_camera.h"
#include "../run/enroll_known.h"
#include "../run/enroll_media.h"
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

/* In the words of EXIF: shown as values of evidence are. */
static void print_model(const struct as_enrolled_camera *c)
{
    char make[4 * AS_REF_MODEL_MAX + 1], model[4 * AS_REF_MODEL_MAX + 1];

    as_show_text(make, sizeof make, as_text_of(c->make), AS_SHOW_VALUE);
    as_show_text(model, sizeof model, as_text_of(c->model), AS_SHOW_VALUE);
    if (model[0])
        printf("  model: %s%s%s\n", make, make[0] ? ", " : "", model);
    else
        printf("  model: not known, as not all of its pictures say the same\n");
}

static void print_cameras(const struct as_enrolled_cameras *d)
{
    for (uint32_t i = 0; i < d->n; i++) {
        const struct as_enrolled_camera *c = &d->camera[i];
        printf("%s\n  %u x %u, %u pictures, %u of them flat fields\n", c->name, c->w, c->h,
               c->pictures, c->flat);
        print_model(c);
        if (c->other_size)
            printf("  %u more have another size and were left out\n", c->other_size);
        printf("  reliability %.3f (1: two halves of the pictures agree in full)\n"
               "  periodic share %.2f, strongest frequency %.0f times the mean, 8 x 8 grid %.1f "
               "times white noise\n",
               c->reliability, c->periodic, c->peak, c->grid8);
    }
    printf("digest %s\n", d->digest);
}

static int enroll_camera(const struct as_options *o, int argc, char **argv, struct as_err *err)
{
    struct as_enrolled_cameras done;
    struct as_run_result result;
    enum as_status status = as_enroll_camera(o, argc, argv, &done, &result, err);

    if (status == AS_OK && result.me == 0)
        print_cameras(&done);
    as_enrolled_cameras_clear(&done);
    json_decref(result.time);
    if (result.me != 0)
        as_err_clear(err); /* rank 0 tells of it */
    return status == AS_SKIP ? AS_EXIT_NO_INPUT : as_exit_code(status);
}

static int enroll_media(const struct as_options *o, int argc, char **argv, struct as_err *err)
{
    struct as_enrolled_media done;
    enum as_status status = as_enroll_media(o, argc, argv, &done, err);

    if (done.me != 0)
        as_err_clear(err); /* rank 0 tells of it */
    if (status != AS_OK)
        return status == AS_SKIP ? AS_EXIT_NO_INPUT : as_exit_code(status);
    if (done.me != 0)
        return done.code;
    printf("%" PRIu64 " distinct media of %" PRIu64 " items\n", done.media, done.items);
    printf("  PDQ codes %10" PRIu64 ", of these too poor to be compared %" PRIu64 "\n", done.codes,
           done.poor);
    printf("digest %s\n", done.digest);
    return done.code;
}

const struct as_subject as_enroll_subjects[] = {
    {"camera", AS_CMD_CAMERA, enroll_camera},
    {"known", AS_CMD_KNOWN, enroll_known},
    {"media", AS_CMD_MEDIA, enroll_media},
    {NULL, 0, NULL},
};

/* Whether what was asked for is of the kind that `bit` says. */
static enum as_status check_options(const struct as_options *o, const char *kind, unsigned bit,
                                    struct as_err *err)
{
    enum as_status status = AS_OK;
    char who[64];

    for (const struct as_option *t = as_option_table; t->name; t++) {
        if (!(o->given >> (t - as_option_table) & 1) || t->commands & bit)
            continue;
        as_subjects_text(as_enroll_subjects, t->commands, who, sizeof who);
        AS_FAIL(err, AS_EUSAGE, "--%s is no option of enroll %s; it belongs to enroll %s", t->name,
                kind, who);
    }
done:
    return status;
}

int as_cmd_enroll(const struct as_options *o, int argc, char **argv)
{
    struct as_err err = {0};
    char kinds[64];

    for (const struct as_subject *k = as_enroll_subjects; k->name; k++) {
        if (strcmp(argv[0], k->name) != 0)
            continue;
        if (check_options(o, k->name, k->bit, &err) != AS_OK)
            return as_cmd_fail(&err, AS_EXIT_USAGE);
        int code = k->work(o, argc - 1, argv + 1, &err);
        return err.status == AS_OK ? code : as_cmd_fail(&err, code);
    }
    as_subjects_text(as_enroll_subjects, AS_CMD_ENROLL, kinds, sizeof kinds);
    as_fail(&err, AS_EUSAGE, AS_REASON_NONE, __FILE__, __LINE__,
            "\"%s\" is nothing that can be enrolled: %s", argv[0], kinds);
    return as_cmd_fail(&err, AS_EXIT_USAGE);
}
