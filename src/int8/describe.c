/* SPDX-License-Identifier: MIT */
#include "int8/describe.h"

bool ev_plan_has_int8(const struct ev_plan *plan)
{
    for (int32_t i = 0; i < plan->n_steps; i++) {
        const struct ev_step *step = &plan->steps[i];
        if (step->n_products > 0 && step->layer->arithmetic != EV_NET_FLOAT32)
            return true;
    }
    return false;
}

enum ev_status ev_plan_check_precision(const struct ev_plan *plan, const char *path,
                                       uint32_t precision, struct ev_error *err)
{
    const bool is_int8 = ev_plan_has_int8(plan);

    if (precision == 0 || precision == (is_int8 ? EV_PRECISION_INT8 : EV_PRECISION_FP32))
        return EV_OK;
    return ev_fail(err, EV_UNSUPPORTED,
                   is_int8 ? "%s: is an int8 model, which is not computed in floats"
                           : "%s: is a float model, which is not computed in int8",
                   path);
}

static void describe(const struct ev_step *step, int64_t time_ns, struct ev_layer *layer)
{
    const struct ev_net_layer *from = step->layer;
    const bool is_float = from->arithmetic == EV_NET_FLOAT32;

    *layer = (struct ev_layer){
        .macs = ev_shape_values(&step->out) * step->n_products,
        .weight_bytes = step->weight_bytes,
        .time_ns = time_ns,
    };
    snprintf(layer->name, sizeof layer->name, "%s", from->name);
    snprintf(layer->kind, sizeof layer->kind, "%s",
             from->kind == EV_NET_CONV ? "conv2d" : "linear");
    snprintf(layer->dtype, sizeof layer->dtype, "%s", is_float ? "float32" : "int8");
}

enum ev_status ev_plan_describe(const struct ev_plan *plan, const char *path,
                                const int64_t *step_ns, struct ev_layer *layers, int32_t max_layers,
                                int32_t *n_layers, struct ev_error *err)
{
    *n_layers = 0;
    for (int32_t i = 0; i < plan->n_steps; i++) {
        if (plan->steps[i].n_products == 0)
            continue;
        if (*n_layers == max_layers)
            return ev_fail(err, EV_UNSUPPORTED, "%s: has more than %d layers", path,
                           (int)max_layers);
        describe(&plan->steps[i], step_ns[i], &layers[(*n_layers)++]);
    }
    return EV_OK;
}
