/* jpeg_tables.c - what the headers of a JPEG say about the encoder that wrote it.
 *
 * Quantisation tables are compared with the 100 scaled tables of the Independent JPEG Group's
 * library; sampling, Huffman tables, scan type and the order of markers make a signature by
 * which files of one encoder can be grouped.
 *
 * ITU-T T.81 (1992), Annex K; H. Farid, "Digital image ballistics from JPEG quantization",
 * Dartmouth TR2006-583; E. Kee, M. Johnson, H. Farid, "Digital image authentication from JPEG
 * headers", IEEE TIFS 6(3), 2011.
 */
#include "../dct.h"
#include "detector.h"

#include <string.h>

enum {
    QUALITY_LUMA,
    QUALITY_CHROMA,
    DISTANCE_LUMA,
    DISTANCE_CHROMA,
    STANDARD,
    TABLES,
    BITS_16,
    PROGRESSIVE,
    SAMPLING,
    HUFFMAN_STANDARD,
    RESTART,
    SCANS,
    QUALITY_THUMB,
    THUMB_DIFFERS,
    ENCODER_FAMILY,
    TRAILING,
    NO_END,
    DIM
};

static const char *const measures[DIM] = {
    [QUALITY_LUMA] = "quality_luma",
    [QUALITY_CHROMA] = "quality_chroma",
    [DISTANCE_LUMA] = "distance_luma",
    [DISTANCE_CHROMA] = "distance_chroma",
    [STANDARD] = "standard",
    [TABLES] = "table_count",
    [BITS_16] = "bits16",
    [PROGRESSIVE] = "progressive",
    [SAMPLING] = "subsampling",
    [HUFFMAN_STANDARD] = "huffman_standard",
    [RESTART] = "restart_interval_mcu",
    [SCANS] = "scans",
    [QUALITY_THUMB] = "quality_thumb",
    [THUMB_DIFFERS] = "thumb_differs",
    [ENCODER_FAMILY] = "encoder_family",
    [TRAILING] = "trailing_bytes",
    [NO_END] = "end_missing",
};

/* Values of encoder_family: stored, never renumbered; the card lists them. */
enum { FAMILY_IJG = 1, FAMILY_CAMERA = 2, FAMILY_PHOTOSHOP = 3, FAMILY_OTHER = 4 };

enum { NOT_JPEG, NO_TABLES };
static const char *const reasons[] = {
    [NOT_JPEG] = "not a JPEG",
    [NO_TABLES] = "the JPEG defines no quantisation table for its picture",
    NULL,
};

static uint32_t count_bits(uint32_t v)
{
    return (uint32_t)__builtin_popcount(v);
}

/* The table of component c, or NULL. */
static const uint16_t *table_of(const struct as_jpeg *j, uint32_t c)
{
    const uint8_t i = j->comp_tq[c];
    return c < j->ncomp && i < 4 && (j->qt_mask >> i & 1) ? j->qt[i] : NULL;
}

static uint32_t components(const struct as_jpeg *j)
{
    return j->ncomp < 4 ? j->ncomp : 4;
}

/* Fills what the tables of the picture say; AS_SKIP when there are none. */
static enum as_status measure_tables(const struct as_jpeg *j, float *feat)
{
    const uint16_t *luma = table_of(j, 0);
    const uint16_t *chroma = components(j) >= 3 ? table_of(j, 1) : NULL;
    uint32_t quality, distance, chroma_quality, chroma_distance;

    if (!luma)
        return AS_SKIP;
    quality = as_ijg_nearest(luma, false, 0, &distance);
    feat[QUALITY_LUMA] = (float)quality;
    feat[DISTANCE_LUMA] = (float)distance / 64;
    feat[STANDARD] = distance == 0;
    if (chroma) {
        chroma_quality = as_ijg_nearest(chroma, true, quality, &chroma_distance);
        feat[QUALITY_CHROMA] = (float)chroma_quality;
        feat[DISTANCE_CHROMA] = (float)chroma_distance / 64;
        feat[STANDARD] = distance == 0 && chroma_distance == 0 && chroma_quality == quality;
    }
    feat[TABLES] = (float)count_bits(j->qt_mask & 15u);
    for (uint32_t i = 0; i < 4; i++)
        if ((j->qt_mask >> i & 1) && j->qt_bits[i] == 16)
            feat[BITS_16] = 1;
    return AS_OK;
}

/* 10 h + v, by how much the second component is coarser than the first; 0: other layouts. */
static uint32_t sampling(const struct as_jpeg *j)
{
    const uint8_t *h = j->comp_h, *v = j->comp_v;

    if (components(j) < 3 || !h[1] || !v[1] || h[0] % h[1] || v[0] % v[1] || h[1] != h[2] ||
        v[1] != v[2])
        return 0;
    return 10u * (h[0] / h[1]) + v[0] / v[1];
}

static void measure_thumb(const struct as_jpeg *j, float *feat)
{
    const uint16_t *luma = table_of(j, 0);
    uint32_t distance;

    if (!(j->thumb_qt_mask & 1) || !luma)
        return;
    feat[QUALITY_THUMB] = (float)as_ijg_nearest(j->thumb_qt[0], false, 0, &distance);
    feat[THUMB_DIFFERS] = memcmp(j->thumb_qt[0], luma, sizeof j->thumb_qt[0]) != 0;
}

static uint32_t marker_count(const struct as_jpeg *j)
{
    return j->nmarkers < AS_JPEG_MARKERS_MAX ? j->nmarkers : AS_JPEG_MARKERS_MAX;
}

static bool has_marker(const struct as_jpeg *j, uint8_t code, const char *id)
{
    const size_t n = strlen(id);

    for (uint32_t i = 0; i < marker_count(j); i++)
        if (j->marker[i].code == code && memcmp(j->marker[i].id, id, n) == 0)
            return true;
    return false;
}

static uint32_t encoder_family(const struct as_jpeg *j, bool standard)
{
    if (has_marker(j, 0xEC, "Ducky") ||
        (!standard && has_marker(j, 0xED, "Photosho") && has_marker(j, 0xEE, "Adobe")))
        return FAMILY_PHOTOSHOP;
    if (standard)
        return FAMILY_IJG;
    return has_marker(j, 0xE1, "Exif") ? FAMILY_CAMERA : FAMILY_OTHER;
}

static void measure_stream(const struct as_jpeg *j, float *feat)
{
    const uint8_t sof = j->sof & 15;

    feat[PROGRESSIVE] = sof == 2 || sof == 6 || sof == 10 || sof == 14;
    feat[SAMPLING] = (float)sampling(j);
    feat[HUFFMAN_STANDARD] = j->huff_standard;
    feat[RESTART] = j->restart_interval;
    feat[SCANS] = (float)j->scans;
    feat[ENCODER_FAMILY] = (float)encoder_family(j, feat[STANDARD] > 0);
    feat[TRAILING] = (float)j->trailing_bytes;
    feat[NO_END] = !j->has_eoi;
}

/* FNV-1a with 64 bits (Fowler, Noll, Vo): not cryptographic, only to group files. */
static const uint64_t FNV_BASIS = 0xcbf29ce484222325u, FNV_PRIME = 0x100000001b3u;

static uint64_t mix(uint64_t hash, uint32_t value, uint32_t bytes)
{
    for (; bytes; bytes--, value >>= 8)
        hash = (hash ^ (value & 255)) * FNV_PRIME;
    return hash;
}

/* Of every component: sampling factors and quantisation steps. */
static uint64_t hash_tables(const struct as_jpeg *j)
{
    uint64_t hash = mix(FNV_BASIS, components(j), 1);

    for (uint32_t c = 0; c < components(j); c++) {
        const uint16_t *table = table_of(j, c);
        hash = mix(hash, j->comp_h[c], 1);
        hash = mix(hash, j->comp_v[c], 1);
        for (size_t k = 0; table && k < 64; k++)
            hash = mix(hash, table[k], 2);
    }
    return hash;
}

/* Of the stream: scan type, precision, whether Huffman tables are standard and restarts are
 * used, the colour transform, and the order of markers with the names of APPn.  Runs of one
 * marker count once, so that the length of a profile does not matter.        */
static uint64_t hash_structure(const struct as_jpeg *j)
{
    uint64_t hash = mix(FNV_BASIS, j->sof, 1);

    hash = mix(hash, j->precision, 1);
    hash = mix(hash, j->huff_standard, 1);
    hash = mix(hash, j->restart_interval != 0, 1);
    hash = mix(hash, j->adobe_transform, 1);
    for (uint32_t i = 0; i < marker_count(j); i++) {
        if (i > 0 && j->marker[i].code == j->marker[i - 1].code &&
            memcmp(j->marker[i].id, j->marker[i - 1].id, sizeof j->marker[i].id) == 0)
            continue;
        hash = mix(hash, j->marker[i].code, 1);
        for (size_t k = 0; k < sizeof j->marker[i].id; k++)
            hash = mix(hash, (uint8_t)j->marker[i].id[k], 1);
    }
    return hash;
}

static void put_u64(uint8_t *to, uint64_t v)
{
    for (uint32_t i = 0; i < 8; i++)
        to[i] = (uint8_t)(v >> (56 - 8 * i));
}

static enum as_status jpeg_tables_extract(void *state, const struct as_unit *unit, void *scratch,
                                          struct as_out *out)
{
    const struct as_jpeg *j = unit->meta->jpeg;

    (void)state;
    (void)scratch;
    out->verdict = AS_NOT_APPLICABLE;
    out->reason = NOT_JPEG;
    if (!j)
        return AS_OK;
    memset(out->feat, 0, DIM * sizeof *out->feat);
    out->reason = NO_TABLES;
    if (measure_tables(j, out->feat) != AS_OK)
        return AS_OK;
    measure_thumb(j, out->feat);
    measure_stream(j, out->feat);
    put_u64(out->code, hash_tables(j));
    put_u64(out->code + 8, hash_structure(j));
    out->verdict = AS_APPLIES;
    out->reason = 0;
    return AS_OK;
}

const struct as_detector as_detector_jpeg_tables = {
    .name = "jpeg_tables",
    .version = 1,
    .summary = "JPEG quality, tables, sampling, and a signature of the encoder",
    .paper = "Kee, Johnson, Farid, Digital image authentication from JPEG headers, IEEE TIFS 2011",
    .card =
        "Reads what the headers of a JPEG say of its encoder; it decodes nothing.  It describes "
        "and groups, and makes no findings by itself: any program can write any tables, and "
        "cameras, services and editors share encoders.\n\n"
        "quality_luma and quality_chroma (1 to 100; chroma 0: none) name the nearest of the 100 "
        "tables that the IJG library makes; distance_luma and distance_chroma are the mean "
        "difference of a step from it, 0 when it is that table.  standard: all tables are IJG "
        "tables of one quality.  subsampling: 10 h + v by how much chroma is coarser (11 is 4:4:4, "
        "21 is 4:2:2, 22 is 4:2:0; 0: grey or another layout).  bits16: a table has steps of 16 "
        "bits.  quality_thumb: of the EXIF thumbnail, 0 without one.  trailing_bytes: after the "
        "end of the picture, as in motion photographs and multi-picture files.\n\n"
        "encoder_family: 1 IJG tables (most programs, services and many telephones), 2 other "
        "tables in a file with EXIF (cameras and telephones, or what was saved after them), 3 a "
        "Ducky segment, or other tables with the Photoshop and Adobe segments, as Photoshop writes "
        "them, 4 other tables without those marks.\n\n"
        "The code is two 64-bit FNV-1a hashes: bytes 0 to 7 of sampling and tables, bytes 8 to 15 "
        "of scan type, Huffman tables standard or not, restarts, colour transform and the order "
        "of markers with the names of application segments.  Equal codes mean equal settings, not "
        "one source.\n\n"
        "The quality equals the setting for all 100 qualities of libjpeg (tests).  For other "
        "tables "
        "it is only the nearest, and two encoders' qualities compare poorly.",
    .family = AS_FAMILY_JPEG,
    .needs = AS_META,
    .min_side = 0,
    .dim = DIM,
    .code_bytes = 16,
    .measures = measures,
    .reasons = reasons,
    .pool = AS_POOL_FIRST,
    .exact = true,
    .extract = jpeg_tables_extract,
};
