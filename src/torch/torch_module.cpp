/* SPDX-License-Identifier: MIT */
/*
 * The three objects that this module exports, and their hooks: each calls one function of the other
 * files and turns exceptions into statuses.
 */
#include <cstdio>

#include <torch/version.h>

#include "torch_cuda.h"
#include "torch_infer.h"
#include "torch_layers.h"
#include "torch_reader.h"
#include "torch_shim.h"
#include "torch_train.h"

namespace
{

enum ev_status engine_open(const struct ev_open_args *args, struct ev_engine **engine,
                           struct ev_error *err)
{
    *engine = nullptr;
    return ev::guarded(err, [&] { *engine = ev::open_engine(*args); });
}

enum ev_status engine_describe(struct ev_engine *engine, struct ev_description *description,
                               struct ev_error *err)
{
    return ev::guarded(err, [&] { ev::describe_engine(*engine, *description); });
}

enum ev_status engine_infer(struct ev_engine *engine, const struct ev_batch *batch, float *outputs,
                            struct ev_error *err)
{
    /* A model that was loaded and fails now is to blame itself. */
    return ev::guarded(err, [&] { ev::infer_engine(*engine, *batch, outputs); }, EV_INPUT);
}

void engine_close(struct ev_engine *engine)
{
    ev::close_engine(engine);
}

int32_t engine_devices(uint32_t device_kind, char (*names)[64], int32_t max_names)
{
    int32_t n_devices = 0;
    struct ev_error err = EV_ERROR_INIT;

    if (device_kind == EV_DEVICE_CPU) {
        if (max_names > 0)
            std::snprintf(names[0], sizeof names[0], "CPU");
        return 1;
    }
    if (ev::guarded(&err, [&] { n_devices = ev::list_cuda_devices(names, max_names); }) != EV_OK)
        return 0;
    return n_devices;
}

enum ev_status engine_layers(struct ev_engine *engine, const struct ev_batch *batch,
                             struct ev_layer *layers, int32_t max_layers, int32_t *n_layers,
                             struct ev_error *err)
{
    return ev::guarded(err,
                       [&] { *n_layers = ev::time_layers(*engine, *batch, layers, max_layers); });
}

enum ev_status engine_quantize_layer(struct ev_engine *engine, int32_t layer,
                                     const struct ev_batch *calibration, struct ev_error *err)
{
    return ev::guarded(err, [&] { ev::quantize_layer(*engine, layer, calibration); });
}

/* Nothing is replayed from a record here, so that all calls are eager. */
enum ev_status engine_infer_apart(struct ev_engine *engine, const struct ev_batch *batch,
                                  float *outputs, struct ev_device_run *run, struct ev_error *err)
{
    return ev::guarded(
        err, [&] { run->device_ns = ev::infer_engine_apart(*engine, *batch, outputs); }, EV_INPUT);
}

enum ev_status network_open(const struct ev_network_args *args, struct ev_network **network,
                            struct ev_error *err)
{
    *network = nullptr;
    return ev::guarded(err, [&] { *network = ev::open_network(*args); });
}

enum ev_status network_step(struct ev_network *network, const struct ev_batch *batch,
                            const float *targets, double learning_rate, double *loss,
                            struct ev_error *err)
{
    return ev::guarded(err, [&] {
        *loss = ev::step_network(*network, *batch, targets, learning_rate);
    });
}

enum ev_status network_observe(struct ev_network *network, const struct ev_batch *batch,
                               struct ev_error *err)
{
    return ev::guarded(err, [&] { ev::observe_network(*network, *batch); });
}

enum ev_status network_predict(struct ev_network *network, const struct ev_batch *batch,
                               float *outputs, struct ev_error *err)
{
    return ev::guarded(err, [&] { ev::predict_network(*network, *batch, outputs); });
}

enum ev_status network_freeze(struct ev_network *network, struct ev_error *err)
{
    return ev::guarded(err, [&] { ev::freeze_network(*network); });
}

enum ev_status network_save_state(struct ev_network *network, const char *path,
                                  struct ev_error *err)
{
    return ev::guarded(err, [&] { ev::save_network_state(*network, path); });
}

enum ev_status network_load_state(struct ev_network *network, const char *path,
                                  struct ev_error *err)
{
    return ev::guarded(err, [&] { ev::load_network_state(*network, path); });
}

enum ev_status network_export(struct ev_network *network, const char *path, struct ev_error *err)
{
    return ev::guarded(err, [&] { ev::export_network(*network, path); });
}

void network_close(struct ev_network *network)
{
    ev::close_network(network);
}

enum ev_status net_read(const char *path, uint32_t form, const struct ev_net **net,
                        struct ev_error *err)
{
    *net = nullptr;
    return ev::guarded(err, [&] { *net = ev::read_net(path, form); }, EV_INPUT);
}

enum ev_status net_holds_int8(const char *path, bool *holds, struct ev_error *err)
{
    *holds = false;
    return ev::guarded(err, [&] { *holds = ev::holds_int8(path); }, EV_INPUT);
}

void net_free(const struct ev_net *net)
{
    ev::free_net(net);
}

} // namespace

extern "C" {

/* Not EV_TRAIT_ROWS_INDEPENDENT: with dynamic quantisation one range serves all rows of a piece,
 * and the kernels that libtorch picks for float32 depend on the number of rows. */
EV_EXPORT extern const struct ev_backend ev_backend_v1 = {
    EV_ABI_MAJOR,
    sizeof(struct ev_backend),
    "torch",
    "libtorch " TORCH_VERSION ", any TorchScript model",
    EV_DEVICE_CPU | EV_DEVICE_CUDA,
    EV_FORM_U8_NHWC | EV_FORM_F32_NCHW,
    0,
    engine_open,
    engine_describe,
    engine_infer,
    engine_close,
    nullptr,
    engine_devices,
    engine_layers,
    engine_quantize_layer,
    nullptr,
    nullptr,
    engine_infer_apart,
    EV_PRECISION_FP32 | EV_PRECISION_TF32 | EV_PRECISION_FP16 | EV_PRECISION_INT8,
};

EV_EXPORT extern const struct ev_trainer ev_trainer_v1 = {
    EV_ABI_MAJOR,
    sizeof(struct ev_trainer),
    "torch",
    network_open,
    network_step,
    network_observe,
    network_predict,
    network_freeze,
    network_save_state,
    network_load_state,
    network_export,
    network_close,
};

EV_EXPORT extern const struct ev_net_reader ev_net_reader_v1 = {
    EV_ABI_MAJOR, sizeof(struct ev_net_reader), "torch", net_read, net_free, net_holds_int8,
};
}
