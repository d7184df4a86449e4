/* t_journal.c - journal: whatever happens to the file, all whole frames are read. */
#include "../pipeline/cluster/journal.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { HEAD = 16 };
#define NAME "a0003-r00007.jnl"

static char dir[64], fence[96], path[128];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/t_journal.XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(fence, sizeof fence, "%s/attempt-4", dir);
    snprintf(path, sizeof path, "%s/%s", dir, NAME);
    return 0;
}

static int drop_dir(void **state)
{
    char name[400];
    DIR *d = opendir(dir);
    (void)state;

    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        snprintf(name, sizeof name, "%s/%s", dir, e->d_name);
        (void)!unlink(name);
    }
    closedir(d);
    return rmdir(dir);
}

static struct as_journal *create(void)
{
    struct as_journal *j;
    struct as_err err = {0};

    if (as_journal_create(&j, dir, 3, 7, fence, &err) != AS_OK)
        fail_msg("%s", err.text);
    return j;
}

static enum as_status commit(struct as_journal *j, struct as_err *err)
{
    struct as_block *block;

    as_journal_cut(j, &block);
    return as_journal_commit(j, block, err);
}

/* Frame k has type k and k bytes (k*k from 10 on), each k. */
static uint32_t frame_len(int k)
{
    return (uint32_t)(k < 10 ? k : k * k);
}

static void append(struct as_journal *j, int k)
{
    uint8_t bytes[2000];

    memset(bytes, k, sizeof bytes);
    assert_int_equal(as_journal_append(j, (uint8_t)k, bytes, frame_len(k)), AS_OK);
}

struct seen {
    int n, stop_at;
    uint64_t end; /* where the last frame ends */
    bool wrong;
};

static enum as_status see(void *state, uint8_t type, const void *bytes, uint32_t n, uint64_t offset)
{
    struct seen *s = state;
    const uint8_t *at = bytes;

    s->wrong |= type != s->n || n != frame_len(type) || offset != s->end;
    for (uint32_t i = 0; i < n; i++)
        s->wrong |= at[i] != type;
    s->end = offset + HEAD + n;
    s->n++;
    return s->n == s->stop_at ? AS_SKIP : AS_OK;
}

static struct seen scan(bool *torn)
{
    struct seen s = {0};
    struct as_err err = {0};

    if (as_journal_scan(path, see, &s, torn, &err) != AS_OK)
        fail_msg("%s", err.text);
    assert_false(s.wrong);
    return s;
}

static void put_file(const uint8_t *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    close(fd);
}

static size_t get_file(uint8_t *bytes, size_t room)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, bytes, room);

    assert_true(n >= 0);
    close(fd);
    return (size_t)n;
}

static void t_round_trip(void **state)
{
    struct as_journal *j = create();
    struct as_block *block;
    struct as_err err = {0};
    struct stat st;
    bool torn;
    (void)state;

    as_journal_cut(j, &block);
    assert_null(block);
    for (int k = 0; k < 30; k++) {
        append(j, k);
        if (k % 7 == 6)
            assert_int_equal(commit(j, &err), AS_OK);
    }
    assert_int_equal(scan(&torn).n, 28); /* the last two are in memory */
    assert_true(as_journal_held(j) == 2 * HEAD + 28 * 28 + 29 * 29);
    assert_int_equal(commit(j, &err), AS_OK);
    assert_int_equal(commit(j, &err), AS_OK); /* nothing to write */
    assert_true(as_journal_held(j) == 0);
    as_journal_close(j);
    assert_int_equal(scan(&torn).n, 30);
    assert_false(torn);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(as_journal_create(&j, dir, 3, 7, fence, &err), AS_EIO); /* exclusive */
    assert_null(j);
    assert_int_equal(as_journal_create(&j, dir, 10000, 7, fence, &err), AS_ELIMIT);
}

static void t_format(void **state)
{
    /* crc32(03 00 00 00 05 00 00 00 'a' 'b' 'c') by another implementation */
    static const uint8_t WANT[] = {'A', 'S', 'J',  '1',  3,    0,    0,   0,   5,  0,
                                   0,   0,   0x9a, 0x60, 0x38, 0x6a, 'a', 'b', 'c'};
    uint8_t got[64];
    struct as_journal *j = create();
    (void)state;

    assert_int_equal(as_journal_append(j, 5, "abc", 3), AS_OK);
    assert_int_equal(commit(j, NULL), AS_OK);
    as_journal_close(j);
    assert_int_equal(get_file(got, sizeof got), sizeof WANT);
    assert_memory_equal(got, WANT, sizeof WANT);
}

/* Cut at every byte, and flipped at every bit: all whole frames before are read, no more. */
static void t_torn(void **state)
{
    uint8_t file[4096], hurt[4096];
    uint64_t ends[14];
    size_t n, at = 0;
    bool torn;
    struct as_journal *j = create();
    (void)state;

    for (int k = 0; k < 14; k++) {
        append(j, k);
        ends[k] = at += HEAD + frame_len(k);
    }
    assert_int_equal(commit(j, NULL), AS_OK);
    as_journal_close(j);
    n = get_file(file, sizeof file);
    assert_int_equal(n, at);
    for (size_t cut = 0; cut <= n; cut++) {
        int whole = 0;
        while (whole < 14 && ends[whole] <= cut)
            whole++;
        put_file(file, cut);
        assert_int_equal(scan(&torn).n, whole);
        assert_int_equal(torn, cut != (whole ? ends[whole - 1] : 0));
    }
    for (size_t bit = 0; bit < 8 * n; bit++) {
        int whole = 0;
        while (ends[whole] <= bit / 8)
            whole++;
        memcpy(hurt, file, n);
        hurt[bit / 8] ^= (uint8_t)(1 << bit % 8);
        put_file(hurt, n);
        assert_int_equal(scan(&torn).n, whole);
        assert_true(torn);
    }
}

/* A block cut short by a full disk is taken back; the rest stays readable. */
static void t_full(void **state)
{
    struct rlimit limit, before;
    struct as_journal *j = create();
    struct as_err err = {0};
    struct stat st;
    bool torn;
    (void)state;

    append(j, 0);
    append(j, 1);
    assert_int_equal(commit(j, &err), AS_OK);
    append(j, 2);
    append(j, 40); /* 1600 bytes */
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 1000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(commit(j, &err), AS_EIO);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_non_null(strstr(err.text, "make room"));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 2 * HEAD + 1);
    append(j, 2);
    assert_int_equal(commit(j, &err), AS_EIO); /* it stays broken */
    as_journal_close(j);
    assert_int_equal(scan(&torn).n, 2);
    assert_false(torn);
}

/* A block that was lost is missed by all that follow: nothing is saved any more. */
static void t_lost_block(void **state)
{
    struct as_journal *j = create();
    struct as_err err = {0};
    char away[96];
    (void)state;

    snprintf(away, sizeof away, "%s.away", dir);
    append(j, 5);
    assert_int_equal(rename(dir, away), 0); /* the case folder cannot be opened for a while */
    assert_int_equal(commit(j, &err), AS_EIO);
    assert_int_equal(rename(away, dir), 0);
    append(j, 6);
    assert_int_equal(commit(j, &err), AS_EIO);
    as_journal_close(j);
}

static void t_fence(void **state)
{
    struct as_journal *j = create();
    struct as_err err = {0};
    bool torn;
    (void)state;

    append(j, 0);
    assert_int_equal(commit(j, &err), AS_OK);
    append(j, 1);
    assert_int_equal(symlink("nowhere", fence), 0); /* whatever it is, it exists */
    assert_int_equal(commit(j, &err), AS_ESTOP);
    assert_non_null(strstr(err.text, "attempt-4"));
    assert_int_equal(commit(j, &err), AS_ESTOP); /* with nothing to write too */
    unlink(fence);
    append(j, 1);
    assert_int_equal(commit(j, &err), AS_EIO); /* the block before it was lost */
    as_journal_close(j);
    assert_int_equal(scan(&torn).n, 1);
}

/* dir/name; borrowed until the next call */
static char *in_dir(const char *name)
{
    static char text[128];

    snprintf(text, sizeof text, "%s/%s", dir, name);
    return text;
}

static void t_list(void **state)
{
    static const char *const NAMES[] = {"a0002-r00000.jnl",  "a0001-r00010.jnl", "a0001-r00002.jnl",
                                        "a0001-r00002.jnl~", "b0001-r00002.jnl", "a0001-r0002.jnl",
                                        "a0001-r00002.jn"};
    char *dirs[] = {dir, dir, (char *)"/nonexistent"}, **paths = NULL;
    size_t n = 9;
    struct as_err err = {0};
    bool torn;
    (void)state;

    assert_int_equal(as_journal_list(dirs, 1, &paths, &n, &err), AS_OK);
    assert_int_equal(n, 0);
    as_journal_list_free(paths, n);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        close(open(in_dir(NAMES[i]), O_CREAT | O_WRONLY, 0600));
    assert_int_equal(as_journal_list(dirs, 2, &paths, &n, &err), AS_OK);
    assert_int_equal(n, 6); /* each folder sorted, one after the other */
    for (size_t i = 0; i < n; i++)
        assert_string_equal(paths[i], in_dir(NAMES[2 - i % 3]));
    as_journal_list_free(paths, n);
    assert_int_equal(as_journal_list(dirs, 3, &paths, &n, &err), AS_EIO);
    assert_null(paths);
    assert_int_equal(as_journal_scan(in_dir("../x"), see, NULL, &torn, &err), AS_EUSAGE);
    assert_int_equal(as_journal_scan("a0001-r00002.jn", see, NULL, &torn, &err), AS_EUSAGE);
    assert_int_equal(as_journal_scan(in_dir("a0009-r00002.jnl"), see, NULL, &torn, &err), AS_EIO);
    assert_int_equal(mkfifo(in_dir("a0009-r00003.jnl"), 0600), 0);
    assert_int_equal(as_journal_scan(in_dir("a0009-r00003.jnl"), see, NULL, &torn, &err), AS_EIO);
}

static void t_scan_stops(void **state)
{
    struct seen s = {.stop_at = 2};
    struct as_journal *j = create();
    bool torn;
    (void)state;

    for (int k = 0; k < 5; k++)
        append(j, k);
    assert_int_equal(commit(j, NULL), AS_OK);
    as_journal_close(j);
    assert_int_equal(as_journal_scan(path, see, &s, &torn, NULL), AS_SKIP);
    assert_int_equal(s.n, 2);
}

/* Frames larger than every window. */
static void t_large(void **state)
{
    static const uint32_t LENGTHS[] = {70000, 1u << 20, (1u << 20) + 1, 5, 64u << 20, 9};
    enum { N = sizeof LENGTHS / sizeof *LENGTHS };
    uint8_t *bytes = calloc(AS_JOURNAL_MAX_BYTES, 1);
    char *names[] = {path};
    struct as_journal_reader *r;
    struct as_journal_frame f;
    struct as_journal *j = create();
    uint64_t at = 0;
    (void)state;

    assert_int_equal(as_journal_append(j, 0, bytes, AS_JOURNAL_MAX_BYTES + 1), AS_ELIMIT);
    for (int k = 0; k < N; k++) {
        memset(bytes, k + 1, LENGTHS[k]);
        assert_int_equal(as_journal_append(j, (uint8_t)k, bytes, LENGTHS[k]), AS_OK);
    }
    assert_int_equal(commit(j, NULL), AS_OK);
    as_journal_close(j);
    assert_int_equal(as_journal_open_read(&r, names, 1, 1, NULL), AS_OK);
    for (int k = 0; k < N; k++) {
        assert_int_equal(as_journal_read(r, 0, at, &f, NULL), AS_OK);
        assert_int_equal(f.n, LENGTHS[k]);
        assert_int_equal(f.type, k);
        assert_int_equal(f.bytes[0], k + 1);
        assert_int_equal(f.bytes[f.n - 1], k + 1);
        at += HEAD + f.n;
    }
    assert_int_equal(as_journal_read(r, 0, at, &f, NULL), AS_EFORMAT);
    assert_int_equal(as_journal_read(r, 0, UINT64_MAX, &f, NULL), AS_EFORMAT);
    assert_int_equal(as_journal_read(r, 0, 1, &f, NULL), AS_EFORMAT);
    assert_int_equal(as_journal_read(r, 1, 0, &f, NULL), AS_EBUG);
    as_journal_close_read(r);
    free(bytes);
}

static int open_files(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n;
}

/* Random reads over more files than may be open. */
static void t_reader(void **state)
{
    enum { FILES = 9, FRAMES = 40, OPEN = 3 };
    const unsigned seed = 20240607;
    struct as_journal_reader *r;
    struct as_journal_frame f;
    struct as_journal *j;
    uint64_t at[FRAMES + 1] = {0};
    char *dirs[] = {dir}, **names;
    size_t n;
    int before;
    (void)state;

    for (uint32_t i = 0; i < FILES; i++) {
        assert_int_equal(as_journal_create(&j, dir, 1, i, fence, NULL), AS_OK);
        for (int k = 0; k < FRAMES; k++) {
            uint8_t bytes[2000];
            memset(bytes, k + (int)i, sizeof bytes);
            assert_int_equal(as_journal_append(j, (uint8_t)k, bytes, frame_len(k)), AS_OK);
            at[k + 1] = at[k] + HEAD + frame_len(k);
        }
        assert_int_equal(commit(j, NULL), AS_OK);
        as_journal_close(j);
    }
    assert_int_equal(as_journal_list(dirs, 1, &names, &n, NULL), AS_OK);
    assert_int_equal(n, FILES);
    before = open_files();
    assert_int_equal(as_journal_open_read(&r, names, n, OPEN, NULL), AS_OK);
    as_journal_list_free(names, n);
    printf("seed %u\n", seed);
    srand(seed);
    for (int i = 0; i < 3000; i++) {
        size_t file = (size_t)rand() % FILES;
        int k = rand() % FRAMES;
        assert_int_equal(as_journal_read(r, file, at[k], &f, NULL), AS_OK);
        assert_true(f.type == k && f.n == frame_len(k));
        for (uint32_t b = 0; b < f.n; b++)
            assert_int_equal(f.bytes[b], (uint8_t)(k + (int)file));
        assert_true(open_files() <= before + OPEN);
    }
    as_journal_close_read(r);
    assert_int_equal(open_files(), before);
}

struct job {
    struct as_journal *j;
    struct as_block *block;
    enum as_status status;
};

static void *commit_thread(void *arg)
{
    struct job *job = arg;

    job->status = as_journal_commit(job->j, job->block, NULL);
    return NULL;
}

/* One thread appends while another commits. */
static void t_threads(void **state)
{
    struct job job = {.j = create()};
    pthread_t thread;
    bool torn;
    (void)state;

    append(job.j, 0);
    for (int k = 1; k < 44; k++) {
        as_journal_cut(job.j, &job.block);
        assert_int_equal(pthread_create(&thread, NULL, commit_thread, &job), 0);
        append(job.j, k);
        pthread_join(thread, NULL);
        assert_int_equal(job.status, AS_OK);
    }
    assert_int_equal(commit(job.j, NULL), AS_OK);
    as_journal_close(job.j);
    assert_int_equal(scan(&torn).n, 44);
}

/* ---- kept near ---- */

static struct as_journal *create_near(const char *near, uint32_t attempt)
{
    struct as_journal *j;
    struct as_err err = {0};

    if (as_journal_create(&j, dir, attempt, 7, fence, &err) != AS_OK ||
        as_journal_keep_near(j, near, dir, &err) != AS_OK)
        fail_msg("%s", err.text);
    return j;
}

static void put(struct as_journal *j, const char *words)
{
    struct as_block *block;

    assert_int_equal(as_journal_append(j, 9, words, (uint32_t)strlen(words)), AS_OK);
    as_journal_cut(j, &block);
    assert_int_equal(as_journal_commit(j, block, NULL), AS_OK);
}

struct words {
    char text[256];
};

static enum as_status add_words(void *state, uint8_t type, const void *bytes, uint32_t n,
                                uint64_t offset)
{
    struct words *w = state;
    size_t at = strlen(w->text);

    (void)offset;
    if (type == 9)
        snprintf(w->text + at, sizeof w->text - at, "%.*s ", (int)n, (const char *)bytes);
    return AS_OK;
}

/* What all journals of the case say. */
static struct words said(void)
{
    char *dirs[] = {dir}, **names;
    struct words w = {""};
    bool torn;
    size_t n;

    assert_int_equal(as_journal_list(dirs, 1, &names, &n, NULL), AS_OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(as_journal_scan(names[i], add_words, &w, &torn, NULL), AS_OK);
    as_journal_list_free(names, n);
    return w;
}

static void t_near(void **state)
{
    char near[96];
    struct as_journal *a, *b;
    uint64_t bytes;
    (void)state;

    snprintf(near, sizeof near, "%s.near", dir);
    a = create_near(near, 1);
    put(a, "one");
    assert_string_equal(said().text, "");
    assert_int_equal(as_journal_copy(a, NULL), AS_OK);
    assert_int_equal(as_journal_copy(a, NULL), AS_OK);
    put(a, "two");
    assert_string_equal(said().text, "one ");
    as_journal_close(a); /* with something that is not copied: it stays */

    b = create_near(near, 2);
    assert_int_equal(as_journal_take_up(b, dir, &bytes, NULL), AS_OK);
    assert_int_equal(bytes, HEAD + 3);
    assert_string_equal(said().text, "one two ");
    assert_int_equal(as_journal_take_up(b, dir, &bytes, NULL), AS_OK);
    assert_int_equal(bytes, 0);
    put(b, "three");
    as_journal_close(b);

    /* the journal is another one of that name: nothing of its near file is taken */
    snprintf(path, sizeof path, "%s/a0002-r00007.jnl", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(as_journal_create(&a, dir, 2, 7, fence, NULL), AS_OK);
    as_journal_close(a);
    b = create_near(near, 3);
    assert_int_equal(as_journal_take_up(b, dir, &bytes, NULL), AS_OK);
    assert_int_equal(bytes, 0);
    assert_string_equal(said().text, "one ");
    as_journal_close(b);
    assert_int_equal(rmdir(near), 0); /* all is gone */
    snprintf(path, sizeof path, "%s/%s", dir, NAME);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, make_dir, drop_dir)
    const struct CMUnitTest tests[] = {
        T(t_round_trip), T(t_format),     T(t_torn),  T(t_full),   T(t_fence), T(t_lost_block),
        T(t_list),       T(t_scan_stops), T(t_large), T(t_reader), T(t_threads),
        T(t_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
