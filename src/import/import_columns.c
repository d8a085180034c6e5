/* SPDX-License-Identifier: MIT */
/* Which columns of a table are pictures and targets, from the arguments and the first row. */
#include <stdio.h>
#include <string.h>

#include "import/import_private.h"

/* What is known of targets that go by these names. v and w have the units and ranges of the
 * built-in sets; the others, the ranges of the simulator that writes driving_log.csv. */
static const struct ev_column usual_columns[] = {
    {"v", "m/s", 6.5, 24.0},    {"w", "rad/s", -7.1, 7.1}, {"steering", "", -1.0, 1.0},
    {"throttle", "", 0.0, 1.0}, {"brake", "", 0.0, 1.0},
};
#define N_USUAL (sizeof usual_columns / sizeof usual_columns[0])

/* The columns of logs without a header, as that simulator's versions write them. */
static const char *const seven_columns[] = {"center",   "left",  "right", "steering",
                                            "throttle", "brake", "speed"};
static const char *const six_columns[] = {"center",   "left",     "right",
                                          "steering", "throttle", "speed"};

/* Names of the table's columns; items is NULL if nothing is known but their number. */
struct names {
    const char *const *items;
    int32_t n;
};

static bool names_a_picture(const char *cell)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg"};
    size_t n = strlen(cell);

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t n_ending = strlen(endings[i]);
        if (n > n_ending && strcasecmp(cell + n - n_ending, endings[i]) == 0)
            return true;
    }
    return false;
}

/* A header holds neither numbers nor pictures. */
static bool is_header(const struct ev_csv_row *row)
{
    double number;

    for (int32_t i = 0; i < row->n_cells; i++) {
        if (ev_text_double(row->cells[i], &number) || names_a_picture(row->cells[i]))
            return false;
    }
    return true;
}

static struct names known_names(const struct ev_import_plan *plan, const struct ev_csv_row *first)
{
    if (plan->has_header)
        return (struct names){(const char *const *)first->cells, first->n_cells};
    if (plan->is_log && first->n_cells == 7)
        return (struct names){seven_columns, 7};
    if (plan->is_log && first->n_cells == 6)
        return (struct names){six_columns, 6};
    return (struct names){NULL, first->n_cells};
}

/* Column of that very name, or -1. */
static int32_t find_name(const struct names *names, const char *name)
{
    for (int32_t i = 0; names->items && i < names->n; i++) {
        if (strcmp(names->items[i], name) == 0)
            return i;
    }
    return -1;
}

/* A column that was found by its name must be the only one of that name. */
static enum ev_status check_unique(const struct ev_import_plan *plan, const struct names *names,
                                   const char *option, int32_t column, struct ev_error *err)
{
    for (int32_t i = column + 1; i < names->n; i++) {
        if (strcmp(names->items[i], names->items[column]) == 0)
            return ev_fail(err, EV_INPUT,
                           "%s: columns %d and %d are both called '%s': give --%s the number",
                           plan->table, column + 1, i + 1, names->items[column], option);
    }
    return EV_OK;
}

/* "a, b, c", as many as fit. */
static void list_names(const struct names *names, char *out, size_t size)
{
    size_t used = 0;

    *out = '\0';
    for (int32_t i = 0; i < names->n && used < size; i++)
        used +=
            (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? ", " : "", names->items[i]);
}

/* Column that the text of an option names or numbers. */
static enum ev_status find_column(const struct ev_import_plan *plan, const struct names *names,
                                  const char *option, const char *text, int32_t *column,
                                  struct ev_error *err)
{
    int64_t number;
    char list[200];

    *column = find_name(names, text);
    if (*column >= 0)
        return check_unique(plan, names, option, *column, err);
    if (ev_text_int64(text, &number)) {
        if (number < 1 || number > names->n)
            return ev_fail(err, EV_INPUT, "%s: no column %s for --%s: it has %d", plan->table, text,
                           option, names->n);
        *column = (int32_t)number - 1;
        return EV_OK;
    }
    if (!names->items)
        return ev_fail(err, EV_INPUT,
                       "%s: no column '%s' for --%s: without a header and with %d column%s, only "
                       "numbers are known",
                       plan->table, text, option, names->n, names->n == 1 ? "" : "s");
    const char *near = ev_text_nearest(text, names->items, (size_t)names->n);
    if (near)
        return ev_fail(err, EV_INPUT, "%s: no column '%s' for --%s: did you mean '%s'?",
                       plan->table, text, option, near);
    list_names(names, list, sizeof list);
    return ev_fail(err, EV_INPUT, "%s: no column '%s' for --%s: its columns are %s", plan->table,
                   text, option, list);
}

/* What a column is called: its name, else "column4". */
static void name_column(const struct names *names, int32_t column, char name[32])
{
    if (names->items && names->items[column][0])
        ev_text_clean(names->items[column], name, 32);
    else
        snprintf(name, 32, "column%d", column + 1);
}

/* --- Pictures --- */

/* Columns of pictures where the arguments name none: all three of a car with as many offsets, else
 * the one in the middle. */
static enum ev_status default_cameras(struct ev_import_plan *plan, const struct names *names,
                                      struct ev_error *err)
{
    static const char *const cameras[] = {"center", "left", "right"};
    static const char *const singles[] = {"center", "centre", "image", "filename"};
    char list[200] = "not named";

    for (int32_t i = 0; plan->args->n_offsets == 3 && i < 3; i++) {
        plan->image_columns[i] = find_name(names, cameras[i]);
        plan->n_cameras = plan->image_columns[i] >= 0 ? i + 1 : 0;
    }
    if (plan->n_cameras == 3)
        return EV_OK;
    for (size_t i = 0; i < sizeof singles / sizeof singles[0]; i++) {
        plan->n_cameras = 1;
        plan->image_columns[0] = find_name(names, singles[i]);
        if (plan->image_columns[0] >= 0)
            return EV_OK;
    }
    if (names->items)
        list_names(names, list, sizeof list);
    return ev_fail(err, EV_INPUT,
                   "%s: which column has the pictures? Name it with --cameras; its columns are %s",
                   plan->table, list);
}

static enum ev_status choose_cameras(struct ev_import_plan *plan, const struct names *names,
                                     struct ev_error *err)
{
    const struct ev_import_args *args = plan->args;
    enum ev_status status = EV_OK;

    if (!plan->is_log) {
        plan->n_cameras = 1;
        return EV_OK;
    }
    if (args->n_cameras > EV_IMPORT_MAX_CAMERAS)
        return ev_fail(err, EV_USAGE, "--cameras: more than %d columns", EV_IMPORT_MAX_CAMERAS);
    if (args->n_cameras == 0)
        status = default_cameras(plan, names, err);
    for (int32_t i = 0; i < plan->n_cameras && status == EV_OK; i++)
        status = check_unique(plan, names, "cameras", plan->image_columns[i], err);
    for (int32_t i = 0; i < args->n_cameras && status == EV_OK; i++) {
        plan->n_cameras = i + 1;
        status =
            find_column(plan, names, "cameras", args->cameras[i], &plan->image_columns[i], err);
    }
    for (int32_t i = 0; i < plan->n_cameras && status == EV_OK; i++)
        name_column(names, plan->image_columns[i], plan->camera_names[i]);
    if (status != EV_OK)
        return status;
    if (args->n_offsets != plan->n_cameras && (args->n_offsets > 0 || plan->n_cameras > 1))
        return ev_fail(err, EV_USAGE,
                       "--offsets: %d for %d camera%s: each needs one, 0 if nothing is added",
                       args->n_offsets, plan->n_cameras, plan->n_cameras == 1 ? "" : "s");
    return EV_OK;
}

/* --- Targets --- */

static enum ev_status default_targets(struct ev_import_plan *plan, const struct names *names,
                                      struct ev_error *err)
{
    char list[200] = "not named";
    int32_t v = find_name(names, "v"), w = find_name(names, "w");
    int32_t steering = find_name(names, "steering");

    if (v >= 0 && w >= 0) {
        plan->n_targets = 2;
        plan->target_columns[0] = v;
        plan->target_columns[1] = w;
        return EV_OK;
    }
    if (steering >= 0) {
        plan->n_targets = 1;
        plan->target_columns[0] = steering;
        return EV_OK;
    }
    if (names->items)
        list_names(names, list, sizeof list);
    return ev_fail(err, EV_INPUT,
                   "%s: no columns v and w, nor steering: name what a model should answer with "
                   "--targets; its columns are %s",
                   plan->table, list);
}

/* Name, unit and range of target k. */
static void describe_target(struct ev_import_plan *plan, const struct names *names, int32_t k)
{
    const struct ev_import_args *args = plan->args;
    struct ev_column *column = &plan->columns[k];

    name_column(names, plan->target_columns[k], column->name);
    for (size_t i = 0; i < N_USUAL; i++) {
        if (strcmp(usual_columns[i].name, column->name) != 0)
            continue;
        *column = usual_columns[i];
        plan->has_range[k] = true;
    }
    if (args->n_units > 0)
        ev_text_clean(args->units[k], column->unit, sizeof column->unit);
    if (args->n_ranges > 0) {
        column->min = args->ranges[k].min;
        column->max = args->ranges[k].max;
        plan->has_range[k] = true;
    }
}

/* Reports tell the columns of a set apart by their names. */
static enum ev_status check_targets(const struct ev_import_plan *plan, struct ev_error *err)
{
    for (int32_t i = 0; i < plan->n_targets; i++) {
        for (int32_t j = 0; j < i; j++) {
            if (strcmp(plan->columns[i].name, plan->columns[j].name) == 0)
                return ev_fail(err, EV_INPUT,
                               "%s: --targets: columns %d and %d would both be called '%s' in the "
                               "set, which keeps 31 bytes of a name",
                               plan->table, plan->target_columns[j] + 1,
                               plan->target_columns[i] + 1, plan->columns[i].name);
        }
    }
    return EV_OK;
}

static enum ev_status choose_targets(struct ev_import_plan *plan, const struct names *names,
                                     struct ev_error *err)
{
    const struct ev_import_args *args = plan->args;
    enum ev_status status = EV_OK;

    if (args->n_targets > EV_MAX_OUTPUTS)
        return ev_fail(err, EV_USAGE, "--targets: more than %d columns", EV_MAX_OUTPUTS);
    if (args->n_targets == 0)
        status = default_targets(plan, names, err);
    for (int32_t k = 0; k < plan->n_targets && status == EV_OK; k++)
        status = check_unique(plan, names, "targets", plan->target_columns[k], err);
    for (int32_t k = 0; k < args->n_targets && status == EV_OK; k++) {
        plan->n_targets = k + 1;
        status =
            find_column(plan, names, "targets", args->targets[k], &plan->target_columns[k], err);
    }
    if (status != EV_OK)
        return status;
    if (args->n_units > 0 && args->n_units != plan->n_targets)
        return ev_fail(err, EV_USAGE, "--units: %d for %d target%s", args->n_units, plan->n_targets,
                       plan->n_targets == 1 ? "" : "s");
    if (args->n_ranges > 0 && args->n_ranges != plan->n_targets)
        return ev_fail(err, EV_USAGE, "--ranges: %d for %d target%s", args->n_ranges,
                       plan->n_targets, plan->n_targets == 1 ? "" : "s");
    for (int32_t k = 0; k < plan->n_targets; k++)
        describe_target(plan, names, k);
    return check_targets(plan, err);
}

/* Target that the text of an option names; with NULL the one that says how a car turns. */
static enum ev_status find_target(const struct ev_import_plan *plan, const struct names *names,
                                  const char *option, const char *text, int32_t *target,
                                  struct ev_error *err)
{
    int32_t column;

    if (text) {
        enum ev_status status = find_column(plan, names, option, text, &column, err);
        if (status != EV_OK)
            return status;
    }
    for (int32_t k = 0; k < plan->n_targets; k++) {
        const char *name = plan->columns[k].name;
        bool turns = strcmp(name, "w") == 0 || strcmp(name, "steering") == 0;
        *target = k;
        if (text ? plan->target_columns[k] == column : turns || plan->n_targets == 1)
            return EV_OK;
    }
    if (text)
        return ev_fail(err, EV_USAGE, "--%s: '%s' is not among the targets", option, text);
    return ev_fail(err, EV_USAGE, "--%s: none of the targets is called w or steering: name one",
                   option);
}

static enum ev_status choose_roles(struct ev_import_plan *plan, const struct names *names,
                                   struct ev_error *err)
{
    const struct ev_import_args *args = plan->args;
    enum ev_status status = EV_OK;

    plan->offset_target = plan->repeat_target = -1;
    if (args->n_offsets > 0)
        status = find_target(plan, names, "offset-target", args->offset_target,
                             &plan->offset_target, err);
    if (args->n_repeats > 0 && status == EV_OK)
        status = find_target(plan, names, "oversample-target", args->repeat_target,
                             &plan->repeat_target, err);
    for (int32_t i = 0; i < args->n_flip && status == EV_OK; i++) {
        int32_t target = 0;
        status = find_target(plan, names, "flip", args->flip[i], &target, err);
        plan->mirrored[target] = true;
    }
    return status;
}

enum ev_status ev_import_choose_columns(struct ev_import_plan *plan, const struct ev_csv_row *first,
                                        struct ev_error *err)
{
    plan->has_header = !plan->args->no_header && is_header(first);
    plan->n_cells = first->n_cells;
    if (first->n_cells == 1 && strchr(first->cells[0], ';'))
        return ev_fail(err, EV_INPUT, "%s: line %lld: a single cell: cells are separated by commas",
                       plan->table, (long long)first->line);
    const struct names names = known_names(plan, first);
    enum ev_status status = choose_cameras(plan, &names, err);
    if (status == EV_OK)
        status = choose_targets(plan, &names, err);
    if (status == EV_OK)
        status = choose_roles(plan, &names, err);
    return status;
}
