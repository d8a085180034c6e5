/* SPDX-License-Identifier: MIT */
/* OUT.state: reading, comparing the arguments, writing, and tidying up the files it names. */
#include "train/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#define FORMAT "evalrun training checkpoint 1"
#define MAX_BYTES ((size_t)16 << 20)

static enum ev_status out_of_memory(struct ev_error *err)
{
    return ev_fail(err, EV_MEMORY, "out of memory");
}

/* "OUT.KIND" or, with an epoch, "OUT.KIND-N"; malloc'ed. */
static char *make_path(const struct ev_checkpoint *checkpoint, const char *kind, int64_t epoch)
{
    size_t size = strlen(checkpoint->out_path) + 40;
    char *path = malloc(size);

    if (path && epoch > 0)
        snprintf(path, size, "%s.%s-%" PRId64, checkpoint->out_path, kind, epoch);
    else if (path)
        snprintf(path, size, "%s.%s", checkpoint->out_path, kind);
    return path;
}

char *ev_checkpoint_state_path(const struct ev_checkpoint *checkpoint, int64_t epoch)
{
    return make_path(checkpoint, "state", epoch);
}

char *ev_checkpoint_best_path(const struct ev_checkpoint *checkpoint, int64_t epoch)
{
    return make_path(checkpoint, "best", epoch);
}

void ev_checkpoint_init(struct ev_checkpoint *checkpoint, const char *out_path, json_t *arguments)
{
    *checkpoint = (struct ev_checkpoint){.out_path = out_path, .arguments = arguments};
}

void ev_checkpoint_free(struct ev_checkpoint *checkpoint)
{
    json_decref(checkpoint->arguments);
    free(checkpoint->epochs);
    *checkpoint = (struct ev_checkpoint){0};
}

enum ev_status ev_checkpoint_add(struct ev_checkpoint *checkpoint,
                                 const struct ev_epoch_record *record, struct ev_error *err)
{
    struct ev_epoch_record *grown = realloc(
        checkpoint->epochs, ((size_t)checkpoint->n_epochs + 1) * sizeof *checkpoint->epochs);

    if (!grown)
        return out_of_memory(err);
    checkpoint->epochs = grown;
    checkpoint->epochs[checkpoint->n_epochs++] = *record;
    return EV_OK;
}

/* --- JSON --- */

static double number_or_nan(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static json_t *epoch_to_json(const struct ev_epoch_record *record)
{
    json_t *r2 = json_array();

    for (int k = 0; k < EV_MAX_OUTPUTS; k++)
        json_array_append_new(r2, ev_json_real(record->val_r2[k]));
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "epoch", (json_int_t)record->epoch,
                     "n_images", (json_int_t)record->n_images, "train_loss",
                     ev_json_real(record->train_loss), "val_mse_norm",
                     ev_json_real(record->val_mse_norm), "val_r2", r2, "learning_rate",
                     ev_json_real(record->learning_rate), "seconds",
                     ev_json_real(record->seconds));
}

static bool epoch_from_json(const json_t *object, struct ev_epoch_record *record)
{
    const json_t *epoch = json_object_get(object, "epoch");
    const json_t *n_images = json_object_get(object, "n_images");
    const json_t *r2 = json_object_get(object, "val_r2");

    if (!json_is_integer(epoch) || !json_is_integer(n_images))
        return false;
    *record = (struct ev_epoch_record){
        .epoch = json_integer_value(epoch),
        .n_images = json_integer_value(n_images),
        .train_loss = number_or_nan(json_object_get(object, "train_loss")),
        .val_mse_norm = number_or_nan(json_object_get(object, "val_mse_norm")),
        .learning_rate = number_or_nan(json_object_get(object, "learning_rate")),
        .seconds = number_or_nan(json_object_get(object, "seconds")),
    };
    for (size_t k = 0; k < EV_MAX_OUTPUTS; k++)
        record->val_r2[k] = number_or_nan(json_array_get(r2, k));
    return true;
}

enum ev_status ev_checkpoint_save(const struct ev_checkpoint *checkpoint, struct ev_error *err)
{
    struct ev_outfile file = {0};
    enum ev_status status = EV_OK;
    json_t *epochs = json_array();
    char *path = make_path(checkpoint, "state", 0);

    for (int64_t i = 0; i < checkpoint->n_epochs; i++)
        json_array_append_new(epochs, epoch_to_json(&checkpoint->epochs[i]));
    json_t *root = json_pack("{s:s, s:O, s:I, s:s, s:o}", "format", FORMAT, "arguments",
                             checkpoint->arguments, "best_epoch",
                             (json_int_t)checkpoint->best_epoch, "best_sha256",
                             checkpoint->best_sha256, "epochs", epochs);
    if (!path || !root)
        status = out_of_memory(err);
    if (status == EV_OK)
        status = ev_outfile_open(&file, path, err);
    if (status == EV_OK) {
        /* What fails to be written shows in the stream at commit. */
        json_dumpf(root, file.stream, JSON_INDENT(1));
        fputc('\n', file.stream);
        status = ev_outfile_commit(&file, err);
    }
    json_decref(root);
    free(path);
    return status;
}

/* --- Reading --- */

static enum ev_status damaged(const char *path, struct ev_error *err)
{
    return ev_fail(err, EV_INPUT, "%s: not a whole checkpoint; start afresh with --fresh", path);
}

/* An argument as the user knows it. */
static void print_value(const json_t *value, char text[64])
{
    if (json_is_integer(value))
        snprintf(text, 64, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(text, 64, "%g", json_real_value(value));
    else if (json_is_string(value))
        snprintf(text, 64, "%.60s", json_string_value(value));
    else
        snprintf(text, 64, "nothing");
}

static enum ev_status compare_arguments(const struct ev_checkpoint *checkpoint, const char *path,
                                        const json_t *theirs, struct ev_error *err)
{
    const char *key;
    json_t *mine;

    json_object_foreach (checkpoint->arguments, key, mine) {
        const json_t *other = json_object_get(theirs, key);
        char now[64], then[64];
        if (json_equal(mine, other))
            continue;
        print_value(mine, now);
        print_value(other, then);
        return ev_fail(err, EV_USAGE,
                       "%s: checkpoint of a run with other arguments (%s was %s, now %s); use "
                       "those to go on, or --fresh to start afresh",
                       path, key, then, now);
    }
    return EV_OK;
}

/* Takes over what a checkpoint with equal arguments says. */
static bool take_over(struct ev_checkpoint *checkpoint, const json_t *root, struct ev_error *err)
{
    const json_t *epochs = json_object_get(root, "epochs");
    const json_t *best = json_object_get(root, "best_epoch");
    const char *sha256 = json_string_value(json_object_get(root, "best_sha256"));
    struct ev_epoch_record record;

    if (!json_is_array(epochs) || !json_is_integer(best) || !sha256 || strlen(sha256) > 64)
        return false;
    for (size_t i = 0; i < json_array_size(epochs); i++) {
        if (!epoch_from_json(json_array_get(epochs, i), &record) ||
            record.epoch != (int64_t)i + 1 || ev_checkpoint_add(checkpoint, &record, err) != EV_OK)
            return false;
    }
    checkpoint->best_epoch = json_integer_value(best);
    snprintf(checkpoint->best_sha256, sizeof checkpoint->best_sha256, "%s", sha256);
    return checkpoint->best_epoch >= 0 && checkpoint->best_epoch <= checkpoint->n_epochs &&
           (checkpoint->best_epoch > 0) == (checkpoint->n_epochs > 0);
}

enum ev_status ev_checkpoint_load(struct ev_checkpoint *checkpoint, struct ev_error *err)
{
    char *text = NULL, *path = make_path(checkpoint, "state", 0);
    json_t *root = NULL;
    json_error_t why;
    size_t length;
    enum ev_status status = path ? EV_OK : out_of_memory(err);

    if (status != EV_OK || !ev_file_exists(path))
        goto done;
    status = ev_file_read(path, MAX_BYTES, &text, &length, err);
    if (status != EV_OK)
        goto done;
    root = json_loadb(text, length, 0, &why);
    const char *format = json_string_value(json_object_get(root, "format"));
    if (!format || strcmp(format, FORMAT) != 0) {
        status = damaged(path, err);
        goto done;
    }
    status = compare_arguments(checkpoint, path, json_object_get(root, "arguments"), err);
    if (status == EV_OK && !take_over(checkpoint, root, err))
        status = damaged(path, err);
done:
    json_decref(root);
    free(text);
    free(path);
    return status;
}

static enum ev_status check_is_there(const char *path, struct ev_error *err)
{
    if (ev_file_exists(path))
        return EV_OK;
    return ev_fail(err, EV_INPUT,
                   "%s: missing, but the interrupted run cannot go on without it; start afresh "
                   "with --fresh",
                   path);
}

enum ev_status ev_checkpoint_check_files(const struct ev_checkpoint *checkpoint,
                                         struct ev_error *err)
{
    char *state = ev_checkpoint_state_path(checkpoint, checkpoint->n_epochs);
    char *best = ev_checkpoint_best_path(checkpoint, checkpoint->best_epoch);
    char hex[65];
    enum ev_status status = state && best ? EV_OK : out_of_memory(err);

    if (status == EV_OK)
        status = check_is_there(state, err);
    if (status == EV_OK)
        status = check_is_there(best, err);
    if (status == EV_OK)
        status = ev_file_sha256(best, hex, err);
    if (status == EV_OK && strcmp(hex, checkpoint->best_sha256) != 0)
        status = ev_fail(err, EV_INPUT,
                         "%s: not the model that the interrupted run kept; start afresh with "
                         "--fresh",
                         best);
    free(best);
    free(state);
    return status;
}

/* --- Tidying --- */

/* Whether `name` is "OUT.KIND-N", both without folder, and which N. */
static bool is_epoch_file(const char *name, const char *out_name, const char *kind, int64_t *epoch)
{
    size_t n_out = strlen(out_name), n_kind = strlen(kind);

    return strncmp(name, out_name, n_out) == 0 && name[n_out] == '.' &&
           strncmp(name + n_out + 1, kind, n_kind) == 0 && name[n_out + 1 + n_kind] == '-' &&
           ev_text_int64(name + n_out + n_kind + 2, epoch);
}

bool ev_checkpoint_owns(const char *out_name, const char *name)
{
    size_t n_out = strlen(out_name);
    int64_t epoch;

    return is_epoch_file(name, out_name, "state", &epoch) ||
           is_epoch_file(name, out_name, "best", &epoch) ||
           (strncmp(name, out_name, n_out) == 0 && strcmp(name + n_out, ".state") == 0);
}

/* Removes the files "NAME.KIND-N" in `folder`, except that of epoch `keep`. */
static void remove_others(const char *folder, const char *name, const char *kind, int64_t keep)
{
    DIR *listing = opendir(folder);
    struct dirent *entry;
    int64_t epoch;

    while (listing && (entry = readdir(listing))) {
        if (is_epoch_file(entry->d_name, name, kind, &epoch) && epoch != keep)
            unlinkat(dirfd(listing), entry->d_name, 0);
    }
    if (listing)
        closedir(listing);
}

static void remove_all_but(const struct ev_checkpoint *checkpoint, int64_t state_epoch,
                           int64_t best_epoch)
{
    const char *slash = strrchr(checkpoint->out_path, '/');
    const char *name = slash ? slash + 1 : checkpoint->out_path;
    char *folder = ev_path_folder(checkpoint->out_path);

    if (folder) {
        remove_others(folder, name, "state", state_epoch);
        remove_others(folder, name, "best", best_epoch);
    }
    free(folder);
}

void ev_checkpoint_tidy(const struct ev_checkpoint *checkpoint)
{
    remove_all_but(checkpoint, checkpoint->n_epochs, checkpoint->best_epoch);
}

enum ev_status ev_checkpoint_remove(const struct ev_checkpoint *checkpoint, struct ev_error *err)
{
    char *path = make_path(checkpoint, "state", 0);
    enum ev_status status = path ? EV_OK : out_of_memory(err);

    if (path && unlink(path) != 0 && errno != ENOENT)
        status = ev_fail(err, EV_IO, "%s: cannot be removed: %s", path, strerror(errno));
    if (status == EV_OK)
        remove_all_but(checkpoint, 0, 0);
    free(path);
    return status;
}
