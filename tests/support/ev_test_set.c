/* SPDX-License-Identifier: MIT */
/* Writes and checks sets of numbered rows. */
#include "support/ev_test_set.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/ev_test.h"

/* No divisor of the chunks and batches that tests use. */
#define APPEND_ROWS 7

uint8_t ev_test_pixel(int64_t row, size_t i)
{
    return (uint8_t)(((uint64_t)row >> (8 * (i % 4))) + i / 4);
}

float ev_test_label(int64_t row, int32_t output)
{
    return (float)((double)row + 0.25 * output);
}

struct ev_set_spec ev_test_set_spec(int64_t n_rows, int32_t height, int32_t width, int32_t channels,
                                    int32_t n_outputs)
{
    struct ev_set_spec spec = {
        .n_rows = n_rows,
        .shape = {height, width, channels},
        .n_outputs = n_outputs,
        .circuit = "numbers",
        .provenance = "{\"made\": \"by a test\"}",
        .frame_rate_hz = 20.0,
    };

    for (int32_t i = 0; i < n_outputs; i++) {
        spec.columns[i] = (struct ev_column){.unit = "m", .min = -1.0, .max = (double)n_rows};
        snprintf(spec.columns[i].name, sizeof spec.columns[i].name, "out%d", i);
    }
    return spec;
}

enum ev_status ev_test_append(struct ev_set_writer *writer, const struct ev_set_spec *spec,
                              int64_t first, int64_t n, struct ev_error *err)
{
    size_t row_bytes =
        (size_t)spec->shape.height * (size_t)spec->shape.width * (size_t)spec->shape.channels;
    uint8_t *images = malloc((size_t)n * row_bytes);
    float *labels = malloc((size_t)n * (size_t)spec->n_outputs * sizeof *labels);
    double *poses = malloc((size_t)n * 4 * sizeof *poses);

    enum ev_status status = EV_MEMORY;
    for (int64_t row = 0; images && labels && poses && row < n; row++) {
        for (size_t i = 0; i < row_bytes; i++)
            images[(size_t)row * row_bytes + i] = ev_test_pixel(first + row, i);
        for (int32_t i = 0; i < spec->n_outputs; i++)
            labels[row * spec->n_outputs + i] = ev_test_label(first + row, i);
        for (int i = 0; i < 4; i++)
            poses[row * 4 + i] = (double)(first + row) + i;
    }
    if (images && labels && poses)
        status =
            ev_set_writer_append(writer, n, images, labels, spec->with_pose ? poses : NULL, err);
    free(images);
    free(labels);
    free(poses);
    return status;
}

void ev_test_write_spec(const char *path, const struct ev_set_spec *spec)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_set_writer *writer = NULL;

    ev_assert_ok(ev_set_writer_open(path, spec, &writer, &err));
    for (int64_t first = 0; first < spec->n_rows; first += APPEND_ROWS) {
        int64_t left = spec->n_rows - first;
        ev_assert_ok(
            ev_test_append(writer, spec, first, left < APPEND_ROWS ? left : APPEND_ROWS, &err));
    }
    ev_assert_ok(ev_set_writer_commit(writer, &err));
}

void ev_test_write_set(const char *path, int64_t n_rows, int32_t height, int32_t width,
                       int32_t channels, int32_t n_outputs)
{
    struct ev_set_spec spec = ev_test_set_spec(n_rows, height, width, channels, n_outputs);

    ev_test_write_spec(path, &spec);
}

void ev_test_check_pictures(const uint8_t *images, int64_t first, int64_t n, size_t row_bytes)
{
    /* check notes every assertion in a file, so only the wrong byte is asserted. */
    for (int64_t row = 0; row < n; row++) {
        for (size_t i = 0; i < row_bytes; i++) {
            if (images[(size_t)row * row_bytes + i] != ev_test_pixel(first + row, i))
                ck_abort_msg("row %lld, byte %zu", (long long)(first + row), i);
        }
    }
}
