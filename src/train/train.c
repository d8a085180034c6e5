/* SPDX-License-Identifier: MIT */
/*
 * A training run: open, go on from a checkpoint if there is one, epochs, and the best model under
 * its name at the end. Conversions without training (static, dynamic) share the frame.
 */
#include "train/train.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "train/checkpoint.h"
#include "train/feeder.h"
#include "train/train_files.h"
#include "train/train_log.h"

/* The learning rate rises over this share of all steps, at most so many, and falls to this share
 * of its peak. */
#define WARM_UP_SHARE 0.05
#define WARM_UP_STEPS 300.0
#define FINAL_RATE 0.01

#define VALIDATION_ROWS 256

struct run {
    const struct ev_trainer *trainer;
    const struct ev_train_args *args;
    struct ev_sampler *sampler;
    struct ev_network *network;
    struct ev_checkpoint checkpoint;
    int64_t *rows;      /* (n_training) order of this epoch */
    int64_t epoch_rows;
    int64_t n_steps;    /* of the whole run */
    int64_t first_epoch;
    bool finished;      /* the model is in place already */
    double best_value;  /* validation error of the best epoch so far */
    struct ev_progress progress;
    char note[96];
};

static bool trains(const struct ev_train_args *args)
{
    return args->method == EV_METHOD_FLOAT || args->method == EV_METHOD_QAT;
}

static enum ev_status out_of_memory(struct ev_error *err)
{
    return ev_fail(err, EV_MEMORY, "out of memory");
}

/* Linear warm-up, then half a cosine down to FINAL_RATE of the peak. */
static double learning_rate_at(const struct run *run, int64_t step)
{
    double peak = run->args->learning_rate;
    double n = (double)run->n_steps;
    double warm_up = floor(fmin(WARM_UP_SHARE * n, WARM_UP_STEPS));

    if ((double)step < warm_up)
        return peak * (double)(step + 1) / warm_up;
    double done = ((double)step - warm_up) / fmax(n - warm_up - 1.0, 1.0);
    return peak * (FINAL_RATE + (1.0 - FINAL_RATE) * 0.5 * (1.0 + cos(M_PI * done)));
}

/* --- Opening --- */

/* Everything that the trained model depends on, under the names of the command's options. */
static enum ev_status describe_arguments(const struct run *run, json_t **arguments,
                                         struct ev_error *err)
{
    const struct ev_train_args *args = run->args;
    char hex[65] = "", key[64];
    enum ev_status status = EV_OK;

    if (args->baseline_path)
        status = ev_file_sha256(args->baseline_path, hex, err);
    if (status != EV_OK)
        return status;
    json_t *object = json_pack(
        "{s:i, s:i, s:I, s:I, s:I, s:f, s:f, s:I, s:I, s:I, s:I, s:b, s:i, s:s}", "method",
        (int)args->method, "observer", (int)args->observer, "epochs", (json_int_t)args->n_epochs,
        "epoch-rows", (json_int_t)args->epoch_rows, "batch", (json_int_t)args->batch_rows,
        "learning-rate", args->learning_rate, "validation", args->validation_share,
        "repeat-bends", (json_int_t)args->repeat_bends, "repeat-sharp-bends",
        (json_int_t)args->repeat_sharp_bends, "calibration-batches",
        (json_int_t)args->calibration_batches, "seed", (json_int_t)args->seed, "augment",
        (int)args->augment, "number of sets", (int)args->n_sets, "digest of the baseline", hex);
    if (!object)
        return out_of_memory(err);
    for (int32_t i = 0; i < args->n_sets && status == EV_OK; i++) {
        snprintf(key, sizeof key, "digest of set %d", i + 1);
        status = ev_set_sha256(run->sampler->sets[i], hex, err);
        if (status == EV_OK && json_object_set_new(object, key, json_string(hex)) != 0)
            status = out_of_memory(err);
        snprintf(key, sizeof key, "digest of the labels of set %d", i + 1);
        ev_set_labels_sha256(run->sampler->sets[i], hex);
        if (status == EV_OK && json_object_set_new(object, key, json_string(hex)) != 0)
            status = out_of_memory(err);
    }
    if (status != EV_OK)
        json_decref(object);
    else
        *arguments = object;
    return status;
}

static enum ev_status open_sampler(struct run *run, struct ev_error *err)
{
    const struct ev_train_args *args = run->args;
    bool repeats = trains(args);
    struct ev_sampler_args sampler_args = {
        .set_paths = args->set_paths,
        .n_sets = args->n_sets,
        .n_threads = args->n_threads,
        .validation_share = args->validation_share,
        .repeat_bends = repeats ? args->repeat_bends : 1,
        .repeat_sharp_bends = repeats ? args->repeat_sharp_bends : 1,
        .seed = args->seed,
    };
    enum ev_status status = ev_sampler_open(&sampler_args, &run->sampler, err);

    if (status != EV_OK)
        return status;
    if (run->sampler->n_training == 0)
        return ev_fail(err, EV_INPUT, "%s: no rows left to train on", args->set_paths[0]);
    int64_t wanted = trains(args) ? args->epoch_rows : args->calibration_batches * args->batch_rows;
    run->epoch_rows = ev_sampler_epoch_rows(run->sampler, wanted);
    run->n_steps = args->n_epochs * ((run->epoch_rows + args->batch_rows - 1) / args->batch_rows);
    run->rows = calloc((size_t)run->sampler->n_training, sizeof *run->rows);
    return run->rows ? EV_OK : out_of_memory(err);
}

static enum ev_status open_network(struct run *run, struct ev_error *err)
{
    struct ev_network_args args = {
        .size = sizeof args,
        .n_threads = run->args->n_threads,
        .method = run->args->method,
        .observer = run->args->observer,
        .shape = run->sampler->shape,
        .n_outputs = run->sampler->n_outputs,
        .seed = run->args->seed,
        .baseline_path = run->args->baseline_path,
    };
    enum ev_status status = run->trainer->open(&args, &run->network, err);

    /* Without a baseline only the pictures can be what does not fit, and a trainer does not know
     * whose they are. */
    if (status == EV_INPUT && !args.baseline_path)
        return ev_prefix(err, run->args->set_paths[0]);
    return status;
}

/* Whether OUT is the model that the checkpoint calls its best: the run had been killed between
 * the rename and the tidying up. */
static bool is_finished(const struct run *run)
{
    struct ev_error ignored = EV_ERROR_INIT;
    char hex[65];

    return run->checkpoint.n_epochs == run->args->n_epochs &&
           ev_file_sha256(run->args->out_path, hex, &ignored) == EV_OK &&
           strcmp(hex, run->checkpoint.best_sha256) == 0;
}

static double value_of(const struct ev_checkpoint *checkpoint, int64_t epoch)
{
    return epoch > 0 ? checkpoint->epochs[epoch - 1].val_mse_norm : NAN;
}

/* Reads a checkpoint, and the network's state if epochs have been finished. */
static enum ev_status resume(struct run *run, struct ev_error *err)
{
    struct ev_checkpoint *checkpoint = &run->checkpoint;
    json_t *arguments = NULL;
    enum ev_status status = describe_arguments(run, &arguments, err);

    if (status != EV_OK)
        return status;
    ev_checkpoint_init(checkpoint, run->args->out_path, arguments);
    status = run->args->fresh ? ev_checkpoint_remove(checkpoint, err)
                              : ev_checkpoint_load(checkpoint, err);
    if (status != EV_OK || checkpoint->n_epochs == 0)
        return status;
    run->first_epoch = checkpoint->n_epochs;
    run->best_value = value_of(checkpoint, checkpoint->best_epoch);
    run->finished = is_finished(run);
    if (run->finished)
        return EV_OK;
    status = ev_checkpoint_check_files(checkpoint, err);
    if (status != EV_OK)
        return status;
    char *state = ev_checkpoint_state_path(checkpoint, checkpoint->n_epochs);
    if (!state)
        return out_of_memory(err);
    status = run->trainer->load_state(run->network, state, err);
    free(state);
    return status;
}

/* --- Validation --- */

/* Mean squared error and R2 over the validation rows, NAN without any. */
static enum ev_status validate(struct run *run, struct ev_epoch_record *record,
                               struct ev_error *err)
{
    const struct ev_sampler *sampler = run->sampler;
    const int32_t n_outputs = sampler->n_outputs;
    struct ev_feeder_args args = {.sampler = run->sampler,
                                  .rows = sampler->validation,
                                  .n_rows = sampler->n_validation,
                                  .batch_rows = VALIDATION_ROWS};
    struct ev_feeder *feeder = NULL;
    struct ev_feed feed;
    double residual[EV_MAX_OUTPUTS] = {0}, sum[EV_MAX_OUTPUTS] = {0}, square[EV_MAX_OUTPUTS] = {0};
    float outputs[VALIDATION_ROWS * EV_MAX_OUTPUTS];
    double n = (double)sampler->n_validation, total = 0.0;

    enum ev_status status = ev_feeder_start(&args, &feeder, err);
    while (status == EV_OK) {
        status = ev_feeder_next(feeder, &feed, err);
        if (status != EV_OK || feed.batch.n_rows == 0)
            break;
        status = run->trainer->predict(run->network, &feed.batch, outputs, err);
        for (int64_t i = 0; i < feed.batch.n_rows * n_outputs && status == EV_OK; i++) {
            double wanted = feed.targets[i], wrong = (double)outputs[i] - wanted;
            residual[i % n_outputs] += wrong * wrong;
            sum[i % n_outputs] += wanted;
            square[i % n_outputs] += wanted * wanted;
        }
        if (status == EV_OK)
            status = ev_interrupt_check(err);
    }
    ev_feeder_stop(feeder);
    for (int32_t k = 0; k < EV_MAX_OUTPUTS; k++) {
        double spread = square[k] - sum[k] * sum[k] / n;
        record->val_r2[k] = k < n_outputs && spread > 0.0 ? 1.0 - residual[k] / spread : NAN;
        total += residual[k];
    }
    record->val_mse_norm = n > 0.0 ? total / (n * n_outputs) : NAN;
    return status;
}

/* --- Epochs --- */

static enum ev_status train_batches(struct run *run, int64_t epoch, struct ev_feeder *feeder,
                                    struct ev_epoch_record *record, struct ev_error *err)
{
    int64_t step = epoch * (run->n_steps / run->args->n_epochs);
    double loss = 0.0, recent = NAN, sum = 0.0;
    struct ev_feed feed;

    for (;; step++) {
        enum ev_status status = ev_feeder_next(feeder, &feed, err);
        if (status != EV_OK || feed.batch.n_rows == 0)
            return status;
        record->learning_rate = learning_rate_at(run, step);
        status = run->trainer->step(run->network, &feed.batch, feed.targets,
                                    record->learning_rate, &loss, err);
        if (status != EV_OK)
            return status;
        if (!isfinite(loss))
            return ev_fail(err, EV_FAILED,
                           "training diverged in epoch %" PRId64
                           ": the loss is no number; try a lower --learning-rate than %g",
                           epoch + 1, run->args->learning_rate);
        record->n_images += feed.batch.n_rows;
        sum += loss * (double)feed.batch.n_rows;
        record->train_loss = sum / (double)record->n_images;
        recent = isnan(recent) ? loss : 0.95 * recent + 0.05 * loss;
        char text[sizeof run->note + 64];
        snprintf(text, sizeof text, "epoch %" PRId64 "/%" PRId64 "  loss %.5f%s", epoch + 1,
                 run->args->n_epochs, recent, run->note);
        ev_progress_update(&run->progress,
                           (epoch - run->first_epoch) * run->epoch_rows + record->n_images, text);
        status = ev_interrupt_check(err);
        if (status != EV_OK)
            return status;
    }
}

typedef enum ev_status write_hook(struct ev_network *, const char *path, struct ev_error *err);

/* Puts the name that the user knows in the place of the temporary one that a trainer was given. */
static enum ev_status name_in_message(struct ev_error *err, const char *temporary, const char *path)
{
    struct ev_error old = *err;
    const char *at = strstr(old.message, temporary);

    if (!at)
        return ev_prefix(err, path);
    return ev_fail(err, old.status, "%.*s%s%s", (int)(at - old.message), old.message, path,
                   at + strlen(temporary));
}

/* Has a file written under a temporary name beside `path` (malloc'ed, into *temporary) and synced.
 * On failure nothing is left and *temporary is NULL. */
static enum ev_status write_temporary(struct run *run, const char *path, write_hook *write,
                                      char **temporary, struct ev_error *err)
{
    enum ev_status status = ev_file_temporary(path, temporary, err);

    if (status != EV_OK)
        return status;
    status = write(run->network, *temporary, err);
    if (status != EV_OK)
        status = name_in_message(err, *temporary, path);
    else
        status = ev_file_sync(*temporary, path, err);
    if (status != EV_OK) {
        ev_file_discard(*temporary);
        free(*temporary);
        *temporary = NULL;
    }
    return status;
}

/* Saves what `write` writes to `path`, whole or absent. */
static enum ev_status save_file(struct run *run, const char *path, write_hook *write,
                                struct ev_error *err)
{
    char *temporary;

    if (!path)
        return out_of_memory(err);
    enum ev_status status = write_temporary(run, path, write, &temporary, err);
    if (status == EV_OK)
        status = ev_file_commit(temporary, path, err);
    free(temporary);
    return status;
}

/* Without validation rows the last epoch is the best one. */
static bool is_better(const struct run *run, const struct ev_epoch_record *record)
{
    return run->checkpoint.best_epoch == 0 || isnan(record->val_mse_norm) ||
           record->val_mse_norm < run->best_value;
}

static enum ev_status save_epoch(struct run *run, const struct ev_epoch_record *record,
                                 struct ev_error *err)
{
    struct ev_checkpoint *checkpoint = &run->checkpoint;
    enum ev_status status = EV_OK;
    bool better = is_better(run, record);
    char *state = ev_checkpoint_state_path(checkpoint, record->epoch);
    char *best = ev_checkpoint_best_path(checkpoint, record->epoch);

    if (better) {
        status = save_file(run, best, run->trainer->export_model, err);
        if (status == EV_OK)
            status = ev_file_sha256(best, checkpoint->best_sha256, err);
    }
    if (status == EV_OK)
        status = save_file(run, state, run->trainer->save_state, err);
    if (status == EV_OK)
        status = ev_checkpoint_add(checkpoint, record, err);
    if (status == EV_OK && better) {
        checkpoint->best_epoch = record->epoch;
        run->best_value = record->val_mse_norm;
    }
    if (status == EV_OK)
        status = ev_train_log_write(checkpoint, run->sampler->columns, run->sampler->n_outputs,
                                    err);
    if (status == EV_OK)
        status = ev_checkpoint_save(checkpoint, err);
    if (status == EV_OK) {
        ev_checkpoint_tidy(checkpoint);
    } else {
        /* No checkpoint names them. */
        ev_file_discard(best);
        ev_file_discard(state);
    }
    free(best);
    free(state);
    return status;
}

static enum ev_status run_epoch(struct run *run, int64_t epoch, struct ev_error *err)
{
    int64_t start_ns = ev_clock_ns();
    struct ev_epoch_record record = {.epoch = epoch + 1};
    struct ev_feeder_args args = {
        .sampler = run->sampler,
        .rows = run->rows,
        .n_rows = run->epoch_rows,
        .batch_rows = run->args->batch_rows,
        .augment = run->args->augment,
        .first_index = (uint64_t)epoch * (uint64_t)run->sampler->n_training,
    };
    struct ev_feeder *feeder = NULL;

    ev_sampler_shuffle(run->sampler, epoch, run->rows);
    /* The last epoch of QAT learns with the ranges that the model will have. */
    enum ev_status status = EV_OK;
    if (run->args->method == EV_METHOD_QAT && epoch > 0 && epoch + 1 == run->args->n_epochs)
        status = run->trainer->freeze(run->network, err);
    if (status == EV_OK)
        status = ev_feeder_start(&args, &feeder, err);
    if (status == EV_OK)
        status = train_batches(run, epoch, feeder, &record, err);
    ev_feeder_stop(feeder);
    if (status == EV_OK)
        status = validate(run, &record, err);
    record.seconds = (double)(ev_clock_ns() - start_ns) * 1e-9;
    if (status == EV_OK)
        status = save_epoch(run, &record, err);
    if (isfinite(record.val_mse_norm))
        snprintf(run->note, sizeof run->note, "  validation %.5f", record.val_mse_norm);
    return status;
}

static enum ev_status run_epochs(struct run *run, struct ev_error *err)
{
    const int64_t n_epochs = run->args->n_epochs;
    enum ev_status status = EV_OK;

    ev_progress_start(&run->progress, run->args->method == EV_METHOD_QAT ? "qat" : "train",
                      "pictures", (n_epochs - run->first_epoch) * run->epoch_rows);
    for (int64_t epoch = run->first_epoch; epoch < n_epochs && status == EV_OK; epoch++)
        status = run_epoch(run, epoch, err);
    ev_progress_finish(&run->progress);
    if (status == EV_INTERRUPTED && run->checkpoint.n_epochs > 0)
        return ev_fail(err, status,
                       "interrupted; epoch %" PRId64 " of %" PRId64
                       " is saved, the same command goes on from there",
                       run->checkpoint.n_epochs, n_epochs);
    if (status != EV_OK)
        return status;
    char *best = ev_checkpoint_best_path(&run->checkpoint, run->checkpoint.best_epoch);
    if (!best)
        return out_of_memory(err);
    status = ev_file_commit(best, run->args->out_path, err);
    free(best);
    return status == EV_OK ? ev_checkpoint_remove(&run->checkpoint, err) : status;
}

/* --- Conversions --- */

static enum ev_status calibrate(struct run *run, struct ev_epoch_record *record,
                                struct ev_error *err)
{
    struct ev_feeder_args args = {.sampler = run->sampler,
                                  .rows = run->rows,
                                  .n_rows = run->epoch_rows,
                                  .batch_rows = run->args->batch_rows};
    struct ev_feeder *feeder = NULL;
    struct ev_feed feed;

    ev_sampler_shuffle(run->sampler, 0, run->rows);
    ev_progress_start(&run->progress, "calibrate", "pictures", run->epoch_rows);
    enum ev_status status = ev_feeder_start(&args, &feeder, err);
    while (status == EV_OK) {
        status = ev_feeder_next(feeder, &feed, err);
        if (status != EV_OK || feed.batch.n_rows == 0)
            break;
        status = run->trainer->observe(run->network, &feed.batch, err);
        record->n_images += feed.batch.n_rows;
        if (status == EV_OK)
            status = ev_interrupt_check(err);
        if (status == EV_OK)
            ev_progress_update(&run->progress, record->n_images, NULL);
    }
    ev_feeder_stop(feeder);
    ev_progress_finish(&run->progress);
    return status;
}

/* Both files appear or neither: all that can fail comes before the first of them has its name. */
static enum ev_status save_conversion(struct run *run, struct ev_error *err)
{
    const char *path = run->args->out_path;
    char *temporary;
    enum ev_status status =
        write_temporary(run, path, run->trainer->export_model, &temporary, err);

    if (status != EV_OK)
        return status;
    status = ev_train_log_write(&run->checkpoint, run->sampler->columns, run->sampler->n_outputs,
                                err);
    if (status == EV_OK)
        status = ev_file_commit(temporary, path, err);
    else
        ev_file_discard(temporary);
    free(temporary);
    return status;
}

static enum ev_status run_conversion(struct run *run, struct ev_error *err)
{
    struct ev_epoch_record record = {.train_loss = NAN, .learning_rate = NAN};
    int64_t start_ns = ev_clock_ns();
    enum ev_status status = EV_OK;

    ev_checkpoint_init(&run->checkpoint, run->args->out_path, NULL);
    if (run->args->method == EV_METHOD_STATIC)
        status = calibrate(run, &record, err);
    if (status == EV_OK)
        status = validate(run, &record, err);
    record.seconds = (double)(ev_clock_ns() - start_ns) * 1e-9;
    run->best_value = record.val_mse_norm;
    if (status == EV_OK)
        status = ev_checkpoint_add(&run->checkpoint, &record, err);
    return status == EV_OK ? save_conversion(run, err) : status;
}

enum ev_status ev_train_run(const struct ev_trainer *trainer, const struct ev_train_args *args,
                            struct ev_train_summary *summary, struct ev_error *err)
{
    struct run run = {.trainer = trainer, .args = args, .best_value = NAN};
    struct ev_train_lock lock = {0};
    enum ev_status status = ev_train_files_check(args, err);

    if (status == EV_OK)
        status = ev_train_files_lock(args->out_path, &lock, err);
    if (status == EV_OK)
        status = open_sampler(&run, err);
    if (status == EV_OK)
        status = open_network(&run, err);
    if (status == EV_OK && trains(args)) {
        status = resume(&run, err);
        if (status == EV_OK)
            status = run.finished ? ev_checkpoint_remove(&run.checkpoint, err)
                                  : run_epochs(&run, err);
    } else if (status == EV_OK) {
        status = run_conversion(&run, err);
    }
    if (summary && run.sampler)
        *summary = (struct ev_train_summary){.best_epoch = run.checkpoint.best_epoch,
                                             .n_validation = run.sampler->n_validation,
                                             .val_mse_norm = run.best_value};
    trainer->close(run.network);
    ev_checkpoint_free(&run.checkpoint);
    free(run.rows);
    ev_sampler_close(run.sampler);
    ev_train_files_unlock(&lock);
    return status;
}
