/* t_c2pa.c - C2PA manifests that are checked: right ones, and each thing that can be wrong.
 *
 * t_c2pa --seeds FOLDER writes seeds for fuzz_c2pa.c instead.                        */
#include "c2pa_maker.h"

#include "../pipeline/media/c2pa.h"

#include <unistd.h>

static struct signer good, rsa, edwards, clerk, stamper;

static int make_signers(void **state)
{
    (void)state;
    good = make_signer(ES256, "Signer", "emailProtection");
    rsa = make_signer(PS256, "Signer", "1.3.6.1.5.5.7.3.36");
    edwards = make_signer(EDDSA, "Signer", "emailProtection");
    clerk = make_signer(ES256, "Clerk", "serverAuth");
    stamper = make_signer(PS256, "Stamper", "critical,timeStamping");
    return 0;
}

static int free_signers(void **state)
{
    (void)state;
    free_signer(&good);
    free_signer(&rsa);
    free_signer(&edwards);
    free_signer(&clerk);
    free_signer(&stamper);
    return 0;
}

/* What a file made by the recipe is said to be. */
static const char *state_by(struct recipe r)
{
    struct maker m = make_signed(&r, NULL, 0, NULL);

    read_maker(AS_KIND_JPEG, &m);
    return value_of("c2pa.state");
}

static void test_valid(void **state)
{
    const struct signer *const by[] = {&good, &rsa, &edwards};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(state_by((struct recipe){.by = by[i], .label = "urn:a"}),
                            "valid, no trust list");
        assert_string_equal(value_of("c2pa.signer"), "Signer");
        assert_string_equal(value_of("c2pa.unbound_bytes"), "(none)");
        assert_string_equal(value_of("c2pa.time_stamp"), "no time stamp");
        assert_true(facts.c2pa.present && facts.c2pa.binding == AS_C2PA_GOOD);
    }
    assert_string_equal(value_of("c2pa.certificate_period"),
                        "2020-01-01T00:00:00Z to 2029-12-31T00:00:00Z");
}

static void test_wrong(void **state)
{
    static const struct {
        struct recipe recipe;
        const char *is;
    } cases[] = {
        {{.stranger = true}, "assertion bad"},
        {{.two_claims = true}, "unreadable"},
        {{.attach = true}, "signature bad"},
        {{.no_binding = true}, "not bound to the file"},
        {{.by = &clerk}, "certificate or time stamp bad"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct recipe r = cases[i].recipe;
        r.label = "urn:a";
        if (r.by == NULL)
            r.by = &good;
        assert_string_equal(state_by(r), cases[i].is);
    }
}

/* Bytes of the picture that the hash leaves out are told, to the byte. */
static void test_unbound(void **state)
{
    (void)state;
    assert_string_equal(state_by((struct recipe){.by = &good, .label = "urn:a", .more = 40}),
                        "valid, no trust list");
    assert_string_equal(value_of("c2pa.unbound_bytes"), "40");
    assert_int_equal(facts.c2pa.outside, 40);
}

/* Whether a file with one byte changed is still said to hold. */
static bool holds_with(const struct maker *file, size_t at, uint8_t bits)
{
    uint8_t *copy = malloc(file->n);
    bool valid;

    assert_non_null(copy);
    memcpy(copy, file->at, file->n);
    copy[at] ^= bits;
    read_memory(AS_KIND_JPEG, copy, file->n);
    valid = strncmp(value_of("c2pa.state"), "valid", 5) == 0;
    free(copy);
    return valid;
}

/* No byte of the file can be changed unnoticed but those that nothing vouches for: headers of the
 * segment, type numbers of boxes, and of the root certificate all but its key: what vouches for
 * that is a trust list.                                                                     */
static void test_every_byte(void **state)
{
    struct recipe r = {.by = &edwards, .label = "urn:a"};
    struct maker m = make_signed(&r, NULL, 0, NULL);
    size_t claim, picture_at = m.n - PICTURE, loose = 0;

    (void)state;
    claim = (size_t)((uint8_t *)memmem(m.at, m.n, "c2pa.claim", 10) - m.at);
    for (size_t i = 0; i < m.n; i++) {
        bool holds = holds_with(&m, i, (uint8_t)(1u << (i % 8)));
        loose += holds;
        if (holds && (i >= picture_at || i < 2))
            fail_msg("byte %zu of the picture", i);
        if (holds && i > claim + 20 && i < claim + 20 + 100)
            fail_msg("byte %zu of the claim", i);
    }
    print_message("nothing vouches for %zu of %zu bytes\n", loose, m.n);
    assert_in_range(loose, 0, 400);
    free(m.at);
}

static void test_trust(void **state)
{
    static const char name[] = "t_c2pa.pem";
    char sum[65];
    struct recipe r = {.by = &good, .label = "urn:a"};
    FILE *f = fopen(name, "w");

    (void)state;
    assert_non_null(f);
    fputs("The list\n", f);
    PEM_write_X509(f, good.root);
    fclose(f);
    assert_int_equal(as_trust_load(name, &trust, sum, NULL), AS_OK);
    assert_string_equal(state_by(r), "valid, signer trusted");
    r.by = &rsa;
    assert_string_equal(state_by(r), "valid, signer not trusted");
    as_trust_free(trust);
    trust = NULL;
    assert_int_equal(as_trust_load("", &trust, sum, NULL), AS_OK);
    assert_null(trust);
    f = fopen(name, "w");
    assert_non_null(f);
    fputs("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", f);
    fclose(f);
    assert_int_equal(as_trust_load(name, &trust, sum, NULL), AS_EFORMAT);
    unlink(name);
    assert_int_equal(as_trust_load(name, &trust, sum, NULL), AS_SKIP);
}

/* A stamp dates the signature; outside the certificate's period it undoes it. */
static void test_stamp(void **state)
{
    static const char name[] = "t_c2pa_stamp.pem";
    char sum[65];
    struct recipe r = {.by = &good, .label = "urn:a", .stamp = &stamper, .stamped = 1700000000};
    FILE *f = fopen(name, "w");

    (void)state;
    assert_string_equal(state_by(r), "valid, no trust list");
    assert_string_equal(value_of("c2pa.signed_at"), "2023-11-14T22:13:20Z");
    assert_string_equal(value_of("c2pa.time_stamp"), "authority not trusted");
    assert_non_null(f);
    PEM_write_X509(f, good.root);
    PEM_write_X509(f, stamper.root);
    fclose(f);
    assert_int_equal(as_trust_load(name, &trust, sum, NULL), AS_OK);
    unlink(name);
    assert_string_equal(state_by(r), "valid, signer trusted");
    assert_string_equal(value_of("c2pa.time_stamp"), "from a trusted authority");
    as_trust_free(trust);
    trust = NULL;
    r.stamped = 2000000000; /* 2033 */
    assert_string_equal(state_by(r), "certificate or time stamp bad");
    assert_true(has_value("c2pa.problem", "signature: the time stamp lies outside the period of "
                                          "the signer's certificate"));
}

/* A manifest whose ingredient has one, whose ingredient ... */
static void test_ingredients(void **state)
{
    struct recipe inner = {.by = &good, .label = "urn:inner"};
    struct recipe outer = {.by = &rsa, .label = "urn:outer", .parent = "urn:inner"};
    struct maker box, first = make_signed(&inner, NULL, 0, &box), m;

    (void)state;
    free(first.at);
    outer.parent_box = &box;
    m = make_signed(&outer, &box, 1, NULL);
    read_maker(AS_KIND_JPEG, &m);
    assert_string_equal(value_of("c2pa.state"), "valid, no trust list");
    assert_string_equal(value_of("c2pa.ingredients_state"), "good (1)");
    m = make_signed(&outer, NULL, 0, NULL); /* its manifest is left out */
    read_maker(AS_KIND_JPEG, &m);
    assert_string_equal(value_of("c2pa.state"), "ingredient bad");
    outer.parent_lies = true;
    m = make_signed(&outer, &box, 1, NULL);
    read_maker(AS_KIND_JPEG, &m);
    assert_string_equal(value_of("c2pa.state"), "ingredient bad");
    outer.parent_lies = false;
    box.at[box.n - 1] ^= 1; /* its signature, hashed again by its user */
    m = make_signed(&outer, &box, 1, NULL);
    read_maker(AS_KIND_JPEG, &m);
    assert_string_equal(value_of("c2pa.state"), "ingredient bad");
    free(box.at);
}

/* An ingredient's assertion may be redacted by its user; the file's own by nobody, least of all by
 * a manifest that was put beside it.                                                        */
static void test_redaction(void **state)
{
    struct recipe inner = {.by = &good, .label = "urn:inner", .missing = true};
    struct recipe outer = {.by = &rsa, .label = "urn:outer", .parent = "urn:inner"};
    struct recipe beside = {.by = &rsa, .label = "urn:beside", .no_binding = true};
    struct maker box, other, first = make_signed(&inner, NULL, 0, &box), m;

    (void)state;
    free(first.at);
    outer.parent_box = &box;
    m = make_signed(&outer, &box, 1, NULL);
    read_maker(AS_KIND_JPEG, &m);
    assert_string_equal(value_of("c2pa.state"), "ingredient bad");
    outer.redacts = beside.redacts = "self#jumbf=/c2pa/urn:inner/c2pa.assertions/org.gone";
    m = make_signed(&outer, &box, 1, NULL);
    read_maker(AS_KIND_JPEG, &m);
    assert_string_equal(value_of("c2pa.state"), "valid, no trust list");
    free(box.at);
    other = make_manifest(&beside);
    m = make_signed(&inner, &other, 1, NULL);
    read_maker(AS_KIND_JPEG, &m);
    assert_string_equal(value_of("c2pa.state"), "assertion bad");
    free(other.at);
}

/* A manifest that is its own ingredient ends. */
static void test_own_parent(void **state)
{
    struct recipe r = {.by = &good, .label = "urn:a", .parent = "urn:a", .update = true};
    struct maker box, m;

    (void)state;
    r.parent_box = &(struct maker){.at = (uint8_t *)"eight by", .n = 8};
    m = make_signed(&r, NULL, 0, &box);
    read_maker(AS_KIND_JPEG, &m);
    assert_string_equal(value_of("c2pa.state"), "ingredient bad");
    free(box.at);
}

/* The store grows by an update manifest: what was bound to the file still is. */
static void test_update(void **state)
{
    struct recipe inner = {.by = &good, .label = "urn:inner"};
    struct recipe update = {.by = &rsa, .label = "urn:update", .parent = "urn:inner"};
    struct maker box, first = make_signed(&inner, NULL, 0, &box), m;

    (void)state;
    free(first.at);
    update.update = true;
    update.parent_box = &box;
    m = make_signed(&update, &box, 1, NULL);
    assert_true(holds_with(&m, 0, 0));
    assert_string_equal(value_of("c2pa.binding"), "good");
    assert_false(holds_with(&m, m.n - 10, 1));
    assert_string_equal(value_of("c2pa.state"), "hash bad");
    free(m.at);
    free(box.at);
}

/* Of two stores none is believed. */
static void test_two_stores(void **state)
{
    struct recipe r = {.by = &good, .label = "urn:a"};
    struct maker one = make_signed(&r, NULL, 0, NULL), two = {0};
    const size_t segment = r.length;

    (void)state;
    put(&two, one.at, 2 + segment);
    put(&two, one.at + 2, 7);
    put(&two, "\x10", 1); /* box instance number: another box */
    put(&two, one.at + 10, segment - 8 + PICTURE);
    free(one.at);
    read_maker(AS_KIND_JPEG, &two);
    assert_true(facts.c2pa.present && !facts.c2pa.readable);
}

/* ---- hashes of boxes of the file ---- */

static void put_bmff_assertion(struct maker *m, const char *xpath, const uint8_t hash[32])
{
    put_head(m, 5, 3);
    put_string(m, "exclusions");
    put_head(m, 4, 1);
    put_head(m, 5, 1);
    put_string(m, "xpath");
    put_string(m, xpath);
    put_string(m, "alg");
    put_string(m, "sha256");
    put_string(m, "hash");
    put_bytes(m, hash, 32);
}

static enum as_c2pa_match bmff(const char *xpath, const uint8_t hash[32], const struct maker *file)
{
    struct as_c2pa_budget budget = {1 << 20};
    struct as_input in = {.at = file->at, .fd = -1, .size = file->n};
    struct maker m = {0};
    struct as_c2pa_bound bound;

    put_bmff_assertion(&m, xpath, hash);
    bound = as_c2pa_bmff_hash(&in, (struct as_span){m.at, m.n}, as_text_of("sha256"),
                              (struct as_c2pa_place){0, 0}, &budget);
    free(m.at);
    return bound.match;
}

/* ftyp is left out; free at 16 and mdat at 28 are hashed behind their offsets. */
static void test_bmff(void **state)
{
    static const uint8_t hashed[] = "\0\0\0\0\0\0\0\x10"
                                    "\0\0\0\x0C"
                                    "freeabcd"
                                    "\0\0\0\0\0\0\0\x1C"
                                    "\0\0\0\x0A"
                                    "mdatxy";
    struct maker file = {0};
    uint8_t hash[32];

    (void)state;
    put(&file,
        "\0\0\0\x10"
        "ftypmif1\0\0\0\0",
        16);
    put(&file, hashed + 8, 12);
    put(&file, hashed + 28, 10);
    SHA256(hashed, 38, hash);
    assert_int_equal(bmff("/ftyp", hash, &file), AS_MATCH);
    assert_int_equal(bmff("/free", hash, &file), AS_MISMATCH);
    assert_int_equal(bmff("/moov/trak", hash, &file), AS_MATCH_UNKNOWN);
    file.at[file.n - 1] ^= 1;
    assert_int_equal(bmff("/ftyp", hash, &file), AS_MISMATCH);
    file.at[file.n - 1] ^= 1;
    put(&file, "\0\0\0", 3); /* no box */
    assert_int_equal(bmff("/ftyp", hash, &file), AS_MISMATCH);
    free(file.at);
}

/* ---- CBOR ---- */

static void test_cbor(void **state)
{
    static const struct {
        const char *at;
        size_t n, item;
    } cases[] = {
        {"\x00", 1, 1},
        {"\x18", 1, 0},
        {"\x43"
         "abc",
         4, 4},
        {"\x43"
         "ab",
         3, 0},
        {"\x82\x01\x02", 3, 3},
        {"\x82\x01", 2, 0},
        {"\x9F\x01\xFF", 3, 3},
        {"\xBF\xFF", 2, 2},
        {"\xA1\x01\x02", 3, 3},
        {"\xC2\x41"
         "a",
         3, 3},
        {"\xFF", 1, 0},
        {"\x80\x80", 2, 1},
        {"\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10, 0},
        {"\xBB\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10, 0},
        {"\x5B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10, 0},
        {"\x9F\x9F\xFF\x80\xFF\x01", 6, 5},
    };
    uint8_t deep[100];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(as_cbor_item((struct as_span){(const uint8_t *)cases[i].at, cases[i].n}).n,
                         cases[i].item);
    memset(deep, 0x81, sizeof deep);
    assert_int_equal(as_cbor_item((struct as_span){deep, sizeof deep}).n, 0);
}

/* ---- seeds for fuzz_c2pa.c ---- */

static void write_seed(const char *folder, const char *name, uint8_t what, const struct maker *m)
{
    char path[4096];
    FILE *f;

    snprintf(path, sizeof path, "%s/c2pa_%s", folder, name);
    if ((f = fopen(path, "wb")) == NULL)
        return;
    fputc(what, f);
    fwrite(m->at, 1, m->n, f);
    fclose(f);
}

/* The store of a file, and a signature before its claim. */
static int write_seeds(const char *folder)
{
    struct recipe r = {.by = &good, .label = "urn:a", .stamp = &stamper, .stamped = 1700000000};
    struct maker m, store, pair = {0};
    struct as_c2pa_boxes *boxes = calloc(1, sizeof *boxes);

    make_signers(NULL);
    m = make_signed(&r, NULL, 0, NULL);
    store = (struct maker){m.at + 14, m.n - 14 - PICTURE, 0};
    write_seed(folder, "store", 0, &store);
    if (boxes)
        as_c2pa_read_boxes(boxes, store.at, store.n);
    for (uint32_t i = 0; boxes && i < boxes->n; i++) {
        struct as_span cose = as_c2pa_content(boxes, i, AS_FOUR('c', 'b', 'o', 'r'));
        if (!as_text_is(boxes->at[i].label, "c2pa.signature"))
            continue;
        put_be(&pair, cose.n, 2);
        put(&pair, cose.at, cose.n);
        put_text(&pair, "claim");
    }
    write_seed(folder, "signature", 1, &pair);
    free(pair.at);
    free(boxes);
    free(m.at);
    return free_signers(NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),       cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_unbound),     cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_trust),       cmocka_unit_test(test_stamp),
        cmocka_unit_test(test_ingredients), cmocka_unit_test(test_redaction),
        cmocka_unit_test(test_own_parent),  cmocka_unit_test(test_update),
        cmocka_unit_test(test_two_stores),  cmocka_unit_test(test_bmff),
        cmocka_unit_test(test_cbor),
    };
    int failed;

    if (as_kvs_init(&kvs) != AS_OK)
        return 2;
    as_metadata_warm();
    failed = argc > 2 && strcmp(argv[1], "--seeds") == 0
                 ? write_seeds(argv[2])
                 : cmocka_run_group_tests_name("c2pa", tests, make_signers, free_signers);
    as_kvs_clear(&kvs);
    return failed;
}
