/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Everything below a directory, on its own file system, links not followed.
 */
#ifndef FRT_GATE_TREE_H
#define FRT_GATE_TREE_H

#include <stdbool.h>

/* Visits `path` and what is below, a directory before its contents. Of a directory `fd` is itself; of anything else `fd` is
 * where it stands under `name`. Directories that cannot be read are left out. */
void frt_tree_walk(const char *path,
                   void (*visit)(int fd, const char *name, bool is_directory, const char *path, void *arg),
                   void *arg);

#endif
