/* SPDX-License-Identifier: MIT */
/* What the pictures of a file are: their type, and which axis is which. */
#include <stdlib.h>

#include "base/progress.h"
#include "set/set_private.h"

/* Larger pictures are a mistake in the file: no camera has this many pixels in a row. */
#define MAX_SIDE   16384
/* Of one picture. */
#define MAX_VALUES ((hsize_t)1 << 30)
/* At 20 pictures a second, 1,700 years; keeps all sizes made from it far from overflowing. */
#define MAX_ROWS   ((hsize_t)1 << 40)

/* The types that are read without HDF5's conversion. */
static bool is_half(hid_t type)
{
    size_t sign, exponent, n_exponent, mantissa, n_mantissa;

    return H5Tget_class(type) == H5T_FLOAT && H5Tget_size(type) == 2 &&
           H5Tget_order(type) == H5Tget_order(H5T_NATIVE_FLOAT) &&
           H5Tget_fields(type, &sign, &exponent, &n_exponent, &mantissa, &n_mantissa) >= 0 &&
           sign == 15 && exponent == 10 && n_exponent == 5 && mantissa == 0 && n_mantissa == 10 &&
           H5Tget_ebias(type) == 15 && H5Tget_norm(type) == H5T_NORM_IMPLIED &&
           H5Tget_precision(type) == 16 && H5Tget_offset(type) == 0;
}

/* Bytes are bytes, but those of fewer than 8 bits come from HDF5; so do other floats than half and
 * single, as single. */
static enum ev_status find_element(struct ev_set *set, enum ev_storage *storage,
                                   struct ev_error *err)
{
    hid_t type = H5Dget_type(set->images);
    H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    enum ev_status status = EV_OK;

    *storage = EV_STORAGE_BLOCK;
    if (class == H5T_INTEGER && H5Tget_size(type) == 1 && H5Tget_sign(type) == H5T_SGN_NONE) {
        set->element = EV_ELEMENT_U8;
        if (H5Tget_precision(type) != 8)
            *storage = EV_STORAGE_HDF5;
    } else if (class == H5T_FLOAT) {
        bool single = H5Tequal(type, H5T_NATIVE_FLOAT) > 0;
        set->element = is_half(type) ? EV_ELEMENT_F16 : EV_ELEMENT_F32;
        if (!single && set->element == EV_ELEMENT_F32)
            *storage = EV_STORAGE_HDF5;
    } else {
        status = ev_fail(err, EV_INPUT, "%s: /%s is %s, expected uint8 or floats", set->path,
                         set->images_name, ev_set_type_name(type));
    }
    if (type >= 0)
        H5Tclose(type);
    set->info.form = set->element == EV_ELEMENT_U8 ? EV_FORM_U8_NHWC : EV_FORM_F32_NCHW;
    return status;
}

static bool is_usual(hsize_t n_channels)
{
    return n_channels == 1 || n_channels == 3 || n_channels == 4;
}

/* Whether the channels come first: by their usual numbers, else by the shorter axis. */
static bool channels_first(const hsize_t *extent)
{
    if (is_usual(extent[3]) || is_usual(extent[1]))
        return !is_usual(extent[3]);
    return extent[1] < extent[3];
}

/* Which of the axes behind N are H, W and C. */
static void order_axes(struct ev_set *set, int rank, const hsize_t *extent, hsize_t axes[3])
{
    set->planar = rank == 4 && (set->layout == EV_SET_LAYOUT_NCHW ||
                                (set->layout == EV_SET_LAYOUT_FOUND && channels_first(extent)));
    axes[0] = set->planar ? extent[2] : extent[1];
    axes[1] = set->planar ? extent[3] : extent[2];
    axes[2] = rank == 3 ? 1 : set->planar ? extent[1] : extent[3];
}

enum ev_status ev_set_find_pictures(struct ev_set *set, struct ev_error *err)
{
    hsize_t extent[H5S_MAX_RANK], axes[3];
    int rank;

    enum ev_status status =
        ev_set_open_dataset(set, set->images_name, &set->images, &rank, extent, err);
    if (status == EV_OK)
        status = find_element(set, &set->storage, err);
    if (status != EV_OK)
        return status;
    if (rank != 3 && rank != 4)
        return ev_fail(err, EV_INPUT,
                       "%s: /%s has %d dimensions, expected 4, (N, H, W, C) or (N, C, H, W)",
                       set->path, set->images_name, rank);
    if (extent[0] == 0)
        return ev_fail(err, EV_INPUT, "%s: /%s has no rows", set->path, set->images_name);
    order_axes(set, rank, extent, axes);
    bool empty = axes[0] < 1 || axes[1] < 1 || axes[2] < 1;
    /* With sides in bounds the products do not overflow; N rows must be countable too. */
    if (empty || axes[0] > MAX_SIDE || axes[1] > MAX_SIDE || axes[2] > MAX_SIDE ||
        axes[0] * axes[1] * axes[2] > MAX_VALUES || extent[0] > MAX_ROWS ||
        extent[0] > INT64_MAX / 4 / (axes[0] * axes[1] * axes[2]))
        return ev_fail(err, EV_INPUT, "%s: /%s has %llu pictures of %llu x %llu x %llu: %s",
                       set->path, set->images_name, (unsigned long long)extent[0],
                       (unsigned long long)axes[0], (unsigned long long)axes[1],
                       (unsigned long long)axes[2], empty ? "empty" : "too large");
    set->info.n_rows = (int64_t)extent[0];
    set->info.shape = (struct ev_shape){(int32_t)axes[0], (int32_t)axes[1], (int32_t)axes[2]};
    set->stored_bytes = (size_t)(axes[0] * axes[1] * axes[2]) * ev_element_bytes(set->element);
    return EV_OK;
}

/* The first rows tell what floats are. */
#define WHITE_ROWS 16
/* Pictures around a mean of 0, in units of their deviation, stay far below this. */
#define MOST_WHITE 16.0f

static float largest_value(struct ev_set *set)
{
    const size_t picture_bytes = ev_set_picture_bytes(&set->info, EV_FORM_F32_NCHW);
    const int64_t n = set->info.n_rows < WHITE_ROWS ? set->info.n_rows : WHITE_ROWS;
    struct ev_error ignored = EV_ERROR_INIT;
    float *values = malloc((size_t)n * picture_bytes), largest = 0.0f;

    /* What cannot be read is an error when the set is gone through. */
    if (values && ev_set_read(set, EV_FORM_F32_NCHW, 0, n, values, &ignored) == EV_OK) {
        for (size_t i = 0; i < (size_t)n * picture_bytes / sizeof *values; i++)
            largest = values[i] > largest ? values[i] : largest;
    }
    free(values);
    return largest;
}

enum ev_status ev_set_check_white(struct ev_set *set, struct ev_error *err)
{
    char line[512];

    if (set->info.form != EV_FORM_F32_NCHW || set->white_is_given)
        return EV_OK;
    const double largest = largest_value(set);
    if (largest > MOST_WHITE)
        return ev_fail(err, EV_INPUT,
                       "%s: /%s goes up to %g, but models take floats of 0 to 1: add --white %g "
                       "(--white 1 takes them as they are)",
                       set->path, set->images_name, largest, largest <= 255.0 ? 255.0 : largest);
    if (largest > 1.5) {
        snprintf(line, sizeof line,
                 "%.300s: /%.60s goes up to %g, and models take floats of 0 to 1 (--white scales "
                 "them)",
                 set->path, set->images_name, largest);
        ev_progress_note(line);
    }
    return EV_OK;
}
