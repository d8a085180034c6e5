/* SPDX-License-Identifier: MIT */
/* Makes pictures and encodes them. */
#include "support/ev_test_picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

static void *take(size_t n_bytes)
{
    void *memory = calloc(n_bytes, 1);

    if (!memory)
        abort();
    return memory;
}

uint8_t ev_test_pixel_at(int32_t y, int32_t x, int32_t c)
{
    return (uint8_t)(3 * x * x + 5 * y * y + 7 * x * y + 89 * c + x);
}

uint8_t *ev_test_pixels(int32_t height, int32_t width, int32_t channels)
{
    uint8_t *pixels = take((size_t)height * (size_t)width * (size_t)channels), *at = pixels;

    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            for (int32_t c = 0; c < channels; c++)
                *at++ = ev_test_pixel_at(y, x, c);
        }
    }
    return pixels;
}

uint8_t *ev_test_halves(int32_t height, int32_t width, uint8_t number)
{
    size_t n_row = (size_t)width * 3, n_left = (size_t)(width / 2) * 3;
    uint8_t *pixels = take((size_t)height * n_row);

    for (int32_t y = 0; y < height; y++) {
        memset(pixels + (size_t)y * n_row, number, n_left);
        memset(pixels + (size_t)y * n_row + n_left, number + 100, n_row - n_left);
    }
    return pixels;
}

struct ev_test_file ev_test_jpeg(const uint8_t *pixels, int32_t height, int32_t width,
                                 int32_t channels, bool progressive)
{
    static const J_COLOR_SPACE spaces[] = {0, JCS_GRAYSCALE, 0, JCS_RGB, JCS_CMYK};
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct ev_test_file file = {0};
    unsigned long n_bytes = 0;

    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &file.bytes, &n_bytes);
    jpeg.image_width = (JDIMENSION)width;
    jpeg.image_height = (JDIMENSION)height;
    jpeg.input_components = channels;
    jpeg.in_color_space = spaces[channels];
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 90, TRUE);
    if (progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
        size_t offset = (size_t)jpeg.next_scanline * (size_t)width * (size_t)channels;
        JSAMPROW row = (JSAMPROW)(pixels + offset);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    file.n_bytes = n_bytes;
    return file;
}

static void append(png_structp png, png_bytep bytes, size_t n)
{
    struct ev_test_file *file = png_get_io_ptr(png);

    file->bytes = realloc(file->bytes, file->n_bytes + n);
    if (!file->bytes)
        abort();
    memcpy(file->bytes + file->n_bytes, bytes, n);
    file->n_bytes += n;
}

struct ev_test_file ev_test_png(const uint8_t *rows, int32_t height, int32_t width, int colour_type,
                                int bits, bool interlaced)
{
    struct ev_test_file file = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_bytep *lines = take((size_t)height * sizeof *lines);
    png_color palette[256];

    png_set_write_fn(png, &file, append, NULL);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, bits, colour_type,
                 interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    for (int i = 0; i < 256; i++)
        palette[i] = (png_color){(png_byte)i, (png_byte)(255 - i), (png_byte)(i / 2)};
    if (colour_type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 1 << bits);
    png_write_info(png, info);
    for (int32_t y = 0; y < height; y++)
        lines[y] = (png_bytep)(rows + (size_t)y * png_get_rowbytes(png, info));
    png_write_image(png, lines);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    free(lines);
    return file;
}

struct ev_test_file ev_test_png_texts(const uint8_t *pixels, int32_t height, int32_t width, int n,
                                      size_t n_chars)
{
    struct ev_test_file file = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    char key[] = "Comment", *letters = memset(take(n_chars + 1), 'a', n_chars);
    png_text text = {.compression = PNG_TEXT_COMPRESSION_zTXt, .key = key, .text = letters};

    png_set_write_fn(png, &file, append, NULL);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_text(png, info, &text, 1);
    png_write_info(png, info);
    for (int32_t y = 0; y < height; y++)
        png_write_row(png, pixels + (size_t)y * (size_t)width * 3);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    free(letters);
    /* The chunk behind the signature and the header, n times: as much memory as for one. */
    const size_t first = 8 + 25, n_chunk = png_get_uint_32(file.bytes + first) + 12;
    const size_t n_more = (size_t)(n - 1) * n_chunk;
    file.bytes = realloc(file.bytes, file.n_bytes + n_more);
    if (!file.bytes)
        abort();
    memmove(file.bytes + first + n_more, file.bytes + first, file.n_bytes - first);
    for (int i = 0; i < n - 1; i++)
        memcpy(file.bytes + first + (size_t)i * n_chunk, file.bytes + first + n_more, n_chunk);
    file.n_bytes += n_more;
    return file;
}

static void append_chunk(png_structp png, const char *name, const uint8_t *data, size_t n)
{
    png_write_chunk(png, (png_const_bytep)name, data, n);
}

struct ev_test_file ev_test_png_bomb(uint32_t height, uint32_t width)
{
    struct ev_test_file file = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    uint8_t header[13] = {[8] = 8, [9] = PNG_COLOR_TYPE_RGB};

    png_set_write_fn(png, &file, append, NULL);
    png_save_uint_32(header, width);
    png_save_uint_32(header + 4, height);
    png_write_sig(png);
    append_chunk(png, "IHDR", header, sizeof header);
    append_chunk(png, "IDAT", header, sizeof header);
    append_chunk(png, "IEND", header, 0);
    png_destroy_write_struct(&png, NULL);
    return file;
}

void ev_test_write_file(const char *path, const struct ev_test_file *file, size_t n_bytes)
{
    FILE *out = fopen(path, "wb");

    if (!out || fwrite(file->bytes, 1, n_bytes, out) != n_bytes || fclose(out) != 0)
        abort();
}
