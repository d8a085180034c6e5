/* SPDX-License-Identifier: MIT */
/* Tables of layers, the sentence below each, and layers.csv. */
#include "report/report_layers.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "eval/layers.h"
#include "report/report_cells.h"
#include "report/report_parts.h"

/* The layers of one backend, without the row for everything else, and their sums. */
struct layers {
    const struct ev_result_layer *first;
    size_t n;                            /* without `other` */
    const struct ev_result_layer *other; /* NULL: the result has none */
    int64_t macs, weight_bytes;          /* -1: not all are known */
    double time_ns;                      /* with `other` */
    bool has_changes;
};

enum { LAYER, KIND, DTYPE, MACS, MACS_SHARE, WEIGHTS, TIME, TIME_SHARE, PEAK, CHANGE, N_COLUMNS };

static bool is_other(const struct ev_result_layer *layer)
{
    return layer->kind && strcmp(layer->kind, EV_LAYER_OTHER) == 0;
}

static int64_t add_known(int64_t sum, int64_t more)
{
    return sum < 0 || more < 0 ? -1 : sum + more;
}

static struct layers layers_of(const struct ev_view *view, size_t backend)
{
    const struct ev_result *result = view->result;
    struct layers layers = {0};

    for (size_t i = 0; i < result->n_layers; i++) {
        const struct ev_result_layer *layer = &result->layers[i];
        if (!layer->backend || strcmp(layer->backend, view->backends[backend]) != 0)
            continue;
        if (!layers.first)
            layers.first = layer;
        layers.time_ns += layer->time_ns;
        if (is_other(layer)) {
            layers.other = layer;
            continue;
        }
        layers.n++;
        layers.macs = add_known(layers.macs, layer->macs);
        layers.weight_bytes = add_known(layers.weight_bytes, layer->weight_bytes);
        layers.has_changes |= isfinite(layer->change);
    }
    return layers;
}

bool ev_layers_known(const struct ev_view *view, size_t backend)
{
    return layers_of(view, backend).n > 0;
}

/* Where the backend's model runs: as its engine says, else as was asked for; "" if unknown. */
static const char *device_of(const struct ev_result *result, const char *backend)
{
    const struct ev_result_row *row = ev_result_find_backend(result, backend);

    if (!row)
        return "";
    return *row->look.runs_on ? row->look.runs_on : row->device ? row->device : "";
}

/* Only the CPU's peak was probed. */
static bool is_elsewhere(const struct ev_result *result, const char *backend)
{
    const char *device = device_of(result, backend);

    return *device && strcmp(device, "cpu") != 0;
}

/* The layer's multiply-adds per second of what the machine can in its type; NAN if unknown. */
static double peak_share(const struct ev_result *result, const struct ev_result_layer *layer)
{
    const bool is_int8 = layer->dtype && strcmp(layer->dtype, "int8") == 0;
    const bool is_float = layer->dtype && strcmp(layer->dtype, "float32") == 0;
    const double peak = is_int8    ? result->peak.int8_macs_per_s
                        : is_float ? result->peak.float_macs_per_s
                                   : NAN;

    if (layer->macs < 0 || !(layer->time_ns > 0) || !(peak > 0) ||
        is_elsewhere(result, layer->backend))
        return NAN;
    return (double)layer->macs / (layer->time_ns * 1e-9) / peak;
}

static double share_of(int64_t part, int64_t whole)
{
    return part >= 0 && whole > 0 ? (double)part / (double)whole : NAN;
}

/* --- The table --- */

static void set_number(struct ev_grid *grid, size_t row, size_t column, double value, int decimals)
{
    char text[64];

    ev_grid_number(value, decimals, text, sizeof text);
    ev_grid_set_text(grid, row, column, text);
}

static void set_headers(const struct layers *layers, struct ev_grid *grid)
{
    ev_grid_set_header(grid, LAYER, "layer", "");
    ev_grid_set_header(grid, KIND, "kind", "");
    ev_grid_set_header(grid, DTYPE, "runs in", "");
    ev_grid_set_header(grid, MACS, "MACs", "M");
    ev_grid_set_header(grid, MACS_SHARE, "MACs", "%");
    ev_grid_set_header(grid, WEIGHTS, "weights", "KiB");
    ev_grid_set_header(grid, TIME, "time", "µs");
    ev_grid_set_header(grid, TIME_SHARE, "time", "%");
    ev_grid_set_header(grid, PEAK, "of peak", "%");
    if (layers->has_changes)
        ev_grid_set_header(grid, CHANGE, "int8 alone", "change of MSE");
}

static void set_change(struct ev_grid *grid, size_t row, const struct ev_result_layer *layer)
{
    const double half = (layer->change_high - layer->change_low) / 2;
    char text[80] = "-";

    if (isfinite(layer->change) && isfinite(half))
        snprintf(text, sizeof text, "%+.2f ±%.2f %%", layer->change * 100, half * 100);
    else if (isfinite(layer->change))
        snprintf(text, sizeof text, "%+.2f %%", layer->change * 100);
    ev_grid_set_text(grid, row, CHANGE, text);
}

static double known(int64_t count)
{
    return count >= 0 ? (double)count : NAN;
}

static void set_layer(const struct ev_result *result, const struct layers *layers, size_t i,
                      struct ev_grid *grid)
{
    const struct ev_result_layer *layer = &layers->first[i];

    ev_grid_set_text(grid, i, LAYER, layer->name);
    ev_grid_set_text(grid, i, KIND, layer->kind);
    ev_grid_set_text(grid, i, DTYPE, layer->dtype);
    set_number(grid, i, MACS, known(layer->macs) / 1e6, 3);
    set_number(grid, i, MACS_SHARE, share_of(layer->macs, layers->macs) * 100, 1);
    set_number(grid, i, WEIGHTS, known(layer->weight_bytes) / 1024, 1);
    set_number(grid, i, TIME, layer->time_ns / 1e3, 1);
    set_number(grid, i, TIME_SHARE, layer->share * 100, 1);
    set_number(grid, i, PEAK, peak_share(result, layer) * 100, 1);
    if (layers->has_changes)
        set_change(grid, i, layer);
}

enum ev_status ev_layers_grid(const struct ev_view *view, size_t backend, struct ev_grid *grid,
                              struct ev_error *err)
{
    const struct layers layers = layers_of(view, backend);
    const size_t n_columns = layers.has_changes ? N_COLUMNS : CHANGE;
    size_t row = layers.n;
    enum ev_status status = ev_grid_init(grid, n_columns, layers.n + (layers.other ? 2 : 1), err);

    if (status != EV_OK)
        return status;
    set_headers(&layers, grid);
    for (size_t i = 0; i < layers.n; i++)
        set_layer(view->result, &layers, i, grid);
    if (layers.other) {
        ev_grid_set_text(grid, row, LAYER, layers.other->name);
        set_number(grid, row, TIME, layers.other->time_ns / 1e3, 1);
        set_number(grid, row++, TIME_SHARE, layers.other->share * 100, 1);
    }
    ev_grid_set_text(grid, row, LAYER, "all");
    set_number(grid, row, MACS, known(layers.macs) / 1e6, 3);
    set_number(grid, row, MACS_SHARE, layers.macs > 0 ? 100 : NAN, 1);
    set_number(grid, row, WEIGHTS, known(layers.weight_bytes) / 1024, 1);
    set_number(grid, row, TIME, layers.time_ns / 1e3, 1);
    set_number(grid, row, TIME_SHARE, 100, 1);
    return EV_OK;
}

/* --- The sentence --- */

/* Shares of the layers for which `take` says so. */
struct part {
    double macs, time; /* 0..1 */
};

static struct part part_of(const struct layers *layers,
                           bool (*take)(const struct ev_result_layer *layer, const char *text),
                           const char *text)
{
    struct part part = {0};

    for (size_t i = 0; i < layers->n; i++) {
        if (take(&layers->first[i], text)) {
            part.macs += share_of(layers->first[i].macs, layers->macs);
            part.time += layers->first[i].share;
        }
    }
    return part;
}

static bool has_dtype(const struct ev_result_layer *layer, const char *dtype)
{
    return strcmp(layer->dtype, dtype) == 0;
}

static bool has_kind(const struct ev_result_layer *layer, const char *kind)
{
    return strcmp(layer->kind, kind) == 0;
}

/* Kind of the layers that have most of the multiply-adds. */
static const char *main_kind(const struct layers *layers)
{
    const char *kind = layers->first->kind;

    for (size_t i = 1; i < layers->n; i++) {
        if (part_of(layers, has_kind, layers->first[i].kind).macs >
            part_of(layers, has_kind, kind).macs)
            kind = layers->first[i].kind;
    }
    return kind;
}

void ev_layers_finding(const struct ev_view *view, size_t backend, char *text, size_t size)
{
    const struct layers layers = layers_of(view, backend);
    char label[44];

    text[0] = '\0';
    if (layers.n == 0 || layers.macs <= 0)
        return;
    ev_view_label(view, backend, label, sizeof label);
    const struct part in_int8 = part_of(&layers, has_dtype, "int8");
    const struct part in_float = part_of(&layers, has_dtype, "float32");
    if (in_int8.macs > 0 && in_float.macs > 0) {
        snprintf(
            text, size,
            "%s: %.1f %% of the multiply-adds are in layers left in float32, which take %.1f %% "
            "of the time",
            label, in_float.macs * 100, in_float.time * 100);
    } else if (in_int8.macs > 0) {
        snprintf(text, size, "%s: all multiply-adds are in int8, and take %.1f %% of the time",
                 label, in_int8.time * 100);
    } else {
        const char *kind = main_kind(&layers);
        const struct part most = part_of(&layers, has_kind, kind);
        snprintf(
            text, size,
            "%s: %.1f %% of the multiply-adds are in %s layers, which take %.1f %% of the time",
            label, most.macs * 100, kind, most.time * 100);
    }
}

/* --- Notes --- */

static void say_peak(const struct ev_view *view, char *text, size_t size)
{
    const struct ev_result_peak *peak = &view->result->peak;

    for (size_t b = 0; b < view->n_backends; b++) {
        if (!ev_layers_known(view, b) || is_elsewhere(view->result, view->backends[b]))
            continue;
        snprintf(text, size,
                 "of peak: this CPU's on %d thread%s, %.0f G multiply-adds/s in float32, %.0f G in "
                 "int8; memory %.1f GB/s",
                 peak->n_threads, peak->n_threads == 1 ? "" : "s", peak->float_macs_per_s / 1e9,
                 peak->int8_macs_per_s / 1e9, peak->bytes_per_s / 1e9);
        return;
    }
}

static void say_no_peak(const struct ev_view *view, char *text, size_t size)
{
    for (size_t b = 0; b < view->n_backends; b++) {
        const char *backend = view->backends[b];
        if (!ev_layers_known(view, b) || !is_elsewhere(view->result, backend))
            continue;
        snprintf(text, size, "no part of peak on %s: only this CPU's peak is known",
                 device_of(view->result, backend));
        return;
    }
}

static void say_changes(const struct ev_view *view, char *text, size_t size)
{
    const struct ev_result *result = view->result;
    const int64_t n_rows = result->n_sets > 0 ? result->sets[0].n_rows : 0;
    bool has_changes = false;

    for (size_t b = 0; b < view->n_backends; b++)
        has_changes |= layers_of(view, b).has_changes;
    if (has_changes)
        snprintf(text, size,
                 "int8 alone: of that layer only, change ± half its %.0f %% interval, %" PRId64
                 " images of %.40s",
                 EV_ERROR_CONFIDENCE * 100,
                 n_rows < EV_LAYERS_MAX_ROWS ? n_rows : EV_LAYERS_MAX_ROWS,
                 result->n_sets > 0 ? result->sets[0].name : "");
}

static void say_time(const struct ev_view *view, char *text, size_t size)
{
    (void)view;
    snprintf(text, size,
             "time: median for one image on one thread; everything else: what the layers leave "
             "of it");
}

bool ev_layers_note(const struct ev_view *view, int i, char *text, size_t size)
{
    static void (*const say[])(const struct ev_view *view, char *text,
                               size_t size) = {say_time, say_peak, say_no_peak, say_changes};

    for (size_t k = 0; k < sizeof say / sizeof *say; k++) {
        text[0] = '\0';
        say[k](view, text, size);
        if (*text && i-- == 0)
            return true;
    }
    return false;
}

/* --- Reports --- */

static enum ev_status write_backend(const struct ev_view *view, size_t backend, struct ev_doc *doc,
                                    struct ev_error *err)
{
    struct ev_grid grid;
    char text[300];
    enum ev_status status = ev_layers_grid(view, backend, &grid, err);

    if (status != EV_OK)
        return status;
    ev_view_label(view, backend, text, sizeof text);
    ev_doc_heading(doc, 3, "%s", text);
    ev_doc_grid(doc, &grid);
    ev_grid_free(&grid);
    ev_layers_finding(view, backend, text, sizeof text);
    if (*text)
        ev_doc_paragraph(doc, "%s.", text);
    return EV_OK;
}

enum ev_status ev_part_layers(const struct ev_view *view, struct ev_doc *doc, struct ev_error *err)
{
    char text[400];
    enum ev_status status = EV_OK;

    if (view->result->n_layers == 0)
        return EV_OK;
    ev_doc_heading(doc, 2, "Layers");
    for (size_t b = 0; b < view->n_backends && status == EV_OK; b++) {
        if (ev_layers_known(view, b))
            status = write_backend(view, b, doc, err);
    }
    for (int i = 0; ev_layers_note(view, i, text, sizeof text); i++)
        ev_doc_item(doc, "%s.", text);
    ev_doc_end_list(doc);
    return status;
}

static void print_line(const char *indent, const char *text, FILE *out)
{
    char clean[400];

    ev_text_clean(text, clean, sizeof clean);
    fprintf(out, "%s%s\n", indent, clean);
}

static enum ev_status print_backend(const struct ev_view *view, size_t backend, const char *indent,
                                    FILE *out, struct ev_error *err)
{
    struct ev_grid grid;
    char text[400];
    enum ev_status status = ev_layers_grid(view, backend, &grid, err);

    if (status != EV_OK)
        return status;
    ev_view_label(view, backend, text, sizeof text);
    print_line("Layers of ", text, out);
    fputc('\n', out);
    ev_grid_print(&grid, indent, out);
    ev_grid_free(&grid);
    fputc('\n', out);
    ev_layers_finding(view, backend, text, sizeof text);
    if (*text) {
        print_line(indent, text, out);
        fputc('\n', out);
    }
    return EV_OK;
}

void ev_layers_print(const struct ev_view *view, const char *indent, FILE *out)
{
    char text[400];
    struct ev_error err = EV_ERROR_INIT;
    enum ev_status status = EV_OK;

    if (view->result->n_layers == 0)
        return;
    for (size_t b = 0; b < view->n_backends && status == EV_OK; b++) {
        if (ev_layers_known(view, b))
            status = print_backend(view, b, indent, out, &err);
    }
    if (status != EV_OK)
        print_line("", err.message, out);
    for (int i = 0; ev_layers_note(view, i, text, sizeof text); i++)
        print_line(indent, text, out);
    fputc('\n', out);
}

/* --- layers.csv --- */

static enum ev_status write_csv(const struct ev_result *result, const char *plots, FILE *out,
                                struct ev_error *err)
{
    (void)plots;
    (void)err;
    fputs("backend,index,layer,kind,dtype,n_macs,weight_bytes,time_us,time_share_percent,"
          "peak_share_percent,int8_change_percent,int8_change_low_percent,"
          "int8_change_high_percent\n",
          out);
    for (size_t i = 0; i < result->n_layers; i++) {
        const struct ev_result_layer *layer = &result->layers[i];
        ev_cell_text(out, layer->backend);
        ev_cell_count(out, layer->index);
        ev_cell_text(out, layer->name);
        ev_cell_text(out, layer->kind);
        ev_cell_text(out, layer->dtype);
        ev_cell_count(out, layer->macs);
        ev_cell_count(out, layer->weight_bytes);
        ev_cell_real(out, "%.3f", layer->time_ns / 1e3);
        ev_cell_real(out, "%.4f", layer->share * 100);
        ev_cell_real(out, "%.4f", is_other(layer) ? NAN : peak_share(result, layer) * 100);
        ev_cell_real(out, "%.10g", layer->change * 100);
        ev_cell_real(out, "%.10g", layer->change_low * 100);
        ev_cell_last_real(out, "%.10g", layer->change_high * 100);
    }
    return EV_OK;
}

static bool has_layers(const struct ev_result *result)
{
    return result->n_layers > 0;
}

const struct ev_report_writer ev_report_layers_csv = {"layers.csv", write_csv, has_layers};
