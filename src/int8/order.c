/* SPDX-License-Identifier: MIT */
#include "int8/order.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"amx", "avx512", "fbgemm"};

enum ev_status ev_order_choose(const char *engine, enum ev_requant_order *order,
                               struct ev_error *err)
{
    const char *name = getenv(EV_ORDER_VARIABLE);

    *order = EV_REQUANT_AMX;
    for (size_t i = 0; name && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            *order = (enum ev_requant_order)i;
            return EV_OK;
        }
    }
    return name
               ? ev_fail(err, EV_INPUT,
                         "engine '%s': " EV_ORDER_VARIABLE "=%.60s: expected amx, avx512 or fbgemm",
                         engine, name)
               : EV_OK;
}

const char *ev_order_name(enum ev_requant_order order)
{
    return names[order];
}
