/* t_crew.c - crew: a real zygote and jailed workers over a few files, without MPI.
 *
 * What a worker that was taken over can do is s_jail.sh's affair; here the rules that
 * healthy and broken files meet.                                                     */
#include "../pipeline/run/solo.h"

#include "../pipeline/evidence/container.h"
#include "../pipeline/examine/crew_parts.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 512 };

/* What came of one work. */
static struct seen {
    struct as_item item[ROWS];
    char path[ROWS][128];
    uint32_t n;
    uint8_t sha[ROWS][32];
    uint16_t content_reason[ROWS];
    uint32_t contents, asked, splits;
    uint64_t split[64][4];
    bool grant;
    char written[64]; /* grant writes what it is asked about here */
} seen;

static char dir[] = "/tmp/t_crew.XXXXXX";
static struct as_options options;
static struct as_solo *solo;

static const char *at(const char *name)
{
    static char path[4][256];
    static unsigned turn;
    char *p = path[turn++ % 4];

    snprintf(p, sizeof path[0], "%s/%s", dir, name);
    return p;
}

static void on_item(void *state, const struct as_work *work, const struct as_item *item)
{
    (void)state;
    (void)work;
    assert_true(seen.n < ROWS);
    snprintf(seen.path[seen.n], sizeof seen.path[0], "%.*s", (int)item->path.len, item->path.at);
    seen.item[seen.n++] = *item;
}

static void on_split(void *state, const struct as_work *work, const uint64_t v[4])
{
    (void)state;
    (void)work;
    assert_true(seen.splits < 64);
    memcpy(seen.split[seen.splits++], v, sizeof seen.split[0]);
}

static bool on_grant(void *state, uint32_t batch, uint32_t i, const uint8_t sha[32])
{
    int fd;
    (void)state;
    (void)sha;

    seen.asked++;
    if (seen.written[0]) {
        fd = open(seen.written, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        assert_int_equal(as_solo_write(solo, batch, i, fd, NULL), AS_OK);
        close(fd);
    }
    return seen.grant;
}

static void on_content(void *state, const struct as_work *work, const uint8_t sha[32],
                       const void *record, size_t n)
{
    static struct as_content_room room;
    static struct as_row row;
    (void)state;
    (void)work;

    assert_true(seen.contents < ROWS);
    memset(&row, 0, sizeof row);
    assert_int_equal(as_content_unpack(record, n, &room, &row), AS_OK);
    memcpy(seen.sha[seen.contents], sha, 32);
    seen.content_reason[seen.contents++] = row.reason;
}

/* ---- files ---- */

/* A 24-bit BMP of 32 x 32, all of one value: small, valid, different for each v. */
static size_t make_bmp(uint8_t *to, uint8_t v)
{
    static const uint8_t HEAD[54] = {'B', 'M', 0x36, 0x0c, 0, 0, 0, 0,  0, 0, 54, 0, 0, 0, 40,
                                     0,   0,   0,    32,   0, 0, 0, 32, 0, 0, 0,  1, 0, 24};

    memcpy(to, HEAD, sizeof HEAD);
    memset(to + 54, v, 32 * 32 * 3);
    return 54 + 32 * 32 * 3;
}

static void write_file(const char *name, const void *bytes, size_t n)
{
    FILE *f = fopen(at(name), "w");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static void write_tar(const char *name, int entries)
{
    struct archive *a = archive_write_new();
    uint8_t bmp[4096];
    char entry_name[32];

    archive_write_set_format_ustar(a);
    assert_int_equal(archive_write_open_filename(a, at(name)), ARCHIVE_OK);
    for (int i = 0; i < entries; i++) {
        struct archive_entry *e = archive_entry_new();
        size_t n = make_bmp(bmp, (uint8_t)i);
        snprintf(entry_name, sizeof entry_name, "p%03d.bmp", i);
        archive_entry_set_pathname(e, entry_name);
        archive_entry_set_size(e, (la_int64_t)n);
        archive_entry_set_filetype(e, AE_IFREG);
        archive_entry_set_perm(e, 0644);
        assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
        assert_int_equal(archive_write_data(a, bmp, n), (la_ssize_t)n);
        archive_entry_free(e);
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
}

static int start(void **state)
{
    struct as_solo_calls calls = {NULL, on_item, on_split, on_grant, on_content};
    uint8_t bmp[4096];
    size_t n;
    (void)state;

    if (mkdtemp(dir) == NULL || mkdir(at("ev"), 0700) != 0)
        return -1;
    n = make_bmp(bmp, 9);
    write_file("ev/a.bmp", bmp, n);
    write_file("ev/b.bmp", bmp, n - 1000); /* ends early */
    write_file("ev/c.txt", "just some words\n", 16);
    write_file("ev/d.bmp", bmp, 30);
    write_file("ev/e", "", 0);
    write_tar("ev/f.tar", 20);
    write_tar("large.tar", 40);
    if (symlink("a.bmp", at("ev/g")) != 0)
        return -1;
    as_options_defaults(&options);
    options.max_item = 1 << 20;
    return as_solo_new(&solo, &options, 2, &calls, NULL) == AS_OK ? 0 : -1;
}

static int end(void **state)
{
    char command[64];
    (void)state;

    as_solo_free(solo);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

/* ---- works ---- */

static struct as_work *work_for(const char *name)
{
    struct as_source source = {.root = dir, .name = (char *)(uintptr_t) "src", .folder = true};
    struct as_work *work;
    struct stat st;

    assert_int_equal(stat(at(name), &st), 0);
    assert_int_equal(as_work_for_file(&work, &source, name, &st, NULL), AS_OK);
    return work;
}

static void go(struct as_work *work)
{
    uint64_t us[4];

    assert_int_equal(as_solo_do(solo, work, us, NULL), AS_OK);
}

static void forget(bool grant)
{
    memset(&seen, 0, sizeof seen);
    seen.grant = grant;
}

static const struct as_item *find(const char *path)
{
    const struct as_item *found = NULL;

    for (uint32_t i = 0; i < seen.n; i++)
        if (strcmp(seen.path[i], path) == 0) {
            assert_null(found); /* once */
            found = &seen.item[i];
        }
    assert_non_null(found);
    return found;
}

/* A folder as the inventory lists it, its own row included. */
static void t_folder(void **state)
{
    char *names[] = {(char *)(uintptr_t)at("ev")};
    struct as_source *s;
    struct as_lot *lots;
    struct as_totals totals;
    struct as_work *work;
    uint64_t nlots;
    uint32_t n;
    int fd;
    (void)state;

    forget(true);
    assert_int_equal(as_sources_new(&s, &n, names, 1, at("case"), NULL), AS_OK);
    assert_int_equal(
        as_inventory_make(at("list"), s, n, 1 << 26, 256, &lots, &nlots, &totals, NULL, NULL, NULL),
        AS_OK);
    assert_int_equal(nlots, 1);
    fd = open(at("list"), O_RDONLY);
    assert_int_equal(as_work_new(&work, fd, lots, 0, s, n, NULL), AS_OK);
    go(work);
    assert_int_equal(seen.n, 8 + 20);
    assert_int_equal(find("ev")->reason, AS_REASON_FOLDER);
    assert_true(find("ev/a.bmp")->has_content && find("ev/a.bmp")->leaf);
    assert_int_equal(find("ev/c.txt")->reason, AS_REASON_TEXT);
    assert_int_equal(find("ev/e")->reason, AS_REASON_EMPTY);
    assert_int_equal(find("ev/f.tar")->reason, AS_REASON_CONTAINER);
    assert_int_equal(find("ev/g")->reason, AS_REASON_SYMLINK);
    assert_int_equal(find("ev/f.tar>>p007.bmp")->key.n, 3);
    /* p009 is a.bmp; both are asked about, and the caller decides */
    assert_int_equal(seen.asked, seen.contents);
    assert_in_range(seen.contents, 22, 23);
    assert_memory_equal(find("ev/f.tar>>p009.bmp")->sha256, find("ev/a.bmp")->sha256, 32);
    close(fd);
    free(lots);
    as_sources_free(s, n);
}

/* Nothing granted, nothing examined; the bytes can be had meanwhile. */
static void t_not_granted(void **state)
{
    uint8_t bmp[4096], got[4096];
    size_t n = make_bmp(bmp, 9);
    FILE *f;
    (void)state;

    forget(false);
    snprintf(seen.written, sizeof seen.written, "%s", at("written"));
    go(work_for("ev/a.bmp"));
    assert_int_equal(seen.asked, 1);
    assert_int_equal(seen.contents, 0);
    assert_int_equal(seen.n, 1);
    f = fopen(at("written"), "r");
    assert_int_equal(fread(got, 1, sizeof got, f), n);
    assert_memory_equal(got, bmp, n);
    fclose(f);
}

/* A broken item has its examiner renewed, and the next one is as if nothing had been. */
static void t_broken_then_sound(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        forget(true);
        go(work_for("ev/d.bmp"));
        assert_int_equal(seen.n, 1);
        if (seen.contents)
            assert_int_not_equal(seen.content_reason[0], AS_REASON_NONE);
        forget(true);
        go(work_for("ev/a.bmp"));
        assert_int_equal(seen.contents, 1);
        assert_int_equal(seen.content_reason[0], AS_REASON_NONE);
    }
}

/* A file that changed since it was listed is not read. */
static void t_changed(void **state)
{
    struct as_work *work = work_for("ev/c.txt");
    (void)state;

    forget(true);
    work->file[0].size++;
    go(work);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.item[0].reason, AS_REASON_CHANGED);
    assert_true(seen.item[0].flags & AS_FLAG_CHANGED);
    forget(true);
    work = work_for("ev/c.txt");
    work->file[0].rel = "ev/none";
    go(work);
    assert_int_equal(seen.item[0].reason, AS_REASON_UNREADABLE);
}

static int by_sha(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

/* The parts of a tar, put together, are the tar: each entry once, with the same key. */
static void t_parts(void **state)
{
    struct as_work *work = work_for("large.tar");
    static struct seen whole, parts;
    uint64_t split[64][4], splits;
    (void)state;

    forget(true);
    go(work_for("large.tar"));
    assert_int_equal(seen.n, 41);
    assert_int_equal(seen.contents, 40);
    whole = seen;
    forget(true);
    work->lot.mode = AS_READ_LIST;
    work->lot.part_bytes = 1 << 30;
    work->lot.part_entries = 7;
    work->lot.parts_most = 6;
    go(work);
    assert_int_equal(seen.splits, 6);
    assert_int_equal(seen.contents, 0);
    splits = seen.splits;
    memcpy(split, seen.split, sizeof split);
    forget(true);
    for (uint64_t i = splits; i-- > 0;) { /* in any order */
        work = work_for("large.tar");
        work->lot.mode = AS_READ_PART;
        work->lot.offset = split[i][0];
        work->lot.first = split[i][1];
        work->lot.count = split[i][2];
        go(work);
    }
    assert_int_equal(seen.n, 40);
    work = work_for("large.tar");
    work->lot.mode = AS_READ_WHOLE;
    go(work);
    assert_int_equal(seen.n, 41);
    parts = seen;
    for (uint32_t i = 0; i < 41; i++) {
        const struct as_item *a = &whole.item[i], *b = find(whole.path[i]);
        assert_memory_equal(&a->key, &b->key, sizeof a->key);
        assert_memory_equal(a->sha256, b->sha256, 32);
        assert_int_equal(a->reason, b->reason);
        assert_int_equal(a->size, b->size);
    }
    assert_int_equal(parts.contents, 40);
    qsort(whole.sha, 40, 32, by_sha);
    qsort(parts.sha, 40, 32, by_sha);
    assert_memory_equal(whole.sha, parts.sha, 40 * 32);
}

/* One with more parts than may be told stays whole; two deaths later nothing is told but that. */
static void t_parts_most(void **state)
{
    struct as_work *work;
    (void)state;

    for (int blocked = 0; blocked < 2; blocked++) {
        forget(true);
        work = work_for("large.tar");
        work->lot.mode = AS_READ_LIST;
        work->lot.part_bytes = 1 << 30;
        work->lot.part_entries = 7;
        work->lot.parts_most = 4;
        work->lot.nblocked = (uint32_t)blocked;
        work->lot.blocked[0].key = work->file[0].key;
        work->lot.blocked[0].reason = AS_REASON_CRASHED;
        go(work);
        assert_int_equal(seen.splits, blocked ? 1 : 4);
        assert_true(seen.split[seen.splits - 1][1] == UINT64_MAX);
        assert_true(seen.split[seen.splits - 1][3] == UINT64_MAX);
    }
}

/* Entries that broke a reader twice are named in the lot and not opened again. */
static void t_blocked(void **state)
{
    struct as_work *work = work_for("large.tar");
    (void)state;

    forget(true);
    work->lot.nblocked = 1;
    work->lot.blocked[0].key = (struct as_key){.n = 3, .part = {0, 0, 5}};
    work->lot.blocked[0].reason = AS_REASON_VIOLATION;
    go(work);
    assert_int_equal(seen.n, 41);
    assert_int_equal(find("src/large.tar>>p005.bmp")->reason, AS_REASON_VIOLATION);
    assert_int_equal(seen.contents, 39);
    for (int part = 0; part < 2; part++) {
        forget(true);
        work = work_for("large.tar");
        work->lot.mode = part ? AS_READ_PART : AS_READ_FILES;
        work->lot.count = 7;
        work->lot.nblocked = 1;
        work->lot.blocked[0].key = work->file[0].key;
        work->lot.blocked[0].reason = AS_REASON_CRASHED;
        go(work);
        assert_int_equal(seen.n, 1);
        assert_int_equal(seen.item[0].reason, AS_REASON_CRASHED);
    }
}

/* A picture too large for an arena is read behind its descriptor. */
static void t_large(void **state)
{
    uint8_t bmp[4096];
    size_t n = make_bmp(bmp, 77);
    struct as_work *work;
    (void)state;

    forget(true);
    write_file("large.bmp", bmp, n);
    assert_int_equal(truncate(at("large.bmp"), AS_INLINE_MAX + 1), 0);
    work = work_for("large.bmp");
    go(work);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.contents, 1);
    assert_int_equal(seen.content_reason[0], AS_REASON_LIMIT_ITEM); /* of --max-item, 1 MiB here */
}

/* Entries of containers in containers, or the ratio, whichever allows less. */
static void t_rows_max(void **state)
{
    struct as_options o = {.max_entries = 5, .max_depth = 1, .max_ratio = 1000};
    (void)state;

    assert_int_equal(as_crew_rows_max(&o, 0), 1 + 5 + 5 * 5);
    o.max_entries = 100000000;
    assert_int_equal(as_crew_rows_max(&o, 7), (1 << 20) + 7000);
    assert_int_equal(as_crew_rows_max(&o, UINT64_MAX / 10), UINT64_C(10000000100000001));
    o.max_depth = 8;
    o.max_ratio = 0;
    assert_true(as_crew_rows_max(&o, 7) == UINT64_MAX);
}

static uint32_t held_n[3];

static void on_hand(void *state, uint32_t seat, const struct as_hand *hand)
{
    (void)state;
    held_n[seat] = hand->key.n;
}

/* An examiner's content is told before it has it, and what is done with is no longer told then. */
static void t_held(void **state)
{
    static struct as_examiner_seat seat[2];
    static struct as_hand held[3];
    struct as_crew c = {.seat = seat, .nseats = 2, .held = held, .calls = {.hand = on_hand}};
    const struct as_slot one = {.key = {.n = 2, .part = {0, 1}}, .sha256 = {1}};
    const struct as_slot two = {.key = {.n = 3, .part = {0, 2, 0}}, .sha256 = {2}};
    (void)state;

    as_crew_hold(&c, &seat[0], &one);
    assert_int_equal(held_n[1], 2);
    seat[0].serial = 1;
    as_crew_hold(&c, &seat[1], &two);
    assert_int_equal(held_n[1], 2);
    assert_int_equal(held_n[2], 3);
    seat[0].serial = 0; /* done with, and the other seat goes on in the same turn */
    as_crew_hold(&c, &seat[1], &one);
    assert_int_equal(held_n[1], 0);
    assert_int_equal(held_n[2], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_folder),
        cmocka_unit_test(t_not_granted),
        cmocka_unit_test(t_broken_then_sound),
        cmocka_unit_test(t_changed),
        cmocka_unit_test(t_parts),
        cmocka_unit_test(t_parts_most),
        cmocka_unit_test(t_blocked),
        cmocka_unit_test(t_large),
        cmocka_unit_test(t_rows_max),
        cmocka_unit_test(t_held),
    };
    return cmocka_run_group_tests(tests, start, end);
}
