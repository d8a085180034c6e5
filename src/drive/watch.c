/* SPDX-License-Identifier: MIT */
/* Panels into an animation and a sheet, and a lap into a set. */
#include "drive/watch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cairo/cairo.h>
#include <jansson.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/text.h"
#include "evalrun/version.h"
#include "render/render.h"

#define PERIOD_MS ((int)(1000 / EV_CAR_RATE_HZ))

/* Good enough for noise and text, and 4 times as fast to make as the default effort. */
#define WEBP_QUALITY 70.0f
#define WEBP_EFFORT  1

#define SHEET_ACROSS 3
#define SHEET_DOWN   4
#define SHEET_SCALE  0.75

static enum ev_status out_of_memory(const char *path, struct ev_error *err)
{
    return ev_fail(err, EV_MEMORY, "%s: out of memory", path);
}

static enum ev_status check_length(const struct ev_lap *lap, const char *path, struct ev_error *err)
{
    if (lap->n_frames > 0)
        return EV_OK;
    return ev_fail(err, EV_FAILED, "%s: nothing to show, the lap has no picture", path);
}

/* --- Animation --- */

/* Encodes all pictures of the lap. */
static enum ev_status encode(const struct ev_drive_result *result, const struct ev_drive_run *run,
                             int64_t which, const char *path, WebPAnimEncoder *encoder,
                             cairo_surface_t *surface, struct ev_error *err)
{
    const struct ev_lap *lap = &run->laps[which];
    cairo_t *cr = cairo_create(surface);
    struct ev_progress progress;
    WebPConfig config;
    WebPPicture picture;
    enum ev_status status = EV_OK;
    bool ok = WebPConfigInit(&config) && WebPPictureInit(&picture);

    config.quality = WEBP_QUALITY;
    config.method = WEBP_EFFORT;
    picture.width = EV_PANEL_WIDTH;
    picture.height = EV_PANEL_HEIGHT;
    picture.use_argb = 1;
    ev_progress_start(&progress, "film", "pictures", lap->n_frames);
    for (int64_t i = 0; i < lap->n_frames && ok && status == EV_OK; i++) {
        ev_panel_draw(cr, result, run, which, i);
        cairo_surface_flush(surface);
        ok = WebPPictureImportBGRX(&picture, cairo_image_surface_get_data(surface),
                                   cairo_image_surface_get_stride(surface)) &&
             WebPAnimEncoderAdd(encoder, &picture, (int)i * PERIOD_MS, &config);
        status = ev_interrupt_check(err);
        if (ok && status == EV_OK)
            ev_progress_update(&progress, i + 1, NULL);
    }
    ev_progress_finish(&progress);
    ok = ok && WebPAnimEncoderAdd(encoder, NULL, (int)lap->n_frames * PERIOD_MS, NULL);
    WebPPictureFree(&picture);
    cairo_destroy(cr);
    if (status == EV_OK && !ok)
        status = ev_fail(err, EV_MEMORY, "%s: the film cannot be encoded: %s", path,
                         WebPAnimEncoderGetError(encoder));
    return status;
}

static enum ev_status write_bytes(const char *path, const uint8_t *bytes, size_t n,
                                  struct ev_error *err)
{
    struct ev_outfile file = {0};
    enum ev_status status = ev_outfile_open(&file, path, err);

    if (status == EV_OK) {
        (void)fwrite(bytes, 1, n, file.stream); /* what it could not write is seen at commit */
        status = ev_outfile_commit(&file, err);
    }
    ev_outfile_abort(&file);
    return status;
}

enum ev_status ev_watch_film(const struct ev_drive_result *result, const struct ev_drive_run *run,
                             int64_t lap, const char *path, struct ev_error *err)
{
    WebPAnimEncoderOptions options;
    WebPAnimEncoder *encoder = NULL;
    WebPData data;
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, EV_PANEL_WIDTH, EV_PANEL_HEIGHT);
    enum ev_status status = check_length(&run->laps[lap], path, err);

    WebPDataInit(&data);
    if (status == EV_OK && WebPAnimEncoderOptionsInit(&options))
        encoder = WebPAnimEncoderNew(EV_PANEL_WIDTH, EV_PANEL_HEIGHT, &options);
    if (status == EV_OK && (!encoder || cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS))
        status = out_of_memory(path, err);
    if (status == EV_OK)
        status = encode(result, run, lap, path, encoder, surface, err);
    if (status == EV_OK && !WebPAnimEncoderAssemble(encoder, &data))
        status = out_of_memory(path, err);
    if (status == EV_OK)
        status = write_bytes(path, data.bytes, data.size, err);
    WebPDataClear(&data);
    WebPAnimEncoderDelete(encoder);
    cairo_surface_destroy(surface);
    return status;
}

/* --- Sheet --- */

static cairo_status_t write_png(void *stream, const unsigned char *bytes, unsigned n)
{
    return fwrite(bytes, 1, n, stream) == n ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

enum ev_status ev_watch_sheet(const struct ev_drive_result *result, const struct ev_drive_run *run,
                              int64_t which, const char *path, struct ev_error *err)
{
    const struct ev_lap *lap = &run->laps[which];
    const int n = SHEET_ACROSS * SHEET_DOWN;
    struct ev_outfile file = {0};
    cairo_surface_t *surface = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, (int)(SHEET_ACROSS * EV_PANEL_WIDTH * SHEET_SCALE),
        (int)(SHEET_DOWN * EV_PANEL_HEIGHT * SHEET_SCALE));
    enum ev_status status = check_length(lap, path, err);
    cairo_t *cr = cairo_create(surface);

    if (status == EV_OK && cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        status = out_of_memory(path, err);
    for (int i = 0; i < n && status == EV_OK; i++) {
        cairo_save(cr);
        cairo_scale(cr, SHEET_SCALE, SHEET_SCALE);
        cairo_translate(cr, i % SHEET_ACROSS * EV_PANEL_WIDTH, i / SHEET_ACROSS * EV_PANEL_HEIGHT);
        ev_panel_draw(cr, result, run, which, (lap->n_frames - 1) * i / (n - 1));
        cairo_restore(cr);
    }
    cairo_destroy(cr);
    if (status == EV_OK)
        status = ev_outfile_open(&file, path, err);
    if (status == EV_OK) {
        (void)cairo_surface_write_to_png_stream(surface, write_png, file.stream);
        status = ev_outfile_commit(&file, err);
    }
    ev_outfile_abort(&file);
    cairo_surface_destroy(surface);
    return status;
}

/* --- Set --- */

static char *set_provenance(const struct ev_drive_result *result, const struct ev_drive_run *run,
                            int64_t which)
{
    const struct ev_drive_args *args = result->args;
    char backend[512], circuit[512]; /* in Unicode, as JSON wants it */

    ev_text_clean(args->backends[run->backend].name, backend, sizeof backend);
    ev_text_clean(args->tracks[run->track]->name, circuit, sizeof circuit);
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:f, s:f}", "tool_version", EV_VERSION, "driven_by",
        backend, "circuit", circuit, "direction", run->direction > 0 ? "forward" : "reverse",
        "seed", (json_int_t)args->seed, "lap", (json_int_t)which, "perturb", (int)args->perturb,
        "latency_s", result->latency_s[run->backend], "lag_s", args->lag_s);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    json_decref(json);
    return text;
}

static enum ev_status write_rows(const struct ev_drive_result *result,
                                 const struct ev_drive_run *run, int64_t which,
                                 struct ev_set_writer *writer, struct ev_error *err)
{
    const struct ev_track *track = result->args->tracks[run->track];
    const struct ev_lap *lap = &run->laps[which];
    uint8_t rgb[EV_PICTURE_BYTES];
    enum ev_status status = EV_OK;

    for (int64_t i = 0; i < lap->n_frames && status == EV_OK; i++) {
        const struct ev_lap_frame *frame = &lap->frames[i];
        struct ev_control expert =
            ev_expert_control(track, frame->pose, frame->s_m, run->direction);
        const float labels[] = {(float)expert.v_mps, (float)expert.w_radps};
        const double pose[] = {frame->pose.x_m, frame->pose.y_m, frame->pose.yaw_rad, frame->s_m};
        ev_lap_picture(track, result->args->seed, which, i, frame->pose, rgb);
        status = ev_set_writer_append(writer, 1, rgb, labels, pose, err);
    }
    return status;
}

static enum ev_status write_commands(const struct ev_lap *lap, const char *path,
                                     struct ev_set_writer *writer, struct ev_error *err)
{
    static const char *const names[] = {"v", "w"};
    float *commands = malloc((size_t)lap->n_frames * 2 * sizeof *commands);

    if (!commands)
        return out_of_memory(path, err);
    for (int64_t i = 0; i < lap->n_frames; i++) {
        commands[2 * i] = (float)lap->frames[i].command.v_mps;
        commands[2 * i + 1] = (float)lap->frames[i].command.w_radps;
    }
    enum ev_status status = ev_set_writer_put(writer, "commands", 2, names, commands, err);
    free(commands);
    return status;
}

enum ev_status ev_watch_save(const struct ev_drive_result *result, const struct ev_drive_run *run,
                             int64_t which, const char *path, struct ev_error *err)
{
    const struct ev_lap *lap = &run->laps[which];
    struct ev_set_writer *writer = NULL;
    enum ev_status status = check_length(lap, path, err);
    char *provenance = status == EV_OK ? set_provenance(result, run, which) : NULL;

    if (status == EV_OK && !provenance)
        status = out_of_memory(path, err);
    if (status == EV_OK) {
        const struct ev_set_spec spec =
            ev_render_set_spec(result->args->tracks[run->track]->name, provenance, lap->n_frames);
        status = ev_set_writer_open(path, &spec, &writer, err);
    }
    if (status == EV_OK)
        status = write_rows(result, run, which, writer, err);
    if (status == EV_OK)
        status = write_commands(lap, path, writer, err);
    if (status == EV_OK) {
        status = ev_set_writer_commit(writer, err);
        writer = NULL;
    }
    ev_set_writer_abort(writer);
    free(provenance);
    return status;
}
