/* SPDX-License-Identifier: MIT */
/* Sets whose rows can be told apart: the label v is the row's number, and so are the pixels. */
#ifndef EV_TEST_ROWS_H
#define EV_TEST_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "evalrun/batch.h"

#define EV_TEST_ROWS_HEIGHT 3
#define EV_TEST_ROWS_WIDTH 5
#define EV_TEST_ROWS_BYTES (EV_TEST_ROWS_HEIGHT * EV_TEST_ROWS_WIDTH * 3)

/* The range of v: 0 to this. */
#define EV_TEST_ROWS_MAX 1000.0
/* The range of w: minus this to this. */
#define EV_TEST_ROWS_MAX_W 4.0

/* Writes rows first_row to first_row + n - 1 into the test's folder and returns the path (see
 * ev_test_path). Label w is 0.5, 1.5, -2.5 in turn. Channels: low byte of the row's number, high
 * byte, a ramp that rises to the right. */
const char *ev_test_rows(const char *name, int64_t first_row, int64_t n);

/* w of a row, in rad/s. */
double ev_test_rows_w(int64_t row);
/* The row's number from its normalised v. */
int64_t ev_test_rows_number(float target_v);
/* The row's number from an unchanged picture. */
int64_t ev_test_rows_picture(const uint8_t *picture);
/* Whether the ramp of a picture falls to the right. */
bool ev_test_rows_mirrored(const uint8_t *picture);

#endif
