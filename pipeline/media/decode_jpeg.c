/* decode_jpeg.c - JPEG by libjpeg-turbo.
 *
 * Settings are pinned so that the same bytes give the same planes: accurate
 * integer DCT, fancy upsampling, no smoothing between blocks (it would apply
 * to cut progressive files only).  Luma is the Y plane: with no RGB asked for,
 * chroma is not even transformed.  With RGB, Y, Cb and Cr are decoded and
 * converted by the library's own arithmetic (decode_views.c).
 *
 * libjpeg answers fatal errors by error_exit, which must not return: longjmp.
 * Nothing with a destructor lives between setjmp and longjmp; what changes
 * there is kept in struct jpeg, which is not a register variable.            */
#include "decode.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

/* A scan costs a pass over all coefficients, a file may have thousands of
 * empty ones; no encoder writes more than about a hundred.                   */
enum { SCANS_MAX = 500, ROWS = 16 };

/* Room for coefficients of progressive files and of AS_DCT. */
static const long MEMORY_MAX = 2047L * 1024 * 1024;

struct jpeg {
    struct jpeg_error_mgr mgr;
    struct jpeg_decompress_struct cinfo;
    struct jpeg_progress_mgr progress;
    jmp_buf back;
    bool eof;     /* the data ended before the picture */
    bool marker;  /* a marker stood where data should  */
    bool corrupt; /* other damage                      */
    bool scans;   /* too many of them                  */
    uint8_t *rows[ROWS];
};

static struct jpeg *jpeg_of(j_common_ptr cinfo)
{
    return (struct jpeg *)cinfo->client_data;
}

static void on_error(j_common_ptr cinfo)
{
    longjmp(jpeg_of(cinfo)->back, 1);
}

static void on_message(j_common_ptr cinfo, int level)
{
    struct jpeg *j = jpeg_of(cinfo);

    if (level >= 0)
        return;
    switch (cinfo->err->msg_code) {
    case JWRN_JPEG_EOF:
        j->eof = true;
        break;
    case JWRN_HIT_MARKER:
        j->marker = true;
        break;
    case JWRN_EXTRANEOUS_DATA:
        /* Padding before a marker is common and harmless, except before RSTn (D0 to D7),
         * where data went missing. */
        if ((cinfo->err->msg_parm.i[1] & 0xF8) == 0xD0)
            j->corrupt = true;
        break;
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_BOGUS_ICC:
        break;
    default:
        j->corrupt = true;
    }
}

static void on_output(j_common_ptr cinfo)
{
    (void)cinfo;
}

static void on_progress(j_common_ptr cinfo)
{
    struct jpeg *j = jpeg_of(cinfo);

    if (j->cinfo.input_scan_number > SCANS_MAX) {
        j->scans = true;
        longjmp(j->back, 1);
    }
}

static void jpeg_open(struct jpeg *j, const struct as_job *job)
{
    j->cinfo.err = jpeg_std_error(&j->mgr);
    j->mgr.error_exit = on_error;
    j->mgr.emit_message = on_message;
    j->mgr.output_message = on_output;
    j->cinfo.client_data = j;
    jpeg_create_decompress(&j->cinfo);
    j->cinfo.mem->max_memory_to_use = MEMORY_MAX;
    j->progress.progress_monitor = on_progress;
    j->cinfo.progress = &j->progress;
    jpeg_mem_src(&j->cinfo, job->at, job->size);
}

/* The size as the frame header states it, for variants the library refuses to
 * read: a walk over the segments before the first scan.                      */
static void size_of_frame(struct as_job *job)
{
    const uint8_t *p = job->at;
    size_t at = 2;

    while (at + 9 < job->size && p[at] == 0xFF) {
        uint8_t code = p[at + 1];
        if (code == 0xFF || code == 0x01) {
            at += code == 0xFF ? 1 : 2;
            continue;
        }
        if (code >= 0xC0 && code <= 0xCF && code != 0xC4 && code != 0xC8 && code != 0xCC) {
            job->pic->depth = p[at + 4];
            job->pic->h = (uint32_t)(p[at + 5] << 8 | p[at + 6]);
            job->pic->w = (uint32_t)(p[at + 7] << 8 | p[at + 8]);
            job->pic->channels = p[at + 9];
            return;
        }
        if (code == 0xDA || code == 0xD9)
            return;
        at += 2 + (size_t)(p[at + 2] << 8 | p[at + 3]);
    }
}

/* What a fatal error of the library means. */
static enum as_status jpeg_failed(struct jpeg *j, struct as_job *job, bool header)
{
    enum as_status status = AS_EFORMAT;
    enum as_reason reason = header ? AS_REASON_BAD_HEADER : AS_REASON_DAMAGED;
    char text[JMSG_LENGTH_MAX] = "more than 500 scans";

    if (!j->scans)
        j->mgr.format_message((j_common_ptr)&j->cinfo, text);
    switch (j->scans ? 0 : j->mgr.msg_code) {
    case JERR_OUT_OF_MEMORY:
        status = AS_ENOMEM;
        reason = AS_REASON_LIMIT_MEMORY;
        break;
    case JERR_NO_BACKING_STORE:
        status = AS_ELIMIT;
        reason = AS_REASON_LIMIT_MEMORY;
        break;
    case JERR_SOF_UNSUPPORTED:
    case JERR_BAD_PRECISION:
    case JERR_ARITH_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_NOT_COMPILED:
        reason = AS_REASON_UNSUP_VARIANT;
        break;
    case 0:
        status = AS_ELIMIT;
        reason = AS_REASON_LIMIT_PIXELS;
        break;
    default:
        break;
    }
    if (job->pic->w == 0)
        size_of_frame(job);
    return as_fail(job->err, status, reason, __FILE__, __LINE__, "%s", text);
}

/* Which rows to ask for, given what the file holds. */
static struct as_rowfmt choose(struct jpeg *j, const struct as_job *job)
{
    struct jpeg_decompress_struct *c = &j->cinfo;
    bool rgb = job->want->views & AS_RGB && !job->strips;

    switch (c->jpeg_color_space) {
    case JCS_GRAYSCALE:
        c->out_color_space = JCS_GRAYSCALE;
        return (struct as_rowfmt){AS_COLOUR_GRAY, 8, 1};
    case JCS_YCbCr:
        c->out_color_space = rgb ? JCS_YCbCr : JCS_GRAYSCALE;
        return rgb ? (struct as_rowfmt){AS_COLOUR_YCC, 8, 3}
                   : (struct as_rowfmt){AS_COLOUR_GRAY, 8, 1};
    case JCS_RGB:
        c->out_color_space = JCS_RGB;
        return (struct as_rowfmt){AS_COLOUR_RGB, 8, 3};
    case JCS_CMYK:
    case JCS_YCCK:
        c->out_color_space = JCS_CMYK;
        return (struct as_rowfmt){c->saw_Adobe_marker ? AS_COLOUR_CMYK : AS_COLOUR_INK, 8, 4};
    default: /* two components, or more than four: the first is taken for luma */
        c->out_color_space = JCS_UNKNOWN;
        return (struct as_rowfmt){AS_COLOUR_GRAY, 8, (uint8_t)c->num_components};
    }
}

static void pin(struct jpeg_decompress_struct *c)
{
    c->dct_method = JDCT_ISLOW;
    c->do_fancy_upsampling = TRUE;
    c->do_block_smoothing = FALSE;
    c->quantize_colors = FALSE;
}

/* Reads all rows.  An error with rows already read ends the picture there. */
static enum as_status jpeg_rows(struct jpeg *j, struct as_job *job)
{
    struct as_views *views = &job->dec->views;
    struct jpeg_decompress_struct *c = &j->cinfo;

    if (setjmp(j->back)) {
        if (j->scans || views->y == 0)
            return jpeg_failed(j, job, false);
        j->corrupt = true;
        return AS_OK;
    }
    (void)jpeg_start_decompress(c);
    while (c->output_scanline < c->output_height) {
        JDIMENSION n = jpeg_read_scanlines(c, j->rows, ROWS);
        for (JDIMENSION i = 0; i < n; i++)
            as_views_row(views, j->rows[i]);
    }
    (void)jpeg_finish_decompress(c);
    return AS_OK;
}

static void jpeg_flags(struct jpeg *j, struct as_job *job)
{
    if (j->eof)
        as_job_mark(job, AS_FLAG_TRUNCATED);
    else if (j->marker && !j->corrupt) /* cut, then closed with an EOI */
        as_job_mark(job, AS_FLAG_TRUNCATED);
    if (j->corrupt)
        as_job_mark(job, AS_FLAG_CORRUPT);
}

static enum as_status jpeg_header(struct jpeg *j, struct as_job *job)
{
    if (setjmp(j->back))
        return jpeg_failed(j, job, true);
    (void)jpeg_read_header(&j->cinfo, TRUE);
    job->pic->depth = (uint16_t)j->cinfo.data_precision;
    job->pic->channels = (uint16_t)j->cinfo.num_components;
    return AS_OK;
}

static enum as_status jpeg_pixels(struct as_job *job)
{
    enum as_status status = AS_OK;
    struct jpeg j = {0};
    struct as_rowfmt fmt;
    size_t bytes;
    uint8_t *rows;

    jpeg_open(&j, job);
    AS_TRY(jpeg_header(&j, job));
    AS_TRY(as_job_size(job, j.cinfo.image_width, j.cinfo.image_height));
    fmt = choose(&j, job);
    pin(&j.cinfo);
    AS_TRY(as_views_begin(job, fmt));
    bytes = ((size_t)job->pic->w * fmt.step + 63) / 64 * 64;
    rows = as_block_need(&job->dec->row, bytes * ROWS);
    if (!rows)
        AS_FAIL_AS(job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for rows");
    for (size_t i = 0; i < ROWS; i++)
        j.rows[i] = rows + i * bytes;
    AS_TRY(jpeg_rows(&j, job));
    jpeg_flags(&j, job);
    as_views_end(job);
done:
    jpeg_destroy_decompress(&j.cinfo);
    return status;
}

/* ---- coefficients ------------------------------------------------------- */

static bool plane_copy(struct jpeg *j, struct as_job *job, int i, jvirt_barray_ptr from)
{
    const jpeg_component_info *comp = &j->cinfo.comp_info[i];
    size_t row = (size_t)comp->width_in_blocks * DCTSIZE2 * sizeof(int16_t);
    struct as_dct *dct = &job->dec->dct;
    uint8_t *to = as_block_need(&job->dec->coef[i], row * comp->height_in_blocks);

    if (!to)
        return false;
    for (JDIMENSION y = 0; y < comp->height_in_blocks; y++) {
        JBLOCKARRAY b =
            j->cinfo.mem->access_virt_barray((j_common_ptr)&j->cinfo, from, y, 1, FALSE);
        memcpy(to + y * row, b[0], row);
    }
    dct->comp[i].at = (const int16_t *)(const void *)to;
    dct->comp[i].wb = comp->width_in_blocks;
    dct->comp[i].hb = comp->height_in_blocks;
    dct->comp[i].hs = (uint8_t)comp->h_samp_factor;
    dct->comp[i].vs = (uint8_t)comp->v_samp_factor;
    for (unsigned k = 0; k < DCTSIZE2 && comp->quant_table; k++)
        dct->comp[i].q[k] = comp->quant_table->quantval[k];
    return true;
}

static enum as_status jpeg_coefs(struct jpeg *j, struct as_job *job)
{
    jvirt_barray_ptr *all;

    if (setjmp(j->back))
        return jpeg_failed(j, job, false);
    (void)jpeg_read_header(&j->cinfo, TRUE);
    all = jpeg_read_coefficients(&j->cinfo);
    job->dec->dct.ncomp = (uint32_t)j->cinfo.num_components;
    for (int i = 0; i < j->cinfo.num_components; i++)
        if (!plane_copy(j, job, i, all[i]))
            return as_fail(job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, __FILE__, __LINE__,
                           "no memory for coefficients");
    return AS_OK;
}

/* A second pass over the file: the library gives pixels or coefficients. */
static enum as_status jpeg_dct(struct as_job *job)
{
    enum as_status status = AS_OK;
    struct jpeg j = {0};

    memset(&job->dec->dct, 0, sizeof job->dec->dct);
    jpeg_open(&j, job);
    AS_TRY(jpeg_coefs(&j, job));
    jpeg_flags(&j, job);
    job->pic->dct = &job->dec->dct;
    job->pic->views |= AS_DCT;
done:
    jpeg_destroy_decompress(&j.cinfo);
    return status;
}

enum as_status as_decode_jpeg(struct as_job *job)
{
    enum as_status status = AS_OK;

    AS_TRY(jpeg_pixels(job));
    if (!(job->want->views & AS_DCT) || job->strips || job->pic->channels > 4)
        goto done;
    status = jpeg_dct(job);
    if (status == AS_EFORMAT || status == AS_ELIMIT) { /* the pixels stay, without this view */
        if (job->err)
            as_err_clear(job->err);
        status = AS_OK;
    }
done:
    return status;
}
