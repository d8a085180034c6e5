/* SPDX-License-Identifier: MIT */
/* What the files of this folder share: the open set, and names of the file format. */
#ifndef EV_SET_PRIVATE_H
#define EV_SET_PRIVATE_H

#include <hdf5.h>

#include "set/set.h"

#define EV_SET_FORMAT         "evalrun-set"
#define EV_SET_FORMAT_VERSION 1

struct ev_set {
    struct ev_set_info info;
    char *path;
    char *circuit;
    char *provenance;
    char *sha256;
    float *labels; /* (N, K) physical */
    bool has_ranges; /* the file gives min and max of the labels */
    bool lenient;    /* opened to be checked: faults of labels and attributes are no failure */
    hid_t file;
    hid_t images;
    size_t row_bytes; /* of one picture */
    /* Contiguous pictures without filters are read straight from the file, past HDF5's lock. */
    int raw_file;       /* descriptor, or -1 */
    int64_t raw_offset; /* of row 0 in the file */
};

/* Turns HDF5's own error printing off; harmless to repeat. */
void ev_set_quiet_hdf5(void);

/* Datasets (set_dataset.c). Messages begin with the set's path. */
const char *ev_set_type_name(hid_t type);
/* How datasets are opened: with room for a few chunks. The caller closes it. */
hid_t ev_set_access_plist(void);
/* Opens a dataset (-1 on failure; the caller closes it) and tells its rank and extent. */
EV_CHECKED enum ev_status ev_set_open_dataset(const struct ev_set *set, const char *name,
                                              hid_t *dataset, int *rank,
                                              hsize_t extent[H5S_MAX_RANK], struct ev_error *err);
/* Every row must be stored: HDF5 gives zeros for blocks and chunks that were never written. */
EV_CHECKED enum ev_status ev_set_check_written(const struct ev_set *set, const char *name,
                                               hid_t dataset, struct ev_error *err);

/* Data in other files (set_outside.c): dataset access that does not follow external links to what
 * is no regular file, external storage that must be there whole, and the refusal of virtual datasets. */
void ev_set_guard_links(hid_t access_plist);
EV_CHECKED enum ev_status ev_set_check_outside(const struct ev_set *set, const char *name,
                                               hid_t dataset, struct ev_error *err);

/* Reads and checks /labels into set->labels and set->info (set_labels.c). */
EV_CHECKED enum ev_status ev_set_read_labels(struct ev_set *set, struct ev_error *err);

/* How a file is opened for writing so that it can always be closed: failed writes do not reach HDF5
 * but leave their errno in *failure, which must be 0 before and outlive the file. -1 on failure;
 * the caller closes it (set_output.c). */
hid_t ev_set_output_plist(int *failure);

/* For what is copied into a set beside its rows (set_write.c): the open file, which stays the
 * writer's, and the failure of a write where `ok` is false or an earlier one failed. */
hid_t ev_set_writer_file(const struct ev_set_writer *writer);
EV_CHECKED enum ev_status ev_set_writer_check(const struct ev_set_writer *writer, bool ok,
                                              struct ev_error *err);

/* Reading attributes (set_attribute.c). Missing attributes leave the default: NULL, untouched. */
char *ev_set_read_text(hid_t object, const char *name);
bool ev_set_read_double(hid_t object, const char *name, double *value);
/* Texts and numbers of an attribute with exactly n elements; false if missing or otherwise. Texts
 * are cut to fit and cleaned as ev_text_clean does. */
bool ev_set_read_texts(hid_t object, const char *name, int n, char (*texts)[32]);
bool ev_set_read_doubles(hid_t object, const char *name, int n, double *values);
/* Writing; negative on failure as HDF5 has it. */
herr_t ev_set_write_text(hid_t object, const char *name, const char *text);
herr_t ev_set_write_texts(hid_t object, const char *name, int n, const char *const *texts);
herr_t ev_set_write_doubles(hid_t object, const char *name, int n, const double *values);
herr_t ev_set_write_double(hid_t object, const char *name, double value);
herr_t ev_set_write_int(hid_t object, const char *name, int64_t value);

#endif
