/* SPDX-License-Identifier: MIT */
/* Reads the labels of a set whole, with the names, units and ranges of their columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "set/set_private.h"

static enum ev_status check_label_values(const struct ev_set *set, struct ev_error *err)
{
    const int32_t n_outputs = set->info.n_outputs;

    for (int64_t row = 0; row < set->info.n_rows; row++) {
        for (int32_t c = 0; c < n_outputs; c++) {
            float value = set->labels[row * n_outputs + c];
            if (!isfinite(value))
                return ev_fail(err, EV_INPUT, "%s: /%s row %lld: %s is %s", set->path,
                               set->labels_name, (long long)row, set->info.columns[c].name,
                               isnan(value) ? "NaN" : "infinite");
        }
    }
    return EV_OK;
}

/* The columns are told apart by their names in every report. */
static enum ev_status check_names(const struct ev_set *set, struct ev_error *err)
{
    const struct ev_column *columns = set->info.columns;

    for (int i = 0; i < set->info.n_outputs; i++) {
        for (int j = 0; j < i; j++) {
            if (strcmp(columns[i].name, columns[j].name) == 0)
                return ev_fail(err, EV_INPUT, "%s: /%s: columns %d and %d are both called %s",
                               set->path, set->labels_name, j, i, columns[i].name);
        }
    }
    return EV_OK;
}

bool ev_column_is_range(double min, double max)
{
    return isfinite(min) && isfinite(max) && min < max && isfinite(max - min) &&
           isfinite(1.0 / (max - min));
}

static enum ev_status read_names(struct ev_set *set, hid_t labels, struct ev_error *err)
{
    const int n = set->info.n_outputs;
    char texts[EV_MAX_OUTPUTS][32];

    set->info.names_are_cut =
        !ev_set_texts_fit(labels, "names", n) || !ev_set_texts_fit(labels, "units", n);
    bool named = H5Aexists(labels, "names") > 0, with_units = H5Aexists(labels, "units") > 0;
    if (named && !ev_set_read_texts(labels, "names", n, texts))
        return ev_fail(err, EV_INPUT, "%s: /%s: attribute names needs %d texts", set->path,
                       set->labels_name, n);
    for (int i = 0; named && i < n; i++) {
        if (texts[i][0])
            memcpy(set->info.columns[i].name, texts[i], sizeof texts[i]);
    }
    enum ev_status status = check_names(set, err);
    if (status != EV_OK)
        return status;
    if (with_units && !ev_set_read_texts(labels, "units", n, texts))
        return ev_fail(err, EV_INPUT, "%s: /%s: attribute units needs %d texts", set->path,
                       set->labels_name, n);
    for (int i = 0; with_units && i < n; i++)
        memcpy(set->info.columns[i].unit, texts[i], sizeof texts[i]);
    return EV_OK;
}

static enum ev_status read_ranges(struct ev_set *set, hid_t labels, struct ev_error *err)
{
    const int n = set->info.n_outputs;
    double low[EV_MAX_OUTPUTS], high[EV_MAX_OUTPUTS];

    if (H5Aexists(labels, "min") <= 0 && H5Aexists(labels, "max") <= 0)
        return EV_OK;
    if (!ev_set_read_doubles(labels, "min", n, low) || !ev_set_read_doubles(labels, "max", n, high))
        return ev_fail(err, EV_INPUT, "%s: /%s: attributes min and max need %d numbers each",
                       set->path, set->labels_name, n);
    for (int i = 0; i < n; i++) {
        if (!ev_column_is_range(low[i], high[i]))
            return ev_fail(err, EV_INPUT, "%s: /%s: the range of %s is %g to %g", set->path,
                           set->labels_name, set->info.columns[i].name, low[i], high[i]);
    }
    for (int i = 0; i < n; i++) {
        set->info.columns[i].min = low[i];
        set->info.columns[i].max = high[i];
    }
    set->info.has_ranges = true;
    return EV_OK;
}

/* Names, units and ranges from the attributes of /labels; y0, y1, ... with 0..1 without them, and
 * without those that a lenient opening cannot use. */
static enum ev_status read_columns(struct ev_set *set, hid_t labels, struct ev_error *err)
{
    if (set->is_probed)
        return EV_OK;
    for (int i = 0; i < set->info.n_outputs; i++) {
        struct ev_column *column = &set->info.columns[i];
        snprintf(column->name, sizeof column->name, "y%d", i);
        column->min = 0.0;
        column->max = 1.0;
    }
    struct ev_error ignored = EV_ERROR_INIT;
    if (set->lenient)
        err = &ignored;
    enum ev_status status = read_names(set, labels, err);
    if (status == EV_OK || set->lenient)
        status = read_ranges(set, labels, err);
    return set->lenient ? EV_OK : status;
}

enum ev_status ev_set_read_labels(struct ev_set *set, struct ev_error *err)
{
    hsize_t extent[H5S_MAX_RANK] = {0};
    hid_t labels, type = -1;
    int rank;

    enum ev_status status = ev_set_open_dataset(set, set->labels_name, &labels, &rank, extent, err);
    if (status != EV_OK)
        return status;
    type = H5Dget_type(labels);
    hsize_t n_outputs = rank == 2 ? extent[1] : 1;
    H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    if (class != H5T_FLOAT && class != H5T_INTEGER)
        status = ev_fail(err, EV_INPUT, "%s: /%s is %s, expected numbers", set->path,
                         set->labels_name, ev_set_type_name(type));
    else if (rank != 1 && rank != 2)
        status = ev_fail(err, EV_INPUT, "%s: /%s has %d dimensions, expected 2 (N, K)", set->path,
                         set->labels_name, rank);
    else if ((int64_t)extent[0] != set->info.n_rows)
        status = ev_fail(err, EV_INPUT, "%s: /%s has %lld rows, /%s has %llu", set->path,
                         set->images_name, (long long)set->info.n_rows, set->labels_name,
                         (unsigned long long)extent[0]);
    else if (n_outputs < 1 || n_outputs > EV_MAX_OUTPUTS)
        status = ev_fail(err, EV_INPUT, "%s: /%s has %llu columns, expected 1 to %d", set->path,
                         set->labels_name, (unsigned long long)n_outputs, EV_MAX_OUTPUTS);
    if (status != EV_OK)
        goto done;
    set->info.n_outputs = (int32_t)n_outputs;
    status = ev_set_check_written(set, set->labels_name, labels, err);
    if (status == EV_OK)
        status = read_columns(set, labels, err);
    if (status != EV_OK)
        goto done;
    set->labels = malloc((size_t)set->info.n_rows * (size_t)n_outputs * sizeof *set->labels);
    if (!set->labels)
        status = ev_fail(err, EV_MEMORY, "%s: out of memory for the labels", set->path);
    else if (H5Dread(labels, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, set->labels) < 0)
        status = ev_fail(err, EV_INPUT, "%s: /%s cannot be read: truncated or damaged", set->path,
                         set->labels_name);
    else if (!set->lenient)
        status = check_label_values(set, err);
done:
    if (type >= 0)
        H5Tclose(type);
    H5Dclose(labels);
    return status;
}

void ev_set_note_ranges(const struct ev_set *set)
{
    const int32_t n_outputs = set->info.n_outputs;
    char line[600];

    for (int64_t i = 0; i < set->info.n_rows * n_outputs && !set->info.has_ranges; i++) {
        if (set->labels[i] >= 0.0f && set->labels[i] <= 1.0f)
            continue;
        snprintf(line, sizeof line,
                 "%.400s: /%.60s has no attributes min and max, and %s is %g in row %lld: it is "
                 "taken as it is, not scaled to 0..1",
                 set->path, set->labels_name, set->info.columns[i % n_outputs].name,
                 (double)set->labels[i], (long long)(i / n_outputs));
        ev_progress_note(line);
        return;
    }
}
