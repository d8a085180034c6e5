/* SPDX-License-Identifier: MIT */
/* Writes a picture for the cases of this folder:
 *   make_picture FILE NUMBER HEIGHT WIDTH   two halves of grey, PNG or JPEG as FILE ends
 *   make_picture FILE bomb                  a PNG that claims 60,000 x 60,000 pixels */
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "support/ev_test_picture.h"

int main(int argc, char **argv)
{
    struct ev_test_file file;

    if (argc == 3 && strcmp(argv[2], "bomb") == 0) {
        file = ev_test_png_bomb(60000, 60000);
    } else if (argc == 5) {
        int height = atoi(argv[3]), width = atoi(argv[4]);
        uint8_t *pixels = ev_test_halves(height, width, (uint8_t)atoi(argv[2]));
        file = strstr(argv[1], ".png")
                   ? ev_test_png(pixels, height, width, PNG_COLOR_TYPE_RGB, 8, false)
                   : ev_test_jpeg(pixels, height, width, 3, false);
        free(pixels);
    } else {
        return 2;
    }
    ev_test_write_file(argv[1], &file, file.n_bytes);
    free(file.bytes);
    return 0;
}
