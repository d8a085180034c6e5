/* SPDX-License-Identifier: MIT */
/*
 * The registry: which variants there are, which model and engine each of them means, and how
 * devices are called. A new variant is a row here; a new built-in engine is a row of the table in
 * module.c.
 */
#include "backend/backend.h"

#include <string.h>

#include "base/text.h"

const struct ev_variant ev_variants[] = {
    {"baseline", "float32, as trained", "results/models/baseline.pt", "torch", true, false},
    {"dynamic", "int8 linear layers, activations at run time", "results/models/dynamic.pt", "torch",
     true, true},
    {"static", "int8 throughout, ranges from calibration", "results/models/static.pt", "torch",
     true, true},
    {"qat", "int8 throughout, quantised in training", "results/models/qat.pt", "torch", true,
     true},
    {"null", "constant outputs, measures the harness itself", NULL, "null", false, false},
    {NULL, NULL, NULL, NULL, false, false},
};

const struct ev_variant *ev_variant_find(const char *name)
{
    for (const struct ev_variant *variant = ev_variants; variant->name; variant++) {
        if (strcmp(variant->name, name) == 0)
            return variant;
    }
    return NULL;
}

const char *ev_precision_name(uint32_t precision)
{
    switch (precision) {
    case EV_PRECISION_FP32:
        return "fp32";
    case EV_PRECISION_TF32:
        return "tf32";
    case EV_PRECISION_FP16:
        return "fp16";
    case EV_PRECISION_INT8:
        return "int8";
    default:
        return "";
    }
}

uint32_t ev_precision_find(const char *name)
{
    for (uint32_t precision = 1; *ev_precision_name(precision); precision <<= 1) {
        if (strcmp(ev_precision_name(precision), name) == 0)
            return precision;
    }
    return 0;
}

void ev_device_text(uint32_t kind, int32_t index, char text[32])
{
    if (kind == EV_DEVICE_CUDA)
        snprintf(text, 32, "cuda:%d", (int)index);
    else
        snprintf(text, 32, "cpu");
}

enum ev_status ev_device_parse(const char *text, uint32_t *kind, int32_t *index,
                               struct ev_error *err)
{
    static const char prefix[] = "cuda:";
    const size_t n_prefix = sizeof prefix - 1;
    int64_t number = 0;

    if (strcmp(text, "cpu") == 0) {
        *kind = EV_DEVICE_CPU;
        *index = 0;
        return EV_OK;
    }
    if (strncmp(text, prefix, n_prefix) == 0) {
        const char *digits = text + n_prefix;
        if (strspn(digits, "0123456789") != strlen(digits) || !ev_text_int64(digits, &number) ||
            number > INT32_MAX)
            return ev_fail(err, EV_USAGE, "--device %s: '%s' is no device number", text, digits);
    } else if (strcmp(text, "cuda") != 0) {
        return ev_fail(err, EV_USAGE, "--device %s: expected cpu, cuda or cuda:N", text);
    }
    *kind = EV_DEVICE_CUDA;
    *index = (int32_t)number;
    return EV_OK;
}
