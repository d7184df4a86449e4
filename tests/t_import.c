/* t_import.c - sets described by other tools become manifests. */
#include "../pipeline/run/import.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static void write_file(const char *name, const char *text)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    for (char *p = path + strlen(dir) + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
        *p = '\0';
        mkdir(path, 0700);
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* What the set at dir/name becomes. */
static void expect(const char *name, enum as_status status, const char *want)
{
    struct as_err err = {0};
    char path[256], *text = NULL;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(as_import(path, &text, &err), status);
    if (status == AS_OK)
        assert_string_equal(text, want);
    else if (status == AS_EFORMAT && strstr(err.text, want) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, want);
    free(text);
}

#define HEAD "path,label,split,mask,group,generator\n"

static void test_pairs(void **state)
{
    (void)state;
    write_file("pairs.json",
               " [[\"./Tp/6.jpg\", \"./Gt/6.png\"], [\"/x/../y/a,b.jpg\", \"Negative\"],"
               "  [\"./Tp//6.jpg\", \"./Gt/6.png\"]]");
    expect("pairs.json", AS_OK,
           HEAD "\"/y/a,b.jpg\",authentic,,,,\nTp/6.jpg,tampered,,Gt/6.png,,\n");
    write_file("bad.json", "[[\"a.jpg\"]]");
    expect("bad.json", AS_EFORMAT, "entry 0 is no pair");
    write_file("line.json", "[[\"a\\nb.jpg\", \"Negative\"]]");
    expect("line.json", AS_EFORMAT, "line break");
    write_file("both.json", "[[\"a.jpg\", \"Negative\"], [\"a.jpg\", \"m.png\"]]");
    expect("both.json", AS_EFORMAT, "that it is authentic and that it is not");
}

static void test_objects(void **state)
{
    (void)state;
    write_file("objects.json",
               "[{\"path\": \"b.png\", \"label\": 1, \"generator\": \"g\", \"split\": \"val\"},"
               " {\"path\": \"a.png\", \"label\": 0}, {\"image\": \"c.png\", \"label\": \"fake\","
               "  \"mask\": \"m/c.png\", \"group\": \"7\"}]");
    expect("objects.json", AS_OK,
           HEAD "a.png,authentic,,,,\nb.png,generated,calibrate,,,g\nc.png,tampered,,m/c.png,7,\n");
    write_file("two.json", "[{\"path\": \"b.png\", \"label\": 2}]");
    expect("two.json", AS_EFORMAT, "entry 0");
    write_file("broken.json", "[{\"path\": ");
    expect("broken.json", AS_EFORMAT, "line 1");
    write_file("twice.json", "[{\"path\": \"b.png\", \"label\": 0, \"label\": 1}]");
    expect("twice.json", AS_EFORMAT, "duplicate");
}

/* A video of two splits, one with compressions, one with masks out of order. */
static void test_tree(void **state)
{
    (void)state;
    write_file("tree.json",
               "{\"FF-DF\": {\"FF-real\": {\"train\": {\"c23\": {\"000\": {\"label\": \"FF-real\","
               " \"frames\": [\"r/000/1.png\"]}}}, \"test\": {\"c23\": {\"000\": {\"label\":"
               " \"FF-real\", \"frames\": [\"r/000/1.png\"]}}}}, \"FF-DF\": {\"val\": {\"v9\":"
               " {\"label\": \"FF-DF\", \"frames\": [\"f/1.png\", \"f/2.png\"], \"masks\":"
               " [\"m/2.png\", \"m/1.png\"]}}}}}");
    expect("tree.json", AS_OK,
           HEAD "f/1.png,tampered,calibrate,m/1.png,v9,FF-DF\n"
                "f/2.png,tampered,calibrate,m/2.png,v9,FF-DF\n"
                "r/000/1.png,authentic,test,,000,\n");
    write_file("deep.json", "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}");
    expect("deep.json", AS_EFORMAT, "nested too deep");
    write_file("none.json", "{\"a\": 1}");
    expect("none.json", AS_EFORMAT, "names no picture");
}

static void test_folders(void **state)
{
    (void)state;
    write_file("set/test/0_real/a.jpg", "");
    write_file("set/progan/test/1_fake/b.jpg", "");
    write_file("set/readme.txt", "");
    expect("set", AS_OK,
           HEAD "set/progan/test/1_fake/b.jpg,generated,test,,,progan\n"
                "set/test/0_real/a.jpg,authentic,test,,,\n");
    expect("set/", AS_OK,
           HEAD "progan/test/1_fake/b.jpg,generated,test,,,progan\n"
                "test/0_real/a.jpg,authentic,test,,,\n");
    write_file("mani/Tp/x.jpg", "");
    write_file("mani/Tp/y.jpg", "");
    write_file("mani/Gt/y_gt.png", "");
    write_file("mani/Au/z.jpg", "");
    expect("mani", AS_OK,
           HEAD "mani/Au/z.jpg,authentic,,,,\nmani/Tp/x.jpg,tampered,,,,\n"
                "mani/Tp/y.jpg,tampered,,mani/Gt/y_gt.png,,\n");
    write_file("order/Tp/x.jpg", "");
    write_file("order/Gt/anything.png", "");
    expect("order", AS_OK, HEAD "order/Tp/x.jpg,tampered,,order/Gt/anything.png,,\n");
}

/* IMDL-BenCo's balanced sets: folders and lists, each path seen from where it stands. */
static void test_sets(void **state)
{
    (void)state;
    write_file("of/casia/Tp/x.jpg", "");
    write_file("of/casia/Gt/x.png", "");
    write_file("of/casia/Au/z.jpg", "");
    write_file("of/list/l.json", "[[\"p/1.jpg\", \"../g/1.png\"], [\"/2.jpg\", \"Negative\"]]");
    write_file("of/balanced.json",
               "[[\"ManiDataset\", \"./casia/\"], [\"JsonDataset\", \"list/l.json\"]]");
    expect("of/balanced.json", AS_OK,
           HEAD "/2.jpg,authentic,,,,\ncasia/Au/z.jpg,authentic,,,,\n"
                "casia/Tp/x.jpg,tampered,,casia/Gt/x.png,,\nlist/p/1.jpg,tampered,,g/1.png,,\n");
    write_file("of/above/b.json", "[[\"ManiDataset\", \"../casia\"]]");
    expect("of/above/b.json", AS_OK,
           HEAD
           "../casia/Au/z.jpg,authentic,,,,\n../casia/Tp/x.jpg,tampered,,../casia/Gt/x.png,,\n");
    write_file("of/self.json", "[[\"JsonDataset\", \"self.json\"]]");
    expect("of/self.json", AS_EFORMAT, "is in a set itself");
    write_file("of/bare.json", "[[\"JsonDataset\"]]");
    expect("of/bare.json", AS_EFORMAT, "names no set");
    write_file("of/gone.json", "[[\"ManiDataset\", \"gone\"], [\"JsonDataset\", \"list/l.json\"]]");
    expect("of/gone.json", AS_EIO, "");
    write_file("of/none/readme.txt", "");
    write_file("of/none.json", "[[\"ManiDataset\", \"none\"]]");
    expect("of/none.json", AS_EFORMAT, "of/none names no picture");
}

static void test_others(void **state)
{
    (void)state;
    write_file("m.csv", "path,label\n");
    expect("m.csv", AS_SKIP, "");
    expect("missing", AS_SKIP, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pairs), cmocka_unit_test(test_objects),
                                       cmocka_unit_test(test_tree),  cmocka_unit_test(test_folders),
                                       cmocka_unit_test(test_sets),  cmocka_unit_test(test_others)};
    char command[96];
    int bad;

    snprintf(dir, sizeof dir, "/tmp/t_import.%ld", (long)getpid());
    if (mkdir(dir, 0700) != 0)
        return 1;
    bad = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command) != 0 || bad;
}
