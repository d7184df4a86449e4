/* container_library.c - libarchive, set up over our input.
 *
 * Only formats that the magic names are enabled; the callbacks read memory or
 * by pread, and stop a stream that unpacks to more than the limits allow.     */
#include "container_library.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RATIO_FROM = 16 << 20 /* bytes out before the ratio is looked at */
};

enum as_reason as_library_over(const struct as_container *c, uint64_t out)
{
    uint64_t ratio = c->limits.max_ratio;

    if (out > c->limits.max_unpacked)
        return AS_REASON_LIMIT_UNPACKED;
    if (out > RATIO_FROM && ratio > 0 &&
        (out / ratio > c->whole || (out / ratio == c->whole && out % ratio > 0)))
        return AS_REASON_LIMIT_RATIO;
    return AS_REASON_NONE;
}

uint64_t as_library_unpacked(const struct as_container *c)
{
    int64_t stream = c->filtered ? archive_filter_bytes(c->a, 0) : 0;

    return stream > 0 && (uint64_t)stream > c->out ? (uint64_t)stream : c->out;
}

/* The header of an empty entry, which stands before a tar that is begun in the
 * middle: libarchive looks harder at the first header than at later ones, and
 * must find the same entries wherever it begins.                             */
static void make_lead(uint8_t h[AS_LIBRARY_LEAD])
{
    uint32_t sum = 0;

    memset(h, 0, AS_LIBRARY_LEAD);
    h[0] = '-';
    memcpy(h + 100, "0000644\0000000000\0000000000\00000000000000\00000000000000", 48);
    memset(h + 148, ' ', 8);
    h[156] = '0';
    memcpy(h + 257, "ustar\00000", 8);
    for (size_t i = 0; i < AS_LIBRARY_LEAD; i++)
        sum += h[i];
    snprintf((char *)h + 148, 8, "%06o", sum);
}

static la_ssize_t on_read(struct archive *a, void *self, const void **to)
{
    struct as_container *c = self;
    int64_t got;

    /* libarchive may search a stream for the next header without end */
    if (c->filtered && (c->limit = as_library_over(c, as_library_unpacked(c))) != AS_REASON_NONE) {
        archive_set_error(a, EFBIG, "limit");
        return -1;
    }
    if (c->lead) {
        c->lead = false;
        make_lead(c->block);
        *to = c->block;
        return AS_LIBRARY_LEAD;
    }
    if (c->in.at) {
        uint64_t left = c->at < c->in.size ? c->in.size - c->at : 0;
        got = (int64_t)(left < AS_LIBRARY_BLOCK ? left : AS_LIBRARY_BLOCK);
        *to = c->in.at + (got ? c->at : 0);
    } else {
        got = as_input_read(&c->in, c->at, c->block, AS_LIBRARY_BLOCK);
        *to = c->block;
        if (got < 0) {
            c->unreadable = true;
            archive_set_error(a, EIO, "read error");
            return -1;
        }
    }
    c->at += (uint64_t)got;
    return got;
}

static la_int64_t on_skip(struct archive *a, void *self, la_int64_t request)
{
    struct as_container *c = self;
    uint64_t left = c->at < c->in.size ? c->in.size - c->at : 0;
    uint64_t n = request < 0 ? 0 : (uint64_t)request;

    (void)a;
    n = n < left ? n : left;
    c->at += n;
    return (la_int64_t)n;
}

static la_int64_t on_seek(struct archive *a, void *self, la_int64_t offset, int whence)
{
    struct as_container *c = self;
    int64_t from = whence == SEEK_SET ? 0 : (int64_t)(whence == SEEK_CUR ? c->at : c->in.size);
    int64_t to;

    (void)a;
    if (__builtin_add_overflow(from, offset, &to) || to < 0)
        return ARCHIVE_FATAL;
    c->at = (uint64_t)to < c->in.size ? (uint64_t)to : c->in.size;
    return (la_int64_t)c->at;
}

static const struct {
    uint32_t format;
    int (*enable)(struct archive *);
} FORMATS[] = {
    {AS_FORMAT_7ZIP, archive_read_support_format_7zip},
    {AS_FORMAT_AR, archive_read_support_format_ar},
    {AS_FORMAT_CAB, archive_read_support_format_cab},
    {AS_FORMAT_CPIO, archive_read_support_format_cpio},
    {AS_FORMAT_ISO, archive_read_support_format_iso9660},
    {AS_FORMAT_LHA, archive_read_support_format_lha},
    {AS_FORMAT_RAR, archive_read_support_format_rar},
    {AS_FORMAT_RAR5, archive_read_support_format_rar5},
    {AS_FORMAT_TAR, archive_read_support_format_tar},
    {AS_FORMAT_WARC, archive_read_support_format_warc},
    {AS_FORMAT_XAR, archive_read_support_format_xar},
    {AS_FORMAT_ZIP_SEEK, archive_read_support_format_zip_seekable},
    {AS_FORMAT_ZIP_STREAM, archive_read_support_format_zip_streamable},
    {AS_FORMAT_FILTER, archive_read_support_format_empty},
    {AS_FORMAT_FILTER, archive_read_support_format_raw},
    {AS_FORMAT_FILTER, archive_read_support_filter_bzip2},
    {AS_FORMAT_FILTER, archive_read_support_filter_compress},
    {AS_FORMAT_FILTER, archive_read_support_filter_gzip},
    {AS_FORMAT_FILTER, archive_read_support_filter_lz4},
    {AS_FORMAT_FILTER, archive_read_support_filter_lzip},
    {AS_FORMAT_FILTER, archive_read_support_filter_lzma},
    {AS_FORMAT_FILTER, archive_read_support_filter_rpm},
    {AS_FORMAT_FILTER, archive_read_support_filter_xz},
    {AS_FORMAT_FILTER, archive_read_support_filter_zstd},
};

const char *as_library_message(struct archive *a)
{
    const char *text = archive_error_string(a);

    return text ? text : "unknown error";
}

int as_library_start(struct as_container *c, uint32_t formats, uint64_t at)
{
    int code = ARCHIVE_OK;

    archive_read_free(c->a);
    c->entry = NULL;
    c->at = at;
    c->lead = c->base > 0;
    if ((c->a = archive_read_new()) == NULL)
        return ARCHIVE_FATAL;
    for (size_t i = 0; i < sizeof FORMATS / sizeof *FORMATS; i++)
        /* a filter that would need a program answers ARCHIVE_WARN: none of these does */
        if ((formats & FORMATS[i].format) && FORMATS[i].enable(c->a) != ARCHIVE_OK)
            return ARCHIVE_FATAL;
    for (const char *const *p = c->limits.passwords; p && *p; p++)
        if (**p)
            code = archive_read_add_passphrase(c->a, *p);
    if (code != ARCHIVE_OK)
        return code;
    archive_read_set_callback_data(c->a, c);
    archive_read_set_read_callback(c->a, on_read);
    archive_read_set_skip_callback(c->a, on_skip);
    archive_read_set_seek_callback(c->a, on_seek);
    return archive_read_open1(c->a);
}

int as_library_header(struct as_container *c)
{
    int code;
    uint64_t tries = c->in.size / 512 + AS_LIBRARY_IDLE;

    do {
        /* libarchive ends the process when a name cannot be converted and errno
         * is ENOMEM, be it from long ago */
        errno = 0;
        code = archive_read_next_header(c->a, &c->entry);
        if (code == ARCHIVE_RETRY)
            c->lost = true;
        if (c->filtered && c->limit == AS_REASON_NONE)
            c->limit = as_library_over(c, as_library_unpacked(c));
    } while (code == ARCHIVE_RETRY && c->limit == AS_REASON_NONE && --tries > 0);
    return code == ARCHIVE_RETRY ? ARCHIVE_FATAL : code;
}

/* Looks into a compressed stream: what its first bytes allow, or raw alone. */
static enum as_status peel(struct as_container *c, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t *head = NULL;
    size_t n = 0;
    la_ssize_t got = 1;
    struct as_magic magic;

    c->filtered = true;
    c->formats = AS_FORMAT_FILTER;
    if ((head = malloc(AS_MAGIC_HEAD)) == NULL)
        AS_FAIL_AS(err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for a container");
    if (as_library_start(c, AS_FORMAT_FILTER, 0) != ARCHIVE_OK ||
        as_library_header(c) < ARCHIVE_WARN)
        goto done; /* said again, and better, when it is opened for good */
    while (n < AS_MAGIC_HEAD && got > 0)
        if ((got = archive_read_data(c->a, head + n, AS_MAGIC_HEAD - n)) > 0)
            n += (size_t)got;
    magic = as_magic_find(head, n);
    /* what needs a seek is left as the one entry of the stream */
    if (magic.certain && !magic.volume)
        c->formats |= magic.formats & (uint32_t)~AS_FORMAT_7ZIP;
done:
    free(head);
    return status;
}

/* Looks for a zip: at once where the file begins as one, strictly elsewhere. */
static enum as_status find_zip(struct as_container *c, bool strict, struct as_err *err)
{
    enum as_status status = as_zip_init(&c->zip, &c->in, strict, c->limits.max_entries, err);

    c->zip_in = c->in;
    if (status == AS_OK) {
        c->formats = AS_FORMAT_ZIP_SEEK;
        c->in.size = c->zip.end;
    }
    return status;
}

enum as_status as_library_choose(struct as_container *c, bool *certain, struct as_err *err)
{
    enum as_status status = AS_OK;
    int64_t n = as_input_read(&c->in, 0, c->block, AS_MAGIC_HEAD);
    struct as_magic magic;

    if (n < 0)
        AS_FAIL_AS(err, AS_EFORMAT, AS_REASON_UNREADABLE, "the container cannot be read");
    magic = as_magic_find(c->block, (size_t)n);
    *certain = magic.certain;
    c->formats = c->base > 0 ? AS_FORMAT_TAR : magic.formats;
    if (c->base > 0) /* begun in the middle: a tar */
        return AS_OK;
    if (magic.volume)
        AS_FAIL_AS(err, AS_EFORMAT, AS_REASON_MULTI_VOLUME, "one of several volumes");
    if (magic.formats & AS_FORMAT_FILTER)
        return peel(c, err);
    if (magic.formats & AS_FORMAT_ZIP_STREAM || !magic.certain || magic.formats == 0) {
        c->zip_first = magic.formats == AS_FORMAT_ZIP_STREAM;
        status = find_zip(c, !c->zip_first, err);
        if (status == AS_OK)
            *certain = true;
        else if (status == AS_SKIP && magic.formats)
            status = AS_OK;
    }
done:
    return status;
}

void as_library_lost(struct as_container *c)
{
    bool alone = !c->filtered && !c->unreadable &&
                 (c->formats & (AS_FORMAT_ZIP_SEEK | AS_FORMAT_ISO | AS_FORMAT_XAR | AS_FORMAT_RAR |
                                AS_FORMAT_RAR5 | AS_FORMAT_LHA));

    c->resume = alone ? AS_RESUME_SKIP : AS_RESUME_NONE;
}
