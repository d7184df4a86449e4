/* planted.h - what planted.c and planted_acts.c share. */
#ifndef PLANTED_H
#define PLANTED_H

#include "../pipeline/evidence/container.h"
#include "../pipeline/examine/slot.h"
#include "../pipeline/examine/zygote.h"

enum { TAIL = 256 };

/* What the wraps learn. */
struct seen {
    pid_t zygote;
    uint64_t serial; /* examiner: of the item in hand            */
    uint16_t kind;
    void *result;                      /* examiner: its result area                */
    struct as_batch *arena[AS_ARENAS]; /* reader: as mapped                         */
    uint32_t filled, current;          /* reader: last AS_MSG_FILL; the one in use */
    uint32_t mode;                     /* reader: of its lot                       */
    char path[TAIL];                   /* of the plant in hand                     */
};
extern struct seen seen;

int the_socket(void);
void rest_forever(void);

/* Does what `name` says: a system call, or what harms without one.  False: no such name. */
bool act(const char *name);

#endif
