/* set_hostile.c - files made to harm whoever opens them.
 *
 *   1 bombs   2 pictures   3 names and links in archives   4 lies
 */
#include "sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

/* 1. bombs */

/* An entry that a ratio limit must stop; its container may say so as well. */
static void bomb(struct as_thing *t, const char *name, const char *note)
{
    struct as_blob none = {0};
    struct as_thing *in = as_thing_file(t, name, &none, MK_UNKNOWN, AS_REASON_LIMIT_RATIO);

    in->or_kind = MK_TEXT;
    in->apart = true;
    as_accept(t, "not_applicable|limit");
    as_thing_note(t, "%s", note);
}

static void zip_bomb(struct as_thing *to)
{
    struct as_zip zip = {0};
    uint32_t crc;
    struct as_blob packed = as_deflated_zeros(400, &crc), file;
    struct as_zip_entry e = {"zeros.bin", NULL, 8, 0, crc, 400u << 20, &packed};

    as_zip_entry(&zip, &e);
    file = as_zip_end(&zip);
    bomb(as_thing_file(to, "zeros.zip", &file, MK_ZIP, AS_REASON_CONTAINER), "zeros.bin",
         "400 MiB of zeros");
    as_blob_free(&packed);
}

static struct as_blob gzip_zeros(uint32_t mib)
{
    uint32_t crc;
    struct as_blob packed = as_deflated_zeros(mib, &crc), file = {0};

    as_blob_put(&file, "\x1f\x8b\x08\0\0\0\0\0\2\3", 10);
    as_blob_put(&file, packed.at, packed.n);
    as_blob_le(&file, crc, 4);
    as_blob_le(&file, (uint64_t)mib << 20, 4);
    as_blob_free(&packed);
    return file;
}

static void bombs(struct as_thing *to)
{
    struct as_blob file = gzip_zeros(300), outer;
    struct as_thing list = {0};
    struct as_pack_how zstd = {.format = "raw", .filter = "zstd"};

    zip_bomb(to);
    outer = as_gzip(&file);
    bomb(as_thing_file(to, "zeros.gz.gz", &outer, MK_COMPRESSED, AS_REASON_CONTAINER), "?",
         "300 MiB of zeros, twice compressed");
    as_blob_free(&file);
    file = gzip_zeros(200);
    bomb(as_thing_file(to, "zeros.gz", &file, MK_COMPRESSED, AS_REASON_CONTAINER), "?",
         "200 MiB of zeros");
    as_blob_fill(&file, 0, 48u << 20);
    as_thing_file(&list, "?", &file, MK_UNKNOWN, AS_REASON_CONTAINER);
    file = as_pack(&list, &zstd);
    as_thing_free(list.inside);
    bomb(as_thing_file(to, "zeros.zst", &file, MK_COMPRESSED, AS_REASON_CONTAINER), "?",
         "48 MiB of zeros");
}

static void many_entries(struct as_maker *m, struct as_thing *to)
{
    struct as_thing *t;
    struct as_zip zip = {0};
    struct as_blob file;
    char name[40];

    t = as_thing_file(to, "many.zip", &(struct as_blob){0}, MK_ZIP, AS_REASON_CONTAINER);
    for (uint32_t i = 0; i < 3000; i++) {
        struct as_blob b = {0};
        snprintf(name, sizeof name, "many/%04u.txt", i);
        as_blob_text(&b, "entry %u of %016llx\n", i, (unsigned long long)m->seed);
        as_zip_store(&zip, name, &b);
        as_thing_file(t, name, &b, MK_TEXT, AS_REASON_TEXT);
    }
    file = as_zip_end(&zip);
    t->data = file;
}

/* 2. pictures */

static void png_chunk(struct as_blob *png, const char *type, const struct as_blob *data)
{
    uint32_t crc = (uint32_t)crc32(crc32(0, (const Bytef *)type, 4), data->at, (uInt)data->n);

    as_blob_be(png, data->n, 4);
    as_blob_put(png, type, 4);
    as_blob_put(png, data->at, data->n);
    as_blob_be(png, crc, 4);
}

/* A gray PNG of one bit: header, `data` as its IDAT, end. */
static struct as_blob png_of(uint32_t w, uint32_t h, const struct as_blob *data)
{
    struct as_blob png = {0}, head = {0}, none = {0};

    as_blob_put(&png, "\x89PNG\r\n\x1a\n", 8);
    as_blob_be(&head, w, 4);
    as_blob_be(&head, h, 4);
    as_blob_put(&head, "\1\0\0\0\0", 5);
    png_chunk(&png, "IHDR", &head);
    png_chunk(&png, "IDAT", data);
    png_chunk(&png, "IEND", &none);
    as_blob_free(&head);
    return png;
}

/* 30,000 x 30,000: once all there, once only claimed. */
static void huge_png(struct as_thing *to)
{
    enum { SIDE = 30000, STRIDE = 1 + SIDE / 8 };
    uint64_t raw = (uint64_t)STRIDE * SIDE, done = 0;
    uint8_t *zeros = as_alloc(1 << 20, 1), *out = as_alloc(1 << 20, 1);
    struct as_blob data = {0}, file;
    z_stream z;

    memset(&z, 0, sizeof z);
    if (deflateInit(&z, 6) != Z_OK)
        as_die("deflate does not start");
    while (done < raw) {
        uint64_t n = raw - done < 1 << 20 ? raw - done : 1 << 20;
        z.next_in = zeros;
        z.avail_in = (uInt)n;
        z.next_out = out;
        z.avail_out = 1 << 20;
        done += n;
        deflate(&z, done == raw ? Z_FINISH : Z_NO_FLUSH);
        as_blob_put(&data, out, (1 << 20) - z.avail_out);
    }
    deflateEnd(&z);
    file = png_of(SIDE, SIDE, &data);
    as_thing_file(to, "30000x30000.png", &file, MK_PNG, AS_REASON_STRIPS_ONLY)->flags =
        AS_FLAG_STRIPS;
    data.n = 60;
    file = png_of(SIDE, SIDE, &data);
    as_accept(as_thing_file(to, "claims_30000x30000.png", &file, MK_PNG, AS_REASON_NONE),
              "ok|damaged");
    as_blob_free(&data);
    free(zeros);
    free(out);
}

static struct as_blob segment(uint8_t marker, const char *head, size_t head_len,
                              const struct as_blob *body)
{
    struct as_blob s = {0};

    as_blob_be(&s, 0xff00u | marker, 2);
    as_blob_be(&s, 2 + head_len + body->n, 2);
    as_blob_put(&s, head, head_len);
    as_blob_put(&s, body->at, body->n);
    return s;
}

/* A sound JPEG with `extra` after SOI. */
static void jpeg_with(struct as_maker *m, struct as_thing *to, const char *name,
                      struct as_blob *extra, const char *note)
{
    struct as_blob jpeg = as_new_jpeg(m), file = as_blob_splice(&jpeg, 2, extra);

    as_thing_note(as_thing_file(to, name, &file, MK_JPEG, AS_REASON_NONE), "%s", note);
    as_blob_free(&jpeg);
    as_blob_free(extra);
}

static struct as_blob xml_bomb(void)
{
    struct as_blob b = {0};

    as_blob_text(&b, "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"laugh\">");
    for (char c = 'b'; c <= 'k'; c++)
        as_blob_text(&b, "<!ENTITY %c \"&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;\">", c, c - 1,
                     c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
    as_blob_text(&b, "]><x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3"
                     ".org/1999/02/22-rdf-syntax-ns#\"><rdf:Description xmlns:dc=\"http://purl.org"
                     "/dc/elements/1.1/\" dc:source=\"&k;\"/></rdf:RDF></x:xmpmeta>");
    return b;
}

/* IFD 0 points at itself, twice: as the EXIF IFD and as the next one. */
static struct as_blob ifd_loop(void)
{
    struct as_blob b = {0};

    as_blob_put(&b, "II*\0\x08\0\0\0", 8);
    as_blob_le(&b, 1, 2);
    as_blob_le(&b, 0x8769, 2);
    as_blob_le(&b, 4, 2);
    as_blob_le(&b, 1, 4);
    as_blob_le(&b, 8, 4);
    as_blob_le(&b, 8, 4);
    return b;
}

static void pictures(struct as_maker *m, struct as_thing *to)
{
    struct as_blob body = xml_bomb(),
                   extra = segment(0xe1, "http://ns.adobe.com/xap/1.0/", 29, &body);
    struct as_zip zip = {0};

    jpeg_with(m, to, "xmp_bomb.jpg", &extra, "XMP with entities that grow to 5 10^10 bytes");
    as_blob_free(&body);
    body = ifd_loop();
    extra = segment(0xe1, "Exif\0", 6, &body);
    jpeg_with(m, to, "exif_loop.jpg", &extra, "an EXIF directory that points at itself");
    as_blob_free(&body);
    for (uint32_t i = 0; i < 65000; i++)
        as_blob_put(&extra, "\xff\xfe\0\3x", 5);
    jpeg_with(m, to, "comments.jpg", &extra, "65,000 comments");
    body = as_new_text(m);
    as_zip_store(&zip, "hidden.txt", &body);
    extra = as_zip_end(&zip);
    as_blob_free(&body);
    body = as_new_jpeg(m);
    as_blob_put(&body, extra.at, extra.n);
    as_thing_file(to, "polyglot.jpg", &body, MK_JPEG, AS_REASON_NONE)->more = true;
    to->last->flags = AS_FLAG_TRAILING;
    as_thing_note(to->last, "a zip follows the picture");
    as_blob_free(&extra);
    huge_png(to);
}

/* 3. names and links in archives */

static const struct {
    const char *name;
    uint32_t flags;
} NAMES[] = {
    {"../../../etc/cron.d/evil", AS_FLAG_TRAVERSAL},
    {"/etc/shadow", AS_FLAG_ABSOLUTE},
    {"a/../../b.txt", AS_FLAG_TRAVERSAL},
    {"plain.txt", 0},
};

static void names(struct as_maker *m, struct as_thing *to)
{
    struct as_thing *zip_t, *tar_t;
    struct as_blob zip_file, tar = {0};
    struct as_zip zip = {0};

    zip_t = as_thing_file(to, "names.zip", &(struct as_blob){0}, MK_ZIP, AS_REASON_CONTAINER);
    tar_t = as_thing_file(to, "names.tar", &(struct as_blob){0}, MK_TAR, AS_REASON_CONTAINER);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        struct as_thing *t = as_add_text(m, zip_t, NAMES[i].name);
        as_zip_store(&zip, t->name, &t->data);
        t->flags = NAMES[i].flags;
        t = as_add_text(m, tar_t, NAMES[i].name);
        as_tar_file(&tar, t->name, &t->data);
        t->flags = NAMES[i].flags;
    }
    zip_file = as_zip_end(&zip);
    zip_t->data = zip_file;
    as_tar_end(&tar);
    tar_t->data = tar;
}

static void links(struct as_maker *m, struct as_thing *to)
{
    struct as_thing *t =
        as_thing_file(to, "links.tar", &(struct as_blob){0}, MK_TAR, AS_REASON_CONTAINER);
    struct as_thing *first = as_add_jpeg(m, t, "first.jpg");
    struct as_blob tar = {0};

    as_tar_file(&tar, "first.jpg", &first->data);
    as_tar_header(&tar, "second.jpg", 0, '1', "first.jpg");
    as_thing_link(t, "second.jpg", AS_HARD, "first.jpg");
    as_tar_header(&tar, "passwords", 0, '2', "/etc/passwd");
    as_thing_link(t, "passwords", AS_LINK, "/etc/passwd");
    as_tar_header(&tar, "pipe", 0, '6', NULL);
    as_thing_link(t, "pipe", AS_FIFO, NULL);
    as_tar_header(&tar, "disk", 0, '4', NULL);
    as_thing_link(t, "disk", AS_FIFO, NULL);
    as_tar_end(&tar);
    t->data = tar;
}

/* A name of 70,000 bytes: it is cut, its bytes are examined as any others. */
static void vast_name(struct as_maker *m, struct as_thing *to)
{
    enum { LONG = 70000 };
    struct as_thing list = {0};
    struct as_pack_how how = {.format = "pax"};
    char *name = as_alloc(LONG + 1, 1);

    memset(name, 'n', LONG);
    as_add_text(m, &list, name);
    as_pack_into(to, "vast_name.tar", MK_TAR, &list, &how);
    memcpy(to->last->inside->name, "?", 2);
    free(name);
}

/* 4. lies */

static void huge_claim(struct as_maker *m, struct as_thing *to, const char *name, uint64_t claim)
{
    struct as_thing *t =
        as_thing_file(to, name, &(struct as_blob){0}, MK_TAR, AS_REASON_CONTAINER_DAMAGED);
    struct as_thing *first = as_add_jpeg(m, t, "before.jpg"), *liar;
    struct as_blob tar = {0};

    as_tar_file(&tar, "before.jpg", &first->data);
    as_tar_header(&tar, "vast.bin", claim, '0', NULL);
    as_blob_fill(&tar, 'x', 3000);
    t->data = tar;
    as_accept(t, "damaged|not_applicable");
    liar = as_thing_file(t, "vast.bin", &(struct as_blob){0}, MK_UNKNOWN, AS_REASON_NONE);
    liar->or_kind = MK_TEXT;
    liar->apart = true;
    as_accept(liar, "damaged|limit");
    as_thing_note(liar, "claims %llu bytes, has 3000", (unsigned long long)claim);
}

static void disagreements(struct as_maker *m, struct as_thing *to)
{
    struct as_thing *t =
        as_thing_file(to, "disagree.zip", &(struct as_blob){0}, MK_ZIP, AS_REASON_CONTAINER);
    struct as_zip zip = {0};
    struct as_blob jpeg = as_new_jpeg(m), text = as_new_text(m);
    struct as_zip_entry e = {"local.jpg", "central.txt", 0, 0, 0, jpeg.n, &jpeg};

    e.crc = (uint32_t)crc32(0, jpeg.at, (uInt)jpeg.n);
    as_zip_entry(&zip, &e);
    as_zip_store(&zip, "twice.txt", &text);
    as_thing_file(t, "?", &jpeg, MK_JPEG, AS_REASON_NONE)->flags = AS_FLAG_DISAGREES;
    as_accept(t->last, "ok|damaged");
    as_thing_note(t->last, "local.jpg in its local header, central.txt in the directory");
    as_thing_file(t, "twice.txt", &text, MK_TEXT, AS_REASON_TEXT);
    text = as_new_text(m);
    as_zip_store(&zip, "twice.txt", &text);
    as_thing_file(t, "twice.txt", &text, MK_TEXT, AS_REASON_TEXT);
    text = as_zip_end(&zip);
    t->data = text;
}

/* The end record says that this is the second of two volumes. */
static void volume(struct as_maker *m, struct as_thing *to)
{
    struct as_zip zip = {0};
    struct as_blob text = as_new_text(m), file;

    as_zip_store(&zip, "part.txt", &text);
    file = as_zip_end(&zip);
    file.at[file.n - 18] = 1;
    as_thing_file(to, "volume.zip", &file, MK_ZIP, AS_REASON_MULTI_VOLUME)->more = true;
    as_blob_free(&text);
}

static void strange_method(struct as_maker *m, struct as_thing *to)
{
    struct as_thing *t =
        as_thing_file(to, "method.zip", &(struct as_blob){0}, MK_ZIP, AS_REASON_CONTAINER);
    struct as_zip zip = {0};
    struct as_blob text = as_new_text(m);
    struct as_zip_entry e = {"imploded.txt", NULL, 6, 0, 12345, 2 * text.n, &text};

    as_zip_entry(&zip, &e);
    as_thing_file(t, "imploded.txt", &text, MK_UNKNOWN, AS_REASON_UNSUP_METHOD)->apart = true;
    t->data = as_zip_end(&zip);
}

void as_set_hostile(struct as_maker *m)
{
    struct as_thing *to = as_thing_folder(m->root, "hostile");

    bombs(to);
    many_entries(m, to);
    pictures(m, to);
    names(m, to);
    links(m, to);
    huge_claim(m, to, "claims_8GB.tar", (uint64_t)8 << 30);
    huge_claim(m, to, "claims_1TB.tar", (uint64_t)1 << 40);
    disagreements(m, to);
    strange_method(m, to);
    volume(m, to);
    vast_name(m, to);
}
