/* SPDX-License-Identifier: MIT */
/* Renders a drive into a set: blocks of frames in parallel, appended in order. */
#include "render/render.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/rng.h"
#include "evalrun/version.h"
#include "render/camera.h"
#include "render/drive_path.h"
#include "render/perturb.h"

#define BLOCK_FRAMES 64
#define N_OUTPUTS 2
#define N_POSE 4

/* One block of frames on its way into the file. */
struct block {
    uint8_t *images; /* (BLOCK_FRAMES, 66, 200, 3) */
    float labels[BLOCK_FRAMES][N_OUTPUTS];
    double poses[BLOCK_FRAMES][N_POSE];
};

struct ev_look ev_render_look(uint64_t seed, bool perturb, int64_t frame, uint64_t *noise_key)
{
    struct ev_look look = ev_look_reference;

    look.place_seed = seed;
    *noise_key = ev_rng_at(seed, EV_RNG_PIXEL_NOISE, (uint64_t)frame).key;
    return perturb ? ev_perturb_look(seed, frame) : look;
}

static void render_frame(const struct ev_render_args *args, const struct ev_track *track,
                         const struct ev_drive_path *path, int64_t frame, struct block *block,
                         int64_t slot)
{
    struct ev_path_point point = path->points[frame % path->n_points];
    uint64_t noise_key;
    const struct ev_look look = ev_render_look(args->seed, args->perturb, frame, &noise_key);

    if (args->perturb)
        ev_perturb_pose(track, args->seed, frame, &point);
    ev_camera_picture(track, &look, point.pose, noise_key, block->images + slot * EV_PICTURE_BYTES);

    struct ev_control control = ev_expert_control(track, point.pose, point.s_m, point.direction);
    block->labels[slot][0] = (float)control.v_mps;
    block->labels[slot][1] = (float)control.w_radps;
    block->poses[slot][0] = point.pose.x_m;
    block->poses[slot][1] = point.pose.y_m;
    block->poses[slot][2] = point.pose.yaw_rad;
    block->poses[slot][3] = point.s_m;
}

/* The JSON text that says how the set was made; also decides whether a cached set is up to date. */
char *ev_render_provenance(const struct ev_render_args *args, const char *circuit,
                           int64_t n_frames)
{
    json_t *json = json_pack("{s:s, s:i, s:s, s:I, s:I, s:b, s:f, s:I, s:i}",
                             "tool_version", EV_VERSION, "renderer_version", EV_RENDERER_VERSION,
                             "circuit", circuit, "seed", (json_int_t)args->seed, "frames",
                             (json_int_t)n_frames, "perturb", args->perturb, "rate_hz",
                             EV_CAR_RATE_HZ, "chunk_rows", (json_int_t)args->chunk_rows,
                             "deflate_level", (int)args->deflate_level);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    json_decref(json);
    return text;
}

struct ev_set_spec ev_render_set_spec(const char *circuit, const char *provenance, int64_t n_rows)
{
    return (struct ev_set_spec){
        .n_rows = n_rows,
        .shape = {EV_PICTURE_HEIGHT, EV_PICTURE_WIDTH, 3},
        .n_outputs = N_OUTPUTS,
        .columns = {{"v", "m/s", EV_CAR_V_MIN_MPS, EV_CAR_V_MAX_MPS},
                    {"w", "rad/s", -EV_CAR_W_MAX_RADPS, EV_CAR_W_MAX_RADPS}},
        .circuit = circuit,
        .provenance = provenance,
        .frame_rate_hz = EV_CAR_RATE_HZ,
        .with_pose = true,
    };
}

static enum ev_status render_frames(const struct ev_render_args *args, const struct ev_track *track,
                                    const struct ev_drive_path *path, int64_t n_frames,
                                    struct ev_set_writer *writer, struct ev_error *err)
{
    enum ev_status status = EV_OK;
    struct ev_progress progress;
    char what[96];
    struct block *block = calloc(1, sizeof *block);
    uint8_t *images = malloc((size_t)BLOCK_FRAMES * EV_PICTURE_BYTES);

    if (!block || !images) {
        status = ev_fail(err, EV_MEMORY, "out of memory");
        goto done;
    }
    block->images = images;
    snprintf(what, sizeof what, "render %.80s", track->name);
    ev_progress_start(&progress, what, "frames", n_frames);
    for (int64_t first = 0; first < n_frames && status == EV_OK; first += BLOCK_FRAMES) {
        int64_t n = n_frames - first < BLOCK_FRAMES ? n_frames - first : BLOCK_FRAMES;
#pragma omp parallel for schedule(dynamic, 1) num_threads(args->n_threads)
        for (int64_t slot = 0; slot < n; slot++)
            render_frame(args, track, path, first + slot, block, slot);
        status = ev_set_writer_append(writer, n, images, &block->labels[0][0],
                                      &block->poses[0][0], err);
        if (status == EV_OK)
            status = ev_interrupt_check(err);
        if (status == EV_OK)
            ev_progress_update(&progress, first + n, NULL);
    }
    ev_progress_finish(&progress);
done:
    free(block);
    free(images);
    return status;
}

enum ev_status ev_render_set(const struct ev_render_args *args, const char *out,
                             struct ev_error *err)
{
    struct ev_track *track = NULL;
    struct ev_drive_path path = {0};
    struct ev_set_writer *writer = NULL;
    char *provenance = NULL;

    enum ev_status status = ev_track_open(args->circuit, &track, err);
    if (status == EV_OK && ev_file_is_same(track->path, out))
        status = ev_fail(err, EV_USAGE, "%s: would be overwritten, but it is what is read", out);
    if (status == EV_OK)
        status = ev_drive_path_make(track, &path, err);
    if (status != EV_OK)
        goto done;
    int64_t n_frames = args->n_frames > 0 ? args->n_frames : path.n_points;
    provenance = ev_render_provenance(args, track->name, args->n_frames);
    if (!provenance) {
        status = ev_fail(err, EV_MEMORY, "out of memory");
        goto done;
    }
    struct ev_set_spec spec = ev_render_set_spec(track->name, provenance, n_frames);
    spec.chunk_rows = args->chunk_rows;
    spec.deflate_level = args->deflate_level;
    status = ev_set_writer_open(out, &spec, &writer, err);
    if (status != EV_OK)
        goto done;
    status = render_frames(args, track, &path, n_frames, writer, err);
    if (status == EV_OK) {
        status = ev_set_writer_commit(writer, err);
        writer = NULL;
    }
done:
    ev_set_writer_abort(writer);
    free(provenance);
    ev_drive_path_free(&path);
    ev_track_close(track);
    return status;
}
