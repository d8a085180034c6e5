/* SPDX-License-Identifier: MIT */
/* Attributes of HDF5 objects: texts (fixed or variable length) and numbers, as h5py writes them. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "set/set_private.h"

/* Opens an attribute whose number of elements is n (any number if n < 0); -1 otherwise. */
static hid_t open_attribute(hid_t object, const char *name, hssize_t n)
{
    if (H5Aexists(object, name) <= 0)
        return -1;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0)
        return -1;
    hid_t space = H5Aget_space(attribute);
    hssize_t found = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    if (space >= 0)
        H5Sclose(space);
    if (found < 0 || (n >= 0 && found != n)) {
        H5Aclose(attribute);
        return -1;
    }
    return attribute;
}

/* Reads n strings of either kind into one block of n cells of `size` bytes each, NUL-terminated;
 * NULL if they are not strings. malloc'ed. */
static char *read_cells(hid_t attribute, int n, size_t *size)
{
    char *cells = NULL;
    hid_t type = H5Aget_type(attribute);
    hid_t memory_type = H5Tcopy(H5T_C_S1);

    if (type < 0 || memory_type < 0 || H5Tget_class(type) != H5T_STRING)
        goto done;
    H5Tset_cset(memory_type, H5Tget_cset(type));
    if (H5Tis_variable_str(type) > 0) {
        char **texts = calloc((size_t)n, sizeof *texts);
        H5Tset_size(memory_type, H5T_VARIABLE);
        if (!texts || H5Aread(attribute, memory_type, texts) < 0) {
            for (int i = 0; texts && i < n; i++)
                H5free_memory(texts[i]); /* those that were read before it failed */
            free(texts);
            goto done;
        }
        *size = 1;
        for (int i = 0; i < n; i++) {
            size_t length = texts[i] ? strlen(texts[i]) + 1 : 1;
            *size = length > *size ? length : *size;
        }
        cells = *size <= EV_SET_MAX_TEXT_BYTES ? calloc((size_t)n, *size) : NULL;
        for (int i = 0; i < n; i++) {
            if (cells && texts[i])
                memcpy(cells + (size_t)i * *size, texts[i], strlen(texts[i]));
            H5free_memory(texts[i]);
        }
        free(texts);
    } else {
        *size = H5Tget_size(type) + 1;
        if (*size > EV_SET_MAX_TEXT_BYTES || H5Tset_size(memory_type, *size) < 0)
            goto done;
        H5Tset_strpad(memory_type, H5T_STR_NULLTERM);
        cells = calloc((size_t)n, *size);
        if (cells && H5Aread(attribute, memory_type, cells) < 0) {
            free(cells);
            cells = NULL;
        }
    }
done:
    if (memory_type >= 0)
        H5Tclose(memory_type);
    if (type >= 0)
        H5Tclose(type);
    return cells;
}

char *ev_set_read_text(hid_t object, const char *name)
{
    size_t size;
    hid_t attribute = open_attribute(object, name, 1);

    if (attribute < 0)
        return NULL;
    char *text = read_cells(attribute, 1, &size);
    H5Aclose(attribute);
    return text;
}

bool ev_set_read_texts(hid_t object, const char *name, int n, char (*texts)[EV_SET_TEXT_SIZE])
{
    size_t size;
    hid_t attribute = open_attribute(object, name, n);

    if (attribute < 0)
        return false;
    char *cells = read_cells(attribute, n, &size);
    H5Aclose(attribute);
    for (int i = 0; cells && i < n; i++)
        ev_text_clean(cells + (size_t)i * size, texts[i], sizeof texts[i]);
    free(cells);
    return cells != NULL;
}

bool ev_set_texts_fit(hid_t object, const char *name, int n)
{
    size_t size = 0;
    hid_t attribute = open_attribute(object, name, n);
    bool fit = true;

    if (attribute < 0)
        return true;
    char *cells = read_cells(attribute, n, &size);
    H5Aclose(attribute);
    for (int i = 0; cells && i < n; i++)
        fit = fit && strlen(cells + (size_t)i * size) < EV_SET_TEXT_SIZE;
    free(cells);
    return fit;
}

bool ev_set_read_doubles(hid_t object, const char *name, int n, double *values)
{
    hid_t attribute = open_attribute(object, name, n);

    if (attribute < 0)
        return false;
    bool ok = H5Aread(attribute, H5T_NATIVE_DOUBLE, values) >= 0;
    H5Aclose(attribute);
    return ok;
}

bool ev_set_read_double(hid_t object, const char *name, double *value)
{
    return ev_set_read_doubles(object, name, 1, value);
}

/* One value (n < 0) or n values; frees the space. */
static herr_t write_attribute(hid_t object, const char *name, int n, hid_t file_type,
                              hid_t memory_type, const void *data)
{
    hsize_t extent = (hsize_t)n;
    hid_t space = n < 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &extent, NULL);
    hid_t attribute = -1;
    herr_t result = -1;

    if (space >= 0)
        attribute = H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute >= 0) {
        result = H5Awrite(attribute, memory_type, data);
        if (H5Aclose(attribute) < 0)
            result = -1;
    }
    if (space >= 0)
        H5Sclose(space);
    return result;
}

/* Variable-length UTF-8, which h5py gives back as str, not bytes. */
static herr_t write_strings(hid_t object, const char *name, int n, const char *const *texts)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    herr_t result = -1;

    if (type >= 0 && H5Tset_size(type, H5T_VARIABLE) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0)
        result = write_attribute(object, name, n, type, type, texts);
    if (type >= 0)
        H5Tclose(type);
    return result;
}

herr_t ev_set_write_texts(hid_t object, const char *name, int n, const char *const *texts)
{
    return write_strings(object, name, n, texts);
}

herr_t ev_set_write_text(hid_t object, const char *name, const char *text)
{
    return write_strings(object, name, -1, &text);
}

herr_t ev_set_write_doubles(hid_t object, const char *name, int n, const double *values)
{
    return write_attribute(object, name, n, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values);
}

herr_t ev_set_write_double(hid_t object, const char *name, double value)
{
    return write_attribute(object, name, -1, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

herr_t ev_set_write_int(hid_t object, const char *name, int64_t value)
{
    return write_attribute(object, name, -1, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}
