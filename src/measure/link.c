/* SPDX-License-Identifier: MIT */
/* Messages: a kind, then a block and its calls, or an error record. */
#include "measure/link.h"

#include <math.h>

#include "base/file.h"

bool ev_link_send_block(int file, const struct ev_block *block, const float *call_ns)
{
    const uint32_t kind = EV_MESSAGE_BLOCK;

    return ev_file_write_all(file, &kind, sizeof kind) &&
           ev_file_write_all(file, block, sizeof *block) &&
           ev_file_write_all(file, call_ns, (size_t)block->n_calls * sizeof *call_ns);
}

bool ev_link_send_end(int file, const struct ev_error *end)
{
    const uint32_t kind = EV_MESSAGE_END;

    return ev_file_write_all(file, &kind, sizeof kind) && ev_file_write_all(file, end, sizeof *end);
}

static bool is_planned(const struct ev_job *job, const struct ev_block *block, int32_t process)
{
    for (int32_t c = 0; c < job->n_conditions; c++) {
        const struct ev_condition *condition = &job->conditions[c];
        if (block->mode == condition->mode && block->boundary == condition->boundary &&
            ev_condition_is_in(condition, process))
            return block->round >= 0 && block->round < condition->n_rounds &&
                   block->n_calls == condition->n_calls;
    }
    return false;
}

static bool has_sound_form(const struct ev_job *job, const struct ev_block *block, int32_t process)
{
    return is_planned(job, block, process) && block->process == process && block->entry >= 0 &&
           block->entry < job->n_entries && block->predecessor >= -1 &&
           block->predecessor < job->n_entries && block->position >= 0 &&
           block->position < job->n_entries && block->n_threads >= 1 && block->rows_per_call >= 1 &&
           block->rows_per_piece >= 1 && block->rows_per_piece <= block->rows_per_call &&
           block->period_ns >= 0 && block->n_calls <= EV_LINK_MAX_CALLS;
}

bool ev_link_is_sound(const struct ev_job *job, int32_t process, const struct ev_block *block,
                      const float *call_ns)
{
    if (!has_sound_form(job, block, process))
        return false;
    for (int64_t i = 0; i < block->n_calls; i++) {
        if (!isfinite(call_ns[i]) || call_ns[i] < 0)
            return false;
    }
    return true;
}

static enum ev_heard receive_block(int file, const struct ev_job *job, int32_t process,
                                   struct ev_message *message)
{
    struct ev_block *block = &message->block;

    if (!ev_file_read_all(file, block, sizeof *block))
        return EV_HEARD_NOTHING;
    /* Its number of calls is looked at before they are read. */
    if (!has_sound_form(job, block, process))
        return EV_HEARD_NONSENSE;
    if (!ev_file_read_all(file, message->call_ns, (size_t)block->n_calls * sizeof *message->call_ns))
        return EV_HEARD_NOTHING;
    return ev_link_is_sound(job, process, block, message->call_ns) ? EV_HEARD_MESSAGE
                                                                   : EV_HEARD_NONSENSE;
}

static enum ev_heard receive_end(int file, struct ev_error *end)
{
    if (!ev_file_read_all(file, end, sizeof *end))
        return EV_HEARD_NOTHING;
    end->message[sizeof end->message - 1] = '\0';
    const bool is_sound = (unsigned)end->status < EV_STATUS_COUNT &&
                          (end->status == EV_OK) == (end->message[0] == '\0');
    return is_sound ? EV_HEARD_MESSAGE : EV_HEARD_NONSENSE;
}

enum ev_heard ev_link_receive(int file, const struct ev_job *job, int32_t process,
                              struct ev_message *message)
{
    uint32_t kind;

    if (!ev_file_read_all(file, &kind, sizeof kind))
        return EV_HEARD_NOTHING;
    message->kind = (enum ev_message_kind)kind;
    if (kind == EV_MESSAGE_BLOCK)
        return receive_block(file, job, process, message);
    return kind == EV_MESSAGE_END ? receive_end(file, &message->end) : EV_HEARD_NONSENSE;
}
