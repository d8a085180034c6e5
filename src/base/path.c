/* SPDX-License-Identifier: MIT */
/* Where the program's own files and its cache are. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

char *ev_path_join(const char *folder, const char *name)
{
    size_t n_folder = strlen(folder), n_name = strlen(name);
    char *path = malloc(n_folder + n_name + 2);

    if (!path)
        return NULL;
    memcpy(path, folder, n_folder);
    if (n_folder == 0 || folder[n_folder - 1] != '/')
        path[n_folder++] = '/';
    memcpy(path + n_folder, name, n_name + 1);
    return path;
}

char *ev_path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* PREFIX/share/evalrun for an executable in PREFIX/bin; false if the executable is not known. */
static bool installed_folder(char *folder, size_t size)
{
    char program[1024];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);

    if (length <= 0)
        return false;
    program[length] = '\0';
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(program, '/');
        if (!slash)
            return false;
        *slash = '\0';
    }
    return (size_t)snprintf(folder, size, "%s/share/evalrun", program) < size;
}

char *ev_path_data(const char *relative)
{
    const char *folder = getenv("EVALRUN_DATA_DIR");
    char installed[1100];

    if (folder && *folder)
        return ev_path_join(folder, relative);
    if (installed_folder(installed, sizeof installed) && ev_file_exists(installed))
        return ev_path_join(installed, relative);
    return ev_path_join(EV_SOURCE_DIR, relative);
}

char *ev_path_cache(const char *option)
{
    const char *named = getenv("EVALRUN_CACHE");
    const char *user = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");

    if (option)
        return strdup(option);
    if (named && *named)
        return strdup(named);
    if (user && *user)
        return ev_path_join(user, "evalrun");
    return ev_path_join(home && *home ? home : "/tmp", ".cache/evalrun");
}

/* Length of the folders that two absolute paths share, up to and without a '/'. */
static size_t shared_length(const char *a, const char *b)
{
    size_t shared = 0;

    for (size_t i = 0;; i++) {
        bool a_ends = a[i] == '/' || a[i] == '\0', b_ends = b[i] == '/' || b[i] == '\0';
        if (a_ends && b_ends)
            shared = i;
        if (a[i] != b[i] || a[i] == '\0')
            return shared;
    }
}

char *ev_path_relative(const char *from, const char *to)
{
    char *a = realpath(from, NULL), *b = realpath(to, NULL);
    char *path = a && b ? malloc(3 * strlen(a) + strlen(b) + 2) : NULL;

    if (path) {
        const size_t shared = shared_length(a, b);
        char *end = path;
        for (const char *at = a + shared; *at; at++) {
            if (*at == '/' && at[1])
                end = stpcpy(end, "../");
        }
        const char *below = b + shared;
        below += *below == '/';
        end = stpcpy(end, below);
        strcpy(end, *below ? "/" : "");
    }
    free(a);
    free(b);
    return path;
}

char *ev_path_trim(const char *path)
{
    size_t n = strlen(path);

    while (n > 1 && path[n - 1] == '/')
        n--;
    return strndup(path, n);
}

char *ev_path_stem(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');

    return strndup(name, dot && dot != name ? (size_t)(dot - name) : strlen(name));
}
