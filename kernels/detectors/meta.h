/* meta.h - parsed structure and metadata of a picture, as plain data.
 *
 * Filled by pipeline/media, read by detectors.  All pointers are borrowed and
 * valid only while the unit is.                                              */
#ifndef AS_META_H
#define AS_META_H

#include "../base.h"

/* One metadata entry.  Keys are "GROUP.Name": exif.Make, gps.GPSLatitude,
 * xmp.Iptc4xmpExt:DigitalSourceType, iptc.Credit, png.parameters, icc.desc,
 * c2pa.claim_generator, jpeg.comment, video.codec ...  Values are UTF-8 with
 * invalid bytes escaped as \xNN; never longer than AS_KV_MAX (cut values end in "...").  */
enum { AS_KV_MAX = 4096 };
struct as_kv {
    struct as_text key, value;
};

enum { AS_JPEG_MARKERS_MAX = 128 };

/* The structure of a JPEG stream as its headers state it. */
struct as_jpeg {
    uint16_t qt[4][64]; /* quantisation tables, natural (row-major) order   */
    uint8_t qt_mask;    /* bit i: table i is present                        */
    uint8_t qt_bits[4]; /* 8 or 16                                          */
    uint8_t sof;        /* low byte of the SOF marker: 0xC0 baseline, 0xC2 progressive */
    uint8_t precision;  /* bits per sample                                  */
    uint8_t ncomp;
    uint8_t comp_id[4], comp_h[4], comp_v[4], comp_tq[4];
    uint8_t adobe_transform; /* 0..2, 255 = no Adobe marker                 */
    bool huff_standard;      /* every DHT equals Annex K                    */
    uint16_t huff_count;     /* Huffman tables defined                      */
    uint16_t restart_interval;
    uint32_t scans;
    uint32_t nmarkers; /* recorded in file order, at most AS_JPEG_MARKERS_MAX */
    struct {
        uint8_t code; /* second byte: 0xE1 for APP1 ...                     */
        uint16_t len; /* segment length as stored, 0 for SOI, EOI           */
        char id[8];   /* first bytes of an APPn payload up to NUL, zero filled */
    } marker[AS_JPEG_MARKERS_MAX];
    bool has_eoi;
    uint64_t trailing_bytes; /* after EOI, found by a segment walk          */
    uint16_t thumb_qt[2][64]; /* of the EXIF thumbnail, if it is a JPEG     */
    uint8_t thumb_qt_mask;
};

/* Quantised DCT coefficients of a JPEG. */
struct as_dct {
    uint32_t ncomp;
    struct {
        const int16_t *at;  /* [hb][wb][64], natural order within a block   */
        uint32_t wb, hb;    /* blocks                                       */
        uint8_t hs, vs;     /* sampling factors                             */
        uint16_t q[64];     /* the table used, natural order                */
    } comp[4];
};

/* What was found of one part of a C2PA manifest. */
enum as_c2pa_state { AS_C2PA_ABSENT, AS_C2PA_GOOD, AS_C2PA_BAD, AS_C2PA_UNCHECKED };

/* What checking a C2PA manifest store gave; of the manifest that speaks for the file unless said
 * otherwise.  The entries "c2pa.*" say the same in words.                                   */
struct as_c2pa {
    bool present;                    /* there is a store; else nothing below counts          */
    bool readable;                   /* it holds a manifest with a claim, and is the only one */
    enum as_c2pa_state signature;    /* over the claim                                       */
    enum as_c2pa_state certificate;  /* may it sign content, does its chain hold             */
    enum as_c2pa_state time;         /* the time stamp; unchecked: holds, authority unknown  */
    enum as_c2pa_state trust;        /* leads to the trust list; absent: no list was given   */
    enum as_c2pa_state assertions;   /* are those that the claim names                       */
    enum as_c2pa_state binding;      /* the bytes of the file are those that were signed     */
    enum as_c2pa_state ingredients;  /* the manifests of what went into it                   */
    uint32_t manifests, checked_ingredients;
    uint64_t outside; /* bytes beside the store that the binding leaves out                   */
};

struct as_meta {
    uint32_t w, h;              /* as decoded                               */
    uint16_t kind;              /* enum as_kind of pipeline/media, a number here */
    const struct as_kv *kv;     /* in the order read                        */
    size_t nkv;
    const struct as_jpeg *jpeg; /* NULL: not a JPEG                         */
    struct as_plane thumb;      /* luma of the EXIF thumbnail; at == NULL: none */
    struct as_plane small;      /* luma of the picture, box-averaged to at most
                                   160 x 160 keeping aspect; at == NULL: none */
    const struct as_c2pa *c2pa; /* NULL: no manifest store                  */
};

/* The value of `key`, or NULL. */
const struct as_text *as_meta_find(const struct as_meta *meta, const char *key);

/* The mean step of the table that luma was quantised with: 5.8 at the IJG's quality 95, 11.5 at 90;
 * 0: not a JPEG, or the table is missing. */
static inline float as_meta_luma_step(const struct as_meta *meta)
{
    const struct as_jpeg *jpeg = meta->jpeg;
    const uint8_t table = jpeg ? jpeg->comp_tq[0] : 4;
    float sum = 0;

    if (table > 3 || !(jpeg->qt_mask >> table & 1))
        return 0;
    for (uint32_t k = 0; k < 64; k++)
        sum += (float)jpeg->qt[table][k];
    return sum / 64;
}

/* Whether there is a block of luma for every 8 x 8 pixels of the picture, and the first n steps
 * along the zigzag are 1..most; else a detector of coefficients says AS_META_LUMA_UNUSABLE. */
bool as_meta_luma_usable(const struct as_meta *meta, const struct as_dct *dct, size_t n,
                         uint16_t most);
#define AS_META_LUMA_UNUSABLE                                                                      \
    "the luma of the JPEG is sampled below the picture's size, or has no usable table"

#endif
