/* set_pictures.c - every sort of JPEG, every other format, odd sizes, and what
 * generators write into their files.                                        */
#include "sets.h"

#include <stdio.h>

/* The sorts of JPEG, one file each. */
static const struct {
    const char *name;
    struct as_jpeg_how how;
    bool gray;
} JPEGS[] = {
    {"q30_444.jpg", {.quality = 30}, false},
    {"q50_422.jpg", {.quality = 50, .hs = 2}, false},
    {"q75_420.jpg", {.quality = 75, .hs = 2, .vs = 2}, false},
    {"q85_440.jpg", {.quality = 85, .vs = 2}, false},
    {"q90_411.jpg", {.quality = 90, .hs = 4}, false},
    {"q95_420.jpg", {.quality = 95, .hs = 2, .vs = 2}, false},
    {"q98_444.jpg", {.quality = 98}, false},
    {"gray.jpg", {.quality = 80}, true},
    {"progressive.jpg", {.quality = 80, .hs = 2, .vs = 2, .progressive = true}, false},
    {"progressive_gray.jpg", {.quality = 70, .progressive = true}, true},
    {"restart.jpg", {.quality = 80, .hs = 2, .vs = 2, .restart = 5}, false},
    {"optimized.jpg", {.quality = 80, .hs = 2, .vs = 2, .optimize = true}, false},
    {"arithmetic.jpg", {.quality = 80, .hs = 2, .vs = 2, .arithmetic = true}, false},
    {"rgb_adobe.jpg", {.quality = 80, .adobe_rgb = true}, false},
    {"cmyk_adobe.jpg", {.quality = 80, .cmyk = true}, false},
    {"cmyk_420.jpg", {.quality = 80, .cmyk = true, .hs = 2, .vs = 2}, false},
    {"comment.jpg", {.quality = 80, .comment = "made from an invented scene"}, false},
};

static const uint16_t SIZES[][2] = {{1, 1},   {5, 7},     {8, 8},     {17, 33},
                                    {1, 300}, {333, 257}, {511, 513}, {512, 512}};

static void jpeg_sizes(struct as_maker *m, struct as_thing *to)
{
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        struct as_image im = as_new_image(m, SIZES[i][0], SIZES[i][1]);
        struct as_jpeg_how how = {.quality = 88, .hs = 2, .vs = 2};
        struct as_blob file = as_jpeg_write(&im, &how);
        char name[32];
        snprintf(name, sizeof name, "size_%ux%u.jpg", im.w, im.h);
        as_thing_file(to, name, &file, MK_JPEG, AS_REASON_NONE);
        as_image_free(&im);
    }
}

static void jpeg_metadata(struct as_maker *m, struct as_thing *to)
{
    struct as_image im = as_new_image(m, 320, 240);
    struct as_blob iptc = as_iptc_write("An invented harbour", "Agency of Inventions");
    struct as_exif_how edited = {.make = "Halden",
                                 .model = "Pocket 3",
                                 .software = "Adobe Photoshop 25.0 (Windows)",
                                 .date = "2024:01:05 09:00:00",
                                 .w = 4000,
                                 .h = 3000};
    struct as_exif_how future = {
        .make = "Orrery", .model = "Phone X2", .date = "2068:13:45 99:99:99"};
    struct as_blob exif = as_exif_write(&edited), odd = as_exif_write(&future), file;
    struct as_jpeg_how with_iptc = {.quality = 85, .iptc = &iptc};
    struct as_jpeg_how with_exif = {.quality = 85, .exif = &exif};
    struct as_jpeg_how with_date = {.quality = 86, .exif = &odd};

    file = as_jpeg_write(&im, &with_iptc);
    as_thing_file(to, "iptc.jpg", &file, MK_JPEG, AS_REASON_NONE);
    file = as_jpeg_write(&im, &with_exif);
    as_thing_note(as_thing_file(to, "edited.jpg", &file, MK_JPEG, AS_REASON_NONE),
                  "EXIF names an editor and another size");
    file = as_jpeg_write(&im, &with_date);
    as_thing_note(as_thing_file(to, "future.jpg", &file, MK_JPEG, AS_REASON_NONE),
                  "EXIF date is impossible");
    as_blob_free(&iptc);
    as_blob_free(&exif);
    as_blob_free(&odd);
    as_image_free(&im);
}

void as_set_jpeg(struct as_maker *m)
{
    struct as_thing *to = as_thing_folder(m->root, "pictures/jpeg");

    for (size_t i = 0; i < sizeof JPEGS / sizeof *JPEGS; i++) {
        struct as_image im = as_new_image(m, 321, 243), gray = as_image_gray(&im);
        struct as_blob file = as_jpeg_write(JPEGS[i].gray ? &gray : &im, &JPEGS[i].how);
        as_thing_file(to, JPEGS[i].name, &file, MK_JPEG, AS_REASON_NONE);
        as_image_free(&im);
        as_image_free(&gray);
    }
    jpeg_sizes(m, to);
    jpeg_metadata(m, to);
}

static void put(struct as_thing *to, const char *name, struct as_blob file, uint16_t kind,
                uint32_t flags)
{
    as_thing_file(to, name, &file, kind, AS_REASON_NONE)->flags = flags;
}

static void png_files(struct as_thing *to, const struct as_image *im, const struct as_image *gray,
                      const struct as_image *alpha)
{
    struct as_png_how plain = {0}, sixteen = {.sixteen = true}, laced = {.interlaced = true};
    struct as_png_how palette = {.palette = true};
    struct as_image dot = as_image_crop(im, 3, 3, 1, 1);

    put(to, "rgb8.png", as_png_write(im, &plain), MK_PNG, 0);
    put(to, "rgb16.png", as_png_write(im, &sixteen), MK_PNG, 0);
    put(to, "gray8.png", as_png_write(gray, &plain), MK_PNG, 0);
    put(to, "gray16.png", as_png_write(gray, &sixteen), MK_PNG, 0);
    put(to, "alpha8.png", as_png_write(alpha, &plain), MK_PNG, AS_FLAG_ALPHA);
    put(to, "alpha16.png", as_png_write(alpha, &sixteen), MK_PNG, AS_FLAG_ALPHA);
    put(to, "interlaced.png", as_png_write(im, &laced), MK_PNG, 0);
    put(to, "palette.png", as_png_write(im, &palette), MK_PNG, 0);
    put(to, "size_1x1.png", as_png_write(&dot, &plain), MK_PNG, 0);
    as_image_free(&dot);
}

static void tiff_files(struct as_thing *to, const struct as_image *im, const struct as_image *gray)
{
    put(to, "rgb8_none.tif", as_tiff_write(im, false, AS_TIFF_NONE), MK_TIFF, 0);
    put(to, "rgb8_lzw.tif", as_tiff_write(im, false, AS_TIFF_LZW), MK_TIFF, 0);
    put(to, "rgb16_deflate.tif", as_tiff_write(im, true, AS_TIFF_DEFLATE), MK_TIFF, 0);
    put(to, "gray16_none.tif", as_tiff_write(gray, true, AS_TIFF_NONE), MK_TIFF, 0);
}

static void heif_file(struct as_thing *to, const char *name, const struct as_image *im, bool avif)
{
    struct as_blob file = as_heif_write(im, avif, 60);

    if (file.n)
        put(to, name, file, avif ? MK_AVIF : MK_HEIC, 0);
}

void as_set_formats(struct as_maker *m)
{
    struct as_thing *to = as_thing_folder(m->root, "pictures/formats");
    struct as_image im = as_new_image(m, 199, 151), gray = as_image_gray(&im);
    struct as_image alpha = as_image_alpha(&im), even = as_image_crop(&im, 1, 1, 128, 96);

    png_files(to, &im, &gray, &alpha);
    tiff_files(to, &im, &gray);
    put(to, "one.gif", as_gif_write(&im, 1), MK_GIF, 0);
    put(to, "moving.gif", as_gif_write(&im, 6), MK_GIF, AS_FLAG_ANIMATED);
    put(to, "rgb.bmp", as_bmp_write(&im), MK_BMP, 0);
    put(to, "gray.bmp", as_bmp_write(&gray), MK_BMP, 0);
    put(to, "lossy.webp", as_webp_write(&im, 75), MK_WEBP, 0);
    put(to, "lossless.webp", as_webp_write(&im, -1), MK_WEBP, 0);
    put(to, "alpha.webp", as_webp_write(&alpha, 80), MK_WEBP, AS_FLAG_ALPHA);
    heif_file(to, "photo.heic", &even, false);
    heif_file(to, "photo.avif", &even, true);
    as_image_free(&im);
    as_image_free(&gray);
    as_image_free(&alpha);
    as_image_free(&even);
}

static const char *const A1111[] = {
    "parameters",
    "a harbour at dawn, oil painting\nNegative prompt: people\nSteps: 20, Sampler: Euler a, "
    "CFG scale: 7, Seed: 1234567, Size: 192x192, Model hash: 0123456789, Model: invented",
    NULL};
static const char *const COMFY[] = {
    "prompt",
    "{\"3\":{\"class_type\":\"KSampler\",\"inputs\":{\"seed\":42,\"steps\":20,\"cfg\":8.0,"
    "\"sampler_name\":\"euler\",\"model\":[\"4\",0]}},\"4\":{\"class_type\":"
    "\"CheckpointLoaderSimple\",\"inputs\":{\"ckpt_name\":\"invented.safetensors\"}}}",
    "workflow", "{\"last_node_id\":4,\"nodes\":[{\"id\":3,\"type\":\"KSampler\"}],\"version\":0.4}",
    NULL};
static const char *const INVOKE[] = {
    "+invokeai_metadata",
    "{\"app_version\":\"3.4.0\",\"generation_mode\":\"txt2img\",\"positive_prompt\":\"a harbour\","
    "\"seed\":7,\"model\":{\"model_name\":\"invented\"}}",
    NULL};
static const char *const NOVEL[] = {
    "Title",       "AI generated image",
    "Description", "a harbour",
    "Software",    "NovelAI",
    "Source",      "Stable Diffusion 1D44365E",
    "Comment",     "{\"steps\":28,\"sampler\":\"k_euler\",\"seed\":9}",
    NULL};
static const char *const PLAIN[] = {
    "Title",           "A drawing", "*Description", "a long description, compressed", "Software",
    "a paint program", NULL};

static void text_png(struct as_maker *m, struct as_thing *to, const char *name,
                     const char *const *text)
{
    struct as_image im = as_scene_draw(as_maker_seed(m), 192, 192);
    struct as_png_how how = {.text = text};

    put(to, name, as_png_write(&im, &how), MK_PNG, 0);
    as_image_free(&im);
}

/* A JPEG that carries a C2PA manifest. */
static void claimed(struct as_maker *m, struct as_thing *to)
{
    struct as_blob jpeg = as_new_jpeg(m), c2pa = as_c2pa_write("invented_maker/1.0 c2pa/0");

    put(to, "claimed.jpg", as_blob_splice(&jpeg, 2, &c2pa), MK_JPEG, 0);
    as_thing_note(to->last, "C2PA claim generator invented_maker/1.0 c2pa/0, not signed");
    as_blob_free(&jpeg);
    as_blob_free(&c2pa);
}

void as_set_generated(struct as_maker *m)
{
    struct as_thing *to = as_thing_folder(m->root, "generated");
    struct as_image im = as_scene_draw(as_maker_seed(m), 256, 256);
    struct as_jpeg_how declared = {.quality = 90,
                                   .xmp = as_xmp_write("trainedAlgorithmicMedia", "Inventor 2")};
    struct as_jpeg_how camera = {.quality = 90};

    put(to, "declared.jpg", as_jpeg_write(&im, &declared), MK_JPEG, 0);
    as_thing_note(to->last, "XMP DigitalSourceType trainedAlgorithmicMedia");
    as_image_free(&im);
    im = as_new_image(m, 256, 256);
    camera.xmp = as_xmp_write("digitalCapture", "Orrery Camera");
    put(to, "captured.jpg", as_jpeg_write(&im, &camera), MK_JPEG, 0);
    as_thing_note(to->last, "XMP DigitalSourceType digitalCapture");
    as_image_free(&im);
    claimed(m, to);
    text_png(m, to, "a1111.png", A1111);
    text_png(m, to, "comfyui.png", COMFY);
    text_png(m, to, "invokeai.png", INVOKE);
    text_png(m, to, "novelai.png", NOVEL);
    text_png(m, to, "plain_text.png", PLAIN);
}
