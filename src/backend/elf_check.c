/* SPDX-License-Identifier: MIT */
/*
 * What is looked at before a file is given to dlopen. dlopen trusts its file: one that is cut
 * short is mapped all the same and kills the program by SIGBUS when the missing part is touched.
 * Only the ELF header and the program headers are read.
 */
#include "backend/elf_check.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_at(int fd, void *data, size_t n_bytes, uint64_t offset)
{
    return pread(fd, data, n_bytes, (off_t)offset) == (ssize_t)n_bytes;
}

/* The header of the running program says what this machine loads. */
static bool same_machine(const ElfW(Ehdr) * header)
{
    ElfW(Ehdr) own;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    bool known = fd >= 0 && read_at(fd, &own, sizeof own, 0);

    if (fd >= 0)
        close(fd);
    if (!known)
        return true; /* dlopen will say */
    return header->e_ident[EI_CLASS] == own.e_ident[EI_CLASS] &&
           header->e_ident[EI_DATA] == own.e_ident[EI_DATA] && header->e_machine == own.e_machine;
}

/* Every segment ends inside the file. */
static bool is_whole(int fd, const ElfW(Ehdr) * header, uint64_t n_file)
{
    ElfW(Phdr) segment;

    if (header->e_phnum == 0 || header->e_phentsize != sizeof segment)
        return false;
    for (uint64_t i = 0; i < header->e_phnum; i++) {
        uint64_t at;
        if (__builtin_add_overflow(header->e_phoff, i * sizeof segment, &at) || at > n_file ||
            !read_at(fd, &segment, sizeof segment, at))
            return false;
        if (segment.p_type == PT_LOAD &&
            (segment.p_offset > n_file || segment.p_filesz > n_file - segment.p_offset))
            return false;
    }
    return true;
}

enum ev_status ev_elf_check(const char *path, struct ev_error *err)
{
    enum ev_status status = EV_OK;
    struct stat info;
    ElfW(Ehdr) header;
    /* O_NONBLOCK: a pipe must not hold the program up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return ev_fail(err, EV_INPUT, "%s: cannot open the module: %s", path, strerror(errno));
    if (fstat(fd, &info) != 0)
        status = ev_fail(err, EV_INPUT, "%s: %s", path, strerror(errno));
    else if (!S_ISREG(info.st_mode))
        status = ev_fail(err, EV_INPUT, "%s: is %s, expected a shared module", path,
                         S_ISDIR(info.st_mode) ? "a folder" : "no regular file");
    else if (!read_at(fd, &header, sizeof header, 0) ||
             memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        status = ev_fail(err, EV_INPUT, "%s: is no shared module (no ELF file)", path);
    else if (!same_machine(&header))
        status = ev_fail(err, EV_INPUT, "%s: was compiled for another kind of machine", path);
    else if (header.e_type != ET_DYN)
        status = ev_fail(err, EV_INPUT, "%s: is an ELF file, but no shared module", path);
    else if (!is_whole(fd, &header, (uint64_t)info.st_size))
        status = ev_fail(err, EV_INPUT, "%s: is cut short or damaged", path);
    close(fd);
    return status;
}
