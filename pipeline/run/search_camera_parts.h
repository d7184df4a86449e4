/* search_camera_parts.h - what the files of the search for cameras share. */
#ifndef AS_SEARCH_CAMERA_PARTS_H
#define AS_SEARCH_CAMERA_PARTS_H

#include "../../kernels/prnu.h"
#include "residuals.h"
#include "search_camera.h"

enum { AS_CHUNK_MAX = 64, AS_TURNS = 4 };

/* A store of cameras. */
struct as_fingerprints {
    struct as_ref *ref;
    uint16_t set;
    struct as_ref_camera *camera; /* [n] */
    uint64_t n;
};

/* A fingerprint turned to the size of the pictures of a chunk. */
struct as_suspect_camera {
    const struct as_fingerprints *of;
    uint64_t camera;
    uint32_t turn;
    uint64_t wanted; /* bit i: it is to be confirmed for picture i of the chunk */
};

/* Pictures of one size, ready to be compared. */
struct as_chunk {
    uint32_t w, h;             /* of the whole pictures                  */
    struct as_noise_head head; /* where what was kept of them lies       */
    uint32_t n;
    uint64_t row[AS_CHUNK_MAX];
    float best[AS_CHUNK_MAX]; /* PCE with the camera in hand, of all its orientations */
    float *spectrum[AS_CHUNK_MAX];
    struct as_suspect_camera *suspect; /* [nsuspects] all that fit, in order of set, camera, turn */
    uint64_t nsuspects;
    float *crop; /* [AS_CHUNK_MAX][crop_w * crop_h] the middle of what was kept, for the proposal */
    uint32_t crop_x, crop_y, crop_w, crop_h; /* within the whole picture */
    struct as_fft *fft;
    float *plane, *luma, *turned, *work, *k; /* k: spectrum of the fingerprint */
    void *scratch;
};

/* Whether a chunk has more suspects than are confirmed for each picture. */
bool as_camera_many(const struct as_chunk *c);

/*
 * Marks the suspects to be confirmed: all where they are few, else for each picture those that
 * correlate best over the crop.  AS_ESTOP: a signal came.
 */
enum as_status as_camera_propose(struct as_chunk *c, struct as_rank *r,
                                 struct as_err *err) AS_MUST_CHECK;

#endif
