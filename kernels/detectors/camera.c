/* camera.c - whether a picture can show its sensor's noise, and what its residual looks like.
 *
 * The pattern of a sensor is a weak multiple of the light (I K): it needs light that does not
 * clip, enough pixels, and one exposure that no program has merged out of several.  The detector
 * looks at that and nothing more; the comparison with fingerprints is a search of the whole case,
 * over the residuals that are kept where it applies.
 *
 * J. Lukas, J. Fridrich, M. Goljan, "Digital camera identification from sensor pattern noise",
 * TIFS 2006; M. Chen, J. Fridrich, M. Goljan, J. Lukas, TIFS 2008; M. Iuliani, M. Fontani,
 * A. Piva, "A leak in PRNU based source identification", IEEE Access 2021 (computational
 * photography).                                                                             */
#include "camera.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 8, MIN_SIDE = 512, DARK = 16, CLIPPED = 250 };

/* Where nothing but the noise of numbers is left. */
static const double light_min = 12.0, dark_most = 0.8, clipped_most = 0.6, noise_min = 0.05;

/* Steps between blocks of a flat field, in grey levels. */
static const float flat_step = 1.0F;

enum { MEAN_LUMA, DARK_SHARE, CLIPPED_SHARE, NOISE_STD, NOISE_PERIODIC8, BLOCK_STEP, DIM };
static const char *const measures[DIM] = {
    [MEAN_LUMA] = "mean_luma",
    [DARK_SHARE] = "dark_share",
    [CLIPPED_SHARE] = "clipped_share",
    [NOISE_STD] = "noise_std",
    [NOISE_PERIODIC8] = "noise_periodic8",
    [BLOCK_STEP] = "block_step",
};

enum { TOO_DARK, SATURATED, NO_NOISE, COMPUTED, NO_CAMERA };
static const char *const reasons[] = {
    [TOO_DARK] = "the picture is too dark to show a sensor's pattern",
    [SATURATED] = "too much of the picture is clipped at white",
    [NO_NOISE] = "the picture has no noise: drawn, flat or denoised",
    [COMPUTED] = "the file says that it was merged or computed from several exposures",
    [NO_CAMERA] = "the file says that no camera took it",
    NULL,
};

/* ---- what the file says ---- */

static bool ends(struct as_text t, const char *end)
{
    const size_t n = strlen(end);
    return t.len >= n && memcmp(t.at + t.len - n, end, n) == 0;
}

static bool begins(struct as_text t, const char *begin)
{
    const size_t n = strlen(begin);
    return t.len >= n && memcmp(t.at, begin, n) == 0;
}

static bool source_type(const struct as_kv *kv, const char *type)
{
    return (ends(kv->key, "DigitalSourceType") || ends(kv->key, "digital_source_type")) &&
           ends(kv->value, type);
}

/* CustomRendered as phones use it beyond Exif's 0 and 1: 2 and 3 HDR, 6 panorama, 7 and 8
 * portraits with a computed background.  GPano: a stitched panorama.                     */
static bool computed(const struct as_kv *kv)
{
    if (begins(kv->key, "exif.CustomRendered") && kv->key.len == 19 && kv->value.len == 1)
        return strchr("23678", kv->value.at[0]) != NULL && kv->value.at[0] != 0;
    return source_type(kv, "computationalCapture") || source_type(kv, "compositeCapture") ||
           begins(kv->key, "xmp.GPano:");
}

static bool no_camera(const struct as_kv *kv)
{
    return source_type(kv, "/trainedAlgorithmicMedia") || source_type(kv, "/algorithmicMedia") ||
           source_type(kv, "/screenCapture") || source_type(kv, "/virtualRecording") ||
           source_type(kv, "/digitalCreation");
}

/* The reason that the metadata gives, or -1. */
static int metadata_reason(const struct as_meta *meta)
{
    for (size_t i = 0; i < meta->nkv; i++) {
        if (no_camera(&meta->kv[i]))
            return NO_CAMERA;
        if (computed(&meta->kv[i]))
            return COMPUTED;
    }
    return -1;
}

/* ---- what the planes say ---- */

/* Sums over whole blocks of 8 x 8. */
struct sums {
    double luma, noise, noise2, pattern[BLOCK][BLOCK], steps;
    uint64_t dark, clipped, nsteps;
};

/* One row of blocks: `means` gets the sum of luma of each.  A lane a column of the block, rows
 * in float, rows added up in double.                                                       */
static void add_blocks(struct sums *s, const float *luma, size_t luma_stride, const float *noise,
                       size_t noise_stride, uint32_t blocks, float *means)
{
    for (uint32_t b = 0; b < blocks; b++)
        means[b] = 0;
    for (uint32_t y = 0; y < BLOCK; y++) {
        const float *l = luma + y * luma_stride, *n = noise + y * noise_stride;
        float sum[BLOCK] = {0}, square[BLOCK] = {0};
        uint32_t dark[BLOCK] = {0}, clipped[BLOCK] = {0};
        for (uint32_t b = 0; b < blocks; b++, l += BLOCK, n += BLOCK) {
            float mean = 0;
            for (uint32_t x = 0; x < BLOCK; x++) {
                sum[x] += n[x];
                square[x] += n[x] * n[x];
                dark[x] += l[x] < (float)DARK;
                clipped[x] += l[x] >= (float)CLIPPED;
                mean += l[x];
            }
            means[b] += mean;
        }
        for (uint32_t x = 0; x < BLOCK; x++) {
            s->pattern[y][x] += sum[x];
            s->noise += sum[x];
            s->noise2 += square[x];
            s->dark += dark[x];
            s->clipped += clipped[x];
        }
    }
}

/* Luma of a row of blocks, and the steps to its neighbours at the left and above. */
static void add_steps(struct sums *s, const float *means, const float *above, uint32_t blocks)
{
    for (uint32_t b = 0; b < blocks; b++) {
        s->luma += means[b];
        if (b > 0)
            s->steps += fabsf(means[b] - means[b - 1]);
        if (above)
            s->steps += fabsf(means[b] - above[b]);
        s->nsteps += (uint64_t)(b > 0) + (above != NULL);
    }
}

static void measure(const struct as_unit *unit, float *scratch, float *feat)
{
    const struct as_plane *luma = &unit->luma, *noise = &unit->noise;
    const uint32_t across = luma->w / BLOCK, down = luma->h / BLOCK;
    const double n = (double)across * down * BLOCK * BLOCK;
    struct sums s = {0};
    double mean, energy, pattern = 0;

    for (uint32_t y = 0; y < down; y++) {
        float *means = scratch + (y & 1) * (size_t)across;
        add_blocks(&s, luma->at + (size_t)y * BLOCK * luma->stride, luma->stride,
                   noise->at + (size_t)y * BLOCK * noise->stride, noise->stride, across, means);
        add_steps(&s, means, y ? scratch + (~y & 1) * (size_t)across : NULL, across);
    }
    mean = s.noise / n;
    energy = s.noise2 / n - mean * mean;
    energy = energy > 0 ? energy : 0;
    for (int i = 0; i < BLOCK * BLOCK; i++) {
        const double cell = s.pattern[i / BLOCK][i % BLOCK] * BLOCK * BLOCK / n - mean;
        pattern += cell * cell / (BLOCK * BLOCK);
    }
    feat[MEAN_LUMA] = (float)(s.luma / n);
    feat[DARK_SHARE] = (float)((double)s.dark / n);
    feat[CLIPPED_SHARE] = (float)((double)s.clipped / n);
    feat[NOISE_STD] = (float)sqrt(energy);
    feat[NOISE_PERIODIC8] = energy > 0 ? (float)(pattern / energy) : 0;
    feat[BLOCK_STEP] = (float)(s.steps / (double)s.nsteps / (BLOCK * BLOCK));
}

bool as_camera_flat(const float *feat)
{
    return feat[BLOCK_STEP] < flat_step;
}

static size_t camera_scratch_bytes(uint32_t w, uint32_t h)
{
    (void)h;
    return 2 * (size_t)(w / BLOCK) * sizeof(float);
}

static enum as_status camera_extract(void *state, const struct as_unit *unit, void *scratch,
                                     struct as_out *out)
{
    int reason = metadata_reason(unit->meta);

    (void)state;
    if (reason < 0) {
        measure(unit, scratch, out->feat);
        if (out->feat[MEAN_LUMA] < light_min || out->feat[DARK_SHARE] > dark_most)
            reason = TOO_DARK;
        else if (out->feat[CLIPPED_SHARE] > clipped_most)
            reason = SATURATED;
        else if (out->feat[NOISE_STD] < noise_min)
            reason = NO_NOISE;
    }
    out->verdict = reason < 0 ? AS_APPLIES : AS_NOT_APPLICABLE;
    out->reason = reason < 0 ? 0 : (uint16_t)reason;
    return AS_OK;
}

const struct as_detector as_detector_camera = {
    .name = "camera",
    .version = 1,
    .summary = "whether the picture can be compared with sensor fingerprints (PRNU)",
    .paper = "M. Chen, J. Fridrich, M. Goljan, J. Lukas, Determining Image Origin and Integrity "
             "Using Sensor Noise, TIFS 2008",
    .card =
        "Takes the denoising residual of luma (wavelets, 4 levels, sigma 5) and says whether a "
        "sensor's pattern can be looked for in it: mean light, share of dark and clipped pixels, "
        "strength of the residual, the share of its energy that repeats every 8 pixels (JPEG), "
        "and the mean step between blocks of 8 x 8 (below about 1: a flat field).  It gives no "
        "score and makes no findings.\n\n"
        "Not applicable: a side below 512 pixels; dark, clipped or noiseless pictures; files that "
        "say they were merged from several exposures (HDR, panorama, portrait modes, IPTC "
        "computationalCapture) or that no camera took them; pictures too large for the residual.  "
        "Most phones merge exposures without saying so: their pictures apply, and should be "
        "compared with care.\n\n"
        "It runs when it is named (--detector), and when --against names a store of cameras; the "
        "residual costs more than all other detectors together.  The comparison gives a PCE "
        "(peak-to-correlation energy; the energy is that of shifts of the same phase modulo 8) and "
        "the probability that chance gives as much for all fingerprints and orientations tried.  "
        "Of more than 16 fingerprints and orientations of a picture's size only the 16 that agree "
        "best over its middle, and up to 4 more of the model of the best, are compared in full, "
        "and can match.  "
        "Measured on 49 photographs of ten bodies (six with fingerprints of 10 flat fields, four "
        "of 6 to 12 photographs of one scene), whole pictures, as they are, at quality 90, 75 "
        "and 50 and turned by 90 degrees: the right camera stood first for 48 or 49, AUC .994 to "
        ".997; the 90 wrong pairs, of one size, gave a PCE of 8.3 at most.  A fingerprint of few "
        "photographs may give PCE 1 to 25, which is no match.\n\n"
        "Cropped, scaled and zoomed pictures are looked for with --camera-search: at all shifts, "
        "and with scale at ratios that programs use.  Of 17 crops of 1024 x 1024, of bodies with "
        "flat fields and of a phone, 15 were found, of 22 of 512 x 512 eleven; the method was "
        "chosen on these.  False alarms on other photographs: of 1480 wrong pairs of crops of "
        "512 x 512, 18 at a probability of 0.01 or less (14.8 expected; ratio 0.7 to 1.9 with 95 "
        "% confidence), 1 at 0.001.\n\n"
        "A picture that matches at its own size is looked at in windows for regions without its "
        "camera's noise.  On 20 photographs of four bodies that nothing was chosen on, as they were "
        "and saved again at quality 95 and 85: one of 60 pictures gave a region.  With a square of "
        "another camera's picture put in, at both qualities, regions were told in 3 of 40 (256 "
        "pixels), 15 of 80 (384 and 512) and 26 of 80 (768 and 1024), all in the right place; mean "
        "pixel AUC .73 at 256, .85 to .92 above.  For 12 of the 20 photographs no map could say "
        "anything: fingerprints of ten flat fields or a dozen photographs are too weak.\n\n"
        "There is no likelihood ratio: ten bodies bound it to about 60 to 1 either way, whatever "
        "the PCE, and say nothing of phones that merge exposures.  The probability of a false "
        "alarm is computed, and measured no further than above.  The best of the other cameras of "
        "the same model, or where there are none of the same size, stands beside a match.",
    .family = AS_FAMILY_NOISE,
    .needs = AS_LUMA | AS_NOISE | AS_META,
    .min_side = MIN_SIDE,
    .dim = DIM,
    .measures = measures,
    .reasons = reasons,
    .pool = AS_POOL_FIRST,
    .asked = true,
    .scratch_bytes = camera_scratch_bytes,
    .extract = camera_extract,
};
