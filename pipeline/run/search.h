/* search.h - what the items of a case are to reference sets and to each other.
 *
 * A phase of all ranks between the catalogue and the store.  Each kind of search adds
 * matches and links, each once, on any rank; then they are sorted over the ranks.   */
#ifndef AS_SEARCH_H
#define AS_SEARCH_H

#include "catalogue.h"
#include "near.h"
#include "search_items.h"
#include "search_vector.h"

struct as_search {
    struct as_rank *r;
    struct as_catalogue *catalogue;
    const bool *with;              /* [detectors] in the case                       */
    uint32_t threads;              /* that compare on this rank                     */
    uint64_t memory;               /* bytes that a search may hold on this rank     */
    const struct as_set_row *sets; /* reference sets, the same on every rank  */
    uint16_t nsets;
    struct as_match *matches; /* after as_search_run: this rank's share, as the store wants it */
    struct as_link *links;
    uint64_t nmatches, nlinks;
    struct as_member *members; /* likewise: of groups of related items */
    uint64_t nmembers;
    struct as_origin *origins; /* likewise: of groups that one sensor took */
    uint64_t norigins;
    struct as_sensor_map *sensor_maps; /* likewise: of pictures that a camera took */
    uint64_t nsensor_maps;
    uint8_t *map_cells; /* what they borrow */
    struct as_near near;   /* the pictures that were looked at */
    struct as_scenes scenes; /* likewise */
    bool within;           /* it searches the case in itself too; init says so          */
    struct as_edge *edges; /* [nedges] of pictures that belong together, after as_links_find */
    uint64_t nedges;
    bool known, hashed;    /* sets ask for known hashes; for those of `items`           */
    struct as_items items; /* with a hash; dealt before sets of media and cameras meet them */
    uint8_t *match, *link; /* records that memcmp orders */
    uint64_t match_cap, link_cap;
};

/* Begins; the catalogue may come later, but before as_search_run.  Local. */
void as_search_init(struct as_search *s, struct as_rank *r, const bool *with);

/* Sees each row of this rank once, in order: rows are not read again.  Local. */
enum as_status as_search_look(struct as_search *s, const struct as_row *row,
                              struct as_err *err) AS_MUST_CHECK;

/* Runs all searches.  Collective. */
enum as_status as_search_run(struct as_search *s, struct as_err *err) AS_MUST_CHECK;

/* Gives back what it holds, not s itself. */
void as_search_clear(struct as_search *s);

/* Adds what was found, of an item of any rank; a < b.  A match that is not of the same bytes is in
 * the end one of all copies of the item.  Local.  AS_ENOMEM. */
enum as_status as_search_match(struct as_search *s, const struct as_match *match) AS_MUST_CHECK;
enum as_status as_search_link(struct as_search *s, const struct as_link *link) AS_MUST_CHECK;

#endif
