/* fuzz_container.c - libFuzzer: any bytes as a container, read to the end.
 *
 * The first byte chooses passwords and how much of each entry is read.  Small
 * limits, so that a run spends its time on formats and not on zeros.         */
#include "../pipeline/evidence/container.h"

#include <locale.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setenv("TZ", "UTC0", 1);
    setlocale(LC_ALL, "C.UTF-8");
    as_container_warm();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const passwords[] = {"warm", "", "cold", NULL};
    static uint8_t piece[4096];
    struct as_container_limits limits = {64, 1 << 20, 1000, NULL};
    struct as_container *c;
    struct as_entry e;
    struct as_err err = {0};

    if (n == 0)
        return 0;
    limits.passwords = bytes[0] & 1 ? passwords : NULL;
    const struct as_input in = {.at = bytes + 1, .fd = -1, .size = n - 1};
    if (as_container_open(&c, &in, &limits, 0, 0, &err) != AS_OK) {
        if (c != NULL)
            abort();
        return 0;
    }
    while (as_container_next(c, &e, &err) == AS_OK) {
        uint64_t got = sizeof piece;
        if (e.index >= limits.max_entries || e.name_len > 4096)
            abort();
        for (int i = 0; got == sizeof piece && ((bytes[0] & 2) || i < 2); i++)
            if (as_container_read(c, piece, sizeof piece, &got, &err) != AS_OK)
                break;
    }
    as_container_close(c);
    return 0;
}
