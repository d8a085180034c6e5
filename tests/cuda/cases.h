/* SPDX-License-Identifier: MIT */
/*
 * Networks that the CUDA kernels must compute as plain C does (src/int8/run.h), step after step,
 * and the comparison. Used by the unit test, and on machines with a GPU by tools/gpu-check, which
 * has no test library.
 */
#ifndef EV_CUDA_CASES_H
#define EV_CUDA_CASES_H

#include "cuda/device.h"
#include "int8/plan.h"

#define EV_CASE_LAYERS 8

/* A network with weights of its own. */
struct ev_case_net {
    struct ev_net_layer layers[EV_CASE_LAYERS];
    int32_t n_layers;
    uint32_t form;
    struct ev_shape shape;
    int32_t n_outputs;
    uint64_t seed;
    void *memory[5 * EV_CASE_LAYERS];
    int n_memory;
};

/* The cases: a name, and what makes the network. Ended by a name of NULL. */
struct ev_case {
    const char *name;
    void (*make)(struct ev_case_net *net);
};
extern const struct ev_case ev_cases[];

/* Makes the case's network, always the same; freed by ev_case_free. */
void ev_case_make(const struct ev_case *one, struct ev_case_net *net);
void ev_case_free(struct ev_case_net *net);

/* Values of all tensors after each step, against plain C given the same pictures. */
struct ev_case_result {
    int64_t n_integers, n_different; /* integers, and floats that must be the same to the bit */
    double largest;  /* relative difference of floats that are sums in another order */
    char first[160]; /* the first that differs: step, kind, row, value */
};

/* Runs pictures of n_rows through a plan of `net` on the device. `pictures` are in the net's form.
 */
EV_CHECKED enum ev_status ev_case_compare(const struct ev_cuda_device *device,
                                          const struct ev_net *net, uint32_t form,
                                          const struct ev_shape *shape, int32_t n_outputs,
                                          enum ev_requant_order order, const void *pictures,
                                          int64_t n_rows, struct ev_case_result *result,
                                          struct ev_error *err);

/* What pictures a case is given: random ones, all 0, all 255 (1.0). */
enum ev_case_pictures { EV_CASE_RANDOM, EV_CASE_BLACK, EV_CASE_WHITE, EV_N_CASE_PICTURES };

/* Pictures for the net, malloc'ed; NULL: no memory. Random ones get darker from row to row, so that
 * pieces have ranges of their own. */
void *ev_case_pictures(struct ev_case_net *net, int64_t n_rows, enum ev_case_pictures which);

/* What a plan gives for n_rows pictures in plain C, in pieces that share a range, into `outputs`:
 * row_bytes of each, all of its last tensor. */
EV_CHECKED enum ev_status ev_case_plain(const struct ev_plan *plan, const void *pictures,
                                        int64_t n_rows, size_t row_bytes, void *outputs,
                                        struct ev_error *err);

/* Makes the case's network and pictures, and compares. */
EV_CHECKED enum ev_status ev_case_run(const struct ev_cuda_device *device,
                                      const struct ev_case *one, int64_t n_rows,
                                      enum ev_requant_order order, enum ev_case_pictures pictures,
                                      struct ev_case_result *result, struct ev_error *err);

#endif
