/* kvs.c - a bounded list of metadata entries.
 *
 * Two arrays of fixed size, allocated once per examiner: entries, and the
 * bytes they point into.  Whatever a file claims, no more than that is kept.
 * Every byte that leaves here is printable UTF-8, newline or tab, so that no
 * later stage (store, terminal, report) has to think about it.              */
#include "kvs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 200 };

enum as_status as_kvs_init(struct as_kvs *kvs)
{
    memset(kvs, 0, sizeof *kvs);
    kvs->at = calloc(AS_KVS_MAX, sizeof *kvs->at);
    kvs->bytes = malloc(AS_KVS_BYTES);
    if (kvs->at && kvs->bytes)
        return AS_OK;
    as_kvs_clear(kvs);
    return AS_ENOMEM;
}

void as_kvs_reset(struct as_kvs *kvs)
{
    kvs->n = 0;
    kvs->used = 0;
    kvs->cut = false;
}

void as_kvs_clear(struct as_kvs *kvs)
{
    free(kvs->at);
    free(kvs->bytes);
    memset(kvs, 0, sizeof *kvs);
}

/* Length of the UTF-8 character at s, 0 when it is malformed (RFC 3629: no
 * overlong forms, no surrogates, nothing above U+10FFFF).                    */
static size_t utf8_len(const unsigned char *s, size_t n)
{
    static const struct {
        unsigned char lo, hi, lo2, hi2, len;
    } form[] = {{0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
                {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3},
                {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
                {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};

    if (s[0] < 0x80)
        return 1;
    for (size_t f = 0; f < sizeof form / sizeof *form; f++) {
        if (s[0] < form[f].lo || s[0] > form[f].hi)
            continue;
        if (n < form[f].len || s[1] < form[f].lo2 || s[1] > form[f].hi2)
            return 0;
        for (size_t i = 2; i < form[f].len; i++)
            if ((s[i] & 0xC0) != 0x80)
                return 0;
        return form[f].len;
    }
    return 0;
}

/* C0 but newline and tab, DEL, and C1 (U+0080..U+009F, which some terminals obey). */
static bool is_control(const unsigned char *s, size_t len)
{
    if (len == 1)
        return (s[0] < 0x20 && s[0] != '\n' && s[0] != '\t') || s[0] == 0x7F;
    return len == 2 && s[0] == 0xC2 && s[1] < 0xA0;
}

/* Writes s to `to` in clean form, at most `max` bytes, ending in "..." when cut;
 * returns the bytes written.                                                 */
static size_t clean(char *to, size_t max, const unsigned char *s, size_t n)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t used = 0, safe = 0; /* safe: where "..." would still fit */

    for (size_t i = 0; i < n;) {
        size_t len = utf8_len(s + i, n - i);
        bool keep = len > 0 && !is_control(s + i, len);
        size_t take = len > 0 ? len : 1;
        size_t need = keep ? take : 4 * take;

        if (used + 3 <= max)
            safe = used;
        if (used + need > max) {
            memcpy(to + safe, "...", 3);
            return safe + 3;
        }
        if (keep) {
            memcpy(to + used, s + i, take);
        } else {
            for (size_t k = 0; k < take; k++) {
                char *out = to + used + 4 * k;
                out[0] = '\\';
                out[1] = 'x';
                out[2] = hex[s[i + k] >> 4];
                out[3] = hex[s[i + k] & 15];
            }
        }
        used += need;
        i += take;
    }
    return used;
}

static bool is_blank(char c)
{
    return c == '\0' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void as_kvs_add(struct as_kvs *kvs, const char *key, const char *value, size_t len)
{
    size_t klen = strlen(key);
    size_t want;
    char *at;

    while (len > 0 && is_blank(value[len - 1]))
        len--;
    if (len == 0 || klen == 0)
        return;
    /* four bytes of "\xNN" per byte at worst; the exact need is known after cleaning */
    want = (klen < KEY_MAX / 4 ? 4 * klen : KEY_MAX) + (len < AS_KV_MAX / 4 ? 4 * len : AS_KV_MAX);
    if (kvs->n >= AS_KVS_MAX || want > AS_KVS_BYTES - kvs->used) {
        kvs->cut = true;
        return;
    }
    at = kvs->bytes + kvs->used;
    klen = clean(at, KEY_MAX, (const unsigned char *)key, klen);
    len = clean(at + klen, AS_KV_MAX, (const unsigned char *)value, len);
    kvs->at[kvs->n].key = (struct as_text){at, (uint32_t)klen};
    kvs->at[kvs->n].value = (struct as_text){at + klen, (uint32_t)len};
    kvs->n++;
    kvs->used += klen + len;
}

void as_kvs_addf(struct as_kvs *kvs, const char *key, const char *fmt, ...)
{
    char text[AS_KV_MAX + 2]; /* one more than fits, so that the cut is seen */
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n > 0)
        as_kvs_add(kvs, key, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

const struct as_text *as_kvs_find(const struct as_kvs *kvs, const char *key)
{
    struct as_meta meta = {.kv = kvs->at, .nkv = kvs->n};

    return as_meta_find(&meta, key);
}
