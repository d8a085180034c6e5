/* SPDX-License-Identifier: MIT */
/* evalrun list: backends, engines, sets, devices. Files are looked at; only the cuda engine is loaded,
 * which is small, for what it sees. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/file.h"
#include "base/host.h"
#include "cli/command.h"
#include "render/render.h"

#define GPU_FOLDER "/proc/driver/nvidia/gpus"
#define GPU_ENGINE "cuda"
#define MAX_GPUS   16

static const char *cache;

static const struct ev_option options[] = {
    {"cache", 0, EV_OPT_TEXT, "DIR", &cache, 0, 0, "folder of rendered sets", NULL},
    {0},
};

static enum ev_status print_backends(struct ev_error *err)
{
    struct ev_error ignored = EV_ERROR_INIT;

    puts("Backends (--backend)");
    for (const struct ev_variant *variant = ev_variants; variant->name; variant++) {
        char state[32] = "";
        int64_t bytes = 0;
        char *path = variant->model ? ev_path_data(variant->model) : NULL;
        if (variant->model && !path)
            return ev_fail(err, EV_MEMORY, "out of memory");
        if (path && ev_file_size(path, &bytes, &ignored) == EV_OK)
            snprintf(state, sizeof state, ", %.2f MiB", (double)bytes / (1024.0 * 1024.0));
        else if (path)
            snprintf(state, sizeof state, ", model missing");
        free(path);
        printf("  %-12s %s (%s%s)\n", variant->name, variant->summary, variant->engine, state);
    }
    return EV_OK;
}

static void print_engines(void)
{
    puts("\nEngines (--engine, or --backend with --model, or a path)");
    for (const struct ev_engine_entry *engine = ev_engines; engine->name; engine++)
        printf("  %-12s %s (%s)\n", engine->name, engine->summary,
               ev_engine_is_present(engine->name) ? "present" : "not part of this build");
}

static enum ev_status print_sets(struct ev_error *err)
{
    char *folder = ev_path_cache(cache);

    if (!folder)
        return ev_fail(err, EV_MEMORY, "out of memory");
    printf("\nSets (--set), test sets a lap each way, rendered into %s\n", folder);
    for (const struct ev_builtin_set *set = ev_builtin_sets; set->name; set++) {
        char frames[32] = "";
        if (set->n_frames > 0)
            snprintf(frames, sizeof frames, "%lld frames, ", (long long)set->n_frames);
        printf("  %-12s %-5s  %s; %s%s\n", set->name, set->role, set->summary, frames,
               ev_builtin_set_is_rendered(set, folder) ? "rendered" : "not rendered");
    }
    free(folder);
    return EV_OK;
}

/* "Model: NAME" of a GPU's information file. */
static void read_gpu_name(const char *gpu, char name[64])
{
    char path[512], line[128];

    snprintf(name, 64, "NVIDIA GPU");
    snprintf(path, sizeof path, GPU_FOLDER "/%s/information", gpu);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "Model:", 6) == 0) {
            const char *value = line + 6 + strspn(line + 6, " \t");
            snprintf(name, 64, "%.*s", (int)strcspn(value, "\n"), value);
        }
    }
    if (file)
        fclose(file);
}

/* GPUs that the cuda engine sees; their number. */
static int32_t print_usable_gpus(void)
{
    struct ev_error ignored = EV_ERROR_INIT;
    const struct ev_backend *engine;
    char names[MAX_GPUS][64];
    int32_t n = 0;

    if (ev_engine_is_present(GPU_ENGINE) && ev_engine_find(GPU_ENGINE, &engine, &ignored) == EV_OK)
        n = ev_engine_devices(engine, EV_DEVICE_CUDA, names, MAX_GPUS);
    for (int32_t i = 0; i < n && i < MAX_GPUS; i++) {
        char device[32];
        ev_device_text(EV_DEVICE_CUDA, i, device);
        printf("  %-12s %s\n", device, names[i]);
    }
    return n;
}

/* What the driver says, in a build without the engine that could ask it. */
static void print_gpus(void)
{
    DIR *listing = opendir(GPU_FOLDER);
    struct dirent *entry;
    char name[64];
    int n = 0;

    while (listing && (entry = readdir(listing))) {
        if (entry->d_name[0] == '.')
            continue;
        read_gpu_name(entry->d_name, name);
        printf("  %-12s %s\n", n == 0 ? "cuda, cuda:N" : "", name);
        n++;
    }
    if (listing)
        closedir(listing);
    if (n == 0)
        printf("  %-12s %s\n", "cuda",
               ev_file_exists("/dev/nvidiactl") ? "an NVIDIA driver is there, GPUs are not shown"
                                                : "no NVIDIA driver found");
}

static enum ev_status run(int n_operands, char **operands, struct ev_error *err)
{
    struct ev_host host;

    (void)n_operands;
    (void)operands;
    enum ev_status status = print_backends(err);
    if (status == EV_OK) {
        print_engines();
        status = print_sets(err);
    }
    if (status != EV_OK)
        return status;
    ev_host_describe(&host);
    printf("\nDevices (--device)\n  %-12s %s, %d core%s for this process\n", "cpu", host.cpu_model,
           host.n_cores, host.n_cores == 1 ? "" : "s");
    if (print_usable_gpus() == 0)
        print_gpus();
    return EV_OK;
}

const struct ev_command ev_cmd_list = {
    .name = "list",
    .summary = "show backends, engines, sets and devices",
    .operands = "",
    .notes = "Backends and sets of your own need no entry here: --backend and --set take\n"
             "paths, --model takes a TorchScript file. Circuits for `evalrun dataset render`\n"
             "have the names of the sets.\n",
    .options = options,
    .run = run,
};
