/* t_folder.c - the walk over a folder: order, links, depth, what cannot be read. */
#include "../pipeline/evidence/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { DEEP = 5000 };

static char base[] = "/tmp/t_folder.XXXXXX";

static int setup(void **state)
{
    (void)state;
    return mkdtemp(base) == NULL || chdir(base) != 0;
}

static int teardown(void **state)
{
    char command[256];

    (void)state;
    snprintf(command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", base, base);
    return chdir("/") != 0 || system(command) != 0;
}

static void touch(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* "path type size reason" of all that is told, a line each. */
static char *walk(const char *root)
{
    struct as_folder *f;
    struct as_file file;
    struct as_err err = {0};
    char *all = NULL;
    size_t n;
    FILE *to = open_memstream(&all, &n);

    assert_int_equal(as_folder_open(&f, root, &err), AS_OK);
    while (as_folder_next(f, &file, &err) == AS_OK)
        fprintf(to, "%s %d %d %d\n", file.path, (int)file.type,
                file.type == AS_ENTRY_FILE ? (int)file.size : 0, (int)file.reason);
    assert_int_equal(as_folder_next(f, &file, &err), AS_END);
    as_folder_close(f);
    fclose(to);
    return all;
}

static void expect(const char *root, const char *want)
{
    char *got = walk(root);

    assert_string_equal(got, want);
    free(got);
}

static void test_order(void **state)
{
    (void)state;
    assert_int_equal(mkdir("o", 0700) | mkdir("o/b", 0700) | mkdir("o/a", 0700), 0);
    touch("o/b/z", "zzz");
    touch("o/b/\xc3\xa9", "");
    touch("o/a/1", "1");
    touch("o/a.txt", "text"); /* '.' sorts before '/', but "a" before "a.txt" */
    touch("o/B", "");
    assert_int_equal(symlink("../o", "o/loop"), 0);
    assert_int_equal(mkfifo("o/pipe", 0600), 0);
    expect("o", " 1 0 0\n"
                "B 0 0 0\n"
                "a 1 0 0\n"
                "a/1 0 1 0\n"
                "a.txt 0 4 0\n"
                "b 1 0 0\n"
                "b/z 0 3 0\n"
                "b/\xc3\xa9 0 0 0\n"
                "loop 2 0 0\n"
                "pipe 4 0 0\n");
}

static void test_roots(void **state)
{
    struct as_folder *f;
    struct as_err err = {0};

    (void)state;
    assert_int_equal(mkdir("r", 0700), 0);
    touch("r/x", "x");
    touch("single", "12345");
    assert_int_equal(symlink("r", "link"), 0);
    expect("single", " 0 5 0\n");
    expect("link", " 2 0 0\n");
    expect("link/", " 1 0 0\nx 0 1 0\n");
    expect("r/", " 1 0 0\nx 0 1 0\n");
    assert_int_equal(as_folder_open(&f, "nothing", &err), AS_EIO);
    assert_null(f);
    as_folder_close(NULL);
}

static void test_unreadable(void **state)
{
    (void)state;
    assert_int_equal(mkdir("u", 0700) | mkdir("u/a", 0700) | mkdir("u/b", 0700), 0);
    touch("u/a/hidden", "");
    touch("u/c", "c");
    if (geteuid() == 0) { /* root reads everything: nothing to see */
        print_message("run by root: skipped\n");
        skip();
    }
    assert_int_equal(chmod("u/a", 0), 0);
    expect("u", " 1 0 0\na 1 0 67\nb 1 0 0\nc 0 1 0\n");
}

/* 5,000 folders deep: a path of 15,000 bytes and few descriptors. */
static void test_deep(void **state)
{
    struct as_folder *f;
    struct as_file file;
    struct rlimit few = {64, 64}, before;
    char *path = NULL;
    int told = 0, ends = 0, here = open(".", O_RDONLY | O_DIRECTORY);

    (void)state;
    assert_int_equal(mkdir("d", 0700) | chdir("d"), 0);
    for (int i = 0; i < DEEP; i++) {
        assert_int_equal(mkdir("dd", 0700), 0);
        if (i % 1000 == 0)
            touch("zz", "z");
        assert_int_equal(chdir("dd"), 0);
    }
    touch("leaf", "leaf");
    assert_int_equal(fchdir(here), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_int_equal(as_folder_open(&f, "d", NULL), AS_OK);
    while (as_folder_next(f, &file, NULL) == AS_OK) {
        told++;
        assert_int_equal(file.reason, AS_REASON_NONE);
        size_t len = strlen(file.path);
        if (len > 4 && strcmp(file.path + len - 4, "leaf") == 0)
            path = strdup(file.path);
        ends += len > 1 && strcmp(file.path + len - 2, "zz") == 0;
    }
    as_folder_close(f);
    assert_int_equal(told, DEEP + 2 + 5);
    assert_int_equal(ends, 5);
    assert_non_null(path);
    struct stat st;
    int fd = as_file_open("d", path, &st);
    assert_true(fd >= 0);
    assert_int_equal(st.st_size, 4);
    close(fd);
    close(here);
    free(path);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void refuse(const char *root, const char *relative, int error)
{
    struct stat st;

    errno = 0;
    assert_int_equal(as_file_open(root, relative, &st), -1);
    if (error)
        assert_int_equal(errno, error);
}

static void test_open(void **state)
{
    struct stat st;
    char text[8] = {0};

    (void)state;
    assert_int_equal(mkdir("p", 0700) | mkdir("p/q", 0700), 0);
    touch("p/q/file", "inside");
    touch("outside", "outside");
    assert_int_equal(symlink("q", "p/link") | symlink("q/file", "p/filelink"), 0);
    assert_int_equal(symlink("../outside", "p/out") | mkfifo("p/fifo", 0600), 0);
    int fd = as_file_open("p", "q/file", &st);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, text, 7), 6);
    assert_string_equal(text, "inside");
    close(fd);
    fd = as_file_open("outside", "", &st);
    assert_true(fd >= 0);
    close(fd);
    refuse("p", "link/file", ELOOP);
    refuse("p", "filelink", ENXIO);
    refuse("p", "out", ENXIO);
    refuse("p", "fifo", ENXIO);
    refuse("p", "q", ENXIO);
    refuse("p", "../outside", EXDEV);
    refuse("p", "q/../../outside", EXDEV);
    refuse("p", "/etc/passwd", EXDEV);
    refuse("p", "q/..", EXDEV);
    refuse("p", "none", ENOENT);
    refuse("p/filelink", "", ENXIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),      cmocka_unit_test(test_roots),
        cmocka_unit_test(test_unreadable), cmocka_unit_test(test_deep),
        cmocka_unit_test(test_open),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
