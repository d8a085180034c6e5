/* SPDX-License-Identifier: MIT */
/*
 * CUDA at run time. The driver is asked first, which is quick; libtorch's CUDA half, half a
 * gigabyte, is loaded only where there is a device. Loading it registers its kernels.
 */
#include "torch_cuda.h"

#include <cmath>
#include <cstdio>

#include <ATen/Context.h>
#include <c10/core/Event.h>
#include <dlfcn.h>

namespace ev
{

namespace
{

/* The three calls of the driver's C interface that are used here. */
struct Driver {
    int (*init)(unsigned flags) = nullptr;
    int (*get_count)(int *count) = nullptr;
    int (*get_name)(char *name, int n_chars, int device) = nullptr;
    int n_devices = 0;
    std::string trouble; /* empty: there is a device */
};

template <class Call> bool find(void *library, const char *name, Call &call)
{
    call = reinterpret_cast<Call>(dlsym(library, name));
    return call != nullptr;
}

Driver open_driver()
{
    Driver driver;
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);

    if (!library)
        driver.trouble = "there is no NVIDIA driver";
    else if (!find(library, "cuInit", driver.init) ||
             !find(library, "cuDeviceGetCount", driver.get_count) ||
             !find(library, "cuDeviceGetName", driver.get_name) || driver.init(0) != 0)
        driver.trouble = "the NVIDIA driver does not start";
    else if (driver.get_count(&driver.n_devices) != 0 || driver.n_devices < 1)
        driver.trouble = "the NVIDIA driver sees none";
    return driver;
}

const Driver &driver()
{
    static const Driver opened = open_driver();
    return opened;
}

/* Why libtorch cannot use CUDA; empty where it can. */
std::string load_torch_cuda()
{
    if (!driver().trouble.empty())
        return driver().trouble;
    /* Found by this module's run path, beside libtorch_cpu; global, as its parts look each other
     * up. */
    if (!dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL)) {
        std::string reason = dlerror();
        return "this libtorch lacks its CUDA part or what that needs: " +
               reason.substr(0, reason.find('\n'));
    }
    return at::hasCUDA() ? "" : "libtorch finds none";
}

const std::string &torch_cuda_trouble()
{
    static const std::string trouble = load_torch_cuda();
    return trouble;
}

std::mutex tf32_mutex;

} // namespace

Tf32::Tf32(const c10::Device &device, bool allowed)
{
    /* libtorch's own: convolutions may, products may not. */
    static bool is_set = false, is_allowed = false;

    if (device.is_cpu())
        return;
    alone = std::unique_lock<std::mutex>(tf32_mutex);
    if (is_set && is_allowed == allowed)
        return;
    at::globalContext().setAllowTF32CuDNN(allowed);
    at::globalContext().setAllowTF32CuBLAS(allowed);
    is_set = true;
    is_allowed = allowed;
}

c10::Device cuda_device(int32_t index)
{
    if (!torch_cuda_trouble().empty())
        throw Failure(EV_DEVICE, "engine 'torch': no CUDA device: " + torch_cuda_trouble());
    int n_devices = at::detail::getCUDAHooks().getNumGPUs();
    if (index < 0 || index >= n_devices)
        throw Failure(EV_DEVICE, "engine 'torch': no CUDA device " + std::to_string(index) + ": there are " +
                                     std::to_string(n_devices));
    return {c10::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

std::string cuda_device_name(int32_t index)
{
    char name[64] = "";
    if (!driver().get_name || driver().get_name(name, sizeof name, index) != 0)
        return "cuda:" + std::to_string(index);
    return name;
}

int32_t list_cuda_devices(char (*names)[64], int32_t max_names)
{
    if (!torch_cuda_trouble().empty())
        return 0;
    int32_t n_devices = at::detail::getCUDAHooks().getNumGPUs();
    for (int32_t i = 0; i < n_devices && i < max_names; i++)
        std::snprintf(names[i], sizeof names[i], "%s", cuda_device_name(i).c_str());
    return n_devices;
}

/* By libtorch's own events, which are put into the stream that it computes in. The second one is
 * put there when the outputs are back, as only then the host is. */
int64_t time_on_device(const c10::Device &device, const std::function<void()> &work)
{
    const c10::impl::VirtualGuardImpl guard(device.type());
    c10::Event first(device.type(), c10::EventFlag::BACKEND_DEFAULT);
    c10::Event last(device.type(), c10::EventFlag::BACKEND_DEFAULT);

    first.record(guard.getStream(device));
    work();
    last.record(guard.getStream(device));
    last.synchronize();
    return std::llround(first.elapsedTime(last) * 1e6);
}

} // namespace ev
