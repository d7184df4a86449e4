/* hashset.c - which kind of hash set a file is, and what its readers share. */
#include "hashset_parts.h"

#include "../hex.h"
#include "rank.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

size_t as_hash_bytes(enum as_hash_kind kind)
{
    static const size_t BYTES[AS_HASH_KINDS] = {32, 20, 16};

    return BYTES[kind];
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool as_hash_take(struct as_hash_entry *entry, enum as_hash_kind kind, const char *text, size_t n)
{
    if (n == 0 || (n == 1 && text[0] == '-'))
        return true;
    for (int k = 0; kind == AS_HASH_KINDS && k < AS_HASH_KINDS; k++)
        if (n == 2 * as_hash_bytes((enum as_hash_kind)k))
            kind = (enum as_hash_kind)k;
    if (kind == AS_HASH_KINDS || n != 2 * as_hash_bytes(kind))
        return false;
    for (size_t i = 0; i < n / 2; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        entry->hash[kind][i] = (uint8_t)(high << 4 | low);
    }
    entry->has[kind] = true;
    return true;
}

bool as_hash_take_category(struct as_hash_entry *entry, const char *text, size_t n)
{
    int number = 0;

    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = 10 * number + (text[i] - '0');
        if (number > AS_HASHSET_CATEGORY_MAX)
            return false;
    }
    if (n > 0)
        entry->category = number;
    return true;
}

bool as_hash_names_category(const char *name, size_t n)
{
    return n == 8 && strncasecmp(name, "category", n) == 0;
}

enum as_hash_kind as_hash_kind_named(const char *name, size_t n)
{
    static const struct {
        const char *name;
        enum as_hash_kind kind;
    } NAMES[] = {
        {"sha256", AS_HASH_SHA256}, {"sha-256", AS_HASH_SHA256}, {"sha1", AS_HASH_SHA1},
        {"sha-1", AS_HASH_SHA1},    {"md5", AS_HASH_MD5},        {"md-5", AS_HASH_MD5},
    };

    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (strlen(NAMES[i].name) == n && strncasecmp(NAMES[i].name, name, n) == 0)
            return NAMES[i].kind;
    return AS_HASH_KINDS;
}

enum as_status as_hashset_give(struct as_hashset *h, const struct as_hash_entry *entry,
                               struct as_err *err)
{
    bool any = false;

    for (int k = 0; k < AS_HASH_KINDS; k++)
        any = any || entry->has[k];
    h->counts->entries += any;
    h->counts->without += !any;
    return any ? h->to->add(h->to->state, entry, err) : AS_OK;
}

/* Nothing is kept of what is stopped: a store is complete or absent. */
enum as_status as_hashset_go_on(struct as_err *err)
{
    enum as_status status = AS_OK;

    if (as_stop_signal)
        AS_FAIL(err, AS_ESTOP, "stopped by signal %d; nothing was written", as_stop_signal);
done:
    return status;
}

enum as_status as_hashset_fill(struct as_hashset *h, struct as_err *err)
{
    enum as_status status = AS_OK;
    ssize_t n;

    do {
        AS_TRY(as_hashset_go_on(err));
        n = read(h->fd, h->buf, sizeof h->buf);
    } while (n < 0 && errno == EINTR);
    h->at = h->held = 0;
    if (n < 0 && errno == EISDIR)
        AS_FAIL(err, AS_EFORMAT, "%s is a folder: name the hash sets in it", h->path);
    if (n < 0)
        AS_FAIL(err, AS_EIO, "cannot read %s: %s", h->path, strerror(errno));
    if (EVP_DigestUpdate(h->md, h->buf, (size_t)n) != 1)
        AS_FAIL(err, AS_EIO, "SHA-256 failed (out of memory?)");
    h->held = (size_t)n;
    status = n == 0 ? AS_END : AS_OK;
done:
    return status;
}

/* Tells by the first bytes what it is; those that have to be changed first, in words. */
static enum as_status choose(struct as_hashset *h,
                             enum as_status (**reader)(struct as_hashset *, struct as_err *),
                             struct as_err *err)
{
    static const struct {
        const char *magic;
        size_t n;
        const char *what;
    } PACKED[] = {
        {"PK\3\4", 4, "a zip archive: unpack it first"},
        {"\x1f\x8b", 2, "compressed with gzip: unpack it first"},
        {"7z\xbc\xaf", 4, "a 7z archive: unpack it first"},
        {"\xff\xfe", 2, "text in UTF-16: save it as UTF-8"},
        {"\xfe\xff", 2, "text in UTF-16: save it as UTF-8"},
        {"\x89HDF", 4, "in HDF5, perhaps a reference store already"},
    };
    enum as_status status = AS_OK;
    size_t i = 0;

    for (size_t k = 0; k < sizeof PACKED / sizeof *PACKED; k++)
        if (h->held >= PACKED[k].n && memcmp(h->buf, PACKED[k].magic, PACKED[k].n) == 0)
            AS_FAIL(err, AS_EFORMAT, "%s is %s", h->path, PACKED[k].what);
    *reader = as_hashset_text;
    if (h->held >= 16 && memcmp(h->buf, "SQLite format 3", 16) == 0)
        *reader = as_hashset_nsrl;
    if (h->held >= 3 && memcmp(h->buf, "\xef\xbb\xbf", 3) == 0)
        h->at = i = 3;
    while (i < h->held && strchr(" \t\r\n", h->buf[i]) != NULL && h->buf[i] != 0)
        i++;
    if (i < h->held && (h->buf[i] == '{' || h->buf[i] == '['))
        *reader = as_hashset_vics;
done:
    return status;
}

/* Reads what the reader left, and gives the hash of all. */
static enum as_status finish(struct as_hashset *h, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t digest[32];

    while ((status = as_hashset_fill(h, err)) == AS_OK)
        ;
    if (status != AS_END)
        goto done;
    status = AS_OK;
    if (EVP_DigestFinal_ex(h->md, digest, NULL) != 1)
        AS_FAIL(err, AS_EIO, "SHA-256 failed (out of memory?)");
    as_hex(digest, sizeof digest, h->counts->sha256);
done:
    return status;
}

enum as_status as_hashset_read(const char *path, const struct as_hashset_to *to,
                               struct as_hashset_counts *counts, struct as_err *err)
{
    enum as_status status = AS_OK;
    enum as_status (*reader)(struct as_hashset *, struct as_err *) = NULL;
    struct as_hashset *h = calloc(1, sizeof *h);
    struct stat st;

    memset(counts, 0, sizeof *counts);
    if (h == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to read %s", path);
    *h = (struct as_hashset){.path = path, .to = to, .counts = counts, .md = EVP_MD_CTX_new()};
    if ((h->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) < 0)
        AS_FAIL(err, errno == ENOENT || errno == ENOTDIR ? AS_SKIP : AS_EIO, "cannot open %s: %s",
                path, strerror(errno));
    if (fstat(h->fd, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
        AS_FAIL(err, AS_EFORMAT, "%s is no file: write what comes out of it to one", path);
    if (h->md == NULL || EVP_DigestInit_ex(h->md, EVP_sha256(), NULL) != 1)
        AS_FAIL(err, AS_ENOMEM, "no memory to read %s", path);
    if ((status = as_hashset_fill(h, err)) == AS_END)
        AS_FAIL(err, AS_EFORMAT, "%s is empty", path);
    if (status != AS_OK)
        goto done;
    AS_TRY(choose(h, &reader, err));
    AS_TRY(reader(h, err));
    if (counts->entries == 0)
        AS_FAIL(err, AS_EFORMAT, "%s is %s without a single hash", path, counts->form);
    AS_TRY(finish(h, err));
done:
    if (h != NULL && h->fd >= 0)
        close(h->fd);
    if (h != NULL)
        EVP_MD_CTX_free(h->md);
    free(h);
    return status;
}
