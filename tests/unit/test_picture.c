/* SPDX-License-Identifier: MIT */
/* Pictures: every kind of PNG and JPEG, damage, headers that lie, and OpenCV's pixels. */
#include <png.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/file.h"
#include "picture/picture.h"
#include "support/ev_test.h"
#include "support/ev_test_picture.h"

#define HEIGHT 37
#define WIDTH  53

static struct ev_error err;
static struct ev_picture picture;

/* Decodes and frees a file; fails the test unless it becomes a picture of the usual size. */
static void decode(struct ev_test_file file)
{
    ev_assert_ok(ev_picture_decode(file.bytes, file.n_bytes, "x", &picture, &err));
    ck_assert_int_eq(picture.height, HEIGHT);
    ck_assert_int_eq(picture.width, WIDTH);
    ck_assert_int_eq(picture.channels, 3);
    free(file.bytes);
}

static const uint8_t *pixel(int32_t y, int32_t x)
{
    return picture.pixels + (size_t)y * picture.row_bytes + 3 * (size_t)x;
}

/* --- PNG --- */

/* Kinds of PNG, and what colour the decoder should make of the noise in them. */
static const struct png_case {
    const char *name;
    int colour_type, bits;
    int32_t n_row; /* bytes of a row */
    bool interlaced;
} png_cases[] = {
    {"rgb", PNG_COLOR_TYPE_RGB, 8, 3 * WIDTH, false},
    {"rgb interlaced", PNG_COLOR_TYPE_RGB, 8, 3 * WIDTH, true},
    {"rgba", PNG_COLOR_TYPE_RGBA, 8, 4 * WIDTH, false},
    {"rgb 16", PNG_COLOR_TYPE_RGB, 16, 6 * WIDTH, false},
    {"rgba 16 interlaced", PNG_COLOR_TYPE_RGBA, 16, 8 * WIDTH, true},
    {"grey", PNG_COLOR_TYPE_GRAY, 8, WIDTH, false},
    {"grey alpha", PNG_COLOR_TYPE_GRAY_ALPHA, 8, 2 * WIDTH, false},
    {"grey 1", PNG_COLOR_TYPE_GRAY, 1, (WIDTH + 7) / 8, false},
    {"palette", PNG_COLOR_TYPE_PALETTE, 8, WIDTH, false},
    {"palette 4", PNG_COLOR_TYPE_PALETTE, 4, (WIDTH + 1) / 2, false},
};

/* Channel c of pixel x in a row as the file has it, as 8 bits. */
static int expected(const struct png_case *kind, const uint8_t *row, int32_t x, int c)
{
    bool grey =
        kind->colour_type == PNG_COLOR_TYPE_GRAY || kind->colour_type == PNG_COLOR_TYPE_GRAY_ALPHA;
    bool alpha = kind->colour_type & PNG_COLOR_MASK_ALPHA;
    int n = (grey || kind->colour_type == PNG_COLOR_TYPE_PALETTE ? 1 : 3) + alpha;
    int at = x * n + (n < 3 ? 0 : c);

    if (kind->bits == 16)
        return (int)((row[2 * at] * 256 + row[2 * at + 1]) / 257.0 + 0.5);
    int value = row[at * kind->bits / 8];
    if (kind->bits < 8)
        value = value >> (8 - kind->bits - x * kind->bits % 8) & ((1 << kind->bits) - 1);
    if (kind->colour_type == PNG_COLOR_TYPE_PALETTE)
        return c == 0 ? value : c == 1 ? 255 - value : value / 2;
    return kind->bits == 1 ? 255 * value : value;
}

START_TEST(png_of_every_kind)
{
    const struct png_case *kind = &png_cases[_i];
    uint8_t *rows = ev_test_pixels(HEIGHT, kind->n_row, 1);

    decode(ev_test_png(rows, HEIGHT, WIDTH, kind->colour_type, kind->bits, kind->interlaced));
    for (int32_t y = 0; y < HEIGHT; y++) {
        for (int32_t x = 0; x < WIDTH; x++) {
            for (int c = 0; c < 3; c++) {
                int wanted = expected(kind, rows + y * kind->n_row, x, c);
                if (pixel(y, x)[c] != wanted)
                    ck_abort_msg("%s: (%d, %d, %d) is %d, not %d", kind->name, y, x, c,
                                 pixel(y, x)[c], wanted);
            }
        }
    }
    ev_picture_free(&picture);
    free(rows);
}
END_TEST

START_TEST(written_png_comes_back)
{
    const int32_t channels = _i == 0 ? 1 : 3;
    const char *path = ev_test_path("out.png");
    uint8_t *pixels = ev_test_pixels(HEIGHT, WIDTH, channels);

    ev_assert_ok(ev_picture_write_png(path, pixels, HEIGHT, WIDTH, channels, &err));
    ev_assert_ok(ev_picture_read(path, &picture, &err));
    ck_assert_int_eq(picture.height, HEIGHT);
    ck_assert_int_eq(picture.width, WIDTH);
    for (int32_t y = 0; y < HEIGHT; y++) {
        for (int32_t x = 0; x < WIDTH; x++) {
            if (pixel(y, x)[2] != pixels[(y * WIDTH + x) * channels + channels - 1])
                ck_abort_msg("(%d, %d)", y, x);
        }
    }
    ev_picture_free(&picture);
    ev_assert_fails(
        ev_picture_write_png(ev_test_path("no/out.png"), pixels, HEIGHT, WIDTH, channels, &err),
        EV_INPUT, "no/out.png");
    free(pixels);
}
END_TEST

/* A file that cannot grow: the message names it and nothing is left. */
START_TEST(png_that_does_not_fit_is_not_left)
{
    const char *path = ev_test_path("out.png");
    uint8_t *pixels = ev_test_pixels(200, 200, 3);
    const struct rlimit small = {2000, 2000};

    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    enum ev_status status = ev_picture_write_png(path, pixels, 200, 200, 3, &err);
    bool left = ev_file_exists(path);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
    ck_assert_int_eq(status, EV_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "out.png: cannot be written"));
    ck_assert(!left);
    free(pixels);
}
END_TEST

/* --- JPEG --- */

START_TEST(jpeg_of_every_kind)
{
    const int32_t channels = _i & 1 ? 1 : 3;
    const uint8_t level = 60;
    uint8_t *halves = ev_test_halves(HEIGHT, WIDTH, level);
    uint8_t *grey = malloc(HEIGHT * WIDTH);

    for (int32_t i = 0; i < HEIGHT * WIDTH; i++) {
        grey[i] = halves[3 * i];
        halves[3 * i + 1] += 40; /* a colour, so that exchanged channels show */
    }
    decode(ev_test_jpeg(channels == 1 ? grey : halves, HEIGHT, WIDTH, channels, _i & 2));
    for (int c = 0; c < 3; c++) {
        int added = channels == 3 && c == 1 ? 40 : 0;
        ck_assert_int_le(abs(pixel(20, 3)[c] - (level + added)), 2);
        ck_assert_int_le(abs(pixel(20, WIDTH - 3)[c] - (level + 100 + added)), 2);
    }
    ev_picture_free(&picture);
    free(grey);
    free(halves);
}
END_TEST

START_TEST(cmyk_is_refused_by_name)
{
    uint8_t *pixels = ev_test_pixels(HEIGHT, WIDTH, 4);
    struct ev_test_file file = ev_test_jpeg(pixels, HEIGHT, WIDTH, 4, false);

    ev_assert_fails(ev_picture_decode(file.bytes, file.n_bytes, "a.jpg", &picture, &err), EV_INPUT,
                    "a.jpg: a CMYK picture");
    free(file.bytes);
    free(pixels);
}
END_TEST

/* --- Files that are wrong --- */

static struct ev_test_file encode(int kind)
{
    uint8_t *pixels = ev_test_pixels(HEIGHT, WIDTH, 3);
    struct ev_test_file file =
        kind == 0 ? ev_test_png(pixels, HEIGHT, WIDTH, PNG_COLOR_TYPE_RGB, 8, false)
                  : ev_test_jpeg(pixels, HEIGHT, WIDTH, 3, kind == 2);

    free(pixels);
    return file;
}

/* Cut at any byte, it is an error and never half a picture. */
START_TEST(truncated_at_any_byte)
{
    struct ev_test_file file = encode(_i);

    for (size_t n = 0; n < file.n_bytes; n++) {
        enum ev_status status = ev_picture_decode(file.bytes, n, "cut", &picture, &err);
        if (status != EV_INPUT || strncmp(err.message, "cut: ", 5) != 0 || picture.memory)
            ck_abort_msg("%zu of %zu bytes: status %d: %s", n, file.n_bytes, (int)status,
                         err.message);
    }
    ev_assert_ok(ev_picture_decode(file.bytes, file.n_bytes, "whole", &picture, &err));
    ev_picture_free(&picture);
    free(file.bytes);
}
END_TEST

/* Any damage gives a picture or an error with the name, never a crash or a leak; PNG has checksums,
 * so there none goes unseen. */
START_TEST(damaged_at_any_byte)
{
    struct ev_test_file file = encode(_i);
    int n_refused = 0;

    for (size_t at = 0; at < file.n_bytes; at++) {
        file.bytes[at] ^= 0x55;
        enum ev_status status = ev_picture_decode(file.bytes, file.n_bytes, "bad", &picture, &err);
        file.bytes[at] ^= 0x55;
        n_refused += status == EV_INPUT;
        if (status != EV_OK && strncmp(err.message, "bad: ", 5) != 0)
            ck_abort_msg("byte %zu: %s", at, err.message);
        if (_i == 0 && status == EV_OK)
            ck_abort_msg("byte %zu of a PNG can be anything", at);
        ev_picture_free(&picture);
    }
    ck_assert_int_gt(n_refused, (int)file.n_bytes / 3);
    free(file.bytes);
}
END_TEST

/* AddressSanitizer cannot do with so little. */
static void limit_memory(void)
{
#ifndef __SANITIZE_ADDRESS__
    setrlimit(RLIMIT_DATA, &(struct rlimit){(rlim_t)256 << 20, RLIM_INFINITY});
#endif
}

START_TEST(headers_of_giants_take_no_memory)
{
    struct ev_test_file file = _i == 0 ? ev_test_png_bomb(60000, 60000) : encode(1);

    if (_i == 1) { /* height and width of the JPEG's frame header */
        uint8_t *frame = memmem(file.bytes, file.n_bytes, "\xff\xc0\x00\x11\x08", 5);
        ck_assert_ptr_nonnull(frame);
        memcpy(frame + 5, "\xea\x60\xea\x60", 4);
    }
    limit_memory();
    ev_assert_fails(ev_picture_decode(file.bytes, file.n_bytes, "bomb", &picture, &err), EV_INPUT,
                    "bomb: 60000 x 60000 pixels, more than 16384 on a side");
    free(file.bytes);
    file = ev_test_png_bomb(16384, 16384);
    ev_assert_fails(ev_picture_decode(file.bytes, file.n_bytes, "bomb", &picture, &err), EV_INPUT,
                    "bomb: 16384 x 16384 pixels, more than");
    free(file.bytes);
}
END_TEST

/* Texts of 160 MB in all are never inflated: the process would grow by as much. */
START_TEST(texts_of_png_take_no_memory)
{
    uint8_t *pixels = ev_test_pixels(HEIGHT, WIDTH, 3);
    struct ev_test_file file = ev_test_png_texts(pixels, HEIGHT, WIDTH, 40, 4000000);
    struct rusage before, after;

    ck_assert_uint_lt(file.n_bytes, 500000);
    getrusage(RUSAGE_SELF, &before);
    decode(file);
    getrusage(RUSAGE_SELF, &after);
    ck_assert_int_eq(pixel(3, 5)[1], ev_test_pixel_at(3, 5, 1));
    ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 32 << 10); /* KiB */
    ev_picture_free(&picture);
    free(pixels);
}
END_TEST

START_TEST(other_files_are_no_pictures)
{
    struct ev_test_file text = {(uint8_t *)strdup("GIF89a and more"), 15};

    ev_test_write_file(ev_test_path("a.png"), &text, text.n_bytes);
    ev_test_write_file(ev_test_path("b.png"), &text, 0);
    ev_assert_fails(ev_picture_read(ev_test_path("a.png"), &picture, &err), EV_INPUT,
                    "a.png: neither PNG nor JPEG");
    ev_assert_fails(ev_picture_read(ev_test_path("b.png"), &picture, &err), EV_INPUT,
                    "b.png: empty");
    ev_assert_fails(ev_picture_read(ev_test_path("c.png"), &picture, &err), EV_INPUT,
                    "c.png: No such file");
    ev_assert_fails(ev_picture_read(ev_test_folder(), &picture, &err), EV_INPUT,
                    "not a regular file");
    free(text.bytes);
}
END_TEST

/* --- Pixels --- */

/* A line of tests/data/opencv.txt. */
struct vector {
    char operation[16];
    int32_t height, width, channels, out_height, out_width;
    size_t n_out;
    uint8_t *out;
};

static bool next_vector(FILE *file, char **line, size_t *n_line, struct vector *vector)
{
    int n_head;

    do {
        if (getline(line, n_line, file) < 0)
            return false;
    } while (**line == '#');
    ck_assert_int_eq(sscanf(*line, "%15s %d %d %d %d %d %n", vector->operation, &vector->height,
                            &vector->width, &vector->channels, &vector->out_height,
                            &vector->out_width, &n_head),
                     6);
    vector->n_out = strspn(*line + n_head, "0123456789abcdef") / 2;
    vector->out = malloc(vector->n_out);
    for (size_t i = 0; i < vector->n_out; i++)
        sscanf(*line + n_head + 2 * i, "%2hhx", &vector->out[i]);
    return true;
}

/* The same by this program into out; returns how far a byte may be from OpenCV's. */
static int compute(const struct vector *vector, uint8_t *pixels, uint8_t *out)
{
    static const char *const methods[] = {"linear", "area", "nearest"};
    const struct ev_picture source = {vector->height,   vector->width,
                                      vector->channels, (size_t)(vector->width * vector->channels),
                                      pixels,           NULL};
    size_t n = (size_t)vector->height * (size_t)vector->width;

    for (int method = 0; method < 3; method++) {
        if (strcmp(vector->operation, methods[method]) != 0)
            continue;
        ev_assert_ok(ev_picture_resize(&source, (enum ev_picture_resize)method, vector->out_height,
                                       vector->out_width, out, &err));
        return method == EV_RESIZE_NEAREST ? 0 : 1;
    }
    enum ev_picture_colour colour =
        strcmp(vector->operation, "yuv") == 0 ? EV_COLOUR_YUV : EV_COLOUR_GREY;
    ev_picture_convert(pixels, n, colour);
    memcpy(out, pixels, n * (size_t)ev_picture_colour_channels(colour));
    return 0;
}

START_TEST(pixels_are_those_of_opencv)
{
    FILE *file = fopen(EV_TEST_DATA "/opencv.txt", "r");
    char *line = NULL;
    size_t n_line = 0;
    struct vector vector;
    int n_vectors = 0;

    ck_assert_ptr_nonnull(file);
    for (; next_vector(file, &line, &n_line, &vector); n_vectors++) {
        uint8_t *pixels = ev_test_pixels(vector.height, vector.width, vector.channels);
        uint8_t *out = malloc(vector.n_out);
        int tolerance = compute(&vector, pixels, out);
        for (size_t i = 0; i < vector.n_out; i++) {
            if (abs(out[i] - vector.out[i]) > tolerance)
                ck_abort_msg("%s %dx%d to %dx%d: byte %zu is %d, of OpenCV %d", vector.operation,
                             vector.height, vector.width, vector.out_height, vector.out_width, i,
                             out[i], vector.out[i]);
        }
        free(vector.out);
        free(out);
        free(pixels);
    }
    ck_assert_int_eq(n_vectors, 19);
    free(line);
    fclose(file);
}
END_TEST

START_TEST(crops_name_pixels_from_both_ends)
{
    uint8_t out[2 * 3 * 3];
    decode(encode(0));

    ev_assert_ok(ev_picture_crop(&picture, &(struct ev_picture_crop){10, -5, 7, 0}, &err));
    ck_assert_int_eq(picture.height, HEIGHT - 15);
    ck_assert_int_eq(picture.width, WIDTH - 7);
    ck_assert_int_eq(pixel(1, 2)[1], ev_test_pixel_at(11, 9, 1));
    ev_assert_ok(ev_picture_crop(&picture, &(struct ev_picture_crop){1, 3, 2, 5}, &err));
    /* A crop that is not resized is read row by row. */
    ev_assert_ok(ev_picture_resize(&picture, EV_RESIZE_LINEAR, 2, 3, out, &err));
    ck_assert_int_eq(out[3 * 3 + 2], ev_test_pixel_at(12, 9, 2));
    const struct ev_picture_crop wrong[] = {{0, 3, 0, 0},  {2, 2, 0, 0}, {0, -2, 0, 0},
                                            {-1, 0, 0, 0}, {0, 0, 3, 0}, {0, 0, 0, 4}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ev_assert_fails(ev_picture_crop(&picture, &wrong[i], &err), EV_INPUT, "do not lie");
    ck_assert_int_eq(picture.width, 3);
    ev_picture_free(&picture);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("picture");
    TCase *tests = tcase_create("picture");

    tcase_set_timeout(tests, 30);
    tcase_add_loop_test(tests, png_of_every_kind, 0, sizeof png_cases / sizeof png_cases[0]);
    tcase_add_loop_test(tests, written_png_comes_back, 0, 2);
    tcase_add_test(tests, png_that_does_not_fit_is_not_left);
    tcase_add_loop_test(tests, jpeg_of_every_kind, 0, 4);
    tcase_add_test(tests, cmyk_is_refused_by_name);
    tcase_add_loop_test(tests, truncated_at_any_byte, 0, 3);
    tcase_add_loop_test(tests, damaged_at_any_byte, 0, 3);
    tcase_add_loop_test(tests, headers_of_giants_take_no_memory, 0, 2);
    tcase_add_test(tests, texts_of_png_take_no_memory);
    tcase_add_test(tests, other_files_are_no_pictures);
    tcase_add_test(tests, pixels_are_those_of_opencv);
    tcase_add_test(tests, crops_name_pixels_from_both_ends);
    suite_add_tcase(suite, tests);
    return suite;
}
