/* SPDX-License-Identifier: MIT */
/* Files that are appended to, under a lock, and removed in the end. */
#include "eval/journal.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"

#define FOLDER    ".resume"
#define RUN       "run"
#define MAX_BYTES ((size_t)1 << 36)

struct ev_journal {
    char *results; /* for messages */
    char *folder;
    int run;  /* descriptor of the file whose lock is held */
    int part; /* descriptor of the open part; -1: none */
    char *part_path;
};

static enum ev_status out_of_memory(struct ev_error *err)
{
    return ev_fail(err, EV_MEMORY, "out of memory");
}

static enum ev_status cannot_write(const char *path, struct ev_error *err)
{
    const int reason = errno;

    return ev_fail(err, ev_file_status(reason), "%s: cannot be written: %s", path,
                   strerror(reason));
}

/* Removes all parts, and last of all the file that says which run they are of. */
static void remove_parts(const struct ev_journal *journal, bool and_run)
{
    DIR *folder = opendir(journal->folder);

    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, RUN) != 0)
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    if (and_run)
        (void)unlinkat(dirfd(folder), RUN, 0);
    closedir(folder);
    if (and_run)
        (void)rmdir(journal->folder);
}

/* Locks the file that says which run this is; created if missing. */
static enum ev_status lock(struct ev_journal *journal, struct ev_error *err)
{
    char *path = ev_path_join(journal->folder, RUN);

    if (!path)
        return out_of_memory(err);
    enum ev_status status = EV_OK;
    journal->run = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (journal->run < 0)
        status = cannot_write(path, err);
    else if (flock(journal->run, LOCK_EX | LOCK_NB) != 0)
        status = ev_fail(err, EV_INPUT, "%s: another evaluation writes there", journal->results);
    free(path);
    return status;
}

/* Reads a whole descriptor from its beginning; the caller frees *text, which ends with a NUL. */
static enum ev_status read_all(int file, const char *path, char **text, size_t *n,
                               struct ev_error *err)
{
    const off_t size = lseek(file, 0, SEEK_END);
    size_t n_read = 0;

    *text = size >= 0 && (size_t)size <= MAX_BYTES ? malloc((size_t)size + 1) : NULL;
    if (!*text)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", path);
    while (n_read < (size_t)size) {
        ssize_t got = pread(file, *text + n_read, (size_t)size - n_read, (off_t)n_read);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ev_fail(err, EV_IO, "%s: cannot be read: %s", path, strerror(errno));
        if (got == 0)
            break;
        n_read += (size_t)got;
    }
    (*text)[n_read] = '\0';
    *n = n_read;
    return EV_OK;
}

/* Length of the first line with its end, if it is `line`; else 0. */
static size_t match_line(const char *text, size_t n, const char *line)
{
    const size_t length = strlen(line);

    return n > length && memcmp(text, line, length) == 0 && text[length] == '\n' ? length + 1 : 0;
}

/* Makes a file hold one line and nothing else. */
static bool restart(int file, const char *line)
{
    return ftruncate(file, 0) == 0 && lseek(file, 0, SEEK_SET) == 0 &&
           ev_file_write_all(file, line, strlen(line)) && ev_file_write_all(file, "\n", 1);
}

static enum ev_status check_run(struct ev_journal *journal, bool resume, const char *run,
                                struct ev_error *err)
{
    char *text = NULL;
    size_t n = 0;
    enum ev_status status = EV_OK;

    if (resume) {
        status = read_all(journal->run, journal->folder, &text, &n, err);
        if (status == EV_OK && n == 0) {
            status = ev_fail(err, EV_INPUT, "%s: no interrupted evaluation there to go on with",
                             journal->results);
            remove_parts(journal, true);
        } else if (status == EV_OK && match_line(text, n, run) != n) {
            status = ev_fail(err, EV_INPUT,
                             "%s: the evaluation interrupted there had other models, sets or "
                             "options: give the same, or leave --resume out",
                             journal->results);
        }
    } else {
        remove_parts(journal, false);
        if (!restart(journal->run, run))
            status = cannot_write(journal->folder, err);
    }
    free(text);
    return status;
}

enum ev_status ev_journal_open(const char *results, bool resume, const char *run,
                               struct ev_journal **out, struct ev_error *err)
{
    struct ev_journal *journal = calloc(1, sizeof *journal);

    assert(!strchr(run, '\n'));
    *out = NULL;
    if (!journal)
        return out_of_memory(err);
    journal->run = -1;
    journal->part = -1;
    journal->results = strdup(results);
    journal->folder = ev_path_join(results, FOLDER);
    enum ev_status status = journal->results && journal->folder ? EV_OK : out_of_memory(err);
    if (status == EV_OK)
        status = ev_file_make_folder(journal->folder, err);
    if (status == EV_OK)
        status = lock(journal, err);
    if (status == EV_OK)
        status = check_run(journal, resume, run, err);
    if (status == EV_OK)
        *out = journal;
    else
        ev_journal_close(journal, false);
    return status;
}

void ev_journal_close(struct ev_journal *journal, bool done)
{
    if (!journal)
        return;
    ev_journal_end(journal);
    if (done)
        remove_parts(journal, true);
    if (journal->run >= 0)
        close(journal->run);
    free(journal->folder);
    free(journal->results);
    free(journal);
}

/* What the part already has, and the file cut behind the last whole record; *bytes stays NULL
 * where there is none, or where it is of something else. */
static enum ev_status take_records(struct ev_journal *journal, const char *subject,
                                   size_t record_bytes, void **bytes, int64_t *n_records,
                                   struct ev_error *err)
{
    char *text = NULL;
    size_t n = 0;
    enum ev_status status = read_all(journal->part, journal->part_path, &text, &n, err);
    const size_t start = status == EV_OK ? match_line(text, n, subject) : 0;

    if (status == EV_OK && start == 0) {
        if (!restart(journal->part, subject))
            status = cannot_write(journal->part_path, err);
    } else if (status == EV_OK) {
        const size_t whole = (n - start) / record_bytes * record_bytes;
        if (ftruncate(journal->part, (off_t)(start + whole)) != 0 ||
            lseek(journal->part, 0, SEEK_END) < 0)
            status = cannot_write(journal->part_path, err);
        *n_records = (int64_t)(whole / record_bytes);
        if (status == EV_OK && whole > 0) {
            memmove(text, text + start, whole);
            *bytes = text;
            text = NULL;
        }
    }
    free(text);
    return status;
}

enum ev_status ev_journal_begin(struct ev_journal *journal, const char *name, const char *subject,
                                size_t record_bytes, void **bytes, int64_t *n_records,
                                struct ev_error *err)
{
    assert(record_bytes > 0 && !strchr(subject, '\n') && !strchr(name, '/'));
    *bytes = NULL;
    *n_records = 0;
    if (!journal)
        return EV_OK;
    ev_journal_end(journal);
    journal->part_path = ev_path_join(journal->folder, name);
    if (!journal->part_path)
        return out_of_memory(err);
    journal->part = open(journal->part_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (journal->part < 0)
        return cannot_write(journal->part_path, err);
    return take_records(journal, subject, record_bytes, bytes, n_records, err);
}

enum ev_status ev_journal_append(struct ev_journal *journal, const void *bytes, size_t n,
                                 struct ev_error *err)
{
    if (!journal || ev_file_write_all(journal->part, bytes, n))
        return EV_OK;
    return cannot_write(journal->part_path, err);
}

void ev_journal_end(struct ev_journal *journal)
{
    if (!journal)
        return;
    if (journal->part >= 0)
        close(journal->part);
    journal->part = -1;
    free(journal->part_path);
    journal->part_path = NULL;
}
