/* SPDX-License-Identifier: MIT */
#include "cuda/device.h"

#include <stdio.h>
#include <string.h>

/* The kernels, compiled: made by the build. */
extern const unsigned long long ev_cuda_fatbin[];

/* Ampere: the first with mma.m16n8k32 of unsigned by signed bytes. */
#define LEAST_MAJOR 8

#define MIB 1048576.0

#define NAME(name, args) #name,
static const char *const kernel_names[] = {EV_CUDA_KERNELS(NAME)};
#undef NAME

enum ev_status ev_cuda_device_check(const struct ev_cuda_device *device, CUresult result,
                                    const char *what, struct ev_error *err)
{
    return ev_cuda_check(device->driver, result, device->label, what, err);
}

static int attribute(const struct ev_cuda_device *device, CUdevice_attribute which)
{
    int value = 0;

    return device->driver->cuDeviceGetAttribute(&value, which, device->device) == CUDA_SUCCESS
               ? value
               : 0;
}

static enum ev_status find_device(int32_t index, struct ev_cuda_device *device,
                                  struct ev_error *err)
{
    const struct ev_cuda_driver *driver = device->driver;
    int n_devices = 0;

    if (driver->cuDeviceGetCount(&n_devices) != CUDA_SUCCESS)
        return ev_fail(err, EV_DEVICE, "engine 'cuda': no CUDA device: the driver does not answer");
    if (index < 0 || index >= n_devices)
        return ev_fail(err, EV_DEVICE, "engine 'cuda': no CUDA device %d: there %s %d", (int)index,
                       n_devices == 1 ? "is" : "are", n_devices);
    if (driver->cuDeviceGet(&device->device, index) != CUDA_SUCCESS ||
        driver->cuDeviceGetName(device->name, sizeof device->name, device->device) != CUDA_SUCCESS)
        return ev_fail(err, EV_DEVICE, "cuda:%d: does not answer", (int)index);
    snprintf(device->label, sizeof device->label, "cuda:%d (%s)", (int)index, device->name);
    const int major = attribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
    const int minor = attribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    if (major == 0)
        return ev_fail(err, EV_DEVICE, "%s: does not answer", device->label);
    if (major < LEAST_MAJOR)
        return ev_fail(err, EV_UNSUPPORTED,
                       "%s: has compute capability %d.%d, int8 kernels need %d.0 or more",
                       device->label, major, minor, LEAST_MAJOR);
    device->n_processors = attribute(device, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
    return EV_OK;
}

static enum ev_status load_kernels(struct ev_cuda_device *device, struct ev_error *err)
{
    const struct ev_cuda_driver *driver = device->driver;
    enum ev_status status =
        ev_cuda_device_check(device, driver->cuModuleLoadData(&device->module, ev_cuda_fatbin),
                             "loading the kernels", err);

    for (int i = 0; i < EV_CUDA_N_KERNELS && status == EV_OK; i++)
        status = ev_cuda_device_check(
            device,
            driver->cuModuleGetFunction(&device->kernels[i], device->module, kernel_names[i]),
            "finding a kernel", err);
    return status;
}

enum ev_status ev_cuda_device_open(int32_t index, struct ev_cuda_device *device,
                                   struct ev_error *err)
{
    *device = (struct ev_cuda_device){0};
    enum ev_status status = ev_cuda_driver(&device->driver, err);

    if (status == EV_OK)
        status = find_device(index, device, err);
    if (status == EV_OK)
        status = ev_cuda_device_check(
            device, device->driver->cuDevicePrimaryCtxRetain(&device->context, device->device),
            "opening the device", err);
    if (status == EV_OK)
        status = ev_cuda_device_enter(device, err);
    return status == EV_OK ? load_kernels(device, err) : status;
}

void ev_cuda_device_close(struct ev_cuda_device *device)
{
    if (!device->context)
        return;
    if (device->module)
        (void)device->driver->cuModuleUnload(device->module);
    (void)device->driver->cuDevicePrimaryCtxRelease(device->device);
    *device = (struct ev_cuda_device){0};
}

enum ev_status ev_cuda_device_enter(const struct ev_cuda_device *device, struct ev_error *err)
{
    return ev_cuda_device_check(device, device->driver->cuCtxSetCurrent(device->context),
                                "using the device", err);
}

enum ev_status ev_cuda_device_alloc(const struct ev_cuda_device *device, size_t n_bytes,
                                    const char *what, CUdeviceptr *memory, struct ev_error *err)
{
    const struct ev_cuda_driver *driver = device->driver;
    size_t n_free = 0, n_all = 0;
    CUresult result = driver->cuMemAlloc(memory, n_bytes);

    if (result == CUDA_ERROR_OUT_OF_MEMORY) {
        *memory = 0;
        (void)driver->cuMemGetInfo(&n_free, &n_all);
        return ev_fail(err, EV_MEMORY, "%s: %s take %.1f MiB, but %.1f of its %.1f MiB are free",
                       device->label, what, (double)n_bytes / MIB, (double)n_free / MIB,
                       (double)n_all / MIB);
    }
    if (result == CUDA_SUCCESS)
        result = driver->cuMemsetD8(*memory, 0, n_bytes);
    return ev_cuda_device_check(device, result, "allocating memory", err);
}

enum ev_status ev_cuda_device_alloc_host(const struct ev_cuda_device *device, size_t n_bytes,
                                         void **memory, struct ev_error *err)
{
    return ev_cuda_device_check(device, device->driver->cuMemHostAlloc(memory, n_bytes, 0),
                                "allocating memory for copies", err);
}

void ev_cuda_device_free(const struct ev_cuda_device *device, CUdeviceptr memory)
{
    if (memory)
        (void)device->driver->cuMemFree(memory);
}

void ev_cuda_device_free_host(const struct ev_cuda_device *device, void *memory)
{
    if (memory)
        (void)device->driver->cuMemFreeHost(memory);
}

int32_t ev_cuda_device_list(char (*names)[64], int32_t max_names)
{
    const struct ev_cuda_driver *driver;
    struct ev_error ignored = EV_ERROR_INIT;
    CUdevice device;
    int n_devices = 0;

    if (ev_cuda_driver(&driver, &ignored) != EV_OK ||
        driver->cuDeviceGetCount(&n_devices) != CUDA_SUCCESS)
        return 0;
    for (int i = 0; i < n_devices && i < max_names; i++) {
        if (driver->cuDeviceGet(&device, i) != CUDA_SUCCESS ||
            driver->cuDeviceGetName(names[i], sizeof names[i], device) != CUDA_SUCCESS)
            snprintf(names[i], sizeof names[i], "cuda:%d", i);
    }
    return n_devices;
}
