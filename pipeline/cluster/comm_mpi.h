/* comm_mpi.h - the MPI communicator behind a struct as_comm, for store/ only. */
#ifndef AS_COMM_MPI_H
#define AS_COMM_MPI_H

#include "comm.h"

#include <mpi.h>

MPI_Comm as_comm_mpi(const struct as_comm *comm);

/* For tests: collectives send pieces of at most `bytes` (8 or more; 256 MiB at the start).
 * The same on every rank.                                                                 */
void as_comm_set_piece(struct as_comm *comm, uint64_t bytes);

#endif
