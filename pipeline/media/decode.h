/* decode.h - what the picture decoders share: scratch, and views built row by row.
 *
 * Internal to pipeline/media.  A decoder reads its header, tells the size by
 * as_job_size, says how its rows look by as_views_begin, hands each row over
 * once, from top to bottom, by as_views_row, and ends with as_views_end.  So no
 * decoder knows which views were asked for, and a picture of any height needs
 * no more than its views and a few rows.                                      */
#ifndef AS_DECODE_H
#define AS_DECODE_H

#include "media.h"

/* Scratch that only grows while pictures follow each other. */
struct as_block {
    void *at;
    size_t size;
};

/* How the samples of a row lie in memory. */
enum as_colour {
    AS_COLOUR_GRAY,
    AS_COLOUR_RGB,
    AS_COLOUR_BGR,
    AS_COLOUR_YCC,  /* as JPEG, 8 bit: luma is Y                             */
    AS_COLOUR_CMYK, /* as Adobe stores it in JPEG: the most means no ink     */
    AS_COLOUR_INK   /* CMYK with 0 for no ink                                */
};

struct as_rowfmt {
    enum as_colour colour;
    uint8_t bits; /* 8: uint8_t; 16: uint16_t of this machine                */
    uint8_t step; /* samples from one pixel to the next                      */
};

enum { AS_SAMPLE_SIDE = 512, AS_SMALL_SIDE = 160 };

/* The views of one picture while its rows come in. */
struct as_views {
    struct as_rowfmt fmt;
    uint32_t make; /* of AS_LUMA, AS_RGB, AS_SAMPLE */
    uint32_t w, h;
    uint32_t y; /* the row expected next */
    size_t stride;
    float *luma, *rgb[3];
    float *line[4]; /* one row: r, g, b, luma, where no plane takes it */
    uint8_t *black; /* room for a row of at most 8 bytes a pixel */
    float *sample;
    uint32_t sample_w, sample_h, sample_y;
    uint32_t *sample_x; /* [sample_w] source columns */
    float *small;
    uint32_t small_w, small_h, small_y;
    double *cell;   /* [small_w] sums of the present row of boxes */
    uint16_t *sum8; /* [w] sums of columns: of bytes, at most 257 rows, or */
    float *sumf;    /* [w] of floats                                       */
    uint32_t summed, box_rows;
};

struct as_decoder {
    struct as_block file;  /* the input, where it has to be copied */
    struct as_block frame; /* a whole picture as a library gives it */
    struct as_block row;   /* a few rows */
    struct as_block luma, rgb[3], line, sample, small, sums, coef[4];
    struct as_dct dct;
    struct as_views views;
};

/* One call of as_media_decode. */
struct as_job {
    struct as_decoder *dec;
    const uint8_t *at; /* the whole file */
    size_t size;
    const struct as_want *want;
    struct as_picture *pic;
    struct as_err *err;
    bool strips; /* above max_pixels: the sample alone is made */
};

/* At least n bytes, aligned to 64, not cleared; NULL when there is no memory. */
void *as_block_need(struct as_block *block, size_t n);

/* Whether `bytes` may be held at once for a decoded picture: AS_ELIMIT, with
 * LIMIT_MEMORY, above 1 GiB.                                                */
enum as_status as_frame_check(struct as_job *job, uint64_t bytes) AS_MUST_CHECK;

/* Room for them.  AS_ELIMIT, AS_ENOMEM. */
enum as_status as_frame_need(struct as_job *job, uint64_t bytes, uint8_t **frame) AS_MUST_CHECK;

/* Tells the size and checks it: AS_EFORMAT for an empty picture, AS_ELIMIT above
 * hard_pixels.  Above max_pixels the job goes by strips.                    */
enum as_status as_job_size(struct as_job *job, uint64_t w, uint64_t h) AS_MUST_CHECK;

/* Flags the picture with AS_FLAG_TRUNCATED or AS_FLAG_CORRUPT and the reason that goes with it. */
void as_job_mark(struct as_job *job, uint32_t flag);

/* Makes room for the views of pic->w x pic->h rows of `fmt`.  AS_ENOMEM. */
enum as_status as_views_begin(struct as_job *job, struct as_rowfmt fmt) AS_MUST_CHECK;

/* Takes the next row, of w pixels. */
void as_views_row(struct as_views *views, const void *row);

/* Fills rows that never came with black and hands the views to the picture. */
void as_views_end(struct as_job *job);

/* The decoders.  The picture is cleared, the file is not empty and in memory. */
enum as_status as_decode_jpeg(struct as_job *job) AS_MUST_CHECK;
enum as_status as_decode_png(struct as_job *job) AS_MUST_CHECK;
enum as_status as_decode_gif(struct as_job *job) AS_MUST_CHECK;
enum as_status as_decode_bmp(struct as_job *job) AS_MUST_CHECK;
enum as_status as_decode_webp(struct as_job *job) AS_MUST_CHECK;
enum as_status as_decode_tiff(struct as_job *job) AS_MUST_CHECK;
enum as_status as_decode_heif(struct as_job *job) AS_MUST_CHECK;

/* Silence FFmpeg, which otherwise logs to stderr. */
void as_quiet_ffmpeg(void);

/* Tiny files of each format for as_media_warm, ended by {0}. */
struct as_warm_sample {
    enum as_kind kind;
    const uint8_t *at;
    size_t size;
};
extern const struct as_warm_sample as_warm_samples[];

#endif
