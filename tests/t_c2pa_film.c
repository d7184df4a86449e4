/* t_c2pa_film.c - the C2PA manifest of a video: the whole examiner checks and judges it. */
#include "c2pa_maker.h"

#include "../pipeline/examine/unit.h"
#include "../pipeline/media/c2pa.h"
#include "../pipeline/media/decode.h"

#include <sys/mman.h>
#include <unistd.h>

enum { HASH_BAD = 0, VALID = 12 /* measures of the detector */ };

static struct signer good;
static struct as_bench *bench;
static struct as_row row;

static int start(void **state)
{
    static struct as_options options;

    (void)state;
    good = make_signer(EDDSA, "Signer", "emailProtection");
    as_options_defaults(&options);
    return as_bench_new(&bench, &options, NULL) == AS_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    free_signer(&good);
    as_bench_free(bench);
    return 0;
}

static struct as_span a_film(void)
{
    const struct as_warm_sample *s = as_warm_samples;

    while (s->kind != AS_KIND_MP4)
        s++;
    return (struct as_span){s->at, s->size};
}

/* The film with a box of a manifest behind it that binds all but the box. */
static struct maker make_film(void)
{
    static const uint8_t c2pa[] = "\xD8\xFE\xC3\xD6\x1B\x0E\x48\x3C\x92\x97\x58\x28\x87\x7E\xC4\x81"
                                  "\0\0\0\0manifest\0\0\0\0\0\0\0\0";
    const struct as_span film = a_film();
    struct recipe r = {.by = &good, .label = "urn:a", .start = film.n};
    struct maker m = {0};

    SHA256(film.at, film.n, r.hash);
    for (int pass = 0; pass < 2; pass++) { /* the first tells how long it is */
        struct maker manifest = make_manifest(&r);
        size_t box, super;

        m.n = 0;
        put(&m, film.at, film.n);
        box = begin(&m, "uuid");
        put(&m, c2pa, sizeof c2pa); /* its last 0 ends the offset */
        super = begin_super(&m, "c2pa", "c2pa");
        put(&m, manifest.at, manifest.n);
        end(&m, super);
        end(&m, box);
        r.length = m.n - film.n;
        free(manifest.at);
    }
    return m;
}

/* Examines a film from memory, and from a file as large ones are. */
static const struct as_det_row *judged(const uint8_t *at, size_t n)
{
    const int fd = memfd_create("film", 0);
    const struct as_input in[2] = {{at, -1, 0, n}, {NULL, fd, 0, n}};
    const struct as_det_row *of = NULL;
    uint32_t status[2];

    assert_int_equal(write(fd, at, n), n);
    for (int i = 0; i < 2; i++) {
        struct as_times times = {0};
        assert_int_equal(as_bench_examine(bench, AS_KIND_MP4, &in[i], &row, &times), AS_OK);
        assert_int_equal(row.reason, AS_REASON_DESCRIBED);
        for (size_t d = 0; as_detectors[d]; d++)
            if (strcmp(as_detectors[d]->name, "c2pa") == 0)
                of = &row.det[d];
            else
                assert_int_equal(row.det[d].status, AS_DET_NOT_RUN);
        status[i] = of->status;
    }
    assert_int_equal(status[0], status[1]);
    close(fd);
    return of;
}

static void test_film(void **state)
{
    struct maker m = make_film();
    const struct as_span film = a_film();
    const struct as_det_row *det = judged(m.at, m.n);

    (void)state;
    assert_int_equal(det->status, AS_DET_APPLIES);
    assert_true(det->feat[VALID] == 1 && det->feat[HASH_BAD] == 0);
    m.at[film.n - 1] ^= 1;
    det = judged(m.at, m.n);
    assert_int_equal(det->status, AS_DET_APPLIES);
    assert_true(det->feat[VALID] == 0 && det->feat[HASH_BAD] == 1);
    assert_int_equal(judged(film.at, film.n)->status, AS_DET_NOT_APPLICABLE);
    free(m.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_film)};

    as_metadata_warm();
    return cmocka_run_group_tests_name("c2pa of films", tests, start, stop);
}
