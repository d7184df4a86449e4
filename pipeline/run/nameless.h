/* nameless.h - files without a name, for what memory does not hold; they go with the process. */
#ifndef AS_NAMELESS_H
#define AS_NAMELESS_H

#include "../err.h"

/* Opens one in the folder of the path `beside`, to read and write.  AS_EIO: it cannot be made. */
enum as_status as_nameless_open(const char *beside, int *fd, struct as_err *err) AS_MUST_CHECK;

/*
 * Maps `bytes` zeros of a new one, shared: pages that are not in use go to the disk.  munmap ends
 * it.  AS_EIO: no room.
 */
enum as_status as_nameless_map(const char *beside, size_t bytes, void **at,
                               struct as_err *err) AS_MUST_CHECK;

#endif
