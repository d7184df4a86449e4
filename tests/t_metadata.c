/* t_metadata.c - metadata readers on crafted files.
 *
 * t_metadata --dump FILE...    path, key and value of every entry, for datasets/score_metadata.py
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metadata_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

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

/* ---- helpers of the tests ---- */

/* A growing file. */
struct maker {
    uint8_t *at;
    size_t n, room;
};

static void put(struct maker *m, const void *p, size_t n)
{
    if (n > m->room - m->n) {
        m->room = 2 * m->room + n + 4096;
        m->at = realloc(m->at, m->room);
        assert_non_null(m->at);
    }
    if (n)
        memcpy(m->at + m->n, p, n);
    m->n += n;
}

static void put_be(struct maker *m, uint64_t v, size_t size)
{
    for (size_t i = size; i-- > 0;)
        put(m, &(uint8_t){(uint8_t)(v >> (8 * i))}, 1);
}

static void put_text(struct maker *m, const char *s)
{
    put(m, s, strlen(s));
}

/* Reads a copy of exactly the file's size, so that a sanitiser sees any step beyond it. */
static void read_maker(enum as_kind kind, struct maker *m)
{
    uint8_t *p = malloc(m->n ? m->n : 1);

    assert_non_null(p);
    if (m->n)
        memcpy(p, m->at, m->n);
    read_memory(kind, p, m->n);
    free(p);
    free(m->at);
    *m = (struct maker){0};
}

static void put_segment(struct maker *m, unsigned code, const void *head, size_t hn,
                        const void *body, size_t n)
{
    put_be(m, 0xFF00 | code, 2);
    put_be(m, 2 + hn + n, 2);
    put(m, head, hn);
    put(m, body, n);
}

static void put_chunk(struct maker *m, const char *type, const void *body, size_t n)
{
    put_be(m, n, 4);
    put_text(m, type);
    put(m, body, n);
    put_be(m, 0, 4); /* checksums are not our business */
}

static void read_xmp(const char *packet)
{
    struct maker m = {0};

    put(&m, "GIF89a\1\0\1\0\0\0\0!\xFF\x0BXMP DataXMP", 27);
    put_text(&m, packet);
    for (int i = 0; i < 257; i++) /* the magic trailer: lands on 0 from wherever it is entered */
        put(&m, &(uint8_t){(uint8_t)(i == 0 ? 1 : 256 - i)}, 1);
    put(&m, "\0;", 2);
    read_maker(AS_KIND_GIF, &m);
}

#define XMP_HEAD                                                                                   \
    "<?xpacket begin='\xEF\xBB\xBF' id='W5M0MpCehiHzreSzNTczkc9d'?>"                               \
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF "                                                \
    "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
#define XMP_TAIL "</rdf:RDF></x:xmpmeta><?xpacket end='w'?>"

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

static void put_box(struct maker *m, uint64_t size, const char *type)
{
    put_be(m, size, 4);
    put_text(m, type);
}

/* JUMBF in a PNG: what a description box with label `label` costs is 8 + 17 + label + 1. */
static void put_jumd(struct maker *m, const char *type, const char *label)
{
    put_box(m, 26 + strlen(label), "jumd");
    put_text(m, type);
    put(m, "\0\x11\0\x10\x80\0\0\xAA\0\x38\x9B\x71\x03", 13);
    put(m, label, strlen(label) + 1);
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

static void test_png_bomb(void **state)
{
    const size_t flat = 200u << 20;
    uint8_t *zeros = calloc(1, 1 << 20), *packed = malloc(1 << 20);
    z_stream z = {0};
    struct maker m = {0};

    (void)state;
    assert_true(zeros && packed && deflateInit(&z, 9) == Z_OK);
    memset(zeros, 'A', 1 << 20);
    memcpy(packed, "bomb\0\0", 6);
    z.next_out = packed + 6;
    z.avail_out = (1 << 20) - 6;
    for (size_t i = 0; i < flat >> 20; i++) {
        z.next_in = zeros;
        z.avail_in = 1 << 20;
        deflate(&z, i + 1 == flat >> 20 ? Z_FINISH : Z_NO_FLUSH);
    }
    put(&m, "\x89PNG\r\n\x1A\n", 8);
    for (int i = 0; i < 100; i++)
        put_chunk(&m, "zTXt", packed, 6 + z.total_out);
    put_chunk(&m, "tEXt", "parameters\0caf\xE9, Steps: 20", 26);
    put_chunk(&m, "IEND", "", 0);
    put_text(&m, "tail");
    deflateEnd(&z);
    free(zeros);
    free(packed);
    read_maker(AS_KIND_PNG, &m);
    assert_int_equal(as_kvs_find(&kvs, "png.bomb")->len, AS_KV_MAX);
    assert_string_equal(value_of("png.parameters"), "caf\xC3\xA9, Steps: 20");
    assert_true(has_value("meta.broken", "compressed PNG text or profile too long"));
    assert_true(facts.flags & AS_FLAG_TRAILING);
}

static void test_jpeg_structure(void **state)
{
    static uint8_t dqt[65], scan[5000], dht[] = {0x00, 0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0,  0, 0,
                                                 0,    0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    static const uint8_t sof[] = {8, 0, 1, 0, 1, 1, 1, 0x22, 0};
    struct maker m = {0};

    (void)state;
    for (size_t i = 0; i < 64; i++)
        dqt[1 + i] = (uint8_t)(i + 1);
    for (size_t i = 0; i < sizeof scan; i++)
        scan[i] = (uint8_t)(i % 7 == 0 ? 0xFF : i % 7 == 1 ? (i % 2 ? 0 : 0xD0 + i % 8) : i | 1);
    put_be(&m, 0xFFD8, 2);
    put_segment(&m, 0xE0, "JFIF\0\1\2\1\0H\0H\0", 14, "", 0);
    put_segment(&m, 0xFE, "hello", 5, "", 0);
    put_segment(&m, 0xEE, "Adobe\0d\0\0\0\0\1", 12, "", 0);
    put_segment(&m, 0xDB, dqt, 65, "", 0);
    put_segment(&m, 0xC0, sof, sizeof sof, "", 0);
    put_segment(&m, 0xC4, dht, sizeof dht, "", 0);
    put_segment(&m, 0xDD, "\0\x10", 2, "", 0);
    put_segment(&m, 0xDA, "\1\1\0\0\x3F\0", 6, scan, sizeof scan);
    put_be(&m, 0xFFD9, 2);
    put(&m,
        "\0\0\0\x18"
        "ftypmp42....",
        16);
    read_maker(AS_KIND_JPEG, &m);
    assert_true(facts.is_jpeg && facts.jpeg.has_eoi && facts.jpeg.huff_standard);
    assert_int_equal(facts.jpeg.trailing_bytes, 16);
    assert_true(facts.flags & AS_FLAG_TRAILING);
    assert_string_equal(value_of("jpeg.trailing"), "16 bytes: MP4 or QuickTime");
    assert_string_equal(value_of("jpeg.comment"), "hello");
    assert_string_equal(value_of("jfif.Version"), "1.02");
    assert_int_equal(facts.jpeg.adobe_transform, 1);
    assert_int_equal(facts.jpeg.restart_interval, 16);
    assert_int_equal(facts.jpeg.scans, 1);
    assert_int_equal(facts.jpeg.huff_count, 1);
    assert_int_equal(facts.jpeg.qt_mask, 1);
    assert_int_equal(facts.jpeg.qt[0][0], 1); /* zigzag 0 */
    assert_int_equal(facts.jpeg.qt[0][1], 2); /* zigzag 1 */
    assert_int_equal(facts.jpeg.qt[0][8], 3); /* zigzag 2 */
    assert_int_equal(facts.jpeg.qt[0][63], 64);
    assert_int_equal(facts.jpeg.nmarkers, 10);
    assert_int_equal(facts.jpeg.marker[1].code, 0xE0);
    assert_int_equal(facts.jpeg.marker[1].len, 16);
    assert_string_equal(facts.jpeg.marker[1].id, "JFIF");
    assert_int_equal(facts.jpeg.marker[9].code, 0xD9);
    dht[28] = 12; /* no longer the standard table */
    put_be(&m, 0xFFD8, 2);
    put_segment(&m, 0xC4, dht, sizeof dht, "", 0);
    read_maker(AS_KIND_JPEG, &m);
    assert_false(facts.jpeg.huff_standard || facts.jpeg.has_eoi);
    assert_int_equal(facts.jpeg.trailing_bytes, 0);
    dht[28] = 11;
}

/* ICC, extended XMP and C2PA come in pieces; here out of order and incomplete. */
static void test_jpeg_pieces(void **state)
{
    const char *half[2] = {XMP_HEAD "<rdf:Description xmlns:d='urn:d' d:lo", "ng='yes'/>" XMP_TAIL};
    size_t total = strlen(half[0]) + strlen(half[1]);
    struct maker m = {0}, box = {0};

    (void)state;
    put_be(&m, 0xFFD8, 2);
    for (int i = 1; i >= 0; i--) {
        struct maker head = {0};
        put(&head, "http://ns.adobe.com/xmp/extension/", 35);
        put_text(&head, "0123456789ABCDEF0123456789ABCDEF");
        put_be(&head, total, 4);
        put_be(&head, i ? strlen(half[0]) : 0, 4);
        put_segment(&m, 0xE1, head.at, head.n, half[i], strlen(half[i]));
        free(head.at);
    }
    put_segment(&m, 0xE2, "ICC_PROFILE\0\2\3", 14, "abc", 3);
    put_be(&box, 0, 4); /* a box of which the second segment repeats the header */
    put_text(&box, "jumb");
    put_jumd(&box, "c2pa", "c2pa");
    put_segment(&m, 0xEB, "JP\0\1\0\0\0\1", 8, box.at, 20);
    put_segment(&m, 0xEB, "JP\0\1\0\0\0\2\0\0\0\0jumb", 16, box.at + 20, box.n - 20);
    free(box.at);
    put_be(&m, 0xFFD9, 2);
    read_maker(AS_KIND_JPEG, &m);
    assert_string_equal(value_of("xmp.d:long"), "yes");
    assert_string_equal(value_of("c2pa.present"), "yes");
    assert_true(has_value("meta.broken", "ICC segments missing"));
}

static void test_boxes(void **state)
{
    struct maker m = {0};

    (void)state;
    put_box(&m, 20, "ftyp");
    put_text(&m, "qt  ");
    put_be(&m, 0, 4);
    put_text(&m, "qt  ");
    put_box(&m, 8 + 108 + 8 + 18, "moov");
    put_box(&m, 108, "mvhd");
    put_be(&m, 0, 4);
    put_be(&m, 3000000000u, 4); /* 24107 days... of 1904: 1999-01-24 */
    put_be(&m, 0, 4);
    put_be(&m, 600, 4);
    put_be(&m, 1200, 4);
    put(&m, (uint8_t[80]){0}, 80);
    put_box(&m, 8 + 18, "udta");
    put_box(&m, 18,
            "\xA9"
            "nam");
    put(&m, "\0\6\0\0Title!", 10);
    put_box(&m, 0xFFFFFFFF, "mdat");
    read_maker(AS_KIND_MOV, &m);
    assert_string_equal(value_of("bmff.brands"), "qt   qt");
    assert_string_equal(value_of("bmff.boxes"), "ftyp moov mdat");
    assert_string_equal(value_of("bmff.created"), "1999:01:24 05:20:00");
    assert_string_equal(value_of("bmff.\xC2\xA9nam"), "Title!");
    for (int i = 0; i < 100000; i++) /* nested without end */
        put_box(&m, 0, "moov");
    read_maker(AS_KIND_MP4, &m);
    for (int i = 0; i < 100000; i++) /* empty without end */
        put_box(&m, 8, "free");
    read_maker(AS_KIND_MP4, &m);
    assert_true(as_kvs_find(&kvs, "bmff.boxes")->len <= 1024);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xmp_forms),
        cmocka_unit_test(test_xmp_hostile),
        cmocka_unit_test(test_exif_loops_and_lies),
        cmocka_unit_test(test_exif_values),
        cmocka_unit_test(test_jumbf_lengths),
        cmocka_unit_test(test_cbor),
        cmocka_unit_test(test_png_bomb),
        cmocka_unit_test(test_jpeg_structure),
        cmocka_unit_test(test_jpeg_pieces),
        cmocka_unit_test(test_boxes),
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
