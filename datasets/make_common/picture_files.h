/* picture_files.h - JPEG and PNG files of pictures. */
#ifndef AS_PICTURE_FILES_H
#define AS_PICTURE_FILES_H

#include "invent.h"

/* A JPEG file; all zero: baseline, quality 75, 4:4:4, JFIF. */
struct as_jpeg_how {
    int quality; /* 1..100; 0: 75                                   */
    int hs, vs;  /* luma sampling; 0: 1                             */
    bool progressive, optimize, arithmetic;
    unsigned restart;           /* interval in MCUs; 0: none                       */
    bool adobe_rgb;             /* RGB without a colour transform, Adobe marker    */
    bool cmyk;                  /* as Adobe stores it: inverted                    */
    const struct as_blob *exif; /* APP1 payload, "Exif\0\0" first            */
    const char *xmp;            /* XMP packet                                */
    const struct as_blob *iptc; /* APP13 payload, "Photoshop 3.0\0" first    */
    const char *comment;
};

struct as_blob as_jpeg_write(const struct as_image *im, const struct as_jpeg_how *how);
/* The picture of a JPEG file, as RGB or gray. */
struct as_image as_jpeg_read(const struct as_blob *file);

struct as_png_how {
    bool sixteen, interlaced, palette;
    /* tEXt entries: key, value, ..., NULL; a key with a leading '*' is zTXt, '+' iTXt */
    const char *const *text;
};

struct as_blob as_png_write(const struct as_image *im, const struct as_png_how *how);

#endif
