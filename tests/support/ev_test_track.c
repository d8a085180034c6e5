/* SPDX-License-Identifier: MIT */
/* Writes circuits with closed forms. */
#include "support/ev_test_track.h"

#include <math.h>
#include <stdio.h>

#include "support/ev_test.h"

static FILE *start_file(const char *path)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fputs("x_m,y_m,left_m,right_m\n", file);
    return file;
}

const char *ev_test_circle(const char *name, double radius_m, int n, double half_width_m)
{
    const char *path = ev_test_path(name);
    FILE *file = start_file(path);

    for (int i = 0; i < n; i++) {
        double angle = 2.0 * M_PI * i / n;
        fprintf(file, "%.6f,%.6f,%g,%g\n", radius_m * cos(angle), radius_m * sin(angle),
                half_width_m, half_width_m);
    }
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

const char *ev_test_oval(const char *name, double length_m, double radius_m, double half_width_m)
{
    const char *path = ev_test_path(name);
    FILE *file = start_file(path);
    double lap_m = 2.0 * length_m + 2.0 * M_PI * radius_m;
    int n = (int)(lap_m / 0.5);

    for (int i = 0; i < n; i++) {
        double s = lap_m * i / n, x, y;
        if (s < length_m) {
            x = s, y = 0.0;
        } else if (s < length_m + M_PI * radius_m) {
            double angle = (s - length_m) / radius_m;
            x = length_m + radius_m * sin(angle), y = radius_m * (1.0 - cos(angle));
        } else if (s < 2.0 * length_m + M_PI * radius_m) {
            x = 2.0 * length_m + M_PI * radius_m - s, y = 2.0 * radius_m;
        } else {
            double angle = (s - 2.0 * length_m) / radius_m;
            x = radius_m * sin(angle), y = radius_m * (1.0 - cos(angle));
        }
        fprintf(file, "%.6f,%.6f,%g,%g\n", x, y, half_width_m, half_width_m);
    }
    ck_assert_int_eq(fclose(file), 0);
    return path;
}
