/* bench_detectors.c - what each detector costs on given pictures.
 *
 * usage: bench_detectors ROUNDS NAME,...|every FILE...
 * In each round, interleaved and in one process, over all files from memory and with all maps: for
 * each detector, reading the metadata and decoding what it reads, and the same with the detector.
 * Then all that were named at once, as a run does: what they share is made once.
 * Processor milliseconds per megapixel, the median of the rounds:
 *   alone    the detector: the median of the differences; the noise residual belongs to it
 *   whole    from the bytes of the file to the measures and the map
 * Built with the tests, not run by them.                                                  */
#include "../kernels/cpu.h"
#include "../kernels/simd.h"
#include "../pipeline/examine/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS_MAX = 99 };

struct blob {
    struct as_input in;
    enum as_kind kind;
};

/* One thing that is measured: what is examined without the detector and with it. */
struct job {
    const char *name;
    struct as_options with_options, bare_options;
    struct as_bench *with, *bare;
    double whole[ROUNDS_MAX], alone[ROUNDS_MAX];
    uint32_t applied;
};

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void load(const char *path, struct blob *b)
{
    FILE *f = fopen(path, "rb");
    uint8_t *at;
    long n;

    if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) <= 0)
        exit(66);
    rewind(f);
    at = malloc((size_t)n);
    if (at == NULL || fread(at, 1, (size_t)n, f) != (size_t)n)
        exit(66);
    fclose(f);
    b->in = (struct as_input){at, -1, 0, (uint64_t)n};
    b->kind = as_sniff(&b->in);
}

/* A bench that makes the views, with the detectors of the list or with the cheapest alone. */
static struct as_bench *bench_of(struct as_options *o, const char *list, uint32_t views)
{
    static const struct as_models none;
    struct as_bench *b;

    as_options_defaults(o);
    o->detectors = list;
    o->maps = true;
    if (as_bench_new(&b, o, NULL) != AS_OK)
        exit(64);
    as_bench_models(b, &none);
    as_bench_ask(b, views);
    return b;
}

static void start(struct job *j, const char *list)
{
    bool with[AS_DETECTORS_MAX];
    uint32_t views = 0;

    if (as_detectors_select(list, with, NULL) != AS_OK)
        exit(64);
    for (size_t d = 0; as_detectors[d]; d++)
        views |= with[d] ? as_detectors[d]->needs : 0;
    j->name = list;
    j->with = bench_of(&j->with_options, list, 0);
    j->bare = bench_of(&j->bare_options, "jpeg_tables", views & ~(uint32_t)AS_NOISE);
}

static double examine(struct as_bench *bench, const struct blob *b, double *pixels,
                      uint32_t *applied)
{
    static struct as_row row;
    struct as_times times = {0};
    const double from = cpu_ms();
    double took;

    if (as_bench_examine(bench, b->kind, &b->in, &row, &times) != AS_OK || row.reason != 0)
        exit(70);
    took = cpu_ms() - from;
    *pixels += (double)row.w * row.h;
    for (size_t d = 0; applied && as_detectors[d]; d++)
        *applied += row.det[d].status == AS_DET_APPLIES;
    return took;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, compare);
    return v[n / 2];
}

/* One round of one job, in milliseconds per megapixel. */
static void run(struct job *j, const struct blob *b, int n, int round)
{
    double whole = 0, bare = 0, pixels = 0, unused = 0;

    j->applied = 0;
    for (int i = 0; i < n; i++) {
        bare += examine(j->bare, &b[i], &unused, NULL);
        whole += examine(j->with, &b[i], &pixels, &j->applied);
    }
    if (round < 0)
        return;
    j->whole[round] = whole / (pixels / 1e6);
    j->alone[round] = (whole - bare) / (pixels / 1e6);
}

int main(int argc, char **argv)
{
    static struct job job[AS_DETECTORS_MAX + 1];
    const int rounds = argc > 3 ? atoi(argv[1]) : 0, n = argc - 3;
    bool with[AS_DETECTORS_MAX];
    struct blob *b;
    int jobs = 0;

    if (rounds < 1 || rounds > ROUNDS_MAX || (b = calloc((size_t)n, sizeof *b)) == NULL ||
        as_detectors_select(argv[2], with, NULL) != AS_OK) {
        fprintf(stderr, "usage: bench_detectors ROUNDS NAME,...|every FILE...\n");
        return 64;
    }
    as_simd_init(as_cpu_best());
    as_media_warm();
    as_metadata_warm();
    for (int i = 0; i < n; i++)
        load(argv[i + 3], &b[i]);
    for (size_t d = 0; as_detectors[d]; d++)
        if (with[d])
            start(&job[jobs++], as_detectors[d]->name);
    start(&job[jobs++], argv[2]);
    for (int r = -1; r < rounds; r++) /* round -1 warms up */
        for (int k = 0; k < jobs; k++)
            run(&job[k], b, n, r);
    printf("%-14s %8s %8s  ms/MP; applies to, of %d\n", "", "alone", "whole", n);
    for (int k = 0; k < jobs; k++)
        printf("%-14s %8.2f %8.2f  %u\n", job[k].name, median(job[k].alone, rounds),
               median(job[k].whole, rounds), job[k].applied);
    return 0;
}
