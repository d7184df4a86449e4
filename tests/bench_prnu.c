/* bench_prnu.c - what sensor noise costs, and who is recognised by it.
 *
 * usage: bench_prnu W H         processor ms/MP of each step on an invented picture, fastest of 5
 *        bench_prnu LIST        lines `enroll CAMERA PATH` and `query CAMERA PATH`, JPEG: the PCE
 * of each query at known alignment against every camera of its size, with the quality of each K
 * Built with the tests, run by hand. */
#include "../kernels/linalg.h"
#include "../kernels/prnu.h"
#include "../kernels/residual.h"
#include "../kernels/simd.h"
#include "../pipeline/media/media.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CAMERAS = 64, ROUNDS = 5, FLAGS = AS_PRNU_LOCAL | AS_PRNU_WEIGHT };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static void *take(size_t bytes)
{
    const size_t whole = (bytes + 63) / 64 * 64;
    void *at = aligned_alloc(64, whole ? whole : 64);

    if (!at)
        exit(70);
    memset(at, 0, whole);
    return at;
}

static void check(enum as_status status)
{
    if (status != AS_OK) {
        fprintf(stderr, "status %d\n", (int)status);
        exit(70);
    }
}

/* ---- a picture and all that is made of it ---- */

struct work {
    uint32_t w, h;
    float *noise, *k, *q, *spectrum, *k_spectrum, *surface;
    void *residual_scratch, *query_scratch;
    struct as_fft *fft;
    struct as_prnu_sums sums;
    struct as_prnu_quality quality;
    struct as_prnu_peak peak;
    struct as_plane in;
};

static void start(struct work *s, uint32_t w, uint32_t h)
{
    const size_t n = (size_t)w * h, cells = as_fft_floats(w, h) * sizeof(float);

    *s = (struct work){.w = w, .h = h};
    s->noise = take(n * sizeof(float));
    s->k = take(n * sizeof(float));
    s->q = take(n * sizeof(float));
    s->spectrum = take(cells);
    s->k_spectrum = take(cells);
    s->surface = take(cells);
    s->residual_scratch = take(as_residual_scratch(w, h));
    s->query_scratch = take(as_prnu_query_scratch(w, h));
    s->sums = (struct as_prnu_sums){take(n * sizeof(int32_t)), take(n * sizeof(int32_t)), w, h, 0};
    check(as_fft_new(w, h, &s->fft));
}

static void run_residual(struct work *s)
{
    check(as_residual(&s->in, s->noise, s->w, s->residual_scratch));
}

static void run_add(struct work *s)
{
    check(as_prnu_add(&s->sums, &s->in, s->noise, s->w));
}

static void run_finish(struct work *s)
{
    check(as_prnu_finish(&s->sums, 1, s->fft, s->spectrum, s->k, &s->quality));
}

static void query(struct work *s, uint32_t flags)
{
    memcpy(s->q, s->noise, (size_t)s->w * s->h * sizeof *s->q);
    check(as_prnu_query(&s->in, flags, s->fft, s->spectrum, s->q, s->query_scratch));
}

static void run_query_aligned(struct work *s)
{
    query(s, FLAGS);
}

static void run_extract(struct work *s) /* what prnu-python calls extract_single */
{
    run_residual(s);
    query(s, AS_PRNU_WIENER);
}

static void run_forward(struct work *s)
{
    as_fft_forward(s->fft, &(struct as_plane){s->q, s->w, s->h, s->w}, s->spectrum);
}

static void run_inverse(struct work *s)
{
    memcpy(s->surface, s->spectrum, as_fft_floats(s->w, s->h) * sizeof *s->surface);
    as_fft_inverse(s->fft, s->surface, s->surface, s->w);
}

static void run_copy(struct work *s) /* what run_inverse does beside the transform */
{
    memcpy(s->surface, s->spectrum, as_fft_floats(s->w, s->h) * sizeof *s->surface);
}

static void run_match(struct work *s)
{
    const struct as_prnu_window aligned = {0};

    as_fft_correlate(s->fft, s->spectrum, s->k_spectrum, s->surface, s->surface, s->w);
    check(as_prnu_pce(s->surface, s->w, s->h, &aligned, &s->peak));
}

static void run_search(struct work *s)
{
    const struct as_prnu_window all = {0, (int32_t)s->w - 1, 0, (int32_t)s->h - 1, true};

    as_fft_correlate(s->fft, s->spectrum, s->k_spectrum, s->surface, s->surface, s->w);
    check(as_prnu_pce(s->surface, s->w, s->h, &all, &s->peak));
}

/* ---- speed ---- */

static double best_of(struct work *s, void (*run)(struct work *s), const char *name)
{
    const double mp = (double)s->w * s->h / 1e6;
    double best = 1e18;

    for (int r = 0; r < ROUNDS; r++) {
        const double from = now_ms();
        run(s);
        const double took = now_ms() - from;
        best = took < best ? took : best;
    }
    printf("%-28s %8.2f ms/MP\n", name, best / mp);
    return best / mp;
}

/* side queries with side fingerprints on a crop of 512 x 512 pixels, and a product of matrices of
 * the same size that lies in memory as float. */
static void matrix_speed(uint32_t side)
{
    enum { PIXELS = 512 * 512, STRIDE = PIXELS + 64 };
    float *w = take((size_t)side * STRIDE * sizeof *w), *c = take((size_t)side * side * sizeof *c);
    int8_t *a = take((size_t)side * STRIDE);
    double *sum = take((size_t)side * side * sizeof *sum);
    const struct as_gemm g = {.m = side,
                              .n = side,
                              .k = PIXELS,
                              .a = w,
                              .b = w,
                              .c = c,
                              .lda = STRIDE,
                              .ldb = STRIDE,
                              .ldc = side,
                              .alpha = 1,
                              .trans_b = true};
    const struct as_prnu_products p = {a, a, side, side, STRIDE, STRIDE, PIXELS, sum,
                                       take(as_prnu_products_scratch(side))};
    double best = 1e18, alone = 1e18;

    for (size_t n = 0; n < (size_t)side * STRIDE; n++)
        w[n] = a[n] = (int8_t)((n * 2654435761u >> 24 & 127) - 63);
    memset(sum, 0, (size_t)side * side * sizeof *sum);
    for (int r = 0; r < ROUNDS; r++) {
        double from = now_ms();
        check(as_linalg_sgemm(&g));
        alone = fmin(alone, now_ms() - from);
        from = now_ms();
        check(as_prnu_products(&p));
        best = fmin(best, now_ms() - from);
    }
    printf("matrix %4u x %-4u %23.5f ms/MP and pair, %.2f of sgemm\n", side, side,
           best / (PIXELS / 1e6) / side / side, alone / best);
    free(w);
    free(c);
    free(a);
    free(sum);
    free(p.scratch);
}

static void speed(uint32_t w, uint32_t h)
{
    struct work s;

    start(&s, w, h);
    float *in = take((size_t)w * h * sizeof *in);
    for (size_t n = 0; n < (size_t)w * h; n++)
        in[n] = (float)(90 + n % w * 60 / w + (n * 2654435761u >> 24 & 15));
    s.in = (struct as_plane){in, w, h, w};
    best_of(&s, run_residual, "denoise");
    best_of(&s, run_add, "add to the sums");
    best_of(&s, run_finish, "finish");
    best_of(&s, run_query_aligned, "query, local | weight");
    best_of(&s, run_extract, "extract");
    best_of(&s, run_forward, "transform of a query");
    memcpy(s.k_spectrum, s.spectrum, as_fft_floats(w, h) * sizeof *s.k_spectrum);
    const double inverse =
        best_of(&s, run_inverse, "inverse + copy") - best_of(&s, run_copy, "copy");
    printf("%-28s %8.2f of the inverse\n", "",
           best_of(&s, run_match, "surface and PCE, aligned") / inverse);
    printf("%-28s %8.2f of the inverse\n", "",
           best_of(&s, run_search, "surface and PCE, searched") / inverse);
    for (uint32_t side = 16; side <= 256; side *= 2)
        matrix_speed(side);
}

/* ---- who is recognised ---- */

struct camera {
    char name[64];
    struct work *s;
    float *spectrum;
};

static struct camera cameras[CAMERAS];
static int ncameras;

/* The luma of a JPEG, borrowed from the decoder. */
static struct as_plane luma_of(struct as_decoder *dec, const char *path)
{
    const struct as_want want = {AS_LUMA, 1u << 30, 1u << 30};
    struct as_picture pic = {0};
    FILE *f = fopen(path, "rb");
    size_t n = 1u << 26;
    uint8_t *bytes = take(n);

    if (!f || (n = fread(bytes, 1, n, f)) == 0)
        exit(66);
    fclose(f);
    check(
        as_media_decode(dec, AS_KIND_JPEG, &(struct as_input){bytes, -1, 0, n}, &want, &pic, NULL));
    free(bytes);
    return pic.luma;
}

static struct camera *camera_of(const char *name, uint32_t w, uint32_t h)
{
    for (int i = 0; i < ncameras; i++)
        if (strcmp(cameras[i].name, name) == 0)
            return &cameras[i];
    if (ncameras == CAMERAS)
        exit(64);
    struct camera *c = &cameras[ncameras++];
    snprintf(c->name, sizeof c->name, "%s", name);
    start(c->s = take(sizeof *c->s), w, h);
    return c;
}

static void finish_cameras(void)
{
    for (int i = 0; i < ncameras; i++) {
        struct work *s = cameras[i].s;
        if (cameras[i].spectrum)
            continue;
        run_finish(s);
        cameras[i].spectrum = take(as_fft_floats(s->w, s->h) * sizeof(float));
        as_fft_forward(s->fft, &(struct as_plane){s->k, s->w, s->h, s->w}, cameras[i].spectrum);
        printf("%-24s %2u pictures  rms %.3f  periodic %.2f  peak %.0f  grid8 %.0f\n",
               cameras[i].name, s->sums.pictures, s->quality.rms, s->quality.periodic,
               s->quality.peak, s->quality.grid8);
    }
}

static void look_up(const struct as_plane *in, const char *name, const char *path)
{
    static struct work s;

    if (s.w != in->w || s.h != in->h)
        start(&s, in->w, in->h);
    s.in = *in;
    run_residual(&s);
    run_query_aligned(&s);
    run_forward(&s);
    printf("%-24s %-24s", name, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
    for (int i = 0; i < ncameras; i++) {
        if (cameras[i].s->w != s.w || cameras[i].s->h != s.h)
            continue;
        s.k_spectrum = cameras[i].spectrum;
        run_match(&s);
        printf("  %s%s %.0f (%.0f)", strcmp(cameras[i].name, name) == 0 ? "*" : "", cameras[i].name,
               s.peak.pce, as_prnu_log10_pfa(s.peak.pce, ncameras));
    }
    printf("\n");
}

static void recognise(const char *list)
{
    char line[4096], what[16], name[64], path[3900];
    struct as_decoder *dec;
    FILE *f = fopen(list, "r");

    if (!f)
        exit(66);
    as_media_warm();
    check(as_decoder_new(&dec));
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%15s %63s %3899[^\n]", what, name, path) != 3)
            continue;
        const struct as_plane in = luma_of(dec, path);
        if (strcmp(what, "enroll") == 0) {
            struct work *s = camera_of(name, in.w, in.h)->s;
            s->in = in;
            run_residual(s);
            run_add(s);
        } else {
            finish_cameras();
            look_up(&in, name, path);
        }
    }
    fclose(f);
    as_decoder_free(dec);
}

int main(int argc, char **argv)
{
    as_simd_init(as_cpu_best());
    as_linalg_one_thread();
    if (argc == 3)
        speed((uint32_t)atoi(argv[1]), (uint32_t)atoi(argv[2]));
    else if (argc == 2)
        recognise(argv[1]);
    return argc == 2 || argc == 3 ? 0 : 64;
}
