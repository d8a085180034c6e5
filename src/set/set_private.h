/* SPDX-License-Identifier: MIT */
/* What the files of this folder share: the open set, and names of the file format. */
#ifndef EV_SET_PRIVATE_H
#define EV_SET_PRIVATE_H

#include <hdf5.h>

#include "set/set.h"

#define EV_SET_FORMAT "evalrun-set"
#define EV_SET_FORMAT_VERSION 1
#define EV_POSE_COLUMNS 4

struct ev_set {
    struct ev_set_info info;
    char *path;
    char *circuit;
    char *provenance;
    char *sha256;
    float *labels;       /* (N, K) physical */
    hid_t file;
    hid_t images;
    size_t row_bytes;    /* of one picture */
    /* Contiguous pictures without filters are read straight from the file, past HDF5's lock. */
    int raw_file;        /* descriptor, or -1 */
    int64_t raw_offset;  /* of row 0 in the file */
};

/* Turns HDF5's own error printing off; harmless to repeat. */
void ev_set_quiet_hdf5(void);

/* Reading attributes (set_attribute.c). Missing attributes leave the default: NULL, untouched. */
char *ev_set_read_text(hid_t object, const char *name);
bool ev_set_read_double(hid_t object, const char *name, double *value);
/* Texts and numbers of an attribute with exactly n elements; false if missing or otherwise. */
bool ev_set_read_texts(hid_t object, const char *name, int n, char (*texts)[32]);
bool ev_set_read_doubles(hid_t object, const char *name, int n, double *values);
/* Writing; negative on failure as HDF5 has it. */
herr_t ev_set_write_text(hid_t object, const char *name, const char *text);
herr_t ev_set_write_texts(hid_t object, const char *name, int n, const char *const *texts);
herr_t ev_set_write_doubles(hid_t object, const char *name, int n, const double *values);
herr_t ev_set_write_int(hid_t object, const char *name, int64_t value);

#endif
