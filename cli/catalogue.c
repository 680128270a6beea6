/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/catalogue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/ask.h"
#include "cli/commands.h"
#include "support/cleanup.h"
#include "support/file.h"

#define PAGES_MAX 10000
#define COPY_MAX  (64u << 20)

/* A tool that goes on from the page before: its further marks join the ones that are there. */
static void join_marks(json_t *tool, const json_t *more)
{
    json_t *marks = json_object_get(tool, "marks"), *values;
    const char *kind;

    json_object_foreach(json_object_get(more, "marks"), kind, values)
    {
        json_t *have = json_object_get(marks, kind);

        if (have)
            json_array_extend(have, values);
        else
            json_object_set(marks, kind, values);
    }
}

static void add_page(json_t *tools, const json_t *page)
{
    const json_t *tool;
    size_t i;

    json_array_foreach(json_object_get(page, "tools"), i, tool)
    {
        json_t *last = json_array_get(tools, json_array_size(tools) - 1);

        if (last && strcmp(frt_cli_text(last, "id"), frt_cli_text(tool, "id")) == 0)
            join_marks(last, tool);
        else
            json_array_append_new(tools, json_deep_copy(tool));
    }
}

json_t *frt_cli_catalogue(const char *conf_path, int *ret_exit)
{
    struct frt_ask ask = frt_cli_question(FRT_ASK_CATALOGUE);
    json_t *tools = json_array();

    for (int i = 0; i < PAGES_MAX; i++) {
        json_t *page = frt_cli_ask(conf_path, &ask, ret_exit);

        if (!page)
            break;
        add_page(tools, page);
        snprintf(ask.path, sizeof(ask.path), "%s", frt_cli_text(page, "next"));
        json_decref(page);
        if (ask.path[0] == '\0')
            return tools;
    }
    json_decref(tools);
    return NULL;
}

int frt_cli_write_json(const char *path, const json_t *object, unsigned mode)
{
    char fresh[4096];
    frt_auto_close int fd = -1;
    frt_auto_free char *text = json_dumps(object, JSON_INDENT(1) | JSON_ENSURE_ASCII);
    size_t length = text ? strlen(text) : 0;

    if (!text)
        return -ENOMEM;
    if ((size_t)snprintf(fresh, sizeof(fresh), "%s.new", path) >= sizeof(fresh))
        return -ENAMETOOLONG;
    unlink(fresh); /* of a run that was cut short */
    fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return -errno;
    if (write(fd, text, length) != (ssize_t)length || fchmod(fd, mode) < 0 || fsync(fd) < 0 ||
        rename(fresh, path) < 0) {
        int r = errno ? -errno : -EIO;

        unlink(fresh);
        return r;
    }
    return 0;
}

int frt_cli_catalogue_keep(const char *path, const json_t *tools)
{
    json_t *object = json_pack("{s:O}", "tools", tools);
    int r = object ? frt_cli_write_json(path, object, 0644) : -ENOMEM;

    json_decref(object);
    return r;
}

json_t *frt_cli_catalogue_kept(const char *path)
{
    frt_auto_free char *text = NULL;
    const char *what;
    size_t length;
    json_t *object, *tools;

    if (frt_file_read(path, FRT_FILE_NOT_WRITABLE, COPY_MAX, &text, &length, &what) < 0)
        return NULL;
    object = json_loadb(text, length, 0, NULL);
    tools = json_incref(json_object_get(object, "tools"));
    json_decref(object);
    return tools;
}

const json_t *frt_cli_catalogue_find(const json_t *tools, const char *name)
{
    size_t length = strlen(name), i;
    const json_t *tool;

    json_array_foreach(tools, i, tool)
    {
        const char *id = frt_cli_text(tool, "id");

        if (strncmp(id, name, length) == 0 &&
            (id[length] == '\0' || (id[length] == '-' && !strchr(name, '-'))))
            return tool;
    }
    return NULL;
}

const json_t *frt_cli_marks(const json_t *tool, const char *kind)
{
    return json_object_get(json_object_get(tool, "marks"), kind);
}
