/* durable.h - writes that are on the disk when they are done. */
#ifndef AS_DURABLE_H
#define AS_DURABLE_H

#include <stddef.h>

/* Writes all n bytes and syncs; 0, or the errno of what failed. */
int as_write_synced(int fd, const void *bytes, size_t n);

/* Syncs the file `from`, gives it the name `to` and syncs the folder; 0, or the errno. */
int as_rename_synced(const char *from, const char *to);

#endif
