/* cmd_plan.c - assay plan: what a run would have to do, and how to start it. */
#include "../log.h"
#include "../report/case.h"
#include "../report/human.h"
#include "../report/json.h"
#include "../run/job.h"
#include "../run/machine.h"
#include "cmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A word as a shell reads it. */
static void print_word(const char *w)
{
    static const char SAFE[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789/._-+,:@%=";

    if (w[0] && w[strspn(w, SAFE)] == 0) {
        fputs(w, stdout);
        return;
    }
    putchar('\'');
    for (; *w; w++)
        *w == '\'' ? fputs("'\\''", stdout) : putchar(*w);
    putchar('\'');
}

/* Lines that begin with # say what the line follows from, so that all of it can be a script. */
static void print_slurm(const struct as_plan *p, const struct as_job *j, int argc, char **argv)
{
    char a[32], b[32];

    printf("# %s", as_human_bytes(p->totals.bytes, a));
    printf(" in %s lots; ", as_human_count(p->lots, a));
    printf("%s of one core at %.0f MB/s (%s), second reading included\n",
           as_human_seconds(j->core_seconds, a), j->rate / 1e6,
           j->sampled ? "measured on a sample of it" : "the usual rate of JPEG");
    printf("# a rank's reader: %.0f MB/s of files, %.0f MB/s out of containers; its examiners: %u "
           "x %.0f MB/s\n",
           AS_JOB_READ / 1e6, AS_JOB_UNPACK / 1e6, j->examiners, j->rate / 1e6);
    printf("# the largest piece that ranks cannot share: about %s\n",
           as_human_seconds(j->longest, b));
    printf("# add your site's --account and --partition; when the time is over the job goes on by "
           "itself\n");
    printf("sbatch --nodes %u --ntasks-per-node %u --cpus-per-task %u --mem %" PRIu64
           "M --time %02" PRIu64 ":%02" PRIu64 ":00 \\\n    %s/assay.sbatch",
           j->nodes, j->ranks, j->examiners, (j->memory >> 20) + 1, j->seconds / 3600,
           j->seconds / 60 % 60,
           access(ASSAY_JOBS_INSTALLED, R_OK) == 0 ? ASSAY_JOBS_INSTALLED : "jobs");
    for (int i = 0; i < argc; i++) {
        putchar(' ');
        print_word(argv[i]);
    }
    printf(" -o CASE\n");
}

static void print_json_job(struct as_json *j, const struct as_job *job)
{
    as_json_open(j, "slurm", '{');
    as_json_count(j, "nodes", job->nodes);
    as_json_count(j, "ranks_per_node", job->ranks);
    as_json_count(j, "examiners_per_rank", job->examiners);
    as_json_count(j, "memory_per_node", job->memory);
    as_json_count(j, "seconds", job->seconds);
    as_json_number(j, "core_seconds", job->core_seconds);
    as_json_number(j, "bytes_per_core_second", job->rate);
    as_json_close(j);
}

static void print_json(const struct as_plan *p, uint32_t examiners, const struct as_job *job)
{
    struct as_json j = {.out = stdout};

    as_json_open(&j, NULL, '{');
    as_json_count(&j, "entries", p->totals.entries);
    as_json_count(&j, "files", p->totals.files);
    as_json_count(&j, "bytes", p->totals.bytes);
    as_json_count(&j, "unreadable", p->totals.unreadable);
    as_json_count(&j, "lots", p->lots);
    as_json_count(&j, "largest_lot_bytes", p->largest_lot);
    as_json_count(&j, "containers_split", p->containers_split);
    as_json_count(&j, "containers_whole", p->whole);
    as_json_bool(&j, "items_exact", p->exact);
    if (p->items) {
        as_json_count(&j, "items", p->items);
        as_json_count(&j, "contents", p->contents);
    }
    as_json_count(&j, "sampled_bytes", p->sampled_bytes);
    as_json_number(&j, "core_seconds_estimate", p->core_seconds);
    as_json_count(&j, "examiners_here", examiners);
    print_json_job(&j, job);
    as_json_close(&j);
}

static void print_whole(const struct as_plan *p)
{
    char text[32];

    if (p->whole == 0)
        return;
    printf("\nUnsplittable: each of these is unpacked by one rank from beginning to end\n");
    for (uint64_t i = 0; i < p->whole && i < AS_PLAN_WHOLE_MAX; i++)
        printf("  %10s  %s\n", as_human_bytes(p->whole_list[i].bytes, text), p->whole_list[i].path);
    if (p->whole > AS_PLAN_WHOLE_MAX)
        printf("  and %" PRIu64 " more\n", p->whole - AS_PLAN_WHOLE_MAX);
    printf("  What helps: put them on different ranks (there are other lots to do meanwhile), or\n"
           "  repack a tar.gz as a plain tar or a zip before the run. Single large files\n"
           "  (videos, disk images) cannot be split.\n");
}

static void print_plan(const struct as_plan *p, uint32_t examiners, int argc, char **argv)
{
    char a[32], b[32];

    printf("Evidence      %s entries, of which %s are files\n",
           as_human_count(p->totals.entries, a), as_human_count(p->totals.files, b));
    printf("Bytes         %s\n", as_human_bytes(p->totals.bytes, a));
    if (p->totals.unreadable)
        printf("Unreadable    %s folders cannot be listed\n",
               as_human_count(p->totals.unreadable, a));
    printf("Lots          %s, the largest %s", as_human_count(p->lots, a),
           as_human_bytes(p->largest_lot, b));
    printf(" (from %s)\n", p->largest_path);
    printf("Containers    %" PRIu64 " large ones can be shared out, %" PRIu64 " cannot\n",
           p->containers_split, p->whole);
    if (p->items)
        printf("Items         %s, of which %s are pictures or videos\n",
               as_human_count(p->items, a), as_human_count(p->contents, b));
    else
        printf("Items         at least %s; what containers hold is counted with --exact\n",
               as_human_count(p->totals.entries, a));
    printf("Processor     about %s of one core", as_human_seconds(p->core_seconds, a));
    printf(" (an estimate: %" PRIu64 " lot%s, %s, tried)\n", p->sampled_lots,
           p->sampled_lots == 1 ? "" : "s", as_human_bytes(p->sampled_bytes, b));
    print_whole(p);
    printf("\nHere          %u examiners; one rank a node:\n  mpirun -n 1 assay run -o CASE",
           examiners);
    for (int i = 0; i < argc; i++)
        printf(" %s", argv[i]);
    printf("\n");
}

/* The folder of a shard was named where its evidence was meant. */
static bool names_shard(int argc, char **argv)
{
    struct as_progress p;

    for (int i = 0; i < argc; i++)
        if (as_progress_read(argv[i], &p, NULL) == AS_OK && p.shard[0]) {
            as_log(AS_LOG_ERROR, "%s is the case of shard %s, not evidence; see assay show %s",
                   argv[i], p.shard, argv[i]);
            return true;
        }
    return false;
}

int as_cmd_plan(const struct as_options *o, int argc, char **argv)
{
    struct as_plan plan;
    struct as_job job;
    struct as_err err = {0};
    uint32_t examiners = as_machine_examiners(o, NULL, NULL, 0);
    enum as_status status;

    if (names_shard(argc, argv))
        return AS_EXIT_USAGE;
    status = as_plan_make(o, (uint32_t)argc, argv, &plan, &err);
    if (status != AS_OK)
        return as_cmd_fail(&err, status == AS_SKIP ? AS_EXIT_NO_INPUT : as_exit_code(status));
    as_job_of(&job, &plan, o);
    if (o->json)
        print_json(&plan, examiners, &job);
    else if (o->slurm)
        print_slurm(&plan, &job, argc, argv);
    else
        print_plan(&plan, examiners, argc, argv);
    return AS_EXIT_OK;
}
