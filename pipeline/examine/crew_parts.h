/* crew_parts.h - what the files of the crew share. */
#ifndef AS_CREW_PARTS_H
#define AS_CREW_PARTS_H

#include "crew.h"

#include "../clock.h"
#include "../media/sniff.h"

enum { AS_TRIES_UNBLAMED = 5, AS_OPEN_AHEAD = 8 };

enum as_worker_life { AS_WORKER_NONE, AS_WORKER_IDLE, AS_WORKER_BUSY, AS_WORKER_DYING };

struct as_worker {
    enum as_worker_life life;
    uint64_t tag;
    int socket;
    pid_t pid;            /* 0 until the zygote told it               */
    uint16_t kill_reason; /* why we killed it; NONE: we did not, or to renew it */
    bool renewed;         /* killed to be renewed                     */
    uint64_t deaf_since;  /* nanoseconds; it closed its socket; 0: it did not */
    uint64_t cpu_from, wall_from; /* nanoseconds when the item began */
};

enum as_slot_state { AS_SLOT_DONE, AS_SLOT_ASKED, AS_SLOT_WAITS, AS_SLOT_RUNS };

/* A batch under way in one arena. */
struct as_crew_batch {
    struct as_work *work; /* NULL: the arena is free or with the reader */
    struct as_slot *slot; /* [AS_BATCH_SLOTS], checked copy             */
    char *text;
    uint8_t state[AS_BATCH_SLOTS], tries[AS_BATCH_SLOTS], unblamed[AS_BATCH_SLOTS];
    bool alone[AS_BATCH_SLOTS]; /* to be examined while no other examiner is busy */
    int fd[AS_BATCH_SLOTS]; /* of contents behind a descriptor, else -1 */
    uint32_t nslots, left;  /* left: contents not done                  */
};

struct as_arena {
    int fd, fd_read; /* read-write for the reader, read-only for examiners */
    struct as_batch *map;
    bool with_reader, known; /* known: the living reader has it mapped     */
    struct as_crew_batch batch;
};

struct as_examiner_seat {
    struct as_worker w;
    int result;
    uint8_t *result_map;
    int noise; /* where it writes residuals that are kept; noise_map NULL: it keeps none */
    uint8_t *noise_map;
    uint64_t lot;        /* of the last item: renewed when it changes */
    bool fresh;          /* has done nothing yet                      */
    uint32_t arena, slot; /* in hand                                   */
    uint64_t serial;
};

/* The next file to be read is or holds a suspect: the examiners come to rest, then it is read. */
enum as_lone { AS_LONE_NO, AS_LONE_WANTED, AS_LONE_READ };

struct as_suspect {
    struct as_key key;
    uint16_t reason;
};

struct as_crew {
    struct as_zygote *zygote;
    const struct as_options *options;
    bool costly; /* a detector runs that has to be named */
    struct as_crew_calls calls;
    unsigned cpu;
    struct as_keep keep;
    uint8_t *noise; /* [as_noise_bytes(&keep)] one that came, copied */
    struct as_msg *msg;
    uint8_t *record;
    struct as_content_room *room;
    struct as_row *row;
    uint64_t next_serial;
    struct as_arena arena[AS_ARENAS];
    /* reader */
    struct as_worker reader;
    struct as_work *reading, *pending;
    int *file_fd;              /* [nfiles of reading] kept open for large contents, or -1 */
    uint32_t *order;           /* [nfiles] which file was sent as the k-th         */
    bool *told;                /* [nfiles] it has a row                            */
    uint64_t *rows;            /* [nfiles] of it and all it holds, by this reader  */
    uint64_t given;            /* rows and files that it was through with since the limits were looked at */
    uint64_t splits, chunks;   /* that this reader told                            */
    uint32_t deaths_of, deaths; /* the file of the last deaths, how many           */
    bool files_end_sent, lot_end;
    uint32_t fills;            /* arenas with the reader                 */
    uint32_t filling[AS_ARENAS]; /* in the order they were given          */
    struct as_suspect suspect; /* died on once                           */
    uint32_t unblamed;         /* deaths without blame on this work      */
    uint64_t progress, progress_cpu, progress_wall, row_wall;
    bool reader_alone;
    enum as_lone lone;
    /* examiners */
    struct as_examiner_seat *seat;
    uint32_t nseats;
    uint32_t alones;           /* contents that wait to be done alone    */
    struct as_hand *held;      /* [nseats + 1] as last told, the reader's first */
    const struct as_hand *suspects; /* [nsuspects], the reader's first   */
    uint64_t nsuspects, nread_suspects;
    bool stopping;
    enum as_status broken; /* AS_OK, or why the crew cannot go on */
    char broken_why[128];
    uint64_t checked_wall;
    struct as_crew_counts counts;
    struct as_tally tally;
    uint64_t begun; /* nanoseconds */
};

/* Processor time of a worker, 0 when it cannot be told. */
uint64_t as_crew_cpu_ns(const struct as_worker *w);
/* Takes the next message of a worker into c->msg; false: there is none.  One that is no
 * message has its worker killed.                                               */
bool as_crew_hear(struct as_crew *c, struct as_worker *w);
/* Kills a worker that closed its socket but does not end. */
void as_crew_end_deaf(struct as_crew *c, struct as_worker *w, uint64_t wall);
/* The crew cannot go on: the first reason stays.  AS_ESTOP or AS_EIO. */
void as_crew_break(struct as_crew *c, enum as_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Sends c->msg.  False: the other side is dead, which will be told, or the crew is broken. */
bool as_crew_send(struct as_crew *c, int socket, const int *fds, int nfds);
/* Asks the zygote for an examiner (seat), or a reader (NULL); false: the crew is broken. */
bool as_crew_spawn(struct as_crew *c, struct as_worker *w, const struct as_examiner_seat *seat);
void as_crew_kill(struct as_crew *c, struct as_worker *w, uint16_t reason);
/* Frees what is left of a dead worker. */
void as_crew_bury(struct as_worker *w);
/* Why it died: a reason to blame the item with, or NONE for nobody's fault. */
uint16_t as_crew_death_reason(const struct as_worker *w, int wstatus);
/* No examiner has anything in hand. */
bool as_crew_examiners_idle(const struct as_crew *c);

/* crew_reader.c */
void as_crew_reader_message(struct as_crew *c);
void as_crew_reader_died(struct as_crew *c, int wstatus);
void as_crew_reader_schedule(struct as_crew *c);
void as_crew_close_files(struct as_crew *c);
/* The file that the reader has in hand as far as we know, or the last one; -1: none. */
int64_t as_crew_file_in_hand(const struct as_crew *c);
/* Keeps a copy of a descriptor, or -1: the crew is then broken. */
int as_crew_keep_fd(struct as_crew *c, int fd);
void as_crew_work_maybe_done(struct as_crew *c, struct as_work *work);

/* crew_batch.c */

/* The file of the lot that `key` is or lies below, or -1. */
int64_t as_crew_file_of(const struct as_work *w, const struct as_key *key);
/* Takes over the arena that the reader says is filled; false: that cannot be. */
bool as_crew_batch_message(struct as_crew *c, uint32_t arena);
void as_crew_batch_done(struct as_crew *c, struct as_arena *a);

/* What the reader is at, by its own word if that can be, else its file.  False: at nothing. */
bool as_crew_reader_at(const struct as_crew *c, struct as_key *key);

/* crew_hand.c */

/* Tells of what an examiner is about to be given. */
void as_crew_hold(struct as_crew *c, const struct as_examiner_seat *s, const struct as_slot *what);
/* Tells of what changed in a turn. */
void as_crew_hands(struct as_crew *c);
bool as_crew_suspects_content(const struct as_crew *c, const struct as_slot *what);
/* Whether the reader may have the next file: a suspected one by itself, and while no examiner
 * is busy.                                                                           */
bool as_crew_may_ask(struct as_crew *c);

/* crew_examiner.c */
void as_crew_examiner_message(struct as_crew *c, struct as_examiner_seat *s);
void as_crew_examiner_died(struct as_crew *c, struct as_examiner_seat *s, int wstatus);
void as_crew_examiners_schedule(struct as_crew *c);

/* crew_limits.c */
void as_crew_reader_limits(struct as_crew *c, uint64_t wall);
void as_crew_examiners_limits(struct as_crew *c, uint64_t wall);
/* The most rows that a file of this size may have, with all it holds. */
uint64_t as_crew_rows_max(const struct as_options *o, uint64_t size);
/* Counts a row of file `file` of the work in reading; false: it was one too many, and the
 * reader is being killed.                                                      */
bool as_crew_row_allowed(struct as_crew *c, uint32_t file);

#endif
