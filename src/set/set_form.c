/* SPDX-License-Identifier: MIT */
/* Checks of a file's form for `dataset verify`: what the format wants beside the rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "set/set_private.h"

/* Where faults go. */
struct teller {
    void (*tell)(void *self, const char *fault);
    void *self;
};

EV_PRINTF(2, 3)
static void tell(const struct teller *teller, const char *format, ...)
{
    char fault[320];
    va_list args;

    va_start(args, format);
    vsnprintf(fault, sizeof fault, format, args);
    va_end(args);
    teller->tell(teller->self, fault);
}

/* A text attribute of the file, which must be there in a file of the program's own format. */
static void check_text(const struct teller *teller, hid_t file, const char *name)
{
    char *text = ev_set_read_text(file, name);

    if (!text)
        tell(teller, "attribute %s %s", name,
             H5Aexists(file, name) > 0 ? "is no text" : "is missing");
    free(text);
}

/* What the channels are, if the file says it. */
static void check_colour(const struct teller *teller, const struct ev_set *set)
{
    const char *colour = set->colour;
    const int channels = set->info.shape.channels;

    if (!colour) {
        if (H5Aexists(set->file, "colour") > 0)
            tell(teller, "attribute colour is no text");
        return;
    }
    const bool is_grey = strcmp(colour, "grey") == 0;
    if (!is_grey && strcmp(colour, "rgb") != 0 && strcmp(colour, "yuv") != 0)
        tell(teller, "attribute colour is '%.40s', expected rgb, yuv or grey", colour);
    else if (channels != (is_grey ? 1 : 3))
        tell(teller, "attribute colour is %s, but pictures have %d channel%s", colour, channels,
             channels == 1 ? "" : "s");
}

static void check_root(const struct teller *teller, const struct ev_set *set, bool is_ours)
{
    double version = NAN, rate = NAN;

    check_colour(teller, set);
    if (set->sha256 && !*set->info.recorded_sha256)
        tell(teller, "attribute sha256 is no digest of 64 hexadecimal digits");
    if (!is_ours)
        return;
    ev_set_read_double(set->file, "format_version", &version);
    if (isnan(version))
        tell(teller, "attribute format_version is missing");
    else if (version > EV_SET_FORMAT_VERSION || version < 1 || version != floor(version))
        tell(teller, "format version %g is unknown: this program reads up to %d", version,
             EV_SET_FORMAT_VERSION);
    check_text(teller, set->file, "tool_version");
    check_text(teller, set->file, "circuit");
    check_text(teller, set->file, "provenance");
    if (!set->sha256)
        check_text(teller, set->file, "sha256");
    ev_set_read_double(set->file, "frame_rate_hz", &rate);
    if (!isfinite(rate) || rate < 0.0)
        tell(teller, "attribute frame_rate_hz is missing or no frequency");
}

static void check_labels(const struct teller *teller, const struct ev_set *set, bool is_ours)
{
    static const char *const names[] = {"names", "units", "min", "max"};
    const int n = set->info.n_outputs;
    char texts[EV_MAX_OUTPUTS][32];
    double values[2][EV_MAX_OUTPUTS];
    bool given[4], has_ranges;
    hid_t labels = H5Dopen2(set->file, set->labels_name, H5P_DEFAULT);

    if (labels < 0)
        return;
    has_ranges = H5Aexists(labels, "min") > 0 || H5Aexists(labels, "max") > 0;
    for (int i = 0; i < 4; i++) {
        given[i] = H5Aexists(labels, names[i]) > 0;
        bool fits = i < 2 ? ev_set_read_texts(labels, names[i], n, texts)
                          : ev_set_read_doubles(labels, names[i], n, values[i - 2]);
        if (given[i] && !fits)
            tell(teller, "/labels: attribute %s needs %d %s, one for each column", names[i], n,
                 i < 2 ? "texts" : "numbers");
        else if (!given[i] && (is_ours || (i >= 2 && has_ranges)))
            tell(teller, "/labels: attribute %s is missing", names[i]);
        given[i] = fits;
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            if (strcmp(set->info.columns[i].name, set->info.columns[j].name) == 0)
                tell(teller, "/labels: columns %d and %d are both called %s", j, i,
                     set->info.columns[i].name);
        }
    }
    for (int i = 0; i < n && given[2] && given[3]; i++) {
        double low = values[0][i], high = values[1][i];
        if (!ev_column_is_range(low, high))
            tell(teller, "/labels: the range of %s is %g to %g", set->info.columns[i].name, low,
                 high);
    }
    H5Dclose(labels);
}

/* The number of rows of a dataset of the root group; -1 for anything else. */
static int64_t rows_of(const struct ev_set *set, const char *name)
{
    hsize_t extent[H5S_MAX_RANK] = {0};
    struct ev_error ignored = EV_ERROR_INIT;
    hid_t dataset;
    int rank;

    if (ev_set_open_dataset(set, name, &dataset, &rank, extent, &ignored) != EV_OK)
        return -1;
    H5Dclose(dataset);
    return rank < 1 ? -1 : (int64_t)extent[0];
}

static void check_further(const struct teller *teller, const struct ev_set *set)
{
    static const char *const names[] = {"pose", "commands"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (H5Lexists(set->file, names[i], H5P_DEFAULT) <= 0)
            continue;
        int64_t n_rows = rows_of(set, names[i]);
        if (n_rows != set->info.n_rows)
            tell(teller, "/%s has %lld rows, /images has %lld", names[i], (long long)n_rows,
                 (long long)set->info.n_rows);
        else if (i == 0 && !ev_set_has_pose(set))
            tell(teller, "/pose is no dataset of %d numbers a row", EV_POSE_COLUMNS);
    }
}

void ev_set_check_form(const struct ev_set *set, void (*tell_fault)(void *self, const char *fault),
                       void *self)
{
    const struct teller teller = {tell_fault, self};
    char *format = ev_set_read_text(set->file, "format");
    bool is_ours = format && strcmp(format, EV_SET_FORMAT) == 0;

    free(format);
    check_root(&teller, set, is_ours);
    check_labels(&teller, set, is_ours);
    check_further(&teller, set);
}
