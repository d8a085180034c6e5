/* SPDX-License-Identifier: MIT */
/*
 * Sets: HDF5 files of pictures and labels. Open and check, stream in batches, read rows, write.
 *
 * The file format is described in datasets/README.md. All HDF5 calls of the program are in this
 * folder. HDF5 has one global lock; a set is used by one thread at a time, except that a stream's
 * readers use it while the stream is open (then nobody else does).
 */
#ifndef EV_SET_H
#define EV_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evalrun/batch.h"
#include "evalrun/error.h"

#define EV_MAX_OUTPUTS 16
/* Of a provenance with its NUL: longer ones are read as if there was none, and not written. */
#define EV_MAX_PROVENANCE_BYTES ((size_t)1 << 20)

/* One label column. Normalised = (physical - min) / (max - min). */
struct ev_column {
    char name[32];
    char unit[32]; /* as printed after a number, "m/s"; may be empty */
    double min;
    double max;
};

/* Whether labels can be normalised by a range: both ends are numbers, and their distance can be
 * divided by. */
bool ev_column_is_range(double min, double max);

/* How the axes of pictures lie in a file. */
enum ev_set_layout {
    EV_SET_LAYOUT_FOUND, /* the channels are the axis of 1, 3 or 4, the last if both are; else the
                            shorter one */
    EV_SET_LAYOUT_NHWC,
    EV_SET_LAYOUT_NCHW,
};

/* Where a file of another program has its pictures and labels, and what they are. */
struct ev_set_source {
    const char *images; /* path in the file; NULL: "/images" */
    const char *labels; /* NULL: "/labels" */
    enum ev_set_layout layout;
    double white; /* value of white in pictures of floats, which is 1 for models; 0: 1 */
    /* For a file that is to be checked: labels may be NaN or infinite, attributes of the labels that
     * cannot be used are taken as missing, and a higher format version is read all the same. */
    bool lenient;
};

/* What is known about a set. Strings are the set's and live until ev_set_close. */
struct ev_set_info {
    const char *path;
    int64_t n_rows;
    struct ev_shape shape;
    enum ev_form form; /* of the pictures: bytes, or floats that only models of floats take */
    int32_t n_outputs;
    struct ev_column columns[EV_MAX_OUTPUTS];
    bool has_ranges;             /* the file gives them; else 0 to 1 is assumed */
    const char *circuit;         /* "" if the file does not say */
    const char *colour;          /* as in the file, "" if it does not say: see ev_set_colour */
    const char *provenance;      /* JSON object as text; "" if the file has none */
    double frame_rate_hz;        /* 0 if unknown */
    bool names_are_cut;          /* a column's name or unit in the file is longer than here */
    const char *recorded_sha256; /* content digest the writer recorded; "" if none */
};

struct ev_set;

/* Opens a set read-only and checks it: pictures uint8, float16, float32 or float64, (N, H, W, C),
 * (N, C, H, W) or (N, H, W); labels numeric (N, K) with 1 <= K <= EV_MAX_OUTPUTS, same N >= 1, labels
 * finite, sizes that do not overflow, the data really present in the file. Columns without
 * attributes are called y0, y1, ... with range 0..1. `source` NULL: /images and /labels.
 *
 * A child process opens the file first, because HDF5 crashes or never returns on some damaged
 * files: what ends the child is then an error like any other. Where HDF5 must unpack the pictures
 * itself (chunks that cut pictures, rare filters and types) the child reads them all, so that
 * opening takes as long as reading. EV_INTERRUPTED when a signal ends it.
 *
 * Failure: EV_INPUT with one line that starts with the path; *set is NULL. */
EV_CHECKED enum ev_status ev_set_open(const char *path, const struct ev_set_source *source,
                                      struct ev_set **set, struct ev_error *err);
void ev_set_close(struct ev_set *set);
const struct ev_set_info *ev_set_info(const struct ev_set *set);

/* Whether a path leads to a file that the set reads, which must not be written then: its own, one
 * behind external links, external storage. */
bool ev_set_reads_file(const struct ev_set *set, const char *path);
/* What the channels are: "rgb", "yuv" or "grey" as the file says, else "rgb" of 3 and "grey" of 1;
 * "" for other numbers of channels. */
const char *ev_set_colour(const struct ev_set_info *info);

/* A note on standard error if the labels lie outside 0..1 and the file gives no ranges: normalised
 * errors are then in the labels' own units, which is rarely meant. */
void ev_set_note_ranges(const struct ev_set *set);
/* Whether pictures of floats can be meant: those that go up to 255 are none for models of 0 to 1, and
 * EV_INPUT unless the source says what white is; a note on standard error if they go beyond 1, as
 * pictures around a mean of 0 do. */
EV_CHECKED enum ev_status ev_set_check_white(struct ev_set *set, struct ev_error *err);

/* All labels, (N, K) float32, physical units; read at open, owned by the set. */
const float *ev_set_labels(const struct ev_set *set);

/* Normalised labels of rows [first, first + n) into out (n, K) float32. */
void ev_set_targets(const struct ev_set *set, int64_t first, int64_t n, float *out);

/* Bytes of one picture in a form. */
size_t ev_set_picture_bytes(const struct ev_set_info *info, enum ev_form form);

/* Reads pictures of rows [first, first + n) into `images` in a form: the set's own, or
 * EV_FORM_F32_NCHW for a set of bytes (x / 255). */
EV_CHECKED enum ev_status ev_set_read(struct ev_set *set, enum ev_form form, int64_t first,
                                      int64_t n, void *images, struct ev_error *err);
/* Reads the pictures rows[0..n-1], in that order, any order, repeats allowed. */
EV_CHECKED enum ev_status ev_set_read_rows(struct ev_set *set, enum ev_form form,
                                           const int64_t *rows, int64_t n, void *images,
                                           struct ev_error *err);

/* Row i of n <= n_rows that are evenly spread over a set of n_rows. */
static inline int64_t ev_set_spread_row(int64_t n_rows, int64_t n, int64_t i)
{
    return n_rows / n * i + n_rows % n * i / n;
}

/* Makes reading in any order as fast as in sequence: a set whose pictures are packed in chunks is
 * unpacked once, by n_threads, into a nameless file in $TMPDIR or /var/tmp. Others are left
 * alone. */
EV_CHECKED enum ev_status ev_set_unpack(struct ev_set *set, int32_t n_threads,
                                        struct ev_error *err);

/* SHA-256 as 64 hex digits + NUL of the content (images in the set's form, then labels): the
 * recorded one if the writer left it, else computed by reading the set once. */
EV_CHECKED enum ev_status ev_set_sha256(struct ev_set *set, char hex[65], struct ev_error *err);
/* SHA-256 of the labels alone, computed: who changes them in a file may leave its digest. */
void ev_set_labels_sha256(const struct ev_set *set, char hex[65]);

/* Whether the set says where its pictures were taken: /pose, numbers (N, EV_POSE_COLUMNS). */
#define EV_POSE_COLUMNS 4 /* x_m, y_m, yaw_rad, distance_m */
bool ev_set_has_pose(const struct ev_set *set);
/* Reads the poses of rows [first, first + n) into pose (n, EV_POSE_COLUMNS). */
EV_CHECKED enum ev_status ev_set_read_pose(struct ev_set *set, int64_t first, int64_t n,
                                           double *pose, struct ev_error *err);

/* How the pictures are stored. */
struct ev_set_storage {
    const char *type;   /* "uint8", "float32" */
    const char *axes;   /* "N x H x W x C", "N x C x H x W" or "N x H x W" */
    bool axes_found;    /* whether the channels come first was found, not asked for */
    const char *layout; /* "contiguous", "compact" or "chunked" */
    int64_t chunk_rows; /* 0 unless chunked */
    char filters[96];   /* "deflate 6, shuffle"; "" without */
    int64_t picture_bytes; /* of one, without filters */
    int64_t image_bytes;   /* what the pictures take in the file */
    int64_t file_bytes;
};
void ev_set_describe_storage(const struct ev_set *set, struct ev_set_storage *storage);

/* A further dataset of fixed-size numbers with a row for each picture, "/commands". */
struct ev_set_further {
    char name[64];
    int64_t row_values;  /* numbers a row */
    char columns[200];   /* of its attribute `names`: "v, w"; "" without */
};
#define EV_MAX_FURTHER 16
/* Fills list in the order of names and returns how many there are; more than EV_MAX_FURTHER are
 * left out. */
int32_t ev_set_list_further(const struct ev_set *set, struct ev_set_further list[EV_MAX_FURTHER]);
/* The same, and tells each object of the root group that is neither further nor used, and why. */
int32_t ev_set_find_further(const struct ev_set *set, struct ev_set_further list[EV_MAX_FURTHER],
                            void (*tell)(void *self, const char *name, const char *why),
                            void *self);
/* Whether another set has a's further dataset too, with the same type, row shape and columns. */
bool ev_set_is_further_alike(const struct ev_set *a, const struct ev_set *b,
                             const struct ev_set_further *further);

/* Tells one line for each fault of the file's form that does not depend on the rows: attributes
 * that are missing in a file of the program's own format, have a wrong length or make no sense, an
 * unknown version, further datasets with another number of rows. For a set opened leniently. */
void ev_set_check_form(const struct ev_set *set, void (*tell)(void *self, const char *fault),
                       void *self);

/*
 * Stream: reader threads stay up to `depth` batches ahead of the caller. Every row from first_row on
 * comes exactly once, in order; the last batch is short. There is one reader where HDF5 does all the
 * work, there are two where rows are only copied, and `n_threads` where they are inflated or turned
 * into another form; they share the chunks or spans of rows. Memory is depth + 1 batches and a chunk
 * or a span for each reader.
 */
struct ev_stream;

/* A batch of a stream: a view of its pictures and its first row. Valid until the next call of
 * ev_stream_next or ev_stream_close. */
struct ev_stream_batch {
    struct ev_batch batch;
    int64_t first_row;
};

/* Batches that the readers are ahead, for `depth`: one being read while one waits evens out uneven
 * reads. Memory is three batches, 122 MB at 1024 pictures of 66 x 200. */
#define EV_READ_AHEAD 2

struct ev_stream_args {
    enum ev_form form; /* as ev_set_read has it */
    int64_t batch_rows;
    int32_t depth;
    int32_t n_threads;
    int64_t first_row; /* of the first batch: 0, or a multiple of batch_rows within the set */
};

EV_CHECKED enum ev_status ev_stream_open(struct ev_set *set, const struct ev_stream_args *args,
                                         struct ev_stream **stream, struct ev_error *err);
/* Next batch into *out; after the last one out->batch.n_rows is 0. A read error of the reader
 * thread comes out here. */
EV_CHECKED enum ev_status ev_stream_next(struct ev_stream *stream, struct ev_stream_batch *out,
                                         struct ev_error *err);
/* The memory in which all batches lie, the stream's: for who wants to have it pinned. */
void *ev_stream_memory(const struct ev_stream *stream, size_t *n_bytes);
/* Stops the reader thread and frees the stream; may be called at any point. Takes NULL. */
void ev_stream_close(struct ev_stream *stream);

/*
 * Writer: a set of known length, rows appended in order. The file appears under its name only at
 * commit, whole; before that it is a temporary file beside it.
 */
struct ev_set_spec {
    int64_t n_rows;
    struct ev_shape shape;
    int32_t n_outputs;
    struct ev_column columns[EV_MAX_OUTPUTS];
    const char *circuit;
    const char *colour;     /* "rgb", "yuv" or "grey"; NULL: not recorded */
    const char *provenance; /* JSON object as text: tool version, seed, parameters */
    double frame_rate_hz;
    bool with_pose;        /* /pose float64 (N, 4): x_m, y_m, yaw_rad, distance_m */
    int64_t chunk_rows;    /* 0: contiguous; else chunks of so many rows */
    int32_t deflate_level; /* 0: no filter; only with chunk_rows > 0 */
};

struct ev_set_writer;

/* EV_INPUT if the circuit or the provenance is too long to be read again. */
EV_CHECKED enum ev_status ev_set_writer_open(const char *path, const struct ev_set_spec *spec,
                                             struct ev_set_writer **writer, struct ev_error *err);
/* Appends n rows: images (n, H, W, C) uint8, labels (n, K) float32 physical, pose (n, 4) float64
 * or NULL when the spec has none. */
EV_CHECKED enum ev_status ev_set_writer_append(struct ev_set_writer *writer, int64_t n,
                                               const uint8_t *images, const float *labels,
                                               const double *pose, struct ev_error *err);
/* Writes a further dataset /NAME float32 (n_rows, n_columns) with the attribute `names`, whole; not
 * part of the digest. NaN is allowed. */
EV_CHECKED enum ev_status ev_set_writer_put(struct ev_set_writer *writer, const char *name,
                                            int32_t n_columns, const char *const *names,
                                            const float *values, struct ev_error *err);
/* Replaces the spec's provenance by what is known only behind the last row. */
EV_CHECKED enum ev_status ev_set_writer_tell(struct ev_set_writer *writer, const char *provenance,
                                             struct ev_error *err);
/* Copies attributes of another set's file, /images, /labels and /pose that the writer does not
 * write itself, as they are. */
EV_CHECKED enum ev_status ev_set_writer_inherit(struct ev_set_writer *writer,
                                                const struct ev_set *set, struct ev_error *err);
/* Copies rows[0..n-1] of another set's further dataset /NAME into rows first_row on of the same one
 * here, which the first call makes, with its type, row shape and attributes. */
EV_CHECKED enum ev_status ev_set_writer_copy(struct ev_set_writer *writer, const char *name,
                                             const struct ev_set *set, const int64_t *rows,
                                             int64_t n, int64_t first_row, struct ev_error *err);
/* Checks that all rows came, records the content digest, closes, syncs: for who commits several
 * files, all of which must be whole before the first is renamed. After it only commit or abort may
 * follow, after a failure only abort. Does nothing the second time. */
EV_CHECKED enum ev_status ev_set_writer_finish(struct ev_set_writer *writer, struct ev_error *err);
/* Finishes if that has not been done, and renames. Frees the writer whether it succeeds or not. */
EV_CHECKED enum ev_status ev_set_writer_commit(struct ev_set_writer *writer, struct ev_error *err);
/* Removes the temporary file and frees the writer. Takes NULL. */
void ev_set_writer_abort(struct ev_set_writer *writer);

#endif
