/* SPDX-License-Identifier: MIT */
/* Conditions on a label: "|w|>1". */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "inspect/rows.h"

/* Copies [from, to) without blanks around; false if it does not fit or nothing is left. */
static bool copy_trimmed(const char *from, const char *to, char *out, size_t size)
{
    while (from < to && *from == ' ')
        from++;
    while (to > from && to[-1] == ' ')
        to--;
    if (to == from || (size_t)(to - from) >= size)
        return false;
    memcpy(out, from, (size_t)(to - from));
    out[to - from] = '\0';
    return true;
}

static enum ev_status find_column(const char *option, const char *text, const char *name,
                                  const struct ev_set_info *info, int32_t *column,
                                  struct ev_error *err)
{
    char names[EV_MAX_OUTPUTS * 34];
    size_t used = 0;

    for (int32_t i = 0; i < info->n_outputs; i++) {
        if (strcmp(info->columns[i].name, name) == 0) {
            *column = i;
            return EV_OK;
        }
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ", " : "",
                                 info->columns[i].name);
    }
    return ev_fail(err, EV_USAGE, "--%s %s: no column '%s' in %s, which has %s", option, text, name,
                   info->path, names);
}

enum ev_status ev_condition_parse(const char *option, const char *text,
                                  const struct ev_set_info *info, struct ev_condition *condition,
                                  struct ev_error *err)
{
    const char *at = text + strcspn(text, "<>=!");
    size_t n = strspn(at, "<>=!");
    char name[64], number[64];

    *condition = (struct ev_condition){0};
    bool known = (n == 1 && (*at == '<' || *at == '>')) || (n == 2 && at[1] == '=');
    if (!known || !copy_trimmed(text, at, name, sizeof name) ||
        !copy_trimmed(at + n, at + strlen(at), number, sizeof number) ||
        !ev_text_double(number, &condition->value))
        return ev_fail(err, EV_USAGE,
                       "--%s %s: expected a column, one of < <= > >= == !=, and a number, as in "
                       "'%s>1'",
                       option, text, info->columns[info->n_outputs - 1].name);
    memcpy(condition->compare, at, n);
    size_t length = strlen(name);
    condition->absolute = length > 2 && name[0] == '|' && name[length - 1] == '|';
    if (condition->absolute) {
        memmove(name, name + 1, length - 2);
        name[length - 2] = '\0';
    }
    return find_column(option, text, name, info, &condition->column, err);
}

bool ev_condition_holds(const struct ev_condition *condition, const float *labels)
{
    /* 0.1 as typed is the label 0.1 as stored. */
    const float value = (float)condition->value;
    float label = labels[condition->column];
    bool equal_too = condition->compare[1] == '=';

    if (condition->absolute)
        label = fabsf(label);
    switch (condition->compare[0]) {
    case '<':
        return label < value || (equal_too && label == value);
    case '>':
        return label > value || (equal_too && label == value);
    case '=':
        return label == value;
    default:
        return label != value;
    }
}
