/* batched.c - the claims of a run of thousands of ranks, for tests/s_claims.sh.
 *
 * Linked into a program like assay in which as_claims_take and as_claims_tell_after are
 * wrapped: a few ranks get many lots an answer, and keep their reports for a while. */
#include "../pipeline/cluster/claims.h"
#include "../pipeline/log.h"

uint32_t __real_as_claims_take(struct as_claims *c, uint32_t ranks, uint64_t *lot);
uint32_t __wrap_as_claims_take(struct as_claims *c, uint32_t ranks, uint64_t *lot);
uint32_t __wrap_as_claims_take(struct as_claims *c, uint32_t ranks, uint64_t *lot)
{
    uint32_t n = 0, most = as_claims_free_lots(c) / (2 * (uint64_t)ranks) > AS_CLAIM_MAX
                               ? AS_CLAIM_MAX
                               : (uint32_t)(as_claims_free_lots(c) / (2 * (uint64_t)ranks));

    do
        n += __real_as_claims_take(c, 1, lot + n);
    while (n < most);
    as_log(AS_LOG_INFO, "answer lots=%u", n);
    return n;
}

double __real_as_claims_tell_after(uint32_t ranks);
double __wrap_as_claims_tell_after(uint32_t ranks);
double __wrap_as_claims_tell_after(uint32_t ranks)
{
    return 1 + 0 * __real_as_claims_tell_after(ranks);
}
