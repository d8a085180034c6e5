/* SPDX-License-Identifier: MIT */
/*
 * An engine for tests: at call EV_TEST_SIGNAL_AT it raises EV_TEST_SIGNAL, or SIGINT as Ctrl-C does,
 * and at call EV_TEST_FAIL_AT it fails. In worker process EV_TEST_WORKER it sends the signal to the
 * program when batches begin. It opens when the pipe EV_TEST_WAIT is closed. Each call adds a line, its number of rows, to the file EV_TEST_CALLS.
 * Outputs come from the picture alone: its bytes' mean, the further ones lower.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "evalrun/backend.h"

struct ev_engine {
    struct ev_shape shape;
    int32_t n_outputs;
    long n_calls;
};

static struct ev_engine only;

static long number_of(const char *variable)
{
    const char *text = getenv(variable);
    return text ? atol(text) : 0;
}

static int signal_number(void)
{
    return getenv("EV_TEST_SIGNAL") ? (int)number_of("EV_TEST_SIGNAL") : SIGINT;
}

/* Whether this is worker process number `number`: "evalrun", "worker", the number. */
static int is_worker(const char *number)
{
    char line[64] = "";
    FILE *file = fopen("/proc/self/cmdline", "r");
    const size_t n = file ? fread(line, 1, sizeof line - 1, file) : 0;
    const char *second = line + strlen(line) + 1;

    if (file)
        fclose(file);
    return n > strlen("evalrun") + 1 && strcmp(second, "worker") == 0 &&
           strcmp(second + strlen("worker") + 1, number) == 0;
}

static void wait_for_pipe(const char *path)
{
    FILE *file = path ? fopen(path, "r") : NULL;

    if (file) {
        while (fgetc(file) != EOF)
            continue;
        fclose(file);
        unlink(path); /* once */
    }
}

static enum ev_status stops_open(const struct ev_open_args *args, struct ev_engine **engine,
                                 struct ev_error *err)
{
    (void)err;
    const char *worker = getenv("EV_TEST_WORKER");

    wait_for_pipe(getenv("EV_TEST_WAIT"));
    if (worker && args->max_rows > 1 && is_worker(worker)) {
        kill(getppid(), signal_number());
        for (;;) /* until the program ends it */
            pause();
    }
    only = (struct ev_engine){.shape = args->shape, .n_outputs = args->n_outputs};
    *engine = &only;
    return EV_OK;
}

static enum ev_status stops_describe(struct ev_engine *engine, struct ev_description *description,
                                     struct ev_error *err)
{
    (void)err;
    description->forms = EV_FORM_U8_NHWC;
    description->shape = engine->shape;
    description->n_outputs = engine->n_outputs;
    description->weight_bytes = -1;
    return EV_OK;
}

static void note_call(int64_t n_rows)
{
    const char *path = getenv("EV_TEST_CALLS");
    FILE *file = path ? fopen(path, "a") : NULL;

    if (file) {
        fprintf(file, "%lld\n", (long long)n_rows);
        fclose(file);
    }
}

static enum ev_status stops_infer(struct ev_engine *engine, const struct ev_batch *batch,
                                  float *outputs, struct ev_error *err)
{
    engine->n_calls++;
    if (engine->n_calls == number_of("EV_TEST_SIGNAL_AT"))
        raise(signal_number());
    if (engine->n_calls == number_of("EV_TEST_FAIL_AT"))
        return ev_fail(err, EV_ENGINE, "stopped as asked");
    note_call(batch->n_rows);
    const size_t n =
        (size_t)engine->shape.height * (size_t)engine->shape.width * (size_t)engine->shape.channels;
    for (int64_t i = 0; i < batch->n_rows; i++) {
        const uint8_t *bytes = (const uint8_t *)batch->data + (size_t)i * n;
        double sum = 0;
        for (size_t at = 0; at < n; at++)
            sum += bytes[at];
        for (int32_t k = 0; k < engine->n_outputs; k++)
            outputs[i * engine->n_outputs + k] = (float)(sum / (double)n / 255.0 / (k + 1));
    }
    return EV_OK;
}

static void stops_close(struct ev_engine *engine)
{
    (void)engine;
}

EV_EXPORT const struct ev_backend ev_backend_v1 = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof(struct ev_backend),
    .name = "stops",
    .summary = "for tests: stops at a given call",
    .devices = EV_DEVICE_CPU,
    .forms = EV_FORM_U8_NHWC,
    .traits = EV_TRAIT_ROWS_INDEPENDENT | EV_TRAIT_NO_MODEL,
    .open = stops_open,
    .describe = stops_describe,
    .infer = stops_infer,
    .close = stops_close,
    .precisions = EV_PRECISION_FP32,
};
