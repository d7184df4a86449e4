/* t_store_refused.c - the result store: what is refused, and what becomes of failures.
 *
 * usage: t_store_refused [-s seed] */
#include "store_seal.h"

/* 1 refusals ------------------------------------------------------------------------- */

static void refused(const char *path, enum as_status want, const char *says)
{
    struct as_store *store = NULL;
    struct as_err err = {0};
    enum as_status status = as_store_open_with(&store, path, DETS, &err);

    if (status == AS_OK)
        as_store_close(store);
    if (status != want || strstr(err.text, says) == NULL)
        fail_msg("status %d, \"%s\"; wanted %d, \"%s\"", (int)status, err.text, (int)want, says);
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void test_refused(void **state)
{
    struct kit *k = kit_new(seed, 40, 0, 1);
    struct digests d;
    struct stat st;

    (void)state;
    refused("/nowhere/results.h5", AS_EIO, "cannot read");
    write_text(path_a, "");
    refused(path_a, AS_EFORMAT, "not a result store");
    write_text(path_a, "something else");
    refused(path_a, AS_EFORMAT, "not a result store");
    seal_to(path_a, k, &d);
    assert_int_equal(stat(path_a, &st), 0);
    for (off_t size = st.st_size - 1; size > 600; size = size * 2 / 3) {
        assert_int_equal(truncate(path_a, size), 0);
        refused(path_a, AS_EFORMAT, "is broken");
    }
    kit_free(k);
}

/* Changes an attribute of the sealed file, or adds a dataset. */
static void tamper(const char *path, const char *attr, const char *value)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);

    assert_true(file >= 0);
    if (attr != NULL) {
        hid_t a = H5Aopen(file, attr, H5P_DEFAULT), type = H5Aget_type(a);
        assert_true(H5Awrite(a, type, value) >= 0);
        H5Tclose(type);
        H5Aclose(a);
    } else {
        hid_t group = H5Gcreate2(file, value, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        assert_true(group >= 0);
        H5Gclose(group);
    }
    assert_true(H5Fclose(file) >= 0);
}

static void test_tampered(void **state)
{
    struct kit *k = kit_new(seed, 40, 0, 1);
    struct digests d;

    (void)state;
    seal_to(path_a, k, &d);
    tamper(path_a, "schema", "assay-results 1");
    refused(path_a, AS_EFORMAT, "its schema is \"assay-results 1\"");
    refused(path_a, AS_EFORMAT, "with the version of assay that made it, or make it again");
    tamper(path_a, "schema", AS_SCHEMA);
    as_store_close(open_it(path_a));
    tamper(path_a, NULL, "/more");
    refused(path_a, AS_EFORMAT, "does not belong there");
    seal_to(path_a, k, &d);
    hid_t file = H5Fopen(path_a, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(H5Ldelete(file, "/errors", H5P_DEFAULT) >= 0);
    assert_true(
        H5Lcreate_external("/etc/passwd", "/x", file, "/errors", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    assert_true(H5Fclose(file) >= 0);
    refused(path_a, AS_EFORMAT, "/errors is missing");
    kit_free(k);
}

/* 2 failures ------------------------------------------------------------------------- */

static void test_failing_rows(void **state)
{
    (void)state;
    for (uint64_t after = 0; after < 2; after++) { /* while counting; while writing */
        struct kit *k = kit_new(seed, 40, 0, 1);
        assert_non_null(k);
        k->rows.fail_at = 17;
        k->rows.fail_after = after;
        seal_fails(k, AS_EIO, "planted failure of row 17");
        kit_free(k);
    }
    struct kit *k = kit_new(seed, 40, 0, 1);
    k->findings[0].row = 40;
    seal_fails(k, AS_EBUG, "is of row 40");
    k->findings[0].row = 0;
    k->findings[0].det = 1;
    seal_fails(k, AS_EBUG, "detector not in the case");
    k->findings[0].det = 0;
    k->matches[1].set = 2;
    seal_fails(k, AS_EBUG, "match 1 is of no set or out of order");
    k->matches[1] = k->matches[0];
    seal_fails(k, AS_EBUG, "match 1 is of no set or out of order");
    k->matches[1].set = 1;
    k->links[2].b = k->links[2].a;
    seal_fails(k, AS_EBUG, "link 2 is of no two items or out of order");
    k->links[2].b = 40;
    seal_fails(k, AS_EBUG, "is of row 40");
    k->what.nlinks = 2;
    k->members[2].stands = false;
    seal_fails(k, AS_EBUG, "member 2 of groups is out of order");
    k->what.nmembers = 2;
    k->origins[2].group = k->origins[2].row + 1;
    seal_fails(k, AS_EBUG, "origin 2 is out of order");
    k->what.norigins = 2;
    k->sensor_maps[2].row = k->sensor_maps[1].row;
    seal_fails(k, AS_EBUG, "sensor map 2 is of no set or out of order");
    k->sensor_maps[2].row++;
    k->sensor_maps[1].w = AS_MAP_SIDE_MAX + 1;
    seal_fails(k, AS_EBUG, "sensor map 1 has 129 x 2 cells");
    k->what.nsensor_maps = 1;
    k->what.nsources = 1;
    seal_fails(k, AS_EBUG, "names source");
    kit_free(k);
}

/* Asked for the second time, row 5 has more metadata than before. */
static enum as_status fickle_row(void *state, uint64_t i, struct as_row *row, struct as_err *err)
{
    struct rows *r = state;
    enum as_status status = rows_row(r, i, row, err);

    if (i == 5 && r->fail_after-- == 0)
        row->nkv--;
    return status;
}

static void test_fickle_rows(void **state)
{
    (void)state;
    for (uint64_t after = 0; after < 2; after++) {
        struct kit *k = kit_new(seed, 40, 0, 1);
        assert_non_null(k);
        k->what.rows.row = fickle_row;
        k->rows.fail_after = after;
        seal_fails(k, AS_EBUG, "counted");
        kit_free(k);
    }
}

static void test_no_folder(void **state)
{
    struct kit *k = kit_new(seed, 4, 0, 1);
    struct digests d;
    struct as_err err = {0};

    (void)state;
    assert_int_equal(
        as_store_seal_with("/nowhere/results.h5", NULL, &k->what, DETS, d.content, d.exact, &err),
        AS_EIO);
    assert_non_null(strstr(err.text, "No such file or directory"));
    kit_free(k);
}

static void test_versions(void **state)
{
    char text[64];

    (void)state;
    as_store_versions(text, sizeof text);
    assert_int_equal(strncmp(text, "HDF5 1.", 7), 0);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_tampered),
        cmocka_unit_test(test_failing_rows), cmocka_unit_test(test_fickle_rows),
        cmocka_unit_test(test_no_folder),    cmocka_unit_test(test_versions),
    };

    if (!store_begin(argc, argv))
        return 1;
    return store_end(cmocka_run_group_tests(TESTS, NULL, NULL));
}
