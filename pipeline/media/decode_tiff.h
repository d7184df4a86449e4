/* decode_tiff.h - libtiff reading from memory.  Internal to pipeline/media. */
#ifndef AS_DECODE_TIFF_H
#define AS_DECODE_TIFF_H

#include "../err.h"

#include <tiffio.h>

/* The file libtiff believes to read; bytes from size to end are zeros. */
struct as_tiff_source {
    const uint8_t *at;
    uint64_t size, end;
    uint64_t pos;
};

/* Opens the first directory.  Nothing is printed, no allocation passes 1 GiB.
 * AS_EFORMAT, AS_ENOMEM.                                                    */
enum as_status as_tiff_open(struct as_tiff_source *source, TIFF **file,
                            struct as_err *err) AS_MUST_CHECK;

/* Whether strips or tiles begin inside the file and end after it; then sets
 * source->end so that they fit, with at most `room` bytes made up.          */
bool as_tiff_is_cut(TIFF *file, struct as_tiff_source *source, uint64_t room);

#endif
