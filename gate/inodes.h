/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The table of marked inodes in shared memory. Birth times tell an inode from a later one that got its number.
 */
#ifndef FRT_GATE_INODES_H
#define FRT_GATE_INODES_H

#include <stdbool.h>
#include <sys/stat.h>

#include "gate/shared.h"

const struct frt_shared_inode *frt_inodes_find(const struct frt_gate_shared *shared, const struct statx *st);

/* Adds or changes. 0, -ENOSPC. Written before it can be found: a worker that dies inside loses that one entry. */
int frt_inodes_put(struct frt_gate_shared *shared, const struct statx *st, uint64_t tool, const char *path);
/* Whether reads of it are asked about (marks.h); says so from now on. */
bool frt_inodes_asks_reads(const struct frt_gate_shared *shared, const struct statx *st);
void frt_inodes_ask_reads(struct frt_gate_shared *shared, const struct statx *st);

void frt_inodes_remove(struct frt_gate_shared *shared, const struct statx *st);

#endif
