/* SPDX-License-Identifier: MIT */
/* Picture changes that cost little: one table of 256 entries per channel. */
#include "train/augment.h"

/* Contrast about mid-grey, brightness in grey levels, gain of a single channel: what another
 * exposure or another white balance does, short of clipping most of the picture. */
#define CONTRAST 0.25
#define BRIGHTNESS 24.0
#define CHANNEL_GAIN 0.08
#define MID_GREY 127.5

#define MAX_CHANNELS 3

void ev_augment_colour(uint8_t *image, const struct ev_shape *shape, struct ev_rng *rng)
{
    uint8_t table[MAX_CHANNELS][256];
    int32_t channels = shape->channels;
    int64_t n_pixels = (int64_t)shape->height * shape->width;
    double contrast = ev_rng_range(rng, 1.0 - CONTRAST, 1.0 + CONTRAST);
    double brightness = ev_rng_range(rng, -BRIGHTNESS, BRIGHTNESS);

    for (int32_t c = 0; c < channels; c++) {
        double gain = ev_rng_range(rng, 1.0 - CHANNEL_GAIN, 1.0 + CHANNEL_GAIN);
        for (int32_t value = 0; value < 256; value++) {
            double changed =
                gain * (MID_GREY + contrast * ((double)value - MID_GREY) + brightness) + 0.5;
            table[c][value] = changed < 0.0 ? 0 : changed > 255.0 ? 255 : (uint8_t)changed;
        }
    }
    for (int64_t i = 0; i < n_pixels; i++, image += channels) {
        for (int32_t c = 0; c < channels; c++)
            image[c] = table[c][image[c]];
    }
}
