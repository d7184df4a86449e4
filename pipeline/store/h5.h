/* h5.h - what store/ needs of HDF5 beyond its own calls.  For this folder only. */
#ifndef AS_H5_H
#define AS_H5_H

#include "layout.h"

enum { AS_H5_WHY = 120 };

/* Before any other call of HDF5: stops it from printing its error stack and from tidying up when
 * the process ends. */
void as_h5_quiet(void);

/* The innermost message of HDF5's error stack, into `to`; empties the stack. */
const char *as_h5_why(char to[AS_H5_WHY]);

/*
 * Makes a file that cannot be written closable: from now on what HDF5 writes
 * goes to memory and is lost.  Without it, H5Fclose fails and the library ends
 * in a segmentation fault when the process does.  Not for files of MPI-IO.
 */
void as_h5_divert(hid_t file);

/* Attributes of an open object: fixed-length ASCII text, a list of words, one
 * number of 32 or 64 bits, a list of u16.  False on failure.  Collective where the file is.    */
bool as_h5_put_text(hid_t obj, const char *name, const char *text);
bool as_h5_put_words(hid_t obj, const char *name, const char *const *words, uint32_t n);
bool as_h5_put_number(hid_t obj, const char *name, uint32_t value);
bool as_h5_put_count(hid_t obj, const char *name, uint64_t value);
bool as_h5_put_u16s(hid_t obj, const char *name, const uint16_t *values, uint32_t n);

/* Reads a text attribute as as_h5_put_text makes it; false where there is none
 * or it is longer than n - 1.                                                */
bool as_h5_get_text(hid_t obj, const char *name, char *to, size_t n);

/* Reads a number as as_h5_put_number makes it; false where there is none. */
bool as_h5_get_number(hid_t obj, const char *name, uint32_t *value);
bool as_h5_get_count(hid_t obj, const char *name, uint64_t *value);

/*
 * Reads a list of words: malloc'd, *n pieces of *size bytes each, padded with
 * NUL.  AS_EFORMAT where there is none, or it takes more than AS_ROW_TEXT_MAX.
 */
enum as_status as_h5_get_words(hid_t obj, const char *name, char **words, uint32_t *n,
                               uint32_t *size, struct as_err *err) AS_MUST_CHECK;

#endif
