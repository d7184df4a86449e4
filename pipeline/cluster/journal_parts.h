/* journal_parts.h - what journal.c and journal_near.c share. */
#ifndef AS_JOURNAL_PARTS_H
#define AS_JOURNAL_PARTS_H

#include "journal.h"

enum { AS_JOURNAL_NAME_ROOM = 32 };

struct as_journal {
    struct as_block *block; /* the main thread's                                */
    uint64_t next;          /* size with the blocks that are not written yet    */
    int fd;                 /* from here on: the committing thread's            */
    uint64_t size;          /* what is committed                                */
    bool broken;            /* a commit failed: what is on the disk is unknown  */
    char *fence_dir;
    const char *fence_name; /* inside fence_dir's allocation                    */
    char name[AS_JOURNAL_NAME_ROOM];
    /* journal_near.c: fd is then the near file, back the one that is the journal */
    int back;        /* -1: there is no near file        */
    uint64_t copied; /* bytes of the near file, to back  */
    char *near_dir, *near_path;
};

/* What failed when the state could not be saved in `where`: no room, or something else. */
enum as_status as_journal_unsaved(const char *where, int error, struct as_err *err) AS_MUST_CHECK;

/* Closes and removes the near file, if all of it is in the journal. */
void as_journal_close_near(struct as_journal *j);

#endif
