/* SPDX-License-Identifier: MIT */
/*
 * The result: the one record that every report reads, and its file (results.json).
 *
 * Missing figures are NAN (double) or -1 (counts, bytes); reports print them as empty cells or
 * null, never as 0. All strings are malloc'ed and owned by the record.
 */
#ifndef EV_RESULT_H
#define EV_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/host.h"
#include "samples/samples.h"
#include "set/set.h"
#include "stats/verdict.h"

/* With which chance each interval of an error holds, by itself. */
#define EV_ERROR_CONFIDENCE 0.95
/* Errors that differ by less than this part of the baseline's are the same for practical purposes,
 * as EV_VERDICT_TIME_MARGIN has it for times. */
#define EV_ERROR_MARGIN     0.02

/* Errors of one output column, or of all together, over all rows of a set. */
struct ev_error_figures {
    double mse_norm; /* mean squared error, normalised units */
    double mae_norm;
    double mse; /* physical units squared; NAN for the mean over outputs */
    double mae; /* physical units; NAN for the mean over outputs */
    double r2;  /* 1 - residual / total sum of squares; NAN if the labels are constant */
};

/* The normalised MSE against the baseline's on the same rows: changes relative to the baseline's
 * MSE, 0.03 is 3 % more. */
struct ev_error_change {
    /* EV_VERDICT_NONE: not compared, as the baseline itself. */
    enum ev_verdict verdict;
    double relative;
    double low, high;  /* interval of `relative`, EV_ERROR_CONFIDENCE */
    double detectable; /* the smallest change that would have been told from none */
};

/* How far the normalised MSE of one output is known. */
struct ev_error_interval {
    double low, high; /* EV_ERROR_CONFIDENCE */
    struct ev_error_change change;
};

/* Where outputs of a set's row are furthest apart: by the largest absolute difference of an output,
 * in normalised units. */
struct ev_row_difference {
    double value; /* NAN: nothing was compared, or an output there is not finite */
    int32_t set;  /* of the result's sets; -1: none */
    int64_t row;  /* within that set, the first of several; -1: none */
};

/* How far a backend's outputs are from the baseline's on the same rows, by that difference of each
 * row; rows with an output that is not finite are further apart than all others. NAN for the
 * baseline itself. Percentiles are nearest ranks. */
struct ev_disagreement {
    double p50, p99;
    struct ev_row_difference worst;
};

/* As the published study counts, to be compared with its tables; see eval/study.h. */
struct ev_study_figures {
    double mse;          /* of the set's pictures; NAN without an output w */
    double mse_mirrored; /* of those and their mirror images; NAN where these were not computed */
    double mean_ns;      /* of EV_SAMPLES_STUDY_CALLS calls; NAN where they were not timed */
};

/* Times of single inferences (batch 1), and the samples they were made from. */
struct ev_latency_figures {
    int64_t n_calls; /* 0: not measured */
    double median_ns;
    double p90_ns;
    double p99_ns;
    double mean_ns;
    double min_ns;
    float *samples_ns; /* (n_calls), in the order of measuring */
};

/* What an engine tells of a model when it is opened, and what one picture shows of it. */
struct ev_result_look {
    char runs_on[32];       /* the device, as `device` of the row has it; "" if it is not told */
    int32_t n_layers;       /* with weights; -1: nothing is told of layers */
    int32_t n_int8_layers;  /* the ones that are computed in int8; -1 */
    char float_layers[160]; /* names of those that should be in int8 but are not: "conv1, fc2" */
    bool tells_apart;       /* its engine tells what its device takes, by the device's clock */
};

/* One backend on one set; set "all" pools the rows of every set that the backend ran on. */
struct ev_result_row {
    char *backend; /* variant, or engine module's path as given */
    char *engine;
    char *engine_detail;
    char *device; /* "cpu", "cuda:0" */
    char *set;
    char *model_path;     /* "" without a model */
    char *model_sha256;   /* "" without a model */
    uint32_t precision;   /* one enum ev_precision; 0: none was asked for */
    int64_t model_bytes;  /* file size; -1 without a model */
    int64_t weight_bytes; /* -1 if unknown */
    struct ev_result_look look;
    int64_t n_rows;
    int64_t batch_rows;
    int32_t n_threads;
    int32_t n_outputs;
    struct ev_column columns[EV_MAX_OUTPUTS];
    struct ev_error_figures outputs[EV_MAX_OUTPUTS];
    struct ev_error_figures all;
    double mse_norm_low, mse_norm_high; /* interval of all.mse_norm, EV_ERROR_CONFIDENCE */
    struct ev_error_change change;
    struct ev_error_interval intervals[EV_MAX_OUTPUTS];
    struct ev_disagreement disagreement;
    /* Between a row's outputs in a batch of batch_rows and by itself, at most, of up to
     * EV_SPREAD_ROWS rows of each set (see eval/spread.h). */
    struct ev_row_difference batch_delta;
    struct ev_study_figures study;
    char outputs_sha256[65]; /* of all outputs as float32, row by row, set by set; "": unknown */
    struct ev_latency_figures latency;
    double images_per_s; /* file to MSE at batch_rows, whole set; NAN if not measured */
};

/* One set that was used. */
struct ev_result_set {
    char *name;
    char *path;
    char *sha256;
    char *provenance; /* JSON text or "" */
    int64_t n_rows;
};

/* Times of one backend in one mode and boundary, over all worker processes. Each interval holds at
 * least with `confidence`, each bound of a percentile with EV_TIME_BOUND or, below
 * ev_interval_fewest() calls, with EV_TIME_BOUND_SHORT (see eval/time_figures.h). Counts and bounds
 * that a run is too short for are -1 and NAN. */
struct ev_result_timing {
    char *backend;
    bool is_control; /* the baseline, opened a second time */
    enum ev_mode mode;
    enum ev_boundary boundary;
    int32_t n_threads;
    int64_t rows_per_call, rows_per_piece;
    int64_t n_processes, n_blocks, n_calls;
    double confidence;
    double median_ns, median_low_ns, median_high_ns; /* over processes, of their medians */
    double p90_ns, p90_high_ns; /* over all calls, with an upper bound */
    double p99_ns, p99_high_ns;
    double mean_ns, min_ns;
    double deadline_ns;     /* paced: the period; else NAN */
    double missed_fraction; /* paced: calls that took longer */
    double images_per_s, images_per_s_low, images_per_s_high; /* of batches; else NAN */
    /* Against the baseline in the same mode and boundary, paired within rounds; relative, -0.5 is
     * half the time, or twice the images a second. NAN and EV_VERDICT_NONE for the baseline and the
     * control, whose change struct ev_result_quiet has. */
    enum ev_verdict verdict;
    double change, change_low, change_high;
    double detectable;
};

/* What the control and the noise say of one mode and boundary. */
struct ev_result_quiet {
    enum ev_mode mode;
    enum ev_boundary boundary;
    int32_t n_threads;
    int64_t rows_per_call, rows_per_piece;
    double control, control_low, control_high; /* change of the control against the baseline */
    bool unquiet; /* no verdicts on times */
    int64_t n_blocks, n_flagged;
    /* One sentence: why it is unquiet, or which verdicts are UNRESOLVED as they depend on flagged
     * blocks; "" if neither. */
    char *reason;
};

/* Kind of the row, the last of each backend, that holds what is left of the whole time. */
#define EV_LAYER_OTHER "other"

/* One layer of one backend's model, for one picture (--layers). */
struct ev_result_layer {
    char *backend;
    int32_t index;      /* in order of computation */
    char *name;         /* "conv1", or what the model calls it */
    char *kind;         /* "conv2d", "linear"; EV_LAYER_OTHER for all that is no layer */
    char *dtype;        /* what it is computed in: "float32", "int8", "float16" */
    int64_t macs;       /* multiply-adds */
    int64_t weight_bytes;
    double time_ns;     /* median */
    double share;       /* of the model's whole time, 0..1 */
    /* Change of the MSE when this layer alone is int8, relative; NAN where it was not tried. */
    double change, change_low, change_high;
};

/* What the machine can do at most, measured; NAN if it was not. */
struct ev_result_peak {
    double float_macs_per_s; /* float32 multiply-adds, all n_threads together */
    double int8_macs_per_s;
    double bytes_per_s;      /* read from memory */
    int32_t n_threads;       /* as many as the models had whose layers were timed */
};

/* Something that silently goes wrong. */
struct ev_result_alarm {
    char *code;    /* "equal-outputs", "nan", ... one word, see eval/alarm.h */
    char *backend;
    char *set;     /* "" if it is of none */
    char *text;    /* one sentence that names what, where, and the figures */
};

/* Name of the backend that others are compared with. */
#define EV_BASELINE "baseline"

struct ev_result {
    char *tool_version;
    char *started_utc;  /* ISO 8601 */
    char *command_line; /* as typed, one string */
    char *libraries;    /* "HDF5 1.10.8, libtorch 2.15.0" */
    struct ev_host host;
    bool interrupted;
    bool resumed; /* went on with an interrupted one, whose times are of that day */
    struct ev_result_row *rows;
    size_t n_rows;
    struct ev_result_set *sets;
    size_t n_sets;
    struct ev_result_timing *timings;
    size_t n_timings;
    struct ev_result_quiet *quiets;
    size_t n_quiets;
    struct ev_result_layer *layers;
    size_t n_layers;
    struct ev_result_peak peak;
    struct ev_result_alarm *alarms;
    size_t n_alarms;
    /* From which the figures were computed; empty for a result that was loaded without them. */
    struct ev_samples samples;
    char samples_sha256[65]; /* of their file, samples.h5; "" without one */
};

void ev_result_init(struct ev_result *result);
void ev_result_free(struct ev_result *result);
/* Appends a zeroed row (figures NAN, counts -1) and returns it; NULL when out of memory. Pointers
 * returned before become invalid. */
struct ev_result_row *ev_result_add_row(struct ev_result *result);
struct ev_result_set *ev_result_add_set(struct ev_result *result);
struct ev_result_timing *ev_result_add_timing(struct ev_result *result);
struct ev_result_quiet *ev_result_add_quiet(struct ev_result *result);
struct ev_result_layer *ev_result_add_layer(struct ev_result *result);
struct ev_result_alarm *ev_result_add_alarm(struct ev_result *result);
void ev_result_free_alarms(struct ev_result_alarm *alarms, size_t n_alarms);
/* The backend that changes are relative to: EV_BASELINE if it has a row, else that of the first row;
 * NULL without rows. */
const char *ev_result_baseline(const struct ev_result *result);
/* The first row of that backend, or NULL. */
const struct ev_result_row *ev_result_find_backend(const struct ev_result *result,
                                                   const char *backend);
/* What the control says where the timing was measured; NULL if it is unknown. */
const struct ev_result_quiet *ev_result_find_quiet(const struct ev_result *result,
                                                   const struct ev_result_timing *timing);
/* Row of that backend and set, or NULL. */
const struct ev_result_row *ev_result_find(const struct ev_result *result, const char *backend,
                                           const char *set);

/*
 * Writes results.json (whole or absent) and reads it back. The same record gives the same bytes;
 * reading checks every field (EV_INPUT naming file and key path, rows[2].mse_norm) and passes keys
 * by that it does not know. Its form, with null for what is missing:
 *
 *     schema            "evalrun-result"
 *     schema_version    1
 *     tool_version, started_utc, command_line, libraries     texts
 *     samples_sha256    of samples.h5; null without, may be absent
 *     interrupted       true if Ctrl-C ended the evaluation
 *     resumed           true if it went on with an interrupted one; may be absent
 *     machine           cpu_model, kernel, os_name, n_cores, memory_bytes
 *     sets[]            name, path, sha256, n_rows, provenance (JSON as a text)
 *     rows[]            one for each backend and set; set "all" pools the sets
 *         backend, set, device, engine, engine_detail, n_threads, n_rows, batch_rows
 *         precision     "fp32", "tf32", "fp16", "int8"; "" where none was asked for; may be absent
 *                       from results of older programs
 *         model_path, model_sha256, model_bytes, weight_bytes
 *         look          runs_on, n_layers, n_int8_layers, float_layers, tells_apart: see struct
 *                       ev_result_look; may be absent from results of older programs, tells_apart
 *                       alone too
 *         mse_norm, mae_norm, r2        over all outputs, normalised units
 *         mse_norm_low, mse_norm_high   95 % interval; as all that follows up to verdict, may be
 *                                       absent from results of older programs
 *         change, change_low, change_high, detectable_change     see struct ev_error_change
 *         verdict       "BETTER", "WORSE", "SAME", "UNRESOLVED"; null where nothing was compared
 *         outputs[]     name, unit, min, max (range of normalisation); mse_norm, mae_norm;
 *                       mse, mae (in the unit squared, in the unit); r2; and as the row has them
 *                       mse_norm_low, mse_norm_high, change, change_low, change_high,
 *                       detectable_change, verdict
 *         disagreement_p50, disagreement_p99, disagreement_max     see struct ev_disagreement; as
 *                       what follows up to outputs_sha256, may be absent as well
 *         disagreement_max_set, disagreement_max_row               number in sets[], row within it
 *         batch_delta_max, batch_delta_max_set, batch_delta_max_row    the same; see struct
 *                       ev_result_row
 *         study_mse, study_mse_mirrored, study_mean_1000_ns            see struct
 *                       ev_study_figures
 *         outputs_sha256    see struct ev_result_row; null if unknown
 *         images_per_s
 *         latency       n_calls, median_ns, p90_ns, p99_ns, mean_ns, min_ns, samples_ns[]
 *
 * What follows may be absent from results of older programs:
 *
 *     timings[]         one for each backend, the control included, mode and boundary
 *         backend, is_control
 *         mode          "cold", "hot", "paced", "resident", "fed", "pieces", "eager"
 *         boundary      "compute", "e2e", "device"
 *         n_threads, rows_per_call, rows_per_piece, n_processes, n_blocks, n_calls
 *         confidence, median_ns, median_low_ns, median_high_ns, p90_ns, p90_high_ns, p99_ns,
 *         p99_high_ns, mean_ns, min_ns, deadline_ns, missed_fraction, images_per_s,
 *         images_per_s_low, images_per_s_high        see struct ev_result_timing
 *         change, change_low, change_high, detectable_change
 *         verdict       "FASTER", "SLOWER", "SAME", "UNRESOLVED"; null where there is none
 *     quiets[]          one for each mode and boundary
 *         mode, boundary, n_threads, rows_per_call, rows_per_piece
 *         control, control_low, control_high, unquiet, n_blocks, n_flagged, reason
 *     layers[]          backend, index, name, kind, dtype, macs, weight_bytes, time_ns, share,
 *                       change, change_low, change_high        see struct ev_result_layer
 *     peak              float_macs_per_s, int8_macs_per_s, bytes_per_s, n_threads
 *     alarms[]          code, backend, set, text
 */
EV_CHECKED enum ev_status ev_result_save(const struct ev_result *result, FILE *out,
                                         struct ev_error *err);
EV_CHECKED enum ev_status ev_result_load(const char *path, struct ev_result *result,
                                         struct ev_error *err);

#endif
