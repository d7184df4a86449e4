/* prnu_map_tool.c - the map of raw planes, for prnu_map_check.py to compare.
 *
 * usage: prnu_map_tool DIR W H PCE.  Reads DIR/i.f32, w.f32 and k.f32, picture, residual and
 * fingerprint of W x H floats; writes the map as map.u8; prints what it tells. */
#include "../kernels/cpu.h"
#include "../kernels/prnu_map.h"
#include "../kernels/simd.h"

#include <stdio.h>
#include <stdlib.h>

static float *plane(const char *dir, const char *name, size_t n)
{
    float *at = aligned_alloc(64, (n * sizeof *at + 63) / 64 * 64);
    char path[4096];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s.f32", dir, name);
    f = fopen(path, "rb");
    if (!at || !f || fread(at, sizeof *at, n, f) != n)
        exit(66);
    fclose(f);
    return at;
}

int main(int argc, char **argv)
{
    static struct as_prnu_map m;
    char path[4096];
    FILE *f;

    if (argc != 5)
        return 64;
    const uint32_t w = (uint32_t)atoi(argv[2]), h = (uint32_t)atoi(argv[3]);
    const size_t n = (size_t)w * h;
    float *in = plane(argv[1], "i", n), *noise = plane(argv[1], "w", n);
    float *k = plane(argv[1], "k", n);
    const struct as_plane luma = {in, w, h, w};
    void *scratch = aligned_alloc(64, (as_prnu_map_scratch(w, h) + 63) / 64 * 64);

    as_simd_init(as_cpu_best());
    if (!scratch || as_prnu_map_plan(&m, w, h, atof(argv[4])) != AS_OK ||
        as_prnu_map(&m, &luma, noise, k, scratch) != AS_OK)
        return 70;
    snprintf(path, sizeof path, "%s/map.u8", argv[1]);
    f = fopen(path, "wb");
    if (!f || fwrite(m.at, m.w, m.h, f) != m.h || fclose(f) != 0)
        return 74;
    printf("cell %u\nw %u\nh %u\nregions %u\nmissing %u\nunknown %u\n", m.cell, m.w, m.h, m.regions,
           m.missing, m.unknown);
    printf("chance %.9g\nspread %.9g\nexpected %.9g\n", (double)m.chance, (double)m.spread,
           (double)m.expected);
    free(in);
    free(noise);
    free(k);
    free(scratch);
    return 0;
}
