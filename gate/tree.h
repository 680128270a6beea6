/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Everything below a directory, on its own file system, links not followed; one entry at a time, so that a large tree keeps
 * nobody waiting.
 */
#ifndef FRT_GATE_TREE_H
#define FRT_GATE_TREE_H

#include <stdbool.h>

struct frt_tree; /* opaque */

/* NULL: no memory, or nothing can be read there. */
struct frt_tree *frt_tree_open(const char *path);
void frt_tree_close(struct frt_tree *tree); /* NULL is allowed */

/* Visits the next entry, the directory itself first, a directory before its contents. Of a directory `fd` is itself; of anything
 * else `fd` is where it stands under `name`. False when there is none. Directories that cannot be read are left out. */
bool frt_tree_next(struct frt_tree *tree,
                   void (*visit)(int fd, const char *name, bool is_directory, const char *path, void *arg),
                   void *arg);

#endif
