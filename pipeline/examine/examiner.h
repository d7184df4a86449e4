/* examiner.h - the jailed process that decodes and runs detectors. */
#ifndef AS_EXAMINER_H
#define AS_EXAMINER_H

#include "zygote.h"

/* Serves items until its socket closes; returns the exit code.  Called in the jail. */
int as_examiner_main(const struct as_worker_start *start);

#endif
