/* SPDX-License-Identifier: MIT */
/* Fuzz target: a table of CSV, a circuit and a result in JSON, all of the same bytes. */
#include "fuzz_file.h"

#include "base/text.h"
#include "eval/result.h"
#include "render/track.h"

static void read_table(const char *path)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_csv csv;
    double value, sum = 0.0;

    enum ev_status status = ev_csv_read(path, &csv, &err);
    fuzz_check(status, path, &err);
    for (int64_t row = 0; status == EV_OK && row < csv.n_rows; row++) {
        for (int32_t i = 0; i < csv.n_columns; i++) {
            if (ev_csv_double(&csv, path, row, i, &value, &err) == EV_OK)
                sum += value;
            else
                fuzz_check(EV_INPUT, path, &err);
        }
    }
    fuzz_use(sum);
    ev_csv_free(&csv);
}

static void read_circuit(const char *path)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_track *track;

    enum ev_status status = ev_track_open(path, &track, &err);
    fuzz_check(status, path, &err);
    if (status == EV_OK) {
        struct ev_pose pose = ev_track_at(track, track->length_m / 3.0);
        fuzz_use(ev_track_find(track, (float)pose.x_m, (float)pose.y_m).s_m);
    }
    ev_track_close(track);
}

static void read_result(const char *path)
{
    struct ev_error err = EV_ERROR_INIT;
    struct ev_result result;

    enum ev_status status = ev_result_load(path, &result, &err);
    fuzz_check(status, path, &err);
    if (status == EV_OK)
        ev_result_free(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    const char *path = fuzz_write("input.csv", bytes, n_bytes);

    read_table(path);
    read_circuit(path);
    read_result(path);
    return 0;
}
