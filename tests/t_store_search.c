/* t_store_search.c - the sealed file of a search: what it holds, what its digests cover, what it is
 * not taken for. */
#include "store_seal.h"

static const char PARENT[] = "0123456789012345678901234567890123456789012345678901234567890123";

/* Turns a kit's case into the search of a case of so many items. */
static struct as_store_parent *searched(struct kit *k, uint64_t items)
{
    static const bool with[AS_DETECTORS_MAX];
    static struct as_store_parent parent;
    const struct as_store_what was = k->what;

    parent.items = items;
    memcpy(parent.content_digest, PARENT, sizeof PARENT);
    memcpy(parent.digest_exact, PARENT, sizeof PARENT);
    k->what = (struct as_store_what){
        .parent = &parent,
        .rows = {was.rows.state, 0, 0, was.rows.row},
        .sets = was.sets,
        .nsets = was.nsets,
        .matches = was.matches,
        .nmatches = was.nmatches,
        .sensor_maps = was.sensor_maps,
        .nsensor_maps = was.nsensor_maps,
        .name = was.name,
        .names = was.names,
        .with_det = with,
        .provenance = "{\"case\": \"nowhere\"}",
    };
    return &parent;
}

static enum as_status refuse(void *state, struct as_err *err)
{
    (void)state;
    (void)err;
    return AS_ESTOP;
}

static void test_round_trip(void **state)
{
    struct kit *k = kit_new(seed, 301, 0, 1);
    const struct as_set_row *sets;
    struct as_match m;
    struct digests d;
    struct as_err err = {0};

    (void)state;
    assert_non_null(k);
    searched(k, 301);
    assert_true(k->what.nmatches > 0);
    seal_to(path_a, k, &d);
    struct as_store *store = open_it(path_a);
    assert_non_null(as_store_parent(store));
    assert_string_equal(as_store_parent(store)->content_digest, PARENT);
    assert_true(as_store_parent(store)->items == 301);
    assert_true(as_store_items(store) == 0 && as_store_links(store) == 0);
    assert_int_equal(as_store_sets(store, &sets), k->what.nsets);
    assert_true(as_store_matches(store) == k->what.nmatches);
    for (uint64_t i = 0; i < k->what.nmatches; i++) {
        assert_int_equal(as_store_match(store, i, &m, &err), AS_OK);
        assert_true(m.row == k->what.matches[i].row && m.set == k->what.matches[i].set &&
                    m.reference == k->what.matches[i].reference &&
                    m.kind == k->what.matches[i].kind);
    }
    assert_true(as_store_sensor_maps(store) == k->what.nsensor_maps);
    for (uint64_t i = 0; i < k->what.nsensor_maps; i++) {
        struct as_sensor_map map;
        assert_int_equal(as_store_sensor_map(store, i, &map, &err), AS_OK);
        assert_memory_equal(map.cells, map.w ? k->sensor_maps[i].cells : map.cells,
                            (size_t)map.w * map.h);
    }
    assert_int_equal(as_store_check(store, NULL, NULL, &err), AS_OK);
    const struct as_ask no = {refuse, NULL};
    assert_int_equal(as_store_check(store, NULL, &no, &err), AS_ESTOP);
    assert_int_equal(as_store_check(store, NULL, NULL, &err), AS_OK);
    as_store_close(store);
    assert_int_equal(as_store_open(&store, path_a, &err), AS_EFORMAT);
    assert_non_null(strstr(err.text, "the search of a case"));
    kit_free(k);
}

/* The same matches of another case have other digests. */
static void test_parent_counts(void **state)
{
    struct kit *k = kit_new(seed, 301, 0, 1);
    struct digests a, b, c;

    (void)state;
    assert_non_null(k);
    struct as_store_parent *parent = searched(k, 301);
    seal_to(path_a, k, &a);
    seal_to(path_b, k, &b);
    assert_memory_equal(&a, &b, sizeof a);
    parent->content_digest[5] ^= 1;
    seal_to(path_b, k, &b);
    assert_string_not_equal(a.content, b.content);
    assert_string_equal(a.exact, b.exact);
    parent->digest_exact[5] ^= 1;
    seal_to(path_b, k, &c);
    assert_string_equal(b.content, c.content);
    assert_string_not_equal(a.exact, c.exact);
    kit_free(k);
}

/* A match of a row that the case has not. */
static void test_beyond(void **state)
{
    struct kit *k = kit_new(seed, 301, 0, 1);

    (void)state;
    assert_non_null(k);
    searched(k, k->what.matches[k->what.nmatches - 1].row);
    seal_fails(k, AS_EBUG, "which is not there");
    kit_free(k);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_parent_counts),
        cmocka_unit_test(test_beyond),
    };

    if (!store_begin(argc, argv))
        return 1;
    return store_end(cmocka_run_group_tests(TESTS, NULL, NULL));
}
