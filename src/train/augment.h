/* SPDX-License-Identifier: MIT */
/* Changes of one training picture: brightness, contrast, colour. */
#ifndef EV_AUGMENT_H
#define EV_AUGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "evalrun/batch.h"

/* Draws brightness, contrast and a gain per channel and applies them in place. */
void ev_augment_colour(uint8_t *image, const struct ev_shape *shape, struct ev_rng *rng);

#endif
