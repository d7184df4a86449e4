/* tree.h - JSON that is whole or not there: what could not be added takes all of it away. */
#ifndef AS_TREE_H
#define AS_TREE_H

#include <jansson.h>

/* Each takes the value; NULL, which there was no memory for, makes *to NULL, and so it stays. */
static inline void as_tree_set(json_t **to, const char *name, json_t *value)
{
    if (json_object_set_new(*to, name, value) != 0) {
        json_decref(*to);
        *to = NULL;
    }
}

static inline void as_tree_append(json_t **to, json_t *value)
{
    if (json_array_append_new(*to, value) != 0) {
        json_decref(*to);
        *to = NULL;
    }
}

#endif
