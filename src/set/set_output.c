/* SPDX-License-Identifier: MIT */
/* The HDF5 file driver that sets are written through. Where a write fails (a full disk), HDF5 keeps
 * what it could not write, cannot close the file any more, and crashes when the program ends. So
 * this driver tells HDF5 that all went well, records the first failure for the writer to report,
 * and from then on writes nothing: the file is closed like any other and then thrown away. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "set/set_private.h"

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

#define MAX_ADDRESS (((haddr_t)1 << (8 * sizeof(off_t) - 1)) - 1)

struct output {
    H5FD_t base; /* HDF5's part, first */
    int file;
    int *failure; /* errno of the first failure; the writer's */
    haddr_t eoa;  /* end of what HDF5 has given out */
    haddr_t eof;  /* end of what was written */
};

static void record(struct output *output, int reason)
{
    if (*output->failure == 0)
        *output->failure = reason ? reason : EIO;
}

static H5FD_t *open_output(const char *name, unsigned flags, hid_t plist, haddr_t max_address)
{
    int *const *failure = H5Pget_driver_info(plist);
    struct output *output = calloc(1, sizeof *output);

    (void)max_address;
    if (!output || !failure || !(flags & H5F_ACC_RDWR)) {
        free(output);
        return NULL;
    }
    output->failure = *failure;
    output->file = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (output->file < 0) {
        record(output, errno);
        free(output);
        return NULL;
    }
    return &output->base;
}

static herr_t close_output(H5FD_t *file)
{
    struct output *output = (struct output *)file;

    if (close(output->file) != 0)
        record(output, errno);
    free(output);
    return 0;
}

static herr_t query(const H5FD_t *file, unsigned long *flags)
{
    (void)file;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

static haddr_t get_eoa(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const struct output *)file)->eoa;
}

static herr_t set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t address)
{
    (void)type;
    ((struct output *)file)->eoa = address;
    return 0;
}

static haddr_t get_eof(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const struct output *)file)->eof;
}

static herr_t read_output(H5FD_t *file, H5FD_mem_t type, hid_t plist, haddr_t address, size_t size,
                          void *buffer)
{
    struct output *output = (struct output *)file;
    char *to = buffer;

    (void)type;
    (void)plist;
    while (size > 0) {
        ssize_t n = pread(output->file, to, size, (off_t)address);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            record(output, errno);
        if (n <= 0) { /* behind the end there are zeros */
            memset(to, 0, size);
            break;
        }
        to += n;
        address += (haddr_t)n;
        size -= (size_t)n;
    }
    return 0;
}

static herr_t write_output(H5FD_t *file, H5FD_mem_t type, hid_t plist, haddr_t address, size_t size,
                           const void *buffer)
{
    struct output *output = (struct output *)file;
    const char *from = buffer;

    (void)type;
    (void)plist;
    if (address + size > output->eof)
        output->eof = address + size;
    while (size > 0 && *output->failure == 0) {
        ssize_t n = pwrite(output->file, from, size, (off_t)address);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            record(output, n < 0 ? errno : ENOSPC);
            break;
        }
        from += n;
        address += (haddr_t)n;
        size -= (size_t)n;
    }
    return 0;
}

/* The file ends where HDF5's last object does, written or not. */
static herr_t truncate_output(H5FD_t *file, hid_t plist, hbool_t closing)
{
    struct output *output = (struct output *)file;

    (void)plist;
    (void)closing;
    if (*output->failure == 0 && ftruncate(output->file, (off_t)output->eoa) != 0)
        record(output, errno);
    output->eof = output->eoa;
    return 0;
}

static const H5FD_class_t driver = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = 600, /* any number above those that HDF5 keeps for itself */
#endif
    .name = "evalrun_output",
    .maxaddr = MAX_ADDRESS,
    .fc_degree = H5F_CLOSE_STRONG,
    .fapl_size = sizeof(int *),
    .open = open_output,
    .close = close_output,
    .query = query,
    .get_eoa = get_eoa,
    .set_eoa = set_eoa,
    .get_eof = get_eof,
    .read = read_output,
    .write = write_output,
    .truncate = truncate_output,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

/* Registered once and for good: HDF5 1.10 frees a driver whose last file is closed before it calls
 * the driver's close. */
static hid_t driver_id = -1;
static pthread_once_t driver_once = PTHREAD_ONCE_INIT;

static void register_driver(void)
{
    driver_id = H5FDregister(&driver);
}

hid_t ev_set_output_plist(int *failure)
{
    hid_t plist = H5Pcreate(H5P_FILE_ACCESS);

    pthread_once(&driver_once, register_driver);
    if (plist >= 0 && (driver_id < 0 || H5Pset_driver(plist, driver_id, &failure) < 0)) {
        H5Pclose(plist);
        plist = -1;
    }
    return plist;
}
