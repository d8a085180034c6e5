/* SPDX-License-Identifier: MIT */
/* Files that appear whole or not at all, folders, digests, and where the program's own files
 * are. */
#ifndef EV_FILE_H
#define EV_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "evalrun/error.h"

/* What an errno of opening or writing a path means: EV_INPUT where the path is wrong or closed to
 * this user, EV_IO where the machine fails (no space, no descriptors, a broken disk). */
enum ev_status ev_file_status(int reason);

/* A file being written under a temporary name in the folder of `path`. */
struct ev_outfile {
    FILE *stream; /* write here */
    char *path;   /* final name */
    char *temporary;
};

/* Starts a file; parent folders must exist. Failure: by ev_file_status,
 * naming the path. */
EV_CHECKED enum ev_status ev_outfile_open(struct ev_outfile *file, const char *path,
                                          struct ev_error *err);
/* Flushes and syncs, so that a full disk is seen before the commit of another file. On failure
 * nothing is left. */
EV_CHECKED enum ev_status ev_outfile_sync(struct ev_outfile *file, struct ev_error *err);
/* Flushes, syncs, closes and renames; a full disk is seen here. On failure nothing is left. */
EV_CHECKED enum ev_status ev_outfile_commit(struct ev_outfile *file, struct ev_error *err);
/* Removes what was written. Harmless after commit and on a zeroed struct. */
void ev_outfile_abort(struct ev_outfile *file);

/* For libraries that write a named file themselves (HDF5, libtorch, gnuplot): a temporary name
 * beside `path` (malloc'ed, the caller frees), keeping the ending. The name is also remembered so
 * that ev_file_remove_temporaries can unlink it. Checks that the folder can be written. */
EV_CHECKED enum ev_status ev_file_temporary(const char *path, char **temporary,
                                            struct ev_error *err);
/* The file name that belongs to the name of a temporary file (both without folder), malloc'ed; NULL
 * if it is no such name, or out of memory. For what a killed process left. */
char *ev_file_final_name(const char *temporary);
/* Syncs `temporary`, so that a full disk is seen before another file is renamed; on failure
 * removes it and names `path`. */
EV_CHECKED enum ev_status ev_file_sync(const char *temporary, const char *path,
                                       struct ev_error *err);
/* Syncs `temporary` and renames it to `path`; on failure removes it. */
EV_CHECKED enum ev_status ev_file_commit(const char *temporary, const char *path,
                                         struct ev_error *err);
/* Forgets and unlinks a temporary file. Takes NULL; the file need not exist. */
void ev_file_discard(const char *temporary);

/* Unlinks every temporary file that is open now. Safe in a signal handler. */
void ev_file_remove_temporaries(void);

/* Whether a file can appear at `path`: tried, and nothing is left. Failure as of
 * ev_outfile_open. */
EV_CHECKED enum ev_status ev_file_check_path(const char *path, struct ev_error *err);
/* The same for a file `name` in a folder. */
EV_CHECKED enum ev_status ev_file_check(const char *folder, const char *name,
                                        struct ev_error *err);

/* mkdir -p. Failure: by ev_file_status, naming the folder. */
EV_CHECKED enum ev_status ev_file_make_folder(const char *path, struct ev_error *err);
bool ev_file_exists(const char *path);
/* Whether two paths are written alike or lead to one file that exists. */
bool ev_file_is_same(const char *a, const char *b);
/* Size in bytes; EV_INPUT naming the path when it is missing or no regular file. */
EV_CHECKED enum ev_status ev_file_size(const char *path, int64_t *bytes, struct ev_error *err);
/* SHA-256 of a whole file as 64 hex digits + NUL. */
EV_CHECKED enum ev_status ev_file_sha256(const char *path, char hex[65], struct ev_error *err);
/* Whole file as NUL-terminated text, malloc'ed. `max_bytes` bounds it (EV_INPUT above). */
EV_CHECKED enum ev_status ev_file_read(const char *path, size_t max_bytes, char **text,
                                       size_t *length, struct ev_error *err);

/* Writes all bytes to a descriptor, a pipe too; false with errno. */
bool ev_file_write_all(int file, const void *bytes, size_t n_bytes);
/* Reads all of them; false where the file, or what is said through a pipe, ends before. */
bool ev_file_read_all(int file, void *bytes, size_t n_bytes);

/* "folder/name", malloc'ed; NULL when out of memory. */
char *ev_path_join(const char *folder, const char *name);
/* malloc'ed folder of a path, "." if it names none; NULL when out of memory. */
char *ev_path_folder(const char *path);
/* malloc'ed path without slashes at its end; NULL when out of memory. */
char *ev_path_trim(const char *path);
/* malloc'ed file name without folder and ending; NULL when out of memory. */
char *ev_path_stem(const char *path);
/* Path from one folder to another, "../../plots/latest/" or "" for the same; both exist. malloc'ed;
 * NULL if it cannot be found out. */
char *ev_path_relative(const char *from, const char *to);
/* A file that ships with the program ("datasets/circuits/simple.csv", "results/models/qat.pt",
 * "plots/style.gp"): under $EVALRUN_DATA_DIR, else in share/evalrun beside the executable's bin,
 * else in the source tree the program was built from. malloc'ed; NULL when out of memory. The file
 * need not exist. */
char *ev_path_data(const char *relative);
/* The cache folder: `option` if not NULL, else $EVALRUN_CACHE, else $XDG_CACHE_HOME/evalrun, else
 * ~/.cache/evalrun. malloc'ed; NULL when out of memory. Not created. */
char *ev_path_cache(const char *option);

#endif
