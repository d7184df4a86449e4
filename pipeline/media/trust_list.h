/* trust_list.h - what a trust list is made of; private to trust.c and c2pa_sign.c. */
#ifndef AS_TRUST_LIST_H
#define AS_TRUST_LIST_H

#include "trust.h"

#include <openssl/x509.h>

struct as_trust {
    STACK_OF(X509) * certs;
};

#endif
