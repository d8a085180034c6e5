/* SPDX-License-Identifier: MIT */
/* What the files of this folder share: the plan of an import, and its rows. */
#ifndef EV_IMPORT_PRIVATE_H
#define EV_IMPORT_PRIVATE_H

#include <sys/stat.h>

#include "base/text.h"
#include "import/import.h"
#include "set/set.h"

/* How a log names its pictures: relative to the root, or as on another machine, which a leading
 * slash, a drive letter or a backslash tell. */
enum ev_import_path_kind { EV_IMPORT_PATH_HERE, EV_IMPORT_PATH_ELSEWHERE, EV_IMPORT_N_PATH_KINDS };

/* All paths of a kind lose the same number of leading parts: if each were followed as far as its
 * own end exists, a missing picture would be replaced by another one of the same name. */
struct ev_import_paths {
    int32_t n_dropped; /* -1: none was found yet */
    int64_t n;
    char example[420]; /* cell -> file, of the first that was found */
};

/* What the arguments mean for this source. */
struct ev_import_plan {
    const struct ev_import_args *args;
    bool is_log;
    char *table;       /* the CSV file */
    char *folder;      /* where it is */
    struct stat state; /* of the table before it was read */
    const char *root;  /* where a log's pictures are looked for */
    struct ev_import_paths paths[EV_IMPORT_N_PATH_KINDS];
    bool has_header;
    int32_t n_cells; /* of each row */
    int32_t n_cameras;
    int32_t image_columns[EV_IMPORT_MAX_CAMERAS];
    char camera_names[EV_IMPORT_MAX_CAMERAS][32];
    int32_t n_targets;
    int32_t target_columns[EV_MAX_OUTPUTS];
    struct ev_column columns[EV_MAX_OUTPUTS]; /* of the set */
    bool has_range[EV_MAX_OUTPUTS];
    struct ev_picture_crop crop;
    int32_t crop_height;           /* of the pictures that are cropped; 0: of all */
    bool mirrored[EV_MAX_OUTPUTS]; /* the target changes its sign in a mirror */
    int32_t offset_target;         /* -1: none */
    int32_t repeat_target;         /* -1: none */
};

/* Finds the table, looks at its first row and settles what each column is for. The caller frees the
 * plan, also after a failure. */
EV_CHECKED enum ev_status ev_import_plan_make(const struct ev_import_args *args,
                                              struct ev_import_plan *plan, struct ev_error *err);
void ev_import_plan_free(struct ev_import_plan *plan);

/* The columns of a table: what import_columns.c decides for the plan from the first row. */
EV_CHECKED enum ev_status ev_import_choose_columns(struct ev_import_plan *plan,
                                                   const struct ev_csv_row *first,
                                                   struct ev_error *err);

/* The JSON text that says how the set was made, malloc'ed; NULL when out of memory. */
char *ev_import_provenance(const struct ev_import_plan *plan,
                           const struct ev_import_result *result);

/* EV_INPUT if the table is not the file that the plan was made of, or was written to since. */
EV_CHECKED enum ev_status ev_import_check_table(const struct ev_import_plan *plan,
                                                struct ev_error *err);

/* Settles the root. */
EV_CHECKED enum ev_status ev_import_paths_start(struct ev_import_plan *plan, struct ev_error *err);
/* Takes a log's cell into the counts; the first of a kind that leads to a file, as it stands or
 * without as few leading parts as possible, settles how its kind is followed. */
EV_CHECKED enum ev_status ev_import_paths_learn(struct ev_import_plan *plan, const char *cell,
                                                struct ev_error *err);
/* Path (malloc'ed) of the picture that row `row` (from 0) names by `cell`, NULL in a folder.
 * EV_INPUT, without the table's name, if there is none. */
EV_CHECKED enum ev_status ev_import_find_picture(const struct ev_import_plan *plan, int64_t row,
                                                 const char *cell, char **path,
                                                 struct ev_error *err);

/* The rows of the table, in order. */
struct ev_import_rows {
    const struct ev_import_plan *plan;
    struct ev_csv_reader *reader;
    int64_t n_read; /* rows so far, bad ones too */
};

struct ev_import_row {
    int64_t number;                              /* from 0 */
    int64_t line;                                /* of the table; 0 behind the last row */
    int64_t last_line;                           /* where quotes let the row end */
    const char *pictures[EV_IMPORT_MAX_CAMERAS]; /* cells, until the next row; NULL in a folder */
    double labels[EV_MAX_OUTPUTS];
};

EV_CHECKED enum ev_status ev_import_rows_open(const struct ev_import_plan *plan,
                                              struct ev_import_rows *rows, struct ev_error *err);
/* EV_INPUT with table and line for a bad row; the next call goes on behind it. */
EV_CHECKED enum ev_status ev_import_rows_next(struct ev_import_rows *rows,
                                              struct ev_import_row *row, struct ev_error *err);
void ev_import_rows_close(struct ev_import_rows *rows);

/* Labels (n_targets) of a camera's picture. */
void ev_import_labels(const struct ev_import_plan *plan, const struct ev_import_row *row,
                      int32_t camera, float *labels);
/* How many times a picture with these labels comes, mirrored copies not counted. */
int64_t ev_import_repeats(const struct ev_import_plan *plan, const float *labels);

#endif
