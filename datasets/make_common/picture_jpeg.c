/* picture_jpeg.c - JPEG files of every sort that libjpeg can make. */
#include "picture_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

static void fail(j_common_ptr cinfo)
{
    char text[JMSG_LENGTH_MAX];

    cinfo->err->format_message(cinfo, text);
    as_die("JPEG: %s", text);
}

/* As Adobe stores CMYK: inverted, black taken out of the three inks. */
static void row_cmyk(const uint8_t *rgb, uint8_t *cmyk, uint32_t w)
{
    for (uint32_t x = 0; x < w; x++, rgb += 3, cmyk += 4) {
        unsigned top = rgb[0] > rgb[1] ? rgb[0] : rgb[1];
        top = top > rgb[2] ? top : rgb[2];
        for (int k = 0; k < 3; k++)
            cmyk[k] = top ? (uint8_t)(rgb[k] * 255u / top) : 255;
        cmyk[3] = (uint8_t)top;
    }
}

static void set_colours(struct jpeg_compress_struct *c, const struct as_image *im,
                        const struct as_jpeg_how *how)
{
    c->image_width = im->w;
    c->image_height = im->h;
    c->input_components = how->cmyk ? 4 : (int)im->c;
    c->in_color_space = how->cmyk ? JCS_CMYK : im->c == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(c);
    if (how->adobe_rgb)
        jpeg_set_colorspace(c, JCS_RGB);
    if (how->cmyk)
        jpeg_set_colorspace(c, JCS_YCCK);
    c->comp_info[0].h_samp_factor = how->hs ? how->hs : 1;
    c->comp_info[0].v_samp_factor = how->vs ? how->vs : 1;
    if (how->cmyk) {
        c->comp_info[3].h_samp_factor = c->comp_info[0].h_samp_factor;
        c->comp_info[3].v_samp_factor = c->comp_info[0].v_samp_factor;
    }
}

static void write_markers(struct jpeg_compress_struct *c, const struct as_jpeg_how *how)
{
    if (how->exif)
        jpeg_write_marker(c, JPEG_APP0 + 1, how->exif->at, (unsigned)how->exif->n);
    if (how->xmp) {
        struct as_blob b = {0};
        as_blob_put(&b, "http://ns.adobe.com/xap/1.0/", 29);
        as_blob_put(&b, how->xmp, strlen(how->xmp));
        jpeg_write_marker(c, JPEG_APP0 + 1, b.at, (unsigned)b.n);
        as_blob_free(&b);
    }
    if (how->iptc)
        jpeg_write_marker(c, JPEG_APP0 + 13, how->iptc->at, (unsigned)how->iptc->n);
    if (how->comment)
        jpeg_write_marker(c, JPEG_COM, (const JOCTET *)how->comment,
                          (unsigned)strlen(how->comment));
}

static void write_rows(struct jpeg_compress_struct *c, const struct as_image *im, bool cmyk)
{
    uint8_t *ink = cmyk ? as_alloc(im->w, 4) : NULL;

    while (c->next_scanline < c->image_height) {
        uint8_t *row = im->at + (size_t)c->next_scanline * im->w * im->c;
        if (cmyk) {
            row_cmyk(row, ink, im->w);
            row = ink;
        }
        jpeg_write_scanlines(c, &row, 1);
    }
    free(ink);
}

struct as_blob as_jpeg_write(const struct as_image *im, const struct as_jpeg_how *how)
{
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr err;
    struct as_blob out = {0};
    unsigned char *at = NULL;
    unsigned long n = 0;

    c.err = jpeg_std_error(&err);
    err.error_exit = fail;
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &at, &n);
    set_colours(&c, im, how);
    jpeg_set_quality(&c, how->quality ? how->quality : 75, TRUE);
    c.dct_method = JDCT_ISLOW;
    c.optimize_coding = how->optimize;
    c.arith_code = how->arithmetic;
    c.restart_interval = how->restart;
    if (how->exif)
        c.write_JFIF_header = FALSE;
    if (how->progressive)
        jpeg_simple_progression(&c);
    jpeg_start_compress(&c, TRUE);
    write_markers(&c, how);
    write_rows(&c, im, how->cmyk);
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    as_blob_put(&out, at, n);
    free(at);
    return out;
}

struct as_image as_jpeg_read(const struct as_blob *file)
{
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr err;
    struct as_image im;

    d.err = jpeg_std_error(&err);
    err.error_exit = fail;
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, file->at, (unsigned long)file->n);
    jpeg_read_header(&d, TRUE);
    d.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&d);
    im = as_image_new(d.output_width, d.output_height, (uint32_t)d.output_components);
    while (d.output_scanline < d.output_height) {
        uint8_t *row = im.at + (size_t)d.output_scanline * im.w * im.c;
        jpeg_read_scanlines(&d, &row, 1);
    }
    jpeg_finish_decompress(&d);
    jpeg_destroy_decompress(&d);
    return im;
}
