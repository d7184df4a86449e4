/* fuzz_record.c - libFuzzer target: any bytes as item and content records.
 *
 * The first byte chooses which.  What is believed must survive being packed again.  */
#include "../pipeline/examine/record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t once[AS_RECORD_MAX], twice[AS_RECORD_MAX];

static void item(const uint8_t *data, size_t size)
{
    struct as_item a, b;
    size_t n;

    if (as_item_unpack(data, size, &a) != AS_OK)
        return;
    n = as_item_pack(&a, once, sizeof once);
    if (n == 0 && size < sizeof once / 2)
        abort();
    if (n > 0 && (as_item_unpack(once, n, &b) != AS_OK || as_item_pack(&b, twice, n) != n ||
                  memcmp(once, twice, n) != 0))
        abort();
}

static void content(const uint8_t *data, size_t size)
{
    static struct as_content_room room[2];
    static struct as_row row[2];
    size_t n;

    memset(row, 0, sizeof row);
    if (as_content_unpack(data, size, &room[0], &row[0]) != AS_OK)
        return;
    if (!as_reason_known(row[0].reason) || row[0].nkv > sizeof room->kv / sizeof *room->kv)
        abort();
    n = as_content_pack(&row[0], once, sizeof once);
    if (n != size || memcmp(once, data, n) != 0)
        abort();
    if (as_content_unpack(once, n, &room[1], &row[1]) != AS_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] & 1)
        item(data + 1, size - 1);
    else
        content(data + 1, size - 1);
    return 0;
}
