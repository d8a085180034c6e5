/* SPDX-License-Identifier: MIT */
/* Numbers and texts as JSON takes them. */
#include "base/json.h"

#include <math.h>

#include "base/text.h"

json_t *ev_json_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *ev_json_text(const char *value)
{
    char clean[4096];
    json_t *json = json_string(value ? value : "");

    if (json)
        return json;
    ev_text_clean(value, clean, sizeof clean);
    return json_string(clean);
}
