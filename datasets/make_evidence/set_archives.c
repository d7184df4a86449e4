/* set_archives.c - every container that can be written, sound ones. */
#include "sets.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    uint16_t kind, or_kind;
    struct as_pack_how how;
    bool flat; /* no folders in it */
    bool more; /* lists entries of its own making */
} SORTS[] = {
    {"ustar.tar", MK_TAR, 0, {.format = "ustar"}, false, false},
    {"pax.tar", MK_TAR, 0, {.format = "pax"}, false, false},
    {"gnu.tar", MK_TAR, 0, {.format = "gnutar"}, false, false},
    {"old.tar", MK_TAR, 0, {.format = "v7tar"}, false, false},
    {"a.tar.gz", MK_COMPRESSED, MK_TAR, {.format = "ustar", .filter = "gzip"}, false, false},
    {"a.tar.bz2", MK_COMPRESSED, MK_TAR, {.format = "ustar", .filter = "bzip2"}, false, false},
    {"a.tar.xz", MK_COMPRESSED, MK_TAR, {.format = "ustar", .filter = "xz"}, false, false},
    {"a.tar.zst", MK_COMPRESSED, MK_TAR, {.format = "ustar", .filter = "zstd"}, false, false},
    {"a.tar.lz4", MK_COMPRESSED, MK_TAR, {.format = "ustar", .filter = "lz4"}, false, false},
    {"a.tar.lzma", MK_COMPRESSED, MK_TAR, {.format = "ustar", .filter = "lzma"}, false, false},
    {"a.tar.lz", MK_COMPRESSED, MK_TAR, {.format = "ustar", .filter = "lzip"}, false, false},
    {"a.tar.Z", MK_COMPRESSED, MK_TAR, {.format = "ustar", .filter = "compress"}, false, false},
    {"deflated.zip", MK_ZIP, 0, {.format = "zip"}, false, false},
    {"stored.zip", MK_ZIP, 0, {.format = "zip", .options = "zip:compression=store"}, false, false},
    {"large.zip", MK_ZIP, 0, {.format = "zip", .options = "zip:zip64"}, false, false},
    {"lzma.7z", MK_SEVENZIP, 0, {.format = "7zip"}, false, false},
    {"copy.7z",
     MK_SEVENZIP,
     0,
     {.format = "7zip", .options = "7zip:compression=store"},
     false,
     false},
    {"disc.iso", MK_ISO, 0, {.format = "iso9660"}, true, true},
    {"odc.cpio", MK_CPIO, 0, {.format = "odc"}, false, false},
    {"newc.cpio", MK_CPIO, 0, {.format = "newc"}, false, false},
    {"members.a", MK_AR, 0, {.format = "arbsd"}, true, false},
    {"bundle.xar", MK_XAR, 0, {.format = "xar"}, true, false},
};

/* A few members; `shared` is a photograph that other places hold as well. */
static void bundle(struct as_maker *m, struct as_thing *list, bool flat,
                   const struct as_thing *shared)
{
    struct as_thing *dir;

    if (!flat) {
        dir = as_thing_folder(list, "DCIM");
        as_blob_free(&dir->data);
    }
    as_add_jpeg(m, list, flat ? "IMG_1.JPG" : "DCIM/IMG_1.JPG");
    as_add_text(m, list, flat ? "notes.txt" : "DCIM/notes.txt");
    if (shared)
        as_thing_note(as_thing_copy(list, flat ? "copy.jpg" : "DCIM/copy.jpg", shared),
                      "also elsewhere");
    as_add_jpeg(m, list, flat ? "IMG_2.JPG" : "DCIM/IMG_2.JPG");
}

static void lone(struct as_maker *m, struct as_thing *to, const char *name, const char *filter)
{
    struct as_thing list = {0};
    struct as_pack_how how = {.format = "raw", .filter = filter};

    as_add_jpeg(m, &list, "?"); /* the reader names it */
    as_pack_into(to, name, MK_COMPRESSED, &list, &how);
}

static void encrypted(struct as_maker *m, struct as_thing *to, const char *name,
                      const char *password, const char *options)
{
    struct as_thing list = {0}, *t;
    struct as_pack_how how = {.format = "zip", .options = options, .password = password};

    as_add_jpeg(m, &list, "secret/IMG_1.JPG");
    as_add_text(m, &list, "secret/list.txt");
    for (t = list.inside; t; t = t->next) {
        t->reason = AS_REASON_ENCRYPTED;
        t->apart = true;
        as_thing_note(t, "password %s, then %s", password, t->kind == MK_JPEG ? "ok" : "text");
        as_or_unknown(t);
    }
    as_pack_into(to, name, MK_ZIP, &list, &how);
}

void as_set_archives(struct as_maker *m)
{
    struct as_thing *to = as_thing_folder(m->root, "archives"), hold = {0};
    struct as_thing *shared = as_add_jpeg(m, &hold, "shared.jpg");

    for (size_t i = 0; i < sizeof SORTS / sizeof *SORTS; i++) {
        struct as_thing list = {0}, *t;
        bundle(m, &list, SORTS[i].flat, i % 3 == 0 ? shared : NULL);
        t = as_pack_into(to, SORTS[i].name, SORTS[i].kind, &list, &SORTS[i].how);
        t->or_kind = SORTS[i].or_kind;
        t->more = SORTS[i].more;
    }
    lone(m, to, "photo.jpg.gz", "gzip");
    lone(m, to, "photo.jpg.xz", "xz");
    lone(m, to, "photo.jpg.zst", "zstd");
    to = as_thing_folder(m->root, "encrypted");
    encrypted(m, to, "zipcrypt.zip", "assay", "zip:encryption=zipcrypt");
    encrypted(m, to, "aes256.zip", "assay", "zip:encryption=aes256");
    encrypted(m, to, "other.zip", "correct horse", "zip:encryption=aes256");
    as_thing_free(hold.inside);
}

/* tar.gz in which a tar, in which a zip, in which a 7z, each with a picture beside it. */
static void four_deep(struct as_maker *m, struct as_thing *to)
{
    static const struct {
        const char *name;
        uint16_t kind;
        struct as_pack_how how;
    } LEVELS[] = {
        {"deep/d.7z", MK_SEVENZIP, {.format = "7zip"}},
        {"deep/c.zip", MK_ZIP, {.format = "zip"}},
        {"deep/b.tar", MK_TAR, {.format = "pax"}},
        {"four.tar.gz", MK_COMPRESSED, {.format = "ustar", .filter = "gzip"}},
    };
    struct as_thing list = {0};

    as_add_jpeg(m, &list, "heart.jpg");
    for (size_t i = 0; i < 4; i++) {
        struct as_thing outer = {0}, *t;
        if (i < 3)
            as_add_jpeg(m, &outer, "beside.jpg");
        t = as_pack_into(i < 3 ? &outer : to, LEVELS[i].name, LEVELS[i].kind, &list,
                         &LEVELS[i].how);
        t->or_kind = i == 3 ? MK_TAR : 0;
        list = outer;
    }
}

/* Twelve zips, one in the other.  The first lies in no container; the eight inside it are
 * as deep as --max-depth lets them be by default. */
static void too_deep(struct as_maker *m, struct as_thing *to)
{
    enum { LEVELS = 12, OPENED = 9 };
    struct as_thing list = {0}, *t;
    struct as_pack_how how = {.format = "zip", .options = "zip:compression=store"};
    char name[32];

    as_add_jpeg(m, &list, "never.jpg");
    for (int level = LEVELS; level > 0; level--) {
        struct as_thing outer = {0};
        if (level > OPENED) { /* what lies deeper is not reached */
            struct as_blob data = as_pack(&list, &how);
            as_thing_free(list.inside);
            snprintf(name, sizeof name, "level%02d.zip", level);
            t = as_thing_file(&outer, name, &data, MK_ZIP, AS_REASON_LIMIT_DEPTH);
            t->apart = true;
        } else {
            snprintf(name, sizeof name, level == 1 ? "twelve.zip" : "level%02d.zip", level);
            as_add_jpeg(m, &outer, level == 1 ? "twelve.jpg" : "beside.jpg");
            as_pack_into(&outer, name, MK_ZIP, &list, &how);
        }
        list = outer;
    }
    as_thing_move(to, &list);
}

void as_set_nested(struct as_maker *m)
{
    struct as_thing *to = as_thing_folder(m->root, "nested");

    four_deep(m, to);
    too_deep(m, to);
}
