/* sensor_pictures.c - pictures of an invented camera, for tests/s_camera.sh.
 *
 * usage: sensor_pictures FOLDER CAMERA FIRST COUNT flat|scene [NOISE [MODEL]]
 *
 * FOLDER/CAMERA-NNN.bmp: light times 1 + K, and noise; K follows from CAMERA, the rest from NNN.
 * NOISE: its rms, 2 where it is not said.  MODEL: .tif instead, which say that the camera is of
 * this model. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { W = 768, H = 640, HEAD = 54 + 1024, TIFF_MAKE = 160, TIFF_MODEL = 176, TIFF_HEAD = 256 };

static uint64_t state;

static uint32_t bits(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33);
}

/* About normal, variance 1. */
static double noise(void)
{
    double sum = 0;

    for (int i = 0; i < 4; i++)
        sum += (double)bits() / (double)(UINT32_C(1) << 31) - 0.5;
    return sum * sqrt(3.0);
}

static void put(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(v >> 8 * i);
}

static void write_file(const char *path, const uint8_t *head, size_t n, const uint8_t *grey)
{
    FILE *f = fopen(path, "wb");

    if (f == NULL || fwrite(head, n, 1, f) != 1 || fwrite(grey, W * H, 1, f) != 1 ||
        fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

static void write_bmp(const char *path, const uint8_t *grey)
{
    static uint8_t head[HEAD];

    memcpy(head, "BM", 2);
    put(head + 2, HEAD + W * H);
    put(head + 10, HEAD);
    put(head + 14, 40);
    put(head + 18, W);
    put(head + 22, H);
    put(head + 26, 8U << 16 | 1);
    put(head + 46, 256);
    for (uint32_t i = 0; i < 256; i++)
        put(head + 54 + 4 * i, i * 0x010101);
    write_file(path, head, HEAD, grey);
}

static void write_tiff(const char *path, const uint8_t *grey, const char *model)
{
    static const struct {
        uint16_t tag, type;
        uint32_t count, value;
    } entry[] = {{256, 4, 1, W},           {257, 4, 1, H},         {258, 3, 1, 8},
                 {259, 3, 1, 1},           {262, 3, 1, 1},         {271, 2, 16, TIFF_MAKE},
                 {272, 2, 32, TIFF_MODEL}, {273, 4, 1, TIFF_HEAD}, {277, 3, 1, 1},
                 {278, 4, 1, H},           {279, 4, 1, W * H}};
    enum { ENTRIES = sizeof entry / sizeof *entry };
    static uint8_t rows[W * H];
    uint8_t head[TIFF_HEAD] = "II*\0\10\0\0\0";

    head[8] = ENTRIES;
    for (size_t i = 0; i < ENTRIES; i++) {
        put(head + 10 + 12 * i, entry[i].tag | (uint32_t)entry[i].type << 16);
        put(head + 14 + 12 * i, entry[i].count);
        put(head + 18 + 12 * i, entry[i].value);
    }
    snprintf((char *)head + TIFF_MAKE, TIFF_MODEL - TIFF_MAKE, "Invented");
    snprintf((char *)head + TIFF_MODEL, 32, "%s", model);
    for (uint32_t y = 0; y < H; y++) /* the rows of a BMP go upwards */
        memcpy(rows + (size_t)y * W, grey + (size_t)(H - 1 - y) * W, W);
    write_file(path, head, sizeof head, rows);
}

/* A sloping ground with waves; even ground for a flat field. */
static double light(uint32_t x, uint32_t y, int flat, const double wave[3])
{
    if (flat)
        return 140;
    return 110 + 40.0 * x / W + 25 * sin(wave[0] * x / 20 + wave[1]) * sin(wave[2] * y / 15);
}

int main(int argc, char **argv)
{
    static double k[W * H];
    static uint8_t grey[W * H];
    char path[4096];

    if (argc < 6 || argc > 8)
        return 64;
    const double rms = argc > 6 ? strtod(argv[6], NULL) : 2;
    state = strtoull(argv[2], NULL, 10) * 977 + 1;
    for (uint32_t i = 0; i < W * H; i++)
        k[i] = 0.02 * noise();
    for (int i = atoi(argv[3]), end = i + atoi(argv[4]); i < end; i++) {
        state = (uint64_t)i * 7919 + strtoull(argv[2], NULL, 10) * 104729;
        const double wave[3] = {1 + fabs(noise()), 3 * noise(), 1 + fabs(noise())};
        for (uint32_t p = 0; p < W * H; p++) {
            double v = light(p % W, p / W, argv[5][0] == 'f', wave) * (1 + k[p]) + rms * noise();
            grey[p] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5);
        }
        snprintf(path, sizeof path, "%s/%s-%03d.%s", argv[1], argv[2], i, argc > 7 ? "tif" : "bmp");
        if (argc > 7)
            write_tiff(path, grey, argv[7]);
        else
            write_bmp(path, grey);
    }
    return 0;
}
