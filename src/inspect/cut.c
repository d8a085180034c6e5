/* SPDX-License-Identifier: MIT */
/* Writes rows of sets into a new set. */
#include "inspect/cut.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/text.h"

#define PIECE_BYTES ((size_t)8 << 20)

void ev_cut_rows_free(struct ev_cut_rows *rows)
{
    free(rows->rows);
    *rows = (struct ev_cut_rows){0};
}

/* Sets that can be written again, and an output that takes the place of nothing that is read. */
static enum ev_status check_set(const struct ev_set *set, const char *out, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);

    if (ev_set_reads_file(set, out))
        return ev_fail(err, EV_USAGE, "--out %s: is the set that is read", out);
    if (info->form != EV_FORM_U8_NHWC)
        return ev_fail(err, EV_UNSUPPORTED,
                       "%s: pictures of floats, but sets are written with bytes", info->path);
    if (info->names_are_cut)
        return ev_fail(err, EV_UNSUPPORTED,
                       "%s: a label column's name or unit has more than %zu bytes, and would be "
                       "cut in the new set",
                       info->path, sizeof info->columns[0].name - 1);
    return EV_OK;
}

/* Buffers for some rows on their way. */
struct piece {
    uint8_t *images;
    float *labels;
    double *poses; /* NULL without */
    int64_t most_rows;
    bool with_digest;
    struct sha256_ctx digest; /* of the set's pictures */
};

static size_t row_bytes_of(const struct ev_set_info *info)
{
    return (size_t)info->shape.height * (size_t)info->shape.width * (size_t)info->shape.channels;
}

static bool make_piece(const struct ev_set_info *info, bool with_pose, struct piece *piece)
{
    const size_t row_bytes = row_bytes_of(info);

    *piece = (struct piece){.most_rows = (int64_t)(PIECE_BYTES / row_bytes) + 1};
    const size_t n = (size_t)piece->most_rows;
    piece->images = malloc(n * row_bytes);
    piece->labels = malloc(n * (size_t)info->n_outputs * sizeof *piece->labels);
    piece->poses = with_pose ? malloc(n * EV_POSE_COLUMNS * sizeof *piece->poses) : NULL;
    return piece->images && piece->labels && (piece->poses || !with_pose);
}

static void free_piece(struct piece *piece)
{
    free(piece->images);
    free(piece->labels);
    free(piece->poses);
}

/* Poses of any ascending rows. */
static enum ev_status read_poses(struct ev_set *set, const int64_t *rows, int64_t n, double *poses,
                                 struct ev_error *err)
{
    enum ev_status status = EV_OK;

    for (int64_t i = 0, run; i < n && status == EV_OK; i += run) {
        run = 1;
        while (i + run < n && rows[i + run] == rows[i] + run)
            run++;
        status = ev_set_read_pose(set, rows[i], run, poses + i * EV_POSE_COLUMNS, err);
    }
    return status;
}

/* Appends the rows of one set, with their digest into `piece`; *done counts all. */
static enum ev_status append_rows(struct ev_set *set, const struct ev_cut_rows *rows,
                                  struct piece *piece, struct ev_set_writer *writer,
                                  struct ev_progress *progress, int64_t *done, struct ev_error *err)
{
    const size_t row_bytes = row_bytes_of(ev_set_info(set));
    const int32_t n_outputs = ev_set_info(set)->n_outputs;
    const float *labels = ev_set_labels(set);
    enum ev_status status = EV_OK;

    for (int64_t i = 0; i < rows->n && status == EV_OK; i += piece->most_rows) {
        int64_t n = rows->n - i < piece->most_rows ? rows->n - i : piece->most_rows;
        status = ev_set_read_rows(set, EV_FORM_U8_NHWC, rows->rows + i, n, piece->images, err);
        if (status == EV_OK && piece->with_digest)
            sha256_update(&piece->digest, (size_t)n * row_bytes, piece->images);
        if (status == EV_OK && piece->poses)
            status = read_poses(set, rows->rows + i, n, piece->poses, err);
        for (int64_t j = 0; j < n; j++)
            memcpy(piece->labels + j * n_outputs, labels + rows->rows[i + j] * n_outputs,
                   (size_t)n_outputs * sizeof *labels);
        if (status == EV_OK)
            status =
                ev_set_writer_append(writer, n, piece->images, piece->labels, piece->poses, err);
        if (status == EV_OK)
            status = ev_interrupt_check(err);
        if (status == EV_OK)
            ev_progress_update(progress, *done += n, NULL);
    }
    return status;
}

/* Ends the digest of a set all of whose pictures passed. */
static void end_digest(const struct ev_set *set, struct piece *piece, char sha256[65])
{
    const struct ev_set_info *info = ev_set_info(set);
    const float *labels = ev_set_labels(set);

    sha256_update(&piece->digest, (size_t)info->n_rows * (size_t)info->n_outputs * sizeof *labels,
                  (const uint8_t *)labels);
    ev_digest_hex(&piece->digest, sha256);
}

static enum ev_status append_all(const struct ev_cut *cut, bool with_pose, int64_t n_rows,
                                 struct ev_set_writer *writer, struct ev_error *err)
{
    struct ev_progress progress;
    struct piece piece;
    enum ev_status status = EV_OK;
    int64_t done = 0;

    if (!make_piece(ev_set_info(cut->sets[0]), with_pose, &piece))
        status = ev_fail(err, EV_MEMORY, "out of memory");
    ev_progress_start(&progress, cut->what, "rows", n_rows);
    piece.with_digest = cut->sha256 != NULL;
    for (int32_t i = 0; i < cut->n_sets && status == EV_OK; i++) {
        sha256_init(&piece.digest);
        status = append_rows(cut->sets[i], &cut->rows[i], &piece, writer, &progress, &done, err);
        if (status == EV_OK && cut->sha256)
            end_digest(cut->sets[i], &piece, cut->sha256[i]);
    }
    ev_progress_finish(&progress);
    free_piece(&piece);
    return status;
}

/* --- Attributes, further datasets --- */

static void note_left_out(const struct ev_set *set, const char *name)
{
    char line[600];

    snprintf(line, sizeof line, "/%.63s is left out: %.400s does not have it like the others", name,
             ev_set_info(set)->path);
    ev_progress_note(line);
}

static enum ev_status copy_further(const struct ev_cut *cut, const struct ev_set_further *further,
                                   struct ev_set_writer *writer, struct ev_error *err)
{
    enum ev_status status = EV_OK;
    int64_t first_row = 0;

    for (int32_t i = 1; i < cut->n_sets; i++) {
        if (!ev_set_is_further_alike(cut->sets[0], cut->sets[i], further)) {
            note_left_out(cut->sets[i], further->name);
            return EV_OK;
        }
    }
    for (int32_t i = 0; i < cut->n_sets && status == EV_OK; i++) {
        status = ev_set_writer_copy(writer, further->name, cut->sets[i], cut->rows[i].rows,
                                    cut->rows[i].n, first_row, err);
        first_row += cut->rows[i].n;
    }
    return status;
}

/* What is told of a set's datasets that are left out. */
struct note {
    const char *out, *path;
};

static void note_dataset(void *self, const char *name, const char *why)
{
    const struct note *note = self;
    char line[900], clean[100];

    ev_text_clean(name, clean, sizeof clean);
    snprintf(line, sizeof line, "%.300s: /%s of %.300s is left out: %s", note->out, clean,
             note->path, why);
    ev_progress_note(line);
}

static enum ev_status copy_rest(const struct ev_cut *cut, const char *out,
                                struct ev_set_writer *writer, struct ev_error *err)
{
    struct ev_set_further list[EV_MAX_FURTHER], ignored[EV_MAX_FURTHER];
    enum ev_status status = ev_set_writer_inherit(writer, cut->sets[0], err);
    int32_t n = 0;

    for (int32_t i = 0; i < cut->n_sets; i++) {
        struct note note = {out, ev_set_info(cut->sets[i])->path};
        int32_t n_here =
            ev_set_find_further(cut->sets[i], i == 0 ? list : ignored, note_dataset, &note);
        n = i == 0 ? n_here : n;
    }
    for (int32_t i = 0; i < n && status == EV_OK; i++)
        status = copy_further(cut, &list[i], writer, err);
    return status;
}

/* Whether all sets have poses; a note if only some have. */
static bool all_have_pose(const struct ev_cut *cut)
{
    int32_t n_with = 0, without = -1;

    for (int32_t i = 0; i < cut->n_sets; i++) {
        if (ev_set_has_pose(cut->sets[i]))
            n_with++;
        else
            without = i;
    }
    if (n_with > 0 && without >= 0)
        note_left_out(cut->sets[without], "pose");
    return without < 0;
}

enum ev_status ev_cut_write(const struct ev_cut *cut, const char *out,
                            struct ev_set_writer **writer, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(cut->sets[0]);
    struct ev_set_storage storage;
    int64_t n_rows = 0;

    *writer = NULL;
    for (int32_t i = 0; i < cut->n_sets; i++) {
        enum ev_status fit = check_set(cut->sets[i], out, err);
        if (fit != EV_OK)
            return fit;
        n_rows += cut->rows[i].n;
    }
    ev_set_describe_storage(cut->sets[0], &storage);
    const bool deflated = storage.chunk_rows > 0 && strstr(storage.filters, "deflate ") != NULL;
    struct ev_set_spec spec = {
        .n_rows = n_rows,
        .shape = info->shape,
        .n_outputs = info->n_outputs,
        .circuit = cut->circuit,
        .provenance = cut->provenance,
        .frame_rate_hz = cut->frame_rate_hz,
        .with_pose = all_have_pose(cut),
        .chunk_rows = deflated ? storage.chunk_rows : 0,
        .deflate_level = deflated ? atoi(strstr(storage.filters, "deflate ") + 8) : 0,
    };
    memcpy(spec.columns, info->columns, sizeof spec.columns);
    enum ev_status status = ev_set_writer_open(out, &spec, writer, err);
    if (status == EV_OK)
        status = append_all(cut, spec.with_pose, n_rows, *writer, err);
    if (status == EV_OK)
        status = copy_rest(cut, out, *writer, err);
    if (status != EV_OK) {
        ev_set_writer_abort(*writer);
        *writer = NULL;
    }
    return status;
}
