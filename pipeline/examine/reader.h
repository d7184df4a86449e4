/* reader.h - the jailed process that unpacks and hashes. */
#ifndef AS_READER_H
#define AS_READER_H

#include "zygote.h"

/* Serves one lot and returns the exit code of the process (0; 12: out of
 * memory; 70: broken protocol).  Called in the jail.                         */
int as_reader_main(const struct as_worker_start *start);

#endif
