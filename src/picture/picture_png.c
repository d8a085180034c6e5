/* SPDX-License-Identifier: MIT */
/* PNG by libpng: decoding of every kind into 8-bit RGB, and writing. */
#include <errno.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "picture/picture_private.h"

/* All that lives over a longjmp. */
struct decoder {
    png_structp png;
    png_infop info;
    png_bytep *rows;
    const uint8_t *bytes;
    size_t n_left;
    const char *name;
    struct ev_error *err;
};

static void stop_at_error(png_structp png, png_const_charp reason)
{
    struct decoder *decoder = png_get_error_ptr(png);

    (void)ev_fail(decoder->err, EV_INPUT, "%s: damaged PNG: %s", decoder->name, reason);
    png_longjmp(png, 1);
}

/* Warnings are of chunks beside the pixels. */
static void ignore_warning(png_structp png, png_const_charp reason)
{
    (void)png;
    (void)reason;
}

static void read_bytes(png_structp png, png_bytep out, size_t n)
{
    struct decoder *decoder = png_get_io_ptr(png);

    if (n > decoder->n_left)
        png_error(png, "truncated");
    memcpy(out, decoder->bytes, n);
    decoder->bytes += n;
    decoder->n_left -= n;
}

/* Reads the header, takes memory for what it tells, and sets the way of every kind to RGB. */
static enum ev_status start(struct decoder *decoder, struct ev_picture *picture)
{
    png_structp png = decoder->png;

    png_set_read_fn(png, decoder, read_bytes);
    /* Texts and profiles say nothing about the pixels, but inflate to a thousand times their size:
     * all chunks but those that RGB needs are skipped. */
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(png, decoder->info);
    enum ev_status status =
        ev_picture_make(picture, png_get_image_height(png, decoder->info),
                        png_get_image_width(png, decoder->info), decoder->name, decoder->err);
    if (status != EV_OK)
        return status;
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_strip_alpha(png);
    png_set_gray_to_rgb(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, decoder->info);
    if (png_get_rowbytes(png, decoder->info) != picture->row_bytes)
        png_error(png, "not of a kind that becomes RGB");
    decoder->rows = malloc((size_t)picture->height * sizeof *decoder->rows);
    if (!decoder->rows)
        return ev_fail(decoder->err, EV_MEMORY, "%s: out of memory", decoder->name);
    for (int32_t y = 0; y < picture->height; y++)
        decoder->rows[y] = picture->pixels + (size_t)y * picture->row_bytes;
    return EV_OK;
}

static enum ev_status decode(struct decoder *decoder, struct ev_picture *picture)
{
    if (setjmp(png_jmpbuf(decoder->png)) != 0)
        return decoder->err->status;
    enum ev_status status = start(decoder, picture);
    if (status != EV_OK)
        return status;
    png_read_image(decoder->png, decoder->rows);
    png_read_end(decoder->png, NULL);
    return EV_OK;
}

enum ev_status ev_picture_decode_png(const uint8_t *bytes, size_t n_bytes, const char *name,
                                     struct ev_picture *picture, struct ev_error *err)
{
    struct decoder decoder = {.bytes = bytes, .n_left = n_bytes, .name = name, .err = err};

    decoder.png =
        png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, stop_at_error, ignore_warning);
    decoder.info = decoder.png ? png_create_info_struct(decoder.png) : NULL;
    enum ev_status status = decoder.info ? decode(&decoder, picture)
                                         : ev_fail(err, EV_MEMORY, "%s: out of memory", name);
    free(decoder.rows);
    if (decoder.png)
        png_destroy_read_struct(&decoder.png, &decoder.info, NULL);
    return status;
}

/* --- Writing --- */

/* On rendered pictures of 640 x 480 an eighth of the default's time, and 10 % less bytes: no filter
 * foresees noise. */
#define QUICK_LEVEL 2

struct encoder {
    png_structp png;
    png_infop info;
    bool quick;
    const char *path;
    struct ev_error *err;
};

/* What can fail is writing; the stream's error is also seen at commit. */
static void stop_at_write_error(png_structp png, png_const_charp reason)
{
    struct encoder *encoder = png_get_error_ptr(png);

    (void)ev_fail(encoder->err, EV_IO, "%s: cannot be written: %s", encoder->path,
                  errno ? strerror(errno) : reason);
    png_longjmp(png, 1);
}

static enum ev_status encode(struct encoder *encoder, FILE *stream, const uint8_t *pixels,
                             int32_t height, int32_t width, int32_t channels)
{
    png_structp png = encoder->png;

    if (setjmp(png_jmpbuf(png)) != 0)
        return encoder->err->status;
    errno = 0;
    png_init_io(png, stream);
    png_set_IHDR(png, encoder->info, (png_uint_32)width, (png_uint_32)height, 8,
                 channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (encoder->quick) {
        png_set_compression_level(png, QUICK_LEVEL);
        png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
    }
    png_write_info(png, encoder->info);
    for (int32_t y = 0; y < height; y++)
        png_write_row(png, pixels + (size_t)y * (size_t)width * (size_t)channels);
    png_write_end(png, encoder->info);
    return EV_OK;
}

static enum ev_status put(FILE *stream, bool quick, const char *path, const uint8_t *pixels,
                          int32_t height, int32_t width, int32_t channels, struct ev_error *err)
{
    struct encoder encoder = {.quick = quick, .path = path, .err = err};

    encoder.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &encoder, stop_at_write_error,
                                          ignore_warning);
    encoder.info = encoder.png ? png_create_info_struct(encoder.png) : NULL;
    enum ev_status status = encoder.info ? encode(&encoder, stream, pixels, height, width, channels)
                                         : ev_fail(err, EV_MEMORY, "%s: out of memory", path);
    if (encoder.png)
        png_destroy_write_struct(&encoder.png, &encoder.info);
    return status;
}

enum ev_status ev_picture_put_png(FILE *stream, const char *path, const uint8_t *pixels,
                                  int32_t height, int32_t width, int32_t channels,
                                  struct ev_error *err)
{
    return put(stream, true, path, pixels, height, width, channels, err);
}

enum ev_status ev_picture_write_png(const char *path, const uint8_t *pixels, int32_t height,
                                    int32_t width, int32_t channels, struct ev_error *err)
{
    struct ev_outfile file;

    enum ev_status status = ev_outfile_open(&file, path, err);
    if (status == EV_OK)
        status = put(file.stream, false, path, pixels, height, width, channels, err);
    if (status == EV_OK)
        return ev_outfile_commit(&file, err);
    ev_outfile_abort(&file);
    return status;
}
