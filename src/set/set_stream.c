/* SPDX-License-Identifier: MIT */
/*
 * The stream: readers fill a ring of batches ahead of the caller. They take spans of rows in turn,
 * whole chunks where the set has them, so that no chunk is unpacked twice; a span may go into
 * several batches.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "set/set_private.h"

/* Of rows that are not in chunks: small enough to share a batch among readers, large enough for
 * the disk. */
#define SPAN_BYTES ((size_t)2 << 20)
/* All readers together, of the rows of chunks that cut pictures: h5py makes many rows one. */
#define MAX_CUT_BYTES ((size_t)512 << 20)
/* Chunks up to here are unpacked two at a time: each reader has room for what it unpacks. */
#define MAX_PAIRED_BYTES ((size_t)16 << 20)

/* One place in the ring: batch i is in slot i modulo the number of slots. */
struct slot {
    void *images;
    int64_t n_done; /* rows of the batch that are read */
};

struct ev_stream {
    struct ev_set *set;
    struct ev_stream_args args;
    size_t picture_bytes;
    int n_chunks; /* that readers unpack at once */
    int64_t span_rows;
    int64_t first_batch;
    char *memory; /* of all slots */
    struct slot *slots;
    int32_t n_slots;
    struct worker *workers;
    int32_t n_workers;

    pthread_mutex_t mutex; /* guards what follows, and the slots' n_done */
    pthread_cond_t changed;
    int64_t next_span;
    int64_t n_taken; /* batches that the caller has asked for, and those before the first */
    bool stop;       /* the stream is being closed */
    bool failed;
    struct ev_error err;
};

struct worker {
    struct ev_stream *stream;
    struct ev_set_reader *reader;
    pthread_t thread;
    bool has_thread;
};

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t rows_of_batch(const struct ev_stream *stream, int64_t batch)
{
    const int64_t left = stream->set->info.n_rows - batch * stream->args.batch_rows;

    return left > 0 ? smaller(left, stream->args.batch_rows) : 0;
}

/* Waits until a batch may be written: its slot must be neither ahead of the caller by a whole ring
 * nor the one that the caller holds.
 * False when the stream is being closed. Caller holds the mutex. */
static bool wait_for_room(struct ev_stream *stream, int64_t batch)
{
    while (!stream->stop && batch >= stream->n_taken + stream->n_slots -
                                         (stream->n_taken > stream->first_batch))
        pthread_cond_wait(&stream->changed, &stream->mutex);
    return !stream->stop;
}

/* Reads rows [first, end) into the batches that they belong to; false when reading is over. */
static bool read_span(struct worker *worker, int64_t first, int64_t end)
{
    struct ev_stream *stream = worker->stream;
    const int64_t batch_rows = stream->args.batch_rows;
    struct ev_error err = EV_ERROR_INIT;
    bool go_on = true;

    for (int64_t n; first < end && go_on; first += n) {
        const int64_t batch = first / batch_rows, within = first % batch_rows;
        struct slot *slot = &stream->slots[batch % stream->n_slots];
        n = smaller(end - first, batch_rows - within);
        pthread_mutex_lock(&stream->mutex);
        go_on = wait_for_room(stream, batch);
        pthread_mutex_unlock(&stream->mutex);
        if (!go_on)
            break;
        enum ev_status status =
            ev_set_reader_read(worker->reader, stream->args.form, first, n,
                               (char *)slot->images + (size_t)within * stream->picture_bytes, &err);
        pthread_mutex_lock(&stream->mutex);
        if (status == EV_OK) {
            slot->n_done += n;
        } else if (!stream->failed) {
            stream->failed = true;
            stream->err = err;
        }
        go_on = status == EV_OK;
        pthread_cond_broadcast(&stream->changed);
        pthread_mutex_unlock(&stream->mutex);
    }
    return go_on;
}

static void *work(void *data)
{
    struct worker *worker = data;
    struct ev_stream *stream = worker->stream;
    const int64_t n_rows = stream->set->info.n_rows;
    bool go_on = true;

    while (go_on) {
        pthread_mutex_lock(&stream->mutex);
        const int64_t first = stream->next_span++ * stream->span_rows;
        const int64_t from = first > stream->args.first_row ? first : stream->args.first_row;
        go_on = !stream->failed && !stream->stop && first < n_rows;
        pthread_mutex_unlock(&stream->mutex);
        if (go_on)
            go_on = read_span(worker, from, smaller(first + stream->span_rows, n_rows));
    }
    return NULL;
}

/* Where rows are only copied, two readers take all that memory gives; where HDF5 does the work,
 * they would wait for each other. */
static int32_t count_workers(const struct ev_set *set, const struct ev_stream_args *args)
{
    const bool unpacks = set->storage == EV_STORAGE_CHUNKS && (set->deflated || set->shuffled);
    const bool changes = !ev_set_is_as_stored(set, args->form);

    if (set->storage == EV_STORAGE_HDF5)
        return 1;
    if (set->storage == EV_STORAGE_CHUNKS && set->is_cut) {
        const size_t rows_bytes = (size_t)set->chunk_rows * set->stored_bytes;
        return (int32_t)smaller(args->n_threads, 1 + (int64_t)(MAX_CUT_BYTES / rows_bytes));
    }
    return unpacks || changes ? args->n_threads : (int32_t)smaller(args->n_threads, 2);
}

/* Two where that is faster: not where readers would be left without a chunk. */
static int choose_chunks(const struct ev_set *set, int32_t n_workers)
{
    const bool is_small = set->storage == EV_STORAGE_CHUNKS && set->deflated && !set->is_cut &&
                          set->chunk_rows <= (int64_t)(MAX_PAIRED_BYTES / set->stored_bytes);

    return is_small && set->info.n_rows > n_workers * set->chunk_rows ? 2 : 1;
}

static int64_t choose_span(const struct ev_set *set, int n_chunks)
{
    const int64_t rows = (int64_t)(SPAN_BYTES / set->stored_bytes);

    return set->storage == EV_STORAGE_CHUNKS ? n_chunks * set->chunk_rows : rows > 0 ? rows : 1;
}

static enum ev_status start_workers(struct ev_stream *stream, struct ev_error *err)
{
    stream->workers = calloc((size_t)stream->n_workers, sizeof *stream->workers);
    if (!stream->workers)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", stream->set->path);
    for (int32_t i = 0; i < stream->n_workers; i++) {
        struct worker *worker = &stream->workers[i];
        worker->stream = stream;
        enum ev_status status =
            ev_set_reader_open(stream->set, stream->n_chunks, &worker->reader, err);
        if (status != EV_OK)
            return status;
        worker->has_thread = pthread_create(&worker->thread, NULL, work, worker) == 0;
        if (!worker->has_thread)
            return ev_fail(err, EV_MEMORY, "%s: no thread can be started to read it",
                           stream->set->path);
    }
    return EV_OK;
}

static size_t slot_bytes(const struct ev_stream *stream)
{
    return (size_t)stream->args.batch_rows * stream->picture_bytes;
}

void *ev_stream_memory(const struct ev_stream *stream, size_t *n_bytes)
{
    *n_bytes = (size_t)stream->n_slots * slot_bytes(stream);
    return stream->memory;
}

enum ev_status ev_stream_open(struct ev_set *set, const struct ev_stream_args *args,
                              struct ev_stream **out, struct ev_error *err)
{
    struct ev_stream *stream = calloc(1, sizeof *stream);

    assert(args->batch_rows >= 1 && args->depth >= 1 && args->n_threads >= 1);
    assert(args->first_row >= 0 && args->first_row % args->batch_rows == 0 &&
           (args->first_row == 0 || args->first_row < set->info.n_rows));
    *out = NULL;
    if (!stream)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", set->path);
    if (set->storage == EV_STORAGE_BLOCK)
        posix_fadvise(set->descriptor, set->block_offset, 0, POSIX_FADV_SEQUENTIAL);
    stream->set = set;
    stream->args = *args;
    stream->args.batch_rows = smaller(args->batch_rows, set->info.n_rows);
    stream->picture_bytes = ev_set_picture_bytes(&set->info, args->form);
    stream->n_workers = count_workers(set, args);
    stream->n_chunks = choose_chunks(set, stream->n_workers);
    stream->span_rows = choose_span(set, stream->n_chunks);
    stream->first_batch = args->first_row / stream->args.batch_rows;
    stream->next_span = args->first_row / stream->span_rows;
    stream->n_taken = stream->first_batch;
    stream->n_slots = args->depth + 1;
    pthread_mutex_init(&stream->mutex, NULL);
    pthread_cond_init(&stream->changed, NULL);
    stream->slots = calloc((size_t)stream->n_slots, sizeof *stream->slots);
    stream->memory = malloc((size_t)stream->n_slots * slot_bytes(stream));
    for (int32_t i = 0; stream->slots && i < stream->n_slots; i++)
        stream->slots[i].images = stream->memory + (size_t)i * slot_bytes(stream);
    enum ev_status status =
        stream->slots && stream->memory
            ? start_workers(stream, err)
            : ev_fail(err, EV_MEMORY, "%s: out of memory for batches of %lld rows", set->path,
                      (long long)stream->args.batch_rows);
    if (status == EV_OK)
        *out = stream;
    else
        ev_stream_close(stream);
    return status;
}

/* Gives the slot of the batch before `batch` back, and waits until `batch` is read. Caller holds
 * the mutex. */
static enum ev_status take(struct ev_stream *stream, int64_t batch, int64_t n_rows,
                           struct ev_error *err)
{
    struct slot *slot = &stream->slots[batch % stream->n_slots];

    if (batch > stream->first_batch)
        stream->slots[(batch - 1) % stream->n_slots].n_done = 0;
    stream->n_taken = batch + 1;
    pthread_cond_broadcast(&stream->changed);
    while (slot->n_done < n_rows && !stream->failed)
        pthread_cond_wait(&stream->changed, &stream->mutex);
    if (slot->n_done == n_rows)
        return EV_OK;
    *err = stream->err;
    stream->n_taken = batch; /* the same failure at the next call */
    return err->status;
}

enum ev_status ev_stream_next(struct ev_stream *stream, struct ev_stream_batch *out,
                              struct ev_error *err)
{
    memset(out, 0, sizeof *out);
    out->batch.size = sizeof out->batch;
    out->batch.form = stream->args.form;
    out->batch.shape = stream->set->info.shape;
    pthread_mutex_lock(&stream->mutex);
    const int64_t batch = stream->n_taken, n_rows = rows_of_batch(stream, batch);
    enum ev_status status = n_rows > 0 ? take(stream, batch, n_rows, err) : EV_OK;
    pthread_mutex_unlock(&stream->mutex);
    if (status != EV_OK || n_rows == 0)
        return status;
    out->first_row = batch * stream->args.batch_rows;
    out->batch.n_rows = n_rows;
    out->batch.data = stream->slots[batch % stream->n_slots].images;
    return EV_OK;
}

void ev_stream_close(struct ev_stream *stream)
{
    if (!stream)
        return;
    pthread_mutex_lock(&stream->mutex);
    stream->stop = true;
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->mutex);
    for (int32_t i = 0; stream->workers && i < stream->n_workers; i++) {
        if (stream->workers[i].has_thread)
            pthread_join(stream->workers[i].thread, NULL);
        ev_set_reader_close(stream->workers[i].reader);
    }
    free(stream->workers);
    free(stream->memory);
    free(stream->slots);
    pthread_cond_destroy(&stream->changed);
    pthread_mutex_destroy(&stream->mutex);
    free(stream);
}
