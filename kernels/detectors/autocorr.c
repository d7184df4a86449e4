/* autocorr.c - the autocorrelation of the noise residual, where up-sampling repeats itself.
 *
 * What a denoiser takes away from a generated picture is correlated over short distances and peaks
 * at distances of the up-samplers' steps.  The paper averages it over many pictures of a generator;
 * here it is that of one picture: the mean over tiles of 256 x 256, each divided by its variance so
 * that no texture has the word alone.
 *
 * R. Corvi et al., "Intriguing properties of synthetic images: from generative adversarial networks
 * to diffusion models", CVPR workshops 2023.
 */
#include "detector.h"

#include "../power.h"

enum {
    TILE = 256,
    LAG = 16,
    SIDE = 280, /* a fast size of at least TILE + LAG: lags do not wrap around */
    HALF = SIDE / 2 + 1,
    ROW = 2 * LAG + 1,
    DIM = LAG + LAG * ROW
};

/* Grey levels squared: the residual of a tile without noise has less. */
static const double VARIANCE_MIN = 0.01;

struct work {
    double power[SIDE * HALF];
    float spectrum[2 * HALF * SIDE];
    float surface[SIDE * SIDE];
    float room[TILE * TILE + 2 * HALF * SIDE];
};

static enum as_status autocorr_init(void **state)
{
    return as_fft_new(SIDE, SIDE, (struct as_fft **)state);
}

static void autocorr_free(void *state)
{
    as_fft_free(state);
}

static size_t autocorr_scratch_bytes(uint32_t w, uint32_t h)
{
    (void)w;
    (void)h;
    return sizeof(struct work);
}

/* The mean product at a lag over the pairs there are, over that at lag 0. */
static float correlation(const float *surface, int x, int y)
{
    const uint32_t row = (uint32_t)(y < 0 ? y + SIDE : y), col = (uint32_t)(x < 0 ? x + SIDE : x);
    const float pairs = (float)((TILE - (x < 0 ? -x : x)) * (TILE - y));

    return surface[row * SIDE + col] / surface[0] * ((float)(TILE * TILE) / pairs);
}

enum { NO_NOISE };
static const char *const reasons[] = {
    [NO_NOISE] = "the picture has no noise to look at",
    NULL,
};

static enum as_status autocorr_extract(void *state, const struct as_unit *unit, void *scratch,
                                       struct as_out *out)
{
    const struct as_power_how how = {.tile = TILE, .least = VARIANCE_MIN, .even = true};
    struct work *w = scratch;
    float *to = out->feat;

    if (as_power(state, &unit->noise, &how, w->room, w->power) == 0) {
        out->verdict = AS_ABSTAINS;
        out->reason = NO_NOISE;
        return AS_OK;
    }
    for (size_t i = 0; i < SIDE * HALF; i++) {
        w->spectrum[2 * i] = (float)w->power[i];
        w->spectrum[2 * i + 1] = 0;
    }
    as_fft_inverse(state, w->spectrum, w->surface, SIDE);
    for (int x = 1; x <= LAG; x++)
        *to++ = correlation(w->surface, x, 0);
    for (int y = 1; y <= LAG; y++)
        for (int x = -LAG; x <= LAG; x++)
            *to++ = correlation(w->surface, x, y);
    out->verdict = AS_APPLIES;
    return AS_OK;
}

/* y1_xm16 is the correlation of residuals 1 down and 16 to the left. */
#define RIGHT(y)                                                                                   \
    y "_x1", y "_x2", y "_x3", y "_x4", y "_x5", y "_x6", y "_x7", y "_x8", y "_x9", y "_x10",     \
        y "_x11", y "_x12", y "_x13", y "_x14", y "_x15", y "_x16"
#define LAGS(y)                                                                                    \
    y "_xm16", y "_xm15", y "_xm14", y "_xm13", y "_xm12", y "_xm11", y "_xm10", y "_xm9",         \
        y "_xm8", y "_xm7", y "_xm6", y "_xm5", y "_xm4", y "_xm3", y "_xm2", y "_xm1", y "_x0",   \
        RIGHT(y)

static const char *const measures[DIM] = {
    RIGHT("y0"), LAGS("y1"),  LAGS("y2"),  LAGS("y3"),  LAGS("y4"),  LAGS("y5"),
    LAGS("y6"),  LAGS("y7"),  LAGS("y8"),  LAGS("y9"),  LAGS("y10"), LAGS("y11"),
    LAGS("y12"), LAGS("y13"), LAGS("y14"), LAGS("y15"), LAGS("y16")};

const struct as_detector as_detector_autocorr = {
    .name = "autocorr",
    .version = 1,
    .summary = "autocorrelation of the noise residual, where up-sampling repeats itself",
    .paper = "R. Corvi, D. Cozzolino, G. Poggi, K. Nagano, L. Verdoliva, Intriguing Properties of "
             "Synthetic Images, CVPRW 2023",
    .card = "The correlation of the denoising residual of luma with itself at the 544 distances "
            "of up to 16 pixels, the mean of tiles of 256 x 256 of equal weight.  The filter of "
            "a sensor, JPEG and scaling shape it as well.  They are measures for a model to be "
            "trained on.  No model comes with it, so it gives no score and makes no finding.  "
            "Runs only when it is named.\n\nMeasured with a linear discriminant on invented "
            "pictures (12 random decoders, same sizes, qualities and file lengths; 240 to test): "
            "AUC .86 (95 %: .82 to .90), .79 (.75 to .84) where the kind of up-sampler was not "
            "in training; .74 after a second compression on another grid, .67 at 75 % size, .70 "
            "after a blur.\n\nOn real generated pictures it was above chance, but not at equal "
            "resolution: 38 of 7 sources and 26 photographs of 5, cut to 256 x 256 and "
            "compressed alike, AUC .73 (.63 to .84) for generators and sources not in training; "
            ".74 (.63 to .90) where all had been compressed once before, .62 (.47 to .75) at "
            "equal resolution; .61 to .69 when trained on invented ones.  Abstains where there "
            "is no noise; needs sides of 256 pixels and the residual, which pictures above 64 MP "
            "do not have.",
    .family = AS_FAMILY_SPECTRUM,
    .needs = AS_NOISE,
    .min_side = TILE,
    .dim = DIM,
    .measures = measures,
    .reasons = reasons,
    .pool = AS_POOL_MEAN,
    .asked = true,
    .init = autocorr_init,
    .scratch_bytes = autocorr_scratch_bytes,
    .extract = autocorr_extract,
    .free = autocorr_free,
};
