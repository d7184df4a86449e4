/* timing.c - what the time of a run went into, over all ranks. */
#include "timing.h"

#include "../../kernels/detectors/detector.h"
#include "../hex.h"
#include "tree.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { RANKS_LISTED = 64 };

enum as_status as_timing_gather(struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t *all = NULL;
    uint64_t n;

    AS_TRY(as_comm_gather(r->comm, &r->tally, sizeof r->tally, &all, &n, err));
    if (r->me == 0) {
        free(r->tallies);
        r->tallies = (struct as_tally *)(void *)all;
        all = NULL;
    }
done:
    free(all);
    return status;
}

static double seconds(uint64_t us)
{
    return 1e-6 * (double)us;
}

static double idle(const struct as_tally *t)
{
    return t->span_us > t->busy_us ? 100 - 100 * (double)t->busy_us / (double)t->span_us : 0;
}

static json_t *idle_json(const struct as_tally *tally, int n, const struct as_tally *all)
{
    double least = 100, most = 0;
    json_t *each = n <= RANKS_LISTED ? json_array() : NULL;

    for (int i = 0; i < n; i++) {
        double v = idle(&tally[i]);
        least = v < least ? v : least;
        most = v > most ? v : most;
        if (n <= RANKS_LISTED)
            as_tree_append(&each, json_real(v));
    }
    return json_pack(n <= RANKS_LISTED ? "{s:f, s:f, s:f, s:o}" : "{s:f, s:f, s:f}", "mean", idle(all),
                     "least", least, "most", most, "ranks", each);
}

static json_t *path_json(const struct as_slow *s)
{
    char text[4 * AS_SLOW_PATH + 1], *to = text;

    for (uint32_t i = 0; i < s->path_len; i++) {
        uint8_t c = (uint8_t)s->path[i];
        if (c >= 0x20 && c <= 0x7e && c != '\\') {
            *to++ = (char)c;
            continue;
        }
        *to++ = '\\';
        *to++ = 'x';
        as_hex_digits(&c, 1, to);
        to += 2;
    }
    *to = 0;
    return json_string(text);
}

static json_t *slowest_json(const struct as_tally *all)
{
    json_t *a = json_array();

    for (int i = 0; i < AS_SLOW_MAX && all->slow[i].us; i++)
        as_tree_append(&a, json_pack("{s:f, s:I, s:o}", "seconds", seconds(all->slow[i].us),
                                           "bytes", (json_int_t)all->slow[i].bytes, "path",
                                           path_json(&all->slow[i])));
    return a;
}

static json_t *detectors_json(const struct as_tally *all)
{
    json_t *o = json_object();

    for (int d = 0; as_detectors[d]; d++)
        if (all->det_us[d])
            as_tree_set(&o, as_detectors[d]->name, json_real(seconds(all->det_us[d])));
    return o;
}

json_t *as_timing_json(const struct as_tally *tally, int n)
{
    struct as_tally all = {0};

    for (int i = 0; i < n; i++)
        as_tally_add(&all, &tally[i]);
    return json_pack(
        "{s:f, s:f, s:f, s:o, s:f, s:o, s:f, s:o}", "read_s", seconds(all.read_us), "unpack_s",
        seconds(all.unpack_us), "decode_s", seconds(all.decode_us), "detectors",
        detectors_json(&all), "wait_s",
        seconds(all.span_us > all.busy_us ? all.span_us - all.busy_us : 0), "idle_percent",
        idle_json(tally, n, &all), "largest_process_mb", (double)all.peak_kb / 1024, "slowest",
        slowest_json(&all));
}
