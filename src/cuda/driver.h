/* SPDX-License-Identifier: MIT */
/*
 * The NVIDIA driver, libcuda.so.1, found at run time: its functions under their own names, and what
 * its errors are here. The module links no CUDA library, so it loads where there is none, and
 * shares a process with any version of the CUDA runtime.
 */
#ifndef EV_CUDA_DRIVER_H
#define EV_CUDA_DRIVER_H

#include <stdbool.h>

#include <cuda.h>

#include "evalrun/error.h"

/* cuda.h defines some of these names as others, with a version at the end: members are called like
 * that too. */
#define EV_CUDA_DRIVER(X)                                                                          \
    X(cuInit)                                                                                      \
    X(cuDriverGetVersion)                                                                          \
    X(cuGetErrorName)                                                                              \
    X(cuGetErrorString)                                                                            \
    X(cuDeviceGetCount)                                                                            \
    X(cuDeviceGet)                                                                                 \
    X(cuDeviceGetName)                                                                             \
    X(cuDeviceGetAttribute)                                                                        \
    X(cuDevicePrimaryCtxRetain)                                                                    \
    X(cuDevicePrimaryCtxRelease)                                                                   \
    X(cuCtxSetCurrent)                                                                             \
    X(cuMemGetInfo)                                                                                \
    X(cuMemAlloc)                                                                                  \
    X(cuMemFree)                                                                                   \
    X(cuMemHostAlloc)                                                                              \
    X(cuMemFreeHost)                                                                               \
    X(cuMemHostRegister)                                                                           \
    X(cuMemHostUnregister)                                                                         \
    X(cuMemcpyHtoD)                                                                                \
    X(cuMemcpyHtoDAsync)                                                                           \
    X(cuMemcpyDtoHAsync)                                                                           \
    X(cuCtxSynchronize)                                                                            \
    X(cuMemsetD8Async)                                                                             \
    X(cuMemsetD8)                                                                                  \
    X(cuModuleLoadData)                                                                            \
    X(cuModuleUnload)                                                                              \
    X(cuModuleGetFunction)                                                                         \
    X(cuLaunchKernel)                                                                              \
    X(cuStreamCreate)                                                                              \
    X(cuStreamDestroy)                                                                             \
    X(cuStreamSynchronize)                                                                         \
    X(cuStreamWaitEvent)                                                                           \
    X(cuStreamBeginCapture)                                                                        \
    X(cuStreamEndCapture)                                                                          \
    X(cuGraphInstantiateWithFlags)                                                                 \
    X(cuGraphDestroy)                                                                              \
    X(cuGraphExecDestroy)                                                                          \
    X(cuGraphLaunch)                                                                               \
    X(cuEventCreate)                                                                               \
    X(cuEventDestroy)                                                                              \
    X(cuEventRecord)                                                                               \
    X(cuEventSynchronize)                                                                          \
    X(cuEventElapsedTime)

#define EV_CUDA_MEMBER(name) __typeof__(name) *name;
struct ev_cuda_driver {
    EV_CUDA_DRIVER(EV_CUDA_MEMBER)
};
#undef EV_CUDA_MEMBER

/* The driver, started; always the same one. EV_DEVICE where there is none, it is older than the
 * kernels' toolkit, or sees no device. */
EV_CHECKED enum ev_status ev_cuda_driver(const struct ev_cuda_driver **driver,
                                         struct ev_error *err);

/* EV_OK, or what the driver's answer to `what` means: EV_MEMORY where memory lacks, else
 * EV_DEVICE. `device` is how it is called: "cuda:0 (NVIDIA H200)". */
EV_CHECKED enum ev_status ev_cuda_check(const struct ev_cuda_driver *driver, CUresult result,
                                        const char *device, const char *what, struct ev_error *err);

#endif
