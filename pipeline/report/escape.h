/* escape.h - bytes from evidence made fit to be shown. */
#ifndef AS_ESCAPE_H
#define AS_ESCAPE_H

#include "../../kernels/base.h"

/* How bytes are shown. */
enum {
    AS_SHOW_PATH = 0,       /* what is not printable UTF-8 as \xNN, one per byte; so are
                               direction marks, other invisible characters, and a backslash
                               that would read as the start of such an escape               */
    AS_SHOW_ASCII = 1 << 0, /* everything beyond ASCII too                                  */
    AS_SHOW_VALUE = 1 << 1, /* escaped once already: backslashes stay; newline, tab as \n \t */
    AS_SHOW_LINES = 1 << 2  /* newline and tab stay                                         */
};

/* One shown character. */
struct as_piece {
    char text[20];    /* ended by NUL          */
    unsigned bytes;   /* of the source it took */
    unsigned columns; /* on a terminal         */
};

/* Gives the first shown character of `len` >= 1 bytes at `at`. */
void as_piece_next(const char *at, size_t len, unsigned how, struct as_piece *piece);

/* Turns \xNN back into bytes, in place; returns the new length. */
size_t as_unescape(char *text, size_t len);

/* Writes the shown text to `to` (cut to n bytes, ended by NUL); returns its length. */
size_t as_show_text(char *to, size_t n, struct as_text text, unsigned how);

/* Columns that the shown text takes. */
unsigned as_text_columns(struct as_text text, unsigned how);

/* A C string as text. */
struct as_text as_text_of(const char *s);

#endif
