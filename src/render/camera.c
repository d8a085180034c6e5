/* SPDX-License-Identifier: MIT */
/*
 * Samples the ground below each pixel. A row d pixels below the horizon sees the ground 46 / d m
 * ahead, so the first rows cover metres of road each: they are cut into slices, and within a slice
 * each edge of a stripe is filtered analytically over the slice's footprint across the road. That
 * keeps a line of 0.1 m free of steps 20 m away without hundreds of samples a pixel.
 */
#include "render/camera.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/rng.h"

#define MAX_SLICES 16
#define WALL_HEIGHT_M 0.10f    /* below the camera: a wall never rises above the horizon */
#define WALL_DISTANCE_M 0.45f  /* from the asphalt's edge */
#define MARKING_WIDTH_M 0.10f
#define MARKING_INSET_M 0.05f  /* between marking and the asphalt's edge */
#define PLACE_LENGTH_M 15.0f   /* walls and markings come and go in stretches of this length */
#define MAX_WALL_STEP_M 1.0f    /* walls end on the way: not farther than that at once */
#define FAR_M 60.0f            /* nothing but grass is seen farther away */

const struct ev_look ev_look_reference = {
    .asphalt = {{66.0f, 61.0f, 62.0f}, 11.0f},
    .grass = {{138.0f, 159.0f, 69.0f}, 26.0f},
    .line = {{255.0f, 0.0f, 0.0f}, 0.0f},
    .marking = {{235.0f, 235.0f, 235.0f}, 6.0f},
    .wall = {{176.0f, 172.0f, 168.0f}, 6.0f},
    .sky = {{178.0f, 200.0f, 222.0f}, 0.0f},
    .line_width_m = 0.115f,
    .width_scale = {1.0f, 1.0f},
    .gain = {1.0f, 1.0f, 1.0f},
    .wall_share = 0.3f,
    .marking_share = 0.5f,
};

/* What one picture needs in every pixel. */
struct view {
    const struct ev_track *track;
    const struct ev_look *look;
    float x_m, y_m;   /* camera on the ground */
    float fx, fy;     /* unit vector ahead */
    float lx, ly;     /* unit vector to the left */
    float focal_px;
    uint64_t noise_key;
};

/* Inline, where fminf and fmaxf are calls: their care for NaN is not needed here. */
static inline float min_f(float a, float b)
{
    return a < b ? a : b;
}

static inline float max_f(float a, float b)
{
    return a > b ? a : b;
}

static struct view make_view(const struct ev_track *track, const struct ev_look *look,
                             struct ev_pose pose, uint64_t noise_key)
{
    double c = cos(pose.yaw_rad), s = sin(pose.yaw_rad);

    return (struct view){
        .track = track,
        .look = look,
        .x_m = (float)(pose.x_m + EV_CAMERA_AHEAD_M * c),
        .y_m = (float)(pose.y_m + EV_CAMERA_AHEAD_M * s),
        .fx = (float)c,
        .fy = (float)s,
        .lx = (float)-s,
        .ly = (float)c,
        .focal_px = (float)(EV_CAMERA_WIDTH / 2 / tan(EV_CAMERA_FOV_RAD / 2)),
        .noise_key = noise_key,
    };
}

/* What all pixels of a column share. */
struct column {
    int u;
    float ray_x, ray_y; /* way along the ground for each metre of depth */
    float wall;         /* depth of the first wall, m */
};

/* Whether the stretch at s has something that `share` of all stretches have. `side` and `kind`
 * tell walls and markings, left and right apart. */
static bool has_feature(const struct view *view, float s_m, unsigned kind, float share)
{
    uint64_t stretch = (uint64_t)(s_m / PLACE_LENGTH_M);
    uint64_t hash = ev_rng_mix(view->look->place_seed + stretch * 4 + kind + 1);

    return (float)(hash >> 40) * 0x1p-24f < share;
}

enum { WALL_LEFT, WALL_RIGHT, MARKING_LEFT, MARKING_RIGHT };

/* The place below a point, with the asphalt as wide as the look has it. */
static inline struct ev_track_place find_place(const struct view *view, float x_m, float y_m)
{
    struct ev_track_place place = ev_track_find(view->track, x_m, y_m);

    if (place.segment >= 0) {
        place.left_m *= view->look->width_scale[0];
        place.right_m *= view->look->width_scale[1];
    }
    return place;
}

/* Depth (m) at which a column's ray meets the first wall, FAR_M if none. Walks along the ray by the
 * distance to the nearest wall, as the distance from the centre line changes no faster than the
 * point moves. */
static float wall_depth(const struct view *view, float ray_x, float ray_y)
{
    const float per_metre = 1.0f / sqrtf(ray_x * ray_x + ray_y * ray_y);
    float depth = 0.1f;

    if (view->look->wall_share <= 0.0f)
        return FAR_M;
    while (depth < FAR_M) {
        struct ev_track_place place =
            find_place(view, view->x_m + depth * ray_x, view->y_m + depth * ray_y);
        float step = MAX_WALL_STEP_M;
        if (place.segment >= 0) {
            int left = place.offset_m > 0.0f;
            float edge = (left ? place.left_m : place.right_m) + WALL_DISTANCE_M;
            float beyond = fabsf(place.offset_m) - edge;
            if (beyond > 0.0f && beyond < 0.2f &&
                has_feature(view, place.s_m, left ? WALL_LEFT : WALL_RIGHT,
                            view->look->wall_share))
                return depth;
            step = min_f(max_f(0.9f * fabsf(beyond), 0.1f), MAX_WALL_STEP_M);
        }
        depth += step * per_metre;
    }
    return FAR_M;
}

static struct column make_column(const struct view *view, int u)
{
    /* Metres to the left for each metre ahead. */
    float slope = ((float)(EV_CAMERA_WIDTH / 2) - ((float)u + 0.5f)) / view->focal_px;
    float ray_x = view->fx + slope * view->lx, ray_y = view->fy + slope * view->ly;

    return (struct column){u, ray_x, ray_y, wall_depth(view, ray_x, ray_y)};
}

/* The ground that a row sees, in slices of equal height in the picture. */
struct slice {
    float z;  /* depth of its middle, m */
    float dz; /* how deep it is, m */
    float dx; /* how wide a pixel is there, m */
};

struct row_plan {
    int row;
    int n_slices;
    struct slice slices[MAX_SLICES];
};

static int slices_of_row(int below)
{
    return below < 3 ? MAX_SLICES : below < 6 ? 8 : below < 10 ? 4 : below < 16 ? 2 : 1;
}

static void plan_row(const struct view *view, int row, struct row_plan *plan)
{
    const float scale = (float)EV_CAMERA_ABOVE_M * view->focal_px; /* depth times pixels below */
    const int below = row - EV_CAMERA_HORIZON;

    plan->row = row;
    plan->n_slices = slices_of_row(below);
    for (int i = 0; i < plan->n_slices; i++) {
        float upper = (float)below + (float)i / (float)plan->n_slices;
        float lower = (float)below + (float)(i + 1) / (float)plan->n_slices;
        struct slice *slice = &plan->slices[i];
        slice->z = scale * 2.0f / (upper + lower);
        slice->dz = (upper > 0.0f ? scale / upper : 2.0f * FAR_M) - scale / lower;
        slice->dx = slice->z / view->focal_px;
    }
}

/* Share of a footprint of `width` centred at `at` that lies in [low, high]. */
static float covered(float at, float width, float low, float high)
{
    float from = at - 0.5f * width, to = at + 0.5f * width;

    if (from >= low && to <= high)
        return 1.0f;
    from = max_f(from, low);
    to = min_f(to, high);
    return to > from ? (to - from) / width : 0.0f;
}

static inline void mix(struct ev_surface *colour, const struct ev_surface *surface, float share)
{
    if (share <= 0.0f)
        return;
    for (int c = 0; c < 3; c++)
        colour->rgb[c] += share * (surface->rgb[c] - colour->rgb[c]);
    colour->sigma += share * (surface->sigma - colour->sigma);
}

/* Asphalt's edges and the markings along them, over grass. */
static struct ev_surface edge_colour(const struct view *view, const struct ev_track_place *place,
                                     float width)
{
    const struct ev_look *look = view->look;
    const float at = place->offset_m;
    const int left = at > 0.0f;
    const float outer = (left ? place->left_m : place->right_m) - MARKING_INSET_M;
    struct ev_surface colour = look->grass;

    mix(&colour, &look->asphalt, covered(at, width, -place->right_m, place->left_m));
    float share = covered(fabsf(at), width, outer - MARKING_WIDTH_M, outer);
    if (share > 0.0f && has_feature(view, place->s_m, left ? MARKING_LEFT : MARKING_RIGHT,
                                    look->marking_share))
        mix(&colour, &look->marking, share);
    return colour;
}

/* Colour of the ground in one slice of a column, averaged over the footprint. */
static struct ev_surface ground_colour(const struct view *view, const struct slice *slice,
                                       const struct column *column)
{
    const struct ev_look *look = view->look;
    struct ev_track_place place =
        find_place(view, view->x_m + slice->z * column->ray_x,
                   view->y_m + slice->z * column->ray_y);

    if (place.segment < 0)
        return look->grass;

    /* Footprint across the road: both sides of the pixel's trapezium projected on the road's
     * normal; the side towards the camera runs along the ray, not straight ahead. */
    const struct ev_segment *segment = &view->track->segments[place.segment];
    float across_ray = segment->tx * column->ray_y - segment->ty * column->ray_x;
    float across_side = segment->tx * view->ly - segment->ty * view->lx;
    float width = fabsf(across_ray) * slice->dz + fabsf(across_side) * slice->dx + 1e-4f;

    const float reach = fabsf(place.offset_m) + 0.5f * width;
    const float clear = min_f(place.left_m, place.right_m) - MARKING_INSET_M - MARKING_WIDTH_M;
    const float half = 0.5f * look->line_width_m;
    struct ev_surface colour =
        reach <= clear ? look->asphalt : edge_colour(view, &place, width);
    if (reach - width < half)
        mix(&colour, &look->line, covered(place.offset_m, width, -half, half));
    return colour;
}

/* Standard normal to about 1%: the sum of four 16-bit uniforms, scaled. One hash a pixel. */
static float pixel_noise(const struct view *view, int row, int column)
{
    uint64_t h = ev_rng_mix(view->noise_key + (uint64_t)(row * EV_CAMERA_WIDTH + column));
    uint64_t sum = (h & 0xffff) + ((h >> 16) & 0xffff) + ((h >> 32) & 0xffff) + (h >> 48);

    /* Variance of one 16-bit uniform is 65536^2 / 12, so of four 65536^2 / 3. */
    return ((float)sum - 131070.0f) * (1.7320508f / 65536.0f);
}

static uint8_t to_byte(float value)
{
    return (uint8_t)(value <= 0.0f ? 0.0f : value >= 255.0f ? 255.0f : value + 0.5f);
}

/* One pixel below the horizon. */
static void shade_pixel(const struct view *view, const struct row_plan *plan,
                        const struct column *column, uint8_t rgb[3])
{
    const struct ev_look *look = view->look;
    const float height = (float)EV_CAMERA_ABOVE_M;
    struct ev_surface sum = {0};

    for (int i = 0; i < plan->n_slices; i++) {
        const struct slice *slice = &plan->slices[i];
        /* How high the ray passes the wall, times the slice's depth. */
        bool hidden = slice->z > column->wall &&
                      height * (slice->z - column->wall) < WALL_HEIGHT_M * slice->z;
        struct ev_surface colour = hidden ? look->wall : ground_colour(view, slice, column);
        for (int c = 0; c < 3; c++)
            sum.rgb[c] += colour.rgb[c];
        sum.sigma += colour.sigma;
    }
    float scale = 1.0f / (float)plan->n_slices;
    float noise = sum.sigma * scale * pixel_noise(view, plan->row, column->u);
    for (int c = 0; c < 3; c++)
        rgb[c] = to_byte((sum.rgb[c] * scale + noise) * look->gain[c] + look->offset);
}

void ev_camera_full(const struct ev_track *track, const struct ev_look *look, struct ev_pose pose,
                    uint64_t noise_key, uint8_t *rgb)
{
    struct view view = make_view(track, look, pose, noise_key);
    struct row_plan plans[EV_CAMERA_HEIGHT - EV_CAMERA_HORIZON];

    for (int v = EV_CAMERA_HORIZON; v < EV_CAMERA_HEIGHT; v++)
        plan_row(&view, v, &plans[v - EV_CAMERA_HORIZON]);
    for (int u = 0; u < EV_CAMERA_WIDTH; u++) {
        struct column column = make_column(&view, u);
        for (int v = 0; v < EV_CAMERA_HEIGHT; v++) {
            uint8_t *pixel = rgb + ((size_t)v * EV_CAMERA_WIDTH + (size_t)u) * 3;
            if (v >= EV_CAMERA_HORIZON) {
                shade_pixel(&view, &plans[v - EV_CAMERA_HORIZON], &column, pixel);
            } else {
                for (int c = 0; c < 3; c++)
                    pixel[c] = to_byte(look->sky.rgb[c] * look->gain[c] + look->offset);
            }
        }
    }
}

struct ev_camera_tap ev_camera_tap(int target, float scale, int n_source)
{
    float source = ((float)target + 0.5f) * scale - 0.5f;
    int first = (int)floorf(source);

    if (first < 0)
        return (struct ev_camera_tap){0, 0.0f};
    if (first >= n_source - 1)
        return (struct ev_camera_tap){n_source - 2, 1.0f};
    return (struct ev_camera_tap){first, source - (float)first};
}

/* Blurs rgb (66, 200, 3) with a Gaussian cut to three taps, along rows then columns; the border
 * repeats. */
static void blur_picture(uint8_t *rgb, float sigma_px)
{
    const float side = expf(-0.5f / (sigma_px * sigma_px));
    const float outer = side / (1.0f + 2.0f * side), inner = 1.0f - 2.0f * outer;
    uint8_t copy[EV_PICTURE_BYTES];

    for (int pass = 0; pass < 2; pass++) {
        memcpy(copy, rgb, sizeof copy);
        for (int y = 0; y < EV_PICTURE_HEIGHT; y++) {
            for (int x = 0; x < EV_PICTURE_WIDTH; x++) {
                int x0 = pass == 0 && x > 0 ? x - 1 : x;
                int x1 = pass == 0 && x < EV_PICTURE_WIDTH - 1 ? x + 1 : x;
                int y0 = pass == 1 && y > 0 ? y - 1 : y;
                int y1 = pass == 1 && y < EV_PICTURE_HEIGHT - 1 ? y + 1 : y;
                for (int c = 0; c < 3; c++) {
                    float before = copy[(y0 * EV_PICTURE_WIDTH + x0) * 3 + c];
                    float after = copy[(y1 * EV_PICTURE_WIDTH + x1) * 3 + c];
                    float here = copy[(y * EV_PICTURE_WIDTH + x) * 3 + c];
                    rgb[(y * EV_PICTURE_WIDTH + x) * 3 + c] =
                        to_byte(inner * here + outer * (before + after));
                }
            }
        }
    }
}

void ev_camera_picture(const struct ev_track *track, const struct ev_look *look,
                       struct ev_pose pose, uint64_t noise_key, uint8_t *rgb)
{
    const int n_rows = EV_CAMERA_HEIGHT - EV_CAMERA_HORIZON;
    const float scale_x = (float)EV_CAMERA_WIDTH / EV_PICTURE_WIDTH;
    const float scale_y = (float)n_rows / EV_PICTURE_HEIGHT;
    struct view view = make_view(track, look, pose, noise_key);
    struct ev_camera_tap rows[EV_PICTURE_HEIGHT];
    struct row_plan plans[EV_PICTURE_HEIGHT][2];

    for (int y = 0; y < EV_PICTURE_HEIGHT; y++) {
        rows[y] = ev_camera_tap(y, scale_y, n_rows);
        for (int j = 0; j < 2; j++)
            plan_row(&view, EV_CAMERA_HORIZON + rows[y].first + j, &plans[y][j]);
    }
    for (int x = 0; x < EV_PICTURE_WIDTH; x++) {
        struct ev_camera_tap tx = ev_camera_tap(x, scale_x, EV_CAMERA_WIDTH);
        struct column columns[2] = {make_column(&view, tx.first),
                                    make_column(&view, tx.first + 1)};
        for (int y = 0; y < EV_PICTURE_HEIGHT; y++) {
            uint8_t source[2][2][3];
            for (int j = 0; j < 2; j++) {
                for (int i = 0; i < 2; i++)
                    shade_pixel(&view, &plans[y][j], &columns[i], source[j][i]);
            }
            uint8_t *pixel = rgb + (y * EV_PICTURE_WIDTH + x) * 3;
            for (int c = 0; c < 3; c++) {
                float upper = source[0][0][c] + tx.weight * (source[0][1][c] - source[0][0][c]);
                float lower = source[1][0][c] + tx.weight * (source[1][1][c] - source[1][0][c]);
                pixel[c] = to_byte(upper + rows[y].weight * (lower - upper));
            }
        }
    }
    if (look->blur_sigma_px > 0.0f)
        blur_picture(rgb, look->blur_sigma_px);
}
