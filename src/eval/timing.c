/* SPDX-License-Identifier: MIT */
/* Blocks of timed calls in rotating order, and the figures of their samples. */
#include "eval/timing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "measure/form.h"
#include "stats/stats.h"

/* Long enough that the uncounted calls cost a tenth, short enough that a block of 1 ms calls is
 * over before the machine changes. */
#define BLOCK_CALLS     20
#define UNCOUNTED_CALLS 2

struct ev_batch ev_timing_batch(const struct ev_timing_pictures *pictures,
                                const struct ev_model *model, int64_t i)
{
    const enum ev_form form = ev_form_choose(model, pictures->form);
    const size_t bytes = ev_form_picture_bytes(form, &pictures->shape);
    const char *all =
        form == EV_FORM_U8_NHWC ? (const char *)pictures->bytes : (const char *)pictures->floats;

    return (struct ev_batch){
        .size = sizeof(struct ev_batch),
        .form = form,
        .shape = pictures->shape,
        .n_rows = 1,
        .data = all + (size_t)(i % pictures->n) * bytes,
    };
}

/* Calls on pictures first, first + 1, ...; the times go to samples_ns unless it is NULL. */
static enum ev_status call(struct ev_model *model, const struct ev_timing_pictures *pictures,
                           int64_t first, int64_t n, float *samples_ns, struct ev_error *err)
{
    float outputs[EV_MAX_OUTPUTS];
    enum ev_status status = EV_OK;

    for (int64_t i = 0; i < n && status == EV_OK; i++) {
        const struct ev_batch batch = ev_timing_batch(pictures, model, first + i);
        int64_t start_ns = ev_clock_ns();
        status = ev_model_infer(model, &batch, outputs, err);
        int64_t end_ns = ev_clock_ns();
        if (samples_ns)
            samples_ns[i] = (float)(end_ns - start_ns);
    }
    return status;
}

static enum ev_status warm_up(const struct ev_timing_entry *entries, size_t n_entries,
                              const struct ev_timing_pictures *pictures, int64_t n_warmup,
                              struct ev_error *err)
{
    enum ev_status status = EV_OK;

    for (size_t e = 0; e < n_entries && status == EV_OK; e++) {
        for (int64_t i = 0; i < n_warmup && status == EV_OK; i += BLOCK_CALLS) {
            int64_t n = n_warmup - i < BLOCK_CALLS ? n_warmup - i : BLOCK_CALLS;
            status = call(entries[e].model, pictures, i, n, NULL, err);
            if (status == EV_OK)
                status = ev_interrupt_check(err);
        }
    }
    return status;
}

enum ev_status ev_timing_run(const struct ev_timing_entry *entries, size_t n_entries,
                             const struct ev_timing_pictures *pictures, int64_t n_calls,
                             int64_t n_warmup, struct ev_progress *progress, struct ev_error *err)
{
    enum ev_status status = warm_up(entries, n_entries, pictures, n_warmup, err);

    for (int64_t first = 0, round = 0; first < n_calls; first += BLOCK_CALLS, round++) {
        int64_t n = n_calls - first < BLOCK_CALLS ? n_calls - first : BLOCK_CALLS;
        for (size_t turn = 0; turn < n_entries && status == EV_OK; turn++) {
            const struct ev_timing_entry *entry = &entries[((size_t)round + turn) % n_entries];
            status = call(entry->model, pictures, first, UNCOUNTED_CALLS, NULL, err);
            if (status == EV_OK)
                status = call(entry->model, pictures, first, n, entry->samples_ns + first, err);
            if (status == EV_OK)
                status = ev_interrupt_check(err);
        }
        if (status != EV_OK)
            return status;
        if (progress)
            ev_progress_update(progress, (first + n) * (int64_t)n_entries, NULL);
    }
    return status;
}

enum ev_status ev_timing_figures(float *samples_ns, int64_t n_calls,
                                 struct ev_latency_figures *figures, struct ev_error *err)
{
    assert(n_calls >= 1);

    float *sorted = malloc((size_t)n_calls * sizeof *sorted);
    if (!sorted) {
        free(samples_ns);
        return ev_fail(err, EV_MEMORY, "out of memory for %lld samples", (long long)n_calls);
    }
    memcpy(sorted, samples_ns, (size_t)n_calls * sizeof *sorted);
    ev_stats_sort(sorted, n_calls);
    *figures = (struct ev_latency_figures){
        .n_calls = n_calls,
        .median_ns = ev_stats_median(sorted, n_calls),
        .p90_ns = ev_stats_percentile(sorted, n_calls, 90),
        .p99_ns = ev_stats_percentile(sorted, n_calls, 99),
        .mean_ns = ev_stats_mean(sorted, n_calls),
        .min_ns = sorted[0],
        .samples_ns = samples_ns,
    };
    free(sorted);
    return EV_OK;
}
