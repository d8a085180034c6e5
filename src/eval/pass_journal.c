/* SPDX-License-Identifier: MIT */
/* Records of batches and of calls. */
#include "eval/pass_journal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Passes --- */

/* A batch; a short one is filled up with zeros. */
struct ev_pass_record {
    int64_t n_rows;
    int64_t elapsed_ns;
    float outputs[]; /* (batch_rows, n_outputs) */
};

/* A multiple of the struct's alignment: records lie one behind the other. */
static size_t record_bytes(const struct ev_pass_journal *pass)
{
    const size_t n_outputs = (size_t)pass->batch_rows * (size_t)pass->n_outputs;

    return sizeof(struct ev_pass_record) + (n_outputs + n_outputs % 2) * sizeof(float);
}

static int64_t rows_of_batch(const struct ev_pass_journal *pass, int64_t batch)
{
    const int64_t left = pass->n_rows - batch * pass->batch_rows;

    return left < pass->batch_rows ? left : pass->batch_rows;
}

/* Gives what the records hold to `add`, up to one that cannot be of this pass. Returns how many
 * were good. */
static int64_t take_batches(const struct ev_pass_journal *pass, const char *records, int64_t n,
                            void (*add)(void *self, int64_t n_rows, const float *outputs,
                                        int64_t elapsed_ns),
                            void *self)
{
    int64_t i = 0;

    for (; i < n && i * pass->batch_rows < pass->n_rows; i++) {
        const void *at = records + (size_t)i * record_bytes(pass);
        const struct ev_pass_record *record = at;
        if (record->n_rows != rows_of_batch(pass, i) || record->elapsed_ns < 0)
            break;
        add(self, record->n_rows, record->outputs, record->elapsed_ns);
    }
    return i;
}

enum ev_status ev_pass_journal_open(struct ev_pass_journal *pass,
                                    void (*add)(void *self, int64_t n_rows, const float *outputs,
                                                int64_t elapsed_ns),
                                    void *self, int64_t *first_row, struct ev_error *err)
{
    char name[64], subject[96];
    void *records = NULL;
    int64_t n = 0;

    *first_row = 0;
    snprintf(name, sizeof name, "outputs-%zu-%zu", pass->s, pass->b);
    snprintf(subject, sizeof subject, "outputs of %lld rows x %d in batches of %lld",
             (long long)pass->n_rows, (int)pass->n_outputs, (long long)pass->batch_rows);
    pass->record = calloc(1, record_bytes(pass));
    if (!pass->record)
        return ev_fail(err, EV_MEMORY, "out of memory");
    enum ev_status status =
        ev_journal_begin(pass->journal, name, subject, record_bytes(pass), &records, &n, err);
    if (status == EV_OK) {
        const int64_t n_good = take_batches(pass, records, n, add, self);
        *first_row =
            n_good * pass->batch_rows < pass->n_rows ? n_good * pass->batch_rows : pass->n_rows;
        if (n_good < n)
            status = ev_journal_cut(pass->journal, n_good, err);
    }
    free(records);
    return status;
}

enum ev_status ev_pass_journal_add(struct ev_pass_journal *pass, int64_t n_rows,
                                   const float *outputs, int64_t elapsed_ns, struct ev_error *err)
{
    struct ev_pass_record *record = pass->record;
    const size_t n_bytes = (size_t)n_rows * (size_t)pass->n_outputs * sizeof *outputs;

    memset(record, 0, record_bytes(pass));
    record->n_rows = n_rows;
    record->elapsed_ns = elapsed_ns;
    memcpy(record->outputs, outputs, n_bytes);
    return ev_journal_append(pass->journal, record, err);
}

void ev_pass_journal_close(struct ev_pass_journal *pass)
{
    ev_journal_end(pass->journal);
    free(pass->record);
    pass->record = NULL;
}

/* --- Calls --- */

static bool is_time(float ns)
{
    return isfinite(ns) && ns >= 0;
}

enum ev_status ev_calls_journal_take(struct ev_journal *journal, size_t s,
                                     const struct ev_timing_entry *entries, size_t n_entries,
                                     int64_t n_calls, bool *found, struct ev_error *err)
{
    const size_t n = n_entries * (size_t)n_calls;
    char name[64], subject[96];
    void *records;
    int64_t n_records;

    *found = false;
    snprintf(name, sizeof name, "calls-%zu", s);
    snprintf(subject, sizeof subject, "%lld calls of each of %zu", (long long)n_calls, n_entries);
    enum ev_status status =
        ev_journal_begin(journal, name, subject, n * sizeof(float), &records, &n_records, err);
    const float *samples_ns = records;
    for (size_t i = 0; status == EV_OK && n_records > 0 && i < n; i++) {
        if (!is_time(samples_ns[i]))
            n_records = 0;
    }
    if (status == EV_OK)
        status = ev_journal_cut(journal, n_records > 0 ? 1 : 0, err);
    for (size_t e = 0; status == EV_OK && n_records > 0 && e < n_entries; e++)
        memcpy(entries[e].samples_ns, samples_ns + e * (size_t)n_calls,
               (size_t)n_calls * sizeof *samples_ns);
    *found = status == EV_OK && n_records > 0;
    free(records);
    return status;
}

enum ev_status ev_calls_journal_add(struct ev_journal *journal,
                                    const struct ev_timing_entry *entries, size_t n_entries,
                                    int64_t n_calls, struct ev_error *err)
{
    float *record = malloc(n_entries * (size_t)n_calls * sizeof *record);

    if (!record)
        return ev_fail(err, EV_MEMORY, "out of memory");
    for (size_t e = 0; e < n_entries; e++)
        memcpy(record + e * (size_t)n_calls, entries[e].samples_ns,
               (size_t)n_calls * sizeof *record);
    const enum ev_status status = ev_journal_append(journal, record, err);
    free(record);
    return status;
}
