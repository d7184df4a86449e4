/* zip_check.h - a second look at a zip, beside the library that unpacks it. */
#ifndef AS_ZIP_CHECK_H
#define AS_ZIP_CHECK_H

#include "../err.h"
#include "../input.h"

/* One entry of the central directory. */
struct as_zip_entry {
    uint64_t offset;  /* of its local header */
    uint64_t central; /* of its central header */
    bool overlaps;    /* its bytes are also those of another entry */
};

/* The central directory of a zip. */
struct as_zip {
    uint64_t end;               /* bytes up to the end of the end record: what follows is not zip */
    uint64_t start;             /* bytes before the zip that its offsets do not count */
    struct as_zip_entry *entry; /* by offset, one per offset: as libarchive lists them */
    uint64_t n;
    bool listed;   /* the whole directory could be read, `entry` is set */
    bool overlaps; /* of any two entries */
};

/*
 * Finds the end record of a zip and reads its central directory.
 *   strict   nothing may follow the end record, and the directory must be
 *            where the record says: for files that do not begin as a zip
 *   returns  AS_OK; `listed` may be false where the directory is broken
 *            AS_SKIP, no end record
 *            AS_EFORMAT, MULTI_VOLUME
 *            AS_ENOMEM; AS_ELIMIT (LIMIT_ENTRIES), more than max_entries
 */
enum as_status as_zip_init(struct as_zip *z, const struct as_input *in, bool strict,
                           uint64_t max_entries, struct as_err *err) AS_MUST_CHECK;
void as_zip_clear(struct as_zip *z);

/* Whether the local header of entry i says another name, method, size, checksum
 * or encryption than the central directory, or the entry overlaps another.   */
bool as_zip_disagrees(const struct as_zip *z, const struct as_input *in, uint64_t i);

/* The unpacked size that the directory tells of entry i; -1: there is no directory. */
int64_t as_zip_size(const struct as_zip *z, const struct as_input *in, uint64_t i);

/* Copies at most n bytes of the name of entry i; gives how many. */
size_t as_zip_name(const struct as_zip *z, const struct as_input *in, uint64_t i, char *to,
                   size_t n);

#endif
