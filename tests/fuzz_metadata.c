/* fuzz_metadata.c - libFuzzer target of the metadata readers: the first byte chooses the kind. */
#include "../pipeline/media/media.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum as_kind kinds[] = {AS_KIND_JPEG,   AS_KIND_PNG,  AS_KIND_GIF,  AS_KIND_WEBP,
                                         AS_KIND_AVI,    AS_KIND_TIFF, AS_KIND_HEIC, AS_KIND_MP4,
                                         AS_KIND_JPEGXL, AS_KIND_PSD};
    static struct as_kvs kvs;
    static struct as_facts facts;
    struct as_input in = {.at = data + 1, .fd = -1, .size = size - 1};

    if (size < 2)
        return 0;
    if (kvs.at == NULL) {
        if (as_kvs_init(&kvs) != AS_OK)
            abort();
        as_metadata_warm();
    }
    as_kvs_reset(&kvs);
    if (as_metadata_read(kinds[data[0] % (sizeof kinds / sizeof *kinds)], &in, NULL, &kvs, &facts,
                         NULL) != AS_OK)
        return 0;
    if (kvs.n > AS_KVS_MAX || kvs.used > AS_KVS_BYTES)
        abort();
    if (facts.thumb.size > 0 &&
        (facts.thumb.at < data || facts.thumb.at + facts.thumb.size > data + size))
        abort();
    return 0;
}
