/* SPDX-License-Identifier: MIT */
/* What the files of this folder share: the open set, and names of the file format. */
#ifndef EV_SET_PRIVATE_H
#define EV_SET_PRIVATE_H

#include <hdf5.h>
#include <pthread.h>

#include "set/pixel.h"
#include "set/set.h"

#define EV_SET_FORMAT         "evalrun-set"
#define EV_SET_FORMAT_VERSION 1

/* Of pictures: (N, H, W, C), (N, C, H, W), or (N, H, W), which is taken as (N, H, W, 1). */
#define EV_MAX_AXES 4

/* How pictures are read. */
enum ev_storage {
    EV_STORAGE_BLOCK,  /* all in one block of the file, without HDF5 */
    EV_STORAGE_CHUNKS, /* chunks, deflated, shuffled or, of whole pictures, plain: unpacked here */
    EV_STORAGE_HDF5,   /* by HDF5: other filters, plain chunks that cut pictures, other types */
};

struct ev_set {
    struct ev_set_info info;
    char *path;
    char *images_name; /* in the file, without a slash before */
    char *labels_name;
    enum ev_set_layout layout; /* as asked for */
    char *circuit;
    char *colour;
    char *provenance;
    char *sha256;
    float *labels; /* (N, K) physical */
    bool lenient;    /* opened to be checked: faults of labels and attributes are no failure */
    bool is_probed;  /* a child has read the attributes */
    hid_t file;
    hid_t images;
    int descriptor;     /* of the file that holds the pictures */
    int64_t file_bytes; /* its length when it was opened */

    enum ev_element element;
    bool planar;         /* (N, C, H, W) */
    double white;        /* of floats */
    bool white_is_given; /* by the source */
    size_t stored_bytes; /* of one picture in the file */
    enum ev_storage storage;
    int64_t block_offset; /* of row 0 in the file */
    hsize_t extent[EV_MAX_AXES], chunk[EV_MAX_AXES]; /* with EV_STORAGE_CHUNKS */
    int64_t chunk_rows;
    size_t chunk_bytes;
    bool is_cut;     /* chunks do not hold whole pictures, */
    int64_t n_parts; /* but so many together do; 1 otherwise */
    bool shuffled, deflated; /* filters of chunks, in this order */
    bool hdf5_unpacks;       /* EV_STORAGE_HDF5 with filters */

    pthread_mutex_t hdf5; /* readers of one set call HDF5 one at a time */
    struct ev_set_reader *reader; /* for ev_set_read; made when first needed */
};

/* Turns HDF5's own error printing off; harmless to repeat. */
void ev_set_quiet_hdf5(void);

/* Runs `check` on a set in a child process (set_probe.c), and returns what it says there; a child
 * that crashes or works for too long is EV_INPUT. EV_INTERRUPTED ends it. Takes over what the child
 * read from attributes. */
EV_CHECKED enum ev_status ev_set_probe(struct ev_set *set,
                                       enum ev_status (*check)(struct ev_set *, struct ev_error *),
                                       struct ev_error *err);
/* In such a child: allows the time to go through so many bytes. */
void ev_set_probe_allow(int64_t n_bytes);

/* Finds the pictures of the open file: shape, type and order of the axes (set_pictures.c), and how
 * they are stored (set_storage.c). */
EV_CHECKED enum ev_status ev_set_find_pictures(struct ev_set *set, struct ev_error *err);
EV_CHECKED enum ev_status ev_set_find_storage(struct ev_set *set, struct ev_error *err);

/* What reading needs beside the set, one for each thread (set_read.c). So many chunks are unpacked
 * at once, at most EV_MAX_UNPACKED: 1 where rows are read in any order, more where they are read in
 * theirs. */
struct ev_set_reader;
EV_CHECKED enum ev_status ev_set_reader_open(struct ev_set *set, int n_chunks,
                                             struct ev_set_reader **reader, struct ev_error *err);
/* Takes NULL. */
void ev_set_reader_close(struct ev_set_reader *reader);
/* As ev_set_read; any number of readers at the same time. */
EV_CHECKED enum ev_status ev_set_reader_read(struct ev_set_reader *reader, enum ev_form form,
                                             int64_t first, int64_t n, void *images,
                                             struct ev_error *err);
/* Whether rows of that form lie in the file as they are. */
bool ev_set_is_as_stored(const struct ev_set *set, enum ev_form form);

/* Chunks (set_chunk.c). An unpacker has the buffers that one thread needs. */
struct ev_unpacker;
/* NULL when out of memory. */
struct ev_unpacker *ev_unpacker_open(const struct ev_set *set);
/* Takes NULL. */
void ev_unpacker_close(struct ev_unpacker *unpacker);
/* Reads n chunks from `first` on, at most EV_MAX_UNPACKED, and unpacks all their rows, as stored,
 * to `rows`; where chunks cut pictures, all parts of one, and n is 1. Two deflated ones together
 * are unpacked faster than one after the other. */
#define EV_MAX_UNPACKED 2
EV_CHECKED enum ev_status ev_unpacker_load(struct ev_unpacker *unpacker, struct ev_set *set,
                                           int64_t first, int n, uint8_t *rows,
                                           struct ev_error *err);

/* Parts (set_part.c) are chunks of the file, counted along rows last: those of one chunk's rows are
 * together. False where they are better left to HDF5. */
bool ev_set_find_parts(struct ev_set *set, int rank, const hsize_t *extent, const hsize_t *chunk);
/* Where a part begins in the dataset. */
void ev_set_part_offset(const struct ev_set *set, int64_t part, hsize_t offset[EV_MAX_AXES]);
/* Copies the values of a part to the rows that begin where it does. */
void ev_set_part_place(const struct ev_set *set, int64_t part, const uint8_t *values,
                       uint8_t *rows);

/* EV_INPUT if the file has become shorter since it was opened: HDF5 reads zeros behind the end. */
EV_CHECKED enum ev_status ev_set_check_length(const struct ev_set *set, struct ev_error *err);
EV_CHECKED enum ev_status ev_set_damaged(const struct ev_set *set, int64_t first, int64_t n,
                                         struct ev_error *err);

/* Datasets (set_dataset.c). Messages begin with the set's path. */
const char *ev_set_type_name(hid_t type);
/* Room for a few chunks. */
#define EV_SET_CACHE_BYTES ((size_t)32 << 20)

/* How datasets are opened: with so many bytes for unpacked chunks, and external links that are
 * followed with care. The caller closes it. */
hid_t ev_set_access_plist(size_t cache_bytes);
/* Opens a dataset (-1 on failure; the caller closes it) and tells its rank and extent. */
EV_CHECKED enum ev_status ev_set_open_dataset(const struct ev_set *set, const char *name,
                                              hid_t *dataset, int *rank,
                                              hsize_t extent[H5S_MAX_RANK], struct ev_error *err);
/* Reads or writes rows [first, first + n) of a dataset, all of each; false if HDF5 fails. */
bool ev_set_transfer(hid_t dataset, hid_t type, int64_t first, int64_t n, void *rows, bool write);
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
const char *ev_set_writer_path(const struct ev_set_writer *writer);
EV_CHECKED enum ev_status ev_set_writer_check(const struct ev_set_writer *writer, bool ok,
                                              struct ev_error *err);

/* Whether the format gives the name of a dataset a meaning: images, labels, pose. */
bool ev_set_is_format_name(const char *name);
/* Whether both files have a dataset of that name, and their rows one type and shape. */
bool ev_set_has_like_rows(hid_t a_file, hid_t b_file, const char *name);

/* Longer texts of attributes are as good as missing. */
#define EV_SET_MAX_TEXT_BYTES EV_MAX_PROVENANCE_BYTES

/* Reading attributes (set_attribute.c), in the child of ev_set_probe alone. Missing attributes leave
 * the default: NULL, untouched. */
char *ev_set_read_text(hid_t object, const char *name);
bool ev_set_read_double(hid_t object, const char *name, double *value);
/* Texts and numbers of an attribute with exactly n elements; false if missing or otherwise. Texts
 * are cut to fit and cleaned as ev_text_clean does. */
#define EV_SET_TEXT_SIZE 32
bool ev_set_read_texts(hid_t object, const char *name, int n, char (*texts)[EV_SET_TEXT_SIZE]);
/* Whether none of them is cut; true if there are none. */
bool ev_set_texts_fit(hid_t object, const char *name, int n);
bool ev_set_read_doubles(hid_t object, const char *name, int n, double *values);
/* Writing; negative on failure as HDF5 has it. */
herr_t ev_set_write_text(hid_t object, const char *name, const char *text);
herr_t ev_set_write_texts(hid_t object, const char *name, int n, const char *const *texts);
herr_t ev_set_write_doubles(hid_t object, const char *name, int n, const double *values);
herr_t ev_set_write_double(hid_t object, const char *name, double value);
herr_t ev_set_write_int(hid_t object, const char *name, int64_t value);

#endif
