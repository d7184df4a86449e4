/* t_mpi_catalogue.c - catalogue: an item's several rows become one, in whatever journals they lie.
 */
#include "../pipeline/run/catalogue.h"
#include "t_mpi.h"

#include <unistd.h>

enum { JOURNALS = 3, RECORDS = 4 };

static char dir[] = "/tmp/t_catalogue.XXXXXX";

/* The records of one item, each with its reason and hash (0: none), and the row they make. */
static const struct {
    struct {
        uint8_t type;
        uint16_t reason;
        uint8_t sha;
    } record[RECORDS];
    uint16_t reason;
    uint8_t sha;
    bool changed;
} CASES[] = {
    /* a part broke its reader; the lot for the whole has the hash */
    {{{AS_REC_ITEM, AS_REASON_CONTAINER, 7},
      {AS_REC_ITEM, AS_REASON_CRASHED, 0},
      {AS_REC_RECHECK, 0, 7}},
     AS_REASON_CRASHED,
     7,
     false},
    {{{AS_REC_ITEM, AS_REASON_CONTAINER, 7},
      {AS_REC_ITEM, AS_REASON_CRASHED, 0},
      {AS_REC_RECHECK, 0, 8}},
     AS_REASON_CRASHED,
     7,
     true},
    {{{AS_REC_ITEM, AS_REASON_CRASHED, 0},
      {AS_REC_ITEM, AS_REASON_CONTAINER, 7},
      {AS_REC_RECHECK, AS_REASON_CHANGED, 0}},
     AS_REASON_CRASHED,
     7,
     true},
    /* the same of several: damage is less than what breaks a reader */
    {{{AS_REC_ITEM, AS_REASON_CONTAINER_DAMAGED, 7},
      {AS_REC_ITEM, AS_REASON_TIMEOUT_CPU, 0},
      {AS_REC_ITEM, AS_REASON_CRASHED, 0},
      {AS_REC_RECHECK, 0, 7}},
     AS_REASON_CRASHED,
     7,
     false},
    {{{AS_REC_ITEM, AS_REASON_CRASHED, 7}, {AS_REC_ITEM, AS_REASON_LIMIT_MEMORY, 0}},
     AS_REASON_CRASHED,
     7,
     false},
    /* what could not be read has no hash anywhere */
    {{{AS_REC_ITEM, AS_REASON_UNREADABLE, 0},
      {AS_REC_ITEM, AS_REASON_CRASHED, 0},
      {AS_REC_RECHECK, 0, 7}},
     AS_REASON_UNREADABLE,
     0,
     false},
    /* one row, and the same row twice */
    {{{AS_REC_ITEM, AS_REASON_CONTAINER, 7}, {AS_REC_RECHECK, 0, 8}}, AS_REASON_CONTAINER, 7, true},
    {{{AS_REC_ITEM, AS_REASON_BAD_HEADER, 7},
      {AS_REC_ITEM, AS_REASON_BAD_HEADER, 7},
      {AS_REC_RECHECK, 0, 7}},
     AS_REASON_BAD_HEADER,
     7,
     false},
};
enum { NCASES = sizeof CASES / sizeof *CASES };

/* Each case is there once for each journal that its first record may lie in. */
static struct as_key key_of(unsigned of, unsigned turn)
{
    return (struct as_key){.n = 3, .part = {0, of, turn}};
}

static void write_records(struct as_journal *const *journal)
{
    static uint8_t bytes[4096];

    for (now = 0; now < NCASES; now++)
        for (unsigned turn = 0; turn < JOURNALS; turn++)
            for (unsigned i = 0; i < RECORDS && CASES[now].record[i].type; i++) {
                struct as_item item = {.key = key_of(now, turn),
                                       .path = {"a.tar", 5},
                                       .reason = CASES[now].record[i].reason,
                                       .has_sha256 = CASES[now].record[i].sha != 0,
                                       .has_md5 = CASES[now].record[i].sha != 0};
                memset(item.sha256, CASES[now].record[i].sha, sizeof item.sha256);
                memset(item.md5, CASES[now].record[i].sha, sizeof item.md5);
                CHECK(as_journal_append(
                          journal[(i + turn) % JOURNALS], CASES[now].record[i].type, bytes,
                          (uint32_t)as_item_pack(&item, bytes, sizeof bytes)) == AS_OK);
            }
}

static void write_journals(void)
{
    struct as_journal *journal[JOURNALS] = {0};
    struct as_block *block;
    char fence[64];

    snprintf(fence, sizeof fence, "%s/attempt-2", dir);
    for (uint32_t i = 0; i < JOURNALS; i++)
        CHECK(as_journal_create(&journal[i], dir, 1, i, fence, NULL) == AS_OK);
    write_records(journal);
    for (int i = 0; i < JOURNALS; i++) {
        as_journal_cut(journal[i], &block);
        CHECK(as_journal_commit(journal[i], block, NULL) == AS_OK);
        as_journal_close(journal[i]);
    }
}

static void check_row(const struct as_row *row, const struct as_key *key)
{
    uint8_t sha[32];

    now = key->part[1];
    memset(sha, CASES[now].sha, sizeof sha);
    CHECK(row->reason == CASES[now].reason);
    CHECK(row->status == as_reason_status(CASES[now].reason));
    CHECK(row->has_sha256 == (CASES[now].sha != 0));
    CHECK(row->has_md5 == row->has_sha256);
    CHECK(memcmp(row->sha256, sha, sizeof sha) == 0);
    CHECK(memcmp(row->md5, sha, sizeof row->md5) == 0);
    CHECK(((row->flags & AS_FLAG_CHANGED) != 0) == CASES[now].changed);
}

static void t_rows(void **state)
{
    char *const folder = dir;
    static const struct as_options options;
    struct as_rank r = {.comm = comm,
                        .me = rank,
                        .size = size,
                        .options = &options,
                        .journals = &folder,
                        .njournals = 1};
    static struct as_row row;
    struct as_catalogue *c = NULL;
    struct as_key key;
    (void)state;

    if (rank == 0)
        write_journals();
    CHECK(as_comm_agree(comm, AS_OK, NULL) == AS_OK);
    CHECK(as_catalogue_new(&c, &r, NULL) == AS_OK);
    CHECK(c && c->total == (uint64_t)NCASES * JOURNALS);
    for (uint64_t i = 0; c && i < c->count; i++) {
        CHECK(as_catalogue_row(c, c->first + i, &row, &key, NULL) == AS_OK);
        check_row(&row, &key);
    }
    as_catalogue_free(c);
    end_test();
}

static void drop_dir(void)
{
    char name[64];

    for (int i = 0; i < JOURNALS; i++) {
        snprintf(name, sizeof name, "%s/a0001-r%05d.jnl", dir, i);
        unlink(name);
    }
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(t_rows)};
    int failed;

    if (!start_tests())
        return 1;
    if (rank == 0 && mkdtemp(dir) == NULL)
        as_comm_abort(comm, 1);
    if (as_comm_bcast(comm, dir, sizeof dir, 0) != AS_OK)
        as_comm_abort(comm, 1);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (rank == 0)
        drop_dir();
    as_comm_stop(comm);
    return failed != 0;
}
