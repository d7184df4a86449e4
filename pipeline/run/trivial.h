/* trivial.h - what a file says without its pixels, and how well that tells two classes apart.
 *
 * A set whose altered pictures have another size, format, quality or length is solved by a look at
 * the file list, and a detector may have learnt no more than that.  So each such feature is made a
 * scorer: its values fall into at most 16 bins (equal numbers of items; formats are bins of their
 * own), and the score of an item is log (altered + 1/2) / (authentic + 1/2) of its bin, counted on
 * items that it is not tried on.                                                              */
#ifndef AS_TRIVIAL_H
#define AS_TRIVIAL_H

#include "../err.h"
#include "../row.h"

enum { AS_TRIVIALS = 7, AS_TRIVIAL_BINS = 256 };

struct as_trivial {
    uint16_t kind;
    uint32_t w, h;
    uint64_t size;
    float quality; /* of a JPEG's luma table, 1..100; 0: no JPEG, or jpeg_tables did not run */
};

extern const char *const as_trivial_words[AS_TRIVIALS];

struct as_trivial as_trivial_of(const struct as_row *row);

/* The bins of a feature, bin[n], by borders that fall between different values; sorted: scratch
 * [n]. */
void as_trivial_bins(const struct as_trivial *item, uint32_t n, int feature, double *sorted,
                     uint16_t *bin);

/* The log odds of each bin, by the items that are learnt[n] from. */
void as_trivial_odds(const uint16_t *bin, const uint8_t *label, const uint8_t *learnt, uint32_t n,
                     double odds[AS_TRIVIAL_BINS]);

/* The log odds of all features together, score[n].  AS_ENOMEM. */
enum as_status as_trivial_scores(const struct as_trivial *item, const uint8_t *label,
                                 const uint8_t *learnt, uint32_t n, double *score) AS_MUST_CHECK;

/* Whether a feature tells the classes apart better than it may: its AUC is above this, its interval
 * above .5, and there are enough items to say so. */
#define AS_TRIVIAL_LOUD .6
bool as_trivial_is_loud(uint64_t authentic, uint64_t altered, double auc, double low);

#endif
