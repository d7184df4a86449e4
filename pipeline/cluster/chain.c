/* chain.c - the chain of CASE/audit.jsonl, followed. */
#include "chain.h"

#include "../hex.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* What is known while following. */
struct follow {
    struct as_chain *audit;
    void (*fault)(void *state, uint64_t line, const char *what);
    void *state;
    char want[65];  /* hash of the line before                              */
    char sound[65]; /* hash of the last sound line: differs after a torn one */
    bool torn;      /* the line before is torn                              */
    uint64_t line;
};

static bool hash(const char *at, size_t n, char hex[65])
{
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_Digest(at, n, md, &len, EVP_sha256(), NULL) != 1 || len != 32)
        return false;
    as_hex(md, 32, hex);
    return true;
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *v = json_string_value(json_object_get(o, key));
    return v ? v : "";
}

static void tell_fault(struct follow *c, const char *what)
{
    c->audit->broken++;
    if (c->fault)
        c->fault(c->state, c->line, what);
}

/* A line that is an entry, or NULL: then it is torn. */
static json_t *parse(const char *at, size_t n)
{
    json_t *o = json_loadb(at, n, JSON_REJECT_DUPLICATES, NULL);

    if (json_is_string(json_object_get(o, "prev")) && json_is_string(json_object_get(o, "time")) &&
        json_is_string(json_object_get(o, "event")))
        return o;
    json_decref(o);
    return NULL;
}

static void sealed(struct as_chain *a, const json_t *o)
{
    const json_t *kept = json_object_get(o, "residuals");

    snprintf(a->content_digest, sizeof a->content_digest, "%s", text_of(o, "content_digest"));
    snprintf(a->residuals, sizeof a->residuals, "%s", text_of(kept, "digest"));
    a->pixels = (uint64_t)json_integer_value(json_object_get(o, "residual_pixels"));
}

static void entry(struct follow *c, const json_t *o)
{
    const char *event = text_of(o, "event");
    bool recovered = strcmp(event, "recovered") == 0;

    if (c->torn && !recovered)
        tell_fault(c, "follows a torn line that no \"recovered\" entry closes");
    if (strcmp(text_of(o, "prev"), c->want) != 0)
        tell_fault(c, "its \"prev\" is not the hash of the line before: a line was changed, "
                 "removed or put in");
    if (recovered && strcmp(text_of(o, "after"), c->sound) != 0)
        tell_fault(c, "its \"after\" is not the hash of the last sound line: something is missing");
    c->audit->recovered += c->torn && recovered;
    c->audit->lines++;
    if (strcmp(event, "sealed") == 0)
        sealed(c->audit, o);
}

static enum as_status take_line(struct follow *c, const char *at, size_t n, struct as_err *err)
{
    enum as_status status = AS_OK;
    json_t *o = parse(at, n);

    c->line++;
    if (o)
        entry(c, o);
    c->torn = o == NULL;
    if (!hash(at, n, c->want))
        AS_FAIL(err, AS_EIO, "SHA-256 is not available");
    if (!c->torn)
        memcpy(c->sound, c->want, sizeof c->sound);
done:
    json_decref(o);
    return status;
}

enum as_status as_chain_follow(const char *path, struct as_chain *audit,
                               void (*fault)(void *state, uint64_t line, const char *what),
                               void *state, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct follow c = {.audit = audit, .fault = fault, .state = state};
    char *text = NULL;
    bool ended = true;
    size_t room = 0;
    ssize_t n;
    FILE *f;

    memset(audit, 0, sizeof *audit);
    memset(c.want, '0', 64);
    memset(c.sound, '0', 64);
    if ((f = fopen(path, "rb")) == NULL) {
        if (errno == ENOENT)
            return AS_SKIP;
        AS_FAIL(err, AS_EIO, "cannot open %s: %s", path, strerror(errno));
    }
    while ((n = getline(&text, &room, f)) > 0) {
        ended = text[n - 1] == '\n';
        AS_TRY(take_line(&c, text, (size_t)n - ended, err));
    }
    if (ferror(f))
        AS_FAIL(err, AS_EIO, "cannot read %s: %s", path, strerror(errno));
    audit->torn_end = c.torn || !ended;
done:
    free(text);
    if (f)
        fclose(f);
    return status;
}

bool as_chain_kept(const struct as_chain *audit, const char *digest, uint64_t pixels)
{
    return strcmp(audit->residuals, digest) == 0 && (digest[0] == 0 || audit->pixels == pixels);
}
