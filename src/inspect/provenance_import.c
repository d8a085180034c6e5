/* SPDX-License-Identifier: MIT */
/* "dataset import of log.csv: cameras left +0.2, right -0.2 on steering; crop 60:-25; ..." */
#include "inspect/provenance_import.h"

#include <stdbool.h>

#include "base/text.h"

static const char *text(const json_t *json, const char *key)
{
    const char *value = json_string_value(json_object_get(json, key));

    return value ? value : "?";
}

static double number(const json_t *json, const char *key)
{
    return json_number_value(json_object_get(json, key));
}

static json_int_t whole(const json_t *json, const char *key)
{
    return json_integer_value(json_object_get(json, key));
}

/* ": " before the first part, "; " before the others. */
static void part(int *n_parts, FILE *out)
{
    fputs((*n_parts)++ == 0 ? ": " : "; ", out);
}

/* "cameras center +0, left +0.2 on steering"; without offsets only the names. */
static void tell_cameras(const json_t *json, int *n_parts, FILE *out)
{
    const json_t *cameras = json_object_get(json, "cameras");
    const json_t *camera;
    bool moved = false;
    size_t i;

    if (json_array_size(cameras) == 0)
        return;
    json_array_foreach(cameras, i, camera)
    {
        moved = moved || number(camera, "offset") != 0.0;
    }
    part(n_parts, out);
    fputs(json_array_size(cameras) == 1 ? "camera" : "cameras", out);
    json_array_foreach(cameras, i, camera)
    {
        fprintf(out, "%s %s", i > 0 ? "," : "", text(camera, "column"));
        if (moved)
            fprintf(out, " %+g", number(camera, "offset"));
    }
    if (moved)
        fprintf(out, " on %s", text(json, "offset_target"));
}

/* The end of a range as --crop takes it: 0 is the picture's own. */
static void tell_end(json_int_t end, FILE *out)
{
    if (end != 0)
        fprintf(out, "%lld", (long long)end);
}

static void tell_pictures(const json_t *json, int *n_parts, FILE *out)
{
    const json_t *crop = json_object_get(json, "crop");

    if (json_is_object(crop)) {
        part(n_parts, out);
        fprintf(out, "crop %lld:", (long long)whole(crop, "top"));
        tell_end(whole(crop, "bottom"), out);
        if (whole(crop, "left") != 0 || whole(crop, "right") != 0) {
            fprintf(out, ",%lld:", (long long)whole(crop, "left"));
            tell_end(whole(crop, "right"), out);
        }
    }
    if (whole(json, "height") > 0) {
        part(n_parts, out);
        fprintf(out, "%s to %lld x %lld", text(json, "resize"), (long long)whole(json, "height"),
                (long long)whole(json, "width"));
    }
}

static void tell_rows(const json_t *json, int *n_parts, FILE *out)
{
    const json_t *flip = json_object_get(json, "flip"), *flipped;
    const json_t *repeats = json_object_get(json, "oversample"), *repeat;
    char count[64];
    size_t i;

    if (json_array_size(flip) > 0) {
        part(n_parts, out);
        fputs("mirrored (", out);
        json_array_foreach(flip, i, flipped)
        {
            const char *name = json_string_value(flipped);
            fprintf(out, "%s%s", i > 0 ? ", " : "", name ? name : "?");
        }
        fputc(')', out);
    }
    if (json_array_size(repeats) > 0) {
        part(n_parts, out);
        fprintf(out, "oversampled by %s (", text(json, "oversample_target"));
        json_array_foreach(repeats, i, repeat)
        {
            fprintf(out, "%s%s beyond %g", i > 0 ? ", " : "",
                    ev_text_count(whole(repeat, "times"), "time", count), number(repeat, "above"));
        }
        fputc(')', out);
    }
}

void ev_provenance_tell_import(const json_t *json, FILE *out)
{
    char count[64];
    int n_parts = 0;

    fprintf(out, "dataset import of %s", text(json, "source"));
    if (json_is_string(json_object_get(json, "root")))
        fprintf(out, " (root %s)", text(json, "root"));
    tell_cameras(json, &n_parts, out);
    tell_pictures(json, &n_parts, out);
    tell_rows(json, &n_parts, out);
    if (whole(json, "pictures") > 0) {
        part(&n_parts, out);
        fputs(ev_text_count(whole(json, "pictures"), "picture", count), out);
        if (whole(json, "left_out") > 0)
            fprintf(out, ", %s left out", ev_text_count(whole(json, "left_out"), NULL, count));
    }
}
