/* SPDX-License-Identifier: MIT */
/* Sets of any shape whose rows can be told apart: pixels and labels are functions of the row's
 * number, so wrong order, repeats and a lost tail show. */
#ifndef EV_TEST_SET_H
#define EV_TEST_SET_H

#include <stddef.h>
#include <stdint.h>

#include "set/set.h"

/* Byte i of a row's picture: byte i % 4 of the row's number plus i / 4. */
uint8_t ev_test_pixel(int64_t row, size_t i);
/* Label of an output, physical: the row's number plus a quarter for each output before. */
float ev_test_label(int64_t row, int32_t output);

/* The description of such a set: contiguous, without poses; outputs "out0", "out1", ... in "m"
 * with the range -1 to n_rows. */
struct ev_set_spec ev_test_set_spec(int64_t n_rows, int32_t height, int32_t width, int32_t channels,
                                    int32_t n_outputs);
/* Appends rows [first, first + n) of such a set. Asserts nothing, so that it can run where check
 * itself could not write its notes. */
enum ev_status ev_test_append(struct ev_set_writer *writer, const struct ev_set_spec *spec,
                              int64_t first, int64_t n, struct ev_error *err);
/* Writes a whole file as `spec` says; fails the test if that fails. */
void ev_test_write_spec(const char *path, const struct ev_set_spec *spec);
void ev_test_write_set(const char *path, int64_t n_rows, int32_t height, int32_t width,
                       int32_t channels, int32_t n_outputs);

/* Fails the test unless `images` holds the pictures of rows [first, first + n). */
void ev_test_check_pictures(const uint8_t *images, int64_t first, int64_t n, size_t row_bytes);

#endif
