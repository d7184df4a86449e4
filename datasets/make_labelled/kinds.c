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
    {"copymove",
     "with and without a part shown twice; change: degrees below 50, else percent",
     2,
     true,
     as_make_copymove,
     {AXIS("q1", 0, 90), AXIS("q2", 0, 95, 90, 80, 70),
      AXIS("change", 0, 0, 0, 5, 15, 30, 45, 80, 90, 110, 125), AXIS("percent", 2, 4, 8)}},
    {"resample",
     "as taken, and resampled; change: degrees below 50, else percent",
     2,
     false,
     as_make_resample,
     {AXIS("change", 50, 60, 70, 80, 90, 95, 105, 110, 120, 130, 150, 175, 200, 1, 3, 5, 10, 20,
           45),
      AXIS("cubic", 0, 1), AXIS("q2", 0, 0, 95, 90)}},
    {"inpaint",
     "with and without a part filled in; patches: 1 by copied squares, 0 by diffusion",
     2,
     true,
     as_make_inpaint,
     {AXIS("q1", 0, 90), AXIS("q2", 0, 95, 90, 80), AXIS("percent", 2, 5, 10),
      AXIS("patches", 0, 1)}},
    {"median",
     "as taken, and through a median filter of this side",
     2,
     false,
     as_make_median,
     {AXIS("q1", 0, 90), AXIS("side", 3, 5), AXIS("q2", 0, 95, 90, 80, 70)}},
    {NULL, NULL, 0, false, NULL, {{NULL, 0, {0}}}}};
