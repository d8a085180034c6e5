/* SPDX-License-Identifier: MIT */
/*
 * The ABI in numbers: size and place of every member that a compiled plug-in relies on, and every
 * value it passes. A line here is never changed, with one exception: a struct that carries its own
 * size may grow at its end, by members that get lines of
 * their own and a new EV_ABI_MINOR. Anything else is a new major version. Compiling this file is
 * the test. The figures are those of 64-bit machines, the only ones that are supported.
 */
#include <stddef.h>

#include "evalrun/trainer.h"

#define SIZE(type, n_bytes) _Static_assert(sizeof(struct type) == (n_bytes), #type " changed size")
#define AT(type, member, n_bytes)                                                                  \
    _Static_assert(offsetof(struct type, member) == (n_bytes), #type "." #member " moved")
#define VALUE(name, number) _Static_assert((name) == (number), #name " changed value")

_Static_assert(sizeof(void *) == 8, "64-bit machines only");

SIZE(ev_shape, 12);
AT(ev_shape, height, 0);
AT(ev_shape, width, 4);
AT(ev_shape, channels, 8);

SIZE(ev_batch, 40);
AT(ev_batch, size, 0);
AT(ev_batch, form, 4);
AT(ev_batch, shape, 8);
AT(ev_batch, n_rows, 24);
AT(ev_batch, data, 32);

SIZE(ev_error, 516);
AT(ev_error, status, 0);
AT(ev_error, message, 4);

SIZE(ev_open_args, 64);
AT(ev_open_args, size, 0);
AT(ev_open_args, n_threads, 4);
AT(ev_open_args, model_path, 8);
AT(ev_open_args, device_kind, 16);
AT(ev_open_args, device_index, 20);
AT(ev_open_args, shape, 24);
AT(ev_open_args, n_outputs, 36);
AT(ev_open_args, max_rows, 40);
AT(ev_open_args, reader, 48);
AT(ev_open_args, precision, 56);

SIZE(ev_description, 168);
AT(ev_description, size, 0);
AT(ev_description, forms, 4);
AT(ev_description, shape, 8);
AT(ev_description, n_outputs, 20);
AT(ev_description, weight_bytes, 24);
AT(ev_description, detail, 32);
AT(ev_description, device_kind, 160);
AT(ev_description, device_index, 164);

SIZE(ev_layer, 136);
AT(ev_layer, name, 0);
AT(ev_layer, kind, 64);
AT(ev_layer, dtype, 96);
AT(ev_layer, macs, 112);
AT(ev_layer, weight_bytes, 120);
AT(ev_layer, time_ns, 128);

SIZE(ev_backend, 136);
AT(ev_backend, abi, 0);
AT(ev_backend, size, 4);
AT(ev_backend, name, 8);
AT(ev_backend, summary, 16);
AT(ev_backend, devices, 24);
AT(ev_backend, forms, 28);
AT(ev_backend, traits, 32);
AT(ev_backend, open, 40);
AT(ev_backend, describe, 48);
AT(ev_backend, infer, 56);
AT(ev_backend, close, 64);
AT(ev_backend, sync, 72);
AT(ev_backend, devices_present, 80);
AT(ev_backend, layers, 88);
AT(ev_backend, quantize_layer, 96);
AT(ev_backend, pin, 104);
AT(ev_backend, unpin, 112);
AT(ev_backend, infer_apart, 120);
AT(ev_backend, precisions, 128);

SIZE(ev_device_run, 16);
AT(ev_device_run, size, 0);
AT(ev_device_run, eager, 4);
AT(ev_device_run, device_ns, 8);

SIZE(ev_network_args, 48);
AT(ev_network_args, size, 0);
AT(ev_network_args, n_threads, 4);
AT(ev_network_args, method, 8);
AT(ev_network_args, observer, 12);
AT(ev_network_args, shape, 16);
AT(ev_network_args, n_outputs, 28);
AT(ev_network_args, seed, 32);
AT(ev_network_args, baseline_path, 40);

SIZE(ev_trainer, 88);
AT(ev_trainer, abi, 0);
AT(ev_trainer, size, 4);
AT(ev_trainer, name, 8);
AT(ev_trainer, open, 16);
AT(ev_trainer, step, 24);
AT(ev_trainer, observe, 32);
AT(ev_trainer, predict, 40);
AT(ev_trainer, freeze, 48);
AT(ev_trainer, save_state, 56);
AT(ev_trainer, load_state, 64);
AT(ev_trainer, export_model, 72);
AT(ev_trainer, close, 80);

VALUE(EV_ABI_MAJOR, 1);
VALUE(EV_FORM_U8_NHWC, 1);
VALUE(EV_FORM_F32_NCHW, 2);
VALUE(EV_DEVICE_CPU, 1);
VALUE(EV_DEVICE_CUDA, 2);
VALUE(EV_TRAIT_ROWS_INDEPENDENT, 1);
VALUE(EV_TRAIT_ASYNC, 2);
VALUE(EV_TRAIT_NO_MODEL, 4);
VALUE(EV_TRAIT_WANTS_READER, 8);
VALUE(EV_PRECISION_FP32, 1);
VALUE(EV_PRECISION_TF32, 2);
VALUE(EV_PRECISION_FP16, 4);
VALUE(EV_PRECISION_INT8, 8);
VALUE(EV_METHOD_FLOAT, 0);
VALUE(EV_METHOD_DYNAMIC, 1);
VALUE(EV_METHOD_STATIC, 2);
VALUE(EV_METHOD_QAT, 3);
VALUE(EV_OBSERVER_HISTOGRAM, 0);
VALUE(EV_OBSERVER_MOVING_AVERAGE, 1);
VALUE(EV_OK, 0);
VALUE(EV_FAILED, 1);
VALUE(EV_INPUT, 2);
VALUE(EV_USAGE, 3);
VALUE(EV_UNSUPPORTED, 4);
VALUE(EV_IO, 5);
VALUE(EV_MEMORY, 6);
VALUE(EV_DEVICE, 7);
VALUE(EV_ENGINE, 8);
VALUE(EV_CANNOT_TELL, 9);
VALUE(EV_INTERRUPTED, 10);
