/* search_origin_parts.h - what the files of the search for common sensors share. */
#ifndef AS_SEARCH_ORIGIN_PARTS_H
#define AS_SEARCH_ORIGIN_PARTS_H

#include "../../kernels/fft.h"
#include "residuals.h"
#include "search_origin.h"

enum {
    AS_ORIGIN_MOST = 8,   /* pairs of a picture that are compared in full */
    AS_ORIGIN_TURNS = 4,  /* quarters; only squares have the odd ones     */
    AS_ORIGIN_PLACE = 12, /* bytes of file[4] offset[8] */
};

/* How pictures of a size are compared: the middle of what was kept, which any turn that keeps the
 * size maps onto itself.  Upright pictures are turned by 90 degrees to lie.              */
struct as_origin_view {
    uint32_t full_w, full_h; /* of the pictures, lying: full_w >= full_h */
    uint32_t w, h;           /* of the middle; 0: it is too small        */
};

/* Pictures of a size in all the case. */
struct as_origin_size {
    uint32_t w, h; /* lying */
    uint64_t n;
};

/* Two pictures that may have one sensor: `b` turned by `turn` quarters lies on `a`. */
struct as_origin_pair {
    uint64_t a, b; /* rows */
    uint8_t turn;
    uint8_t place_a[AS_ORIGIN_PLACE], place_b[AS_ORIGIN_PLACE];
    double score; /* squared correlation times samples, or the PCE once it is compared in full */
};

/* Pairs, as many as there are. */
struct as_origin_pairs {
    struct as_origin_pair *at;
    uint64_t n, cap;
};

/* Reads pictures, and compares two in full; one size at a time. */
struct as_origin_eye {
    struct as_residuals *pictures;
    struct as_journal_reader *spool;
    struct as_origin_view view;
    struct as_fft *fft;
    float *noise, *luma, *work, *spectrum[2];
    void *scratch;
};

struct as_origin_search {
    struct as_search *s;
    struct as_residuals pictures;
    struct as_origin_size *size; /* [nsizes] by w, h; of two pictures or more */
    uint64_t nsizes;
    uint64_t pairs;  /* of pictures of one size, in the case */
    double told;     /* log10 of the probability, of two orientations, below which a pair is told */
    double proposed; /* the score from which a pair is compared in full                         */
    struct as_origin_pairs pair; /* candidates, then those that are told */
};

static inline size_t as_origin_samples(const struct as_origin_view *v)
{
    return (size_t)v->w * v->h;
}

/* Orientations in which two pictures of this size can lie on each other. */
static inline uint32_t as_origin_turns(const struct as_origin_view *v)
{
    return v->full_w == v->full_h ? AS_ORIGIN_TURNS : AS_ORIGIN_TURNS / 2;
}

/* How pictures of w x h are compared when so much is kept. */
struct as_origin_view as_origin_view(const struct as_keep *keep, uint32_t w, uint32_t h);

/* AS_ENOMEM. */
enum as_status as_origin_eye_init(struct as_origin_eye *e, struct as_residuals *pictures,
                                  struct as_err *err) AS_MUST_CHECK;
void as_origin_eye_clear(struct as_origin_eye *e);
void as_origin_place_put(uint8_t to[AS_ORIGIN_PLACE], const struct as_residual_place *p);

/* Fills in q[e->view.w * e->view.h]: the weighted residual in steps of 1/32 of its rms, cut at
 * +-127, lying; of this rank's picture i, or of any rank's (q == NULL: only looks which view it
 * has). What as_residuals_read gives; of another rank's AS_EIO where it is lost.              */
enum as_status as_origin_read_own(struct as_origin_eye *e, uint64_t i, int8_t *q,
                                  struct as_err *err) AS_MUST_CHECK;
enum as_status as_origin_read(struct as_origin_eye *e, const uint8_t place[AS_ORIGIN_PLACE],
                              int8_t *q, struct as_err *err) AS_MUST_CHECK;

/* e->spectrum[which] := of a plane of the view, turned. */
void as_origin_spectrum(struct as_origin_eye *e, int which, const float *plane, uint32_t turn);

/* PCE of the two spectra at known alignment, with the energy of shifts of the same phase. */
enum as_status as_origin_pce(struct as_origin_eye *e, double *pce) AS_MUST_CHECK;

/* q turned as floats. */
void as_origin_turn(const struct as_origin_view *v, const int8_t *q, uint32_t turn, size_t first,
                    size_t n, float *to);

/* Adds one.  Local. */
enum as_status as_origin_add(struct as_origin_pairs *p,
                             const struct as_origin_pair *pair) AS_MUST_CHECK;

/* log10 of the probability that chance gives this PCE to a pair of such pictures anywhere in the
 * case; and whether that is told.                                                     */
double as_origin_log_p(const struct as_origin_search *o, const struct as_origin_view *v,
                       double pce);
bool as_origin_told(const struct as_origin_search *o, const struct as_origin_view *v, double pce);

/* Fills o->pair with the pairs to be compared in full, each once, on any rank.  Collective. */
enum as_status as_origin_propose(struct as_origin_search *o, struct as_err *err) AS_MUST_CHECK;

/* Of the pairs of all ranks, each told from one of its pictures or from both, leaves those that are
 * among the best AS_ORIGIN_MOST of one of the two, each once, lower row first.  Collective. */
enum as_status as_origin_choose(struct as_origin_search *o, struct as_err *err) AS_MUST_CHECK;

/* Compares them in full: what is left of o->pair is told.  Local. */
enum as_status as_origin_confirm(struct as_origin_search *o, struct as_err *err) AS_MUST_CHECK;

/* Fills in s->origins.  Collective. */
enum as_status as_origin_group(struct as_origin_search *o, struct as_err *err) AS_MUST_CHECK;

#endif
