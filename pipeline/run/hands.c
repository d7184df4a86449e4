/* hands.c - what is in hand, kept so that it survives the death of the whole rank. */
#include "hands.h"

#include "../log.h"
#include "grow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each rank has a room of its own in the file, of whole pages: no two write to one. */
enum { SEATS_MAX = 257, DEATHS = 2, PAGE = 4096 };
enum { ROOM = (SEATS_MAX * (int)sizeof(struct as_hand) + PAGE - 1) / PAGE * PAGE };

/* A record of CASE/journal/hands. */
struct counted {
    struct as_hand hand;      /* first: sorted as hands are          */
    uint32_t deaths, attempt; /* dead attempts, and the last of them */
};

struct table {
    struct counted *at;
    uint64_t n, cap;
};

/* ---- counting: rank 0 ---- */

static bool add_one(struct table *t, const struct counted *one)
{
    if (one->hand.key.n < 1 || one->hand.key.n > AS_KEY_MAX)
        return true;
    if (!as_grow((void **)&t->at, t->n, &t->cap, sizeof *one))
        return false;
    t->at[t->n++] = *one;
    return true;
}

/* *f: NULL where there is none.  False: it cannot be opened. */
static bool open_in(int dir, const char *name, FILE **f)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    *f = NULL;
    if (fd < 0)
        return errno == ENOENT;
    if ((*f = fdopen(fd, "r")) == NULL)
        close(fd);
    return *f != NULL;
}

/* The table of before.  What is not there, or is cut short, was not in hand. */
static bool add_table(struct table *t, int dir)
{
    struct counted one;
    FILE *f;
    bool good = open_in(dir, "hands", &f);

    while (f && good && fread(&one, sizeof one, 1, f) == 1)
        good = add_one(t, &one);
    if (f) {
        good &= !ferror(f);
        fclose(f);
    }
    return good;
}

/* What the ranks of a dead attempt left. */
static bool add_attempt(struct table *t, int dir, const char *name, uint32_t attempt)
{
    struct as_hand seat[ROOM / sizeof(struct as_hand)];
    FILE *f;
    bool good = open_in(dir, name, &f);
    size_t n;

    for (off_t at = 0; f && good && fseeko(f, at, SEEK_SET) == 0 &&
                       (n = fread(seat, sizeof *seat, SEATS_MAX, f)) > 0;
         at += ROOM)
        for (size_t i = 0; i < n && good; i++)
            good = add_one(t, &(struct counted){seat[i], 1, attempt});
    if (f) {
        good &= !ferror(f);
        fclose(f);
    }
    return good;
}

static int by_hand_and_attempt(const void *a, const void *b)
{
    const struct counted *x = a, *y = b;
    int order = as_hand_compare(&x->hand, &y->hand);

    return order ? order : (x->attempt > y->attempt) - (x->attempt < y->attempt);
}

/* One record of each hand; an attempt counts once, however often it is told. */
static void add_up(struct table *t)
{
    uint64_t n = 0;

    if (t->n > 0)
        qsort(t->at, t->n, sizeof *t->at, by_hand_and_attempt);
    for (uint64_t i = 0; i < t->n; i++) {
        struct counted *last = n ? &t->at[n - 1] : NULL;
        if (last == NULL || as_hand_compare(&last->hand, &t->at[i].hand) != 0) {
            t->at[n++] = t->at[i];
        } else if (last->attempt != t->at[i].attempt) {
            last->deaths += t->at[i].deaths;
            last->attempt = t->at[i].attempt;
        }
    }
    t->n = n;
}

static bool is_hand(const char *name, unsigned *attempt)
{
    int end = 0;

    return sscanf(name, "a%4u.hand%n", attempt, &end) == 1 && end > 0 && name[end] == 0;
}

/* The table of before, and the files of attempts that have died since. */
static bool add_all(struct table *t, DIR *d)
{
    bool good = add_table(t, dirfd(d));
    struct dirent *e;
    unsigned attempt;

    while (good && (errno = 0, (e = readdir(d)) != NULL))
        if (is_hand(e->d_name, &attempt))
            good = add_attempt(t, dirfd(d), e->d_name, attempt);
    good &= errno == 0;
    add_up(t);
    return good;
}

static bool write_table(const struct table *t, DIR *d)
{
    int fd = openat(dirfd(d), "hands.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    bool good = f != NULL && (t->n == 0 || fwrite(t->at, sizeof *t->at, t->n, f) == t->n);

    if (f == NULL && fd >= 0)
        close(fd);
    if (f && fclose(f) != 0)
        good = false;
    return good && renameat(dirfd(d), "hands.new", dirfd(d), "hands") == 0;
}

static void remove_counted(DIR *d)
{
    unsigned attempt;

    rewinddir(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (is_hand(e->d_name, &attempt))
            unlinkat(dirfd(d), e->d_name, 0);
}

static void find_suspects(struct as_hands *h, const char *journal)
{
    DIR *d = opendir(journal);
    struct table t = {0};
    bool good = d && add_all(&t, d);

    if (good && t.n > 0)
        good = write_table(&t, d);
    if (good)
        remove_counted(d); /* not before the table is written */
    if (t.n > 0)
        h->suspects = calloc(t.n, sizeof *h->suspects);
    for (uint64_t i = 0; h->suspects && i < t.n; i++)
        if (t.at[i].deaths >= DEATHS)
            h->suspects[h->nsuspects++] = t.at[i].hand;
    if (!good || (t.n > 0 && !h->suspects))
        as_log(AS_LOG_WARN, "what earlier attempts had in hand cannot be counted in %s", journal);
    if (h->nsuspects > 0)
        as_log(AS_LOG_INFO, "suspects=%llu: two dead attempts had them in hand, so they are examined alone",
               (unsigned long long)h->nsuspects);
    free(t.at);
    if (d)
        closedir(d);
}

/* ---- all ranks ---- */

static enum as_status share_suspects(struct as_hands *h, struct as_comm *comm, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_comm_bcast(comm, &h->nsuspects, sizeof h->nsuspects, 0));
    if (h->nsuspects == 0)
        goto done;
    if (h->suspects == NULL)
        h->suspects = calloc(h->nsuspects, sizeof *h->suspects);
    AS_TRY(as_comm_agree(comm, h->suspects ? AS_OK : AS_ENOMEM, err));
    AS_TRY(as_comm_bcast(comm, h->suspects, h->nsuspects * sizeof *h->suspects, 0));
done:
    return status;
}

enum as_status as_hands_begin(struct as_hands *h, struct as_comm *comm, const char *journal,
                              uint32_t attempt, struct as_err *err)
{
    enum as_status status = AS_OK;
    const unsigned me = (unsigned)as_comm_rank(comm);

    *h = (struct as_hands){.fd = -1};
    if (me == 0)
        find_suspects(h, journal);
    AS_TRY(share_suspects(h, comm, err)); /* whoever is past this is past the counting */
    h->room = (off_t)me * ROOM;
    if (asprintf(&h->path, "%s/a%04u.hand", journal, attempt) < 0)
        h->path = NULL;
    else
        h->fd = open(h->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (h->fd < 0)
        as_log(AS_LOG_WARN, "what is in hand cannot be kept in %s: %s", journal, strerror(errno));
done:
    return status;
}

/* A few bytes into the page cache: no wait for a disk is to be feared. */
void as_hands_note(struct as_hands *h, uint32_t seat, const struct as_hand *hand)
{
    if (h->fd >= 0 && seat < SEATS_MAX &&
        pwrite(h->fd, hand, sizeof *hand, h->room + (off_t)(seat * sizeof *hand)) != (ssize_t)sizeof *hand) {
        as_log(AS_LOG_WARN, "what is in hand cannot be kept in %s: %s", h->path, strerror(errno));
        close(h->fd);
        h->fd = -1;
    }
}

void as_hands_end(struct as_hands *h)
{
    static const uint8_t nothing[ROOM];

    if (h->path && h->fd >= 0) {
        if (!h->keep)
            (void)!pwrite(h->fd, nothing, sizeof nothing, h->room);
        close(h->fd);
    }
    free(h->path);
    free(h->suspects);
    *h = (struct as_hands){.fd = -1};
}
