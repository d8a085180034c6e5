/* SPDX-License-Identifier: MIT */
/*
 * Rendered sets again. Blur is the difficulty: a third of the training pictures are blurred after
 * the resize, and no blur of the full picture gives the same after it, as the resize reads 2 x 2 of
 * about 3 x 4 pixels. So the full picture is blurred as wide, which looks the same, and then the
 * pixels that the resize reads are shifted by what is missing. It reads none of them twice.
 */
#include "render/replay.h"

#include <string.h>

#include <jansson.h>

#include "render/camera.h"
#include "render/render.h"

#define ROW_BYTES   (EV_CAMERA_WIDTH * 3)
#define N_ROWS      (EV_CAMERA_HEIGHT - EV_CAMERA_HORIZON)
#define SCALE_X     ((float)EV_CAMERA_WIDTH / EV_PICTURE_WIDTH)
#define SCALE_Y     ((float)N_ROWS / EV_PICTURE_HEIGHT)
#define MAX_RADIUS  8
#define SHIFT_TURNS 32 /* a pixel at 0 or 255 cannot be shifted, then the others make up for it */

/* --- Opening --- */

static enum ev_status read_provenance(const struct ev_set_info *info, struct ev_replay *replay,
                                      char circuit[256], struct ev_error *err)
{
    json_t *json = json_loads(info->provenance, 0, NULL);
    const char *name = NULL;
    json_int_t version = 0, seed = 0;
    int perturb = 0;
    bool rendered = json && json_unpack(json, "{s:I, s:s, s:I, s:b}", "renderer_version", &version,
                                        "circuit", &name, "seed", &seed, "perturb", &perturb) == 0;

    if (rendered)
        snprintf(circuit, 256, "%s", name);
    json_decref(json);
    if (!rendered)
        return ev_fail(err, EV_UNSUPPORTED, "it was not made by `dataset render`");
    if (version != EV_RENDERER_VERSION)
        return ev_fail(err, EV_UNSUPPORTED,
                       "it was made by version %lld of the renderer, this is version %d",
                       (long long)version, EV_RENDERER_VERSION);
    replay->seed = (uint64_t)seed;
    replay->perturb = perturb != 0;
    return EV_OK;
}

enum ev_status ev_replay_open(const struct ev_set *set, const char *circuit,
                              struct ev_replay *replay, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);
    char recorded[256];

    *replay = (struct ev_replay){0};
    enum ev_status status = read_provenance(info, replay, recorded, err);
    if (status != EV_OK)
        return status;
    if (!ev_set_has_pose(set))
        return ev_fail(err, EV_UNSUPPORTED, "it has no /pose");
    if (info->shape.height != EV_PICTURE_HEIGHT || info->shape.width != EV_PICTURE_WIDTH ||
        info->shape.channels != 3)
        return ev_fail(err, EV_UNSUPPORTED, "its pictures are not of 66 x 200 x 3");
    if (circuit)
        return ev_track_open(circuit, &replay->track, err);
    if (ev_track_open(recorded, &replay->track, err) != EV_OK)
        return ev_fail(err, EV_UNSUPPORTED, "its circuit '%.200s' is not a built-in one", recorded);
    return EV_OK;
}

void ev_replay_close(struct ev_replay *replay)
{
    ev_track_close(replay->track);
    *replay = (struct ev_replay){0};
}

/* --- Blur --- */

/* Weights of a Gaussian at 0, 1, ... radius, which is returned. */
static int make_kernel(float sigma_px, float weights[MAX_RADIUS + 1])
{
    int radius = (int)ceilf(3.0f * sigma_px);
    float sum = 0.0f;

    radius = radius > MAX_RADIUS ? MAX_RADIUS : radius;
    for (int i = 0; i <= radius; i++) {
        weights[i] = expf(-0.5f * (float)(i * i) / (sigma_px * sigma_px));
        sum += i == 0 ? weights[i] : 2.0f * weights[i];
    }
    for (int i = 0; i <= radius; i++)
        weights[i] /= sum;
    return radius;
}

/* Blurs n values that lie `stride` bytes apart; the first and the last repeat at the ends. */
static void blur_line(uint8_t *line, int n, int stride, const float *weights, int radius)
{
    uint8_t copy[EV_CAMERA_WIDTH + 2 * MAX_RADIUS];

    for (int i = -radius; i < n + radius; i++)
        copy[i + radius] = line[(i < 0 ? 0 : i >= n ? n - 1 : i) * stride];
    for (int i = 0; i < n; i++) {
        const uint8_t *at = copy + i + radius;
        float sum = weights[0] * at[0];
        for (int j = 1; j <= radius; j++)
            sum += weights[j] * (float)(at[-j] + at[j]);
        line[i * stride] = (uint8_t)(sum + 0.5f);
    }
}

/* Blurs what lies below the horizon as a small picture is by sigma_px. */
static void blur(uint8_t *ground, float sigma_px)
{
    float weights[MAX_RADIUS + 1];

    int radius = make_kernel(sigma_px * SCALE_X, weights);
    for (int y = 0; y < N_ROWS; y++) {
        for (int c = 0; c < 3; c++)
            blur_line(ground + y * ROW_BYTES + c, EV_CAMERA_WIDTH, 3, weights, radius);
    }
    radius = make_kernel(sigma_px * SCALE_Y, weights);
    for (int i = 0; i < ROW_BYTES; i++)
        blur_line(ground + i, N_ROWS, ROW_BYTES, weights, radius);
}

/* What the resize makes of the four pixels at `first` in one channel. */
static int resized(const uint8_t *first, float weight_x, float weight_y)
{
    float upper = first[0] + weight_x * (float)(first[3] - first[0]);
    const uint8_t *below = first + ROW_BYTES;
    float lower = below[0] + weight_x * (float)(below[3] - below[0]);

    return (int)(upper + weight_y * (lower - upper) + 0.5f);
}

/* What the resize makes of all that lies below the horizon. */
static void resize(const uint8_t *ground, uint8_t *picture)
{
    for (int i = 0; i < EV_PICTURE_HEIGHT * EV_PICTURE_WIDTH; i++) {
        struct ev_camera_tap y = ev_camera_tap(i / EV_PICTURE_WIDTH, SCALE_Y, N_ROWS);
        struct ev_camera_tap x = ev_camera_tap(i % EV_PICTURE_WIDTH, SCALE_X, EV_CAMERA_WIDTH);
        for (int c = 0; c < 3; c++)
            picture[3 * i + c] = (uint8_t)resized(ground + y.first * ROW_BYTES + x.first * 3 + c,
                                                  x.weight, y.weight);
    }
}

static void shift(uint8_t *value, int by)
{
    int shifted = *value + by;

    *value = (uint8_t)(shifted < 0 ? 0 : shifted > 255 ? 255 : shifted);
}

/* Shifts the pixels below the horizon so that the resize gives `picture`. */
static void match(uint8_t *ground, const uint8_t *picture)
{
    for (int i = 0; i < EV_PICTURE_HEIGHT * EV_PICTURE_WIDTH; i++) {
        struct ev_camera_tap y = ev_camera_tap(i / EV_PICTURE_WIDTH, SCALE_Y, N_ROWS);
        struct ev_camera_tap x = ev_camera_tap(i % EV_PICTURE_WIDTH, SCALE_X, EV_CAMERA_WIDTH);
        for (int c = 0; c < 3; c++) {
            uint8_t *first = ground + y.first * ROW_BYTES + x.first * 3 + c;
            for (int turn = 0; turn < SHIFT_TURNS; turn++) {
                int missing = picture[3 * i + c] - resized(first, x.weight, y.weight);
                if (missing == 0)
                    break;
                shift(first, missing);
                shift(first + 3, missing);
                shift(first + ROW_BYTES, missing);
                shift(first + ROW_BYTES + 3, missing);
            }
        }
    }
}

void ev_replay_render(const struct ev_replay *replay, int64_t row, struct ev_pose pose,
                      uint8_t *picture, uint8_t *full)
{
    uint8_t *ground = full + EV_CAMERA_HORIZON * ROW_BYTES;
    uint64_t noise_key;
    const struct ev_look look = ev_render_look(replay->seed, replay->perturb, row, &noise_key);

    ev_camera_full(replay->track, &look, pose, noise_key, full);
    if (look.blur_sigma_px <= 0.0f) {
        resize(ground, picture);
        return;
    }
    ev_camera_picture(replay->track, &look, pose, noise_key, picture);
    blur(ground, look.blur_sigma_px);
    match(ground, picture);
}
