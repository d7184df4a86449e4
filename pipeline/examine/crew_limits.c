/* crew_limits.c - the broker's own bounds on its workers: time, and rows of one file.
 *
 * What a worker says of its progress is believed only so far: one that was taken over
 * would say anything.  Its time is told by the kernel, its rows are counted here.    */
#include "crew_parts.h"

/* Rows that any file may have, however small it is. */
enum { ROWS_FREE = 1 << 20 };

/* All detectors together took 0.29 s a megapixel (datasets/results/detectors.md). */
enum { COSTLY_MP_SECONDS = 1, MP_MOST = 1000000 };

/* Nanoseconds of processor time for so many bytes; ten times that on the wall. */
static uint64_t allowance(const struct as_crew *c, uint64_t bytes)
{
    return (c->options->item_seconds + c->options->mb_seconds * (bytes >> 20)) * 1000000000;
}

/* Detectors that run when they are named take their time by the pixel, as a reader's alterations
 * do, and how many an item has is its own claim: as long as the largest picture may take.   */
static uint64_t for_pixels(const struct as_crew *c, bool costly)
{
    const uint64_t mp = c->options->max_pixels / 1000000;

    return costly ? (mp < MP_MOST ? mp : MP_MOST) * COSTLY_MP_SECONDS * 1000000000 : 0;
}

void as_crew_examiners_limits(struct as_crew *c, uint64_t wall)
{
    for (uint32_t i = 0; i < c->nseats; i++) {
        struct as_examiner_seat *s = &c->seat[i];
        uint64_t limit;
        if (s->w.life != AS_WORKER_BUSY)
            continue;
        limit =
            allowance(c, c->arena[s->arena].batch.slot[s->slot].size) + for_pixels(c, c->costly);
        if (as_crew_cpu_ns(&s->w) > limit + s->w.cpu_from)
            as_crew_kill(c, &s->w, AS_REASON_TIMEOUT_CPU);
        else if (wall > 10 * limit + s->w.wall_from)
            as_crew_kill(c, &s->w, AS_REASON_TIMEOUT_WALL);
    }
}

/* The options bound it twice: entries of containers in containers, and --max-ratio rows
 * for each byte, since an entry is told by a byte at least.                       */
uint64_t as_crew_rows_max(const struct as_options *o, uint64_t size)
{
    uint64_t level = 1, entries = 1, by_size;

    for (uint64_t d = 0; d <= o->max_depth && entries != UINT64_MAX; d++)
        if (__builtin_mul_overflow(level, o->max_entries, &level) ||
            __builtin_add_overflow(entries, level, &entries))
            entries = UINT64_MAX;
    if (o->max_ratio == 0 || __builtin_mul_overflow(o->max_ratio, size, &by_size) ||
        __builtin_add_overflow(by_size, ROWS_FREE, &by_size))
        by_size = UINT64_MAX;
    return entries < by_size ? entries : by_size;
}

bool as_crew_row_allowed(struct as_crew *c, uint32_t file)
{
    if (c->rows[file] >= as_crew_rows_max(c->options, c->reading->file[file].size)) {
        if (c->reader.life == AS_WORKER_BUSY)
            as_crew_kill(c, &c->reader, AS_REASON_LIMIT_ENTRIES);
        return false;
    }
    c->rows[file]++;
    return true;
}

/* The reader waits for the broker, or gave rows or was through with a file meanwhile. */
static bool waits_or_gave(struct as_crew *c)
{
    const struct as_work *w = c->reading;
    uint64_t given = c->given;

    c->given = 0;
    return given > 0 || c->fills == 0 || (w->sent == w->taken && !c->files_end_sent);
}

void as_crew_reader_limits(struct as_crew *c, uint64_t wall)
{
    const uint64_t pixels = for_pixels(c, c->options->alter[0]);
    uint64_t limit = allowance(c, 0) + pixels, cpu, progress;
    const volatile struct as_batch *at;
    int64_t hand;

    if (c->reader.life != AS_WORKER_BUSY)
        return;
    cpu = as_crew_cpu_ns(&c->reader);
    at = c->fills ? c->arena[c->filling[0]].map : NULL;
    progress = at ? at->progress : 0;
    hand = as_crew_file_in_hand(c);
    if (waits_or_gave(c))
        c->row_wall = wall;
    if (at == NULL || progress != c->progress || c->row_wall == wall) {
        c->progress = progress;
        c->progress_cpu = cpu;
        c->progress_wall = wall;
    } else if (cpu > c->progress_cpu + limit) {
        as_crew_kill(c, &c->reader, AS_REASON_TIMEOUT_CPU);
    } else if (wall > c->progress_wall + 10 * limit) {
        as_crew_kill(c, &c->reader, AS_REASON_TIMEOUT_WALL);
    }
    /* progress alone does not do: a row must come, in the time that the whole file may take */
    if (c->reader.life == AS_WORKER_BUSY &&
        wall >
            c->row_wall + 10 * (allowance(c, hand < 0 ? 0 : c->reading->file[hand].size) + pixels))
        as_crew_kill(c, &c->reader, AS_REASON_TIMEOUT_WALL);
}
