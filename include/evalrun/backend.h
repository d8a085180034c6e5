/* SPDX-License-Identifier: MIT */
/*
 * The engine ABI: what a shared module exports so that evalrun can run models with it.
 *
 * A module defines one constant object
 *
 *     EV_EXPORT const struct ev_backend ev_backend_v1 = { .abi = EV_ABI_MAJOR, .size = sizeof ... };
 *
 * and is loaded with `evalrun --backend ./module.so`. The major version is part of the symbol's
 * name, so no code of a module runs before its version is known. Members are only ever appended
 * (ABI minor); the host copies min(size) bytes into a zeroed struct, so a missing member reads as
 * NULL and an old module goes on working. The host never writes to the object and never unloads a
 * module.
 *
 * Timing and metrics belong to the host. An engine computes outputs, and nothing else.
 */
#ifndef EVALRUN_BACKEND_H
#define EVALRUN_BACKEND_H

#include <stdint.h>

#include "evalrun/batch.h"
#include "evalrun/error.h"
#include "evalrun/net.h"
#include "evalrun/version.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define EV_EXPORT __attribute__((visibility("default")))
#else
#define EV_EXPORT
#endif

/* The exported symbol's name: a static constant of this name is what the host looks up. */
#define EV_BACKEND_SYMBOL "ev_backend_v1"

/* Kinds of device, as bits. */
enum ev_device_kind {
    EV_DEVICE_CPU = 1 << 0,
    EV_DEVICE_CUDA = 1 << 1,
};

/* Traits, as bits. */
enum ev_trait {
    /* Outputs of a row do not depend on the other rows of its batch. */
    EV_TRAIT_ROWS_INDEPENDENT = 1 << 0,
    /* infer may return before the outputs are written; sync is then required. */
    EV_TRAIT_ASYNC = 1 << 1,
    /* The engine needs no model file (args->model_path may be NULL). */
    EV_TRAIT_NO_MODEL = 1 << 2,
    /* open wants args->reader, to have the model read by it. Since ABI 1.3. */
    EV_TRAIT_WANTS_READER = 1 << 3,
};

/* What a float model is computed in, as bits. */
enum ev_precision {
    EV_PRECISION_FP32 = 1 << 0,
    EV_PRECISION_TF32 = 1 << 1, /* float32, whose products keep 11 bits of each factor */
    EV_PRECISION_FP16 = 1 << 2,
    EV_PRECISION_INT8 = 1 << 3, /* for models that hold int8 layers */
};

/* An opened model. Defined by the module, opaque to the host. */
struct ev_engine;

/* What open is given. The strings are the host's and valid during the call only. */
struct ev_open_args {
    uint32_t size;
    int32_t n_threads;      /* compute threads, >= 1 */
    const char *model_path; /* file to load; NULL for an engine without a model */
    uint32_t device_kind;   /* one enum ev_device_kind */
    int32_t device_index;   /* which CUDA device; 0 on the CPU */
    struct ev_shape shape;  /* shape of the pictures that will come */
    int32_t n_outputs;      /* outputs per row that are expected */
    int64_t max_rows;       /* largest batch that infer will be given */

    /* --- Since ABI 1.3: there if `size` goes beyond --- */

    const struct ev_net_reader *reader; /* see net.h; NULL without EV_TRAIT_WANTS_READER */
    uint32_t precision; /* one of the engine's precisions, or 0: what the model was saved in */
};

/* What describe answers about an opened model. */
struct ev_description {
    uint32_t size;
    uint32_t forms;         /* enum ev_form bits that infer reads for this model */
    struct ev_shape shape;  /* of one picture */
    int32_t n_outputs;
    int64_t weight_bytes;   /* bytes of parameters in memory; -1 if unknown */
    char detail[128];       /* one short line: kernel, precision; may be empty */

    /* --- Since ABI 1.2: left alone if the host's `size` ends before --- */

    uint32_t device_kind; /* enum ev_device_kind that the model really runs on; 0: not told */
    int32_t device_index; /* which CUDA device; 0 on the CPU */
};

/* One layer with weights, as one inference went through it. The host reads arrays of it, so it never
 * grows. The strings end in NUL. */
struct ev_layer {
    char name[64];        /* "conv1": what the model calls it, else its kind and a number */
    char kind[32];        /* "conv2d", "linear" */
    char dtype[16];       /* what its products are computed in: "float32", "int8" */
    int64_t macs;         /* multiply-adds for one picture; -1 if unknown */
    int64_t weight_bytes; /* of weights and biases; -1 if unknown */
    int64_t time_ns;      /* that this inference spent in it */
};

/* One inference with what its device did told apart. */
struct ev_device_run {
    uint32_t size;
    uint32_t eager;    /* not 0: each operation is launched by itself, none replayed from a record */
    int64_t device_ns; /* answer, > 0: by the device's clock, from the first copy to it to the last
                          back */
};

/* The engine. Each member's comment says when it is called, on which thread, who owns what, how
 * it fails, and whether it is required. All calls for one engine object come from one thread at a
 * time. A failing member writes one line to *err by ev_fail() and returns its status; a member
 * that returns EV_OK leaves *err alone. The host enforces both. */
struct ev_backend {
    uint32_t abi;  /* EV_ABI_MAJOR */
    uint32_t size; /* sizeof(struct ev_backend) as compiled */

    const char *name;    /* short, lower case, unique; static storage */
    const char *summary; /* one line for `evalrun list`; static storage */
    uint32_t devices;    /* enum ev_device_kind bits */
    uint32_t forms;      /* enum ev_form bits that any model of this engine may read */
    uint32_t traits;     /* enum ev_trait bits */

    /* Called once before anything else; may take seconds. On success stores an object that the
     * host gives back to close. On failure *engine is NULL and close is not called. A model that
     * cannot take pictures of args->shape or does not give args->n_outputs outputs fails here
     * with EV_INPUT and a line that starts with the model's path. So does any other line, as the
     * host puts the path before it, but one that starts with "engine 'NAME'", of what is no fault
     * of the model. Required. */
    enum ev_status (*open)(const struct ev_open_args *args, struct ev_engine **engine,
                           struct ev_error *err);

    /* Called after open, any number of times. Fills *description (the host sets its size before).
     * Required. */
    enum ev_status (*describe)(struct ev_engine *engine, struct ev_description *description,
                               struct ev_error *err);

    /* Computes batch->n_rows x n_outputs floats, row by row, into `outputs`. Both buffers are the
     * host's, valid until the call returns (until sync returns, with EV_TRAIT_ASYNC), and not
     * written beyond their end. The host fills outputs with a marked NaN before and refuses a
     * batch in which one stays. Called with 1 to max_rows rows. Required. */
    enum ev_status (*infer)(struct ev_engine *engine, const struct ev_batch *batch, float *outputs,
                            struct ev_error *err);

    /* Frees what open made. Takes NULL. Required. */
    void (*close)(struct ev_engine *engine);

    /* Waits until all outputs of earlier infer calls are written. Required with EV_TRAIT_ASYNC,
     * otherwise optional (NULL: nothing to wait for). */
    enum ev_status (*sync)(struct ev_engine *engine, struct ev_error *err);

    /* Number of devices of `device_kind` that can be used now, with the name of each in
     * names[0..max_names-1] (NUL-terminated). Called by `evalrun list`, before any open.
     * Optional (NULL: one CPU). */
    int32_t (*devices_present)(uint32_t device_kind, char (*names)[64], int32_t max_names);

    /* --- Since ABI 1.1 --- */

    /* Infers a batch of one picture the way infer does, and tells how long each layer with weights
     * took: fills layers[0..*n_layers-1] in order of computation. What belongs to no such layer is
     * left out; the host has it from the time of the whole inference. The number and everything but
     * the times are the same in every call. EV_UNSUPPORTED where this model or device allows none
     * of it, or if there are more than max_layers. Called any number of times, in turns with infer.
     * Optional (NULL: nothing is known of layers). */
    enum ev_status (*layers)(struct ev_engine *engine, const struct ev_batch *batch,
                             struct ev_layer *layers, int32_t max_layers, int32_t *n_layers,
                             struct ev_error *err);

    /* From now on infer computes `layer`, an index into what `layers` gave, as int8 would, and all
     * others as before: its weights are rounded to symmetric int8 with a scale for each output
     * channel, its input to uint8 with the range that it has over the calibration batch (at most
     * max_rows pictures). -1: no layer any more, and the same outputs to the bit as before the
     * first; `calibration` may then be NULL. EV_UNSUPPORTED where the layer is int8 already or
     * cannot be singled out. On failure no layer is int8. Optional. */
    enum ev_status (*quantize_layer)(struct ev_engine *engine, int32_t layer,
                                     const struct ev_batch *calibration, struct ev_error *err);

    /* --- Since ABI 1.3 --- */

    /* Batches will lie in these n_bytes, which stay the host's: an engine whose device reads
     * registered memory faster registers it. Several pieces of memory, none of them within another;
     * other engines may be given the same. Optional (NULL: no difference). */
    enum ev_status (*pin)(struct ev_engine *engine, void *memory, uint64_t n_bytes,
                          struct ev_error *err);
    /* The memory that pin was given is about to be freed. Also after a failed pin: then it does
     * nothing. close unpins what is left. Required with pin. */
    void (*unpin)(struct ev_engine *engine, void *memory);

    /* Infers the way infer does, with the same outputs, and fills in run->device_ns. EV_UNSUPPORTED
     * where this device or model has no such time. Optional (NULL: there is no device to tell
     * apart). */
    enum ev_status (*infer_apart)(struct ev_engine *engine, const struct ev_batch *batch,
                                  float *outputs, struct ev_device_run *run, struct ev_error *err);

    uint32_t precisions; /* enum ev_precision bits that open can be asked for; 0: none */
};

#ifdef __cplusplus
}
#endif

#endif
