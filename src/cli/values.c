/* SPDX-License-Identifier: MIT */
/* What the words of arguments in the tables of options and operands stand for. */
#include "cli/values.h"

#include <stdio.h>
#include <string.h>

#include "backend/backend.h"
#include "render/render.h"

static void add(struct ev_values *values, const char *name)
{
    for (size_t i = 0; i < values->n_names; i++) {
        if (strcmp(values->names[i], name) == 0)
            return;
    }
    if (values->n_names < EV_MAX_VALUES)
        values->names[values->n_names++] = name;
}

static void add_words(struct ev_values *values, const char *const *words)
{
    for (; *words; words++)
        add(values, *words);
}

/* Circuits have the names of the sets that are rendered on them. */
static void add_sets(struct ev_values *values)
{
    for (const struct ev_builtin_set *set = ev_builtin_sets; set->name; set++)
        add(values, set->name);
}

static void add_engines(struct ev_values *values)
{
    for (const struct ev_engine_entry *engine = ev_engines; engine->name; engine++)
        add(values, engine->name);
}

static void add_backends(struct ev_values *values)
{
    for (const struct ev_variant *variant = ev_variants; variant->name; variant++)
        add(values, variant->name);
    add_engines(values);
}

static void add_precisions(struct ev_values *values)
{
    for (uint32_t precision = 1; *ev_precision_name(precision); precision <<= 1)
        add(values, ev_precision_name(precision));
}

static const char *const all[] = {"all", NULL};
static const char *const devices[] = {"cpu", "cuda", NULL};

static const struct {
    const char *word;
    const char *others;
    bool is_list;
    const char *const *names;
    void (*add_names)(struct ev_values *values);
} words[] = {
    {"FILE", "files", false, NULL, NULL},
    {"FILES", "files", true, NULL, NULL},
    {"DIR", "folders", false, NULL, NULL},
    {"SOURCE", "files", false, NULL, NULL},
    {"CIRCUIT", "files", false, NULL, add_sets},
    {"SET", "files.h5.hdf5", false, NULL, add_sets},
    {"SETS", "files.h5.hdf5", true, all, add_sets},
    {"BACKENDS", "files.so", true, all, add_backends},
    {"ENGINE", "files.so", false, NULL, add_engines},
    {"DEVICE", NULL, false, devices, NULL},
    {"PRECISIONS", NULL, true, NULL, add_precisions},
    {"SHELL", NULL, false, ev_shells, NULL},
};

void ev_values_of_word(const char *word, struct ev_values *values)
{
    *values = (struct ev_values){.n_names = 0};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].word, word) != 0)
            continue;
        values->others = words[i].others;
        values->is_list = words[i].is_list;
        if (words[i].names)
            add_words(values, words[i].names);
        if (words[i].add_names)
            words[i].add_names(values);
    }
}

void ev_values_of_option(const struct ev_option *option, struct ev_values *values)
{
    ev_values_of_word(option->argument ? option->argument : "", values);
    if (option->kind == EV_OPT_CHOICE) {
        *values = (struct ev_values){.n_names = 0};
        add_words(values, option->choices);
    }
}

bool ev_operand_next(const char **at, struct ev_operand *operand)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    const char *start = *at + strcspn(*at, letters);
    const size_t length = strspn(start, letters);
    const char *end = start + length + strcspn(start + length, " ");

    snprintf(operand->word, sizeof operand->word, "%.*s", (int)length, start);
    operand->repeats = strncmp(start + length, "...", 3) == 0;
    *at = end;
    return length > 0;
}
