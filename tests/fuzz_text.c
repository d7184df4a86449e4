/* fuzz_text.c - libFuzzer target of the files that an operator is handed by others: the first byte
 * chooses the reader, and the detector of a model.
 *
 * A list of sets (IMDL-BenCo) may name any folder of the machine: none is followed here.     */
#include "texts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct as_err err;

    if (size == 0 || memmem(data, size, "Dataset", 7) != NULL)
        return 0;
    (void)texts_read((enum texts_kind)(data[0] % TEXTS_KINDS), data[0] / TEXTS_KINDS, data + 1,
                     size - 1, &err);
    return 0;
}
