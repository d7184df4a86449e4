/* metadata_xmp.c - XMP packets, flattened to "xmp.PREFIX:Name[/...]" entries.
 *
 * libxml2's SAX parser drives a small machine with an explicit stack.  A packet
 * is decoded to UTF-8 first and the encoding it declares is ignored, so that no
 * converter is ever loaded; a document type ends the parse, so there are no
 * entities, hence no entity bombs and nothing external.
 *
 * RDF in brief (XMP specification part 1, 7): an rdf:Description holds
 * properties, as attributes or child elements.  A property is text, a resource,
 * a struct (a nested Description, parseType="Resource", or only attributes) or
 * an array (Bag, Seq, Alt of li).  Plain items of an array are joined with "; ";
 * items that are structs get an index: xmpMM:History[2]/stEvt:action.
 */
#include "metadata.h"

#include <libxml/parser.h>

#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAX = 64, PATH_MAX_BYTES = 200, JOIN_MAX = 64 * 1024, ATTRIBUTES_MAX = 800 };

#define RDF "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

/* Namespaces and the prefix everyone means by them. */
static const struct {
    const char *uri, *prefix;
} standard[] = {
    {"http://purl.org/dc/elements/1.1/", "dc"},
    {"http://purl.org/dc/terms/", "dcterms"},
    {"http://ns.adobe.com/xap/1.0/", "xmp"},
    {"http://ns.adobe.com/xap/1.0/mm/", "xmpMM"},
    {"http://ns.adobe.com/xap/1.0/rights/", "xmpRights"},
    {"http://ns.adobe.com/xap/1.0/bj/", "xmpBJ"},
    {"http://ns.adobe.com/xap/1.0/t/pg/", "xmpTPg"},
    {"http://ns.adobe.com/xap/1.0/g/", "xmpG"},
    {"http://ns.adobe.com/xap/1.0/g/img/", "xmpGImg"},
    {"http://ns.adobe.com/xap/1.0/sType/Dimensions#", "stDim"},
    {"http://ns.adobe.com/xap/1.0/sType/Font#", "stFnt"},
    {"http://ns.adobe.com/xap/1.0/sType/ManifestItem#", "stMfs"},
    {"http://ns.adobe.com/xap/1.0/sType/ResourceEvent#", "stEvt"},
    {"http://ns.adobe.com/xap/1.0/sType/ResourceRef#", "stRef"},
    {"http://ns.adobe.com/xap/1.0/sType/Version#", "stVer"},
    {"http://ns.adobe.com/xap/1.0/sType/Job#", "stJob"},
    {"http://ns.adobe.com/xmp/sType/Area#", "stArea"},
    {"http://ns.adobe.com/xmp/note/", "xmpNote"},
    {"http://ns.adobe.com/xmp/1.0/DynamicMedia/", "xmpDM"},
    {"http://ns.adobe.com/xmp/Identity/1.0/", "xmpidq"},
    {"http://ns.adobe.com/xmp/identifier/qual/1.0/", "xmpidq"},
    {"http://ns.adobe.com/photoshop/1.0/", "photoshop"},
    {"http://ns.adobe.com/camera-raw-settings/1.0/", "crs"},
    {"http://ns.adobe.com/lightroom/1.0/", "lr"},
    {"http://ns.adobe.com/pdf/1.3/", "pdf"},
    {"http://ns.adobe.com/pdfx/1.3/", "pdfx"},
    {"http://ns.adobe.com/tiff/1.0/", "tiff"},
    {"http://ns.adobe.com/exif/1.0/", "exif"},
    {"http://cipa.jp/exif/1.0/", "exifEX"},
    {"http://ns.adobe.com/exif/1.0/aux/", "aux"},
    {"http://ns.adobe.com/hdr-gain-map/1.0/", "hdrgm"},
    {"http://ns.apple.com/HDRGainMap/1.0/", "HDRGainMap"},
    {"http://ns.apple.com/faceinfo/1.0/", "apple-fi"},
    {"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/", "Iptc4xmpCore"},
    {"http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "Iptc4xmpExt"},
    {"http://ns.useplus.org/ldf/xmp/1.0/", "plus"},
    {"http://ns.google.com/photos/1.0/camera/", "GCamera"},
    {"http://ns.google.com/photos/1.0/container/", "Container"},
    {"http://ns.google.com/photos/1.0/container/item/", "Item"},
    {"http://ns.google.com/photos/1.0/panorama/", "GPano"},
    {"http://ns.google.com/photos/1.0/image/", "GImage"},
    {"http://ns.google.com/photos/1.0/depthmap/", "GDepth"},
    {"http://ns.google.com/photos/1.0/creations/", "GCreations"},
    {"http://www.metadataworkinggroup.com/schemas/regions/", "mwg-rs"},
    {"http://ns.microsoft.com/photo/1.0/", "MicrosoftPhoto"},
    {"http://ns.microsoft.com/photo/1.0", "MicrosoftPhoto"},
    {"http://ns.microsoft.com/photo/1.2/", "MP"},
    {"http://www.digikam.org/ns/1.0/", "digiKam"},
    {"http://creativecommons.org/ns#", "cc"},
    {"http://ns.acdsee.com/iptc/1.0/", "acdsee"},
    {"http://www.w3.org/XML/1998/namespace", "xml"},
};

enum what { OUTSIDE, NODE, PROPERTY, ARRAY, ITEM, IGNORED };

struct level {
    enum what what;
    bool filled;     /* a property that turned out to be more than text          */
    bool plain_item; /* an item that is to be joined, not indexed                */
    uint32_t items;  /* of an array, so far                                      */
    size_t path_len; /* of the path without this element                         */
    size_t text_at;  /* where its text (or an array's joined items) begins       */
};

struct machine {
    struct as_md *md;
    xmlParserCtxt *ctxt;
    struct level level[DEPTH_MAX];
    unsigned depth;
    bool stopped; /* by us: too deep, or a document type */
    char path[PATH_MAX_BYTES + 8];
    size_t path_len;
    size_t used;
    char text[JOIN_MAX]; /* a stack of texts: joined items below, the current text on top */
};

static void stop(struct machine *m, const char *why)
{
    as_md_broken(m->md, why);
    m->stopped = true;
    xmlStopParser(m->ctxt);
}

static const char *prefix_of(const xmlChar *uri, const xmlChar *prefix)
{
    for (size_t i = 0; uri && i < sizeof standard / sizeof *standard; i++)
        if (strcmp((const char *)uri, standard[i].uri) == 0)
            return standard[i].prefix;
    return prefix ? (const char *)prefix : "";
}

static bool is_rdf(const xmlChar *uri)
{
    return uri && strcmp((const char *)uri, RDF) == 0;
}

static bool same(const xmlChar *a, const char *b)
{
    return strcmp((const char *)a, b) == 0;
}

/* Appends "/prefix:name" to the path; what does not fit is cut. */
static void push_name(struct machine *m, const char *prefix, const char *name)
{
    int n = snprintf(m->path + m->path_len, sizeof m->path - m->path_len, "%s%s%s%s",
                     m->path_len ? "/" : "xmp.", prefix, *prefix ? ":" : "", name);
    size_t room = sizeof m->path - 1 - m->path_len;

    if (n > 0)
        m->path_len += (size_t)n < room ? (size_t)n : room;
}

static void push_index(struct machine *m, unsigned i)
{
    size_t room = sizeof m->path - 1 - m->path_len;
    int n = snprintf(m->path + m->path_len, sizeof m->path - m->path_len, "[%u]", i);

    if (n > 0)
        m->path_len += (size_t)n < room ? (size_t)n : room;
}

static void push_text(struct machine *m, const char *at, size_t n)
{
    size_t room = sizeof m->text - m->used;

    n = n < room ? n : room;
    memcpy(m->text + m->used, at, n);
    m->used += n;
}

static void trim(const char **at, size_t *n)
{
    while (*n > 0 && memchr(" \t\r\n", **at, 4)) {
        (*at)++;
        (*n)--;
    }
    while (*n > 0 && memchr(" \t\r\n", (*at)[*n - 1], 4))
        (*n)--;
}

/* The attributes of an element that are properties; true when there were any. */
static bool add_attributes(struct machine *m, int n, const xmlChar **attr)
{
    bool any = false;

    for (int i = 0; i < n; i++, attr += 5) { /* name, prefix, URI, begin, end */
        size_t keep = m->path_len;
        const char *prefix = prefix_of(attr[2], attr[1]);
        if (is_rdf(attr[2]) || strcmp(prefix, "xml") == 0 || attr[2] == NULL)
            continue;
        push_name(m, prefix, (const char *)attr[0]);
        as_kvs_add(m->md->kvs, m->path, (const char *)attr[3], (size_t)(attr[4] - attr[3]));
        m->path[m->path_len = keep] = '\0';
        any = true;
    }
    return any;
}

/* The value of rdf:`name` among the attributes, in begin and end. */
static bool rdf_attribute(int n, const xmlChar **attr, const char *name, const char **at,
                          size_t *len)
{
    for (int i = 0; i < n; i++, attr += 5) {
        if (is_rdf(attr[2]) && same(attr[0], name)) {
            *at = (const char *)attr[3];
            *len = (size_t)(attr[4] - attr[3]);
            return true;
        }
    }
    return false;
}

/* Items that turn out to be structs or arrays get their index now. */
static void make_indexed(struct machine *m, struct level *item)
{
    if (!item->plain_item)
        return;
    item->plain_item = false;
    push_index(m, m->level[m->depth - 2].items);
}

/* What an element is, from where it stands. */
static enum what classify(const struct machine *m, const xmlChar *name, const xmlChar *uri)
{
    enum what parent = m->depth ? m->level[m->depth - 1].what : OUTSIDE;
    bool rdf = is_rdf(uri);

    if (parent == OUTSIDE)
        return rdf && same(name, "Description") ? NODE : OUTSIDE;
    if (parent == NODE)
        return rdf && !same(name, "value") ? IGNORED : PROPERTY;
    if (parent == ARRAY)
        return rdf && same(name, "li") ? ITEM : IGNORED;
    if (parent == PROPERTY || parent == ITEM) {
        if (rdf && same(name, "Description"))
            return NODE;
        if (rdf && (same(name, "Bag") || same(name, "Seq") || same(name, "Alt")))
            return ARRAY;
        return PROPERTY; /* parseType="Resource", or a typed node */
    }
    return IGNORED;
}

static void open_value(struct machine *m, struct level *l, int nattr, const xmlChar **attr)
{
    const char *at;
    size_t len;

    if (rdf_attribute(nattr, attr, "parseType", &at, &len) && len == 8 &&
        memcmp(at, "Resource", 8) == 0)
        make_indexed(m, l);
    if (rdf_attribute(nattr, attr, "resource", &at, &len)) {
        push_text(m, at, len);
        return;
    }
    for (int i = 0; i < nattr && !l->filled; i++)
        l->filled = !is_rdf(attr[5 * i + 2]) && attr[5 * i + 2] &&
                    strcmp(prefix_of(attr[5 * i + 2], NULL), "xml") != 0;
    if (l->filled) {
        make_indexed(m, l);
        add_attributes(m, nattr, attr);
    }
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int nns, const xmlChar **ns, int nattr, int ndefault, const xmlChar **attr)
{
    struct machine *m = ctx;
    struct level *l, *parent = m->depth ? &m->level[m->depth - 1] : NULL;
    enum what what = classify(m, name, uri);

    (void)nns, (void)ns, (void)ndefault;
    if (m->stopped)
        return;
    if (m->depth == DEPTH_MAX || m->md->kvs->cut) {
        stop(m, m->md->kvs->cut ? "XMP has more entries than are kept" : "XMP nested too deeply");
        return;
    }
    if (parent && (parent->what == PROPERTY || parent->what == ITEM)) {
        parent->filled = true;
        m->used = parent->text_at; /* the text before it was only white space */
        make_indexed(m, parent);
        if (what == ARRAY && parent->what == PROPERTY)
            parent->filled = true;
    }
    l = &m->level[m->depth++];
    *l = (struct level){.what = what, .path_len = m->path_len, .text_at = m->used};
    if (what == ITEM) {
        l->plain_item = true;
        parent->items++;
        if (m->used > parent->text_at)
            push_text(m, "; ", 2);
        l->text_at = m->used;
    } else if (what == PROPERTY) {
        push_name(m, prefix_of(uri, prefix), (const char *)name);
    }
    if (what == NODE)
        add_attributes(m, nattr, attr);
    else if (what == PROPERTY || what == ITEM)
        open_value(m, l, nattr, attr);
}

/* A finished property or array becomes an entry; a plain item stays in the text. */
static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct machine *m = ctx;
    struct level *l;
    const char *at;
    size_t n;

    (void)name, (void)prefix, (void)uri;
    if (m->stopped || m->depth == 0)
        return;
    l = &m->level[--m->depth];
    at = m->text + l->text_at;
    n = m->used - l->text_at;
    trim(&at, &n);
    if (l->what == ITEM && l->plain_item) {
        memmove(m->text + l->text_at, at, n);
        m->used = l->text_at + n;
        if (n == 0 && m->used >= m->level[m->depth - 1].text_at + 2)
            m->used -= 2; /* an empty item needs no "; " */
    } else {
        if (l->what == ARRAY || l->what == ITEM || (l->what == PROPERTY && !l->filled))
            as_kvs_add(m->md->kvs, m->path, at, n);
        m->used = l->text_at;
        if (l->what == ITEM && m->depth > 0 && m->used >= m->level[m->depth - 1].text_at + 2)
            m->used -= 2;
    }
    m->path[m->path_len = l->path_len] = '\0';
}

static void on_text(void *ctx, const xmlChar *at, int n)
{
    struct machine *m = ctx;
    enum what what = m->depth ? m->level[m->depth - 1].what : OUTSIDE;

    if (!m->stopped && n > 0 && (what == PROPERTY || what == ITEM))
        push_text(m, (const char *)at, (size_t)n);
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *id, const xmlChar *sys)
{
    (void)name, (void)id, (void)sys;
    stop(ctx, "XMP with a document type");
}

static void on_error(void *ctx, xmlErrorPtr error)
{
    (void)ctx, (void)error; /* never printed; the parser's state tells */
}

static void parse(struct as_md *md, const char *at, size_t n)
{
    enum { STEP = 1 << 20 };
    static const xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
                                      .startElementNs = on_start,
                                      .endElementNs = on_end,
                                      .characters = on_text,
                                      .cdataBlock = on_text,
                                      .internalSubset = on_doctype,
                                      .serror = on_error};
    struct machine *m = malloc(sizeof *m);
    xmlSAXHandler mine = sax;

    if (m == NULL) {
        md->no_memory = true;
        return;
    }
    m->md = md;
    m->depth = 0;
    m->used = m->path_len = 0;
    m->stopped = false;
    m->path[0] = '\0';
    m->ctxt = xmlCreatePushParserCtxt(&mine, m, NULL, 0, NULL);
    if (m->ctxt) {
        bool bad = false;
        xmlCtxtUseOptions(m->ctxt, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOERROR |
                                       XML_PARSE_NOWARNING | XML_PARSE_NOENT);
        for (size_t i = 0; i < n && !bad && !m->stopped; i += STEP)
            bad = xmlParseChunk(m->ctxt, at + i, (int)(n - i < STEP ? n - i : STEP), 0) != 0;
        if (!m->stopped && !bad)
            bad = xmlParseChunk(m->ctxt, at, 0, 1) != 0;
        if (bad && !m->stopped && !m->ctxt->wellFormed)
            as_md_broken(md, "XMP is not well-formed");
        xmlFreeParserCtxt(m->ctxt);
    }
    free(m);
}

/* No element may have more attributes than ATTRIBUTES_MAX: libxml2 takes quadratic time
 * over them.  Counted is what could be one, an equals sign and a quote, from each '<' to the
 * next: neither quoting nor comments can hide a '<', which no attribute value may hold. */
static bool few_attributes(const char *at, size_t n)
{
    const char *end = at + n;
    size_t count = 0;

    for (; at < end; at++) {
        if (*at == '<') {
            count = 0;
        } else if (*at == '=') {
            const char *next = at + 1;
            while (next < end && memchr(" \t\r\n", *next, 4))
                next++;
            if (next < end && (*next == '"' || *next == '\'') && ++count > ATTRIBUTES_MAX)
                return false;
        }
    }
    return true;
}

/* A UTF-16 packet as UTF-8 in memory of its own; NULL when there is no memory. */
static char *from_utf16(const uint8_t *at, size_t n, bool big, size_t *len)
{
    char *to = malloc(n / 2 * 3 + 1);

    *len = 0;
    for (size_t i = 0; to && i + 1 < n; i += 2) {
        unsigned c = (unsigned)at[i + (big ? 0 : 1)] << 8 | at[i + (big ? 1 : 0)];
        if (c >= 0xD800 && c < 0xE000) {
            to[(*len)++] = '?'; /* outside the basic plane: not in any tag or URI we look for */
        } else if (c < 0x80) {
            to[(*len)++] = (char)c;
        } else {
            if (c >= 0x800)
                to[(*len)++] = (char)(0xE0 | c >> 12);
            to[(*len)++] = (char)(c >= 0x800 ? 0x80 | (c >> 6 & 63) : 0xC0 | c >> 6);
            to[(*len)++] = (char)(0x80 | (c & 63));
        }
    }
    return to;
}

/* A packet ends at its last '>'; what follows is padding. */
static size_t packet_end(const char *at, size_t n)
{
    const char *last = memrchr(at, '>', n);

    return last ? (size_t)(last - at) + 1 : 0;
}

void as_md_xmp(struct as_md *md, const uint8_t *at, size_t n)
{
    char *copy = NULL;
    const char *text = (const char *)at;

    if (!as_md_enter(md, n))
        return;
    if (n > AS_BLOCK_MAX) {
        as_md_broken(md, "XMP longer than 16 MiB");
        n = 0;
    }
    if (n >= 4 && (at[0] == 0 || at[1] == 0 || at[0] == 0xFE || at[0] == 0xFF)) {
        copy = from_utf16(at, n, at[0] == 0 || at[0] == 0xFE, &n);
        md->no_memory |= copy == NULL;
        text = copy;
    }
    if (n >= 3 && AS_BEGINS(text, n, "\xEF\xBB\xBF")) {
        text += 3;
        n -= 3;
    }
    while (n > 0 && memchr(" \t\r\n", *text, 4)) { /* an XML declaration must come first */
        text++;
        n--;
    }
    n = n ? packet_end(text, n) : 0;
    if (n > 0 && text && !few_attributes(text, n))
        as_md_broken(md, "XMP element with too many attributes");
    else if (n > 0 && text)
        parse(md, text, n);
    free(copy);
    as_md_leave(md);
}

void as_md_xmp_warm(void)
{
    xmlInitParser();
}
