/* set_names.c - names, links and depths that a folder may hold. */
#include "sets.h"

#include <string.h>

static void strange_names(struct as_maker *m, struct as_thing *to)
{
    static const char *const NAMES[] = {
        "new\nline.jpg", "not\xff\xfeutf8.jpg",    "-rf.jpg",
        " blank .jpg",   "gr\xc3\xbc\xc3\x9f.jpg", "quote\"'`$(x).jpg",
        "a>>b.jpg",      "\x1b[31mred.jpg",        "no_extension",
    };
    char longest[256];

    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        as_add_jpeg(m, to, NAMES[i]);
    memset(longest, 'n', 251);
    memcpy(longest + 251, ".jpg", 5);
    as_add_jpeg(m, to, longest);
    as_thing_note(as_add_text(m, to, "really_text.jpg"), "content decides, not the name");
    as_thing_note(as_add_jpeg(m, to, "really_a_picture.txt"), "content decides, not the name");
}

static void links(struct as_maker *m, struct as_thing *to)
{
    as_add_jpeg(m, to, "here.jpg");
    as_thing_link(to, "same_inode.jpg", AS_HARD, "here.jpg");
    as_thing_link(to, "to_here.jpg", AS_LINK, "here.jpg");
    as_thing_link(to, "to_nowhere", AS_LINK, "nowhere");
    as_thing_link(to, "to_itself", AS_LINK, "to_itself");
    as_thing_link(to, "up", AS_LINK, "..");
    as_thing_link(to, "outside", AS_LINK, "/etc/passwd");
    as_thing_link(to, "pipe", AS_FIFO, NULL);
}

void as_set_names(struct as_maker *m)
{
    struct as_thing *deep = as_thing_folder(m->root, "names/deep");

    strange_names(m, as_thing_folder(m->root, "names"));
    links(m, as_thing_folder(m->root, "names/links"));
    as_thing_folder(m->root, "names/empty_folder");
    for (int i = 0; i < 40; i++)
        deep = as_thing_folder(deep, "d");
    as_add_jpeg(m, deep, "bottom.jpg");
}
