/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A tmpfs of our own in a mount namespace of our own: the only thing a gate test ever marks.
 */
#ifndef FRT_TESTS_GATE_SCRATCH_H
#define FRT_TESTS_GATE_SCRATCH_H

/* Enters a private mount namespace and mounts a tmpfs. Path of the mount point, or NULL when this needs root.
 * The directory goes with frt_scratch_remove(), in the process that made it. */
const char *frt_scratch_make(void);
void frt_scratch_remove(void);

/* Makes a file below the scratch mount; returns its path (static storage, eight at a time). */
const char *frt_scratch_file(const char *name, const char *content, unsigned mode);

/* A fanotify group as the gate makes it, marking just `path` (NULL: nothing yet). */
int frt_scratch_group(const char *path);

#endif
