/* match.h - what a search found, as it goes into the store. */
#ifndef AS_MATCH_H
#define AS_MATCH_H

#include <stdbool.h>
#include <stdint.h>

/* /matches and /links, column kind: stored, never renumbered. */
enum as_match_kind {
    AS_MATCH_HASH = 0,    /* the same bytes; value: enum as_known_class of a known set   */
    AS_MATCH_CODE = 1,    /* near-identical pictures; value: bits of the PDQ codes that differ */
    AS_MATCH_SIMILAR = 2, /* similar vectors; value: the similarity                 */
    AS_MATCH_CAMERA = 3,  /* the same sensor's noise; value: PCE                    */
    AS_MATCH_KINDS
};

/* /matches, column beside: what the other cameras have in common with the one that matched: stored,
 * never renumbered. */
enum as_beside {
    AS_BESIDE_SIZE = 0,     /* the size; its model is not known                          */
    AS_BESIDE_MODEL = 1,    /* the model, and the size                                   */
    AS_BESIDE_NO_MODEL = 2, /* the size; no other reference of that size is of its model */
    AS_BESIDE_LEFT_OUT = 3, /* the size; those of its model were not compared in full    */
    AS_BESIDES
};

/* Classes of a known hash, values of AS_MATCH_HASH: stored, never renumbered. */
enum as_known_class { AS_KNOWN_UNSAID = 0, AS_KNOWN_GOOD = 1, AS_KNOWN_BAD = 2 };

/* /sets, column kind: stored, never renumbered. */
enum as_set_kind { AS_SET_KNOWN = 0, AS_SET_MEDIA = 1, AS_SET_CAMERA = 2, AS_SET_KINDS };

/* /findings, column kind: stored, never renumbered.  They rank in this order, but scores last,
 * and regions without noise after matches. */
enum as_finding_kind {
    AS_FINDING_DECLARED = 0,   /* the file says it of itself                            */
    AS_FINDING_KNOWN = 1,      /* its content is known bad                              */
    AS_FINDING_MATCH = 2,      /* a set of media or cameras holds it or something like it */
    AS_FINDING_SCORE = 3,      /* a detector's score                                    */
    AS_FINDING_CALIBRATED = 4, /* what calibrated detectors say together                */
    AS_FINDING_MISSING = 5,    /* regions without the noise of the camera that took it  */
    AS_FINDING_KINDS
};

/* A finding that is of no detector, or of no set. */
enum { AS_FINDING_NONE = 0xffff };

/* The words for them, in the attributes of a store and in what is shown. */
extern const char *const as_match_words[AS_MATCH_KINDS], *const as_beside_words[AS_BESIDES],
    *const as_set_words[AS_SET_KINDS], *const as_finding_words[AS_FINDING_KINDS];

/* One row of /sets. */
struct as_set_row {
    uint16_t kind;    /* enum as_set_kind            */
    const char *name; /* as the set calls itself     */
    const char *path; /* where it lay; in no digest  */
    char digest[65];  /* hex                         */
    uint64_t rows;
};

/* An item of the case found in a reference set. */
struct as_match {
    uint64_t row;       /* of /items                                          */
    uint64_t reference; /* row of the set                                     */
    uint16_t set, kind; /* place in /sets, enum as_match_kind                 */
    float value;        /* by kind                                            */
    double p;           /* probability of a false alarm; NaN: there is none to tell */
    float other;        /* the best value among those others; told where there are any */
    uint32_t others;    /* further cameras of the same model or size, compared beside it */
    float left, top;    /* of a camera: where the item, turned, begins on it, in its pixels */
    float scale;        /* likewise: pixels of the item to one of the camera's, along its rows */
    uint8_t turn;       /* likewise: quarters clockwise that make the item lie as it does   */
    uint8_t beside;     /* likewise: enum as_beside, of the others                          */
};

/* Two items of the case that are related, a < b. */
struct as_link {
    uint64_t a, b; /* rows of /items      */
    uint16_t kind; /* enum as_match_kind  */
    float value;   /* by kind             */
};

/* An item of a group of related items. */
struct as_member {
    uint64_t row, group; /* rows of /items; a group is called by the lowest */
    bool stands;         /* for its group: the first of it                  */
};

/* A picture of a group that one sensor took, as its noise says. */
struct as_origin {
    uint64_t row, group; /* rows of /items; a group is called by the lowest */
    float value;         /* PCE with the mean of the others                 */
    float p;             /* probability of a false alarm                    */
};

/* Where in a picture the noise of a camera that it matched is missing. */
struct as_sensor_map {
    uint64_t row, reference; /* of /items, of the set                                   */
    uint16_t set;
    uint32_t window;         /* pixels; 0: too weak or too small, and all below is 0    */
    uint32_t regions;        /* in which it is missing                                  */
    float missing, unknown;  /* shares of the cells                                     */
    uint32_t x, y;           /* of the first cell, in pixels of the picture             */
    uint16_t w, h;           /* cells; 0: they are not kept                             */
    uint32_t cell;           /* pixels of a side                                        */
    const uint8_t *cells;    /* [h][w] 0 the noise is there .. 255 it is not            */
};

#endif
