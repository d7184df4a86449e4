/* c2pa_tell.c - what checking a C2PA manifest store gave, in words.
 *
 * c2pa.state is the worst thing found, in the order in which it undoes the rest: a signature that
 * does not hold makes hashes meaningless, a hash that differs makes the signer irrelevant.
 */
#include "c2pa.h"

#include <inttypes.h>

const char *as_c2pa_verdict(const struct as_c2pa *f)
{
    if (!f->readable)
        return "unreadable";
    if (f->signature == AS_C2PA_BAD)
        return "signature bad";
    if (f->assertions == AS_C2PA_BAD)
        return "assertion bad";
    if (f->binding == AS_C2PA_BAD)
        return "hash bad";
    if (f->certificate == AS_C2PA_BAD || f->time == AS_C2PA_BAD)
        return "certificate or time stamp bad";
    if (f->ingredients == AS_C2PA_BAD)
        return "ingredient bad";
    if (f->binding == AS_C2PA_ABSENT)
        return "not bound to the file";
    if (f->signature != AS_C2PA_GOOD || f->assertions == AS_C2PA_UNCHECKED ||
        f->binding == AS_C2PA_UNCHECKED || f->ingredients == AS_C2PA_UNCHECKED)
        return "not fully checked";
    return f->trust == AS_C2PA_GOOD  ? "valid, signer trusted"
           : f->trust == AS_C2PA_BAD ? "valid, signer not trusted"
                                     : "valid, no trust list";
}

static void tell_signer(struct as_kvs *kvs, const struct as_c2pa_signed *by)
{
    static const char *const time[] = {"no time stamp", "from a trusted authority",
                                       "the time stamp does not hold", "authority not trusted"};

    as_kvs_add(kvs, "c2pa.signer", by->signer, strlen(by->signer));
    as_kvs_add(kvs, "c2pa.signer_issuer", by->issuer, strlen(by->issuer));
    if (by->valid_from[0])
        as_kvs_addf(kvs, "c2pa.certificate_period", "%s to %s", by->valid_from, by->valid_to);
    as_kvs_add(kvs, "c2pa.signed_at", by->signed_at, strlen(by->signed_at));
    as_kvs_addf(kvs, "c2pa.time_stamp", "%s", time[by->time]);
}

void as_c2pa_tell(struct as_kvs *kvs, const struct as_c2pa *f, const struct as_c2pa_signed *by,
                  unsigned assertions)
{
    static const char *const words[] = {"absent", "good", "bad", "not checked"};
    static const char *const trust[] = {"no list given", "on the trust list",
                                        "not on the trust list", "not checked"};

    as_kvs_addf(kvs, "c2pa.state", "%s", as_c2pa_verdict(f));
    if (!f->readable)
        return;
    as_kvs_addf(kvs, "c2pa.signature", "%s", words[f->signature]);
    as_kvs_addf(kvs, "c2pa.certificate", "%s", words[f->certificate]);
    as_kvs_addf(kvs, "c2pa.trust", "%s", trust[f->trust]);
    as_kvs_addf(kvs, "c2pa.binding", "%s", words[f->binding]);
    as_kvs_addf(kvs, "c2pa.assertions_state", "%s (%u)", words[f->assertions], assertions);
    as_kvs_addf(kvs, "c2pa.ingredients_state", "%s (%u)", words[f->ingredients],
                f->checked_ingredients);
    if (f->outside)
        as_kvs_addf(kvs, "c2pa.unbound_bytes", "%" PRIu64, f->outside);
    tell_signer(kvs, by);
}
