/* SPDX-License-Identifier: MIT */
/* Circuits with closed forms, written as CSV into the test's folder. */
#ifndef EV_TEST_TRACK_H
#define EV_TEST_TRACK_H

/* A circle of n points around the origin, counter-clockwise from (radius, 0), with asphalt
 * half_width_m to either side. Returns the file's path (see ev_test_path). */
const char *ev_test_circle(const char *name, double radius_m, int n, double half_width_m);

/* Two straights of length_m along x, at y = 0 (to the east) and y = 2 * radius_m (to the west),
 * joined by half circles; points every 0.5 m; starts at (0, 0). */
const char *ev_test_oval(const char *name, double length_m, double radius_m, double half_width_m);

#endif
