/* manifest.c - labelled pictures: which there are, and what is known of each.
 *
 *  1. reading   2. rows   3. folders   4. groups   5. finding                          */
#include "manifest.h"

#include "../examine/record.h"
#include "../hex.h"
#include "../whole.h"
#include "import.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BYTES_MAX = 1 << 30, COLUMNS_MAX = 64 };
enum { PATH, LABEL, SPLIT, MASK, GROUP, GENERATOR, CAMERA, NOTE, MADE, COLUMNS };

static const char *const COLUMN[COLUMNS] = {"path",      "label",  "split", "mask", "group",
                                            "generator", "camera", "note",  "made"};
const char *const as_label_words[AS_LABELS] = {"authentic", "tampered", "generated"};
const char *const as_split_words[AS_SPLITS] = {"", "train", "calibrate", "test"};

/* ---- 1. reading ---- */

static enum as_status read_file(struct as_manifest *m, const char *path, struct as_err *err)
{
    const struct as_whole file = {.path = path, .what = "manifest", .max = BYTES_MAX};
    enum as_status status = AS_OK;
    uint64_t line = 1;
    size_t n;

    AS_TRY(as_whole_read(&file, &m->text, &n, m->sha256, err));
    const char *zero = memchr(m->text, 0, n);
    for (const char *p = m->text; zero && p < zero; p++)
        line += *p == '\n';
    if (zero)
        AS_FAIL(err, AS_EFORMAT,
                "%s, line %" PRIu64 ": a byte 0; a manifest is text in UTF-8, no picture", path,
                line);
done:
    return status;
}

static enum as_status read_text(struct as_manifest *m, const char *path, struct as_err *err)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    enum as_status status = as_import(path, &m->text, err);

    if (status == AS_SKIP)
        return read_file(m, path, err);
    if (status != AS_OK)
        return status;
    SHA256((const unsigned char *)m->text, strlen(m->text), digest);
    as_hex(digest, sizeof digest, m->sha256);
    return AS_OK;
}

/* The next line, NULL at the end; ends it with a NUL. */
static char *next_line(char **at)
{
    char *line = *at, *end;

    if (*line == '\0')
        return NULL;
    end = line + strcspn(line, "\n");
    *at = end + (*end == '\n');
    *end = '\0';
    if (end > line && end[-1] == '\r')
        end[-1] = '\0';
    return line;
}

/* Ends the field at `p`, in quotes or not, with a NUL; gives what follows its comma, NULL: it was
 * the last.  Two quotes within quotes are one.  *good: false where quotes do not end the field. */
static char *end_field(char *p, bool *good)
{
    char *to = p, *from = p;

    if (*p != '"') {
        p += strcspn(p, ",");
        from = p;
        to = p;
    } else {
        for (from++; *from && (*from != '"' || from[1] == '"'); *to++ = *from++)
            from += *from == '"';
        *good = *good && *from == '"' && (from[1] == ',' || from[1] == '\0');
        from += strcspn(from, ",");
    }
    const bool more = *from == ',';
    *to = '\0';
    return more ? from + 1 : NULL;
}

/* Fields of a line, each ended by a NUL; how many there are, COLUMNS_MAX + 1: more.  0: quotes are
 * not as they should be. */
static int split_line(char *line, char **field)
{
    bool good = true;
    int n = 0;

    for (char *p = line; p && n <= COLUMNS_MAX; p = end_field(p, &good))
        field[n++] = p;
    return good ? n : 0;
}

void as_manifest_field(FILE *f, const char *s)
{
    if (strpbrk(s, ",\"\r\n") == NULL) {
        fputs(s, f);
        return;
    }
    fputc('"', f);
    for (; *s; s++) {
        if (*s == '"')
            fputc('"', f);
        fputc(*s, f);
    }
    fputc('"', f);
}

/* ---- 2. rows ---- */

char *as_manifest_normal(char *path)
{
    char *const root = path + (*path == '/'), *end = root, *floor = root; /* ".." are below floor */
    size_t n;

    for (const char *p = root; *p; p += n, p += *p == '/') {
        n = strcspn(p, "/");
        const bool up = n == 2 && p[0] == '.' && p[1] == '.';
        if (n == 0 || (n == 1 && p[0] == '.') || (up && end == root && root > path))
            continue;
        if (up && end > floor) {
            while (end > floor && end[-1] != '/')
                end--;
            end -= end > floor;
            continue;
        }
        if (end > root)
            *end++ = '/';
        memmove(end, p, n);
        end += n;
        if (up)
            floor = end;
    }
    *end = '\0';
    return path;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static int word_of(const char *text, const char *const *words, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    return -1;
}

/* What is between the columns of a line that has no commas. */
static const char *separator_of(const char *line)
{
    return strchr(line, ',')    ? NULL
           : strchr(line, ';')  ? "semicolons"
           : strchr(line, '\t') ? "tabs"
                                : NULL;
}

/* place[c]: where column c stands, -1: nowhere. */
static enum as_status read_header(char *line, int *place, int *fields, const char *path,
                                  struct as_err *err)
{
    const char *between = separator_of(line);
    enum as_status status = AS_OK;
    char *field[COLUMNS_MAX + 1];

    *fields = split_line(line, field);
    if (*fields == 0 || *fields > COLUMNS_MAX)
        AS_FAIL(err, AS_EFORMAT, "%s, line 1: more than %d columns, or a quote that does not end",
                path, COLUMNS_MAX);
    for (int c = 0; c < COLUMNS; c++) {
        place[c] = -1;
        for (int i = 0; i < *fields; i++) {
            if (strcmp(field[i], COLUMN[c]) != 0)
                continue;
            if (place[c] >= 0)
                AS_FAIL(err, AS_EFORMAT, "%s, line 1: two columns are called %s", path, COLUMN[c]);
            place[c] = i;
        }
    }
    if (place[PATH] < 0 && between)
        AS_FAIL(err, AS_EFORMAT, "%s, line 1: %s between the columns; save it with commas", path,
                between);
    if (place[PATH] < 0 || place[LABEL] < 0)
        AS_FAIL(err, AS_EFORMAT,
                "%s, line 1: no column called %s; the first line names the columns path and label, "
                "in small letters (assay help bench)",
                path, COLUMN[place[PATH] < 0 ? PATH : LABEL]);
done:
    return status;
}

static enum as_status read_row(struct as_labelled *r, char *const *field, const int *place,
                               const char *path, struct as_err *err)
{
    enum as_status status = AS_OK;
    const char *text[COLUMNS];
    int label, split;

    for (int c = 0; c < COLUMNS; c++)
        text[c] = place[c] < 0 ? "" : field[place[c]];
    label = word_of(text[LABEL], as_label_words, AS_LABELS);
    split = word_of(text[SPLIT], as_split_words, AS_SPLITS);
    as_manifest_normal(field[place[PATH]]);
    if (text[PATH][0] == '\0' || strrchr(text[PATH], '/') == text[PATH] ||
        strcmp(name_of(text[PATH]), "..") == 0)
        AS_FAIL(err, AS_EFORMAT, "%s, line %" PRIu64 ": \"%s\" is no path of a file in a folder",
                path, r->line, text[PATH]);
    if (label < 0)
        AS_FAIL(err, AS_EFORMAT,
                "%s, line %" PRIu64 ": the label is authentic, tampered or generated, not \"%s\"",
                path, r->line, text[LABEL]);
    if (split < 0)
        AS_FAIL(err, AS_EFORMAT,
                "%s, line %" PRIu64 ": the split is train, calibrate, test or empty, not \"%s\"",
                path, r->line, text[SPLIT]);
    if (text[MADE][0] && strcmp(text[MADE], "0") != 0 && strcmp(text[MADE], "1") != 0)
        AS_FAIL(err, AS_EFORMAT, "%s, line %" PRIu64 ": made is 1, 0 or empty, not \"%s\"", path,
                r->line, text[MADE]);
    r->made = text[MADE][0] == '1';
    r->path = text[PATH];
    r->mask = text[MASK];
    r->group = text[GROUP];
    r->generator = text[GENERATOR];
    r->camera = text[CAMERA];
    r->note = text[NOTE];
    r->label = (uint8_t)label;
    r->split = (uint8_t)split;
done:
    return status;
}

static enum as_status read_rows(struct as_manifest *m, const char *path, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *at = m->text + (as_whole_text(m->text) - m->text), *line, *field[COLUMNS_MAX + 1];
    uint64_t lines = 0, number = 1;
    int place[COLUMNS], fields, n;

    for (const char *p = m->text; *p; p++)
        lines += *p == '\n' && p[1] != '\n' && (p[1] != '\r' || p[2] != '\n');
    if ((m->row = calloc(lines + 2, sizeof *m->row)) == NULL ||
        (m->by_path = calloc(lines + 2, sizeof *m->by_path)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for %" PRIu64 " rows of a manifest", lines);
    if ((line = next_line(&at)) == NULL)
        AS_FAIL(err, AS_EFORMAT, "the manifest %s is empty", path);
    AS_TRY(read_header(line, place, &fields, path, err));
    while ((line = next_line(&at)) != NULL) {
        m->row[m->n].line = ++number;
        if (*line == '\0')
            continue;
        if ((n = split_line(line, field)) == 0)
            AS_FAIL(err, AS_EFORMAT,
                    "%s, line %" PRIu64 ": a quote that does not end its field; quotes in a field "
                    "are doubled, and no field goes over lines",
                    path, number);
        if (n != fields)
            AS_FAIL(err, AS_EFORMAT,
                    "%s, line %" PRIu64 ": not %d fields as in the first line; a field with commas "
                    "needs quotes",
                    path, number, fields);
        AS_TRY(read_row(&m->row[m->n], field, place, path, err));
        m->n++;
    }
    if (m->n == 0 || m->n > UINT32_MAX)
        AS_FAIL(err, AS_EFORMAT, "the manifest %s names no picture", path);
done:
    return status;
}

/* ---- 3. folders ---- */

/* How many ".." a path that is normal begins with; -1: it is absolute. */
static int steps_up(const char *path)
{
    int n = 0;

    if (*path == '/')
        return -1;
    for (; strncmp(path, "..", 2) == 0 && (path[2] == '/' || path[2] == '\0'); n++)
        path += 2 + (path[2] == '/');
    return n;
}

static int rank_of(char c)
{
    return c == '\0' ? 0 : c == '/' ? 1 : 1 + (unsigned char)c;
}

/* Order of paths in which what is in a folder follows it at once. */
static int compare_paths(const char *a, const char *b)
{
    const int up = steps_up(a) - steps_up(b);

    if (up != 0)
        return up;
    while (*a && *a == *b)
        a++, b++;
    return rank_of(*a) - rank_of(*b);
}

static int by_path(const void *a, const void *b)
{
    return compare_paths((*(struct as_labelled *const *)a)->path,
                         (*(struct as_labelled *const *)b)->path);
}

/* Length of the folder's name in a path, 0: none. */
static size_t folder_len(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) : 0;
}

static int by_folder(const void *a, const void *b)
{
    return compare_paths(*(char *const *)a, *(char *const *)b);
}

static bool holds(const char *folder, const char *path)
{
    const size_t n = strlen(folder);

    if (steps_up(folder) != steps_up(path))
        return false;
    return n == 0 || (strncmp(folder, path, n) == 0 && (path[n] == '/' || path[n] == '\0'));
}

/* The folders of all pictures, relative, without those in others. */
static enum as_status find_folders(struct as_manifest *m, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint32_t n = 0, kept = 0;

    for (uint64_t i = 0; i < m->n; i++) {
        const char *path = m->by_path[i]->path;
        const size_t len = folder_len(path);
        if (n > 0 && strlen(m->folder[n - 1]) == len && strncmp(m->folder[n - 1], path, len) == 0)
            continue;
        char **more = realloc(m->folder, (n + 1) * sizeof *more);
        if (more == NULL || (more[n] = strndup(path, len)) == NULL) {
            m->folder = more ? more : m->folder;
            m->nsources = n;
            AS_FAIL(err, AS_ENOMEM, "no memory for the folders of a manifest");
        }
        m->folder = more;
        m->nsources = ++n;
    }
    qsort(m->folder, n, sizeof *m->folder, by_folder);
    for (uint32_t i = 0; i < n; i++) {
        if (kept > 0 && holds(m->folder[kept - 1], m->folder[i]))
            free(m->folder[i]);
        else
            m->folder[kept++] = m->folder[i];
    }
    m->nsources = kept;
done:
    return status;
}

/* Tells every row its source, and makes the sources paths that can be opened. */
static enum as_status place_rows(struct as_manifest *m, const char *path, struct as_err *err)
{
    const int dir = (int)folder_len(path) + (strchr(path, '/') != NULL);
    enum as_status status = AS_OK;
    uint32_t s = 0;

    if ((m->dir = strndup(path, (size_t)dir)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the folder of a manifest");
    for (uint64_t i = 0; i < m->n; i++) {
        while (!holds(m->folder[s], m->by_path[i]->path))
            s = (s + 1) % m->nsources;
        m->by_path[i]->source = s;
    }
    if ((m->source = calloc(m->nsources, sizeof *m->source)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the folders of a manifest");
    for (s = 0; s < m->nsources; s++)
        if (asprintf(&m->source[s], "%.*s%s", m->folder[s][0] == '/' ? 0 : dir, path,
                     m->folder[s][0] || dir > 0 ? m->folder[s] : ".") < 0) {
            m->source[s] = NULL;
            AS_FAIL(err, AS_ENOMEM, "no memory for the folders of a manifest");
        }
done:
    return status;
}

/* ---- 4. groups ---- */

static int by_group(const void *a, const void *b)
{
    const struct as_labelled *x = *(struct as_labelled *const *)a,
                             *y = *(struct as_labelled *const *)b;
    const int order = strcmp(x->group, y->group);

    return order ? order : (x->line > y->line) - (x->line < y->line);
}

static void number_groups(struct as_manifest *m)
{
    qsort(m->by_path, m->n, sizeof *m->by_path, by_group);
    for (uint64_t i = 0; i < m->n; i++) {
        struct as_labelled *r = m->by_path[i];
        if (i == 0 || r->group[0] == '\0' || strcmp(r->group, m->by_path[i - 1]->group) != 0)
            m->groups++;
        r->group_number = m->groups - 1;
    }
}

/* ---- 5. finding ---- */

enum as_status as_manifest_read(struct as_manifest *m, const char *path, struct as_err *err)
{
    enum as_status status = AS_OK;

    memset(m, 0, sizeof *m);
    AS_TRY(read_text(m, path, err));
    AS_TRY(read_rows(m, path, err));
    for (uint64_t i = 0; i < m->n; i++)
        m->by_path[i] = &m->row[i];
    number_groups(m);
    qsort(m->by_path, m->n, sizeof *m->by_path, by_path);
    for (uint64_t i = 1; i < m->n; i++)
        if (by_path(&m->by_path[i - 1], &m->by_path[i]) == 0)
            AS_FAIL(err, AS_EFORMAT, "%s, lines %" PRIu64 " and %" PRIu64 ": both name %s", path,
                    m->by_path[i - 1]->line, m->by_path[i]->line, m->by_path[i]->path);
    AS_TRY(find_folders(m, err));
    AS_TRY(place_rows(m, path, err));
done:
    return status;
}

/* The row of a source that stands first in the file. */
static const struct as_labelled *first_of(const struct as_manifest *m, uint32_t source)
{
    uint64_t i = 0;

    while (m->row[i].source != source)
        i++;
    return &m->row[i];
}

enum as_status as_manifest_check(const struct as_manifest *m, const char *path, bool train,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    struct stat st;

    for (uint32_t s = 0; s < m->nsources; s++)
        if (stat(m->source[s], &st) != 0 && (errno == ENOENT || errno == ENOTDIR))
            AS_FAIL(err, AS_SKIP,
                    "%s, line %" PRIu64 ": %s: there is no folder %s; paths begin at the "
                    "manifest's own folder",
                    path, first_of(m, s)->line, first_of(m, s)->path, m->source[s]);
    for (uint64_t i = 0; train && i < m->n; i++)
        train = m->row[i].split != AS_SPLIT_TRAIN;
    if (train)
        AS_FAIL(err, AS_EFORMAT,
                "%s has no picture to learn from: its column split says train, calibrate or test",
                path);
done:
    return status;
}

void as_manifest_clear(struct as_manifest *m)
{
    for (uint32_t i = 0; i < m->nsources; i++) {
        free(m->folder[i]);
        if (m->source)
            free(m->source[i]);
    }
    free(m->folder);
    free(m->source);
    free(m->by_path);
    free(m->row);
    free(m->text);
    free(m->dir);
    memset(m, 0, sizeof *m);
}

bool as_manifest_mask(const struct as_manifest *m, const struct as_labelled *row, char *to,
                      size_t n)
{
    const int len = snprintf(to, n, "%s%s", row->mask[0] == '/' ? "" : m->dir, row->mask);

    return len >= 0 && (size_t)len < n;
}

const struct as_labelled *as_manifest_find(const struct as_manifest *m, const struct as_row *item)
{
    const char *slash = item->path.len ? memchr(item->path.at, '/', item->path.len) : NULL;
    char path[AS_PATH_MAX];
    const struct as_labelled sought = {.path = path}, *at = &sought;
    struct as_labelled *const *found;
    int len;

    if (slash == NULL || item->source >= m->nsources)
        return NULL;
    const char *folder = m->folder[item->source];
    const size_t rest = item->path.len - (size_t)(slash + 1 - item->path.at);
    len = snprintf(path, sizeof path, "%s%s%.*s", folder, *folder ? "/" : "", (int)rest, slash + 1);
    if (len < 0 || (size_t)len >= sizeof path)
        return NULL;
    found = bsearch(&at, m->by_path, m->n, sizeof *m->by_path, by_path);
    return found ? *found : NULL;
}
