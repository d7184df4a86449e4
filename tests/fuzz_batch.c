/* fuzz_batch.c - libFuzzer target: any batch table and any messages of a reader, as its
 * broker takes them.
 *
 * Includes the source it tests, because the checks have no entrance of their own.    */
#include "../pipeline/examine/crew_reader.c"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILES = 4, MESSAGES = 8 };

static struct as_lot_file files[FILES];
static uint64_t sum;

static void on_item(void *state, struct as_work *work, const struct as_item *item)
{
    (void)state;
    (void)work;
    for (uint32_t i = 0; i < item->path.len; i++)
        sum += (uint8_t)item->path.at[i];
    for (uint32_t i = 0; i < item->note.len; i++)
        sum += (uint8_t)item->note.at[i];
    if (item->key.n < 1 || item->key.n > AS_KEY_MAX || !as_reason_known(item->reason))
        abort();
}

static void on_ask(void *state, uint32_t batch, const uint8_t (*sha)[32], uint32_t n)
{
    struct as_crew *c = state;
    const struct as_crew_batch *b = &c->arena[batch].batch;
    bool grant[AS_BATCH_SLOTS] = {false};
    uint32_t asked = 0;

    for (uint32_t i = 0; i < b->nslots; i++) {
        const struct as_slot *s = &b->slot[i];
        if (b->state[i] != AS_SLOT_ASKED)
            continue;
        sum += sha[asked++][31];
        if (s->data_at == UINT64_MAX ? b->fd[i] < 0
                                     : s->data_at + s->size > as_arena_bytes(c->options->max_item))
            abort();
    }
    if (asked != n || n > AS_BATCH_SLOTS)
        abort();
    as_crew_granted(c, batch, grant, n);
}

static void on_open(void *state, struct as_work *work, uint32_t i)
{
    (void)state;
    (void)work;
    (void)i;
}

static void on_split(void *state, struct as_work *work, const uint64_t v[4])
{
    (void)state;
    (void)work;
    sum += v[0];
}

static void on_chunk(void *state, struct as_work *work, const struct as_key *key, uint64_t chunk,
                     const uint8_t sha[32])
{
    (void)state;
    (void)work;
    sum += key->part[0] + chunk + sha[31];
}

static void on_done(void *state, struct as_work *work)
{
    (void)state;
    (void)work;
    abort(); /* not before the reader is through */
}

static struct as_work *make_work(const uint8_t *data, size_t size)
{
    static struct as_work work;

    work = (struct as_work){.file = files, .nfiles = FILES, .sent = FILES, .next = FILES};
    work.lot.mode = size ? data[0] % 6 : 0;
    for (uint32_t i = 0; i < FILES; i++) {
        files[i] = (struct as_lot_file){.key = {.n = i ? 2 : 1, .part = {0, i}},
                                        .path = {"x", 1},
                                        .type = i ? AS_ENTRY_FILE : AS_ENTRY_FOLDER,
                                        .size = i == 3 ? AS_CHUNK_BYTES + 5 : 100};
    }
    return &work;
}

static struct as_crew *make_crew(struct as_options *o)
{
    struct as_crew_calls calls = {.open = on_open,
                                  .item = on_item,
                                  .ask = on_ask,
                                  .split = on_split,
                                  .chunk = on_chunk,
                                  .done = on_done};
    struct as_crew *c = calloc(1, sizeof *c);

    as_options_defaults(o);
    o->max_item = 1 << 20;
    calls.state = c;
    c->calls = calls;
    c->options = o;
    c->msg = calloc(1, sizeof *c->msg);
    c->order = calloc(FILES, sizeof *c->order);
    c->told = calloc(FILES, sizeof *c->told);
    c->rows = calloc(FILES, sizeof *c->rows);
    c->file_fd = malloc(FILES * sizeof *c->file_fd);
    for (uint32_t i = 0; i < FILES; i++) {
        c->order[i] = i;
        c->file_fd[i] = i == 3 ? 0 : -1; /* the large one is kept */
    }
    for (int i = 0; i < AS_ARENAS; i++) {
        c->arena[i].fd = -1;
        c->arena[i].map =
            mmap(NULL, AS_ARENA_DATA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        c->arena[i].batch.slot = calloc(AS_BATCH_SLOTS, sizeof(struct as_slot));
        c->arena[i].batch.text = malloc(AS_BATCH_TEXT);
    }
    return c;
}

/* The next n bytes of the input, zeros after its end. */
static void draw(const uint8_t **data, size_t *size, void *to, size_t n)
{
    size_t k = n < *size ? n : *size;

    memset(to, 0, n);
    memcpy(to, *data, k);
    *data += k;
    *size -= k;
}

/* The table is written as a reader would, piece by piece, from the input. */
static void scribble(struct as_batch *b, const uint8_t **data, size_t *size)
{
    draw(data, size, &b->nslots, sizeof b->nslots);
    draw(data, size, &b->used, sizeof b->used);
    draw(data, size, &b->now, sizeof b->now);
    if (b->nslots > 1000)
        b->nslots %= 8;
    for (uint32_t i = 0; i < b->nslots && i < 8; i++)
        draw(data, size, &b->slot[i], sizeof b->slot[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct as_options options;
    static struct as_crew *c;
    struct as_key key;

    if (!c)
        c = make_crew(&options);
    c->reading = make_work(data, size);
    c->lot_end = c->files_end_sent = c->broken = false;
    c->splits = c->chunks = 0;
    c->reading->lot.nblocked = 0;
    c->fills = AS_ARENAS;
    for (uint32_t i = 0; i < AS_ARENAS; i++)
        c->filling[i] = i;
    for (int k = 0; k < MESSAGES && size > 0; k++) {
        uint8_t what[3];
        draw(&data, &size, what, sizeof what);
        memset(c->msg, 0, offsetof(struct as_msg, text));
        c->msg->type = what[0] % 18;
        c->msg->arg = what[1] % 4;
        c->msg->len = what[2] % 3 ? 32 : 0;
        draw(&data, &size, c->msg->v, 16);
        draw(&data, &size, &c->msg->key, sizeof c->msg->key);
        c->msg->key.n %= AS_KEY_MAX + 1; /* as the channel checks */
        if (c->fills > 0 && c->msg->type == AS_MSG_BATCH)
            scribble(c->arena[c->filling[0]].map, &data, &size);
        if (!take_message(c))
            break;
    }
    if (blamed_key(c, AS_REASON_CRASHED, &key) && as_crew_file_of(c->reading, &key) < 0 && key.part[0] != 0)
        abort();
    blame_reader(c, AS_REASON_CRASHED);
    return 0;
}
