/* t_reference.c - reference stores: written, read back, refused when they are not what they say. */
#include "../pipeline/store/reference.h"

#include <hdf5.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/t_reference_XXXXXX/ref.h5";

static int make_folder(void **state)
{
    (void)state;
    char *slash = strrchr(path, '/');
    *slash = '\0';
    bool ok = mkdtemp(path) != NULL;
    *slash = '/';
    return ok ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    unlink(path);
    *strrchr(path, '/') = '\0';
    return rmdir(path); /* fails when anything is left */
}

#define OK(call)                                                                                   \
    do {                                                                                           \
        struct as_err err = {0};                                                                   \
        enum as_status s_ = (call);                                                                \
        if (s_ != AS_OK)                                                                           \
            fail_msg("%s: %s", #call, err.text);                                                   \
    } while (0)

enum { ROWS = 70001 }; /* over one block of the digest */

/* pdq in small and large appends, the rest beside it. */
static void write_media(char digest[65], int step)
{
    struct as_ref_writer *w;
    uint8_t *pdq = calloc(ROWS, 32);

    for (int i = 0; i < ROWS * 32; i++)
        pdq[i] = (uint8_t)(i * 7 + i / 32);
    OK(as_ref_create(&w, path, AS_REF_MEDIA, "a set", &err));
    OK(as_ref_begin(w, AS_REF_MEDIA_pdq, ROWS, 0, &err));
    OK(as_ref_begin(w, AS_REF_MEDIA_quality, ROWS, 0, &err));
    OK(as_ref_begin(w, AS_REF_MEDIA_sha256, ROWS, 0, &err));
    OK(as_ref_begin(w, AS_REF_MEDIA_path_offset, ROWS, 0, &err));
    OK(as_ref_begin(w, AS_REF_MEDIA_path_length, ROWS, 0, &err));
    OK(as_ref_begin(w, AS_REF_MEDIA_strings, 3, 0, &err));
    OK(as_ref_append(w, AS_REF_MEDIA_strings, "abc", 3, &err));
    for (int i = 0; i < ROWS; i += step) {
        uint64_t n = (uint64_t)(step < ROWS - i ? step : ROWS - i), zero[1] = {0};
        OK(as_ref_append(w, AS_REF_MEDIA_pdq, pdq + 32 * i, n, &err));
        OK(as_ref_append(w, AS_REF_MEDIA_sha256, pdq + 32 * i, n, &err));
        for (uint64_t k = 0; k < n; k++) {
            uint32_t three = 3;
            OK(as_ref_append(w, AS_REF_MEDIA_quality, pdq, 1, &err));
            OK(as_ref_append(w, AS_REF_MEDIA_path_offset, zero, 1, &err));
            OK(as_ref_append(w, AS_REF_MEDIA_path_length, &three, 1, &err));
        }
    }
    OK(as_ref_commit(w, "{\"sources\": []}", digest, &err));
    free(pdq);
}

/* Says yes so often. */
struct asked {
    unsigned n, most;
};

static enum as_status go_on(void *state, struct as_err *err)
{
    struct asked *a = state;

    (void)err;
    return a->n++ < a->most ? AS_OK : AS_ESTOP;
}

static void reads_what_was_written(void **state)
{
    struct as_ref *ref;
    char digest[65], again[65];
    uint8_t rows[3 * 32];
    uint32_t length;

    (void)state;
    write_media(digest, 1);
    write_media(again, 50000);
    assert_string_equal(digest, again); /* however it was appended */
    OK(as_ref_open(&ref, path, &err));
    assert_int_equal(as_ref_kind(ref), AS_REF_MEDIA);
    assert_string_equal(as_ref_name(ref), "a set");
    assert_string_equal(as_ref_digest(ref), digest);
    assert_int_equal(as_ref_rows(ref, AS_REF_MEDIA_pdq), ROWS);
    assert_int_equal(as_ref_row_bytes(ref, AS_REF_MEDIA_pdq), 32);
    assert_int_equal(as_ref_rows(ref, AS_REF_KNOWN_sha256), 0);
    OK(as_ref_read(ref, AS_REF_MEDIA_pdq, ROWS - 3, 3, rows, &err));
    for (int i = 0; i < 96; i++)
        assert_int_equal(rows[i],
                         (uint8_t)(((ROWS - 3) * 32 + i) * 7 + ((ROWS - 3) * 32 + i) / 32));
    OK(as_ref_read(ref, AS_REF_MEDIA_path_length, 5, 1, &length, &err));
    assert_int_equal(length, 3);
    assert_int_equal(as_ref_read(ref, AS_REF_MEDIA_pdq, ROWS - 2, 3, rows, NULL), AS_EFORMAT);
    assert_int_equal(as_ref_read(ref, AS_REF_MEDIA_pdq, UINT64_MAX, 2, rows, NULL), AS_EFORMAT);
    OK(as_ref_check(ref, NULL, &err));
    struct asked asked = {.most = 1};
    const struct as_ask ask = {go_on, &asked};
    assert_int_equal(as_ref_check(ref, &ask, NULL), AS_ESTOP);
    assert_int_equal(asked.n, 2); /* and nothing is read after the no */
    asked = (struct asked){.most = 1000};
    OK(as_ref_check(ref, &ask, &err));
    as_ref_close(ref);
}

static void write_camera(uint64_t pixels, uint64_t said, enum as_status want)
{
    struct as_ref_writer *w;
    char digest[65];
    struct as_ref_camera camera = {.w = 4,
                                   .h = (uint32_t)pixels / 4,
                                   .quality = 0.5f,
                                   .make_length = 3,
                                   .model_offset = 3,
                                   .model_length = 4};
    float zero[64] = {1.0f};

    OK(as_ref_create(&w, path, AS_REF_CAMERA, "caf\xc3\xa9", &err));
    OK(as_ref_begin(w, AS_REF_CAMERA_cameras, 1, 0, &err));
    OK(as_ref_append(w, AS_REF_CAMERA_cameras, &camera, 1, &err));
    OK(as_ref_begin(w, AS_REF_CAMERA_fingerprints, said, 0, &err));
    OK(as_ref_append(w, AS_REF_CAMERA_fingerprints, zero, pixels, &err));
    assert_int_equal(as_ref_append(w, AS_REF_CAMERA_fingerprints, zero, said - pixels + 1, NULL),
                     AS_EBUG);
    OK(as_ref_begin(w, AS_REF_CAMERA_strings, 7, 0, &err));
    OK(as_ref_append(w, AS_REF_CAMERA_strings, "NiKD70s", 7, &err));
    assert_int_equal(as_ref_begin(w, AS_REF_MEDIA_pdq, 1, 0, NULL), AS_EBUG);
    assert_int_equal(as_ref_commit(w, "{}", digest, NULL), want);
}

static void says_no_to_half_a_store(void **state)
{
    struct as_ref *ref;
    struct as_ref_camera camera;

    (void)state;
    unlink(path);
    write_camera(16, 17, AS_EBUG);
    assert_int_not_equal(access(path, F_OK), 0);
    write_camera(16, 16, AS_OK);
    OK(as_ref_open(&ref, path, &err));
    assert_string_equal(as_ref_name(ref), "caf??");
    OK(as_ref_read(ref, AS_REF_CAMERA_cameras, 0, 1, &camera, &err));
    assert_true(camera.w == 4 && camera.h == 4 && camera.quality == 0.5f);
    char model[4];
    assert_true(camera.make_length == 3 && camera.model_length == 4);
    OK(as_ref_read(ref, AS_REF_CAMERA_strings, camera.model_offset, 4, model, &err));
    assert_memory_equal(model, "D70s", 4);
    as_ref_close(ref);
}

/* A store whose cameras had no model is refused, and says so. */
static void refuses_older_stores(void **state)
{
    struct as_err err = {0};
    struct as_ref *ref;

    (void)state;
    unlink(path);
    write_camera(16, 16, AS_OK);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t a = H5Aopen(file, "schema", H5P_DEFAULT), type = H5Aget_type(a);
    assert_true(H5Awrite(a, type, "assay-reference 1") >= 0);
    H5Tclose(type);
    H5Aclose(a);
    assert_true(H5Fclose(file) >= 0);
    assert_int_equal(as_ref_open(&ref, path, &err), AS_EFORMAT);
    if (strstr(err.text, "its schema is \"assay-reference 1\"") == NULL)
        fail_msg("%s", err.text);
    unlink(path);
}

/* Changes every byte in turn; how often opening or checking finds it. */
static long damage(FILE *f, long size)
{
    struct as_ref *ref;
    long found = 0;

    for (long i = 0; i < size; i += i < 600 ? 1 : 7) {
        fseek(f, i, SEEK_SET);
        int byte = fgetc(f);
        fseek(f, i, SEEK_SET);
        fputc(byte ^ 0x41, f);
        fflush(f);
        if (as_ref_open(&ref, path, NULL) != AS_OK) {
            found++;
        } else {
            found += as_ref_check(ref, NULL, NULL) != AS_OK;
            as_ref_close(ref);
        }
        fseek(f, i, SEEK_SET);
        fputc(byte, f);
        fflush(f);
    }
    return found;
}

/* A changed byte is found, or is in no digest; nothing crashes. */
static void survives_damage(void **state)
{
    struct as_ref *ref;
    char digest[65];
    int how = -1;

    (void)state;
    struct as_ref_writer *w;
    OK(as_ref_create(&w, path, AS_REF_KNOWN, "k", &err));
    OK(as_ref_begin(w, AS_REF_KNOWN_md5, 2, 0, &err));
    OK(as_ref_begin(w, AS_REF_KNOWN_md5_class, 2, 0, &err));
    OK(as_ref_begin(w, AS_REF_KNOWN_md5_category, 2, 0, &err));
    OK(as_ref_append(w, AS_REF_KNOWN_md5, "0123456789abcdef1123456789abcdef", 2, &err));
    OK(as_ref_append(w, AS_REF_KNOWN_md5_class, "\1\2", 2, &err));
    OK(as_ref_append(w, AS_REF_KNOWN_md5_category, "\xff\xff", 2, &err));
    OK(as_ref_commit(w, "{}", digest, &err));
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    pid_t child = fork(); /* HDF5 itself leaks over broken files, which is not the question */
    if (child == 0)
        _exit(damage(f, size) > 100 ? 0 : 1);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    fclose(f);
    OK(as_ref_open(&ref, path, &err));
    OK(as_ref_check(ref, NULL, &err));
    as_ref_close(ref);
    assert_int_equal(truncate(path, size / 2), 0);
    assert_int_equal(as_ref_open(&ref, path, NULL), AS_EFORMAT);
    assert_null(ref);
    unlink(path);
    assert_int_equal(as_ref_open(&ref, path, NULL), AS_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_written),
        cmocka_unit_test(says_no_to_half_a_store),
        cmocka_unit_test(refuses_older_stores),
        cmocka_unit_test(survives_damage),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
