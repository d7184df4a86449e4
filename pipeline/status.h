/* status.h - what becomes of an item, and why: stored, never renumbered. */
#ifndef AS_STATUS_H
#define AS_STATUS_H

#include <stdbool.h>
#include <stdint.h>

enum as_item_status {
    AS_ITEM_OK = 0,
    AS_ITEM_NOT_APPLICABLE = 1, /* read, not media: document, folder, link, container */
    AS_ITEM_UNSUPPORTED = 2,    /* media or container we cannot open                  */
    AS_ITEM_DAMAGED = 3,        /* nothing usable                                     */
    AS_ITEM_ENCRYPTED = 4,
    AS_ITEM_LIMIT = 5,
    AS_ITEM_TIMEOUT = 6,
    AS_ITEM_CRASHED = 7,
    AS_ITEM_KNOWN = 8,
    AS_ITEM_DUPLICATE = 9,
    AS_ITEM_STATUSES = 10
};

enum as_reason {
#define AS_REASON(number, name, status, text) AS_REASON_##name = number,
#include "reasons.def"
#undef AS_REASON
};

/* Flags of an item: stored, never renumbered. */
enum {
    AS_FLAG_TRUNCATED = 1 << 0,   /* status ok, but the file ends early         */
    AS_FLAG_CORRUPT = 1 << 1,     /* status ok, but parts did not decode        */
    AS_FLAG_TRAVERSAL = 1 << 2,   /* its name climbs out of its container (..)  */
    AS_FLAG_ABSOLUTE = 1 << 3,    /* its name is an absolute path               */
    AS_FLAG_ALPHA = 1 << 4,       /* the picture has transparency               */
    AS_FLAG_ANIMATED = 1 << 5,
    AS_FLAG_TRAILING = 1 << 6,    /* data after the end of the picture          */
    AS_FLAG_DISAGREES = 1 << 7,   /* zip: central and local headers differ      */
    AS_FLAG_POLYGLOT = 1 << 8,    /* media that is a container as well          */
    AS_FLAG_CHECKSUM = 1 << 9,    /* the archive's checksum of it does not match */
    AS_FLAG_DECRYPTED = 1 << 10,  /* opened with a password                     */
    AS_FLAG_CHANGED = 1 << 11,    /* differs between two readings of this run   */
    AS_FLAG_STRIPS = 1 << 12,     /* only its sampled luma was made             */
    AS_FLAG_NAME_CUT = 1 << 13,   /* its name is longer than can be recorded    */
    AS_FLAG_ALTERED = 1 << 14,    /* no evidence: a copy made by assay bench --alter */
    AS_FLAGS = 15,                /* how many there are */
    AS_FLAGS_ALL = (1 << AS_FLAGS) - 1,
    /* what an examiner may say of a content; the rest is for readers and the broker */
    AS_FLAGS_CONTENT = AS_FLAG_TRUNCATED | AS_FLAG_CORRUPT | AS_FLAG_ALPHA | AS_FLAG_ANIMATED |
                       AS_FLAG_TRAILING | AS_FLAG_STRIPS
};

/* The lower-case word of a status: "ok", "not_applicable", ... */
const char *as_item_status_name(enum as_item_status status);

/* The status whose word is `name`, or -1. */
int as_item_status_find(const char *name);

/* The status that `reason` belongs to; AS_ITEM_DAMAGED for a number not in the list. */
enum as_item_status as_reason_status(uint16_t reason);

/* False for a number that is not in the list. */
bool as_reason_known(uint16_t reason);

/* The sentence of `reason`; "" for none, "unknown reason" for a number not in the list. */
const char *as_reason_text(uint16_t reason);

/* The word of flag bit `bit` (0..14), or NULL. */
const char *as_flag_name(unsigned bit);

#endif
