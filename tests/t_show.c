/* t_show.c - a sealed case, shown and verified by the program itself. */
#include "../pipeline/media/sniff.h"
#include "../pipeline/store/store.h"

#include <jansson.h>
#include <math.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ITEMS = 7 };

static char root[64], evidence[128], name[160];
static char content[65], exact[65];
static char *out;
static size_t out_len;

struct thing {
    const char *path, *bytes;
    uint16_t kind, status, reason;
    uint32_t flags;
};

static const struct thing THINGS[ITEMS] = {
    {"evidence", NULL, AS_KIND_FOLDER, AS_ITEM_NOT_APPLICABLE, AS_REASON_FOLDER, 0},
    {"evidence/a.tar", "a tar, as far as this test cares", AS_KIND_TAR, AS_ITEM_NOT_APPLICABLE,
     AS_REASON_CONTAINER, 0},
    {"evidence/a.tar>>one.jpg", "one", AS_KIND_JPEG, AS_ITEM_OK, AS_REASON_TRUNCATED,
     AS_FLAG_TRUNCATED},
    {"evidence/a.tar>>../two.jpg", "two", AS_KIND_JPEG, AS_ITEM_DAMAGED, AS_REASON_BAD_HEADER,
     AS_FLAG_TRAVERSAL},
    {"evidence/b\033[2J.jpg", "bee", AS_KIND_JPEG, AS_ITEM_OK, AS_REASON_NONE, 0},
    {"evidence/c/one.jpg", "one", AS_KIND_JPEG, AS_ITEM_DUPLICATE, AS_REASON_NONE, 0},
    {"evidence/d.zip", "zip", AS_KIND_ZIP, AS_ITEM_ENCRYPTED, AS_REASON_ENCRYPTED, 0},
};

static const struct as_kv KV[] = {
    {{"exif.Make", 9}, {"Maker & Sons", 12}},
    {{"png.parameters", 14}, {"two\nlines", 9}},
};

static enum as_status row_of(void *state, uint64_t i, struct as_row *row, struct as_err *err)
{
    const struct thing *t = &THINGS[i];

    (void)state;
    (void)err;
    memset(row, 0, sizeof *row);
    row->id = i;
    row->path = (struct as_text){t->path, (uint32_t)strlen(t->path)};
    row->mtime_s = 1700000000;
    row->kind = t->kind;
    row->status = t->status;
    row->reason = t->reason;
    row->flags = t->flags;
    if (t->bytes) {
        row->size = strlen(t->bytes);
        row->has_sha256 = true;
        EVP_Digest(t->bytes, row->size, row->sha256, NULL, EVP_sha256(), NULL);
    }
    if (t->kind == AS_KIND_JPEG && t->status == AS_ITEM_OK) {
        row->w = 640;
        row->h = 480;
        row->frames = 1;
        row->kv = KV;
        row->nkv = 2;
        row->ntrouble = 1;
        row->trouble[0] = (struct as_trouble){"decode", AS_REASON_TRUNCATED, {"ends early", 10}};
    }
    return AS_OK;
}

static void write_file(const char *path, const char *bytes, const char *mode)
{
    FILE *f = fopen(path, mode);

    assert_non_null(f);
    fputs(bytes, f);
    fclose(f);
}

static void write_evidence(void)
{
    char path[256];

    snprintf(path, sizeof path, "%s/c", evidence);
    mkdir(evidence, 0700);
    mkdir(path, 0700);
    for (int i = 1; i < ITEMS; i++)
        if (strstr(THINGS[i].path, ">>") == NULL) {
            snprintf(path, sizeof path, "%s/%s", root, THINGS[i].path);
            write_file(path, THINGS[i].bytes, "wb");
        }
}

static void write_audit(void)
{
    char path[256], line[512];
    char zeros[65];

    memset(zeros, '0', 64);
    zeros[64] = 0;
    snprintf(path, sizeof path, "%s/audit.jsonl", name);
    snprintf(
        line, sizeof line,
        "{\"event\": \"sealed\", \"prev\": \"%s\", \"time\": \"\", \"content_digest\": \"%s\"}\n",
        zeros, content);
    write_file(path, line, "wb");
}

static enum as_status finding_of(void *findings, uint64_t i, struct as_finding *f,
                                 struct as_err *err)
{
    (void)err;
    *f = ((const struct as_finding *)findings)[i];
    return AS_OK;
}

static enum as_status name_of(void *names, const struct as_match *m, struct as_text *to,
                              struct as_err *err)
{
    (void)m;
    (void)err;
    *to = (struct as_text){names, (uint32_t)strlen(names)};
    return AS_OK;
}

static const struct as_set_row SET = {AS_SET_MEDIA, "sought pictures", "/ref/sought.h5", "", 3};
static char sought[] = "old/\033[2Jbee.jpg";
static const struct as_match MATCH = {.row = 4, .reference = 2, .kind = AS_MATCH_CODE, .value = 9, .p = (double)NAN};
static const struct as_link LINKS[] = {{2, 4, AS_MATCH_CODE, 7}, {2, 5, AS_MATCH_HASH, 0}};
static const struct as_member MEMBERS[] = {{2, 2, true}, {4, 2, false}, {5, 2, false}};

static const struct as_origin ORIGINS[] = {{2, 2, 90, 1e-12f}, {4, 2, 81, 1e-9f}};

static void seal(const char *path)
{
    struct as_source_row source = {
        .path = evidence, .size = 41, .recheck = 1, .kind = AS_KIND_FOLDER};
    struct as_finding finding = {.row = 4,
                                 .kind = AS_FINDING_SCORE,
                                 .set = AS_FINDING_NONE,
                                 .score = 2.5F,
                                 .llr = NAN,
                                 .text = "the file declares itself as generated"};
    bool with[AS_DETECTORS_MAX] = {false};
    const struct as_model *models[AS_DETECTORS_MAX] = {NULL};
    struct as_store_what what = {
        .rows = {.count = ITEMS, .row = row_of},
        .sources = &source,
        .nsources = 1,
        .finding = finding_of,
        .findings = &finding,
        .nfindings = as_detectors[0] ? 1 : 0,
        .sets = &SET,
        .nsets = 1,
        .matches = &MATCH,
        .nmatches = 1,
        .name = name_of,
        .names = sought,
        .links = LINKS,
        .nlinks = 2,
        .members = MEMBERS,
        .nmembers = 3,
        .origins = ORIGINS,
        .norigins = 2,
        .with_det = with,
        .models = models,
        .provenance = "{\"ranks\": 3, \"examiners\": 2, \"seconds\": 4.5, \"host\": \"h\"}",
    };
    struct as_err err;

    with[0] = as_detectors[0] != NULL;
    as_err_clear(&err);
    memset(source.sha256, 'a', 64);
    if (as_store_seal(path, NULL, &what, content, exact, &err) != AS_OK)
        fail_msg("%s", err.text);
}

static int setup(void **state)
{
    char path[256];

    (void)state;
    strcpy(root, "/tmp/t_showXXXXXX");
    if (mkdtemp(root) == NULL)
        return -1;
    snprintf(evidence, sizeof evidence, "%s/evidence", root);
    snprintf(name, sizeof name, "%s/case", root);
    mkdir(name, 0700);
    write_evidence();
    snprintf(path, sizeof path, "%s/results.h5", name);
    seal(path);
    write_audit();
    return 0;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    free(out);
    out = NULL;
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

/* Runs the program; its output is in `out`, its exit code is given. */
static int run(const char *fmt, ...)
{
    const char *bin = getenv("ASSAY_BIN");
    char args[512], command[1024];
    va_list ap;
    size_t room = 1 << 20;
    FILE *p;
    int code;

    if (bin == NULL)
        skip();
    va_start(ap, fmt);
    vsnprintf(args, sizeof args, fmt, ap);
    va_end(ap);
    snprintf(command, sizeof command, "%s %s 2>&1", bin, args);
    free(out);
    out = calloc(1, room);
    assert_non_null(out);
    p = popen(command, "r");
    assert_non_null(p);
    out_len = fread(out, 1, room - 1, p);
    code = pclose(p);
    assert_true(WIFEXITED(code));
    return WEXITSTATUS(code);
}

static void has(const char *part)
{
    if (strstr(out, part) == NULL)
        fail_msg("lacks \"%s\":\n%s", part, out);
}

static void test_summary(void **state)
{
    (void)state;
    assert_int_equal(run("show %s", name), 0);
    has("7, 47 bytes in all");
    has("3 ranks of 2 examiners on h, 4.5 s");
    has("every item has one status");
    has("the header is broken");
    has("evidence/a.tar>>../two.jpg");
    has("encrypted; give passwords");
    has("traversal");
    has("1 item has the same content as an earlier item (3 bytes)");
    has("--status damaged,encrypted");
    has(content);
    has(exact);
    assert_null(strchr(out, '\033'));
    if (as_detectors[0]) {
        has("the file declares itself as generated");
        has("evidence/b\\x1b[2J.jpg");
    }
}

static void test_summary_json(void **state)
{
    json_t *o;

    (void)state;
    assert_int_equal(run("show %s --json", name), 0);
    o = json_loads(out, 0, NULL);
    assert_non_null(o);
    assert_int_equal(json_integer_value(json_object_get(o, "items")), ITEMS);
    assert_true(json_is_true(json_object_get(o, "accounting_holds")));
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(o, "statuses"), "duplicate")), 1);
    assert_string_equal(json_string_value(json_object_get(o, "content_digest")), content);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "provenance"), "ranks")),
                     3);
    json_decref(o);
}

static void test_item(void **state)
{
    json_t *o;

    (void)state;
    assert_int_equal(run("show %s 2", name), 0);
    has("#2  evidence/a.tar>>one.jpg");
    has("640 x 480 pixels");
    has("truncated: the file ends early");
    has("Maker & Sons");
    has("two\\nlines");
    has("ends early");
    has("evidence/c/one.jpg"); /* the same content */
    assert_int_equal(run("show %s '#2'", name), 0);
    assert_int_equal(run("show %s two.jpg", name), 0);
    has("#3  ");
    assert_int_equal(run("show %s 'a.tar>>one.jpg'", name), 0);
    has("#2  ");
    assert_int_equal(run("show %s 'b\\x1b[2J.jpg'", name), 0);
    has("#4  ");
    assert_int_equal(run("show %s one.jpg", name), 64);
    has("2 items end in");
    assert_int_equal(run("show %s ne.jpg", name), 66);
    assert_int_equal(run("show %s 99", name), 66);
    assert_int_equal(run("show %s 2 --json", name), 0);
    o = json_loads(out, 0, NULL);
    assert_non_null(o);
    assert_string_equal(json_string_value(json_object_get(o, "path")), "evidence/a.tar>>one.jpg");
    assert_int_equal(json_array_size(json_object_get(o, "metadata")), 2);
    json_decref(o);
}

static void test_related(void **state)
{
    json_t *o, *groups;

    (void)state;
    assert_int_equal(run("show %s", name), 0);
    has("media set of 3: 1 match");
    has("1 item is like old/\\x1b[2Jbee.jpg");
    has("1 copy, 1 near-copy in 1 archive; 1 group");
    has("a.tar>>one.jpg\n            and 1 more\n");
    assert_int_equal(run("show %s --json", name), 0);
    o = json_loads(out, 0, NULL);
    groups = json_object_get(json_object_get(o, "relations"), "groups");
    assert_int_equal(json_array_size(groups), 1);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(groups, 0), "copies")), 1);
    assert_int_equal(json_array_size(json_object_get(o, "sets")), 1);
    assert_int_equal(json_array_size(json_object_get(o, "same_camera")), 1);
    json_decref(o);
    assert_int_equal(run("show %s 4", name), 0);
    has("PCE 81 with the mean of the others, false alarm 1e-09\n  #2 ");
    has("sought pictures, reference 2\n");
    has("nearly the same picture as a known one: old/\\x1b[2Jbee.jpg (9 of 256 bits of the PDQ "
        "codes "
        "differ)");
    has("near-identical picture, 7 of 256 bits differ");
    assert_int_equal(run("show %s 2 --json", name), 0);
    o = json_loads(out, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(o, "links")), 2);
    assert_int_equal(json_array_size(json_object_get(o, "matches")), 0);
    assert_int_equal(json_array_size(json_object_get(o, "same_camera")), 2);
    json_decref(o);
}

static void test_status_list(void **state)
{
    (void)state;
    assert_int_equal(run("show %s --status damaged,encrypted", name), 0);
    has("#3 ");
    has("#6 ");
    assert_null(strstr(out, "#2 "));
    assert_int_equal(run("show %s --status broken", name), 64);
    assert_int_equal(run("show %s --status ok --json", name), 0);
    has("\\\\x1b[2J");
}

static void test_verify(void **state)
{
    char path[256];

    (void)state;
    assert_int_equal(run("verify %s", name), 0);
    has("verified: the case is what was sealed");
    assert_int_equal(run("verify %s --evidence", name), 0);
    has("4 of 4 files are unchanged");
    snprintf(path, sizeof path, "%s/c/one.jpg", evidence);
    write_file(path, "One", "wb");
    assert_int_equal(run("verify %s --evidence", name), 2);
    has("evidence/c/one.jpg: its hash is not what it was");
    has("3 of 4 files are unchanged");
    unlink(path);
    assert_int_equal(run("verify %s --evidence", name), 2);
    has("holds 3 files now, the case has 4");
}

static void test_verify_audit(void **state)
{
    char path[256];

    (void)state;
    snprintf(path, sizeof path, "%s/audit.jsonl", name);
    write_file(path, "{\"event\": \"after\", \"prev\": \"no\", \"time\": \"\"}\n", "ab");
    assert_int_equal(run("verify %s", name), 2);
    has("line 2: its \"prev\" is not the hash");
    unlink(path);
    assert_int_equal(run("verify %s --json", name), 2);
    has("audit.jsonl is missing");
    has("\"verified\": false");
}

/* A changed byte anywhere in the data is told: here, in the text of a path. */
static void test_verify_store(void **state)
{
    char path[256];
    FILE *f;
    char *bytes, *at;
    size_t n;

    (void)state;
    snprintf(path, sizeof path, "%s/results.h5", name);
    f = fopen(path, "r+b");
    assert_non_null(f);
    bytes = calloc(1, 4 << 20);
    assert_non_null(bytes);
    n = fread(bytes, 1, 4 << 20, f);
    at = memmem(bytes, n, "a.tar>>../two", 13);
    assert_non_null(at);
    fseek(f, at - bytes, SEEK_SET);
    fputc('A', f);
    fclose(f);
    free(bytes);
    assert_int_equal(run("verify %s", name), 2);
    has("the data give");
}

static void test_explain(void **state)
{
    char other[256];

    (void)state;
    assert_int_equal(run("verify --explain %s %s", name, name), 0);
    has("equal");
    snprintf(other, sizeof other, "%s/empty", root);
    mkdir(other, 0700);
    assert_int_equal(run("verify --explain %s %s", name, other), 66);
}

/* The lines that README gives to readers of the store do run. */
static void test_readme(void **state)
{
    const char *source = getenv("ASSAY_SOURCE");
    char command[512];

    (void)state;
    if (source == NULL || system("/usr/bin/python3 -c 'import h5py, pandas' 2>/dev/null") != 0) {
        print_message("needs ASSAY_SOURCE, python3-h5py and python3-pandas\n");
        skip();
    }
    snprintf(command, sizeof command,
             "cd %s && sed -n '/^```python/,/^```$/p' %s/README.md | grep -v '^```' >r.py && "
             "test -s r.py && /usr/bin/python3 r.py",
             root, source);
    assert_int_equal(system(command), 0);
}

int main(void)
{
#define T(x) cmocka_unit_test_setup_teardown(x, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_summary),     T(test_summary_json), T(test_item),         T(test_related),
        T(test_status_list), T(test_verify),       T(test_verify_audit), T(test_verify_store),
        T(test_explain),     T(test_readme),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
