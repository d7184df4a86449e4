/* journal_frame.c - the frame of a journal: head, payload, checksum. */
#include "journal_frame.h"
#include "journal.h"

#include <string.h>
#include <zlib.h>

static void put32(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint32_t as_frame_crc(const uint8_t *head, const void *payload, uint32_t n)
{
    uLong crc = crc32(0, head + 4, 8);

    if (n > 0)
        crc = crc32(crc, payload, n);
    return (uint32_t)crc;
}

void as_frame_put(uint8_t *head, uint8_t type, const void *payload, uint32_t n)
{
    memset(head, 0, FRAME_HEAD);
    put32(head, FRAME_MAGIC);
    put32(head + 4, n);
    head[8] = type;
    put32(head + 12, as_frame_crc(head, payload, n));
}

bool as_frame_get(const uint8_t *head, struct frame_head *h)
{
    h->n = get32(head + 4);
    h->type = head[8];
    h->crc = get32(head + 12);
    return get32(head) == FRAME_MAGIC && h->n <= AS_JOURNAL_MAX_BYTES && head[9] == 0 &&
           head[10] == 0 && head[11] == 0;
}
