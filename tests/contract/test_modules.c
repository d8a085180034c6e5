/* SPDX-License-Identifier: MIT */
/*
 * Finding, loading and refusing modules, and the error contract: engines that misbehave are
 * reported by name, in one line, and the program goes on.
 */
#include "support/ev_test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/backend.h"
#include "base/file.h"

static struct ev_error err = EV_ERROR_INIT;

static const struct ev_shape shape = {4, 4, 3};

static enum ev_status open_with(const char *module, const char *model_path, struct ev_model **model)
{
    const struct ev_backend *engine;
    struct ev_open_args args = {
        .size = sizeof args,
        .n_threads = 1,
        .model_path = model_path,
        .device_kind = EV_DEVICE_CPU,
        .shape = shape,
        .n_outputs = 2,
        .max_rows = 8,
    };

    ev_assert_ok(ev_engine_find(module, &engine, &err));
    return ev_model_open(engine, &args, model, &err);
}

static const struct {
    const char *path;
    const char *message;
} refused[] = {
    {EV_PLUGINS "/plugin_no_symbol.so", "exports no ev_backend_v1"},
    {EV_PLUGINS "/plugin_old_abi.so", "exports ev_backend_v2, expected ev_backend_v1"},
    {EV_PLUGINS "/plugin_refused_abi.so", "has ABI version 2, expected 1"},
    {EV_PLUGINS "/plugin_refused_size.so", "exports a table of"},
    {EV_PLUGINS "/plugin_refused_short.so", "bytes that says it has"},
    {EV_PLUGINS "/plugin_refused_taken.so", "the engine name 'null' is taken by the program"},
    {EV_PLUGINS "/plugin_refused_unnamed.so", "no proper name"},
    {EV_PLUGINS "/plugin_refused_devices.so", "names no device"},
    {EV_PLUGINS "/plugin_refused_sync.so", "engine 'refused' has no sync"},
    {EV_PLUGINS "/plugin_refused_infer.so", "engine 'refused' has no infer"},
    {EV_PLUGINS "/no_such_module.so", "cannot open the module: No such file"},
    {EV_PLUGINS, "is a folder"},
    {"/dev/null", "no regular file"},
    {"/proc/self/exe", "cannot be loaded"},
};

START_TEST(bad_modules_are_refused)
{
    const struct ev_backend *engine = (const struct ev_backend *)8;

    ev_assert_fails(ev_engine_find(refused[_i].path, &engine, &err), EV_INPUT, refused[_i].message);
    ck_assert_ptr_null(engine);
    ck_assert_int_eq(strncmp(err.message, refused[_i].path, strlen(refused[_i].path)), 0);
    /* Asked a second time, the answer is the same, and a good module still loads. */
    ev_assert_fails(ev_engine_find(refused[_i].path, &engine, &err), EV_INPUT, refused[_i].message);
    ev_assert_ok(ev_engine_find(EV_PLUGINS "/plugin_min.so", &engine, &err));
    ck_assert_str_eq(engine->name, "min");
}
END_TEST

/* Writes `length` bytes of a good module, with one byte changed if `at` is in them. */
static const char *damaged(const char *name, size_t length, size_t at, char value)
{
    const char *path = ev_test_path(name);
    char *content;
    size_t n_content;

    ev_assert_ok(ev_file_read(EV_PLUGINS "/plugin_min.so", 1 << 24, &content, &n_content, &err));
    ck_assert_uint_lt(length, n_content);
    if (at < length)
        content[at] = value;
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(content, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
    free(content);
    return path;
}

START_TEST(damaged_files_are_refused)
{
    const struct ev_backend *engine;

    ev_assert_fails(ev_engine_find(damaged("empty.so", 0, 1, 0), &engine, &err), EV_INPUT,
                    "no shared module (no ELF file)");
    ev_assert_fails(ev_engine_find(damaged("head.so", 40, 99, 0), &engine, &err), EV_INPUT,
                    "no shared module (no ELF file)");
    ev_assert_fails(ev_engine_find(damaged("half.so", 5000, 9999, 0), &engine, &err), EV_INPUT,
                    "cut short or damaged");
    ev_assert_fails(ev_engine_find(damaged("tables.so", 100, 999, 0), &engine, &err), EV_INPUT,
                    "cut short or damaged");
    ev_assert_fails(ev_engine_find(damaged("magic.so", 5000, 1, 'e'), &engine, &err), EV_INPUT,
                    "no shared module (no ELF file)");
    /* e_type, 2 bytes at 16: an object file; e_machine, 2 bytes at 18 */
    ev_assert_fails(ev_engine_find(damaged("object.so", 5000, 16, 1), &engine, &err), EV_INPUT,
                    "is an ELF file, but no shared module");
    ev_assert_fails(ev_engine_find(damaged("machine.so", 5000, 18, 2), &engine, &err), EV_INPUT,
                    "another kind of machine");
}
END_TEST

START_TEST(names_are_searched)
{
    const struct ev_backend *engine;
    const struct ev_backend *again;
    char list[1024];

    /* Found in the second folder of the list; a relative folder and an empty entry, which would
     * both mean the current one, are not searched. */
    ck_assert_int_eq(symlink(EV_PLUGINS "/plugin_min.so", ev_test_path("evalrun_tiny.so")), 0);
    ck_assert_int_eq(chdir(ev_test_folder()), 0);
    ck_assert_int_eq(setenv("EVALRUN_MODULE_PATH", ".::", 1), 0);
    ev_assert_fails(ev_engine_find("tiny", &engine, &err), EV_USAGE, "unknown engine 'tiny'");
    snprintf(list, sizeof list, "/nowhere:%s", ev_test_folder());
    ck_assert_int_eq(setenv("EVALRUN_MODULE_PATH", list, 1), 0);
    ev_assert_ok(ev_engine_find("tiny", &engine, &err));
    ck_assert_str_eq(engine->name, "min");
    /* The same file under another name is the same module. */
    ev_assert_ok(ev_engine_find(EV_PLUGINS "/plugin_min.so", &again, &err));
    ck_assert_ptr_eq(engine, again);
    /* Only plain names are looked for. */
    ck_assert_int_eq(symlink(EV_PLUGINS "/plugin_min.so", ev_test_path("evalrun_.so")), 0);
    ck_assert_int_eq(symlink(EV_PLUGINS "/plugin_min.so", ev_test_path("evalrun_A B.so")), 0);
    ev_assert_fails(ev_engine_find("A B", &engine, &err), EV_USAGE, "unknown engine 'A B'");
    ev_assert_fails(ev_engine_find("", &engine, &err), EV_USAGE, "unknown engine ''");
    ev_assert_fails(ev_engine_find("..", &engine, &err), EV_USAGE, "unknown engine '..'");
    ev_assert_fails(ev_engine_find("nul", &engine, &err), EV_USAGE, "did you mean 'null'?");
}
END_TEST

/* A second module with the name of a loaded one. */
START_TEST(names_are_unique)
{
    const struct ev_backend *engine;
    char *content;
    size_t length;
    const char *copy = ev_test_path("copy.so");

    ev_assert_ok(ev_file_read(EV_PLUGINS "/plugin_min.so", 1 << 24, &content, &length, &err));
    FILE *file = fopen(copy, "w");
    ck_assert_uint_eq(fwrite(content, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
    free(content);
    ev_assert_ok(ev_engine_find(EV_PLUGINS "/plugin_min.so", &engine, &err));
    ev_assert_fails(ev_engine_find(copy, &engine, &err), EV_INPUT, "name 'min' is taken by /");
}
END_TEST

START_TEST(torch_is_loaded_or_said_to_be_left_out)
{
    const struct ev_backend *engine;
    const struct ev_trainer *trainer;

    if (EV_HAVE_TORCH) {
        ev_assert_ok(ev_engine_find("torch", &engine, &err));
        ck_assert_str_eq(engine->name, "torch");
        ev_assert_ok(ev_trainer_find("torch", &trainer, &err));
        ck_assert_str_eq(trainer->name, "torch");
    } else {
        ev_assert_fails(ev_engine_find("torch", &engine, &err), EV_UNSUPPORTED,
                        "engine 'torch' is not part of this build");
        ev_assert_fails(ev_trainer_find("torch", &trainer, &err), EV_UNSUPPORTED,
                        "engine 'torch' is not part of this build");
        ck_assert_ptr_null(trainer);
    }
    ev_assert_fails(ev_trainer_find("nothing", &trainer, &err), EV_USAGE, "unknown engine");
}
END_TEST

START_TEST(a_module_without_trainer_says_so)
{
    const struct ev_trainer *trainer;

    ck_assert_int_eq(symlink(EV_PLUGINS "/plugin_min.so", ev_test_path("evalrun_tiny.so")), 0);
    ck_assert_int_eq(setenv("EVALRUN_MODULE_PATH", ev_test_folder(), 1), 0);
    ev_assert_fails(ev_trainer_find("tiny", &trainer, &err), EV_INPUT, "exports no ev_trainer_v1");
    ck_assert_ptr_null(trainer);
}
END_TEST

/* A table that ends before the optional members: they read as NULL. */
START_TEST(a_shorter_table_is_completed)
{
    const struct ev_backend *engine;

    ev_assert_ok(ev_engine_find(EV_PLUGINS "/plugin_min.so", &engine, &err));
    ck_assert(engine->sync == NULL);
    ck_assert(engine->devices_present == NULL);
    ck_assert(engine->layers == NULL);
    ck_assert(engine->quantize_layer == NULL);
    ck_assert(engine->close != NULL);
}
END_TEST

static const struct {
    const char *misdeed;
    enum ev_status status;
    const char *message;
} open_misdeeds[] = {
    {"open-nothing", EV_ENGINE, "engine 'wrong': open succeeded, but made nothing"},
    {"open-unknown-status", EV_ENGINE, "engine 'wrong': open returned status 1234, not an engine's"},
    {"open-verdict", EV_ENGINE, "engine 'wrong': open returned status 9, not an engine's: unsure"},
    {"open-several-lines", EV_INPUT, "open-several-lines: first line   second line"},
    {"open-fails-with-object", EV_INPUT, "refused"},
    {"open-message", EV_ENGINE, "engine 'wrong': open succeeded, but left the message: all is"},
    {"describe-forms", EV_ENGINE, "engine 'wrong': describes picture forms 0x0"},
    {"describe-more-forms", EV_ENGINE, "engine 'wrong': describes picture forms 0x3, exports"},
    {"describe-shape", EV_ENGINE, "engine 'wrong': describes pictures of 4 x 5 x 3"},
    {"describe-outputs", EV_ENGINE, "engine 'wrong': describes 3 outputs, opened for 2"},
    {"describe-device", EV_ENGINE, "engine 'wrong': describes a device of kind 0x3, number 0"},
    {"describe-device-number", EV_ENGINE, "engine 'wrong': describes a device of kind 0x0, number -1"},
    {"describe-silent", EV_ENGINE, "engine 'wrong': describe failed with status 2 and no message"},
    {"describe-fails", EV_DEVICE, "the device went away"},
};

START_TEST(misdeeds_at_open_are_told)
{
    struct ev_model *model = (struct ev_model *)8;

    ev_assert_fails(open_with(EV_PLUGINS "/plugin_wrong.so", open_misdeeds[_i].misdeed, &model),
                    open_misdeeds[_i].status, open_misdeeds[_i].message);
    ck_assert_int_eq(err.status, open_misdeeds[_i].status);
    ck_assert_ptr_null(model);
}
END_TEST

static const struct {
    const char *misdeed;
    enum ev_status status;
    const char *message;
} infer_misdeeds[] = {
    {"infer-none", EV_ENGINE, "engine 'wrong': left output 0 of row 0 of a batch of 3 unwritten"},
    {"infer-last", EV_ENGINE, "engine 'wrong': left output 1 of row 2 of a batch of 3 unwritten"},
    {"infer-silent", EV_ENGINE, "engine 'wrong': infer failed with status 7 and no message"},
    {"infer-message", EV_ENGINE, "engine 'wrong': infer succeeded, but left the message: all is"},
    {"infer-fails", EV_MEMORY, "infer-fails: the device's memory is full"},
};

static struct ev_batch three_pictures(void)
{
    static const uint8_t pictures[3 * 4 * 4 * 3];

    return (struct ev_batch){
        .size = sizeof(struct ev_batch),
        .form = EV_FORM_U8_NHWC,
        .shape = shape,
        .n_rows = 3,
        .data = pictures,
    };
}

START_TEST(misdeeds_at_infer_are_told)
{
    struct ev_model *model;
    struct ev_batch batch = three_pictures();
    float outputs[6];

    ev_assert_ok(open_with(EV_PLUGINS "/plugin_wrong.so", infer_misdeeds[_i].misdeed, &model));
    ck_assert_uint_eq(strlen(ev_model_description(model)->detail),
                      sizeof ev_model_description(model)->detail - 1);
    ev_assert_fails(ev_model_infer(model, &batch, outputs, &err), infer_misdeeds[_i].status,
                    infer_misdeeds[_i].message);
    ck_assert_int_eq(err.status, infer_misdeeds[_i].status);
    ev_model_close(model);
}
END_TEST

static const struct {
    const char *misdeed;
    enum ev_status status;
    const char *message;
} layer_misdeeds[] = {
    {"layers-none", EV_ENGINE, "engine 'wrong': tells of 0 layers, not of 1 to 512"},
    {"layers-many", EV_ENGINE, "engine 'wrong': tells of 513 layers, not of 1 to 512"},
    {"layers-unnamed", EV_ENGINE, "engine 'wrong': layer 1 lacks a name, kind or type"},
    {"layers-negative", EV_ENGINE, "engine 'wrong': layer 1 has a negative figure"},
    {"layers-macs", EV_ENGINE, "engine 'wrong': layer 0 has a negative figure"},
    {"layers-bytes", EV_ENGINE, "engine 'wrong': layer 0 has a negative figure"},
    {"layers-silent", EV_ENGINE, "engine 'wrong': layers failed with status 7 and no message"},
    {"layers-refused", EV_UNSUPPORTED, "layers-refused: not this model"},
};

START_TEST(misdeeds_about_layers_are_told)
{
    static struct ev_layer layers[EV_MAX_LAYERS];
    struct ev_model *model;
    struct ev_batch batch = three_pictures();
    int32_t n_layers = 7;

    batch.n_rows = 1;
    ev_assert_ok(open_with(EV_PLUGINS "/plugin_wrong.so", layer_misdeeds[_i].misdeed, &model));
    ev_assert_fails(ev_model_layers(model, &batch, layers, &n_layers, &err),
                    layer_misdeeds[_i].status, layer_misdeeds[_i].message);
    ck_assert_int_eq(n_layers, 0);
    ev_model_close(model);
}
END_TEST

/* What has no end is cut, and what is said beside success is told. */
START_TEST(texts_of_layers_end)
{
    static struct ev_layer layers[EV_MAX_LAYERS];
    struct ev_model *model;
    struct ev_batch batch = three_pictures();
    int32_t n_layers;

    batch.n_rows = 1;
    ev_assert_ok(open_with(EV_PLUGINS "/plugin_wrong.so", "layers-endless", &model));
    ev_assert_ok(ev_model_layers(model, &batch, layers, &n_layers, &err));
    ck_assert_int_eq(n_layers, 2);
    ck_assert_uint_eq(strlen(layers[1].kind), sizeof layers[1].kind - 1);
    ev_model_close(model);
    ev_assert_ok(open_with(EV_PLUGINS "/plugin_wrong.so", "quantize-message", &model));
    ev_assert_fails(ev_model_quantize_layer(model, 0, &batch, &err), EV_ENGINE,
                    "engine 'wrong': quantize_layer succeeded, but left the message: all is");
    ev_model_close(model);
}
END_TEST

/* A NaN that a model computes is the model's business. */
START_TEST(computed_nan_is_passed_on)
{
    struct ev_model *model;
    struct ev_batch batch = three_pictures();
    float outputs[6];

    ev_assert_ok(open_with(EV_PLUGINS "/plugin_wrong.so", "infer-nan", &model));
    ev_assert_ok(ev_model_infer(model, &batch, outputs, &err));
    ck_assert_float_nan(outputs[0]);
    ck_assert_float_eq(outputs[5], 0.25f);
    ev_model_close(model);
}
END_TEST

START_TEST(silent_failure_names_the_engine)
{
    struct ev_model *model;

    ev_assert_fails(open_with(EV_PLUGINS "/plugin_silent_fail.so", NULL, &model), EV_ENGINE,
                    "engine 'silent': open failed with status 2 and no message");
    ck_assert_ptr_null(model);
}
END_TEST

START_TEST(a_model_is_needed)
{
    struct ev_model *model;

    ev_assert_fails(open_with(EV_PLUGINS "/plugin_wrong.so", NULL, &model), EV_USAGE,
                    "engine 'wrong' needs a model");
    ck_assert_ptr_null(model);
}
END_TEST

START_TEST(null_err_is_allowed)
{
    const struct ev_backend *engine;

    ck_assert_int_eq(ev_engine_find(EV_PLUGINS "/plugin_no_symbol.so", &engine, NULL), EV_INPUT);
}
END_TEST

Suite *ev_suite(void)
{
    Suite *suite = suite_create("modules");
    TCase *loading = tcase_create("loading");
    TCase *contract = tcase_create("error contract");

    tcase_set_timeout(loading, 30);
    tcase_add_loop_test(loading, bad_modules_are_refused, 0, sizeof refused / sizeof refused[0]);
    tcase_add_test(loading, damaged_files_are_refused);
    tcase_add_test(loading, names_are_searched);
    tcase_add_test(loading, names_are_unique);
    tcase_add_test(loading, torch_is_loaded_or_said_to_be_left_out);
    tcase_add_test(loading, a_module_without_trainer_says_so);
    tcase_add_test(loading, a_shorter_table_is_completed);
    tcase_add_test(loading, null_err_is_allowed);
    suite_add_tcase(suite, loading);
    tcase_add_loop_test(contract, misdeeds_at_open_are_told, 0,
                        sizeof open_misdeeds / sizeof open_misdeeds[0]);
    tcase_add_loop_test(contract, misdeeds_at_infer_are_told, 0,
                        sizeof infer_misdeeds / sizeof infer_misdeeds[0]);
    tcase_add_loop_test(contract, misdeeds_about_layers_are_told, 0,
                        sizeof layer_misdeeds / sizeof layer_misdeeds[0]);
    tcase_add_test(contract, texts_of_layers_end);
    tcase_add_test(contract, computed_nan_is_passed_on);
    tcase_add_test(contract, silent_failure_names_the_engine);
    tcase_add_test(contract, a_model_is_needed);
    suite_add_tcase(suite, contract);
    return suite;
}
