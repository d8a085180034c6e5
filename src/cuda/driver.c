/* SPDX-License-Identifier: MIT */
#include "cuda/driver.h"

#include <dlfcn.h>
#include <pthread.h>

#define DRIVER_FILE "libcuda.so.1"

/* Kernels of a toolkit need a driver of the same major version. */
#define LEAST_VERSION (CUDA_VERSION / 1000 * 1000)

static struct ev_cuda_driver driver;
static struct ev_error trouble;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#define NAME_OF(name) #name
#define FIND(name)    {NAME_OF(name), (void **)&driver.name},

static const struct {
    const char *name;
    void **function;
} functions[] = {EV_CUDA_DRIVER(FIND)};

static enum ev_status find_functions(void *library)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        *functions[i].function = dlsym(library, functions[i].name);
        if (!*functions[i].function)
            return ev_fail(
                &trouble, EV_DEVICE,
                "engine 'cuda': no CUDA device: the NVIDIA driver is too old: it has no %s",
                functions[i].name);
    }
    return EV_OK;
}

static void start(void)
{
    void *library = dlopen(DRIVER_FILE, RTLD_NOW | RTLD_LOCAL);
    int version = 0, n_devices = 0;

    if (!library) {
        ev_fail(&trouble, EV_DEVICE, "engine 'cuda': no CUDA device: there is no NVIDIA driver");
        return;
    }
    if (find_functions(library) != EV_OK)
        return;
    if (driver.cuDriverGetVersion(&version) != CUDA_SUCCESS || version < LEAST_VERSION) {
        ev_fail(&trouble, EV_DEVICE,
                "engine 'cuda': no CUDA device: the NVIDIA driver is for CUDA %d.%d, these kernels "
                "need %d.%d",
                version / 1000, version % 1000 / 10, LEAST_VERSION / 1000,
                LEAST_VERSION % 1000 / 10);
        return;
    }
    const CUresult result = driver.cuInit(0);
    if (result == CUDA_ERROR_NO_DEVICE ||
        (result == CUDA_SUCCESS &&
         (driver.cuDeviceGetCount(&n_devices) != CUDA_SUCCESS || n_devices < 1)))
        ev_fail(&trouble, EV_DEVICE, "engine 'cuda': no CUDA device: the NVIDIA driver sees none");
    else if (result != CUDA_SUCCESS)
        trouble.status = ev_cuda_check(&driver, result, "engine 'cuda': no CUDA device",
                                       "starting the NVIDIA driver", &trouble);
}

enum ev_status ev_cuda_driver(const struct ev_cuda_driver **out, struct ev_error *err)
{
    pthread_once(&once, start);
    *out = &driver;
    return trouble.status == EV_OK ? EV_OK : ev_fail(err, trouble.status, "%s", trouble.message);
}

enum ev_status ev_cuda_check(const struct ev_cuda_driver *from, CUresult result, const char *device,
                             const char *what, struct ev_error *err)
{
    const char *name = "an unknown error", *text = "";

    if (result == CUDA_SUCCESS)
        return EV_OK;
    if (result == CUDA_ERROR_OUT_OF_MEMORY)
        return ev_fail(err, EV_MEMORY, "%s: out of memory while %s", device, what);
    (void)from->cuGetErrorName(result, &name);
    (void)from->cuGetErrorString(result, &text);
    return ev_fail(err, EV_DEVICE, "%s: %s failed: %s (%s)", device, what, text, name);
}
