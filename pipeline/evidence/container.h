/* container.h - archives and compressed files as a stream of entries.
 *
 * Runs in the jail.  Nothing is written anywhere: an entry's bytes are handed
 * to the caller's buffer.  libarchive underneath; formats that it would open
 * by running programs (lrzip, lzop, grzip) or by reading other files (mtree)
 * are not enabled, nor is uuencoded text, which has no magic.                */
#ifndef AS_CONTAINER_H
#define AS_CONTAINER_H

#include "../err.h"
#include "../input.h"
#include "../media/sniff.h"

/* How a container can be shared out. */
enum as_access {
    AS_ACCESS_STREAM,  /* only from the start, as a whole (tar.gz, 7z, rar ...)     */
    AS_ACCESS_OFFSET,  /* any entry by its header's offset (plain tar)              */
    AS_ACCESS_ORDINAL  /* any entry by skipping cheaply (zip, iso)                  */
};

enum as_entry_type { AS_ENTRY_FILE, AS_ENTRY_FOLDER, AS_ENTRY_SYMLINK, AS_ENTRY_HARDLINK, AS_ENTRY_SPECIAL };

/* Counted limits of one container, from where reading began; all must be set.  With
 * access OFFSET and ORDINAL no entry gives more than it claims, so where the claims
 * of all entries are together within the limits it does not matter where reading
 * began.  A zip whose entries overlap is STREAM.  What is skipped in a STREAM counts
 * as well, where skipping it means unpacking it.                              */
struct as_container_limits {
    uint64_t max_entries;  /* entries                                        */
    uint64_t max_unpacked; /* bytes out of all entries together              */
    uint64_t max_ratio;    /* bytes out / container bytes; applied from 16 MiB out */
    const char *const *passwords; /* tried in turn, ended by NULL; may be NULL */
};

struct as_entry {
    uint64_t index;        /* 0, 1, ... in the container's own order (tar, zip: as listed by
                              libarchive); stable however the container is shared out   */
    const char *name;      /* bytes as stored, no NUL inside; borrowed until the next call */
    uint32_t name_len;     /* 0: no name (a lone compressed file): caller makes one      */
    enum as_entry_type type;
    int64_t size;          /* as claimed; -1 unknown                         */
    int64_t mtime_s;       /* seconds since 1970; INT64_MIN unknown          */
    uint32_t flags;        /* AS_FLAG_TRAVERSAL, _ABSOLUTE, _DISAGREES       */
    enum as_reason reason; /* NONE, or why its data cannot be had (ENCRYPTED, UNSUP_METHOD ...) */
    uint64_t offset;       /* of its first header byte, where access is OFFSET */
};

struct as_container;

/*
 * Opens `in` as a container, or says that it is none.
 *   AS_OK       entries may be read
 *   AS_SKIP     not a container that the library knows (nothing was wrong)
 *   AS_EFORMAT  it is one, but broken from the start; err->reason says how
 *   AS_ENOMEM, AS_ELIMIT
 * `start_offset`, `start_index`: with access OFFSET, begin at the header at
 * this byte, whose entry has this index; 0, 0 from the start; 0, n skips the
 * first n entries, cheaply with access ORDINAL.
 *
 * Needs setlocale(LC_CTYPE) to a UTF-8 locale and TZ to be set: names come out as
 * stored, or as UTF-8 where the format says what they are; DOS times are UTC.
 */
enum as_status as_container_open(struct as_container **c, const struct as_input *in,
                                 const struct as_container_limits *limits, uint64_t start_offset,
                                 uint64_t start_index, struct as_err *err) AS_MUST_CHECK;
void as_container_close(struct as_container *c);

enum as_kind as_container_kind(const struct as_container *c);     /* after the first next()   */
enum as_access as_container_access(const struct as_container *c); /* after the first next()   */

/*
 * Steps to the next entry.
 *   AS_OK       *e is filled
 *   AS_END      no more entries; the container was sound
 *   AS_EFORMAT  broken here, no further entry can be had (CONTAINER_DAMAGED,
 *               MULTI_VOLUME, ENCRYPTED_UNSUP for encrypted headers ...)
 *   AS_ELIMIT   a counted limit is reached (LIMIT_ENTRIES ...); no further entry
 */
enum as_status as_container_next(struct as_container *c, struct as_entry *e,
                                 struct as_err *err) AS_MUST_CHECK;

/*
 * Reads up to n bytes of the current entry's data into `to`; sparse holes are
 * zeros.  AS_OK with *got < n only at the end; on failure *got bytes came
 * before it.  Where all bytes came and only their checksum is wrong, that is no
 * failure: see the flags.
 *   AS_OK, AS_END (no more data), AS_EFORMAT (ENTRY_DAMAGED, ENTRY_TRUNCATED,
 *   ENCRYPTED, BAD_PASSWORD, UNSUP_METHOD; the next entry may be tried),
 *   AS_ELIMIT (LIMIT_RATIO, LIMIT_UNPACKED; no further data or entry)
 */
enum as_status as_container_read(struct as_container *c, void *to, uint64_t n, uint64_t *got,
                                 struct as_err *err) AS_MUST_CHECK;

/* Flags learned while the data were read (AS_FLAG_CHECKSUM, _DECRYPTED). */
uint32_t as_container_entry_flags(const struct as_container *c);

/* Uses every format and filter once, before the jail. */
void as_container_warm(void);
void as_container_versions(char *to, size_t n);

#endif
