/* json.c - JSON written as it comes, however long it gets. */
#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void put_escaped(FILE *out, const char *s)
{
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            fprintf(out, "\\%c", *s);
        else if (*s == '\n' || *s == '\t')
            fprintf(out, "\\%c", *s == '\n' ? 'n' : 't');
        else
            fputc(*s, out);
    }
}

static void begin(struct as_json *j, const char *key)
{
    if (j->some[j->depth])
        fputc(',', j->out);
    if (j->depth > 0)
        fprintf(j->out, "\n%*s", (int)(2 * j->depth), "");
    j->some[j->depth] = true;
    if (key)
        fprintf(j->out, "\"%s\": ", key);
}

void as_json_open(struct as_json *j, const char *key, char bracket)
{
    begin(j, key);
    fputc(bracket, j->out);
    if (j->depth < AS_JSON_DEPTH)
        j->close[j->depth++] = bracket == '{' ? '}' : ']';
    j->some[j->depth] = false;
}

void as_json_close(struct as_json *j)
{
    bool some = j->some[j->depth];

    if (j->depth == 0)
        return;
    j->depth--;
    if (some)
        fprintf(j->out, "\n%*s", (int)(2 * j->depth), "");
    fputc(j->close[j->depth], j->out);
    if (j->depth == 0)
        fputc('\n', j->out);
}

void as_json_text(struct as_json *j, const char *key, struct as_text text, unsigned how)
{
    struct as_piece piece;

    begin(j, key);
    fputc('"', j->out);
    for (uint32_t i = 0; i < text.len; i += piece.bytes) {
        as_piece_next(text.at + i, text.len - i, how, &piece);
        put_escaped(j->out, piece.text);
    }
    fputc('"', j->out);
}

void as_json_string(struct as_json *j, const char *key, const char *text)
{
    if (text)
        as_json_text(j, key, as_text_of(text), AS_SHOW_VALUE | AS_SHOW_LINES);
    else
        as_json_raw(j, key, "null");
}

void as_json_count(struct as_json *j, const char *key, uint64_t n)
{
    begin(j, key);
    fprintf(j->out, "%" PRIu64, n);
}

void as_json_integer(struct as_json *j, const char *key, int64_t n)
{
    begin(j, key);
    fprintf(j->out, "%" PRId64, n);
}

void as_json_number(struct as_json *j, const char *key, double v)
{
    begin(j, key);
    if (isfinite(v))
        fprintf(j->out, "%.9g", v);
    else
        fputs("null", j->out);
}

void as_json_bool(struct as_json *j, const char *key, bool v)
{
    as_json_raw(j, key, v ? "true" : "false");
}

void as_json_raw(struct as_json *j, const char *key, const char *json)
{
    begin(j, key);
    fputs(json, j->out);
}
