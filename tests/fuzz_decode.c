/* fuzz_decode.c - libFuzzer target: any bytes through sniffing, decoding and describing. */
#include "../pipeline/media/media.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void describe(const struct as_input *in, enum as_kind kind)
{
    struct as_picture pic;
    struct as_kvs kvs;

    if (as_kvs_init(&kvs) != AS_OK)
        abort();
    if (as_video_describe(in, kind, &pic, &kvs, NULL) == AS_OK && pic.reason == AS_REASON_NONE)
        abort();
    as_kvs_clear(&kvs);
}

/* A picture given is whole: each view asked for is there, and small always. */
static void decode(const struct as_input *in, enum as_kind kind)
{
    static struct as_decoder *dec;
    const uint32_t asked = AS_LUMA | AS_RGB | AS_SAMPLE;
    const struct as_want want = {asked | AS_DCT, 1 << 20, 1 << 24};
    struct as_picture pic;

    if (!dec && as_decoder_new(&dec) != AS_OK)
        abort();
    if (as_media_decode(dec, kind, in, &want, &pic, NULL) != AS_OK)
        return;
    if (!pic.small.at || pic.w == 0 || pic.h == 0)
        abort();
    if ((pic.views & asked) != (pic.flags & AS_FLAG_STRIPS ? AS_SAMPLE : asked))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct as_input in = {data, -1, 0, size};
    enum as_kind kind = as_sniff(&in);

    if (as_kind_class((uint16_t)kind) == AS_CLASS_PICTURE)
        decode(&in, kind);
    else if (as_kind_class((uint16_t)kind) == AS_CLASS_VIDEO ||
             as_kind_class((uint16_t)kind) == AS_CLASS_AUDIO)
        describe(&in, kind);
    return 0;
}
