/* c2pa_cbor.c - looking values up in CBOR where they lie.
 *
 * metadata_cbor.c tells texts and numbers; hashes and signatures need the bytes of items, and
 * their exact extent.  An item is skipped with a stack of counts, never by recursion; nothing is
 * copied or allocated.  RFC 8949, section 3.
 */
#include "c2pa.h"

enum { NEST_MAX = 32 };
enum { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

struct head {
    unsigned major;
    uint64_t n; /* value, length, count or tag */
    bool indefinite;
    size_t size; /* of the head itself */
};

static bool read_head(struct as_span in, struct head *h)
{
    unsigned info;

    if (in.n == 0)
        return false;
    h->major = in.at[0] >> 5;
    info = in.at[0] & 31u;
    h->indefinite = info == 31;
    h->size = 1;
    h->n = info;
    if (info < 24 || info == 31)
        return true;
    if (info > 27)
        return false;
    h->size = 1 + ((size_t)1 << (info - 24));
    if (in.n < h->size)
        return false;
    h->n = 0;
    for (size_t i = 1; i < h->size; i++)
        h->n = h->n << 8 | in.at[i];
    return true;
}

static struct as_span from(struct as_span in, size_t skip)
{
    return (struct as_span){in.at + skip, in.n - skip};
}

/* Items that follow a head as its content; UINT64_MAX: until a break.  A string's bytes are skipped
 * here.  False: cut. */
static bool content_of(struct as_span *in, const struct head *h, uint64_t *items)
{
    *in = from(*in, h->size);
    *items = 0;
    if (h->indefinite) {
        *items = UINT64_MAX;
        return h->major >= BYTES && h->major <= MAP;
    }
    if (h->major == BYTES || h->major == TEXT) {
        if (h->n > in->n)
            return false;
        *in = from(*in, (size_t)h->n);
    } else if (h->major == ARRAY || h->major == TAG) {
        *items = h->major == TAG ? 1 : h->n;
    } else if (h->major == MAP) {
        *items = h->n > UINT64_MAX / 4 ? UINT64_MAX / 2 : 2 * h->n;
    }
    return true;
}

struct as_span as_cbor_item(struct as_span in)
{
    const struct as_span none = {NULL, 0};
    struct as_span rest = in;
    uint64_t left[NEST_MAX], items;
    unsigned depth = 0;
    struct head h;

    do {
        if (!read_head(rest, &h))
            return none;
        if (h.major == SIMPLE && h.indefinite) { /* a break */
            if (depth == 0 || left[depth - 1] != UINT64_MAX)
                return none;
            depth--;
            rest = from(rest, 1);
        } else {
            if (!content_of(&rest, &h, &items))
                return none;
            if (items > 0) {
                if (depth == NEST_MAX)
                    return none;
                left[depth++] = items;
                continue;
            }
        }
        /* an item is over, and with it those that it completes */
        while (depth > 0 && left[depth - 1] != UINT64_MAX && --left[depth - 1] == 0)
            depth--;
    } while (depth > 0);
    return (struct as_span){in.at, in.n - rest.n};
}

/* Without its tags. */
static bool untagged(struct as_span *item, struct head *h)
{
    for (int i = 0; i < NEST_MAX && read_head(*item, h); i++) {
        if (h->major != TAG)
            return true;
        *item = from(*item, h->size);
    }
    return false;
}

/* The first item of a container of `major`, its other items in *rest. */
static bool first_of(struct as_span container, unsigned major, struct as_span *rest,
                     struct as_span *item)
{
    struct head h;

    if (!untagged(&container, &h) || h.major != major)
        return false;
    container = as_cbor_item(container); /* so that nothing behind it is taken for its own */
    if (container.n <= h.size)
        return false;
    *rest = from(container, h.size);
    return as_cbor_next(rest, item);
}

bool as_cbor_first(struct as_span array, struct as_span *rest, struct as_span *item)
{
    return first_of(array, ARRAY, rest, item);
}

bool as_cbor_first_pair(struct as_span map, struct as_span *rest, struct as_span *key)
{
    return first_of(map, MAP, rest, key);
}

bool as_cbor_next(struct as_span *rest, struct as_span *item)
{
    *item = as_cbor_item(*rest); /* a break is no item: the end of an indefinite container */
    if (item->n == 0)
        return false;
    *rest = from(*rest, item->n);
    return true;
}

struct as_span as_cbor_get(struct as_span map, const char *key)
{
    struct as_span rest, at, value;
    struct as_text text;

    for (bool more = as_cbor_first_pair(map, &rest, &at); more; more = as_cbor_next(&rest, &at)) {
        if (!as_cbor_next(&rest, &value))
            break;
        if (as_cbor_text(at, &text) && as_text_is(text, key))
            return value;
    }
    return (struct as_span){NULL, 0};
}

struct as_span as_cbor_get_int(struct as_span map, int64_t number)
{
    struct as_span rest, at, value;
    int64_t key;

    for (bool more = as_cbor_first_pair(map, &rest, &at); more; more = as_cbor_next(&rest, &at)) {
        if (!as_cbor_next(&rest, &value))
            break;
        if (as_cbor_int(at, &key) && key == number)
            return value;
    }
    return (struct as_span){NULL, 0};
}

static bool is_major(struct as_span item, unsigned major, struct as_span *bare, struct head *h)
{
    *bare = item;
    return untagged(bare, h) && h->major == major;
}

bool as_cbor_is_map(struct as_span item)
{
    struct head h;
    return is_major(item, MAP, &item, &h);
}

bool as_cbor_is_null(struct as_span item)
{
    return item.n > 0 && item.at[0] == 0xF6;
}

bool as_cbor_bytes(struct as_span item, struct as_span *to)
{
    struct head h;

    if (!is_major(item, BYTES, &item, &h) || h.indefinite || h.n > item.n - h.size)
        return false;
    *to = (struct as_span){item.at + h.size, (size_t)h.n};
    return true;
}

bool as_cbor_text(struct as_span item, struct as_text *to)
{
    struct head h;

    if (!is_major(item, TEXT, &item, &h) || h.indefinite || h.n > item.n - h.size ||
        h.n > UINT32_MAX)
        return false;
    *to = (struct as_text){(const char *)item.at + h.size, (uint32_t)h.n};
    return true;
}

bool as_cbor_int(struct as_span item, int64_t *to)
{
    struct head h;

    if (!untagged(&item, &h) || h.major > NEGATIVE || h.indefinite || h.n > INT64_MAX)
        return false;
    *to = h.major == NEGATIVE ? -1 - (int64_t)h.n : (int64_t)h.n;
    return true;
}

bool as_cbor_bool(struct as_span item)
{
    return item.n > 0 && item.at[0] == 0xF5;
}

size_t as_cbor_head(uint8_t *to, unsigned major, uint64_t n)
{
    unsigned log = n < 24 ? 0 : n <= 0xFF ? 1 : n <= 0xFFFF ? 2 : n <= 0xFFFFFFFF ? 3 : 4;
    size_t bytes = log ? (size_t)1 << (log - 1) : 0;

    to[0] = (uint8_t)(major << 5 | (log ? 23 + log : (unsigned)n));
    for (size_t i = 0; i < bytes; i++)
        to[1 + i] = (uint8_t)(n >> (8 * (bytes - 1 - i)));
    return 1 + bytes;
}
