/* bench_ingest.c - what the examination of JPEGs costs against decoding them.
 *
 * usage: bench_ingest ROUNDS FILE...
 * In each round, interleaved and in one process, over all files from memory:
 *   gray      libjpeg-turbo's own gray decode, rows into one buffer
 *   ingest    SHA-256, metadata, tables, gray decode, PDQ: what a run does
 *   luma      the same, and the float luma plane
 *   sha256    SHA-256 alone;  openssl  the same bytes in one EVP_Digest call each
 * Processor seconds, the median of the rounds, and ratios of medians of pairs.     */
#include "../kernels/cpu.h"
#include "../kernels/simd.h"
#include "../pipeline/examine/hash.h"
#include "../pipeline/examine/unit.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jpeglib.h> /* wants FILE */

enum { ROUNDS_MAX = 99, WHATS = 5 };

struct blob {
    uint8_t *at;
    size_t n;
};

static const char *const NAMES[WHATS] = {"gray", "ingest", "luma", "sha256", "openssl"};

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct blob load(const char *path)
{
    struct blob b = {NULL, 0};
    FILE *f = fopen(path, "rb");
    long n;

    if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) <= 0)
        exit(66);
    rewind(f);
    b.n = (size_t)n;
    b.at = malloc(b.n);
    if (b.at == NULL || fread(b.at, 1, b.n, f) != b.n)
        exit(66);
    fclose(f);
    return b;
}

/* Decodes to gray; returns pixels. */
static double gray(const struct blob *b)
{
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr e;
    JSAMPROW row;
    uint8_t *buf;
    double pixels;

    d.err = jpeg_std_error(&e);
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, b->at, b->n);
    jpeg_read_header(&d, TRUE);
    d.out_color_space = JCS_GRAYSCALE;
    d.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&d);
    buf = malloc(d.output_width);
    row = buf;
    while (d.output_scanline < d.output_height)
        jpeg_read_scanlines(&d, &row, 1);
    pixels = (double)d.output_width * d.output_height;
    jpeg_finish_decompress(&d);
    jpeg_destroy_decompress(&d);
    free(buf);
    return pixels;
}

static void sha(struct as_hash *h, const struct blob *b)
{
    uint8_t sum[3][32];

    as_hash_start(h);
    for (size_t at = 0; at < b->n; at += 1 << 20)
        as_hash_add(h, b->at + at, b->n - at < 1 << 20 ? b->n - at : 1 << 20);
    as_hash_end(h, sum[0], sum[1], sum[2]);
}

static void examine(struct as_bench *bench, struct as_hash *h, const struct blob *b)
{
    static struct as_row row;
    struct as_input in = {b->at, -1, 0, b->n};
    struct as_times times = {0};

    sha(h, b);
    if (as_bench_examine(bench, AS_KIND_JPEG, &in, &row, &times) != AS_OK || row.reason != 0)
        fprintf(stderr, "one of the files did not decode\n");
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(const double *v, int n)
{
    double s[ROUNDS_MAX];

    memcpy(s, v, (size_t)n * sizeof *s);
    qsort(s, (size_t)n, sizeof *s, compare);
    return s[n / 2];
}

static double ratio(double t[WHATS][ROUNDS_MAX], int a, int b, int n)
{
    double r[ROUNDS_MAX];

    for (int i = 0; i < n; i++)
        r[i] = t[a][i] / t[b][i];
    return median(r, n);
}

int main(int argc, char **argv)
{
    static double t[WHATS][ROUNDS_MAX];
    struct as_bench *plain, *luma;
    struct as_options o;
    struct as_hash *h;
    struct blob *b;
    double pixels = 0, bytes = 0;
    int rounds = argc > 2 ? atoi(argv[1]) : 0, n = argc - 2;

    if (rounds < 1 || rounds > ROUNDS_MAX || (b = calloc((size_t)n, sizeof *b)) == NULL)
        return 64;
    as_options_defaults(&o);
    as_simd_init(as_cpu_best());
    as_media_warm();
    as_metadata_warm();
    if (as_bench_new(&plain, &o, NULL) != AS_OK || as_bench_new(&luma, &o, NULL) != AS_OK ||
        as_hash_new(&h, false) != AS_OK)
        return 70;
    as_bench_ask(luma, AS_LUMA);
    for (int i = 0; i < n; i++) {
        b[i] = load(argv[i + 2]);
        pixels += gray(&b[i]);
        bytes += (double)b[i].n;
    }
    for (int r = -1; r < rounds; r++) /* round -1 warms up */
        for (int what = 0; what < WHATS; what++) {
            double from = cpu_s();
            for (int i = 0; i < n; i++) {
                uint8_t sum[32];
                unsigned len;
                switch (what) {
                case 0:
                    gray(&b[i]);
                    break;
                case 1:
                    examine(plain, h, &b[i]);
                    break;
                case 2:
                    examine(luma, h, &b[i]);
                    break;
                case 3:
                    sha(h, &b[i]);
                    break;
                default:
                    EVP_Digest(b[i].at, b[i].n, sum, &len, EVP_sha256(), NULL);
                }
            }
            if (r >= 0)
                t[what][r] = cpu_s() - from;
        }
    printf("%d files, %.1f MB, %.1f MP, %d rounds\n", n, bytes / 1e6, pixels / 1e6, rounds);
    for (int what = 0; what < WHATS; what++)
        printf("%-8s %8.2f ms/file %7.2f ms/MP %8.1f MB/s\n", NAMES[what],
               1e3 * median(t[what], rounds) / n, 1e3 * median(t[what], rounds) / (pixels / 1e6),
               bytes / 1e6 / median(t[what], rounds));
    printf("ingest / gray = %.3f   ingest with luma / gray = %.3f   sha256 / openssl = %.3f\n",
           ratio(t, 1, 0, rounds), ratio(t, 2, 0, rounds), ratio(t, 3, 4, rounds));
    return 0;
}
