/* thing.c - the tree of things: building it, writing it as a folder. */
#include "maker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

uint64_t as_maker_seed(struct as_maker *m)
{
    return as_rng_mix(m->seed * 0x10001 + ++m->serial);
}

static char *text_copy(const char *text)
{
    size_t n = strlen(text) + 1;

    return memcpy(as_alloc(n, 1), text, n);
}

static struct as_thing *append(struct as_thing *parent, const char *name, enum as_thing_type type)
{
    struct as_thing *t = as_alloc(1, sizeof *t);

    t->name = text_copy(name);
    t->type = type;
    if (parent->last)
        parent->last->next = t;
    else
        parent->inside = t;
    parent->last = t;
    return t;
}

struct as_thing *as_thing_file(struct as_thing *parent, const char *name, struct as_blob *data,
                               uint16_t kind, int reason)
{
    struct as_thing *t = append(parent, name, AS_FILE);

    t->data = *data;
    memset(data, 0, sizeof *data);
    t->kind = kind;
    t->reason = reason;
    return t;
}

struct as_thing *as_thing_link(struct as_thing *parent, const char *name, enum as_thing_type type,
                               const char *to)
{
    struct as_thing *t = append(parent, name, type);

    t->link = to ? text_copy(to) : NULL;
    t->kind = type == AS_LINK ? MK_SYMLINK : type == AS_HARD ? MK_HARDLINK : MK_SPECIAL;
    t->reason = type == AS_LINK   ? AS_REASON_SYMLINK
                : type == AS_HARD ? AS_REASON_HARDLINK
                                  : AS_REASON_SPECIAL;
    return t;
}

/* The member folder of this name, made if need be. */
static struct as_thing *folder_one(struct as_thing *parent, const char *name)
{
    struct as_thing *t = parent->inside;

    while (t && (t->type != AS_DIR || strcmp(t->name, name) != 0))
        t = t->next;
    if (!t) {
        t = append(parent, name, AS_DIR);
        t->kind = MK_FOLDER;
        t->reason = AS_REASON_FOLDER;
    }
    return t;
}

struct as_thing *as_thing_folder(struct as_thing *parent, const char *path)
{
    char part[256];

    while (*path) {
        size_t n = strcspn(path, "/");
        if (n >= sizeof part)
            as_die("a folder's name is too long");
        memcpy(part, path, n);
        part[n] = '\0';
        parent = folder_one(parent, part);
        path += n + (path[n] == '/');
    }
    return parent;
}

void as_thing_note(struct as_thing *t, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(t->note, sizeof t->note, fmt, args);
    va_end(args);
}

struct as_thing *as_thing_copy(struct as_thing *parent, const char *name, const struct as_thing *t)
{
    struct as_thing *copy = append(parent, name, t->type);
    struct as_thing made = *t;

    made.name = copy->name;
    made.next = made.inside = made.last = NULL;
    made.link = t->link ? text_copy(t->link) : NULL;
    made.data = as_blob_copy(&t->data);
    *copy = made;
    for (const struct as_thing *in = t->inside; in; in = in->next)
        as_thing_copy(copy, in->name, in);
    return copy;
}

void as_thing_free(struct as_thing *t)
{
    while (t) {
        struct as_thing *next = t->next;
        as_thing_free(t->inside);
        as_blob_free(&t->data);
        free(t->name);
        free(t->link);
        free(t);
        t = next;
    }
}

void as_thing_move(struct as_thing *to, struct as_thing *from)
{
    if (!from->inside)
        return;
    if (to->last)
        to->last->next = from->inside;
    else
        to->inside = from->inside;
    to->last = from->last;
    from->inside = from->last = NULL;
}

static void set_time(int dir, const char *name)
{
    const struct timespec times[2] = {{AS_MAKER_TIME, 0}, {AS_MAKER_TIME, 0}};

    if (utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) != 0)
        as_die("cannot set the time of %s: %s", name, strerror(errno));
}

static void write_file(int dir, const struct as_thing *t)
{
    int fd = openat(dir, t->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    size_t done = 0;

    while (fd >= 0 && done < t->data.n) {
        ssize_t n = write(fd, t->data.at + done, t->data.n - done);
        if (n < 0)
            break;
        done += (size_t)n;
    }
    if (fd < 0 || done < t->data.n || close(fd) != 0)
        as_die("cannot write %s: %s", t->name, strerror(errno));
}

static void write_thing(int dir, const struct as_thing *t);

static void write_folder(int dir, const struct as_thing *t)
{
    int fd;

    if (mkdirat(dir, t->name, 0755) != 0)
        as_die("cannot make the folder %s: %s", t->name, strerror(errno));
    fd = openat(dir, t->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        as_die("cannot open the folder %s: %s", t->name, strerror(errno));
    for (const struct as_thing *in = t->inside; in; in = in->next)
        write_thing(fd, in);
    close(fd);
}

static void write_thing(int dir, const struct as_thing *t)
{
    int failed = 0;

    if (t->type == AS_FILE)
        write_file(dir, t);
    else if (t->type == AS_DIR)
        write_folder(dir, t);
    else if (t->type == AS_LINK)
        failed = symlinkat(t->link, dir, t->name);
    else if (t->type == AS_HARD)
        failed = linkat(dir, t->link, dir, t->name, 0);
    else
        failed = mkfifoat(dir, t->name, 0644);
    if (failed)
        as_die("cannot make %s: %s", t->name, strerror(errno));
    set_time(dir, t->name);
}

void as_tree_write(struct as_thing *root, const char *path)
{
    free(root->name);
    root->name = text_copy(path);
    root->type = AS_DIR;
    root->kind = MK_FOLDER;
    root->reason = AS_REASON_FOLDER;
    write_folder(AT_FDCWD, root);
    set_time(AT_FDCWD, path);
}
