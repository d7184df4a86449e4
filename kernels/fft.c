/* fft.c - plans of FFTW for real planes, in place. */
#include "fft.h"

#include <fftw3.h>
#include <stdlib.h>

enum { ALIGNED = 64 };

struct as_fft {
    fftwf_plan forward, inverse;
};

float *as_fft_field(uint32_t w, uint32_t h)
{
    if ((uint64_t)h > (SIZE_MAX / 8 - ALIGNED) / as_fft_stride(w))
        return NULL;
    const size_t bytes = as_fft_floats(w, h) * sizeof(float);
    return aligned_alloc(ALIGNED, (bytes + ALIGNED - 1) / ALIGNED * ALIGNED);
}

enum as_status as_fft_new(uint32_t w, uint32_t h, struct as_fft **fft)
{
    enum as_status status = AS_ENOMEM;
    struct as_fft *made = NULL;
    float *field = NULL;

    *fft = NULL;
    if (w < 1 || h < 1 || as_fft_stride(w) > INT32_MAX || as_fft_stride(w) * h > INT32_MAX)
        return AS_ELIMIT;
    if ((made = calloc(1, sizeof *made)) == NULL || (field = as_fft_field(w, h)) == NULL)
        goto done;
    /* ESTIMATE does not touch the field: it is there for its alignment */
    made->forward =
        fftwf_plan_dft_r2c_2d((int)h, (int)w, field, (fftwf_complex *)field, FFTW_ESTIMATE);
    made->inverse =
        fftwf_plan_dft_c2r_2d((int)h, (int)w, (fftwf_complex *)field, field, FFTW_ESTIMATE);
    if (!made->forward || !made->inverse)
        goto done;
    *fft = made;
    made = NULL;
    status = AS_OK;
done:
    free(field);
    as_fft_free(made);
    return status;
}

void as_fft_free(struct as_fft *fft)
{
    if (!fft)
        return;
    if (fft->forward)
        fftwf_destroy_plan(fft->forward);
    if (fft->inverse)
        fftwf_destroy_plan(fft->inverse);
    free(fft);
}

void as_fft_forward(const struct as_fft *fft, float *field)
{
    fftwf_execute_dft_r2c(fft->forward, field, (fftwf_complex *)field);
}

void as_fft_inverse(const struct as_fft *fft, float *field)
{
    fftwf_execute_dft_c2r(fft->inverse, (fftwf_complex *)field, field);
}

/* n without the prime factors 2, 3, 5 and 7. */
static uint32_t rest_of(uint32_t n)
{
    static const uint32_t primes[] = {2, 3, 5, 7};

    for (size_t i = 0; i < sizeof primes / sizeof *primes; i++)
        while (n % primes[i] == 0)
            n /= primes[i];
    return n;
}

uint32_t as_fft_fast(uint32_t n)
{
    n = n < 2 ? 2 : n + (n & 1);
    while (rest_of(n) != 1)
        n += 2;
    return n;
}
