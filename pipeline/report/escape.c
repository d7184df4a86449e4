/* escape.c - bytes from evidence made fit to be shown.
 *
 * Names in evidence are bytes chosen by someone else.  A control character, a
 * direction mark or an invisible character in one could forge or hide what is
 * shown, so each is written as \xNN.                                          */
#include "escape.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads one UTF-8 character; 0: these bytes are none (overlong and surrogates are none). */
static unsigned decode(const unsigned char *at, size_t len, uint32_t *c)
{
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned n = at[0] < 0x80 ? 1 : at[0] < 0xC2 ? 0 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;

    if (n == 0 || at[0] > 0xF4 || n > len)
        return 0;
    *c = n == 1 ? at[0] : at[0] & (0x7Fu >> n);
    for (unsigned i = 1; i < n; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
        *c = *c << 6 | (at[i] & 0x3Fu);
    }
    return *c < LEAST[n] || *c > 0x10FFFF || (*c >= 0xD800 && *c < 0xE000) ? 0 : n;
}

struct range {
    uint32_t from, to;
};

static bool within(uint32_t c, const struct range *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (c >= r[i].from && c <= r[i].to)
            return true;
    return false;
}

/* Characters that act on the terminal, on the direction of text, or show nothing. */
static bool hidden(uint32_t c)
{
    static const struct range R[] = {
        {0, 0x1F},        {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},      {0x115F, 0x1160},
        {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},    {0x3164, 0x3164},
        {0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFB}, {0xE000, 0xF8FF}, {0xE0000, 0x10FFFF},
    };
    return within(c, R, sizeof R / sizeof *R);
}

static unsigned columns_of(uint32_t c)
{
    static const struct range NONE[] = {
        {0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},   {0x610, 0x61A},   {0x64B, 0x65F},
        {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
    };
    static const struct range TWO[] = {
        {0x1100, 0x115E},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xAC00, 0xD7A3},
        {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
        {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
    };
    if (within(c, NONE, sizeof NONE / sizeof *NONE))
        return 0;
    return within(c, TWO, sizeof TWO / sizeof *TWO) ? 2 : 1;
}

/* True where "\xNN" stands. */
static bool is_escape(const char *at, size_t len)
{
    return len >= 4 && at[0] == '\\' && at[1] == 'x' && isxdigit((unsigned char)at[2]) &&
           isxdigit((unsigned char)at[3]);
}

static void put_hex(struct as_piece *piece, const char *at, unsigned n)
{
    piece->bytes = n;
    piece->columns = 4 * n;
    for (unsigned i = 0; i < n; i++)
        snprintf(piece->text + 4 * i, sizeof piece->text - 4 * i, "\\x%02x", (unsigned char)at[i]);
}

static void put_char(struct as_piece *piece, const char *at, unsigned n, unsigned columns)
{
    memcpy(piece->text, at, n);
    piece->text[n] = 0;
    piece->bytes = n;
    piece->columns = columns;
}

void as_piece_next(const char *at, size_t len, unsigned how, struct as_piece *piece)
{
    uint32_t c = 0;
    unsigned n = decode((const unsigned char *)at, len, &c);

    if (n == 0) {
        put_hex(piece, at, 1);
    } else if ((how & AS_SHOW_LINES) && (c == '\n' || c == '\t')) {
        put_char(piece, at, 1, 1);
    } else if ((how & AS_SHOW_VALUE) && (c == '\n' || c == '\t')) {
        put_char(piece, c == '\n' ? "\\n" : "\\t", 2, 2);
        piece->bytes = 1;
    } else if (hidden(c) || ((how & AS_SHOW_ASCII) && c > 0x7E) ||
               (!(how & AS_SHOW_VALUE) && is_escape(at, len))) {
        put_hex(piece, at, n);
    } else {
        put_char(piece, at, n, columns_of(c));
    }
}

size_t as_unescape(char *text, size_t len)
{
    size_t k = 0;

    for (size_t i = 0; i < len; k++) {
        if (is_escape(text + i, len - i)) {
            char hex[3] = {text[i + 2], text[i + 3], 0};
            text[k] = (char)strtoul(hex, NULL, 16);
            i += 4;
        } else {
            text[k] = text[i++];
        }
    }
    return k;
}

size_t as_show_text(char *to, size_t n, struct as_text text, unsigned how)
{
    struct as_piece piece;
    size_t k = 0, m;

    for (uint32_t i = 0; i < text.len; i += piece.bytes) {
        as_piece_next(text.at + i, text.len - i, how, &piece);
        m = strlen(piece.text);
        if (k + m + 1 > n)
            break;
        memcpy(to + k, piece.text, m);
        k += m;
    }
    if (n > 0)
        to[k] = 0;
    return k;
}

unsigned as_text_columns(struct as_text text, unsigned how)
{
    struct as_piece piece;
    unsigned columns = 0;

    for (uint32_t i = 0; i < text.len; i += piece.bytes) {
        as_piece_next(text.at + i, text.len - i, how, &piece);
        columns += piece.columns;
    }
    return columns;
}

struct as_text as_text_of(const char *s)
{
    return (struct as_text){s, (uint32_t)strlen(s)};
}
