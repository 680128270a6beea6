/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/lock_find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/catalogue.h"
#include "cli/dpkg.h"
#include "support/cleanup.h"

#define DEPTH_MAX 40

struct search {
    const char *root;
    int root_fd;
    const struct frt_lock_visitor *visitor;
    json_t *seen; /* paths visited: keys */
    int count;
};

static void look_at(struct search *search, const char *path, int depth);

/* Everything below a catalogued directory. */
static void look_below(struct search *search, const char *path, int depth)
{
    frt_auto_free char *whole = NULL;
    struct dirent *entry;
    DIR *directory;

    if (depth == DEPTH_MAX || asprintf(&whole, "%s%s", search->root, path) < 0)
        return;
    directory = opendir(whole);
    while (directory && (entry = readdir(directory))) {
        frt_auto_free char *below = NULL;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || entry->d_type == DT_LNK)
            continue;
        if (asprintf(&below, "%s/%s", path, entry->d_name) >= 0)
            look_at(search, below, depth + 1);
    }
    if (directory)
        closedir(directory);
}

static void look_at(struct search *search, const char *path, int depth)
{
    struct frt_lock_file file;
    const char *why = NULL;
    int r = frt_lock_file_open(search->root_fd, path, &file, &why);

    if (r < 0)
        return;
    if (r == 1) {
        look_below(search, file.path, depth);
        return;
    }
    /* Names are others' bytes: what is no UTF-8 has no key and is simply visited. */
    if (!json_object_get(search->seen, file.path)) {
        json_object_set_new(search->seen, file.path, json_true());
        search->count++;
        search->visitor->visit(&file, why, search->visitor->arg);
    }
    frt_lock_file_close(&file);
}

static void look_at_paths(struct search *search, const json_t *paths)
{
    const json_t *path;
    size_t i;

    json_array_foreach(paths, i, path) if (json_string_value(path)[0] == '/')
        look_at(search, json_string_value(path), 0);
}

static char *below_root(const char *root, const char *pattern)
{
    char *whole = malloc(2 * strlen(root) + strlen(pattern) + 1), *to = whole;

    for (; whole && *root; root++) {
        if (strchr("*?[\\", *root))
            *to++ = '\\';
        *to++ = *root;
    }
    if (whole)
        strcpy(to, pattern);
    return whole;
}

static void look_at_patterns(struct search *search, const json_t *patterns)
{
    const json_t *pattern;
    size_t i;

    json_array_foreach(patterns, i, pattern)
    {
        frt_auto_free char *whole = below_root(search->root, json_string_value(pattern));
        glob_t found = {0};

        if (whole && json_string_value(pattern)[0] == '/' && glob(whole, GLOB_NOSORT, NULL, &found) == 0)
            for (size_t k = 0; k < found.gl_pathc; k++)
                look_at(search, found.gl_pathv[k] + strlen(search->root), 0);
        globfree(&found);
    }
}

static bool is_model(const json_t *tool, const char *base)
{
    const json_t *model;
    size_t i;

    json_array_foreach(frt_cli_marks(tool, "model"), i,
                       model) if (fnmatch(json_string_value(model), base, 0) == 0) return true;
    return false;
}

/* Of a package, what the tool can be used by; its documentation and translations stay as they are. */
static bool is_tool_part(const struct search *search, const json_t *tool, const char *path)
{
    const char *base = strrchr(path, '/') + 1;
    struct stat st;

    if (fstatat(search->root_fd, path + 1, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
        strncmp(path, "/usr/share/doc/", 15) == 0)
        return false;
    return (st.st_mode & 0111) || strstr(base, ".so") || is_model(tool, base);
}

static void look_at_packages(struct search *search, const json_t *tool)
{
    const json_t *package;
    size_t i;

    json_array_foreach(frt_cli_marks(tool, "package"), i, package)
    {
        const char *name = json_string_value(package);
        frt_auto_free char *files =
            strncmp(name, "deb:", 4) == 0 ? frt_dpkg_files(search->root, name + 4) : NULL;
        char *rest = files, *path;

        while ((path = strsep(&rest, "\n")))
            if (path[0] == '/' && path[1] && is_tool_part(search, tool, path))
                look_at(search, path, 0);
    }
}

int frt_lock_find(const json_t *tool, const char *root, int root_fd, const struct frt_lock_visitor *visitor)
{
    struct search search = {.root = root, .root_fd = root_fd, .visitor = visitor, .seen = json_object()};

    if (!search.seen)
        return -ENOMEM;
    look_at_paths(&search, frt_cli_marks(tool, "path"));
    look_at_patterns(&search, frt_cli_marks(tool, "pattern"));
    look_at_packages(&search, tool);
    json_decref(search.seen);
    return search.count;
}
