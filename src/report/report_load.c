/* SPDX-License-Identifier: MIT */
/* A folder of results read back: the record and its samples. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/sums.h"
#include "report/report.h"

/* Loads samples.h5 if it is the file that SHA256SUMS lists. */
static enum ev_status load_samples(const char *folder, const char *path, struct ev_samples *samples,
                                   struct ev_error *err)
{
    struct ev_sums sums = {0};
    char hex[65];
    char *list = ev_path_join(folder, EV_SUMS_FILE);
    enum ev_status status = EV_OK;

    if (!list)
        return ev_fail(err, EV_MEMORY, "out of memory");
    if (ev_file_exists(list))
        status = ev_sums_load(list, &sums, err);
    const char *expected = ev_sums_find(&sums, EV_REPORT_SAMPLES);
    if (status == EV_OK && !expected)
        status = ev_fail(err, EV_INPUT,
                         "%s: no digest of it in " EV_SUMS_FILE ", so it may be damaged (without "
                         "this file the rest can be read)",
                         path);
    if (status == EV_OK)
        status = ev_file_sha256(path, hex, err);
    if (status == EV_OK && strcmp(hex, expected) != 0)
        status =
            ev_fail(err, EV_INPUT, "%s: changed, its digest is not the one in " EV_SUMS_FILE, path);
    if (status == EV_OK)
        status = ev_samples_load(path, samples, err);
    ev_sums_free(&sums);
    free(list);
    return status;
}

enum ev_status ev_report_load(const char *folder, struct ev_result *result, struct ev_error *err)
{
    char *record = ev_path_join(folder, EV_REPORT_RESULT);
    char *samples = ev_path_join(folder, EV_REPORT_SAMPLES);
    enum ev_status status = record && samples ? EV_OK : ev_fail(err, EV_MEMORY, "out of memory");

    ev_result_init(result);
    if (status == EV_OK)
        status = ev_result_load(record, result, err);
    if (status == EV_OK && ev_file_exists(samples))
        status = load_samples(folder, samples, &result->samples, err);
    if (status != EV_OK)
        ev_result_free(result);
    free(samples);
    free(record);
    return status;
}
