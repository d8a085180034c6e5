/* SPDX-License-Identifier: MIT */
/* Resizing: each method is a table of weights for each axis; the same loops apply them. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "picture/picture.h"

/* One axis: output i is the sum of weights[i * n_most + k] * input[first[i] + k] over k < n[i]. */
struct axis {
    int32_t *first;
    int32_t *n;
    float *weights;
    int32_t n_most;
};

static void free_axis(struct axis *axis)
{
    free(axis->first);
    free(axis->n);
    free(axis->weights);
}

/* The two neighbours of the output's centre; beyond the outermost centres, the edge. */
static void weigh_linear(struct axis *axis, int32_t i, double scale, int32_t n_in)
{
    double at = (i + 0.5) * scale - 0.5;
    int32_t left = (int32_t)floor(at);
    double right_share = at - left;

    if (left < 0 || left >= n_in - 1) {
        left = left < 0 ? 0 : n_in - 1;
        right_share = 0.0;
    }
    axis->first[i] = left;
    axis->n[i] = right_share > 0.0 ? 2 : 1;
    axis->weights[i * axis->n_most] = (float)(1.0 - right_share);
    axis->weights[i * axis->n_most + 1] = (float)right_share;
}

/* The inputs that the output covers, by the share of it that each has. */
static void weigh_area(struct axis *axis, int32_t i, double scale, int32_t n_in)
{
    double low = i * scale, high = fmin((i + 1) * scale, n_in);
    int32_t first = (int32_t)low;
    int32_t end = (int32_t)ceil(high);

    axis->first[i] = first;
    axis->n[i] = end - first;
    for (int32_t k = 0; k < end - first; k++) {
        double covered = fmin(first + k + 1, high) - fmax(first + k, low);
        axis->weights[i * axis->n_most + k] = (float)(covered / (high - low));
    }
}

static void weigh_nearest(struct axis *axis, int32_t i, double scale, int32_t n_in)
{
    int32_t nearest = (int32_t)((i + 0.5) * scale);

    axis->first[i] = nearest < n_in ? nearest : n_in - 1;
    axis->n[i] = 1;
    axis->weights[i * axis->n_most] = 1.0f;
}

static bool make_axis(struct axis *axis, enum ev_picture_resize method, int32_t n_in, int32_t n_out)
{
    double scale = (double)n_in / n_out;

    axis->n_most = method == EV_RESIZE_AREA ? (int32_t)scale + 3 : 2;
    axis->first = malloc((size_t)n_out * sizeof *axis->first);
    axis->n = malloc((size_t)n_out * sizeof *axis->n);
    axis->weights = malloc((size_t)n_out * (size_t)axis->n_most * sizeof *axis->weights);
    if (!axis->first || !axis->n || !axis->weights)
        return false;
    for (int32_t i = 0; i < n_out; i++) {
        if (method == EV_RESIZE_LINEAR)
            weigh_linear(axis, i, scale, n_in);
        else if (method == EV_RESIZE_AREA)
            weigh_area(axis, i, scale, n_in);
        else
            weigh_nearest(axis, i, scale, n_in);
    }
    return true;
}

/* Adds `weight` times a row of n bytes to sums[0..n-1]. */
static void add_row(const uint8_t *restrict row, size_t n, float weight, float *restrict sums)
{
    for (size_t i = 0; i < n; i++)
        sums[i] += weight * (float)row[i];
}

/* The pixels (n_out, channels) of a row, from the sums of its rows. `channels` is a constant where
 * this is called, so that the inner loops are unrolled. */
static inline void mix_columns(const struct axis *axis, const float *sums, int32_t n_out,
                               int32_t channels, uint8_t *out)
{
    for (int32_t x = 0; x < n_out; x++, out += channels) {
        const float *from = sums + (ptrdiff_t)axis->first[x] * channels;
        const float *weights = axis->weights + (ptrdiff_t)x * axis->n_most;
        float values[3] = {0.5f, 0.5f, 0.5f}; /* so that cutting off rounds */
        for (int32_t k = 0; k < axis->n[x]; k++, from += channels) {
            for (int32_t c = 0; c < channels; c++)
                values[c] += weights[k] * from[c];
        }
        for (int32_t c = 0; c < channels; c++)
            out[c] = values[c] < 255.0f ? (uint8_t)values[c] : 255;
    }
}

enum ev_status ev_picture_resize(const struct ev_picture *picture, enum ev_picture_resize method,
                                 int32_t height, int32_t width, uint8_t *out, struct ev_error *err)
{
    struct axis xs = {0}, ys = {0};
    const int32_t channels = picture->channels;
    size_t n_sums = (size_t)picture->width * (size_t)channels;
    float *sums = malloc(n_sums * sizeof *sums);
    enum ev_status status = EV_OK;

    if (!sums || !make_axis(&xs, method, picture->width, width) ||
        !make_axis(&ys, method, picture->height, height)) {
        status = ev_fail(err, EV_MEMORY, "out of memory");
        goto done;
    }
    /* Rows first: adding whole rows is what the processor does fastest. */
    for (int32_t y = 0; y < height; y++, out += (size_t)width * (size_t)channels) {
        const uint8_t *row = picture->pixels + (size_t)ys.first[y] * picture->row_bytes;
        memset(sums, 0, n_sums * sizeof *sums);
        for (int32_t k = 0; k < ys.n[y]; k++, row += picture->row_bytes)
            add_row(row, n_sums, ys.weights[y * ys.n_most + k], sums);
        if (channels == 3)
            mix_columns(&xs, sums, width, 3, out);
        else
            mix_columns(&xs, sums, width, 1, out);
    }
done:
    free_axis(&xs);
    free_axis(&ys);
    free(sums);
    return status;
}
