/* pictures.h - pictures as files, and what else lies in them: one writer per format. */
#ifndef AS_PICTURES_H
#define AS_PICTURES_H

#include "../make_common/picture_files.h"
#include "maker.h"

/* What an EXIF block says. */
struct as_exif_how {
    const char *make, *model, *software, *date; /* "2024:02:11 10:20:30"; NULL: left out */
    uint32_t w, h;                              /* as claimed; 0: left out */
    bool gps;
    const struct as_blob *thumb; /* a JPEG; NULL: none      */
};

/* An APP1 payload. */
struct as_blob as_exif_write(const struct as_exif_how *how);
/* An APP13 payload with caption, credit and by-line. */
struct as_blob as_iptc_write(const char *caption, const char *credit);
/* An XMP packet that declares a source type (an IPTC URI's last part) and a tool;
 * static storage, valid until the next call.                                     */
const char *as_xmp_write(const char *source_type, const char *tool);

/* An APP11 segment, marker and all, with a C2PA manifest store that nobody signed. */
struct as_blob as_c2pa_write(const char *generator);

/* `frames` pictures of one size; 256 fixed colours. */
struct as_blob as_gif_write(const struct as_image *im, unsigned frames);
struct as_blob as_bmp_write(const struct as_image *im); /* 24 bits, or 8 with a gray palette */

enum as_tiff_pack { AS_TIFF_NONE, AS_TIFF_LZW, AS_TIFF_DEFLATE };
struct as_blob as_tiff_write(const struct as_image *im, bool sixteen, enum as_tiff_pack pack);

/* quality < 0: lossless */
struct as_blob as_webp_write(const struct as_image *im, float quality);

/* HEIC, or AVIF; empty where the library has no such encoder. */
struct as_blob as_heif_write(const struct as_image *im, bool avif, int quality);

/* `frames` pictures moving over `im`, 25 a second: "mp4" (MPEG-4 part 2) or "avi" (MJPEG). */
struct as_blob as_video_write(const struct as_image *im, const char *format, unsigned frames,
                              uint32_t w, uint32_t h);

#endif
