/* comm_start.c - MPI is started, the ranks meet, MPI is ended. */
#include "comm.h"
#include "comm_state.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MEET_S = 60, EXIT_AGAIN = 75 };

bool as_comm_launched(void)
{
    static const char *const LAUNCHED[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK",
                                           "PMI_SIZE"};
    for (size_t i = 0; i < sizeof LAUNCHED / sizeof *LAUNCHED; i++)
        if (getenv(LAUNCHED[i]) != NULL)
            return true;
    return false;
}

static enum as_status start_mpi(struct as_err *err)
{
    enum as_status status = AS_OK;
    int running = 0, provided = 0;

    MPI_Initialized(&running);
    if (running)
        AS_FAIL(err, AS_EBUG, "MPI was started already");
    /* Open MPI aborts a process without mpirun when neither ssh nor rsh is installed, although it
     * would never start a remote process */
    if (!as_comm_launched())
        setenv("OMPI_MCA_plm_rsh_agent", "/bin/false", 0);
    AS_TRY(
        as_comm_check(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided), "start", err));
    if (provided < MPI_THREAD_FUNNELED)
        AS_FAIL(err, AS_EIO, "this MPI cannot run beside threads (no MPI_THREAD_FUNNELED)");
done:
    return status;
}

static void on_silence(int sig)
{
    static const char WORDS[] = "error: the ranks did not reach each other: a network between the "
                                "nodes is blocked, or Open MPI "
                                "lost a connection; run the same command again, if need be with "
                                "OMPI_MCA_btl_tcp_if_include\n";

    (void)sig;
    if (write(STDERR_FILENO, WORDS, sizeof WORDS - 1) < 0) {
        /* nobody listens */
    }
    _exit(EXIT_AGAIN);
}

/* The first messages between the ranks.  Open MPI waits without end for one that was lost while
 * both sides were connecting; a job would burn its allocation in silence.  Who ends alone ends all.
 */
static enum as_status meet(struct as_comm *c, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct sigaction once, before;
    const char *set = getenv("ASSAY_MEET_S");
    const long seconds = set ? strtol(set, NULL, 10) : MEET_S;

    memset(&once, 0, sizeof once);
    once.sa_handler = on_silence;
    sigaction(SIGALRM, &once, &before);
    alarm(seconds > 0 && seconds <= 3600 ? (unsigned)seconds : MEET_S);
    AS_TRY(as_comm_check(MPI_Comm_dup(MPI_COMM_WORLD, &c->comm), "copy its communicator", err));
    AS_TRY(as_comm_check(MPI_Barrier(c->comm), "meet the other ranks", err));
done:
    alarm(0);
    sigaction(SIGALRM, &before, NULL);
    return status;
}

enum as_status as_comm_start(struct as_comm **comm, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_comm *c = calloc(1, sizeof *c);

    *comm = NULL;
    if (c == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to start MPI");
    c->piece = PIECE_BYTES;
    as_comm_post_init(c);
    AS_TRY(start_mpi(err));
    AS_TRY(meet(c, err));
    MPI_Comm_set_errhandler(c->comm, MPI_ERRORS_RETURN);
    MPI_Comm_rank(c->comm, &c->rank);
    MPI_Comm_size(c->comm, &c->size);
    *comm = c;
    c = NULL;
done:
    free(c);
    return status;
}

void as_comm_stop(struct as_comm *comm)
{
    if (comm == NULL)
        return;
    as_comm_post_drain(comm);
    MPI_Comm_free(&comm->comm);
    MPI_Finalize();
    free(comm);
}
