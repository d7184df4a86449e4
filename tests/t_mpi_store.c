/* t_mpi_store.c - the result store by several ranks. */
#include "store_rows.h"

#include "../pipeline/cluster/comm_mpi.h"
#include "../pipeline/store/read.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static struct as_comm *comm;
static int rank, ranks;
static uint64_t failures;
static char path[80], alone[80];

static void check(bool good, const char *what, const char *more)
{
    if (good)
        return;
    failures++;
    fprintf(stderr, "rank %d of %d: %s: %s\n", rank, ranks, what, more);
}

struct digests {
    char content[65], exact[65];
};

/* Seals n rows by one process, on rank 0, and tells all. */
static struct digests seal_alone(uint64_t n, bool crashes, enum change change)
{
    struct digests d = {{0}, {0}};
    struct as_err err = {0};

    if (rank == 0) {
        struct kit *k = kit_new(7, n, 0, 1);
        k->rows.crashes = crashes;
        k->rows.change = change;
        k->rows.changed = 19;
        check(as_store_seal_with(alone, NULL, &k->what, DETS, d.content, d.exact, &err) == AS_OK,
              "seal alone", err.text);
        kit_free(k);
    }
    check(as_comm_bcast(comm, &d, sizeof d, 0) == AS_OK, "bcast", "");
    return d;
}

static struct digests seal_all(uint64_t n, bool crashes, enum change change, uint64_t bytes)
{
    struct kit *k = kit_new(7, n, rank, ranks);
    struct digests d = {{0}, {0}};
    struct as_err err = {0};

    k->rows.crashes = crashes;
    k->rows.change = change;
    k->rows.changed = 19;
    k->what.bytes_per_call = bytes;
    check(as_store_seal_with(path, comm, &k->what, DETS, d.content, d.exact, &err) == AS_OK, "seal",
          err.text);
    kit_free(k);
    return d;
}

/* Rank 0 compares the two files value by value. */
static void check_files(const char *what)
{
    struct as_store *a = NULL, *b = NULL;
    struct as_err err = {0};
    char text[600];

    if (rank != 0)
        return;
    check(as_store_open_with(&a, path, DETS, &err) == AS_OK, what, err.text);
    check(as_store_open_with(&b, alone, DETS, &err) == AS_OK, what, err.text);
    if (a != NULL && b != NULL) {
        check(as_store_explain(a, b, text, sizeof text, &err) == AS_OK, what, err.text);
        check(strcmp(text, "equal") == 0, what, text);
        check(as_store_items(a) == as_store_items(b), what, "items");
    }
    as_store_close(a);
    as_store_close(b);
}

static void test_equal(uint64_t n, bool crashes, uint64_t bytes)
{
    char what[80];
    struct digests one = seal_alone(n, crashes, NOTHING),
                   all = seal_all(n, crashes, NOTHING, bytes);

    snprintf(what, sizeof what, "%u rows by %u bytes", (unsigned)n, (unsigned)bytes);
    check(strcmp(one.content, all.content) == 0, what, "content_digest differs from one process's");
    check(strcmp(one.exact, all.exact) == 0, what, "digest_exact differs from one process's");
    check_files(what);
}

/* More rows than a block, some of them outside: what hangs on those does not shift blocks. */
static void test_outside(void)
{
    const uint64_t n = AS_BLOCK_ROWS + 1001;
    struct digests one = seal_alone(n, true, CRASH), all = seal_all(n, true, CRASH_WITH_OTHERS, 0);

    check(strcmp(one.content, all.content) == 0, "outside", "content_digest differs");
    check(strcmp(one.exact, all.exact) == 0, "outside", "digest_exact differs");
    one = seal_alone(n, true, NOTHING);
    check(strcmp(one.content, all.content) != 0, "outside", "a crash is not noticed");
}

static void check_failed(struct kit *k, enum as_status want, const char *says)
{
    struct digests d;
    struct as_err err = {0};
    char tmp[90];

    snprintf(tmp, sizeof tmp, "%s.tmp", path);
    if (rank == 0)
        unlink(path);
    enum as_status status =
        as_store_seal_with(path, comm, &k->what, DETS, d.content, d.exact, &err);
    check(status == want && strstr(err.text, says) != NULL, says, err.text);
    check(as_comm_agree(comm, AS_OK, NULL) == AS_OK, "agree", "");
    check(access(path, F_OK) != 0 && access(tmp, F_OK) != 0, says, "a file is left");
}

/* One rank's row fails, while counting or while writing. */
static void test_failing_row(void)
{
    for (uint64_t after = 0; after < 2; after++) {
        struct kit *k = kit_new(7, 3000, rank, ranks);
        k->what.bytes_per_call = 5000;
        if (rank == ranks - 1) {
            k->rows.fail_at = 2500;
            k->rows.fail_after = after;
        }
        check_failed(k, AS_EIO, "planted failure of row 2500");
        kit_free(k);
    }
}

/* No rank can write beyond a limit. */
static void test_full_disk(void)
{
    struct kit *k = kit_new(7, 3000, rank, ranks);
    struct rlimit before, small;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 400000;
    setrlimit(RLIMIT_FSIZE, &small);
    check_failed(k, AS_EIO, "cannot");
    setrlimit(RLIMIT_FSIZE, &before);
    kit_free(k);
}

/* With --break: the device of rank 1 fails in the middle; the job must end with 74. */
static enum as_status breaking_row(void *state, uint64_t i, struct as_row *row, struct as_err *err)
{
    struct rows *r = state;

    if (i == 2000 && r->fail_after-- == 0)
        check(rows_break("/results.h5.tmp") > 0, "break", "nothing to break");
    return rows_row(state, i, row, err);
}

static void seal_broken(void)
{
    struct kit *k = kit_new(7, 3000, rank, ranks);
    struct digests d;
    struct as_err err = {0};

    k->what.rows.row = breaking_row;
    k->rows.fail_after = 1;
    k->what.bytes_per_call = 100000;
    (void)!as_store_seal_with(path, comm, &k->what, DETS, d.content, d.exact, &err);
    check(false, "came back", err.text);
    kit_free(k);
}

int main(int argc, char **argv)
{
    struct as_err err = {0};
    char folder[] = "/tmp/t_mpi_store_XXXXXX";

    if (as_comm_start(&comm, &err) != AS_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    rank = as_comm_rank(comm);
    ranks = as_comm_size(comm);
    if (rank == 0 && mkdtemp(folder) == NULL)
        as_comm_abort(comm, 1);
    check(as_comm_bcast(comm, folder, sizeof folder, 0) == AS_OK, "bcast", "");
    snprintf(path, sizeof path, "%s/all.h5", folder);
    snprintf(alone, sizeof alone, "%s/alone.h5", folder);
    if (argc > 2 && strcmp(argv[1], "--break") == 0) {
        snprintf(path, sizeof path, "%s", argv[2]);
        seal_broken();
    }
    test_equal(0, false, 0);
    test_equal(1, false, 0);
    test_equal(2, false, 64);
    test_equal(400, true, 1009);
    test_equal(5003, true, 100003);
    test_equal(AS_BLOCK_ROWS + 1001, true, 0);
    test_outside();
    test_failing_row();
    test_full_disk();
    test_equal(100, false, 0);
    check(as_comm_sum(comm, &failures, 1) == AS_OK, "sum", "");
    if (rank == 0) {
        unlink(path);
        unlink(alone);
        rmdir(folder);
        printf("%d ranks: %u failures\n", ranks, (unsigned)failures);
    }
    as_comm_stop(comm);
    return failures != 0;
}
