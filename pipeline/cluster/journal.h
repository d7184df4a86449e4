/* journal.h - append-only files of checksummed records: the live state of a run.
 *
 * One file per rank and attempt, dir/aNNNN-rNNNNN.jnl.  It knows bytes, not items.
 * A file is frames, one after another; all numbers are little-endian:
 *
 *     offset  size
 *          0     4   magic "ASJ1"
 *          4     4   length n of the payload, at most 256 MiB
 *          8     1   type, the caller's
 *          9     3   zero
 *         12     4   CRC-32 (as in zlib) of bytes 4..11 and the payload
 *         16     n   payload
 *
 * Whatever follows the last whole frame is what a killed writer left, and is ignored.
 *
 * Everything here is local.                                                        */
#ifndef AS_JOURNAL_H
#define AS_JOURNAL_H

#include "../err.h"

enum { AS_JOURNAL_MAX_BYTES = 256 << 20 };

struct as_journal;
struct as_block; /* frames in memory, not written yet */

/*
 * Makes this rank's file of this attempt; AS_EIO when it exists.  `fence_path` is
 * the path whose existence ends this attempt (the next attempt's folder).
 *
 *   attempt, rank   at most 9999 and 99999 (AS_ELIMIT), so that names sort
 */
enum as_status as_journal_create(struct as_journal **j, const char *dir, uint32_t attempt,
                                 uint32_t rank, const char *fence_path,
                                 struct as_err *err) AS_MUST_CHECK;

/* Adds a frame to the block in memory.  AS_ENOMEM: the block is as it was;
 * AS_ELIMIT: n above AS_JOURNAL_MAX_BYTES.  `bytes` may be NULL when n is 0.  */
enum as_status as_journal_append(struct as_journal *j, uint8_t type, const void *bytes,
                                 uint32_t n) AS_MUST_CHECK;

/* The offset that the next frame will have in the file. */
uint64_t as_journal_next(const struct as_journal *j);

/* Bytes of the block in memory. */
uint64_t as_journal_held(const struct as_journal *j);

/* Hands over the block in memory, NULL when it is empty, and starts a new one. */
void as_journal_cut(struct as_journal *j, struct as_block **block);

/*
 * Writes and syncs a block (NULL: does nothing but look at the fence), and frees it
 * whatever happens.  It may run in another thread than the other calls, one commit
 * at a time.
 *
 * AS_ESTOP: a newer attempt exists, nothing was written.  AS_EIO: the disk is full
 * or broken; the file ends where it ended before the call, and every later commit
 * fails too, because a failed sync says nothing about what is on the disk.
 */
enum as_status as_journal_commit(struct as_journal *j, struct as_block *block,
                                 struct as_err *err) AS_MUST_CHECK;

/*
 * Has blocks committed to a file in a folder of this case in `dir`, a disk of the node that
 * is made if need be; only as_journal_copy brings them to the journal.  Call once, before
 * anything else.  AS_EIO: it cannot be written.
 */
enum as_status as_journal_keep_near(struct as_journal *j, const char *dir, const char *kase,
                                    struct as_err *err) AS_MUST_CHECK;

/* Brings to the journal what was committed, and syncs it; like as_journal_commit, and in
 * the same thread.  AS_OK at once where nothing is kept near.                          */
enum as_status as_journal_copy(struct as_journal *j, struct as_err *err) AS_MUST_CHECK;

/* Takes into this journal what attempts before left in the near folder and could not copy to
 * theirs in `dir`: *bytes of it.  For one rank of a node.                             */
enum as_status as_journal_take_up(struct as_journal *j, const char *dir, uint64_t *bytes,
                                  struct as_err *err) AS_MUST_CHECK;

/* Frees a block that is not to be written. */
void as_block_free(struct as_block *block);

/* Closes the file; what was not committed is forgotten. */
void as_journal_close(struct as_journal *j);

/* Gives the paths of the journals in some folders: those of the first, sorted by
 * attempt and rank, then those of the next.                                       */
enum as_status as_journal_list(char *const *dirs, size_t ndirs, char ***paths, size_t *n,
                               struct as_err *err) AS_MUST_CHECK;
void as_journal_list_free(char **paths, size_t n);

/*
 * Calls `each` for every whole frame of one file, in order, up to the first that is
 * torn or damaged (*torn = true).  `bytes` are borrowed for the call; `offset` is
 * what as_journal_read wants.  Anything but AS_OK from `each` ends the scan and is
 * its result.  Memory: a MiB, or the largest frame.
 */
enum as_status as_journal_scan(const char *path,
                               enum as_status (*each)(void *state, uint8_t type, const void *bytes,
                                                      uint32_t n, uint64_t offset),
                               void *state, bool *torn, struct as_err *err) AS_MUST_CHECK;

/* Reads single frames of many files, with at most `open_max` of them open at a time. */
struct as_journal_reader;

/* `paths` as given by as_journal_list; copied. */
enum as_status as_journal_open_read(struct as_journal_reader **reader, char *const *paths, size_t n,
                                    size_t open_max, struct as_err *err) AS_MUST_CHECK;

struct as_journal_frame {
    const uint8_t *bytes; /* borrowed until the next call with this reader */
    uint32_t n;
    uint8_t type;
};

/*
 * Gives the frame at `offset` of file paths[file].  Cheap when frames are read in
 * file order.  AS_EFORMAT: there is no whole frame at this offset.
 */
enum as_status as_journal_read(struct as_journal_reader *reader, size_t file, uint64_t offset,
                               struct as_journal_frame *frame, struct as_err *err) AS_MUST_CHECK;

void as_journal_close_read(struct as_journal_reader *reader);

#endif
