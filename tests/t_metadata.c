/* t_metadata.c - metadata readers on crafted files.
 *
 * t_metadata --dump FILE...    path, key and value of every entry, for datasets/score_metadata.py
 */
#include "metadata_maker.h"

/* ---- reading and dumping ---- */

static void print_entry(const char *path, const char *key, size_t klen, const char *value, size_t n)
{
    printf("%s\t%.*s\t", path, (int)klen, key);
    for (size_t i = 0; i < n; i++) {
        if (value[i] == '\n')
            printf("\\n");
        else if (value[i] == '\t')
            printf("\\t");
        else
            putchar(value[i]);
    }
    putchar('\n');
}

static void dump_facts(const char *path)
{
    const struct as_jpeg *j = &facts.jpeg;

    if (!facts.is_jpeg)
        return;
    printf("%s\tfact.precision\t%u\n%s\tfact.ncomp\t%u\n%s\tfact.sof\t%u\n", path, j->precision,
           path, j->ncomp, path, j->sof);
    printf("%s\tfact.scans\t%u\n%s\tfact.eoi\t%d\n%s\tfact.trailing\t%llu\n", path, j->scans, path,
           j->has_eoi, path, (unsigned long long)j->trailing_bytes);
    printf("%s\tfact.huff\t%u %d\n%s\tfact.adobe\t%u\n%s\tfact.dri\t%u\n", path, j->huff_count,
           j->huff_standard, path, j->adobe_transform, path, j->restart_interval);
    for (unsigned i = 0; i < j->ncomp && i < 4; i++)
        printf("%s\tfact.comp%u\t%u %u %u\n", path, j->comp_id[i], j->comp_tq[i], j->comp_h[i],
               j->comp_v[i]);
    printf("%s\tfact.thumb_bytes\t%llu\n%s\tfact.thumb_qt\t%u\n", path,
           (unsigned long long)facts.thumb.size, path, j->thumb_qt_mask);
}

static int dump(int n, char **paths)
{
    for (int i = 0; i < n; i++) {
        size_t size;
        uint8_t *p = load(paths[i], &size);

        if (p == NULL)
            continue;
        read_memory(guess_kind(p, size), p, size);
        for (size_t k = 0; k < kvs.n; k++)
            print_entry(paths[i], kvs.at[k].key.at, kvs.at[k].key.len, kvs.at[k].value.at,
                        kvs.at[k].value.len);
        dump_facts(paths[i]);
        free(p);
    }
    return 0;
}

/* ---- crafted files ---- */

static void test_xmp_forms(void **state)
{
    (void)state;
    read_xmp(XMP_HEAD
             "<rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/' "
             "xmlns:q='http://iptc.org/std/Iptc4xmpExt/2008-02-29/' "
             "xmlns:xmpMM='http://ns.adobe.com/xap/1.0/mm/' "
             "xmlns:stEvt='http://ns.adobe.com/xap/1.0/sType/ResourceEvent#' "
             "xmlns:stRef='http://ns.adobe.com/xap/1.0/sType/ResourceRef#' "
             "xmlns:my='urn:mine' my:attr='A &amp; B' "
             "q:DigitalSourceType='http://cv.iptc.org/newscodes/digitalsourcetype/"
             "trainedAlgorithmicMedia'>"
             "<dc:subject><rdf:Bag><rdf:li>one</rdf:li><rdf:li/> <rdf:li> two &lt; 3</rdf:li>"
             "</rdf:Bag></dc:subject>"
             "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>T</rdf:li></rdf:Alt></dc:title>"
             "<my:link rdf:resource='http://example.org/'/>"
             "<xmpMM:DerivedFrom stRef:instanceID='i1' stRef:documentID='d1'/>"
             "<xmpMM:Pantry rdf:parseType='Resource'><my:a>1</my:a></xmpMM:Pantry>"
             "<xmpMM:History><rdf:Seq>"
             "<rdf:li stEvt:action='created' stEvt:when='2020'/>"
             "<rdf:li rdf:parseType='Resource'><stEvt:action>saved</stEvt:action>"
             "<stEvt:params><rdf:Seq><rdf:li>x</rdf:li><rdf:li>y</rdf:li></rdf:Seq></stEvt:params>"
             "</rdf:li><rdf:li><rdf:Description stEvt:action='third'/></rdf:li>"
             "</rdf:Seq></xmpMM:History>"
             "</rdf:Description>" XMP_TAIL);
    assert_string_equal(value_of("xmp.Iptc4xmpExt:DigitalSourceType"),
                        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia");
    assert_string_equal(value_of("xmp.my:attr"), "A & B");
    assert_string_equal(value_of("xmp.dc:subject"), "one; two < 3");
    assert_string_equal(value_of("xmp.dc:title"), "T");
    assert_string_equal(value_of("xmp.my:link"), "http://example.org/");
    assert_string_equal(value_of("xmp.xmpMM:DerivedFrom/stRef:instanceID"), "i1");
    assert_string_equal(value_of("xmp.xmpMM:DerivedFrom/stRef:documentID"), "d1");
    assert_string_equal(value_of("xmp.xmpMM:Pantry/my:a"), "1");
    assert_string_equal(value_of("xmp.xmpMM:History[1]/stEvt:action"), "created");
    assert_string_equal(value_of("xmp.xmpMM:History[1]/stEvt:when"), "2020");
    assert_string_equal(value_of("xmp.xmpMM:History[2]/stEvt:action"), "saved");
    assert_string_equal(value_of("xmp.xmpMM:History[2]/stEvt:params"), "x; y");
    assert_string_equal(value_of("xmp.xmpMM:History[3]/stEvt:action"), "third");
    assert_string_equal(value_of("meta.broken"), "(none)");
    assert_int_equal(kvs.n, 13);
}

static void test_xmp_hostile(void **state)
{
    char *deep = malloc(400000);
    size_t n;

    (void)state;
    read_xmp(
        "<!DOCTYPE lolz [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
        "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY x SYSTEM 'file:///etc/passwd'>]>" XMP_HEAD
        "<rdf:Description xmlns:d='urn:d'><d:x>&c;&x;</d:x></rdf:Description>" XMP_TAIL);
    assert_string_equal(value_of("meta.broken"), "XMP with a document type");
    assert_int_equal(kvs.n, 1);
    read_xmp(XMP_HEAD "<rdf:Description xmlns:d='urn:d' d:a='1'><d:b>2</d:b><d:c>");
    assert_string_equal(value_of("xmp.d:a"), "1"); /* what was whole is kept */
    assert_string_equal(value_of("xmp.d:b"), "2");
    assert_string_equal(value_of("meta.broken"), "XMP is not well-formed");
    assert_non_null(deep);
    n = (size_t)sprintf(deep, "%s<rdf:Description xmlns:d='urn:d'>", XMP_HEAD);
    for (int i = 0; i < 50000; i++)
        n += (size_t)sprintf(deep + n, "<d:e>");
    read_xmp(deep);
    assert_string_equal(value_of("meta.broken"), "XMP nested too deeply");
    n = (size_t)sprintf(deep, "%s<rdf:Description xmlns:d='urn:d'", XMP_HEAD);
    for (int i = 0; i < 3000; i++) /* libxml2 would compare each with each */
        n += (size_t)sprintf(deep + n, " d:a%d = '1'", i);
    sprintf(deep + n, "/>%s", XMP_TAIL);
    read_xmp(deep);
    assert_string_equal(value_of("meta.broken"), "XMP element with too many attributes");
    n = (size_t)sprintf(deep, "%s<rdf:Description xmlns:d='urn:d'>", XMP_HEAD);
    for (int i = 0; i < 5000; i++)
        n += (size_t)sprintf(deep + n, "<d:a%d>x</d:a%d>", i, i);
    sprintf(deep + n, "</rdf:Description>%s", XMP_TAIL);
    read_xmp(deep);
    assert_true(kvs.cut && kvs.n == AS_KVS_MAX);
    /* an encoding no converter exists for must not send the parser looking for one */
    read_xmp("<?xml version='1.0' encoding='EBCDIC-CP-US'?>" XMP_HEAD
             "<rdf:Description xmlns:d='urn:d' d:a='1'/>" XMP_TAIL);
    assert_string_equal(value_of("xmp.d:a"), "1");
    free(deep);
}

/* One IFD0 with the entries given, at offset 8, followed by `next`. */
static void put_ifd(struct maker *m, const uint32_t (*entry)[4], size_t count, uint32_t next)
{
    put_be(m, count, 2);
    for (size_t i = 0; i < count; i++) {
        put_be(m, entry[i][0], 2);
        put_be(m, entry[i][1], 2);
        put_be(m, entry[i][2], 4);
        put_be(m, entry[i][3], 4);
    }
    put_be(m, next, 4);
}

static void read_tiff_as_jpeg(struct maker *tiff)
{
    struct maker m = {0};

    put_be(&m, 0xFFD8, 2);
    put_segment(&m, 0xE1, "Exif\0", 6, tiff->at, tiff->n);
    put_be(&m, 0xFFD9, 2);
    free(tiff->at);
    *tiff = (struct maker){0};
    read_maker(AS_KIND_JPEG, &m);
}

static void test_exif_loops_and_lies(void **state)
{
    /* IFD0 links to itself as EXIF, GPS, interoperability and next directory */
    static const uint32_t loop[][4] = {
        {0x0112, 3, 1, 6u << 16}, {0x8769, 4, 1, 8}, {0x8825, 4, 1, 8}, {0xA005, 4, 1, 8}};
    static const uint32_t lies[][4] = {{0x010F, 2, 0xFFFFFFFF, 0},  {0x0110, 2, 16, 0xFFFFFFF0},
                                       {0x0111, 12, 0x20000001, 8}, {0x0131, 99, 1, 0},
                                       {0x0132, 2, 20, 50000},      {0x0112, 3, 1, 6u << 16}};
    struct maker m = {0};

    (void)state;
    put(&m, "MM\0*\0\0\0\x08", 8);
    put_ifd(&m, loop, 4, 8);
    read_tiff_as_jpeg(&m);
    assert_string_equal(value_of("exif.Orientation"), "6");
    assert_in_range(kvs.n, 1, 16);
    put(&m, "MM\0*\0\0\0\x08", 8);
    put_ifd(&m, lies, 6, 0xFFFFFFFF);
    read_tiff_as_jpeg(&m);
    assert_string_equal(value_of("exif.Orientation"), "6");
    assert_string_equal(value_of("exif.Make"), "(none)");
    assert_string_equal(value_of("meta.broken"), "EXIF or TIFF value outside its block");
    put(&m, "MM\0*\0\0\0\x08\xFF\xFF", 10); /* 65535 entries, none there */
    read_tiff_as_jpeg(&m);
    assert_string_equal(value_of("meta.broken"), "EXIF or TIFF directory longer than its block");
    put(&m, "MM\0+\0\x08\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xF0", 16); /* BigTIFF, far away */
    read_maker(AS_KIND_TIFF, &m);
    assert_string_equal(value_of("meta.broken"), "EXIF or TIFF directory outside its block");
}

static void test_exif_values(void **state)
{
    enum { DATA = 8 + 2 + 5 * 12 + 4 };
    static const uint32_t main_ifd[][4] = {{0x010F, 2, 6, DATA},
                                           {0x011A, 5, 1, DATA + 6},
                                           {0x8825, 4, 1, DATA + 28},
                                           {0x9286, 7, 14, DATA + 14},
                                           {0x9C9B, 1, 4, 0x41004200}};
    enum { GPS = DATA + 28, GPS_DATA = GPS + 2 + 2 * 12 + 4 };
    static const uint32_t gps[][4] = {{1, 2, 2, 0x53000000}, {2, 5, 3, GPS_DATA}};
    static const uint32_t degrees[] = {33, 1, 51, 1, 3547, 100};
    struct maker m = {0};

    (void)state;
    put(&m, "MM\0*\0\0\0\x08", 8);
    put_ifd(&m, main_ifd, 5, 0);
    put(&m, "Maker", 6);
    put_be(&m, 720000, 4);
    put_be(&m, 10000, 4);
    put(&m, "UNICODE\0h\0\xE9\0\x3D\xD8", 14); /* little endian in a big-endian block */
    put_ifd(&m, gps, 2, 0);
    for (size_t i = 0; i < 6; i++)
        put_be(&m, degrees[i], 4);
    read_tiff_as_jpeg(&m);
    assert_string_equal(value_of("exif.Make"), "Maker");
    assert_string_equal(value_of("exif.XResolution"), "720000/10000");
    assert_string_equal(value_of("exif.UserComment"),
                        "h\xC3\xA9\\xED\\xA0\\xBD"); /* lone surrogate */
    assert_string_equal(value_of("exif.XPTitle"), "AB");
    assert_string_equal(value_of("gps.GPSLatitude"), "33/1 51/1 3547/100");
    assert_string_equal(value_of("gps.latitude"), "-33.859853");
}

static void read_jumbf(struct maker *jumbf)
{
    struct maker m = {0};

    put(&m, "\x89PNG\r\n\x1A\n", 8);
    put_chunk(&m, "caBX", jumbf->at, jumbf->n);
    put_chunk(&m, "IEND", "", 0);
    free(jumbf->at);
    *jumbf = (struct maker){0};
    read_maker(AS_KIND_PNG, &m);
}

static void test_jumbf_lengths(void **state)
{
    static const uint32_t sizes[] = {0, 1, 2, 7, 8, 9, 0x7FFFFFFF, 0xFFFFFFFF};
    struct maker m = {0};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        put_box(&m, 0, "jumb"); /* to the end */
        put_jumd(&m, "c2pa", "c2pa");
        put_box(&m, sizes[i], "jumb");
        put_be(&m, 0xFFFFFFFFFFFFFFFF, 8); /* the size, where sizes[i] is 1 */
        put_jumd(&m, "c2ma", "urn:uuid:1");
        read_jumbf(&m);
        assert_string_equal(value_of("c2pa.present"), "yes");
    }
    put_box(&m, 0, "jumb");
    put_jumd(&m, "c2pa", "c2pa");
    for (int i = 0; i < 20000; i++)
        put_box(&m, 0, "jumb");
    read_jumbf(&m);
    assert_string_equal(value_of("c2pa.present"), "yes");
    assert_true(has_value("meta.broken", "C2PA boxes nested too deeply"));
}

/* A store with one manifest whose claim and actions are the CBOR given. */
static void read_manifest(const void *claim, size_t cn, const void *actions, size_t an)
{
    struct maker m = {0};

    put_box(&m, 0, "jumb");
    put_jumd(&m, "c2pa", "c2pa");
    put_box(&m, 0, "jumb");
    put_jumd(&m, "c2ma", "urn:m");
    put_box(&m, 8 + 41 + 8 + 38 + 8 + an, "jumb");
    put_jumd(&m, "c2as", "c2pa.assertions");
    put_box(&m, 8 + 38 + 8 + an, "jumb");
    put_jumd(&m, "cbor", "c2pa.actions");
    put_box(&m, 8 + an, "cbor");
    put(&m, actions, an);
    put_box(&m, 0, "jumb");
    put_jumd(&m, "c2cl", "c2pa.claim");
    put_box(&m, 0, "cbor");
    put(&m, claim, cn);
    read_jumbf(&m);
}

static void test_cbor(void **state)
{
    /* {"claim_generator": "g", "claim_generator_info": [_ {"name": "n"}], "dc:title": "t"} */
    static const char claim[] = "\xA3\x6F"
                                "claim_generator"
                                "\x61g"
                                "\x74"
                                "claim_generator_info"
                                "\x9F\xA1\x64"
                                "name\x61n\xFF"
                                "\x68"
                                "dc:title"
                                "\x61t";
    /* {"actions": [{"action": "c2pa.created", "digitalSourceType": "d"}, {"action": "x"}]} */
    static const char actions[] = "\xA1\x67"
                                  "actions"
                                  "\x82\xA2\x66"
                                  "action\x6C"
                                  "c2pa.created"
                                  "\x71"
                                  "digitalSourceType"
                                  "\x61"
                                  "d"
                                  "\xA1\x66"
                                  "action\x61x";
    static const char huge[] = "\xA1\x67"
                               "actions"
                               "\x9B\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xA1";
    static char deep[5000];

    (void)state;
    read_manifest(claim, sizeof claim - 1, actions, sizeof actions - 1);
    assert_string_equal(value_of("c2pa.claim_generator"), "g");
    assert_string_equal(value_of("c2pa.claim_generator_info"), "n");
    assert_string_equal(value_of("c2pa.title"), "t");
    assert_string_equal(value_of("c2pa.actions"), "c2pa.created; x");
    assert_string_equal(value_of("c2pa.digital_source_type"), "d");
    assert_string_equal(value_of("c2pa.assertions"), "c2pa.actions");
    assert_string_equal(value_of("c2pa.active_manifest"), "urn:m");
    memset(deep, 0x81, sizeof deep); /* arrays in arrays */
    read_manifest(deep, sizeof deep, huge, sizeof huge - 1);
    assert_string_equal(value_of("c2pa.present"), "yes");
    memset(deep, 0xFF, sizeof deep); /* breaks with nothing to break */
    read_manifest(deep, sizeof deep, deep, sizeof deep);
    assert_string_equal(value_of("c2pa.present"), "yes");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xmp_forms),           cmocka_unit_test(test_xmp_hostile),
        cmocka_unit_test(test_exif_loops_and_lies), cmocka_unit_test(test_exif_values),
        cmocka_unit_test(test_jumbf_lengths),       cmocka_unit_test(test_cbor),
    };
    int failed;

    if (as_kvs_init(&kvs) != AS_OK)
        return 2;
    as_metadata_warm();
    if (argc > 2 && strcmp(argv[1], "--dump") == 0)
        failed = dump(argc - 2, argv + 2);
    else
        failed = cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
    as_kvs_clear(&kvs);
    return failed;
}
