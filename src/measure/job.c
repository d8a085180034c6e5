/* SPDX-License-Identifier: MIT */
/* A job in memory that a descriptor names. */
#include "measure/job.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "measure/form.h"

enum ev_status ev_job_make(int32_t n_entries, int32_t n_pictures, const struct ev_shape *shape,
                           enum ev_form form, struct ev_job **job, int *file, struct ev_error *err)
{
    const size_t pictures_at = sizeof **job + (size_t)n_entries * sizeof(struct ev_job_entry);
    const size_t n_bytes = pictures_at + (size_t)n_pictures * ev_form_picture_bytes(form, shape);

    *file = memfd_create("evalrun-job", MFD_CLOEXEC);
    void *memory = MAP_FAILED;
    /* Allocated now: what lacks room later would end the program by a signal. */
    if (*file >= 0 && posix_fallocate(*file, 0, (off_t)n_bytes) == 0)
        memory = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *file, 0);
    if (memory == MAP_FAILED) {
        if (*file >= 0)
            close(*file);
        return ev_fail(err, EV_MEMORY, "no shared memory of %zu bytes for worker processes",
                       n_bytes);
    }
    *job = memory;
    (*job)->n_bytes = n_bytes;
    (*job)->shape = *shape;
    (*job)->form = form;
    (*job)->n_entries = n_entries;
    (*job)->n_pictures = n_pictures;
    (*job)->pictures_at = pictures_at;
    return EV_OK;
}

const struct ev_job *ev_job_map(int file)
{
    struct stat info;

    if (fstat(file, &info) != 0 || (size_t)info.st_size < sizeof(struct ev_job))
        return NULL;
    const struct ev_job *job = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, file, 0);
    if (job == MAP_FAILED)
        return NULL;
    if (job->n_bytes == (uint64_t)info.st_size)
        return job;
    munmap((void *)job, (size_t)info.st_size);
    return NULL;
}

void ev_job_unmap(const struct ev_job *job)
{
    if (job)
        munmap((void *)job, job->n_bytes);
}

void *ev_job_picture(const struct ev_job *job, int64_t i)
{
    return (char *)job + job->pictures_at +
           (size_t)(i % job->n_pictures) * ev_form_picture_bytes(job->form, &job->shape);
}
