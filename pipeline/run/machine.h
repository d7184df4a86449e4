/* machine.h - what this node allows: cores, memory, examiners. */
#ifndef AS_MACHINE_H
#define AS_MACHINE_H

#include "../options.h"

/* Ranks of this job on this node, as the launcher's environment tells; at least 1. */
uint32_t as_machine_ranks(void);

/* Cores that this process may use. */
uint32_t as_machine_cores(void);

/* Bytes of memory that this node's ranks may use together: the smallest limit of
 * the control groups this process is in, or what is installed.               */
uint64_t as_machine_memory(void);

/* Examiners for one of `ranks` ranks on this node, that the cores and the memory
 * allow; at least 1.  `why` (may be NULL with n = 0) gets a sentence when memory made
 * it fewer than asked.                                                        */
uint32_t as_machine_examiners(const struct as_options *o, uint32_t ranks, char *why, size_t n);

#endif
