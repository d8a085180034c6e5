/* SPDX-License-Identifier: MIT */
/* Errors are those of NumPy in float64, on outputs and labels that a file holds with them. */
#include "support/ev_test.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/error_figures.h"

#define N_OUTPUTS 2
#define MAX_ROWS  1000
/* Of a figure's size. */
#define RELATIVE  1e-12

static struct ev_error err = EV_ERROR_INIT;

/* What the file has of a case, as the samples of one backend on one set. */
struct vectors {
    char name[32];
    float labels[MAX_ROWS * N_OUTPUTS];
    float outputs[MAX_ROWS * N_OUTPUTS];
    float mirrored[MAX_ROWS * N_OUTPUTS];
    struct ev_result_row row;
};

static void read_line(FILE *file, char *line, size_t size)
{
    ck_assert_msg(fgets(line, (int)size, file) != NULL, "the file is too short");
}

static void read_row(FILE *file, struct vectors *vectors, int64_t row)
{
    char line[400], *at = line;
    float *const lists[] = {vectors->labels, vectors->outputs, vectors->mirrored};

    read_line(file, line, sizeof line);
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < N_OUTPUTS; k++)
            lists[i][row * N_OUTPUTS + k] = strtof(at, &at);
    }
    ck_assert_str_eq(at, "\n");
}

/* The next case but for its figures; false at the end of the file. */
static bool read_case(FILE *file, struct vectors *vectors)
{
    struct ev_result_row *row = &vectors->row;
    char line[200];

    do {
        if (!fgets(line, sizeof line, file))
            return false;
    } while (*line == '#');
    memset(vectors, 0, sizeof *vectors);
    ck_assert_msg(sscanf(line, "case %31s %" SCNd64 " %" SCNd64, vectors->name, &row->n_rows,
                         &row->batch_rows) == 3,
                  "no case: %s", line);
    ck_assert(row->n_rows >= 1 && row->n_rows <= MAX_ROWS);
    row->n_outputs = N_OUTPUTS;
    for (int k = 0; k < N_OUTPUTS; k++) {
        struct ev_column *column = &row->columns[k];
        read_line(file, line, sizeof line);
        ck_assert_int_eq(
            sscanf(line, "column %31s %la %la", column->name, &column->min, &column->max), 3);
    }
    for (int64_t i = 0; i < row->n_rows; i++)
        read_row(file, vectors, i);
    return true;
}

/* Errors of all and of each output, as the evaluation makes them from its samples. */
static void compute(struct vectors *vectors)
{
    static char backend[] = "model", set_name[] = "set";
    char *backends[] = {backend};
    float *outputs[] = {vectors->outputs}, *mirrored[] = {vectors->mirrored};
    struct ev_samples_set set = {.name = set_name,
                                 .n_rows = vectors->row.n_rows,
                                 .n_outputs = N_OUTPUTS,
                                 .labels = vectors->labels,
                                 .outputs = outputs,
                                 .mirrored = mirrored};
    struct ev_result result = {.rows = &vectors->row, .n_rows = 1};
    bool found;

    result.samples =
        (struct ev_samples){.backends = backends, .n_backends = 1, .sets = &set, .n_sets = 1};
    vectors->row.backend = backend;
    vectors->row.set = set_name;
    ev_assert_ok(ev_error_figures_of(&result, &vectors->row, &vectors->row, &found, &err));
    ck_assert(found);
}

/* The figure that the file calls "w_mse", "all_mae_norm" or "study_mse". */
static double find_figure(const struct ev_result_row *row, const char *name)
{
    const char *what = strchr(name, '_') + 1;
    const struct ev_error_figures *errors = &row->all;

    if (strcmp(name, "study_mse") == 0)
        return row->study.mse;
    if (strcmp(name, "study_mse_mirrored") == 0)
        return row->study.mse_mirrored;
    for (int k = 0; k < N_OUTPUTS; k++) {
        if (strncmp(name, row->columns[k].name, strlen(row->columns[k].name)) == 0)
            errors = &row->outputs[k];
    }
    return strcmp(what, "mse_norm") == 0   ? errors->mse_norm
           : strcmp(what, "mae_norm") == 0 ? errors->mae_norm
           : strcmp(what, "mse") == 0      ? errors->mse
           : strcmp(what, "mae") == 0      ? errors->mae
           : strcmp(what, "rmse") == 0     ? sqrt(errors->mse)
                                           : NAN;
}

#define N_FIGURES 14 /* five of each output, two of all, two of the study */

START_TEST(errors_are_those_of_numpy)
{
    static struct vectors vectors;
    FILE *file = fopen(EV_TEST_DATA "/numpy_errors.txt", "r");
    char line[200], name[32];
    int n_cases = 0;

    ck_assert_ptr_nonnull(file);
    for (; read_case(file, &vectors); n_cases++) {
        compute(&vectors);
        for (int i = 0; i < N_FIGURES; i++) {
            double expected;
            read_line(file, line, sizeof line);
            ck_assert_int_eq(sscanf(line, "%31s %la", name, &expected), 2);
            const double found = find_figure(&vectors.row, name);
            ck_assert_msg(fabs(found - expected) <= RELATIVE * expected,
                          "%s of %s is %.17g, NumPy has %.17g", name, vectors.name, found,
                          expected);
        }
    }
    ck_assert_int_eq(n_cases, 4);
    fclose(file);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("numpy_errors");
    TCase *tests = tcase_create("numpy_errors");

    tcase_add_test(tests, errors_are_those_of_numpy);
    suite_add_tcase(suite, tests);
    return suite;
}
