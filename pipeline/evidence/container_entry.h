/* container_entry.h - what libarchive says of an entry, in our words. */
#ifndef AS_CONTAINER_ENTRY_H
#define AS_CONTAINER_ENTRY_H

#include "container.h"

#include <archive.h>
#include <archive_entry.h>

enum { AS_ENTRY_NAME_MAX = 4096 }; /* bytes of a name that are kept */

/* Fills name, type, size, mtime and flags of e; sets reason LIMIT_NAME where
 * the name was cut.  The name goes to `name`, of AS_ENTRY_NAME_MAX bytes.     */
void as_entry_fill(struct as_entry *e, struct archive_entry *from, char *name);

/* AS_FLAG_TRAVERSAL and AS_FLAG_ABSOLUTE of a name. */
uint32_t as_entry_name_flags(const char *name, size_t len);

/* Why libarchive could not read an entry's data; ENCRYPTED_UNSUP etc. go by
 * its messages, which is all that it gives.                                  */
enum as_reason as_entry_trouble(struct archive *a);

/* The kind of the archive; `filtered`: inside a compressed stream. */
enum as_kind as_entry_kind(struct archive *a, bool filtered);

#endif
