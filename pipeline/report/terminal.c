/* terminal.c - text for a person: styles, bars, cut and escaped paths. */
#include "terminal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_MIN = 40, WIDTH_MAX = 120, WIDTH_UNKNOWN = 80 };

static bool locale_is_utf8(void)
{
    static const char *const NAMES[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        const char *v = getenv(NAMES[i]);
        if (v && v[0])
            return strcasestr(v, "utf-8") != NULL || strcasestr(v, "utf8") != NULL;
    }
    return false;
}

void as_terminal_init(struct as_terminal *t, FILE *out)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool dumb = term == NULL || strcmp(term, "dumb") == 0;
    struct winsize size = {0};

    memset(t, 0, sizeof *t);
    t->out = out;
    if (!isatty(fileno(out)))
        return;
    t->color = !dumb && (no_color == NULL || no_color[0] == 0);
    t->utf8 = !dumb && locale_is_utf8();
    t->ascii = !locale_is_utf8();
    t->width = WIDTH_UNKNOWN;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        t->width = size.ws_col < WIDTH_MIN   ? WIDTH_MIN
                   : size.ws_col > WIDTH_MAX ? WIDTH_MAX
                                             : size.ws_col;
}

const char *as_terminal_style(const struct as_terminal *t, enum as_style style)
{
    static const char *const CODES[] = {"\033[0m",  "\033[1m",  "\033[2m",
                                        "\033[32m", "\033[33m", "\033[31m"};
    return t->color ? CODES[style] : "";
}

unsigned as_terminal_text(const struct as_terminal *t, struct as_text text, unsigned columns,
                          unsigned how)
{
    const char *gap = t->utf8 ? "…" : "...";
    unsigned gap_columns = t->utf8 ? 1 : 3, all, head, tail, at = 0, used = 0;
    struct as_piece piece;

    how |= t->ascii ? AS_SHOW_ASCII : 0;
    all = as_text_columns(text, how);
    if (columns == 0 || all <= columns)
        head = tail = all;
    else {
        head = columns > gap_columns ? (columns - gap_columns) / 3 : 0;
        tail = columns > gap_columns ? columns - gap_columns - head : 0;
    }
    for (uint32_t i = 0; i < text.len; i += piece.bytes) {
        as_piece_next(text.at + i, text.len - i, how, &piece);
        if (at + piece.columns <= head || at >= all - tail) {
            fputs(piece.text, t->out);
            used += piece.columns;
        } else if (gap) {
            fputs(gap, t->out);
            used += gap_columns;
            gap = NULL;
            head = 0; /* a narrow character after a wide one must not slip in */
        }
        at += piece.columns;
    }
    return used;
}

/* The length of the next run without a blank, and its columns. */
static uint32_t word_of(struct as_text text, unsigned how, unsigned *columns)
{
    struct as_piece piece;
    uint32_t i = 0;

    *columns = 0;
    while (i < text.len && text.at[i] != ' ') {
        as_piece_next(text.at + i, text.len - i, how, &piece);
        *columns += piece.columns;
        i += piece.bytes;
    }
    return i;
}

/* Prints a word, breaking it where it is longer than a line; gives the new column. */
static unsigned put_word(const struct as_terminal *t, unsigned at, unsigned indent,
                         struct as_text word, unsigned how)
{
    struct as_piece piece;

    for (uint32_t i = 0; i < word.len; i += piece.bytes) {
        as_piece_next(word.at + i, word.len - i, how, &piece);
        if (t->width && at > indent && at + piece.columns > t->width) {
            fputc('\n', t->out);
            as_terminal_pad(t, indent);
            at = indent;
        }
        fputs(piece.text, t->out);
        at += piece.columns;
    }
    return at;
}

void as_terminal_wrap(const struct as_terminal *t, unsigned at, unsigned indent,
                      struct as_text text, unsigned how)
{
    bool first = true;
    unsigned columns;

    how |= t->ascii ? AS_SHOW_ASCII : 0;
    if (at < indent) {
        as_terminal_pad(t, indent - at);
        at = indent;
    }
    while (text.len > 0) {
        uint32_t n = word_of(text, how, &columns);
        if (!first && t->width && at + 1 + columns > t->width) {
            fputc('\n', t->out);
            as_terminal_pad(t, indent);
            at = indent;
        } else if (!first) {
            fputc(' ', t->out);
            at++;
        }
        at = put_word(t, at, indent, (struct as_text){text.at, n}, how);
        first = false;
        n += n < text.len; /* the blank */
        text.at += n;
        text.len -= n;
    }
    fputc('\n', t->out);
}

void as_terminal_pad(const struct as_terminal *t, unsigned n)
{
    fprintf(t->out, "%*s", (int)n, "");
}

void as_terminal_heading(const struct as_terminal *t, const char *title)
{
    unsigned rule = t->width > strlen(title) + 2 ? t->width - (unsigned)strlen(title) - 2 : 0;

    fprintf(t->out, "\n%s%s%s", as_terminal_style(t, AS_STYLE_BOLD), title,
            as_terminal_style(t, AS_STYLE_END));
    if (t->utf8 && rule > 0) {
        fprintf(t->out, " %s", as_terminal_style(t, AS_STYLE_DIM));
        for (unsigned i = 0; i < rule; i++)
            fputs("─", t->out);
        fputs(as_terminal_style(t, AS_STYLE_END), t->out);
    }
    fputc('\n', t->out);
}

void as_terminal_bar(const struct as_terminal *t, double part, unsigned cells)
{
    static const char *const EIGHTHS[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    unsigned eighths, full, used;

    part = part < 0 ? 0 : part > 1 ? 1 : part;
    eighths = (unsigned)lround(part * cells * 8);
    if (part > 0 && eighths == 0)
        eighths = 1;
    if (!t->utf8)
        eighths = (eighths + 7) / 8 * 8;
    full = eighths / 8;
    used = full + (eighths % 8 != 0);
    for (unsigned i = 0; i < full; i++)
        fputs(t->utf8 ? "█" : "#", t->out);
    fputs(EIGHTHS[eighths % 8], t->out);
    as_terminal_pad(t, cells - used);
}
