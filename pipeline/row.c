/* row.c - what is known of an item besides its measures. */
#include "row.h"

#include "../kernels/detectors/detector.h"
#include "media/sniff.h"

#include <math.h>
#include <string.h>

float as_row_quality(const struct as_row *row)
{
    for (int d = 0; as_detectors[d]; d++)
        if (strcmp(as_detectors[d]->name, "jpeg_tables") == 0 && row->det[d].feat)
            for (uint32_t m = 0; m < as_detectors[d]->dim; m++)
                if (strcmp(as_detectors[d]->measures[m], "quality_luma") == 0)
                    return row->det[d].feat[m];
    return 0;
}

struct as_looks as_row_looks(const struct as_row *row)
{
    return (struct as_looks){row->kind, row->w, row->h,
                             row->kind == AS_KIND_JPEG ? as_row_quality(row) : NAN};
}
