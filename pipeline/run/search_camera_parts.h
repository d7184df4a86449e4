/* search_camera_parts.h - what the files of the search for cameras share.
 *
 * Pictures are taken a size at a time; of a size, as many as fit the memory; these meet every
 * fingerprint once.  Threads of the rank do the parts (team.h), so whatever a part touches is its
 * worker's, or is only read, or is guarded by the hunt's lock.                                */
#ifndef AS_SEARCH_CAMERA_PARTS_H
#define AS_SEARCH_CAMERA_PARTS_H

#include "../../kernels/prnu.h"
#include "residuals.h"
#include "search_camera.h"

#include <pthread.h>

enum {
    AS_TURNS = 4,
    AS_CONFIRM = 16,  /* fingerprints that a picture is compared with in full       */
    AS_NEGATIVES = 4, /* further ones, of the model of the best: what stands beside */
    AS_COMPARED = AS_CONFIRM + AS_NEGATIVES
};

/* A store of cameras. */
struct as_fingerprints {
    struct as_ref *ref;
    uint16_t set;
    struct as_ref_camera *camera; /* [n] */
    char **model;                 /* [n] maker and model; NULL: not known */
    uint64_t n;
};

/* A fingerprint turned to the size of a picture. */
struct as_suspect_camera {
    const struct as_fingerprints *of;
    uint64_t camera;
    uint32_t turn; /* clockwise, by quarters */
};

static inline bool as_suspect_before(const struct as_suspect_camera *a,
                                     const struct as_suspect_camera *b)
{
    return a->of->set != b->of->set ? a->of->set < b->of->set : a->camera < b->camera;
}

/* The fingerprint of its size that a picture agrees with best, of those that it matches. */
struct as_taken {
    struct as_suspect_camera by; /* of == NULL: it matches none */
    float pce;
};

/* The search of this rank. */
struct as_hunt {
    struct as_search *s;
    struct as_fingerprints *of; /* [nsets] stores of cameras */
    uint16_t nsets;
    struct as_residuals pictures;
    bool *told;           /* [pictures.n] it matched a camera */
    struct as_taken *taken; /* [pictures.n] by which, where the whole of it did */
    uint64_t total;       /* pictures of all ranks */
    pthread_mutex_t lock; /* of what is found      */
};

/* The best suspects of a picture so far, best first; ties by order.  At last negatives follow. */
struct as_best_cameras {
    uint64_t suspect[AS_COMPARED];
    double score[AS_CONFIRM];
    uint32_t n;
};

/* This rank's pictures of one size, and what they are compared with. */
struct as_hunt_size {
    uint32_t w, h;                     /* of whole pictures                         */
    struct as_rect kept;               /* what was kept of them                     */
    uint64_t first, n;                 /* of the hunt's pictures                    */
    struct as_suspect_camera *suspect; /* [nsuspects] all that fit, in order of set, camera, turn */
    uint64_t nsuspects;
    struct as_best_cameras *best; /* [n] to be compared in full; NULL: all suspects are */
};

/* What a thread prepares a picture in: planes of the part, and scratch.  Aligned to 64. */
struct as_query_room {
    struct as_journal_reader *spool;
    float *luma;
    void *scratch; /* as_prnu_query_scratch */
};

/* What a signal stops. */
#define AS_HUNT_DOING "searching for cameras"

/* Memory that is aligned for kernels; NULL: there is none. */
void *as_hunt_take(size_t bytes);

/* How many workers, of so many bytes each, may be beside `one` more bytes: at least 1. */
uint32_t as_hunt_workers(const struct as_search *s, uint64_t each, uint64_t one);

/*
 * Fills to[part.h][part.w] with a part of a fingerprint that is turned like the picture, whose
 * coordinates part counts in.  room: as large, other storage.  From any thread.
 */
enum as_status as_hunt_load(const struct as_suspect_camera *s, const struct as_rect *part,
                            float *to, float *room, struct as_err *err) AS_MUST_CHECK;

/* Fills to[part.h][part.w] with W I of a part of the i-th of the hunt's pictures, for known
 * alignment; part lies in what was kept, and counts in the whole picture.  From any thread.  Of a
 * picture whose residual is lost it makes zeros, and the search ends in time (as_residuals_end). */
enum as_status as_hunt_query(struct as_hunt *h, uint64_t i, const struct as_rect *part,
                             const struct as_query_room *room, float *to,
                             struct as_err *err) AS_MUST_CHECK;

/* Fills size->best: those that correlate best over a crop, of many suspects, and some of the best
 * one's model. */
enum as_status as_hunt_propose(struct as_hunt *h, struct as_hunt_size *size,
                               struct as_err *err) AS_MUST_CHECK;

/* Compares all pictures of a size in full, and tells of the matches. */
enum as_status as_hunt_compare(struct as_hunt *h, const struct as_hunt_size *size,
                               struct as_err *err) AS_MUST_CHECK;

/* Notes that all that was kept of a picture agrees with a fingerprint of its size.  Told in any
 * order, as threads come: of equal ones, such as a body that two stores have, the first counts. */
static inline void as_hunt_note(struct as_hunt *h, uint64_t picture,
                                const struct as_suspect_camera *s, float pce)
{
    struct as_taken *t = &h->taken[picture];

    h->told[picture] = true;
    if (t->by.of == NULL || pce > t->pce || (pce == t->pce && as_suspect_before(s, &t->by)))
        *t = (struct as_taken){*s, pce};
}

/* The maker and model of each camera of a store, whose places in it were checked. */
enum as_status as_hunt_models(struct as_fingerprints *f, struct as_err *err) AS_MUST_CHECK;
void as_hunt_models_clear(struct as_fingerprints *f);

/* Whether both models are known, and the same. */
bool as_hunt_same_model(const struct as_fingerprints *f, uint64_t camera,
                        const struct as_fingerprints *g, uint64_t other);

/* How many other references of its size a camera has, and how many of these are of its model. */
struct as_beside_counts {
    uint32_t size, model;
};
struct as_beside_counts as_hunt_count(const struct as_hunt *h, const struct as_fingerprints *f,
                                      uint64_t camera);

/* Looks at the pictures that matched nothing for crops and scaled ones, as --camera-search says.
 * Local. */
enum as_status as_hunt_confirm(struct as_hunt *h, struct as_err *err) AS_MUST_CHECK;

#endif
