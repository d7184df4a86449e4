/* t_gist.c - the scene descriptor: known answers, gratings, cells, light, and what is left out. */
#include "../kernels/detectors/gist.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE_MAX = 512, SCALES = 4, TURNS = 8, CELLS = 16 };

/* Of formula pictures, by NumPy in double: complex transforms, filters of one side. */
static const struct {
    uint32_t w, h;
    float structure;
    const char *hex;
} known[] = {{200, 160, 0.545779F,
              "0e181b271312162c101617251113192e080e110f0c0c0d120a0d0c0f0d0d0f1406090c0b09090a0c0808"
              "0a0b0a0a0d0e0d0a0d0a0c090b0c0b090a0b110d11101d0d0e0d1b0c0d0d190b0d0d241317151c1a0d0a"
              "27160d0e1e190c0b251b12100c332922122b30240f322b2210312e24081d374d0d173d540a1e39520d19"
              "3c521724293d1b1d23421a22273a181d27410e181a171212121e111611151314131e0911100d0b0c0b0e"
              "090b0a0b0e0f0e131410100d110d0d100f0e0d0c1b12141633110f0f2e110f102c11100f34191818312b"
              "120e45261013372d140c3a2f1a15145b493a204a543e19574c3b1c544c3d0e2e6180142568901133618f"
              "142b6384222a32341e26272e202a2b321e263736152228211b1e1a2b1c21201a1a2123250f1b17101314"
              "0f17101412121921181c1f1619131b16171e18171713291f1d2754170f123e1711153e1714163819161a"
              "50441a145e3f17214d482317403e2a232390682f2f7a793327906f302a846b3116478a611f3993601d4c"
              "836e1a448d5b242d2a251c22211d1d22251b202032211d362e202f3433342638382c26313823131e1a12"
              "241e1f291b2a231d27282923361413132812111a281517162a2121207011080d540c0b0c5f100b134a0e"
              "0f126a3716197943171d6a341c1f5b2d2520305c21153c4f23212e521d1943582125122c2c192c212923"
              "1e2c1d1d1a2d1e17"},
             {64, 64, 0.476147F,
              "081f16130824210703142a1f08171f1b040c0b1307191707020a1a20070f0e1c02020716091614070106"
              "1524090c04200a040a1b2628210c020a1c2a1c1c0d27180b0c16523a2814060f1a2138301d2509040c1d"
              "272b260e030c212d1e1f0e28010207170916110801051222080b0420040c0b1207191606010a191d0710"
              "0e1b09301b120c312508042032180a232e1c04140e100c1f1d08030f201b0a19181a03030610101f1508"
              "020a16190e15091b0f05050f3627180d040b13152523141e240d0c13764e2c190b181f1f5640262c0e06"
              "16393e4c4516051841513336154402030b2b0f1d1b0d0108203b0d12073904140c0d0c251807030f1b11"
              "0a1a17170d5026161538250f07313d1c0d2c411f0722110d141e1c0e071420150f2224160507060d1a14"
              "0f0e050a1311131a111e1e0d0811381b19140c0f1b192e2d23264a201c1e9b7742262437342a985f3b41"
              "1e0f30645977742b11347580586228650408164b12262e1c040e3660111c115706220f14141e1d100714"
              "24170e262121116b3322114d24190e3c43260f2c4b370b321412101d201b0b142a200d232a1f0a0d0a19"
              "0f0e0d1a050a0e170a24162b361c0f1748251c201f1920243838303a804d332ee9953e376f673839976c"
              "4c58362c5479839478523c5d80935f7d4367071128581024353709163b6f0d2a225e092f161b0d25201e"
              "091631230c232c3d"},
             {512, 300, 0.463947F,
              "25563b3726543837255437352a56383717212b3d15202d3f17212d401a222c3e0f1811170e181219101a"
              "1319111a111712111210111311111416141414141111190f100f180f10101a12111319110f10210f1110"
              "2210111124131315271211103b23100f3b23110f3c2312113c23110f3e7a211d417c221e407c22204079"
              "211e2b33363d2c3031372b2d2f352d313338282b2f36282f32392b30333b2e2e32361a181a1f1b1e2025"
              "1d2022251c1c1e1e1d171a191b19191c231d201f1f191b1a250b100d200c0f0f220e1011200d0d0f3515"
              "1a19341a1c1c391d1e2041191b1958191718591a191a5c1f1d1c5a19181850322c315633303554353134"
              "52322e33303b4146292d3136272d31352833373c2f31363b2d2f32332d2e323431333836313235373f42"
              "464238414745353b3f3a251012161f1313151f1315191f1415172a05050729060608290706092805050a"
              "3b121514331617184017171a4415181943282a2b392b2f2f3a2f33313e2a2d2c4e5e6567586872725a6a"
              "727151636b6b35363a321c2023201c21231e202b2d2c241b1d27170a0a1516090a131f14151d16121316"
              "1d12131a1a12131a1816171b0b0404070d05050b0c05050c0a04040a0b0101050d0201060a0201070e02"
              "0107090202050e0303080a0303090b030308221e20232d272a312d2629312824262c565b6160575c6460"
              "565d646053585f5d"}};

static float pixels[SIDE_MAX * SIDE_MAX];
static void *state, *scratch;

static struct as_out extract(uint32_t w, uint32_t h, float *structure, uint8_t *code)
{
    const struct as_unit unit = {.views = AS_SAMPLE, .sample = {pixels, w, h, w}};
    struct as_out out = {.feat = structure, .code = code};

    assert_int_equal(as_det_extract(&as_detector_gist, state, &unit, scratch, &out), AS_OK);
    return out;
}

static void fill(uint32_t w, uint32_t h, float (*at)(uint32_t x, uint32_t y))
{
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            pixels[y * w + x] = at(x, y);
}

static float formula(uint32_t x, uint32_t y)
{
    return (float)(((x * x / 37 + y * 5) & 127) + (x / 23 + y / 31) % 3 * 40);
}

/* Rounding may go the other way where a number lies in the middle: float against double. */
static void test_known(void **unused)
{
    uint8_t code[AS_GIST_DIM];
    float structure;
    (void)unused;

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t off = 0;
        fill(known[i].w, known[i].h, formula);
        assert_int_equal(extract(known[i].w, known[i].h, &structure, code).verdict, AS_APPLIES);
        assert_true(fabsf(structure - known[i].structure) < 1e-4F);
        for (uint32_t k = 0; k < AS_GIST_DIM; k++) {
            unsigned v;
            assert_int_equal(sscanf(known[i].hex + (size_t)2 * k, "%2x", &v), 1);
            assert_true(abs((int)v - (int)code[k]) <= 1);
            off += v != code[k];
        }
        assert_true(off <= 5);
    }
}

static double wave_x, wave_y;

static float grating(uint32_t x, uint32_t y)
{
    return (float)(128 + 60 * sin(wave_x * x + wave_y * y));
}

/* The filter that gives most over all cells. */
static uint32_t strongest(const uint8_t *code)
{
    uint32_t best = 0, most = 0;

    for (uint32_t f = 0; f < SCALES * TURNS; f++) {
        uint32_t sum = 0;
        for (uint32_t k = 0; k < CELLS; k++)
            sum += code[f * CELLS + k];
        if (sum > most) {
            most = sum;
            best = f;
        }
    }
    return best;
}

/* A grating of a filter's own frequency and direction is seen by that filter most.  Filter `turn`
 * looks along the angle -pi turn / 8. */
static void test_gratings(void **unused)
{
    uint8_t code[AS_GIST_DIM];
    float structure;
    (void)unused;

    for (uint32_t scale = 0; scale < SCALES; scale++)
        for (uint32_t turn = 0; turn < TURNS; turn++) {
            const double f = 2 * acos(-1) * 0.3 / pow(1.85, scale), a = -acos(-1) * turn / TURNS;
            wave_x = f * cos(a);
            wave_y = f * sin(a);
            fill(128, 128, grating);
            assert_int_equal(extract(128, 128, &structure, code).verdict, AS_APPLIES);
            assert_int_equal(strongest(code), scale * TURNS + turn);
        }
}

static uint32_t lit;

static float one_cell(uint32_t x, uint32_t y)
{
    const bool in =
        y / 32 * 4 + x / 32 == lit && x % 32 > 7 && x % 32 < 24 && y % 32 > 7 && y % 32 < 24;
    return in ? (float)((x * 7 + y * 13) % 5 * 50) : 100;
}

/* Structure is found in the cell where it lies. */
static void test_cells(void **unused)
{
    uint8_t code[AS_GIST_DIM];
    float structure;
    (void)unused;

    for (lit = 0; lit < CELLS; lit++) {
        uint32_t sum[CELLS] = {0};
        fill(128, 128, one_cell);
        assert_int_equal(extract(128, 128, &structure, code).verdict, AS_APPLIES);
        for (uint32_t k = 0; k < AS_GIST_DIM; k++)
            sum[k % CELLS] += code[k];
        for (uint32_t k = 0; k < CELLS; k++)
            assert_true(k == lit || sum[k] < sum[lit]);
    }
}

static float darker(uint32_t x, uint32_t y)
{
    return 20 + formula(x, y) / 2;
}

static float flat(uint32_t x, uint32_t y)
{
    (void)x;
    (void)y;
    return 77;
}

static float slope(uint32_t x, uint32_t y)
{
    return (float)(x + y) / 2;
}

/* Less light and contrast change nothing; what has no structure is not described. */
static void test_light(void **unused)
{
    uint8_t a[AS_GIST_DIM], b[AS_GIST_DIM];
    float structure;
    (void)unused;

    fill(300, 200, formula);
    assert_int_equal(extract(300, 200, &structure, a).verdict, AS_APPLIES);
    fill(300, 200, darker);
    assert_int_equal(extract(300, 200, &structure, b).verdict, AS_APPLIES);
    for (uint32_t k = 0; k < AS_GIST_DIM; k++)
        assert_true(abs((int)a[k] - (int)b[k]) <= 1);
    fill(200, 200, flat);
    assert_int_equal(extract(200, 200, &structure, a).verdict, AS_ABSTAINS);
    fill(200, 200, slope);
    assert_int_equal(extract(200, 200, &structure, a).verdict, AS_ABSTAINS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_gratings),
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_light),
    };
    int failed = 1;

    scratch = malloc(as_det_scratch_bytes(&as_detector_gist, SIDE_MAX, SIDE_MAX));
    if (scratch && as_det_init(&as_detector_gist, &state) == AS_OK) {
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        as_det_free(&as_detector_gist, state);
    }
    free(scratch);
    return failed;
}
