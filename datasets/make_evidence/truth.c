/* truth.c - the manifest: what a run must say of each item.
 *
 * Rows come in the order of item ids (folders sorted by the bytes of their
 * names, containers in stored order), so the first of several equal contents
 * is the one that is examined and the others are its duplicates.
 * Bytes outside printable ASCII, the backslash and the double quote are
 * written as \xNN.                                                         */
#include "maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct truth {
    FILE *out;
    uint64_t *seen; /* open addressing; 0 = free */
    size_t room, used;
};

static const struct {
    uint16_t number;
    const char *word;
} KINDS[] = {
#define AS_KIND(number, name, class, word, title) {number, word},
#include "../../pipeline/media/kinds.def"
#undef AS_KIND
};

static const struct {
    uint16_t number;
    const char *name;
} REASONS[] = {
#define AS_REASON(number, name, status, text) {number, #name},
#include "../../pipeline/reasons.def"
#undef AS_REASON
};

static const char *kind_word(uint16_t kind)
{
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (KINDS[i].number == kind)
            return KINDS[i].word;
    as_die("no kind %u", kind);
}

static const char *reason_name(int reason)
{
    for (size_t i = 0; i < sizeof REASONS / sizeof *REASONS; i++)
        if (REASONS[i].number == reason)
            return REASONS[i].name;
    as_die("no reason %d", reason);
}

/* True when this content came before; remembers it. */
static bool seen_before(struct truth *truth, const struct as_blob *data)
{
    uint64_t h = 0xcbf29ce484222325u;

    if (truth->used * 2 >= truth->room)
        as_die("more files than the truth has room for");
    for (size_t i = 0; i < data->n; i++)
        h = (h ^ data->at[i]) * 0x100000001b3u;
    h = as_rng_mix(h ^ data->n) | 1;
    for (size_t i = h % truth->room;; i = (i + 1) % truth->room) {
        if (truth->seen[i] == h)
            return true;
        if (!truth->seen[i]) {
            truth->seen[i] = h;
            truth->used++;
            return false;
        }
    }
}

static void put_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 32 || c > 126 || c == '\\' || c == '"')
            fprintf(out, "\\x%02x", c);
        else
            fputc(c, out);
    }
}

static void put_flags(FILE *out, uint32_t flags)
{
    const char *between = "";

    for (unsigned bit = 0; as_flag_name(bit); bit++)
        if (flags >> bit & 1) {
            fprintf(out, "%s%s", between, as_flag_name(bit));
            between = "|";
        }
}

static void put_row(struct truth *truth, const char *path, const struct as_thing *t)
{
    FILE *out = truth->out;
    bool content = (t->type == AS_FILE || t->type == AS_HARD) && t->data.n && !t->inside &&
                   !t->apart && !t->more;
    bool copy = content && seen_before(truth, &t->data);
    const char *status = t->status;

    if (!status)
        status = t->reason == MK_ANY ? "any"
                                     : as_item_status_name(as_reason_status((uint16_t)t->reason));
    fputc('"', out);
    put_escaped(out, path);
    fprintf(out, "\",%s", kind_word(t->kind));
    if (t->or_kind)
        fprintf(out, "|%s", kind_word(t->or_kind));
    fprintf(out, ",%s,%s,%s,", copy ? "duplicate" : status,
            copy || t->reason == MK_ANY ? "" : reason_name(t->reason), t->group);
    put_flags(out, copy ? 0 : t->flags);
    fputs(",\"", out);
    put_escaped(out, t->note);
    fputs("\"\n", out);
}

static int by_name(const void *a, const void *b)
{
    const struct as_thing *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

/* The members of `t` in the order of their ids, ended by NULL; caller frees. */
static struct as_thing **in_order(const struct as_thing *t)
{
    struct as_thing **list;
    size_t n = 0;

    for (struct as_thing *in = t->inside; in; in = in->next)
        n++;
    list = as_alloc(n + 1, sizeof(struct as_thing *));
    n = 0;
    for (struct as_thing *in = t->inside; in; in = in->next)
        list[n++] = in;
    if (t->type == AS_DIR)
        qsort(list, n, sizeof(struct as_thing *), by_name);
    return list;
}

/* A hard link in a folder is a file like any other: the content it names. */
static struct as_thing hard_as_file(const struct as_thing *parent, const struct as_thing *hard)
{
    const struct as_thing *to = parent->inside;
    struct as_thing file;

    while (to && strcmp(to->name, hard->link) != 0)
        to = to->next;
    if (!to)
        as_die("a hard link to nothing");
    file = *to;
    snprintf(file.note, sizeof file.note, "%s", hard->note);
    return file;
}

static void put_tree(struct truth *truth, const char *path, const struct as_thing *t)
{
    struct as_thing **list = in_order(t);

    put_row(truth, path, t);
    for (size_t i = 0; list[i]; i++) {
        const char *join = t->type == AS_DIR ? "/" : ">>";
        size_t n = strlen(path) + strlen(list[i]->name) + 3;
        char *below = as_alloc(n, 1);
        snprintf(below, n, "%s%s%s", path, join, list[i]->name);
        if (t->type == AS_DIR && list[i]->type == AS_HARD) {
            struct as_thing file = hard_as_file(t, list[i]);
            put_row(truth, below, &file);
        } else {
            put_tree(truth, below, list[i]);
        }
        free(below);
    }
    if (t->more) {
        fputc('"', truth->out);
        put_escaped(truth->out, path);
        fputs(">>*\",any,any,,,,\"rows below are allowed\"\n", truth->out);
    }
    free(list);
}

void as_truth_write(struct as_thing *root, const char *base, const char *file)
{
    struct truth truth = {fopen(file, "w"), NULL, 1 << 17, 0};

    if (!truth.out)
        as_die("cannot write %s", file);
    truth.seen = as_alloc(truth.room, sizeof *truth.seen);
    fputs("forensic_path,kind,status,reason,group,flags,note\n", truth.out);
    put_tree(&truth, base, root);
    if (fclose(truth.out) != 0)
        as_die("cannot write %s", file);
    free(truth.seen);
}
