/* SPDX-License-Identifier: MIT */
/*
 * libcuda.so.1 for tests on machines without a GPU: the driver's calls that the CUDA engine uses,
 * with memory and kernels on the processor. What is put into a stream is done as late as the real
 * driver may do it: when somebody waits. So a buffer that is used again too early, or read before
 * it is there, shows.
 *
 * Settings, from the environment:
 *     EMULATED_CUDA_VERSION     of the driver, 13000
 *     EMULATED_CUDA_DEVICES     how many there are, 1
 *     EMULATED_CUDA_CAPABILITY  compute capability, 90
 *     EMULATED_CUDA_BYTES       of memory of a device, 1 GiB
 *     EMULATED_CUDA_LOST        the device is lost at the so manieth kernel
 */
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <vector>

#include <cuda.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emulated_kernels.h"

namespace
{

constexpr size_t alignment = 16;

using Work = std::function<CUresult()>;

long setting(const char *name, long otherwise)
{
    const char *text = std::getenv(name);

    return text ? std::atol(text) : otherwise;
}

long n_kernels; /* that were run */
bool lost;
int n_retained;
thread_local bool has_context;
size_t bytes_used;
std::map<char *, size_t> memory, host_memory; /* of the device; of the host, that it can copy */

} // namespace

/* The opaque types of cuda.h. */
struct CUstream_st {
    std::deque<Work> work;
    long n_put = 0, n_done = 0;
    struct CUgraph_st *graph = nullptr; /* being recorded */
};

struct CUevent_st {
    CUstream_st *stream = nullptr;
    long at = 0; /* work of the stream that is in front of it */
    std::chrono::steady_clock::time_point time;
};

struct CUgraph_st {
    std::vector<Work> work;
};

struct CUgraphExec_st {
    std::vector<Work> work;
};

namespace
{

CUresult put(CUstream stream, Work work)
{
    if (!has_context)
        return CUDA_ERROR_INVALID_CONTEXT;
    if (stream->graph) {
        stream->graph->work.push_back(work);
    } else {
        stream->work.push_back(work);
        stream->n_put++;
    }
    return lost ? CUDA_ERROR_LAUNCH_FAILED : CUDA_SUCCESS;
}

CUresult work_off(CUstream stream, long until)
{
    CUresult result = lost ? CUDA_ERROR_LAUNCH_FAILED : CUDA_SUCCESS;

    while (stream->n_done < until && result == CUDA_SUCCESS) {
        Work work = stream->work.front();
        stream->work.pop_front();
        stream->n_done++;
        result = work();
    }
    return result;
}

bool holds(const std::map<char *, size_t> &places, const void *at, size_t n_bytes)
{
    char *from = static_cast<char *>(const_cast<void *>(at));
    auto place = places.upper_bound(from);

    if (place == places.begin())
        return false;
    --place;
    return from + n_bytes <= place->first + place->second;
}

void *host(CUdeviceptr at)
{
    return reinterpret_cast<void *>(at);
}

} // namespace

CUresult cuInit(unsigned)
{
    return setting("EMULATED_CUDA_DEVICES", 1) > 0 ? CUDA_SUCCESS : CUDA_ERROR_NO_DEVICE;
}

CUresult cuDriverGetVersion(int *version)
{
    *version = static_cast<int>(setting("EMULATED_CUDA_VERSION", 13000));
    return CUDA_SUCCESS;
}

CUresult cuGetErrorName(CUresult error, const char **name)
{
    *name = error == CUDA_ERROR_LAUNCH_FAILED ? "CUDA_ERROR_LAUNCH_FAILED" : "CUDA_ERROR_OTHER";
    return CUDA_SUCCESS;
}

CUresult cuGetErrorString(CUresult error, const char **text)
{
    *text = error == CUDA_ERROR_LAUNCH_FAILED ? "unspecified launch failure" : "another error";
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *count)
{
    *count = static_cast<int>(setting("EMULATED_CUDA_DEVICES", 1));
    return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal)
{
    *device = ordinal;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char *name, int length, CUdevice)
{
    std::snprintf(name, static_cast<size_t>(length), "emulated device");
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice)
{
    const int capability = static_cast<int>(setting("EMULATED_CUDA_CAPABILITY", 90));

    *value = attribute == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR   ? capability / 10
             : attribute == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR ? capability % 10
                                                                         : 4;
    return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice)
{
    static int one;

    n_retained++;
    *context = reinterpret_cast<CUcontext>(&one);
    return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease(CUdevice)
{
    if (--n_retained == 0 && (!memory.empty() || !host_memory.empty())) {
        std::fprintf(stderr, "emulated device: %zu places of memory are left\n",
                     memory.size() + host_memory.size());
        std::abort();
    }
    return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext context)
{
    has_context = context != nullptr;
    return CUDA_SUCCESS;
}

CUresult cuMemGetInfo(size_t *n_free, size_t *n_all)
{
    *n_all = static_cast<size_t>(setting("EMULATED_CUDA_BYTES", 1L << 30));
    *n_free = *n_all - bytes_used;
    return CUDA_SUCCESS;
}

namespace
{

/* Memory that ends, but for alignment, where none may be read any more: two mappings, of which the
 * second is forbidden. Filled with what nobody expects, as a device's is. */
char *guarded(size_t n_bytes)
{
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t all = (n_bytes + page - 1) / page * page;
    void *pages =
        mmap(nullptr, all + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED || mprotect(static_cast<char *>(pages) + all, page, PROT_NONE) != 0)
        return nullptr;
    char *made = static_cast<char *>(pages) + (all - n_bytes) / alignment * alignment;
    std::memset(made, 0xa5, n_bytes);
    return made;
}

void unguard(char *made, size_t n_bytes)
{
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    char *pages = made - reinterpret_cast<uintptr_t>(made) % page;

    munmap(pages, (n_bytes + page - 1) / page * page + page);
}

} // namespace

CUresult cuMemAlloc(CUdeviceptr *at, size_t n_bytes)
{
    size_t n_free, n_all;

    if (!has_context)
        return CUDA_ERROR_INVALID_CONTEXT;
    cuMemGetInfo(&n_free, &n_all);
    char *made = n_bytes <= n_free ? guarded(n_bytes) : nullptr;
    if (!made)
        return CUDA_ERROR_OUT_OF_MEMORY;
    memory[made] = n_bytes;
    bytes_used += n_bytes;
    *at = reinterpret_cast<CUdeviceptr>(made);
    return CUDA_SUCCESS;
}

CUresult cuMemFree(CUdeviceptr at)
{
    auto place = memory.find(static_cast<char *>(host(at)));

    if (place == memory.end())
        std::abort();
    bytes_used -= place->second;
    unguard(place->first, place->second);
    memory.erase(place);
    return CUDA_SUCCESS;
}

CUresult cuMemHostAlloc(void **at, size_t n_bytes, unsigned)
{
    *at = std::malloc(n_bytes);
    std::memset(*at, 0xa5, n_bytes);
    host_memory[static_cast<char *>(*at)] = n_bytes;
    return CUDA_SUCCESS;
}

CUresult cuMemFreeHost(void *at)
{
    if (host_memory.erase(static_cast<char *>(at)) != 1)
        std::abort();
    std::free(at);
    return CUDA_SUCCESS;
}

CUresult cuMemHostRegister(void *at, size_t n_bytes, unsigned)
{
    if (host_memory.count(static_cast<char *>(at)))
        return CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
    host_memory[static_cast<char *>(at)] = n_bytes;
    return CUDA_SUCCESS;
}

CUresult cuMemHostUnregister(void *at)
{
    if (host_memory.erase(static_cast<char *>(at)) != 1)
        std::abort();
    return CUDA_SUCCESS;
}

CUresult cuMemcpyHtoD(CUdeviceptr to, const void *from, size_t n_bytes)
{
    if (!holds(memory, host(to), n_bytes))
        return CUDA_ERROR_INVALID_VALUE;
    std::memcpy(host(to), from, n_bytes);
    return CUDA_SUCCESS;
}

/* From memory that the device cannot copy by itself: read at once. */
CUresult cuMemcpyHtoDAsync(CUdeviceptr to, const void *from, size_t n_bytes, CUstream stream)
{
    if (!holds(memory, host(to), n_bytes))
        return CUDA_ERROR_INVALID_VALUE;
    if (holds(host_memory, from, n_bytes))
        return put(stream, [=] { return cuMemcpyHtoD(to, from, n_bytes); });
    std::vector<char> copy(static_cast<const char *>(from),
                           static_cast<const char *>(from) + n_bytes);
    return put(stream, [=] { return cuMemcpyHtoD(to, copy.data(), n_bytes); });
}

CUresult cuMemcpyDtoHAsync(void *to, CUdeviceptr from, size_t n_bytes, CUstream stream)
{
    if (!holds(memory, host(from), n_bytes))
        return CUDA_ERROR_INVALID_VALUE;
    return put(stream, [=] {
        std::memcpy(to, host(from), n_bytes);
        return CUDA_SUCCESS;
    });
}

CUresult cuMemsetD8(CUdeviceptr at, unsigned char value, size_t n_bytes)
{
    if (!holds(memory, host(at), n_bytes))
        return CUDA_ERROR_INVALID_VALUE;
    std::memset(host(at), value, n_bytes);
    return CUDA_SUCCESS;
}

CUresult cuMemsetD8Async(CUdeviceptr at, unsigned char value, size_t n_bytes, CUstream stream)
{
    return put(stream, [=] { return cuMemsetD8(at, value, n_bytes); });
}

CUresult cuCtxSynchronize()
{
    return lost ? CUDA_ERROR_LAUNCH_FAILED : CUDA_SUCCESS;
}

CUresult cuModuleLoadData(CUmodule *module, const void *image)
{
    *module = static_cast<CUmodule>(const_cast<void *>(image));
    return has_context ? CUDA_SUCCESS : CUDA_ERROR_INVALID_CONTEXT;
}

CUresult cuModuleUnload(CUmodule)
{
    return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule, const char *name)
{
    const emulated::Kernel *kernel = emulated::find_kernel(name);

    *function = reinterpret_cast<CUfunction>(const_cast<emulated::Kernel *>(kernel));
    return kernel ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}

CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                        unsigned block_x, unsigned block_y, unsigned block_z, unsigned,
                        CUstream stream, void **params, void **)
{
    const auto *kernel = reinterpret_cast<const emulated::Kernel *>(function);
    std::vector<char> args(static_cast<char *>(params[0]),
                           static_cast<char *>(params[0]) + kernel->n_bytes);

    if (grid_x == 0 || grid_y == 0 || grid_y > 65535 || grid_z != 1 || block_x % 32 != 0 ||
        block_x == 0 || block_x > 1024 || block_y != 1 || block_z != 1)
        return CUDA_ERROR_INVALID_VALUE;
    return put(stream, [=] {
        lost = lost || ++n_kernels == setting("EMULATED_CUDA_LOST", 0);
        if (lost)
            return CUDA_ERROR_LAUNCH_FAILED;
        emulated::run_kernel(*kernel, {grid_x, grid_y, 1}, {block_x, 1, 1}, args.data());
        return CUDA_SUCCESS;
    });
}

CUresult cuStreamCreate(CUstream *stream, unsigned)
{
    *stream = new CUstream_st;
    return CUDA_SUCCESS;
}

CUresult cuStreamDestroy(CUstream stream)
{
    delete stream;
    return CUDA_SUCCESS;
}

CUresult cuStreamSynchronize(CUstream stream)
{
    return has_context ? work_off(stream, stream->n_put) : CUDA_ERROR_INVALID_CONTEXT;
}

CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned)
{
    CUstream_st *other = event->stream;
    const long until = event->at;

    return put(stream, [=] { return work_off(other, until); });
}

CUresult cuStreamBeginCapture(CUstream stream, CUstreamCaptureMode)
{
    if (stream->graph)
        return CUDA_ERROR_ILLEGAL_STATE;
    stream->graph = new CUgraph_st;
    return CUDA_SUCCESS;
}

CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph)
{
    *graph = stream->graph;
    stream->graph = nullptr;
    return *graph ? CUDA_SUCCESS : CUDA_ERROR_ILLEGAL_STATE;
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec *exec, CUgraph graph, unsigned long long)
{
    *exec = new CUgraphExec_st{graph->work};
    return CUDA_SUCCESS;
}

CUresult cuGraphDestroy(CUgraph graph)
{
    delete graph;
    return CUDA_SUCCESS;
}

CUresult cuGraphExecDestroy(CUgraphExec exec)
{
    delete exec;
    return CUDA_SUCCESS;
}

CUresult cuGraphLaunch(CUgraphExec exec, CUstream stream)
{
    CUresult result = CUDA_SUCCESS;

    for (const Work &work : exec->work) {
        if (result == CUDA_SUCCESS)
            result = put(stream, work);
    }
    return result;
}

CUresult cuEventCreate(CUevent *event, unsigned)
{
    *event = new CUevent_st;
    return CUDA_SUCCESS;
}

CUresult cuEventDestroy(CUevent event)
{
    delete event;
    return CUDA_SUCCESS;
}

CUresult cuEventRecord(CUevent event, CUstream stream)
{
    const CUresult result = put(stream, [=] {
        event->time = std::chrono::steady_clock::now();
        return CUDA_SUCCESS;
    });

    event->stream = stream;
    event->at = stream->n_put;
    return result;
}

CUresult cuEventSynchronize(CUevent event)
{
    return event->stream ? work_off(event->stream, event->at) : CUDA_SUCCESS;
}

CUresult cuEventElapsedTime(float *ms, CUevent begin, CUevent end)
{
    *ms = std::chrono::duration<float, std::milli>(end->time - begin->time).count();
    return CUDA_SUCCESS;
}
