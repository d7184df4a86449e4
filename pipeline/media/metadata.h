/* metadata.h - what the metadata readers share; private to metadata*.c.
 *
 * A reader of a file format (metadata_jpeg.c, metadata_png.c ...) walks the
 * structure and hands each block it finds to the reader of that block's own
 * format (EXIF, XMP, IPTC, ICC, C2PA).  Everything is cut, not refused: what is
 * broken yields "meta.broken" and the rest is still read.                    */
#ifndef AS_METADATA_H
#define AS_METADATA_H

#include "media.h"

#include <string.h>

enum {
    AS_BLOCK_MAX = 16 << 20,    /* bytes of one block (an XMP packet, a C2PA store) */
    AS_BLOCKS_BYTES = 32 << 20, /* bytes of all blocks of a file                    */
    AS_INFLATE_MAX = 64 << 20,  /* bytes inflated for one file                      */
    AS_PARTS_MAX = 1024,        /* pieces a block may come in                       */
    AS_NEST_MAX = 3,            /* blocks within blocks: EXIF in 8BIM in EXIF ...   */
    AS_BROKEN_MAX = 16          /* different things told to be broken               */
};

/* One reading of one file. */
struct as_md {
    const struct as_input *in;
    struct as_kvs *kvs;
    struct as_facts *facts;
    const struct as_trust *trust; /* may be NULL */
    unsigned depth;    /* of blocks within blocks      */
    unsigned blocks;   /* EXIF, XMP ... blocks read    */
    uint64_t bytes;    /* of them                      */
    uint64_t inflated; /* bytes                        */
    unsigned makers;   /* maker notes read             */
    bool no_memory;    /* an allocation of ours failed */
    unsigned nbroken;
    const char *broken[AS_BROKEN_MAX]; /* told so far */
};

struct as_span {
    const uint8_t *at;
    size_t n;
};

/* A block in pieces, in order.  Pieces borrow from the input. */
struct as_parts {
    struct as_span at[AS_PARTS_MAX];
    size_t n, bytes;
    bool cut; /* some pieces were left out */
};

void as_parts_add(struct as_parts *parts, const uint8_t *at, size_t n);

/* The whole block: the only piece itself, or a copy that *copy owns (free it). */
struct as_span as_parts_join(struct as_md *md, const struct as_parts *parts, uint8_t **copy);

/* Notes that `what`, a literal, is broken; once. */
void as_md_broken(struct as_md *md, const char *what);

/* Adds Latin-1 text, or UTF-8 where it is well-formed as such. */
void as_md_latin1(struct as_md *md, const char *key, const uint8_t *at, size_t n);

/* Adds UTF-16 text; a byte order mark decides, else `big`. */
void as_md_utf16(struct as_md *md, const char *key, const uint8_t *at, size_t n, bool big);

/* True while another block, of n bytes, may be read; counts it.  Every block reader asks
 * first, so that a file whose directory names one large block many times costs little. */
bool as_md_enter(struct as_md *md, size_t n);
void as_md_leave(struct as_md *md);

/* Readers of whole files.  The first group wants md->in->at. */
void as_md_jpeg(struct as_md *md);
void as_md_png(struct as_md *md);
void as_md_gif(struct as_md *md);
void as_md_tiff(struct as_md *md);
void as_md_psd(struct as_md *md);
void as_md_riff(struct as_md *md);
void as_md_bmff(struct as_md *md);

/* Readers of blocks. */
void as_md_exif(struct as_md *md, const uint8_t *tiff, size_t n);  /* from the byte order mark */
void as_md_maker(struct as_md *md, const uint8_t *tiff, size_t n); /* libexif's maker notes    */
void as_md_xmp(struct as_md *md, const uint8_t *at, size_t n);
void as_md_iptc(struct as_md *md, const uint8_t *at, size_t n); /* IIM records         */
void as_md_irb(struct as_md *md, const uint8_t *at, size_t n);  /* Photoshop resources */
void as_md_icc(struct as_md *md, const uint8_t *at, size_t n);

/* JUMBF boxes.  [from, to) is where they lie in the file, with the headers of the segments they
 * came in; to == 0: in place, or not known.                                       */
void as_md_c2pa_at(struct as_md *md, const uint8_t *at, size_t n, uint64_t from, uint64_t to);
void as_md_c2pa(struct as_md *md, const uint8_t *at, size_t n); /* to == 0 */

/* A stretch of the input: in place, or read into memory that *copy owns (free it).
 * Cut at AS_BLOCK_MAX; empty when it cannot be read.                         */
struct as_span as_md_fetch(struct as_md *md, uint64_t at, uint64_t n, uint8_t **copy);

/* The items of a HEIF meta box: EXIF and XMP, found through iinf and iloc. */
struct as_md_items {
    struct as_span iinf, iloc;
    uint64_t idat, idat_n; /* place of the idat payload; 0: none */
};
void as_md_heif(struct as_md *md, const struct as_md_items *items);

/* Walks the IFDs of a TIFF structure: an EXIF block, or a TIFF file (`file`). */
void as_md_ifds(struct as_md *md, const uint8_t *tiff, size_t n, bool file);

/* Adds one TIFF value: type 1..18, `count` values at `at` (`n` bytes), `big` endian. */
struct as_tiff_value {
    uint16_t tag, type;
    uint64_t count;
    const uint8_t *at;
    size_t n;
    bool big;
};
void as_md_tiff_value(struct as_md *md, const char *key, const struct as_tiff_value *v);

/*
 * Reads the first CBOR item at `at`.  Every text and number in it is told to
 * `on_text` with the path to it, such as "actions/[]/digitalSourceType".  With
 * on_text NULL the first byte string is returned instead (at == NULL: none).
 */
typedef void as_md_cbor_text(void *context, const char *path, const char *at, size_t n);
struct as_span as_md_cbor(const uint8_t *at, size_t n, as_md_cbor_text *on_text, void *context);

/* The tables of a JPEG thumbnail, into facts. */
void as_md_thumb_tables(struct as_jpeg *jpeg, const uint8_t *at, size_t n);

void as_md_xmp_warm(void);

static inline uint16_t as_u16be(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t as_u32be(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t as_u64be(const uint8_t *p)
{
    return (uint64_t)as_u32be(p) << 32 | as_u32be(p + 4);
}

static inline uint32_t as_u32le(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* True when the n bytes at `at` begin with the string literal `s`, its NUL left out. */
#define AS_BEGINS(at, n, s) ((n) >= sizeof(s) - 1 && memcmp((at), (s), sizeof(s) - 1) == 0)

#endif
