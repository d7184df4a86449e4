/* t_metadata_files.c - metadata readers on the files of the data folder.
 *
 * t_metadata_files --time N FILE...  files per second of CPU time, N rounds */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metadata_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int time_files(long rounds, int n, char **paths)
{
    for (int i = 0; i < n; i++) {
        struct timespec a, b;
        size_t size;
        uint8_t *p = load(paths[i], &size);
        double s;

        if (p == NULL)
            continue;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
        for (long r = 0; r < rounds; r++)
            read_memory(guess_kind(p, size), p, size);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
        s = (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
        printf("%10.0f files/s %8.1f us %9zu bytes %4zu entries  %s\n", (double)rounds / s,
               1e6 * s / (double)rounds, size, kvs.n, paths[i]);
        free(p);
    }
    return 0;
}

static const char *data_path(const char *relative)
{
    static char path[4096];
    const char *data = getenv("ASSAY_DATA");

    if (data == NULL || access(data, R_OK) != 0) {
        print_message("ASSAY_DATA is not there: skipped\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/%s", data, relative);
    return path;
}

static void read_real(const char *relative)
{
    size_t n;
    uint8_t *p = load(data_path(relative), &n), *exact;

    assert_non_null(p);
    exact = malloc(n ? n : 1);
    assert_non_null(exact);
    memcpy(exact, p, n);
    free(p);
    read_memory(guess_kind(exact, n), exact, n);
    if (facts.thumb.size > 0) {
        assert_true(facts.thumb.at > exact && facts.thumb.at + facts.thumb.size <= exact + n);
        assert_memory_equal(facts.thumb.at, "\xFF\xD8", 2);
        facts.thumb.at = NULL;
    }
    free(exact);
}

static void test_real_values(void **state)
{
#define ME "d_photos/metadata_extractor/"
#define SD "e_provenance/sd_parsers/parsers__"
    static const struct {
        const char *path, *key, *value;
    } want[] = {
        {ME "jpg__Apple_iPhone_4.jpg", "exif.Make", "Apple"},
        {ME "jpg__Apple_iPhone_4.jpg", "exif.Orientation", "1"},
        {ME "jpg__Apple_iPhone_4.jpg", "exif.DateTimeOriginal", "2011:01:13 14:33:39"},
        {ME "jpg__Apple_iPhone_4.jpg", "exif.PixelXDimension", "1296"},
        {ME "jpg__Apple_iPhone_4.jpg", "gps.latitude", "41.853000"},
        {ME "jpg__Apple_iPhone_4.jpg", "icc.description", "sRGB IEC61966-2.1"},
        {ME "jpg__Canon_IXUS.jpg", "exif.Model", "Canon DIGITAL IXUS"},
        {ME "png__sampleWithExifData.png", "exif.Software", "Acme-software: 1.0.0.0"},
        {ME "jpg__Photoshop__3_.jpg", "iptc.By-line", "Test author string for metadata-"},
        {ME "jpg__Photoshop__3_.jpg", "xmp.dc:subject", "test keyword 1; test keyword 2"},
        {ME "heic__IMG_2927.HEIC", "exif.Make", "Apple"},
        {"e_provenance/c2pa_rs/c.mov", "bmff.com.apple.quicktime.model", "Mac15,9"},
        {ME "mov__xmp480qt.mov", "bmff.created", "2020:01:05 11:19:45"},
        {SD "NovelAI__novelai1_cropped.png", "png.Software", "NovelAI"},
        {SD "NovelAI__novelai1_cropped.png", "png.Title", "AI generated image"},
        {SD "Fooocus__fooocus1_cropped.png", "png.fooocus_scheme", "fooocus"},
        {"e_provenance/c2pa_public_testfiles/adobe-20220124-CICACACA.jpg", "c2pa.active_manifest",
         "contentauth:urn:uuid:80439641-e34b-4b24-81b5-8a8f462cb30d"},
        {"e_provenance/c2pa_public_testfiles/adobe-20220124-CICACACA.jpg", "c2pa.title",
         "CICACACA.jpg"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        read_real(want[i].path);
        if (strcmp(value_of(want[i].key), want[i].value) != 0)
            fail_msg("%s: %s is \"%s\", not \"%s\"", want[i].path, want[i].key,
                     value_of(want[i].key), want[i].value);
    }
}

/* The thumbnail of a camera's picture lies in the input and has tables of its own. */
static void test_real_thumbnail(void **state)
{
    (void)state;
    read_real(ME "jpg__Canon_IXUS.jpg");
    assert_int_equal(facts.thumb.size, 5342);
    assert_int_equal(facts.jpeg.thumb_qt_mask, 3);
    assert_in_range(facts.jpeg.thumb_qt[0][0], 1, 255);
    assert_int_equal(facts.jpeg.qt_mask, 3);
    assert_true(facts.jpeg.has_eoi && facts.jpeg.huff_standard);
}

/* Files of each place where C2PA may be. */
static void test_real_c2pa(void **state)
{
    static const char *const files[] = {"CA.jpg",
                                        "mars.webp",
                                        "sample1.avif",
                                        "sample1.webp",
                                        "test_lossless.webp",
                                        "sample1.jxl",
                                        "libpng-test_with_url.png",
                                        "dashinit.mp4"};
    char path[256];

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "e_provenance/c2pa_rs/%s", files[i]);
        read_real(path);
        print_message("%s: %s\n", files[i], value_of("c2pa.claim_generator"));
    }
}

/* A film is read through its descriptor, with the same entries as in memory. */
static void test_descriptor(void **state)
{
    static char first[AS_KVS_BYTES];
    const char *path = data_path(ME "mov__xmp480qt.mov");
    int fd = open(path, O_RDONLY);
    struct stat st;
    struct as_input in = {.fd = fd};
    size_t used, n;
    uint8_t *p;

    (void)state;
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    in.size = (uint64_t)st.st_size;
    as_kvs_reset(&kvs);
    assert_int_equal(as_metadata_read(AS_KIND_MOV, &in, NULL, &kvs, &facts, NULL), AS_OK);
    used = kvs.used;
    assert_true(used > 0);
    memcpy(first, kvs.bytes, used);
    p = load(path, &n);
    read_memory(AS_KIND_MOV, p, n);
    assert_int_equal(kvs.used, used);
    assert_memory_equal(first, kvs.bytes, used);
    free(p);
    close(fd);
}

/* Every file of a folder, as the kind it looks like and as every other kind too. */
static void read_folder(const char *folder, bool as_all, unsigned *files)
{
    static const enum as_kind kinds[] = {AS_KIND_JPEG, AS_KIND_PNG,  AS_KIND_GIF, AS_KIND_WEBP,
                                         AS_KIND_TIFF, AS_KIND_HEIC, AS_KIND_MP4, AS_KIND_PSD};
    struct dirent *e;
    char path[16384];
    DIR *d = opendir(folder);

    while (d && (e = readdir(d)) != NULL) {
        size_t n;
        uint8_t *p, *exact;

        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if ((p = load(path, &n)) == NULL)
            continue;
        exact = malloc(n ? n : 1);
        assert_non_null(exact);
        memcpy(exact, p, n);
        read_memory(guess_kind(exact, n), exact, n);
        for (size_t k = 0; as_all && k < sizeof kinds / sizeof *kinds; k++)
            read_memory(kinds[k], exact, n);
        (*files)++;
        free(exact);
        free(p);
    }
    if (d)
        closedir(d);
}

static void test_malformed(void **state)
{
    unsigned files = 0;
    struct dirent *e;
    char folder[8192], root[4096];
    DIR *d;

    (void)state;
    snprintf(root, sizeof root, "%s", data_path("h_malformed"));
    d = opendir(root);
    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(folder, sizeof folder, "%s/%s", root, e->d_name);
        read_folder(folder, true, &files);
    }
    closedir(d);
    print_message("%u files\n", files);
    assert_true(files > 500);
}

/* Truncation at every length of a small file, and single bytes changed. */
static void test_mutations(void **state)
{
    static const char *const files[] = {
        ME "png__photoshop-8x12-16colorpalette.png", ME "gif__photoshop-8x12-32colors-alpha.gif",
        ME "jpg__Nokia_3110c__Mobile_Phone_.jpg", ME "psd__8x4x8bit-Grayscale.psd",
        "e_provenance/c2pa_rs/CA.jpg"};
    const char *env = getenv("AS_SEED");
    unsigned seed = env ? (unsigned)strtoul(env, NULL, 10) : 1u, x = seed;

    (void)state;
    print_message("seed %u\n", seed);
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        size_t n;
        uint8_t *p = load(data_path(files[f]), &n);
        size_t head = n < 65536 ? n : 65536;

        assert_non_null(p);
        for (int round = 0; round < 300; round++) {
            size_t len;
            uint8_t *cut;
            x = x * 1664525u + 1013904223u;
            len = 1 + (x >> 4) % head;
            cut = malloc(len);
            assert_non_null(cut);
            memcpy(cut, p, len);
            for (int k = 0; k < 4; k++) {
                x = x * 1664525u + 1013904223u;
                cut[(x >> 8) % len] ^= (uint8_t)(1u << (x & 7));
            }
            read_memory(guess_kind(p, n), cut, len);
            free(cut);
        }
        free(p);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_values),    cmocka_unit_test(test_real_c2pa),
        cmocka_unit_test(test_real_thumbnail), cmocka_unit_test(test_descriptor),
        cmocka_unit_test(test_malformed),      cmocka_unit_test(test_mutations),
    };
    int failed;

    if (as_kvs_init(&kvs) != AS_OK)
        return 2;
    as_metadata_warm();
    if (argc > 3 && strcmp(argv[1], "--time") == 0)
        failed = time_files(strtol(argv[2], NULL, 10), argc - 3, argv + 3);
    else
        failed = cmocka_run_group_tests_name("metadata_files", tests, NULL, NULL);
    as_kvs_clear(&kvs);
    return failed;
}
