/* unpack.h - the reader's inner half: from files and containers to slots.
 *
 * struct as_unpack is the reader's whole state; reader.c speaks with the
 * broker, unpack.c reads files, unpack_levels.c walks containers.             */
#ifndef AS_UNPACK_H
#define AS_UNPACK_H

#include "../evidence/container.h"
#include "alter.h"
#include "hash.h"
#include "slot.h"
#include "zygote.h"

struct as_level {
    struct as_container *c;
    struct as_slot proto; /* its own row, for when its entries are through */
    char *path;
    uint32_t path_len;
    uint8_t *bytes;       /* owned copy of a nested container              */
    uint64_t left;        /* entries still wanted; UINT64_MAX: all         */
    bool own_row;         /* false: another lot gives its row              */
};

struct as_unpack {
    const struct as_worker_start *start;
    const struct as_read_lot *lot;
    struct as_hash *hash, *chunk_hash;
    struct as_batch *batch; /* the arena being filled, NULL between two */
    struct as_key now;      /* survives the change of arenas            */
    char *path;             /* [AS_PATH_MAX]                            */
    uint8_t *piece;         /* [1 MiB]                                  */
    struct as_alter *alter; /* NULL: no altered copies are made         */
    struct as_level level[AS_DEPTH_MAX + 1];
    uint32_t nlevels;
    uint64_t read_us, unpack_us;
    /* Given by reader.c: */
    void (*next_arena)(struct as_unpack *u); /* sets batch; does not return on failure */
    void (*flush)(struct as_unpack *u);      /* hands the batch over, batch = NULL      */
    void (*tell_chunk)(struct as_unpack *u, const struct as_key *key, uint64_t chunk,
                       const uint8_t sha256[32]);
    void (*give_up)(struct as_unpack *u, int code) __attribute__((noreturn));
};

/* A file of the file system. */
struct as_unpack_file {
    struct as_key key;
    const char *path;
    uint32_t path_len;
    int64_t mtime_s;
    int fd;
    uint64_t size;
};

/* Hashes a file and gives its row; if it is a container, the rows of all it holds. */
void as_unpack_file(struct as_unpack *u, const struct as_unpack_file *file);

/* Entries lot->first .. of a container file that is read in parts. */
void as_unpack_part(struct as_unpack *u, const struct as_unpack_file *file);

/* The row of a container that is read in parts. */
void as_unpack_whole(struct as_unpack *u, const struct as_unpack_file *file);

/* Its hash again; with --recheck stat its row alone: the broker compared size and times. */
void as_unpack_rehash(struct as_unpack *u, const struct as_unpack_file *file);

/* Calls part(arg, offset, index, entries, bytes) for each part of a container
 * that can be entered; none if it can only be streamed.                      */
void as_unpack_list(struct as_unpack *u, const struct as_unpack_file *file,
                    void (*part)(void *arg, const uint64_t v[4]), void *arg);

#endif
