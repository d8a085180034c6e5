/* SPDX-License-Identifier: MIT */
/*
 * What is timed: profiles, which say how much, and the order of entries within each round.
 *
 * An entry is a model that is timed; the baseline is in there twice, the second time as a control.
 * A worker process is the unit of replication: it opens every entry anew, measures each condition
 * (mode and boundary) in rounds, and in a round each entry once, as one block of calls. Orders come
 * from balanced designs (stats/design.h) that go on from one process to the next.
 */
#ifndef EV_PLAN_H
#define EV_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "evalrun/backend.h"
#include "samples/samples.h"

#define EV_MAX_CONDITIONS 16

/* One mode at one boundary, within each process. */
struct ev_condition {
    enum ev_mode mode;
    enum ev_boundary boundary;
    int32_t n_rounds;
    int32_t n_discarded; /* calls at the start of a block whose times are thrown away */
    int32_t n_calls;     /* timed ones of a block */
    int32_t every, turn; /* only in processes of which number modulo `every` is `turn`; 0: in all */
};

/* Before a process measures anything but cold calls, each entry is called with one picture until
 * its times are steady: the medians of the last three runs of 20 calls lie within 2 %. Before it
 * measures batches, each entry is given one, or as many as take batches_s. */
struct ev_warm_up {
    int32_t min_calls;
    double min_s, max_s; /* of each entry */
    int32_t max_rows;    /* of the batch that comes before those that are timed */
    double batches_s;    /* of each entry */
};

struct ev_profile {
    const char *name;
    const char *summary;
    int32_t min_processes, max_processes;
    double width; /* past min_processes: enough once all hot changes are known within this, either
                     way, 0.01 for 1 % */
    double cap_s; /* no process is begun that would end later */
    struct ev_warm_up warm_up;
    struct ev_condition conditions[EV_MAX_CONDITIONS];
    int32_t n_conditions;
};

/* "quick", "std", "strict"; the last one's name is NULL. */
extern const struct ev_profile ev_profiles[];
/* The profile of that name; NULL: there is none. */
const struct ev_profile *ev_profile_find(const char *name);

/* A CUDA device's clock is low while there is nothing to do, and rises for about this long: the
 * least that each entry is warmed up with single pictures, and then with batches. */
#define EV_DEVICE_WARM_S    2.0
#define EV_DEVICE_BATCHES_S 0.5

/*
 * The profile as a run of n_entries on that kind of device (enum ev_device_kind) has it. For a CUDA
 * device the warm-up is longer, and so is the cap. Where all engines tell_apart what their device
 * takes, hot calls are measured by its clock as well, and both ways with operations that are
 * launched one by one (EV_MODE_EAGER); so are resident batches by its clock. Each comes right
 * behind what it is set against, and as often.
 */
struct ev_profile ev_profile_for(const struct ev_profile *profile, uint32_t device_kind,
                                 bool tell_apart, int32_t n_entries);

/* Whether process number `process` measures the condition. */
bool ev_condition_is_in(const struct ev_condition *condition, int32_t process);
/* With one picture a call, on one thread; else with batches, on all. */
bool ev_mode_is_single(enum ev_mode mode);
/* Blocks that a process measures. */
int64_t ev_plan_blocks(const struct ev_condition *conditions, int32_t n_conditions,
                       int32_t n_entries, int32_t process);

/* Whether another process would end within the cap, if it takes as long as n_processes, which took
 * taken_s, did on average; the first one always may. */
bool ev_plan_has_time(int32_t n_processes, double taken_s, double cap_s);

/* The order of n_entries in a round of a process: a row of `orders`, room for
 * ev_design_rows(n_entries) of them. Rounds of all processes go through one design after the other,
 * those of each condition through its own. */
const int32_t *ev_plan_order(const struct ev_condition *conditions, int32_t condition,
                             int32_t n_entries, uint64_t seed, int32_t process, int32_t round,
                             int32_t *orders);

#endif
