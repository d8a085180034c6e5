/* SPDX-License-Identifier: MIT */
/*
 * Chunks that cut pictures, as h5py chooses them: the rows of one are in several, its parts. They
 * are unpacked one after the other, and their values go to where they belong in the rows.
 */
#include <string.h>

#include "set/set_private.h"

/* Rows of a chunk that are larger, or larger parts, are left to HDF5, which needs less memory. */
#define MAX_CUT_BYTES ((size_t)128 << 20)

static hsize_t parts_along(const struct ev_set *set, int axis)
{
    return (set->extent[axis] - 1) / set->chunk[axis] + 1;
}

bool ev_set_find_parts(struct ev_set *set, int rank, const hsize_t *extent, const hsize_t *chunk)
{
    size_t n_bytes = ev_element_bytes(set->element);
    bool fits = true;

    set->is_cut = false;
    set->n_parts = 1;
    for (int i = 0; i < EV_MAX_AXES; i++) {
        set->extent[i] = i < rank ? extent[i] : 1;
        set->chunk[i] = i < rank ? chunk[i] : 1;
        fits = fits && set->chunk[i] <= MAX_CUT_BYTES / n_bytes;
        n_bytes = fits ? n_bytes * (size_t)set->chunk[i] : n_bytes;
        if (i > 0) {
            set->n_parts *= (int64_t)parts_along(set, i);
            set->is_cut = set->is_cut || set->chunk[i] != set->extent[i];
        }
    }
    set->chunk_rows = (int64_t)chunk[0];
    set->chunk_bytes = set->is_cut ? n_bytes : (size_t)chunk[0] * set->stored_bytes;
    return !set->is_cut || (fits && chunk[0] <= MAX_CUT_BYTES / set->stored_bytes);
}

void ev_set_part_offset(const struct ev_set *set, int64_t part, hsize_t offset[EV_MAX_AXES])
{
    hsize_t left = (hsize_t)(part % set->n_parts);

    offset[0] = (hsize_t)(part / set->n_parts * set->chunk_rows);
    for (int i = EV_MAX_AXES - 1; i > 0; i--) {
        offset[i] = left % parts_along(set, i) * set->chunk[i];
        left /= parts_along(set, i);
    }
}

/* The last part along an axis may reach beyond the end. */
static size_t within(const struct ev_set *set, const hsize_t *offset, int axis)
{
    const hsize_t left = set->extent[axis] - offset[axis];

    return (size_t)(left < set->chunk[axis] ? left : set->chunk[axis]);
}

/* n pieces of a line of a part to the line of a picture. */
static void place_line(const uint8_t *from, size_t from_step, uint8_t *to, size_t to_step, size_t n,
                       size_t n_bytes)
{
    if (n_bytes == 1) { /* one channel of three, mostly */
        for (size_t i = 0; i < n; i++)
            to[i * to_step] = from[i * from_step];
        return;
    }
    if (n_bytes == from_step && n_bytes == to_step) {
        memcpy(to, from, n * n_bytes);
        return;
    }
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * to_step, from + i * from_step, n_bytes);
}

void ev_set_part_place(const struct ev_set *set, int64_t part, const uint8_t *values, uint8_t *rows)
{
    const size_t element = ev_element_bytes(set->element);
    const size_t from_step = (size_t)set->chunk[3] * element;
    const size_t to_step = (size_t)set->extent[3] * element;
    hsize_t offset[EV_MAX_AXES];

    ev_set_part_offset(set, part, offset);
    const size_t n_lines = within(set, offset, 1), n_pieces = within(set, offset, 2);
    const size_t n_bytes = within(set, offset, 3) * element;
    for (size_t row = 0; row < within(set, offset, 0); row++) {
        const uint8_t *from =
            values + row * (size_t)set->chunk[1] * (size_t)set->chunk[2] * from_step;
        uint8_t *to = rows + row * set->stored_bytes +
                      ((size_t)offset[1] * (size_t)set->extent[2] + (size_t)offset[2]) * to_step +
                      (size_t)offset[3] * element;
        for (size_t line = 0; line < n_lines; line++)
            place_line(from + line * (size_t)set->chunk[2] * from_step, from_step,
                       to + line * (size_t)set->extent[2] * to_step, to_step, n_pieces, n_bytes);
    }
}
