/* given.h - the files that decide what is found: models, weighing, trust list, passwords.
 *
 * They are read once, before the zygote is forked: whoever examines, scores, weighs or states a
 * fingerprint has the same bytes, whatever becomes of the files meanwhile.                */
#ifndef AS_GIVEN_H
#define AS_GIVEN_H

#include "../media/trust.h"
#include "../model.h"
#include "../options.h"

struct as_given {
    struct as_models models;
    struct as_trust *trust;                      /* NULL: no list */
    char **passwords;                            /* ended by NULL */
    char trust_sha256[65], passwords_sha256[65]; /* of the files, hex; "": there is none */
};

/* Statuses as as_models_load, as_trust_load and as_passwords_load. */
enum as_status as_given_load(struct as_given *given, const struct as_options *options,
                             struct as_err *err) AS_MUST_CHECK;
void as_given_clear(struct as_given *given);

#endif
