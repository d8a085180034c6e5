/* SPDX-License-Identifier: MIT */
/* samples.h5: what is saved reads back unchanged, the same record gives the same bytes, and what
 * does not fit together is named. */
#include "support/ev_test.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "samples/samples.h"

#define N_BACKENDS 3
#define N_ROWS     5
#define N_OUTPUTS  2
#define N_SINGLE   2
#define N_CALLS    4

static struct ev_error err = EV_ERROR_INIT;

static float *count_up(float first, int64_t n)
{
    float *values = malloc((size_t)n * sizeof *values);

    ck_assert_ptr_nonnull(values);
    for (int64_t i = 0; i < n; i++)
        values[i] = first + (float)i;
    return values;
}

static void make_set(struct ev_samples_set *set, const char *name, bool is_first)
{
    set->name = strdup(name);
    set->n_rows = N_ROWS;
    set->n_outputs = N_OUTPUTS;
    set->labels = count_up(0.5f, N_ROWS * N_OUTPUTS);
    set->outputs = calloc(N_BACKENDS, sizeof *set->outputs);
    for (int b = 0; b < N_BACKENDS; b++) {
        if (is_first || b > 0) /* the second set was not run with all */
            set->outputs[b] = count_up(100.0f * (float)b, N_ROWS * N_OUTPUTS);
    }
    if (is_first) {
        set->mirrored = calloc(N_BACKENDS, sizeof *set->mirrored);
        set->mirrored[2] = count_up(-9.0f, N_ROWS * N_OUTPUTS);
        set->study_ns = calloc(N_BACKENDS, sizeof *set->study_ns);
        set->study_ns[0] = count_up(1000.0f, EV_SAMPLES_STUDY_CALLS);
        set->n_single = N_SINGLE;
        set->single_rows = calloc(N_SINGLE, sizeof *set->single_rows);
        set->single_rows[0] = 4;
        set->single_rows[1] = 1;
        set->single = calloc(N_BACKENDS, sizeof *set->single);
        set->single[1] = count_up(7.0f, N_SINGLE * N_OUTPUTS);
    }
    set->positions = is_first ? count_up(-3.0f, N_ROWS * 2) : NULL;
}

static void make_session(struct ev_session *session)
{
    const float call_ns[N_CALLS] = {1000, 2000, 3000, 4000};
    const struct ev_block block = {
        .process = 1,
        .round = 2,
        .position = 3,
        .predecessor = -1,
        .entry = 1,
        .mode = EV_MODE_PACED,
        .boundary = EV_BOUNDARY_E2E,
        .n_threads = 7,
        .rows_per_call = 1024,
        .rows_per_piece = 64,
        .period_ns = 50000000,
        .flagged = true,
        .noise = {1, 2, 3, 4, -1, 6},
    };

    session->profile = strdup("quick");
    session->seed = UINT64_MAX - 1;
    session->n_processes = 6;
    session->baseline = 1;
    session->n_entries = 2;
    session->entries = calloc(2, sizeof *session->entries);
    session->entries[0].backend = strdup("a");
    session->entries[1].backend = strdup("a");
    session->entries[1].is_control = true;
    for (int i = 0; i < 9; i++)
        ck_assert(ev_session_add(session, &block, call_ns, N_CALLS));
}

static void make_samples(struct ev_samples *samples)
{
    static const char *const names[N_BACKENDS] = {"baseline",
                                                  "./a folder/m\xc3\xb6"
                                                  "del.so",
                                                  ""};

    *samples = (struct ev_samples){.n_backends = N_BACKENDS, .n_sets = 2, .n_pictures = 1};
    samples->backends = calloc(N_BACKENDS, sizeof *samples->backends);
    for (int b = 0; b < N_BACKENDS; b++)
        samples->backends[b] = strdup(names[b]);
    samples->sets = calloc(2, sizeof *samples->sets);
    make_set(&samples->sets[0], "simple", true);
    make_set(&samples->sets[1], "./b.h5", false);
    samples->pictures = calloc(1, sizeof *samples->pictures);
    samples->pictures[0] = (struct ev_samples_picture){1, 2, 4, 2, 3, 3, calloc(18, 1)};
    memset(samples->pictures[0].pixels, 200, 17);
    make_session(&samples->session);
}

static const char *save(const struct ev_samples *samples, const char *name)
{
    const char *path = ev_test_path(name);
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ev_assert_ok(ev_samples_save(samples, file, &err));
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

static void check_same_bytes(const char *a, const char *b)
{
    char a_sha256[65], b_sha256[65];

    ev_assert_ok(ev_file_sha256(a, a_sha256, &err));
    ev_assert_ok(ev_file_sha256(b, b_sha256, &err));
    ck_assert_str_eq(a_sha256, b_sha256);
}

START_TEST(saved_samples_read_back_unchanged)
{
    struct ev_samples samples, again;

    make_samples(&samples);
    const char *first = save(&samples, "a.h5");
    ev_assert_ok(ev_samples_load(first, &again, &err));
    ck_assert_uint_eq(again.n_backends, N_BACKENDS);
    ck_assert_str_eq(again.backends[1], samples.backends[1]);
    ck_assert_int_eq(ev_samples_find_set(&again, "./b.h5"), 1);
    ck_assert_int_eq(ev_samples_find_set(&again, "none"), -1);
    ck_assert_int_eq(ev_samples_find_backend(&again, ""), 2);
    ck_assert_mem_eq(again.sets[0].outputs[2], samples.sets[0].outputs[2],
                     N_ROWS * N_OUTPUTS * sizeof(float));
    ck_assert_ptr_null(again.sets[1].outputs[0]);
    ck_assert_ptr_null(again.sets[1].positions);
    ck_assert_int_eq(again.sets[0].n_single, N_SINGLE);
    ck_assert_int_eq(again.sets[0].single_rows[0], 4);
    ck_assert_ptr_null(again.sets[0].single[0]);
    ck_assert_float_eq(again.sets[0].single[1][3], 10.0f);
    ck_assert_int_eq(again.sets[1].n_single, 0);
    ck_assert_ptr_null(again.sets[0].mirrored[1]);
    ck_assert_float_eq(again.sets[0].mirrored[2][9], 0.0f);
    ck_assert_float_eq(again.sets[0].study_ns[0][999], 1999.0f);
    ck_assert_ptr_null(again.sets[1].study_ns[0]);
    ck_assert_mem_eq(again.pictures[0].pixels, samples.pictures[0].pixels, 18);
    ck_assert_uint_eq(again.session.n_blocks, 9);
    ck_assert_int_eq(again.session.blocks[8].first_call, 32);
    ck_assert_int_eq(again.session.blocks[8].noise.psi_io_us, 6);
    ck_assert(again.session.blocks[8].flagged && again.session.entries[1].is_control);
    ck_assert_uint_eq(again.session.seed, UINT64_MAX - 1);
    check_same_bytes(first, save(&again, "b.h5"));
    ev_samples_free(&again);
    ev_samples_free(&samples);
}
END_TEST

START_TEST(a_run_without_times_has_no_session)
{
    struct ev_samples samples, again;

    make_samples(&samples);
    ev_session_free(&samples.session);
    ev_assert_ok(ev_samples_load(save(&samples, "a.h5"), &again, &err));
    ck_assert_uint_eq(again.session.n_entries, 0);
    ck_assert_ptr_null(again.session.profile);
    ev_samples_free(&again);
    ev_samples_free(&samples);
}
END_TEST

/* Files of any age hold modes and boundaries as these numbers. */
START_TEST(modes_and_boundaries_keep_their_numbers)
{
    static const enum ev_mode modes[] = {EV_MODE_COLD,     EV_MODE_HOT, EV_MODE_PACED,
                                         EV_MODE_RESIDENT, EV_MODE_FED, EV_MODE_PIECES,
                                         EV_MODE_EAGER};
    static const char *const mode_names[] = {"cold", "hot",    "paced", "resident",
                                             "fed",  "pieces", "eager"};
    static const enum ev_boundary boundaries[] = {EV_BOUNDARY_COMPUTE, EV_BOUNDARY_E2E,
                                                  EV_BOUNDARY_DEVICE};
    static const char *const boundary_names[] = {"compute", "e2e", "device"};
    struct ev_samples samples, again;

    make_samples(&samples);
    for (int m = 0; m < 7; m++) {
        for (int b = 0; b < 3; b++) {
            samples.session.blocks[0].mode = (enum ev_mode)m;
            samples.session.blocks[0].boundary = (enum ev_boundary)b;
            ev_assert_ok(ev_samples_load(save(&samples, "a.h5"), &again, &err));
            ck_assert_int_eq(again.session.blocks[0].mode, modes[m]);
            ck_assert_int_eq(again.session.blocks[0].boundary, boundaries[b]);
            ck_assert_str_eq(ev_mode_name(modes[m]), mode_names[m]);
            ck_assert_str_eq(ev_boundary_name(boundaries[b]), boundary_names[b]);
            ev_samples_free(&again);
        }
    }
    ev_samples_free(&samples);
}
END_TEST

START_TEST(nothing_in_the_file_tells_the_time)
{
    struct ev_samples samples;
    H5O_info_t info;

    make_samples(&samples);
    hid_t file = H5Fopen(save(&samples, "a.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    ck_assert_int_ge(file, 0);
    ck_assert_int_ge(H5Oget_info_by_name(file, "/session/blocks", &info, H5P_DEFAULT), 0);
    ck_assert_int_eq(info.mtime, 0);
    ck_assert_int_ge(H5Oget_info_by_name(file, "/sets/0", &info, H5P_DEFAULT), 0);
    ck_assert_int_eq(info.mtime, 0);
    H5Fclose(file);
    ev_samples_free(&samples);
}
END_TEST

/* What is wrong, done to a good record or to its file. */
static void break_block(struct ev_samples *samples)
{
    samples->session.blocks[3].entry = 2;
}

static void break_calls(struct ev_samples *samples)
{
    samples->session.blocks[8].first_call = samples->session.n_calls - 3;
}

static void break_time(struct ev_samples *samples)
{
    samples->session.call_ns[5] = -1;
}

static void break_baseline(struct ev_samples *samples)
{
    samples->session.baseline = 2;
}

static void break_picture(struct ev_samples *samples)
{
    samples->pictures[0].row = N_ROWS;
}

static void break_single(struct ev_samples *samples)
{
    samples->sets[0].single_rows[1] = N_ROWS;
}

static const struct {
    void (*change)(struct ev_samples *samples);
    const char *gone; /* dataset that is removed */
    const char *message;
} broken[] = {
    {break_block, NULL, "/session/blocks do not fit"},
    {break_calls, NULL, "/session/blocks do not fit"},
    {break_time, NULL, "/session/call_ns has a time"},
    {break_baseline, NULL, "names no entry"},
    {break_picture, NULL, "/pictures/0/set_backend_row is not of a row"},
    {break_single, NULL, "/sets/0/single_rows has a row that the set has not"},
    {NULL, "/backends", "/backends is missing"},
    {NULL, "/sets/1/labels", "/sets/1/labels is missing"},
    {NULL, "/session/is_control", "/session/is_control is missing"},
    {NULL, "/session/call_ns", "/session/call_ns is missing"},
};

START_TEST(what_does_not_fit_is_named)
{
    struct ev_samples samples, again;

    make_samples(&samples);
    if (broken[_i].change)
        broken[_i].change(&samples);
    const char *path = save(&samples, "a.h5");
    if (broken[_i].gone) {
        hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
        ck_assert_int_ge(H5Ldelete(file, broken[_i].gone, H5P_DEFAULT), 0);
        H5Fclose(file);
    }
    ev_assert_fails(ev_samples_load(path, &again, &err), EV_INPUT, broken[_i].message);
    ck_assert_uint_eq(strncmp(err.message, path, strlen(path)), 0);
    ck_assert_ptr_null(again.sets);
    ev_samples_free(&samples);
}
END_TEST

START_TEST(other_files_are_refused)
{
    struct ev_samples again;
    const char *path = ev_test_path("text.h5");
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fputs("no HDF5", file);
    fclose(file);
    ev_assert_fails(ev_samples_load(path, &again, &err), EV_INPUT, "not an HDF5 file");
    ev_assert_fails(ev_samples_load(ev_test_path("none.h5"), &again, &err), EV_INPUT, "none.h5");
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("samples");
    TCase *tcase = tcase_create("all");

    tcase_add_test(tcase, saved_samples_read_back_unchanged);
    tcase_add_test(tcase, a_run_without_times_has_no_session);
    tcase_add_test(tcase, modes_and_boundaries_keep_their_numbers);
    tcase_add_test(tcase, nothing_in_the_file_tells_the_time);
    tcase_add_loop_test(tcase, what_does_not_fit_is_named, 0, sizeof broken / sizeof *broken);
    tcase_add_test(tcase, other_files_are_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
