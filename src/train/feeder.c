/* SPDX-License-Identifier: MIT */
/* Two buffers and a thread: one batch is being computed on, the next is being prepared. */
#include "train/feeder.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "set/pixel.h"
#include "train/augment.h"

#define N_SLOTS 2

struct slot {
    uint8_t *images; /* (batch_rows, H, W, C) */
    float *targets;  /* (batch_rows, n_outputs) */
    int64_t n_rows;
    enum ev_status status;
    struct ev_error error;
};

struct ev_feeder {
    struct ev_feeder_args args;
    size_t row_bytes;
    int64_t n_batches;
    struct slot slots[N_SLOTS]; /* batch i lies in slot i % N_SLOTS */

    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Guarded by the lock. */
    int64_t n_filled; /* batches prepared so far */
    int64_t n_taken;  /* batches the caller is done with */
    bool stopping;

    int64_t n_given; /* the caller's count of batches handed out */
};

static int compare_rows(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Flips and recolours one picture and its labels. */
static void change_row(const struct ev_sampler *sampler, uint64_t index, uint8_t *image,
                       float *labels)
{
    struct ev_rng rng = ev_rng_at(sampler->seed, EV_RNG_AUGMENT, index);
    bool mirror = ev_rng_uniform(&rng) < 0.5;

    if (mirror && sampler->can_mirror) {
        ev_pixels_mirror(sampler->shape.height, sampler->shape.width, sampler->shape.channels, image);
        for (int32_t k = 0; k < sampler->n_outputs; k++) {
            if (sampler->mirrored[k])
                labels[k] = -labels[k];
        }
    }
    ev_augment_colour(image, &sampler->shape, &rng);
}

static void normalise(const struct ev_sampler *sampler, float *labels)
{
    for (int32_t k = 0; k < sampler->n_outputs; k++) {
        const struct ev_column *column = &sampler->columns[k];
        labels[k] = (float)(((double)labels[k] - column->min) / (column->max - column->min));
    }
}

static void fill_slot(struct ev_feeder *feeder, int64_t i_batch)
{
    const struct ev_feeder_args *args = &feeder->args;
    struct slot *slot = &feeder->slots[i_batch % N_SLOTS];
    int64_t first = i_batch * args->batch_rows;
    int64_t left = args->n_rows - first;

    slot->n_rows = left < args->batch_rows ? left : args->batch_rows;
    qsort(args->rows + first, (size_t)slot->n_rows, sizeof *args->rows, compare_rows);
    slot->status = ev_sampler_read(args->sampler, args->rows + first, slot->n_rows, slot->images,
                                   slot->targets, &slot->error);
    for (int64_t i = 0; i < slot->n_rows && slot->status == EV_OK; i++) {
        float *labels = slot->targets + i * args->sampler->n_outputs;
        if (args->augment)
            change_row(args->sampler, args->first_index + (uint64_t)(first + i),
                       slot->images + (size_t)i * feeder->row_bytes, labels);
        normalise(args->sampler, labels);
    }
}

static void *work(void *argument)
{
    struct ev_feeder *feeder = argument;

    for (int64_t i = 0; i < feeder->n_batches; i++) {
        pthread_mutex_lock(&feeder->lock);
        while (!feeder->stopping && i - feeder->n_taken >= N_SLOTS)
            pthread_cond_wait(&feeder->changed, &feeder->lock);
        bool stopping = feeder->stopping;
        pthread_mutex_unlock(&feeder->lock);
        if (stopping)
            break;

        fill_slot(feeder, i);
        bool failed = feeder->slots[i % N_SLOTS].status != EV_OK;
        pthread_mutex_lock(&feeder->lock);
        feeder->n_filled = i + 1;
        pthread_cond_broadcast(&feeder->changed);
        pthread_mutex_unlock(&feeder->lock);
        if (failed)
            break;
    }
    return NULL;
}

enum ev_status ev_feeder_start(const struct ev_feeder_args *args, struct ev_feeder **feeder,
                               struct ev_error *err)
{
    const struct ev_shape *shape = &args->sampler->shape;

    *feeder = NULL;
    struct ev_feeder *made = calloc(1, sizeof *made);
    if (!made)
        return ev_fail(err, EV_MEMORY, "out of memory");
    made->args = *args;
    made->row_bytes = (size_t)shape->height * (size_t)shape->width * (size_t)shape->channels;
    made->n_batches = (args->n_rows + args->batch_rows - 1) / args->batch_rows;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->changed, NULL);
    size_t n_rows = (size_t)(args->n_rows < args->batch_rows ? args->n_rows : args->batch_rows);
    bool enough = true;
    for (int i = 0; i < N_SLOTS; i++) {
        struct slot *slot = &made->slots[i];
        slot->images = malloc(n_rows * made->row_bytes + 1);
        slot->targets = calloc(n_rows * (size_t)args->sampler->n_outputs + 1, sizeof(float));
        enough = enough && slot->images && slot->targets;
    }
    made->started = enough && pthread_create(&made->thread, NULL, work, made) == 0;
    if (!made->started) {
        ev_feeder_stop(made);
        return ev_fail(err, EV_MEMORY, enough ? "no thread can be started to read the sets"
                                              : "out of memory");
    }
    *feeder = made;
    return EV_OK;
}

enum ev_status ev_feeder_next(struct ev_feeder *feeder, struct ev_feed *feed, struct ev_error *err)
{
    *feed = (struct ev_feed){0};
    pthread_mutex_lock(&feeder->lock);
    feeder->n_taken = feeder->n_given;
    pthread_cond_broadcast(&feeder->changed);
    while (feeder->n_given < feeder->n_batches && feeder->n_filled <= feeder->n_given)
        pthread_cond_wait(&feeder->changed, &feeder->lock);
    pthread_mutex_unlock(&feeder->lock);
    if (feeder->n_given == feeder->n_batches)
        return EV_OK;

    const struct slot *slot = &feeder->slots[feeder->n_given % N_SLOTS];
    if (slot->status != EV_OK) {
        *err = slot->error;
        return slot->status;
    }
    feeder->n_given++;
    *feed = (struct ev_feed){
        .batch = {.size = sizeof feed->batch,
                  .form = EV_FORM_U8_NHWC,
                  .shape = feeder->args.sampler->shape,
                  .n_rows = slot->n_rows,
                  .data = slot->images},
        .targets = slot->targets,
    };
    return EV_OK;
}

void ev_feeder_stop(struct ev_feeder *feeder)
{
    if (!feeder)
        return;
    if (feeder->started) {
        pthread_mutex_lock(&feeder->lock);
        feeder->stopping = true;
        pthread_cond_broadcast(&feeder->changed);
        pthread_mutex_unlock(&feeder->lock);
        pthread_join(feeder->thread, NULL);
    }
    for (int i = 0; i < N_SLOTS; i++) {
        free(feeder->slots[i].images);
        free(feeder->slots[i].targets);
    }
    pthread_cond_destroy(&feeder->changed);
    pthread_mutex_destroy(&feeder->lock);
    free(feeder);
}
