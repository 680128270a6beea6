/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/tree.h"

#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cleanup.h"

struct frt_tree {
    FTS *fts;
    char *path;
};

struct frt_tree *frt_tree_open(const char *path)
{
    struct frt_tree *tree = calloc(1, sizeof(*tree));
    char *roots[2] = {NULL, NULL};

    if (!tree)
        return NULL;
    tree->path = roots[0] = strdup(path);
    tree->fts = tree->path ? fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL) : NULL;
    if (tree->fts)
        return tree;
    frt_tree_close(tree);
    return NULL;
}

void frt_tree_close(struct frt_tree *tree)
{
    if (tree && tree->fts)
        fts_close(tree->fts);
    if (tree)
        free(tree->path);
    free(tree);
}

bool frt_tree_next(struct frt_tree *tree,
                   void (*visit)(int fd, const char *name, bool is_directory, const char *path, void *arg),
                   void *arg)
{
    FTSENT *entry = fts_read(tree->fts);
    frt_auto_close int fd = -1;

    if (!entry)
        return false;
    if (entry->fts_info == FTS_D) {
        fd = open(entry->fts_path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0)
            visit(fd, entry->fts_name, true, entry->fts_path, arg);
    } else if (entry->fts_info == FTS_F) {
        frt_auto_free char *parent = strndup(entry->fts_path, entry->fts_pathlen - entry->fts_namelen);

        fd = parent ? open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
        if (fd >= 0)
            visit(fd, entry->fts_name, false, entry->fts_path, arg);
    }
    return true;
}
