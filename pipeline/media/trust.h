/* trust.h - the certificates that C2PA signers and time stamps are traced to. */
#ifndef AS_TRUST_H
#define AS_TRUST_H

#include "../err.h"

struct as_trust;

/*
 * Reads a file of certificates in PEM form; everything between them is ignored.
 * A path of "" gives *trust == NULL: no list.  Never called in the jail.
 *
 *   sha256      of the file, hex; "" of no list
 *
 *   AS_EFORMAT   it holds no certificate, one that cannot be read, or more than 4,096
 * and the statuses of as_whole_read.
 */
enum as_status as_trust_load(const char *path, struct as_trust **trust, char sha256[65],
                             struct as_err *err) AS_MUST_CHECK;
void as_trust_free(struct as_trust *trust);

#endif
