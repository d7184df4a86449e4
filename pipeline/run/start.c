/* start.c - what is wrong with how a run was started, told before it works. */
#include "start.h"

#include "../log.h"
#include "machine.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Open MPI's segment of a rank; a row of the store with its record in the journal; what a case
 * takes besides.                                                              */
enum { SHM_RANK_MB = 16, ITEM_BYTES = 4096, CASE_MB = 64 };

static enum as_status refuse_singles(int size, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint32_t tasks = as_machine_singles(size);

    if (tasks)
        AS_FAIL(err, AS_EUSAGE,
                "%u tasks were started that MPI does not join: each would do the whole run; use "
                "mpirun inside the allocation, or srun --mpi=pmix, or srun -n 1",
                tasks);
done:
    return status;
}

/* Free bytes where `path` lies; UINT64_MAX: unknown. */
static uint64_t room_at(const char *path)
{
    struct statvfs v;

    return statvfs(path, &v) == 0 ? (uint64_t)v.f_bavail * v.f_frsize : UINT64_MAX;
}

enum as_status as_start_alone(struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *text = getenv("OMPI_COMM_WORLD_LOCAL_SIZE"),
               *me = getenv("OMPI_COMM_WORLD_LOCAL_RANK");
    uint64_t ranks = text ? strtoull(text, NULL, 10) : 0, room = room_at("/dev/shm") >> 20;

    AS_TRY(refuse_singles(0, err));
    if (ranks > 1 && me && strcmp(me, "0") == 0 && room < SHM_RANK_MB * ranks)
        as_log(AS_LOG_WARN,
               "%" PRIu64 " MB free in /dev/shm for %" PRIu64 " ranks: MPI may fail; clear it, or "
               "give the container a larger one (--shm-size)",
               room, ranks);
done:
    return status;
}

enum as_status as_start_zygote(struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_start_alone(err));
    AS_TRY(as_given_load(&r->given, r->options, err));
    AS_TRY(as_zygote_start(&r->zygote, r->options, &r->given, err));
done:
    return status;
}

static void warn_cores(const struct as_rank *r, const struct as_node *n)
{
    uint32_t all = n->ranks * r->nexaminers;

    if (2 * n->cores <= n->allowed)
        as_log(
            AS_LOG_WARN,
            "binding: the %u ranks of this node may use %u of %u cores; better: mpirun --bind-to "
            "none, or --map-by numa --bind-to numa",
            n->ranks, n->cores, n->allowed);
    else if (all > n->cores)
        as_log(AS_LOG_WARN,
               "oversubscribed: %u ranks with %u examiners each take turns on %u cores; better: "
               "fewer ranks%s",
               n->ranks, r->nexaminers, n->cores,
               r->options->examiners ? ", or no --examiners" : "");
    else if (2 * all < n->cores)
        as_log(AS_LOG_WARN,
               "%u ranks of this node with %u examiners each use under half of %u allowed cores; "
               "better: --examiners %u",
               n->ranks, r->nexaminers, n->cores, n->cores / n->ranks);
}

static void warn_environment(const struct as_rank *r)
{
    static const char *const NAMES[] = {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"};
    const char *locking = getenv("HDF5_USE_FILE_LOCKING");
    int fd;

    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (getenv(NAMES[i]) && strtol(getenv(NAMES[i]), NULL, 10) > 1)
            as_log(AS_LOG_INFO, "%s=%s is ignored: examiners use one thread each", NAMES[i],
                   getenv(NAMES[i]));
    if (locking == NULL || strcasecmp(locking, "TRUE") != 0 ||
        (fd = open(r->kase.dir, O_RDONLY | O_CLOEXEC)) < 0)
        return;
    if (flock(fd, LOCK_SH | LOCK_NB) != 0)
        as_log(AS_LOG_WARN,
               "HDF5_USE_FILE_LOCKING=TRUE, and %s has no locks: the sealed store "
               "cannot be opened so; unset it",
               r->kase.dir);
    close(fd);
}

enum as_status as_start_joined(struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_node node;
    char why[256];

    AS_TRY(as_comm_agree(r->comm, refuse_singles(r->size, err), err));
    AS_TRY(as_machine_node(r->comm, &node, err));
    r->nexaminers = as_machine_examiners(r->options, &node, why, sizeof why);
    if (node.me == 0 && why[0])
        as_log(AS_LOG_WARN, "%s", why);
    if (node.me == 0)
        warn_cores(r, &node);
    if (r->me == 0)
        warn_environment(r);
done:
    return status;
}

void as_start_room(const struct as_rank *r)
{
    uint64_t room = room_at(r->kase.dir) >> 20;
    uint64_t need = CASE_MB + (r->totals.entries * ITEM_BYTES >> 20);

    if (room < need)
        as_log(AS_LOG_WARN,
               "%" PRIu64 " MB free where %s lies, and it may need %" PRIu64
               " MB or more: when the "
               "disk is full the run stops, saved, and goes on when there is room",
               room, r->kase.dir, need);
}
