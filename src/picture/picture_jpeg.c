/* SPDX-License-Identifier: MIT */
/* JPEG by libjpeg-turbo, with the settings that OpenCV and Pillow use too. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <jerror.h>

#include "picture/picture_private.h"

/* Cameras pad their pictures with a few bytes before the end marker; more of them are a sign that
 * the decoder lost its way in damaged data. */
#define MAX_PADDING_BYTES 16
/* Each scan of a progressive picture costs a pass over all of it, however few bytes it has. */
#define MAX_SCANS         100

/* All that lives over a longjmp. */
struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf stop;
    const char *name;
    struct ev_error *err;
};

static void stop_at_error(j_common_ptr jpeg)
{
    struct decoder *decoder = jpeg->client_data;
    char reason[JMSG_LENGTH_MAX];

    if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY) {
        (void)ev_fail(decoder->err, EV_MEMORY, "%s: out of memory", decoder->name);
    } else {
        jpeg->err->format_message(jpeg, reason);
        (void)ev_fail(decoder->err, EV_INPUT, "%s: damaged JPEG: %s", decoder->name, reason);
    }
    longjmp(decoder->stop, 1);
}

/* The library goes on after a warning with grey or wrong pixels, which would be trained on. */
static void judge_message(j_common_ptr jpeg, int level)
{
    const struct jpeg_error_mgr *errors = jpeg->err;

    if (level >= 0 || errors->msg_code == JWRN_JFIF_MAJOR || errors->msg_code == JWRN_ADOBE_XFORM)
        return;
    if (errors->msg_code == JWRN_EXTRANEOUS_DATA && errors->msg_parm.i[0] <= MAX_PADDING_BYTES)
        return;
    stop_at_error(jpeg);
}

static void watch_scans(j_common_ptr jpeg)
{
    struct decoder *decoder = jpeg->client_data;

    if (decoder->jpeg.input_scan_number <= MAX_SCANS)
        return;
    (void)ev_fail(decoder->err, EV_INPUT, "%s: a JPEG of more than %d scans", decoder->name,
                  MAX_SCANS);
    longjmp(decoder->stop, 1);
}

/* Starts the decoder and takes memory once the header has told the size. */
static enum ev_status start(struct decoder *decoder, const uint8_t *bytes, size_t n_bytes,
                            struct ev_picture *picture)
{
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;

    jpeg_create_decompress(jpeg);
    jpeg->progress = &decoder->progress;
    jpeg_mem_src(jpeg, bytes, (unsigned long)n_bytes);
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK)
        return ev_fail(decoder->err, EV_INPUT, "%s: a CMYK picture, expected RGB or grey",
                       decoder->name);
    enum ev_status status = ev_picture_make(picture, jpeg->image_height, jpeg->image_width,
                                            decoder->name, decoder->err);
    if (status != EV_OK)
        return status;
    jpeg->out_color_space = JCS_RGB;
    jpeg_start_decompress(jpeg);
    return EV_OK;
}

enum ev_status ev_picture_decode_jpeg(const uint8_t *bytes, size_t n_bytes, const char *name,
                                      struct ev_picture *picture, struct ev_error *err)
{
    struct decoder *decoder = calloc(1, sizeof *decoder);
    enum ev_status status;

    if (!decoder)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", name);
    decoder->name = name;
    decoder->err = err;
    decoder->jpeg.err = jpeg_std_error(&decoder->errors);
    decoder->jpeg.client_data = decoder;
    decoder->errors.error_exit = stop_at_error;
    decoder->errors.emit_message = judge_message;
    decoder->progress.progress_monitor = watch_scans;
    if (setjmp(decoder->stop) != 0) {
        status = err->status;
    } else {
        status = start(decoder, bytes, n_bytes, picture);
        while (status == EV_OK && decoder->jpeg.output_scanline < decoder->jpeg.output_height) {
            JSAMPROW row = picture->pixels + decoder->jpeg.output_scanline * picture->row_bytes;
            jpeg_read_scanlines(&decoder->jpeg, &row, 1);
        }
        if (status == EV_OK)
            jpeg_finish_decompress(&decoder->jpeg);
    }
    jpeg_destroy_decompress(&decoder->jpeg);
    free(decoder);
    return status;
}
