/* SPDX-License-Identifier: MIT */
/* Parsing of options, and what lists of names mean. */
#include <stdlib.h>
#include <string.h>

#include "cli/option.h"
#include "cli/select.h"
#include "support/ev_test.h"

static struct ev_error err = EV_ERROR_INIT;

static const char *const colours[] = {"red", "green", NULL};
static bool flag;
static const char *text;
static const char *colour;
static int64_t whole;
static double real;

static const struct ev_option options[] = {
    {"flag", 'f', EV_OPT_FLAG, NULL, &flag, 0, 0, "a flag", NULL},
    {"text", 't', EV_OPT_TEXT, "TEXT", &text, 0, 0, "a text", NULL},
    {"colour", 0, EV_OPT_CHOICE, "NAME", &colour, 0, 0, "a choice", colours},
    {"whole", 'w', EV_OPT_INT, "N", &whole, 1, 100, "a number", NULL},
    {"real", 0, EV_OPT_DOUBLE, "X", &real, 0, 0.5, "a number", NULL},
    {0},
};

/* Words of a command line, at most 11. */
struct words {
    const char *words[12];
};

static enum ev_status parse(const struct words *line, char **argv, int *n_operands)
{
    int argc = 0;

    flag = false;
    text = colour = NULL;
    whole = -1;
    real = -1.0;
    for (; line->words[argc]; argc++)
        argv[argc] = (char *)line->words[argc];
    return ev_options_parse(options, argc, argv, n_operands, &err);
}

static const struct words same_meaning[] = {
    {{"--flag", "--text", "a b", "--colour", "green", "--whole", "7", "x"}},
    {{"x", "--text=a b", "--whole=7", "--flag", "--colour=green"}},
    {{"-f", "-t", "a b", "-w", "7", "--colour=green", "x"}},
    {{"-w", "7", "--colour", "green", "-f", "-t", "a b", "--", "x"}},
};

START_TEST(ways_to_say_the_same)
{
    char *argv[12];
    int n_operands;

    ev_assert_ok(parse(&same_meaning[_i], argv, &n_operands));
    ck_assert(flag);
    ck_assert(ev_option_is_given("flag") && ev_option_is_given("whole"));
    ck_assert(!ev_option_is_given("real") && !ev_option_is_given("other"));
    ck_assert_str_eq(text, "a b");
    ck_assert_str_eq(colour, "green");
    ck_assert_int_eq(whole, 7);
    ck_assert_double_eq(real, -1.0); /* not given: left alone */
    ck_assert_int_eq(n_operands, 1);
    ck_assert_str_eq(argv[0], "x");
}
END_TEST

START_TEST(operands_keep_their_order)
{
    static const struct words line = {{"-", "a", "-f", "b", "--", "--flag", "-t"}};
    static const char *const expected[] = {"-", "a", "b", "--flag", "-t"};
    char *argv[12];
    int n_operands;

    ev_assert_ok(parse(&line, argv, &n_operands));
    ck_assert_int_eq(n_operands, 5);
    for (int i = 0; i < 5; i++)
        ck_assert_str_eq(argv[i], expected[i]);
}
END_TEST

static const struct {
    struct words line;
    const char *message;
} wrong[] = {
    {{{"--flog"}}, "unknown option '--flog': did you mean '--flag'?"},
    {{{"--flog=1"}}, "unknown option '--flog': did you mean '--flag'?"},
    {{{"--hlep"}}, "did you mean '--help'?"},
    {{{"--nothing-like-it"}}, "unknown option '--nothing-like-it': see --help"},
    {{{"-x"}}, "unknown option '-x'"},
    {{{"-ff"}}, "unknown option '-ff'"},
    {{{"---"}}, "unknown option '---'"},
    {{{"--flag=yes"}}, "--flag takes no value"},
    {{{"--text"}}, "--text: expected TEXT"},
    {{{"--text", "--flag"}}, "--text: expected TEXT"},
    {{{"--text="}}, "--text: empty value"},
    {{{"--flag", "-f"}}, "--flag: given twice"},
    {{{"--colour", "gren"}}, "unknown --colour 'gren': did you mean 'green'?"},
    {{{"--whole", "0"}}, "--whole 0: expected a whole number from 1 to 100"},
    {{{"--whole", "101"}}, "--whole 101: expected"},
    {{{"--whole", "-1"}}, "--whole -1: expected"},
    {{{"--whole", "7.5"}}, "--whole 7.5: expected"},
    {{{"--whole", "1e1"}}, "--whole 1e1: expected"},
    {{{"--whole", "99999999999999999999"}}, "expected a whole number"},
    {{{"--real", "0.51"}}, "--real 0.51: expected a number from 0 to 0.5"},
    {{{"--real", "nan"}}, "--real nan: expected"},
};

START_TEST(mistakes_are_named)
{
    char *argv[12];
    int n_operands;

    ev_assert_fails(parse(&wrong[_i].line, argv, &n_operands), EV_USAGE, wrong[_i].message);
}
END_TEST

START_TEST(help_stays_within_a_terminal)
{
    static const struct ev_option wide[] = {
        {"a-name-that-is-long", 'a', EV_OPT_TEXT, "ARGUMENT", &text, 0, 0,
         "a sentence of so many words that it cannot stand on a single line beside its name "
         "and is continued below itself, in the same column",
         NULL},
        {0},
    };
    char *printed = NULL;
    size_t size;
    FILE *out = open_memstream(&printed, &size);

    ev_options_print(wide, out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(printed, "  -a, --a-name-that-is-long ARGUMENT\n"));
    int n_lines = 0;
    for (char *line = strtok(printed, "\n"); line; line = strtok(NULL, "\n"), n_lines++)
        ck_assert_int_le(strlen(line), 80);
    ck_assert_int_eq(n_lines, 4);
    free(printed);
}
END_TEST

static const struct {
    const char *text, *expected, *message;
} lists[] = {
    {"a", "a", NULL},
    {"b,a", "b a", NULL},
    {"all", "x y", NULL},
    {"a,all", "a x y", NULL},
    {"ally", "ally", NULL},
    {"", NULL, "--set: empty name in the list"},
    {"a,", NULL, "--set: empty name in the list"},
    {",a", NULL, "--set: empty name in the list"},
    {"a,,b", NULL, "--set: empty name in the list"},
    {"a,b,a", NULL, "--set: 'a' is given twice"},
    {"x,all", NULL, "--set: 'x' is given twice"},
};

START_TEST(lists_are_split)
{
    static const char *const all[] = {"x", "y"};
    struct ev_list list;
    char joined[64] = "";

    if (lists[_i].message) {
        ev_assert_fails(ev_list_split("set", lists[_i].text, all, 2, &list, &err), EV_USAGE,
                        lists[_i].message);
        return;
    }
    ev_assert_ok(ev_list_split("set", lists[_i].text, all, 2, &list, &err));
    for (size_t i = 0; i < list.n; i++) {
        strcat(joined, i > 0 ? " " : "");
        strcat(joined, list.items[i]);
    }
    ck_assert_str_eq(joined, lists[_i].expected);
    ev_list_free(&list);
}
END_TEST

static const char *make_file(const char *name)
{
    const char *path = ev_test_path(name);
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fclose(file);
    return path;
}

START_TEST(files_of_one_name_are_told_apart)
{
    struct ev_sets sets;
    char line[2048];

    make_file("one.h5");
    make_file("two.hdf5");
    make_file("two.h5");
    snprintf(line, sizeof line, "montreal,%s,%s,%s", ev_test_path("one.h5"),
             ev_test_path("two.hdf5"), ev_test_path("two.h5"));
    ev_assert_ok(ev_sets_select(line, "test", &sets, &err));
    ck_assert_int_eq(sets.n, 4);
    ck_assert_str_eq(sets.names[0], "montreal");
    ck_assert_ptr_null(sets.paths[0]);
    ck_assert_str_eq(sets.names[1], "one");
    ck_assert_str_eq(sets.paths[1], ev_test_path("one.h5"));
    ck_assert_str_eq(sets.names[2], ev_test_path("two.hdf5"));
    ck_assert_str_eq(sets.names[3], ev_test_path("two.h5"));
    ev_sets_free(&sets);
    ev_assert_fails(ev_sets_select("nowhere.h5", "test", &sets, &err), EV_INPUT, "nowhere.h5: ");
    ev_assert_fails(ev_sets_select("montrael", "test", &sets, &err), EV_USAGE,
                    "unknown set 'montrael': did you mean 'montreal'?");
}
END_TEST

START_TEST(a_model_takes_one_backend)
{
    struct ev_backends backends;
    const char *model = make_file("mine.pt");

    ev_assert_ok(ev_backends_select(NULL, model, NULL, &backends, &err));
    ck_assert_int_eq(backends.n, 1);
    ck_assert_str_eq(backends.backends[0].name, "mine");
    ck_assert_str_eq(backends.backends[0].model_path, model);
    ev_backends_free(&backends);
    ev_assert_fails(ev_backends_select("baseline,qat", model, NULL, &backends, &err), EV_USAGE,
                    "--model needs one backend to run it, but --backend names 2");
    ev_assert_fails(ev_backends_select("torch", NULL, NULL, &backends, &err), EV_USAGE,
                    "backend 'torch' is an engine: it needs --model FILE");
    ev_assert_fails(ev_backends_select(NULL, "missing.pt", NULL, &backends, &err), EV_INPUT,
                    "missing.pt: ");
}
END_TEST

START_TEST(several_models)
{
    struct ev_backends backends;
    char *first = strdup(make_file("first.pt")), *second = strdup(make_file("second.pt"));
    char *comma = strdup(make_file("one,two.pt")), both[1200];

    snprintf(both, sizeof both, "%s,%s", first, second);
    ev_assert_ok(ev_backends_select(NULL, both, NULL, &backends, &err));
    ck_assert_int_eq(backends.n, 2);
    ck_assert_str_eq(backends.backends[0].name, "first");
    ck_assert_str_eq(backends.backends[1].name, "second");
    ck_assert_str_eq(backends.backends[1].model_path, second);
    ev_backends_free(&backends);
    ev_assert_ok(ev_backends_select("static", both, "null", &backends, &err));
    ck_assert_int_eq(backends.n, 2);
    ev_backends_free(&backends);
    ev_assert_ok(ev_backends_select("null", both, NULL, &backends, &err));
    ev_assert_ok(ev_backends_load(&backends, EV_DEVICE_CPU, &err));
    for (int i = 0; i < 2; i++)
        ck_assert_str_eq(backends.backends[i].engine->name, "null");
    ev_backends_free(&backends);
    ev_assert_ok(ev_backends_select(NULL, comma, NULL, &backends, &err));
    ck_assert_int_eq(backends.n, 1);
    ck_assert_str_eq(backends.backends[0].name, "one,two");
    ev_backends_free(&backends);
    snprintf(both, sizeof both, "%s,%s", first, first);
    ev_assert_fails(ev_backends_select(NULL, both, NULL, &backends, &err), EV_USAGE,
                    "is given twice");
    snprintf(both, sizeof both, "%s,", first);
    ev_assert_fails(ev_backends_select(NULL, both, NULL, &backends, &err), EV_USAGE,
                    "--model: empty name in the list");
    snprintf(both, sizeof both, "%s,nowhere.pt", first);
    ev_assert_fails(ev_backends_select(NULL, both, NULL, &backends, &err), EV_INPUT,
                    "nowhere.pt: ");
    free(first);
    free(second);
    free(comma);
}
END_TEST

START_TEST(an_engine_runs_models)
{
    struct ev_backends backends;
    const char *model = make_file("mine.pt");

    ev_assert_ok(ev_backends_select("static,qat", NULL, "null", &backends, &err));
    ev_assert_ok(ev_backends_load(&backends, EV_DEVICE_CPU, &err));
    for (int i = 0; i < 2; i++)
        ck_assert_str_eq(backends.backends[i].engine->name, "null");
    ev_backends_free(&backends);
    ev_assert_ok(ev_backends_select(NULL, model, "null", &backends, &err));
    ck_assert_str_eq(backends.list.items[0], "null");
    ev_backends_free(&backends);
    ev_assert_fails(ev_backends_select(NULL, NULL, "refrence", &backends, &err), EV_USAGE,
                    "unknown engine 'refrence': did you mean 'reference'?");
    ev_assert_fails(ev_backends_select("static,null", NULL, "reference", &backends, &err), EV_USAGE,
                    "--engine reference: runs models, but backend 'null' is an engine");
}
END_TEST

/* "baseline fp32, baseline-fp16 fp16", with which of the words each is. */
static const char *take(struct ev_backends *backends, const char *precisions)
{
    static char line[512];
    size_t used = 0;

    ev_assert_ok(ev_backends_take_precisions(backends, precisions, &err));
    line[0] = '\0';
    for (size_t i = 0; i < backends->n; i++) {
        const struct ev_eval_backend *backend = &backends->backends[i];
        used += (size_t)snprintf(line + used, sizeof line - used, "%s%zu %s %s",
                                 i > 0 ? ", " : "", backends->items[i], backend->name,
                                 ev_precision_name(backend->precision));
    }
    ev_backends_free(backends);
    return line;
}

static const struct {
    const char *backends, *precisions, *entries;
} precision_cases[] = {
    {"baseline,static", NULL, "0 baseline , 1 static "},
    {"baseline,static", "fp32,fp16,int8", "0 baseline fp32, 0 baseline-fp16 fp16, 1 static int8"},
    {"static,baseline", "int8,tf32", "0 static int8, 1 baseline-tf32 tf32"},
    {NULL, "fp16", "0 baseline-fp16 fp16"}, /* of all that nobody named, those that fit */
    {NULL, "int8", "1 dynamic int8, 2 static int8, 3 qat int8"},
    {"baseline", "fp16,fp32", "0 baseline-fp16 fp16, 0 baseline fp32"},
    {"baseline", "int8,fp16", "0 baseline-fp16 fp16"},
    {"dynamic,qat", "fp16,int8", "0 dynamic int8, 1 qat int8"},
    {"null", "fp32", "0 null fp32"}, /* which the engine refuses when it is opened */
};

START_TEST(precisions_make_entries)
{
    struct ev_backends backends;

    ev_assert_ok(ev_backends_select(precision_cases[_i].backends, NULL, NULL, &backends, &err));
    ck_assert_str_eq(take(&backends, precision_cases[_i].precisions), precision_cases[_i].entries);
}
END_TEST

/* What nothing can read is taken for a float model. */
START_TEST(precisions_of_files)
{
    struct ev_backends backends;
    char *first = strdup(make_file("first.pt")), both[1200];

    snprintf(both, sizeof both, "%s,%s", first, make_file("second.pt"));
    ev_assert_ok(ev_backends_select("null", both, NULL, &backends, &err));
    ev_assert_ok(ev_backends_take_precisions(&backends, "fp32,fp16", &err));
    ck_assert_uint_eq(backends.n, 4);
    ck_assert_str_eq(backends.backends[1].model_path, first);
    ck_assert_str_eq(backends.backends[3].name, "second-fp16");
    ev_assert_ok(ev_backends_load(&backends, EV_DEVICE_CPU, &err));
    for (size_t i = 0; i < backends.n; i++)
        ck_assert_str_eq(backends.backends[i].engine->name, "null");
    ev_backends_free(&backends);
    free(first);
}
END_TEST

static const struct {
    const char *backends, *precisions, *part;
} bad_precisions[] = {
    {"baseline,static", "fp16,fp32", "--precision fp16,fp32: backend 'static' is int8"},
    {"baseline,static", "int8",
     "--precision int8: backend 'baseline' is float32: int8 models are made by `evalrun quantize`"},
    {"baseline", "fp61", "unknown precision 'fp61': did you mean 'fp16'?"},
    {"baseline", "double",
     "unknown precision 'double': expected one of fp32, tf32, fp16, int8"},
    {"baseline", "all", "unknown precision 'all'"},
    {"baseline", "fp32,", "--precision: empty name in the list"},
    {"baseline", "fp32,fp32", "--precision: 'fp32' is given twice"},
};

START_TEST(precisions_that_do_not_fit)
{
    struct ev_backends backends;

    ev_assert_ok(ev_backends_select(bad_precisions[_i].backends, NULL, NULL, &backends, &err));
    ev_assert_fails(ev_backends_take_precisions(&backends, bad_precisions[_i].precisions, &err),
                    EV_USAGE, bad_precisions[_i].part);
    ev_backends_free(&backends);
}
END_TEST

START_TEST(precisions_of_files_that_do_not_fit)
{
    struct ev_backends backends;
    char *first = strdup(make_file("x.pt")), both[1200];

    ev_assert_ok(ev_backends_select(NULL, first, "null", &backends, &err));
    ev_assert_fails(ev_backends_take_precisions(&backends, "int8", &err), EV_USAGE,
                    "--precision int8: model 'x' is float32: int8 models are made by");
    ev_backends_free(&backends);
    snprintf(both, sizeof both, "%s,%s", first, make_file("x-fp16.pt"));
    ev_assert_ok(ev_backends_select(NULL, both, "null", &backends, &err));
    ev_assert_fails(ev_backends_take_precisions(&backends, "fp32,fp16", &err), EV_USAGE,
                    "--precision fp32,fp16: two would be called 'x-fp16'");
    ev_backends_free(&backends);
    free(first);
}
END_TEST

START_TEST(devices)
{
    uint32_t kind;
    int32_t index;

    ev_assert_ok(ev_device_select("cuda:3", &kind, &index, &err));
    ck_assert_int_eq(index, 3);
    ev_assert_fails(ev_device_select("cupu", &kind, &index, &err), EV_USAGE,
                    "unknown device 'cupu': did you mean 'cpu'?");
    ev_assert_fails(ev_device_select("cud:1", &kind, &index, &err), EV_USAGE,
                    "unknown device 'cud:1': did you mean 'cuda'?");
    ev_assert_fails(ev_device_select("toaster", &kind, &index, &err), EV_USAGE,
                    "unknown device 'toaster': expected cpu, cuda or cuda:N");
    ev_assert_fails(ev_device_select("cuda:x", &kind, &index, &err), EV_USAGE, "cuda:x");
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

Suite *ev_suite(void)
{
    Suite *suite = suite_create("option");
    TCase *tests = tcase_create("option");

    tcase_add_loop_test(tests, ways_to_say_the_same, 0, COUNT(same_meaning));
    tcase_add_test(tests, operands_keep_their_order);
    tcase_add_loop_test(tests, mistakes_are_named, 0, COUNT(wrong));
    tcase_add_test(tests, help_stays_within_a_terminal);
    tcase_add_loop_test(tests, lists_are_split, 0, COUNT(lists));
    tcase_add_test(tests, files_of_one_name_are_told_apart);
    tcase_add_test(tests, a_model_takes_one_backend);
    tcase_add_test(tests, an_engine_runs_models);
    tcase_add_loop_test(tests, precisions_make_entries, 0,
                        sizeof precision_cases / sizeof *precision_cases);
    tcase_add_test(tests, precisions_of_files);
    tcase_add_loop_test(tests, precisions_that_do_not_fit, 0,
                        sizeof bad_precisions / sizeof *bad_precisions);
    tcase_add_test(tests, precisions_of_files_that_do_not_fit);
    tcase_add_test(tests, several_models);
    tcase_add_test(tests, devices);
    suite_add_tcase(suite, tests);
    return suite;
}
