/* doctor_machine.c - what would go wrong here: processor, sandbox, memory. */
#include "../../kernels/cpu.h"
#include "../examine/zygote.h"
#include "../report/human.h"
#include "../run/machine.h"
#include "doctor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* What a rank needs beside its examiners. */
#define BROKER_BYTES (UINT64_C(512) << 20)

static void processor(struct as_checks *c, const char *wanted)
{
    enum as_cpu best = as_cpu_best();
    int asked = strcmp(wanted, "auto") == 0 ? (int)best : as_cpu_find(wanted);

    if (asked < 0 || asked > (int)best) {
        as_checks_add(c, AS_LEVEL_BAD, "processor", "--cpu %s: this processor offers %s", wanted,
                      as_cpu_name(best));
        as_checks_cure(c, "--cpu auto, or a class that every node has");
    } else {
        as_checks_add(c, AS_LEVEL_OK, "processor", "class %s", as_cpu_name(best));
    }
}

static void sandbox(struct as_checks *c, const struct as_options *o)
{
    struct as_err err = {0};

    if (as_zygote_check(o, &err) != AS_OK)
        as_checks_add(c, AS_LEVEL_BAD, "sandbox", "%s", err.text);
    else
        as_checks_add(c, AS_LEVEL_OK, "sandbox", "examiners can be jailed%s",
                      prctl(PR_GET_SECCOMP) == 2 ? " (a seccomp filter is in force already)" : "");
}

static void memory(struct as_checks *c, const struct as_launch *l, uint64_t examiner)
{
    uint64_t ram = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t have = as_machine_memory();
    uint64_t rank = have / l->ranks_here, need, fit;
    char a[32], b[32], d[32];

    need = examiner > UINT64_MAX / 4096 || l->examiners > 4096
               ? UINT64_MAX
               : l->ranks_here * (l->examiners * examiner + BROKER_BYTES);
    if (need <= have) {
        as_checks_add(c, AS_LEVEL_OK, "memory", "%s%s; the examiners here may use %s",
                      as_human_bytes(have, a), have < ram ? " (the limit of the job)" : "",
                      as_human_bytes(need, b));
        return;
    }
    fit = rank > BROKER_BYTES && examiner ? (rank - BROKER_BYTES) / examiner : 0;
    as_checks_add(c, fit ? AS_LEVEL_WARN : AS_LEVEL_BAD, "memory",
                  "%s%s, but the examiners here may use %s of %s each: %" PRIu64 " of %" PRIu64
                  " would be started per rank",
                  as_human_bytes(have, a), have < ram ? " (the limit of the job)" : "",
                  as_human_bytes(need, b), as_human_bytes(examiner, d), fit, l->examiners);
    as_checks_cure(c, "ask for more memory, fewer --examiners, or a smaller --examiner-memory");
}

static void limits(struct as_checks *c, uint64_t examiner)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_AS, &r) == 0 && r.rlim_cur != RLIM_INFINITY &&
        r.rlim_cur < examiner + BROKER_BYTES) {
        as_checks_add(c, AS_LEVEL_BAD, "ulimit",
                      "address space is limited to less than an examiner may need");
        as_checks_cure(c, "ulimit -v unlimited");
    }
    if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < 256) {
        as_checks_add(c, AS_LEVEL_WARN, "ulimit", "only %" PRIu64 " open files are allowed",
                      (uint64_t)r.rlim_cur);
        as_checks_cure(c, "ulimit -n 1024");
    }
}

static void dumps(struct as_checks *c)
{
    FILE *f = fopen("/proc/sys/kernel/core_pattern", "r");
    char pattern[256] = "";

    if (f && fgets(pattern, sizeof pattern, f) == NULL)
        pattern[0] = 0;
    if (f)
        fclose(f);
    pattern[strcspn(pattern, "\n")] = 0;
    if (pattern[0] == '|') {
        as_checks_add(c, AS_LEVEL_WARN, "core dumps",
                      "this machine hands core dumps to a program (%.200s); limits do not stop "
                      "that, and a dump may hold evidence",
                      pattern + 1);
        as_checks_cure(c, "sysctl kernel.core_pattern=core while evidence is examined");
    } else {
        as_checks_add(c, AS_LEVEL_OK, "core dumps", "files only; a run switches them off");
    }
}

void as_doctor_machine(struct as_checks *c, const struct as_launch *l, const struct as_options *o)
{
    processor(c, o->cpu);
    sandbox(c, o);
    memory(c, l, o->examiner_memory);
    limits(c, o->examiner_memory);
    dumps(c);
}
