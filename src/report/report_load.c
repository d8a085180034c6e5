/* SPDX-License-Identifier: MIT */
/* A folder of results read back: the record and its samples. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/progress.h"
#include "base/sums.h"
#include "report/report.h"

/* Loads samples.h5 if it is the file that the record was computed from, as HDF5 is not to be given
 * what was damaged. A report that was killed may have left that of another run. */
static enum ev_status load_samples(const char *folder, const char *path, struct ev_result *result,
                                   struct ev_error *err)
{
    char hex[65], line[512];
    char *sums = ev_path_join(folder, EV_SUMS_FILE);
    enum ev_status status =
        sums ? ev_file_sha256(path, hex, err) : ev_fail(err, EV_MEMORY, "out of memory");

    if (status == EV_OK && strcmp(hex, result->samples_sha256) == 0) {
        status = ev_samples_load(path, &result->samples, err);
    } else if (status == EV_OK && ev_file_exists(sums)) {
        status = ev_fail(err, EV_INPUT,
                         "%s: changed, its digest is not the one in " EV_REPORT_RESULT, path);
    } else if (status == EV_OK) {
        snprintf(line, sizeof line, "%.400s: left out, " EV_REPORT_RESULT " is of other samples",
                 path);
        ev_progress_note(line);
    }
    free(sums);
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
        status = load_samples(folder, samples, result, err);
    if (status != EV_OK)
        ev_result_free(result);
    free(samples);
    free(record);
    return status;
}
