/* journal_frame.h - the frame of a journal, for journal.c and journal_read.c only. */
#ifndef AS_JOURNAL_FRAME_H
#define AS_JOURNAL_FRAME_H

#include "../../kernels/base.h"

enum { FRAME_HEAD = 16 };
#define FRAME_MAGIC UINT32_C(0x314a5341) /* "ASJ1" */

struct frame_head {
    uint32_t n, crc;
    uint8_t type;
};

/* Writes the FRAME_HEAD bytes before a payload, checksum included. */
void as_frame_put(uint8_t *head, uint8_t type, const void *payload, uint32_t n);

/* Reads a head; false when it is none, or claims more than a frame may have. */
bool as_frame_get(const uint8_t *head, struct frame_head *h);

/* The checksum of a head and its payload. */
uint32_t as_frame_crc(const uint8_t *head, const void *payload, uint32_t n);

#endif
