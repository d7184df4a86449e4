/* human.h - numbers in words for a person. */
#ifndef AS_HUMAN_H
#define AS_HUMAN_H

#include <stdint.h>

/* "1,838" */
const char *as_human_count(uint64_t n, char to[32]);
/* "412.3 MB" (powers of 1000), "17 bytes" */
const char *as_human_bytes(uint64_t n, char to[32]);
/* "41.2 s", "3 min 20 s", "2 h 5 min" */
const char *as_human_seconds(double s, char to[32]);
/* "2024-05-01 12:30:00 UTC"; "unknown" for INT64_MIN and years beyond 9999 */
const char *as_human_time(int64_t unix_s, char to[40]);

#endif
