/* SPDX-License-Identifier: MIT */
/* A model's answers as commands. */
#include <stdlib.h>

#include "base/clock.h"
#include "drive/drive.h"
#include "measure/form.h"

#define N_OUTPUTS 2

static const struct ev_shape picture_shape = {EV_PICTURE_HEIGHT, EV_PICTURE_WIDTH, 3};

struct ev_model_driver {
    struct ev_model *model;
    float *floats; /* (C, H, W) of one picture, or NULL if the model reads bytes */
};

enum ev_status ev_model_driver_open(const struct ev_eval_backend *backend,
                                    const struct ev_drive_args *args, int32_t n_threads,
                                    struct ev_model_driver **out, struct ev_error *err)
{
    struct ev_model_driver *driver = calloc(1, sizeof *driver);
    const struct ev_open_args open_args = {
        .size = sizeof open_args,
        .n_threads = n_threads,
        .model_path = backend->model_path,
        .device_kind = args->device_kind,
        .device_index = args->device_index,
        .shape = picture_shape,
        .n_outputs = N_OUTPUTS,
        .max_rows = 1,
        .precision = backend->precision,
    };

    *out = NULL;
    if (!driver)
        return ev_fail(err, EV_MEMORY, "out of memory");
    enum ev_status status = ev_model_open(backend->engine, &open_args, &driver->model, err);
    if (status == EV_OK && ev_form_choose(driver->model, EV_FORM_U8_NHWC) == EV_FORM_F32_NCHW) {
        driver->floats = malloc(ev_form_picture_bytes(EV_FORM_F32_NCHW, &picture_shape));
        if (!driver->floats)
            status = ev_fail(err, EV_MEMORY, "out of memory");
    }
    if (status != EV_OK) {
        ev_model_driver_close(driver);
        return status;
    }
    *out = driver;
    return EV_OK;
}

void ev_model_driver_close(struct ev_model_driver *driver)
{
    if (!driver)
        return;
    ev_model_close(driver->model);
    free(driver->floats);
    free(driver);
}

static enum ev_status control(void *self, const uint8_t *picture, const struct ev_lap_frame *frame,
                              struct ev_control *command, int64_t *inference_ns,
                              struct ev_error *err)
{
    struct ev_model_driver *driver = self;
    float outputs[N_OUTPUTS];
    struct ev_batch batch = {
        .size = sizeof batch,
        .form = EV_FORM_U8_NHWC,
        .shape = picture_shape,
        .n_rows = 1,
        .data = picture,
    };

    (void)frame;
    int64_t start_ns = ev_clock_ns();
    if (driver->floats)
        batch = ev_form_to_floats(&batch, driver->floats);
    enum ev_status status = ev_model_infer(driver->model, &batch, outputs, err);
    *inference_ns = ev_clock_ns() - start_ns;
    /* Outputs are scaled to [0, 1] over the labels' ranges. */
    command->v_mps = EV_CAR_V_MIN_MPS + (EV_CAR_V_MAX_MPS - EV_CAR_V_MIN_MPS) * outputs[0];
    command->w_radps = EV_CAR_W_MAX_RADPS * (2.0 * outputs[1] - 1.0);
    return status;
}

struct ev_driver ev_model_driver_as_driver(struct ev_model_driver *driver)
{
    return (struct ev_driver){.control = control, .self = driver, .needs_pictures = true};
}

struct ev_model *ev_model_driver_model(struct ev_model_driver *driver)
{
    return driver->model;
}
