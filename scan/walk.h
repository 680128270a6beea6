/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Walks directories and tells of everything catalogued in them. Links are not followed, other mounts are entered only when told
 * to (kernel interfaces such as /proc never), names may be any bytes and paths of any length. Nothing is changed.
 */
#ifndef FRT_SCAN_WALK_H
#define FRT_SCAN_WALK_H

#include "scan/marks.h"
#include "scan/seen.h"

struct frt_scan_counts {
    uint64_t files, directories, read, remembered, bytes, unreadable, mounts;
};

struct frt_scan {
    const struct frt_scan_marks *marks;
    struct frt_scan_seen *seen;
    size_t
        root_length; /* bytes of a path that belong to another system's root; marks are matched behind them */
    bool cross_mounts;
    struct frt_scan_counts counts;
    void *arg;

    /* `sha256` is NULL unless the contents matched. */
    void (*found)(const char *path, const struct stat *st, const struct frt_scan_match *match,
                  const uint8_t *sha256, void *arg);
    void (*unreadable)(const char *path, int error, void *arg);
    bool (*progress)(const char *path, const struct frt_scan_counts *counts,
                     void *arg); /* for each directory; false: stop */
};

/* 0; -ECANCELED: `progress` wanted an end; another negative errno: `directory` itself (an absolute path without symbolic links)
 * cannot be read. What is inside and cannot be read is told through `unreadable`. */
int frt_scan_walk(struct frt_scan *scan, const char *directory);

#endif
