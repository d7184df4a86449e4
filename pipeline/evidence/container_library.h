/* container_library.h - what the parts of container.c share: libarchive, set up
 * over our input, and the state of one open container.                       */
#ifndef AS_CONTAINER_LIBRARY_H
#define AS_CONTAINER_LIBRARY_H

#include "container.h"
#include "container_entry.h"
#include "container_magic.h"
#include "zip_check.h"

#include <archive.h>
#include <archive_entry.h>

enum {
    AS_LIBRARY_LEAD = 512,    /* bytes put before a tar begun in the middle */
    AS_LIBRARY_BLOCK = 65536, /* skipping in tar is by block: larger is slower  */
    AS_LIBRARY_IDLE = 10000   /* calls that may give neither bytes nor progress */
};

/* How entries after a fatal error are reached. */
enum as_resume { AS_RESUME_NONE, AS_RESUME_SKIP, AS_RESUME_LOCAL };

struct as_container {
    struct archive *a;
    struct archive_entry *entry; /* of the last header; libarchive's */
    struct as_input in;          /* the part that libarchive sees */
    uint64_t at;                 /* where it reads next */
    uint64_t whole;              /* bytes of the container: what the ratio is against */
    uint64_t base;               /* where `in` begins in the container */
    bool lead;                   /* the made-up first header is still to be read */
    uint8_t *block;
    struct as_container_limits limits;
    const char *password[2];     /* of a reader made by as_password_find */
    struct as_container *secret; /* such a reader of the current entry, or NULL */
    size_t last_password;
    struct as_zip zip; /* listed only where the zip has a readable directory */
    struct as_input zip_in;
    uint32_t formats;
    bool filtered;
    bool zip_first; /* the file begins as a zip, too */
    bool started;   /* libarchive accepted it */
    enum as_kind kind;
    enum as_access access;
    char name[AS_ENTRY_NAME_MAX];

    int code;      /* what the header read ahead gave */
    bool ahead;    /* that header is still to be told */
    uint64_t next; /* index of the next entry */
    uint64_t out;  /* bytes unpacked, as the limits count them */
    enum as_resume resume;
    uint32_t restarts;
    bool lost;            /* damage was passed over on the way */
    enum as_reason limit; /* reached inside a callback */
    bool unreadable;      /* pread failed */
    enum as_status final; /* AS_OK: not yet over */
    enum as_reason final_why;

    bool open; /* an entry's data can be read */
    bool sparse, encrypted;
    int64_t claimed;
    enum as_reason broken; /* why the entry's data ended */
    bool end;
    uint32_t flags;
    const uint8_t *data; /* a piece that libarchive gave, not yet handed out */
    size_t data_len;
    uint64_t data_at, pos; /* where it belongs; where the caller is */
};

/* Which limit `out` bytes exceed, or NONE. */
enum as_reason as_library_over(const struct as_container *c, uint64_t out);

/* Bytes out so far: data, or all of the decompressed stream if that is more. */
uint64_t as_library_unpacked(const struct as_container *c);

/* libarchive's last message, never NULL. */
const char *as_library_message(struct archive *a);

/* Decides from the bytes which formats to enable, c->formats.  AS_SKIP: none;
 * AS_EFORMAT (MULTI_VOLUME, UNREADABLE), AS_ENOMEM.  *certain: the magic is long
 * enough that a failure is damage.                                           */
enum as_status as_library_choose(struct as_container *c, bool *certain,
                                 struct as_err *err) AS_MUST_CHECK;

/* Starts libarchive at byte `at` of c->in with these formats.  Its own code. */
int as_library_start(struct as_container *c, uint32_t formats, uint64_t at);

/* Reads the next header into c->entry.  A damaged tar header is passed over,
 * block by block, and remembered in c->lost.  libarchive's code, never RETRY. */
int as_library_header(struct as_container *c);

/* Notes that libarchive cannot go on in this entry; c->resume says how to reach
 * the next one, if the format lets an entry be read without those before it.  */
void as_library_lost(struct as_container *c);

/* Makes the data of the entry whose header was just read ready to be handed out;
 * `claimed`: its size or -1; `none`: it has no data.                          */
void as_library_data(struct as_container *c, int64_t claimed, bool none);

/* A reader of zip entry `index` with the password that opens it, or, if none
 * unpacks it well, with the first that the cipher lets pass.  NULL: none does,
 * or there are not several to choose from.  Closed with as_container_close.   */
struct as_container *as_password_find(struct as_container *c, uint64_t index);

/* Hands out up to n bytes of the current entry: the body of as_container_read. */
enum as_status as_library_read(struct as_container *c, void *to, uint64_t n, uint64_t *got,
                               struct as_err *err) AS_MUST_CHECK;

#endif
