/* relations.c - the groups of copies and near-copies of a case, counted.
 *
 * Members are sorted by row and met in one pass over the items, which gives the containers they lie
 * in; a container is known by a hash of its path, since here it is only counted.        */
#include "relations.h"

#include <stdlib.h>
#include <string.h>

struct member {
    uint64_t row, archive; /* archive: hash of the container's path; 0: in none */
    uint64_t group;        /* place in as_relations.group                       */
    bool copy, stands;
};

struct count {
    struct as_relations *r;
    struct member *member; /* [n] */
    uint64_t n, at, row;
};

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_row(const void *a, const void *b)
{
    return order(((const struct member *)a)->row, ((const struct member *)b)->row);
}

static int by_archive(const void *a, const void *b)
{
    const struct member *x = a, *y = b;

    return x->archive != y->archive ? order(x->archive, y->archive) : order(x->group, y->group);
}

static int by_importance(const void *a, const void *b)
{
    const struct as_relation *x = a, *y = b;

    if (x->picture != y->picture)
        return x->picture ? -1 : 1;
    if (x->copies + x->near != y->copies + y->near)
        return order(y->copies + y->near, x->copies + x->near);
    return order(x->group, y->group);
}

/* FNV-1a of the path of the container that holds the item; 0: none does. */
static uint64_t archive_of(struct as_text path)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    uint32_t end = path.len;

    while (end >= 2 && memcmp(path.at + end - 2, ">>", 2) != 0)
        end--;
    if (end < 2)
        return 0;
    for (uint32_t i = 0; i < end; i++)
        h = (h ^ (uint8_t)path.at[i]) * UINT64_C(0x100000001b3);
    return h ? h : 1;
}

static enum as_status read_members(struct count *c, struct as_store *store, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (uint64_t i = 0; i < c->n; i++) {
        struct as_member m;
        AS_TRY(as_store_member(store, i, &m, err));
        if (i == 0 || m.group != c->r->group[c->r->n - 1].group)
            c->r->group[c->r->n++] = (struct as_relation){.group = m.group, .stands = m.row};
        c->member[i] = (struct member){.row = m.row, .group = c->r->n - 1, .stands = m.stands};
    }
    qsort(c->member, c->n, sizeof *c->member, by_row);
done:
    return status;
}

static enum as_status mark_copies(struct count *c, struct as_store *store, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (uint64_t i = 0; i < as_store_links(store); i++) {
        struct as_link l;
        struct member *m, key;
        AS_TRY(as_store_link(store, i, &l, err));
        key.row = l.b;
        if (l.kind == AS_MATCH_HASH &&
            (m = bsearch(&key, c->member, c->n, sizeof key, by_row)) != NULL)
            m->copy = true;
    }
done:
    return status;
}

static enum as_status meet(void *state, const struct as_row *row, struct as_err *err)
{
    struct count *c = state;

    (void)err;
    for (; c->at < c->n && c->member[c->at].row == c->row; c->at++) {
        struct member *m = &c->member[c->at];
        m->archive = archive_of(row->path);
        if (m->stands)
            c->r->group[m->group].picture = row->w > 0;
    }
    c->row++;
    return AS_OK;
}

static void add_up(struct count *c)
{
    struct as_relations *r = c->r;

    qsort(c->member, c->n, sizeof *c->member, by_archive);
    for (uint64_t i = 0; i < c->n; i++) {
        const struct member *m = &c->member[i], *before = m - 1;
        const bool other = i == 0 || m->archive != before->archive;
        struct as_relation *g = &r->group[m->group];
        g->copies += m->copy;
        g->near += !m->copy;
        r->archives += m->archive && other;
        g->archives += m->archive && (other || m->group != before->group);
    }
    for (uint64_t i = 0; i < r->n; i++) {
        r->group[i].near -= r->group[i].near > 0; /* the one that all others are like */
        r->copies += r->group[i].copies;
        r->near += r->group[i].near;
    }
    if (r->n > 0)
        qsort(r->group, r->n, sizeof *r->group, by_importance);
}

enum as_status as_relations_new(struct as_relations **relations, struct as_store *store,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    struct count c = {.n = as_store_members(store)};

    *relations = NULL;
    c.r = calloc(1, sizeof *c.r);
    c.member = calloc(c.n + 1, sizeof *c.member);
    if (c.r != NULL)
        c.r->group = calloc(c.n + 1, sizeof *c.r->group);
    if (c.r == NULL || c.member == NULL || c.r->group == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for %llu members of groups", (unsigned long long)c.n);
    AS_TRY(read_members(&c, store, err));
    AS_TRY(mark_copies(&c, store, err));
    if (c.n > 0)
        AS_TRY(as_store_each(store, meet, &c, err));
    add_up(&c);
    *relations = c.r;
    c.r = NULL;
done:
    as_relations_free(c.r);
    free(c.member);
    return status;
}

void as_relations_free(struct as_relations *r)
{
    if (r)
        free(r->group);
    free(r);
}
