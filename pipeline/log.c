/* log.c - events on stderr. */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum as_log_level log_level = AS_LOG_INFO;
static int log_rank = -1;
static char log_bar[256];

void as_log_init(enum as_log_level level, int rank)
{
    log_level = level;
    log_rank = rank;
}

void as_log_rank(int rank)
{
    log_rank = rank;
}

static void put(const char *text, size_t n)
{
    while (n > 0) {
        ssize_t r = write(STDERR_FILENO, text, n);
        if (r <= 0)
            return;
        text += r;
        n -= (size_t)r;
    }
}

/* Whether a control character is there, of ASCII or (two bytes of UTF-8) of C1, or ends there. */
static bool control(const unsigned char *c, bool first)
{
    bool c1 = !first && c[-1] == 0xc2 && (*c & 0xe0) == 0x80;

    return *c < 0x20 || *c == 0x7f || c1 || (*c == 0xc2 && (c[1] & 0xe0) == 0x80);
}

/* Copies text with control characters escaped; returns the length. */
static size_t escape(char *to, size_t room, const char *text)
{
    size_t k = 0;
    for (const unsigned char *c = (const unsigned char *)text; *c && k + 5 < room; c++) {
        if (control(c, c == (const unsigned char *)text))
            k += (size_t)snprintf(to + k, room - k, "\\x%02x", *c);
        else
            to[k++] = (char)*c;
    }
    to[k] = 0;
    return k;
}

void as_log(enum as_log_level level, const char *fmt, ...)
{
    static const char *const WORDS[] = {"error", "warn", "info", "debug"};
    char text[1024], line[2048];
    size_t n = 0;
    va_list ap;

    if (level > log_level)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (log_bar[0])
        n += (size_t)snprintf(line + n, sizeof line - n, "\r\033[K");
    if (log_rank >= 0)
        n += (size_t)snprintf(line + n, sizeof line - n, "rank=%d ", log_rank);
    n += (size_t)snprintf(line + n, sizeof line - n, "%s ", WORDS[level]);
    n += escape(line + n, sizeof line - n - 300, text);
    line[n++] = '\n';
    if (log_bar[0])
        n += (size_t)snprintf(line + n, sizeof line - n, "%s", log_bar);
    put(line, n);
}

void as_log_bar(const char *text)
{
    char line[300];
    int n;

    if (text == NULL && log_bar[0] == 0)
        return;
    snprintf(log_bar, sizeof log_bar, "%s", text ? text : "");
    n = snprintf(line, sizeof line, "\r\033[K%s", log_bar);
    put(line, (size_t)n);
}
