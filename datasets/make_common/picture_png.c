/* picture_png.c - PNG files. */
#include "picture_files.h"

#include <stdlib.h>
#include <string.h>

#include <png.h>

static void fail(png_structp png, png_const_charp text)
{
    (void)png;
    as_die("PNG: %s", text);
}

static void warn(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void take(png_structp png, png_bytep bytes, png_size_t n)
{
    as_blob_put(png_get_io_ptr(png), bytes, n);
}

static void flush(png_structp png)
{
    (void)png;
}

/* The first letter of a key says which chunk: '*' zTXt, '+' iTXt, else tEXt. */
static void put_text(png_structp png, png_infop info, const char *const *text)
{
    for (; text && text[0]; text += 2) {
        png_text t;
        memset(&t, 0, sizeof t);
        t.compression = text[0][0] == '*'   ? PNG_TEXT_COMPRESSION_zTXt
                        : text[0][0] == '+' ? PNG_ITXT_COMPRESSION_NONE
                                            : PNG_TEXT_COMPRESSION_NONE;
        t.key = (png_charp)(uintptr_t)(text[0] + (text[0][0] == '*' || text[0][0] == '+'));
        t.text = (png_charp)(uintptr_t)text[1];
        t.text_length = strlen(text[1]);
        png_set_text(png, info, &t, 1);
    }
}

/* 6 x 6 x 6 colours; entries 0..3 are partly transparent. */
static void put_palette(png_structp png, png_infop info)
{
    png_color colours[216];
    png_byte alpha[4] = {0, 64, 128, 192};

    for (int i = 0; i < 216; i++) {
        colours[i].red = (png_byte)(i / 36 * 51);
        colours[i].green = (png_byte)(i / 6 % 6 * 51);
        colours[i].blue = (png_byte)(i % 6 * 51);
    }
    png_set_PLTE(png, info, colours, 216);
    png_set_tRNS(png, info, alpha, 4, NULL);
}

static void fill_row(const struct as_image *im, const struct as_png_how *how, uint32_t y,
                     uint8_t *row)
{
    const uint8_t *from = im->at + (size_t)y * im->w * im->c;

    for (size_t i = 0; i < (size_t)im->w * (how->palette ? 1 : im->c); i++)
        if (how->palette) {
            const uint8_t *p = from + i * im->c;
            row[i] = (uint8_t)((p[0] / 43) * 36 + (p[1] / 43) * 6 + p[2] / 43);
        } else if (how->sixteen) {
            row[2 * i] = from[i];
            row[2 * i + 1] = (uint8_t)(as_rng_mix(i * 65537 + y) >> 56);
        } else {
            row[i] = from[i];
        }
}

static void put_header(png_structp png, png_infop info, const struct as_image *im,
                       const struct as_png_how *how)
{
    int type = how->palette ? PNG_COLOR_TYPE_PALETTE
               : im->c == 1 ? PNG_COLOR_TYPE_GRAY
               : im->c == 4 ? PNG_COLOR_TYPE_RGB_ALPHA
                            : PNG_COLOR_TYPE_RGB;

    png_set_IHDR(png, info, im->w, im->h, how->sixteen ? 16 : 8, type,
                 how->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (how->palette)
        put_palette(png, info);
    put_text(png, info, how->text);
}

struct as_blob as_png_write(const struct as_image *im, const struct as_png_how *how)
{
    struct as_blob out = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, fail, warn);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    size_t stride = (size_t)im->w * im->c * (how->sixteen ? 2 : 1);
    uint8_t *all = as_alloc(im->h, stride);
    png_bytep *rows = as_alloc(im->h, sizeof *rows);

    if (!info)
        as_die("out of memory");
    png_set_write_fn(png, &out, take, flush);
    png_set_compression_level(png, 3); /* size matters little, time does */
    put_header(png, info, im, how);
    png_write_info(png, info);
    for (uint32_t y = 0; y < im->h; y++) {
        rows[y] = all + y * stride;
        fill_row(im, how, y, rows[y]);
    }
    png_write_image(png, rows);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    free(rows);
    free(all);
    return out;
}
