/* container_password.c - finds the password of one entry of a zip.
 *
 * The zip ciphers let a wrong password pass: PKWARE's checks one byte, WinZip's
 * two.  libarchive takes the first that passes, begins with the one that it used
 * last, and never looks back; with several passwords that would make an entry's
 * bytes depend on the entries read before it.  So with more than one, each is
 * tried on the entry alone, by its local header, until one unpacks it whole and
 * with the right checksum.                                                   */
#include "container_library.h"

#include <stdlib.h>

enum verdict { WRONG, PASSES, RIGHT };

/* A reader of the entry at `offset` alone, that knows one password. */
static struct as_container *alone(const struct as_container *c, const char *password)
{
    struct as_container *t = calloc(1, sizeof *t);

    if (t == NULL || (t->block = malloc(AS_LIBRARY_BLOCK)) == NULL) {
        free(t);
        return NULL;
    }
    t->in = c->zip_in;
    t->whole = c->whole;
    t->limits = c->limits;
    t->password[0] = password;
    t->limits.passwords = t->password;
    t->formats = AS_FORMAT_ZIP_STREAM;
    t->kind = c->kind;
    t->access = c->access;
    return t;
}

/* Puts t before the data of the entry at `offset`. */
static bool rewind_to(struct as_container *t, uint64_t offset, const struct as_container *c)
{
    if (as_library_start(t, AS_FORMAT_ZIP_STREAM, offset) < ARCHIVE_WARN ||
        as_library_header(t) < ARCHIVE_WARN)
        return false;
    as_library_data(t, c->claimed, false);
    t->out = c->out;
    return true;
}

/* Whether t's password unpacks the entry. */
static enum verdict judge(struct as_container *t, uint64_t offset, const struct as_container *c)
{
    uint8_t piece[4096];
    uint64_t got;
    enum as_status status;
    struct as_err err = {0};

    if (!rewind_to(t, offset, c))
        return WRONG;
    do
        status = as_library_read(t, piece, sizeof piece, &got, &err);
    while (status == AS_OK && got == sizeof piece);
    if (err.reason == AS_REASON_BAD_PASSWORD || err.reason == AS_REASON_ENCRYPTED ||
        err.reason == AS_REASON_ENCRYPTED_UNSUP)
        return WRONG;
    return as_item_failed(status) || (t->flags & AS_FLAG_CHECKSUM) ? PASSES : RIGHT;
}

/* Tries password number `i`; keeps its reader in *best if it is better. */
static enum verdict try_one(struct as_container *c, size_t i, uint64_t offset,
                            struct as_container **best, enum verdict so_far)
{
    struct as_container *t = alone(c, c->limits.passwords[i]);
    enum verdict v = t ? judge(t, offset, c) : WRONG;

    if (v > so_far && rewind_to(t, offset, c)) {
        as_container_close(*best);
        *best = t;
        c->last_password = v == RIGHT ? i : c->last_password;
        return v;
    }
    as_container_close(t);
    return so_far;
}

struct as_container *as_password_find(struct as_container *c, uint64_t index)
{
    struct as_container *best = NULL;
    const char *const *list = c->limits.passwords;
    enum verdict v = WRONG;
    uint64_t offset;

    if (!list || !list[0] || !list[1] || !c->zip.listed || index >= c->zip.n)
        return NULL;
    offset = c->zip.entry[index].offset;
    /* the one that was right before is likely right again; only RIGHT counts here,
     * so that which entries were read before does not matter                  */
    if (*list[c->last_password])
        v = try_one(c, c->last_password, offset, &best, PASSES);
    if (v == RIGHT && best)
        return best;
    v = WRONG;
    for (size_t i = 0; list[i] && v != RIGHT; i++)
        if (*list[i])
            v = try_one(c, i, offset, &best, v);
    return best;
}
