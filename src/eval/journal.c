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
#include <sys/stat.h>
#include <unistd.h>

#include <nettle/sha2.h>

#include "base/file.h"

#define FOLDER    ".resume"
#define RUN       "run"
#define MAX_BYTES ((size_t)1 << 36)

struct ev_journal {
    char *results; /* for messages */
    char *folder;
    bool resumes;
    bool is_worth_keeping; /* something was left there, or is by now */
    int run;               /* descriptor of the file whose lock is held */
    /* The open part: */
    int part; /* descriptor; -1: none */
    char *part_path;
    size_t record_bytes;
    size_t start; /* of its first record */
    int64_t n_records;
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
    struct stat info = {0};

    if (!path)
        return out_of_memory(err);
    enum ev_status status = EV_OK;
    journal->run = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (journal->run < 0)
        status = cannot_write(path, err);
    /* Another one may have removed it in between, at its end. */
    else if (flock(journal->run, LOCK_EX | LOCK_NB) != 0 || fstat(journal->run, &info) != 0 ||
             info.st_nlink == 0)
        status = ev_fail(err, EV_INPUT, "%s: another evaluation writes there", journal->results);
    if (status != EV_OK && journal->run >= 0) {
        close(journal->run);
        journal->run = -1;
    }
    journal->is_worth_keeping = info.st_size > 0;
    free(path);
    return status;
}

/* Reads a whole descriptor from its beginning; the caller frees *text. */
static enum ev_status read_all(int file, const char *path, char **text, size_t *n,
                               struct ev_error *err)
{
    const off_t size = lseek(file, 0, SEEK_END);

    *n = (size_t)size;
    *text = size >= 0 && *n <= MAX_BYTES ? malloc(*n + 1) : NULL;
    if (!*text)
        return ev_fail(err, EV_MEMORY, "%s: out of memory", path);
    if (lseek(file, 0, SEEK_SET) != 0 || !ev_file_read_all(file, *text, *n))
        return ev_fail(err, EV_IO, "%s: cannot be read: %s", path, strerror(errno));
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

enum ev_status ev_journal_open(const char *results, bool resume, struct ev_journal **out,
                               struct ev_error *err)
{
    struct ev_journal *journal = calloc(1, sizeof *journal);

    *out = NULL;
    if (!journal)
        return out_of_memory(err);
    journal->resumes = resume;
    journal->run = -1;
    journal->part = -1;
    journal->results = strdup(results);
    journal->folder = ev_path_join(results, FOLDER);
    enum ev_status status = journal->results && journal->folder ? EV_OK : out_of_memory(err);
    if (status == EV_OK)
        status = ev_file_make_folder(journal->folder, err);
    if (status == EV_OK)
        status = lock(journal, err);
    if (status == EV_OK && resume && !journal->is_worth_keeping)
        status =
            ev_fail(err, EV_INPUT, "%s: no interrupted evaluation there to go on with", results);
    if (status == EV_OK)
        *out = journal;
    else
        ev_journal_close(journal, false);
    return status;
}

enum ev_status ev_journal_start(struct ev_journal *journal, const char *run, struct ev_error *err)
{
    char *text = NULL;
    size_t n = 0;

    assert(!strchr(run, '\n'));
    if (!journal)
        return EV_OK;
    if (!journal->resumes) {
        remove_parts(journal, false);
        journal->is_worth_keeping = false;
        return restart(journal->run, run) ? EV_OK : cannot_write(journal->folder, err);
    }
    enum ev_status status = read_all(journal->run, journal->folder, &text, &n, err);
    if (status == EV_OK && match_line(text, n, run) != n)
        status = ev_fail(err, EV_INPUT,
                         "%s: the evaluation interrupted there had other models, sets or options, "
                         "or another machine: give the same, or leave --resume out",
                         journal->results);
    free(text);
    return status;
}

bool ev_journal_resumes(const struct ev_journal *journal)
{
    return journal && journal->resumes;
}

void ev_journal_close(struct ev_journal *journal, bool done)
{
    if (!journal)
        return;
    ev_journal_end(journal);
    if (journal->run >= 0) {
        if (done || !journal->is_worth_keeping)
            remove_parts(journal, true);
        close(journal->run);
    }
    free(journal->folder);
    free(journal->results);
    free(journal);
}

/* --- Parts --- */

/* Of a record's number and its bytes, so that none stands for another. */
static void digest_record(int64_t number, const void *record, size_t n_bytes,
                          uint8_t digest[SHA256_DIGEST_SIZE])
{
    struct sha256_ctx context;

    sha256_init(&context);
    sha256_update(&context, sizeof number, (const uint8_t *)&number);
    sha256_update(&context, n_bytes, record);
    sha256_digest(&context, SHA256_DIGEST_SIZE, digest);
}

/* Moves records that are what was written to the front of `bytes`, without their digests; returns
 * how many there are before the first that is not. */
static int64_t take_whole(char *bytes, size_t n, size_t record_bytes)
{
    const size_t stride = record_bytes + SHA256_DIGEST_SIZE;
    int64_t n_whole = 0;

    for (size_t at = 0; n - at >= stride; at += stride, n_whole++) {
        uint8_t digest[SHA256_DIGEST_SIZE];
        digest_record(n_whole, bytes + at, record_bytes, digest);
        if (memcmp(digest, bytes + at + record_bytes, sizeof digest) != 0)
            break;
        memmove(bytes + (size_t)n_whole * record_bytes, bytes + at, record_bytes);
    }
    return n_whole;
}

enum ev_status ev_journal_cut(struct ev_journal *journal, int64_t n_records, struct ev_error *err)
{
    if (!journal)
        return EV_OK;
    const size_t stride = journal->record_bytes + SHA256_DIGEST_SIZE;
    const off_t end = (off_t)(journal->start + (size_t)n_records * stride);
    journal->n_records = n_records;
    if (ftruncate(journal->part, end) != 0 || lseek(journal->part, end, SEEK_SET) < 0)
        return cannot_write(journal->part_path, err);
    return EV_OK;
}

/* What the open part already has, and the file cut behind it. */
static enum ev_status take_records(struct ev_journal *journal, const char *subject, void **records,
                                   int64_t *n_records, struct ev_error *err)
{
    char *text = NULL;
    size_t n = 0;
    enum ev_status status = read_all(journal->part, journal->part_path, &text, &n, err);
    const size_t start = status == EV_OK ? match_line(text, n, subject) : 0;

    journal->start = strlen(subject) + 1;
    if (status == EV_OK && start == 0) {
        journal->n_records = 0;
        if (!restart(journal->part, subject))
            status = cannot_write(journal->part_path, err);
    } else if (status == EV_OK) {
        memmove(text, text + start, n - start);
        const int64_t n_whole = take_whole(text, n - start, journal->record_bytes);
        status = ev_journal_cut(journal, n_whole, err);
        if (status == EV_OK && n_whole > 0) {
            *n_records = n_whole;
            *records = text;
            text = NULL;
        }
    }
    free(text);
    return status;
}

enum ev_status ev_journal_begin(struct ev_journal *journal, const char *name, const char *subject,
                                size_t record_bytes, void **records, int64_t *n_records,
                                struct ev_error *err)
{
    assert(record_bytes > 0 && !strchr(subject, '\n') && !strchr(name, '/'));
    *records = NULL;
    *n_records = 0;
    if (!journal)
        return EV_OK;
    ev_journal_end(journal);
    journal->record_bytes = record_bytes;
    journal->part_path = ev_path_join(journal->folder, name);
    if (!journal->part_path)
        return out_of_memory(err);
    journal->part = open(journal->part_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (journal->part < 0)
        return cannot_write(journal->part_path, err);
    return take_records(journal, subject, records, n_records, err);
}

enum ev_status ev_journal_append(struct ev_journal *journal, const void *record,
                                 struct ev_error *err)
{
    uint8_t digest[SHA256_DIGEST_SIZE];

    if (!journal)
        return EV_OK;
    digest_record(journal->n_records, record, journal->record_bytes, digest);
    if (!ev_file_write_all(journal->part, record, journal->record_bytes) ||
        !ev_file_write_all(journal->part, digest, sizeof digest))
        return cannot_write(journal->part_path, err);
    journal->n_records++;
    journal->is_worth_keeping = true;
    return EV_OK;
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
