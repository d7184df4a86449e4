/* base.h - status codes and plain views; the bottom of the include graph. */
#ifndef AS_BASE_H
#define AS_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a function returns.  Ordered by severity, so the worst of two is the
 * larger.  Never stored: what becomes of an item is enum as_item_status.     */
enum as_status {
    AS_OK = 0,
    AS_END = 1,      /* the stream is over                    (not an error) */
    AS_SKIP = 2,     /* this step does not apply here         (not an error) */
    AS_EFORMAT = 10, /* the evidence is malformed             (item fails)   */
    AS_ELIMIT = 11,  /* the evidence exceeds a safety limit   (item fails)   */
    AS_ENOMEM = 12,  /* allocation failed     (in an examiner: item fails)   */
    AS_EUSAGE = 20,  /* the request makes no sense            (run stops)    */
    AS_EIO = 21,     /* file system, MPI or device failed     (run stops)    */
    AS_EBUG = 22,    /* an invariant of ours broke            (run stops)    */
    AS_ESTOP = 23,   /* asked to stop: state is saved         (run stops)    */
    AS_EMISSING = 24 /* this machine lacks what is needed     (run stops)    */
};

static inline bool as_item_failed(enum as_status s)
{
    return s >= 10 && s < 20;
}

/* One image plane, borrowed.  Sample (x,y) is at[y*stride + x]; stride is in
 * samples and may exceed w.  Values are 0..255 whatever the source depth.   */
struct as_plane {
    const float *at;
    uint32_t w, h;
    size_t stride;
};

/* A run of bytes, borrowed; not ended by NUL. */
struct as_text {
    const char *at;
    uint32_t len;
};

#endif
