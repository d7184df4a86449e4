/* record.h - what is journalled of an item and of a content, as bytes.
 *
 * Item records come from the broker's own bookkeeping of what a reader told;
 * content records come out of an examiner's memory and are checked in full
 * before anything believes them.                                             */
#ifndef AS_RECORD_H
#define AS_RECORD_H

#include "../err.h"
#include "../key.h"
#include "../row.h"

enum { AS_PATH_MAX = 32768, AS_RECORD_MAX = 1024 * 1024 };

/* One item: everything but what its content says. */
struct as_item {
    struct as_key key;
    struct as_text path;  /* forensic path */
    struct as_text note;  /* what went wrong, for /errors; empty: nothing */
    uint64_t size;
    int64_t mtime_s;      /* INT64_MIN: unknown */
    uint16_t kind, reason;
    uint32_t flags;
    bool has_sha256, has_md5;       /* md5 stands for md5 and sha1 */
    bool leaf;                      /* a file that is no container: copies are told from it */
    bool has_content;               /* kind, reason ... come from the content record */
    uint8_t sha256[32], md5[16], sha1[20];
};

/* Packs an item; returns the length, 0 when it does not fit cap. */
size_t as_item_pack(const struct as_item *item, void *to, size_t cap);

/* Borrowed from `bytes`.  AS_EFORMAT: not an item record. */
enum as_status as_item_unpack(const void *bytes, size_t n, struct as_item *item) AS_MUST_CHECK;

/* Packs the content part of a row (kind, reason, size in pixels, detectors,
 * metadata, troubles, maps); returns the length, 0 when it does not fit.      */
size_t as_content_pack(const struct as_row *row, void *to, size_t cap);

/* Storage that an unpacked content needs. */
struct as_content_room {
    struct as_kv kv[2048];
    float feat[AS_MEASURES_MAX]; /* as many as all detectors have: tests/t_contract.c */
};

/* Fills the content part of `row`, borrowed from `bytes` and `room`.  Checks
 * every length, count and enumeration against this build's detector table.
 * AS_EFORMAT: not a content record of this build.                            */
enum as_status as_content_unpack(const void *bytes, size_t n, struct as_content_room *room,
                                 struct as_row *row) AS_MUST_CHECK;

/* A content record for an item whose examination gave nothing. */
size_t as_content_pack_failed(uint16_t kind, uint16_t reason, const char *stage,
                              const char *message, void *to, size_t cap);

#endif
