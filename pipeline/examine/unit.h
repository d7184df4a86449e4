/* unit.h - examines one item's bytes: metadata, decoding, views, detectors. */
#ifndef AS_UNIT_H
#define AS_UNIT_H

#include "../media/media.h"
#include "../options.h"
#include "../model.h"
#include "../row.h"
#include "noise.h"

struct as_bench; /* the state of one examiner: decoders, detectors, scratch */

/* Marks the detectors that `list` names ("a,b"; "all" or empty: all but those that must be named;
 * "every": those too).  AS_EUSAGE for a name that is not in the table. */
enum as_status as_detectors_select(const char *list, bool with[AS_DETECTORS_MAX],
                                   struct as_err *err) AS_MUST_CHECK;

enum as_status as_bench_new(struct as_bench **b, const struct as_options *o,
                            struct as_err *err) AS_MUST_CHECK;
/* Has the residual of each picture that the camera detector applies to written at `at`,
 * as_noise_bytes of them, borrowed for the bench's life.                           */
void as_bench_keep(struct as_bench *b, const struct as_keep *keep, uint8_t *at);
/* Bytes so written for the last item; 0: none. */
uint64_t as_bench_kept(const struct as_bench *b);
/* Has maps kept where these models (borrowed for the bench's life) or --maps say so; without this
 * none are. */
void as_bench_models(struct as_bench *b, const struct as_models *models);
/* Has C2PA signers traced to this list (borrowed likewise); without it they are not. */
void as_bench_trust(struct as_bench *b, const struct as_trust *trust);
/* Has views made that no detector asks for (for measuring what they cost). */
void as_bench_ask(struct as_bench *b, uint32_t views);
void as_bench_free(struct as_bench *b);

/* Microseconds: metadata and pixels, and each detector. */
struct as_times {
    uint64_t decode, det[AS_DETECTORS_MAX];
};

/*
 * Fills the content part of `row`, borrowed from the bench until its next use.
 * `times` gains what it took.
 *   AS_OK      the row says what became of it, also when it is damaged
 *   AS_ENOMEM  memory ran out: try again alone
 * The result depends on the bytes, the kind (itself decided by the bytes) and
 * the options alone.
 */
enum as_status as_bench_examine(struct as_bench *b, enum as_kind kind, const struct as_input *in,
                                struct as_row *row, struct as_times *times) AS_MUST_CHECK;

#endif
