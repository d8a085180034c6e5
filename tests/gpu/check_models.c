/* SPDX-License-Identifier: MIT */
/* Committed models: each tensor against plain C, outputs of the engine against plain C, and those
 * of plain C against this machine's libtorch, in one of the three orders. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cuda/engine.h"
#include "int8/order.h"

static const int64_t row_counts[] = {1, 2, 15, 16, 17, 255, 256, EV_CHECK_BATCH};
#define N_COUNTS (sizeof row_counts / sizeof row_counts[0])

static const struct ev_shape shape = {66, 200, 3};

/* Outputs in plain C of n_rows pictures, in pieces that share a range. */
static enum ev_status plain_outputs(const struct ev_check *check, const char *path,
                                    enum ev_requant_order order, int64_t n_rows, float *outputs,
                                    struct ev_error *err)
{
    const struct ev_net *net = NULL;
    struct ev_plan *plan = NULL;
    enum ev_status status = check->reader->read(path, EV_FORM_U8_NHWC, &net, err);

    if (status == EV_OK)
        status =
            ev_plan_make(net, path, EV_FORM_U8_NHWC, &shape, EV_CHECK_OUTPUTS, order, &plan, err);
    if (status == EV_OK)
        status = ev_case_plain(plan, check->pictures, n_rows, EV_CHECK_OUTPUTS * sizeof *outputs,
                               outputs, err);
    ev_plan_free(plan);
    if (net)
        check->reader->free(net);
    return status;
}

static void check_tensors(struct ev_check *check, const char *name, enum ev_requant_order order,
                          int64_t n_rows)
{
    const char *path = ev_check_model_path(check, name);
    struct ev_case_result result = {0};
    struct ev_error err = EV_ERROR_INIT;
    const struct ev_net *net = NULL;
    enum ev_status status = check->reader->read(path, EV_FORM_U8_NHWC, &net, &err);

    if (status == EV_OK)
        status = ev_case_compare(&check->device, net, EV_FORM_U8_NHWC, &shape, EV_CHECK_OUTPUTS,
                                 order, check->pictures, n_rows, &result, &err);
    ev_check_say(check, status == EV_OK && result.n_different == 0,
                 "%s, all tensors, %d rows, order %s: %lld of %lld values differ%s%s%s", name,
                 (int)n_rows, ev_order_name(order), (long long)result.n_different,
                 (long long)result.n_integers, result.first[0] ? "; " : "", result.first,
                 status == EV_OK ? "" : err.message);
    if (net)
        check->reader->free(net);
}

/* The largest difference, and how many there are. */
static double compare(const float *a, const float *b, int64_t n_rows, int64_t *n_different)
{
    double largest = 0.0;

    *n_different = 0;
    for (int64_t i = 0; i < n_rows * EV_CHECK_OUTPUTS; i++) {
        const double difference = fabs((double)a[i] - (double)b[i]);
        *n_different += !(a[i] == b[i]);
        largest = difference > largest ? difference : largest;
    }
    return largest;
}

/* The engine as a whole: records, lanes, copies. `most` is the largest difference that may be. */
static void check_engine(struct ev_check *check, const char *name, double most, int64_t n_rows)
{
    static float found[EV_CHECK_BATCH * EV_CHECK_OUTPUTS];
    static float expected[EV_CHECK_BATCH * EV_CHECK_OUTPUTS];
    const char *path = ev_check_model_path(check, name);
    const struct ev_open_args args = ev_check_args(check, path, EV_DEVICE_CUDA, n_rows);
    const struct ev_batch batch = ev_check_batch(check, 0, n_rows);
    struct ev_error err = EV_ERROR_INIT;
    struct ev_engine *engine = NULL;
    int64_t n_different = 0;
    double largest = 0.0;
    enum ev_status status = ev_cuda_open(&args, &engine, &err);

    if (status == EV_OK)
        status = ev_cuda_infer(engine, &batch, found, &err);
    if (status == EV_OK)
        status = plain_outputs(check, path, EV_REQUANT_AMX, n_rows, expected, &err);
    if (status == EV_OK)
        largest = compare(found, expected, n_rows, &n_different);
    ev_check_say(check, status == EV_OK && largest <= most,
                 "%s, engine, %d rows: %lld of %lld outputs differ, by %.1e at most%s", name,
                 (int)n_rows, (long long)n_different, (long long)n_rows * EV_CHECK_OUTPUTS, largest,
                 status == EV_OK ? "" : err.message);
    ev_cuda_close(engine);
}

/* One order must give what libtorch gives on this processor. */
static void check_torch(struct ev_check *check, const char *name)
{
    enum { ROWS = 64 };
    static float torch[ROWS * EV_CHECK_OUTPUTS], plain[ROWS * EV_CHECK_OUTPUTS];
    const char *path = ev_check_model_path(check, name);
    const struct ev_open_args args = ev_check_args(check, path, EV_DEVICE_CPU, ROWS);
    const struct ev_batch batch = ev_check_batch(check, 0, ROWS);
    struct ev_error err = EV_ERROR_INIT;
    struct ev_engine *engine = NULL;
    char orders[64] = "";
    int64_t n_different = 0;
    enum ev_status status = check->torch->open(&args, &engine, &err);

    if (status == EV_OK)
        status = check->torch->infer(engine, &batch, torch, &err);
    for (int order = 0; order <= EV_REQUANT_FBGEMM && status == EV_OK; order++) {
        status = plain_outputs(check, path, (enum ev_requant_order)order, ROWS, plain, &err);
        if (status == EV_OK && compare(torch, plain, ROWS, &n_different) == 0.0)
            snprintf(orders + strlen(orders), sizeof orders - strlen(orders), " %s",
                     ev_order_name((enum ev_requant_order)order));
    }
    ev_check_say(check, status == EV_OK && orders[0],
                 "%s: orders in which libtorch on this CPU may compute:%s%s", name, orders,
                 status == EV_OK ? "" : err.message);
    check->torch->close(engine);
}

void ev_check_models(struct ev_check *check)
{
    static const struct {
        const char *name;
        double most;
    } models[] = {{"static", 0.0}, {"qat", 0.0}, {"dynamic", 5e-3}, {"baseline", 2e-6}};

    for (int i = 0; i < 2; i++) {
        check_torch(check, models[i].name);
        for (size_t n = 0; n < N_COUNTS && row_counts[n] <= check->max_rows; n++)
            check_tensors(check, models[i].name, (enum ev_requant_order)(n % 3), row_counts[n]);
    }
    for (int i = 0; i < 4; i++) {
        for (size_t n = 0; n < N_COUNTS && row_counts[n] <= check->max_rows; n++)
            check_engine(check, models[i].name, models[i].most, row_counts[n]);
    }
}
