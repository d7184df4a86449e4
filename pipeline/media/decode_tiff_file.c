/* decode_tiff_file.c - libtiff on bytes in memory, which may end early. */
#include "decode_tiff.h"

#include <string.h>

static const uint64_t ALLOC_MAX = UINT64_C(1) << 30;

static tmsize_t on_read(thandle_t h, void *to, tmsize_t n)
{
    struct as_tiff_source *s = h;
    uint64_t left = s->pos < s->end ? s->end - s->pos : 0;
    uint64_t real = s->pos < s->size ? s->size - s->pos : 0;
    uint64_t want = n > 0 ? (uint64_t)n : 0;

    want = want < left ? want : left;
    real = real < want ? real : want;
    if (real > 0)
        memcpy(to, s->at + s->pos, (size_t)real);
    memset((uint8_t *)to + real, 0, (size_t)(want - real));
    s->pos += want;
    return (tmsize_t)want;
}

static tmsize_t on_write(thandle_t h, void *from, tmsize_t n)
{
    (void)h, (void)from, (void)n;
    return 0;
}

static toff_t on_seek(thandle_t h, toff_t off, int whence)
{
    struct as_tiff_source *s = h;

    s->pos = off + (whence == SEEK_CUR ? s->pos : whence == SEEK_END ? s->end : 0);
    return s->pos;
}

static int on_close(thandle_t h)
{
    (void)h;
    return 0;
}

static toff_t on_size(thandle_t h)
{
    return ((struct as_tiff_source *)h)->end;
}

static int on_map(thandle_t h, void **at, toff_t *size)
{
    struct as_tiff_source *s = h;

    if (s->end != s->size)
        return 0;
    *at = (void *)(uintptr_t)s->at; /* opened for reading: not written to */
    *size = s->size;
    return 1;
}

static void on_unmap(thandle_t h, void *at, toff_t size)
{
    (void)h, (void)at, (void)size;
}

static int on_message(TIFF *file, void *data, const char *module, const char *fmt, va_list args)
{
    (void)file, (void)data, (void)module, (void)fmt, (void)args;
    return 1; /* handled: nothing is printed */
}

enum as_status as_tiff_open(struct as_tiff_source *source, TIFF **file, struct as_err *err)
{
    enum as_status status = AS_OK;
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();

    *file = NULL;
    source->pos = 0;
    if (!options)
        AS_FAIL_AS(err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for libtiff");
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)ALLOC_MAX);
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_message, NULL);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_message, NULL);
    *file = TIFFClientOpenExt("evidence", "r", source, on_read, on_write, on_seek, on_close,
                              on_size, on_map, on_unmap, options);
    TIFFOpenOptionsFree(options);
    if (!*file)
        AS_FAIL_AS(err, AS_EFORMAT, AS_REASON_BAD_HEADER, "no readable TIFF directory");
done:
    return status;
}

bool as_tiff_is_cut(TIFF *file, struct as_tiff_source *source, uint64_t room)
{
    uint32_t n = TIFFIsTiled(file) ? TIFFNumberOfTiles(file) : TIFFNumberOfStrips(file);
    uint64_t most = source->size + (room < ALLOC_MAX ? room : ALLOC_MAX), end = source->size;

    for (uint32_t i = 0; i < n; i++) {
        int bad = 0;
        uint64_t off = TIFFGetStrileOffsetWithErr(file, i, &bad);
        uint64_t len = bad ? 0 : TIFFGetStrileByteCountWithErr(file, i, &bad);
        if (bad)
            break;
        if (off < source->size && len <= most && off + len > end && off + len <= most)
            end = off + len;
    }
    if (end == source->size)
        return false;
    source->end = end;
    return true;
}
