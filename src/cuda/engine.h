/* SPDX-License-Identifier: MIT */
/* A model opened on a CUDA device: what the module's hooks do. Errors, threads and ownership are
 * those of struct ev_backend. */
#ifndef EV_CUDA_ENGINE_H
#define EV_CUDA_ENGINE_H

#include "evalrun/backend.h"

enum ev_status ev_cuda_open(const struct ev_open_args *args, struct ev_engine **engine,
                            struct ev_error *err);
enum ev_status ev_cuda_describe(struct ev_engine *engine, struct ev_description *description,
                                struct ev_error *err);
enum ev_status ev_cuda_infer(struct ev_engine *engine, const struct ev_batch *batch, float *outputs,
                             struct ev_error *err);
enum ev_status ev_cuda_infer_apart(struct ev_engine *engine, const struct ev_batch *batch,
                                   float *outputs, struct ev_device_run *run, struct ev_error *err);
enum ev_status ev_cuda_layers(struct ev_engine *engine, const struct ev_batch *batch,
                              struct ev_layer *layers, int32_t max_layers, int32_t *n_layers,
                              struct ev_error *err);
enum ev_status ev_cuda_pin(struct ev_engine *engine, void *memory, uint64_t n_bytes,
                           struct ev_error *err);
void ev_cuda_unpin(struct ev_engine *engine, void *memory);
void ev_cuda_close(struct ev_engine *engine);

#endif
