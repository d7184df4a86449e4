/* set_other.c - videos, sound, documents, and files that are nothing. */
#include "sets.h"

#include <string.h>

static void put(struct as_thing *to, const char *name, struct as_blob file, uint16_t kind,
                int reason)
{
    as_thing_file(to, name, &file, kind, reason);
}

static struct as_blob text(const char *words)
{
    struct as_blob b = {0};

    as_blob_put(&b, words, strlen(words));
    return b;
}

static void videos(struct as_maker *m)
{
    struct as_thing *to = as_thing_folder(m->root, "video");
    struct as_image im = as_new_image(m, 320, 240);

    put(to, "clip.mp4", as_video_write(&im, "mp4", 25, 160, 128), MK_MP4, AS_REASON_DESCRIBED);
    put(to, "clip.avi", as_video_write(&im, "avi", 10, 160, 128), MK_AVI, AS_REASON_DESCRIBED);
    as_image_free(&im);
}

/* A second of a triangle wave. */
static struct as_blob wave(void)
{
    struct as_blob b = {0};
    uint32_t rate = 8000;

    as_blob_put(&b, "RIFF", 4);
    as_blob_le(&b, 36 + rate, 4);
    as_blob_put(&b, "WAVEfmt ", 8);
    as_blob_le(&b, 16, 4);
    as_blob_le(&b, 1, 2); /* PCM */
    as_blob_le(&b, 1, 2);
    as_blob_le(&b, rate, 4);
    as_blob_le(&b, rate, 4);
    as_blob_le(&b, 1, 2);
    as_blob_le(&b, 8, 2);
    as_blob_put(&b, "data", 4);
    as_blob_le(&b, rate, 4);
    for (uint32_t i = 0; i < rate; i++)
        as_blob_le(&b, i % 40 < 20 ? 100 + i % 40 * 2 : 180 - i % 40 * 2, 1);
    return b;
}

static struct as_blob pdf(void)
{
    struct as_blob b = {0};
    size_t xref;

    as_blob_text(&b, "%%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
                     "2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n");
    xref = b.n;
    as_blob_text(&b,
                 "xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000058 00000 n \n"
                 "trailer\n<< /Size 3 /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n",
                 xref);
    return b;
}

static struct as_blob pnm(struct as_maker *m)
{
    struct as_image im = as_new_image(m, 64, 48);
    struct as_blob b = {0};

    as_blob_text(&b, "P6\n64 48\n255\n");
    as_blob_put(&b, im.at, 64 * 48 * 3);
    as_image_free(&im);
    return b;
}

static void documents(struct as_maker *m)
{
    struct as_thing *to = as_thing_folder(m->root, "documents");
    struct as_blob b = {0};

    as_add_text(m, to, "notes.txt");
    put(to, "paper.pdf", pdf(), MK_PDF, AS_REASON_DOCUMENT);
    put(to, "page.html",
        text("<!DOCTYPE html>\n<html><head><title>t</title></head><body>p</body></html>\n"),
        MK_HTML, AS_REASON_DOCUMENT);
    put(to, "data.xml", text("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<list><one/></list>\n"),
        MK_XML, AS_REASON_DOCUMENT);
    put(to, "letter.rtf", text("{\\rtf1\\ansi\\deff0 {\\fonttbl {\\f0 Serif;}} A letter.}"), MK_RTF,
        AS_REASON_DOCUMENT);
    put(to, "drawing.svg",
        text("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><rect/></svg>\n"),
        MK_SVG, AS_REASON_UNSUP_MEDIA);
    put(to, "picture.ppm", pnm(m), MK_PNM, AS_REASON_UNSUP_MEDIA);
    put(to, "tone.wav", wave(), MK_WAV, AS_REASON_AUDIO);
    put(to, "empty.dat", b, MK_EMPTY, AS_REASON_EMPTY);
}

static void nothing(struct as_maker *m)
{
    struct as_thing *to = as_thing_folder(m->root, "other");
    struct as_rng rng = {as_maker_seed(m)};
    struct as_blob b = {0};

    as_blob_put(&b, "\x97\x01", 2); /* the first bytes of nothing */
    as_rng_bytes(&rng, &b, 20000);
    put(to, "random.bin", b, MK_UNKNOWN, AS_REASON_OTHER);
    memset(&b, 0, sizeof b);
    as_blob_put(&b, "SQLite format 3\0\x10\0\1\1\0\x40\x20\x20", 24);
    as_blob_fill(&b, 0, 4096 - 24);
    put(to, "messages.db", b, MK_DATABASE, AS_REASON_OTHER);
    memset(&b, 0, sizeof b);
    as_blob_put(&b, "EVF\x09\x0d\x0a\xff\0\1\1\0\0\0", 13);
    as_rng_bytes(&rng, &b, 3000);
    put(to, "disk.E01", b, MK_EWF, AS_REASON_UNSUP_DISK);
    memset(&b, 0, sizeof b);
    as_blob_put(&b, "\xff\6\0\0sNaPpY", 10);
    as_rng_bytes(&rng, &b, 500);
    put(to, "stream.sz", b, MK_SNAPPY, AS_REASON_UNSUP_CONTAINER);
}

void as_set_other(struct as_maker *m)
{
    videos(m);
    documents(m);
    nothing(m);
}
