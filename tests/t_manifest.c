/* t_manifest.c - labelled pictures are read, their folders found, mistakes named with their line.
 */
#include "../pipeline/run/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char file[64];

static enum as_status reading(struct as_manifest *m, const char *text, struct as_err *err)
{
    FILE *f = fopen(file, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    as_err_clear(err);
    return as_manifest_read(m, file, err);
}

static const struct as_labelled *find(const struct as_manifest *m, uint32_t source,
                                      const char *path)
{
    struct as_row row = {.source = source, .path = {path, (uint32_t)strlen(path)}};

    return as_manifest_find(m, &row);
}

static void test_rows(void **state)
{
    struct as_manifest m;
    struct as_err err;

    (void)state;
    assert_int_equal(reading(&m,
                             "label,path,split,group,note,other\r\n"
                             "authentic,a/x.jpg,train,s1,q=3;w=4,5\r\n"
                             "tampered,a/b/y.jpg,test,s1,,\r\n"
                             "generated,a-z/x.jpg,,,,\n"
                             "\n"
                             "authentic,c/d/x.jpg,calibrate,s0,,",
                             &err),
                     AS_OK);
    assert_int_equal(m.n, 4);
    assert_int_equal(m.groups, 3);
    assert_int_equal(m.row[0].group_number, m.row[1].group_number);
    assert_int_not_equal(m.row[2].group_number, m.row[3].group_number);
    assert_string_equal(m.row[0].note, "q=3;w=4");
    assert_string_equal(m.row[0].mask, "");
    assert_int_equal(m.row[1].label, AS_LABEL_TAMPERED);
    assert_int_equal(m.row[2].split, AS_SPLIT_NONE);
    assert_int_equal(m.row[3].line, 6);
    assert_int_equal(m.nsources, 3); /* a/b lies in a */
    assert_string_equal(m.folder[0], "a");
    assert_string_equal(m.folder[1], "a-z");
    assert_string_equal(m.folder[2], "c/d");
    assert_ptr_equal(find(&m, 0, "a/b/y.jpg"), &m.row[1]);
    assert_ptr_equal(find(&m, 1, "a-z/x.jpg"), &m.row[2]);
    assert_ptr_equal(find(&m, 2, "d/x.jpg"), &m.row[3]);
    assert_null(find(&m, 0, "a/z.jpg"));
    assert_null(find(&m, 0, "a"));
    assert_null(find(&m, 3, "d/x.jpg"));
    as_manifest_clear(&m);
}

static void test_top(void **state)
{
    struct as_manifest m;
    struct as_err err;

    (void)state;
    assert_int_equal(reading(&m, "path,label\n./x.jpg,authentic\nb/y.jpg,tampered\n", &err), AS_OK);
    assert_int_equal(m.nsources, 1);
    assert_string_equal(m.folder[0], "");
    assert_string_equal(m.source[0], "/tmp/");
    assert_ptr_equal(find(&m, 0, "tmp/b/y.jpg"), &m.row[1]);
    assert_ptr_equal(find(&m, 0, "tmp/x.jpg"), &m.row[0]);
    as_manifest_clear(&m);
}

/* Paths that leave the folder beside those that do not; each picture lies in one source. */
static void test_outside(void **state)
{
    static const char *const PATHS[] = {"x.jpg",         "../y.jpg",   "b/z.jpg",
                                        "c/w.jpg",       "../d/v.jpg", "../../e/u.jpg",
                                        "/data/q/t.jpg", "..f/s.jpg"};
    struct as_manifest m;
    struct as_err err;

    (void)state;
    assert_int_equal(reading(&m,
                             "path,label\nx.jpg,authentic\n../y.jpg,tampered\nb/z.jpg,authentic\n"
                             "a/../c//./w.jpg,authentic\n../d/v.jpg,authentic\n"
                             "../g/../../e/u.jpg,authentic\n/../data/./q/t.jpg,tampered\n"
                             "..f/s.jpg,authentic\n",
                             &err),
                     AS_OK);
    assert_int_equal(m.nsources, 4);
    for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++) {
        const char *folder = m.folder[m.row[i].source];
        char path[64];
        assert_string_equal(m.row[i].path, PATHS[i]);
        snprintf(path, sizeof path, "any/%s", PATHS[i] + strlen(folder) + (*folder != '\0'));
        for (uint32_t s = 0; s < m.nsources; s++)
            assert_int_equal(find(&m, s, path) == &m.row[i], s == m.row[i].source);
    }
    as_manifest_clear(&m);
}

/* A control character is not a slash. */
static void test_control(void **state)
{
    struct as_manifest m;
    struct as_err err;

    (void)state;
    assert_int_equal(reading(&m, "path,label\na/b.jpg,authentic\na\x01/b.jpg,tampered\n", &err),
                     AS_OK);
    assert_ptr_equal(find(&m, m.row[0].source, "any/b.jpg"), &m.row[0]);
    assert_ptr_equal(find(&m, m.row[1].source, "any/b.jpg"), &m.row[1]);
    as_manifest_clear(&m);
    assert_int_equal(reading(&m,
                             "path,label\ns/a/b.jpg,authentic\ns/a\x01"
                             "b.jpg,tampered\n",
                             &err),
                     AS_OK);
    as_manifest_clear(&m);
}

/* Fields in quotes; absolute paths beside relative ones. */
static void test_quotes(void **state)
{
    struct as_manifest m;
    struct as_err err;

    (void)state;
    assert_int_equal(reading(&m,
                             "path,label,note\n"
                             "\"a, \"\"b\"\".jpg\",authentic,\"\"\n"
                             "/data/set/x.jpg,tampered,\"1,2\"\n"
                             "z.jpg,generated,plain\n",
                             &err),
                     AS_OK);
    assert_int_equal(m.n, 3);
    assert_string_equal(m.row[0].path, "a, \"b\".jpg");
    assert_string_equal(m.row[0].note, "");
    assert_string_equal(m.row[1].note, "1,2");
    assert_int_equal(m.nsources, 2);
    assert_string_equal(m.source[m.row[1].source], "/data/set");
    assert_int_equal(m.row[0].source, m.row[2].source);
    assert_ptr_equal(find(&m, m.row[1].source, "set/x.jpg"), &m.row[1]);
    as_manifest_clear(&m);
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *text, *said;
    } CASES[] = {
        {"", "is empty"},
        {"path,label\n", "names no picture"},
        {"file,label\nx,authentic\n", "path and label"},
        {"path,label\nx,fake\n", "line 2: the label"},
        {"path,label,split\n\nx,authentic,dev\n", "line 3: the split"},
        {"path,label,made\nx,authentic,1\ny,authentic,yes\n", "line 3: made is 1, 0 or empty"},
        {"path,label\nx\n", "line 2: not 2 fields"},
        {"path,label\n/x,authentic\n", "line 2: \"/x\" is no path"},
        {"path,label\nx,authentic\ny,authentic\n./x,tampered\n", "lines 2 and 4: both"},
        {"path,label\nx,authentic\na/../x,authentic\n", "lines 2 and 3: both"},
        {"path,label\n/a/../x,authentic\n", "line 2: \"/x\" is no path"},
        {"path,label\na/..,authentic\n", "line 2: \"\" is no path"},
        {"path,label\n..,authentic\n", "line 2: \"..\" is no path"},
        {"path,label\nx,authentic\na/../../..,authentic\n", "line 3: \"../..\" is no path"},
    };
    struct as_manifest m;
    struct as_err err;

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_int_equal(reading(&m, CASES[i].text, &err), AS_EFORMAT);
        if (strstr(err.text, CASES[i].said) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.text, CASES[i].said);
        as_manifest_clear(&m);
    }
    unlink(file);
    assert_int_equal(as_manifest_read(&m, file, &err), AS_SKIP);
    as_manifest_clear(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_top),
        cmocka_unit_test(test_quotes),  cmocka_unit_test(test_outside),
        cmocka_unit_test(test_control), cmocka_unit_test(test_mistakes)};

    snprintf(file, sizeof file, "/tmp/t_manifest.%ld", (long)getpid());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
