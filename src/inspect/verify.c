/* SPDX-License-Identifier: MIT */
/* One pass over a set: digest, labels, pictures. */
#include "inspect/verify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/digest.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "inspect/summary.h"
#include "inspect/twins.h"

#define PIECE_BYTES ((size_t)8 << 20)

/* The set while it is read. */
struct check {
    struct ev_set *set;
    const struct ev_set_info *info;
    size_t row_bytes;
    struct ev_findings *findings;
    struct ev_twins twins;
    struct sha256_ctx digest;
    uint8_t *before; /* the last picture, if it could be read */
    bool has_before;
    uint8_t *other; /* room for one more */
    /* Pictures, by kind. */
    struct ev_row_ranges damaged, pixels, constant, repeated, duplicate;
    bool is_oversampled; /* rows may repeat the one before on purpose */
    bool out_of_memory;
};

const char *ev_finding_name(enum ev_finding_kind kind)
{
#define NAME(code, name, text) name,
    static const char *const names[] = {EV_FINDING_LIST(NAME)};
#undef NAME
    return names[kind];
}

static const char *text_of(enum ev_finding_kind kind)
{
#define TEXT(code, name, text) text,
    static const char *const texts[] = {EV_FINDING_LIST(TEXT)};
#undef TEXT
    return texts[kind];
}

/* --- Findings --- */

/* A new one at the end; NULL when out of memory. */
static struct ev_finding *add_finding(struct check *check, enum ev_finding_kind kind)
{
    struct ev_findings *findings = check->findings;
    struct ev_finding *grown =
        realloc(findings->findings, (size_t)(findings->n + 1) * sizeof *grown);

    if (!grown) {
        check->out_of_memory = true;
        return NULL;
    }
    findings->findings = grown;
    grown[findings->n] = (struct ev_finding){.kind = kind, .column = -1};
    return &grown[findings->n++];
}

static void add_text(struct check *check, enum ev_finding_kind kind, const char *text)
{
    struct ev_finding *finding = add_finding(check, kind);

    if (finding)
        snprintf(finding->text, sizeof finding->text, "%s", text);
}

/* A finding in rows, which it takes, about a label column (-1: none); nothing without rows. */
static void add_rows(struct check *check, enum ev_finding_kind kind, int32_t column,
                     struct ev_row_ranges *rows)
{
    struct ev_finding *finding = rows->n_rows > 0 ? add_finding(check, kind) : NULL;
    const char *before = text_of(kind), *behind = strstr(before, "%s");

    if (!finding) {
        ev_row_ranges_free(rows);
        return;
    }
    finding->column = column;
    finding->rows = *rows;
    *rows = (struct ev_row_ranges){0};
    if (!behind) {
        snprintf(finding->text, sizeof finding->text, "%s", before);
        return;
    }
    const struct ev_column *about = &check->info->columns[column];
    int used = snprintf(finding->text, sizeof finding->text, "%.*s%s%s", (int)(behind - before),
                        before, about->name, behind + 2);
    if (kind == EV_FINDING_RANGE)
        snprintf(finding->text + used, sizeof finding->text - (size_t)used, " of %g to %g",
                 about->min, about->max);
}

static void mark(struct check *check, struct ev_row_ranges *rows, int64_t row)
{
    check->out_of_memory = !ev_row_ranges_add(rows, row) || check->out_of_memory;
}

/* --- File, labels, poses --- */

static void take_fault(void *self, const char *fault)
{
    add_text(self, EV_FINDING_FORM, fault);
}

static void check_form(struct check *check)
{
    const char *provenance = check->info->provenance;
    json_t *json = *provenance ? json_loads(provenance, 0, NULL) : NULL;

    ev_set_check_form(check->set, take_fault, check);
    if (*provenance && !json_is_object(json))
        add_text(check, EV_FINDING_FORM, "attribute provenance is no JSON object");
    json_decref(json);
}

static void check_column(struct check *check, int32_t column)
{
    const struct ev_set_info *info = check->info;
    const float *labels = ev_set_labels(check->set);
    /* A bound is met by the label nearest to it in float32. */
    const float low = (float)info->columns[column].min, high = (float)info->columns[column].max;
    struct ev_row_ranges nan = {0}, infinite = {0}, outside = {0};

    for (int64_t row = 0; row < info->n_rows; row++) {
        float label = labels[row * info->n_outputs + column];
        if (isnan(label))
            mark(check, &nan, row);
        else if (isinf(label))
            mark(check, &infinite, row);
        else if (info->has_ranges && (label < low || label > high))
            mark(check, &outside, row);
    }
    add_rows(check, EV_FINDING_NAN, column, &nan);
    add_rows(check, EV_FINDING_INFINITE, column, &infinite);
    add_rows(check, EV_FINDING_RANGE, column, &outside);
}

static enum ev_status check_poses(struct check *check, struct ev_error *err)
{
    enum { MOST_ROWS = 1024 };
    double poses[MOST_ROWS * EV_POSE_COLUMNS];
    struct ev_row_ranges bad = {0};
    enum ev_status status = EV_OK;

    for (int64_t first = 0; first < check->info->n_rows && status == EV_OK; first += MOST_ROWS) {
        int64_t left = check->info->n_rows - first, n = left < MOST_ROWS ? left : MOST_ROWS;
        status = ev_set_read_pose(check->set, first, n, poses, err);
        for (int64_t i = 0; i < n && status == EV_OK; i++) {
            const double *pose = poses + i * EV_POSE_COLUMNS;
            if (!isfinite(pose[0] + pose[1] + pose[2] + pose[3]))
                mark(check, &bad, first + i);
        }
    }
    if (status == EV_INPUT) {
        add_text(check, EV_FINDING_FORM, "/pose cannot be read: damaged");
        status = EV_OK;
    }
    add_rows(check, EV_FINDING_POSE, -1, &bad);
    return status;
}

/* --- Pictures --- */

/* Whether each of n values of `size` bytes is the one before it. */
static bool repeats(const uint8_t *values, size_t n, size_t size)
{
    return memcmp(values, values + size, (n - 1) * size) == 0;
}

static bool is_constant(const struct check *check, const uint8_t *picture)
{
    const struct ev_shape *shape = &check->info->shape;
    const size_t channels = (size_t)shape->channels;
    const size_t n_pixels = (size_t)shape->height * (size_t)shape->width;

    if (check->info->form == EV_FORM_U8_NHWC)
        return repeats(picture, n_pixels, channels);
    for (size_t c = 0; c < channels; c++) {
        if (!repeats(picture + c * n_pixels * sizeof(float), n_pixels, sizeof(float)))
            return false;
    }
    return true;
}

/* Whether all values of a picture of floats are numbers; bytes always are. */
static bool is_finite(const struct check *check, const uint8_t *picture)
{
    const size_t n = check->row_bytes / sizeof(float);
    float value;

    for (size_t i = 0; i < n && check->info->form != EV_FORM_U8_NHWC; i++) {
        memcpy(&value, picture + i * sizeof value, sizeof value);
        if (!isfinite(value))
            return false;
    }
    return true;
}

/* Whether a row has the labels of the row before it. */
static bool labels_repeat(const struct check *check, int64_t row)
{
    const size_t n = (size_t)check->info->n_outputs;
    const float *labels = ev_set_labels(check->set) + (size_t)row * n;

    return memcmp(labels, labels - n, n * sizeof *labels) == 0;
}

/* Whether the picture has an equal one in an earlier row with the same hash. */
static enum ev_status confirm(struct check *check, int64_t earlier, const uint8_t *picture,
                              bool *equal, struct ev_error *err)
{
    enum ev_status status =
        ev_set_read(check->set, check->info->form, earlier, 1, check->other, err);

    *equal = status == EV_OK && memcmp(check->other, picture, check->row_bytes) == 0;
    return status;
}

static enum ev_status check_picture(struct check *check, int64_t row, const uint8_t *picture,
                                    struct ev_error *err)
{
    const bool repeated =
        check->has_before && memcmp(check->before, picture, check->row_bytes) == 0;
    bool equal = false;

    memcpy(check->before, picture, check->row_bytes);
    check->has_before = true;
    if (!is_finite(check, picture))
        mark(check, &check->pixels, row);
    if (is_constant(check, picture)) {
        mark(check, &check->constant, row); /* and no duplicates of each other */
        return EV_OK;
    }
    int64_t earlier = ev_twins_add(&check->twins, ev_picture_hash(picture, check->row_bytes), row);
    if (earlier < 0)
        return EV_OK;
    if (repeated) {
        if (!check->is_oversampled || !labels_repeat(check, row))
            mark(check, &check->repeated, row);
        return EV_OK;
    }
    enum ev_status status = confirm(check, earlier, picture, &equal, err);
    if (equal)
        mark(check, &check->duplicate, row);
    return status;
}

/* Rows [first, first + n), one by one as some of them cannot be read. */
static enum ev_status read_singly(struct check *check, int64_t first, int64_t n, uint8_t *images,
                                  struct ev_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        enum ev_status status =
            ev_set_read(check->set, check->info->form, first + i, 1, images, err);
        if (status == EV_INPUT) {
            mark(check, &check->damaged, first + i);
            check->has_before = false;
            continue;
        }
        if (status == EV_OK)
            status = check_picture(check, first + i, images, err);
        if (status != EV_OK)
            return status;
    }
    return EV_OK;
}

static enum ev_status check_piece(struct check *check, int64_t first, int64_t n, uint8_t *images,
                                  struct ev_error *err)
{
    enum ev_status status = ev_set_read(check->set, check->info->form, first, n, images, err);

    if (status == EV_INPUT)
        return read_singly(check, first, n, images, err);
    if (status != EV_OK)
        return status;
    sha256_update(&check->digest, (size_t)n * check->row_bytes, images);
    for (int64_t i = 0; i < n && status == EV_OK; i++)
        status = check_picture(check, first + i, images + (size_t)i * check->row_bytes, err);
    return status;
}

static enum ev_status check_pictures(struct check *check, struct ev_error *err)
{
    const int64_t n_rows = check->info->n_rows;
    const int64_t most = (int64_t)(PIECE_BYTES / check->row_bytes) + 1;
    uint8_t *images = malloc((size_t)most * check->row_bytes);
    struct ev_progress progress;
    enum ev_status status = EV_OK;

    if (!images)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", check->info->path);
    ev_progress_start(&progress, "verify", "rows", n_rows);
    for (int64_t first = 0; first < n_rows && status == EV_OK; first += most) {
        int64_t n = n_rows - first < most ? n_rows - first : most;
        status = check_piece(check, first, n, images, err);
        if (status == EV_OK)
            status = ev_interrupt_check(err);
        if (status == EV_OK)
            ev_progress_update(&progress, first + n, NULL);
    }
    ev_progress_finish(&progress);
    free(images);
    return status;
}

static void check_digest(struct check *check)
{
    const struct ev_set_info *info = check->info;
    char hex[2 * SHA256_DIGEST_SIZE + 1], text[200];

    if (!*info->recorded_sha256 || check->damaged.n_rows > 0)
        return;
    sha256_update(&check->digest, (size_t)info->n_rows * (size_t)info->n_outputs * sizeof(float),
                  (const uint8_t *)ev_set_labels(check->set));
    ev_digest_hex(&check->digest, hex);
    if (strcmp(hex, info->recorded_sha256) == 0)
        return;
    snprintf(text, sizeof text,
             "content was changed: its SHA-256 is %.12s..., recorded is %.12s...", hex,
             info->recorded_sha256);
    add_text(check, EV_FINDING_DIGEST, text);
}

/* --- All of it --- */

static enum ev_status run_checks(struct check *check, struct ev_error *err)
{
    check_form(check);
    enum ev_status status = check_pictures(check, err);
    if (status != EV_OK)
        return status;
    check_digest(check);
    add_rows(check, EV_FINDING_DAMAGED, -1, &check->damaged);
    add_rows(check, EV_FINDING_PIXELS, -1, &check->pixels);
    for (int32_t column = 0; column < check->info->n_outputs; column++)
        check_column(check, column);
    if (ev_set_has_pose(check->set))
        status = check_poses(check, err);
    add_rows(check, EV_FINDING_CONSTANT, -1, &check->constant);
    add_rows(check, EV_FINDING_REPEATED, -1, &check->repeated);
    add_rows(check, EV_FINDING_DUPLICATE, -1, &check->duplicate);
    return status;
}

enum ev_status ev_verify(struct ev_set *set, struct ev_findings *findings, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);
    struct check check = {
        .set = set,
        .info = info,
        .row_bytes = ev_set_picture_bytes(info, info->form),
        .findings = findings,
        .is_oversampled = ev_provenance_is_oversampled(info->provenance),
    };
    enum ev_status status = EV_OK;

    *findings = (struct ev_findings){0};
    sha256_init(&check.digest);
    check.before = malloc(check.row_bytes);
    check.other = malloc(check.row_bytes);
    check.out_of_memory =
        !ev_twins_init(&check.twins, info->n_rows) || !check.before || !check.other;
    if (!check.out_of_memory)
        status = run_checks(&check, err);
    if (status == EV_OK && check.out_of_memory)
        status = ev_fail(err, EV_MEMORY, "%s: out of memory", info->path);
    struct ev_row_ranges *left[] = {&check.damaged, &check.pixels, &check.constant, &check.repeated,
                                    &check.duplicate};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        ev_row_ranges_free(left[i]);
    ev_twins_free(&check.twins);
    free(check.before);
    free(check.other);
    if (status != EV_OK)
        ev_findings_free(findings);
    return status;
}

void ev_findings_free(struct ev_findings *findings)
{
    for (int32_t i = 0; i < findings->n; i++)
        ev_row_ranges_free(&findings->findings[i].rows);
    free(findings->findings);
    *findings = (struct ev_findings){0};
}
