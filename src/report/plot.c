/* SPDX-License-Identifier: MIT */
/*
 * Runs gnuplot: finds it, sends it one script per chart through a pipe, and takes its files only
 * when they are whole. What a chart shows is in plot_charts.c, how it looks in plots/NAME.gp and,
 * for all of them, in plots/style.gp.
 */
#include "report/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "report/template.h"

extern char **environ;

#define N_FORMATS  3
#define FORMAT_PDF 2
/* No chart comes near. */
#define MOST_PDF_BYTES (256u << 20)

const char *const ev_plot_formats[] = {"png", "svg", "pdf", NULL};

/* What a whole file of each format ends in; gnuplot says nothing when the disk is full. */
static const struct {
    const char *bytes;
    size_t n;
} format_ends[N_FORMATS] = {{"IEND\xae\x42\x60\x82", 8}, {"</svg>", 6}, {"%%EOF", 5}};

static bool is_program(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

char *ev_plot_find_gnuplot(void)
{
    const char *folders = getenv("PATH");

    for (const char *at = folders ? folders : ""; *at; at += *at == ':') {
        size_t n = strcspn(at, ":");
        char *folder = strndup(at, n);
        char *path = folder && n > 0 ? ev_path_join(folder, "gnuplot") : NULL;
        free(folder);
        if (path && is_program(path))
            return path;
        free(path);
        at += n;
    }
    return NULL;
}

/* One script: the data, then for each format where it goes, the style and the template. malloc'ed;
 * NULL when out of memory. */
static char *make_script(const struct ev_plot_job *job, const char *style, const char *template,
                         char *const outputs[N_FORMATS], size_t *length)
{
    char *text = NULL;
    FILE *script = open_memstream(&text, length);

    if (!script)
        return NULL;
    const bool complete = job->write_data(job->subject, script);
    for (size_t i = 0; i < N_FORMATS; i++) {
        fprintf(script, "chart_format = '%s'\nchart_file = ", ev_plot_formats[i]);
        ev_plot_string(script, outputs[i]);
        fputs("\nload ", script);
        ev_plot_string(script, style);
        fputs("\nload ", script);
        ev_plot_string(script, template);
        fputs("\nunset output\nreset\n", script);
    }
    if (fclose(script) != 0 || !complete) {
        free(text);
        return NULL;
    }
    return text;
}

/* gnuplot with its standard input from a pipe and its messages into a file. */
static int start(const char *gnuplot, int input, int messages, pid_t *child)
{
    /* -d: no start-up files of the user's or the system's, which may change any setting. */
    char *const arguments[] = {(char *)gnuplot, (char *)"-d", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;

    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, messages, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, messages, STDERR_FILENO);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    /* A process group of its own: the Ctrl-C that ended an evaluation must not end the charts of
     * what was finished, and one during the charts ends all that a wrapper of gnuplot started. */
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    int reason = posix_spawn(child, gnuplot, &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return reason;
}

/* Writes all of it, or as much as gnuplot reads: why it stopped is in its messages. */
static void send_text(int file, const char *text, size_t length)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;

    sigaction(SIGPIPE, &ignore, &before);
    while (length > 0) {
        ssize_t n = write(file, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        text += n;
        length -= (size_t)n;
    }
    sigaction(SIGPIPE, &before, NULL);
}

/* The line of gnuplot's messages that says what is wrong: the first that is neither empty nor the
 * command it quotes with a caret below it. */
static void read_reason(FILE *messages, char *reason, size_t size)
{
    char line[256];

    snprintf(reason, size, "no reason given");
    rewind(messages);
    while (fgets(line, sizeof line, messages)) {
        const char *mark = strstr(line, "line ");
        const char *colon = mark ? strchr(mark, ':') : NULL;
        if (line[strspn(line, " \t\r\n^")] == '\0')
            continue;
        if (colon || strcmp(reason, "no reason given") == 0) {
            const char *from = colon ? colon + 1 : line;
            line[strcspn(line, "\n")] = '\0';
            ev_text_clean(from + strspn(from, " \t"), reason, size);
        }
        if (colon)
            return;
    }
}

/* Waits for gnuplot; what it says of itself. */
static enum ev_status finish(pid_t child, const char *chart, FILE *messages, struct ev_error *err)
{
    siginfo_t info;
    char reason[200];
    int result = 0;

    while (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        continue;
    ev_interrupt_set_child(0);
    while (waitpid(child, &result, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(result) && WEXITSTATUS(result) == 0)
        return EV_OK;
    if (ev_interrupted())
        return ev_fail(err, EV_INTERRUPTED,
                       "interrupted: chart '%s' and those after it are not drawn", chart);
    if (WIFSIGNALED(result))
        return ev_fail(err, EV_IO, "chart '%s': gnuplot was ended by signal %d", chart,
                       WTERMSIG(result));
    read_reason(messages, reason, sizeof reason);
    return ev_fail(err, EV_IO, "chart '%s': gnuplot failed: %s", chart, reason);
}

/* Runs a script to its end. `chart` is named in messages. */
static enum ev_status run(const char *gnuplot, const char *chart, const char *script, size_t length,
                          struct ev_error *err)
{
    int ends[2] = {-1, -1};
    FILE *messages = tmpfile();
    enum ev_status status = EV_OK;
    pid_t child = -1;

    if (!messages || pipe2(ends, O_CLOEXEC) != 0) {
        status = ev_fail(err, EV_IO, "chart '%s': no pipe to gnuplot: %s", chart, strerror(errno));
        goto done;
    }
    int failure = start(gnuplot, ends[0], fileno(messages), &child);
    if (failure != 0) {
        status = ev_fail(err, EV_IO, "%s: cannot be started: %s", gnuplot, strerror(failure));
        goto done;
    }
    /* If a signal came before, this is the end of it. */
    ev_interrupt_set_child(child);
    close(ends[0]);
    ends[0] = -1;
    send_text(ends[1], script, length);
    close(ends[1]);
    ends[1] = -1;
    status = finish(child, chart, messages, err);
done:
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0)
            close(ends[i]);
    }
    if (messages)
        fclose(messages);
    return status;
}

/* Whether the file ends as its format does; spaces and line ends after that are no matter. */
static bool is_whole(const char *path, size_t format)
{
    char tail[64];
    FILE *file = fopen(path, "rb");
    size_t n = 0;

    if (!file)
        return false;
    if (fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        long from = size > (long)sizeof tail ? size - (long)sizeof tail : 0;
        if (size > 0 && fseek(file, from, SEEK_SET) == 0)
            n = fread(tail, 1, sizeof tail, file);
    }
    fclose(file);
    while (n > 0 && strchr(" \n\r", tail[n - 1]) && tail[n - 1])
        n--;
    return n >= format_ends[format].n &&
           memcmp(tail + n - format_ends[format].n, format_ends[format].bytes,
                  format_ends[format].n) == 0;
}

/* cairo writes the time of drawing into a PDF file: another at the same place, so that the same
 * chart is the same file. */
static enum ev_status fix_date(const char *path, struct ev_error *err)
{
    static const char key[] = "/CreationDate (D:", fixed[] = "19700101000000Z";
    char *bytes = NULL;
    size_t n;
    enum ev_status status = ev_file_read(path, MOST_PDF_BYTES, &bytes, &n, err);
    const char *date = status == EV_OK ? memmem(bytes, n, key, strlen(key)) : NULL;

    if (date && (size_t)(date - bytes) + strlen(key) + strlen(fixed) < n) {
        FILE *file = fopen(path, "r+b");
        bool done = file && fseek(file, date - bytes + (long)strlen(key), SEEK_SET) == 0 &&
                    fwrite(fixed, 1, strlen(fixed), file) == strlen(fixed);
        if (file && fclose(file) != 0)
            done = false;
        if (!done)
            status = ev_fail(err, EV_IO, "%s: cannot be written: %s", path, strerror(errno));
    }
    free(bytes);
    return status;
}

/* Final and temporary names of a chart's files. */
static enum ev_status name_files(const struct ev_plot_job *job, const char *folder,
                                 char *paths[N_FORMATS], char *temporaries[N_FORMATS],
                                 struct ev_error *err)
{
    for (size_t i = 0; i < N_FORMATS; i++) {
        char name[256];
        snprintf(name, sizeof name, "%s.%s", job->name, ev_plot_formats[i]);
        paths[i] = ev_path_join(folder, name);
        if (!paths[i])
            return ev_fail(err, EV_MEMORY, "out of memory");
        enum ev_status status = ev_file_temporary(paths[i], &temporaries[i], err);
        if (status != EV_OK)
            return status;
    }
    return EV_OK;
}

static enum ev_status draw(const struct ev_plot_job *job, const struct ev_plotter *plotter,
                           const char *style, const char *folder, struct ev_error *err)
{
    char *paths[N_FORMATS] = {NULL}, *temporaries[N_FORMATS] = {NULL};
    char *template = NULL, *script = NULL;
    char file_name[64];
    size_t length = 0;

    snprintf(file_name, sizeof file_name, "%s.gp", job->template);
    enum ev_status status = ev_template_find(plotter->templates, file_name, &template, err);

    if (status == EV_OK)
        status = name_files(job, folder, paths, temporaries, err);
    if (status != EV_OK)
        goto done;
    script = make_script(job, style, template, temporaries, &length);
    if (!script) {
        status = ev_fail(err, EV_MEMORY, "chart '%s': out of memory", job->name);
        goto done;
    }
    status = run(plotter->gnuplot, job->name, script, length, err);
    for (size_t i = 0; i < N_FORMATS && status == EV_OK; i++) {
        if (!is_whole(temporaries[i], i))
            status =
                ev_fail(err, EV_IO, "%s: cannot be written: gnuplot left it incomplete", paths[i]);
    }
    if (status == EV_OK)
        status = fix_date(temporaries[FORMAT_PDF], err);
    for (size_t i = 0; i < N_FORMATS && status == EV_OK; i++)
        status = ev_file_commit(temporaries[i], paths[i], err);
done:
    for (size_t i = 0; i < N_FORMATS; i++) {
        if (status != EV_OK)
            ev_file_discard(temporaries[i]);
        free(temporaries[i]);
        free(paths[i]);
    }
    free(script);
    free(template);
    return status;
}

enum ev_status ev_plot_draw(const struct ev_plot_job *jobs, size_t n,
                            const struct ev_plotter *plotter, const char *folder,
                            struct ev_error *err)
{
    char *style = NULL;
    enum ev_status status = EV_OK;

    /* Its scripts hold one line of text a string. */
    if (folder[strcspn(folder, "\r\n\t")] != '\0')
        return ev_fail(err, EV_UNSUPPORTED,
                       "charts cannot be written to a folder with a line break in its name");
    status = ev_template_find(plotter->templates, "style.gp", &style, err);
    for (size_t i = 0; i < n && status == EV_OK; i++)
        status = draw(&jobs[i], plotter, style, folder, err);
    free(style);
    return status;
}

/* A chart of a result, as a job's subject. */
struct chart_of_view {
    const struct ev_chart *chart;
    const struct ev_view *view;
};

static bool write_chart(const void *subject, FILE *script)
{
    const struct chart_of_view *of = subject;

    return of->chart->write_data(of->view, script);
}

static bool has_data(const struct ev_chart *chart, const struct ev_view *view)
{
    return view->n_backends > 0 && (!chart->has_data || chart->has_data(view));
}

const struct ev_chart *ev_plot_find(const struct ev_view *view, const char *name)
{
    for (const struct ev_chart *chart = ev_charts; chart->name; chart++) {
        if (strcmp(chart->name, name) == 0 && has_data(chart, view))
            return chart;
    }
    return NULL;
}

static enum ev_status remove_files(const char *chart, const char *folder, struct ev_error *err)
{
    for (size_t i = 0; i < N_FORMATS; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s.%s", chart, ev_plot_formats[i]);
        char *path = ev_path_join(folder, name);
        if (!path)
            return ev_fail(err, EV_MEMORY, "out of memory");
        (void)unlink(path);
        free(path);
    }
    return EV_OK;
}

enum ev_status ev_plot_write(const struct ev_view *view, const struct ev_plotter *plotter,
                             const char *folder, struct ev_error *err)
{
    enum ev_status status = EV_OK;

    if (view->n_backends == 0)
        return EV_OK;
    for (const struct ev_chart *chart = ev_charts; chart->name && status == EV_OK; chart++) {
        const struct chart_of_view of = {chart, view};
        const struct ev_plot_job job = {chart->name, chart->template, write_chart, &of};
        if (has_data(chart, view))
            status = ev_plot_draw(&job, 1, plotter, folder, err);
        else if (!ev_plot_find(view, chart->name))
            status = remove_files(chart->name, folder, err);
    }
    return status;
}
