/* t_mpi.h - what tests under mpirun share: the communicator, and checks after which all go on. */
#ifndef T_MPI_H
#define T_MPI_H

#include "../pipeline/cluster/comm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct as_comm *comm;
static int rank, size;
static uint64_t failures;
static unsigned now; /* the case at hand, told with a failure */

/* Counts instead of leaving: a rank that leaves alone would hang the others. */
#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            failures++;                                                                            \
            fprintf(stderr, "rank %d: %s:%d: case %u: %s\n", rank, __FILE__, __LINE__, now,        \
                    #what);                                                                        \
        }                                                                                          \
    } while (0)

/* At the end of each test: fails on all ranks what a check failed on one. */
static void end_test(void)
{
    uint64_t all = failures;

    failures = 0;
    assert_int_equal(as_comm_sum(comm, &all, 1), AS_OK);
    assert_int_equal(all, 0);
}

/* At the start of main: false, said, when there is no communicator. */
static bool start_tests(void)
{
    struct as_err err = {0};

    if (as_comm_start(&comm, &err) != AS_OK) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    rank = as_comm_rank(comm);
    size = as_comm_size(comm);
    return true;
}

#endif
