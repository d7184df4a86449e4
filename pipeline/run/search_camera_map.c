/* search_camera_map.c - where the noise of its camera is missing in a picture that a camera took.
 *
 * A rank looks at its share of the pictures, and then each map goes to the rank that has the row:
 * what is always told in one record, the cells in another where they are kept.
 *
 *  1 records   2 one picture   3 all pictures   4 to their rows                            */
#include "search_camera_map.h"

#include "../../kernels/prnu_map.h"
#include "../cluster/sort.h"
#include "catalogue_parts.h"
#include "grow.h"
#include "search_camera_parts.h"
#include "team.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. records ---- */

/* A map: row[8] set[2] reference[8] window[4] regions[4] missing[4] unknown[4] cells x[4] y[4] w[2]
 * h[2] cell[4]; missing and unknown count cells, w and h tell of all.  Its cells: row[8], then so
 * many bytes. */
enum { SET = 8, REFERENCE = 10, WINDOW = 18, REGIONS = 22, MISSING = 26, UNKNOWN = 30, X = 34 };
enum { Y = 38, W = 42, H = 44, CELL = 46, REC_BYTES = 50 };
enum { CELLS = 8, CELL_BYTES = CELLS + AS_PRNU_MAP_SIDE * AS_PRNU_MAP_SIDE };

static_assert((int)AS_PRNU_MAP_SIDE <= (int)AS_MAP_SIDE_MAX, "a store holds no such map");

struct mapping {
    struct as_hunt *hunt;
    uint64_t *picture, n; /* [n] that matched */
    struct mapper *worker;
    uint32_t nworkers;
    uint8_t *rec, *cells; /* [nrecs][REC_BYTES], [ncells][CELL_BYTES]: guarded by the hunt's lock */
    uint64_t nrecs, ncells, rec_cap, cells_cap;
};

/* What a thread looks at a picture with. */
struct mapper {
    struct as_journal_reader *spool;
    float *noise, *luma, *k, *room;
    void *scratch;
    struct as_prnu_map map;
};

static enum as_status keep_record(struct mapping *g, uint64_t i, const struct as_noise_head *head,
                                  const struct as_prnu_map *m)
{
    const struct as_suspect_camera *by = &g->hunt->taken[i].by;
    uint8_t *to;

    if (!as_grow((void **)&g->rec, g->nrecs, &g->rec_cap, REC_BYTES))
        return AS_ENOMEM;
    to = g->rec + g->nrecs++ * REC_BYTES;
    memset(to, 0, REC_BYTES);
    as_be_put(to, g->hunt->pictures.place[i].row, 8);
    as_be_put(to + SET, by->of->set, 2);
    as_be_put(to + REFERENCE, by->camera, 8);
    if (m == NULL)
        return AS_OK;
    as_be_put(to + WINDOW, (uint64_t)m->cell * AS_PRNU_MAP_WINDOW, 4);
    as_be_put(to + REGIONS, m->regions, 4);
    as_be_put(to + MISSING, m->missing, 4);
    as_be_put(to + UNKNOWN, m->unknown, 4);
    as_be_put(to + X, head->x, 4);
    as_be_put(to + Y, head->y, 4);
    as_be_put(to + W, m->w, 2);
    as_be_put(to + H, m->h, 2);
    as_be_put(to + CELL, m->cell, 4);
    return AS_OK;
}

static enum as_status keep_cells(struct mapping *g, uint64_t row, const struct as_prnu_map *m)
{
    uint8_t *to;

    if (!as_grow((void **)&g->cells, g->ncells, &g->cells_cap, CELL_BYTES))
        return AS_ENOMEM;
    to = g->cells + g->ncells++ * CELL_BYTES;
    as_be_put(to, row, 8);
    memcpy(to + CELLS, m->at, CELL_BYTES - CELLS);
    return AS_OK;
}

/* m == NULL: no map can be made. */
static enum as_status keep(struct mapping *g, uint64_t i, const struct as_noise_head *head,
                           const struct as_prnu_map *m, struct as_err *err)
{
    const bool whole = m && (m->regions > 0 || g->hunt->s->r->options->maps);
    enum as_status status = AS_OK;

    pthread_mutex_lock(&g->hunt->lock);
    status = keep_record(g, i, head, m);
    if (status == AS_OK && whole)
        status = keep_cells(g, g->hunt->pictures.place[i].row, m);
    pthread_mutex_unlock(&g->hunt->lock);
    if (status != AS_OK)
        AS_FAIL(err, status, "no memory for a map of sensor noise");
done:
    return status;
}

/* ---- 2. one picture ---- */

/* The most a picture's plane takes. */
static uint64_t plane_bytes(const struct mapping *g)
{
    uint64_t most = 0;

    for (uint64_t k = 0; k < g->n; k++) {
        const struct as_residual_place *p = &g->hunt->pictures.place[g->picture[k]];
        struct as_noise_head head;
        as_noise_frame(&g->hunt->pictures.keep, p->w, p->h, &head);
        const uint64_t bytes = (uint64_t)head.w * head.h * sizeof(float);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static size_t scratch_bytes(const struct mapping *g)
{
    size_t most = 0;

    for (uint64_t k = 0; k < g->n; k++) {
        const struct as_residual_place *p = &g->hunt->pictures.place[g->picture[k]];
        const size_t bytes = as_prnu_map_scratch(p->w, p->h);
        most = bytes > most ? bytes : most;
    }
    return most;
}

/* Part k: one of the pictures that matched. */
static enum as_status look(void *state, uint32_t worker, uint64_t k, struct as_err *err)
{
    struct mapping *g = state;
    struct mapper *m = &g->worker[worker];
    const uint64_t i = g->picture[k];
    enum as_status status = AS_OK;
    struct as_noise_head head;
    const uint8_t *bytes;

    status = as_residuals_read(&g->hunt->pictures, m->spool, i, &head, &bytes, err);
    if (status == AS_SKIP)
        return AS_OK; /* lost: told at the end */
    AS_TRY(status);
    const struct as_rect part = {head.x, head.y, head.w, head.h};
    const struct as_plane luma = {m->luma, head.w, head.h, head.w};
    status = as_prnu_map_plan(&m->map, head.w, head.h, (double)g->hunt->taken[i].pce);
    if (status == AS_OK) {
        as_noise_planes(&head, bytes, m->noise, m->luma);
        AS_TRY(as_hunt_load(&g->hunt->taken[i].by, &part, m->k, m->room, err));
        status = as_prnu_map(&m->map, &luma, m->noise, m->k, m->scratch);
    }
    if (status != AS_OK && status != AS_SKIP)
        AS_FAIL(err, status, "the map of a picture's noise failed");
    status = keep(g, i, &head, status == AS_OK ? &m->map : NULL, err);
done:
    return status;
}

/* ---- 3. all pictures ---- */

static enum as_status make_workers(struct mapping *g, struct as_err *err)
{
    const uint64_t plane = plane_bytes(g);
    const size_t scratch = scratch_bytes(g);
    const uint64_t each = 4 * plane + as_noise_bytes(&g->hunt->pictures.keep) + scratch;
    const uint32_t fit = as_hunt_workers(g->hunt->s, each, 0);
    enum as_status status = AS_OK;

    g->nworkers = fit < g->n ? fit : (uint32_t)g->n;
    if ((g->worker = calloc(g->nworkers, sizeof *g->worker)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for maps of sensor noise");
    for (uint32_t k = 0; k < g->nworkers; k++) {
        struct mapper *m = &g->worker[k];
        float **const planes[] = {&m->noise, &m->luma, &m->k, &m->room};
        AS_TRY(as_residuals_reader(&g->hunt->pictures, &m->spool, err));
        m->scratch = as_hunt_take(scratch);
        for (size_t i = 0; i < sizeof planes / sizeof *planes; i++)
            if ((*planes[i] = as_hunt_take(plane)) == NULL || m->scratch == NULL)
                AS_FAIL(err, AS_ENOMEM, "no memory for maps of sensor noise");
    }
done:
    return status;
}

static void clear_workers(struct mapping *g)
{
    for (uint32_t k = 0; g->worker && k < g->nworkers; k++) {
        struct mapper *m = &g->worker[k];
        as_journal_close_read(m->spool);
        free(m->noise);
        free(m->luma);
        free(m->k);
        free(m->room);
        free(m->scratch);
    }
    free(g->worker);
}

/* Local. */
static enum as_status make_maps(struct mapping *g, struct as_err *err)
{
    const struct as_hunt *h = g->hunt;
    enum as_status status = AS_OK;

    if ((g->picture = calloc(h->pictures.n + 1, sizeof *g->picture)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the pictures of cameras");
    for (uint64_t i = 0; i < h->pictures.n; i++)
        if (h->taken[i].by.of)
            g->picture[g->n++] = i;
    if (g->n == 0)
        goto done;
    AS_TRY(make_workers(g, err));
    const struct as_team team = {g->nworkers, g->n, g, look, AS_HUNT_DOING};
    AS_TRY(as_team_run(&team, h->s->r, err));
done:
    clear_workers(g);
    free(g->picture);
    return status;
}

/* ---- 4. to their rows ---- */

/* Collective. */
static enum as_status to_owners(struct mapping *g, struct as_err *err)
{
    const struct as_search *s = g->hunt->s;
    struct as_comm *comm = s->r->comm;
    enum as_status status = AS_OK;

    AS_TRY(as_deal_rows(comm, s->catalogue->first, &g->rec, &g->nrecs, REC_BYTES, err));
    AS_TRY(as_deal_rows(comm, s->catalogue->first, &g->cells, &g->ncells, CELL_BYTES, err));
    status = as_sort(NULL, &g->rec, &g->nrecs, REC_BYTES, err);
    if (status == AS_OK)
        status = as_sort(NULL, &g->cells, &g->ncells, CELL_BYTES, err);
    AS_TRY(as_comm_agree(comm, status, err));
done:
    return status;
}

static struct as_sensor_map unpack(const uint8_t *rec)
{
    const double w = (double)as_be_get(rec + W, 2), h = (double)as_be_get(rec + H, 2);
    const double cells = w * h > 0 ? w * h : 1;

    return (struct as_sensor_map){
        .row = as_be_get(rec, 8),
        .reference = as_be_get(rec + REFERENCE, 8),
        .set = (uint16_t)as_be_get(rec + SET, 2),
        .window = (uint32_t)as_be_get(rec + WINDOW, 4),
        .regions = (uint32_t)as_be_get(rec + REGIONS, 4),
        .missing = (float)((double)as_be_get(rec + MISSING, 4) / cells),
        .unknown = (float)((double)as_be_get(rec + UNKNOWN, 4) / cells),
        .x = (uint32_t)as_be_get(rec + X, 4),
        .y = (uint32_t)as_be_get(rec + Y, 4),
        .cell = (uint32_t)as_be_get(rec + CELL, 4),
    };
}

/* The records as the store takes them; those of cells are the search's from now on. */
static enum as_status unpack_all(struct mapping *g, struct as_err *err)
{
    struct as_search *s = g->hunt->s;
    enum as_status status = AS_OK;
    uint64_t at = 0;

    s->map_cells = g->cells;
    g->cells = NULL;
    if ((s->sensor_maps = calloc(g->nrecs + 1, sizeof *s->sensor_maps)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for maps of sensor noise");
    for (; s->nsensor_maps < g->nrecs; s->nsensor_maps++) {
        const uint8_t *rec = g->rec + s->nsensor_maps * REC_BYTES;
        struct as_sensor_map *m = &s->sensor_maps[s->nsensor_maps];
        *m = unpack(rec);
        if (at == g->ncells || memcmp(s->map_cells + at * CELL_BYTES, rec, 8) != 0)
            continue;
        m->w = (uint16_t)as_be_get(rec + W, 2);
        m->h = (uint16_t)as_be_get(rec + H, 2);
        m->cells = s->map_cells + at++ * CELL_BYTES + CELLS;
    }
done:
    return status;
}

enum as_status as_hunt_maps(struct as_hunt *h, struct as_err *err)
{
    struct mapping g = {.hunt = h};
    struct as_comm *comm = h->s->r->comm;
    enum as_status status = AS_OK;

    AS_TRY(as_comm_agree(comm, make_maps(&g, err), err));
    AS_TRY(to_owners(&g, err));
    AS_TRY(as_comm_agree(comm, unpack_all(&g, err), err));
done:
    free(g.rec);
    free(g.cells);
    return status;
}

void as_search_maps_clear(struct as_search *s)
{
    free(s->sensor_maps);
    free(s->map_cells);
}
