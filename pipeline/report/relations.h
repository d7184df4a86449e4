/* relations.h - the groups of copies and near-copies of a case, counted. */
#ifndef AS_RELATIONS_H
#define AS_RELATIONS_H

#include "../store/store.h"

/* One group. */
struct as_relation {
    uint64_t group, stands; /* rows: what it is called by, who stands for it                    */
    uint64_t copies;        /* members with the bytes of another one                            */
    uint64_t near;          /* further members: other bytes, nearly the same picture            */
    uint64_t archives;      /* containers that hold members                                     */
    bool picture;           /* who stands for it is a picture                                   */
};

struct as_relations {
    uint64_t copies, near, archives; /* of all groups; archives: each once */
    uint64_t n;
    struct as_relation *group; /* [n] pictures first, then the most members, then the lowest row */
};

/* Counts.  Memory: 80 bytes per member of a group.  What the store gives, AS_ENOMEM. */
enum as_status as_relations_new(struct as_relations **r, struct as_store *store,
                                struct as_err *err) AS_MUST_CHECK;
void as_relations_free(struct as_relations *r);

#endif
