/* status.c - words for statuses, reasons and flags. */
#include "status.h"

#include <stddef.h>
#include <string.h>

static const char *const STATUS_NAMES[AS_ITEM_STATUSES] = {
    "ok",    "not_applicable", "unsupported", "damaged", "encrypted",
    "limit", "timeout",        "crashed",     "known",   "duplicate",
};

static const struct {
    uint16_t number;
    uint8_t status;
    const char *text;
} REASONS[] = {
#define AS_REASON(number, name, status, text) {number, AS_ITEM_##status, text},
#include "reasons.def"
#undef AS_REASON
};

static const char *const FLAG_NAMES[] = {
    "truncated", "corrupt",  "traversal", "absolute",  "alpha",   "animated", "trailing",
    "disagrees", "polyglot", "checksum",  "decrypted", "changed", "strips",   "name_cut",
    "altered",
};

const char *as_item_status_name(enum as_item_status status)
{
    return (unsigned)status < AS_ITEM_STATUSES ? STATUS_NAMES[status] : "unknown";
}

int as_item_status_find(const char *name)
{
    for (int i = 0; i < AS_ITEM_STATUSES; i++)
        if (strcmp(STATUS_NAMES[i], name) == 0)
            return i;
    return -1;
}

enum as_item_status as_reason_status(uint16_t reason)
{
    for (size_t i = 0; i < sizeof REASONS / sizeof *REASONS; i++)
        if (REASONS[i].number == reason)
            return (enum as_item_status)REASONS[i].status;
    return AS_ITEM_DAMAGED;
}

bool as_reason_known(uint16_t reason)
{
    for (size_t i = 0; i < sizeof REASONS / sizeof *REASONS; i++)
        if (REASONS[i].number == reason)
            return true;
    return false;
}

const char *as_reason_text(uint16_t reason)
{
    for (size_t i = 0; i < sizeof REASONS / sizeof *REASONS; i++)
        if (REASONS[i].number == reason)
            return REASONS[i].text;
    return "unknown reason";
}

const char *as_flag_name(unsigned bit)
{
    return bit < sizeof FLAG_NAMES / sizeof *FLAG_NAMES ? FLAG_NAMES[bit] : NULL;
}
