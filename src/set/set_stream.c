/* SPDX-License-Identifier: MIT */
/* The stream: one reader thread fills a ring of batches ahead of the caller. */
#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "set/set_private.h"

/* One place in the ring. */
struct slot {
    uint8_t *images;
    int64_t first_row;
    int64_t n_rows;
};

struct ev_stream {
    struct ev_set *set;
    int64_t batch_rows;
    struct slot *slots;
    int32_t n_slots;
    pthread_t thread;
    bool has_thread;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    int64_t n_filled; /* batches that the reader has finished */
    int64_t n_taken;  /* batches that the caller has asked for */
    bool stop;
    bool failed;
    struct ev_error err;
};

static int64_t count_batches(const struct ev_stream *stream)
{
    return (stream->set->info.n_rows + stream->batch_rows - 1) / stream->batch_rows;
}

/* Waits until batch `index` may be written: its slot must be neither ahead of the caller by a whole
 * ring nor the one that the caller holds. False when the stream is being closed. */
static bool wait_for_room(struct ev_stream *stream, int64_t index)
{
    pthread_mutex_lock(&stream->mutex);
    while (!stream->stop && index >= stream->n_taken + stream->n_slots - (stream->n_taken > 0))
        pthread_cond_wait(&stream->changed, &stream->mutex);
    bool stop = stream->stop;
    pthread_mutex_unlock(&stream->mutex);
    return !stop;
}

static void *read_ahead(void *data)
{
    struct ev_stream *stream = data;
    const int64_t n_batches = count_batches(stream);
    struct ev_error err = EV_ERROR_INIT;
    enum ev_status status = EV_OK;

    for (int64_t i = 0; i < n_batches && status == EV_OK; i++) {
        struct slot *slot = &stream->slots[i % stream->n_slots];
        if (!wait_for_room(stream, i))
            return NULL;
        int64_t first = i * stream->batch_rows;
        int64_t left = stream->set->info.n_rows - first;
        slot->first_row = first;
        slot->n_rows = left < stream->batch_rows ? left : stream->batch_rows;
        status = ev_set_read(stream->set, first, slot->n_rows, slot->images, &err);
        pthread_mutex_lock(&stream->mutex);
        if (status == EV_OK) {
            stream->n_filled++;
        } else {
            stream->failed = true;
            stream->err = err;
        }
        pthread_cond_broadcast(&stream->changed);
        pthread_mutex_unlock(&stream->mutex);
    }
    return NULL;
}

enum ev_status ev_stream_open(struct ev_set *set, int64_t batch_rows, int32_t depth,
                              struct ev_stream **out, struct ev_error *err)
{
    struct ev_stream *stream = calloc(1, sizeof *stream);

    assert(batch_rows >= 1 && depth >= 1);
    *out = NULL;
    if (!stream)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", set->path);
    if (set->raw_file >= 0)
        posix_fadvise(set->raw_file, set->raw_offset, 0, POSIX_FADV_SEQUENTIAL);
    stream->set = set;
    stream->batch_rows = batch_rows < set->info.n_rows ? batch_rows : set->info.n_rows;
    stream->n_slots = depth + 1;
    pthread_mutex_init(&stream->mutex, NULL);
    pthread_cond_init(&stream->changed, NULL);
    stream->slots = calloc((size_t)stream->n_slots, sizeof *stream->slots);
    bool ok = stream->slots != NULL;
    for (int32_t i = 0; ok && i < stream->n_slots; i++) {
        stream->slots[i].images = malloc((size_t)stream->batch_rows * set->row_bytes);
        ok = stream->slots[i].images != NULL;
    }
    stream->has_thread = ok && pthread_create(&stream->thread, NULL, read_ahead, stream) == 0;
    if (!stream->has_thread) {
        ev_stream_close(stream);
        return ev_fail(err, EV_MEMORY, "%s: out of memory for batches of %lld rows", set->path,
                       (long long)batch_rows);
    }
    *out = stream;
    return EV_OK;
}

enum ev_status ev_stream_next(struct ev_stream *stream, struct ev_stream_batch *out,
                              struct ev_error *err)
{
    const struct ev_set_info *info = &stream->set->info;

    memset(out, 0, sizeof *out);
    out->batch.size = sizeof out->batch;
    out->batch.form = EV_FORM_U8_NHWC;
    out->batch.shape = info->shape;
    pthread_mutex_lock(&stream->mutex);
    int64_t index = stream->n_taken;
    if (index >= count_batches(stream)) {
        pthread_mutex_unlock(&stream->mutex);
        return EV_OK;
    }
    /* Taking batch `index` gives the one before back to the reader. */
    stream->n_taken++;
    pthread_cond_broadcast(&stream->changed);
    while (stream->n_filled <= index && !stream->failed)
        pthread_cond_wait(&stream->changed, &stream->mutex);
    bool ready = stream->n_filled > index;
    if (!ready) {
        *err = stream->err;
        stream->n_taken = index; /* the same failure at the next call */
    }
    pthread_mutex_unlock(&stream->mutex);
    if (!ready)
        return err->status;
    const struct slot *slot = &stream->slots[index % stream->n_slots];
    out->first_row = slot->first_row;
    out->batch.n_rows = slot->n_rows;
    out->batch.data = slot->images;
    return EV_OK;
}

void ev_stream_close(struct ev_stream *stream)
{
    if (!stream)
        return;
    if (stream->has_thread) {
        pthread_mutex_lock(&stream->mutex);
        stream->stop = true;
        pthread_cond_broadcast(&stream->changed);
        pthread_mutex_unlock(&stream->mutex);
        pthread_join(stream->thread, NULL);
    }
    for (int32_t i = 0; stream->slots && i < stream->n_slots; i++)
        free(stream->slots[i].images);
    free(stream->slots);
    pthread_cond_destroy(&stream->changed);
    pthread_mutex_destroy(&stream->mutex);
    free(stream);
}
