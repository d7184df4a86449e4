/* lots.c - the units of work: joined from grains, kept for later attempts. */
#include "lots.h"

#include "../examine/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- joining ---- */

/* A lot gets this part of what each worker still has before it, so that the last lots
 * are small (guided self-scheduling, Polychronopoulos and Kuck 1987); half of it, because a
 * worker holds one lot more ready.  A worker alone has nobody to wait for.          */
enum { SHARES = 2 };

static uint64_t share(uint64_t rest, uint64_t most, uint32_t workers)
{
    uint64_t part = workers > 1 ? rest / ((uint64_t)SHARES * workers) : most;

    return part < most ? part : most;
}

static bool follows(const struct as_lot *a, const struct as_lot *b)
{
    if (a->mode != b->mode)
        return false;
    if (a->mode == AS_READ_FILES)
        return a->at + a->len == b->at;
    return a->mode == AS_READ_PART && a->at == b->at && a->first + a->count == b->first;
}

static uint64_t entries(const struct as_lot *l)
{
    return l->mode == AS_READ_PART ? l->count : l->nfiles;
}

static void append(struct as_lot *a, const struct as_lot *b)
{
    if (a->mode == AS_READ_PART) {
        a->count += b->count;
    } else {
        a->len += b->len;
        a->nfiles += b->nfiles;
    }
    a->bytes += b->bytes;
}

uint64_t as_lots_join(struct as_lot *lot, uint64_t n, uint64_t lot_bytes, uint64_t lot_entries,
                      uint32_t workers)
{
    uint64_t bytes = 0, count = 0, k = 0, most_bytes = 0, most_entries = 0;

    for (uint64_t i = 0; i < n; i++) {
        bytes += lot[i].bytes;
        count += entries(&lot[i]);
    }
    for (uint64_t i = 0; i < n; i++) {
        struct as_lot next = lot[i], *last = k ? &lot[k - 1] : NULL;
        if (last && follows(last, &next) && last->bytes + next.bytes <= most_bytes &&
            entries(last) + entries(&next) <= most_entries) {
            append(last, &next);
        } else {
            most_bytes = share(bytes, lot_bytes, workers);
            most_entries = share(count, lot_entries, workers);
            lot[k++] = next;
        }
        bytes -= next.bytes;
        count -= entries(&next);
    }
    return k;
}

/* ---- files written beside and renamed ---- */

FILE *as_beside_open(const char *path, char **beside)
{
    if (asprintf(beside, "%s.new", path) < 0) {
        *beside = NULL;
        return NULL;
    }
    return fopen(*beside, "wb");
}

/* The name is on the disk too. */
static bool sync_folder_of(const char *path)
{
    char *copy = strdup(path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool good = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL); /* some file systems sync no folders */

    if (fd >= 0)
        close(fd);
    free(copy);
    return good;
}

enum as_status as_beside_close(FILE *f, bool good, const char *beside, const char *path,
                               struct as_err *err)
{
    enum as_status status = AS_OK;

    good = good && fflush(f) == 0 && fdatasync(fileno(f)) == 0;
    good &= fclose(f) == 0;
    if (!good || rename(beside, path) != 0 || !sync_folder_of(path))
        AS_FAIL(err, AS_EIO, "cannot write %s: %s", path, strerror(errno));
done:
    return status;
}

/* ---- CASE/journal/lots ---- */

static const char LOTS_MAGIC[8] = "ASLOTS2";

enum as_status as_lots_write(const char *path, const char *fingerprint, const struct as_totals *totals,
                             const struct as_lot *lots, uint64_t nlots, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *beside = NULL;
    FILE *f = as_beside_open(path, &beside);
    uint64_t len = strlen(fingerprint);
    bool good;

    if (f == NULL)
        AS_FAIL(err, AS_EIO, "cannot write %s: %s", path, strerror(errno));
    good = fwrite(LOTS_MAGIC, 8, 1, f) == 1 && fwrite(&len, 8, 1, f) == 1 &&
           fwrite(fingerprint, 1, len, f) == len && fwrite(totals, sizeof *totals, 1, f) == 1 &&
           fwrite(&nlots, 8, 1, f) == 1 && fwrite(lots, sizeof *lots, nlots, f) == nlots;
    AS_TRY(as_beside_close(f, good, beside, path, err));
done:
    free(beside);
    return status;
}

enum as_status as_lots_read(const char *path, char **fingerprint, struct as_totals *totals,
                            struct as_lot **lots, uint64_t *nlots, struct as_err *err)
{
    enum as_status status = AS_OK;
    FILE *f = fopen(path, "rb");
    uint64_t len = 0;
    char magic[8], *text = NULL;
    struct as_lot *l = NULL;
    struct stat st;
    bool bad;

    *fingerprint = NULL;
    *lots = NULL;
    *nlots = 0;
    if (f == NULL && errno == ENOENT)
        return AS_SKIP;
    if (f == NULL)
        AS_FAIL(err, AS_EIO, "cannot open %s: %s", path, strerror(errno));
    errno = 0;
    bad = fstat(fileno(f), &st) != 0 || fread(magic, 8, 1, f) != 1 ||
          memcmp(magic, LOTS_MAGIC, 8) != 0 || fread(&len, 8, 1, f) != 1 ||
          len > (uint64_t)st.st_size || (text = calloc(1, len + 1)) == NULL ||
          fread(text, 1, len, f) != len || fread(totals, sizeof *totals, 1, f) != 1 ||
          fread(nlots, 8, 1, f) != 1 || *nlots > (uint64_t)st.st_size / sizeof *l ||
          (l = calloc(*nlots + 1, sizeof *l)) == NULL || fread(l, sizeof *l, *nlots, f) != *nlots;
    if (bad && errno != 0)
        AS_FAIL(err, AS_EIO, "cannot read %s: %s", path, strerror(errno));
    if (bad)
        AS_FAIL(err, AS_EFORMAT, "%s is broken; start over with --fresh", path);
    *fingerprint = text;
    *lots = l;
    text = NULL;
    l = NULL;
done:
    free(text);
    free(l);
    if (f)
        fclose(f);
    return status;
}
