/* fuzz_examine.c - libFuzzer target: any bytes through the whole of an examiner.
 *
 * What it makes of them, the broker must believe: the record is packed as in an
 * examiner and checked as in the broker.                                            */
#include "../pipeline/examine/record.h"
#include "../pipeline/examine/unit.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct as_row *row)
{
    static uint8_t record[AS_RECORD_MAX];
    static struct as_content_room room;
    static struct as_row got;
    size_t n = as_content_pack(row, record, sizeof record);

    memset(&got, 0, sizeof got);
    if (n == 0 || as_content_unpack(record, n, &room, &got) != AS_OK)
        abort();
    if (as_reason_status(got.reason) >= AS_ITEM_TIMEOUT)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct as_options options;
    static struct as_bench *bench;
    static struct as_row row;
    struct as_input in = {data, -1, 0, size};
    enum as_kind kind = as_sniff(&in);
    enum as_class class = as_kind_class((uint16_t)kind);
    struct as_times times = {0};

    if (!bench) {
        as_options_defaults(&options);
        options.max_pixels = 1 << 20; /* larger ones go by strips */
        if (as_bench_new(&bench, &options, NULL) != AS_OK)
            abort();
    }
    if (class != AS_CLASS_PICTURE && class != AS_CLASS_VIDEO && class != AS_CLASS_UNDECODED)
        return 0;
    if (as_bench_examine(bench, kind, &in, &row, &times) == AS_OK)
        check(&row);
    return 0;
}
