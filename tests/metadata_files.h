/* metadata_files.h - what the metadata tests share: reading a file into entries and facts.
 *
 * The kind of a file is guessed by its magic here, so that these tests depend on
 * no other module.  Include after cmocka.h.                                  */
#ifndef METADATA_FILES_H
#define METADATA_FILES_H

#include "../pipeline/media/media.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct as_kvs kvs;
static struct as_facts facts;
static struct as_trust *trust; /* for as_metadata_read; NULL: no list */

static inline enum as_kind guess_kind(const uint8_t *p, size_t n)
{
    if (n < 12)
        return AS_KIND_UNKNOWN;
    if (memcmp(p, "\xFF\xD8", 2) == 0)
        return AS_KIND_JPEG;
    if (memcmp(p, "\x89PNG", 4) == 0)
        return AS_KIND_PNG;
    if (memcmp(p, "GIF8", 4) == 0)
        return AS_KIND_GIF;
    if (memcmp(p, "RIFF", 4) == 0)
        return memcmp(p + 8, "WEBP", 4) == 0   ? AS_KIND_WEBP
               : memcmp(p + 8, "AVI ", 4) == 0 ? AS_KIND_AVI
                                               : AS_KIND_WAV;
    if (memcmp(p, "II*\0", 4) == 0 || memcmp(p, "MM\0*", 4) == 0 || memcmp(p, "II+\0", 4) == 0 ||
        memcmp(p, "MM\0+", 4) == 0)
        return AS_KIND_TIFF;
    if (memcmp(p, "8BPS", 4) == 0)
        return AS_KIND_PSD;
    if (memcmp(p + 4, "JXL ", 4) == 0)
        return AS_KIND_JPEGXL;
    if (memcmp(p + 4, "jP  ", 4) == 0)
        return AS_KIND_JPEG2000;
    if (memcmp(p + 4, "ftyp", 4) == 0)
        return memcmp(p + 8, "avif", 4) == 0                                   ? AS_KIND_AVIF
               : memcmp(p + 8, "qt  ", 4) == 0                                 ? AS_KIND_MOV
               : memcmp(p + 8, "hei", 3) == 0 || memcmp(p + 8, "mif1", 4) == 0 ? AS_KIND_HEIC
                                                                               : AS_KIND_MP4;
    if (memcmp(p + 4, "moov", 4) == 0 || memcmp(p + 4, "mdat", 4) == 0 ||
        memcmp(p + 4, "wide", 4) == 0 || memcmp(p + 4, "free", 4) == 0)
        return AS_KIND_MOV;
    return AS_KIND_UNKNOWN;
}

static inline uint8_t *load(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    uint8_t *p = NULL;
    long size;

    *n = 0;
    if (f == NULL)
        return NULL;
    if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0 &&
        (p = malloc((size_t)size + 1)) != NULL)
        *n = fread(p, 1, (size_t)size, f);
    fclose(f);
    return p;
}

static inline void read_memory(enum as_kind kind, const uint8_t *p, size_t n)
{
    struct as_input in = {.at = p, .fd = -1, .size = n};

    as_kvs_reset(&kvs);
    assert_int_equal(as_metadata_read(kind, &in, trust, &kvs, &facts, NULL), AS_OK);
}

static inline const char *value_of(const char *key)
{
    static char text[AS_KV_MAX + 1];
    const struct as_text *v = as_kvs_find(&kvs, key);

    if (v == NULL)
        return "(none)";
    memcpy(text, v->at, v->len);
    text[v->len] = '\0';
    return text;
}

static inline bool has_value(const char *key, const char *value)
{
    for (size_t i = 0; i < kvs.n; i++)
        if (kvs.at[i].key.len == strlen(key) && memcmp(kvs.at[i].key.at, key, strlen(key)) == 0 &&
            kvs.at[i].value.len == strlen(value) &&
            memcmp(kvs.at[i].value.at, value, strlen(value)) == 0)
            return true;
    return false;
}

#endif
