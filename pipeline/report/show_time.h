/* show_time.h - what the time of a run went into, for a person. */
#ifndef AS_SHOW_TIME_H
#define AS_SHOW_TIME_H

#include <jansson.h>
#include <stdio.h>

/* Prints lines of the object of as_timing_json (NULL: nothing), each after `lead`.
 * slowest: how many of the slowest items at most.                             */
void as_show_time(FILE *out, const json_t *time, const char *lead, size_t slowest);

#endif
