/* SPDX-License-Identifier: MIT */
/*
 * Engines by name or path: the table of built-in ones, and shared modules that are found, opened,
 * checked and kept. A module is checked before any of its functions runs (code that it runs while
 * it is loaded is its own). It is never unloaded, because the threads of libtorch, OpenMP and CUDA
 * outlive a dlclose. The tables here are used from one thread.
 */
#include "backend/backend.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/elf_check.h"
#include "backend/engine_null.h"
#include "backend/engine_reference.h"
#include "base/file.h"
#include "base/text.h"

/* More versions than this of a symbol are not looked for when saying why a module is refused. */
#define MAX_ABI_LOOKED_FOR 9

static const struct ev_backend *const built_in[] = {&ev_engine_null, &ev_engine_reference};
#define N_BUILT_IN (sizeof built_in / sizeof built_in[0])

const struct ev_engine_entry ev_engines[] = {
    {"null", "constant outputs, needs no model"},
    {"torch", "TorchScript models, by libtorch"},
    {"reference", "the same in plain C, int8 in integers"},
    {"cuda", "the same on an NVIDIA GPU, int8 on its tensor cores"},
    {NULL, NULL},
};
#define N_ENGINES (sizeof ev_engines / sizeof ev_engines[0] - 1)

/* A module that was loaded; the list only grows. */
struct module {
    struct module *next;
    void *handle;
    char *path; /* canonical */
    struct ev_backend backend;
    struct ev_trainer trainer;
    struct ev_net_reader reader;
    bool has_backend;
    bool has_trainer;
    bool has_reader;
};

static struct module *modules;

bool ev_engine_is_known(const char *name)
{
    for (const struct ev_engine_entry *engine = ev_engines; engine->name; engine++) {
        if (strcmp(engine->name, name) == 0)
            return true;
    }
    return false;
}

/* The built-in engine of that name, or NULL. */
static const struct ev_backend *find_built_in(const char *name)
{
    for (size_t i = 0; i < N_BUILT_IN; i++) {
        if (strcmp(built_in[i]->name, name) == 0)
            return built_in[i];
    }
    return NULL;
}

/* --- Finding the file --- */

/* Canonical folder of the running program, malloc'ed, or NULL. */
static char *program_folder(void)
{
    char *program = realpath("/proc/self/exe", NULL);
    char *slash = program ? strrchr(program, '/') : NULL;

    if (slash)
        *slash = '\0';
    return program;
}

/* As the build tree has it: a folder for each module. */
static char *build_folder(const char *build, const char *name)
{
    char *folder = NULL;

    return asprintf(&folder, "%s/src/%s", build, name) < 0 ? NULL : folder;
}

/* The folder where module `name` lies beside this program: in the build tree if the program was
 * started from there, else in the installation, found from the program's own folder. malloc'ed or
 * NULL. */
static char *module_folder(const char *name)
{
    char *folder = NULL;
    char *program = program_folder();
    char *build = realpath(EV_BUILD_ROOT, NULL);
    const size_t n_build = build ? strlen(build) : 0;

    if (program && build && strncmp(program, build, n_build) == 0 && program[n_build] == '/')
        folder = build_folder(build, name);
    else if (program)
        folder = ev_path_join(program, EV_MODULES_FROM_PROGRAM);
    free(build);
    free(program);
    return folder;
}

/* "folder/evalrun_NAME.so" if there is such a file, malloc'ed, else NULL. */
static char *file_in(const char *folder, size_t n_folder, const char *name)
{
    char *path = NULL;

    /* An empty entry of a path list would mean the current folder. */
    if (n_folder == 0 || folder[0] != '/')
        return NULL;
    if (asprintf(&path, "%.*s/evalrun_%s.so", (int)n_folder, folder, name) < 0)
        return NULL;
    if (!ev_file_exists(path)) {
        free(path);
        return NULL;
    }
    return path;
}

static bool is_plain_name(const char *name)
{
    return name[0] && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
}

static enum ev_status not_found(const char *name, const char *searched, struct ev_error *err)
{
    const char *names[N_ENGINES];

    if (ev_engine_is_known(name))
        return ev_fail(err, EV_UNSUPPORTED,
                       "engine '%s' is not part of this build (no evalrun_%s.so in %s)", name, name,
                       searched);
    for (size_t i = 0; i < N_ENGINES; i++)
        names[i] = ev_engines[i].name;
    const char *nearest = ev_text_nearest(name, names, N_ENGINES);
    return ev_fail(err, EV_USAGE, "unknown engine '%s'%s%s%s (no evalrun_%s.so in %s)", name,
                   nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "",
                   name, searched);
}

/* Finds the file of a module by name; *path is malloc'ed. */
static enum ev_status find_file(const char *name, char **path, struct ev_error *err)
{
    const char *list = getenv("EVALRUN_MODULE_PATH");
    char *folder = module_folder(name);

    *path = NULL;
    if (is_plain_name(name)) {
        for (const char *entry = list; entry && *entry && !*path;) {
            size_t n_entry = strcspn(entry, ":");
            *path = file_in(entry, n_entry, name);
            entry += n_entry + (entry[n_entry] == ':');
        }
        if (!*path && folder)
            *path = file_in(folder, strlen(folder), name);
    }
    enum ev_status status =
        *path ? EV_OK : not_found(name, folder ? folder : "the module folder", err);
    free(folder);
    return status;
}

bool ev_engine_is_present(const char *name)
{
    struct ev_error ignored = EV_ERROR_INIT;
    char *path = NULL;
    const bool present = find_built_in(name) || find_file(name, &path, &ignored) == EV_OK;

    free(path);
    return present;
}

/* --- Checking what a module exports --- */

/* Says why a module without the wanted symbol is refused: another version of it, or none. */
static enum ev_status refuse_symbol(void *handle, const char *path, const char *symbol,
                                    struct ev_error *err)
{
    char other[64];
    const size_t n_stem = strlen(symbol) - 1; /* without the version's digit */

    for (int version = 0; version <= MAX_ABI_LOOKED_FOR; version++) {
        snprintf(other, sizeof other, "%.*s%d", (int)n_stem, symbol, version);
        if (dlsym(handle, other))
            return ev_fail(err, EV_INPUT, "%s: exports %s, expected %s: made for another version",
                           path, other, symbol);
    }
    return ev_fail(err, EV_INPUT, "%s: exports no %s", path, symbol);
}

/* Bytes of the object that a symbol's address begins; 0 if the module does not say. */
static size_t symbol_bytes(const void *exported)
{
    const ElfW(Sym) *symbol = NULL;
    Dl_info info;

    return dladdr1(exported, &info, (void **)&symbol, RTLD_DL_SYMENT) && symbol ? symbol->st_size
                                                                                : 0;
}

/* Copies the struct that a module exports as `symbol`, all kinds of which begin with abi and size,
 * into a zeroed one of this program's version: what an older module does not have reads as NULL.
 * `n_required` bytes hold the members that version 1.0 had. */
static enum ev_status copy_exported(void *handle, const char *symbol, size_t n_required, void *copy,
                                    size_t n_copy, const char *path, struct ev_error *err)
{
    uint32_t head[2]; /* abi, size */
    const void *exported = dlsym(handle, symbol);

    if (!exported)
        return refuse_symbol(handle, path, symbol, err);
    const size_t n_exported = symbol_bytes(exported);
    if (n_exported < sizeof head)
        return ev_fail(err, EV_INPUT, "%s: exports no table of an engine or trainer", path);
    memcpy(head, exported, sizeof head);
    if (head[0] != EV_ABI_MAJOR)
        return ev_fail(err, EV_INPUT, "%s: has ABI version %u, expected %d", path,
                       (unsigned)head[0], EV_ABI_MAJOR);
    if (head[1] < n_required)
        return ev_fail(err, EV_INPUT, "%s: exports a table of %u bytes, expected at least %zu",
                       path, (unsigned)head[1], n_required);
    if (head[1] > n_exported)
        return ev_fail(err, EV_INPUT, "%s: exports a table of %zu bytes that says it has %u", path,
                       n_exported, (unsigned)head[1]);
    memset(copy, 0, n_copy);
    memcpy(copy, exported, head[1] < n_copy ? head[1] : n_copy);
    return EV_OK;
}

/* An engine of that name from anywhere but `path`, or NULL. */
static const char *owner_of_name(const char *name, const char *path)
{
    if (find_built_in(name))
        return "the program itself";
    for (const struct module *module = modules; module; module = module->next) {
        if (module->has_backend && strcmp(module->backend.name, name) == 0 &&
            strcmp(module->path, path) != 0)
            return module->path;
    }
    return NULL;
}

static enum ev_status check_backend(const struct ev_backend *backend, const char *path,
                                    struct ev_error *err)
{
    const char *missing = !backend->open                                         ? "open"
                          : !backend->describe                                   ? "describe"
                          : !backend->infer                                      ? "infer"
                          : !backend->close                                      ? "close"
                          : (backend->traits & EV_TRAIT_ASYNC) && !backend->sync ? "sync"
                                                                                 : NULL;

    if (!backend->name || !is_plain_name(backend->name))
        return ev_fail(err, EV_INPUT,
                       "%s: the engine has no proper name (lower case letters, digits, - and _)",
                       path);
    if (!backend->summary)
        return ev_fail(err, EV_INPUT, "%s: engine '%s' has no summary", path, backend->name);
    if (missing)
        return ev_fail(err, EV_INPUT, "%s: engine '%s' has no %s", path, backend->name, missing);
    if (!backend->devices || !backend->forms)
        return ev_fail(err, EV_INPUT, "%s: engine '%s' names no device or no form of pictures",
                       path, backend->name);
    const char *owner = owner_of_name(backend->name, path);
    if (owner)
        return ev_fail(err, EV_INPUT, "%s: the engine name '%s' is taken by %s", path,
                       backend->name, owner);
    return EV_OK;
}

static enum ev_status check_trainer(const struct ev_trainer *trainer, const char *path,
                                    struct ev_error *err)
{
    if (!trainer->name || !is_plain_name(trainer->name))
        return ev_fail(err, EV_INPUT, "%s: the trainer has no proper name", path);
    if (!trainer->open || !trainer->step || !trainer->observe || !trainer->predict ||
        !trainer->freeze || !trainer->save_state || !trainer->load_state ||
        !trainer->export_model || !trainer->close)
        return ev_fail(err, EV_INPUT, "%s: trainer '%s' lacks a required function", path,
                       trainer->name);
    return EV_OK;
}

/* --- Loading --- */

/* dlerror's reason without the path that it often starts with. */
static const char *dl_reason(const char *path)
{
    const char *reason = dlerror();
    const size_t n_path = strlen(path);

    if (!reason)
        return "unknown reason";
    if (strncmp(reason, path, n_path) == 0 && strncmp(reason + n_path, ": ", 2) == 0)
        return reason + n_path + 2;
    return reason;
}

/* The loaded module of `path` as the user gave it, from the list or the file. */
static enum ev_status load(const char *path, struct module **module, struct ev_error *err)
{
    char *canonical = NULL;
    struct module *made = NULL;
    enum ev_status status = ev_elf_check(path, err);

    *module = NULL;
    if (status != EV_OK)
        return status;
    canonical = realpath(path, NULL);
    for (made = modules; canonical && made; made = made->next) {
        if (strcmp(made->path, canonical) == 0) {
            *module = made;
            goto done;
        }
    }
    made = calloc(1, sizeof *made);
    if (!canonical || !made) {
        status = ev_fail(err, EV_MEMORY, "%s: out of memory", path);
        goto done;
    }
    /* RTLD_NOW: a missing symbol shows here, not in the middle of a measurement. */
    made->handle = dlopen(canonical, RTLD_NOW | RTLD_LOCAL);
    if (!made->handle) {
        status = ev_fail(err, EV_INPUT, "%s: cannot be loaded: %s", path, dl_reason(canonical));
        goto done;
    }
    made->path = canonical;
    made->next = modules;
    modules = made;
    *module = made;
done:
    if (!*module)
        free(made);
    if (!*module || (*module)->path != canonical)
        free(canonical);
    return status;
}

static enum ev_status load_backend(const char *path, const struct ev_backend **engine,
                                   struct ev_error *err)
{
    struct module *module;
    enum ev_status status = load(path, &module, err);

    if (status != EV_OK)
        return status;
    if (!module->has_backend) {
        status = copy_exported(module->handle, EV_BACKEND_SYMBOL, offsetof(struct ev_backend, sync),
                               &module->backend, sizeof module->backend, path, err);
        if (status == EV_OK)
            status = check_backend(&module->backend, path, err);
        if (status != EV_OK)
            return status;
        module->has_backend = true;
    }
    *engine = &module->backend;
    return EV_OK;
}

enum ev_status ev_engine_find(const char *name_or_path, const struct ev_backend **engine,
                              struct ev_error *err)
{
    char *path = NULL;

    *engine = NULL;
    if (strchr(name_or_path, '/'))
        return load_backend(name_or_path, engine, err);
    *engine = find_built_in(name_or_path);
    if (*engine)
        return EV_OK;
    enum ev_status status = find_file(name_or_path, &path, err);
    if (status == EV_OK)
        status = load_backend(path, engine, err);
    free(path);
    return status;
}

const char *ev_engine_origin(const struct ev_backend *engine)
{
    for (size_t i = 0; i < N_BUILT_IN; i++) {
        if (engine == built_in[i])
            return engine->name;
    }
    for (const struct module *module = modules; module; module = module->next) {
        if (engine == &module->backend)
            return module->path;
    }
    return NULL;
}

/* The module of that name, found and loaded. */
static enum ev_status load_named(const char *name, struct module **module, struct ev_error *err)
{
    char *path = NULL;
    enum ev_status status = find_file(name, &path, err);

    *module = NULL;
    if (status == EV_OK)
        status = load(path, module, err);
    free(path);
    return status;
}

enum ev_status ev_trainer_find(const char *name, const struct ev_trainer **trainer,
                               struct ev_error *err)
{
    struct module *module;
    enum ev_status status = load_named(name, &module, err);

    *trainer = NULL;
    if (status == EV_OK && !module->has_trainer) {
        status = copy_exported(module->handle, EV_TRAINER_SYMBOL, sizeof(struct ev_trainer),
                               &module->trainer, sizeof module->trainer, module->path, err);
        if (status == EV_OK)
            status = check_trainer(&module->trainer, module->path, err);
        module->has_trainer = status == EV_OK;
    }
    if (status == EV_OK)
        *trainer = &module->trainer;
    return status;
}

enum ev_status ev_net_reader_find(const char *name, const struct ev_net_reader **reader,
                                  struct ev_error *err)
{
    struct module *module;
    enum ev_status status = load_named(name, &module, err);

    *reader = NULL;
    if (status == EV_OK && !module->has_reader) {
        status = copy_exported(module->handle, EV_NET_READER_SYMBOL,
                               offsetof(struct ev_net_reader, holds_int8), &module->reader,
                               sizeof module->reader, module->path, err);
        if (status == EV_OK && (!module->reader.read || !module->reader.free))
            status = ev_fail(err, EV_INPUT, "%s: the reader of networks lacks a function",
                             module->path);
        module->has_reader = status == EV_OK;
    }
    if (status == EV_OK)
        *reader = &module->reader;
    return status;
}
