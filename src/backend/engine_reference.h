/* SPDX-License-Identifier: MIT */
/*
 * The engine "reference": convolutions and linear layers of a TorchScript model in plain C, int8
 * ones in integers (src/int8). The libtorch module reads the file, and computes nothing.
 */
#ifndef EV_ENGINE_REFERENCE_H
#define EV_ENGINE_REFERENCE_H

#include "evalrun/backend.h"

extern const struct ev_backend ev_engine_reference;

#endif
