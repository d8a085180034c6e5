/* SPDX-License-Identifier: MIT */
/* subset, concat and split: rows chosen, provenance told, sets written. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/digest.h"
#include "base/progress.h"
#include "base/text.h"
#include "evalrun/version.h"
#include "inspect/cut.h"

/* --- Provenance --- */

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* What a parent says itself; where that is long, only what identifies it, so that a set made of
 * many can still be read. *left counts the bytes that remain. NULL if it says nothing. */
static json_t *tell_parent(const char *provenance, size_t *left)
{
    json_t *told = json_loads(provenance, 0, NULL);
    struct sha256_ctx digest;
    char hex[65];

    if (!told && *provenance)
        told = json_string(provenance);
    char *text =
        told ? json_dumps(told, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)) : NULL;
    const size_t length = text ? strlen(text) : 0;
    if (length > *left) {
        const json_t *parents = json_object_get(told, "parents");
        json_int_t n_parents = (json_int_t)json_array_size(parents);
        sha256_init(&digest);
        sha256_update(&digest, strlen(provenance), (const uint8_t *)provenance);
        ev_digest_hex(&digest, hex);
        json_decref(told);
        told = json_pack("{s:I, s:I, s:s}", "summary_of_bytes", (json_int_t)strlen(provenance),
                         "n_parents", n_parents, "provenance_sha256", hex);
    } else {
        *left -= length;
    }
    free(text);
    return told;
}

/* The set that rows are from: name without its folder, so that the same command gives the same
 * bytes anywhere, number of rows, digest (computed, or else said to be the recorded one), and what
 * it says itself. */
static enum ev_status describe_parent(struct ev_set *set, const char *computed, size_t *left,
                                      json_t *parents, struct ev_error *err)
{
    const struct ev_set_info *info = ev_set_info(set);
    const char *key = computed || !*info->recorded_sha256 ? "sha256" : "recorded_sha256";
    char name[512], sha256[65];
    enum ev_status status = EV_OK;

    if (computed)
        memcpy(sha256, computed, sizeof sha256);
    else
        status = ev_set_sha256(set, sha256, err);
    if (status != EV_OK)
        return status;
    ev_text_clean(name_of(info->path), name, sizeof name); /* Unicode, as JSON wants it */
    json_t *told = tell_parent(info->provenance, left);
    json_t *parent = json_pack("{s:s, s:I, s:s, s:o*}", "file", name, "rows",
                               (json_int_t)info->n_rows, key, sha256, "provenance", told);
    return json_array_append_new(parents, parent) == 0 ? EV_OK
                                                       : ev_fail(err, EV_MEMORY, "out of memory");
}

/* Provenance as JSON text (malloc'ed, into *text); takes `selection`, which may be NULL when out of
 * memory. `computed` are the sets' digests, NULL if they were not computed. */
static enum ev_status tell_provenance(const char *command, json_t *selection,
                                      struct ev_set *const *sets, int32_t n_sets,
                                      const char (*computed)[65], char **text, struct ev_error *err)
{
    json_t *parents = json_array();
    size_t left = EV_MAX_PROVENANCE_BYTES / 2; /* the other half for names and digests */
    enum ev_status status = parents && selection ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");

    *text = NULL;
    for (int32_t i = 0; i < n_sets && status == EV_OK; i++)
        status = describe_parent(sets[i], computed ? computed[i] : NULL, &left, parents, err);
    json_t *json = json_pack("{s:s, s:s, s:o, s:o}", "tool_version", EV_VERSION, "made_by", command,
                             "selection", selection, "parents", parents);
    if (status == EV_OK) {
        *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
        status = *text ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");
    }
    json_decref(json);
    return status;
}

/* --- Subset --- */

/* Only what was asked for is told. */
static json_t *tell_subset(const struct ev_subset_args *args)
{
    json_t *told = json_object();

    if (args->rows)
        json_object_set_new(told, "rows", json_string(args->rows));
    if (args->where)
        json_object_set_new(told, "where", json_string(args->where));
    if (args->every > 1)
        json_object_set_new(told, "every", json_integer(args->every));
    if (args->limit > 0)
        json_object_set_new(told, "limit", json_integer(args->limit));
    return told;
}

static enum ev_status write_one(const struct ev_cut *cut, const char *out, struct ev_error *err)
{
    struct ev_set_writer *writer = NULL;
    enum ev_status status = ev_cut_write(cut, out, &writer, err);

    return status == EV_OK ? ev_set_writer_commit(writer, err) : status;
}

/* Pictures a second of some rows: fewer if they are evenly spaced, unknown if they are not. */
static double rate_of(const struct ev_set *set, const struct ev_cut_rows *rows)
{
    const int64_t step = rows->n > 1 ? rows->rows[1] - rows->rows[0] : 1;

    for (int64_t i = 2; i < rows->n; i++) {
        if (rows->rows[i] - rows->rows[i - 1] != step)
            return 0.0;
    }
    return ev_set_info(set)->frame_rate_hz / (double)step;
}

enum ev_status ev_subset(struct ev_set *set, const struct ev_subset_args *args, const char *out,
                         struct ev_error *err)
{
    struct ev_cut_rows rows;
    char *provenance = NULL;

    enum ev_status status = ev_subset_rows(set, args, &rows, err);
    if (status == EV_OK)
        status =
            tell_provenance("dataset subset", tell_subset(args), &set, 1, NULL, &provenance, err);
    if (status == EV_OK) {
        const struct ev_cut cut = {
            .sets = &set,
            .rows = &rows,
            .n_sets = 1,
            .circuit = ev_set_info(set)->circuit,
            .provenance = provenance,
            .frame_rate_hz = rate_of(set, &rows),
            .what = "subset",
        };
        status = write_one(&cut, out, err);
    }
    free(provenance);
    ev_cut_rows_free(&rows);
    return status;
}

/* --- Concat --- */

static enum ev_status check_same(const struct ev_set_info *a, const struct ev_set_info *b,
                                 struct ev_error *err)
{
    if (memcmp(&a->shape, &b->shape, sizeof a->shape) != 0)
        return ev_fail(err, EV_INPUT, "%s: pictures of %d x %d x %d, but %s has %d x %d x %d",
                       b->path, b->shape.height, b->shape.width, b->shape.channels, a->path,
                       a->shape.height, a->shape.width, a->shape.channels);
    if (strcmp(ev_set_colour(a), ev_set_colour(b)) != 0)
        return ev_fail(err, EV_INPUT, "%s: colour '%s', but %s has '%s'", b->path, ev_set_colour(b),
                       a->path, ev_set_colour(a));
    if (a->n_outputs != b->n_outputs)
        return ev_fail(err, EV_INPUT, "%s: %d label columns, but %s has %d", b->path, b->n_outputs,
                       a->path, a->n_outputs);
    for (int32_t i = 0; i < a->n_outputs; i++) {
        const struct ev_column *one = &a->columns[i], *other = &b->columns[i];
        if (strcmp(one->name, other->name) != 0)
            return ev_fail(err, EV_INPUT, "%s: label column %d is %s, but in %s it is %s", b->path,
                           i, other->name, a->path, one->name);
        if (strcmp(one->unit, other->unit) != 0)
            return ev_fail(err, EV_INPUT, "%s: %s is in '%s', but in %s it is in '%s'", b->path,
                           other->name, other->unit, a->path, one->unit);
        if (one->min != other->min || one->max != other->max)
            return ev_fail(err, EV_INPUT, "%s: the range of %s is %g to %g, but in %s %g to %g",
                           b->path, other->name, other->min, other->max, a->path, one->min,
                           one->max);
    }
    return EV_OK;
}

/* The circuits' names, each once, joined by commas; malloc'ed. */
static char *join_circuits(struct ev_set *const *sets, int32_t n)
{
    char *joined = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&joined, &length);

    for (int32_t i = 0; i < n && out; i++) {
        const char *circuit = ev_set_info(sets[i])->circuit;
        bool known = *circuit == '\0';
        for (int32_t j = 0; j < i; j++)
            known = known || strcmp(ev_set_info(sets[j])->circuit, circuit) == 0;
        fflush(out);
        if (!known)
            fprintf(out, "%s%s", length > 0 ? ", " : "", circuit);
    }
    if (out && fclose(out) == 0)
        return joined;
    free(joined);
    return NULL;
}

static enum ev_status all_rows(struct ev_set *set, struct ev_cut_rows *rows, struct ev_error *err)
{
    const struct ev_subset_args all = {.every = 1};

    return ev_subset_rows(set, &all, rows, err);
}

/* All rows of sets that fit; their provenance is told when all have been read. */
static enum ev_status write_all(const struct ev_cut *cut, const char *out, struct ev_error *err)
{
    struct ev_set_writer *writer = NULL;
    char *provenance = NULL;
    enum ev_status status = ev_cut_write(cut, out, &writer, err);

    if (status != EV_OK)
        return status;
    status = tell_provenance("dataset concat", json_object(), cut->sets, cut->n_sets,
                             (const char(*)[65])cut->sha256, &provenance, err);
    if (status == EV_OK)
        status = ev_set_writer_tell(writer, provenance, err);
    free(provenance);
    if (status == EV_OK)
        return ev_set_writer_commit(writer, err);
    ev_set_writer_abort(writer);
    return status;
}

enum ev_status ev_concat(struct ev_set *const *sets, int32_t n, const char *out,
                         struct ev_error *err)
{
    struct ev_cut_rows *rows = calloc((size_t)n, sizeof *rows);
    char(*sha256)[65] = calloc((size_t)n, sizeof *sha256), *circuit = join_circuits(sets, n);
    double rate_hz = ev_set_info(sets[0])->frame_rate_hz;
    enum ev_status status =
        rows && sha256 && circuit ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");

    for (int32_t i = 0; i < n && status == EV_OK; i++) {
        status = check_same(ev_set_info(sets[0]), ev_set_info(sets[i]), err);
        if (status == EV_OK)
            status = all_rows(sets[i], &rows[i], err);
        if (ev_set_info(sets[i])->frame_rate_hz != rate_hz)
            rate_hz = 0.0;
    }
    if (status == EV_OK) {
        const struct ev_cut cut = {
            .sets = sets,
            .rows = rows,
            .n_sets = n,
            .circuit = circuit,
            .frame_rate_hz = rate_hz,
            .sha256 = sha256,
            .what = "concat",
        };
        status = write_all(&cut, out, err);
    }
    for (int32_t i = 0; rows && i < n; i++)
        ev_cut_rows_free(&rows[i]);
    free(rows);
    free(sha256);
    free(circuit);
    return status;
}

/* --- Split --- */

/* Further off the share that was asked for, it is told. */
#define MOST_OFF 0.1

static void note_share(const struct ev_set *set, const struct ev_split_args *args,
                       const struct ev_cut_rows *first)
{
    const struct ev_set_info *info = ev_set_info(set);
    const double reached = (double)first->n / (double)info->n_rows;
    char line[600];

    if (!args->by_lap || fabs(reached - args->share) <= MOST_OFF)
        return;
    snprintf(line, sizeof line,
             "%.400s: its laps leave %.2g of the rows to the first part, not %.2g", info->path,
             reached, args->share);
    ev_progress_note(line);
}

/* One of the two parts, written but not committed. */
static enum ev_status write_part(struct ev_set *set, const struct ev_split_args *args,
                                 const struct ev_cut_rows *rows, const char *part, const char *out,
                                 struct ev_set_writer **writer, struct ev_error *err)
{
    char *provenance = NULL;
    json_t *told = json_pack("{s:s, s:I, s:f, s:s}", "by", args->by_lap ? "lap" : "random", "seed",
                             (json_int_t)args->seed, "share", args->share, "part", part);

    enum ev_status status = tell_provenance("dataset split", told, &set, 1, NULL, &provenance, err);
    if (status == EV_OK) {
        const struct ev_cut cut = {
            .sets = &set,
            .rows = rows,
            .n_sets = 1,
            .circuit = ev_set_info(set)->circuit,
            .provenance = provenance,
            .frame_rate_hz = args->by_lap ? ev_set_info(set)->frame_rate_hz : 0.0,
            .what = "split",
        };
        status = ev_cut_write(&cut, out, writer, err);
    }
    free(provenance);
    return status;
}

/* The folder that a file is in; false if it is not there. */
static bool stat_folder(const char *path, struct stat *info)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    bool ok = folder && stat(folder, info) == 0;

    free(folder);
    return ok;
}

/* The parts must be two files, and neither may take the place of what is read. */
static enum ev_status check_outputs(const struct ev_set *set, const char *out, const char *rest_out,
                                    struct ev_error *err)
{
    const char *const outs[] = {out, rest_out}, *const options[] = {"out", "rest"};
    struct stat one, other;

    for (int i = 0; i < 2; i++) {
        if (ev_set_reads_file(set, outs[i]))
            return ev_fail(err, EV_USAGE, "--%s %s: is the set that is read", options[i], outs[i]);
    }
    if (strcmp(name_of(out), name_of(rest_out)) == 0 && stat_folder(out, &one) &&
        stat_folder(rest_out, &other) && one.st_dev == other.st_dev && one.st_ino == other.st_ino)
        return ev_fail(err, EV_USAGE, "%s: both parts would be the same file", rest_out);
    return EV_OK;
}

enum ev_status ev_split(struct ev_set *set, const struct ev_split_args *args, const char *out,
                        const char *rest_out, struct ev_error *err)
{
    struct ev_cut_rows first = {0}, rest = {0};
    struct ev_set_writer *writers[2] = {NULL, NULL};

    enum ev_status status = check_outputs(set, out, rest_out, err);
    if (status == EV_OK)
        status = ev_split_rows(set, args, &first, &rest, err);
    if (status == EV_OK)
        note_share(set, args, &first);
    if (status == EV_OK)
        status = write_part(set, args, &first, "first", out, &writers[0], err);
    if (status == EV_OK)
        status = write_part(set, args, &rest, "rest", rest_out, &writers[1], err);
    for (int i = 0; i < 2 && status == EV_OK; i++)
        status = ev_set_writer_finish(writers[i], err);
    for (int i = 0; i < 2 && status == EV_OK; i++) {
        status = ev_set_writer_commit(writers[i], err);
        writers[i] = NULL;
    }
    for (int i = 0; i < 2; i++)
        ev_set_writer_abort(writers[i]);
    ev_cut_rows_free(&first);
    ev_cut_rows_free(&rest);
    return status;
}
