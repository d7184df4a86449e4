/* machine.c - what this node allows. */
#include "machine.h"

#include "../examine/slot.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BROKER_MB = 256, WORKER_MB = 192 };

static uint32_t env_count(const char *name)
{
    const char *text = getenv(name);
    long v = text ? strtol(text, NULL, 10) : 0;

    return v > 0 && v < 1 << 24 ? (uint32_t)v : 0;
}

uint32_t as_machine_singles(int size)
{
    uint32_t tasks = env_count("SLURM_STEP_NUM_TASKS"), pmi = env_count("PMI_SIZE");

    if (size > 1 || getenv("OMPI_COMM_WORLD_SIZE") || (size == 0 && getenv("PMIX_RANK")))
        return 0; /* MPI joins them */
    tasks = pmi > tasks ? pmi : tasks;
    return tasks > 1 ? tasks : 0;
}

uint32_t as_machine_cores(void)
{
    cpu_set_t set;
    long all = sysconf(_SC_NPROCESSORS_ONLN);

    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return (uint32_t)CPU_COUNT(&set);
    return all > 0 ? (uint32_t)all : 1;
}

/* Under mpirun: what its daemon may use, which is bound for all its ranks; under srun: what Slurm
 * says. */
static uint32_t allowed_cores(uint32_t least)
{
    uint32_t n = getenv("SLURM_STEP_NUM_TASKS") ? env_count("SLURM_CPUS_ON_NODE") : 0;
    cpu_set_t set;

    if (getenv("OMPI_COMM_WORLD_SIZE"))
        n = getppid() > 1 && sched_getaffinity(getppid(), sizeof set, &set) == 0
                ? (uint32_t)CPU_COUNT(&set)
                : 0;
    return n > least ? n : least;
}

enum as_status as_machine_node(struct as_comm *comm, struct as_node *node, struct as_err *err)
{
    enum as_status status = AS_OK;
    cpu_set_t mine, all, both;
    uint8_t *masks = NULL;
    int ranks, me;

    CPU_ZERO(&mine);
    CPU_ZERO(&all);
    if (sched_getaffinity(0, sizeof mine, &mine) != 0)
        for (uint32_t i = 0, n = as_machine_cores(); i < n && i < CPU_SETSIZE; i++)
            CPU_SET(i, &mine); /* more processors than a mask has */
    AS_TRY(as_comm_node(comm, &mine, sizeof mine, &masks, &ranks, &me, err));
    *node = (struct as_node){.ranks = (uint32_t)ranks, .me = (uint32_t)me};
    for (int i = 0; i < ranks; i++) {
        cpu_set_t other;
        memcpy(&other, masks + (size_t)i * sizeof other, sizeof other);
        CPU_AND(&both, &mine, &other);
        CPU_OR(&all, &all, &other);
        node->sharers += CPU_COUNT(&both) > 0;
    }
    node->cores = (uint32_t)CPU_COUNT(&all);
    node->allowed = allowed_cores(node->cores);
done:
    free(masks);
    return status;
}

static uint64_t read_number(const char *path)
{
    FILE *f = fopen(path, "r");
    unsigned long long v = 0;

    if (f == NULL)
        return 0;
    if (fscanf(f, "%llu", &v) != 1)
        v = 0; /* "max" */
    fclose(f);
    return v;
}

/* The smallest memory limit on the way from a control group up to the root. */
static uint64_t group_limit(const char *mount, char *group, const char *file)
{
    uint64_t least = UINT64_MAX, v;
    char path[4400];

    for (;;) {
        char *slash = strrchr(group, '/');
        snprintf(path, sizeof path, "%s%s/%s", mount, group, file);
        v = read_number(path);
        if (v > 0 && v < least)
            least = v;
        if (slash == NULL)
            return least;
        *slash = 0;
    }
}

uint64_t as_machine_memory(void)
{
    uint64_t least = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE), v;
    FILE *f = fopen("/proc/self/cgroup", "r");
    char line[4096];

    while (f && fgets(line, sizeof line, f)) {
        char *group = strrchr(line, ':');
        if (group == NULL)
            continue;
        group++;
        group[strcspn(group, "\n")] = 0;
        if (strncmp(line, "0::", 3) == 0)
            v = group_limit("/sys/fs/cgroup", group, "memory.max");
        else if (strstr(line, ":memory:"))
            v = group_limit("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
        else
            continue;
        least = v < least ? v : least;
    }
    if (f)
        fclose(f);
    return least;
}

/* A rank without examiners and without a search. */
static uint64_t broker_bytes(void)
{
    return ((uint64_t)(BROKER_MB + WORKER_MB) << 20) +
           AS_ARENAS * (AS_ARENA_DATA + 2 * (uint64_t)AS_BATCH_BYTES);
}

uint64_t as_machine_rank_bytes(const struct as_options *o, uint32_t examiners)
{
    const uint64_t examine = examiners * o->examiner_memory;

    return broker_bytes() + (examine > o->memory ? examine : o->memory); /* not at the same time */
}

uint64_t as_machine_left_bytes(const struct as_node *node)
{
    const uint64_t share = as_machine_memory() / (node->ranks ? node->ranks : 1);
    const uint64_t broker = broker_bytes();

    return share > broker ? share - broker : 0;
}

uint64_t as_machine_search_bytes(const struct as_options *o, const struct as_node *node,
                                 uint32_t threads)
{
    const uint64_t left = as_machine_left_bytes(node);
    const uint64_t want = o->memory ? o->memory : threads * o->examiner_memory;

    return want < left ? want : left;
}

uint32_t as_machine_examiners(const struct as_options *o, const struct as_node *node, char *why,
                              size_t n)
{
    uint64_t broker = broker_bytes();
    uint64_t share = as_machine_memory() / (node ? node->ranks : 1), fit;
    uint32_t want = (uint32_t)o->examiners, cores = as_machine_cores();

    if (n)
        why[0] = 0;
    if (want == 0) {
        want = node ? cores / node->sharers : cores;
        want = want ? want : 1;
    }
    fit = share > broker ? (share - broker) / o->examiner_memory : 0;
    fit = fit ? fit : 1;
    if (want > fit && n)
        snprintf(why, n,
                 "%" PRIu64 " examiners instead of %u: each may use %" PRIu64
                 " MB (--examiner-memory) and this rank's share of memory is %" PRIu64 " MB",
                 fit, want, o->examiner_memory >> 20, share >> 20);
    return want > fit ? (uint32_t)fit : want;
}
