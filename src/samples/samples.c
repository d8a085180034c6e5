/* SPDX-License-Identifier: MIT */
/* The record of samples in memory. */
#include "samples/samples.h"

#include <stdlib.h>
#include <string.h>

const char *ev_mode_name(enum ev_mode mode)
{
    static const char *const names[EV_N_MODES] = {"cold", "hot",    "paced", "resident",
                                                  "fed",  "pieces", "eager"};

    return names[mode];
}

const char *ev_boundary_name(enum ev_boundary boundary)
{
    static const char *const names[EV_N_BOUNDARIES] = {"compute", "e2e", "device"};

    return names[boundary];
}

static void free_lists(float **lists, size_t n)
{
    for (size_t i = 0; lists && i < n; i++)
        free(lists[i]);
    free(lists);
}

static void free_set(struct ev_samples_set *set, size_t n_backends)
{
    free_lists(set->outputs, n_backends);
    free_lists(set->single, n_backends);
    free_lists(set->mirrored, n_backends);
    free_lists(set->study_ns, n_backends);
    free(set->single_rows);
    free(set->labels);
    free(set->positions);
    free(set->name);
}

void ev_samples_free(struct ev_samples *samples)
{
    for (size_t s = 0; samples->sets && s < samples->n_sets; s++)
        free_set(&samples->sets[s], samples->n_backends);
    for (size_t b = 0; samples->backends && b < samples->n_backends; b++)
        free(samples->backends[b]);
    for (size_t i = 0; i < samples->n_pictures; i++)
        free(samples->pictures[i].pixels);
    free(samples->pictures);
    free(samples->sets);
    free(samples->backends);
    ev_session_free(&samples->session);
    memset(samples, 0, sizeof *samples);
}

void ev_session_free(struct ev_session *session)
{
    for (size_t e = 0; session->entries && e < session->n_entries; e++)
        free(session->entries[e].backend);
    free(session->entries);
    free(session->profile);
    free(session->blocks);
    free(session->call_ns);
    memset(session, 0, sizeof *session);
}

/* Room for one more of n elements: at each power of two the array doubles. */
static bool grow(void **array, int64_t n, int64_t n_more, size_t element)
{
    int64_t room = 1;

    while (room < n)
        room *= 2;
    if (n > 0 && n + n_more <= room)
        return true;
    while (room < n + n_more)
        room *= 2;
    void *larger = realloc(*array, (size_t)room * element);
    if (larger)
        *array = larger;
    return larger != NULL;
}

bool ev_session_add(struct ev_session *session, const struct ev_block *block, const float *call_ns,
                    int64_t n_calls)
{
    if (!grow((void **)&session->blocks, (int64_t)session->n_blocks, 1, sizeof *session->blocks) ||
        !grow((void **)&session->call_ns, session->n_calls, n_calls, sizeof *session->call_ns))
        return false;
    struct ev_block *added = &session->blocks[session->n_blocks++];
    *added = *block;
    added->first_call = session->n_calls;
    added->n_calls = n_calls;
    memcpy(session->call_ns + session->n_calls, call_ns, (size_t)n_calls * sizeof *call_ns);
    session->n_calls += n_calls;
    return true;
}

int ev_samples_find_set(const struct ev_samples *samples, const char *set)
{
    for (size_t s = 0; s < samples->n_sets; s++) {
        if (strcmp(samples->sets[s].name, set) == 0)
            return (int)s;
    }
    return -1;
}

int ev_samples_find_backend(const struct ev_samples *samples, const char *backend)
{
    for (size_t b = 0; b < samples->n_backends; b++) {
        if (strcmp(samples->backends[b], backend) == 0)
            return (int)b;
    }
    return -1;
}
