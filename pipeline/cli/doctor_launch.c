/* doctor_launch.c - what would go wrong here: how runs are started. */
#include "../run/machine.h"
#include "doctor.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t env_count(const char *name)
{
    const char *v = getenv(name);
    return v && isdigit((unsigned char)v[0]) ? strtoull(v, NULL, 10) : 0;
}

/* Ranks that share cores share the examiners: as a run does it, without asking the others. */
static uint64_t examiners_of(const struct as_launch *l, const struct as_options *o)
{
    uint64_t share = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN) / l->ranks_here;

    share = share < l->cores ? share : l->cores;
    return o->examiners ? o->examiners : share ? share : 1;
}

void as_launch_read(struct as_launch *l, const struct as_options *o)
{
    uint64_t size = env_count("OMPI_COMM_WORLD_SIZE");

    memset(l, 0, sizeof *l);
    l->cores = as_machine_cores();
    l->slurm = getenv("SLURM_JOB_ID") != NULL;
    l->mpirun = size > 0 || getenv("PMIX_RANK") != NULL;
    l->ranks = size ? size : l->mpirun ? env_count("SLURM_NTASKS") : 1;
    l->ranks_here = env_count("OMPI_COMM_WORLD_LOCAL_SIZE");
    l->rank = size ? env_count("OMPI_COMM_WORLD_RANK") : env_count("PMIX_RANK");
    l->rank_here = env_count("OMPI_COMM_WORLD_LOCAL_RANK");
    if (l->ranks == 0)
        l->ranks = 1;
    if (l->ranks_here == 0)
        l->ranks_here = 1;
    l->examiners = examiners_of(l, o);
}

bool as_in_path(const char *name, char *to, size_t n)
{
    const char *path = getenv("PATH");

    while (path && *path) {
        size_t len = strcspn(path, ":");
        if ((size_t)snprintf(to, n, "%.*s/%s", (int)len, path, name) < n && access(to, X_OK) == 0)
            return true;
        path += len + (path[len] == ':');
    }
    return false;
}

static void cores(struct as_checks *c, const struct as_launch *l)
{
    uint64_t online = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);

    if (l->mpirun && l->cores * l->ranks_here * 2 < online) {
        as_checks_add(c, AS_LEVEL_WARN, "cores",
                      "each of the %" PRIu64 " ranks here may use %" PRIu64 " of %" PRIu64
                      " cores: under half of the node works",
                      l->ranks_here, l->cores, online);
        as_checks_cure(c, "mpirun --bind-to none, or one rank per NUMA domain: "
                          "--map-by ppr:1:numa --bind-to numa");
    } else if (l->examiners > l->cores || l->examiners * l->ranks_here > online) {
        as_checks_add(c, AS_LEVEL_WARN, "cores",
                      "%" PRIu64 " ranks here with %" PRIu64 " examiners each on %" PRIu64
                      " cores take turns",
                      l->ranks_here, l->examiners, online);
        as_checks_cure(c, "start fewer ranks, and leave --examiners away: one per core is started");
    } else {
        as_checks_add(c, AS_LEVEL_OK, "cores",
                      "%" PRIu64 " of %" PRIu64 " for this process; %" PRIu64
                      " examiners would be started%s",
                      l->cores, online, l->examiners, l->mpirun ? " by each rank" : "");
    }
}

static void mpirun(struct as_checks *c)
{
    char path[4096], version[160] = "";
    FILE *p;

    if (!as_in_path("mpirun", path, sizeof path)) {
        as_checks_add(c, AS_LEVEL_WARN, "mpirun", "not in PATH: runs have one rank");
        as_checks_cure(c, "install Open MPI (openmpi-bin), or load its module");
        return;
    }
    if ((p = popen("mpirun --version 2>/dev/null", "r")) != NULL) {
        if (fgets(version, sizeof version, p) == NULL)
            version[0] = 0;
        pclose(p);
    }
    version[strcspn(version, "\n")] = 0;
    if (strstr(version, "Open MPI") || strstr(version, "OpenRTE")) {
        as_checks_add(c, AS_LEVEL_OK, "mpirun", "%s: %s", path, version);
    } else {
        as_checks_add(c, AS_LEVEL_WARN, "mpirun",
                      "%s is not Open MPI's (%s): every process would "
                      "be a run of its own",
                      path, version[0] ? version : "it does not tell its version");
        as_checks_cure(c, "use the mpirun of the Open MPI that Assay was built with");
    }
}

static void root(struct as_checks *c, const struct as_launch *l)
{
    if (geteuid() != 0 || l->mpirun)
        return;
    if (getenv("OMPI_ALLOW_RUN_AS_ROOT") && getenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM")) {
        as_checks_add(c, AS_LEVEL_OK, "root", "mpirun is allowed to run as root");
        return;
    }
    as_checks_add(c, AS_LEVEL_WARN, "root", "this is root, and mpirun refuses to run as root");
    as_checks_cure(c, "use another user, or export OMPI_ALLOW_RUN_AS_ROOT=1 "
                      "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1");
}

static void threads(struct as_checks *c)
{
    static const char *const NAMES[] = {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS",
                                        "GOTO_NUM_THREADS"};
    bool many = false;

    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (env_count(NAMES[i]) > 1) {
            many = true;
            as_checks_add(c, AS_LEVEL_WARN, "BLAS threads",
                          "%s is %s; examiners use one thread whatever it says", NAMES[i],
                          getenv(NAMES[i]));
            as_checks_cure(c, "unset %s, or set it to 1", NAMES[i]);
        }
    if (!many)
        as_checks_add(c, AS_LEVEL_OK, "BLAS threads", "nothing asks for more than one");
}

static void binding(struct as_checks *c, const struct as_launch *l)
{
    const char *policy = getenv("OMPI_MCA_hwloc_base_binding_policy");

    if (l->mpirun)
        return; /* the cores say what came of it */
    if (policy && strncmp(policy, "core", 4) == 0) {
        as_checks_add(c, AS_LEVEL_WARN, "binding",
                      "OMPI_MCA_hwloc_base_binding_policy=%s gives every rank one core", policy);
        as_checks_cure(c, "unset it, or use mpirun --bind-to none");
    } else {
        as_checks_add(c, AS_LEVEL_OK, "binding",
                      "mpirun gives each of up to two ranks one core, unless told --bind-to none "
                      "or --bind-to numa");
    }
}

static void remote(struct as_checks *c, const struct as_launch *l)
{
    char path[4096];
    const char *agent = getenv("OMPI_MCA_plm_rsh_agent");

    if (as_in_path("ssh", path, sizeof path) || as_in_path("rsh", path, sizeof path))
        as_checks_add(c, AS_LEVEL_OK, "remote shell", "%s, for mpirun over several nodes", path);
    else if (l->slurm)
        as_checks_add(c, AS_LEVEL_OK, "remote shell", "none; Slurm starts the ranks");
    else
        as_checks_add(c, AS_LEVEL_OK, "remote shell",
                      "neither ssh nor rsh: one node only%s%s. A run alone does not need it",
                      agent ? "; OMPI_MCA_plm_rsh_agent=" : "", agent ? agent : "");
}

static void slurm(struct as_checks *c, const struct as_launch *l)
{
    uint64_t tasks = env_count("SLURM_NTASKS");
    uint32_t singles = as_machine_singles(0);

    if (singles) {
        as_checks_add(c, AS_LEVEL_BAD, "launch",
                      "%u tasks that MPI does not join: a run would be refused", singles);
        as_checks_cure(c, "use mpirun inside the allocation, or srun --mpi=pmix, or srun -n 1");
    }
    if (l->slurm)
        as_checks_add(c, AS_LEVEL_OK, "Slurm", "job %s, %" PRIu64 " tasks", getenv("SLURM_JOB_ID"),
                      tasks ? tasks : 1);
}

/* Docker's seccomp profile forbids the copy between processes that Open MPI tries first. */
static void container(struct as_checks *c)
{
    const char *how = getenv("OMPI_MCA_btl_vader_single_copy_mechanism");

    if (access("/.dockerenv", F_OK) != 0 && access("/run/.containerenv", F_OK) != 0)
        return;
    if (how && strcmp(how, "none") == 0) {
        as_checks_add(c, AS_LEVEL_OK, "container", "ranks copy through shared memory");
        return;
    }
    as_checks_add(c, AS_LEVEL_WARN, "container",
                  "in a container ranks of one node may fail to read each other's memory");
    as_checks_cure(c, "export OMPI_MCA_btl_vader_single_copy_mechanism=none");
}

void as_doctor_launch(struct as_checks *c, const struct as_launch *l)
{
    if (l->mpirun)
        as_checks_add(c, AS_LEVEL_OK, "launch", "%" PRIu64 " ranks, %" PRIu64 " on this node",
                      l->ranks, l->ranks_here);
    else
        as_checks_add(c, AS_LEVEL_OK, "launch", "alone: one rank");
    cores(c, l);
    binding(c, l);
    mpirun(c);
    root(c, l);
    container(c);
    remote(c, l);
    slurm(c, l);
    threads(c);
}
