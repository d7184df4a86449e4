/* prnu.h - sensor fingerprints: made from residuals, searched in residuals.
 *
 * M. Chen, J. Fridrich, M. Goljan, J. Lukas, "Determining image origin and integrity using sensor
 * noise", TIFS 2008 (the model I = I0 + I0 K + noise and the fingerprint); M. Goljan, J. Fridrich,
 * T. Filler, "Large scale test of sensor fingerprint camera identification", SPIE 2009 (PCE).
 *
 *   making      as_prnu_add for each picture, as_prnu_merge over ranks, as_prnu_finish
 *   searching   as_prnu_query once a picture; as_prnu_pce over all shifts; as_prnu_products aligned
 *
 * Planes are packed unless a stride is named.  No function allocates but those called new. */
#ifndef AS_PRNU_H
#define AS_PRNU_H

#include "base.h"
#include "fft.h"

enum { AS_PRNU_MIN_SIDE = 64 }; /* of fingerprints and queries */

/* ---- 1. the fingerprint ---- */

/* The sums over the pictures of one camera, resolution, orientation and channel.  They are
 * integers, so that they are the same for any order and any division over ranks (MPI_SUM on int32).
 */
struct as_prnu_sums {
    int32_t *wi; /* [w*h] sum of W I / 255, in units of 2^-12, each term cut at +-64     */
    int32_t *jj; /* [w*h] sum of J^2, in units of 2^-16                                  */
    uint32_t w, h;
    uint32_t pictures;
};
enum { AS_PRNU_PICTURES_MAX = 8191 }; /* in one sum: int32 holds as many */

/*
 * Adds one picture: its plane (0..255) and its residual W, both of sums->w x sums->h.
 *   J = I/252 below 252, else e^(-(I - 252)^2 / 6); 0 at pixels of the plane's maximum where that
 * is above 250 and one of the four neighbours inside the picture is equal (saturation). AS_ELIMIT:
 * AS_PRNU_PICTURES_MAX reached.  AS_EUSAGE: sizes differ.  Nothing is added then.
 */
enum as_status as_prnu_add(struct as_prnu_sums *sums, const struct as_plane *in,
                           const float *residual, size_t residual_stride)
    __attribute__((warn_unused_result));

/* a += b: sums of other pictures, or of another rank.  Statuses as as_prnu_add. */
enum as_status as_prnu_merge(struct as_prnu_sums *a, const struct as_prnu_sums *b)
    __attribute__((warn_unused_result));

/* What a fingerprint looks like; a caller decides which are good enough. */
struct as_prnu_quality {
    double rms_raw;  /* rms of K before the Wiener step, zero-mean                             */
    double rms;      /* rms of the finished K                                                  */
    double periodic; /* share of the energy that the Wiener step took: 0.2-0.3 of white noise,
                        near 1 where a few frequencies carry everything                        */
    double peak;     /* strongest cell of the spectrum over the mean cell, before the Wiener
                        step; white noise: about ln(w*h/2), 15 for 6 MP                        */
    double grid8;    /* energy of the mean 8 x 8 pattern over what white noise would leave, of the
                        raw K: 1 = no trace of JPEG's blocks                                   */
};

/*
 * as_prnu_finish - K of the sums of one channel, or of R, G, B together.
 *
 *   channels, n   1, or 3: weighted .29893602, .58704307, .11402090; all of one size
 *   fft           plans of that size
 *   spectrum      as_fft_floats of it: scratch
 *   k             [h][w], filled
 *   quality       may be NULL
 *   AS_EUSAGE: n is not 1 or 3, sizes differ, or a side is below AS_PRNU_MIN_SIDE
 *
 * K = sum W I / 255 / (sum J^2 + 1), which is 255 times the sensitivity of the model; each of the
 * four Bayer phases to zero mean in all, by rows and by columns; then the Wiener step in the DFT: F
 * := F * s / max(s, min E_n), s = var(K), E_n the mean of |F|^2/(w h) over n x n cells, n = 3, 5,
 * 7, 9.  The plane of frequencies is taken as periodic, which it is (prnu-python pads it with
 * zeros, which spares the lines next to frequency 0 a little).
 */
enum as_status as_prnu_finish(const struct as_prnu_sums *channels, uint32_t n, struct as_fft *fft,
                              float *spectrum, float *k, struct as_prnu_quality *quality)
    __attribute__((warn_unused_result));

/* The correlation coefficient of two planes of n samples, in double, row order; 0 where one is
 * constant.  Of the fingerprints of two halves of the pictures it is r: then the whole has the
 * reliability 2 r / (1 + r), the power to be expected of it.  Scenes that repeat raise it too.  */
double as_prnu_ncc(const float *a, const float *b, size_t n);

/* ---- 2. the query ---- */

/*
 * Which to choose (measured on real photographs, 6 MP and crops of them): LOCAL | WEIGHT, for known
 * alignment against K or K after as_prnu_local; for searches over shifts against the latter only,
 * with classes: false alarms are as computed then (without as_prnu_local the tails are heavier by
 * orders of magnitude).  WIENER costs a fifth to a half of the peak and buys nothing.
 */
enum {
    AS_PRNU_LOCAL = 1,  /* W := W / sqrt(box(W^2)), box of 65 x 65 (smaller at the border)     */
    AS_PRNU_WIENER = 2, /* the Wiener step of as_prnu_finish on W                              */
    AS_PRNU_WEIGHT = 4  /* q := W I / 255, which makes the correlation with K that of W with I K */
};

/* Bytes of scratch for as_prnu_query, beside the field. */
size_t as_prnu_query_scratch(uint32_t w, uint32_t h);

/*
 * as_prnu_query - prepares a residual for the search: flags in their order above, with the zero
 * mean by Bayer phases (as in as_prnu_finish) between LOCAL and WIENER.
 *
 *   in        the picture, sides >= AS_PRNU_MIN_SIDE, else AS_SKIP; only its size matters without
 * AS_PRNU_WEIGHT w         [h][w] packed residual, overwritten with q fft       plans of the
 * picture's size; with `spectrum` NULL without AS_PRNU_WIENER spectrum  as_fft_floats of it:
 * scratch scratch   as_prnu_query_scratch bytes, aligned to 64
 */
enum as_status as_prnu_query(const struct as_plane *in, uint32_t flags, struct as_fft *fft,
                             float *spectrum, float *w, void *scratch)
    __attribute__((warn_unused_result));

/* plane := plane / sqrt(max(quiet, mean of its squares over 65 x 65 cells)), the window cut at the
 * border. as_prnu_query takes quiet = 0.01 (an rms of a tenth of a grey level).  A fingerprint that
 * shifts are searched in gets it too, with quiet = (rms / 10)^2: where the energy of K differs from
 * place to place the surface has heavier tails than as_prnu_log10_pfa says.  At known alignment it
 * neither helps nor harms, so that it may as well be kept so.  scratch as for as_prnu_query. */
void as_prnu_local(float *plane, uint32_t w, uint32_t h, double quiet, void *scratch);

/* out := in turned clockwise by quarters * 90 degrees; [w][h] for odd quarters. */
void as_prnu_turn(const float *in, uint32_t w, uint32_t h, uint32_t quarters, float *out);

/* out[h][w] := in resampled: the mean over the area of each cell where it shrinks, linear where it
 * grows (each axis by itself; samples at centres of cells).  A scaled picture is searched in K
 * scaled like it.  scratch: as_prnu_resample_scratch bytes. */
size_t as_prnu_resample_scratch(uint32_t from_w, uint32_t w);
void as_prnu_resample(const float *in, uint32_t from_w, uint32_t from_h, float *out, uint32_t w,
                      uint32_t h, void *scratch);

/* ---- 3. all shifts ----
 *
 * The surface of a query q and a fingerprint K is c(s) = sum over x of q(x) K(x + s):
 * as_fft_correlate of their spectra, circular in a plane that both fit into.  The spectrum of K
 * serves all queries of this size, that of q all fingerprints.  Where the plane is as large as K no
 * shift mixes K with padding; sizes of as_fft_fast are quicker where that has a large prime factor.
 */

/* Which shifts may be the peak: x0 <= sx <= x1, y0 <= sy <= y1; negative ones wrap.  All zero:
 * known alignment. */
struct as_prnu_window {
    int32_t x0, x1, y0, y1;
    bool classes; /* c / rms of its (sx mod 8, sy mod 8) class: takes JPEG's false peaks away, and
                     weakens a true one at multiples of 8; for searches over shifts only */
};

struct as_prnu_peak {
    int32_t x, y;  /* where K continues under the query's first sample                         */
    double pce;    /* signed                                                                   */
    double tested; /* shifts in the window                                                     */
};

/* The window of all shifts by which a query of qw x qh lies inside a plane of w x h, or the other
 * way round. */
struct as_prnu_window as_prnu_window_inside(uint32_t w, uint32_t h, uint32_t qw, uint32_t qh);

/*
 * as_prnu_pce - peak-to-correlation energy of a surface.
 *
 *   surface, w, h   [h][w] packed, both >= 16
 *   peak            largest c (classes: c / rms) in the window; ties: smallest y, then x of the
 *                   surface; pce = sign(c) c^2 / mean of c^2 over the surface outside the 11 x 11
 * cells around the peak (circular); classes: that mean over the cells of the peak's class. 0 where
 * that mean is 0 AS_EUSAGE: a window that is empty or wider than the surface
 *
 * Goljan 2009, eq. 6, with the energy of the paper (not prnu-python's, whose hole is 4 x 4, off
 * centre and empty at the border, and whose mean counts the hole).  Sums in double in a fixed
 * order.
 */
enum as_status as_prnu_pce(const float *surface, uint32_t w, uint32_t h,
                           const struct as_prnu_window *window, struct as_prnu_peak *peak)
    __attribute__((warn_unused_result));

/* log10 of the probability that the largest of `tested` independent normal values reaches this PCE,
 * where there is no fingerprint: log10(1 - (1 - Q(sqrt(pce)))^tested), without underflow; 0 for pce
 * <= 0. tested = shifts x fingerprints x scales x orientations, whatever was looked at. */
double as_prnu_log10_pfa(double pce, double tested);

/* ---- 4. many with many, aligned ----
 *
 * The numerators of the correlations of all of some planes with all of others.  It proposes; what
 * is told of a pair is computed from all of it. */

/* to[n] := in, in twelfths of its rms, rounded and cut at +-63; zeros where that is 0 or no number.
 * Its error has 6e-4 of the energy. */
void as_prnu_quantise(const float *in, size_t n, int8_t *to);

/* Rows of samples as as_prnu_quantise makes them, and a place for the sums. */
struct as_prnu_products {
    const int8_t *a, *b; /* [na][a_stride], [nb][b_stride] */
    size_t na, nb, a_stride, b_stride;
    size_t n;      /* samples of a row */
    double *sum;   /* [na][nb]         */
    float *scratch; /* as_prnu_products_scratch(nb) bytes, aligned to 64; any contents */
};
size_t as_prnu_products_scratch(size_t nb);

/*
 * as_prnu_products - sum[i][k] += sum over n samples of a[i] b[k].
 *
 * Exact, so the same for any division of samples or rows into calls, and any library.  Fast from
 * 64 rows of each on.  AS_EUSAGE: nb is above 2^31 - 1.
 */
enum as_status as_prnu_products(const struct as_prnu_products *p)
    __attribute__((warn_unused_result));

#endif
