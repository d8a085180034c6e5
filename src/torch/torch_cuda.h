/* SPDX-License-Identifier: MIT */
/* CUDA, found at run time: this module links the CPU's libraries only. */
#ifndef EV_TORCH_CUDA_H
#define EV_TORCH_CUDA_H

#include <functional>
#include <mutex>

#include "torch_shim.h"

namespace ev
{

/* The CUDA device of that index; EV_DEVICE with one line where there is none. */
c10::Device cuda_device(int32_t index);
std::string cuda_device_name(int32_t index);
/* CUDA devices that can be used, with their names; 0 where there is none. */
int32_t list_cuda_devices(char (*names)[64], int32_t max_names);

/* Whether products of float32 may be TF32, while one of these lives; nothing on the CPU. libtorch
 * has one setting for a process in which several threads may call models of several precisions, so
 * calls on CUDA devices are started by one thread at a time. */
class Tf32
{
public:
    Tf32(const c10::Device &device, bool allowed);

private:
    std::unique_lock<std::mutex> alone;
};

/* Nanoseconds that `work`, which this thread gives the CUDA device and waits for, takes by the
 * device's clock. */
int64_t time_on_device(const c10::Device &device, const std::function<void()> &work);

} // namespace ev

#endif
