/* SPDX-License-Identifier: MIT */
/* A digest over texts, each with its end, so that none runs into the next. */
#include "eval/run_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/host.h"
#include "evalrun/version.h"

static void add(struct ev_run_line *run, const char *text)
{
    sha256_update(&run->context, strlen(text) + 1, (const uint8_t *)text);
}

__attribute__((format(printf, 2, 3))) static void add_format(struct ev_run_line *run,
                                                             const char *format, ...)
{
    char text[256];
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    add(run, text);
}

void ev_run_line_start(struct ev_run_line *run, const struct ev_eval_args *args)
{
    struct ev_host host;

    ev_host_describe(&host);
    sha256_init(&run->context);
    add(run, EV_VERSION);
    add(run, host.cpu_model);
    add_format(run, "device %u %d threads %d batch %lld", (unsigned)args->device_kind,
               (int)args->device_index, (int)args->n_threads, (long long)args->batch_rows);
    add_format(run, "calls %lld %lld", (long long)args->latency_calls,
               (long long)args->warmup_calls);
    add(run, args->profile ? args->profile : "");
    add_format(run, "%zu backends %zu sets", args->n_backends, args->n_sets);
}

/* A rebuilt module may give other outputs. */
static void add_module(struct ev_run_line *run, const struct ev_backend *engine)
{
    struct ev_error ignored = EV_ERROR_INIT;
    const char *origin = ev_engine_origin(engine);
    char sha256[65] = "";

    if (origin && *origin == '/' && ev_file_sha256(origin, sha256, &ignored) != EV_OK)
        sha256[0] = '\0';
    add(run, sha256);
}

void ev_run_line_add_backend(struct ev_run_line *run, const struct ev_eval_backend *backend,
                             const struct ev_model *model, const char *model_sha256)
{
    add(run, backend->name);
    add(run, ev_model_engine(model)->name);
    add(run, ev_model_description(model)->detail);
    add(run, ev_precision_name(backend->precision));
    add_module(run, backend->engine);
    add(run, model_sha256);
}

static void add_source(struct ev_run_line *run, const struct ev_set_source *source)
{
    add(run, source && source->images ? source->images : "");
    add(run, source && source->labels ? source->labels : "");
    if (source)
        add_format(run, "layout %d white %.17g", (int)source->layout, source->white);
}

void ev_run_line_add_set(struct ev_run_line *run, const struct ev_eval_set *set,
                         const struct ev_set *opened, const char *sha256)
{
    const struct ev_set_info *info = ev_set_info(opened);
    char labels[65];

    ev_set_labels_sha256(opened, labels);
    add(run, set->name);
    add_source(run, set->source);
    add(run, sha256);
    add(run, labels);
    add_format(run, "%lld rows of %d x %d x %d, form %d", (long long)info->n_rows,
               info->shape.height, info->shape.width, info->shape.channels, (int)info->form);
    for (int32_t k = 0; k < info->n_outputs; k++)
        add_format(run, "%s %.17g %.17g", info->columns[k].name, info->columns[k].min,
                   info->columns[k].max);
}

void ev_run_line_end(struct ev_run_line *run, char line[EV_RUN_LINE_BYTES])
{
    char hex[65];

    ev_digest_hex(&run->context, hex);
    snprintf(line, EV_RUN_LINE_BYTES, "evalrun-journal 1 %s", hex);
}
