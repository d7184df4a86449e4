/* t_inventory.c - inventory: what is named, what is walked, how it is cut and read back. */
#include "../pipeline/run/inventory.h"

#include "../pipeline/evidence/container.h"

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

static char dir[] = "/tmp/t_inventory.XXXXXX", list[64];

static const char *at(const char *name)
{
    static char path[8][256];
    static unsigned turn;
    char *p = path[turn++ % 8];

    snprintf(p, sizeof path[0], "%s/%s", dir, name);
    return p;
}

static void write_file(const char *name, size_t n)
{
    FILE *f = fopen(at(name), "w");

    assert_non_null(f);
    for (size_t i = 0; i < n; i++)
        fputc('x', f);
    fclose(f);
}

static int make_dir(void **state)
{
    char name[64];
    (void)state;

    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(list, sizeof list, "%s/list", dir);
    mkdir(at("ev"), 0700);
    mkdir(at("ev/sub"), 0700);
    mkdir(at("evil"), 0700);
    mkdir(at("case"), 0700);
    mkdir(at("ev/case"), 0700);
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "ev/sub/f%d", i);
        write_file(name, 100);
    }
    write_file("ev/big", 5000);
    write_file("ev/\xff\n name", 3);
    write_file("lone.zip", 42);
    return symlink("big", at("ev/link"));
}

static int remove_dir(void **state)
{
    char command[sizeof dir + 16];
    (void)state;

    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

/* ---- sources ---- */

static enum as_status name(const char *a, const char *b, const char *case_dir, struct as_err *err)
{
    char *names[2] = {(char *)(uintptr_t)a, (char *)(uintptr_t)b};
    struct as_source *s;
    uint32_t n;
    enum as_status status = as_sources_new(&s, &n, names, b ? 2 : 1, case_dir, err);

    if (status == AS_OK)
        as_sources_free(s, n);
    else
        assert_null(s);
    return status;
}

static void t_refused(void **state)
{
    struct as_err err = {0};
    (void)state;

    assert_int_equal(name(at("nothing"), NULL, at("case"), &err), AS_SKIP);
    assert_non_null(strstr(err.text, "nothing"));
    assert_int_equal(name("/dev/null", NULL, at("case"), &err), AS_SKIP);
    assert_int_equal(name(at("ev"), at("ev"), at("case"), &err), AS_EUSAGE);
    assert_int_equal(name(at("ev"), at("ev/../ev/"), at("case"), &err), AS_EUSAGE);
    assert_int_equal(name(at("ev"), at("ev/sub"), at("case"), &err), AS_EUSAGE);
    assert_int_equal(name(at("ev/sub/f1"), at("ev"), at("case"), &err), AS_EUSAGE);
    assert_int_equal(name(at("ev/link"), at("ev/big"), at("case"), &err), AS_EUSAGE);
    assert_int_equal(name(at("ev"), NULL, at("ev/case"), &err), AS_EUSAGE);
    assert_int_equal(name(at("ev"), NULL, at("ev"), &err), AS_EUSAGE);
    /* near, but apart */
    assert_int_equal(name(at("ev"), at("evil"), at("case"), &err), AS_OK);
    assert_int_equal(name(at("lone.zip"), at("ev"), at("not-made-yet"), &err), AS_OK);
}

static void t_names(void **state)
{
    const char *given[] = {at("ev///"), at("ev/."), at("ev/sub/.."), at("lone.zip")};
    (void)state;

    for (int i = 0; i < 4; i++) {
        char *names[] = {(char *)(uintptr_t)given[i]};
        struct as_source *s;
        uint32_t n;
        assert_int_equal(as_sources_new(&s, &n, names, 1, at("case"), NULL), AS_OK);
        assert_int_equal(n, 1);
        assert_string_equal(s[0].name, i == 3 ? "lone.zip" : "ev");
        assert_int_equal(s[0].folder, i != 3);
        assert_string_equal(s[0].rel, i == 3 ? "lone.zip" : "");
        assert_string_equal(s[0].root, i == 3 ? dir : at("ev"));
        as_sources_free(s, n);
    }
}

/* ---- walk, lots and slices ---- */

struct made {
    struct as_source *s;
    uint32_t n;
    struct as_lot *lots;
    uint64_t nlots;
    struct as_totals totals;
};

static void make(struct made *m, uint64_t lot_bytes, uint64_t lot_entries)
{
    char *names[] = {(char *)(uintptr_t)at("ev"), (char *)(uintptr_t)at("lone.zip")};

    assert_int_equal(as_sources_new(&m->s, &m->n, names, 2, at("case"), NULL), AS_OK);
    assert_int_equal(as_inventory_make(list, m->s, m->n, lot_bytes, lot_entries, &m->lots,
                                       &m->nlots, &m->totals, NULL, NULL, NULL),
                     AS_OK);
}

static void unmake(struct made *m)
{
    as_sources_free(m->s, m->n);
    free(m->lots);
}

static void t_walk(void **state)
{
    static const char *const PATHS[] = {
        "ev",        "ev/big",    "ev/case",   "ev/link",        "ev/sub",    "ev/sub/f0",
        "ev/sub/f1", "ev/sub/f2", "ev/sub/f3", "ev/sub/f4",      "ev/sub/f5", "ev/sub/f6",
        "ev/sub/f7", "ev/sub/f8", "ev/sub/f9", "ev/\xff\n name", "lone.zip"};
    enum { N = sizeof PATHS / sizeof *PATHS };
    int fd;
    (void)state;

    for (uint64_t entries = 1; entries <= 20; entries++) {
        struct made m;
        uint64_t seen = 0, bytes = 0;
        make(&m, 1 << 20, entries);
        fd = open(list, O_RDONLY);
        assert_int_equal(m.totals.entries, N);
        assert_int_equal(m.totals.files, 13);
        assert_int_equal(m.totals.bytes, 10 * 100 + 5000 + 3 + 42);
        for (uint64_t i = 0; i < m.nlots; i++) {
            struct as_work *w;
            assert_true(m.lots[i].nfiles >= 1 && m.lots[i].nfiles <= entries);
            assert_int_equal(as_work_new(&w, fd, &m.lots[i], i, m.s, m.n, NULL), AS_OK);
            for (uint32_t k = 0; k < w->nfiles; k++, seen++) {
                const struct as_lot_file *f = &w->file[k];
                assert_int_equal(f->path.len, strlen(PATHS[seen]));
                assert_memory_equal(f->path.at, PATHS[seen], f->path.len);
                assert_int_equal(f->key.n, seen == 0 || seen == N - 1 ? 1 : 2);
                assert_int_equal(f->key.part[0], seen == N - 1);
                if (f->key.n == 2)
                    assert_int_equal(f->key.part[1], seen - 1);
                bytes += f->type == AS_ENTRY_FILE ? f->size : 0;
            }
            as_work_free(w);
        }
        assert_int_equal(seen, N);
        assert_int_equal(bytes, m.totals.bytes);
        close(fd);
        unmake(&m);
    }
}

/* No lot holds more bytes than it may, but for one file alone. */
static void t_lots(void **state)
{
    struct made m;
    uint64_t sum = 0, len = 0;
    (void)state;

    make(&m, 250, 1000);
    for (uint64_t i = 0; i < m.nlots; i++) {
        assert_true(m.lots[i].bytes <= 250 || m.lots[i].bytes == 5000);
        if (i > 0)
            assert_int_equal(m.lots[i].at, m.lots[i - 1].at + m.lots[i - 1].len);
        sum += m.lots[i].bytes;
        len += m.lots[i].len;
    }
    assert_int_equal(sum, m.totals.bytes);
    assert_true(len > 0);
    unmake(&m);
}

static enum as_status stop_at_once(void *state, const struct as_totals *t)
{
    (void)state;
    (void)t;
    return AS_ESTOP;
}

static void t_progress(void **state)
{
    struct made m;
    char path[64];
    (void)state;

    /* few entries: never asked */
    make(&m, 1 << 20, 100);
    free(m.lots);
    assert_int_equal(as_inventory_make(list, m.s, m.n, 1 << 20, 100, &m.lots, &m.nlots, &m.totals,
                                       stop_at_once, NULL, NULL),
                     AS_OK);
    unmake(&m);
    mkdir(at("many"), 0700);
    for (int i = 0; i < 5000; i++) {
        snprintf(path, sizeof path, "many/%d", i);
        write_file(path, 0);
    }
    {
        char *names[] = {(char *)(uintptr_t)at("many")};
        assert_int_equal(as_sources_new(&m.s, &m.n, names, 1, at("case"), NULL), AS_OK);
        assert_int_equal(as_inventory_make(list, m.s, m.n, 1 << 20, 100, &m.lots, &m.nlots,
                                           &m.totals, stop_at_once, NULL, NULL),
                         AS_ESTOP);
        assert_null(m.lots);
        unmake(&m);
    }
}

static void t_lots_file(void **state)
{
    struct as_totals totals;
    struct as_lot *lots;
    uint64_t n;
    char *print;
    struct made m;
    long size;
    (void)state;

    assert_int_equal(as_lots_read(at("no-lots"), &print, &totals, &lots, &n, NULL), AS_SKIP);
    make(&m, 250, 1000);
    assert_int_equal(as_lots_write(at("lots"), "finger", &m.totals, m.lots, m.nlots, NULL), AS_OK);
    assert_int_equal(as_lots_read(at("lots"), &print, &totals, &lots, &n, NULL), AS_OK);
    assert_string_equal(print, "finger");
    assert_int_equal(n, m.nlots);
    assert_memory_equal(lots, m.lots, n * sizeof *lots);
    assert_memory_equal(&totals, &m.totals, sizeof totals);
    free(print);
    free(lots);
    /* cut anywhere: refused, not believed */
    for (size = (long)(8 + 8 + 6 + sizeof totals + 8 + n * sizeof *lots) - 1; size >= 0;
         size -= 3) {
        assert_int_equal(truncate(at("lots"), size), 0);
        assert_int_equal(as_lots_read(at("lots"), &print, &totals, &lots, &n, NULL), AS_EFORMAT);
        assert_null(print);
        assert_null(lots);
    }
    unmake(&m);
}

/* A damaged inventory is refused with the words that help. */
static void t_damaged(void **state)
{
    struct as_err err = {0};
    struct made m;
    int fd, refused = 0, tried = 0;
    (void)state;

    make(&m, 1 << 20, 1000);
    assert_int_equal(m.nlots, 1);
    fd = open(list, O_RDWR);
    for (uint64_t i = 0; i < m.lots[0].len; i += 5, tried++) {
        struct as_work *w = NULL;
        uint8_t byte, wrong;
        assert_int_equal(pread(fd, &byte, 1, (off_t)i), 1);
        wrong = byte ^ 0x41;
        assert_int_equal(pwrite(fd, &wrong, 1, (off_t)i), 1);
        if (as_work_new(&w, fd, &m.lots[0], 0, m.s, m.n, &err) == AS_EFORMAT) {
            assert_non_null(strstr(err.text, "--fresh"));
            refused++;
        }
        as_work_free(w);
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)i), 1);
    }
    assert_int_equal(refused, tried);
    close(fd);
    unmake(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_refused), cmocka_unit_test(t_names),    cmocka_unit_test(t_walk),
        cmocka_unit_test(t_lots),    cmocka_unit_test(t_progress), cmocka_unit_test(t_lots_file),
        cmocka_unit_test(t_damaged),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
