/* SPDX-License-Identifier: MIT */
/* Sources of imports, and the rows they become. */
#include "support/ev_test_import.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/progress.h"
#include "set/set.h"
#include "support/ev_test.h"
#include "support/ev_test_picture.h"

static struct ev_error err;

struct ev_import_args ev_test_import_args(const char *source)
{
    static char paths[2][512]; /* ev_test_path's are soon used again */

    snprintf(paths[0], sizeof paths[0], "%s", ev_test_path(source));
    snprintf(paths[1], sizeof paths[1], "%s", ev_test_path("out.h5"));
    ev_progress_set_quiet(true);
    return (struct ev_import_args){
        .source = paths[0],
        .out = paths[1],
        .height = 10,
        .width = 16,
        .n_threads = 2,
    };
}

void ev_test_write_text(const char *name, const char *text)
{
    struct ev_test_file file = {(uint8_t *)strdup(text), strlen(text)};

    ev_test_write_file(ev_test_path(name), &file, file.n_bytes);
    free(file.bytes);
}

void ev_test_write_picture(const char *name, uint8_t number)
{
    uint8_t *pixels = ev_test_halves(EV_TEST_IMPORT_HEIGHT, EV_TEST_IMPORT_WIDTH, number);

    if (strstr(name, ".png")) {
        ev_assert_ok(ev_picture_write_png(ev_test_path(name), pixels, EV_TEST_IMPORT_HEIGHT,
                                          EV_TEST_IMPORT_WIDTH, 3, &err));
    } else {
        struct ev_test_file file =
            ev_test_jpeg(pixels, EV_TEST_IMPORT_HEIGHT, EV_TEST_IMPORT_WIDTH, 3, false);
        ev_test_write_file(ev_test_path(name), &file, file.n_bytes);
        free(file.bytes);
    }
    free(pixels);
}

void ev_test_make_folder(const char *name)
{
    ev_assert_ok(ev_file_make_folder(ev_test_path(name), &err));
}

void ev_test_check_rows(const struct ev_test_import_row *rows, int64_t n)
{
    struct ev_set *set;

    ev_assert_ok(ev_set_open(ev_test_path("out.h5"), NULL, &set, &err));
    const struct ev_set_info *info = ev_set_info(set);
    ck_assert_int_eq(info->n_rows, n);
    size_t row_bytes = (size_t)info->shape.width * (size_t)info->shape.channels;
    size_t n_bytes = (size_t)info->shape.height * row_bytes;
    uint8_t *picture = malloc(n_bytes);
    for (int64_t i = 0; i < n; i++) {
        ev_assert_ok(ev_set_read(set, EV_FORM_U8_NHWC, i, 1, picture, &err));
        int left = rows[i].number + (rows[i].mirrored ? 100 : 0);
        int right = rows[i].number + (rows[i].mirrored ? 0 : 100);
        ck_assert_int_le(abs(picture[0] - left), 2);
        ck_assert_int_le(abs(picture[n_bytes - 1] - right), 2);
        ck_assert_float_eq_tol(ev_set_labels(set)[i * info->n_outputs], rows[i].label, 1e-6f);
    }
    free(picture);
    ev_set_close(set);
}
