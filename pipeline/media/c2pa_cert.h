/* c2pa_cert.h - certificates and time stamps of a C2PA signature; private to c2pa_*.c. */
#ifndef AS_C2PA_CERT_H
#define AS_C2PA_CERT_H

#include "c2pa.h"
#include "trust_list.h"

/* Certificates of a COSE header (x5chain), the signer's first; NULL: none that can be read. */
STACK_OF(X509) * as_c2pa_read_chain(struct as_span protected_map, struct as_span plain_map);

/* Tells names and times of the signer's certificate, and whether it may sign content: its purpose,
 * the links of the chain, its key.  Sets certificate and flaw.                                */
void as_c2pa_judge_chain(STACK_OF(X509) * chain, struct as_c2pa_signed *to);

/* Whether the chain leads to the list, at the time of a good stamp; without one at no time.  Also
 * whether the stamp's time lies within the certificate's.                                      */
void as_c2pa_trace(STACK_OF(X509) * chain, const struct as_trust *trust, int64_t stamped,
                   struct as_c2pa_signed *to);

/* The message that a time stamp is over; several are tried. */
enum { AS_C2PA_MESSAGES = 2 };

/* Checks one RFC 3161 token or response.  Sets time and signed_at, gives the time, or -1. */
int64_t as_c2pa_read_stamp(struct as_span token, const struct as_span *message, size_t n,
                           const struct as_trust *trust, struct as_c2pa_signed *to);

/* Makes a certificate, and follows it to itself. */
void as_c2pa_warm_chain(void);

#endif
