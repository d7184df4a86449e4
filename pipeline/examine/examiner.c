/* examiner.c - the jailed process that decodes and runs detectors: its talk with the broker. */
#include "examiner.h"

#include "../../kernels/cpu.h"
#include "../../kernels/simd.h"
#include "slot.h"
#include "unit.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct examiner {
    const struct as_worker_start *start;
    struct as_bench *bench;
    struct as_msg *msg;
    struct as_row row;
    uint8_t *result;
    const uint8_t *arena[AS_ARENAS];
    uint64_t arena_len;
    uint8_t *noise;
};

/* The bytes that a message names; at == NULL and fd < 0: none. */
static struct as_input input_of(const struct examiner *e, const int *fds, int nfds)
{
    const struct as_msg *m = e->msg;
    struct as_input in = {NULL, -1, 0, m->v[1]};

    if (m->arg == AS_ARENA_NONE && nfds == 1)
        in.fd = fds[0];
    else if (m->arg < AS_ARENAS && m->v[0] <= e->arena_len && m->v[1] <= e->arena_len - m->v[0])
        in.at = e->arena[m->arg] + m->v[0];
    return in;
}

static void do_item(struct examiner *e, const int *fds, int nfds)
{
    struct as_input in = input_of(e, fds, nfds);
    struct as_times times = {0};
    uint64_t serial = e->msg->v[3];
    enum as_status status = AS_EBUG;
    size_t len = 0;

    if (in.at || in.fd >= 0)
        status = as_bench_examine(e->bench, (enum as_kind)e->msg->v[2], &in, &e->row, &times);
    if (status == AS_OK)
        len = as_content_pack(&e->row, e->result, AS_RECORD_MAX);
    memset(e->msg, 0, offsetof(struct as_msg, text));
    e->msg->type = AS_MSG_DONE;
    e->msg->arg = (uint32_t)status;
    e->msg->v[0] = len;
    e->msg->v[1] = serial;
    e->msg->v[2] = status == AS_OK ? as_bench_kept(e->bench) : 0;
    e->msg->len = sizeof times;
    memcpy(e->msg->text, &times, sizeof times);
    if (as_channel_send(e->start->socket, e->msg, NULL, 0) != 0)
        _exit(0);
}

static bool map_areas(struct examiner *e)
{
    const struct as_options *o = e->start->options;
    void *at = mmap(NULL, AS_RECORD_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, e->start->result, 0);

    if (at == MAP_FAILED)
        return false;
    e->result = at;
    e->arena_len = as_arena_bytes(o->max_item);
    for (int i = 0; i < AS_ARENAS; i++) {
        at = mmap(NULL, e->arena_len, PROT_READ, MAP_SHARED, e->start->arena[i], 0);
        if (at == MAP_FAILED)
            return false;
        e->arena[i] = at;
    }
    if (e->start->keep.pixels == 0)
        return true;
    e->noise = mmap(NULL, as_noise_bytes(&e->start->keep), PROT_READ | PROT_WRITE, MAP_SHARED,
                    e->start->noise, 0);
    return e->noise != MAP_FAILED;
}

int as_examiner_main(const struct as_worker_start *start)
{
    struct examiner *e = calloc(1, sizeof *e);
    int fds[AS_MSG_FDS_MAX], nfds;

    if (e == NULL || (e->msg = calloc(1, sizeof *e->msg)) == NULL)
        return 12;
    e->start = start;
    as_simd_init((enum as_cpu)start->cpu);
    if (!map_areas(e) || as_bench_new(&e->bench, start->options, NULL) != AS_OK)
        return 12;
    as_bench_models(e->bench, &start->given->models);
    as_bench_trust(e->bench, start->given->trust);
    if (e->noise)
        as_bench_keep(e->bench, &start->keep, e->noise);
    while (as_channel_wait(start->socket, e->msg, fds, &nfds) == 1) {
        if (e->msg->type != AS_MSG_ITEM)
            return 70;
        do_item(e, fds, nfds);
        for (int i = 0; i < nfds; i++)
            close(fds[i]);
    }
    return 0;
}
