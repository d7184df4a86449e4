/* encode.c - pictures into files in memory: JPEG by libjpeg-turbo, PNG by libpng.
 *
 * Both libraries answer errors by a function that must not return: longjmp.  What changes between
 * setjmp and longjmp is kept in struct file, which is not a register variable.               */
#include "encode.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>
#include <png.h>

enum { PNG_SIDE_MAX = 1000000 /* libpng's own limit, also to those who read it */ };

struct file {
    const struct as_rgb8 *pic;
    uint8_t *to, *row;
    uint64_t cap, len;
    bool full;
    jmp_buf back;
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr jpeg_err;
    struct jpeg_destination_mgr jpeg_to;
};

static void fill_row(struct file *f, uint32_t y)
{
    const size_t at = (size_t)y * f->pic->w;

    for (uint32_t x = 0; x < f->pic->w; x++)
        for (int c = 0; c < 3; c++)
            f->row[3 * (size_t)x + (size_t)c] = f->pic->at[c][at + x];
}

/* ---- JPEG ---- */

static void jpeg_failed(j_common_ptr jpeg)
{
    longjmp(((struct file *)jpeg->client_data)->back, 1);
}

static void jpeg_silent(j_common_ptr jpeg)
{
    (void)jpeg;
}

static void jpeg_begin(j_compress_ptr jpeg)
{
    struct file *f = jpeg->client_data;

    f->jpeg_to.next_output_byte = f->to;
    f->jpeg_to.free_in_buffer = f->cap;
}

static boolean jpeg_full(j_compress_ptr jpeg)
{
    struct file *f = jpeg->client_data;

    f->full = true;
    longjmp(f->back, 1);
}

static void jpeg_end(j_compress_ptr jpeg)
{
    struct file *f = jpeg->client_data;

    f->len = f->cap - f->jpeg_to.free_in_buffer;
}

/* False: the library gave up. */
static bool write_jpeg(struct file *f, uint32_t quality)
{
    struct jpeg_compress_struct *j = &f->jpeg;

    j->err = jpeg_std_error(&f->jpeg_err);
    f->jpeg_err.error_exit = jpeg_failed;
    f->jpeg_err.output_message = jpeg_silent;
    j->client_data = f;
    if (setjmp(f->back)) {
        jpeg_destroy_compress(j);
        return false;
    }
    jpeg_create_compress(j);
    f->jpeg_to.init_destination = jpeg_begin;
    f->jpeg_to.empty_output_buffer = jpeg_full;
    f->jpeg_to.term_destination = jpeg_end;
    j->dest = &f->jpeg_to;
    j->image_width = f->pic->w;
    j->image_height = f->pic->h;
    j->input_components = 3;
    j->in_color_space = JCS_RGB;
    jpeg_set_defaults(j);
    jpeg_set_quality(j, (int)quality, TRUE);
    j->dct_method = JDCT_ISLOW;
    jpeg_start_compress(j, TRUE);
    while (j->next_scanline < j->image_height) {
        fill_row(f, j->next_scanline);
        (void)jpeg_write_scanlines(j, &f->row, 1);
    }
    jpeg_finish_compress(j);
    jpeg_destroy_compress(j);
    return true;
}

/* ---- PNG ---- */

static void png_failed(png_structp png, png_const_charp text)
{
    (void)text;
    png_longjmp(png, 1);
}

static void png_silent(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void png_put(png_structp png, png_bytep at, size_t n)
{
    struct file *f = png_get_io_ptr(png);

    if (n > f->cap - f->len) {
        f->full = true;
        png_error(png, "full");
    }
    memcpy(f->to + f->len, at, n);
    f->len += n;
}

static void png_flush_nothing(png_structp png)
{
    (void)png;
}

static void png_rows(struct file *f, png_structp png, png_infop info)
{
    png_set_write_fn(png, f, png_put, png_flush_nothing);
    png_set_IHDR(png, info, f->pic->w, f->pic->h, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, 0);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
    png_write_info(png, info);
    for (uint32_t y = 0; y < f->pic->h; y++) {
        fill_row(f, y);
        png_write_row(png, f->row);
    }
    png_write_end(png, info);
}

/* False: the library gave up. */
static bool write_png(struct file *f)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, f, png_failed, png_silent);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    volatile bool written = false;

    if (info && setjmp(png_jmpbuf(png)) == 0) {
        png_rows(f, png, info);
        written = true;
    }
    png_destroy_write_struct(&png, &info);
    return written;
}

enum as_status as_encode(const struct as_rgb8 *pic, uint32_t quality, uint8_t *to, uint64_t cap,
                         uint64_t *len, struct as_err *err)
{
    const uint32_t side = quality > 0 ? JPEG_MAX_DIMENSION : PNG_SIDE_MAX;
    enum as_status status = AS_OK;
    struct file *f = calloc(1, sizeof *f);

    *len = 0;
    if (f == NULL || (f->row = malloc(3 * (size_t)pic->w + 1)) == NULL)
        AS_FAIL_AS(err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory to encode a picture");
    f->pic = pic;
    f->to = to;
    f->cap = cap;
    if (pic->w > side || pic->h > side)
        AS_FAIL_AS(err, AS_ELIMIT, AS_REASON_LIMIT_FORMAT, "%u x %u pixels are too many for a %s",
                   pic->w, pic->h, quality > 0 ? "JPEG" : "PNG");
    if (!(quality > 0 ? write_jpeg(f, quality) : write_png(f))) {
        if (f->full)
            AS_FAIL_AS(err, AS_ELIMIT, AS_REASON_LIMIT_ITEM,
                       "the altered picture is larger than --max-item");
        AS_FAIL_AS(err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory to encode a picture");
    }
    *len = f->len;
done:
    if (f)
        free(f->row);
    free(f);
    return status;
}
