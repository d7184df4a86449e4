/* enroll_camera_parts.h - what the files of an enrolment of cameras share. */
#ifndef AS_ENROLL_CAMERA_PARTS_H
#define AS_ENROLL_CAMERA_PARTS_H

#include "catalogue.h"
#include "enroll_camera.h"
#include "residuals.h"

struct as_enroll_picture {
    uint64_t row; /* of the items */
    uint32_t camera, w, h, flat;
    uint8_t sha256[32];
};

struct as_enroll {
    struct as_rank *r;
    const struct as_options *asked; /* what the user wanted of the enrolment */
    struct as_enrolled_cameras *done;
    uint32_t *camera_of; /* [operands] */
    char **paths;        /* [operands] */
    int n;
    struct as_residuals residuals;
    /* rank 0 */
    struct as_enroll_picture *picture; /* [npictures] by camera, size, hash */
    uint64_t npictures;
    struct as_ref_writer *store;
};

/* Tells of what maker and model the cameras of the plan are.  Collective. */
enum as_status as_enroll_models(struct as_enroll *e, struct as_catalogue *c,
                                struct as_err *err) AS_MUST_CHECK;

/* Makes the fingerprint of each camera of the plan and, on rank 0, the store.  Collective.
 *   AS_ELIMIT   a camera's sums need more memory than this rank may use                 */
enum as_status as_enroll_fingerprints(struct as_enroll *e, const char *fingerprint,
                                      struct as_err *err) AS_MUST_CHECK;

#endif
