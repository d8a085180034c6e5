/* SPDX-License-Identifier: MIT */
/* evalrun dataset import: a recorded drive, as a set file. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/progress.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/select.h"
#include "import/import.h"
#include "set/set.h"

/* A picture of this size still fits into memory for every thread. */
#define MAX_SIDE    4096
#define MAX_REPEATS 1000

static const char *out_path;
static const char *cameras_text;
static const char *targets_text;
static const char *units_text;
static const char *ranges_text;
static const char *offsets_text;
static const char *offset_target;
static const char *root;
static bool no_header;
static const char *crop_text;
static const char *size_text = "66x200";
static const char *resize_name = "linear";
static const char *colour_name = "rgb";
static const char *flip_text;
static const char *oversample_text;
static const char *oversample_target;
static bool skip_bad;
static double frame_rate_hz;
static int64_t n_threads;
static int64_t chunk_rows;
static int64_t deflate_level;
static bool quiet;

static const char *const resizes[] = {"linear", "area", "nearest", NULL};
static const char *const colours[] = {"rgb", "yuv", "grey", NULL};

static const struct ev_option options[] = {
    {"out", 'o', EV_OPT_TEXT, "FILE", &out_path, 0, 0, "the set file (required)", NULL},
    {"cameras", 0, EV_OPT_TEXT, "LIST", &cameras_text, 0, 0,
     "columns of a log that name pictures, a camera each, by name or number from 1 (default: "
     "center, centre, image or filename; with three --offsets center,left,right)",
     NULL},
    {"targets", 0, EV_OPT_TEXT, "LIST", &targets_text, 0, 0,
     "columns that a model should answer, by name or number (default: v,w or steering)", NULL},
    {"units", 0, EV_OPT_TEXT, "LIST", &units_text, 0, 0,
     "units of the targets (default: m/s and rad/s for v and w)", NULL},
    {"ranges", 0, EV_OPT_TEXT, "LIST", &ranges_text, 0, 0,
     "MIN:MAX of each target, which models answer as 0 to 1 (default: 6.5:24 for v, -7.1:7.1 for "
     "w, -1:1 for steering, 0:1 for throttle and brake)",
     NULL},
    {"offsets", 0, EV_OPT_TEXT, "LIST", &offsets_text, 0, 0,
     "what is added to a target for each camera", NULL},
    {"offset-target", 0, EV_OPT_TEXT, "NAME", &offset_target, 0, 0,
     "that target (default: w, steering, or the only one)", NULL},
    {"root", 0, EV_OPT_TEXT, "DIR", &root, 0, 0,
     "where the pictures of a log are looked for (default: the log's folder)", NULL},
    {"no-header", 0, EV_OPT_FLAG, NULL, &no_header, 0, 0,
     "the log's first row is data (default: unless it has neither numbers nor pictures)", NULL},
    {"crop", 0, EV_OPT_TEXT, "T:B[,L:R]", &crop_text, 0, 0,
     "keep rows T to B and columns L to R, the last not included; from the end if B or R is "
     "negative or missing (default: all as with 0:, but of a folder's pictures of 480 rows "
     "240:480)",
     NULL},
    {"size", 0, EV_OPT_TEXT, "HxW", &size_text, 0, 0,
     "rows and columns of the set's pictures (default: 66x200)", NULL},
    {"resize", 0, EV_OPT_CHOICE, "HOW", &resize_name, 0, 0,
     "linear, area or nearest (default: linear)", resizes},
    {"colour", 0, EV_OPT_CHOICE, "SPACE", &colour_name, 0, 0, "rgb, yuv or grey (default: rgb)",
     colours},
    {"flip", 0, EV_OPT_TEXT, "LIST", &flip_text, 0, 0,
     "add a mirrored copy of every picture, with the sign of these targets changed", NULL},
    {"oversample", 0, EV_OPT_TEXT, "LIST", &oversample_text, 0, 0,
     "LIMIT:N,... takes rows whose target is beyond LIMIT on either side N times; 'reference' is "
     "1:5,2:10",
     NULL},
    {"oversample-target", 0, EV_OPT_TEXT, "NAME", &oversample_target, 0, 0,
     "that target (default: w, steering, or the only one)", NULL},
    {"skip-bad", 0, EV_OPT_FLAG, NULL, &skip_bad, 0, 0,
     "leave out and list what is missing or damaged (default: stop there)", NULL},
    {"frame-rate", 0, EV_OPT_DOUBLE, "HZ", &frame_rate_hz, 0, 1e6,
     "pictures a second, to be recorded (default: 0, unknown)", NULL},
    {"chunk", 0, EV_OPT_INT, "N", &chunk_rows, 0, 65536,
     "store chunks of N pictures (default: 0, one contiguous block)", NULL},
    {"deflate", 0, EV_OPT_INT, "N", &deflate_level, 0, 9,
     "compress the chunks at this level (default: 0, not at all)", NULL},
    {"threads", 't', EV_OPT_INT, "N", &n_threads, 1, 1024,
     "threads (default: the cores this process may use)", NULL},
    {"quiet", 'q', EV_OPT_FLAG, NULL, &quiet, 0, 0, "no progress", NULL},
    {0},
};

#define MAX_PIECES 16
_Static_assert(MAX_PIECES >= EV_MAX_OUTPUTS && MAX_PIECES >= EV_IMPORT_MAX_CAMERAS, "");

/* What stands between the commas of an option. */
struct pieces {
    char items[MAX_PIECES][64];
    int32_t n;
};

/* What the texts of the options become; lives until the import is done. */
struct parsed {
    struct ev_list cameras, targets, flip;
    struct pieces units;
    const char *unit_items[MAX_PIECES];
    struct ev_import_range ranges[MAX_PIECES];
    double offsets[MAX_PIECES];
    struct ev_import_repeat repeats[MAX_PIECES];
};

/* Splits a text at its commas; NULL has no pieces. */
static enum ev_status split(const char *option, const char *text, struct pieces *pieces,
                            struct ev_error *err)
{
    pieces->n = 0;
    for (const char *at = text; at; at = *at ? at + 1 : NULL) {
        size_t n = strcspn(at, ",");
        if (pieces->n == MAX_PIECES)
            return ev_fail(err, EV_USAGE, "--%s: more than %d in the list", option, MAX_PIECES);
        if (n >= sizeof pieces->items[0])
            return ev_fail(err, EV_USAGE, "--%s: '%.*s' is too long", option, (int)n, at);
        memcpy(pieces->items[pieces->n], at, n);
        pieces->items[pieces->n++][n] = '\0';
        at += n;
    }
    return EV_OK;
}

/* "A:B" as two numbers; with `may_end` B may be missing and is then 0. */
static bool parse_pair(char *text, bool may_end, double *a, double *b)
{
    char *colon = strchr(text, ':');

    if (!colon)
        return false;
    *colon = '\0';
    bool ok = ev_text_double(text, a);
    *colon = ':';
    *b = 0.0;
    return ok && ((may_end && colon[1] == '\0') || ev_text_double(colon + 1, b));
}

static enum ev_status parse_ranges(struct parsed *parsed, struct ev_import_args *args,
                                   struct ev_error *err)
{
    struct pieces pieces;

    enum ev_status status = split("ranges", ranges_text, &pieces, err);
    for (int32_t i = 0; i < pieces.n && status == EV_OK; i++) {
        struct ev_import_range *range = &parsed->ranges[i];
        if (!parse_pair(pieces.items[i], false, &range->min, &range->max) ||
            !ev_column_is_range(range->min, range->max))
            status = ev_fail(err, EV_USAGE,
                             "--ranges: '%s', expected MIN:MAX, MIN below MAX and their distance "
                             "neither too small nor too large a number",
                             pieces.items[i]);
    }
    args->ranges = parsed->ranges;
    args->n_ranges = pieces.n;
    return status;
}

static enum ev_status parse_offsets(struct parsed *parsed, struct ev_import_args *args,
                                    struct ev_error *err)
{
    struct pieces pieces;

    enum ev_status status = split("offsets", offsets_text, &pieces, err);
    for (int32_t i = 0; i < pieces.n && status == EV_OK; i++) {
        if (!ev_text_double(pieces.items[i], &parsed->offsets[i]))
            status = ev_fail(err, EV_USAGE, "--offsets: '%s', expected a number", pieces.items[i]);
    }
    args->offsets = parsed->offsets;
    args->n_offsets = pieces.n;
    return status;
}

static enum ev_status parse_repeats(struct parsed *parsed, struct ev_import_args *args,
                                    struct ev_error *err)
{
    bool reference = oversample_text && strcmp(oversample_text, "reference") == 0;
    struct pieces pieces;
    double limit, times, last = -1.0;

    enum ev_status status =
        split("oversample", reference ? "1:5,2:10" : oversample_text, &pieces, err);
    for (int32_t i = 0; i < pieces.n && status == EV_OK; i++) {
        if (!parse_pair(pieces.items[i], false, &limit, &times) || limit < 0.0 || times < 1.0 ||
            times > MAX_REPEATS || times != floor(times))
            return ev_fail(err, EV_USAGE,
                           "--oversample: '%s', expected LIMIT:N with N from 1 to %d",
                           pieces.items[i], MAX_REPEATS);
        if (limit <= last)
            return ev_fail(err, EV_USAGE, "--oversample: '%s', expected limits that rise",
                           pieces.items[i]);
        parsed->repeats[i] = (struct ev_import_repeat){limit, (int64_t)times};
        last = limit;
    }
    args->repeats = parsed->repeats;
    args->n_repeats = pieces.n;
    return status;
}

/* "FIRST:END" in pixels; an end from the end on is negative, a missing one becomes 0. */
static bool parse_pixels(char *text, int32_t *first, int32_t *end)
{
    double a, b;

    if (!parse_pair(text, true, &a, &b) || a != floor(a) || b != floor(b) || a < 0.0 ||
        a > EV_PICTURE_MAX_SIDE || fabs(b) > EV_PICTURE_MAX_SIDE)
        return false;
    bool missing = text[strlen(text) - 1] == ':';
    if (!missing && b >= 0.0 && b <= a)
        return false;
    *first = (int32_t)a;
    *end = (int32_t)b;
    return true;
}

static enum ev_status parse_crop(struct ev_import_args *args, struct ev_error *err)
{
    struct pieces pieces;

    enum ev_status status = split("crop", crop_text, &pieces, err);
    if (status != EV_OK || pieces.n == 0)
        return status;
    args->has_crop = true;
    if (pieces.n > 2 || !parse_pixels(pieces.items[0], &args->crop.top, &args->crop.bottom) ||
        (pieces.n == 2 && !parse_pixels(pieces.items[1], &args->crop.left, &args->crop.right)))
        return ev_fail(err, EV_USAGE,
                       "--crop: '%s', expected TOP:BOTTOM or TOP:BOTTOM,LEFT:RIGHT; BOTTOM and "
                       "RIGHT are larger than TOP and LEFT, negative, or missing",
                       crop_text);
    return EV_OK;
}

static enum ev_status parse_size(struct ev_import_args *args, struct ev_error *err)
{
    const char *x = strchr(size_text, 'x');
    char height[16] = "";
    int64_t rows = 0, columns = 0;

    if (x && (size_t)(x - size_text) < sizeof height) {
        memcpy(height, size_text, (size_t)(x - size_text));
        if (ev_text_int64(height, &rows) && ev_text_int64(x + 1, &columns) && rows >= 1 &&
            rows <= MAX_SIDE && columns >= 1 && columns <= MAX_SIDE) {
            args->height = (int32_t)rows;
            args->width = (int32_t)columns;
            return EV_OK;
        }
    }
    return ev_fail(err, EV_USAGE, "--size: '%s', expected HxW as in 66x200, up to %d on a side",
                   size_text, MAX_SIDE);
}

static enum ev_status parse_list(const char *option, const char *text, struct ev_list *list,
                                 const char *const **items, int32_t *n, struct ev_error *err)
{
    enum ev_status status = text ? ev_list_split(option, text, NULL, 0, list, err) : EV_OK;

    *items = (const char *const *)list->items;
    *n = (int32_t)list->n;
    return status;
}

/* Number of a choice's word. */
static int index_of(const char *const *words, const char *word)
{
    int i = 0;

    while (strcmp(words[i], word) != 0)
        i++;
    return i;
}

static enum ev_status parse_texts(struct parsed *parsed, struct ev_import_args *args,
                                  struct ev_error *err)
{
    enum ev_status status = parse_list("cameras", cameras_text, &parsed->cameras, &args->cameras,
                                       &args->n_cameras, err);
    if (status == EV_OK)
        status = parse_list("targets", targets_text, &parsed->targets, &args->targets,
                            &args->n_targets, err);
    if (status == EV_OK)
        status = parse_list("flip", flip_text, &parsed->flip, &args->flip, &args->n_flip, err);
    if (status == EV_OK)
        status = split("units", units_text, &parsed->units, err);
    for (int32_t i = 0; i < parsed->units.n; i++)
        parsed->unit_items[i] = parsed->units.items[i];
    args->units = parsed->unit_items;
    args->n_units = parsed->units.n;
    if (status == EV_OK)
        status = parse_ranges(parsed, args, err);
    if (status == EV_OK)
        status = parse_offsets(parsed, args, err);
    if (status == EV_OK)
        status = parse_repeats(parsed, args, err);
    if (status == EV_OK)
        status = parse_crop(args, err);
    if (status == EV_OK)
        status = parse_size(args, err);
    return status;
}

/* "drive.h5: 240 rows of 120 pictures (none left out)" */
static void print_result(const struct ev_import_result *result)
{
    char left_out[32] = "none";

    if (result->n_left_out > 0)
        snprintf(left_out, sizeof left_out, "%lld", (long long)result->n_left_out);
    printf("%s: %lld row%s of %lld picture%s (%s left out)\n", out_path, (long long)result->n_rows,
           result->n_rows == 1 ? "" : "s", (long long)result->n_pictures,
           result->n_pictures == 1 ? "" : "s", left_out);
}

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    struct parsed parsed = {0};
    struct ev_import_args args = {
        .source = operands[0],
        .out = out_path,
        .offset_target = offset_target,
        .root = root,
        .no_header = no_header,
        .resize = (enum ev_picture_resize)index_of(resizes, resize_name),
        .colour = (enum ev_picture_colour)index_of(colours, colour_name),
        .repeat_target = oversample_target,
        .skip_bad = skip_bad,
        .frame_rate_hz = frame_rate_hz,
        .chunk_rows = chunk_rows,
        .deflate_level = (int32_t)deflate_level,
    };
    struct ev_import_result result;

    (void)n_operands;
    if (!out_path)
        return ev_fail(err, EV_USAGE, "dataset import: --out is missing");
    if (deflate_level > 0 && chunk_rows == 0)
        return ev_fail(err, EV_USAGE, "--deflate needs --chunk: only chunks can be compressed");
    if (offset_target && !offsets_text)
        return ev_fail(err, EV_USAGE, "--offset-target needs --offsets");
    if (oversample_target && !oversample_text)
        return ev_fail(err, EV_USAGE, "--oversample-target needs --oversample");
    ev_progress_set_quiet(quiet);
    enum ev_status status = parse_texts(&parsed, &args, err);
    if (status == EV_OK)
        status = ev_threads_select(n_threads, &args.n_threads, err);
    if (status == EV_OK)
        status = ev_import_run(&args, &result, err);
    if (status == EV_OK)
        print_result(&result);
    ev_list_free(&parsed.cameras);
    ev_list_free(&parsed.targets);
    ev_list_free(&parsed.flip);
    return status;
}

const struct ev_command ev_cmd_dataset_import = {
    .name = "dataset import",
    .summary = "bring a recorded drive into an HDF5 set",
    .operands = "SOURCE",
    .min_operands = 1,
    .max_operands = 1,
    .notes =
        "SOURCE is a folder of 0.png, 1.png, ... beside data.csv with the columns v and\n"
        "w, or a driving log: a CSV file, with or without a header, whose rows name PNG\n"
        "or JPEG files, or the folder of a driving_log.csv. Of paths of another machine,\n"
        "the end that is found under the root is followed, with a note. Pictures are\n"
        "cropped, resized and brought into the colour space, in this order.\n"
        "datasets/README.md describes the rules and the file, which records all of this.\n"
        "\n"
        "Examples:\n"
        "  evalrun dataset import recordings/monaco --out monaco.h5\n"
        "  evalrun dataset import driving_log.csv --crop 60:-25 --flip steering \\\n"
        "      --offsets 0,0.2,-0.2 --out drive.h5\n"
        "  evalrun dataset import log.csv --cameras front --targets speed,yaw \\\n"
        "      --units m/s,rad/s --ranges 0:30,-2:2 --root /data/drive7 \\\n"
        "      --out drive7.h5\n",
    .options = options,
    .run = run,
};
