/* SPDX-License-Identifier: MIT */
/*
 * The division of rows into training and validation, repeats of rare bends, shuffling. All of it is
 * a function of (seed, sets, arguments) alone, so a resumed run finds the same rows.
 */
#include "train/sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

/* Validation takes blocks of so many consecutive rows: at 20 frames/s ten seconds, so that most
 * validation pictures have no near twin among the training rows. Short sets have 20 blocks. */
#define BLOCK_ROWS 200
#define MIN_BLOCKS 20

/* Bends as the study counts them, in rad/s. */
#define BEND_RADPS 1.0
#define SHARP_BEND_RADPS 2.0

/* Rows read by one call, so that the list of rows fits on the stack. */
#define READ_ROWS 64

static enum ev_status out_of_memory(struct ev_error *err)
{
    return ev_fail(err, EV_MEMORY, "out of memory");
}

/* The set must look like the first one. */
static enum ev_status check_alike(const struct ev_sampler *sampler,
                                  const struct ev_set_info *info, const char *first_path,
                                  struct ev_error *err)
{
    if (info->shape.height != sampler->shape.height || info->shape.width != sampler->shape.width ||
        info->shape.channels != sampler->shape.channels)
        return ev_fail(err, EV_INPUT, "%s: pictures are %dx%dx%d, but %dx%dx%d in %s", info->path,
                       info->shape.height, info->shape.width, info->shape.channels,
                       sampler->shape.height, sampler->shape.width, sampler->shape.channels,
                       first_path);
    if (info->n_outputs != sampler->n_outputs)
        return ev_fail(err, EV_INPUT, "%s: /labels has %d columns, but %d in %s", info->path,
                       info->n_outputs, sampler->n_outputs, first_path);
    for (int32_t k = 0; k < info->n_outputs; k++) {
        const struct ev_column *a = &info->columns[k], *b = &sampler->columns[k];
        if (strcmp(a->name, b->name) != 0 || a->min != b->min || a->max != b->max)
            return ev_fail(err, EV_INPUT,
                           "%s: column %d of /labels is %s in [%g, %g], but %s in [%g, %g] in %s",
                           info->path, k, a->name, a->min, a->max, b->name, b->min, b->max,
                           first_path);
    }
    return EV_OK;
}

/* Takes over what all sets share. An output with a symmetric range is a turn: it changes its sign
 * when the picture is mirrored. */
static void take_facts(struct ev_sampler *sampler, const struct ev_set_info *info)
{
    sampler->shape = info->shape;
    sampler->n_outputs = info->n_outputs;
    for (int32_t k = 0; k < info->n_outputs; k++) {
        sampler->columns[k] = info->columns[k];
        sampler->mirrored[k] = info->columns[k].min == -info->columns[k].max;
        sampler->can_mirror = sampler->can_mirror || sampler->mirrored[k];
    }
}

static enum ev_status open_sets(struct ev_sampler *sampler, const struct ev_sampler_args *args,
                                struct ev_error *err)
{
    sampler->sets = calloc((size_t)args->n_sets, sizeof *sampler->sets);
    sampler->first_row = calloc((size_t)args->n_sets + 1, sizeof *sampler->first_row);
    if (!sampler->sets || !sampler->first_row)
        return out_of_memory(err);
    for (int32_t i = 0; i < args->n_sets; i++) {
        enum ev_status status = ev_set_open(args->set_paths[i], NULL, &sampler->sets[i], err);
        if (status == EV_OK && ev_set_info(sampler->sets[i])->form != EV_FORM_U8_NHWC)
            status = ev_fail(err, EV_UNSUPPORTED, "%s: pictures of floats; training needs uint8",
                             args->set_paths[i]);
        if (status == EV_OK)
            status = ev_set_unpack(sampler->sets[i], args->n_threads, err);
        if (status != EV_OK)
            return status;
        ev_set_note_ranges(sampler->sets[i]);
        sampler->n_sets = i + 1;
        const struct ev_set_info *info = ev_set_info(sampler->sets[i]);
        if (i == 0)
            take_facts(sampler, info);
        status = check_alike(sampler, info, args->set_paths[0], err);
        if (status != EV_OK)
            return status;
        sampler->first_row[i + 1] = sampler->first_row[i] + info->n_rows;
    }
    return EV_OK;
}

/* Exchanges values[i] with a random one of values[i..n-1], for i below n_wanted: the first
 * n_wanted are then a random choice in random order. */
static void shuffle(int64_t *values, int64_t n, int64_t n_wanted, struct ev_rng *rng)
{
    for (int64_t i = 0; i < n_wanted && i < n - 1; i++) {
        int64_t j = i + (int64_t)ev_rng_below(rng, (uint64_t)(n - i));
        int64_t kept = values[i];
        values[i] = values[j];
        values[j] = kept;
    }
}

/* Marks the validation rows of one set: a share of its blocks, drawn by the seed. */
static enum ev_status mark_validation(const struct ev_sampler *sampler, int32_t set, double share,
                                      bool *validates, struct ev_error *err)
{
    int64_t first = sampler->first_row[set];
    int64_t n_rows = sampler->first_row[set + 1] - first;
    int64_t block_rows = n_rows / MIN_BLOCKS;

    block_rows = block_rows < 1 ? 1 : block_rows > BLOCK_ROWS ? BLOCK_ROWS : block_rows;
    int64_t n_blocks = (n_rows + block_rows - 1) / block_rows;
    int64_t n_wanted = llround(share * (double)n_blocks);
    if (n_wanted == 0 && share > 0.0 && n_blocks > 1)
        n_wanted = 1;
    int64_t *blocks = calloc((size_t)n_blocks, sizeof *blocks);
    if (!blocks)
        return out_of_memory(err);
    for (int64_t i = 0; i < n_blocks; i++)
        blocks[i] = i;
    struct ev_rng rng = ev_rng_at(sampler->seed, EV_RNG_SPLIT, (uint64_t)set);
    shuffle(blocks, n_blocks, n_wanted, &rng);
    for (int64_t i = 0; i < n_wanted; i++) {
        int64_t end = (blocks[i] + 1) * block_rows;
        for (int64_t row = blocks[i] * block_rows; row < end && row < n_rows; row++)
            validates[first + row] = true;
    }
    free(blocks);
    return EV_OK;
}

/* How often a row of a set is in the training list. */
static int64_t repeats_of(const struct ev_sampler *sampler, const struct ev_sampler_args *args,
                          const float *labels)
{
    for (int32_t k = 0; k < sampler->n_outputs; k++) {
        if (strcmp(sampler->columns[k].name, "w") != 0)
            continue;
        double turn = fabs((double)labels[k]);
        if (turn > SHARP_BEND_RADPS)
            return args->repeat_sharp_bends;
        if (turn > BEND_RADPS)
            return args->repeat_bends;
    }
    return 1;
}

/* Fills both lists; with lists NULL it only counts. */
static void list_rows(struct ev_sampler *sampler, const struct ev_sampler_args *args,
                      const bool *validates)
{
    sampler->n_training = 0;
    sampler->n_validation = 0;
    for (int32_t set = 0; set < sampler->n_sets; set++) {
        const float *labels = ev_set_labels(sampler->sets[set]);
        int64_t first = sampler->first_row[set];
        for (int64_t row = first; row < sampler->first_row[set + 1]; row++) {
            if (validates[row]) {
                if (sampler->validation)
                    sampler->validation[sampler->n_validation] = row;
                sampler->n_validation++;
                continue;
            }
            int64_t n = repeats_of(sampler, args, labels + (row - first) * sampler->n_outputs);
            for (int64_t i = 0; i < n; i++, sampler->n_training++) {
                if (sampler->training)
                    sampler->training[sampler->n_training] = row;
            }
        }
    }
}

static enum ev_status divide(struct ev_sampler *sampler, const struct ev_sampler_args *args,
                             struct ev_error *err)
{
    int64_t n_rows = sampler->first_row[sampler->n_sets];
    bool *validates = calloc((size_t)n_rows, sizeof *validates);
    enum ev_status status = validates ? EV_OK : out_of_memory(err);

    for (int32_t set = 0; set < sampler->n_sets && status == EV_OK; set++)
        status = mark_validation(sampler, set, args->validation_share, validates, err);
    if (status == EV_OK) {
        list_rows(sampler, args, validates);
        sampler->training = calloc((size_t)sampler->n_training + 1, sizeof *sampler->training);
        sampler->validation =
            calloc((size_t)sampler->n_validation + 1, sizeof *sampler->validation);
        if (sampler->training && sampler->validation)
            list_rows(sampler, args, validates);
        else
            status = out_of_memory(err);
    }
    free(validates);
    return status;
}

enum ev_status ev_sampler_open(const struct ev_sampler_args *args, struct ev_sampler **sampler,
                               struct ev_error *err)
{
    enum ev_status status;

    *sampler = NULL;
    struct ev_sampler *made = calloc(1, sizeof *made);
    if (!made)
        return out_of_memory(err);
    made->seed = args->seed;
    status = open_sets(made, args, err);
    if (status == EV_OK)
        status = divide(made, args, err);
    if (status != EV_OK) {
        ev_sampler_close(made);
        return status;
    }
    *sampler = made;
    return EV_OK;
}

void ev_sampler_close(struct ev_sampler *sampler)
{
    if (!sampler)
        return;
    for (int32_t i = 0; i < sampler->n_sets; i++)
        ev_set_close(sampler->sets[i]);
    free(sampler->validation);
    free(sampler->training);
    free(sampler->first_row);
    free(sampler->sets);
    free(sampler);
}

int64_t ev_sampler_epoch_rows(const struct ev_sampler *sampler, int64_t epoch_rows)
{
    return epoch_rows > 0 && epoch_rows < sampler->n_training ? epoch_rows : sampler->n_training;
}

void ev_sampler_shuffle(const struct ev_sampler *sampler, int64_t epoch, int64_t *rows)
{
    struct ev_rng rng = ev_rng_at(sampler->seed, EV_RNG_SHUFFLE, (uint64_t)epoch);

    memcpy(rows, sampler->training, (size_t)sampler->n_training * sizeof *rows);
    shuffle(rows, sampler->n_training, sampler->n_training, &rng);
}

/* Reads rows of one set; `rows` are numbered through all sets. */
static enum ev_status read_set_rows(struct ev_sampler *sampler, int32_t set, const int64_t *rows,
                                    int64_t n, uint8_t *images, float *labels,
                                    struct ev_error *err)
{
    const float *all = ev_set_labels(sampler->sets[set]);
    size_t n_outputs = (size_t)sampler->n_outputs;
    size_t row_bytes = (size_t)sampler->shape.height * (size_t)sampler->shape.width *
                       (size_t)sampler->shape.channels;
    int64_t within[READ_ROWS];

    for (int64_t done = 0; done < n;) {
        int64_t now = n - done < READ_ROWS ? n - done : READ_ROWS;
        for (int64_t i = 0; i < now; i++) {
            within[i] = rows[done + i] - sampler->first_row[set];
            memcpy(labels + (size_t)(done + i) * n_outputs, all + (size_t)within[i] * n_outputs,
                   n_outputs * sizeof *labels);
        }
        enum ev_status status = ev_set_read_rows(sampler->sets[set], EV_FORM_U8_NHWC, within, now,
                                                 images + (size_t)done * row_bytes, err);
        if (status != EV_OK)
            return status;
        done += now;
    }
    return EV_OK;
}

enum ev_status ev_sampler_read(struct ev_sampler *sampler, const int64_t *rows, int64_t n,
                               uint8_t *images, float *labels, struct ev_error *err)
{
    size_t row_bytes = (size_t)sampler->shape.height * (size_t)sampler->shape.width *
                       (size_t)sampler->shape.channels;
    int64_t done = 0;

    for (int32_t set = 0; set < sampler->n_sets && done < n; set++) {
        int64_t n_here = 0;
        while (done + n_here < n && rows[done + n_here] < sampler->first_row[set + 1])
            n_here++;
        enum ev_status status = read_set_rows(sampler, set, rows + done, n_here,
                                              images + (size_t)done * row_bytes,
                                              labels + done * sampler->n_outputs, err);
        if (status != EV_OK)
            return status;
        done += n_here;
    }
    return EV_OK;
}
