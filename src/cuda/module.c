/* SPDX-License-Identifier: MIT */
/* The engine that this module exports. */
#include "cuda/device.h"
#include "cuda/engine.h"

static int32_t devices_present(uint32_t device_kind, char (*names)[64], int32_t max_names)
{
    return device_kind == EV_DEVICE_CUDA ? ev_cuda_device_list(names, max_names) : 0;
}

/* Not EV_TRAIT_ROWS_INDEPENDENT: with dynamic quantisation one range serves a piece. */
EV_EXPORT extern const struct ev_backend ev_backend_v1;
const struct ev_backend ev_backend_v1 = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof(struct ev_backend),
    .name = "cuda",
    .summary = "the same on an NVIDIA GPU, int8 on its tensor cores",
    .devices = EV_DEVICE_CUDA,
    .forms = EV_FORM_U8_NHWC | EV_FORM_F32_NCHW,
    .traits = EV_TRAIT_WANTS_READER,
    .open = ev_cuda_open,
    .describe = ev_cuda_describe,
    .infer = ev_cuda_infer,
    .close = ev_cuda_close,
    .devices_present = devices_present,
    .layers = ev_cuda_layers,
    .pin = ev_cuda_pin,
    .unpin = ev_cuda_unpin,
    .infer_apart = ev_cuda_infer_apart,
    .precisions = EV_PRECISION_FP32 | EV_PRECISION_INT8,
};
