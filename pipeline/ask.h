/* ask.h - what long work asks now and then: whether it is to go on. */
#ifndef AS_ASK_H
#define AS_ASK_H

#include "err.h"

struct as_ask {
    enum as_status (*go_on)(void *state, struct as_err *err); /* AS_ESTOP: no */
    void *state;
};

/* ask == NULL: there is nobody to ask. */
static inline enum as_status as_ask(const struct as_ask *ask, struct as_err *err)
{
    return ask ? ask->go_on(ask->state, err) : AS_OK;
}

#endif
