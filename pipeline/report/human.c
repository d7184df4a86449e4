/* human.c - numbers in words for a person. */
#include "human.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

const char *as_human_count(uint64_t n, char to[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, n), k = 0;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            to[k++] = ',';
        to[k++] = digits[i];
    }
    to[k] = 0;
    return to;
}

const char *as_human_bytes(uint64_t n, char to[32])
{
    static const char *const UNITS[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    double v = (double)n / 1000;
    size_t u = 0;

    if (n < 1000) {
        snprintf(to, 32, "%" PRIu64 " %s", n, n == 1 ? "byte" : "bytes");
        return to;
    }
    for (; v >= 999.95 && u + 1 < sizeof UNITS / sizeof *UNITS; u++)
        v /= 1000;
    snprintf(to, 32, "%.1f %s", v, UNITS[u]);
    return to;
}

const char *as_human_seconds(double s, char to[32])
{
    uint64_t whole = s > 0 && s < 1e15 ? (uint64_t)(s + 0.5) : 0;

    if (s < 60)
        snprintf(to, 32, "%.1f s", s > 0 ? s : 0);
    else if (whole < 3600)
        snprintf(to, 32, "%" PRIu64 " min %" PRIu64 " s", whole / 60, whole % 60);
    else
        snprintf(to, 32, "%" PRIu64 " h %" PRIu64 " min", whole / 3600, whole / 60 % 60);
    return to;
}

const char *as_human_time(int64_t unix_s, char to[40])
{
    time_t when = (time_t)unix_s;
    struct tm tm;

    if (unix_s == INT64_MIN || gmtime_r(&when, &tm) == NULL || tm.tm_year > 9999 - 1900 ||
        tm.tm_year < -1900 || strftime(to, 40, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
        snprintf(to, 40, "unknown");
    return to;
}
