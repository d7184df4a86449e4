/* sniff.h - what the content of a file is, from its bytes alone. */
#ifndef AS_SNIFF_H
#define AS_SNIFF_H

#include "../input.h"

#include <stddef.h>

enum as_kind {
#define AS_KIND(number, name, class, word, title) AS_KIND_##name = number,
#include "kinds.def"
#undef AS_KIND
};

enum as_class {
    AS_CLASS_OTHER,
    AS_CLASS_TEXT,
    AS_CLASS_PICTURE,   /* decoded                                  */
    AS_CLASS_UNDECODED, /* a picture we know but do not decode      */
    AS_CLASS_VIDEO,     /* described, not decoded                   */
    AS_CLASS_AUDIO,
    AS_CLASS_DOCUMENT,
    AS_CLASS_CONTAINER, /* opened                                   */
    AS_CLASS_SHUT,      /* a container we know but cannot open      */
    AS_CLASS_DISK       /* disk image: not opened yet               */
};

/* Bytes of the head and of the tail that as_sniff looks at, at most. */
enum { AS_SNIFF_HEAD = 65536, AS_SNIFF_TAIL = 1024 };

/* The kind of `in`, from at most AS_SNIFF_HEAD bytes of its head and
 * AS_SNIFF_TAIL of its tail; AS_KIND_EMPTY for no bytes, AS_KIND_UNKNOWN when
 * nothing fits or the bytes cannot be read.  Containers are recognised by
 * their magic only; evidence/ has the last word on them.                    */
enum as_kind as_sniff(const struct as_input *in);

enum as_class as_kind_class(uint16_t kind);
const char *as_kind_name(uint16_t kind);  /* "jpeg"; "unknown" for a number not in the list */
const char *as_kind_title(uint16_t kind); /* "JPEG"                                          */
int as_kind_find(const char *name);       /* or -1                                           */

#endif
