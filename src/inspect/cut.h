/* SPDX-License-Identifier: MIT */
/*
 * Sets made of other sets' rows: subset, concat, split. All rows keep their order; attributes,
 * poses and further datasets are kept; provenance says where the rows are from. Pictures pass in
 * pieces, so memory does not grow with them; labels and row numbers are held.
 */
#ifndef EV_CUT_H
#define EV_CUT_H

#include <stdbool.h>
#include <stdint.h>

#include "evalrun/error.h"
#include "set/set.h"

/* Rows of one set. */
struct ev_cut_rows {
    int64_t *rows; /* (n) ascending, owned */
    int64_t n;
};

void ev_cut_rows_free(struct ev_cut_rows *rows);

/* What a subset takes, in this order: the slice, of it what fulfils the condition, of that every
 * N-th row, of that the first ones. */
struct ev_subset_args {
    const char *rows;  /* "A:B:STEP"; NULL: all */
    const char *where; /* "|w|>1"; NULL: all */
    int64_t every;     /* 1: all */
    int64_t limit;     /* 0: all */
};

/* Failure: EV_USAGE naming the option, EV_INPUT if no row is left. */
EV_CHECKED enum ev_status ev_subset_rows(struct ev_set *set, const struct ev_subset_args *args,
                                         struct ev_cut_rows *rows, struct ev_error *err);
EV_CHECKED enum ev_status ev_subset(struct ev_set *set, const struct ev_subset_args *args,
                                    const char *out, struct ev_error *err);

/* Joins n >= 1 sets of one shape and with the same columns. EV_INPUT with the file that differs and
 * in what. Poses and further datasets that not all of them have are left out, with a note. */
EV_CHECKED enum ev_status ev_concat(struct ev_set *const *sets, int32_t n, const char *out,
                                    struct ev_error *err);

struct ev_split_args {
    bool by_lap; /* whole laps, else single rows */
    uint64_t seed;
    double share; /* of the rows, for the first part: in (0, 1) */
};

/* Divides all rows in two, both not empty: rows at random, their number rounded; or whole laps at
 * random, in the nearest to the share of a few tries. Depends on the arguments and the poses only. Failure:
 * EV_INPUT if there is nothing to divide. */
EV_CHECKED enum ev_status ev_split_rows(struct ev_set *set, const struct ev_split_args *args,
                                        struct ev_cut_rows *first, struct ev_cut_rows *rest,
                                        struct ev_error *err);
/* Writes both parts, with a note if whole laps leave more than 0.1 between the share reached and the
 * one asked for; neither appears before both are complete. EV_USAGE if they are one file, or
 * the set's. */
EV_CHECKED enum ev_status ev_split(struct ev_set *set, const struct ev_split_args *args,
                                   const char *out, const char *rest_out, struct ev_error *err);

/* Writes rows of sets, the first set's first, under one provenance (JSON text) and circuit. */
struct ev_cut {
    struct ev_set *const *sets;     /* (n_sets) */
    const struct ev_cut_rows *rows; /* (n_sets) */
    int32_t n_sets;
    const char *circuit, *provenance;
    double frame_rate_hz; /* 0: unknown */
    char (*sha256)[65];   /* (n_sets) computed of sets whose rows are all taken; NULL: not wanted */
    const char *what;     /* for the progress: "subset" */
};
/* Writes all of it; the caller commits the writer, or aborts it. NULL on failure. EV_USAGE if `out`
 * is one of the sets that are read. */
EV_CHECKED enum ev_status ev_cut_write(const struct ev_cut *cut, const char *out,
                                       struct ev_set_writer **writer, struct ev_error *err);

#endif
