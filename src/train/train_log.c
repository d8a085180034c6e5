/* SPDX-License-Identifier: MIT */
/* Writes the whole log after each epoch, so that a resumed run leaves no gap and no line twice. */
#include "train/train_log.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

char *ev_train_log_path(const char *model_path)
{
    size_t n = strlen(model_path);
    char *path = malloc(n + sizeof ".csv");

    if (!path)
        return NULL;
    if (n > 3 && strcmp(model_path + n - 3, ".pt") == 0)
        n -= 3;
    memcpy(path, model_path, n);
    memcpy(path + n, ".csv", sizeof ".csv");
    return path;
}

static void write_figure(FILE *out, double value, const char *format)
{
    fputc(',', out);
    if (isfinite(value))
        fprintf(out, format, value);
}

static void write_lines(const struct ev_checkpoint *checkpoint, const struct ev_column *columns,
                        int32_t n_outputs, FILE *out)
{
    fputs("epoch,images,train_loss,val_mse_norm", out);
    for (int32_t k = 0; k < n_outputs; k++) {
        char name[64];
        snprintf(name, sizeof name, "val_r2_%s", columns[k].name);
        fputc(',', out);
        ev_text_csv_cell(out, name);
    }
    fputs(",learning_rate,seconds\n", out);
    for (int64_t i = 0; i < checkpoint->n_epochs; i++) {
        const struct ev_epoch_record *record = &checkpoint->epochs[i];
        fprintf(out, "%" PRId64 ",%" PRId64, record->epoch, record->n_images);
        write_figure(out, record->train_loss, "%.8g");
        write_figure(out, record->val_mse_norm, "%.8g");
        for (int32_t k = 0; k < n_outputs; k++)
            write_figure(out, record->val_r2[k], "%.6f");
        write_figure(out, record->learning_rate, "%.6g");
        write_figure(out, record->seconds, "%.1f");
        fputc('\n', out);
    }
}

enum ev_status ev_train_log_write(const struct ev_checkpoint *checkpoint,
                                  const struct ev_column *columns, int32_t n_outputs,
                                  struct ev_error *err)
{
    struct ev_outfile file = {0};

    char *path = ev_train_log_path(checkpoint->out_path);
    if (!path)
        return ev_fail(err, EV_MEMORY, "out of memory");
    enum ev_status status = ev_outfile_open(&file, path, err);
    if (status == EV_OK) {
        write_lines(checkpoint, columns, n_outputs, file.stream);
        status = ev_outfile_commit(&file, err);
    }
    free(path);
    return status;
}
