/* SPDX-License-Identifier: MIT */
/*
 * check_device WHAT...: `cases N` (networks of N rows), `models`, `times`, in that order. Where the
 * rest is comes from the environment:
 *     EV_CHECK_TORCH     the module of libtorch
 *     EV_CHECK_MODELS    folder of the committed models
 *     EV_CHECK_TABLE     file that gets the times
 *     EV_CHECK_ROWS      compare models with no more rows than this (1024)
 *     EV_CHECK_SINGLES   timed single pictures (10000), EV_CHECK_BATCHES: batches (200)
 * Exit code 1: something differs; 77: there is no device.
 */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define SKIPPED 77

void ev_check_say(struct ev_check *check, bool ok, const char *format, ...)
{
    va_list args;

    printf("%-6s  ", ok ? "ok" : "FAILED");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
    check->n_failed += !ok;
}

const char *ev_check_model_path(const struct ev_check *check, const char *name)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/%s.pt", check->models, name);
    return path;
}

struct ev_open_args ev_check_args(const struct ev_check *check, const char *path,
                                  uint32_t device_kind, int64_t max_rows)
{
    return (struct ev_open_args){
        .size = sizeof(struct ev_open_args),
        .n_threads = 1,
        .model_path = path,
        .device_kind = device_kind,
        .shape = {66, 200, 3},
        .n_outputs = EV_CHECK_OUTPUTS,
        .max_rows = max_rows,
        .reader = check->reader,
    };
}

struct ev_batch ev_check_batch(const struct ev_check *check, int64_t first, int64_t n)
{
    return (struct ev_batch){sizeof(struct ev_batch),
                             EV_FORM_U8_NHWC,
                             {66, 200, 3},
                             n,
                             check->pictures + (size_t)first * EV_CHECK_PICTURE};
}

/* Every case, on random, black and white pictures. */
void ev_check_cases(struct ev_check *check, int64_t n_rows)
{
    struct ev_error err = EV_ERROR_INIT;

    for (const struct ev_case *one = ev_cases; one->name; one++) {
        struct ev_case_result result = {0};
        enum ev_status status = EV_OK;
        for (int i = 0; i < 3 * EV_N_CASE_PICTURES && status == EV_OK; i++)
            status = ev_case_run(&check->device, one, n_rows, (enum ev_requant_order)(i % 3),
                                 (enum ev_case_pictures)(i / 3), &result, &err);
        ev_check_say(check, status == EV_OK && result.n_different == 0 && result.largest < 1e-4,
                     "%s, %d rows: %lld of %lld values differ, floats by %.1e at most%s%s%s",
                     one->name, (int)n_rows, (long long)result.n_different,
                     (long long)result.n_integers, result.largest, result.first[0] ? "; " : "",
                     result.first, status == EV_OK ? "" : err.message);
    }
}

/* Ramps and noise of a fixed seed, another brightness in each picture. */
static void make_pictures(struct ev_check *check)
{
    uint32_t state = 1;

    check->pictures = malloc(EV_CHECK_BATCH * EV_CHECK_PICTURE);
    for (size_t i = 0; check->pictures && i < EV_CHECK_BATCH * EV_CHECK_PICTURE; i++) {
        const size_t row = i / EV_CHECK_PICTURE, within = i % EV_CHECK_PICTURE;
        state = state * 1664525u + 1013904223u;
        check->pictures[i] = (uint8_t)(row % 128 + within / 600 * (within % 3) / 3 + (state >> 26));
    }
}

static void load_torch(struct ev_check *check)
{
    const char *path = getenv("EV_CHECK_TORCH");
    void *module = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;

    if (path && !module) {
        ev_check_say(check, false, "%s", dlerror());
        return;
    }
    check->torch = module ? dlsym(module, EV_BACKEND_SYMBOL) : NULL;
    check->reader = module ? dlsym(module, EV_NET_READER_SYMBOL) : NULL;
}

static int64_t number(const char *variable, int64_t otherwise)
{
    const char *text = getenv(variable);

    return text ? atoll(text) : otherwise;
}

static void run(struct ev_check *check, char **words)
{
    for (; *words; words++) {
        if (strcmp(*words, "cases") == 0 && words[1])
            ev_check_cases(check, atoll(*++words));
        else if (strcmp(*words, "models") == 0 && check->reader)
            ev_check_models(check);
        else if (strcmp(*words, "times") == 0 && check->reader)
            ev_check_times(check);
        else
            ev_check_say(check, false, "cannot do '%s'", *words);
    }
}

int main(int argc, char **argv)
{
    const char *table = getenv("EV_CHECK_TABLE");
    struct ev_check check = {
        .models = getenv("EV_CHECK_MODELS"),
        .max_rows = number("EV_CHECK_ROWS", EV_CHECK_BATCH),
        .n_singles = number("EV_CHECK_SINGLES", 10000),
        .n_batches = number("EV_CHECK_BATCHES", 200),
        .table = table ? fopen(table, "a") : NULL,
    };
    struct ev_error err = EV_ERROR_INIT;

    (void)argc;
    if (ev_cuda_device_open(0, &check.device, &err) != EV_OK) {
        printf("%s\n", err.message);
        return err.status == EV_DEVICE ? SKIPPED : EXIT_FAILURE;
    }
    printf("on %s\n", check.device.label);
    load_torch(&check);
    make_pictures(&check);
    run(&check, argv + 1);
    free(check.pictures);
    ev_cuda_device_close(&check.device);
    if (check.table)
        fclose(check.table);
    printf("%d failed\n", check.n_failed);
    return check.n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
