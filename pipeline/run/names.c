/* names.c - what reference stores call what is in them. */
#include "names.h"

#include "known.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 65536 };

static enum as_status room_for(struct as_names *n, size_t bytes, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *more;

    if (bytes < n->cap)
        return AS_OK;
    if ((more = realloc(n->text, bytes + 1)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the name of a reference");
    n->text = more;
    n->cap = bytes + 1;
done:
    return status;
}

/* length bytes at `offset` of the strings of a store. */
static enum as_status from_strings(struct as_names *n, const struct as_ref *ref,
                                   enum as_ref_set strings, uint64_t offset, uint64_t length,
                                   struct as_err *err)
{
    enum as_status status = AS_OK;
    const size_t take = length < NAME_MAX_BYTES ? (size_t)length : NAME_MAX_BYTES;

    AS_TRY(room_for(n, take, err));
    if (take > 0)
        AS_TRY(as_ref_read(ref, strings, offset, take, n->text, err));
    n->text[take] = '\0';
done:
    return status;
}

static enum as_status of_media(struct as_names *n, const struct as_ref *ref, uint64_t row,
                               struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t offset;
    uint32_t length;

    AS_TRY(as_ref_read(ref, AS_REF_MEDIA_path_offset, row, 1, &offset, err));
    AS_TRY(as_ref_read(ref, AS_REF_MEDIA_path_length, row, 1, &length, err));
    status = from_strings(n, ref, AS_REF_MEDIA_strings, offset, length, err);
done:
    return status;
}

static enum as_status of_camera(struct as_names *n, const struct as_ref *ref, uint64_t row,
                                struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_ref_camera c;

    AS_TRY(as_ref_read(ref, AS_REF_CAMERA_cameras, row, 1, &c, err));
    status = from_strings(n, ref, AS_REF_CAMERA_strings, c.name_offset, c.name_length, err);
done:
    return status;
}

/* References of known hashes are counted through the lists of SHA-256, SHA-1 and MD5. */
static enum as_status of_known(struct as_names *n, const struct as_ref *ref, uint64_t row,
                               struct as_err *err)
{
    static const struct {
        enum as_ref_set hash, category;
        const char *name;
    } LISTS[] = {
        {AS_REF_KNOWN_sha256, AS_REF_KNOWN_sha256_category, "SHA-256"},
        {AS_REF_KNOWN_sha1, AS_REF_KNOWN_sha1_category, "SHA-1"},
        {AS_REF_KNOWN_md5, AS_REF_KNOWN_md5_category, "MD5"},
    };
    enum { LISTED = 3, WORDS = 32 };
    enum as_status status = AS_OK;
    uint8_t category = AS_KNOWN_NO_CATEGORY;
    int i = 0;

    for (; i < LISTED && row >= as_ref_rows(ref, LISTS[i].hash); i++)
        row -= as_ref_rows(ref, LISTS[i].hash);
    if (i == LISTED)
        AS_FAIL(err, AS_EBUG, "%s has no reference %" PRIu64, as_ref_path(ref), row);
    if (as_ref_rows(ref, LISTS[i].category) > row)
        AS_TRY(as_ref_read(ref, LISTS[i].category, row, 1, &category, err));
    AS_TRY(room_for(n, WORDS, err));
    snprintf(n->text, WORDS, category == AS_KNOWN_NO_CATEGORY ? "%s" : "%s, category %u",
             LISTS[i].name, category);
done:
    return status;
}

enum as_status as_names_find(struct as_names *n, uint16_t set, uint64_t reference,
                             struct as_text *name, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_ref *ref;

    *name = (struct as_text){"", 0};
    if (n->against == NULL || set >= n->against->n)
        return AS_OK;
    ref = n->against->ref[set];
    switch (as_ref_kind(ref)) {
    case AS_REF_KNOWN:
        status = of_known(n, ref, reference, err);
        break;
    case AS_REF_MEDIA:
        status = of_media(n, ref, reference, err);
        break;
    default:
        status = of_camera(n, ref, reference, err);
    }
    if (status == AS_OK)
        *name = (struct as_text){n->text, (uint32_t)strlen(n->text)};
    return status;
}

void as_names_clear(struct as_names *n)
{
    free(n->text);
    memset(n, 0, sizeof *n);
}
