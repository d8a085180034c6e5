/* SPDX-License-Identifier: MIT */
/* Alarms: what goes wrong without a word, found in a finished result. */
#ifndef EV_ALARM_H
#define EV_ALARM_H

#include "eval/result.h"

/* --- Codes, in the order in which alarms are raised --- */

/* The engine says that the model runs on another device than the one asked for. */
#define EV_ALARM_MOVED_DEVICE  "moved-device"
/* An output is NaN or infinite: one alarm for each backend and set. */
#define EV_ALARM_NAN           "nan"
/* The backends "qat" and "static" have the same model file, or the same outputs on all sets. For
 * these two there are then no alarms of equal outputs. */
#define EV_ALARM_QAT_IS_STATIC "qat-is-static"
/* Two backends gave the same outputs for a whole set, to the bit, although they are two variants of
 * the registry, or have two different model files, or were asked for in two precisions, or one is
 * int8 and the other is not. */
#define EV_ALARM_EQUAL_OUTPUTS "equal-outputs"
/* Layers that should be in int8 are computed in floats; see eval/look.h. */
#define EV_ALARM_FLOAT_LAYER   "float-layer"
/* A row's MSE is larger than EV_ALARM_ERROR times the baseline's of the same set; the pooled set is
 * one of them. */
#define EV_ALARM_LARGE_ERROR   "large-error"
#define EV_ALARM_ERROR         10.0
/* The file of a model that is int8, or should be, is larger than EV_ALARM_SIZE times the float
 * baseline's. */
#define EV_ALARM_LARGE_INT8    "large-int8"
#define EV_ALARM_SIZE          0.5

/*
 * Appends the alarms of a result to result->alarms: by code, then in the order of the rows. Each
 * has one sentence that names the backend, the set if it is of one, and the figures.
 *
 * The baseline is ev_result_baseline(). A model is int8 if one of its layers is, or where nothing
 * is told of layers, if the word stands in its engine's detail. Outputs are those of
 * result->samples: without them, what depends on outputs is not raised. The engine "null" is no
 * model; nothing is expected of it. EV_MEMORY is the only error.
 */
EV_CHECKED enum ev_status ev_alarms_raise(struct ev_result *result, struct ev_error *err);

#endif
