/* media.h - decoding pictures and reading what files say about themselves.
 *
 * Everything here runs in the jail, on bytes an attacker chose.  No file is
 * opened, no global state is kept; scratch lives in struct as_decoder, one per
 * examiner.                                                                  */
#ifndef AS_MEDIA_H
#define AS_MEDIA_H

#include "../../kernels/detectors/detector.h"
#include "../err.h"
#include "../input.h"
#include "kvs.h"
#include "sniff.h"
#include "trust.h"

/* What is asked of a decoder. */
struct as_want {
    uint32_t views;      /* of AS_LUMA, AS_RGB, AS_DCT, AS_SAMPLE             */
    uint64_t max_pixels; /* above: only AS_SAMPLE is made, by strips where the
                            format allows, with AS_FLAG_STRIPS and reason
                            STRIPS_ONLY                                       */
    uint64_t hard_pixels; /* above: AS_ELIMIT, LIMIT_PIXELS; the size is still told */
};

/* What a decoder gives; planes are borrowed from the decoder until its next use. */
struct as_picture {
    uint32_t w, h;      /* coded size, before any orientation tag             */
    uint32_t frames;    /* pictures in the file; the first is decoded         */
    double duration_s;  /* of an animation; 0 = none                          */
    uint16_t depth;     /* bits per sample of the source                      */
    uint16_t channels;
    uint32_t flags;     /* AS_FLAG_*                                          */
    enum as_reason reason; /* of an ok item: NONE, TRUNCATED, CORRUPT_PART ...*/
    uint32_t views;     /* which of these are set:                            */
    struct as_plane luma, rgb[3], sample;
    const struct as_dct *dct;
    struct as_plane small; /* luma box-averaged to at most 160 x 160: as_meta.small */
};

struct as_decoder;

/* Makes the scratch of one examiner.  AS_ENOMEM. */
enum as_status as_decoder_new(struct as_decoder **dec) AS_MUST_CHECK;
void as_decoder_free(struct as_decoder *dec);

/*
 * Decodes a picture of a known kind.
 *   luma of a JPEG is its Y plane as libjpeg-turbo decodes it (islow DCT); of
 *   everything else .299 R + .587 G + .114 B in float.  16-bit samples become
 *   v / 257.  Alpha is ignored, not blended (flag ALPHA).  CMYK is converted
 *   by r = c*k/255 of the stored (Adobe-inverted) values.
 *   Returns AS_OK (perhaps flagged), AS_EFORMAT, AS_ELIMIT or AS_ENOMEM; on
 *   failure w, h, frames are told where the header was readable.
 */
enum as_status as_media_decode(struct as_decoder *dec, enum as_kind kind,
                               const struct as_input *in, const struct as_want *want,
                               struct as_picture *pic, struct as_err *err) AS_MUST_CHECK;

/* Describes a video: pic->w, h, frames, duration_s, and kv entries
 * video.container, video.codec, video.frame_rate, audio.codec, ... plus the
 * container's own tags.  Reads through `in` by pread, never the whole file.
 * Reason of success: DESCRIBED; AUDIO when there is no picture stream.       */
enum as_status as_video_describe(const struct as_input *in, enum as_kind kind,
                                 struct as_picture *pic, struct as_kvs *kvs,
                                 struct as_err *err) AS_MUST_CHECK;

/* What metadata reading finds beside the entries. */
struct as_facts {
    struct as_jpeg jpeg;
    bool is_jpeg;
    struct as_input thumb;   /* the EXIF thumbnail's bytes (a JPEG), inside the input; size 0: none */
    uint32_t flags;          /* AS_FLAG_TRAILING ...                          */
    struct as_c2pa c2pa;
};

/*
 * Reads every kind of metadata of a file into kvs and facts: JPEG structure,
 * EXIF, GPS, maker, XMP, IPTC, PNG text, ICC, C2PA.  Broken metadata yields
 * the entry "meta.broken" = what was broken; only AS_ENOMEM fails.
 * `in` is in memory (at != NULL) for pictures; for video it may be a descriptor.
 * `trust` is what C2PA signers are traced to; NULL: they are not.
 */
enum as_status as_metadata_read(enum as_kind kind, const struct as_input *in,
                                const struct as_trust *trust, struct as_kvs *kvs,
                                struct as_facts *facts, struct as_err *err) AS_MUST_CHECK;

/* Uses every library once on tiny built-in samples, so that nothing is
 * opened, loaded or allocated for the first time in the jail.  Called in the
 * zygote.                                                                    */
void as_media_warm(void);
void as_metadata_warm(void);

/* "libjpeg-turbo 2.1.5; libpng 1.6.39; ..." for the provenance and doctor. */
void as_media_versions(char *to, size_t n);
void as_metadata_versions(char *to, size_t n);

#endif
