/* planted.c - misbehaviour inside the jail, for tests/s_jail.sh.
 *
 * Linked into a program like assay in which as_media_decode, as_container_open and a
 * few more calls are wrapped.  A picture or archive that ends with a line
 * "ASSAY-PLANT:name path" makes the jailed process do what `name` says, as code would
 * that took the process over.  What is let through goes on as if nothing had
 * happened, so that its row is the one of a healthy file and the test sees it.
 *
 *  1. messages
 *  2. an examiner that lies
 *  3. a reader that lies
 *  4. the wraps
 */
#include "planted.h"

#include "../pipeline/media/media.h"

#include <math.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- 1. messages ---- */

/* Sends a message whose text is empty. */
static void say(uint32_t type, uint32_t arg, uint64_t v0, uint64_t v1)
{
    static struct as_msg m;

    memset(&m, 0, offsetof(struct as_msg, text));
    m.type = type;
    m.arg = arg;
    m.v[0] = v0;
    m.v[1] = v1;
    if (as_channel_send(the_socket(), &m, NULL, 0) != 0)
        abort();
}

/* ---- 2. an examiner that lies ---- */

static void tell_done(size_t len)
{
    say(AS_MSG_DONE, AS_OK, len, seen.serial);
    rest_forever();
}

static void forge_crashed(void)
{
    tell_done(as_content_pack_failed(seen.kind, AS_REASON_CRASHED, "decode", "", seen.result,
                                     AS_RECORD_MAX));
}

static void forge_reason(void)
{
    tell_done(as_content_pack_failed(seen.kind, 9999, "decode", "", seen.result, AS_RECORD_MAX));
}

static void forge_kind(void)
{
    tell_done(as_content_pack_failed((uint16_t)(seen.kind + 1), 0, "decode", "", seen.result,
                                     AS_RECORD_MAX));
}

static void forge_short(void)
{
    tell_done(as_content_pack_failed(seen.kind, 0, "decode", "", seen.result, AS_RECORD_MAX) - 1);
}

static void forge_huge(void)
{
    as_content_pack_failed(seen.kind, 0, "decode", "", seen.result, AS_RECORD_MAX);
    tell_done(SIZE_MAX);
}

static void forge_flags(void)
{
    struct as_row row = {.kind = seen.kind, .flags = UINT32_MAX};
    tell_done(as_content_pack(&row, seen.result, AS_RECORD_MAX));
}

static void forge_duration(void)
{
    struct as_row row = {.kind = seen.kind, .duration_s = (double)NAN};
    tell_done(as_content_pack(&row, seen.result, AS_RECORD_MAX));
}

static void forge_measure(void)
{
    static const uint8_t code[4096];
    static float feat[256];
    struct as_row row = {.kind = seen.kind};

    feat[0] = NAN;
    row.det[0] = (struct as_det_row){AS_DET_APPLIES, 0, feat, code};
    tell_done(as_content_pack(&row, seen.result, AS_RECORD_MAX));
}

static void forge_serial(void)
{
    say(AS_MSG_DONE, AS_OK, 0, seen.serial + 1);
    rest_forever();
}

static void forge_message(void)
{
    say(AS_MSG_DIED, 0, 1, 0);
    rest_forever();
}

static void forge_noise(void)
{
    uint32_t x = 1;

    for (size_t i = 0; i < AS_RECORD_MAX; i++) {
        x = x * 1664525 + 1013904223;
        ((uint8_t *)seen.result)[i] = (uint8_t)(x >> 24);
    }
    *(uint8_t *)seen.result = 1;
    tell_done(AS_RECORD_MAX);
}

/* ---- 3. a reader that lies ---- */

static struct as_batch *batch(void)
{
    return seen.arena[seen.current];
}

/* Hands over one slot that is sound but for what the caller spoils. */
static struct as_slot *forge_slot(void)
{
    struct as_batch *b = batch();

    b->nslots = 1;
    b->slot[0] = (struct as_slot){.key = b->now,
                                  .path_len = 1,
                                  .size = 100,
                                  .kind = AS_KIND_JPEG,
                                  .bits = AS_SLOT_SHA256 | AS_SLOT_CONTENT | AS_SLOT_LEAF,
                                  .data_at = AS_ARENA_DATA};
    return &b->slot[0];
}

static void hand_over(void)
{
    say(AS_MSG_BATCH, seen.current, 0, 0);
    rest_forever();
}

static void forge_nslots(void)
{
    batch()->nslots = UINT32_MAX;
    hand_over();
}

static void forge_text(void)
{
    forge_slot()->path_at = UINT32_MAX;
    hand_over();
}

static void forge_text_end(void)
{
    struct as_slot *s = forge_slot();

    s->path_at = AS_BATCH_TEXT - 1;
    s->path_len = 2;
    hand_over();
}

static void forge_note(void)
{
    forge_slot()->note_len = AS_BATCH_TEXT;
    hand_over();
}

static void forge_key(void)
{
    forge_slot()->key.part[0] = 77;
    hand_over();
}

static void forge_key_long(void)
{
    forge_slot()->key.n = UINT32_MAX;
    hand_over();
}

static void forge_data(void)
{
    forge_slot()->data_at = UINT64_MAX - 50;
    hand_over();
}

static void forge_data_table(void)
{
    forge_slot()->data_at = 0;
    hand_over();
}

static void forge_data_size(void)
{
    forge_slot()->size = UINT64_MAX - AS_ARENA_DATA;
    hand_over();
}

/* A small file is not kept open: there is nothing behind a descriptor. */
static void forge_behind(void)
{
    forge_slot()->data_at = UINT64_MAX;
    hand_over();
}

static void forge_slot_reason(void)
{
    forge_slot()->reason = 9999;
    hand_over();
}

static void forge_slot_kind(void)
{
    forge_slot()->kind = 65000;
    hand_over();
}

static void forge_slot_flags(void)
{
    forge_slot()->flags = UINT32_MAX;
    hand_over();
}

/* Evidence that is called a copy made by `assay bench --alter`, in a run that makes none. */
static void forge_slot_copy(void)
{
    forge_slot()->flags = AS_FLAG_ALTERED;
    hand_over();
}

static void forge_arena(void)
{
    say(AS_MSG_BATCH, AS_ARENAS + 7, 0, 0);
    rest_forever();
}

static void forge_end(void)
{
    say(AS_MSG_LOT_END, 0, 0, 0);
    rest_forever();
}

/* Says that all files are done with, and goes on for ever. */
static void forge_taken(void)
{
    say(AS_MSG_TAKEN, 0, 0, 0);
    act("loop");
}

static void flood(uint32_t type)
{
    for (;;)
        say(type, 0, 0, 0);
}

static void flood_splits(void)
{
    flood(AS_MSG_SPLIT);
}

static void flood_taken(void)
{
    flood(AS_MSG_TAKEN);
}

/* Waits for the next arena; its table alone is mapped. */
static void another_arena(void)
{
    static struct as_msg m;
    int fds[AS_MSG_FDS_MAX], nfds = 0;

    do {
        if (as_channel_wait(the_socket(), &m, fds, &nfds) != 1)
            _exit(0);
        if (m.type == AS_MSG_FILL && nfds == 1)
            mmap(NULL, AS_ARENA_DATA, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
        for (int i = 0; i < nfds; i++)
            close(fds[i]);
    } while (m.type != AS_MSG_FILL);
    seen.current = m.arg;
}

/* Sound rows of entries that are not there, without end. */
static void flood_rows(void)
{
    struct as_key file = batch()->now;

    for (uint32_t n = 0;; another_arena()) {
        batch()->now = file;
        forge_slot()->bits = 0;
        for (uint32_t i = 0; i < AS_BATCH_SLOTS; i++) {
            batch()->slot[i] = batch()->slot[0];
            as_key_child(&file, n++, &batch()->slot[i].key);
        }
        batch()->nslots = AS_BATCH_SLOTS;
        say(AS_MSG_BATCH, seen.current, 0, 0);
    }
}

/* Progress without end, and no row. */
static void flood_progress(void)
{
    for (;; poll(NULL, 0, 10))
        batch()->progress++;
}

/* Another culprit at each death. */
static void blame_others(void)
{
    batch()->now.n = 3;
    batch()->now.part[2] = (uint32_t)getpid();
    abort();
}

static void blame_nobody(void)
{
    batch()->now.n = UINT32_MAX;
    abort();
}

/* Breaks at the entry that the plant names, between two entries, in some modes alone. */
static struct {
    unsigned modes; /* of enum as_read_mode, a bit each; 0: never */
    uint64_t entry;
} fragile;

static void break_reading(void)
{
    fragile.modes = 1U << AS_READ_FILES | 1U << AS_READ_PART;
    fragile.entry = strtoull(seen.path, NULL, 10);
}

static void break_listing(void)
{
    fragile.modes = 1U << AS_READ_LIST;
    fragile.entry = strtoull(seen.path, NULL, 10);
}

/* ---- 4. the wraps ---- */

static const struct {
    const char *name;
    void (*act)(void);
} LIES[] = {
    {"crashed", forge_crashed},
    {"reason", forge_reason},
    {"kind", forge_kind},
    {"short", forge_short},
    {"huge", forge_huge},
    {"flags", forge_flags},
    {"duration", forge_duration},
    {"measure", forge_measure},
    {"serial", forge_serial},
    {"message", forge_message},
    {"noise", forge_noise},
    {"nslots", forge_nslots},
    {"text", forge_text},
    {"text-end", forge_text_end},
    {"note", forge_note},
    {"key", forge_key},
    {"key-long", forge_key_long},
    {"data", forge_data},
    {"data-table", forge_data_table},
    {"data-size", forge_data_size},
    {"behind", forge_behind},
    {"slot-reason", forge_slot_reason},
    {"slot-kind", forge_slot_kind},
    {"slot-flags", forge_slot_flags},
    {"slot-copy", forge_slot_copy},
    {"arena", forge_arena},
    {"end", forge_end},
    {"taken", forge_taken},
    {"flood-splits", flood_splits},
    {"flood-taken", flood_taken},
    {"flood-rows", flood_rows},
    {"progress", flood_progress},
    {"blame-others", blame_others},
    {"blame-nobody", blame_nobody},
    {"break-reading", break_reading},
    {"break-listing", break_listing},
};

/* Does what the end of the bytes asks for; true when there was a plant. */
static bool obey(const struct as_input *in)
{
    char tail[TAIL + 1] = "", name[64], *mark = NULL;
    uint64_t n = in->size < TAIL ? in->size : TAIL;

    if (as_input_read(in, in->size - n, tail, n) != (int64_t)n)
        return false;
    mark = memmem(tail, n, "ASSAY-PLANT:", 12);
    if (mark == NULL || sscanf(mark + 12, "%63s %255s", name, seen.path) != 2)
        return false;
    for (size_t i = 0; i < sizeof LIES / sizeof *LIES; i++)
        if (strcmp(name, LIES[i].name) == 0) {
            LIES[i].act();
            return true;
        }
    if (!act(name))
        abort();
    return true;
}

enum as_status __real_as_media_decode(struct as_decoder *dec, enum as_kind kind,
                                      const struct as_input *in, const struct as_want *want,
                                      struct as_picture *pic, struct as_err *err);
enum as_status __wrap_as_media_decode(struct as_decoder *dec, enum as_kind kind,
                                      const struct as_input *in, const struct as_want *want,
                                      struct as_picture *pic, struct as_err *err);
enum as_status __wrap_as_media_decode(struct as_decoder *dec, enum as_kind kind,
                                      const struct as_input *in, const struct as_want *want,
                                      struct as_picture *pic, struct as_err *err)
{
    char *p;

    seen.kind = (uint16_t)kind;
    if (obey(in)) {
        if ((p = malloc(1 << 20)) == NULL)
            return AS_ENOMEM;
        free(p);
    }
    return __real_as_media_decode(dec, kind, in, want, pic, err);
}

enum as_status __real_as_container_open(struct as_container **c, const struct as_input *in,
                                        const struct as_container_limits *limits,
                                        uint64_t start_offset, uint64_t start_index,
                                        struct as_err *err);
enum as_status __wrap_as_container_open(struct as_container **c, const struct as_input *in,
                                        const struct as_container_limits *limits,
                                        uint64_t start_offset, uint64_t start_index,
                                        struct as_err *err);
enum as_status __wrap_as_container_open(struct as_container **c, const struct as_input *in,
                                        const struct as_container_limits *limits,
                                        uint64_t start_offset, uint64_t start_index,
                                        struct as_err *err)
{
    char *p;

    if (obey(in)) {
        if ((p = malloc(1 << 20)) == NULL)
            return AS_ENOMEM;
        free(p);
    }
    return __real_as_container_open(c, in, limits, start_offset, start_index, err);
}

enum as_status __real_as_container_next(struct as_container *c, struct as_entry *entry,
                                        struct as_err *err);
enum as_status __wrap_as_container_next(struct as_container *c, struct as_entry *entry,
                                        struct as_err *err);
enum as_status __wrap_as_container_next(struct as_container *c, struct as_entry *entry,
                                        struct as_err *err)
{
    enum as_status status = __real_as_container_next(c, entry, err);

    if (status == AS_OK && fragile.modes >> seen.mode & 1 && entry->index == fragile.entry)
        abort();
    return status;
}

enum as_kind __real_as_sniff(const struct as_input *in);
enum as_kind __wrap_as_sniff(const struct as_input *in);
enum as_kind __wrap_as_sniff(const struct as_input *in)
{
    uintptr_t at = (uintptr_t)in->at;

    for (uint32_t i = 0; i < AS_ARENAS; i++) /* an arena is larger than 32 MiB */
        if (seen.arena[i] && at - (uintptr_t)seen.arena[i] < (32u << 20))
            seen.current = i;
    return __real_as_sniff(in);
}

int __real_as_channel_wait(int fd, struct as_msg *msg, int *fds, int *nfds);
int __wrap_as_channel_wait(int fd, struct as_msg *msg, int *fds, int *nfds);
int __wrap_as_channel_wait(int fd, struct as_msg *msg, int *fds, int *nfds)
{
    int got = __real_as_channel_wait(fd, msg, fds, nfds);

    if (got == 1 && msg->type == AS_MSG_FILL)
        seen.filled = msg->arg;
    if (got == 1 && msg->type == AS_MSG_LOT)
        memcpy(&seen.mode, msg->text, sizeof seen.mode);
    if (got == 1 && msg->type == AS_MSG_ITEM)
        seen.serial = msg->v[3];
    return got;
}

void *__real_mmap64(void *at, size_t n, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *at, size_t n, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
    void *got = __real_mmap64(at, n, prot, flags, fd, offset);

    if (fd < 0 || !(prot & PROT_WRITE))
        return got;
    if (n == AS_RECORD_MAX)
        seen.result = got;
    else
        seen.arena[seen.filled] = got;
    return got;
}

pid_t __real_fork(void);
pid_t __wrap_fork(void);
pid_t __wrap_fork(void)
{
    seen.zygote = getpid();
    return __real_fork();
}
