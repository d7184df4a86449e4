/* sim_cluster.c - what a run costs on clusters that are not at hand.
 *
 * usage: sim_cluster [OPTION...]             a line per number of ranks
 *        sim_cluster --help
 *
 * The scheduling is the program's own (claims.c), the clock is virtual (sim_engine.c).
 * Lots come from a file, for instance of a real run's /timing, or are cut from items
 * invented with the costs of real ones.  The defaults were measured, see
 * datasets/results/simulator.md.
 *
 *  1. options
 *  2. invented items, cut into lots
 *  3. lots from a file
 *  4. the table
 */
#include "sim_engine.h"

#include "../pipeline/examine/slot.h"
#include "../pipeline/run/lots.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANKS_MAX = 32 };

struct settings {
    struct sim_machine machine;
    double lot_bytes, lot_entries, items, seed;
    /* an item: a share of pictures, median and spread (of the logarithm) of bytes */
    double pictures, picture_bytes, picture_spread, rest_bytes, rest_spread;
    /* reading: seconds an item and a byte; examining: seconds at 100 kB, power of bytes, spread */
    double read_item_s, read_byte_s, examine_s, examine_power, examine_spread;
    double dearest_s;
    double solid_s; /* one lot more, of a solid container that takes so long */
    const char *lots;
    uint32_t ranks[RANKS_MAX], nranks;
    double per_node, examiners, batch;
};

/* ---- 1. options ---- */

struct option {
    const char *name, *help;
    size_t at;
    double value;
};

#define AT(field) offsetof(struct settings, field)

static const struct option OPTIONS[] = {
    {"--items", "items to invent", AT(items), 1e6},
    {"--lot-bytes", "as of assay run", AT(lot_bytes), 64 << 20},
    {"--lot-entries", "as of assay run", AT(lot_entries), 256},
    {"--pictures", "share of items that are examined", AT(pictures), 0.43},
    {"--picture-bytes", "their median size", AT(picture_bytes), 10800},
    {"--picture-spread", "standard deviation of its logarithm", AT(picture_spread), 2.9},
    {"--rest-bytes", "median size of the rest", AT(rest_bytes), 613},
    {"--rest-spread", "standard deviation of its logarithm", AT(rest_spread), 3.0},
    {"--read-item", "seconds to read an item", AT(read_item_s), 0.17e-3},
    {"--read-byte", "seconds more for each byte", AT(read_byte_s), 3.8e-10},
    {"--examine", "median seconds to examine a picture of 100 kB", AT(examine_s), 4.6e-3},
    {"--examine-power", "how that grows with bytes", AT(examine_power), 0.54},
    {"--examine-spread", "standard deviation of its logarithm", AT(examine_spread), 1.08},
    {"--dearest", "seconds the dearest item takes", AT(dearest_s), 5},
    {"--solid", "one solid container more that takes so many seconds", AT(solid_s), 0},
    {"--per-node", "ranks of a node", AT(per_node), 64},
    {"--examiners", "of a rank", AT(examiners), 1},
    {"--cores", "of a node; 0: one for each examiner", AT(machine.cores), 0},
    {"--node-bandwidth", "bytes/s a node can read; 0: without limit", AT(machine.node_bytes_s),
     10e9},
    {"--stream-bandwidth", "bytes/s one reader can read", AT(machine.stream_bytes_s), 1e9},
    {"--claim", "seconds rank 0 takes for a message", AT(machine.claim_s), 60e-6},
    {"--grant", "seconds more for each lot of an answer", AT(machine.grant_s), 1e-6},
    {"--latency", "seconds of a message, sleep of the receiver included", AT(machine.latency_s),
     1e-3},
    {"--lot", "processor seconds to begin a lot", AT(machine.lot_s), 25e-3},
    {"--batch", "1: several lots an answer; 0: one", AT(batch), 1},
    {"--mtbf", "seconds between failures of a node; 0: none", AT(machine.mtbf_s), 0},
    {"--restart", "seconds until ranks claim again", AT(machine.restart_s), 60},
    {"--seed", "of all that is random", AT(seed), 1},
};

enum { NOPTIONS = sizeof OPTIONS / sizeof *OPTIONS };

static double *field(struct settings *s, const struct option *o)
{
    return (double *)(void *)((char *)s + o->at);
}

static void help(void)
{
    puts("usage: sim_cluster [--ranks N,N...] [--lots FILE] [OPTION VALUE]...\n"
         "FILE has a lot a line: bytes, seconds of reading, seconds of examining.\n");
    for (int i = 0; i < NOPTIONS; i++)
        printf("  %-20s %s (%g)\n", OPTIONS[i].name, OPTIONS[i].help, OPTIONS[i].value);
}

static bool take_ranks(struct settings *s, const char *text)
{
    char *end = NULL;

    for (s->nranks = 0; s->nranks < RANKS_MAX; text = end + 1) {
        unsigned long v = strtoul(text, &end, 10);
        if (end == text || v < 1 || v > 1 << 20 || (*end != 0 && *end != ','))
            return false;
        s->ranks[s->nranks++] = (uint32_t)v;
        if (*end == 0)
            return true;
    }
    return false;
}

static bool take_option(struct settings *s, const char *name, const char *value)
{
    char *end = NULL;

    if (strcmp(name, "--ranks") == 0)
        return take_ranks(s, value);
    if (strcmp(name, "--lots") == 0) {
        s->lots = value;
        return true;
    }
    for (int i = 0; i < NOPTIONS; i++)
        if (strcmp(name, OPTIONS[i].name) == 0) {
            double v = strtod(value, &end);
            *field(s, &OPTIONS[i]) = v;
            return end != value && *end == 0 && v >= 0 && v < 1e18;
        }
    return false;
}

static bool settle(struct settings *s)
{
    s->machine.ranks_per_node = (uint32_t)s->per_node;
    s->machine.examiners = (uint32_t)s->examiners;
    s->machine.batch = s->batch > 0;
    s->machine.seed = (uint64_t)s->seed;
    return s->per_node >= 1 && s->per_node <= 4096 && s->examiners >= 1 && s->examiners <= 4096 &&
           s->machine.stream_bytes_s > 0 && s->lot_entries >= 1 && s->items <= 1e10;
}

/* ---- 2. invented items, cut into lots ---- */

struct lots {
    struct sim_lot *lot;
    uint64_t n, cap;
    double largest_s, bytes;
};

static struct sim_lot *new_lot(struct lots *l)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 1024;
        l->lot = realloc(l->lot, l->cap * sizeof *l->lot);
        if (l->lot == NULL) {
            fputs("sim_cluster: no memory\n", stderr);
            exit(70);
        }
    }
    l->lot[l->n] = (struct sim_lot){0};
    return &l->lot[l->n++];
}

/* Grains, as as_inventory_make cuts them. */
static void add_item(struct lots *l, const struct settings *s, uint64_t bytes, double read_s,
                     double examine_s)
{
    struct sim_lot *x = l->n ? &l->lot[l->n - 1] : NULL;

    if (x == NULL || x->entries >= as_lot_grain((uint64_t)s->lot_entries) ||
        (x->entries > 0 && x->bytes + bytes > as_lot_grain((uint64_t)s->lot_bytes)))
        x = new_lot(l);
    x->entries++;
    x->bytes += bytes;
    x->read_s += read_s;
    x->examine_s += examine_s;
    x->largest_s = examine_s > x->largest_s ? examine_s : x->largest_s;
    l->largest_s = examine_s > l->largest_s ? examine_s : l->largest_s;
}

/* Grains joined to lots by the program itself, for so many examiners. */
static void join(const struct lots *grain, const struct settings *s, uint32_t workers,
                 struct lots *to)
{
    struct as_lot *l = calloc(grain->n + 1, sizeof *l);
    uint64_t n, k = 0;

    if (l == NULL) {
        fputs("sim_cluster: no memory\n", stderr);
        exit(70);
    }
    for (uint64_t i = 0; i < grain->n; i++)
        l[i] = (struct as_lot){.at = i,
                               .len = 1,
                               .nfiles = grain->lot[i].entries,
                               .mode = AS_READ_FILES,
                               .bytes = grain->lot[i].bytes};
    n = as_lots_join(l, grain->n, (uint64_t)s->lot_bytes, (uint64_t)s->lot_entries, workers);
    for (uint64_t i = 0; i < n; i++) {
        struct sim_lot *x = new_lot(to);
        for (uint64_t end = k + l[i].len; k < end; k++) {
            const struct sim_lot *g = &grain->lot[k];
            x->bytes += g->bytes;
            x->read_s += g->read_s;
            x->examine_s += g->examine_s;
            x->largest_s = g->largest_s > x->largest_s ? g->largest_s : x->largest_s;
        }
    }
    free(l);
}

static uint64_t random_u64(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static double random_uniform(uint64_t *state)
{
    return ((double)(random_u64(state) >> 11) + 0.5) / 9007199254740992.0;
}

/* Box and Muller; the second of each pair is kept for the next call. */
static double random_normal(uint64_t *state)
{
    static double kept;
    static bool have;
    double r, a;

    have = !have;
    if (!have)
        return kept;
    r = sqrt(-2 * log(random_uniform(state)));
    a = 6.283185307179586 * random_uniform(state);
    kept = r * sin(a);
    return r * cos(a);
}

static void invent(struct lots *l, const struct settings *s)
{
    uint64_t state = (uint64_t)s->seed * 2 + 1;
    double factor = s->examine_s * pow(1e5, -s->examine_power);

    for (uint64_t i = 0; i < (uint64_t)s->items; i++) {
        bool picture = random_uniform(&state) < s->pictures;
        double normal = random_normal(&state);
        double z = log(picture ? s->picture_bytes : s->rest_bytes) +
                   normal * (picture ? s->picture_spread : s->rest_spread);
        double bytes = exp(z < 20.8 ? z : 20.8); /* --max-item */
        double examine = 0;
        if (picture)
            examine = factor * exp(s->examine_power * log(bytes) +
                                   s->examine_spread * random_normal(&state));
        add_item(l, s, (uint64_t)bytes, s->read_item_s + s->read_byte_s * bytes,
                 examine < s->dearest_s ? examine : s->dearest_s);
    }
}

/* A solid container: work that cannot be shared, and far more of it than its bytes tell. */
static void add_solid(struct lots *l, const struct settings *s)
{
    struct sim_lot *x = new_lot(l);

    *x = (struct sim_lot){.bytes = (uint64_t)(10 * s->lot_bytes),
                          .read_s = s->solid_s / 2,
                          .examine_s = s->solid_s,
                          .entries = 1};
}

/* ---- 3. lots from a file ---- */

static bool read_lots(struct lots *l, const char *path)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    double bytes, read_s, examine_s;
    int got;

    if (f == NULL) {
        fprintf(stderr, "sim_cluster: %s: %s\n", path, strerror(errno));
        return false;
    }
    while ((got = fscanf(f, "%lf %lf %lf", &bytes, &read_s, &examine_s)) == 3 && bytes >= 0 &&
           read_s >= 0 && examine_s >= 0)
        *new_lot(l) = (struct sim_lot){(uint64_t)bytes, read_s, examine_s, 0, 1};
    if (f != stdin)
        fclose(f);
    return got == EOF && l->n > 0;
}

/* ---- 4. the table ---- */

static double longest_lot(const struct lots *l, const struct sim_machine *m)
{
    double longest = 0;

    for (uint64_t i = 0; i < l->n; i++) {
        double shared = l->lot[i].examine_s / m->examiners;
        double t = shared > l->lot[i].largest_s ? shared : l->lot[i].largest_s;
        t = t > l->lot[i].read_s ? t : l->lot[i].read_s;
        longest = t > longest ? t : longest;
    }
    return longest;
}

static double all_work(struct lots *l)
{
    double sum = 0;

    l->bytes = 0;
    for (uint64_t i = 0; i < l->n; i++) {
        sum += l->lot[i].read_s + l->lot[i].examine_s;
        l->bytes += (double)l->lot[i].bytes;
    }
    return sum;
}

static double cores_of(const struct sim_machine *m)
{
    double nodes = ceil((double)m->ranks / m->ranks_per_node);
    double all = (double)m->ranks * m->examiners;

    return m->cores > 0 && m->cores * nodes < all ? m->cores * nodes : all;
}

/* What no schedule can beat: all cores busy, the longest lot, all bandwidth used. */
static double bound(const struct sim_machine *m, const struct lots *l, double work)
{
    double t = work / cores_of(m), longest = longest_lot(l, m), read = 0;

    if (m->node_bytes_s > 0)
        read = l->bytes / m->node_bytes_s / ceil((double)m->ranks / m->ranks_per_node);
    t = longest > t ? longest : t;
    return read > t ? read : t;
}

static void line(const struct settings *s, const struct lots *given, double work, uint32_t ranks)
{
    struct sim_machine m = s->machine;
    struct lots joined = {0};
    const struct lots *l = given;
    struct sim_result r;
    double ideal;

    m.ranks = ranks;
    if (s->lots == NULL) {
        join(given, s, ranks * m.examiners, &joined);
        joined.bytes = given->bytes;
        l = &joined;
    }
    r = sim_run(&m, l->lot, l->n);
    ideal = work / cores_of(&m);
    printf("| %u | %llu | %.6g | %.3f | %.3f | %.0f | %.0f %% | %.3g | %llu | %.1f %% |\n", ranks,
           (unsigned long long)l->n, r.makespan_s, ideal / r.makespan_s,
           bound(&m, l, work) / r.makespan_s, (double)r.messages / r.makespan_s,
           100 * r.served_s / r.makespan_s, r.longest_wait_s, (unsigned long long)r.failures,
           100 * r.lost_s / (work + r.lost_s));
    free(joined.lot);
}

static void table(const struct settings *s, struct lots *l)
{
    double work = all_work(l);

    printf("%.4g bytes, %.6g s of work, dearest item %.4g s\n\n", l->bytes, work, l->largest_s);
    puts("| ranks | lots | seconds | efficiency | of what is possible | messages/s | rank 0 busy | "
         "longest wait s | failures | lost |");
    puts("|---|---|---|---|---|---|---|---|---|---|");
    for (uint32_t i = 0; i < s->nranks; i++)
        line(s, l, work, s->ranks[i]);
}

int main(int argc, char **argv)
{
    struct settings s = {.ranks = {1, 4, 16, 64, 256, 1024, 4096, 16384}, .nranks = 8};
    struct lots l = {0};
    int code = 0;

    for (int i = 0; i < NOPTIONS; i++)
        *field(&s, &OPTIONS[i]) = OPTIONS[i].value;
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--help") == 0) {
            help();
            return 0;
        }
        if (i + 1 == argc || !take_option(&s, argv[i], argv[i + 1])) {
            fprintf(stderr, "sim_cluster: what is %s? see --help\n", argv[i]);
            return 64;
        }
    }
    if (!settle(&s)) {
        fputs("sim_cluster: these values make no sense; see --help\n", stderr);
        return 64;
    }
    if (s.lots && !read_lots(&l, s.lots)) {
        fputs("sim_cluster: no lots, or lots that make no sense\n", stderr);
        code = 65;
    } else {
        if (s.lots == NULL)
            invent(&l, &s);
        if (s.solid_s > 0)
            add_solid(&l, &s);
        table(&s, &l);
    }
    free(l.lot);
    return code;
}
