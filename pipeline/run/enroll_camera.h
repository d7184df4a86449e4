/* enroll_camera.h - assay enroll camera: pictures of known cameras become fingerprints. */
#ifndef AS_ENROLL_CAMERA_H
#define AS_ENROLL_CAMERA_H

#include "run.h"

#include "../store/reference.h"

/* A camera that was enrolled. */
struct as_enrolled_camera {
    char *name;
    uint32_t w, h, pictures, flat;
    uint32_t other_size; /* pictures of it that were left out */
    /* as all of its pictures say of themselves; "" where they do not, or disagree; on rank 0 */
    char make[AS_REF_MODEL_MAX + 1], model[AS_REF_MODEL_MAX + 1];
    double reliability, grid8, periodic, peak;
};

struct as_enrolled_cameras {
    struct as_enrolled_camera *camera; /* [n] on every rank; qualities on rank 0 */
    uint32_t n;
    char digest[65];
};

/*
 * Examines pictures as a run does, as a case that lies in --output with `.case` behind it
 * until the store is written: an enrolment that was stopped or killed goes on.  Operands
 * are NAME=PATH, PATH a file, folder or archive, or PATH alone, named as its last part.
 *
 *   AS_EUSAGE    no --output, or it exists; an operand that is none
 *   AS_SKIP      a path is not there
 *   AS_EFORMAT   a camera has too few pictures: the text says how many are missing
 * and as as_run.  The store is the same for any number of ranks.  Collective.
 */
enum as_status as_enroll_camera(const struct as_options *o, int n, char *const *operands,
                                struct as_enrolled_cameras *done, struct as_run_result *result,
                                struct as_err *err) AS_MUST_CHECK;
void as_enrolled_cameras_clear(struct as_enrolled_cameras *done);

#endif
