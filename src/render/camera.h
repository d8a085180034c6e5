/* SPDX-License-Identifier: MIT */
/*
 * The camera: from a pose on a track to the picture that a network sees.
 *
 * A pinhole of 640 x 480 pixels, 1.57 rad across, 0.09 m ahead of and 0.144 m above the car's
 * origin, looking straight ahead and level. The network's picture is the lower half, resized
 * bilinearly (half-pixel centres, no smoothing) to 200 x 66. Only pixels which that resize reads
 * are rendered; ev_camera_full renders all of them, and resizing it gives the same bytes.
 */
#ifndef EV_CAMERA_H
#define EV_CAMERA_H

#include <stdint.h>

#include "render/track.h"

#define EV_CAMERA_WIDTH 640
#define EV_CAMERA_HEIGHT 480
#define EV_CAMERA_HORIZON 240 /* first row below the horizon */
#define EV_CAMERA_FOV_RAD 1.57
#define EV_CAMERA_AHEAD_M 0.09
#define EV_CAMERA_ABOVE_M 0.144
#define EV_PICTURE_WIDTH 200
#define EV_PICTURE_HEIGHT 66
#define EV_PICTURE_BYTES (EV_PICTURE_HEIGHT * EV_PICTURE_WIDTH * 3)

/* A surface: mean colour (0..255) and the standard deviation of its texture, equal in all three
 * channels. */
struct ev_surface {
    float rgb[3];
    float sigma;
};

/* How the world looks. */
struct ev_look {
    struct ev_surface asphalt, grass, line, marking, wall, sky;
    float line_width_m;
    float width_scale[2]; /* of the asphalt to the left and right of the line; 1: as the track has it */
    float gain[3];       /* light and white balance: channels are multiplied by it */
    float offset;        /* then this is added */
    float blur_sigma_px; /* of the small picture; 0: none */
    float wall_share;    /* share of the track's stretches that have walls; 0..1 */
    float marking_share; /* same for white markings along the asphalt's edges */
    uint64_t place_seed; /* decides which stretches */
};

/* The look of the reference. */
extern const struct ev_look ev_look_reference;

/* Renders the network's picture into rgb (66, 200, 3) uint8. `noise_key` keys the texture's
 * noise. A pure function of its arguments; any thread. */
void ev_camera_picture(const struct ev_track *track, const struct ev_look *look,
                       struct ev_pose pose, uint64_t noise_key, uint8_t *rgb);

/* The two neighbours that one target position of a bilinear resize by `scale` with half-pixel
 * centres reads among n_source: first and first + 1, and the second one's weight. */
struct ev_camera_tap {
    int first;
    float weight;
};
struct ev_camera_tap ev_camera_tap(int target, float scale, int n_source);

/* Renders the camera's full picture into rgb (480, 640, 3) uint8, without the look's blur. */
void ev_camera_full(const struct ev_track *track, const struct ev_look *look, struct ev_pose pose,
                    uint64_t noise_key, uint8_t *rgb);

#endif
