/* metadata_c2pa.c - C2PA manifest stores: JUMBF boxes by our own walk, CBOR by metadata_cbor.c.
 *
 * A store is a JUMBF superbox "c2pa" of manifests; the last manifest is the
 * active one.  A manifest holds an assertion store, a claim and a signature.
 * Nothing is verified here: entries say what the store declares.
 *
 * References: ISO/IEC 19566-5 (JUMBF), C2PA specification 2.1, RFC 9052 (COSE).
 */
#include "metadata.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAX = 16, LABEL_MAX = 128, LIST_MAX = 4096, BOXES_MAX = 65536 };

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
    char label[LABEL_MAX];
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

/* A content box, under the labels of the superboxes around it. */
static void read_content(struct manifest *m, const char *part, const char *label, uint32_t type,
                         const uint8_t *at, size_t n)
{
    enum { CBOR = 0x63626F72 };

    if (type != CBOR)
        return;
    if (strncmp(part, "c2pa.claim", 10) == 0)
        as_md_cbor(at, n, claim_text, m);
    else if (strcmp(part, "c2pa.assertions") == 0 && strncmp(label, "c2pa.actions", 12) == 0)
        as_md_cbor(at, n, actions_text, m);
    else if (strcmp(part, "c2pa.signature") == 0)
        read_signature(m, at, n);
}

/* ---- JUMBF ---- */

struct frame {
    size_t end; /* of the superbox */
    char label[LABEL_MAX];
};

struct box {
    uint32_t type;
    size_t at, n; /* its payload */
};

/* The box at `at`, inside `end`; false when there is none. */
static bool next_box(const uint8_t *p, size_t at, size_t end, struct box *box)
{
    uint64_t size, head = 8;

    if (end - at < 8)
        return false;
    size = as_u32be(p + at);
    box->type = as_u32be(p + at + 4);
    if (size == 1) {
        if (end - at < 16)
            return false;
        size = as_u64be(p + at + 8);
        head = 16;
    } else if (size == 0) { /* to the end of what is around it */
        size = end - at;
    }
    if (size < head || size > end - at)
        return false;
    box->at = at + (size_t)head;
    box->n = (size_t)(size - head);
    return true;
}

/* The label of a description box: type (16 bytes), toggles, label ended by NUL. */
static void read_label(const uint8_t *at, size_t n, char *label)
{
    size_t len = 0;

    label[0] = '\0';
    if (n < 17 || (at[16] & 2) == 0)
        return;
    while (len < LABEL_MAX - 1 && 17 + len < n && at[17 + len] != 0) {
        label[len] = (char)at[17 + len];
        len++;
    }
    label[len] = '\0';
}

/* A superbox's label is known: a manifest begins (level 2), or an assertion (level 4). */
static void labelled(struct store *s, const struct frame *frame, unsigned depth)
{
    const char *label = frame[depth - 1].label;

    if (depth == 2) {
        list_add(&s->source_types, s->now.source_types.at, s->now.source_types.n);
        memset(&s->now, 0, sizeof s->now);
        memcpy(s->now.label, label, sizeof s->now.label);
        s->manifests++;
    } else if (depth == 4 && strcmp(frame[2].label, "c2pa.assertions") == 0) {
        list_add(&s->now.assertions, label, strlen(label));
        s->now.ingredients += strncmp(label, "c2pa.ingredient", 15) == 0 &&
                              strncmp(label, "c2pa.ingredient.thumb", 21) != 0;
    }
}

/* Walks all boxes with a stack of the superboxes around the current one. */
static void walk(struct store *s, const uint8_t *p, size_t n)
{
    enum { JUMB = 0x6A756D62, JUMD = 0x6A756D64 };
    struct frame frame[DEPTH_MAX + 1];
    unsigned depth = 0, boxes = 0;
    size_t at = 0, end = n;
    struct box box;

    while (boxes++ < BOXES_MAX) {
        while (depth > 0 && at >= frame[depth - 1].end)
            depth--;
        end = depth ? frame[depth - 1].end : n;
        if (at >= end && depth == 0)
            return;
        if (!next_box(p, at, end, &box)) {
            as_md_broken(s->md, "C2PA box length");
            if (depth == 0)
                return;
            at = end; /* go on behind the superbox */
            continue;
        }
        if (box.type == JUMB && depth < DEPTH_MAX) {
            frame[depth].end = box.at + box.n;
            frame[depth++].label[0] = '\0';
            at = box.at;
            continue;
        }
        if (box.type == JUMB)
            as_md_broken(s->md, "C2PA boxes nested too deeply");
        at = box.at + box.n;
        if (box.type == JUMD && depth > 0) {
            read_label(p + box.at, box.n, frame[depth - 1].label);
            labelled(s, frame, depth);
        } else if (depth >= 3) {
            read_content(&s->now, frame[2].label, depth > 3 ? frame[3].label : "", box.type,
                         p + box.at, box.n);
        }
    }
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
    as_kvs_add(kvs, "c2pa.active_manifest", m->label, strlen(m->label));
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

void as_md_c2pa(struct as_md *md, const uint8_t *at, size_t n)
{
    static const uint8_t uuid[4] = {'c', '2', 'p', 'a'}; /* of a store's description box */
    struct store *s;

    if (n > AS_BLOCK_MAX) {
        as_md_broken(md, "C2PA store longer than 16 MiB");
        n = AS_BLOCK_MAX;
    }
    /* other JUMBF content (360 degree pictures, privacy) is none of ours */
    if (n < 32 || memcmp(at + 4, "jumb", 4) != 0 || memmem(at, n < 64 ? n : 64, uuid, 4) == NULL)
        return;
    if (!as_md_enter(md, n))
        return;
    if ((s = calloc(1, sizeof *s)) == NULL) {
        md->no_memory = true;
    } else {
        s->md = md;
        walk(s, at, n);
        add_entries(s);
        free(s);
    }
    as_md_leave(md);
}
