/* sniff_text.c - text, and what is written in it: HTML, XML, SVG, PostScript. */
#include "sniff_in.h"

/* How far a root element is looked for. */
enum { ROOT_MAX = 4096 };

static bool control(uint8_t c)
{
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\b' &&
            c != 0x1B) ||
           c == 0x7F;
}

/* Bytes of the UTF-8 character at p, 0 if it is none; a character cut at the end counts. */
static size_t utf8_len(const uint8_t *p, size_t left)
{
    size_t n = p[0] < 0x80   ? 1
               : p[0] < 0xC2 ? 0
               : p[0] < 0xE0 ? 2
               : p[0] < 0xF0 ? 3
               : p[0] < 0xF5 ? 4
                             : 0;

    for (size_t i = 1; i < n && i < left; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

/* UTF-8, or bytes of which nearly all are ASCII (Latin text), and no control characters. */
static bool plain_text(const struct as_head *h)
{
    size_t ascii = 0;
    bool utf8 = true;

    for (size_t i = 0; i < h->n; i++) {
        if (control(h->p[i]))
            return false;
        ascii += h->p[i] < 0x80;
    }
    for (size_t i = 0, n; utf8 && i < h->n; i += n) {
        n = utf8_len(h->p + i, h->n - i);
        utf8 = n > 0;
        if (!utf8)
            break;
    }
    return utf8 || ascii * 10 >= h->n * 8;
}

/* UTF-16 with its mark: no NUL, and no control character below 0x20. */
static bool utf16_text(const struct as_head *h)
{
    bool little = AS_HEAD_IS(h, 0, "\xFF\xFE");

    if (h->n < 4 || !(little || AS_HEAD_IS(h, 0, "\xFE\xFF")))
        return false;
    for (size_t i = 2; i + 2 <= h->n; i += 2) {
        uint32_t c = little ? as_le16(h->p + i) : as_be16(h->p + i);
        if (c < 0x80 && control((uint8_t)c))
            return false;
    }
    return true;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* Whether `word`, in lower case, stands at `at`, in any case. */
static bool word_at(const struct as_head *h, size_t at, const char *word)
{
    size_t len = strlen(word);

    if (at > h->n || len > h->n - at)
        return false;
    for (size_t i = 0; i < len; i++)
        if (lower(h->p[at + i]) != (uint8_t)word[i])
            return false;
    return true;
}

static bool word_within(const struct as_head *h, size_t from, const char *word)
{
    for (size_t at = from; at < h->n && at < from + ROOT_MAX; at++)
        if (word_at(h, at, word))
            return true;
    return false;
}

static enum as_kind markup_kind(const struct as_head *h, size_t at)
{
    static const char *const html[] = {"<!doctype html", "<html",   "<head",  "<body",
                                       "<title",         "<script", "<table", "<div"};

    for (size_t i = 0; i < sizeof html / sizeof *html; i++)
        if (word_at(h, at, html[i]))
            return AS_KIND_HTML;
    if (word_at(h, at, "<svg"))
        return AS_KIND_SVG;
    if (word_at(h, at, "<!doctype svg"))
        return AS_KIND_SVG;
    if (word_at(h, at, "<!--"))
        return word_within(h, at, "<svg")    ? AS_KIND_SVG
               : word_within(h, at, "<html") ? AS_KIND_HTML
                                             : AS_KIND_UNKNOWN;
    if (!word_at(h, at, "<?xml") && !word_at(h, at, "<?xpacket"))
        return AS_KIND_UNKNOWN;
    return word_within(h, at, "<svg")    ? AS_KIND_SVG
           : word_within(h, at, "<html") ? AS_KIND_HTML
                                         : AS_KIND_XML;
}

enum as_kind as_sniff_text(const struct as_head *h)
{
    size_t at = AS_HEAD_IS(h, 0, "\xEF\xBB\xBF") ? 3 : 0;
    enum as_kind kind;

    if (utf16_text(h))
        return AS_KIND_TEXT;
    if (AS_HEAD_IS(h, 0, "%!PS-Adobe-") && word_within(h, 0, "epsf"))
        return AS_KIND_EPS;
    if (AS_HEAD_IS(h, 0, "%!") || AS_HEAD_IS(h, 0, "\x04%!PS") || AS_HEAD_IS(h, 0, "\x1B%-12345X"))
        return AS_KIND_POSTSCRIPT;
    while (at < h->n && (h->p[at] == ' ' || (h->p[at] >= '\t' && h->p[at] <= '\r')))
        at++;
    kind = markup_kind(h, at);
    if (kind != AS_KIND_UNKNOWN)
        return kind;
    for (size_t i = 0; i + 5 <= h->n && i < 1024; i++) /* readers accept a late start */
        if (AS_HEAD_IS(h, i, "%PDF-"))
            return AS_KIND_PDF;
    return plain_text(h) ? AS_KIND_TEXT : AS_KIND_UNKNOWN;
}
