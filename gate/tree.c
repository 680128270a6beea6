/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/tree.h"

#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cleanup.h"

void frt_tree_walk(const char *path,
                   void (*visit)(int fd, const char *name, bool is_directory, const char *path, void *arg),
                   void *arg)
{
    frt_auto_free char *copy = strdup(path);
    char *roots[] = {copy, NULL};
    FTS *tree = copy ? fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL) : NULL;
    FTSENT *entry;

    while (tree && (entry = fts_read(tree))) {
        frt_auto_close int fd = -1;

        if (entry->fts_info == FTS_D) {
            fd = open(entry->fts_path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (fd >= 0)
                visit(fd, entry->fts_name, true, entry->fts_path, arg);
        } else if (entry->fts_info == FTS_F) {
            size_t length = entry->fts_pathlen - entry->fts_namelen;
            char *parent = strndup(entry->fts_path, length);

            fd = parent ? open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
            free(parent);
            if (fd >= 0)
                visit(fd, entry->fts_name, false, entry->fts_path, arg);
        }
    }
    if (tree)
        fts_close(tree);
}
