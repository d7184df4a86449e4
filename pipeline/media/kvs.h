/* kvs.h - a bounded list of metadata entries, filled by the readers. */
#ifndef AS_KVS_H
#define AS_KVS_H

#include "../../kernels/detectors/meta.h"
#include "../err.h"

/* Limits: hostile metadata is cut, and `cut` says so. */
enum { AS_KVS_MAX = 2048, AS_KVS_BYTES = 256 * 1024 };

/* Caller's storage; one per examiner, cleared between items. */
struct as_kvs {
    struct as_kv *at; /* [AS_KVS_MAX] */
    char *bytes;      /* [AS_KVS_BYTES] */
    size_t n, used;
    bool cut; /* entries were left out */
};

enum as_status as_kvs_init(struct as_kvs *kvs) AS_MUST_CHECK;
void as_kvs_reset(struct as_kvs *kvs);
void as_kvs_clear(struct as_kvs *kvs); /* frees */

/* Appends (key, value).  The value is copied, ended at AS_KV_MAX, trimmed of
 * trailing NULs and blanks; bytes that are not UTF-8 and control characters
 * other than newline and tab become \xNN.  An empty value is left out.       */
void as_kvs_add(struct as_kvs *kvs, const char *key, const char *value, size_t len);

/* The same with a formatted value. */
void as_kvs_addf(struct as_kvs *kvs, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The first value of `key`, or NULL. */
const struct as_text *as_kvs_find(const struct as_kvs *kvs, const char *key);

#endif
