/* row.h - all that is known of one item, as it goes into the store. */
#ifndef AS_ROW_H
#define AS_ROW_H

#include "../kernels/detectors/meta.h"
#include "../kernels/learn/model.h"
#include "status.h"

enum { AS_DETECTORS_MAX = 64, AS_ERRORS_MAX = 4, AS_MAPS_MAX = 12 };
enum { AS_MAP_SIDE_MAX = 128 };   /* cells                          */
enum { AS_MEASURES_MAX = 1 << 14 }; /* of all detectors together */

/* /status/NAME: stored, never renumbered. */
enum as_det_status {
    AS_DET_NOT_RUN = 0, /* the item is not a picture, or was not decoded */
    AS_DET_APPLIES = 1,
    AS_DET_NOT_APPLICABLE = 2,
    AS_DET_ABSTAINS = 3,
    AS_DET_ERROR = 4
};

/* An error met on the way, also of items that are ok. */
struct as_trouble {
    const char *stage;    /* "unpack", "decode", "metadata", a detector's name */
    uint16_t status;      /* enum as_reason                                     */
    struct as_text message;
};

struct as_det_row {
    uint8_t status;      /* enum as_det_status          */
    uint16_t reason;     /* as as_out.reason            */
    const float *feat;   /* [dim]; NULL unless APPLIES  */
    const uint8_t *code; /* [code_bytes] likewise       */
};

struct as_map_row {
    uint16_t det;  /* index into as_detectors[] */
    uint16_t w, h; /* cells                     */
    uint32_t cell; /* pixels of a cell's side   */
    const uint8_t *cells;
};

/* Borrowed throughout; valid until the source's next row. */
struct as_row {
    uint64_t id;
    uint32_t part;   /* 0: the item itself */
    uint32_t source; /* ordinal */
    struct as_text path;
    uint64_t size;
    uint8_t sha256[32], md5[16], sha1[20];
    bool has_sha256, has_md5, has_sha1; /* a hash is empty text in the store where it is missing */
    int64_t mtime_s;                    /* INT64_MIN: unknown */
    uint16_t kind;                      /* enum as_kind */
    uint16_t status, reason;
    uint32_t w, h, frames;
    double duration_s;
    uint32_t flags;
    struct as_det_row det[AS_DETECTORS_MAX]; /* in the order of as_detectors[] */
    const struct as_kv *kv;
    size_t nkv;
    struct as_trouble trouble[AS_ERRORS_MAX];
    size_t ntrouble;
    struct as_map_row map[AS_MAPS_MAX];
    size_t nmap;
};

/* The quality of a JPEG's luma table, 1..100; 0: no JPEG, or jpeg_tables did not run. */
float as_row_quality(const struct as_row *row);

/* What a model's domain asks of an item. */
struct as_looks as_row_looks(const struct as_row *row);

#endif
