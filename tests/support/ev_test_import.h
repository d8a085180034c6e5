/* SPDX-License-Identifier: MIT */
/* Sources of imports in the test's folder, and the rows they become. Picture i has the grey level i
 * in its left half and i + 100 in its right one. */
#ifndef EV_TEST_IMPORT_H
#define EV_TEST_IMPORT_H

#include "import/import.h"

#define EV_TEST_IMPORT_HEIGHT 20
#define EV_TEST_IMPORT_WIDTH  40

/* Arguments for a source in the test's folder, which becomes out.h5; until the next call. */
struct ev_import_args ev_test_import_args(const char *source);
void ev_test_write_text(const char *name, const char *text);
/* Writes picture `number`, PNG or JPEG as the ending says. */
void ev_test_write_picture(const char *name, uint8_t number);
void ev_test_make_folder(const char *name);

/* A row of the set that an import should have made. */
struct ev_test_import_row {
    int number; /* of the picture */
    bool mirrored;
    float label; /* of column 0 */
};

/* Fails the test unless out.h5 has exactly these rows. */
void ev_test_check_rows(const struct ev_test_import_row *rows, int64_t n);

#endif
