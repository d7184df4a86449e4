/* container_entry.c - what libarchive says of an entry, in our words. */
#include "container_entry.h"

#include <errno.h>
#include <string.h>
#include <wchar.h>

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

uint32_t as_entry_name_flags(const char *name, size_t len)
{
    uint32_t flags = 0;

    if (len > 0 && is_slash(name[0])) /* UNC names, too */
        flags |= AS_FLAG_ABSOLUTE;
    if (len > 1 && name[1] == ':' &&
        ((name[0] >= 'A' && name[0] <= 'Z') || (name[0] >= 'a' && name[0] <= 'z')))
        flags |= AS_FLAG_ABSOLUTE;
    for (size_t i = 0; i + 1 < len; i++)
        if (name[i] == '.' && name[i + 1] == '.' && (i == 0 || is_slash(name[i - 1])) &&
            (i + 2 == len || is_slash(name[i + 2])))
            flags |= AS_FLAG_TRAVERSAL;
    return flags;
}

/* One code point as UTF-8; gives its length. */
static size_t put_utf8(uint32_t c, char *to)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c);
    return n;
}

/* A name that libarchive has only as wide characters. */
static size_t name_from_wide(const wchar_t *w, char *name, bool *cut)
{
    size_t n = 0;

    for (; *w; w++) {
        char c[4];
        size_t len = put_utf8((uint32_t)*w & 0x1fffff, c);
        if (n + len > AS_ENTRY_NAME_MAX) {
            *cut = true;
            break;
        }
        memcpy(name + n, c, len);
        n += len;
    }
    return n;
}

/* Copies the name as bytes; gives its length. */
static size_t name_of(struct archive_entry *from, char *name, bool *cut)
{
    const char *s = archive_entry_pathname(from);
    const wchar_t *w;
    size_t n;

    if (s == NULL)
        s = archive_entry_pathname_utf8(from);
    if (s == NULL) {
        w = archive_entry_pathname_w(from);
        return w ? name_from_wide(w, name, cut) : 0;
    }
    n = strlen(s);
    *cut = n > AS_ENTRY_NAME_MAX;
    n = *cut ? AS_ENTRY_NAME_MAX : n;
    memcpy(name, s, n);
    return n;
}

static enum as_entry_type type_of(struct archive_entry *from)
{
    bool linked = archive_entry_hardlink(from) != NULL || archive_entry_hardlink_w(from) != NULL;

    /* the last of a cpio's hard links carries the data of all */
    if (linked && !(archive_entry_size_is_set(from) && archive_entry_size(from) > 0))
        return AS_ENTRY_HARDLINK;
    switch (archive_entry_filetype(from)) {
    case 0: /* not said: zip without attributes */
    case AE_IFREG:
        return AS_ENTRY_FILE;
    case AE_IFDIR:
        return AS_ENTRY_FOLDER;
    case AE_IFLNK:
        return AS_ENTRY_SYMLINK;
    default:
        return AS_ENTRY_SPECIAL;
    }
}

/* Whether a symbolic link called `name` leads out of the container: its own
 * folders, then the parts of its target, climb above the top.                */
static bool link_climbs(const char *name, size_t len, const char *target)
{
    int64_t depth = 0;

    for (size_t i = 0; i < len; i++)
        depth += is_slash(name[i]) && i > 0 && !is_slash(name[i - 1]);
    while (*target && !is_slash(*target)) {
        size_t n = strcspn(target, "/\\");
        if (n == 2 && target[0] == '.' && target[1] == '.')
            depth--;
        else if (n != 1 || target[0] != '.')
            depth++;
        if (depth < 0)
            return true;
        target += n;
        target += strspn(target, "/\\");
    }
    return false;
}

void as_entry_fill(struct as_entry *e, struct archive_entry *from, char *name)
{
    bool cut = false;

    errno = 0; /* as in as_library_header */
    e->name = name;
    e->name_len = (uint32_t)name_of(from, name, &cut);
    e->type = type_of(from);
    e->size = archive_entry_size_is_set(from) ? archive_entry_size(from) : -1;
    e->mtime_s = archive_entry_mtime_is_set(from) ? archive_entry_mtime(from) : INT64_MIN;
    e->flags = as_entry_name_flags(name, e->name_len);
    if (e->type == AS_ENTRY_SYMLINK && archive_entry_symlink(from) &&
        link_climbs(name, e->name_len, archive_entry_symlink(from)))
        e->flags |= AS_FLAG_TRAVERSAL;
    e->reason = cut ? AS_REASON_LIMIT_NAME : AS_REASON_NONE;
}

/* Messages in the order in which they are looked for. */
static const struct {
    const char *part;
    enum as_reason reason;
} TROUBLES[] = {
    {"ncorrect passphrase", AS_REASON_BAD_PASSWORD},
    {"Passphrase required", AS_REASON_ENCRYPTED},
    {"ncrypt", AS_REASON_ENCRYPTED_UNSUP},
    {"Decryption is unsupported", AS_REASON_ENCRYPTED_UNSUP},
    {"nsupported", AS_REASON_UNSUP_METHOD},
    {"not supported", AS_REASON_UNSUP_METHOD},
    {"codec ID", AS_REASON_UNSUP_METHOD},
    {"runcated", AS_REASON_ENTRY_TRUNCATED},
    {"remature", AS_REASON_ENTRY_TRUNCATED},
};

enum as_reason as_entry_trouble(struct archive *a)
{
    const char *text = archive_error_string(a);

    if (archive_errno(a) == ENOMEM)
        return AS_REASON_LIMIT_MEMORY;
    for (size_t i = 0; text && i < sizeof TROUBLES / sizeof *TROUBLES; i++)
        if (strstr(text, TROUBLES[i].part))
            return TROUBLES[i].reason;
    return AS_REASON_ENTRY_DAMAGED;
}

enum as_kind as_entry_kind(struct archive *a, bool filtered)
{
    switch (archive_format(a) & ARCHIVE_FORMAT_BASE_MASK) {
    case ARCHIVE_FORMAT_7ZIP:
        return AS_KIND_SEVENZIP;
    case ARCHIVE_FORMAT_AR:
        return AS_KIND_AR;
    case ARCHIVE_FORMAT_CAB:
        return AS_KIND_CAB;
    case ARCHIVE_FORMAT_CPIO:
        return AS_KIND_CPIO;
    case ARCHIVE_FORMAT_ISO9660:
        return AS_KIND_ISO;
    case ARCHIVE_FORMAT_LHA:
        return AS_KIND_LHA;
    case ARCHIVE_FORMAT_RAR:
    case ARCHIVE_FORMAT_RAR_V5:
        return AS_KIND_RAR;
    case ARCHIVE_FORMAT_TAR:
        return AS_KIND_TAR;
    case ARCHIVE_FORMAT_WARC:
        return AS_KIND_WARC;
    case ARCHIVE_FORMAT_XAR:
        return AS_KIND_XAR;
    case ARCHIVE_FORMAT_ZIP:
        return AS_KIND_ZIP;
    default:
        return filtered ? AS_KIND_COMPRESSED : AS_KIND_ARCHIVE;
    }
}
