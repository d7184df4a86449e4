/* outlet.c - rows on their way into one dataset. */
#include "outlet.h"
#include "h5.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 4096 };

enum as_status as_outlet_add(struct as_outlet *o, uint64_t n, uint8_t **to, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (n > (SIZE_MAX / 4 - o->used) / o->set->row_bytes)
        AS_FAIL(err, AS_ENOMEM, "too many rows at once for %s", o->set->name);
    size_t add = (size_t)n * o->set->row_bytes;
    if (o->used + add > o->cap) {
        size_t cap = 2 * (o->used + add) + FIRST_CAP;
        uint8_t *buf = realloc(o->buf, cap);
        if (buf == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory for %zu bytes of %s", cap, o->set->name);
        o->buf = buf;
        o->cap = cap;
    }
    *to = o->buf + o->used;
    memset(*to, 0, add);
    o->used += add;
done:
    return status;
}

uint64_t as_outlet_rows(const struct as_outlet *o)
{
    return o->used / o->set->row_bytes;
}

/* One call: n rows at `from`, to row `at`; n may be 0. */
static enum as_status write_rows(const struct as_outlet *o, const uint8_t *from, uint64_t at,
                                 uint64_t n, hid_t dxpl, struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY];
    uint8_t none = 0;
    const int dims = o->set->two ? 2 : 1;
    const hsize_t start[2] = {at, 0}, count[2] = {n, o->set->dim};
    hid_t space = H5Dget_space(o->ds);
    hid_t mem = H5Screate_simple(dims, count, NULL);
    bool ok = space >= 0 && mem >= 0;

    if (ok && n == 0)
        ok = H5Sselect_none(space) >= 0 && H5Sselect_none(mem) >= 0;
    else if (ok)
        ok = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0;
    if (!ok || H5Dwrite(o->ds, o->type, mem, space, dxpl, n > 0 ? from : &none) < 0)
        AS_FAIL(err, AS_EIO, "cannot write rows %" PRIu64 " to %" PRIu64 " of %s: %s", at, at + n,
                o->set->name, as_h5_why(why));
done:
    if (mem >= 0)
        H5Sclose(mem);
    if (space >= 0)
        H5Sclose(space);
    return status;
}

enum as_status as_outlet_flush(struct as_outlet *o, uint64_t calls, uint64_t rows, hid_t dxpl,
                               struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t n = as_outlet_rows(o), sent = 0;

    if (n > o->end - o->at) { /* more than was counted: nothing of it is written */
        status = as_fail(err, AS_EBUG, AS_REASON_NONE, __FILE__, __LINE__,
                         "%s got more rows than were counted", o->set->name);
        n = 0;
    }
    for (uint64_t c = 0; c < calls; c++) {
        uint64_t now = n - sent < rows ? n - sent : rows;
        enum as_status one =
            write_rows(o, o->buf + sent * o->set->row_bytes, o->at, now, dxpl, status ? NULL : err);
        if (status == AS_OK)
            status = one;
        sent += now;
        o->at += now;
    }
    o->used = 0;
    return status;
}

void as_outlet_clear(struct as_outlet *o)
{
    free(o->buf);
    if (o->ds > 0)
        H5Dclose(o->ds);
    if (o->type > 0)
        H5Tclose(o->type);
    memset(o, 0, sizeof *o);
}
