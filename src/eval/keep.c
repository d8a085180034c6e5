/* SPDX-License-Identifier: MIT */
/* Copies what was measured into the samples, and finds the worst disagreements. */
#include "eval/keep.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Poses that are read at once. */
#define POSES 4096

static enum ev_status out_of_memory(struct ev_error *err)
{
    return ev_fail(err, EV_MEMORY, "out of memory for what the report keeps");
}

enum ev_status ev_keep_backends(struct ev_samples *samples, const struct ev_eval_args *args,
                                struct ev_error *err)
{
    assert(!samples->backends);
    samples->backends = calloc(args->n_backends, sizeof *samples->backends);
    samples->sets = calloc(args->n_sets, sizeof *samples->sets);
    if (!samples->backends || !samples->sets)
        return out_of_memory(err);
    samples->n_backends = args->n_backends;
    for (size_t b = 0; b < args->n_backends; b++) {
        samples->backends[b] = strdup(args->backends[b].name);
        if (!samples->backends[b])
            return out_of_memory(err);
    }
    return EV_OK;
}

static enum ev_status keep_positions(struct ev_samples_set *kept, struct ev_set *set,
                                     struct ev_error *err)
{
    double *poses = malloc(POSES * EV_POSE_COLUMNS * sizeof *poses);
    enum ev_status status = EV_OK;

    kept->positions = malloc((size_t)kept->n_rows * 2 * sizeof *kept->positions);
    if (!poses || !kept->positions)
        status = out_of_memory(err);
    for (int64_t first = 0, n; first < kept->n_rows && status == EV_OK; first += n) {
        n = kept->n_rows - first < POSES ? kept->n_rows - first : POSES;
        status = ev_set_read_pose(set, first, n, poses, err);
        for (int64_t i = 0; i < n && status == EV_OK; i++) {
            kept->positions[2 * (first + i)] = (float)poses[i * EV_POSE_COLUMNS];
            kept->positions[2 * (first + i) + 1] = (float)poses[i * EV_POSE_COLUMNS + 1];
        }
    }
    free(poses);
    return status;
}

enum ev_status ev_keep_set(struct ev_samples *samples, const char *name, struct ev_set *set,
                           struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);
    struct ev_samples_set *kept = &samples->sets[samples->n_sets++];
    const size_t bytes = (size_t)info->n_rows * (size_t)info->n_outputs * sizeof(float);

    kept->n_rows = info->n_rows;
    kept->n_outputs = info->n_outputs;
    kept->name = strdup(name);
    kept->labels = malloc(bytes);
    kept->outputs = calloc(samples->n_backends, sizeof *kept->outputs);
    if (!kept->name || !kept->labels || !kept->outputs)
        return out_of_memory(err);
    memcpy(kept->labels, ev_set_labels(set), bytes);
    return ev_set_has_pose(set) ? keep_positions(kept, set, err) : EV_OK;
}

enum ev_status ev_keep_single(struct ev_samples *samples, size_t backend, struct ev_model *model,
                              const struct ev_spread *spread, struct ev_error *err)
{
    struct ev_samples_set *kept = &samples->sets[samples->n_sets - 1];
    const int64_t n = spread->pictures.n;
    char name[160];

    if (!kept->single) {
        kept->single = calloc(samples->n_backends, sizeof *kept->single);
        kept->single_rows = malloc((size_t)n * sizeof *kept->single_rows);
        if (!kept->single || !kept->single_rows)
            return out_of_memory(err);
        memcpy(kept->single_rows, spread->rows, (size_t)n * sizeof *kept->single_rows);
        kept->n_single = n;
    }
    float *outputs = malloc((size_t)n * (size_t)kept->n_outputs * sizeof *outputs);
    if (!outputs)
        return out_of_memory(err);
    snprintf(name, sizeof name, "%.50s on single images of %.50s", samples->backends[backend],
             kept->name);
    enum ev_status status = ev_spread_infer(spread, model, name, kept->n_outputs, outputs, err);
    if (status == EV_OK)
        kept->single[backend] = outputs;
    else
        free(outputs);
    return status;
}

/* --- Pictures --- */

/* A row on which a backend differs from the baseline. */
struct disagreement {
    int32_t set;
    int64_t row;
    double difference;
};

static double difference_of(const float *a, const float *b, int32_t n_outputs)
{
    double largest = 0;

    for (int32_t k = 0; k < n_outputs; k++)
        largest = fmax(largest, fabs((double)a[k] - (double)b[k])); /* NaN: not the largest */
    return largest;
}

/* Puts a row among the worst, in order; of rows that are near each other the worse one stays. */
static void insert(struct disagreement *worst, int *n, const struct disagreement *row)
{
    for (int i = 0; i < *n; i++) {
        if (worst[i].set != row->set || row->row - worst[i].row >= EV_KEEP_ROWS_APART)
            continue;
        if (worst[i].difference >= row->difference)
            return;
        memmove(&worst[i], &worst[i + 1], (size_t)(*n - i - 1) * sizeof *worst);
        (*n)--;
        i--;
    }
    int at = *n;
    while (at > 0 && worst[at - 1].difference < row->difference)
        at--;
    if (at == EV_KEEP_PICTURES)
        return;
    *n -= *n == EV_KEEP_PICTURES;
    memmove(&worst[at + 1], &worst[at], (size_t)(*n - at) * sizeof *worst);
    worst[at] = *row;
    (*n)++;
}

static int find_worst(const struct ev_samples *samples, size_t backend, size_t baseline,
                      struct disagreement worst[EV_KEEP_PICTURES])
{
    int n = 0;

    for (size_t s = 0; s < samples->n_sets; s++) {
        const struct ev_samples_set *set = &samples->sets[s];
        const float *a = set->outputs[backend], *b = set->outputs[baseline];
        for (int64_t i = 0; a && b && i < set->n_rows; i++) {
            const int64_t at = i * set->n_outputs;
            const struct disagreement row = {(int32_t)s, i,
                                             difference_of(a + at, b + at, set->n_outputs)};
            if (row.difference > 0)
                insert(worst, &n, &row);
        }
    }
    return n;
}

static enum ev_status keep_picture(struct ev_samples *samples, struct ev_set *set, size_t backend,
                                   const struct disagreement *row, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);
    struct ev_samples_picture *picture = &samples->pictures[samples->n_pictures];

    *picture = (struct ev_samples_picture){
        .set = row->set,
        .backend = (int32_t)backend,
        .row = row->row,
        .height = info->shape.height,
        .width = info->shape.width,
        .channels = info->shape.channels,
        .pixels = malloc(ev_set_picture_bytes(info, EV_FORM_U8_NHWC)),
    };
    if (!picture->pixels)
        return out_of_memory(err);
    samples->n_pictures++;
    return ev_set_read(set, EV_FORM_U8_NHWC, row->row, 1, picture->pixels, err);
}

static bool can_be_shown(const struct ev_set_info *info)
{
    const int32_t channels = info->shape.channels;

    return info->form == EV_FORM_U8_NHWC && (channels == 1 || channels == 3 || channels == 4);
}

enum ev_status ev_keep_pictures(struct ev_samples *samples, struct ev_set **sets, size_t baseline,
                                struct ev_error *err)
{
    enum ev_status status = EV_OK;

    samples->pictures = calloc(samples->n_backends * EV_KEEP_PICTURES, sizeof *samples->pictures);
    if (!samples->pictures)
        return out_of_memory(err);
    for (size_t b = 0; b < samples->n_backends && status == EV_OK; b++) {
        struct disagreement worst[EV_KEEP_PICTURES];
        const int n = b == baseline ? 0 : find_worst(samples, b, baseline, worst);
        for (int i = 0; i < n && status == EV_OK; i++) {
            if (can_be_shown(ev_set_info(sets[worst[i].set])))
                status = keep_picture(samples, sets[worst[i].set], b, &worst[i], err);
        }
    }
    return status;
}
