/* store_seal.h - stores sealed and opened by one process, for its tests. */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include "store_rows.h"

#include "../pipeline/media/sniff.h"
#include "../pipeline/store/digest.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static uint64_t seed;
static char folder[] = "/tmp/t_store_XXXXXX";
static char path_a[64], path_b[64];

struct digests {
    char content[65], exact[65];
};

static inline void seal_to(const char *path, struct kit *k, struct digests *d)
{
    struct as_err err = {0};

    assert_non_null(k);
    if (as_store_seal_with(path, NULL, &k->what, DETS, d->content, d->exact, &err) != AS_OK)
        fail_msg("seal: %s", err.text);
}

/* Seals n rows with one change, and gives the digests. */
static inline struct digests digests_of(uint64_t n, enum change change, bool crashes)
{
    struct kit *k = kit_new(seed, n, 0, 1);
    struct digests d;

    assert_non_null(k);
    k->rows.change = change;
    k->rows.changed = 19;
    k->rows.crashes = crashes;
    seal_to(path_b, k, &d);
    kit_free(k);
    return d;
}

static inline struct as_store *open_it(const char *path)
{
    struct as_store *store = NULL;
    struct as_err err = {0};

    if (as_store_open_with(&store, path, DETS, &err) != AS_OK)
        fail_msg("open: %s", err.text);
    return store;
}

static inline void seal_fails(struct kit *k, enum as_status want, const char *says)
{
    struct digests d;
    struct as_err err = {0};
    char tmp[80];

    snprintf(tmp, sizeof tmp, "%s.tmp", path_b);
    unlink(path_b);
    enum as_status status =
        as_store_seal_with(path_b, NULL, &k->what, DETS, d.content, d.exact, &err);
    if (status != want || strstr(err.text, says) == NULL)
        fail_msg("status %d, \"%s\"; wanted %d, \"%s\"", (int)status, err.text, (int)want, says);
    assert_int_not_equal(access(path_b, F_OK), 0);
    assert_int_not_equal(access(tmp, F_OK), 0);
}

/* Makes the folder; gives the seed that "-s SEED" says, or a new one. */
static inline bool store_begin(int argc, char **argv)
{
    seed =
        argc > 2 && strcmp(argv[1], "-s") == 0 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
    printf("seed %llu\n", (unsigned long long)seed);
    if (mkdtemp(folder) == NULL)
        return false;
    snprintf(path_a, sizeof path_a, "%s/a.h5", folder);
    snprintf(path_b, sizeof path_b, "%s/b.h5", folder);
    return true;
}

static inline int store_end(int failed)
{
    unlink(path_a);
    unlink(path_b);
    rmdir(folder);
    return failed;
}

#endif
