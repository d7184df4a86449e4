/* picture_c2pa.c - a C2PA manifest store as the segment of a JPEG file.
 *
 * Boxes as in the C2PA technical specification (JUMBF, ISO 19566-5): a store, a
 * manifest, its claim in CBOR.  Nothing is signed: a reader can tell that a
 * manifest is there and who claims to have made it, and that it is not valid. */
#include "pictures.h"

#include <string.h>

/* Appends the box `type` around `body`, which is freed. */
static void box(struct as_blob *to, const char *type, struct as_blob *body)
{
    as_blob_be(to, body->n + 8, 4);
    as_blob_put(to, type, 4);
    as_blob_put(to, body->at, body->n);
    as_blob_free(body);
}

/* A description box: 16 bytes of type that begin with four letters, and a label. */
static void describe(struct as_blob *to, const char *letters, const char *label)
{
    struct as_blob body = {0};

    as_blob_put(&body, letters, 4);
    as_blob_put(&body, "\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71", 12);
    as_blob_be(&body, 3, 1); /* requestable, labelled */
    as_blob_put(&body, label, strlen(label) + 1);
    box(to, "jumd", &body);
}

static void cbor_text(struct as_blob *to, const char *text)
{
    as_blob_be(to, 0x78, 1); /* text, length in one byte */
    as_blob_be(to, strlen(text), 1);
    as_blob_put(to, text, strlen(text));
}

static struct as_blob claim(const char *generator)
{
    struct as_blob b = {0};

    as_blob_be(&b, 0xa4, 1); /* a map of four */
    cbor_text(&b, "alg");
    cbor_text(&b, "sha256");
    cbor_text(&b, "dc:format");
    cbor_text(&b, "image/jpeg");
    cbor_text(&b, "claim_generator");
    cbor_text(&b, generator);
    cbor_text(&b, "instanceID");
    cbor_text(&b, "xmp:iid:00000000-0000-4000-8000-000000000001");
    return b;
}

struct as_blob as_c2pa_write(const char *generator)
{
    struct as_blob store = {0}, manifest = {0}, claims = {0}, cbor = claim(generator), out = {0};
    struct as_blob body = {0};

    describe(&claims, "c2cl", "c2pa.claim");
    box(&claims, "cbor", &cbor);
    describe(&manifest, "c2ma", "urn:uuid:00000000-0000-4000-8000-000000000002");
    box(&manifest, "jumb", &claims);
    describe(&store, "c2pa", "c2pa");
    box(&store, "jumb", &manifest);
    as_blob_put(&body, "JP\0\1\0\0\0\1", 8); /* the first and only packet of box 1 */
    box(&body, "jumb", &store);
    as_blob_be(&out, 0xffeb, 2);
    as_blob_be(&out, body.n + 2, 2);
    as_blob_put(&out, body.at, body.n);
    as_blob_free(&body);
    return out;
}
