/* show_maps.c - where in the pictures of known cameras their noise is missing. */
#include "show_maps.h"

#include "../verdict.h"
#include "human.h"

#include <inttypes.h>

enum { COLUMNS = 64, MISSING = 255, UNKNOWN = 128, LIKELY = 192, TEXT_BYTES = 400 };

/* The map of a row; false: it has none. */
static enum as_status find_map(struct as_store *store, uint64_t row, struct as_sensor_map *map,
                               bool *found, struct as_err *err)
{
    enum as_status status = AS_OK;

    *found = false;
    for (uint64_t i = 0; i < as_store_sensor_maps(store) && !*found; i++) {
        AS_TRY(as_store_sensor_map(store, i, map, err));
        *found = map->row == row;
    }
done:
    return status;
}

/* What stands for wide x high cells from (x, y) on: the strangest; '?' where most are unknown. */
static char character(const struct as_sensor_map *m, uint32_t x, uint32_t y, uint32_t wide,
                      uint32_t high)
{
    uint32_t most = 0, unknown = 0, n = 0;

    for (uint32_t j = y; j < y + high && j < m->h; j++)
        for (uint32_t i = x; i < x + wide && i < m->w; i++, n++) {
            const uint8_t v = m->cells[(size_t)j * m->w + i];
            unknown += (uint32_t)(v == UNKNOWN);
            if (v > most && v != UNKNOWN)
                most = v;
        }
    return most == MISSING ? '#' : 2 * unknown > n ? '?' : most >= LIKELY ? '+' : '.';
}

static void draw(const struct as_terminal *t, const struct as_sensor_map *m)
{
    const uint32_t wide = ((uint32_t)m->w + COLUMNS - 1) / COLUMNS, high = 2 * wide;

    for (uint32_t y = 0; y < m->h; y += high) {
        fputs("    ", t->out);
        for (uint32_t x = 0; x < m->w; x += wide)
            fputc(character(m, x, y, wide, high), t->out);
        fputc('\n', t->out);
    }
    fprintf(t->out,
            "    # missing, + perhaps, . there, ? unknown; from (%" PRIu32 ", %" PRIu32
            ") on, %" PRIu32 " x %" PRIu32 " pixels each\n",
            m->x, m->y, wide * m->cell, high * m->cell);
}

enum as_status as_show_map(const struct as_terminal *t, struct as_store *store, uint64_t row,
                           struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_sensor_map map;
    char text[TEXT_BYTES];
    bool found;

    AS_TRY(find_map(store, row, &map, &found, err));
    if (!found)
        goto done;
    as_terminal_heading(t, "Where the noise of its camera is missing");
    as_verdict_map(text, sizeof text, &map, "");
    fputs("  ", t->out);
    as_terminal_wrap(t, 2, 2, as_text_of(text), 0);
    if (map.w > 0 && map.h > 0)
        draw(t, &map);
done:
    return status;
}

enum as_status as_show_map_json(struct as_json *j, struct as_store *store, uint64_t row,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_sensor_map map;
    char text[TEXT_BYTES];
    bool found;

    AS_TRY(find_map(store, row, &map, &found, err));
    if (!found)
        goto done;
    as_json_open(j, "sensor_map", '{');
    as_json_count(j, "set", map.set);
    as_json_count(j, "reference", map.reference);
    as_json_count(j, "window", map.window);
    as_json_count(j, "regions", map.regions);
    as_json_number(j, "missing", (double)map.missing);
    as_json_number(j, "unknown", (double)map.unknown);
    as_json_bool(j, "kept", map.w > 0);
    as_verdict_map(text, sizeof text, &map, "");
    as_json_string(j, "text", text);
    as_json_close(j);
done:
    return status;
}

enum as_status as_show_maps(const struct as_terminal *t, struct as_store *store, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_sensor_map map;
    uint64_t made = 0, told = 0;
    char a[32], b[32], text[160];

    for (uint64_t i = 0; i < as_store_sensor_maps(store); i++) {
        AS_TRY(as_store_sensor_map(store, i, &map, err));
        made += map.window > 0;
        told += map.regions > 0;
    }
    if (made == 0)
        goto done;
    snprintf(text, sizeof text,
             "noise of the camera looked for all over %s %s: missing in regions of %s",
             as_human_count(made, a), made == 1 ? "picture" : "pictures", as_human_count(told, b));
    fputs("  ", t->out);
    as_terminal_wrap(t, 2, 2, as_text_of(text), 0);
    if (told > 0) {
        fputs("  ", t->out);
        as_terminal_wrap(t, 2, 2, as_text_of(as_verdict_map_limits()), 0);
    }
done:
    return status;
}
