/* container_warm.c - uses every format once, before the jail.
 *
 * libxml2 (xar), the ciphers, the time zone and the C library's character sets
 * open files or allocate when first used; afterwards they do not.            */
#include "container.h"

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct {
    const char *what, *bytes;
    size_t size;
} SAMPLES[] = {
#define AS_SAMPLE(what, bytes) {what, bytes, sizeof bytes - 1},
#include "container_samples.def"
#undef AS_SAMPLE
};

/* LHA headers name a code page, for which libarchive calls iconv_open; the C
 * library keeps a character set loaded as long as a descriptor for it is open. */
static const char *const CHARSETS[] = {
    "CP437",  "CP737",  "CP775",      "CP850",    "CP852",    "CP855",  "CP857",
    "CP858",  "CP860",  "CP861",      "CP862",    "CP863",    "CP864",  "CP865",
    "CP866",  "CP869",  "CP874",      "CP932",    "CP936",    "CP949",  "CP950",
    "CP1250", "CP1251", "CP1252",     "CP1253",   "CP1254",   "CP1255", "CP1256",
    "CP1257", "CP1258", "ISO-8859-1", "UTF-16BE", "UTF-16LE", "UTF-8",
};

enum { CHARSETS_N = sizeof CHARSETS / sizeof *CHARSETS };
static iconv_t kept[CHARSETS_N]; /* open until the process ends, on purpose */

static void read_all(struct as_container *c)
{
    struct as_entry e;
    char data[64];
    uint64_t got;

    while (as_container_next(c, &e, NULL) == AS_OK)
        while (as_container_read(c, data, sizeof data, &got, NULL) == AS_OK && got == sizeof data)
            ;
}

static int by_value(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

void as_container_warm(void)
{
    static const char *const passwords[] = {"warm", NULL};
    const struct as_container_limits limits = {100, 1 << 20, 1 << 20, passwords};

    char sorted[4096] = {0};

    tzset();
    /* the first sort of more than a kilobyte asks the system for its memory size */
    qsort(sorted, sizeof sorted, 1, by_value);
    for (size_t i = 0; i < CHARSETS_N; i++)
        if (kept[i] == NULL)
            kept[i] = iconv_open("UTF-8", CHARSETS[i]);
    for (size_t i = 0; i < sizeof SAMPLES / sizeof *SAMPLES; i++) {
        struct as_input in = {
            .at = (const uint8_t *)SAMPLES[i].bytes, .fd = -1, .size = SAMPLES[i].size};
        struct as_container *c;
        if (as_container_open(&c, &in, &limits, 0, 0, NULL) != AS_OK)
            continue; /* what this build of libarchive lacks, the evidence cannot use either */
        read_all(c);
        as_container_close(c);
    }
}
