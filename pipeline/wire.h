/* wire.h - fields packed into bytes and taken out again, little-endian, bounds kept.
 *
 * Reading past the end sets `bad` and gives zeros; check `bad` once at the end.  */
#ifndef AS_WIRE_H
#define AS_WIRE_H

#include "../kernels/base.h"

#include <string.h>

struct as_wire {
    uint8_t *at;   /* borrowed storage (reading: the const is cast away, never written) */
    size_t n, cap; /* writing: bytes written, room; reading: bytes read, total          */
    bool bad;      /* ran over the end                                                  */
};

static inline void as_wire_init(struct as_wire *w, const void *at, size_t cap)
{
    *w = (struct as_wire){(uint8_t *)(uintptr_t)at, 0, cap, false};
}

/* The next n bytes of the storage, or NULL (and `bad`) when they are not there. */
static inline uint8_t *as_wire_take(struct as_wire *w, size_t n)
{
    uint8_t *p = w->at + w->n;
    if (w->bad || n > w->cap - w->n) {
        w->bad = true;
        return NULL;
    }
    w->n += n;
    return p;
}

static inline void as_put(struct as_wire *w, const void *bytes, size_t n)
{
    uint8_t *p = as_wire_take(w, n);
    if (p && n)
        memcpy(p, bytes, n);
}

static inline void as_put_u64(struct as_wire *w, uint64_t v)
{
    as_put(w, &v, 8);
}

static inline void as_put_u32(struct as_wire *w, uint32_t v)
{
    as_put(w, &v, 4);
}

static inline void as_put_u16(struct as_wire *w, uint16_t v)
{
    as_put(w, &v, 2);
}

static inline void as_put_u8(struct as_wire *w, uint8_t v)
{
    as_put(w, &v, 1);
}

static inline void as_put_text(struct as_wire *w, const char *at, uint32_t len)
{
    as_put_u32(w, len);
    as_put(w, at, len);
}

static inline void as_get(struct as_wire *w, void *to, size_t n)
{
    const uint8_t *p = as_wire_take(w, n);
    if (n == 0)
        return;
    if (p)
        memcpy(to, p, n);
    else
        memset(to, 0, n);
}

static inline uint64_t as_get_u64(struct as_wire *w)
{
    uint64_t v;
    as_get(w, &v, 8);
    return v;
}

static inline uint32_t as_get_u32(struct as_wire *w)
{
    uint32_t v;
    as_get(w, &v, 4);
    return v;
}

static inline uint16_t as_get_u16(struct as_wire *w)
{
    uint16_t v;
    as_get(w, &v, 2);
    return v;
}

static inline uint8_t as_get_u8(struct as_wire *w)
{
    uint8_t v;
    as_get(w, &v, 1);
    return v;
}

/* Borrowed from the storage; at == NULL and len == 0 when it is not all there. */
static inline struct as_text as_get_text(struct as_wire *w)
{
    struct as_text t;
    t.len = as_get_u32(w);
    t.at = (const char *)as_wire_take(w, t.len);
    if (t.at == NULL)
        t.len = 0;
    return t;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are little-endian");

#endif
