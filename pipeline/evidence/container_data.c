/* container_data.c - the bytes of one entry, with its holes and its damage.
 *
 * libarchive gives pieces with offsets; what lies between them are holes, handed
 * out as zeros.  Where the bytes came whole and only a checksum is wrong, they
 * are given, with AS_FLAG_CHECKSUM; wrong sizes give AS_FLAG_DISAGREES.       */
#include "container_library.h"

#include <string.h>

/* libarchive's complaint about the data of an entry. */
static void complain(struct as_container *c, int code)
{
    const char *text = as_library_message(c->a);

    if (strstr(text, "CRC") || strstr(text, "hecksum") || strstr(text, "Authentication"))
        c->flags |= AS_FLAG_CHECKSUM;
    else if (strstr(text, "wrong size"))
        c->flags |= AS_FLAG_DISAGREES;
    if (code >= ARCHIVE_WARN)
        return;
    if (code == ARCHIVE_FATAL)
        as_library_lost(c);
    /* all bytes came, and only then the checksum was found wrong */
    if ((c->flags & AS_FLAG_CHECKSUM) && c->claimed >= 0 && c->pos == (uint64_t)c->claimed)
        c->end = true;
    else
        c->broken = as_entry_trouble(c->a);
}

/* How many of n bytes at `at` the entry may give: what a container that can be read
 * in parts gives is bounded by its claims (see the head of container.c).         */
static size_t within_claim(struct as_container *c, uint64_t at, size_t n)
{
    uint64_t left;

    if (c->claimed < 0 || (c->access == AS_ACCESS_STREAM && !c->zip.listed))
        return n;
    left = at < (uint64_t)c->claimed ? (uint64_t)c->claimed - at : 0;
    if (n <= left)
        return n;
    c->broken = AS_REASON_ENTRY_DAMAGED;
    return (size_t)left;
}

/* Gets the next piece of data: c->data, c->end or c->broken is set after it. */
static void fetch(struct as_container *c)
{
    const void *data = NULL;
    size_t n = 0;
    la_int64_t at = 0;
    int code = ARCHIVE_RETRY;

    for (int idle = 0; idle < AS_LIBRARY_IDLE && n == 0 && code != ARCHIVE_EOF; idle++) {
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
    c->flags |= c->encrypted ? AS_FLAG_DECRYPTED : 0;
    n = within_claim(c, (uint64_t)at, n);
    if (n == 0)
        return;
    c->data = data;
    c->data_len = n;
    c->data_at = (uint64_t)at;
    c->out += n;
    c->limit = as_library_over(c, as_library_unpacked(c));
}

/* Hands out zeros of a hole, or bytes of a piece; gives how many. */
static uint64_t hand_out(struct as_container *c, uint8_t *to, uint64_t n)
{
    uint64_t hole = c->data_at > c->pos ? c->data_at - c->pos : 0;
    uint64_t len;

    if (hole > 0) {
        len = n < hole ? n : hole;
        if ((c->limit = as_library_over(c, c->out + len)) != AS_REASON_NONE)
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
                   c->entry && archive_errno(c->a) ? as_library_message(c->a)
                                                   : as_reason_text((uint16_t)c->broken));
}

void as_library_data(struct as_container *c, int64_t claimed, bool none)
{
    c->open = true;
    c->broken = AS_REASON_NONE;
    c->end = none;
    c->sparse = c->entry && archive_entry_sparse_count(c->entry) > 0;
    c->encrypted = c->entry && archive_entry_is_encrypted(c->entry);
    c->claimed = claimed;
    c->flags = 0;
    c->data = NULL;
    c->data_len = 0;
    c->data_at = c->pos = 0;
}

enum as_status as_library_read(struct as_container *c, void *to, uint64_t n, uint64_t *got,
                               struct as_err *err)
{
    *got = 0;
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
            return as_fail(err, AS_ELIMIT, c->limit, __FILE__, __LINE__,
                           "unpacks to more than the limits allow");
    }
    return AS_OK;
}
