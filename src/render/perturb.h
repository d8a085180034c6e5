/* SPDX-License-Identifier: MIT */
/* What makes a training frame differ from the expert's own lap. */
#ifndef EV_PERTURB_H
#define EV_PERTURB_H

#include "render/camera.h"
#include "render/drive_path.h"

/* Moves `point` off the expert's path: anywhere along the next 2 m, sideways and turned. Most
 * frames stay within what a good driver meets, a third are far off, so that the network also sees
 * how to come back. Depends on (seed, frame) only. */
void ev_perturb_pose(const struct ev_track *track, uint64_t seed, int64_t frame,
                     struct ev_path_point *point);

/* A look around the reference's: light, white balance, colours, texture noise, blur, wider
 * or narrower asphalt, and other stretches with walls and markings. Depends on (seed, frame) only. */
struct ev_look ev_perturb_look(uint64_t seed, int64_t frame);

#endif
