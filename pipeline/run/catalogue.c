/* catalogue.c - rows in order of id, out of the journals. */
#include "catalogue_parts.h"

#include "../cluster/sort.h"

#include <stdlib.h>
#include <string.h>

enum { OPEN_MAX = 64 };

enum as_status as_catalogue_new(struct as_catalogue **catalogue, struct as_rank *r,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_catalogue *c = calloc(1, sizeof *c);
    struct as_contents contents = {0};
    char **names = NULL;
    size_t n = 0;

    *catalogue = NULL;
    AS_TRY(as_rank_journals(r, &names, &n, err));
    if (c == NULL || (c->room = malloc(sizeof *c->room)) == NULL)
        status = AS_ENOMEM;
    if (status == AS_OK)
        status = as_journal_open_read(&c->items, names, n, OPEN_MAX, err);
    if (status == AS_OK)
        status = as_journal_open_read(&c->contents, names, n, OPEN_MAX, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(as_entries_find(c, r, names, n, &contents, err));
    AS_TRY(as_join(c, r, &contents, err));
    *catalogue = c;
    c = NULL;
done:
    as_catalogue_free(c);
    as_journal_list_free(names, n);
    free(contents.rec);
    return status;
}

void as_catalogue_free(struct as_catalogue *c)
{
    if (c == NULL)
        return;
    if (c->items)
        as_journal_close_read(c->items);
    if (c->contents)
        as_journal_close_read(c->contents);
    free(c->room);
    free(c->place);
    free(c->copy);
    free(c);
}

static void from_item(struct as_row *row, const struct as_item *item)
{
    row->source = item->key.part[0];
    row->path = item->path;
    row->size = item->size;
    row->has_sha256 = item->has_sha256;
    row->has_md5 = row->has_sha1 = item->has_md5;
    memcpy(row->sha256, item->sha256, 32);
    memcpy(row->md5, item->md5, 16);
    memcpy(row->sha1, item->sha1, 20);
    row->mtime_s = item->mtime_s;
    row->flags |= item->flags;
    if (!item->has_content) {
        row->kind = item->kind;
        row->reason = item->reason;
    }
    if (item->note.len && row->ntrouble < AS_ERRORS_MAX) {
        row->trouble[row->ntrouble].stage = "unpack";
        row->trouble[row->ntrouble].status = item->reason;
        row->trouble[row->ntrouble++].message = item->note;
    }
}

static enum as_status read_item(struct as_journal_reader *from, uint32_t file, uint64_t at,
                                struct as_item *item, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_journal_frame f;

    AS_TRY(as_journal_read(from, file, at, &f, err));
    if (as_item_unpack(f.bytes, f.n, item) != AS_OK)
        AS_FAIL(err, AS_EBUG, "the journal has an item that cannot be read");
done:
    return status;
}

/* Completes an item by the hash that another row of it has. */
static enum as_status take_hash(struct as_catalogue *c, const struct as_place *p,
                                struct as_item *item, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_item other;

    if (item->has_sha256 || item->has_content || p->content_file == AS_NO_CONTENT)
        return AS_OK;
    AS_TRY(read_item(c->contents, p->content_file, p->content_at, &other, err));
    item->has_sha256 = other.has_sha256;
    item->has_md5 = other.has_md5;
    memcpy(item->sha256, other.sha256, sizeof item->sha256);
    memcpy(item->md5, other.md5, sizeof item->md5);
    memcpy(item->sha1, other.sha1, sizeof item->sha1);
done:
    return status;
}

enum as_status as_catalogue_row(struct as_catalogue *c, uint64_t id, struct as_row *row,
                                struct as_key *key, struct as_err *err)
{
    const struct as_place *p = &c->place[id - c->first];
    enum as_status status = AS_OK;
    struct as_journal_frame f;
    struct as_item item;

    memset(row, 0, sizeof *row);
    AS_TRY(read_item(c->items, p->file, p->at, &item, err));
    AS_TRY(take_hash(c, p, &item, err));
    if (item.has_content) {
        if (p->content_file == AS_NO_CONTENT) {
            /* another item with these bytes was to be examined, and changed before it was */
            from_item(row, &item);
            row->reason = AS_REASON_CHANGED;
            row->flags |= AS_FLAG_CHANGED;
            goto finish;
        }
        AS_TRY(as_journal_read(c->contents, p->content_file, p->content_at, &f, err));
        if (as_content_unpack(f.bytes + 32, f.n - 32, c->room, row) != AS_OK)
            AS_FAIL(err, AS_EBUG, "the journal has an examination that cannot be read");
    }
    from_item(row, &item);
finish:
    row->id = id;
    row->status = (uint16_t)as_reason_status(row->reason);
    if (p->copy && row->status != AS_ITEM_CRASHED && row->status != AS_ITEM_TIMEOUT &&
        row->status != AS_ITEM_KNOWN)
        row->status = AS_ITEM_DUPLICATE;
    if (p->changed)
        row->flags |= AS_FLAG_CHANGED;
    if (key)
        *key = item.key;
done:
    return status;
}

/* ---- who has a row ---- */

struct owners {
    uint64_t *first; /* [ranks] rows */
    int ranks;
};

static int owner_of(void *state, const void *rec)
{
    const struct owners *o = state;

    return as_rank_of_id(o->first, o->ranks, as_be_get(rec, 8));
}

enum as_status as_deal_rows(struct as_comm *comm, uint64_t first, uint8_t **recs, uint64_t *n,
                            uint32_t rec_size, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct owners o = {.ranks = as_comm_size(comm)};

    o.first = calloc((size_t)o.ranks, sizeof *o.first);
    AS_TRY(as_comm_agree(comm, o.first ? AS_OK : AS_ENOMEM, err));
    AS_TRY(as_comm_allgather(comm, &first, sizeof first, o.first));
    AS_TRY(as_deal(comm, recs, n, rec_size, owner_of, &o, err));
done:
    free(o.first);
    return status;
}
