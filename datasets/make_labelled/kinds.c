/* kinds.c - the kinds of labelled pictures, and the axes along which each varies. */
#include "labelled.h"

#define AXIS(name, ...)                                                                            \
    {                                                                                              \
        name, sizeof((int[]){__VA_ARGS__}) / sizeof(int),                                          \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

const struct as_kind as_kinds[] = {
    {"camera",
     "authentic photographs",
     1,
     false,
     as_make_camera,
     {AXIS("q2", 0, 98, 95, 90, 85, 75, 60)}},
    {"djpeg",
     "compressed once, twice, and twice with a centre compressed once; shift: x + 8 y",
     3,
     true,
     as_make_djpeg,
     {AXIS("q1", 50, 55, 60, 65, 70, 75, 80, 85, 90, 95),
      AXIS("q2", 50, 55, 60, 65, 70, 75, 80, 85, 90, 95, 98), AXIS("shift", 0, 0, 0, 13, 36, 50)}},
    {"splice",
     "with and without a part of another picture; other: 1 from another camera; donor_q: its "
     "quality",
     2,
     true,
     as_make_splice,
     {AXIS("q1", 0, 60, 75, 85, 92), AXIS("q2", 0, 70, 80, 90, 95), AXIS("shift", 0, 27, 52),
      AXIS("other", 0, 1), AXIS("donor_q", 0, 70, 90)}},
    {"generated",
     "photographs, and what 12 random decoders make of the same scenes, of the same entropy",
     2,
     false,
     as_make_generated,
     {AXIS("decoder", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), AXIS("q2", 0, 98, 95, 90, 85, 75)}},
    {NULL, NULL, 0, false, NULL, {{NULL, 0, {0}}}}};
