/* c2pa_check.c - whether a C2PA manifest store holds: claim, assertions, binding, ingredients.
 *
 * The last manifest of the store speaks for the file.  Checked of it: the signature over its claim,
 * the hash of every assertion that the claim names, that no assertion stands beside the claim, the
 * hash that binds it to the bytes of the file; and all but the last of the manifests of its
 * ingredients, and of theirs.  The walk over ingredients is a list of manifests, each visited once.
 * C2PA technical specification 2.1, chapter 15.
 *
 *  1. what is told   2. names   3. assertions   4. ingredients   5. binding   6. manifests
 *  7. the whole
 */
#include "c2pa.h"

#include <stdio.h>
#include <stdlib.h>

enum { MANIFESTS_MAX = 256, REFS_MAX = 1024, PROBLEMS_MAX = 16, UPDATES_MAX = 16 };
enum { SIGNATURES_MAX = 64 }; /* of one file: a key of 16,384 bits takes its time */
enum { CBOR = AS_FOUR('c', 'b', 'o', 'r'), JUMB = AS_FOUR('j', 'u', 'm', 'b') };
#define HASHED_MAX (UINT64_C(4) << 30) /* bytes hashed for one file */

struct manifest {
    uint32_t box;
    struct as_text label, alg;
    struct as_span claim; /* CBOR */
    bool update;          /* its ingredient is bound to the file, not it */
    bool reached;         /* the active one, or an ingredient            */
};

struct check {
    struct as_md *md;
    struct as_c2pa_boxes *boxes;
    struct as_c2pa_place place;
    struct as_c2pa_budget budget;
    struct as_c2pa *facts;
    struct manifest manifest[MANIFESTS_MAX];
    uint32_t n;
    uint32_t reached[MANIFESTS_MAX], nreached; /* the list of the walk */
    unsigned problems, assertions, signatures;
    bool draft;               /* told already */
    struct as_c2pa_signed by; /* the active one's signature */
};

/* ---- 1. what is told ---- */

static void problem(struct check *c, struct as_text what, const char *text)
{
    if (c->problems++ < PROBLEMS_MAX)
        as_kvs_addf(c->md->kvs, "c2pa.problem", "%.*s: %s", what.len < 200 ? (int)what.len : 200,
                    what.at, text);
}

/* Bad outweighs unchecked, unchecked outweighs good. */
static void note(enum as_c2pa_state *to, enum as_c2pa_state state)
{
    static const int weight[] = {
        [AS_C2PA_ABSENT] = 0, [AS_C2PA_GOOD] = 1, [AS_C2PA_UNCHECKED] = 2, [AS_C2PA_BAD] = 3};

    if (weight[state] > weight[*to])
        *to = state;
}

static enum as_c2pa_state state_of(enum as_c2pa_match match)
{
    return match == AS_MATCH      ? AS_C2PA_GOOD
           : match == AS_MISMATCH ? AS_C2PA_BAD
                                  : AS_C2PA_UNCHECKED;
}

/* ---- 2. names ---- */

/* Cuts `prefix` off; false: it does not begin so. */
static bool cut(struct as_text *t, const char *prefix)
{
    const uint32_t n = (uint32_t)strlen(prefix);

    if (!as_text_begins(*t, prefix))
        return false;
    *t = (struct as_text){t->at + n, t->len - n};
    return true;
}

/* The part before the next '/', which is cut off with it. */
static struct as_text next_part(struct as_text *t)
{
    const char *slash = t->len ? memchr(t->at, '/', t->len) : NULL;
    const uint32_t n = slash ? (uint32_t)(slash - t->at) : t->len;
    const struct as_text part = {t->at, n};

    *t = (struct as_text){t->at + n + (slash ? 1 : 0), t->len - n - (slash ? 1 : 0)};
    return part;
}

static struct manifest *find_manifest(struct check *c, struct as_text label)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (as_text_same(c->manifest[i].label, label))
            return &c->manifest[i];
    return NULL;
}

/* The label of the assertion that a reference of `m` names; false: it names something else. */
static bool assertion_label(const struct manifest *m, struct as_text url, struct as_text *label)
{
    if (!cut(&url, "self#jumbf="))
        return false;
    if ((cut(&url, "/c2pa/") || cut(&url, "c2pa/")) && !as_text_same(next_part(&url), m->label))
        return false;
    if (!cut(&url, "c2pa.assertions/"))
        return false;
    *label = url;
    return url.len > 0;
}

/* Drafts of version 1.0 wrote references so, and some took hashes otherwise. */
static bool is_draft(struct as_text url)
{
    return as_text_begins(url, "self#jumbf=c2pa/");
}

/* ---- 3. assertions ---- */

/* Whether the claim of a manifest that has this one as ingredient redacts the assertion.  Only
 * manifests that the active one leads to count: others may have been added by anyone.      */
static bool is_redacted(const struct check *c, const struct manifest *m, struct as_text label)
{
    struct as_span rest, item;
    struct as_text url;

    for (uint32_t i = 0; i < c->n; i++) {
        struct as_span list = as_cbor_get(c->manifest[i].claim, "redacted_assertions");
        if (&c->manifest[i] == m || !c->manifest[i].reached)
            continue;
        for (bool more = as_cbor_first(list, &rest, &item); more; more = as_cbor_next(&rest, &item))
            if (as_cbor_text(item, &url) && cut(&url, "self#jumbf=/c2pa/") &&
                as_text_same(next_part(&url), m->label) && cut(&url, "c2pa.assertions/") &&
                as_text_same(url, label))
                return true;
    }
    return false;
}

/* Compares a hashed reference with `bytes`; the algorithm is its own or its claim's. */
static enum as_c2pa_match compare(struct check *c, const struct manifest *m, struct as_span ref,
                                  struct as_span bytes)
{
    struct as_text alg = m->alg;
    struct as_span hash;

    (void)as_cbor_text(as_cbor_get(ref, "alg"), &alg);
    if (!as_cbor_bytes(as_cbor_get(ref, "hash"), &hash))
        return AS_MISMATCH;
    return as_c2pa_hash(alg, bytes, hash, &c->budget);
}

static enum as_c2pa_state check_reference(struct check *c, const struct manifest *m, uint32_t store,
                                          struct as_span ref, uint32_t *box)
{
    struct as_text url = as_text_of(""), label;
    enum as_c2pa_state state;

    *box = AS_C2PA_NOWHERE;
    (void)as_cbor_text(as_cbor_get(ref, "url"), &url);
    if (!assertion_label(m, url, &label)) {
        problem(c, url, "the claim names no assertion of its manifest");
        return AS_C2PA_BAD;
    }
    *box = as_c2pa_inside(c->boxes, store, label);
    if (*box == AS_C2PA_NOWHERE) {
        if (is_redacted(c, m, label))
            return AS_C2PA_GOOD;
        problem(c, label, "the assertion is missing");
        return AS_C2PA_BAD;
    }
    c->boxes->at[*box].used = true;
    state = state_of(compare(c, m, ref, c->boxes->at[*box].content));
    if (state == AS_C2PA_BAD && is_draft(url)) {
        if (!c->draft)
            problem(c, m->label, "written before version 1.0, and not fully checked");
        c->draft = true;
        state = AS_C2PA_UNCHECKED;
    } else if (state != AS_C2PA_GOOD) {
        problem(c, label,
                state == AS_C2PA_BAD ? "the assertion is not the one that was signed"
                                     : "the hash of the assertion cannot be checked");
    }
    return state;
}

/* Calls `visit` with every reference of the claim, of whatever version. */
typedef void visitor(struct check *c, const struct manifest *m, struct as_span ref, void *context);

static void each_reference(struct check *c, const struct manifest *m, visitor *visit, void *context)
{
    static const char *const lists[] = {"assertions", "created_assertions", "gathered_assertions"};
    struct as_span rest, item;
    unsigned n = 0;

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct as_span list = as_cbor_get(m->claim, lists[i]);
        for (bool more = as_cbor_first(list, &rest, &item); more && n < REFS_MAX;
             more = as_cbor_next(&rest, &item), n++)
            visit(c, m, item, context);
    }
}

/* ---- 4. ingredients ---- */

static void reach(struct check *c, struct manifest *m)
{
    if (m->reached)
        return;
    m->reached = true;
    c->reached[c->nreached++] = (uint32_t)(m - c->manifest);
}

/* The hashed reference of an ingredient assertion to its manifest; empty: it has none. */
static struct as_span manifest_of_ingredient(struct as_span ingredient)
{
    struct as_span ref = as_cbor_get(ingredient, "activeManifest");

    return ref.n ? ref : as_cbor_get(ingredient, "c2pa_manifest");
}

static struct manifest *named_manifest(struct check *c, struct as_span ref)
{
    struct as_text url = as_text_of("");

    (void)as_cbor_text(as_cbor_get(ref, "url"), &url);
    return cut(&url, "self#jumbf=/c2pa/") ? find_manifest(c, next_part(&url)) : NULL;
}

/* The manifest of an ingredient has the hash that its user signed: of the manifest, or in version
 * 1.0 of its claim.                                                                        */
static void check_ingredient(struct check *c, const struct manifest *m, uint32_t box)
{
    const struct as_span ref = manifest_of_ingredient(as_c2pa_content(c->boxes, box, CBOR));
    struct manifest *of = ref.n && !as_cbor_is_null(ref) ? named_manifest(c, ref) : NULL;
    enum as_c2pa_state state;

    if (ref.n == 0 || as_cbor_is_null(ref))
        return; /* it came without a manifest */
    if (of == NULL) {
        note(&c->facts->ingredients, AS_C2PA_BAD);
        problem(c, c->boxes->at[box].label, "the manifest of the ingredient is missing");
        return;
    }
    state = state_of(compare(c, m, ref, c->boxes->at[of->box].content));
    if (state == AS_C2PA_BAD)
        state = state_of(compare(c, m, ref, of->claim));
    if (state == AS_C2PA_BAD)
        problem(c, c->boxes->at[box].label, "the manifest of the ingredient was changed");
    note(&c->facts->ingredients, state);
    reach(c, of);
}

/* ---- 5. binding ---- */

struct binding {
    bool updated; /* the store has grown since it was bound */
    enum as_c2pa_state state;
    uint64_t outside;
};

static void check_binding(struct check *c, const struct manifest *m, struct as_span ref,
                          void *context)
{
    const uint32_t store = as_c2pa_inside(c->boxes, m->box, as_text_of("c2pa.assertions"));
    struct as_c2pa_bound bound = {AS_MATCH_UNKNOWN, 0};
    struct binding *to = context;
    struct as_text url = as_text_of(""), label;
    struct as_span cbor;
    uint32_t box;

    (void)as_cbor_text(as_cbor_get(ref, "url"), &url);
    if (store == AS_C2PA_NOWHERE || !assertion_label(m, url, &label) ||
        !as_text_begins(label, "c2pa.hash.") ||
        (box = as_c2pa_inside(c->boxes, store, label)) == AS_C2PA_NOWHERE)
        return;
    cbor = as_c2pa_content(c->boxes, box, CBOR);
    if (as_text_begins(label, "c2pa.hash.data"))
        bound = as_c2pa_data_hash(c->md->in, cbor, m->alg, c->place, to->updated, &c->budget);
    else if (as_text_begins(label, "c2pa.hash.bmff.v"))
        bound = as_c2pa_bmff_hash(c->md->in, cbor, m->alg, c->place, &c->budget);
    if (bound.match != AS_MATCH)
        problem(c, label,
                bound.match == AS_MISMATCH ? "the file is not the one that was signed"
                                           : "this kind of binding to the file is not checked");
    note(&to->state, state_of(bound.match));
    if (bound.outside > to->outside)
        to->outside = bound.outside;
}

struct parent {
    struct manifest *manifest;
};

static void find_parent(struct check *c, const struct manifest *m, struct as_span ref,
                        void *context)
{
    const uint32_t store = as_c2pa_inside(c->boxes, m->box, as_text_of("c2pa.assertions"));
    struct parent *to = context;
    struct as_text url = as_text_of(""), label, relation;
    struct as_span cbor;
    uint32_t box;

    (void)as_cbor_text(as_cbor_get(ref, "url"), &url);
    if (store == AS_C2PA_NOWHERE || !assertion_label(m, url, &label) ||
        !as_text_begins(label, "c2pa.ingredient") ||
        (box = as_c2pa_inside(c->boxes, store, label)) == AS_C2PA_NOWHERE)
        return;
    cbor = as_c2pa_content(c->boxes, box, CBOR);
    if (as_cbor_text(as_cbor_get(cbor, "relationship"), &relation) &&
        as_text_is(relation, "parentOf"))
        to->manifest = named_manifest(c, manifest_of_ingredient(cbor));
}

/* The manifest that is bound to the file: the active one, or what it updates. */
static void bind_to_file(struct check *c, const struct manifest *m)
{
    struct binding binding = {false, AS_C2PA_ABSENT, 0};

    for (unsigned i = 0; m && m->update && i < UPDATES_MAX; i++) {
        struct parent parent = {NULL};
        each_reference(c, m, find_parent, &parent);
        m = parent.manifest;
        binding.updated = true;
    }
    if (m && !m->update)
        each_reference(c, m, check_binding, &binding);
    c->facts->binding = binding.state;
    c->facts->outside = binding.outside;
    if (binding.state == AS_C2PA_ABSENT)
        problem(c, m ? m->label : as_text_of("manifest"), "nothing binds it to the file");
}

/* ---- 6. manifests ---- */

struct walk {
    uint32_t store;
    enum as_c2pa_state *state;
};

static void visit_assertion(struct check *c, const struct manifest *m, struct as_span ref,
                            void *context)
{
    const struct walk *w = context;
    uint32_t box;

    note(w->state, check_reference(c, m, w->store, ref, &box));
    c->assertions++;
    if (box != AS_C2PA_NOWHERE && as_text_begins(c->boxes->at[box].label, "c2pa.ingredient"))
        check_ingredient(c, m, box);
}

/* Every assertion that the claim names, and none that it does not. */
static void check_assertions(struct check *c, const struct manifest *m, enum as_c2pa_state *state)
{
    struct walk w = {as_c2pa_inside(c->boxes, m->box, as_text_of("c2pa.assertions")), state};

    if (w.store == AS_C2PA_NOWHERE) {
        note(state, AS_C2PA_BAD);
        return;
    }
    each_reference(c, m, visit_assertion, &w);
    for (uint32_t i = w.store + 1;
         i < c->boxes->n && c->boxes->at[i].depth > c->boxes->at[w.store].depth; i++) {
        const struct as_c2pa_box *box = &c->boxes->at[i];
        if (box->parent != w.store || box->type != JUMB || box->used || *state == AS_C2PA_UNCHECKED)
            continue;
        note(state, AS_C2PA_BAD);
        problem(c, box->label, "an assertion that was not signed");
    }
}

static enum as_status check_signature(struct check *c, const struct manifest *m,
                                      struct as_c2pa_signed *by)
{
    const uint32_t box = as_c2pa_inside(c->boxes, m->box, as_text_of("c2pa.signature"));

    memset(by, 0, sizeof *by);
    by->signature = AS_C2PA_BAD;
    by->flaw = "there is no signature";
    if (box == AS_C2PA_NOWHERE || m->claim.n == 0)
        return AS_OK;
    if (c->signatures++ == SIGNATURES_MAX) {
        c->signatures = SIGNATURES_MAX;
        by->signature = AS_C2PA_UNCHECKED;
        by->flaw = "more signatures than are checked of a file";
        return AS_OK;
    }
    return as_c2pa_verify(as_c2pa_content(c->boxes, box, CBOR), m->claim, c->md->trust, by);
}

/* A manifest of an ingredient: its faults are the ingredient's. */
static enum as_status check_other(struct check *c, const struct manifest *m)
{
    enum as_c2pa_state state = AS_C2PA_GOOD;
    struct as_c2pa_signed by;
    enum as_status status;

    check_assertions(c, m, &state);
    if ((status = check_signature(c, m, &by)) != AS_OK)
        return status;
    note(&state, by.signature);
    note(&state, by.certificate);
    if (by.signature == AS_C2PA_BAD || by.certificate == AS_C2PA_BAD)
        problem(c, m->label, by.flaw ? by.flaw : "the signature of the ingredient does not hold");
    note(&c->facts->ingredients, state);
    c->facts->checked_ingredients++;
    return AS_OK;
}

/* The claim of a manifest: one box; with two, a reader might take the wrong one. */
static struct as_span find_claim(struct check *c, uint32_t manifest)
{
    struct as_span claim = {NULL, 0};
    unsigned n = 0;

    for (uint32_t i = manifest + 1; i < c->boxes->n && c->boxes->at[i].depth > 2; i++) {
        if (c->boxes->at[i].parent != manifest ||
            !as_text_begins(c->boxes->at[i].label, "c2pa.claim"))
            continue;
        claim = as_c2pa_content(c->boxes, i, CBOR);
        n++;
    }
    return n == 1 ? claim : (struct as_span){NULL, 0};
}

static void find_manifests(struct check *c)
{
    for (uint32_t i = 1; i < c->boxes->n && c->n < MANIFESTS_MAX; i++) {
        const struct as_c2pa_box *box = &c->boxes->at[i];
        struct manifest *m = &c->manifest[c->n];

        if (box->type != JUMB || box->depth != 2 || box->parent != 0)
            continue;
        *m = (struct manifest){.box = i, .label = box->label, .alg = as_text_of("sha256")};
        m->claim = find_claim(c, i);
        m->update = box->kind == AS_FOUR('c', '2', 'u', 'm');
        (void)as_cbor_text(as_cbor_get(m->claim, "alg"), &m->alg);
        c->n++;
    }
}

/* ---- 7. the whole ---- */

static enum as_status check_all(struct check *c)
{
    struct manifest *active = &c->manifest[c->n - 1];
    enum as_status status;

    reach(c, active);
    if ((status = check_signature(c, active, &c->by)) != AS_OK)
        return status;
    c->facts->signature = c->by.signature;
    c->facts->certificate = c->by.certificate;
    c->facts->time = c->by.time;
    c->facts->trust = c->by.trust;
    check_assertions(c, active, &c->facts->assertions);
    bind_to_file(c, active);
    for (uint32_t i = 1; i < c->nreached; i++) /* the list grows while it is walked */
        if ((status = check_other(c, &c->manifest[c->reached[i]])) != AS_OK)
            return status;
    return AS_OK;
}

void as_c2pa_check(struct as_md *md, struct as_c2pa_boxes *boxes, struct as_c2pa_place place)
{
    struct check *c;

    if (md->facts->c2pa.present) { /* two stores: readers may differ in which they take */
        md->facts->c2pa.readable = false;
        as_kvs_addf(md->kvs, "c2pa.problem", "the file holds several manifest stores");
        return;
    }
    md->facts->c2pa.present = true;
    if ((c = calloc(1, sizeof *c)) == NULL) {
        md->no_memory = true;
        return;
    }
    c->md = md;
    c->boxes = boxes;
    c->place = place;
    c->facts = &md->facts->c2pa;
    c->budget.bytes = HASHED_MAX;
    find_manifests(c);
    c->facts->manifests = c->n;
    c->facts->readable = c->n > 0 && c->manifest[c->n - 1].claim.n > 0;
    if (c->facts->readable && check_all(c) != AS_OK)
        md->no_memory = true;
    if (c->by.flaw)
        problem(c, as_text_of("signature"), c->by.flaw);
    as_c2pa_tell(md->kvs, c->facts, &c->by, c->assertions);
    free(c);
}
