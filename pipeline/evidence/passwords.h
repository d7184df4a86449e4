/* passwords.h - the passwords to try on encrypted containers. */
#ifndef AS_PASSWORDS_H
#define AS_PASSWORDS_H

#include "../err.h"

/* Reads a file of passwords, one a line; `list` is ended by NULL.  sha256: of the file, hex.
 * path "": an empty list, and "".
 *   AS_EFORMAT   more than 1,000, or a line that is none; the report says which
 * and the statuses of as_whole_read.                                                  */
enum as_status as_passwords_load(const char *path, char ***list, char sha256[65],
                                 struct as_err *err) AS_MUST_CHECK;
void as_passwords_free(char **list);

#endif
