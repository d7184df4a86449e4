/* machine.h - what this node allows: ranks, cores, memory, examiners. */
#ifndef AS_MACHINE_H
#define AS_MACHINE_H

#include "../cluster/comm.h"
#include "../options.h"

/* This process's node, as the ranks there tell one another. */
struct as_node {
    uint32_t ranks, me; /* there; this one's place among them      */
    uint32_t sharers;   /* of them that may use cores of this rank */
    uint32_t cores;     /* that they may use together              */
    uint32_t allowed;   /* that the launcher might have given them */
};

/* Collective; comm == NULL: alone. */
enum as_status as_machine_node(struct as_comm *comm, struct as_node *node,
                               struct as_err *err) AS_MUST_CHECK;

/* Tasks that were started as so many single processes, which know nothing of each other; 0: not so.
 * size: of the world of MPI, or 0 before MPI started.                         */
uint32_t as_machine_singles(int size);

/* Cores that this process may use. */
uint32_t as_machine_cores(void);

/* Bytes of memory that this node's ranks may use together: the smallest limit of
 * the control groups this process is in, or what is installed.               */
uint64_t as_machine_memory(void);

/* Memory that a rank with so many examiners may use: they end before the searches begin. */
uint64_t as_machine_rank_bytes(const struct as_options *o, uint32_t examiners);

/* Memory that a rank of this node has for what comes after the examination. */
uint64_t as_machine_left_bytes(const struct as_node *node);

/* Memory that a search may use on a rank: --memory, or what as many examiners may; no more than is
 * left.                                                                         */
uint64_t as_machine_search_bytes(const struct as_options *o, const struct as_node *node,
                                 uint32_t threads);

/* Examiners for one rank of this node, that the cores and the memory allow; at least 1.
 * node == NULL: it is alone.  `why` (may be NULL with n = 0) gets a sentence when memory
 * made it fewer than asked.                                                   */
uint32_t as_machine_examiners(const struct as_options *o, const struct as_node *node, char *why,
                              size_t n);

#endif
