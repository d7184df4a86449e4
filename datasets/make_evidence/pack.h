/* pack.h - things packed into containers: by libarchive, or by hand. */
#ifndef AS_PACK_H
#define AS_PACK_H

#include "maker.h"

/* How libarchive packs. */
struct as_pack_how {
    const char *format;   /* archive_write_set_format_by_name: "ustar", "zip", "7zip" ...; "raw" */
    const char *filter;   /* "gzip", "xz" ...; NULL: none                                        */
    const char *options;  /* NULL: none                                                          */
    const char *password; /* NULL: none                                                          */
};

/* The container of the members of `list`, as bytes. */
struct as_blob as_pack(const struct as_thing *list, const struct as_pack_how *how);

/* Appends to `parent` a container called `name` of the members of `list`, which move into it. */
struct as_thing *as_pack_into(struct as_thing *parent, const char *name, uint16_t kind,
                              struct as_thing *list, const struct as_pack_how *how);

/* Bytes through gzip, without a name or time. */
struct as_blob as_gzip(const struct as_blob *data);

/* `n` MiB of zeros through deflate at once, raw: *crc gets their CRC-32. */
struct as_blob as_deflated_zeros(uint32_t mib, uint32_t *crc);

/* A zip written by hand, so that each field can lie. */
struct as_zip {
    struct as_blob body, central;
    uint32_t count;
};

struct as_zip_entry {
    const char *local_name, *central_name; /* NULL: as local */
    uint16_t method, flags;
    uint32_t crc;
    uint64_t size;                /* as claimed */
    const struct as_blob *stored; /* the bytes as they lie there */
};

void as_zip_entry(struct as_zip *zip, const struct as_zip_entry *e);
/* An honest stored entry. */
void as_zip_store(struct as_zip *zip, const char *name, const struct as_blob *data);
struct as_blob as_zip_end(struct as_zip *zip); /* frees the rest */

/* One ustar header, checksum and all. */
void as_tar_header(struct as_blob *tar, const char *name, uint64_t size, char type,
                   const char *link);
/* A header, the data, and zeros to a whole block. */
void as_tar_file(struct as_blob *tar, const char *name, const struct as_blob *data);
void as_tar_end(struct as_blob *tar);

#endif
