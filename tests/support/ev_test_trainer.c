/* SPDX-License-Identifier: MIT */
/* A trainer that learns nothing but remembers everything. */
#include "support/ev_test_trainer.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "support/ev_test.h"
#include "support/ev_test_rows.h"

struct ev_network {
    struct ev_test_memory memory;
};

struct ev_test_seen ev_test_seen;

static uint64_t mix(uint64_t hash, const void *data, size_t n_bytes)
{
    const uint8_t *at = data;

    while (n_bytes--)
        hash = (hash ^ *at++) * UINT64_C(0x100000001b3);
    return hash;
}

static enum ev_status fake_open(const struct ev_network_args *args, struct ev_network **network,
                                struct ev_error *err)
{
    *network = NULL;
    if (ev_test_seen.fail_open)
        return ev_fail(err, EV_INPUT, "pictures are too small");
    *network = calloc(1, sizeof **network);
    (*network)->memory.hash = args->seed + args->method;
    return EV_OK;
}

static enum ev_status fake_step(struct ev_network *network, const struct ev_batch *batch,
                                const float *targets, double rate, double *loss,
                                struct ev_error *err)
{
    struct ev_test_memory *memory = &network->memory;
    size_t n = (size_t)batch->n_rows;

    (void)err;
    memory->n_steps++;
    memory->hash = mix(memory->hash, batch->data, n * EV_TEST_ROWS_BYTES);
    memory->hash = mix(memory->hash, targets, n * 2 * sizeof *targets);
    memory->hash = mix(memory->hash, &rate, sizeof rate);
    for (size_t i = 0; i < n; i++)
        ev_test_seen.n_rows[ev_test_rows_number(targets[2 * i])]++;
    ev_test_seen.first_rate = ev_test_seen.n_steps == 0 ? rate : ev_test_seen.first_rate;
    ev_test_seen.peak_rate = fmax(ev_test_seen.peak_rate, rate);
    ev_test_seen.last_rate = rate;
    ev_test_seen.n_steps++;
    if (memory->n_steps == ev_test_seen.signal_at)
        raise(ev_test_seen.signal);
    *loss =
        memory->n_steps == ev_test_seen.diverge_at ? NAN : (double)(memory->hash % 1000) / 1000.0;
    return EV_OK;
}

static enum ev_status fake_observe(struct ev_network *network, const struct ev_batch *batch,
                                   struct ev_error *err)
{
    const uint8_t *pictures = batch->data;

    (void)err;
    network->memory.hash =
        mix(network->memory.hash, pictures, (size_t)batch->n_rows * EV_TEST_ROWS_BYTES);
    for (int64_t i = 0; i < batch->n_rows; i++)
        ev_test_seen.n_rows[ev_test_rows_picture(pictures + i * EV_TEST_ROWS_BYTES)]++;
    ev_test_seen.n_observed += batch->n_rows;
    return EV_OK;
}

static enum ev_status fake_predict(struct ev_network *network, const struct ev_batch *batch,
                                   float *outputs, struct ev_error *err)
{
    (void)err;
    for (int64_t i = 0; i < 2 * batch->n_rows; i++)
        outputs[i] = ev_test_seen.outputs ? ev_test_seen.outputs[network->memory.n_steps / 2]
                                          : (float)(network->memory.hash % 1000) / 1000.0f;
    return EV_OK;
}

static enum ev_status fake_freeze(struct ev_network *network, struct ev_error *err)
{
    (void)err;
    ev_test_seen.n_frozen++;
    ev_test_seen.frozen_at = network->memory.n_steps;
    return EV_OK;
}

static enum ev_status write_memory(struct ev_network *network, const char *path,
                                   struct ev_error *err)
{
    FILE *file = fopen(path, "wb");

    if (!file || fwrite(&network->memory, sizeof network->memory, 1, file) != 1 ||
        fclose(file) != 0)
        return ev_fail(err, EV_IO, "%s: cannot be written", path);
    return EV_OK;
}

static enum ev_status fake_save(struct ev_network *network, const char *path, struct ev_error *err)
{
    if (ev_test_seen.fail_save)
        return ev_fail(err, EV_IO, "cannot write to %s: no space", path);
    if (network->memory.n_steps == ev_test_seen.kill_save_at)
        raise(SIGKILL);
    return write_memory(network, path, err);
}

static enum ev_status fake_export(struct ev_network *network, const char *path,
                                  struct ev_error *err)
{
    if (ev_test_seen.make_folder)
        ck_assert_int_eq(mkdir(ev_test_seen.make_folder, 0777), 0);
    return write_memory(network, path, err);
}

static enum ev_status fake_load(struct ev_network *network, const char *path, struct ev_error *err)
{
    FILE *file = fopen(path, "rb");

    if (!file)
        return ev_fail(err, EV_INPUT, "%s: missing", path);
    size_t n = fread(&network->memory, sizeof network->memory, 1, file);
    fclose(file);
    return n == 1 ? EV_OK : ev_fail(err, EV_INPUT, "%s: short", path);
}

static void fake_close(struct ev_network *network)
{
    free(network);
}

const struct ev_trainer ev_test_trainer = {
    .abi = EV_ABI_MAJOR,
    .size = sizeof ev_test_trainer,
    .name = "fake",
    .open = fake_open,
    .step = fake_step,
    .observe = fake_observe,
    .predict = fake_predict,
    .freeze = fake_freeze,
    .save_state = fake_save,
    .load_state = fake_load,
    .export_model = fake_export,
    .close = fake_close,
};
