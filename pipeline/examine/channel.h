/* channel.h - messages between a broker, its zygote and its jailed workers.
 *
 * SOCK_SEQPACKET: a message comes whole or not at all.  What a worker says is
 * as hostile as the evidence it reads: types and lengths are checked here,
 * meaning by the receiver.                                                    */
#ifndef AS_CHANNEL_H
#define AS_CHANNEL_H

#include "../key.h"

enum as_msg_type {
    AS_MSG_SPAWN = 1, /* broker to zygote: arg = enum as_role; v[0] = tag, v[1] = cpu class,
                         v[2], v[3] = struct as_keep (examiner); descriptors: socket, result area
                         (examiner), arenas read-only (examiner), area for residuals (v[2] > 0) */
    AS_MSG_SPAWNED,   /* zygote: v[0] = tag, v[1] = pid                          */
    AS_MSG_DIED,      /* zygote: v[0] = tag, v[1] = wait status, v[2] = KiB at its largest */
    AS_MSG_KILL,      /* broker to zygote: v[0] = tag                            */
    AS_MSG_LOT,       /* broker to reader: what to read; see struct as_read_lot   */
    AS_MSG_FILL,      /* broker to reader: arg = arena; descriptor to fill        */
    AS_MSG_FILE,      /* broker to reader: a file of a folder; descriptor         */
    AS_MSG_FILES_END, /* broker to reader: no more files                          */
    AS_MSG_TAKEN,     /* reader: the oldest AS_MSG_FILE is done with              */
    AS_MSG_BATCH,     /* reader: arg = arena that is filled                       */
    AS_MSG_SPLIT,     /* reader: a place where a container can be entered; v[0..3] = offset,
                         index, entries, bytes                                    */
    AS_MSG_CHUNK,     /* reader: key, v[0] = number of the chunk, text = its SHA-256 */
    AS_MSG_LOT_END,   /* reader: v[0..1] = microseconds reading, unpacking        */
    AS_MSG_ITEM,      /* broker to examiner: arg = arena, v[0..3] = offset, length, kind, serial;
                         a descriptor instead of the arena when arg = AS_ARENA_NONE */
    AS_MSG_DONE,      /* examiner: arg = enum as_status, v[0] = record length, v[1] = serial,
                         v[2] = bytes of residual kept, text = struct as_times     */
    AS_MSG_UNFIT      /* zygote, instead of the first AS_MSG_SPAWNED: no worker can be made here;
                         arg = enum as_status, text = why                         */
};

enum { AS_ARENA_NONE = 0xffff, AS_MSG_TEXT_MAX = 40000, AS_MSG_FDS_MAX = 8 };

struct as_msg {
    uint32_t type, arg;
    uint64_t v[6];
    struct as_key key;
    uint32_t len; /* of text */
    uint8_t text[AS_MSG_TEXT_MAX];
};

/* A connected pair, both ends close-on-exec; -1 with errno. */
int as_channel_pair(int fd[2]);

/* Sends the message with nfds descriptors.  0, or -1 with errno (EAGAIN: full). */
int as_channel_send(int fd, const struct as_msg *msg, const int *fds, int nfds);

/* Receives one message; descriptors that came are put in fds (room for
 * AS_MSG_FDS_MAX), *nfds says how many.  1: got it, 0: the other end is gone,
 * -1 with errno (EAGAIN: nothing now; EPROTO: not a message).                 */
int as_channel_recv(int fd, struct as_msg *msg, int *fds, int *nfds);

/* The same, waiting for one. */
int as_channel_wait(int fd, struct as_msg *msg, int *fds, int *nfds);

#endif
