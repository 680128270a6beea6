/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/dpkg.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "support/cleanup.h"

#define QUERY      "/usr/bin/dpkg-query"
#define OVERRIDE   "/usr/bin/dpkg-statoverride"
#define OUTPUT_MAX (16u << 20)

static char *const clean_environment[] = {(char[]){"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                                          (char[]){"LC_ALL=C"}, NULL};

/* All that comes out of `fd`, NUL-terminated. */
static char *read_all(int fd)
{
    size_t used = 0, size = 4096;
    char *text = malloc(size);

    while (text && used < OUTPUT_MAX) {
        ssize_t n = read(fd, text + used, size - used - 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        used += (size_t)n;
        if (size - used < 2) {
            char *more = realloc(text, size *= 2);

            if (!more)
                free(text);
            text = more;
        }
    }
    if (text)
        text[used] = '\0';
    return text;
}

static int start(char *const argv[], bool quiet, int out, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    int r;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    if (quiet)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    r = posix_spawn(ret_pid, argv[0], &actions, NULL, argv, clean_environment);
    posix_spawn_file_actions_destroy(&actions);
    return -r;
}

int frt_program_run(char *const argv[], bool quiet, char **ret_output)
{
    frt_auto_free char *output = NULL;
    frt_auto_close int mine = -1, theirs = -1;
    int pipes[2], status, r;
    pid_t pid;

    if (pipe2(pipes, O_CLOEXEC) < 0)
        return -errno;
    mine = pipes[0];
    theirs = pipes[1];
    r = start(argv, quiet, theirs, &pid);
    if (r < 0)
        return r;
    close(frt_steal_fd(&theirs));
    output = read_all(mine);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    if (!output)
        return -ENOMEM;
    if (ret_output)
        *ret_output = frt_steal(&output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

/* "--root=DIR", or the option that changes nothing. */
static char *root_option(const char *root)
{
    char *option = NULL;

    if (asprintf(&option, "--root=%s", root[0] ? root : "/") < 0)
        return NULL;
    return option;
}

/* dpkg-query -S and dpkg-statoverride --list take patterns. */
static char *escape(const char *path)
{
    char *escaped = malloc(2 * strlen(path) + 1), *to = escaped;

    for (; escaped && *path; path++) {
        if (strchr("*?[]\\", *path))
            *to++ = '\\';
        *to++ = *path;
    }
    if (escaped)
        *to = '\0';
    return escaped;
}

static int query(const char *root, const char *first, const char *second, char **ret_output)
{
    frt_auto_free char *option = root_option(root), *a = strdup(first), *b = strdup(second);
    char *argv[] = {(char[]){QUERY}, option, a, b, NULL};

    return option && a && b ? frt_program_run(argv, true, ret_output) : -ENOMEM;
}

/* The line "package[:arch][, more]: /path" among diversions. */
static int take_owner(char *output, const char *path, char ret_package[FRT_DPKG_NAME_MAX])
{
    char *rest = output, *line;

    while ((line = strsep(&rest, "\n"))) {
        char *found = strstr(line, ": /");

        if (!found || strncmp(line, "diversion ", 10) == 0 || strcmp(found + 2, path) != 0)
            continue;
        snprintf(ret_package, FRT_DPKG_NAME_MAX, "%.*s", (int)strcspn(line, ":,"), line);
        return 0;
    }
    return -ENOENT;
}

int frt_dpkg_owner(const char *root, const char *path, char ret_package[FRT_DPKG_NAME_MAX], char **ret_path)
{
    /* A merged /usr: the file is in /usr/bin, the package says /bin. */
    const char *spellings[] = {path, strncmp(path, "/usr/", 5) == 0 ? path + 4 : NULL};

    for (size_t i = 0; i < FRT_ARRAY_LEN(spellings) && spellings[i]; i++) {
        frt_auto_free char *pattern = escape(spellings[i]), *output = NULL;

        if (!pattern || query(root, "-S", pattern, &output) != 0 ||
            take_owner(output, spellings[i], ret_package) < 0)
            continue;
        *ret_path = strdup(spellings[i]);
        return *ret_path ? 0 : -ENOMEM;
    }
    return -ENOENT;
}

char *frt_dpkg_version(const char *root, const char *package)
{
    frt_auto_free char *option = root_option(root), *name = strdup(package), *output = NULL;
    char *argv[] = {(char[]){QUERY},
                    option,
                    (char[]){"-W"},
                    (char[]){"-f=${db:Status-Status} ${Version}\\n"},
                    name,
                    NULL};
    char *version;

    if (!option || !name || name[0] == '-' || frt_program_run(argv, true, &output) != 0 ||
        strncmp(output, "installed ", 10) != 0)
        return NULL;
    version = output + 10;
    version[strcspn(version, "\n")] = '\0';
    return strdup(version);
}

char *frt_dpkg_files(const char *root, const char *package)
{
    char *output = NULL;

    if (package[0] == '-' || query(root, "-L", package, &output) != 0) {
        free(output);
        return NULL;
    }
    return output;
}

char *frt_dpkg_override(const char *root, const char *path)
{
    frt_auto_free char *option = root_option(root), *pattern = escape(path), *output = NULL;
    char *argv[] = {(char[]){OVERRIDE}, option, (char[]){"--list"}, pattern, NULL};
    char *end;

    if (!option || !pattern || frt_program_run(argv, true, &output) != 0)
        return NULL;
    end = strstr(output, " /");
    if (!end || strncmp(end + 1, path, strlen(path)) != 0)
        return NULL;
    *end = '\0';
    return frt_steal(&output);
}

int frt_dpkg_override_add(const char *root, const char *what, const char *path)
{
    frt_auto_free char *option = root_option(root), *words = strdup(what), *own = strdup(path);
    char *rest = words, *user, *group, *mode;
    int r;

    if (!option || !words || !own)
        return -ENOMEM;
    user = strsep(&rest, " ");
    group = strsep(&rest, " ");
    mode = rest;
    if (!group || !mode)
        return -EINVAL;
    r = frt_program_run(
        (char *[]){(char[]){OVERRIDE}, option, (char[]){"--add"}, user, group, mode, own, NULL}, false, NULL);
    return r == 0 ? 0 : -EIO;
}

int frt_dpkg_override_remove(const char *root, const char *path)
{
    frt_auto_free char *option = root_option(root), *own = strdup(path);
    char *argv[] = {(char[]){OVERRIDE}, option, (char[]){"--remove"}, own, NULL};

    return option && own && frt_program_run(argv, false, NULL) == 0 ? 0 : -EIO;
}
