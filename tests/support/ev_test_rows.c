/* SPDX-License-Identifier: MIT */
/* Writes sets with numbered rows. */
#include "support/ev_test_rows.h"

#include <math.h>
#include <stdlib.h>

#include "set/set.h"
#include "support/ev_test.h"

double ev_test_rows_w(int64_t row)
{
    static const double turns[] = {0.5, 1.5, -2.5};
    return turns[row % 3];
}

int64_t ev_test_rows_number(float target_v)
{
    return llround((double)target_v * EV_TEST_ROWS_MAX);
}

int64_t ev_test_rows_picture(const uint8_t *picture)
{
    return picture[0] + 256 * picture[1];
}

bool ev_test_rows_mirrored(const uint8_t *picture)
{
    return picture[2] > picture[3 * (EV_TEST_ROWS_WIDTH - 1) + 2];
}

const char *ev_test_rows(const char *name, int64_t first_row, int64_t n)
{
    struct ev_error err = EV_ERROR_INIT;
    const char *path = ev_test_path(name);
    struct ev_set_writer *writer = NULL;
    struct ev_set_spec spec = {
        .n_rows = n,
        .shape = {EV_TEST_ROWS_HEIGHT, EV_TEST_ROWS_WIDTH, 3},
        .n_outputs = 2,
        .columns = {{"v", "m/s", 0.0, EV_TEST_ROWS_MAX},
                    {"w", "rad/s", -EV_TEST_ROWS_MAX_W, EV_TEST_ROWS_MAX_W}},
        .circuit = "",
        .provenance = "",
    };

    ev_assert_ok(ev_set_writer_open(path, &spec, &writer, &err));
    for (int64_t row = first_row; row < first_row + n; row++) {
        uint8_t picture[EV_TEST_ROWS_BYTES];
        float labels[2] = {(float)row, (float)ev_test_rows_w(row)};
        for (int i = 0; i < EV_TEST_ROWS_BYTES; i += 3) {
            picture[i] = (uint8_t)(row % 256);
            picture[i + 1] = (uint8_t)(row / 256);
            picture[i + 2] = (uint8_t)(20 + i / 3 % EV_TEST_ROWS_WIDTH * 50);
        }
        ev_assert_ok(ev_set_writer_append(writer, 1, picture, labels, NULL, &err));
    }
    ev_assert_ok(ev_set_writer_commit(writer, &err));
    return path;
}
