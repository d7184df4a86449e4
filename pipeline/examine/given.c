/* given.c - the files that decide what is found: models, weighing, trust list, passwords. */
#include "given.h"

#include "../evidence/passwords.h"

#include <string.h>

enum as_status as_given_load(struct as_given *given, const struct as_options *options,
                             struct as_err *err)
{
    enum as_status status = AS_OK;

    memset(given, 0, sizeof *given);
    AS_TRY(as_passwords_load(options->passwords, &given->passwords, given->passwords_sha256, err));
    AS_TRY(as_models_load(&given->models, err));
    AS_TRY(as_trust_load(options->c2pa_trust, &given->trust, given->trust_sha256, err));
done:
    if (status != AS_OK)
        as_given_clear(given);
    return status;
}

void as_given_clear(struct as_given *given)
{
    as_passwords_free(given->passwords);
    as_models_clear(&given->models);
    as_trust_free(given->trust);
    memset(given, 0, sizeof *given);
}
