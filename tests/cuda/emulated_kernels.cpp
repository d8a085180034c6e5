/* SPDX-License-Identifier: MIT */
#include "emulated_kernels.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

#include <ucontext.h>

#include "cuda/kernels.cu"

namespace emulated
{

Thread running;

namespace
{

constexpr int n_lanes = 32;
constexpr size_t stack_bytes = 256 << 10;

/* A lane is a thread of control that comes back to the warp's where lanes meet, and at its end. */
struct Lane {
    ucontext_t context;
    std::vector<char> stack;
    Thread place;
    Perform perform; /* what it waits for; NULL: nothing */
    void *operands;
    bool ended;
};

Lane lanes[n_lanes];
int current;
bool is_alone; /* the lanes that follow are called one after the other */
ucontext_t warp_context;
const Kernel *kernel_now;
const void *args_now;

/* Each lane runs one kernel after the other, so that its stack is set up once. */
void run_lane()
{
    for (;;) {
        kernel_now->call(args_now);
        lanes[current].ended = true;
        swapcontext(&lanes[current].context, &warp_context);
    }
}

void make_lanes()
{
    if (!lanes[0].stack.empty())
        return;
    for (Lane &lane : lanes) {
        lane.stack.resize(stack_bytes);
        getcontext(&lane.context);
        lane.context.uc_stack.ss_sp = lane.stack.data();
        lane.context.uc_stack.ss_size = lane.stack.size();
        lane.context.uc_link = nullptr;
        makecontext(&lane.context, run_lane, 0);
    }
}

void go_on(int i)
{
    current = i;
    running = lanes[i].place;
    swapcontext(&warp_context, &lanes[i].context);
}

[[noreturn]] void part()
{
    std::fprintf(stderr, "emulated device: the lanes of a warp of %s part\n", kernel_now->name);
    std::abort();
}

/* All lanes have ended (false), or have come to the same operation, which is performed. */
bool meet()
{
    void *operands[n_lanes];

    for (int i = 0; i < n_lanes; i++) {
        if (lanes[i].ended != lanes[0].ended || lanes[i].perform != lanes[0].perform)
            part();
        operands[i] = lanes[i].operands;
    }
    if (lanes[0].ended)
        return false;
    lanes[0].perform(operands);
    return true;
}

/* Where the first lane meets no other one, none may: they are then called one after the other,
 * which is much quicker. */
void run_warp()
{
    lanes[0].perform = nullptr;
    go_on(0);
    is_alone = lanes[0].ended;
    for (int i = 1; i < n_lanes && is_alone; i++) {
        running = lanes[i].place;
        kernel_now->call(args_now);
    }
    if (is_alone)
        return;
    for (int i = 1; i < n_lanes; i++) {
        lanes[i].perform = nullptr;
        go_on(i);
    }
    while (meet()) {
        for (int i = 0; i < n_lanes; i++) {
            lanes[i].perform = nullptr;
            go_on(i);
        }
    }
}

template <class Args, void (*kernel)(Args)> void call(const void *args)
{
    kernel(*static_cast<const Args *>(args));
}

#define ROW(name, args) {#name, call<const struct args, ::name>, sizeof(struct args)},
const Kernel kernels[] = {EV_CUDA_KERNELS(ROW)};

} // namespace

void together(Perform perform, void *operands)
{
    if (is_alone)
        part();
    lanes[current].perform = perform;
    lanes[current].operands = operands;
    swapcontext(&lanes[current].context, &warp_context);
}

const Kernel *find_kernel(const char *name)
{
    for (const Kernel &kernel : kernels) {
        if (std::strcmp(kernel.name, name) == 0)
            return &kernel;
    }
    return nullptr;
}

void run_kernel(const Kernel &kernel, const Index &grid_size, const Index &block_size,
                const void *args)
{
    const unsigned n_warps = block_size.x / n_lanes;

    make_lanes();
    kernel_now = &kernel;
    args_now = args;
    for (unsigned y = 0; y < grid_size.y; y++) {
        for (unsigned warp = 0; warp < grid_size.x * n_warps; warp++) {
            is_alone = false;
            for (unsigned i = 0; i < n_lanes; i++) {
                lanes[i].place = {{warp % n_warps * n_lanes + i, 0, 0},
                                  {warp / n_warps, y, 0},
                                  block_size,
                                  grid_size};
                lanes[i].ended = false;
            }
            run_warp();
        }
    }
}

} // namespace emulated
