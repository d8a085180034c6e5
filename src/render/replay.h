/* SPDX-License-Identifier: MIT */
/* Pictures of a rendered set again, from its poses and its provenance, at the camera's full size.
 */
#ifndef EV_REPLAY_H
#define EV_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "evalrun/error.h"
#include "render/track.h"
#include "set/set.h"

struct ev_replay {
    struct ev_track *track; /* owned */
    uint64_t seed;
    bool perturb;
};

/* Reads from a set's provenance how it was rendered. `circuit` (may be NULL) is the circuit's file
 * or name, if it is not the one that the provenance names. Failure: EV_UNSUPPORTED, with the reason
 * alone as message, if the set was not rendered by this program's renderer, or has no poses;
 * else as ev_track_open. */
EV_CHECKED enum ev_status ev_replay_open(const struct ev_set *set, const char *circuit,
                                         struct ev_replay *replay, struct ev_error *err);
void ev_replay_close(struct ev_replay *replay);

/* Row number `row` of the set, taken from `pose`: its own picture into picture (66, 200, 3) uint8,
 * and the camera's into full (480, 640, 3) uint8. Rows 240 to 479 of the latter, resized bilinearly
 * with half-pixel centres, are the former, also where that is blurred. Any thread. */
void ev_replay_render(const struct ev_replay *replay, int64_t row, struct ev_pose pose,
                      uint8_t *picture, uint8_t *full);

#endif
