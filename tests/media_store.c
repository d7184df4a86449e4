/* media_store.c - a reference store of media with random codes, for tests and benchmarks.
 *
 * usage: media_store OUT ROWS SEED [EVERY SHA256]     every EVERY-th row has that hash; without
 * EVERY rows have vectors too */
#include "../pipeline/store/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHA = 32, STEP = 4096, VECTOR = 512 };

static uint64_t seed;

static uint64_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static void fill(uint64_t *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = next();
}

struct step {
    uint64_t code[STEP * SHA / 8], sha[STEP * SHA / 8], offset[STEP];
    uint32_t length[STEP];
    uint8_t quality[STEP];
    uint64_t vector[STEP * VECTOR / 8];
};

/* The next rows, from row `at` on. */
static enum as_status append(struct as_ref_writer *w, uint64_t at, uint64_t n, uint64_t every,
                             const uint8_t *sha, struct as_err *err)
{
    static struct step s;
    enum as_status status = AS_OK;

    fill(s.code, n * SHA / 8);
    fill(s.sha, n * SHA / 8);
    memset(s.quality, 100, sizeof s.quality);
    for (uint64_t i = 0; i < n; i++) {
        s.length[i] = 4;
        if (every && (at + i) % every == 0)
            memcpy((uint8_t *)s.sha + i * SHA, sha, SHA);
    }
    AS_TRY(as_ref_append(w, AS_REF_MEDIA_pdq, s.code, n, err));
    AS_TRY(as_ref_append(w, AS_REF_MEDIA_sha256, s.sha, n, err));
    AS_TRY(as_ref_append(w, AS_REF_MEDIA_quality, s.quality, n, err));
    AS_TRY(as_ref_append(w, AS_REF_MEDIA_path_offset, s.offset, n, err));
    AS_TRY(as_ref_append(w, AS_REF_MEDIA_path_length, s.length, n, err));
    if (every == 0) {
        fill(s.vector, n * VECTOR / 8);
        AS_TRY(as_ref_append(w, AS_REF_MEDIA_vector_gist, s.vector, n, err));
    }
done:
    return status;
}

static enum as_status make(const char *path, uint64_t rows, uint64_t every, const uint8_t *sha,
                           struct as_err *err)
{
    static const enum as_ref_set SETS[] = {AS_REF_MEDIA_pdq, AS_REF_MEDIA_sha256,
                                           AS_REF_MEDIA_quality, AS_REF_MEDIA_path_offset,
                                           AS_REF_MEDIA_path_length};
    enum as_status status = AS_OK;
    struct as_ref_writer *w = NULL;
    char digest[65];

    AS_TRY(as_ref_create(&w, path, AS_REF_MEDIA, "invented", err));
    for (size_t i = 0; i < sizeof SETS / sizeof *SETS; i++)
        AS_TRY(as_ref_begin(w, SETS[i], rows, 0, err));
    if (every == 0)
        AS_TRY(as_ref_begin(w, AS_REF_MEDIA_vector_gist, rows, 0, err));
    AS_TRY(as_ref_begin(w, AS_REF_MEDIA_strings, 4, 0, err));
    AS_TRY(as_ref_append(w, AS_REF_MEDIA_strings, "made", 4, err));
    for (uint64_t at = 0; at < rows; at += STEP)
        AS_TRY(append(w, at, rows - at < STEP ? rows - at : STEP, every, sha, err));
    status = as_ref_commit(w, "{}", digest, err);
    w = NULL;
done:
    as_ref_drop(w);
    return status;
}

int main(int argc, char **argv)
{
    struct as_err err = {0};
    uint8_t sha[SHA] = {0};
    uint64_t every = argc > 5 ? strtoull(argv[4], NULL, 10) : 0;

    if (argc < 4 || (argc > 5 && strlen(argv[5]) != 2 * SHA)) {
        fprintf(stderr, "usage: media_store OUT ROWS SEED [EVERY SHA256]\n");
        return 64;
    }
    for (int i = 0; argc > 5 && i < SHA; i++)
        sscanf(argv[5] + 2 * i, "%2hhx", &sha[i]);
    seed = strtoull(argv[3], NULL, 10) * 2654435761u + 88172645463325252u;
    if (make(argv[1], strtoull(argv[2], NULL, 10), every, sha, &err) != AS_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 74;
    }
    return 0;
}
