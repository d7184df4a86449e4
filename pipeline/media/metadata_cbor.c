/* metadata_cbor.c - CBOR items as (path, text) pairs.
 *
 * libcbor's streaming decoder does the decoding: it allocates nothing, so no
 * claimed length costs memory.  The nesting is kept in a stack of our own.
 * Reference: RFC 8949.                                                       */
#include "metadata.h"

#include <cbor.h>

#include <inttypes.h>
#include <stdio.h>

enum { DEPTH_MAX = 32, PATH_BYTES = 160 };

struct level {
    bool map, is_key; /* is_key: the next item is a key */
    bool indefinite;
    uint64_t left;   /* items to come                  */
    size_t path_len; /* of the path down to this level */
};

struct machine {
    as_md_cbor_text *on_text; /* NULL: the first byte string is wanted instead */
    void *context;
    struct level level[DEPTH_MAX];
    unsigned depth;
    bool stopped;
    struct as_span head;
    char path[PATH_BYTES];
    size_t path_len;
};

static void path_push(struct machine *c, const char *at, size_t n)
{
    size_t room = sizeof c->path - 1 - c->path_len;

    if (c->path_len > 0 && room > 0) {
        c->path[c->path_len++] = '/';
        room--;
    }
    n = n < room ? n : room;
    memcpy(c->path + c->path_len, at, n);
    c->path_len += n;
    c->path[c->path_len] = '\0';
}

/* After an item: the next of its container, and the end of containers that are full. */
static void item_done(struct machine *c)
{
    while (c->depth > 0) {
        struct level *l = &c->level[c->depth - 1];
        if (l->map && l->is_key) {
            l->is_key = false; /* the path now names the value */
            return;
        }
        l->is_key = l->map;
        c->path[c->path_len = l->path_len] = '\0';
        if (l->indefinite || --l->left > 0)
            return;
        c->depth--; /* its own end is the end of an item of its parent */
    }
    c->stopped = true; /* the one top-level item is over */
}

static void on_open(struct machine *c, bool map, uint64_t count, bool indefinite)
{
    struct level *l;

    if (c->depth == DEPTH_MAX || (c->depth > 0 && c->level[c->depth - 1].is_key)) {
        c->stopped = true; /* too deep, or a container as a key */
        return;
    }
    if (count == 0 && !indefinite) {
        item_done(c);
        return;
    }
    if (!map && c->depth > 0)
        path_push(c, "[]", 2);
    l = &c->level[c->depth++];
    *l = (struct level){.map = map, .is_key = map, .indefinite = indefinite, .left = count};
    l->path_len = c->path_len;
}

static void on_scalar(struct machine *c, const char *at, size_t n)
{
    struct level *l = c->depth ? &c->level[c->depth - 1] : NULL;

    if (l && l->map && l->is_key)
        path_push(c, at, n);
    else if (c->on_text)
        c->on_text(c->context, c->path, at, n);
    item_done(c);
}

static void on_number(struct machine *c, bool negative, uint64_t v)
{
    char text[24];
    int n = negative ? snprintf(text, sizeof text, "-%" PRIu64, v + 1)
                     : snprintf(text, sizeof text, "%" PRIu64, v);

    on_scalar(c, text, (size_t)n);
}

static void cb_u8(void *c, uint8_t v)
{
    on_number(c, false, v);
}
static void cb_u16(void *c, uint16_t v)
{
    on_number(c, false, v);
}
static void cb_u32(void *c, uint32_t v)
{
    on_number(c, false, v);
}
static void cb_u64(void *c, uint64_t v)
{
    on_number(c, false, v);
}
static void cb_n8(void *c, uint8_t v)
{
    on_number(c, true, v);
}
static void cb_n16(void *c, uint16_t v)
{
    on_number(c, true, v);
}
static void cb_n32(void *c, uint32_t v)
{
    on_number(c, true, v);
}
static void cb_n64(void *c, uint64_t v)
{
    on_number(c, true, v);
}
static void cb_text(void *c, cbor_data at, size_t n)
{
    on_scalar(c, (const char *)at, n);
}
static void cb_bytes(void *ctx, cbor_data at, size_t n)
{
    struct machine *c = ctx;

    if (c->on_text == NULL) {
        c->head = (struct as_span){at, n};
        c->stopped = true;
        return;
    }
    on_scalar(c, "", 0);
}
static void cb_array(void *c, size_t n)
{
    on_open(c, false, n, false);
}
static void cb_map(void *c, size_t n)
{
    on_open(c, true, n, false);
}
static void cb_array_indef(void *c)
{
    on_open(c, false, 0, true);
}
static void cb_map_indef(void *c)
{
    on_open(c, true, 0, true);
}
static void cb_stop(void *ctx)
{
    struct machine *c = ctx;

    c->stopped = true; /* strings in pieces: never seen in a manifest, not needed */
}
static void cb_tag(void *c, uint64_t v)
{
    (void)c, (void)v; /* the tagged item follows */
}
static void cb_float(void *c, float v)
{
    (void)v;
    on_scalar(c, "", 0);
}
static void cb_double(void *c, double v)
{
    (void)v;
    on_scalar(c, "", 0);
}
static void cb_bool(void *c, bool v)
{
    on_scalar(c, v ? "true" : "false", v ? 4 : 5);
}
static void cb_nothing(void *c)
{
    on_scalar(c, "", 0);
}
static void cb_break(void *ctx)
{
    struct machine *c = ctx;
    struct level *l = c->depth ? &c->level[c->depth - 1] : NULL;

    if (l == NULL || !l->indefinite) {
        c->stopped = true;
        return;
    }
    c->depth--;
    item_done(c);
}

struct as_span as_md_cbor(const uint8_t *at, size_t n, as_md_cbor_text *on_text, void *context)
{
    static const struct cbor_callbacks callbacks = {
        .uint8 = cb_u8,
        .uint16 = cb_u16,
        .uint32 = cb_u32,
        .uint64 = cb_u64,
        .negint64 = cb_n64,
        .negint32 = cb_n32,
        .negint16 = cb_n16,
        .negint8 = cb_n8,
        .byte_string_start = cb_stop,
        .byte_string = cb_bytes,
        .string = cb_text,
        .string_start = cb_stop,
        .indef_array_start = cb_array_indef,
        .array_start = cb_array,
        .indef_map_start = cb_map_indef,
        .map_start = cb_map,
        .tag = cb_tag,
        .float2 = cb_float,
        .float4 = cb_float,
        .float8 = cb_double,
        .undefined = cb_nothing,
        .null = cb_nothing,
        .boolean = cb_bool,
        .indef_break = cb_break,
    };
    struct machine m = {.on_text = on_text, .context = context};

    while (n > 0 && !m.stopped) {
        if (*at >= 0xC0 && *at <= 0xD7) { /* a tag; libcbor refuses some, 18 of COSE among them */
            at++;
            n--;
            continue;
        }
        struct cbor_decoder_result r = cbor_stream_decode(at, n, &callbacks, &m);
        if (r.status != CBOR_DECODER_FINISHED || r.read == 0)
            break;
        at += r.read;
        n -= r.read;
    }
    return m.head;
}
