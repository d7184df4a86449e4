/* cluster.c - connected components, in steps that many processes can take together. */
#include "cluster.h"

#include <string.h>

/* Where the edges of the id at `first` end. */
static size_t run_end(const struct as_edge *edges, size_t first, size_t n)
{
    size_t end = first + 1;

    while (end < n && memcmp(edges[end].a, edges[first].a, sizeof edges->a) == 0)
        end++;
    return end;
}

size_t as_cluster_large(struct as_edge *edges, size_t n, uint64_t *loose)
{
    size_t to = 0;

    *loose = 0;
    for (size_t first = 0, end; first < n; first = end) {
        const uint64_t id = as_edge_end(edges[first].a), low = as_edge_end(edges[first].b),
                       least = low < id ? low : id;
        uint64_t last = id; /* met before: an edge may be there twice */
        size_t below = 0, above = 0;
        end = run_end(edges, first, n);
        for (size_t i = first; i < end; i++) {
            const uint64_t b = as_edge_end(edges[i].b);
            const bool again = b == last;
            last = b;
            below += !again && b < id;
            above += !again && b > id;
            if (!again && b > id)
                as_edge_put(&edges[to++], b, least);
        }
        *loose += below > 1 || (below > 0 && above > 0);
    }
    return to;
}

size_t as_cluster_small(struct as_edge *edges, size_t n)
{
    size_t to = 0;

    for (size_t first = 0, end; first < n; first = end) {
        const uint64_t id = as_edge_end(edges[first].a), least = as_edge_end(edges[first].b);
        uint64_t last = least;
        end = run_end(edges, first, n);
        as_edge_put(&edges[to++], id, least);
        for (size_t i = first + 1; i < end; i++) {
            const uint64_t b = as_edge_end(edges[i].b);
            if (b != last)
                as_edge_put(&edges[to++], b, least);
            last = b;
        }
    }
    return to;
}
