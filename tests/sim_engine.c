/* sim_engine.c - discrete events: ranks, nodes, one claim server.
 *
 * The list of lots and the size of answers are pipeline/cluster/claims.c itself.
 * What the broker does around it (loop.c, crew.c) is repeated here in small: a rank
 * reads one lot and examines the one before, holds one more ready, and claims when it
 * has none ready.  The cores of a node and its bandwidth are each a pool that
 * its jobs share evenly.  When a node dies the job dies with it, as under MPI, and runs
 * again with the lots that were finished: as_claims_new with `done`.
 *
 *  1. the clock
 *  2. pools
 *  3. messages
 *  4. a rank at work
 *  5. the server
 *  6. attempts
 */
#include "sim_engine.h"

#include "../kernels/base.h"
#include "../pipeline/cluster/claims.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = -1, FLIGHTS = 2 };

/* A batch of the reader: examiners begin when the first one is full. */
static const double BATCH_BYTES = 16 << 20;

enum event_type { EV_POOL, EV_AT_SERVER, EV_AT_RANK, EV_TELL };
enum job_type { JOB_FETCH, JOB_READ_FIRST, JOB_READ_REST, JOB_EXAMINE };

struct event {
    double t;
    uint64_t serial; /* ties: in the order they were made */
    enum event_type type;
    uint32_t who, generation;
    struct message *message;
};

struct message {
    uint32_t rank, n;
    bool claim, last;
    double sent;
    uint64_t lot[AS_CLAIM_MAX > AS_REPORTS_MAX ? AS_CLAIM_MAX : AS_REPORTS_MAX];
};

struct job {
    double end; /* on the pool's own clock */
    double weight;
    uint32_t rank, flight;
    enum job_type type;
};

/* Jobs that share `room` cores (or streams); each runs at full speed while there is room. */
struct pool {
    struct job *job;
    uint32_t n, cap, generation;
    double room, weight, clock, at;
};

/* A lot under way in a rank. */
struct flight {
    int64_t lot; /* NONE: free */
    double begun;
    bool fetched, read, may_examine, examining, examined;
};

struct rank {
    uint64_t queue[AS_CLAIM_MAX], telling[AS_REPORTS_MAX];
    uint32_t nqueue, next, ntelling, tell_generation;
    int64_t ready; /* given to the crew, not begun */
    struct flight flight[FLIGHTS];
    uint32_t oldest; /* of the flights */
    bool claiming, no_more, reading;
};

struct sim {
    const struct sim_machine *m;
    const struct sim_lot *lots;
    uint64_t nlots, nevents, event_cap, serial;
    struct event *event;
    struct pool *cores, *disk;
    struct rank *rank;
    uint32_t nnodes;
    struct as_claims *claims;
    bool *done;
    double now, server_free, end;
    struct sim_result out;
};

static void die(const char *why)
{
    fprintf(stderr, "sim_cluster: %s\n", why);
    exit(70);
}

static void *need(void *p)
{
    if (p == NULL)
        die("no memory");
    return p;
}

/* ---- 1. the clock ---- */

static bool sooner(const struct event *a, const struct event *b)
{
    return a->t < b->t || (a->t <= b->t && a->serial < b->serial);
}

static void at(struct sim *s, double t, enum event_type type, uint32_t who, uint32_t generation,
               struct message *message)
{
    struct event e = {t, s->serial++, type, who, generation, message};
    uint64_t i = s->nevents++;

    if (s->nevents > s->event_cap) {
        s->event_cap = s->event_cap ? 2 * s->event_cap : 1024;
        s->event = need(realloc(s->event, s->event_cap * sizeof *s->event));
    }
    for (; i > 0 && sooner(&e, &s->event[(i - 1) / 2]); i = (i - 1) / 2)
        s->event[i] = s->event[(i - 1) / 2];
    s->event[i] = e;
}

static struct event next_event(struct sim *s)
{
    struct event first = s->event[0], e = s->event[--s->nevents];
    uint64_t i = 0;

    for (uint64_t k = 1; k < s->nevents; i = k, k = 2 * k + 1) {
        if (k + 1 < s->nevents && sooner(&s->event[k + 1], &s->event[k]))
            k++;
        if (!sooner(&s->event[k], &e))
            break;
        s->event[i] = s->event[k];
    }
    s->event[i] = e;
    return first;
}

/* ---- 2. pools ---- */

static double speed(const struct pool *p)
{
    return p->weight > p->room ? p->room / p->weight : 1;
}

static void advance(struct pool *p, double now)
{
    p->clock += (now - p->at) * speed(p);
    p->at = now;
}

static uint32_t first_to_end(const struct pool *p)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < p->n; i++)
        if (p->job[i].end < p->job[best].end)
            best = i;
    return best;
}

/* Pools lie in one array: those of cores, then those of disks. */
static void plan(struct sim *s, struct pool *p)
{
    p->generation++;
    if (p->n == 0)
        return;
    double rest = p->job[first_to_end(p)].end - p->clock;
    at(s, s->now + (rest > 0 ? rest : 0) / speed(p), EV_POOL, (uint32_t)(p - s->cores),
       p->generation, NULL);
}

static void add_job(struct sim *s, struct pool *p, struct job job, double demand_s)
{
    advance(p, s->now);
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 8;
        p->job = need(realloc(p->job, p->cap * sizeof *p->job));
    }
    job.end = p->clock + demand_s;
    p->job[p->n++] = job;
    p->weight += job.weight;
    plan(s, p);
}

static struct job take_job(struct sim *s, struct pool *p)
{
    uint32_t i = first_to_end(p);
    struct job job = p->job[i];

    advance(p, s->now);
    p->job[i] = p->job[--p->n];
    p->weight = p->n ? p->weight - job.weight : 0;
    plan(s, p);
    return job;
}

/* ---- 3. messages ---- */

static void send(struct sim *s, uint32_t rank, bool claim)
{
    struct rank *r = &s->rank[rank];
    struct message *x = need(calloc(1, sizeof *x));

    x->rank = rank;
    x->claim = claim;
    x->sent = s->now;
    x->n = r->ntelling;
    memcpy(x->lot, r->telling, r->ntelling * sizeof *x->lot);
    r->ntelling = 0;
    r->tell_generation++;
    at(s, s->now + s->m->latency_s, EV_AT_SERVER, rank, 0, x);
}

static bool idle(const struct rank *r)
{
    return r->no_more && r->next == r->nqueue && r->ready == NONE && r->flight[0].lot == NONE &&
           r->flight[1].lot == NONE;
}

static void maybe_tell(struct sim *s, uint32_t rank, bool now)
{
    const struct rank *r = &s->rank[rank];

    if (r->ntelling > 0 && (now || idle(r) || r->ntelling == AS_REPORTS_MAX))
        send(s, rank, false);
}

/* ---- 4. a rank at work ---- */

static double examine_cost(const struct sim_machine *m, const struct sim_lot *l)
{
    double shared = l->examine_s / m->examiners;

    return (shared > l->largest_s ? shared : l->largest_s) + m->lot_s / 2;
}

static double parts_of(const struct sim_lot *l)
{
    return (double)l->bytes > BATCH_BYTES ? (double)l->bytes / BATCH_BYTES : 1;
}

static double read_cost(const struct sim *s, const struct sim_lot *l)
{
    return l->read_s + s->m->lot_s / 2;
}

static void begin_reading(struct sim *s, uint32_t rank, uint32_t f)
{
    struct rank *r = &s->rank[rank];
    const struct sim_lot *l = &s->lots[r->ready];
    uint32_t node = rank / s->m->ranks_per_node;

    r->flight[f] = (struct flight){.lot = r->ready, .begun = s->now, .fetched = true};
    r->ready = NONE;
    r->reading = true;
    if (s->m->node_bytes_s > 0 && l->bytes > 0) {
        r->flight[f].fetched = false;
        add_job(s, &s->disk[node],
                (struct job){.weight = 1, .rank = rank, .flight = f, .type = JOB_FETCH},
                (double)l->bytes / s->m->stream_bytes_s);
    }
    add_job(s, &s->cores[node],
            (struct job){.weight = 1, .rank = rank, .flight = f, .type = JOB_READ_FIRST},
            read_cost(s, l) / parts_of(l));
}

static void maybe_examine(struct sim *s, uint32_t rank)
{
    struct rank *r = &s->rank[rank];
    struct flight *f = &r->flight[r->oldest];

    if (f->lot == NONE || !f->may_examine || f->examining)
        return;
    f->examining = true;
    add_job(s, &s->cores[rank / s->m->ranks_per_node],
            (struct job){
                .weight = s->m->examiners, .rank = rank, .flight = r->oldest, .type = JOB_EXAMINE},
            examine_cost(s->m, &s->lots[f->lot]));
}

/* What a rank can begin, it begins. */
static void step(struct sim *s, uint32_t rank)
{
    struct rank *r = &s->rank[rank];
    uint32_t young = (r->oldest + 1) % FLIGHTS,
             f = r->flight[r->oldest].lot == NONE ? r->oldest : young;

    if (r->ready == NONE && r->next < r->nqueue)
        r->ready = (int64_t)r->queue[r->next++];
    if (r->ready != NONE && !r->reading && r->flight[f].lot == NONE) {
        begin_reading(s, rank, f);
        if (r->next < r->nqueue)
            r->ready = (int64_t)r->queue[r->next++];
    }
    if (r->ready == NONE && !r->claiming && !r->no_more) {
        r->claiming = true;
        send(s, rank, true);
    }
    maybe_examine(s, rank);
}

static void finish_lot(struct sim *s, uint32_t rank)
{
    struct rank *r = &s->rank[rank];
    struct flight *f = &r->flight[r->oldest];
    const struct sim_lot *l = &s->lots[f->lot];

    if (s->done[f->lot])
        s->out.lots_twice++;
    s->done[f->lot] = true;
    s->out.lots_done++;
    s->out.done_s += l->read_s + l->examine_s + s->m->lot_s;
    if (r->ntelling == AS_REPORTS_MAX)
        maybe_tell(s, rank, true);
    if (r->ntelling == 0 && s->m->batch)
        at(s, s->now + as_claims_tell_after(s->m->ranks), EV_TELL, rank, r->tell_generation, NULL);
    r->telling[r->ntelling++] = (uint64_t)f->lot;
    f->lot = NONE;
    r->oldest = (r->oldest + 1) % FLIGHTS;
    maybe_tell(s, rank, !s->m->batch);
}

static void job_done(struct sim *s, const struct job *j)
{
    struct rank *r = &s->rank[j->rank];
    struct flight *f = &r->flight[j->flight];
    const struct sim_lot *l = &s->lots[f->lot];

    if (j->type == JOB_READ_FIRST) {
        double parts = parts_of(l);
        f->may_examine = true;
        add_job(
            s, &s->cores[j->rank / s->m->ranks_per_node],
            (struct job){.weight = 1, .rank = j->rank, .flight = j->flight, .type = JOB_READ_REST},
            read_cost(s, l) * (1 - 1 / parts));
    }
    f->fetched |= j->type == JOB_FETCH;
    f->read |= j->type == JOB_READ_REST;
    f->examined |= j->type == JOB_EXAMINE;
    if (f->fetched && f->read && j->type != JOB_EXAMINE)
        r->reading = false;
    if (f->fetched && f->read && f->examined)
        finish_lot(s, j->rank);
    step(s, j->rank);
}

static void take_answer(struct sim *s, struct message *x)
{
    struct rank *r = &s->rank[x->rank];

    if (s->now - x->sent > s->out.longest_wait_s)
        s->out.longest_wait_s = s->now - x->sent;
    r->claiming = false;
    r->no_more = x->last;
    r->next = 0;
    r->nqueue = x->n;
    memcpy(r->queue, x->lot, x->n * sizeof *x->lot);
    maybe_tell(s, x->rank, false);
    step(s, x->rank);
}

/* ---- 5. the server ---- */

static void serve(struct sim *s, struct message *x)
{
    uint64_t left = as_claims_left(s->claims);
    double from = s->server_free > s->now ? s->server_free : s->now, cost = s->m->claim_s;
    uint32_t reports = x->n;

    s->out.messages++;
    for (uint32_t i = 0; i < reports; i++)
        if (as_claims_done(s->claims, x->lot[i]) != AS_OK)
            die("a lot was reported that does not exist");
    if (x->claim) {
        s->out.claims++;
        x->n = as_claims_take(s->claims, s->m->batch ? s->m->ranks : 1, x->lot);
        x->last = as_claims_free_lots(s->claims) == 0;
        cost += s->m->grant_s * x->n;
    }
    s->server_free = from + cost;
    s->out.served_s += cost;
    if (left > 0 && as_claims_left(s->claims) == 0)
        s->end = s->server_free + s->m->latency_s;
    if (x->claim)
        at(s, s->server_free + s->m->latency_s, EV_AT_RANK, x->rank, 0, x);
    else
        free(x);
}

/* ---- 6. attempts ---- */

static double uniform(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static double cores_of(const struct sim_machine *m, uint32_t node)
{
    uint32_t before = node * m->ranks_per_node, rest = m->ranks - before;
    uint32_t here = rest < m->ranks_per_node ? rest : m->ranks_per_node;

    return m->cores > 0 ? m->cores : (double)here * m->examiners;
}

static void begin_attempt(struct sim *s, uint64_t *bytes)
{
    for (uint64_t i = 0; i < s->nlots; i++)
        bytes[i] = s->lots[i].bytes;
    if (as_claims_new(&s->claims, bytes, s->done, s->nlots, NULL) != AS_OK)
        die("no memory");
    s->server_free = s->now;
    s->end = as_claims_left(s->claims) == 0 ? s->now : -1;
    for (uint32_t i = 0; i < 2 * s->nnodes; i++) {
        struct pool *p = &s->cores[i];
        uint32_t generation = p->generation + 1;
        *p = (struct pool){.job = p->job, .cap = p->cap, .generation = generation, .at = s->now};
        p->room = i < s->nnodes ? cores_of(s->m, i) : s->m->node_bytes_s / s->m->stream_bytes_s;
    }
    for (uint32_t i = 0; i < s->m->ranks; i++) {
        s->rank[i] = (struct rank){.ready = NONE};
        for (int k = 0; k < FLIGHTS; k++)
            s->rank[i].flight[k].lot = NONE;
    }
    for (uint32_t i = 0; i < s->m->ranks && s->end < 0; i++)
        step(s, i);
}

static void handle(struct sim *s, const struct event *e)
{
    struct job job;

    switch (e->type) {
    case EV_POOL:
        if (e->generation == s->cores[e->who].generation) {
            job = take_job(s, &s->cores[e->who]);
            job_done(s, &job);
        }
        break;
    case EV_AT_SERVER:
        serve(s, e->message);
        break;
    case EV_AT_RANK:
        take_answer(s, e->message);
        free(e->message);
        break;
    case EV_TELL:
        if (e->generation == s->rank[e->who].tell_generation)
            maybe_tell(s, e->who, true);
        break;
    }
}

static void forget_events(struct sim *s)
{
    for (uint64_t i = 0; i < s->nevents; i++)
        free(s->event[i].message);
    s->nevents = 0;
}

/* Until the end or until a node dies; true: it is the end. */
static bool attempt(struct sim *s, double dies)
{
    while (s->end < 0 || s->now < s->end) {
        if (s->nevents == 0 || (s->end >= 0 && s->event[0].t > s->end)) {
            if (s->end < 0)
                die("nothing more happens, and lots are left");
            s->now = s->end;
            break;
        }
        if (s->event[0].t > dies)
            break;
        struct event e = next_event(s);
        s->now = e.t;
        handle(s, &e);
    }
    return s->end >= 0 && s->end <= dies;
}

static void count_lost(struct sim *s)
{
    for (uint32_t i = 0; i < s->m->ranks; i++)
        for (int k = 0; k < FLIGHTS; k++)
            if (s->rank[i].flight[k].lot != NONE)
                s->out.lost_s += s->now - s->rank[i].flight[k].begun;
}

struct sim_result sim_run(const struct sim_machine *m, const struct sim_lot *lots, uint64_t nlots)
{
    struct sim s = {.m = m, .lots = lots, .nlots = nlots};
    uint64_t *bytes = need(calloc(nlots + 1, sizeof *bytes)), random = m->seed;
    bool over = false;

    s.nnodes = (m->ranks + m->ranks_per_node - 1) / m->ranks_per_node;
    s.cores = need(calloc(2 * (uint64_t)s.nnodes, sizeof *s.cores));
    s.disk = s.cores + s.nnodes;
    s.rank = need(calloc(m->ranks, sizeof *s.rank));
    s.done = need(calloc(nlots + 1, sizeof *s.done));
    while (!over) {
        double dies = m->mtbf_s > 0 ? s.now - log(uniform(&random)) * m->mtbf_s / s.nnodes : 1e300;
        begin_attempt(&s, bytes);
        over = attempt(&s, dies);
        if (!over) {
            s.now = dies;
            count_lost(&s);
            s.out.failures++;
            s.out.down_s += m->restart_s;
            s.now += m->restart_s;
        }
        forget_events(&s);
        as_claims_free(s.claims);
    }
    s.out.makespan_s = s.now;
    for (uint64_t i = 0; i < nlots; i++)
        if (!s.done[i])
            die("a lot was lost");
    for (uint32_t i = 0; i < 2 * s.nnodes; i++)
        free(s.cores[i].job);
    free(s.cores);
    free(s.rank);
    free(s.done);
    free(s.event);
    free(bytes);
    return s.out;
}
