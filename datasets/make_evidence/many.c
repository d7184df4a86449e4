/* many.c - a tar of very many tiny entries, streamed. */
#include "pack.h"

#include <stdio.h>

void as_many_write(const char *path, uint64_t n)
{
    FILE *out = fopen(path, "wb");
    struct as_blob chunk = {0};
    char name[64];
    bool ok = out != NULL;

    for (uint64_t i = 0; ok && i <= n; i++) {
        if (i < n) {
            struct as_blob data = {0};
            snprintf(name, sizeof name, "many/%06llu/%09llu.txt", (unsigned long long)(i / 1000),
                     (unsigned long long)i);
            as_blob_text(&data, "entry %llu\n", (unsigned long long)i);
            as_tar_file(&chunk, name, &data);
            as_blob_free(&data);
        } else {
            as_tar_end(&chunk);
        }
        if (chunk.n >= 1 << 20 || i == n) {
            ok = fwrite(chunk.at, 1, chunk.n, out) == chunk.n;
            chunk.n = 0;
        }
    }
    as_blob_free(&chunk);
    if (!ok || fclose(out) != 0)
        as_die("cannot write %s", path);
}
