/* picture_meta.c - EXIF by libexif, IPTC by libiptcdata, XMP by hand. */
#include "pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libexif/exif-data.h>
#include <libiptcdata/iptc-data.h>
#include <libiptcdata/iptc-jpeg.h>

/* A new entry of n components, filled with zeros. */
static ExifEntry *entry_new(ExifData *ed, ExifIfd ifd, ExifTag tag, ExifFormat format,
                            unsigned long n)
{
    ExifEntry *e = exif_entry_new();

    e->tag = tag;
    exif_content_add_entry(ed->ifd[ifd], e);
    e->format = format;
    e->components = n;
    e->size = (unsigned)(n * exif_format_get_size(format));
    e->data = as_alloc(e->size, 1);
    exif_entry_unref(e); /* the content holds it */
    return e;
}

static void put_text(ExifData *ed, ExifIfd ifd, ExifTag tag, const char *text)
{
    ExifEntry *e;

    if (!text)
        return;
    e = entry_new(ed, ifd, tag, EXIF_FORMAT_ASCII, strlen(text) + 1);
    memcpy(e->data, text, strlen(text));
}

static void put_number(ExifData *ed, ExifIfd ifd, ExifTag tag, uint32_t value)
{
    ExifEntry *e = entry_new(ed, ifd, tag, EXIF_FORMAT_LONG, 1);

    exif_set_long(e->data, EXIF_BYTE_ORDER_INTEL, value);
}

static void put_short(ExifData *ed, ExifIfd ifd, ExifTag tag, uint16_t value)
{
    ExifEntry *e = entry_new(ed, ifd, tag, EXIF_FORMAT_SHORT, 1);

    exif_set_short(e->data, EXIF_BYTE_ORDER_INTEL, value);
}

static void put_ratios(ExifData *ed, ExifIfd ifd, ExifTag tag, const uint32_t (*ratio)[2],
                       unsigned n)
{
    ExifEntry *e = entry_new(ed, ifd, tag, EXIF_FORMAT_RATIONAL, n);

    for (unsigned i = 0; i < n; i++) {
        ExifRational r = {ratio[i][0], ratio[i][1]};
        exif_set_rational(e->data + 8 * i, EXIF_BYTE_ORDER_INTEL, r);
    }
}

static void put_gps(ExifData *ed)
{
    static const uint32_t LAT[3][2] = {{47, 1}, {22, 1}, {3012, 100}};
    static const uint32_t LON[3][2] = {{8, 1}, {32, 1}, {2741, 100}};
    ExifEntry *e =
        entry_new(ed, EXIF_IFD_GPS, (ExifTag)EXIF_TAG_GPS_VERSION_ID, EXIF_FORMAT_BYTE, 4);

    memcpy(e->data, "\2\2\0\0", 4);
    put_text(ed, EXIF_IFD_GPS, (ExifTag)EXIF_TAG_GPS_LATITUDE_REF, "N");
    put_ratios(ed, EXIF_IFD_GPS, (ExifTag)EXIF_TAG_GPS_LATITUDE, LAT, 3);
    put_text(ed, EXIF_IFD_GPS, (ExifTag)EXIF_TAG_GPS_LONGITUDE_REF, "E");
    put_ratios(ed, EXIF_IFD_GPS, (ExifTag)EXIF_TAG_GPS_LONGITUDE, LON, 3);
}

static void put_camera(ExifData *ed, const struct as_exif_how *how)
{
    static const uint32_t EXPOSURE[1][2] = {{1, 125}}, F_NUMBER[1][2] = {{28, 10}};
    static const uint32_t FOCAL[1][2] = {{350, 10}};

    put_text(ed, EXIF_IFD_0, EXIF_TAG_MAKE, how->make);
    put_text(ed, EXIF_IFD_0, EXIF_TAG_MODEL, how->model);
    put_short(ed, EXIF_IFD_0, EXIF_TAG_ORIENTATION, 1);
    put_text(ed, EXIF_IFD_0, EXIF_TAG_SOFTWARE, how->software);
    put_text(ed, EXIF_IFD_0, EXIF_TAG_DATE_TIME, how->date);
    put_ratios(ed, EXIF_IFD_EXIF, EXIF_TAG_EXPOSURE_TIME, EXPOSURE, 1);
    put_ratios(ed, EXIF_IFD_EXIF, EXIF_TAG_FNUMBER, F_NUMBER, 1);
    put_short(ed, EXIF_IFD_EXIF, EXIF_TAG_ISO_SPEED_RATINGS, 200);
    put_text(ed, EXIF_IFD_EXIF, EXIF_TAG_DATE_TIME_ORIGINAL, how->date);
    put_ratios(ed, EXIF_IFD_EXIF, EXIF_TAG_FOCAL_LENGTH, FOCAL, 1);
}

struct as_blob as_exif_write(const struct as_exif_how *how)
{
    ExifData *ed = exif_data_new();
    struct as_blob out = {0};
    unsigned char *at = NULL;
    unsigned n = 0;

    if (!ed)
        as_die("out of memory");
    exif_data_set_byte_order(ed, EXIF_BYTE_ORDER_INTEL);
    put_camera(ed, how);
    if (how->w) {
        put_number(ed, EXIF_IFD_EXIF, EXIF_TAG_PIXEL_X_DIMENSION, how->w);
        put_number(ed, EXIF_IFD_EXIF, EXIF_TAG_PIXEL_Y_DIMENSION, how->h);
    }
    if (how->gps)
        put_gps(ed);
    if (how->thumb) {
        ed->data = as_alloc(how->thumb->n, 1);
        ed->size = (unsigned)how->thumb->n;
        memcpy(ed->data, how->thumb->at, how->thumb->n);
        put_short(ed, EXIF_IFD_1, EXIF_TAG_COMPRESSION, 6);
    }
    exif_data_save_data(ed, &at, &n);
    as_blob_put(&out, at, n);
    free(at);
    exif_data_unref(ed);
    return out;
}

static void put_dataset(IptcData *d, IptcTag tag, const char *text)
{
    IptcDataSet *ds = iptc_dataset_new();

    iptc_dataset_set_tag(ds, IPTC_RECORD_APP_2, tag);
    iptc_dataset_set_data(ds, (const unsigned char *)text, (unsigned)strlen(text),
                          IPTC_DONT_VALIDATE);
    iptc_data_add_dataset(d, ds);
    iptc_dataset_unref(ds);
}

struct as_blob as_iptc_write(const char *caption, const char *credit)
{
    IptcData *d = iptc_data_new();
    struct as_blob out = {0};
    unsigned char *at = NULL, ps3[4096];
    unsigned n = 0;
    int m;

    if (!d)
        as_die("out of memory");
    put_dataset(d, IPTC_TAG_BYLINE, "Nobody in Particular");
    put_dataset(d, IPTC_TAG_CREDIT, credit);
    put_dataset(d, IPTC_TAG_CAPTION, caption);
    if (iptc_data_save(d, &at, &n) < 0)
        as_die("IPTC data were not made");
    m = iptc_jpeg_ps3_save_iptc(NULL, 0, at, n, ps3, sizeof ps3);
    if (m < 0)
        as_die("the APP13 segment was not made");
    as_blob_put(&out, ps3, (size_t)m);
    iptc_data_free_buf(d, at);
    iptc_data_unref(d);
    return out;
}

const char *as_xmp_write(const char *source_type, const char *tool)
{
    static char text[2048];
    int n = snprintf(text, sizeof text,
                     "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
                     "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
                     "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
                     "<rdf:Description rdf:about=\"\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\""
                     " xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\""
                     " xmp:CreatorTool=\"%s\" Iptc4xmpExt:DigitalSourceType="
                     "\"http://cv.iptc.org/newscodes/digitalsourcetype/%s\"/>"
                     "</rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>",
                     tool, source_type);

    if (n < 0 || (size_t)n >= sizeof text)
        as_die("an XMP packet is too long");
    return text;
}
