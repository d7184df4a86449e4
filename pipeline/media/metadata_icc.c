/* metadata_icc.c - what an ICC profile says about itself. */
#include "metadata.h"

#include <lcms2.h>

#include <stdio.h>
#include <wchar.h>

/* The words of a profile that matter, as UTF-8. */
static void add_info(struct as_md *md, cmsHPROFILE profile, const char *key, cmsInfoType what)
{
    enum { WORDS = 512 };
    wchar_t wide[WORDS];
    uint8_t utf16[2 * WORDS];
    size_t n = 0;
    cmsUInt32Number got;

    memset(wide, 0, sizeof wide);
    got = cmsGetProfileInfo(profile, what, "en", "US", wide, sizeof wide - sizeof *wide);
    if (got == 0)
        return;
    for (; n < WORDS - 1 && wide[n] != 0; n++) {
        utf16[2 * n] = (uint8_t)(wide[n] >> 8 & 255); /* lcms keeps 16-bit units */
        utf16[2 * n + 1] = (uint8_t)(wide[n] & 255);
    }
    as_md_utf16(md, key, utf16, 2 * n, true);
}

static const char *class_word(const uint8_t *four)
{
    static const struct {
        char code[5];
        const char *word;
    } words[] = {{"scnr", "input device"},  {"mntr", "display device"}, {"prtr", "output device"},
                 {"link", "device link"},   {"abst", "abstract"},       {"spac", "colour space"},
                 {"nmcl", "named colours"}, {"cenc", "encoding space"}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (memcmp(four, words[i].code, 4) == 0)
            return words[i].word;
    return NULL;
}

static void add_four(struct as_md *md, const char *key, const uint8_t *four)
{
    size_t n = 4;

    while (n > 0 && (four[n - 1] == 0 || four[n - 1] == ' '))
        n--;
    as_md_latin1(md, key, four, n);
}

static void add_header(struct as_md *md, const uint8_t *at, size_t n)
{
    const char *word = class_word(at + 12);

    as_kvs_addf(md->kvs, "icc.size", "%u", as_u32be(at));
    if (as_u32be(at) != n)
        as_md_broken(md, "ICC profile of another size than it says");
    add_four(md, "icc.cmm", at + 4);
    as_kvs_addf(md->kvs, "icc.version", "%u.%u.%u", at[8], at[9] >> 4, at[9] & 15u);
    if (word)
        as_kvs_add(md->kvs, "icc.device_class", word, strlen(word));
    else
        add_four(md, "icc.device_class", at + 12);
    add_four(md, "icc.colour_space", at + 16);
    add_four(md, "icc.connection_space", at + 20);
    if (as_u16be(at + 24) != 0)
        as_kvs_addf(md->kvs, "icc.created", "%04u:%02u:%02u %02u:%02u:%02u", as_u16be(at + 24),
                    as_u16be(at + 26), as_u16be(at + 28), as_u16be(at + 30), as_u16be(at + 32),
                    as_u16be(at + 34));
    add_four(md, "icc.platform", at + 40);
    add_four(md, "icc.manufacturer", at + 48);
    add_four(md, "icc.model", at + 52);
}

void as_md_icc(struct as_md *md, const uint8_t *at, size_t n)
{
    cmsHPROFILE profile;

    if (!as_md_enter(md, n))
        return;
    if (n < 132 || n > AS_BLOCK_MAX || memcmp(at + 36, "acsp", 4) != 0) {
        as_md_broken(md, "ICC profile header");
        as_md_leave(md);
        return;
    }
    add_header(md, at, n);
    profile = cmsOpenProfileFromMem(at, (cmsUInt32Number)n);
    if (profile) {
        add_info(md, profile, "icc.description", cmsInfoDescription);
        add_info(md, profile, "icc.copyright", cmsInfoCopyright);
        add_info(md, profile, "icc.manufacturer_text", cmsInfoManufacturer);
        add_info(md, profile, "icc.model_text", cmsInfoModel);
        cmsCloseProfile(profile);
    } else {
        as_md_broken(md, "ICC profile");
    }
    as_md_leave(md);
}
