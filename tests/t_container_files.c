/* t_container_files.c - containers: all of the real ones there are. */
#include "container_look.h"

#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *data_dir(void)
{
    const char *dir = getenv("ASSAY_DATA");
    struct stat st;

    if (dir == NULL || stat(dir, &st) != 0) {
        print_message("no ASSAY_DATA: skipped\n");
        skip();
    }
    return dir;
}

static int open_data(const char *dir, const char *name, struct as_input *in)
{
    char path[8192];
    struct stat st;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) != 0)
        fail_msg("%s", path);
    *in = (struct as_input){.fd = fd, .size = (uint64_t)st.st_size};
    return fd;
}

#define R(name) AS_REASON_##name

/* Labelled files: how they open or end, and the first entry's trouble. */
static const struct {
    const char *name;
    uint64_t entries;
    enum as_reason end, first;
    uint32_t flags;
} TABLE[] = {
    {"commons_compress/password-encrypted.zip", 13, R(NONE), R(ENCRYPTED), 0},
    {"libarchive/test_encrypted.zip", 2, R(NONE), R(ENCRYPTED), 0},
    {"libarchive/test_read_format_zip_winzip_aes256.zip", 1, R(NONE), R(ENCRYPTED), 0},
    {"libarchive/test_read_format_zip_encryption_partially.zip", 2, R(NONE), R(ENCRYPTED), 0},
    {"strelka/test_zip_password.zip", 5, R(NONE), R(ENCRYPTED), 0},
    {"strelka/test_aes256_password.zip", 5, R(NONE), R(ENCRYPTED), 0},
    {"libarchive/test_read_format_7zip_encryption.7z", 1, R(NONE), R(ENCRYPTED_UNSUP), 0},
    {"libarchive/test_read_format_7zip_encryption_header.7z", 0, R(ENCRYPTED_UNSUP), R(NONE), 0},
    {"py7zr/filename_encryption.7z", 0, R(ENCRYPTED_UNSUP), R(NONE), 0},
    {"libarchive/test_read_format_rar_encryption_data.rar", 2, R(NONE), R(ENCRYPTED_UNSUP), 0},
    {"libarchive/test_read_format_rar5_encrypted_filenames.rar", 0, R(ENCRYPTED_UNSUP), R(NONE), 0},
    {"rarfile/rar3-comment-hpsw.rar", 0, R(ENCRYPTED_UNSUP), R(NONE), 0},
    {"rarfile/rar5-hpsw.rar", 0, R(ENCRYPTED_UNSUP), R(NONE), 0},
    {"strelka/test_password_encrypted_headers.rar", 0, R(ENCRYPTED_UNSUP), R(NONE), 0},
    {"commons_compress/COMPRESS-477__split_zip_created_by_winrar__split_zip_created_by_winrar.z01",
     0, R(MULTI_VOLUME), R(NONE), 0},
    {"commons_compress/COMPRESS-477__split_zip_created_by_winrar__split_zip_created_by_winrar.zip",
     0, R(MULTI_VOLUME), R(NONE), 0},
    {"libarchive/test_rar_multivolume_single_file.part1.rar", 0, R(MULTI_VOLUME), R(NONE), 0},
    {"libarchive/test_rar_multivolume_uncompressed_files.part10.rar", 0, R(MULTI_VOLUME), R(NONE),
     0},
    {"libarchive/test_read_format_rar5_multiarchive.part01.rar", 0, R(MULTI_VOLUME), R(NONE), 0},
    {"libarchive/test_read_format_rar5_multiarchive.part08.rar", 0, R(MULTI_VOLUME), R(NONE), 0},
    {"rarfile/rar3-old.r00", 0, R(MULTI_VOLUME), R(NONE), 0},
    {"rarfile/rar3-vols.part2.rar", 0, R(MULTI_VOLUME), R(NONE), 0},
    {"rarfile/rar5-evil-symlink-traversal.rar", 2, R(NONE), R(NONE), AS_FLAG_TRAVERSAL},
    {"libarchive/test_leading_slash.tar", 2, R(NONE), R(NONE), AS_FLAG_ABSOLUTE},
    {"libarchive/test_symlink_dotdot.zip", 3, R(NONE), R(NONE), AS_FLAG_TRAVERSAL},
    {"strelka/test_overlay_zip.exe", 5, R(NONE), R(NONE), 0},
    {"libarchive/test_read_format_zip_sfx", 2, R(NONE), R(NONE), 0},
    {"libarchive/test_read_format_rar_sfx.exe", 5, R(NONE), R(NONE), 0},
    {"commons_compress/COMPRESS-279-fail.tar", 4, R(CONTAINER_DAMAGED), R(ENTRY_TRUNCATED), 0},
    {"dfvfs/corrupt1.gz", 1, R(NONE), R(ENTRY_TRUNCATED), 0},
    {"py7zr/crc_corrupted.7z", 5, R(NONE), R(NONE), AS_FLAG_CHECKSUM},
    {"commons_compress/lorem-ipsum-implode.zip", 1, R(NONE), R(UNSUP_METHOD), 0},
    {"commons_compress/lorem-ipsum-deflate64.zip", 1, R(NONE), R(UNSUP_METHOD), 0},
    {"commons_compress/synthetic__long-name__pax.tar", 1, R(NONE), R(LIMIT_NAME), 0},
};

static void test_table(void **state)
{
    const char *dir = data_dir();

    (void)state;
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        struct as_input in;
        char name[512];
        snprintf(name, sizeof name, "g_containers/%s", TABLE[i].name);
        int fd = open_data(dir, name, &in);
        struct seen s = look(&in, &LIMITS, 0, 0, 0, MANY);
        if (s.entries != TABLE[i].entries || s.why != TABLE[i].end || s.first != TABLE[i].first ||
            s.flags != TABLE[i].flags)
            fail_msg("%s: %d entries, end %d, first %d, flags %x", TABLE[i].name, (int)s.entries,
                     (int)s.why, (int)s.first, s.flags);
        seen_clear(&s);
        close(fd);
    }
}

/* libarchive 3.6.2 itself never returns from these: the jail's clock ends them. */
static bool loops(const char *path)
{
    return strstr(path, "rockridge_ce_loop") || strstr(path, "xar_doublelink");
}

/* libarchive 3.6.2 gives bytes of memory that it never wrote: they differ by chance. */
static bool leaks(const char *path)
{
    return strstr(path, "cab_lzx_invalid_history");
}

/* Every entry again, each begun in the middle. */
static void check_middle(const char *path, const struct as_input *in, const struct seen *s)
{
    for (uint64_t i = 0; i < s->entries; i += s->entries / 16 + 1) {
        struct seen part;
        if (s->access == AS_ACCESS_OFFSET)
            part = look(in, &LIMITS, s->offset[i], i, 0, MANY);
        else
            part = look(in, &LIMITS, 0, i, 0, MANY); /* those before are skipped */
        if (part.opened != AS_OK || i + part.entries != s->entries)
            fail_msg("%s from %d: %d, %d entries of %d", path, (int)i, part.opened,
                     (int)part.entries, (int)s->entries);
        for (uint64_t k = i; k < s->entries; k++)
            if (memcmp(part.each[k - i], s->each[k], sizeof *s->each) != 0)
                fail_msg("%s from %d: entry %d differs", path, (int)i, (int)k);
        seen_clear(&part);
    }
}

/* From a descriptor and from memory, in large pieces and small. */
static void check_file(const char *dir, const char *path, int64_t want)
{
    struct as_input in;
    int fd = open_data(dir, path, &in);
    uint8_t *bytes = malloc(in.size + 1);
    struct as_input mem = {.at = bytes, .fd = -1, .size = in.size};

    assert_int_equal(as_input_read(&in, 0, bytes, in.size), in.size);
    struct seen a = look(&in, &LIMITS, 0, 0, 0, MANY);
    struct seen b = look(&mem, &LIMITS, 0, 0, 0, 4093);
    assert_true(a.opened == AS_OK || a.opened == AS_SKIP || as_item_failed(a.opened));
    assert_true(a.ended == AS_END || a.ended == AS_SKIP || as_item_failed(a.ended));
    if (a.ended != b.ended || a.why != b.why || a.entries != b.entries ||
        (memcmp(a.sum, b.sum, sizeof a.sum) != 0 && !leaks(path)))
        fail_msg("%s: memory and descriptor differ", path);
    if (want >= 0 && (uint64_t)want != a.entries)
        fail_msg("%s: %d entries, not %d", path, (int)a.entries, (int)want);
    if (a.opened == AS_OK && a.access != AS_ACCESS_STREAM)
        check_middle(path, &mem, &a);
    seen_clear(&a);
    seen_clear(&b);
    free(bytes);
    close(fd);
}

/* The entries that the manifest counted with libarchive; -1: not said, or
 * counted in a volume, which is refused here, or in an mtree, which is no container. */
static int64_t expected(const char *row)
{
    const char *ok = strstr(row, "ok:libarchive");
    const char *end = ok ? strstr(ok, " entries") : NULL;
    const char *volume[] = {"multivolume", "rar3-old", ":mtree", "rar5_bytes_remaining_underflow",
                            "rar5_data_ready_pointer_leak"};

    for (size_t i = 0; i < sizeof volume / sizeof *volume; i++)
        if (strstr(row, volume[i]))
            return -1;
    if (end == NULL)
        return -1;
    while (end[-1] >= '0' && end[-1] <= '9')
        end--;
    return atoll(end);
}

static void test_all(void **state)
{
    const char *dir = data_dir();
    char row[8192], path[4096];
    int n = 0;

    (void)state;
    snprintf(path, sizeof path, "%s/manifest.csv", dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(row, sizeof row, f)) {
        if (strncmp(row, "g_containers/", 13) != 0 &&
            strncmp(row, "h_malformed/gofuzz_zip/", 23) != 0 &&
            strncmp(row, "h_malformed/gofuzz_tar/", 23) != 0 &&
            strncmp(row, "h_malformed/gofuzz_bzip2/", 25) != 0)
            continue;
        snprintf(path, sizeof path, "%.*s", (int)strcspn(row, ","), row);
        if (loops(path))
            continue;
        check_file(dir, path, expected(row));
        n++;
    }
    fclose(f);
    assert_true(n > 500);
}

/* No picture is taken for a container. */
static void test_pictures(void **state)
{
    const char *dir = data_dir();
    char row[8192], path[4096];

    (void)state;
    snprintf(path, sizeof path, "%s/manifest.csv", dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(row, sizeof row, f)) {
        struct as_input in;
        struct as_container *c;
        if (row[1] != '_' || !strchr("abcdf", row[0]))
            continue;
        snprintf(path, sizeof path, "%.*s", (int)strcspn(row, ","), row);
        int fd = open_data(dir, path, &in);
        enum as_status status = as_container_open(&c, &in, &LIMITS, 0, 0, NULL);
        if (status == AS_OK) {
            print_message("%s: %d\n", path, (int)as_container_kind(c));
            as_container_close(c);
        }
        assert_true(status == AS_OK || status == AS_SKIP || as_item_failed(status));
        if (status != AS_SKIP && !strstr(path, ".zip") && !strstr(path, ".gz"))
            fail_msg("%s: %d", path, status);
        close(fd);
    }
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_pictures),
    };

    setenv("TZ", "UTC0", 1);
    setlocale(LC_ALL, "C.UTF-8");
    as_container_warm();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
