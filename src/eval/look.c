/* SPDX-License-Identifier: MIT */
/* Asks an engine for the layers of its model, and finds those that are in the wrong type. */
#include "eval/look.h"

#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "measure/form.h"
#include "evalrun/trainer.h"

#define FLOAT_BYTES 4

/* Which layers of a model should be in int8. */
enum expectation { NONE, LARGE_LINEAR, ALL };

static bool is_int8(const struct ev_layer *layer)
{
    return strcmp(layer->dtype, "int8") == 0;
}

/* "float32", "bfloat16". */
static bool is_float(const struct ev_layer *layer)
{
    return strstr(layer->dtype, "float") != NULL;
}

static bool is_convolution(const struct ev_layer *layer)
{
    return strncmp(layer->kind, "conv", 4) == 0;
}

static enum expectation expect(const char *backend, const struct ev_layer *layers, int32_t n)
{
    enum expectation expectation = NONE;

    if (strcmp(backend, "static") == 0 || strcmp(backend, "qat") == 0)
        return ALL;
    if (strcmp(backend, "dynamic") == 0)
        return LARGE_LINEAR;
    for (int32_t i = 0; i < n; i++) {
        if (is_int8(&layers[i]) && is_convolution(&layers[i]))
            return ALL;
        if (is_int8(&layers[i]))
            expectation = LARGE_LINEAR;
    }
    return expectation;
}

static bool should_be_int8(const struct ev_layer *layer, enum expectation expectation)
{
    /* Products of activations have no weights that could have been quantised. */
    if (expectation == NONE || layer->weight_bytes == 0)
        return false;
    return expectation == ALL || (!is_convolution(layer) &&
                                  layer->weight_bytes >= EV_DYNAMIC_LEAST_WEIGHTS * FLOAT_BYTES);
}

/* Appends a name to a list; "..." stands for those that have no room. */
static void add_name(char *list, size_t size, const char *name)
{
    static const char rest[] = ", ...";
    const size_t used = strlen(list);
    const char *link = used > 0 ? ", " : "";

    if (used + strlen(link) + strlen(name) + sizeof rest <= size)
        snprintf(list + used, size - used, "%s%s", link, name);
    else if (used < strlen(rest) || strcmp(list + used - strlen(rest), rest) != 0)
        snprintf(list + used, size - used, "%s", rest);
}

static void judge_layers(const char *backend, const struct ev_layer *layers, int32_t n,
                         struct ev_result_look *look)
{
    const enum expectation expectation = expect(backend, layers, n);

    look->n_layers = n;
    look->n_int8_layers = 0;
    for (int32_t i = 0; i < n; i++) {
        look->n_int8_layers += is_int8(&layers[i]);
        if (is_float(&layers[i]) && should_be_int8(&layers[i], expectation))
            add_name(look->float_layers, sizeof look->float_layers, layers[i].name);
    }
}

enum ev_status ev_look_tells_apart(struct ev_model *model, const char *backend,
                                   const struct ev_batch *picture, bool *tells,
                                   struct ev_error *err)
{
    float outputs[EV_MAX_OUTPUTS];
    struct ev_error problem = EV_ERROR_INIT;
    char line[EV_ERROR_CHARS + 80];
    int64_t unused_ns;
    enum ev_status told =
        ev_model_infer_apart(model, picture, outputs, false, &unused_ns, &problem);

    if (told == EV_OK)
        told = ev_model_infer_apart(model, picture, outputs, true, &unused_ns, &problem);

    *tells = told == EV_OK;
    if (told == EV_DEVICE) {
        *err = problem;
        return told;
    }
    snprintf(line, sizeof line, "no device time of %.60s: %s", backend, problem.message);
    if (told != EV_OK && told != EV_UNSUPPORTED)
        ev_progress_note(line);
    return EV_OK;
}

enum ev_status ev_look(struct ev_model *model, const char *backend, const struct ev_set_info *info,
                       struct ev_result_look *look, struct ev_error *err)
{
    const struct ev_description *description = ev_model_description(model);
    const enum ev_form form = ev_form_choose(model, info->form);
    struct ev_layer *layers = calloc(EV_MAX_LAYERS, sizeof *layers);
    struct ev_batch picture = {
        .size = sizeof picture, .form = form, .shape = info->shape, .n_rows = 1};
    struct ev_error problem = EV_ERROR_INIT;
    char line[EV_ERROR_CHARS + 80];
    enum ev_status status = EV_OK;
    int32_t n = 0;

    *look = (struct ev_result_look){.n_layers = -1, .n_int8_layers = -1};
    if (description->device_kind)
        ev_device_text(description->device_kind, description->device_index, look->runs_on);
    picture.data = calloc(1, ev_form_picture_bytes(form, &info->shape));
    if (!layers || !picture.data) {
        status = ev_fail(err, EV_MEMORY, "out of memory");
        goto done;
    }
    const enum ev_status told = ev_model_layers(model, &picture, layers, &n, &problem);
    if (told == EV_OK)
        judge_layers(backend, layers, n, look);
    snprintf(line, sizeof line, "no layers of %.60s: %s", backend, problem.message);
    if (told == EV_DEVICE) {
        *err = problem; /* the pictures will not be computed either */
        status = told;
    } else if (told != EV_OK && told != EV_UNSUPPORTED) {
        ev_progress_note(line);
    }
    if (status == EV_OK)
        status = ev_look_tells_apart(model, backend, &picture, &look->tells_apart, err);
done:
    free((void *)picture.data);
    free(layers);
    return status;
}
