/* pack.c - containers by libarchive, with nothing in them that varies.
 *
 * libarchive stamps ISO 9660 and xar with the clock, and salts encryption with
 * random bytes; both are replaced here for the whole program, so that a seed
 * always gives the same bytes.                                             */
#include "pack.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

time_t time(time_t *t)
{
    if (t)
        *t = AS_MAKER_TIME;
    return AS_MAKER_TIME;
}

void arc4random_buf(void *to, size_t n)
{
    static uint64_t state = 0x5eed;
    uint8_t *at = to;

    for (size_t i = 0; i < n; i++)
        at[i] = (uint8_t)(as_rng_mix(++state) >> 56);
}

static la_ssize_t take(struct archive *a, void *to, const void *bytes, size_t n)
{
    (void)a;
    as_blob_put(to, bytes, n);
    return (la_ssize_t)n;
}

static void check(struct archive *a, int code, const char *what)
{
    if (code < ARCHIVE_WARN)
        as_die("%s: %s", what, archive_error_string(a));
}

static void put_member(struct archive *a, const struct as_thing *t, bool raw)
{
    static const unsigned TYPES[] = {AE_IFREG, AE_IFDIR, AE_IFLNK, AE_IFREG, AE_IFIFO};
    struct archive_entry *e = archive_entry_new();

    archive_entry_set_pathname(e, t->name);
    archive_entry_set_filetype(e, TYPES[t->type]);
    archive_entry_set_perm(e, t->type == AS_DIR ? 0755 : 0644);
    if (!raw) {
        archive_entry_set_mtime(e, AS_MAKER_TIME, 0);
        archive_entry_set_size(e, t->type == AS_FILE ? (la_int64_t)t->data.n : 0);
    }
    if (t->type == AS_LINK)
        archive_entry_set_symlink(e, t->link);
    if (t->type == AS_HARD)
        archive_entry_set_hardlink(e, t->link);
    check(a, archive_write_header(a, e), t->name);
    if (t->type == AS_FILE && t->data.n &&
        archive_write_data(a, t->data.at, t->data.n) != (la_ssize_t)t->data.n)
        as_die("%s: %s", t->name, archive_error_string(a));
    archive_entry_free(e);
}

struct as_blob as_pack(const struct as_thing *list, const struct as_pack_how *how)
{
    struct archive *a = archive_write_new();
    struct as_blob out = {0};

    if (!a)
        as_die("out of memory");
    check(a, archive_write_set_format_by_name(a, how->format), how->format);
    if (how->filter)
        check(a, archive_write_add_filter_by_name(a, how->filter), how->filter);
    if (how->filter && strcmp(how->filter, "gzip") == 0)
        check(a, archive_write_set_options(a, "gzip:!timestamp"), how->filter);
    if (how->options)
        check(a, archive_write_set_options(a, how->options), how->options);
    if (how->password)
        check(a, archive_write_set_passphrase(a, how->password), how->format);
    archive_write_set_bytes_in_last_block(a, 1);
    check(a, archive_write_open2(a, &out, NULL, take, NULL, NULL), how->format);
    for (const struct as_thing *t = list->inside; t; t = t->next)
        put_member(a, t, strcmp(how->format, "raw") == 0);
    check(a, archive_write_close(a), how->format);
    archive_write_free(a);
    return out;
}

struct as_thing *as_pack_into(struct as_thing *parent, const char *name, uint16_t kind,
                              struct as_thing *list, const struct as_pack_how *how)
{
    struct as_blob data = as_pack(list, how);
    struct as_thing *t = as_thing_file(parent, name, &data, kind, AS_REASON_CONTAINER);

    as_thing_move(t, list);
    return t;
}

struct as_blob as_gzip(const struct as_blob *data)
{
    z_stream z;
    struct as_blob out = {0};

    memset(&z, 0, sizeof z);
    if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        as_die("gzip does not start");
    as_blob_fill(&out, 0, deflateBound(&z, data->n));
    z.next_in = data->at;
    z.avail_in = (uInt)data->n;
    z.next_out = out.at;
    z.avail_out = (uInt)out.n;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        as_die("gzip does not end");
    out.n = z.total_out;
    deflateEnd(&z);
    return out;
}

/* One MiB is deflated, ending at a byte; the rest repeats its bytes. */
struct as_blob as_deflated_zeros(uint32_t mib, uint32_t *crc)
{
    enum { MIB = 1 << 20 };
    uint8_t *zeros = as_alloc(MIB, 1), block[8192];
    struct as_blob out = {0};
    uLong one = crc32(0, zeros, MIB), all = 0;
    z_stream z;

    memset(&z, 0, sizeof z);
    if (deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        as_die("deflate does not start");
    z.next_in = zeros;
    z.avail_in = MIB;
    z.next_out = block;
    z.avail_out = sizeof block;
    if (deflate(&z, Z_FULL_FLUSH) != Z_OK || z.avail_in)
        as_die("deflate does not flush");
    for (uint32_t i = 0; i < mib; i++) {
        as_blob_put(&out, block, sizeof block - z.avail_out);
        all = crc32_combine(all, one, MIB);
    }
    as_blob_put(&out, "\3\0", 2); /* an empty last block */
    deflateEnd(&z);
    free(zeros);
    *crc = (uint32_t)all;
    return out;
}
