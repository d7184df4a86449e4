/* c2pa_boxes.c - the JUMBF boxes of a C2PA store as a flat table.
 *
 * One walk with a stack of the superboxes around the current box.  A length that does not fit
 * ends the superbox it stands in; what was read before stays.  ISO/IEC 19566-5, annex A and B.
 */
#include "c2pa.h"

enum { DEPTH_MAX = 16 };
enum { JUMB = 0x6A756D62, JUMD = 0x6A756D64 };

/* The box at `at`, inside `end`; false when there is none. */
static bool next_box(const uint8_t *p, size_t at, size_t end, struct as_c2pa_box *box)
{
    uint64_t size, head = 8;

    if (end - at < 8)
        return false;
    size = as_u32be(p + at);
    box->type = as_u32be(p + at + 4);
    if (size == 1) {
        if (end - at < 16)
            return false;
        size = as_u64be(p + at + 8);
        head = 16;
    } else if (size == 0) { /* to the end of what is around it */
        size = end - at;
    }
    if (size < head || size > end - at)
        return false;
    box->whole = (struct as_span){p + at, (size_t)size};
    box->content = (struct as_span){p + at + head, (size_t)(size - head)};
    return true;
}

/* A description box: type (16 bytes), toggles, label ended by NUL. */
static void describe(struct as_c2pa_box *super, struct as_span jumd)
{
    const uint8_t *end;

    if (jumd.n < 17 || super->label.at)
        return;
    super->kind = as_u32be(jumd.at);
    super->label = as_text_of("");
    if ((jumd.at[16] & 2) == 0)
        return;
    end = memchr(jumd.at + 17, 0, jumd.n - 17);
    super->label = (struct as_text){(const char *)jumd.at + 17,
                                    (uint32_t)((end ? end : jumd.at + jumd.n) - (jumd.at + 17))};
}

void as_c2pa_read_boxes(struct as_c2pa_boxes *boxes, const uint8_t *p, size_t n)
{
    uint32_t around[DEPTH_MAX + 1]; /* indices of the superboxes */
    unsigned depth = 0;
    size_t at = 0, end;

    boxes->n = 0;
    boxes->broken = NULL;
    for (;;) {
        struct as_c2pa_box *box = &boxes->at[boxes->n], *super;

        super = depth ? &boxes->at[around[depth - 1]] : NULL;
        end = super ? (size_t)(super->content.at - p) + super->content.n : n;
        if (at >= end) {
            if (depth-- == 0)
                return;
            continue;
        }
        if (boxes->n == AS_C2PA_BOXES_MAX) {
            boxes->broken = "too many C2PA boxes";
            return;
        }
        memset(box, 0, sizeof *box);
        if (!next_box(p, at, end, box)) {
            boxes->broken = "C2PA box length";
            at = end; /* go on behind the superbox */
            continue;
        }
        box->depth = depth + 1;
        box->parent = depth ? around[depth - 1] : AS_C2PA_NOWHERE;
        at = (size_t)(box->content.at - p) + box->content.n;
        if (box->type == JUMD && super) {
            describe(super, box->content);
        } else if (box->type == JUMB && depth < DEPTH_MAX) {
            around[depth++] = boxes->n;
            at = (size_t)(box->content.at - p);
        } else if (box->type == JUMB) {
            boxes->broken = "C2PA boxes nested too deeply";
        }
        boxes->n++;
    }
}

uint32_t as_c2pa_inside(const struct as_c2pa_boxes *boxes, uint32_t parent, struct as_text label)
{
    for (uint32_t i = parent == AS_C2PA_NOWHERE ? 0 : parent + 1; i < boxes->n; i++) {
        const struct as_c2pa_box *box = &boxes->at[i];
        if (parent != AS_C2PA_NOWHERE && box->depth <= boxes->at[parent].depth)
            break; /* behind the parent */
        if (box->parent == parent && box->type == JUMB && as_text_same(box->label, label))
            return i;
    }
    return AS_C2PA_NOWHERE;
}

struct as_span as_c2pa_content(const struct as_c2pa_boxes *boxes, uint32_t parent, uint32_t type)
{
    for (uint32_t i = parent + 1; i < boxes->n && boxes->at[i].depth > boxes->at[parent].depth; i++)
        if (boxes->at[i].parent == parent && boxes->at[i].type == type)
            return boxes->at[i].content;
    return (struct as_span){NULL, 0};
}
