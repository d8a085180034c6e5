/* SPDX-License-Identifier: MIT */
/* From the words of the command line to a training run. */
#include "cli/run_training.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/backend.h"
#include "base/file.h"
#include "cli/select.h"
#include "train/train_files.h"

static void print_summary(const struct ev_train_args *args, const struct ev_train_summary *summary)
{
    int64_t bytes = 0;
    struct ev_error ignored = EV_ERROR_INIT;

    printf("%s", args->out_path);
    if (ev_file_size(args->out_path, &bytes, &ignored) == EV_OK)
        printf(": %.2f MiB", (double)bytes / (1024.0 * 1024.0));
    if (summary->best_epoch > 0)
        printf(", epoch %" PRId64 " of %" PRId64, summary->best_epoch, args->n_epochs);
    if (isfinite(summary->val_mse_norm))
        printf(", MSE %.6f (normalised) on %" PRId64 " validation pictures",
               summary->val_mse_norm, summary->n_validation);
    putchar('\n');
}

enum ev_status ev_run_training(struct ev_train_args *args, const char *set_text,
                               const char *cache, struct ev_error *err)
{
    struct ev_sets sets = {0};
    struct ev_train_summary summary = {0};
    const struct ev_trainer *trainer = NULL;
    int64_t bytes;

    if (!args->out_path)
        return ev_fail(err, EV_USAGE, "%s: --out is missing",
                       args->method == EV_METHOD_FLOAT ? "train" : "quantize");
    enum ev_status status = ev_threads_select(args->n_threads, &args->n_threads, err);
    if (status == EV_OK && args->baseline_path)
        status = ev_file_size(args->baseline_path, &bytes, err);
    if (status == EV_OK)
        status = ev_sets_select(set_text, "train", &sets, err);
    /* Before sets are rendered, which takes minutes. */
    args->set_paths = (const char *const *)sets.paths;
    args->n_sets = (int32_t)sets.n;
    if (status == EV_OK)
        status = ev_train_files_check(args, err);
    if (status == EV_OK)
        status = ev_trainer_find("torch", &trainer, err);
    if (status == EV_OK)
        status = ev_sets_ensure(&sets, cache, args->n_threads, err);
    if (status == EV_OK)
        status = ev_train_run(trainer, args, &summary, err);
    if (status == EV_OK)
        print_summary(args, &summary);
    ev_sets_free(&sets);
    return status;
}
