/* SPDX-License-Identifier: MIT */
/* Training runs: which rows, rates and epochs, what is kept, how interrupted runs go on. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hdf5.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/text.h"
#include "support/ev_test.h"
#include "support/ev_test_rows.h"
#include "support/ev_test_trainer.h"
#include "train/train_files.h"

#define N_ROWS EV_TEST_TRAINER_ROWS

/* --- Helpers --- */

static struct ev_error err = EV_ERROR_INIT;
static const char *set_paths[1];

/* Four epochs of two steps: 126 of 189 training rows, in batches of 63. */
static struct ev_train_args make_args(const char *out)
{
    ev_progress_set_quiet(true);
    set_paths[0] = strdup(ev_test_rows("rows.h5", 0, N_ROWS));
    return (struct ev_train_args){
        .set_paths = set_paths,
        .n_sets = 1,
        .out_path = strdup(ev_test_path(out)),
        .method = EV_METHOD_FLOAT,
        .n_epochs = 4,
        .epoch_rows = 126,
        .batch_rows = 63,
        .learning_rate = 0.1,
        .validation_share = 0.1,
        .repeat_bends = 1,
        .repeat_sharp_bends = 1,
        .calibration_batches = 2,
        .seed = 3,
        .n_threads = 1,
        .augment = true,
    };
}

static void free_args(struct ev_train_args *args)
{
    free((char *)args->out_path);
    free((char *)set_paths[0]);
}

static struct ev_test_memory read_model(const char *path)
{
    struct ev_test_memory memory = {0};
    FILE *file = fopen(path, "rb");

    ck_assert_msg(file != NULL, "%s is missing", path);
    ck_assert_int_eq(fread(&memory, sizeof memory, 1, file), 1);
    fclose(file);
    return memory;
}

/* Runs in a process of its own, which a signal may hit; returns its wait status. The exit code is
 * the ev_status. */
static int run_apart(const struct ev_train_args *args, int64_t signal_at, int signal_number)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        ev_interrupt_install();
        ev_test_seen.signal_at = signal_at;
        ev_test_seen.signal = signal_number;
        _exit((int)ev_train_run(&ev_test_trainer, args, NULL, &err));
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

/* Files of the test's folder whose name starts with `name`. */
static int count_files(const char *name)
{
    char command[1024];
    int n = -1;

    snprintf(command, sizeof command, "ls '%s' | grep -c '^%s'", ev_test_folder(), name);
    FILE *pipe = popen(command, "r");
    ck_assert_int_eq(fscanf(pipe, "%d", &n), 1);
    pclose(pipe);
    return n;
}

/* --- Tests --- */

START_TEST(training_rows_and_no_others)
{
    struct ev_train_args args = make_args("m.pt");
    struct ev_train_summary summary;
    int64_t n_never = 0;

    args.epoch_rows = 0;
    args.n_epochs = 2;
    args.repeat_sharp_bends = 3;
    ev_assert_ok(ev_train_run(&ev_test_trainer, &args, &summary, &err));
    for (int64_t row = 0; row < N_ROWS; row++) {
        int64_t each = fabs(ev_test_rows_w(row)) > 2.0 ? 6 : 2;
        ck_assert(ev_test_seen.n_rows[row] == 0 || ev_test_seen.n_rows[row] == each);
        n_never += ev_test_seen.n_rows[row] == 0;
    }
    ck_assert_int_eq(n_never, 20); /* two blocks of ten rows */
    ck_assert_int_eq(summary.n_validation, n_never);
    free_args(&args);
}
END_TEST

START_TEST(rate_warms_up_and_falls)
{
    struct ev_train_args args = make_args("m.pt");

    args.n_epochs = 20;
    ev_assert_ok(ev_train_run(&ev_test_trainer, &args, NULL, &err));
    ck_assert_int_eq(ev_test_seen.n_steps, 40);
    ck_assert_double_eq_tol(ev_test_seen.first_rate, 0.05, 1e-12); /* two steps of warm-up */
    ck_assert_double_eq_tol(ev_test_seen.peak_rate, 0.1, 1e-12);
    ck_assert_double_eq_tol(ev_test_seen.last_rate, 0.001, 1e-12);
    free_args(&args);
}
END_TEST

START_TEST(best_epoch_is_kept)
{
    /* Validation labels of v lie below 0.21 and those of w at 0.19 to 0.69: 0.3 is nearest. */
    static const float outputs[] = {9.0f, 0.9f, 0.3f, 0.8f, 0.7f};
    struct ev_train_args args = make_args("m.pt");
    struct ev_train_summary summary;
    struct ev_csv log;

    ev_test_seen.outputs = outputs;
    ev_assert_ok(ev_train_run(&ev_test_trainer, &args, &summary, &err));
    ck_assert_int_eq(summary.best_epoch, 2);
    ck_assert_int_eq(read_model(args.out_path).n_steps, 4);
    ck_assert_int_eq(count_files("m"), 2); /* m.pt and m.csv */
    ev_assert_ok(ev_csv_read(ev_test_path("m.csv"), &log, &err));
    ck_assert_int_eq(log.n_rows, 4);
    double best;
    ev_assert_ok(ev_csv_double(&log, "m.csv", 1, ev_csv_column(&log, "val_mse_norm"), &best, &err));
    ck_assert_double_eq_tol(best, summary.val_mse_norm, 1e-6);
    ck_assert_str_eq(ev_csv_cell(&log, 3, ev_csv_column(&log, "epoch")), "4");
    ck_assert_str_eq(ev_csv_cell(&log, 3, ev_csv_column(&log, "images")), "126");
    ck_assert_int_ge(ev_csv_column(&log, "val_r2_w"), 0);
    ev_csv_free(&log);
    free_args(&args);
}
END_TEST

START_TEST(last_epoch_without_validation)
{
    struct ev_train_args args = make_args("m.pt");
    struct ev_train_summary summary;

    args.validation_share = 0.0;
    ev_assert_ok(ev_train_run(&ev_test_trainer, &args, &summary, &err));
    ck_assert_int_eq(summary.best_epoch, 4);
    ck_assert_int_eq(read_model(args.out_path).n_steps, 8);
    ck_assert(isnan(summary.val_mse_norm));
    free_args(&args);
}
END_TEST

/* A run stopped in each epoch, by Ctrl-C or by kill -9, ends as one that was left alone. */
static void check_resume(int signal_number)
{
    struct ev_train_args args = make_args("whole.pt");
    struct ev_train_args stopped = args;

    stopped.out_path = strdup(ev_test_path("stopped.pt"));
    ev_assert_ok(ev_train_run(&ev_test_trainer, &args, NULL, &err));
    struct ev_test_memory whole = read_model(args.out_path);
    for (int64_t step = 2; step <= 8; step += 3) {
        int status = run_apart(&stopped, step, signal_number);
        if (signal_number == SIGKILL)
            ck_assert(WIFSIGNALED(status));
        else
            ck_assert_int_eq(WEXITSTATUS(status), EV_INTERRUPTED);
        ck_assert(!ev_file_exists(stopped.out_path));
    }
    memset(&ev_test_seen, 0, sizeof ev_test_seen);
    ev_assert_ok(ev_train_run(&ev_test_trainer, &stopped, NULL, &err));
    ck_assert_int_le(ev_test_seen.n_steps, 4); /* epochs before were not run again */
    struct ev_test_memory again = read_model(stopped.out_path);
    ck_assert_int_eq(again.n_steps, whole.n_steps);
    ck_assert(again.hash == whole.hash);
    ck_assert_int_eq(count_files("stopped"), 2);
    free_args(&args);
    free((char *)stopped.out_path);
}

START_TEST(resume_after_ctrl_c)
{
    check_resume(SIGINT);
}
END_TEST

START_TEST(resume_after_kill)
{
    check_resume(SIGKILL);
}
END_TEST

/* Makes all labels 0 and leaves the digest that the file records, as a script may. */
static void clear_labels(const char *path)
{
    static const float zeros[N_ROWS * 2];
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t labels = H5Dopen2(file, "labels", H5P_DEFAULT);

    ck_assert_int_ge(H5Dwrite(labels, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, zeros), 0);
    H5Dclose(labels);
    H5Fclose(file);
}

START_TEST(other_arguments_are_refused)
{
    struct ev_train_args args = make_args("m.pt");

    ck_assert_int_eq(WEXITSTATUS(run_apart(&args, 3, SIGINT)), EV_INTERRUPTED);
    args.learning_rate = 0.2;
    ev_assert_fails(ev_train_run(&ev_test_trainer, &args, NULL, &err), EV_USAGE,
                    "m.pt.state: checkpoint of a run with other arguments (learning-rate was 0.1, "
                    "now 0.2); use those to go on, or --fresh");
    args.learning_rate = 0.1;
    clear_labels(set_paths[0]);
    ev_assert_fails(ev_train_run(&ev_test_trainer, &args, NULL, &err), EV_USAGE,
                    "digest of the labels of set 1");
    free((char *)set_paths[0]);
    set_paths[0] = strdup(ev_test_rows("rows.h5", 0, N_ROWS - 1));
    ev_assert_fails(ev_train_run(&ev_test_trainer, &args, NULL, &err), EV_USAGE, "digest of set 1");
    args.fresh = true;
    ev_assert_ok(ev_train_run(&ev_test_trainer, &args, NULL, &err));
    ck_assert_int_eq(count_files("m"), 2);
    free_args(&args);
}
END_TEST

START_TEST(damaged_checkpoints_are_refused)
{
    static const char *const texts[] = {"", "{", "[1]", "{\"format\": \"other\"}"};
    struct ev_train_args args = make_args("m.pt");

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        FILE *file = fopen(ev_test_path("m.pt.state"), "w");
        fputs(texts[i], file);
        fclose(file);
        ev_assert_fails(ev_train_run(&ev_test_trainer, &args, NULL, &err), EV_INPUT,
                        "m.pt.state: not a whole checkpoint; start afresh with --fresh");
    }
    ck_assert_int_eq(ev_test_seen.n_steps, 0);
    free_args(&args);
}
END_TEST

/* What a run needs to go on is looked at before it goes on. */
START_TEST(lost_files_are_noticed)
{
    static const struct {
        const char *command, *expected;
    } cases[] = {
        {"mv m.pt.state-3 kept",
         "m.pt.state-3: missing, but the interrupted run cannot go on without it; start afresh "
         "with --fresh"},
        {"mv kept m.pt.state-3 && echo other >$(ls m.pt.best-*)",
         ": not the model that the interrupted run kept; start afresh with --fresh"},
        {"rm m.pt.best-*", ": missing, but the interrupted run cannot go on without it"},
    };
    struct ev_train_args args = make_args("m.pt");
    char command[2048];

    ck_assert_int_eq(WEXITSTATUS(run_apart(&args, 7, SIGINT)), EV_INTERRUPTED);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(command, sizeof command, "cd '%s' && %s", ev_test_folder(), cases[i].command);
        ck_assert_int_eq(system(command), 0);
        ev_assert_fails(ev_train_run(&ev_test_trainer, &args, NULL, &err), EV_INPUT,
                        cases[i].expected);
        ck_assert_ptr_nonnull(strstr(err.message, i == 0 ? "m.pt.state-" : "m.pt.best-"));
    }
    ck_assert_int_eq(ev_test_seen.n_steps, 0);
    args.fresh = true;
    ev_assert_ok(ev_train_run(&ev_test_trainer, &args, NULL, &err));
    ck_assert_int_eq(count_files("m"), 2);
    free_args(&args);
}
END_TEST

START_TEST(killed_while_saving)
{
    struct ev_train_args args = make_args("m.pt");

    ev_test_seen.kill_save_at = 4;
    ck_assert(WIFSIGNALED(run_apart(&args, 0, 0)));
    ck_assert_int_eq(count_files("m.pt.part-.*.state-2$"), 1);
    ev_test_seen.kill_save_at = 0;
    ev_assert_ok(ev_train_run(&ev_test_trainer, &args, NULL, &err));
    ck_assert_int_eq(count_files("m"), 2);
    free_args(&args);
}
END_TEST

START_TEST(one_run_at_a_time)
{
    static const enum ev_method methods[] = {EV_METHOD_FLOAT, EV_METHOD_STATIC};
    struct ev_train_args args = make_args("m.pt");
    struct ev_train_lock lock;

    for (int i = 0; i < 2; i++) {
        args.method = methods[i];
        ev_assert_ok(ev_train_files_lock(args.out_path, &lock, &err));
        ev_assert_fails(ev_train_run(&ev_test_trainer, &args, NULL, &err), EV_IO,
                        "m.pt: another evalrun is writing it");
        ck_assert_int_eq(count_files("m"), 1 + 2 * i);
        ev_train_files_unlock(&lock);
        ev_assert_ok(ev_train_run(&ev_test_trainer, &args, NULL, &err));
        ck_assert_int_eq(count_files("m"), 2);
    }
    free_args(&args);
}
END_TEST

START_TEST(killed_after_the_rename)
{
    struct ev_train_args args = make_args("m.pt");
    char command[2048];

    /* Three epochs are finished; made to look like a run of three whose model is in place. */
    ck_assert_int_eq(WEXITSTATUS(run_apart(&args, 7, SIGINT)), EV_INTERRUPTED);
    args.n_epochs = 3;
    snprintf(command, sizeof command,
             "cd '%s' && sed -i 's/\"epochs\": 4/\"epochs\": 3/' m.pt.state && mv m.pt.best-* m.pt",
             ev_test_folder());
    ck_assert_int_eq(system(command), 0);
    struct ev_test_memory before = read_model(args.out_path);
    ev_assert_ok(ev_train_run(&ev_test_trainer, &args, NULL, &err));
    ck_assert_int_eq(ev_test_seen.n_steps, 0);
    ck_assert(read_model(args.out_path).hash == before.hash);
    ck_assert_int_eq(count_files("m"), 2);
    free_args(&args);
}
END_TEST

START_TEST(divergence_ends_the_run)
{
    struct ev_train_args args = make_args("m.pt");

    ev_test_seen.diverge_at = 5;
    ev_assert_fails(ev_train_run(&ev_test_trainer, &args, NULL, &err), EV_FAILED,
                    "training diverged in epoch 3");
    ck_assert(!ev_file_exists(args.out_path));
    free_args(&args);
}
END_TEST

START_TEST(a_full_disk_ends_the_run)
{
    struct ev_train_args args = make_args("m.pt");

    ev_test_seen.fail_save = true;
    ev_assert_fails(ev_train_run(&ev_test_trainer, &args, NULL, &err), EV_IO,
                    "m.pt.state-1: no space"); /* and not the temporary name */
    ck_assert_int_eq(count_files("m"), 0);
    free_args(&args);
}
END_TEST

START_TEST(the_folder_is_checked_first)
{
    struct ev_train_args args = make_args("no/such/folder/m.pt");

    ev_assert_fails(ev_train_run(&ev_test_trainer, &args, NULL, &err), EV_INPUT,
                    "m.pt: cannot be written");
    ck_assert_int_eq(ev_test_seen.n_steps, 0);
    free_args(&args);
}
END_TEST

START_TEST(model_and_log_or_neither)
{
    static const enum ev_method methods[] = {EV_METHOD_DYNAMIC, EV_METHOD_STATIC};
    struct ev_train_args args = make_args("m.pt");

    for (int i = 0; i < 2; i++) {
        args.method = methods[i];
        ev_test_seen.make_folder = ev_test_path("m.csv");
        ev_assert_fails(ev_train_run(&ev_test_trainer, &args, NULL, &err), EV_INPUT,
                        "m.csv: a folder");
        ck_assert_int_eq(count_files("m"), 1);
        ck_assert_int_eq(rmdir(ev_test_path("m.csv")), 0);
    }
    free_args(&args);
}
END_TEST

START_TEST(pictures_that_do_not_fit)
{
    struct ev_train_args args = make_args("m.pt");

    ev_test_seen.fail_open = true;
    ev_assert_fails(ev_train_run(&ev_test_trainer, &args, NULL, &err), EV_INPUT,
                    "rows.h5: pictures are too small");
    free_args(&args);
}
END_TEST

START_TEST(static_observes_unchanged_training_rows)
{
    struct ev_train_args args = make_args("m.pt");
    struct ev_train_summary summary;

    args.method = EV_METHOD_STATIC;
    args.repeat_sharp_bends = 9;
    ev_assert_ok(ev_train_run(&ev_test_trainer, &args, &summary, &err));
    ck_assert_int_eq(ev_test_seen.n_steps, 0);
    ck_assert_int_eq(ev_test_seen.n_observed, 126);
    for (int64_t row = 0; row < N_ROWS; row++)
        ck_assert_int_le(ev_test_seen.n_rows[row], 1);
    ck_assert(isfinite(summary.val_mse_norm));
    ck_assert_int_eq(count_files("m"), 2);
    free_args(&args);
}
END_TEST

START_TEST(dynamic_only_converts)
{
    struct ev_train_args args = make_args("m.pt");

    args.method = EV_METHOD_DYNAMIC;
    ev_assert_ok(ev_train_run(&ev_test_trainer, &args, NULL, &err));
    ck_assert_int_eq(ev_test_seen.n_steps + ev_test_seen.n_observed, 0);
    ck_assert_int_eq(read_model(args.out_path).n_steps, 0);
    free_args(&args);
}
END_TEST

START_TEST(qat_freezes_before_its_last_epoch)
{
    struct ev_train_args args = make_args("m.pt");

    args.method = EV_METHOD_QAT;
    ev_assert_ok(ev_train_run(&ev_test_trainer, &args, NULL, &err));
    ck_assert_int_eq(ev_test_seen.n_steps, 8);
    ck_assert_int_eq(ev_test_seen.n_frozen, 1);
    ck_assert_int_eq(ev_test_seen.frozen_at, 6);
    free_args(&args);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("train");
    TCase *tests = tcase_create("train");

    tcase_add_test(tests, training_rows_and_no_others);
    tcase_add_test(tests, rate_warms_up_and_falls);
    tcase_add_test(tests, best_epoch_is_kept);
    tcase_add_test(tests, last_epoch_without_validation);
    tcase_add_test(tests, resume_after_ctrl_c);
    tcase_add_test(tests, resume_after_kill);
    tcase_add_test(tests, other_arguments_are_refused);
    tcase_add_test(tests, damaged_checkpoints_are_refused);
    tcase_add_test(tests, lost_files_are_noticed);
    tcase_add_test(tests, killed_while_saving);
    tcase_add_test(tests, one_run_at_a_time);
    tcase_add_test(tests, killed_after_the_rename);
    tcase_add_test(tests, divergence_ends_the_run);
    tcase_add_test(tests, a_full_disk_ends_the_run);
    tcase_add_test(tests, the_folder_is_checked_first);
    tcase_add_test(tests, model_and_log_or_neither);
    tcase_add_test(tests, pictures_that_do_not_fit);
    tcase_add_test(tests, static_observes_unchanged_training_rows);
    tcase_add_test(tests, dynamic_only_converts);
    tcase_add_test(tests, qat_freezes_before_its_last_epoch);
    suite_add_tcase(suite, tests);
    return suite;
}
