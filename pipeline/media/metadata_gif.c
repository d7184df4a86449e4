/* metadata_gif.c - GIF blocks: comments, XMP, ICC, C2PA and loop count. */
#include "metadata.h"

#include <stdlib.h>

enum { BLOCKS_MAX = 1 << 20, COMMENTS_MAX = 64 };

/* The end of the chain of sub-blocks at `at` (behind its empty block), or n. */
static size_t chain_end(const uint8_t *p, size_t n, size_t at)
{
    while (at < n && p[at] != 0)
        at += (size_t)p[at] + 1;
    return at < n ? at + 1 : n;
}

/* The chain's bytes in one piece.  Free *copy. */
static struct as_span chain_join(struct as_md *md, size_t at, uint8_t **copy)
{
    const uint8_t *p = md->in->at;
    size_t n = (size_t)md->in->size, end = chain_end(p, n, at), used = 0;
    struct as_span whole = {NULL, 0};

    *copy = NULL;
    if (end - at > AS_BLOCK_MAX)
        as_md_broken(md, "GIF extension longer than 16 MiB");
    else if ((*copy = malloc(end - at + 1)) == NULL)
        md->no_memory = true;
    if (*copy == NULL)
        return whole;
    while (at < n && p[at] != 0) {
        size_t len = p[at] < n - at - 1 ? p[at] : n - at - 1;
        memcpy(*copy + used, p + at + 1, len);
        used += len;
        at += len + 1;
    }
    return (struct as_span){*copy, used};
}

/* An application extension: 11 bytes of identifier, then sub-blocks. */
static void read_application(struct as_md *md, size_t at)
{
    const uint8_t *id = md->in->at + at + 1;
    size_t n = (size_t)md->in->size;
    size_t data = at + 12;
    struct as_span whole;
    uint8_t *copy = NULL;

    if (n - at < 13 || md->in->at[at] != 11)
        return;
    if (memcmp(id, "XMP DataXMP", 11) == 0) {
        /* the packet is not cut into sub-blocks; 258 bytes behind it lead any walk to its end */
        size_t len = chain_end(md->in->at, n, data) - data;
        as_md_xmp(md, md->in->at + data, len > 258 ? len - 258 : len);
        return;
    }
    if (memcmp(id, "ICCRGBG1012", 11) != 0 && memcmp(id, "C2PA_GIF", 8) != 0 &&
        memcmp(id, "NETSCAPE2.0", 11) != 0)
        return;
    whole = chain_join(md, data, &copy);
    if (id[0] == 'I')
        as_md_icc(md, whole.at, whole.n);
    else if (id[0] == 'C')
        as_md_c2pa_at(md, whole.at, whole.n, at - 2, chain_end(md->in->at, n, data));
    else if (whole.n >= 3 && whole.at[0] == 1)
        as_kvs_addf(md->kvs, "gif.loops", "%u", whole.at[1] | (unsigned)whole.at[2] << 8);
    free(copy);
}

static size_t read_extension(struct as_md *md, size_t at, unsigned *comments)
{
    const uint8_t *p = md->in->at;
    size_t n = (size_t)md->in->size;
    uint8_t *copy;
    struct as_span whole;

    if (p[at + 1] == 0xFE && (*comments)++ < COMMENTS_MAX) {
        whole = chain_join(md, at + 2, &copy);
        if (whole.n)
            as_md_latin1(md, "gif.comment", whole.at, whole.n);
        free(copy);
    } else if (p[at + 1] == 0xFF) {
        read_application(md, at + 2);
    }
    return chain_end(p, n, at + 2);
}

static size_t table_bytes(uint8_t flags)
{
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

void as_md_gif(struct as_md *md)
{
    const uint8_t *p = md->in->at;
    size_t n = (size_t)md->in->size, at;
    unsigned comments = 0;

    if (n < 13)
        return;
    at = 13 + table_bytes(p[10]);
    for (unsigned i = 0; i < BLOCKS_MAX && at < n; i++) {
        if (p[at] == 0x21 && n - at >= 3) {
            at = read_extension(md, at, &comments);
        } else if (p[at] == 0x2C && n - at >= 11) {
            size_t skip = 10 + table_bytes(p[at + 9]) + 1; /* and the code size */
            at = skip < n - at ? chain_end(p, n, at + skip) : n;
        } else if (p[at] == 0x3B && at + 1 < n) {
            md->facts->flags |= AS_FLAG_TRAILING;
            as_kvs_addf(md->kvs, "gif.trailing", "%zu bytes", n - at - 1);
            return;
        } else {
            if (p[at] != 0x3B)
                as_md_broken(md, "GIF block");
            return;
        }
    }
}
