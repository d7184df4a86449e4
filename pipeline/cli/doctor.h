/* doctor.h - what would go wrong here: the checks, by subject. */
#ifndef AS_DOCTOR_H
#define AS_DOCTOR_H

#include "../options.h"
#include "../report/checks.h"

/* How this process was started, as the environment tells. */
struct as_launch {
    uint64_t cores;           /* that this process may use                       */
    uint64_t ranks;           /* of the job; 1: started alone                    */
    uint64_t ranks_here;      /* on this node                                    */
    uint64_t rank, rank_here; /* this one, in the job and on the node       */
    uint64_t examiners;       /* per rank, as a run would start them             */
    bool mpirun, slurm;       /* under mpirun or srun with PMIx; in a Slurm job  */
};

void as_launch_read(struct as_launch *l, const struct as_options *o);

/* Cores, ranks, binding, threads of BLAS, mpirun, root, ssh, Slurm. */
void as_doctor_launch(struct as_checks *c, const struct as_launch *l);

/* Processor class, sandbox, memory, core dumps. */
void as_doctor_machine(struct as_checks *c, const struct as_launch *l, const struct as_options *o);

/* HDF5, the file system of `folder`, its space, shared memory. */
void as_doctor_storage(struct as_checks *c, const struct as_launch *l, const char *folder);

/* The program `name` in PATH, or false. */
bool as_in_path(const char *name, char *to, size_t n);

#endif
