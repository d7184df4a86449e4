/* fuzz_c2pa.c - libFuzzer target of the checks of C2PA manifests: the first byte chooses what.
 *
 * fuzz_metadata reaches them through whole files; here stores, signatures and bindings come
 * without the framing of a file that a mutation would break.                                 */
#include "../pipeline/media/c2pa.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct as_kvs kvs;
static struct as_facts facts;

static void fuzz_store(const uint8_t *at, size_t n)
{
    struct as_input in = {.at = at, .fd = -1, .size = n};
    struct as_md md = {.in = &in, .kvs = &kvs, .facts = &facts};

    as_kvs_reset(&kvs);
    memset(&facts, 0, sizeof facts);
    as_md_c2pa(&md, at, n);
    if (kvs.n > AS_KVS_MAX || kvs.used > AS_KVS_BYTES || as_c2pa_verdict(&facts.c2pa) == NULL)
        abort();
}

/* Two bytes of length, a COSE_Sign1, the claim. */
static void fuzz_signature(const uint8_t *at, size_t n)
{
    size_t cut = n < 2 ? 0 : as_u16be(at) % (n - 1);
    struct as_c2pa_signed by;

    if (n < 2)
        return;
    if (as_c2pa_verify((struct as_span){at + 2, cut}, (struct as_span){at + 2 + cut, n - 2 - cut},
                       NULL, &by) == AS_OK &&
        memchr(by.signer, 0, sizeof by.signer) == NULL)
        abort();
}

/* Two bytes of length, an assertion, the file. */
static void fuzz_binding(const uint8_t *at, size_t n, bool boxes)
{
    size_t cut = n < 2 ? 0 : as_u16be(at) % (n - 1);
    struct as_c2pa_budget budget = {1 << 24};
    struct as_c2pa_place place = {4, 12};
    struct as_span assertion = {at + 2, cut};
    struct as_c2pa_bound bound;
    struct as_input in;

    if (n < 2)
        return;
    in = (struct as_input){.at = at + 2 + cut, .fd = -1, .size = n - 2 - cut};
    bound = boxes
                ? as_c2pa_bmff_hash(&in, assertion, as_text_of("sha256"), place, &budget)
                : as_c2pa_data_hash(&in, assertion, as_text_of("sha256"), place, cut & 1, &budget);
    if (bound.outside > in.size)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    if (kvs.at == NULL) {
        if (as_kvs_init(&kvs) != AS_OK)
            abort();
        as_metadata_warm();
    }
    switch (data[0] % 4) {
    case 0:
        fuzz_store(data + 1, size - 1);
        break;
    case 1:
        fuzz_signature(data + 1, size - 1);
        break;
    default:
        fuzz_binding(data + 1, size - 1, data[0] % 4 == 2);
    }
    return 0;
}
