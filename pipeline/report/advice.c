/* advice.c - what statuses mean and what a person can do about a reason. */
#include "advice.h"

#include <stddef.h>

static const char *const STATUS_TEXTS[AS_ITEM_STATUSES] = {
    [AS_ITEM_OK] = "examined; a flag says where parts of it are missing",
    [AS_ITEM_NOT_APPLICABLE] = "read, and no picture or video: document, folder, link, container",
    [AS_ITEM_UNSUPPORTED] = "media or a container that cannot be opened",
    [AS_ITEM_DAMAGED] = "nothing usable in it, or it cannot be read",
    [AS_ITEM_ENCRYPTED] = "encrypted, and no password opens it",
    [AS_ITEM_LIMIT] = "beyond a safety limit",
    [AS_ITEM_TIMEOUT] = "took too long, twice",
    [AS_ITEM_CRASHED] = "its examination crashed, twice",
    [AS_ITEM_KNOWN] = "listed in a reference set",
    [AS_ITEM_DUPLICATE] = "the same content as an earlier item, whose results it repeats",
};

static const struct {
    uint16_t reason;
    const char *text;
} ADVICE[] = {
    {AS_REASON_TRUNCATED, "look for a complete copy if the missing part matters"},
    {AS_REASON_CORRUPT_PART, "look for a sound copy if the broken part matters"},
    {AS_REASON_STRIPS_ONLY, "give a larger --max-pixels, or --examiner-memory, to test them"},
    {AS_REASON_UNSUP_MEDIA, "convert them with a tool you trust, and examine the result beside"},
    {AS_REASON_UNSUP_CONTAINER, "unpack them with their own tool, and examine the folder"},
    {AS_REASON_UNSUP_METHOD, "unpack them with their own tool, and examine the folder"},
    {AS_REASON_UNSUP_DISK, "mount the image read-only, and examine the folder"},
    {AS_REASON_MULTI_VOLUME, "join the volumes into one file, and examine that"},
    {AS_REASON_UNSUP_VARIANT, "convert them with a tool you trust, and examine the result beside"},
    {AS_REASON_DAMAGED, "try a carving or repair tool, and examine what it gives"},
    {AS_REASON_BAD_HEADER, "try a carving or repair tool, and examine what it gives"},
    {AS_REASON_CONTAINER_DAMAGED, "repair or carve the container; later entries are not listed"},
    {AS_REASON_ENTRY_DAMAGED, "look for another copy of the archive"},
    {AS_REASON_ENTRY_TRUNCATED, "look for another copy of the archive"},
    {AS_REASON_CHANGED, "stop whatever writes to the evidence, and run again with --fresh"},
    {AS_REASON_HEADERS_DISAGREE, "look at the archive by hand: it may show each tool another file"},
    {AS_REASON_UNREADABLE, "check permissions and the medium, and run again with --fresh"},
    {AS_REASON_ENCRYPTED, "run again with --passwords FILE --fresh"},
    {AS_REASON_ENCRYPTED_UNSUP, "open them with their own tool, and examine the folder"},
    {AS_REASON_BAD_PASSWORD, "add passwords to the file, and run again with --fresh"},
    {AS_REASON_LIMIT_ITEM, "give a larger --max-item"},
    {AS_REASON_LIMIT_RATIO, "probably a bomb; give a larger --max-ratio if you know better"},
    {AS_REASON_LIMIT_ENTRIES, "give a larger --max-entries"},
    {AS_REASON_LIMIT_DEPTH, "give a larger --max-depth"},
    {AS_REASON_LIMIT_UNPACKED, "give a larger --max-unpacked"},
    {AS_REASON_LIMIT_PIXELS, "look at them by hand with care: the claimed size may be false"},
    {AS_REASON_LIMIT_MEMORY, "give a larger --examiner-memory"},
    {AS_REASON_LIMIT_NAME, "look at the archive by hand"},
    {AS_REASON_TIMEOUT_CPU, "give a larger --item-seconds"},
    {AS_REASON_TIMEOUT_WALL,
     "look for a stalled disk or network; else give a larger --item-seconds"},
    {AS_REASON_CRASHED,
     "a fault of Assay or of a library: please report it, with the item if you may"},
    {AS_REASON_VIOLATION, "treat the file as an attack until it is understood; please report it"},
};

static const char *const FLAG_TEXTS[] = {
    "the file ends early",
    "parts of it did not decode",
    "its name climbs out of its container (..)",
    "its name is an absolute path",
    "the picture has transparency, which is ignored",
    "the first picture of several was examined",
    "data follow the end of the picture",
    "the archive's central directory and its local header disagree",
    "media that is a container as well",
    "the archive's checksum of it does not match",
    "opened with a password",
    "differs between two readings of the run",
    "too large to test: read by strips",
    "its name is longer than can be recorded",
    "no evidence: a copy that assay bench --alter made",
};

const char *as_status_text(enum as_item_status status)
{
    return (unsigned)status < AS_ITEM_STATUSES ? STATUS_TEXTS[status] : "unknown status";
}

const char *as_reason_advice(uint16_t reason)
{
    for (size_t i = 0; i < sizeof ADVICE / sizeof *ADVICE; i++)
        if (ADVICE[i].reason == reason)
            return ADVICE[i].text;
    return "";
}

const char *as_flag_text(unsigned bit)
{
    return bit < sizeof FLAG_TEXTS / sizeof *FLAG_TEXTS ? FLAG_TEXTS[bit] : "";
}
