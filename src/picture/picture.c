/* SPDX-License-Identifier: MIT */
/* Pictures: which decoder reads a file, memory and crops. */
#include "picture/picture.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "picture/picture_private.h"

/* The largest picture with 16 bits and transparency, stored without compression. */
#define MAX_FILE_BYTES ((size_t)EV_PICTURE_MAX_PIXELS * 8 + (1 << 20))

enum ev_status ev_picture_make(struct ev_picture *picture, uint32_t height, uint32_t width,
                               const char *name, struct ev_error *err)
{
    if (height == 0 || width == 0)
        return ev_fail(err, EV_INPUT, "%s: a picture without pixels", name);
    if (height > EV_PICTURE_MAX_SIDE || width > EV_PICTURE_MAX_SIDE ||
        (uint64_t)height * width > EV_PICTURE_MAX_PIXELS)
        return ev_fail(err, EV_INPUT,
                       "%s: %u x %u pixels, more than %d on a side or %d million in all", name,
                       (unsigned)width, (unsigned)height, EV_PICTURE_MAX_SIDE,
                       EV_PICTURE_MAX_PIXELS / 1000000);
    picture->height = (int32_t)height;
    picture->width = (int32_t)width;
    picture->channels = 3;
    picture->row_bytes = (size_t)width * 3;
    picture->memory = malloc(height * picture->row_bytes);
    picture->pixels = picture->memory;
    return picture->memory ? EV_OK : ev_fail(err, EV_MEMORY, "%s: out of memory", name);
}

enum ev_status ev_picture_decode(const uint8_t *bytes, size_t n_bytes, const char *name,
                                 struct ev_picture *picture, struct ev_error *err)
{
    static const uint8_t png_magic[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    static const uint8_t jpeg_magic[] = {0xff, 0xd8, 0xff};
    enum ev_status status;

    *picture = (struct ev_picture){0};
    if (n_bytes == 0)
        return ev_fail(err, EV_INPUT, "%s: empty file, expected a picture", name);
    if (n_bytes >= sizeof png_magic && memcmp(bytes, png_magic, sizeof png_magic) == 0)
        status = ev_picture_decode_png(bytes, n_bytes, name, picture, err);
    else if (n_bytes >= sizeof jpeg_magic && memcmp(bytes, jpeg_magic, sizeof jpeg_magic) == 0)
        status = ev_picture_decode_jpeg(bytes, n_bytes, name, picture, err);
    else
        return ev_fail(err, EV_INPUT, "%s: neither PNG nor JPEG", name);
    if (status != EV_OK)
        ev_picture_free(picture);
    return status;
}

enum ev_status ev_picture_read(const char *path, struct ev_picture *picture, struct ev_error *err)
{
    char *bytes;
    size_t n_bytes;

    *picture = (struct ev_picture){0};
    enum ev_status status = ev_file_read(path, MAX_FILE_BYTES, &bytes, &n_bytes, err);
    if (status != EV_OK)
        return status;
    status = ev_picture_decode((const uint8_t *)bytes, n_bytes, path, picture, err);
    free(bytes);
    return status;
}

void ev_picture_free(struct ev_picture *picture)
{
    free(picture->memory);
    *picture = (struct ev_picture){0};
}

enum ev_status ev_picture_crop(struct ev_picture *picture, const struct ev_picture_crop *crop,
                               struct ev_error *err)
{
    int32_t bottom = crop->bottom > 0 ? crop->bottom : picture->height + crop->bottom;
    int32_t right = crop->right > 0 ? crop->right : picture->width + crop->right;

    if (crop->top < 0 || crop->left < 0 || bottom > picture->height || right > picture->width ||
        crop->top >= bottom || crop->left >= right)
        return ev_fail(
            err, EV_INPUT,
            "rows %d to %d and columns %d to %d do not lie in its %d rows and %d columns",
            crop->top, bottom, crop->left, right, picture->height, picture->width);
    picture->pixels +=
        (size_t)crop->top * picture->row_bytes + (size_t)crop->left * (size_t)picture->channels;
    picture->height = bottom - crop->top;
    picture->width = right - crop->left;
    return EV_OK;
}
