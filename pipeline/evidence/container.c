/* container.c - archives and compressed files as a stream of entries.
 *
 * libarchive does the unpacking.  Around it: the magic must be there before it
 * is asked (container_magic.c); only the formats that the magic names are
 * enabled; every byte that comes out is counted, also those that are skipped
 * where skipping means unpacking; and where libarchive gives up on one entry of
 * a format whose entries stand alone, it is started again behind that entry.
 *
 * Sameness: a container that is shared out (OFFSET, ORDINAL) is read in parts,
 * so its counted limits hold for each entry alone.  Their sum is bounded all
 * the same: a plain tar gives no more than it holds (holes apart), and a zip is
 * ORDINAL only where its claimed sizes together are within the limits and none
 * overlap; an entry that gives more than it claims is then damaged.
 *
 * 1. input   2. starting libarchive   3. entries   4. data   5. the interface */
#include "container.h"

#include "container_entry.h"
#include "container_magic.h"
#include "zip_check.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 65536,         /* skipping in tar is by block: larger is slower             */
    RATIO_FROM = 16 << 20, /* bytes out before the ratio is looked at                   */
    TRIES_IDLE = 10000,    /* calls that give neither bytes nor progress                */
    RESTARTS = 1024,       /* of libarchive, behind entries that it could not get past  */
    MESSAGE = 160
};

/* How entries after a fatal error are reached. */
enum resume { RESUME_NONE, RESUME_SKIP, RESUME_LOCAL };

struct as_container {
    struct archive *a;
    struct archive_entry *entry; /* of the last header; libarchive's */
    struct as_input in;          /* the part that libarchive sees */
    uint64_t at;                 /* where it reads next */
    uint64_t whole;              /* bytes of the container: what the ratio is against */
    uint64_t base;               /* where `in` begins in the container */
    uint8_t *block;
    struct as_container_limits limits;
    struct as_zip zip; /* listed only where the zip has a readable directory */
    struct as_input zip_in;
    uint32_t formats;
    bool filtered;
    enum as_kind kind;
    enum as_access access;
    char name[AS_ENTRY_NAME_MAX];

    int code;      /* what the header read ahead gave */
    bool ahead;    /* that header is still to be told */
    uint64_t next; /* index of the next entry */
    uint64_t out;  /* bytes unpacked, as the limits count them */
    enum resume resume;
    uint32_t restarts;
    bool lost;            /* damage was passed over on the way */
    enum as_reason limit; /* reached inside a callback */
    bool unreadable;      /* pread failed */
    enum as_status final; /* AS_OK: not yet over */
    enum as_reason final_why;

    bool open; /* an entry's data can be read */
    bool sparse;
    int64_t claimed;
    enum as_reason broken; /* why the entry's data ended */
    bool end;
    uint32_t flags;
    const uint8_t *data; /* a piece that libarchive gave, not yet handed out */
    size_t data_len;
    uint64_t data_at, pos; /* where it belongs; where the caller is */
};

/* ---- 1. input ------------------------------------------------------------ */

/* Which limit `out` bytes exceed, or NONE. */
static enum as_reason over(const struct as_container *c, uint64_t out)
{
    uint64_t ratio = c->limits.max_ratio;

    if (out > c->limits.max_unpacked)
        return AS_REASON_LIMIT_UNPACKED;
    if (out > RATIO_FROM && ratio > 0 &&
        (out / ratio > c->whole || (out / ratio == c->whole && out % ratio > 0)))
        return AS_REASON_LIMIT_RATIO;
    return AS_REASON_NONE;
}

/* Bytes out so far: data, or all of the decompressed stream if that is more. */
static uint64_t unpacked(const struct as_container *c)
{
    int64_t stream = c->filtered ? archive_filter_bytes(c->a, 0) : 0;

    return stream > 0 && (uint64_t)stream > c->out ? (uint64_t)stream : c->out;
}

static la_ssize_t on_read(struct archive *a, void *self, const void **to)
{
    struct as_container *c = self;
    int64_t got;

    /* libarchive may search a stream for the next header without end */
    if (c->filtered && (c->limit = over(c, unpacked(c))) != AS_REASON_NONE) {
        archive_set_error(a, EFBIG, "limit");
        return -1;
    }
    if (c->in.at) {
        uint64_t left = c->at < c->in.size ? c->in.size - c->at : 0;
        got = (int64_t)(left < BLOCK ? left : BLOCK);
        *to = c->in.at + (got ? c->at : 0);
    } else {
        got = as_input_read(&c->in, c->at, c->block, BLOCK);
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

/* ---- 2. starting libarchive ---------------------------------------------- */

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

static const char *message(struct archive *a)
{
    const char *text = archive_error_string(a);

    return text ? text : "unknown error";
}

/* Starts libarchive at `at` of c->in with these formats.  Its own code. */
static int start(struct as_container *c, uint32_t formats, uint64_t at)
{
    int code = ARCHIVE_OK;

    archive_read_free(c->a);
    c->entry = NULL;
    c->at = at;
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

/* Reads the next header.  A damaged tar header is passed over, block by block. */
static int read_header(struct as_container *c)
{
    int code;
    uint64_t tries = c->in.size / 512 + TRIES_IDLE;

    do {
        code = archive_read_next_header(c->a, &c->entry);
        if (code == ARCHIVE_RETRY)
            c->lost = true;
        if (c->filtered && c->limit == AS_REASON_NONE)
            c->limit = over(c, unpacked(c));
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
    if (start(c, AS_FORMAT_FILTER, 0) != ARCHIVE_OK || read_header(c) < ARCHIVE_WARN)
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

/* Decides which formats to enable.  AS_SKIP: none. */
static enum as_status choose(struct as_container *c, bool *certain, struct as_err *err)
{
    enum as_status status = AS_OK;
    int64_t n = as_input_read(&c->in, 0, c->block, AS_MAGIC_HEAD);
    struct as_magic magic;

    if (n < 0)
        AS_FAIL_AS(err, AS_EFORMAT, AS_REASON_UNREADABLE, "the container cannot be read");
    magic = as_magic_find(c->block, (size_t)n);
    *certain = magic.certain;
    c->formats = magic.formats;
    if (magic.volume)
        AS_FAIL_AS(err, AS_EFORMAT, AS_REASON_MULTI_VOLUME, "one of several volumes");
    if (c->base > 0) /* begun in the middle: a tar, or a caller's mistake */
        return c->formats == AS_FORMAT_TAR ? AS_OK : AS_SKIP;
    if (magic.formats & AS_FORMAT_FILTER)
        return peel(c, err);
    if (magic.formats & AS_FORMAT_ZIP_STREAM || !magic.certain || magic.formats == 0) {
        bool strict = !(magic.formats & AS_FORMAT_ZIP_STREAM);
        status = find_zip(c, strict, err);
        if (status == AS_OK)
            *certain = true;
        else if (status == AS_SKIP && magic.formats)
            status = AS_OK;
    }
done:
    return status;
}

/* ---- 3. entries ---------------------------------------------------------- */

/* Ends the container; every later call says the same. */
static enum as_status finish(struct as_container *c, enum as_status status, enum as_reason why,
                             const char *text, struct as_err *err)
{
    c->final = status;
    c->final_why = why;
    c->open = false;
    if (status == AS_END)
        return AS_END;
    return as_fail(err, status, why, __FILE__, __LINE__, "%s", text);
}

/* Ends the container after libarchive gave up. */
static enum as_status give_up(struct as_container *c, struct as_err *err)
{
    char text[MESSAGE];
    enum as_reason why = as_entry_trouble(c->a);

    snprintf(text, sizeof text, "%s", message(c->a));
    if (c->limit != AS_REASON_NONE)
        return finish(c, AS_ELIMIT, c->limit, "unpacks to more than the limits allow", err);
    if (c->unreadable)
        return finish(c, AS_EFORMAT, AS_REASON_UNREADABLE, "the container cannot be read", err);
    if (why == AS_REASON_LIMIT_MEMORY)
        return finish(c, AS_ENOMEM, why, text, err);
    if (why == AS_REASON_ENCRYPTED || why == AS_REASON_BAD_PASSWORD)
        return finish(c, AS_EFORMAT, why, text, err);
    if (why == AS_REASON_ENCRYPTED_UNSUP || archive_read_has_encrypted_entries(c->a) > 0)
        return finish(c, AS_EFORMAT, AS_REASON_ENCRYPTED_UNSUP, text, err);
    if (strstr(text, "too many filters"))
        return finish(c, AS_ELIMIT, AS_REASON_LIMIT_DEPTH, text, err);
    return finish(c, AS_EFORMAT, AS_REASON_CONTAINER_DAMAGED, text, err);
}

/* Whether entries can be skipped without unpacking them. */
static bool skips_cheaply(const struct as_container *c)
{
    return !c->filtered && !(c->formats & (AS_FORMAT_7ZIP | AS_FORMAT_CAB | AS_FORMAT_RAR |
                                           AS_FORMAT_RAR5 | AS_FORMAT_ZIP_STREAM));
}

/* Whether one entry can be read after another was fatally damaged. */
static bool stands_alone(const struct as_container *c)
{
    return !c->filtered && (c->formats & (AS_FORMAT_ZIP_SEEK | AS_FORMAT_ISO | AS_FORMAT_XAR |
                                          AS_FORMAT_RAR | AS_FORMAT_RAR5 | AS_FORMAT_LHA));
}

static enum as_access access_of(const struct as_container *c)
{
    uint64_t claimed = c->zip.claimed;

    if (c->filtered)
        return AS_ACCESS_STREAM;
    if (c->formats == AS_FORMAT_TAR)
        return AS_ACCESS_OFFSET;
    if (c->formats == AS_FORMAT_ISO)
        return AS_ACCESS_ORDINAL;
    if (c->formats == AS_FORMAT_ZIP_SEEK && c->zip.listed && !c->zip.overlaps &&
        over(c, claimed) == AS_REASON_NONE)
        return AS_ACCESS_ORDINAL;
    return AS_ACCESS_STREAM;
}

/* Opens for good and reads the first header ahead. */
static enum as_status begin(struct as_container *c, bool certain, struct as_err *err)
{
    int code = start(c, c->formats, 0);

    if (code >= ARCHIVE_WARN) {
        code = read_header(c);
        /* a directory that libarchive cannot follow: then by the local headers */
        if (code < ARCHIVE_WARN && code != ARCHIVE_FAILED && c->formats == AS_FORMAT_ZIP_SEEK &&
            archive_errno(c->a) != ENOMEM && !c->unreadable && !c->zip.listed) {
            c->formats = AS_FORMAT_ZIP_STREAM;
            c->in = c->zip_in;
            if ((code = start(c, c->formats, 0)) >= ARCHIVE_WARN)
                code = read_header(c);
        }
        c->code = code;
        c->ahead = true;
        if (code >= ARCHIVE_WARN || code == ARCHIVE_FAILED || code == ARCHIVE_EOF || certain)
            return AS_OK;
    } else if (certain || c->limit != AS_REASON_NONE || (c->a && archive_errno(c->a) == ENOMEM)) {
        if (c->a == NULL)
            return as_fail(err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, __FILE__, __LINE__,
                           "no memory for a container");
        return give_up(c, err);
    }
    return AS_SKIP;
}

/* Reads what is left of the entry, so that it is counted. */
static enum as_status skip_rest(struct as_container *c, struct as_err *err)
{
    const void *data;
    size_t n;
    la_int64_t at;
    int code = ARCHIVE_OK;

    if (!c->open || c->end || c->broken != AS_REASON_NONE || skips_cheaply(c))
        return AS_OK;
    for (int idle = 0; code >= ARCHIVE_WARN && idle < TRIES_IDLE;) {
        code = archive_read_data_block(c->a, &data, &n, &at);
        if (code == ARCHIVE_EOF || code < ARCHIVE_WARN)
            break;
        idle = n ? 0 : idle + 1;
        c->out += n;
        if ((c->limit = over(c, unpacked(c))) != AS_REASON_NONE)
            return finish(c, AS_ELIMIT, c->limit, "unpacks to more than the limits allow", err);
    }
    if (code == ARCHIVE_FATAL)
        c->resume = stands_alone(c) ? RESUME_SKIP : RESUME_NONE;
    return AS_OK;
}

/* Starts libarchive again, to stand before entry c->next. */
static int restart(struct as_container *c)
{
    int code;

    if (c->restarts++ >= RESTARTS)
        return ARCHIVE_FATAL;
    if (c->resume == RESUME_LOCAL) {
        if (c->next >= c->zip.n)
            return ARCHIVE_EOF;
        c->restarts--; /* bounded by the entries of the directory */
        code = start(c, AS_FORMAT_ZIP_STREAM, c->zip.entry[c->next].offset);
        return code < ARCHIVE_WARN ? code : read_header(c);
    }
    c->resume = RESUME_NONE;
    code = start(c, c->formats, 0);
    for (uint64_t i = 0; i <= c->next && code >= ARCHIVE_WARN && code != ARCHIVE_EOF; i++)
        if ((code = read_header(c)) == ARCHIVE_FAILED && i < c->next)
            code = ARCHIVE_OK;
    return code;
}

/* The header of the next entry, from wherever it comes. */
static int next_header(struct as_container *c)
{
    if (c->ahead) {
        c->ahead = false;
        return c->code;
    }
    if (c->code == ARCHIVE_EOF)
        return c->code;
    return c->resume == RESUME_NONE ? read_header(c) : restart(c);
}

static enum as_reason encryption(const struct as_container *c)
{
    if (c->kind != AS_KIND_ZIP)
        return AS_REASON_ENCRYPTED_UNSUP;
    return c->limits.passwords && *c->limits.passwords ? AS_REASON_NONE : AS_REASON_ENCRYPTED;
}

/* Fills *e from libarchive's header. */
static void fill(struct as_container *c, struct as_entry *e, int code)
{
    *e = (struct as_entry){.index = c->next, .size = -1, .mtime_s = INT64_MIN, .name = c->name};
    as_entry_fill(e, c->entry, c->name);
    if (archive_format(c->a) == ARCHIVE_FORMAT_RAW && e->name_len == 4 &&
        memcmp(c->name, "data", 4) == 0)
        e->name_len = 0; /* what libarchive calls a stream without a name */
    if (archive_entry_is_encrypted(c->entry))
        e->reason = encryption(c);
    if (code == ARCHIVE_FAILED)
        e->reason = AS_REASON_ENTRY_DAMAGED;
    if (as_zip_disagrees(&c->zip, &c->zip_in, c->next))
        e->flags |= AS_FLAG_DISAGREES;
    if (c->access == AS_ACCESS_OFFSET)
        e->offset = c->base + (uint64_t)archive_read_header_position(c->a);
}

/* Makes the entry's data readable. */
static void open_entry(struct as_container *c, const struct as_entry *e)
{
    c->next++;
    c->open = true;
    c->broken = e->reason == AS_REASON_LIMIT_NAME ? AS_REASON_NONE : e->reason;
    c->end = e->type != AS_ENTRY_FILE;
    c->sparse = c->entry && archive_entry_sparse_count(c->entry) > 0;
    c->claimed = e->size;
    c->flags = 0;
    c->data = NULL;
    c->data_len = 0;
    c->data_at = c->pos = 0;
    if (c->access != AS_ACCESS_STREAM)
        c->out = 0;
}

/* A zip's local header that libarchive cannot read: its entry is told as
 * damaged, and those behind it are read by their local headers.              */
static bool step_over_local(struct as_container *c, struct as_entry *e)
{
    if (!c->zip.listed || c->next >= c->zip.n || c->unreadable || archive_errno(c->a) == ENOMEM)
        return false;
    c->resume = RESUME_LOCAL;
    c->entry = NULL;
    *e = (struct as_entry){.index = c->next, .size = -1, .mtime_s = INT64_MIN, .name = c->name};
    e->name_len = (uint32_t)as_zip_name(&c->zip, &c->zip_in, c->next, c->name, sizeof c->name);
    e->flags = AS_FLAG_DISAGREES | as_entry_name_flags(c->name, e->name_len);
    e->reason = AS_REASON_ENTRY_DAMAGED;
    open_entry(c, e);
    return true;
}

/* A compressed stream of nothing still is one file, of no bytes. */
static bool is_empty_stream(const struct as_container *c, int code)
{
    return code == ARCHIVE_EOF && c->next == 0 && c->filtered &&
           archive_format(c->a) == ARCHIVE_FORMAT_EMPTY;
}

static enum as_status tell_empty(struct as_container *c, struct as_entry *e)
{
    *e = (struct as_entry){.size = 0, .mtime_s = INT64_MIN, .name = c->name};
    c->entry = NULL;
    open_entry(c, e);
    c->end = true;
    return AS_OK;
}

/* ---- 4. data ------------------------------------------------------------- */

/* libarchive's complaint about the data of an entry. */
static void complain(struct as_container *c, int code)
{
    const char *text = message(c->a);

    if (strstr(text, "CRC") || strstr(text, "hecksum") || strstr(text, "Authentication"))
        c->flags |= AS_FLAG_CHECKSUM;
    else if (strstr(text, "wrong size"))
        c->flags |= AS_FLAG_DISAGREES;
    if (code >= ARCHIVE_WARN)
        return;
    if (code == ARCHIVE_FATAL)
        c->resume = stands_alone(c) && !c->unreadable ? RESUME_SKIP : RESUME_NONE;
    /* all bytes came, and only then the checksum was found wrong */
    if ((c->flags & AS_FLAG_CHECKSUM) && c->claimed >= 0 && c->pos == (uint64_t)c->claimed)
        c->end = true;
    else
        c->broken = as_entry_trouble(c->a);
}

/* Gets the next piece of data: c->data, c->end or c->broken is set after it. */
static void fetch(struct as_container *c)
{
    const void *data = NULL;
    size_t n = 0;
    la_int64_t at = 0;
    int code = ARCHIVE_RETRY;

    for (int idle = 0; idle < TRIES_IDLE && n == 0 && code != ARCHIVE_EOF; idle++) {
        code = archive_read_data_block(c->a, &data, &n, &at);
        if (code < ARCHIVE_OK)
            complain(c, code);
        if (c->end || c->broken != AS_REASON_NONE)
            return;
    }
    if (code == ARCHIVE_EOF) {
        uint64_t size = c->claimed > 0 ? (uint64_t)c->claimed : 0;
        c->end = true;
        if (c->pos < size && c->sparse)
            c->data_at = size; /* a hole at the end */
        else if (c->pos < size)
            c->broken = AS_REASON_ENTRY_TRUNCATED;
        return;
    }
    if (n == 0 || at < 0 || (uint64_t)at < c->pos) {
        c->broken = AS_REASON_ENTRY_DAMAGED;
        return;
    }
    c->data = data;
    c->data_len = n;
    c->data_at = (uint64_t)at;
    c->out += n;
    c->limit = over(c, unpacked(c));
    if (c->access == AS_ACCESS_ORDINAL && c->kind == AS_KIND_ZIP && c->claimed >= 0 &&
        (uint64_t)at + n > (uint64_t)c->claimed)
        c->broken = AS_REASON_ENTRY_DAMAGED; /* more than it claims: see the head of this file */
}

/* Hands out zeros of a hole, or bytes of a piece; gives how many. */
static uint64_t hand_out(struct as_container *c, uint8_t *to, uint64_t n)
{
    uint64_t hole = c->data_at > c->pos ? c->data_at - c->pos : 0;
    uint64_t len;

    if (hole > 0) {
        len = n < hole ? n : hole;
        if ((c->limit = over(c, c->out + len)) != AS_REASON_NONE)
            return 0;
        c->out += len;
        memset(to, 0, len);
    } else {
        len = n < c->data_len ? n : c->data_len;
        if (len > 0)
            memcpy(to, c->data, len);
        c->data += len;
        c->data_len -= len;
        c->data_at += len;
    }
    c->pos += len;
    return len;
}

static enum as_status data_error(struct as_container *c, struct as_err *err)
{
    enum as_status status = c->broken == AS_REASON_LIMIT_MEMORY ? AS_ENOMEM : AS_EFORMAT;

    if (c->unreadable)
        c->broken = AS_REASON_UNREADABLE;
    return as_fail(err, status, c->broken, __FILE__, __LINE__, "%s",
                   c->entry && archive_errno(c->a) ? message(c->a)
                                                   : as_reason_text((uint16_t)c->broken));
}

/* ---- 5. the interface ---------------------------------------------------- */

enum as_status as_container_open(struct as_container **container, const struct as_input *in,
                                 const struct as_container_limits *limits, uint64_t start_offset,
                                 uint64_t start_index, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_container *c = NULL;
    bool certain = false;

    *container = NULL;
    if (start_offset >= in->size)
        return AS_SKIP;
    if ((c = calloc(1, sizeof *c)) == NULL || (c->block = malloc(BLOCK)) == NULL)
        AS_FAIL_AS(err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for a container");
    c->limits = *limits;
    c->whole = in->size;
    c->base = start_offset;
    c->next = start_index;
    c->in = *in;
    c->in.size -= start_offset;
    if (in->at)
        c->in.at += start_offset;
    else
        c->in.start += start_offset;
    AS_TRY(choose(c, &certain, err));
    AS_TRY(begin(c, certain, err));
    c->kind = as_entry_kind(c->a, c->filtered);
    c->access = access_of(c);
    *container = c;
    c = NULL;
done:
    as_container_close(c);
    return status;
}

void as_container_close(struct as_container *c)
{
    if (c == NULL)
        return;
    archive_read_free(c->a);
    as_zip_clear(&c->zip);
    free(c->block);
    free(c);
}

enum as_kind as_container_kind(const struct as_container *c)
{
    return c->kind;
}

enum as_access as_container_access(const struct as_container *c)
{
    return c->access;
}

enum as_status as_container_next(struct as_container *c, struct as_entry *e, struct as_err *err)
{
    enum as_status status;
    int code;

    if (c->final != AS_OK)
        return finish(c, c->final, c->final_why, as_reason_text((uint16_t)c->final_why), err);
    if ((status = skip_rest(c, err)) != AS_OK)
        return status;
    c->open = false;
    code = next_header(c);
    if (c->limit != AS_REASON_NONE)
        return give_up(c, err);
    if (is_empty_stream(c, code))
        return tell_empty(c, e);
    if (code == ARCHIVE_EOF && c->lost)
        return finish(c, AS_EFORMAT, AS_REASON_CONTAINER_DAMAGED, "damaged headers", err);
    if (code == ARCHIVE_EOF)
        return finish(c, AS_END, AS_REASON_NONE, "", err);
    if (c->next >= c->limits.max_entries)
        return finish(c, AS_ELIMIT, AS_REASON_LIMIT_ENTRIES, "too many entries", err);
    if (code < ARCHIVE_WARN && code != ARCHIVE_FAILED)
        return step_over_local(c, e) ? AS_OK : give_up(c, err);
    fill(c, e, code);
    open_entry(c, e);
    return AS_OK;
}

enum as_status as_container_read(struct as_container *c, void *to, uint64_t n, uint64_t *got,
                                 struct as_err *err)
{
    *got = 0;
    if (c->final != AS_OK && c->final != AS_END)
        return finish(c, c->final, c->final_why, as_reason_text((uint16_t)c->final_why), err);
    if (!c->open)
        return AS_END;
    while (*got < n) {
        bool pending = c->data_len > 0 || c->data_at > c->pos;
        if (!pending && c->broken != AS_REASON_NONE)
            return data_error(c, err);
        if (!pending && c->end)
            return *got > 0 ? AS_OK : AS_END;
        if (pending)
            *got += hand_out(c, (uint8_t *)to + *got, n - *got);
        else
            fetch(c);
        if (c->limit != AS_REASON_NONE)
            return finish(c, AS_ELIMIT, c->limit, "unpacks to more than the limits allow", err);
    }
    return AS_OK;
}

uint32_t as_container_entry_flags(const struct as_container *c)
{
    return c->flags;
}

void as_container_versions(char *to, size_t n)
{
    snprintf(to, n, "%s", archive_version_details());
}
