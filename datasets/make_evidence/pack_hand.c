/* pack_hand.c - zip and tar written field by field, so that fields can lie. */
#include "pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum { DOS_TIME = 0x6000, DOS_DATE = 0x5861 }; /* 2024-03-01 12:00:00 */

/* From the version needed to the length of the extra field: the same in both headers. */
static void zip_common(struct as_blob *b, const struct as_zip_entry *e, const char *name)
{
    as_blob_le(b, 20, 2);
    as_blob_le(b, e->flags, 2);
    as_blob_le(b, e->method, 2);
    as_blob_le(b, DOS_TIME, 2);
    as_blob_le(b, DOS_DATE, 2);
    as_blob_le(b, e->crc, 4);
    as_blob_le(b, e->stored->n, 4);
    as_blob_le(b, e->size, 4);
    as_blob_le(b, strlen(name), 2);
    as_blob_le(b, 0, 2);
}

void as_zip_entry(struct as_zip *zip, const struct as_zip_entry *e)
{
    const char *central = e->central_name ? e->central_name : e->local_name;
    uint64_t offset = zip->body.n;

    as_blob_le(&zip->body, 0x04034b50, 4);
    zip_common(&zip->body, e, e->local_name);
    as_blob_put(&zip->body, e->local_name, strlen(e->local_name));
    as_blob_put(&zip->body, e->stored->at, e->stored->n);
    as_blob_le(&zip->central, 0x02014b50, 4);
    as_blob_le(&zip->central, 0x0314, 2); /* made on Unix */
    zip_common(&zip->central, e, central);
    as_blob_le(&zip->central, 0, 2); /* comment       */
    as_blob_le(&zip->central, 0, 2); /* disk          */
    as_blob_le(&zip->central, 0, 2); /* internal      */
    as_blob_le(&zip->central, 0100644u << 16, 4);
    as_blob_le(&zip->central, offset, 4);
    as_blob_put(&zip->central, central, strlen(central));
    zip->count++;
}

void as_zip_store(struct as_zip *zip, const char *name, const struct as_blob *data)
{
    struct as_zip_entry e = {name, NULL, 0, 0, 0, data->n, data};

    e.crc = (uint32_t)crc32(0, data->at, (uInt)data->n);
    as_zip_entry(zip, &e);
}

struct as_blob as_zip_end(struct as_zip *zip)
{
    struct as_blob out = zip->body;
    uint64_t offset = out.n;

    as_blob_put(&out, zip->central.at, zip->central.n);
    as_blob_le(&out, 0x06054b50, 4);
    as_blob_le(&out, 0, 4);
    as_blob_le(&out, zip->count, 2);
    as_blob_le(&out, zip->count, 2);
    as_blob_le(&out, zip->central.n, 4);
    as_blob_le(&out, offset, 4);
    as_blob_le(&out, 0, 2);
    as_blob_free(&zip->central);
    memset(zip, 0, sizeof *zip);
    return out;
}

/* A size of eleven octal digits, or of base 256 where it is too large. */
static void tar_size(uint8_t field[12], uint64_t size)
{
    if (size < (uint64_t)1 << 33) {
        snprintf((char *)field, 12, "%011llo", (unsigned long long)size);
        return;
    }
    memset(field, 0, 12);
    field[0] = 0x80;
    for (int i = 0; i < 8; i++)
        field[11 - i] = (uint8_t)(size >> (8 * i));
}

void as_tar_header(struct as_blob *tar, const char *name, uint64_t size, char type,
                   const char *link)
{
    uint8_t h[512] = {0};
    unsigned sum = 0;

    if (strlen(name) > 100)
        as_die("a name is too long for a ustar header");
    memcpy(h, name, strlen(name));
    memcpy(h + 100, "0000644", 8);
    memcpy(h + 108, "0000000", 8);
    memcpy(h + 116, "0000000", 8);
    tar_size(h + 124, size);
    snprintf((char *)h + 136, 12, "%011lo", (unsigned long)AS_MAKER_TIME);
    memset(h + 148, ' ', 8);
    h[156] = (uint8_t)type;
    if (link)
        memcpy(h + 157, link, strlen(link));
    memcpy(h + 257,
           "ustar\0"
           "00",
           8);
    for (size_t i = 0; i < sizeof h; i++)
        sum += h[i];
    snprintf((char *)h + 148, 8, "%06o", sum);
    as_blob_put(tar, h, sizeof h);
}

void as_tar_file(struct as_blob *tar, const char *name, const struct as_blob *data)
{
    as_tar_header(tar, name, data->n, '0', NULL);
    as_blob_put(tar, data->at, data->n);
    as_blob_fill(tar, 0, (512 - data->n % 512) % 512);
}

void as_tar_end(struct as_blob *tar)
{
    as_blob_fill(tar, 0, 1024);
}
