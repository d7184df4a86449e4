/* reader.c - the jailed process that unpacks and hashes: its talk with the broker.
 *
 * A reader lives for one lot.  It is given arenas to fill and, for lots of
 * files, the files one by one; it gives back batches.                         */
#include "reader.h"

#include "../../kernels/cpu.h"
#include "../../kernels/simd.h"

#include "unpack.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { QUEUE = 64 };

struct waiting_file {
    struct as_unpack_file file;
    char *path;
};

struct reader {
    struct as_unpack u;
    struct as_read_lot lot;
    struct as_msg *msg;
    struct as_batch *map[AS_ARENAS];
    uint32_t fill[AS_ARENAS + 1], nfills; /* arenas that may be filled */
    uint32_t arena;                       /* the one being filled      */
    struct waiting_file queue[QUEUE];
    uint32_t queued, taken; /* counters; at most QUEUE apart */
    bool files_end;
};

static void give_up(struct as_unpack *u, int code) __attribute__((noreturn));
static void give_up(struct as_unpack *u, int code)
{
    (void)u;
    _exit(code);
}

static void say(struct reader *r, uint32_t type, uint32_t arg, const uint64_t v[4])
{
    struct as_msg *m = r->msg;

    memset(m, 0, offsetof(struct as_msg, text));
    m->type = type;
    m->arg = arg;
    if (v)
        memcpy(m->v, v, 4 * sizeof *v);
    if (as_channel_send(r->u.start->socket, m, NULL, 0) != 0)
        _exit(0);
}

static void take_fill(struct reader *r, uint32_t arena, const int *fds, int nfds)
{
    const struct as_options *o = r->u.start->options;

    if (arena >= AS_ARENAS || r->nfills > AS_ARENAS)
        _exit(70);
    if (nfds == 1) {
        void *at = mmap(NULL, as_arena_bytes(o->max_item), PROT_READ | PROT_WRITE,
                        MAP_SHARED, fds[0], 0);
        close(fds[0]);
        if (at == MAP_FAILED)
            _exit(12);
        r->map[arena] = at;
    }
    if (r->map[arena] == NULL)
        _exit(70);
    r->fill[r->nfills++] = arena;
}

static void take_file(struct reader *r, const struct as_msg *m, const int *fds, int nfds)
{
    struct waiting_file *w = &r->queue[r->queued % QUEUE];

    if (nfds != 1 || r->queued - r->taken >= QUEUE || m->len > AS_PATH_MAX)
        _exit(70);
    if ((w->path = malloc(m->len + 1u)) == NULL)
        _exit(12);
    memcpy(w->path, m->text, m->len);
    w->file = (struct as_unpack_file){m->key, w->path, m->len, (int64_t)m->v[1], fds[0], m->v[0]};
    r->queued++;
}

/* Waits for one message of the broker. */
static void listen(struct reader *r)
{
    int fds[AS_MSG_FDS_MAX], nfds = 0;

    if (as_channel_wait(r->u.start->socket, r->msg, fds, &nfds) != 1)
        _exit(0);
    switch (r->msg->type) {
    case AS_MSG_LOT:
        if (r->msg->len != sizeof r->lot)
            _exit(70);
        memcpy(&r->lot, r->msg->text, sizeof r->lot);
        break;
    case AS_MSG_FILL:
        take_fill(r, r->msg->arg, fds, nfds);
        break;
    case AS_MSG_FILE:
        take_file(r, r->msg, fds, nfds);
        break;
    case AS_MSG_FILES_END:
        r->files_end = true;
        break;
    default:
        _exit(70);
    }
}

static void next_arena(struct as_unpack *u)
{
    struct reader *r = (struct reader *)u;

    while (r->nfills == 0)
        listen(r);
    r->arena = r->fill[0];
    memmove(r->fill, r->fill + 1, --r->nfills * sizeof *r->fill);
    u->batch = r->map[r->arena];
    u->batch->nslots = 0;
    u->batch->text_used = 0;
    u->batch->used = AS_ARENA_DATA;
    u->batch->now = u->now;
}

static void flush(struct as_unpack *u)
{
    struct reader *r = (struct reader *)u;

    if (u->batch == NULL)
        return;
    say(r, AS_MSG_BATCH, r->arena, NULL);
    u->batch = NULL;
}

static void tell_part(void *arg, const uint64_t v[4])
{
    say(arg, AS_MSG_SPLIT, 0, v);
}

static void tell_chunk(struct as_unpack *u, const struct as_key *key, uint64_t chunk,
                       const uint8_t sha256[32])
{
    struct reader *r = (struct reader *)u;
    struct as_msg *m = r->msg;

    memset(m, 0, offsetof(struct as_msg, text));
    m->type = AS_MSG_CHUNK;
    m->key = *key;
    m->v[0] = chunk;
    m->len = 32;
    memcpy(m->text, sha256, 32);
    if (as_channel_send(u->start->socket, m, NULL, 0) != 0)
        _exit(0);
}

static void do_file(struct reader *r, const struct as_unpack_file *file)
{
    struct as_unpack *u = &r->u;

    switch ((enum as_read_mode)r->lot.mode) {
    case AS_READ_FILES:
    case AS_READ_FIND:
        as_unpack_file(u, file);
        break;
    case AS_READ_PART:
        as_unpack_part(u, file);
        break;
    case AS_READ_LIST:
        as_unpack_list(u, file, tell_part, r);
        break;
    case AS_READ_WHOLE:
        as_unpack_whole(u, file);
        break;
    case AS_READ_RECHECK:
        as_unpack_rehash(u, file);
        break;
    }
}

static void do_files(struct reader *r)
{
    for (;;) {
        struct waiting_file *w = &r->queue[r->taken % QUEUE];
        while (r->queued == r->taken && !r->files_end)
            listen(r);
        if (r->queued == r->taken)
            return;
        do_file(r, &w->file);
        close(w->file.fd);
        free(w->path);
        r->taken++;
        say(r, AS_MSG_TAKEN, 0, NULL);
    }
}

int as_reader_main(const struct as_worker_start *start)
{
    struct reader *r = calloc(1, sizeof *r);
    uint64_t us[4] = {0};

    if (r == NULL || (r->msg = calloc(1, sizeof *r->msg)) == NULL)
        return 12;
    r->u.start = start;
    r->u.lot = &r->lot;
    r->u.next_arena = next_arena;
    r->u.flush = flush;
    r->u.tell_chunk = tell_chunk;
    r->u.give_up = give_up;
    r->lot.mode = UINT32_MAX;
    if ((r->u.path = malloc(AS_PATH_MAX)) == NULL || (r->u.piece = malloc(1 << 20)) == NULL ||
        as_hash_new(&r->u.hash, start->options->md5) != AS_OK ||
        as_hash_new(&r->u.chunk_hash, false) != AS_OK)
        return 12;
    if (start->options->alter[0]) {
        as_simd_init((enum as_cpu)start->cpu);
        if (as_alter_new(&r->u.alter, start->options, NULL) != AS_OK)
            return 12;
    }
    while (r->lot.mode == UINT32_MAX)
        listen(r);
    do_files(r);
    flush(&r->u);
    us[0] = r->u.read_us;
    us[1] = r->u.unpack_us;
    say(r, AS_MSG_LOT_END, 0, us);
    return 0;
}
