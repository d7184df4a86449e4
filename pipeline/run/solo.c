/* solo.c - a crew at work in one process. */
#include "solo.h"

#include "../../kernels/cpu.h"
#include "../evidence/folder.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { POLL_MAX = 1100, OPENS = 64 };

struct as_solo {
    struct as_given given;
    struct as_zygote zygote;
    struct as_crew *crew;
    struct as_solo_calls calls;
    struct as_work *work; /* NULL: done */
    uint64_t us[4];
    uint32_t opens[OPENS], nopens;
    struct {
        uint32_t n;
        uint8_t sha[AS_BATCH_SLOTS][32];
    } asked[AS_ARENAS];
};

static void on_open(void *state, struct as_work *work, uint32_t i)
{
    struct as_solo *s = state;

    (void)work;
    s->opens[s->nopens++] = i; /* the crew asks for a few at a time */
}

static void on_item(void *state, struct as_work *work, const struct as_item *item)
{
    struct as_solo *s = state;

    if (s->calls.item)
        s->calls.item(s->calls.state, work, item);
}

static void on_ask(void *state, uint32_t batch, const uint8_t (*sha)[32], uint32_t n)
{
    struct as_solo *s = state;

    s->asked[batch].n = n;
    memcpy(s->asked[batch].sha, sha, 32 * (size_t)n);
}

static void on_content(void *state, struct as_work *work, const uint8_t sha[32], const void *record,
                       size_t n)
{
    struct as_solo *s = state;

    if (s->calls.content)
        s->calls.content(s->calls.state, work, sha, record, n);
}

static void on_split(void *state, struct as_work *work, const uint64_t v[4])
{
    struct as_solo *s = state;

    if (s->calls.split)
        s->calls.split(s->calls.state, work, v);
}

static void on_chunk(void *state, struct as_work *work, const struct as_key *key, uint64_t chunk,
                     const uint8_t sha256[32])
{
    (void)state;
    (void)work;
    (void)key;
    (void)chunk;
    (void)sha256;
}

static void on_done(void *state, struct as_work *work)
{
    struct as_solo *s = state;

    memcpy(s->us, work->us, sizeof s->us);
    as_work_free(work);
    s->work = NULL;
}

enum as_status as_solo_new(struct as_solo **solo, const struct as_options *o, uint32_t nexaminers,
                           const struct as_solo_calls *calls, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_solo *s = calloc(1, sizeof *s);
    struct as_crew_calls to = {.state = s,
                               .open = on_open,
                               .item = on_item,
                               .ask = on_ask,
                               .content = on_content,
                               .split = on_split,
                               .chunk = on_chunk,
                               .done = on_done};

    *solo = NULL;
    if (s == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory");
    s->zygote.socket = -1;
    s->calls = *calls;
    AS_TRY(as_given_load(&s->given, o, err));
    AS_TRY(as_zygote_start(&s->zygote, o, &s->given, err));
    AS_TRY(as_crew_new(&s->crew, &s->zygote, o, nexaminers, (unsigned)as_cpu_best(), &to, err));
    *solo = s;
    s = NULL;
done:
    as_solo_free(s);
    return status;
}

void as_solo_free(struct as_solo *s)
{
    if (s == NULL)
        return;
    as_crew_free(s->crew);
    as_zygote_stop(&s->zygote);
    as_given_clear(&s->given);
    as_work_free(s->work);
    free(s);
}

static void answer_opens(struct as_solo *s)
{
    uint32_t n = s->nopens;

    s->nopens = 0;
    for (uint32_t k = 0; k < n; k++) {
        const struct as_lot_file *f = &s->work->file[s->opens[k]];
        struct stat st;
        int fd = as_file_open(f->root, f->rel, &st);
        as_crew_opened(s->crew, s->work, s->opens[k], fd, errno, &st);
    }
}

static void answer_asks(struct as_solo *s)
{
    bool grant[AS_BATCH_SLOTS];

    for (uint32_t b = 0; b < AS_ARENAS; b++) {
        uint32_t n = s->asked[b].n;
        if (n == 0)
            continue;
        s->asked[b].n = 0;
        for (uint32_t i = 0; i < n; i++)
            grant[i] = s->calls.grant(s->calls.state, b, i, s->asked[b].sha[i]);
        as_crew_granted(s->crew, b, grant, n);
    }
}

enum as_status as_solo_do(struct as_solo *s, struct as_work *work, uint64_t us[4], struct as_err *err)
{
    static struct pollfd fds[POLL_MAX];
    enum as_status status = AS_OK;

    s->work = work;
    as_crew_give(s->crew, work);
    while (s->work) {
        nfds_t n;
        AS_TRY(as_crew_turn(s->crew, err));
        if (s->work == NULL)
            break;
        if (s->nopens > 0) {
            answer_opens(s);
            continue;
        }
        answer_asks(s);
        n = as_crew_poll(s->crew, fds, POLL_MAX);
        poll(fds, n, 5);
    }
    memcpy(us, s->us, sizeof s->us);
done:
    return status;
}

enum as_status as_solo_write(struct as_solo *s, uint32_t batch, uint32_t i, int to, struct as_err *err)
{
    return as_crew_write(s->crew, batch, i, to, err);
}
