/* SPDX-License-Identifier: MIT */
#include "cuda/pack.h"

#include <stdlib.h>
#include <string.h>

/* As cudaMalloc aligns, and more than any load wants. */
#define ALIGNMENT 256

int32_t ev_cuda_pitch(int32_t n_channels)
{
    return (n_channels + 3) / 4 * 4;
}

static int64_t round_up(int64_t n, int64_t unit)
{
    return (n + unit - 1) / unit * unit;
}

/* --- What is where --- */

/* Whether each line of the kernel sees bytes that lie together. */
static bool sees_runs(const struct ev_net_layer *layer)
{
    return layer->kind == EV_NET_LINEAR ||
           (layer->groups == 1 && layer->padding[0] == 0 && layer->padding[1] == 0 &&
            (layer->dilation[1] == 1 || layer->kernel[1] == 1));
}

static void shape_tiles(const struct ev_step *step, struct ev_cuda_part *part)
{
    const int64_t pitch = ev_cuda_pitch(step->in.channels);
    const int64_t line = step->in.width * pitch;
    const int64_t run = part->is_linear ? step->in.height * line : step->kernel[1] * pitch;
    const int32_t n_tiles =
        (step->layer->n_out + EV_CUDA_TILE_CHANNELS - 1) / EV_CUDA_TILE_CHANNELS;

    part->n_runs = part->is_linear ? 1 : step->kernel[0];
    part->run_steps = (int32_t)(round_up(run, EV_CUDA_STEP_PRODUCTS) / EV_CUDA_STEP_PRODUCTS);
    part->run_bytes = line * step->layer->dilation[0];
    part->tiles_of_warp = n_tiles < EV_CUDA_MAX_TILES ? n_tiles : EV_CUDA_MAX_TILES;
    part->n_tiles = (int32_t)round_up(n_tiles, part->tiles_of_warp);
}

/* Room for n_bytes behind what is there already. */
static int64_t add(struct ev_cuda_pack *pack, int64_t n_bytes)
{
    const size_t at = pack->n_bytes;

    pack->n_bytes += (size_t)round_up(n_bytes, ALIGNMENT);
    return (int64_t)at;
}

static void place_floats(const struct ev_step *step, struct ev_cuda_part *part,
                         struct ev_cuda_pack *pack)
{
    const struct ev_net_layer *layer = step->layer;
    const int64_t n_out = layer->n_out;

    part->n_products = step->n_products;
    if (layer->kind == EV_NET_LINEAR || layer->groups > 1)
        part->weights = add(pack, n_out * step->n_products * (int64_t)sizeof(float));
    if (layer->groups == 1)
        part->float_tiles = add(pack, round_up(n_out, EV_CUDA_FLOAT_CHANNELS) * step->n_products *
                                          (int64_t)sizeof(float));
}

static void place_integers(const struct ev_step *step, struct ev_cuda_part *part,
                           struct ev_cuda_pack *pack)
{
    const struct ev_net_layer *layer = step->layer;
    const int64_t n_out = layer->n_out;

    part->by_tiles = sees_runs(layer);
    part->n_products = step->n_products;
    if (part->is_linear)
        part->n_products =
            (int64_t)step->in.height * step->in.width * ev_cuda_pitch(step->in.channels);
    if (part->by_tiles) {
        shape_tiles(step, part);
        part->tiles = add(pack, (int64_t)part->n_tiles * part->n_runs * part->run_steps *
                                    EV_CUDA_WARP * (int64_t)sizeof(uint64_t));
    }
    if (!part->by_tiles || part->is_linear)
        part->weights = add(pack, n_out * part->n_products);
    part->weight_sums = add(pack, n_out * (int64_t)sizeof *step->weight_sums);
    if (layer->arithmetic == EV_NET_INT8)
        part->channels = add(pack, n_out * (int64_t)sizeof *step->channels);
    else
        part->weight_scales = add(pack, n_out * (int64_t)sizeof *layer->weight_scales);
}

static void place(const struct ev_step *step, struct ev_cuda_part *part, struct ev_cuda_pack *pack)
{
    const struct ev_net_layer *layer = step->layer;

    part->tiles = part->weights = part->float_tiles = -1;
    part->weight_sums = part->channels = part->weight_scales = part->bias = -1;
    if (layer->kind != EV_NET_CONV && layer->kind != EV_NET_LINEAR)
        return;
    part->is_linear = layer->kind == EV_NET_LINEAR;
    if (layer->arithmetic == EV_NET_FLOAT32)
        place_floats(step, part, pack);
    else
        place_integers(step, part, pack);
    if (layer->bias)
        part->bias = add(pack, layer->n_out * (int64_t)sizeof *layer->bias);
}

/* --- Weights --- */

/* The weight of channel o for byte k of run r, 0 where there is none. */
static uint8_t weight_at(const struct ev_step *step, const struct ev_cuda_part *part, int64_t o,
                         int32_t r, int64_t k)
{
    const int64_t pitch = ev_cuda_pitch(step->in.channels);
    const int64_t run_pixels =
        part->is_linear ? (int64_t)step->kernel[0] * step->kernel[1] : step->kernel[1];
    const int64_t pixel = k / pitch, channel = k % pitch;

    if (o >= step->layer->n_out || pixel >= run_pixels || channel >= step->in.channels)
        return 0;
    return (uint8_t)step
        ->weights[o * step->n_products + (r * run_pixels + pixel) * step->in.channels + channel];
}

static void fill_tiles(const struct ev_step *step, const struct ev_cuda_part *part, uint64_t *tiles)
{
    for (int64_t tile = 0; tile < part->n_tiles; tile++) {
        for (int32_t i = 0; i < part->n_runs * part->run_steps * EV_CUDA_WARP; i++) {
            const int32_t number = i / EV_CUDA_WARP, lane = i % EV_CUDA_WARP;
            const int32_t run = number / part->run_steps, step_of_run = number % part->run_steps;
            const int64_t first =
                (int64_t)step_of_run * EV_CUDA_STEP_PRODUCTS + lane % 4 * (int64_t)4;
            uint64_t pair = 0;
            for (int byte = 0; byte < 8; byte++)
                pair |= (uint64_t)weight_at(step, part, tile * EV_CUDA_TILE_CHANNELS + lane / 4,
                                            run, first + byte / 4 * 16 + byte % 4)
                        << 8 * byte;
            *tiles++ = pair;
        }
    }
}

static void fill_rows(const struct ev_step *step, const struct ev_cuda_part *part, uint8_t *rows)
{
    for (int64_t o = 0; o < step->layer->n_out; o++) {
        for (int64_t k = 0; k < part->n_products; k++)
            *rows++ = part->is_linear ? weight_at(step, part, o, 0, k)
                                      : (uint8_t)step->weights[o * step->n_products + k];
    }
}

static void fill_float_tiles(const struct ev_step *step, float *tiles)
{
    const int64_t n_out = step->layer->n_out;
    const int64_t pitch = round_up(n_out, EV_CUDA_FLOAT_CHANNELS);

    for (int64_t k = 0; k < step->n_products; k++) {
        for (int64_t o = 0; o < n_out; o++)
            tiles[k * pitch + o] = step->weights_floats[o * step->n_products + k];
    }
}

static void put(const struct ev_cuda_pack *pack, int64_t at, const void *from, size_t n_bytes)
{
    if (at >= 0)
        memcpy((char *)pack->memory + at, from, n_bytes);
}

static void fill(const struct ev_step *step, const struct ev_cuda_part *part,
                 const struct ev_cuda_pack *pack)
{
    const struct ev_net_layer *layer = step->layer;
    const size_t n_out = (size_t)layer->n_out;
    char *memory = pack->memory;

    if (part->tiles >= 0)
        fill_tiles(step, part, (uint64_t *)(memory + part->tiles));
    if (part->float_tiles >= 0)
        fill_float_tiles(step, (float *)(memory + part->float_tiles));
    if (part->weights >= 0 && step->weights)
        fill_rows(step, part, (uint8_t *)(memory + part->weights));
    else
        put(pack, part->weights, step->weights_floats,
            n_out * (size_t)step->n_products * sizeof(float));
    put(pack, part->weight_sums, step->weight_sums, n_out * sizeof *step->weight_sums);
    put(pack, part->channels, step->channels, n_out * sizeof *step->channels);
    put(pack, part->weight_scales, layer->weight_scales, n_out * sizeof *layer->weight_scales);
    put(pack, part->bias, layer->bias, n_out * sizeof *layer->bias);
}

enum ev_status ev_cuda_pack(const struct ev_plan *plan, const char *path, struct ev_cuda_pack *pack,
                            struct ev_error *err)
{
    *pack = (struct ev_cuda_pack){
        .parts = calloc((size_t)plan->n_steps + 1, sizeof *pack->parts),
    };
    for (int32_t i = 0; pack->parts && i < plan->n_steps; i++)
        place(&plan->steps[i], &pack->parts[i], pack);
    pack->memory = pack->parts ? calloc(1, pack->n_bytes + 1) : NULL;
    if (!pack->memory)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", path);
    for (int32_t i = 0; i < plan->n_steps; i++)
        fill(&plan->steps[i], &pack->parts[i], pack);
    return EV_OK;
}

void ev_cuda_unpack(struct ev_cuda_pack *pack)
{
    free(pack->parts);
    free(pack->memory);
    *pack = (struct ev_cuda_pack){0};
}
