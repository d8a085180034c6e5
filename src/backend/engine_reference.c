/* SPDX-License-Identifier: MIT */
#include "backend/engine_reference.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/text.h"
#include "int8/describe.h"
#include "int8/order.h"
#include "int8/run.h"

/* The model as it computes pictures of one form. */
struct way {
    const struct ev_net *net;
    struct ev_plan *plan;
    struct ev_scratch **scratch; /* one for each thread */
};

struct ev_engine {
    const struct ev_net_reader *reader;
    struct ev_shape shape;
    int32_t n_outputs;
    int32_t n_threads;
    enum ev_requant_order order;
    struct way bytes, floats;
    char *path;
};

static void close_way(const struct ev_engine *engine, struct way *way)
{
    for (int32_t i = 0; way->scratch && i < engine->n_threads; i++)
        ev_scratch_free(way->scratch[i]);
    free(way->scratch);
    ev_plan_free(way->plan);
    if (way->net)
        engine->reader->free(way->net);
}

static void reference_close(struct ev_engine *engine)
{
    if (!engine)
        return;
    close_way(engine, &engine->bytes);
    close_way(engine, &engine->floats);
    free(engine->path);
    free(engine);
}

static enum ev_status open_way(struct ev_engine *engine, struct way *way, uint32_t form,
                               struct ev_error *err)
{
    enum ev_status status = engine->reader->read(engine->path, form, &way->net, err);

    if (status == EV_OK)
        status = ev_plan_make(way->net, engine->path, form, &engine->shape, engine->n_outputs,
                              engine->order, &way->plan, err);
    if (status != EV_OK)
        return status;
    way->scratch = calloc((size_t)engine->n_threads, sizeof *way->scratch);
    bool ok = way->scratch != NULL;
    for (int32_t i = 0; ok && i < engine->n_threads; i++) {
        way->scratch[i] = ev_scratch_new(way->plan, EV_NET_PIECE_ROWS);
        ok = way->scratch[i] != NULL;
    }
    return ok ? EV_OK : ev_fail(err, EV_MEMORY, "%s: out of memory", engine->path);
}

static enum ev_status reference_open(const struct ev_open_args *args, struct ev_engine **out,
                                     struct ev_error *err)
{
    struct ev_engine *engine = calloc(1, sizeof *engine);

    *out = NULL;
    if (!engine || !(engine->path = strdup(args->model_path))) {
        free(engine);
        return ev_fail(err, EV_MEMORY, "engine 'reference': out of memory");
    }
    engine->reader = args->reader;
    engine->shape = args->shape;
    engine->n_outputs = args->n_outputs;
    engine->n_threads = args->n_threads;
    enum ev_status status = ev_order_choose("reference", &engine->order, err);
    if (status == EV_OK)
        status = open_way(engine, &engine->bytes, EV_FORM_U8_NHWC, err);
    if (status == EV_OK)
        status = open_way(engine, &engine->floats, EV_FORM_F32_NCHW, err);
    if (status == EV_OK)
        status = ev_plan_check_precision(engine->bytes.plan, engine->path, args->precision, err);
    if (status == EV_OK)
        *out = engine;
    else
        reference_close(engine);
    return status;
}

static enum ev_status reference_describe(struct ev_engine *engine,
                                         struct ev_description *description, struct ev_error *err)
{
    (void)err;
    description->forms = EV_FORM_U8_NHWC | EV_FORM_F32_NCHW;
    description->shape = engine->shape;
    description->n_outputs = engine->n_outputs;
    description->weight_bytes = engine->bytes.plan->weight_bytes;
    description->device_kind = EV_DEVICE_CPU;
    if (ev_plan_has_int8(engine->bytes.plan))
        snprintf(description->detail, sizeof description->detail, "plain C, int8 as %s rounds",
                 ev_order_name(engine->order));
    else
        snprintf(description->detail, sizeof description->detail, "plain C, float32");
    return EV_OK;
}

/* Piece `i` of the batch, with that thread's memory. */
static enum ev_status run_piece(const struct way *way, const struct ev_batch *batch, int64_t i,
                                struct ev_scratch *scratch, float *outputs, struct ev_error *err)
{
    const struct ev_plan *plan = way->plan;
    const int64_t first = i * EV_NET_PIECE_ROWS, left = batch->n_rows - first;
    const size_t picture_bytes = ev_plan_picture_bytes(plan);

    return ev_plan_run(plan, scratch, (const char *)batch->data + (size_t)first * picture_bytes,
                       left < EV_NET_PIECE_ROWS ? left : EV_NET_PIECE_ROWS,
                       outputs + first * plan->n_outputs, NULL, err);
}

static enum ev_status reference_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                      float *outputs, struct ev_error *err)
{
    const struct way *way = batch->form == EV_FORM_U8_NHWC ? &engine->bytes : &engine->floats;
    const int64_t n_pieces = (batch->n_rows + EV_NET_PIECE_ROWS - 1) / EV_NET_PIECE_ROWS;
    enum ev_status status = EV_OK;
    int32_t n_threads = engine->n_threads;

    if (n_threads > n_pieces)
        n_threads = (int32_t)n_pieces;
    if (n_threads == 1) {
        for (int64_t i = 0; i < n_pieces && status == EV_OK; i++)
            status = run_piece(way, batch, i, way->scratch[0], outputs, err);
    } else {
#pragma omp parallel num_threads(n_threads)
        {
#pragma omp for schedule(dynamic, 1)
            for (int64_t i = 0; i < n_pieces; i++) {
                struct ev_error own = EV_ERROR_INIT;
                enum ev_status one =
                    run_piece(way, batch, i, way->scratch[omp_get_thread_num()], outputs, &own);
#pragma omp critical
                if (one != EV_OK && status == EV_OK) {
                    status = one;
                    *err = own;
                }
            }
        }
    }
    return status == EV_OK ? EV_OK : ev_prefix(err, engine->path);
}

/* --- Layers --- */

static enum ev_status reference_layers(struct ev_engine *engine, const struct ev_batch *batch,
                                       struct ev_layer *layers, int32_t max_layers,
                                       int32_t *n_layers, struct ev_error *err)
{
    const struct way *way = batch->form == EV_FORM_U8_NHWC ? &engine->bytes : &engine->floats;
    const struct ev_plan *plan = way->plan;
    int64_t *step_ns = calloc((size_t)plan->n_steps + 1, sizeof *step_ns);
    float *outputs = calloc((size_t)plan->n_outputs, sizeof *outputs);
    enum ev_status status =
        step_ns && outputs
            ? ev_plan_run(plan, way->scratch[0], batch->data, 1, outputs, step_ns, err)
            : ev_fail(err, EV_MEMORY, "%s: out of memory", engine->path);

    if (status == EV_OK)
        status = ev_plan_describe(plan, engine->path, step_ns, layers, max_layers, n_layers, err);
    free(step_ns);
    free(outputs);
    return status;
}

/* Not EV_TRAIT_ROWS_INDEPENDENT: with dynamic quantisation one range serves a piece. */
const struct ev_backend ev_engine_reference = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof(struct ev_backend),
    .name = "reference",
    .summary = "convolutions and linear layers in plain C, int8 in integers",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC | EV_FORM_F32_NCHW,
    .traits = EV_TRAIT_WANTS_READER,
    .open = reference_open,
    .describe = reference_describe,
    .infer = reference_infer,
    .close = reference_close,
    .layers = reference_layers,
    .precisions = EV_PRECISION_FP32 | EV_PRECISION_INT8,
};
