/* log.h - events on stderr, one a line, key=value. */
#ifndef AS_LOG_H
#define AS_LOG_H

enum as_log_level { AS_LOG_ERROR, AS_LOG_WARN, AS_LOG_INFO, AS_LOG_DEBUG };

/* Sets what is shown and the rank that is named first (-1: none). */
void as_log_init(enum as_log_level level, int rank);

/* Sets the rank alone, once it is known. */
void as_log_rank(int rank);

/* Writes one line in one write; control characters become \xNN. */
void as_log(enum as_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* While a progress bar is shown, log lines first clear it: called with the bar
 * text (no newline), or NULL to take it away.                                */
void as_log_bar(const char *text);

#endif
