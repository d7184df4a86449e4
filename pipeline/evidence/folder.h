/* folder.h - the files of a folder, in one order everywhere.
 *
 * Runs in the broker: it opens directories and reads names and sizes, never
 * file contents.                                                             */
#ifndef AS_FOLDER_H
#define AS_FOLDER_H

#include "../err.h"
#include "container.h"

#include <sys/stat.h>

struct as_folder;

struct as_file {
    const char *path; /* relative to the root, bytes; "" for the root itself; until the next call */
    enum as_entry_type type; /* HARDLINK is never reported: each name is a file */
    uint64_t size;
    int64_t mtime_s, mtime_ns;
    enum as_reason reason; /* NONE, or UNREADABLE (a folder that cannot be listed) */
    int error;             /* errno of it */
};

/*
 * Walks `path` depth first, each folder's names sorted by their bytes, a folder
 * before what it holds.  Links are not followed, not even the root unless
 * it was named with a trailing slash; other file systems are entered.
 * Memory is bounded by the names of the folders on the way down.  No recursion.
 */
enum as_status as_folder_open(struct as_folder **f, const char *path, struct as_err *err) AS_MUST_CHECK;
enum as_status as_folder_next(struct as_folder *f, struct as_file *file, struct as_err *err) AS_MUST_CHECK; /* AS_OK, AS_END, AS_ENOMEM */
void as_folder_close(struct as_folder *f);

/* Opens root/relative for reading without following a link in any part of
 * `relative` (openat2 RESOLVE_NO_SYMLINKS|RESOLVE_BENEATH where the kernel has
 * it, else part by part with O_NOFOLLOW), O_RDONLY|O_CLOEXEC|O_NONBLOCK and
 * O_NOATIME where allowed.  Gives the descriptor, or -1 with errno.  Only
 * regular files are given: else -1 and ENXIO.                                */
int as_file_open(const char *root, const char *relative, struct stat *st);

#endif
