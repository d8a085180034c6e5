/* SPDX-License-Identifier: MIT */
/* Which of libtorch's orders of operations convolutions follow, see requant.h. */
#ifndef EV_ORDER_H
#define EV_ORDER_H

#include "evalrun/error.h"
#include "int8/requant.h"

/* The environment variable that chooses: "amx" (also if it is not set), "avx512", "fbgemm". */
#define EV_ORDER_VARIABLE "EVALRUN_REQUANT"

/* EV_INPUT, naming the engine that asks and the variable, for another word. */
EV_CHECKED enum ev_status ev_order_choose(const char *engine, enum ev_requant_order *order,
                                          struct ev_error *err);
const char *ev_order_name(enum ev_requant_order order);

#endif
