/* SPDX-License-Identifier: MIT */
/* evalrun dataset render: a drive around a circuit, as a set file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/progress.h"
#include "cli/command.h"
#include "cli/select.h"
#include "render/render.h"

static const char *out_path;
static int64_t seed = 1;
static int64_t n_frames;
static int64_t n_threads;
static int64_t chunk_rows;
static int64_t deflate_level;
static bool perturb;
static bool quiet;

static const struct ev_option options[] = {
    {"out", 'o', EV_OPT_TEXT, "FILE", &out_path, 0, 0, "the set file (default: CIRCUIT.h5)", NULL},
    {"seed", 0, EV_OPT_INT, "N", &seed, 0, 9e15, "of noise, walls and perturbations (default: 1)",
     NULL},
    {"frames", 0, EV_OPT_INT, "N", &n_frames, 0, 1e9,
     "how many frames (default: 0, one lap in each direction)", NULL},
    {"perturb", 0, EV_OPT_FLAG, NULL, &perturb, 0, 0,
     "for training: poses off the line, light, colour, blur and noise vary", NULL},
    {"chunk", 0, EV_OPT_INT, "N", &chunk_rows, 0, 65536,
     "store chunks of N frames (default: 0, one contiguous block)", NULL},
    {"deflate", 0, EV_OPT_INT, "N", &deflate_level, 0, 9,
     "compress the chunks at this level (default: 0, not at all)", NULL},
    {"threads", 't', EV_OPT_INT, "N", &n_threads, 1, 1024,
     "threads (default: the cores this process may use)", NULL},
    {"quiet", 'q', EV_OPT_FLAG, NULL, &quiet, 0, 0, "no progress", NULL},
    {0},
};

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    char *name = NULL;

    (void)n_operands;
    if (deflate_level > 0 && chunk_rows == 0)
        return ev_fail(err, EV_USAGE, "--deflate needs --chunk: only chunks can be compressed");
    if (!out_path) {
        char *stem = ev_path_stem(operands[0]);
        int length = stem ? asprintf(&name, "%s.h5", stem) : -1;
        free(stem);
        if (length < 0)
            return ev_fail(err, EV_MEMORY, "out of memory");
        out_path = name;
    }
    struct ev_render_args args = {
        .circuit = operands[0],
        .seed = (uint64_t)seed,
        .n_frames = n_frames,
        .perturb = perturb,
        .chunk_rows = (int32_t)chunk_rows,
        .deflate_level = (int32_t)deflate_level,
    };
    ev_progress_set_quiet(quiet);
    enum ev_status status = ev_threads_select(n_threads, &args.n_threads, err);
    if (status == EV_OK)
        status = ev_render_set(&args, out_path, err);
    if (status == EV_OK)
        printf("%s\n", out_path);
    out_path = NULL;
    free(name);
    return status;
}

const struct ev_command ev_cmd_dataset_render = {
    .name = "dataset render",
    .summary = "render a drive around a circuit into an HDF5 set",
    .operands = "CIRCUIT",
    .min_operands = 1,
    .max_operands = 1,
    .notes = "CIRCUIT is a built-in one (evalrun list shows them) or a CSV file with the\n"
             "columns x_m, y_m, left_m and right_m: points of the centre line and the\n"
             "distances from there to the edges of the asphalt. The same arguments give the\n"
             "same bytes with any number of threads. datasets/README.md describes the file.\n"
             "\n"
             "Examples:\n"
             "  evalrun dataset render montreal --out montreal.h5\n"
             "  evalrun dataset render simple --frames 5000 --perturb --out train.h5\n",
    .options = options,
    .run = run,
};
