/* search_camera_confirm.c - pictures that are crops of what a sensor took, or scaled, or both.
 *
 * Nothing tells where such a picture lies, so every fingerprint meets it in four orientations at
 * all shifts, of each scale that is worth trying (prnu_shapes.h).  The statistic and its
 * probability are those of as_prnu_pce with shift classes: JPEG's false peaks lie at multiples of
 * 8.  Pictures that matched already are not looked at.
 *
 *  1. room
 *  2. pictures of one size
 *  3. a fingerprint meets them
 *  4. what is told
 *  5. all pictures                                                                      */
#include "../../kernels/prnu_shapes.h"
#include "../log.h"
#include "grow.h"
#include "search_camera_parts.h"
#include "team.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A match is told if pictures of no enrolled camera, as many as the case has, would give less
 * than this many in this search.                                                        */
static const double false_matches = 0.01;

/* Of a picture; a case has few cameras whose sensor it could be of. */
enum { BEST = AS_CONFIRM };

/* One thing to try with the fingerprint in hand. */
struct trial {
    struct as_prnu_shape shape;
    uint32_t turn; /* of the picture, to the frame of the fingerprint */
};

/* What a camera gives for a picture at best. */
struct answer {
    double pce;
    int32_t x, y;
    struct trial trial;
    const struct as_fingerprints *of;
    uint64_t camera;
};

struct worker {
    struct as_journal_reader *spool;
    struct as_fft *fft; /* of the fingerprint's scale in hand */
    float *raw, *turned, *luma; /* a picture, turned or scaled */
    float *a, *b;               /* spectrum of the picture; surface */
    void *scratch;
};

/* Pictures of a size that meet all fingerprints together. */
struct batch {
    struct as_hunt *hunt;
    enum as_prnu_look look[2];
    uint32_t nlook, flags; /* of as_prnu_query */
    uint32_t w, h;         /* of whole pictures */
    struct as_rect kept;
    uint64_t *picture;      /* [n] of the hunt's pictures */
    float *plane;           /* [n] of kept.w * kept.h, prepared */
    struct answer *best;    /* [n][BEST] best first; pce 0: none */
    uint32_t *compared;     /* [n] cameras */
    uint64_t n, most;
    double tested;
    struct trial *trial; /* [ntrials] with the fingerprint in hand, by its scale */
    uint32_t ntrials, from, to;
    const struct as_fingerprints *of;
    uint64_t camera;
    float *k, *scaled, *spectrum; /* the fingerprint, at the scale in hand, its transform */
    void *k_scratch;
    struct as_prnu_peak *peak; /* [AS_TRIALS][most] */
    struct worker *worker;
    uint32_t nworkers;
};

/* Trials of one scale. */
enum { TRIALS_MAX = 2 * AS_PRNU_SHAPES_MAX * AS_TURNS };
