/* SPDX-License-Identifier: MIT */
/* From a step of a plan to kernels in a lane's stream: which, on what, and by how many threads. */
#ifndef EV_CUDA_LAUNCH_H
#define EV_CUDA_LAUNCH_H

#include "cuda/lane.h"

/* Whether a step changes nothing on the device: the same bytes under another name. */
bool ev_cuda_is_renaming(const struct ev_step *step);
/* Whether any layer is quantised by the range of its values. */
bool ev_cuda_has_ranges(const struct ev_plan *plan);

/* EV_UNSUPPORTED, naming the layer, for tensors of max_rows pictures too large for kernels. */
EV_CHECKED enum ev_status ev_cuda_check_counts(const struct ev_plan *plan, int64_t max_rows,
                                               struct ev_error *err);

/* Floats of pictures, plane by plane, into the order of the kernels. */
EV_CHECKED enum ev_status ev_cuda_launch_planes(const struct ev_cuda_lane *lane,
                                                const struct ev_plan *plan, int64_t n_rows,
                                                CUdeviceptr in, CUdeviceptr out,
                                                struct ev_error *err);
EV_CHECKED enum ev_status ev_cuda_launch_step(const struct ev_cuda_lane *lane,
                                              const struct ev_cuda_program *program, int32_t step,
                                              int64_t n_rows, CUdeviceptr in, CUdeviceptr out,
                                              struct ev_error *err);

#endif
