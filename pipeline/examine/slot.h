/* slot.h - the shared memory through which a reader hands item bytes over.
 *
 * An arena is a memfd: a batch table, then item bytes.  The reader fills one
 * arena at a time; examiners map arenas read-only; the broker copies the table
 * out and checks it before it uses any of it.                                 */
#ifndef AS_SLOT_H
#define AS_SLOT_H

#include "record.h"

enum { AS_ARENAS = 3, AS_BATCH_SLOTS = 256, AS_BATCH_TEXT = 1 << 20 };

/* Files up to this size are read into the arena; larger ones stay behind their
 * descriptor.                                                                 */
enum { AS_INLINE_MAX = 32 << 20 };

/* A batch is handed over when it holds this much for each examiner, so that they begin
 * early and a new reader has few pages to map; at most AS_BATCH_BYTES.            */
enum { AS_BATCH_EACH = 4 << 20, AS_BATCH_BYTES = 16 << 20 };

enum { AS_SLOT_SHA256 = 1, AS_SLOT_MD5 = 2, AS_SLOT_LEAF = 4, AS_SLOT_CONTENT = 8 };

struct as_slot {
    struct as_key key;
    uint32_t path_at, path_len; /* into text */
    uint32_t note_at, note_len;
    uint64_t size;
    int64_t mtime_s;
    uint16_t kind, reason;
    uint32_t flags, bits;
    uint8_t sha256[32], md5[16], sha1[20];
    uint64_t data_at; /* from the start of the arena; ~0: behind the descriptor of its file */
};

struct as_batch {
    uint32_t nslots, text_used;
    uint64_t used;        /* bytes of the arena in use, this table included */
    uint64_t progress;    /* goes up while the reader works                  */
    struct as_key now;    /* what it is reading: whom to blame               */
    struct as_slot slot[AS_BATCH_SLOTS];
    char text[AS_BATCH_TEXT];
};

/* Item bytes start here. */
#define AS_ARENA_DATA (((uint64_t)sizeof(struct as_batch) + 4095) / 4096 * 4096)

/* Bytes of an arena: the table, a batch, and one item of the largest size. */
static inline uint64_t as_arena_bytes(uint64_t max_item)
{
    return AS_ARENA_DATA + AS_BATCH_BYTES + (max_item > AS_INLINE_MAX ? max_item : AS_INLINE_MAX) + 4096;
}

/* Files above this have a hash per chunk beside their own, so that all ranks can
 * share the second reading.                                                      */
#define AS_CHUNK_BYTES (UINT64_C(256) << 20)

/* What a reader is to do; travels in the text of AS_MSG_LOT. */
enum as_read_mode {
    AS_READ_FILES,   /* files come one by one by AS_MSG_FILE                     */
    AS_READ_PART,    /* entries of one container from an offset or ordinal       */
    AS_READ_LIST,    /* only tell where the container can be entered             */
    AS_READ_WHOLE,   /* hash one file and walk its headers: the row of a container read in parts */
    AS_READ_RECHECK, /* hash files again; with count > 0 only one chunk: bytes offset
                        .. offset + count                                        */
    AS_READ_FIND     /* only the item with the hash `want`, with its bytes       */
};

enum { AS_BLOCKED_MAX = 64 };

struct as_read_lot {
    uint32_t mode;
    uint64_t offset, first, count; /* PART: where to enter, index of the first entry, how many */
    uint64_t part_bytes, part_entries; /* LIST: size of the parts                */
    uint64_t parts_most; /* LIST: so many may be told; of a container with more, that it stays whole */
    uint64_t batch_bytes; /* set by the crew */
    uint8_t want[32];
    uint32_t nblocked;
    struct {
        struct as_key key; /* not opened: it broke the reader twice              */
        uint16_t reason;
    } blocked[AS_BLOCKED_MAX];
};

#endif
