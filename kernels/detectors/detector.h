/* detector.h - what a detector is, and the table of all of them. */
#ifndef AS_DETECTOR_H
#define AS_DETECTOR_H

#include "../base.h"
#include "meta.h"

/* The views of the evidence a detector can ask for (bit set). */
enum {
    AS_LUMA = 1 << 0,   /* unit->luma                                   */
    AS_RGB = 1 << 1,    /* unit->rgb[3]                                 */
    AS_DCT = 1 << 2,    /* unit->dct, quantised JPEG coefficients       */
    AS_NOISE = 1 << 3,  /* unit->noise, the denoising residual of luma  */
    AS_CLIP = 1 << 4,   /* unit->clip, a short run of decoded frames    */
    AS_META = 1 << 5,   /* unit->meta, parsed structure and metadata    */
    AS_SAMPLE = 1 << 6  /* unit->sample, luma sampled to at most 512 x 512;
                           present however large the picture is         */
};

/* The unit of work: everything a detector may look at.  Never a file, never a
 * whole video: the pipeline cuts evidence into units and pools the results.
 * All pointers are borrowed and valid only during the call.                 */
struct as_unit {
    uint32_t views; /* which of the fields below are set */
    struct as_plane luma;
    struct as_plane rgb[3];
    struct as_plane noise; /* computed once, shared by all      */
    /* luma where w, h <= 512; else exactly 512 x 512 by nearest neighbour,
     * source column x*w/512, row y*h/512 (integer division)             */
    struct as_plane sample;
    const struct as_dct *dct;
    const struct as_clip *clip;
    const struct as_meta *meta;
};

/* A map to fill: w*h cells, cell (i,j) at[j*w + i], 0..1, higher = stranger (others are cut).
 * Cell (i,j) is the square of heat_step pixels at (i,j) * heat_step of the picture; those at the
 * right and lower edge may stick out: w = (width + heat_step - 1) / heat_step, h likewise.    */
struct as_heat {
    float *at;
    uint32_t w, h;
};

enum as_verdict { AS_APPLIES, AS_NOT_APPLICABLE, AS_ABSTAINS };
enum as_pool { AS_POOL_MEAN, AS_POOL_MAX, AS_POOL_FIRST };

/* Findings of one family are not independent evidence. */
enum as_family {
    AS_FAMILY_JPEG,
    AS_FAMILY_NOISE,
    AS_FAMILY_GEOMETRY,
    AS_FAMILY_SPECTRUM,
    AS_FAMILY_PROVENANCE,
    AS_FAMILY_CONTENT
};

/* Weights made by training or set down in a model file; opaque to detectors
 * but for the functions below. */
struct as_model;

/* The weights [dim] of a linear model, its bias in *bias. */
const float *as_model_weights(const struct as_model *model, uint32_t *dim, float *bias);

/* What a detector gives: the caller's storage, filled. */
struct as_out {
    float *feat;             /* [dim] measures                             */
    uint8_t *code;           /* [code_bytes], e.g. a PDQ code; may be none */
    enum as_verdict verdict; /* other than AS_APPLIES: feat and code are ignored */
    uint16_t reason;         /* index into the row's reasons[]             */
    struct as_heat *heat;    /* NULL unless asked for                      */
};

/*
 * A detector: one constant row, no globals.  Only `extract` is required.
 *
 * init      once per examiner; tables and plans.  NULL: no state.
 * extract   one unit in, one as_out filled.  A pure function of the unit: the
 *           same bits every time, on every rank, after any history.  No
 *           allocation (scratch_bytes(w, h) says what `scratch` must hold),
 *           no I/O, no logging.  Asking for a map must not change `feat`.
 *           All outputs are finite.  May rely on: every view in `needs` is
 *           present, and no side of any plane among them is below `min_side`.
 *           Returns AS_OK, AS_EFORMAT or AS_ELIMIT; nothing else.
 * score     n feature rows in, n scores out; row i depends on row i only.
 *           Apart from extract, so that a new model rescores a store without
 *           decoding anything.  NULL: linear in the model's weights; a
 *           detector without a model has no score.
 * free      undoes init; takes NULL.  NULL: no state.
 *
 * tests/t_contract.c holds every row of the table to these words: same bits
 * across stride, state and history; finite; guards intact; verdicts when a
 * view is missing or small; no allocation inside extract.
 */
struct as_detector {
    const char *name;    /* [a-z0-9_]+: a CLI word and a store group   */
    uint32_t version;    /* bump when any output bit may change        */
    const char *summary; /* one line, for `assay list`                 */
    const char *paper;   /* where the method comes from                */
    const char *card;    /* domain, error rates as measured, where it fails; paragraphs */
    enum as_family family;
    uint32_t needs;    /* views it reads                             */
    uint32_t min_side; /* smallest width and height it can work on   */
    uint32_t dim, code_bytes;
    const char *const *measures; /* [dim] names, units in the name       */
    const char *const *says;     /* [dim] what a finding says when this measure is
                                    above 0 with a weight above 0; NULL: a trained
                                    model speaks for all, within its domain */
    uint32_t declares;           /* bit i: measure i is what the file says of itself */
    const char *const *reasons;  /* why not, ended by NULL               */
    uint32_t heat_step;          /* pixels per map cell side; 0 = no map */
    enum as_pool pool;           /* units of an item -> item             */
    bool exact;                  /* no floating point decides an output bit across CPUs:
                                    measures, codes belong to digest_exact */
    bool asked;                  /* costly: runs only when it is named       */
    bool film;                   /* runs on videos too, which have AS_META alone */

    enum as_status (*init)(void **state);
    size_t (*scratch_bytes)(uint32_t w, uint32_t h);
    enum as_status (*extract)(void *state, const struct as_unit *unit, void *scratch,
                              struct as_out *out);
    enum as_status (*score)(const struct as_model *model, const float *feat, size_t n,
                            float *score);
    void (*free)(void *state);
};

/* All detectors in the order of detectors.def, then NULL. */
extern const struct as_detector *const as_detectors[];

/* The detector called `name`, or NULL. */
const struct as_detector *as_det_find(const char *name);

/* as_det_init, _extract, _score, _free call through the row and hold the
 * NULLs above and the checks promised to extract, once.                     */

/* Makes the state of one examiner.  AS_ENOMEM when there is no memory. */
enum as_status as_det_init(const struct as_detector *det, void **state);

/* Bytes of scratch that extract needs for a w x h picture; 0 is possible, most AS_SCRATCH_FREE and
 * AS_SCRATCH_PER_PIXEL for each pixel together: a picture is tested where that fits in memory. */
#define AS_SCRATCH_FREE (UINT64_C(80) << 20)
#define AS_SCRATCH_PER_PIXEL 2
size_t as_det_scratch_bytes(const struct as_detector *det, uint32_t w, uint32_t h);

/* Why extract cannot run on the unit, or 0. */
enum { AS_DET_NO_VIEW = 1000, AS_DET_TOO_SMALL = 1001 };
uint16_t as_det_lacks(const struct as_detector *det, const struct as_unit *unit);

/* Runs extract if the unit has the views and the size it needs, else gives
 * AS_NOT_APPLICABLE with that reason, and needs no scratch.  An output that is
 * not finite is AS_EFORMAT.                                                  */
enum as_status as_det_extract(const struct as_detector *det, void *state,
                              const struct as_unit *unit, void *scratch, struct as_out *out);

/* The sentence of a reason as given by as_det_extract; never NULL. */
const char *as_det_reason(const struct as_detector *det, uint16_t reason);

/* n scores of n feature rows.  AS_SKIP: model is NULL.  */
enum as_status as_det_score(const struct as_detector *det, const struct as_model *model,
                            const float *feat, size_t n, float *score);

void as_det_free(const struct as_detector *det, void *state);

#endif
