/* team.c - the threads of a rank that do the parts of one task. */
#include "team.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct crew {
    const struct as_team *team;
    struct as_rank *r;
    _Atomic uint64_t next;
    atomic_bool failed;
};

struct worker {
    struct crew *crew;
    uint32_t number;
    enum as_status status;
    struct as_err err;
    pthread_t thread;
    bool started;
};

enum as_status as_team_go_on(struct as_rank *r, uint32_t worker, const char *doing,
                             struct as_err *err)
{
    enum as_status status = AS_OK;

    if (r && worker == 0) /* the thread that made the others: one speaks to other ranks */
        as_rank_tell(r);
    if (as_stop_signal)
        AS_FAIL(err, AS_ESTOP, "%s while %s", as_stop_why(), doing);
done:
    return status;
}

static enum as_status do_parts(struct worker *w, struct as_err *err)
{
    const struct as_team *team = w->crew->team;
    enum as_status status = AS_OK;

    while (!atomic_load(&w->crew->failed)) {
        const uint64_t i = atomic_fetch_add(&w->crew->next, 1);
        if (i >= team->n)
            break;
        AS_TRY(as_team_go_on(w->crew->r, w->number, team->doing, err));
        AS_TRY(team->part(team->state, w->number, i, err));
    }
done:
    if (status != AS_OK)
        atomic_store(&w->crew->failed, true);
    return status;
}

static void *work(void *state)
{
    struct worker *w = state;

    w->status = do_parts(w, &w->err);
    return NULL;
}

enum as_status as_team_run(const struct as_team *team, struct as_rank *r, struct as_err *err)
{
    const uint32_t most = team->threads ? team->threads : 1;
    const uint32_t n = team->n < most ? (uint32_t)team->n : most;
    struct crew crew = {.team = team, .r = r};
    enum as_status status = AS_OK;
    struct worker *w = calloc((size_t)n + 1, sizeof *w);

    if (w == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for %u threads", n);
    for (uint32_t k = 0; k < n; k++)
        w[k] = (struct worker){.crew = &crew, .number = k};
    for (uint32_t k = 1; k < n; k++) /* one that does not start leaves its parts to the others */
        w[k].started = pthread_create(&w[k].thread, NULL, work, &w[k]) == 0;
    if (n > 0)
        work(&w[0]);
    for (uint32_t k = 0; k < n; k++) {
        if (w[k].started)
            pthread_join(w[k].thread, NULL);
        if (w[k].status > status) {
            status = w[k].status;
            if (err)
                *err = w[k].err;
        }
    }
done:
    free(w);
    return status;
}
