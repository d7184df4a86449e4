/* kind_generated.c - photographs, and pictures of the same scenes that no camera took.
 *
 * Both have the same size, quality, sampling of colour, lens, and mean and deviation of each
 * channel.  The grain of the generated one is as strong as makes its JPEG file at quality 90 as
 * long as the photograph's, so that neither the length of files nor the strength of noise tells
 * them apart.                */
#include "decoder.h"
#include "labelled.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS = 12, LIKE_QUALITY = 90 };

static size_t length_of(const struct as_task *t, const struct as_image *im)
{
    struct as_jpeg_how how = {.quality = LIKE_QUALITY, .hs = t->hs, .vs = t->vs};
    struct as_blob file = as_jpeg_write(im, &how);
    size_t n = file.n;

    as_blob_free(&file);
    return n;
}

static void mix(struct as_image *im, const struct as_light *plain, const struct as_light *grain,
                float strength)
{
    for (uint32_t y = 0; y < im->h; y++)
        for (uint32_t x = 0; x < im->w; x++)
            for (uint32_t k = 0; k < 3; k++) {
                size_t i = (size_t)y * plain->w + x;
                float v = 255.0f * (plain->at[k][i] + strength * grain->at[k][i]) + 0.5f;
                im->at[((size_t)y * im->w + x) * 3 + k] = (uint8_t)(v < 0.0f     ? 0.0f
                                                                    : v > 255.0f ? 255.0f
                                                                                 : v);
            }
}

/* Halves the range of strengths until files are about equally long. */
static float match(const struct as_task *t, const struct as_image *like,
                   const struct as_light *plain, const struct as_light *grain)
{
    struct as_image im = as_image_new(like->w, like->h, 3);
    size_t want = length_of(t, like);
    float low = 0.0f, high = 0.2f;

    for (int i = 0; i < STEPS; i++) {
        float mid = 0.5f * (low + high);
        mix(&im, plain, grain, mid);
        if (length_of(t, &im) < want)
            low = mid;
        else
            high = mid;
    }
    as_image_free(&im);
    return 0.5f * (low + high);
}

struct moments {
    double mean, dev;
};

static struct moments moments_of(const float *at, size_t stride, uint32_t w, uint32_t h)
{
    double sum = 0, sum2 = 0, n = (double)w * h;

    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            double v = at[y * stride + x];
            sum += v;
            sum2 += v * v;
        }
    return (struct moments){sum / n, sqrt(fabs(sum2 / n - sum / n * (sum / n)))};
}

/* Gives `plain` the mean and deviation that the photograph has in each channel. */
static void match_moments(const struct as_image *like, struct as_light *plain)
{
    float *at = as_alloc((size_t)like->w * like->h, sizeof *at);

    for (size_t k = 0; k < 3; k++) {
        struct moments want, have = moments_of(plain->at[k], plain->w, like->w, like->h);
        float scale;
        for (size_t i = 0; i < (size_t)like->w * like->h; i++)
            at[i] = (float)like->at[i * 3 + k] / 255.0f;
        want = moments_of(at, like->w, like->w, like->h);
        scale = (float)(want.dev / (have.dev + 1e-6));
        for (size_t i = 0; i < (size_t)plain->w * plain->h; i++)
            plain->at[k][i] = (plain->at[k][i] - (float)have.mean) * scale + (float)want.mean;
    }
    free(at);
}

static void generate(struct as_task *t, struct as_image *im)
{
    uint32_t n = (uint32_t)as_task_value(t, "decoder");
    struct as_light scene = as_light_texture(t->scene_seed, im->w, im->h), plain, grain;
    struct as_light seen = as_light_lens(&t->cam, &scene);
    float strength;

    if (n >= AS_DECODERS)
        as_die("there is no decoder %u", n);
    for (int k = 0; k < 3; k++)
        for (size_t i = 0; i < (size_t)im->w * im->h; i++)
            seen.at[k][i] = sqrtf(seen.at[k][i]);
    as_decoder_run(n, &seen, as_rng_next(&t->rng), &plain, &grain);
    match_moments(im, &plain);
    strength = match(t, im, &plain, &grain);
    mix(im, &plain, &grain, strength);
    as_decoder_name(n, t->row->generator, sizeof t->row->generator);
    t->row->label = AS_GENERATED;
    t->row->camera[0] = '\0';
    as_task_note(t, "grain=%.4f", (double)strength);
    as_light_free(&scene);
    as_light_free(&seen);
    as_light_free(&plain);
    as_light_free(&grain);
}

void as_make_generated(struct as_task *t)
{
    struct as_image im = as_task_photo(t, t->set->w, t->set->h);

    if (t->variant == 1)
        generate(t, &im);
    as_task_save(t, &im, as_task_told(t, "q2"));
    as_image_free(&im);
}
