/* metadata_riff.c - RIFF chunks: WebP, and the information lists of AVI and WAV.
 *
 * Reads through as_input_read, so that a long film is never held in memory.   */
#include "metadata.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHUNKS_MAX = 65536, INFO_MAX = 64 * 1024 };

typedef void block_reader(struct as_md *md, const uint8_t *at, size_t n);

static void read_exif(struct as_md *md, const uint8_t *at, size_t n)
{
    size_t skip = AS_BEGINS(at, n, "Exif\0\0") ? 6 : 0;

    as_md_exif(md, at + skip, n - skip);
}

/* Children of a LIST INFO: four letters and a text each. */
static void read_info(struct as_md *md, const uint8_t *at, size_t n)
{
    char key[10] = "riff.";

    for (size_t i = 4; n - i >= 8;) {
        size_t size = as_u32le(at + i + 4);

        memcpy(key + 5, at + i, 4);
        i += 8;
        if (size > n - i)
            return;
        as_md_latin1(md, key, at + i, strnlen((const char *)at + i, size));
        i += size;
        if ((size & 1) && i < n)
            i++;
    }
}

static void read_list(struct as_md *md, const uint8_t *at, size_t n)
{
    if (AS_BEGINS(at, n, "INFO"))
        read_info(md, at, n < INFO_MAX ? n : INFO_MAX);
}

static block_reader *reader_of(const uint8_t *type)
{
    static const struct {
        char type[5];
        block_reader *read;
    } readers[] = {{"EXIF", read_exif}, {"XMP ", as_md_xmp},  {"_PMX", as_md_xmp},
                   {"ICCP", as_md_icc}, {"C2PA", as_md_c2pa}, {"LIST", read_list}};

    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (memcmp(type, readers[i].type, 4) == 0)
            return readers[i].read;
    return NULL;
}

/* Hands n bytes at `at` to `read`: in place, or copied from the descriptor. */
static void read_block(struct as_md *md, block_reader *read, uint64_t at, uint64_t n)
{
    uint8_t *copy;
    int64_t got;

    if (md->in->at) {
        if (read == as_md_c2pa)
            as_md_c2pa_at(md, md->in->at + at, (size_t)n, at - 8, at + n + (n & 1));
        else
            read(md, md->in->at + at, (size_t)n);
        return;
    }
    if (read == read_list && n > INFO_MAX)
        n = INFO_MAX; /* a film's index is a LIST too: its first bytes tell */
    if (n > AS_BLOCK_MAX) {
        as_md_broken(md, "RIFF chunk longer than 16 MiB");
        return;
    }
    if ((copy = malloc((size_t)n + 1)) == NULL) {
        md->no_memory = true;
        return;
    }
    got = as_input_read(md->in, at, copy, n);
    if (got > 0)
        read(md, copy, (size_t)got);
    free(copy);
}

static void note_end(struct as_md *md, const uint8_t *head)
{
    uint64_t end = (uint64_t)as_u32le(head + 4) + 8;

    if (memcmp(head + 8, "WEBP", 4) != 0)
        return;
    if (end > md->in->size)
        as_md_broken(md, "RIFF shorter than it says");
    if (end + (end & 1) >= md->in->size)
        return;
    md->facts->flags |= AS_FLAG_TRAILING;
    as_kvs_addf(md->kvs, "webp.trailing", "%llu bytes", (unsigned long long)(md->in->size - end));
}

void as_md_riff(struct as_md *md)
{
    uint8_t head[12], chunk[8];
    uint64_t at = 12, end;

    if (as_input_read(md->in, 0, head, 12) != 12 || memcmp(head, "RIFF", 4) != 0)
        return;
    note_end(md, head);
    end = (uint64_t)as_u32le(head + 4) + 8;
    if (end > md->in->size)
        end = md->in->size;
    for (unsigned i = 0; i < CHUNKS_MAX && at + 8 <= end; i++) {
        uint64_t size;
        block_reader *read;

        if (as_input_read(md->in, at, chunk, 8) != 8)
            return;
        size = as_u32le(chunk + 4);
        at += 8;
        if (size > end - at) {
            as_md_broken(md, "RIFF chunk longer than the file");
            return;
        }
        if ((read = reader_of(chunk)) != NULL)
            read_block(md, read, at, size);
        at += size + (size & 1);
    }
}
