/* guess_kind.h - the kind of a test file by its magic, so that the metadata tests
 * depend on no other module.                                                 */
#ifndef GUESS_KIND_H
#define GUESS_KIND_H

#include "../pipeline/media/sniff.h"

#include <string.h>

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

#endif
