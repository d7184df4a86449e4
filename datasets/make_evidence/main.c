/* main.c - make_evidence: invented evidence with known truth.
 *
 * The same seed and size give the same bytes: nothing is taken from the clock,
 * the machine or its random numbers.                                        */
#include "maker.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char HELP[] = "make_evidence - invented evidence with known truth\n"
                           "\n"
                           "  make_evidence OUT [--seed N] [--size small|demo] [--manifest FILE]\n"
                           "      makes the folder OUT; the truth goes to FILE (OUT.manifest.csv)\n"
                           "  make_evidence --tar-entries N FILE\n"
                           "      makes a tar of N tiny entries\n";

struct args {
    const char *out, *manifest;
    uint64_t seed, entries;
    bool demo;
};

static uint64_t number(const char *text)
{
    char *end;
    uint64_t n = strtoull(text, &end, 10);

    if (!*text || *end) {
        fprintf(stderr, "make_evidence: %s is not a number\n", text);
        exit(64);
    }
    return n;
}

static _Noreturn void usage(void)
{
    fputs(HELP, stderr);
    exit(64);
}

static void parse(int argc, char **argv, struct args *args)
{
    static const struct option OPTIONS[] = {
        {"seed", required_argument, NULL, 's'},     {"size", required_argument, NULL, 'z'},
        {"manifest", required_argument, NULL, 'm'}, {"tar-entries", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (c == 's')
            args->seed = number(optarg);
        else if (c == 'z' && (strcmp(optarg, "demo") == 0 || strcmp(optarg, "small") == 0))
            args->demo = optarg[0] == 'd';
        else if (c == 'm')
            args->manifest = optarg;
        else if (c == 't')
            args->entries = number(optarg);
        else if (c == 'h')
            exit(fputs(HELP, stdout) < 0 ? 74 : 0);
        else
            usage();
    }
    if (optind != argc - 1 || !*argv[optind])
        usage();
    args->out = argv[optind];
}

static void make_all(struct as_maker *m)
{
    as_set_photos(m);
    as_set_jpeg(m);
    as_set_formats(m);
    as_set_generated(m);
    as_set_other(m);
    as_set_archives(m);
    as_set_nested(m);
    as_set_broken(m);
    as_set_hostile(m);
    as_set_names(m);
}

/* The last part of `path`. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

int main(int argc, char **argv)
{
    struct args args = {NULL, NULL, 1, 0, false};
    struct as_thing root = {0};
    struct as_maker m = {0};
    char *out, *manifest;
    size_t n;

    parse(argc, argv, &args);
    if (args.entries) {
        as_many_write(args.out, args.entries);
        return 0;
    }
    n = strlen(args.out);
    out = as_alloc(n + 1, 1);
    memcpy(out, args.out, n);
    while (n > 1 && out[n - 1] == '/')
        out[--n] = '\0';
    manifest = as_alloc(n + 16, 1);
    snprintf(manifest, n + 16, "%s.manifest.csv", out);
    m.seed = args.seed;
    m.demo = args.demo;
    m.root = &root;
    make_all(&m);
    as_tree_write(&root, out);
    as_truth_write(&root, base_name(out), args.manifest ? args.manifest : manifest);
    as_thing_free(root.inside);
    free(root.name);
    free(manifest);
    free(out);
    return 0;
}
