/* search_vector.h - pictures of a case that are alike by their scene descriptors. */
#ifndef AS_SEARCH_VECTOR_H
#define AS_SEARCH_VECTOR_H

#include "../err.h"
#include "../row.h"

struct as_search;

/* The pictures of this rank with a descriptor.  Memory: 520 bytes for each, and only where gist is
 * among the detectors of the case. */
struct as_scenes {
    int det;       /* place of gist in as_detectors[]; -1: not in the case */
    uint64_t *id;  /* [n] ascending    */
    uint8_t *code; /* [n][AS_GIST_DIM] */
    uint64_t n, id_cap, code_cap;
};

/* Begins without pictures; with: [detectors] those of the case.  Local. */
void as_scenes_init(struct as_scenes *scenes, const bool *with);

/* Takes the picture of this row, unless it has no descriptor or is a copy, of its bytes or altered.
 * In the order of the rows.  Local.  AS_ENOMEM. */
enum as_status as_scenes_look(struct as_scenes *scenes, const struct as_row *row) AS_MUST_CHECK;

void as_scenes_clear(struct as_scenes *scenes);

/*
 * Adds a match of kind AS_MATCH_SIMILAR for each picture and the references of media sets that are
 * most like it (vectors.h), and a link of that kind for each two pictures of which one is among
 * those most like the other.  Does nothing where gist is not in the case.  Memory beyond the
 * pictures': s->memory for the rows that are searched, in parts if need be, and 20 MB.
 * Collective.
 */
enum as_status as_search_vector(struct as_search *s, struct as_err *err) AS_MUST_CHECK;

#endif
