/* SPDX-License-Identifier: MIT */
/* Exceptions to lines and statuses, batches to tensors, whole files. */
#include "torch_shim.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <system_error>

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/from_blob.h>
#include <c10/util/Exception.h>
#include <sys/stat.h>

namespace ev
{

namespace
{

class DropWarnings : public c10::WarningHandler
{
public:
    void process(const c10::Warning &) override
    {
    }
};

DropWarnings drop_warnings;

using File = std::unique_ptr<FILE, int (*)(FILE *)>;

bool mentions(const std::string &text, const char *part)
{
    return text.find(part) != std::string::npos;
}

std::string system_line(const char *path, int code)
{
    return std::string(path) + ": " + std::strerror(code);
}

/* The part of a message that says what is wrong: the last error under TorchScript's traceback,
 * without the advice that libtorch adds. */
std::string first_sentence(const std::string &text)
{
    const std::string label = "RuntimeError: ";
    size_t start = text.rfind(label);
    start = start == std::string::npos ? 0 : start + label.size();
    start = text.find_first_not_of(" \n", start);
    if (start == std::string::npos)
        return "no reason given";
    std::string line = text.substr(start, text.find('\n', start) - start);
    line = line.substr(0, line.find(". "));
    while (line.size() > 1 && (line.back() == '.' || line.back() == ' '))
        line.pop_back();
    return line;
}

} // namespace

Quiet::Quiet() : before(c10::WarningUtils::get_warning_handler())
{
    c10::WarningUtils::set_warning_handler(&drop_warnings);
}

Quiet::~Quiet()
{
    c10::WarningUtils::set_warning_handler(before);
}

std::string current_reason()
{
    std::string text;
    try {
        throw;
    } catch (const c10::Error &error) {
        text = error.what_without_backtrace();
        if (mentions(text, "alloc_cpu"))
            text = "out of memory";
    } catch (const Failure &failure) {
        return failure.line;
    } catch (const std::bad_alloc &) {
        text = "out of memory";
    } catch (const std::exception &error) {
        text = error.what();
    } catch (...) {
        text = "unknown exception";
    }
    return first_sentence(text);
}

enum ev_status current_status(enum ev_status otherwise)
{
    try {
        throw;
    } catch (const Failure &failure) {
        return failure.status;
    } catch (const std::bad_alloc &) {
        return EV_MEMORY;
    } catch (const c10::OutOfMemoryError &) {
        return EV_MEMORY;
    } catch (const std::system_error &) {
        return EV_MEMORY; /* a thread that cannot be started */
    } catch (const std::exception &error) {
        std::string text = error.what();
        /* The CPU allocator reports by a plain c10::Error. */
        bool memory = mentions(text, "not enough memory") || mentions(text, "out of memory") ||
                      mentions(text, "alloc_cpu");
        return memory ? EV_MEMORY : mentions(text, "CUDA error") ? EV_DEVICE : otherwise;
    } catch (...) {
        return otherwise;
    }
}

enum ev_status fail_current(struct ev_error *err, enum ev_status otherwise) noexcept
{
    try {
        enum ev_status status = current_status(otherwise);
        return ev_fail(err, status, "%s", current_reason().c_str());
    } catch (...) {
        return ev_fail(err, EV_MEMORY, "out of memory");
    }
}

at::Tensor batch_rows(const struct ev_batch &batch, const struct ev_shape &shape, int64_t first,
                      int64_t n)
{
    if (batch.shape.height != shape.height || batch.shape.width != shape.width ||
        batch.shape.channels != shape.channels)
        throw Failure(EV_ENGINE, "a batch of another shape than the model was opened with");

    int64_t h = shape.height, w = shape.width, c = shape.channels;
    bool bytes = batch.form == EV_FORM_U8_NHWC;
    size_t row_bytes = static_cast<size_t>(h * w * c) * (bytes ? 1 : sizeof(float));
    /* from_blob wants a pointer to non-const; nothing here writes through it. */
    char *data = static_cast<char *>(const_cast<void *>(batch.data)) +
                 static_cast<size_t>(first) * row_bytes;
    if (bytes)
        return at::from_blob(data, {n, h, w, c}, at::kByte);
    if (batch.form == EV_FORM_F32_NCHW)
        return at::from_blob(data, {n, c, h, w}, at::kFloat);
    throw Failure(EV_ENGINE, "a batch in a form that this engine does not read");
}

at::Tensor unit_floats(const at::Tensor &pictures_u8, at::ScalarType type)
{
    return pictures_u8.permute({0, 3, 1, 2}).to(type).div_(255.0);
}

c10::IValue call_operator(const char *name, std::vector<c10::IValue> arguments)
{
    c10::Dispatcher::singleton().findSchemaOrThrow(name, "").callBoxed(arguments);
    return arguments.at(0);
}

static File open_readable(const char *path, size_t &n_bytes)
{
    File file(std::fopen(path, "rb"), std::fclose);
    struct stat info;
    if (!file || fstat(fileno(file.get()), &info) != 0)
        throw Failure(EV_INPUT, system_line(path, errno));
    if (!S_ISREG(info.st_mode))
        throw Failure(EV_INPUT, std::string(path) + ": not a file");
    n_bytes = static_cast<size_t>(info.st_size);
    return file;
}

void check_readable(const char *path)
{
    size_t n_bytes;
    open_readable(path, n_bytes);
}

std::vector<char> read_file(const char *path)
{
    size_t n_bytes;
    File file = open_readable(path, n_bytes);
    std::vector<char> bytes(n_bytes);
    if (std::fread(bytes.data(), 1, n_bytes, file.get()) != n_bytes)
        throw Failure(EV_IO, std::string(path) + ": cannot be read");
    return bytes;
}

void write_file(const char *path, const char *bytes, size_t n_bytes)
{
    File file(std::fopen(path, "wb"), std::fclose);
    if (!file || std::fwrite(bytes, 1, n_bytes, file.get()) != n_bytes)
        throw Failure(EV_IO, system_line(path, errno));
    /* A full disk may show no earlier than here. */
    if (std::fclose(file.release()) != 0)
        throw Failure(EV_IO, system_line(path, errno));
}

} // namespace ev
