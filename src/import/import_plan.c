/* SPDX-License-Identifier: MIT */
/* What kind of source there is, where its table is, and how a set was made of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/file.h"
#include "evalrun/version.h"
#include "import/import_private.h"

/* What the reference study keeps of a folder's pictures. */
static const struct ev_picture_crop reference_crop = {.top = 240, .bottom = 480};

/* Finds the table of a folder: data.csv beside numbered pictures, or a simulator's log. */
static enum ev_status find_table(struct ev_import_plan *plan, const char *folder,
                                 struct ev_error *err)
{
    char *log = ev_path_join(folder, "driving_log.csv");

    plan->folder = strdup(folder);
    plan->table = ev_path_join(folder, "data.csv");
    enum ev_status status = EV_OK;
    if (!log || !plan->folder || !plan->table) {
        status = ev_fail(err, EV_MEMORY, "%s: out of memory", folder);
    } else if (!ev_file_exists(plan->table) && ev_file_exists(log)) {
        free(plan->table);
        plan->table = log;
        plan->is_log = true;
        return EV_OK;
    } else if (!ev_file_exists(plan->table)) {
        status = ev_fail(err, EV_INPUT, "%s: no data.csv in this folder", folder);
    }
    free(log);
    return status;
}

static bool is_hdf5(const char *path)
{
    static const char signature[] = "\x89HDF\r\n\x1a\n";
    char bytes[sizeof signature] = "";
    FILE *file = fopen(path, "rb");

    bool read = file && fread(bytes, sizeof signature - 1, 1, file) == 1;
    if (file)
        fclose(file);
    return read && memcmp(bytes, signature, sizeof signature) == 0;
}

static enum ev_status find_source(struct ev_import_plan *plan, struct ev_error *err)
{
    const char *source = plan->args->source;
    struct stat info;

    if (stat(source, &info) != 0)
        return ev_fail(err, EV_INPUT, "%s: %s", source, strerror(errno));
    if (S_ISDIR(info.st_mode))
        return find_table(plan, source, err);
    if (S_ISREG(info.st_mode) && is_hdf5(source))
        return ev_fail(err, EV_INPUT,
                       "%s: an HDF5 file, expected a folder or a log in CSV: sets are used as they "
                       "are",
                       source);
    plan->is_log = true;
    plan->table = strdup(source);
    plan->folder = ev_path_folder(source);
    return plan->table && plan->folder ? EV_OK
                                       : ev_fail(err, EV_MEMORY, "%s: out of memory", source);
}

/* Options that mean nothing for a folder of numbered pictures. */
static enum ev_status check_folder(const struct ev_import_plan *plan, struct ev_error *err)
{
    const struct ev_import_args *args = plan->args;
    const char *option = args->n_cameras > 0   ? "cameras"
                         : args->n_offsets > 0 ? "offsets"
                         : args->root          ? "root"
                         : args->no_header     ? "no-header"
                                               : NULL;

    if (plan->is_log || !option)
        return EV_OK;
    return ev_fail(err, EV_USAGE, "--%s is for logs, and %s is a folder with data.csv", option,
                   args->source);
}

enum ev_status ev_import_plan_make(const struct ev_import_args *args, struct ev_import_plan *plan,
                                   struct ev_error *err)
{
    struct ev_csv_reader *reader = NULL;
    struct ev_csv_row first;

    *plan = (struct ev_import_plan){.args = args};
    enum ev_status status = find_source(plan, err);
    if (status == EV_OK)
        status = check_folder(plan, err);
    if (status == EV_OK && ev_file_is_same(args->out, plan->table))
        status =
            ev_fail(err, EV_USAGE, "%s: would be overwritten, but it is what is read", args->out);
    if (args->has_crop) {
        plan->crop = args->crop;
    } else if (!plan->is_log) {
        plan->crop = reference_crop;
        plan->crop_height = reference_crop.bottom;
    }
    if (status == EV_OK)
        status = ev_import_paths_start(plan, err);
    if (status == EV_OK && stat(plan->table, &plan->state) != 0)
        status = ev_fail(err, EV_INPUT, "%s: %s", plan->table, strerror(errno));
    if (status == EV_OK)
        status = ev_csv_reader_open(plan->table, &reader, err);
    if (status == EV_OK)
        status = ev_csv_reader_next(reader, &first, err);
    if (status == EV_OK && first.line == 0)
        status = ev_fail(err, EV_INPUT, "%s: empty, expected rows", plan->table);
    if (status == EV_OK)
        status = ev_import_choose_columns(plan, &first, err);
    ev_csv_reader_close(reader);
    return status;
}

enum ev_status ev_import_check_table(const struct ev_import_plan *plan, struct ev_error *err)
{
    const struct stat *before = &plan->state;
    struct stat now;

    if (stat(plan->table, &now) == 0 && now.st_dev == before->st_dev &&
        now.st_ino == before->st_ino && now.st_size == before->st_size &&
        now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == before->st_mtim.tv_nsec)
        return EV_OK;
    return ev_fail(err, EV_INPUT, "%s: changed while it was read", plan->table);
}

void ev_import_plan_free(struct ev_import_plan *plan)
{
    free(plan->table);
    free(plan->folder);
    *plan = (struct ev_import_plan){0};
}

/* --- Provenance --- */

static json_t *text_json(const char *text)
{
    char clean[1024];

    ev_text_clean(text, clean, sizeof clean);
    return json_string(clean);
}

/* The numbers as of struct ev_picture_crop, and how many pictures lost something; null if none. */
static json_t *crop_json(const struct ev_import_plan *plan, const struct ev_import_result *result)
{
    const struct ev_picture_crop *crop = &plan->crop;

    if (result->n_cropped == 0)
        return json_null();
    return json_pack("{s:i, s:i, s:i, s:i, s:I}", "top", crop->top, "bottom", crop->bottom, "left",
                     crop->left, "right", crop->right, "pictures", (json_int_t)result->n_cropped);
}

static json_t *cameras_json(const struct ev_import_plan *plan)
{
    json_t *cameras = json_array();

    for (int32_t i = 0; plan->is_log && i < plan->n_cameras; i++)
        json_array_append_new(
            cameras, json_pack("{s:o, s:f}", "column", text_json(plan->camera_names[i]), "offset",
                               plan->args->n_offsets > 0 ? plan->args->offsets[i] : 0.0));
    return cameras;
}

static json_t *flipped_json(const struct ev_import_plan *plan)
{
    json_t *names = json_array();

    for (int32_t k = 0; k < plan->n_targets; k++) {
        if (plan->mirrored[k])
            json_array_append_new(names, text_json(plan->columns[k].name));
    }
    return names;
}

static json_t *repeats_json(const struct ev_import_plan *plan)
{
    json_t *repeats = json_array();

    for (int32_t i = 0; i < plan->args->n_repeats; i++)
        json_array_append_new(repeats,
                              json_pack("{s:f, s:I}", "above", plan->args->repeats[i].limit,
                                        "times", (json_int_t)plan->args->repeats[i].times));
    return repeats;
}

/* Name of a target, or null. */
static json_t *target_json(const struct ev_import_plan *plan, int32_t target)
{
    return target < 0 ? json_null() : text_json(plan->columns[target].name);
}

char *ev_import_provenance(const struct ev_import_plan *plan, const struct ev_import_result *result)
{
    static const char *const methods[] = {"linear", "area", "nearest"};
    const struct ev_import_args *args = plan->args;
    json_t *json = json_pack(
        "{s:s, s:s, s:o, s:o, s:b, s:o, s:o, s:o, s:i, s:i, s:s, s:s, s:o, s:o, s:o, s:I, s:I, "
        "s:I, s:i}",
        "tool_version", EV_VERSION, "import", plan->is_log ? "log" : "folder", "source",
        text_json(args->source), "root", args->root ? text_json(args->root) : json_null(), "header",
        plan->has_header, "cameras", cameras_json(plan), "offset_target",
        target_json(plan, plan->offset_target), "crop", crop_json(plan, result), "height",
        args->height, "width", args->width, "resize", methods[args->resize], "colour",
        ev_picture_colour_name(args->colour), "flip", flipped_json(plan), "oversample",
        repeats_json(plan), "oversample_target", target_json(plan, plan->repeat_target), "pictures",
        (json_int_t)result->n_pictures, "left_out", (json_int_t)result->n_left_out, "chunk_rows",
        (json_int_t)args->chunk_rows, "deflate_level", (int)args->deflate_level);
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;

    json_decref(json);
    return text;
}
