/* hashset_vics.c - VICS JSON, read event by event: sets have hundreds of millions of bytes.
 *
 * The fields that public readers use: an object in an array called "value" or
 * "Media" is one content; its MD5, SHA1, SHA256 and Category count, whatever else
 * is in it does not.  Arrays inside (MediaFiles, Exifs) are passed over.        */
#include "hashset_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yajl/yajl_parse.h>

/* A text that goes over several chunks is gone over again with each of them. */
enum { DEPTH_MAX = 32, QUIET_MAX = 4 << 20 };

/* One level of nesting. */
struct level {
    bool array, item, items; /* items: an array whose objects are items */
    bool holds;              /* such an array is in it: a case, no content */
    struct as_hash_entry entry;
};

enum field { OTHER, LISTS, HASH, CATEGORY };

struct vics {
    struct as_hashset *h;
    struct as_err *err;
    yajl_handle parser;
    enum as_status status; /* why it ended early */
    struct level level[DEPTH_MAX];
    int depth;
    enum field field; /* what the key before promised */
    enum as_hash_kind kind;
    uint64_t quiet; /* bytes since the last event */
};

static struct level *top(struct vics *v)
{
    return v->depth > 0 ? &v->level[v->depth - 1] : NULL;
}

/* Ends of lines in the first n bytes of the chunk. */
static uint64_t lines_of(const struct as_hashset *h, size_t n)
{
    const uint8_t *at = h->buf, *end = h->buf + (n < h->held ? n : h->held);
    uint64_t lines = 0;

    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        lines++;
        at++;
    }
    return lines;
}

static int fail(struct vics *v, const char *what)
{
    struct as_hashset *h = v->h;
    uint64_t line = h->line + lines_of(h, h->at + yajl_get_bytes_consumed(v->parser));

    v->status = as_fail(v->err, AS_EFORMAT, AS_REASON_NONE, __FILE__, __LINE__,
                        "%s, near line %" PRIu64 ": %s", h->path, line, what);
    return 0;
}

static int on_key(void *state, const unsigned char *key, size_t n)
{
    struct vics *v = state;
    const char *name = (const char *)key;

    v->quiet = 0;
    v->kind = as_hash_kind_named(name, n);
    v->field = v->kind != AS_HASH_KINDS ? HASH : OTHER;
    if ((n == 5 && strncasecmp(name, "value", 5) == 0) ||
        (n == 5 && strncasecmp(name, "media", 5) == 0))
        v->field = LISTS;
    if (as_hash_names_category(name, n))
        v->field = CATEGORY;
    return 1;
}

/* Whether the value that comes is the category of an item. */
static bool is_category(const struct vics *v)
{
    return v->depth > 0 && v->level[v->depth - 1].item && v->field == CATEGORY;
}

static int no_category(struct vics *v)
{
    return fail(v, "a category is no number of 0 to 254");
}

static int push(struct vics *v, bool array)
{
    struct level *up = top(v);

    v->quiet = 0;
    if (is_category(v))
        return no_category(v);
    if (v->depth == DEPTH_MAX)
        return fail(v, "nested deeper than any hash set is");
    struct level *l = &v->level[v->depth++];
    memset(l, 0, sizeof *l);
    l->array = array;
    l->items = array && (up == NULL || v->field == LISTS);
    if (l->items && up != NULL)
        up->holds = true;
    l->item = !array && up != NULL && up->items;
    l->entry.category = AS_HASHSET_NO_CATEGORY;
    v->field = OTHER;
    return 1;
}

static int on_map(void *state)
{
    return push(state, false);
}

static int on_array(void *state)
{
    return push(state, true);
}

static int on_end(void *state)
{
    struct vics *v = state;
    const struct level *l = &v->level[--v->depth];

    v->quiet = 0;
    v->field = OTHER;
    if (l->item && (!l->holds || l->entry.has[0] || l->entry.has[1] || l->entry.has[2]))
        v->status = as_hashset_give(v->h, &l->entry, v->err);
    return v->status == AS_OK;
}

static int on_string(void *state, const unsigned char *text, size_t n)
{
    struct vics *v = state;
    struct level *l = top(v);
    enum field field = v->field;

    v->quiet = 0;
    if (is_category(v) && !as_hash_take_category(&l->entry, (const char *)text, n))
        return no_category(v);
    v->field = OTHER;
    if (l == NULL || !l->item || field != HASH)
        return 1;
    if (l->entry.has[v->kind])
        return fail(v, "a content has two hashes of one kind; which is meant?");
    return as_hash_take(&l->entry, v->kind, (const char *)text, n) ||
           fail(v, "a hash is not of the length or digits it should be");
}

static int on_double(void *state, double number)
{
    struct vics *v = state;

    v->quiet = 0;
    if (is_category(v)) {
        if (!(number >= 0 && number <= AS_HASHSET_CATEGORY_MAX) || number != (int)number)
            return no_category(v);
        top(v)->entry.category = (int)number;
    }
    v->field = OTHER;
    return 1;
}

static int on_integer(void *state, long long number)
{
    return on_double(state, (double)number);
}

static int on_word(void *state, int value)
{
    (void)value;
    return is_category(state) ? no_category(state) : on_double(state, 0);
}

static int on_null(void *state)
{
    struct vics *v = state;

    v->quiet = 0;
    v->field = OTHER;
    return 1;
}

/* The parser's complaint, without the piece of the file that it repeats. */
static void complain(struct vics *v)
{
    unsigned char *text = yajl_get_error(v->parser, 0, NULL, 0);
    char what[160] = "not JSON";

    if (text != NULL)
        memccpy(what, text, '\n', sizeof what - 1);
    what[sizeof what - 1] = '\0';
    what[strcspn(what, "\n")] = '\0';
    yajl_free_error(v->parser, text);
    fail(v, what);
}

static enum as_status parse(struct vics *v)
{
    struct as_hashset *h = v->h;
    yajl_status said;

    do {
        said = yajl_parse(v->parser, h->buf + h->at, h->held - h->at);
        v->quiet += h->held;
        if (said == yajl_status_ok && v->quiet > QUIET_MAX)
            fail(v, "a text of over 4 MiB");
        if (said == yajl_status_error)
            complain(v);
        if (v->status != AS_OK)
            return v->status;
        h->line += lines_of(h, h->held);
    } while ((v->status = as_hashset_fill(h, v->err)) == AS_OK);
    if (v->status == AS_END)
        v->status = AS_OK;
    if (v->status == AS_OK && yajl_complete_parse(v->parser) != yajl_status_ok)
        fail(v, "the file breaks off");
    return v->status;
}

enum as_status as_hashset_vics(struct as_hashset *h, struct as_err *err)
{
    static const yajl_callbacks CALLS = {
        .yajl_null = on_null,
        .yajl_boolean = on_word,
        .yajl_integer = on_integer,
        .yajl_double = on_double,
        .yajl_string = on_string,
        .yajl_start_map = on_map,
        .yajl_map_key = on_key,
        .yajl_end_map = on_end,
        .yajl_start_array = on_array,
        .yajl_end_array = on_end,
    };
    enum as_status status = AS_OK;
    struct vics *v = calloc(1, sizeof *v);

    h->counts->form = "JSON";
    h->line = 1;
    if (v == NULL || (v->parser = yajl_alloc(&CALLS, NULL, v)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to read %s", h->path);
    v->h = h;
    v->err = err;
    status = parse(v);
done:
    if (v != NULL && v->parser != NULL)
        yajl_free(v->parser);
    free(v);
    return status;
}
