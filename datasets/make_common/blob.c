/* blob.c - buffers, random numbers and the way out. */
#include "invent.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void as_die(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    exit(70);
}

void *as_alloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);

    if (!p)
        as_die("out of memory");
    return p;
}

static uint8_t *blob_more(struct as_blob *b, size_t n)
{
    uint8_t *end;

    if (b->room - b->n < n) {
        b->room = (b->n + n) * 2;
        b->at = realloc(b->at, b->room);
        if (!b->at)
            as_die("out of memory");
    }
    end = b->at + b->n;
    b->n += n;
    return end;
}

void as_blob_put(struct as_blob *b, const void *bytes, size_t n)
{
    if (n)
        memcpy(blob_more(b, n), bytes, n);
}

void as_blob_fill(struct as_blob *b, uint8_t value, size_t n)
{
    if (n)
        memset(blob_more(b, n), value, n);
}

void as_blob_text(struct as_blob *b, const char *fmt, ...)
{
    char text[4096];
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof text)
        as_die("a text is too long");
    as_blob_put(b, text, (size_t)n);
}

void as_blob_le(struct as_blob *b, uint64_t value, unsigned bytes)
{
    uint8_t *at = blob_more(b, bytes);

    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

void as_blob_be(struct as_blob *b, uint64_t value, unsigned bytes)
{
    uint8_t *at = blob_more(b, bytes);

    for (unsigned i = 0; i < bytes; i++)
        at[bytes - 1 - i] = (uint8_t)(value >> (8 * i));
}

void as_blob_free(struct as_blob *b)
{
    free(b->at);
    memset(b, 0, sizeof *b);
}

struct as_blob as_blob_part(const struct as_blob *b, size_t from, size_t n)
{
    struct as_blob part = {0};

    if (from > b->n || n > b->n - from)
        as_die("a part lies outside its buffer");
    if (n)
        as_blob_put(&part, b->at + from, n);
    return part;
}

struct as_blob as_blob_copy(const struct as_blob *b)
{
    return as_blob_part(b, 0, b->n);
}

struct as_blob as_blob_splice(const struct as_blob *b, size_t where, const struct as_blob *extra)
{
    struct as_blob all = as_blob_part(b, 0, where);

    as_blob_put(&all, extra->at, extra->n);
    as_blob_put(&all, b->at + where, b->n - where);
    return all;
}

uint64_t as_rng_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t as_rng_next(struct as_rng *rng)
{
    uint64_t out = as_rng_mix(rng->state);

    rng->state += 0x9e3779b97f4a7c15u;
    return out;
}

uint32_t as_rng_below(struct as_rng *rng, uint32_t n)
{
    return (uint32_t)(((as_rng_next(rng) >> 32) * n) >> 32);
}

void as_rng_bytes(struct as_rng *rng, struct as_blob *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        as_blob_le(b, as_rng_next(rng) >> 56, 1);
}
