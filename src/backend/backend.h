/* SPDX-License-Identifier: MIT */
/*
 * Backends inside the program: the wrappers that alone call an engine's hooks, the registry of
 * variants, and the loading of modules.
 */
#ifndef EV_BACKEND_HOST_H
#define EV_BACKEND_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evalrun/backend.h"
#include "evalrun/net.h"
#include "evalrun/trainer.h"

/* --- Variants: the rows of the registry --- */

/* A variant is what is compared: a name, a model and the engine that runs it. */
struct ev_variant {
    const char *name;
    const char *summary;
    const char *model;  /* path relative to the program's data, or NULL: the engine needs none */
    const char *engine; /* name of an engine */
    bool in_all;        /* part of --backend all */
    bool is_int8;       /* the model holds int8 layers */
};

/* The registry, ended by a row whose name is NULL. */
extern const struct ev_variant ev_variants[];
/* The variant of that name, or NULL. */
const struct ev_variant *ev_variant_find(const char *name);

/* --- Engines --- */

/* The built-in engine table entry or module of that name ("null", "torch"), or of that path (a
 * name that contains '/'). Modules are loaded at the first call and stay. Search order for names:
 * built-in table, $EVALRUN_MODULE_PATH (absolute folders, separated by colons), the module folder
 * of the build or installation; never the current folder. Called from one thread. Failure: one
 * line with the path, what was found and what was expected. The returned struct is the program's
 * own copy, never freed. */
EV_CHECKED enum ev_status ev_engine_find(const char *name_or_path, const struct ev_backend **engine,
                                         struct ev_error *err);
/* What finds that engine in another process too: a built-in one's name, a module's absolute path. NULL
 * for an engine that did not come from ev_engine_find. */
const char *ev_engine_origin(const struct ev_backend *engine);
/* The trainer of the module `name` ("torch"). */
EV_CHECKED enum ev_status ev_trainer_find(const char *name, const struct ev_trainer **trainer,
                                          struct ev_error *err);

/* What reads networks in the module `name` ("torch"). */
EV_CHECKED enum ev_status ev_net_reader_find(const char *name, const struct ev_net_reader **reader,
                                             struct ev_error *err);

/* The engines that are known by name, built-in ones and modules; ended by a name of NULL. */
struct ev_engine_entry {
    const char *name;
    const char *summary;
};
extern const struct ev_engine_entry ev_engines[];

bool ev_engine_is_known(const char *name);
/* Whether the engine is built in, or its module lies where ev_engine_find would look. Nothing is
 * loaded. */
bool ev_engine_is_present(const char *name);

/* Number of devices of `device_kind` that the engine can use now, with their names in
 * names[0..max_names-1]; 0 if it knows none. An engine without that hook has one CPU. */
int32_t ev_engine_devices(const struct ev_backend *engine, uint32_t device_kind, char (*names)[64],
                          int32_t max_names);

/* Parses "cpu", "cuda", "cuda:N"; EV_USAGE naming the text otherwise. */
EV_CHECKED enum ev_status ev_device_parse(const char *text, uint32_t *kind, int32_t *index,
                                          struct ev_error *err);

/* "cpu", "cuda:0". */
void ev_device_text(uint32_t kind, int32_t index, char text[32]);

/* "fp32", "tf32", "fp16", "int8", for the bits of enum ev_precision from the lowest on; "" for 0
 * and for what comes behind. */
const char *ev_precision_name(uint32_t precision);
/* The precision of that name; 0 for "" and unknown ones. */
uint32_t ev_precision_find(const char *name);

/* --- An opened model; the only callers of the hooks --- */

struct ev_model;

/* Opens: checks args against the engine (device kind, model needed), calls open and describe,
 * checks the answers (shape, outputs, forms) and the error contract. *model is NULL on failure. */
EV_CHECKED enum ev_status ev_model_open(const struct ev_backend *engine,
                                        const struct ev_open_args *args, struct ev_model **model,
                                        struct ev_error *err);
void ev_model_close(struct ev_model *model);
const struct ev_description *ev_model_description(const struct ev_model *model);
const struct ev_backend *ev_model_engine(const struct ev_model *model);

/* Outputs (n_rows, n_outputs) float32 of a batch, waiting for them with an asynchronous engine.
 * Fills outputs with one marked NaN (a payload no arithmetic makes) before; an engine that leaves
 * a value unwritten is EV_ENGINE, naming engine and row. A model's own NaN is passed on. */
EV_CHECKED enum ev_status ev_model_infer(struct ev_model *model, const struct ev_batch *batch,
                                         float *outputs, struct ev_error *err);

/* The same, with the time that the engine's device took; `eager`: nothing is replayed from a
 * record. EV_UNSUPPORTED for an engine that cannot tell it of this model, EV_ENGINE for one that
 * tells none; *device_ns is then -1. */
EV_CHECKED enum ev_status ev_model_infer_apart(struct ev_model *model, const struct ev_batch *batch,
                                               float *outputs, bool eager, int64_t *device_ns,
                                               struct ev_error *err);
/* Batches will lie in that memory, until unpin: an engine with a device may read it faster. */
void ev_model_pin(struct ev_model *model, void *memory, size_t n_bytes);
void ev_model_unpin(struct ev_model *model, void *memory);

/* More layers than this are refused. */
#define EV_MAX_LAYERS 512

/* Infers a batch of one picture and fills layers[0..*n_layers-1] in order of computation, see
 * struct ev_backend. EV_UNSUPPORTED for an engine that knows nothing of layers; EV_ENGINE for one
 * that tells of none, or what cannot be. */
EV_CHECKED enum ev_status ev_model_layers(struct ev_model *model, const struct ev_batch *batch,
                                          struct ev_layer layers[EV_MAX_LAYERS], int32_t *n_layers,
                                          struct ev_error *err);
/* From now on that layer alone is computed in int8, with the range of its input over `calibration`;
 * -1: none, `calibration` is not read. EV_UNSUPPORTED where the engine or the model cannot. */
EV_CHECKED enum ev_status ev_model_quantize_layer(struct ev_model *model, int32_t layer,
                                                  const struct ev_batch *calibration,
                                                  struct ev_error *err);

#endif
