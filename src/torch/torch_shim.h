/* SPDX-License-Identifier: MIT */
/*
 * What the files of this folder share: failures as C++ exceptions, the one place where exceptions
 * turn into statuses, batches as tensors, whole files. Nothing outside this folder includes it.
 *
 * Inside the folder a failure is thrown: ev::Failure with a status and a finished line, or
 * whatever libtorch throws. Every exported hook runs its body through ev::guarded().
 *
 * libtorch's large headers cost 20 s of compiling in each file that includes them. So headers here
 * include the tensor alone, .cpp files the operators that they use (ATen/ops/NAME.h), and only
 * torch_model.cpp and, by torch_engine.h, what works on opened models include TorchScript.
 */
#ifndef EV_TORCH_SHIM_H
#define EV_TORCH_SHIM_H

#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "evalrun/backend.h"
#include "evalrun/trainer.h"

namespace c10
{
class WarningHandler;
}

namespace ev
{

/* A failure with its status and its line, thrown inside this folder. */
struct Failure : std::exception {
    enum ev_status status;
    std::string line;

    Failure(enum ev_status status_, std::string line_) : status(status_), line(std::move(line_))
    {
    }
    const char *what() const noexcept override
    {
        return line.c_str();
    }
};

/* libtorch's warnings (deprecated quantised tensors, for one) are not for users: silent while one
 * of these lives, on its thread. */
class Quiet
{
public:
    Quiet();
    ~Quiet();
    Quiet(const Quiet &) = delete;
    Quiet &operator=(const Quiet &) = delete;

private:
    c10::WarningHandler *before;
};

/* First line of what the exception being handled says, without libtorch's backtrace. Call it in a
 * catch block only. */
std::string current_reason();
/* EV_MEMORY where the exception being handled says so, otherwise `otherwise`. */
enum ev_status current_status(enum ev_status otherwise);
/* Writes the exception being handled to *err and returns its status, `otherwise` where nothing
 * tells a better one. */
enum ev_status fail_current(struct ev_error *err, enum ev_status otherwise) noexcept;

/* Runs a hook's body; exceptions become a status and a line. */
template <class Body>
enum ev_status guarded(struct ev_error *err, Body &&body,
                       enum ev_status otherwise = EV_ENGINE) noexcept
{
    try {
        Quiet quiet;
        body();
        return EV_OK;
    } catch (...) {
        return fail_current(err, otherwise);
    }
}

/* The pictures of rows [first, first + n) as a tensor over the host's memory, in the batch's own
 * form: (n,H,W,C) uint8 or (n,C,H,W) float32. Throws where the batch is not of `shape`. */
at::Tensor batch_rows(const struct ev_batch &batch, const struct ev_shape &shape, int64_t first,
                      int64_t n);
/* (N,H,W,C) uint8 as (N,C,H,W) floats of `type` in [0,1]; the memory stays channels last. */
at::Tensor unit_floats(const at::Tensor &pictures_u8, at::ScalarType type = at::kFloat);

/* Calls a registered operator, "family::name", and returns its first result. */
c10::IValue call_operator(const char *name, std::vector<c10::IValue> arguments);

/* Throws EV_INPUT with the path where it is not a file that can be read. */
void check_readable(const char *path);
/* Reads or writes a whole file; EV_INPUT or EV_IO with the path. */
std::vector<char> read_file(const char *path);
void write_file(const char *path, const char *bytes, size_t n_bytes);

} // namespace ev

#endif
