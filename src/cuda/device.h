/* SPDX-License-Identifier: MIT */
/* One CUDA device with the kernels on it. */
#ifndef EV_CUDA_DEVICE_H
#define EV_CUDA_DEVICE_H

#include <stdint.h>

#include "cuda/driver.h"
#include "cuda/kernels.h"

struct ev_cuda_device {
    const struct ev_cuda_driver *driver;
    CUdevice device;
    CUcontext context; /* the primary one, which libtorch uses too; NULL: not open */
    CUmodule module;
    CUfunction kernels[EV_CUDA_N_KERNELS];
    int32_t n_processors;
    char label[96]; /* "cuda:0 (NVIDIA H200)", as errors call it */
    char name[64];
};

/* Opens device `index`, loads the kernels, and makes it the calling thread's. EV_DEVICE where it is
 * missing or does not answer, EV_UNSUPPORTED where it lacks int8 tensor cores with unsigned
 * activations. Closed by ev_cuda_device_close also after a failure. */
EV_CHECKED enum ev_status ev_cuda_device_open(int32_t index, struct ev_cuda_device *device,
                                              struct ev_error *err);
void ev_cuda_device_close(struct ev_cuda_device *device);

/* Makes it the calling thread's. */
EV_CHECKED enum ev_status ev_cuda_device_enter(const struct ev_cuda_device *device,
                                               struct ev_error *err);

/* As ev_cuda_check, with the device's own label. */
EV_CHECKED enum ev_status ev_cuda_device_check(const struct ev_cuda_device *device, CUresult result,
                                               const char *what, struct ev_error *err);

/* Memory on the device, zeroed; EV_MEMORY says for what, how much is wanted and how much is free.
 */
EV_CHECKED enum ev_status ev_cuda_device_alloc(const struct ev_cuda_device *device, size_t n_bytes,
                                               const char *what, CUdeviceptr *memory,
                                               struct ev_error *err);
/* Memory of the host's that the device copies from and to by itself. */
EV_CHECKED enum ev_status ev_cuda_device_alloc_host(const struct ev_cuda_device *device,
                                                    size_t n_bytes, void **memory,
                                                    struct ev_error *err);
/* Both take 0 or NULL. */
void ev_cuda_device_free(const struct ev_cuda_device *device, CUdeviceptr memory);
void ev_cuda_device_free_host(const struct ev_cuda_device *device, void *memory);

/* Names of the devices that there are, at most max_names; the number of all. 0 without a driver. */
int32_t ev_cuda_device_list(char (*names)[64], int32_t max_names);

#endif
