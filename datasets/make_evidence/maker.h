/* maker.h - what the parts of make_evidence share: the tree of things that becomes
 * a folder and its truth.
 */
#ifndef AS_MAKER_H
#define AS_MAKER_H

#include "../../pipeline/status.h"
#include "../make_common/invent.h"

/* What kinds.def says, by name, without the sniffer. */
enum {
#define AS_KIND(number, name, class, word, title) MK_##name = number,
#include "../../pipeline/media/kinds.def"
#undef AS_KIND
};

enum as_thing_type { AS_FILE, AS_DIR, AS_LINK, AS_HARD, AS_FIFO };

/*
 * A file, folder, link or member, with the truth about it.  The same struct
 * serves in a folder and in a container; `inside` are a folder's or a
 * container's members, in a container in their stored order.
 */
struct as_thing {
    struct as_thing *next, *inside, *last;
    char *name; /* in a container the whole stored name                      */
    char *link; /* of a link                                                 */
    enum as_thing_type type;
    struct as_blob data;
    uint16_t kind, or_kind; /* either will do; or_kind 0: only `kind`         */
    int reason;             /* enum as_reason; MK_ANY: any                    */
    const char *status;     /* overrides the reason's; "ok|limit" = either    */
    uint32_t flags;         /* AS_FLAG_* that must be set                     */
    bool apart;             /* never a duplicate of another item (encrypted)  */
    bool more;              /* rows below it that the truth does not name are welcome */
    char group[24];         /* near-copy family                               */
    char note[120];
};
enum { MK_ANY = -1 };

/* Appends to `parent` a file of this name; `data` is taken over. */
struct as_thing *as_thing_file(struct as_thing *parent, const char *name, struct as_blob *data,
                               uint16_t kind, int reason);
/* The folder `path` ("a/b") below `parent`, made if need be. */
struct as_thing *as_thing_folder(struct as_thing *parent, const char *path);
struct as_thing *as_thing_link(struct as_thing *parent, const char *name, enum as_thing_type type,
                               const char *to);
void as_thing_note(struct as_thing *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A copy of `t` (data, truth and members) appended to `parent` as `name`. */
struct as_thing *as_thing_copy(struct as_thing *parent, const char *name, const struct as_thing *t);
void as_thing_free(struct as_thing *t); /* with all below and after it */
/* Moves all members of `from` to the end of `to`. */
void as_thing_move(struct as_thing *to, struct as_thing *from);

/* Writes the tree as the folder `path`, which must not exist, with fixed times. */
void as_tree_write(struct as_thing *root, const char *path);
/* Writes the truth of the tree; rows in the order of item ids, `base` first. */
void as_truth_write(struct as_thing *root, const char *base, const char *file);

/* The time that everything has: 2024-03-01 12:00:00 UTC. */
enum { AS_MAKER_TIME = 1709294400 };

struct as_maker {
    uint64_t seed;
    bool demo; /* false: small */
    uint32_t serial;
    struct as_thing *root;
};

uint64_t as_maker_seed(struct as_maker *m); /* another seed at each call */

/* The sets, each filling folders of its own. */
void as_set_photos(struct as_maker *m);
void as_set_jpeg(struct as_maker *m);
void as_set_formats(struct as_maker *m);
void as_set_generated(struct as_maker *m);
void as_set_other(struct as_maker *m);
void as_set_archives(struct as_maker *m);
void as_set_nested(struct as_maker *m);
void as_set_broken(struct as_maker *m);
void as_set_hostile(struct as_maker *m);
void as_set_names(struct as_maker *m);

/* Streams a tar of n tiny text entries to `path`. */
void as_many_write(const char *path, uint64_t n);

#endif
