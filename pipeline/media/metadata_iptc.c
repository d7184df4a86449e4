/* metadata_iptc.c - Photoshop image resources and the IPTC records in them. */
#include "metadata.h"

#include <libiptcdata/iptc-data.h>

#include <stdio.h>
#include <stdlib.h>

enum { DATASETS_MAX = 512, IIM_MAX = 1 << 20 };

static void add_dataset(struct as_md *md, const IptcDataSet *set)
{
    const IptcTagInfo *info = iptc_tag_get_info(set->record, set->tag);
    char key[96];

    if (set->record == IPTC_RECORD_OBJ_DATA || set->tag == IPTC_TAG_PREVIEW_DATA)
        return;
    if (info && info->title) /* the untranslated title */
        snprintf(key, sizeof key, "iptc.%s", info->title);
    else
        snprintf(key, sizeof key, "iptc.%d:%d", (int)set->record, (int)set->tag);
    if (set->record == IPTC_RECORD_OBJECT_ENV && set->tag == IPTC_TAG_CHARACTER_SET)
        as_kvs_add(md->kvs, key, (const char *)set->data, set->size);
    else if (info && (info->format == IPTC_FORMAT_SHORT || info->format == IPTC_FORMAT_BYTE ||
                      info->format == IPTC_FORMAT_LONG))
        as_kvs_addf(md->kvs, key, "%u", iptc_dataset_get_value((IptcDataSet *)set));
    else
        as_md_latin1(md, key, set->data, set->size);
}

/* Bytes of the first DATASETS_MAX datasets: marker, record, number, length, data.
 * libiptcdata allocates for each, so what is too much must not reach it.     */
static size_t datasets_end(const uint8_t *at, size_t n)
{
    size_t i = 0;

    for (int k = 0; k < DATASETS_MAX && n - i >= 5 && at[i] == 0x1C; k++) {
        uint64_t size = as_u16be(at + i + 3);
        size_t head = 5;

        if (size & 0x8000) { /* the length of the length */
            head += size & 0x7FFF;
            if (head > 9 || n - i < head)
                break;
            size = 0;
            for (size_t b = 5; b < head; b++)
                size = size << 8 | at[i + b];
        }
        if (size > n - i - head)
            return n; /* cut: libiptcdata tells */
        i += head + (size_t)size;
    }
    return i;
}

void as_md_iptc(struct as_md *md, const uint8_t *at, size_t n)
{
    IptcData *data;

    n = datasets_end(at, n);
    if (n < 5 || n > IIM_MAX || !as_md_enter(md, n))
        return;
    if ((data = iptc_data_new()) == NULL) {
        md->no_memory = true;
    } else {
        if (iptc_data_load(data, at, (unsigned)n) < 0)
            as_md_broken(md, "IPTC records");
        for (unsigned i = 0; i < data->count; i++)
            if (data->datasets[i]->data)
                add_dataset(md, data->datasets[i]);
        iptc_data_unref(data);
    }
    as_md_leave(md);
}

static void add_resource(struct as_md *md, unsigned id, const uint8_t *at, size_t n)
{
    switch (id) {
    case 0x0404:
        as_md_iptc(md, at, n);
        break;
    case 0x040F:
        as_md_icc(md, at, n);
        break;
    case 0x0422:
        as_md_exif(md, at, n);
        break;
    case 0x0424:
        as_md_xmp(md, at, n);
        break;
    case 0x0406: /* quality - 4 as int16, format, scans */
        if (n >= 2)
            as_kvs_addf(md->kvs, "photoshop.JpegQuality", "%d", (int16_t)as_u16be(at) + 4);
        break;
    case 0x040B:
        as_md_latin1(md, "photoshop.Url", at, n);
        break;
    case 0x0425: /* of the IPTC block; says whether another tool changed it later */
        if (n == 16)
            as_kvs_addf(md->kvs, "photoshop.CaptionDigest", "%08x%08x%08x%08x", as_u32be(at),
                        as_u32be(at + 4), as_u32be(at + 8), as_u32be(at + 12));
        break;
    case 0x0409:
    case 0x040C: /* format, width, height, ... */
        if (n >= 12)
            as_kvs_addf(md->kvs, "photoshop.Thumbnail", "%ux%u", as_u32be(at + 4),
                        as_u32be(at + 8));
        break;
    default:
        break;
    }
}

void as_md_irb(struct as_md *md, const uint8_t *at, size_t n)
{
    size_t i = 0;

    if (!as_md_enter(md, n))
        return;
    while (n - i >= 12 && memcmp(at + i, "8BIM", 4) == 0) {
        unsigned id = as_u16be(at + i + 4);
        size_t name = (at[i + 6] + 2u) & ~1u; /* length byte and name, padded to even */
        size_t size;

        if (n - i - 6 < name + 4)
            break;
        i += 6 + name;
        size = as_u32be(at + i);
        i += 4;
        if (size > n - i) {
            as_md_broken(md, "Photoshop resource longer than its block");
            size = n - i;
        }
        add_resource(md, id, at + i, size);
        i += size;
        if ((size & 1) && i < n)
            i++;
    }
    as_md_leave(md);
}

/* Header, colour mode data, image resources. */
void as_md_psd(struct as_md *md)
{
    const uint8_t *at = md->in->at;
    size_t n = (size_t)md->in->size, i = 26, size;

    if (n < 34 || memcmp(at, "8BPS", 4) != 0)
        return;
    size = as_u32be(at + i);
    if (size > n - i - 8) {
        as_md_broken(md, "Photoshop colour mode data");
        return;
    }
    i += 4 + size;
    size = as_u32be(at + i);
    i += 4;
    as_md_irb(md, at + i, size < n - i ? size : n - i);
}
