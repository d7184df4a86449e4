/* t_hands.c - hands: what two dead attempts had in hand is a suspect, and nothing else. */
#include "../pipeline/run/hands.h"

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

static char dir[] = "/tmp/t_hands.XXXXXX";

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int empty_dir(void **state)
{
    char command[sizeof dir + 16];
    (void)state;

    snprintf(command, sizeof command, "rm -rf %s/*", dir);
    return system(command);
}

static int remove_dir(void **state)
{
    return empty_dir(state) || rmdir(dir);
}

static bool exists(const char *name)
{
    char path[64];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

/* sha 0: a reader's. */
static struct as_hand hand_of(uint32_t entry, uint8_t sha)
{
    struct as_hand h = {.key = {.n = 2, .part = {0, entry}}};

    memset(h.sha256, sha, sizeof h.sha256);
    return h;
}

static struct as_hands begin(uint32_t attempt)
{
    struct as_hands h;

    assert_int_equal(as_hands_begin(&h, NULL, dir, attempt, NULL), AS_OK);
    return h;
}

/* The process is gone: nothing is removed. */
static void die(struct as_hands *h)
{
    h->keep = true;
    as_hands_end(h);
}

static void note(struct as_hands *h, uint32_t seat, struct as_hand hand)
{
    as_hands_note(h, seat, &hand);
}

static void t_two_deaths(void **state)
{
    struct as_hands h = begin(1);
    (void)state;

    assert_int_equal(h.nsuspects, 0);
    note(&h, 0, hand_of(5, 0));
    note(&h, 1, hand_of(7, 1));
    note(&h, 3, hand_of(8, 2));
    die(&h);
    h = begin(2);
    assert_int_equal(h.nsuspects, 0);
    assert_false(exists("a0001.hand"));
    note(&h, 2, hand_of(9, 2)); /* another item, the same content: the same suspect */
    note(&h, 1, hand_of(7, 3)); /* the same item of another content is another thing */
    note(&h, 0, hand_of(5, 0));
    die(&h);
    h = begin(3);
    assert_int_equal(h.nsuspects, 2);
    assert_int_equal(h.suspects[0].key.part[1], 5); /* the reader's first */
    assert_int_equal(h.suspects[0].sha256[0], 0);
    assert_int_equal(h.suspects[1].sha256[0], 2);
    as_hands_end(&h);
    h = begin(4); /* and remain so */
    assert_false(exists("a0003.hand"));
    assert_int_equal(h.nsuspects, 2);
    as_hands_end(&h);
}

/* Through with it before it died, and attempts that ended by themselves. */
static void t_put_down(void **state)
{
    struct as_hands h;
    (void)state;

    for (uint32_t attempt = 1; attempt < 5; attempt++) {
        h = begin(attempt);
        assert_int_equal(h.nsuspects, 0);
        note(&h, 1, hand_of(7, 1));
        note(&h, 2, hand_of(8, 2));
        note(&h, 1, (struct as_hand){0});
        if (attempt == 1)
            die(&h);
        else
            as_hands_end(&h);
    }
    assert_true(exists("hands"));
}

/* Two workers of one attempt, and an attempt that is told twice. */
static void t_once_an_attempt(void **state)
{
    char from[64], to[64];
    struct as_hands h = begin(1);
    (void)state;

    note(&h, 1, hand_of(7, 1));
    note(&h, 2, hand_of(7, 1));
    die(&h);
    snprintf(from, sizeof from, "%s/a0001.hand", dir);
    snprintf(to, sizeof to, "%s/kept", dir);
    assert_int_equal(link(from, to), 0);
    h = begin(2);
    assert_int_equal(h.nsuspects, 0);
    as_hands_end(&h);
    assert_int_equal(link(to, from), 0); /* that attempt died before it removed this */
    h = begin(3);
    assert_int_equal(h.nsuspects, 0);
    as_hands_end(&h);
}

static void t_garbage(void **state)
{
    static const char *const NAMES[] = {"hands", "a0001.hand", "a0002.hand",
                                        "a0001.handle", "x.hand"};
    char path[64];
    FILE *f;
    struct as_hands h;
    (void)state;

    srand(1);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, NAMES[i]);
        assert_non_null(f = fopen(path, "w"));
        for (int k = 0; k < 5003; k++)
            putc(k % 7 ? 0 : rand() & 0x8f, f);
        fclose(f);
    }
    h = begin(3);
    for (uint64_t i = 0; i < h.nsuspects; i++)
        assert_in_range(h.suspects[i].key.n, 1, AS_KEY_MAX);
    as_hands_end(&h);
    assert_true(exists("x.hand"));
    assert_true(exists("a0001.handle"));
}

/* A run does without. */
static void t_no_folder(void **state)
{
    struct as_hands h;
    (void)state;

    assert_int_equal(as_hands_begin(&h, NULL, "/nonexistent", 1, NULL), AS_OK);
    note(&h, 1, hand_of(1, 1));
    as_hands_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(t_two_deaths, empty_dir),
        cmocka_unit_test_setup(t_put_down, empty_dir),
        cmocka_unit_test_setup(t_once_an_attempt, empty_dir),
        cmocka_unit_test_setup(t_garbage, empty_dir),
        cmocka_unit_test_setup(t_no_folder, empty_dir),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
