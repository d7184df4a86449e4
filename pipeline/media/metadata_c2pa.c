/* metadata_c2pa.c - C2PA manifest stores: what they declare, as entries.
 *
 * A store is a JUMBF superbox "c2pa" of manifests; the last manifest is the
 * active one.  A manifest holds an assertion store, a claim and a signature.
 * The entries made here say what the store declares; whether it holds is told
 * by c2pa_check.c, under "c2pa.state" and its like.
 *
 * References: ISO/IEC 19566-5 (JUMBF), C2PA specification 2.1, RFC 9052 (COSE).
 */
#include "c2pa.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIST_MAX = 4096 };

/* A list joined with "; ". */
struct list {
    char at[LIST_MAX + 1]; /* one more than an entry holds, so that kvs marks the cut */
    size_t n;
};

static void list_add(struct list *list, const char *at, size_t n)
{
    size_t room = sizeof list->at - list->n;

    if (n == 0 || room < 3)
        return;
    if (list->n > 0) {
        memcpy(list->at + list->n, "; ", 2);
        list->n += 2;
        room -= 2;
    }
    n = n < room ? n : room;
    memcpy(list->at + list->n, at, n);
    list->n += n;
}

/* What is kept of one manifest. */
struct manifest {
    struct as_text label;
    struct list generator, generator_info, title, format, actions, agents, source_types, assertions;
    unsigned ingredients;
    int64_t alg;
    bool has_alg;
};

struct store {
    struct as_md *md;
    struct manifest now;      /* the one being read; at the end, the active one */
    struct list source_types; /* of the manifests before it                     */
    unsigned manifests;
};

/* ---- what is wanted of claims and assertions ---- */

static void claim_text(void *manifest, const char *path, const char *at, size_t n)
{
    struct manifest *m = manifest;

    if (strcmp(path, "claim_generator") == 0)
        list_add(&m->generator, at, n);
    else if (strcmp(path, "claim_generator_info/name") == 0 ||
             strcmp(path, "claim_generator_info/[]/name") == 0)
        list_add(&m->generator_info, at, n);
    else if (strcmp(path, "dc:title") == 0)
        list_add(&m->title, at, n);
    else if (strcmp(path, "dc:format") == 0)
        list_add(&m->format, at, n);
}

static void actions_text(void *manifest, const char *path, const char *at, size_t n)
{
    struct manifest *m = manifest;

    if (strcmp(path, "actions/[]/action") == 0)
        list_add(&m->actions, at, n);
    else if (strcmp(path, "actions/[]/digitalSourceType") == 0)
        list_add(&m->source_types, at, n);
    else if (strcmp(path, "actions/[]/softwareAgent") == 0 ||
             strcmp(path, "actions/[]/softwareAgent/name") == 0)
        list_add(&m->agents, at, n);
}

static void alg_text(void *manifest, const char *path, const char *at, size_t n)
{
    struct manifest *m = manifest;
    char text[24];

    if (strcmp(path, "1") != 0 || n == 0 || n >= sizeof text)
        return;
    memcpy(text, at, n);
    text[n] = '\0';
    m->has_alg = sscanf(text, "%" SCNd64, &m->alg) == 1;
}

/* COSE_Sign1: [protected header (bytes), ...]; label 1 of the header is the algorithm. */
static void read_signature(struct manifest *m, const uint8_t *at, size_t n)
{
    struct as_span head = as_md_cbor(at, n, NULL, NULL);

    if (head.at)
        as_md_cbor(head.at, head.n, alg_text, m);
}

/* The superbox around box i at `depth`, or NULL. */
static const struct as_c2pa_box *around(const struct as_c2pa_boxes *boxes, uint32_t i,
                                        uint32_t depth)
{
    while (i != AS_C2PA_NOWHERE && boxes->at[i].depth > depth)
        i = boxes->at[i].parent;
    return i != AS_C2PA_NOWHERE && boxes->at[i].depth == depth ? &boxes->at[i] : NULL;
}

/* A content box, inside a part of a manifest (depth 3) or an assertion (4). */
static void read_content(struct manifest *m, const struct as_c2pa_boxes *boxes, uint32_t i)
{
    enum { CBOR = 0x63626F72 };
    const struct as_c2pa_box *box = &boxes->at[i], *part = around(boxes, box->parent, 3);
    const struct as_c2pa_box *assertion = around(boxes, box->parent, 4);

    if (box->type != CBOR || part == NULL)
        return;
    if (as_text_begins(part->label, "c2pa.claim"))
        as_md_cbor(box->content.at, box->content.n, claim_text, m);
    else if (as_text_is(part->label, "c2pa.assertions") && assertion &&
             as_text_begins(assertion->label, "c2pa.actions"))
        as_md_cbor(box->content.at, box->content.n, actions_text, m);
    else if (as_text_is(part->label, "c2pa.signature"))
        read_signature(m, box->content.at, box->content.n);
}

/* A superbox with a label: a manifest begins (depth 2), or an assertion (4). */
static void labelled(struct store *s, const struct as_c2pa_boxes *boxes, uint32_t i)
{
    const struct as_c2pa_box *box = &boxes->at[i], *part = around(boxes, i, 3);

    if (box->depth == 2) {
        list_add(&s->source_types, s->now.source_types.at, s->now.source_types.n);
        memset(&s->now, 0, sizeof s->now);
        s->now.label = box->label;
        s->manifests++;
    } else if (box->depth == 4 && part && as_text_is(part->label, "c2pa.assertions")) {
        list_add(&s->now.assertions, box->label.at, box->label.len);
        s->now.ingredients += as_text_begins(box->label, "c2pa.ingredient") &&
                              !as_text_begins(box->label, "c2pa.ingredient.thumb");
    }
}

static void read_store(struct store *s, const struct as_c2pa_boxes *boxes)
{
    for (uint32_t i = 0; i < boxes->n; i++) {
        if (boxes->at[i].label.at)
            labelled(s, boxes, i);
        else
            read_content(&s->now, boxes, i);
    }
    if (boxes->broken)
        as_md_broken(s->md, boxes->broken);
}

/* ---- entries ---- */

static const char *alg_name(int64_t alg)
{
    static const struct {
        int alg;
        const char *name;
    } names[] = {{-7, "ES256"},  {-35, "ES384"}, {-36, "ES512"},  {-37, "PS256"},  {-38, "PS384"},
                 {-39, "PS512"}, {-8, "EdDSA"},  {-257, "RS256"}, {-258, "RS384"}, {-259, "RS512"}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].alg == alg)
            return names[i].name;
    return "unknown";
}

static void add_entries(struct store *s)
{
    struct as_kvs *kvs = s->md->kvs;
    const struct manifest *m = &s->now;
    const struct list *generator = m->generator.n ? &m->generator : &m->generator_info;

    as_kvs_add(kvs, "c2pa.present", "yes", 3);
    as_kvs_addf(kvs, "c2pa.manifests", "%u", s->manifests);
    if (s->manifests == 0)
        return;
    as_kvs_add(kvs, "c2pa.active_manifest", m->label.at, m->label.len);
    as_kvs_add(kvs, "c2pa.claim_generator", generator->at, generator->n);
    as_kvs_add(kvs, "c2pa.claim_generator_info", m->generator_info.at, m->generator_info.n);
    as_kvs_add(kvs, "c2pa.title", m->title.at, m->title.n);
    as_kvs_add(kvs, "c2pa.format", m->format.at, m->format.n);
    as_kvs_add(kvs, "c2pa.actions", m->actions.at, m->actions.n);
    as_kvs_add(kvs, "c2pa.software_agents", m->agents.at, m->agents.n);
    as_kvs_add(kvs, "c2pa.digital_source_type", m->source_types.at, m->source_types.n);
    as_kvs_add(kvs, "c2pa.ingredient_digital_source_type", s->source_types.at, s->source_types.n);
    as_kvs_add(kvs, "c2pa.assertions", m->assertions.at, m->assertions.n);
    as_kvs_addf(kvs, "c2pa.ingredients", "%u", m->ingredients);
    if (m->has_alg)
        as_kvs_add(kvs, "c2pa.signature_alg", alg_name(m->alg), strlen(alg_name(m->alg)));
}

/* Where bytes that lie in the input as they are lie in it. */
static struct as_c2pa_place place_of(const struct as_md *md, const uint8_t *at, size_t n)
{
    const uint8_t *file = md->in->at;
    struct as_c2pa_place place = {0, 0};

    if (file && (uintptr_t)at >= (uintptr_t)file &&
        (uintptr_t)at - (uintptr_t)file <= md->in->size - n && md->in->size >= n)
        place = (struct as_c2pa_place){(uint64_t)(at - file), (uint64_t)(at - file) + n};
    return place;
}

static void read_and_check(struct as_md *md, const uint8_t *at, size_t n,
                           struct as_c2pa_place place)
{
    struct store *s = calloc(1, sizeof *s);
    struct as_c2pa_boxes *boxes = calloc(1, sizeof *boxes);

    if (s == NULL || boxes == NULL) {
        md->no_memory = true;
    } else {
        s->md = md;
        as_c2pa_read_boxes(boxes, at, n);
        read_store(s, boxes);
        add_entries(s);
        as_c2pa_check(md, boxes, place);
    }
    free(boxes);
    free(s);
}

void as_md_c2pa_at(struct as_md *md, const uint8_t *at, size_t n, uint64_t from, uint64_t to)
{
    static const uint8_t uuid[4] = {'c', '2', 'p', 'a'}; /* of a store's description box */
    const struct as_c2pa_place place = {from, to};

    if (n > AS_BLOCK_MAX) {
        as_md_broken(md, "C2PA store longer than 16 MiB");
        n = AS_BLOCK_MAX;
    }
    /* other JUMBF content (360 degree pictures, privacy) is none of ours */
    if (n < 32 || memcmp(at + 4, "jumb", 4) != 0 || memmem(at, n < 64 ? n : 64, uuid, 4) == NULL)
        return;
    if (!as_md_enter(md, n))
        return;
    read_and_check(md, at, n, to ? place : place_of(md, at, n));
    as_md_leave(md);
}

void as_md_c2pa(struct as_md *md, const uint8_t *at, size_t n)
{
    as_md_c2pa_at(md, at, n, 0, 0);
}
