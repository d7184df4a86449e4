/* h5.c - error texts and attributes of HDF5. */
#include "h5.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void as_h5_quiet(void)
{
    H5dont_atexit(); /* where a file could not be closed, it would crash; all others are closed */
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static herr_t take_first(unsigned n, const H5E_error2_t *e, void *state)
{
    const char *text = e->desc != NULL ? e->desc : "";
    const char *system = strstr(text, "error message = '");

    if (n == 0 && system != NULL) /* else file name and time leave no room for it */
        snprintf(state, AS_H5_WHY, "%.*s", (int)strcspn(system + 17, "'"), system + 17);
    else if (n == 0)
        snprintf(state, AS_H5_WHY, "%s", text);
    return 0;
}

const char *as_h5_why(char to[AS_H5_WHY])
{
    snprintf(to, AS_H5_WHY, "HDF5 does not say why");
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, to);
    H5Eclear2(H5E_DEFAULT);
    return to;
}

void as_h5_divert(hid_t file)
{
    void *handle = NULL;
    int memory = memfd_create("lost", MFD_CLOEXEC);

    if (memory >= 0 && H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) >= 0 && handle != NULL)
        dup2(memory, *(int *)handle);
    if (memory >= 0)
        close(memory);
}

/* A fixed-length ASCII type of n bytes, at least one. */
static hid_t text_type(size_t n)
{
    hid_t type = H5Tcopy(H5T_C_S1);

    if (type >= 0 &&
        (H5Tset_size(type, n > 0 ? n : 1) < 0 || H5Tset_strpad(type, H5T_STR_NULLPAD) < 0)) {
        H5Tclose(type);
        return H5I_INVALID_HID;
    }
    return type;
}

static bool put(hid_t obj, const char *name, hid_t type, hid_t space, const void *value)
{
    hid_t attr = H5Acreate2(obj, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool ok = attr >= 0 && H5Awrite(attr, type, value) >= 0;

    if (attr >= 0)
        ok = H5Aclose(attr) >= 0 && ok;
    H5Sclose(space);
    return ok;
}

static hid_t list_space(uint32_t n)
{
    const hsize_t dims[1] = {n};

    return H5Screate_simple(1, dims, NULL);
}

bool as_h5_put_text(hid_t obj, const char *name, const char *text)
{
    hid_t type = text_type(strlen(text));
    bool ok = put(obj, name, type, H5Screate(H5S_SCALAR), text);

    H5Tclose(type);
    return ok;
}

bool as_h5_put_words(hid_t obj, const char *name, const char *const *words, uint32_t n)
{
    size_t size = 1;

    for (uint32_t i = 0; i < n; i++)
        size = strlen(words[i]) > size ? strlen(words[i]) : size;
    char *list = calloc(n > 0 ? n : 1, size);
    if (list == NULL)
        return false;
    for (uint32_t i = 0; i < n; i++)
        memcpy(list + i * size, words[i], strlen(words[i]));
    hid_t type = text_type(size);
    bool ok = put(obj, name, type, list_space(n), list);
    H5Tclose(type);
    free(list);
    return ok;
}

bool as_h5_put_number(hid_t obj, const char *name, uint32_t value)
{
    uint8_t bytes[4];

    as_put_u32(bytes, value);
    return put(obj, name, H5T_STD_U32LE, H5Screate(H5S_SCALAR), bytes);
}

bool as_h5_put_count(hid_t obj, const char *name, uint64_t value)
{
    uint8_t bytes[8];

    as_put_u64(bytes, value);
    return put(obj, name, H5T_STD_U64LE, H5Screate(H5S_SCALAR), bytes);
}

bool as_h5_put_u16s(hid_t obj, const char *name, const uint16_t *values, uint32_t n)
{
    uint8_t *bytes = calloc(n > 0 ? n : 1, 2);

    if (bytes == NULL)
        return false;
    for (uint32_t i = 0; i < n; i++)
        as_put_u16(bytes + 2 * i, values[i]);
    bool ok = put(obj, name, H5T_STD_U16LE, list_space(n), bytes);
    free(bytes);
    return ok;
}

/* True when `type` is fixed-length text as we write it; its bytes in *size. */
static bool is_text(hid_t type, size_t *size)
{
    *size = H5Tget_size(type);
    return H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0 && *size > 0;
}

bool as_h5_get_text(hid_t obj, const char *name, char *to, size_t n)
{
    hid_t attr = H5Aexists(obj, name) > 0 ? H5Aopen(obj, name, H5P_DEFAULT) : H5I_INVALID_HID;
    hid_t type = attr >= 0 ? H5Aget_type(attr) : H5I_INVALID_HID;
    hid_t space = attr >= 0 ? H5Aget_space(attr) : H5I_INVALID_HID;
    size_t size = 0;
    bool ok = type >= 0 && space >= 0 && is_text(type, &size) && size < n &&
              H5Sget_simple_extent_npoints(space) == 1;

    if (ok) {
        memset(to, 0, n);
        ok = H5Aread(attr, type, to) >= 0;
    }
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    if (attr >= 0)
        H5Aclose(attr);
    return ok;
}

/* One number of this type into `bytes`. */
static bool get_scalar(hid_t obj, const char *name, hid_t want, uint8_t *bytes)
{
    hid_t attr = H5Aexists(obj, name) > 0 ? H5Aopen(obj, name, H5P_DEFAULT) : H5I_INVALID_HID;
    hid_t type = attr >= 0 ? H5Aget_type(attr) : H5I_INVALID_HID;
    hid_t space = attr >= 0 ? H5Aget_space(attr) : H5I_INVALID_HID;
    bool ok = type >= 0 && space >= 0 && H5Tequal(type, want) > 0 &&
              H5Sget_simple_extent_npoints(space) == 1 && H5Aread(attr, type, bytes) >= 0;

    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    if (attr >= 0)
        H5Aclose(attr);
    return ok;
}

bool as_h5_get_number(hid_t obj, const char *name, uint32_t *value)
{
    uint8_t bytes[4] = {0};
    bool ok = get_scalar(obj, name, H5T_STD_U32LE, bytes);

    *value = as_get_u32(bytes);
    return ok;
}

bool as_h5_get_count(hid_t obj, const char *name, uint64_t *value)
{
    uint8_t bytes[8] = {0};
    bool ok = get_scalar(obj, name, H5T_STD_U64LE, bytes);

    *value = as_get_u64(bytes);
    return ok;
}

enum as_status as_h5_get_words(hid_t obj, const char *name, char **words, uint32_t *n,
                               uint32_t *size, struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY];
    hid_t type = H5I_INVALID_HID, space = H5I_INVALID_HID;
    size_t each = 0;

    *words = NULL;
    hid_t attr = H5Aexists(obj, name) > 0 ? H5Aopen(obj, name, H5P_DEFAULT) : H5I_INVALID_HID;
    if (attr < 0 || (type = H5Aget_type(attr)) < 0 || (space = H5Aget_space(attr)) < 0)
        AS_FAIL(err, AS_EFORMAT, "the attribute %s is missing", name);
    hssize_t points = H5Sget_simple_extent_npoints(space);
    if (!is_text(type, &each) || points < 0 || each > AS_ROW_TEXT_MAX ||
        (uint64_t)points > AS_ROW_TEXT_MAX / each)
        AS_FAIL(err, AS_EFORMAT, "the attribute %s is not a list of words", name);
    if ((*words = calloc((size_t)points + 1, each)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the attribute %s", name);
    if (points > 0 && H5Aread(attr, type, *words) < 0)
        AS_FAIL(err, AS_EIO, "cannot read the attribute %s: %s", name, as_h5_why(why));
    *n = (uint32_t)points;
    *size = (uint32_t)each;
done:
    if (status != AS_OK) {
        free(*words);
        *words = NULL;
    }
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    if (attr >= 0)
        H5Aclose(attr);
    return status;
}

void as_store_versions(char *to, size_t n)
{
    unsigned major = 0, minor = 0, release = 0;

    as_h5_quiet();
    H5get_libversion(&major, &minor, &release);
    snprintf(to, n, "HDF5 %u.%u.%u (parallel)", major, minor, release);
}
