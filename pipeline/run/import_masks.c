/* import_masks.c - which mask belongs to which picture, by their names. */
#include "import_parts.h"

#include <stdlib.h>
#include <string.h>

const char *as_import_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static int compare(const char *a, size_t na, const char *b, size_t nb)
{
    const int order = memcmp(a, b, na < nb ? na : nb);

    return order ? order : (na > nb) - (na < nb);
}

static int by_stem(const void *a, const void *b)
{
    const struct as_import_mask *x = a, *y = b;
    const int order = compare(as_import_name(x->path), x->stem, as_import_name(y->path), y->stem);

    return order ? order : strcmp(x->path, y->path);
}

void as_import_sort_masks(struct as_import_mask *mask, size_t n)
{
    if (n > 0)
        qsort(mask, n, sizeof *mask, by_stem);
}

/* Order of a mask's stem to `stem` bytes of a name and an ending. */
static int order_of(const struct as_import_mask *m, const char *name, size_t stem,
                    const char *ending)
{
    const char *own = as_import_name(m->path);

    if (m->stem <= stem)
        return compare(own, m->stem, name, stem + (*ending != '\0'));
    const int order = memcmp(own, name, stem);
    return order ? order : compare(own + stem, m->stem - stem, ending, strlen(ending));
}

static size_t alike(const char *a, const char *b)
{
    size_t n = 0;

    while (a[n] && a[n] == b[n])
        n++;
    return n;
}

const char *as_import_find_mask(const struct as_import_mask *mask, size_t n, const char *picture,
                                size_t stem, const char *ending)
{
    const char *name = as_import_name(picture);
    size_t low = 0, high = n, order;

    while (low < high) { /* to the first mask that is not before the picture, by stem and path */
        const size_t mid = low + (high - low) / 2;
        const int is = order_of(&mask[mid], name, stem, ending);
        if (is < 0 || (is == 0 && strcmp(mask[mid].path, picture) < 0))
            low = mid + 1;
        else
            high = mid;
    }
    /* what begins most alike is a neighbour in that order */
    const char *after =
                   low < n && order_of(&mask[low], name, stem, ending) == 0 ? mask[low].path : NULL,
               *before = low > 0 && order_of(&mask[low - 1], name, stem, ending) == 0
                             ? mask[low - 1].path
                             : NULL;
    order = before && after ? alike(before, picture) > alike(after, picture) : before != NULL;
    return order ? before : after;
}
