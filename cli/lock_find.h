/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where a catalogued tool is on a system: its paths (a directory stands for everything below), its patterns, and of its Debian
 * packages the programs, the libraries and whatever has a catalogued model's name. A model file that lies elsewhere is found by
 * `frt scan`.
 */
#ifndef FRT_CLI_LOCK_FIND_H
#define FRT_CLI_LOCK_FIND_H

#include <jansson.h>

#include "cli/lock_file.h"

/* Called for each thing found. `why` NULL: `file` is open until the visit returns; else it is not to be locked, for that reason. */
struct frt_lock_visitor {
    void (*visit)(const struct frt_lock_file *file, const char *why, void *arg);
    void *arg;
};

/* Visits everything of `tool` below `root` ("" for this system), each file once. Returns how many files there are, refused ones
 * included, or a negative errno. */
int frt_lock_find(const json_t *tool, const char *root, int root_fd, const struct frt_lock_visitor *visitor);

#endif
