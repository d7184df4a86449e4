/* comm_mpi.h - the MPI communicator behind a struct as_comm, for store/ only. */
#ifndef AS_COMM_MPI_H
#define AS_COMM_MPI_H

#include "comm.h"

#include <mpi.h>

MPI_Comm as_comm_mpi(const struct as_comm *comm);

#endif
