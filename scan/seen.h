/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Digests of files as an earlier scan found them, so that the next one reads only what is new or changed. A file is the same while
 * device, inode, size and ctime are: nobody but root with the clock can set a ctime back.
 */
#ifndef FRT_SCAN_SEEN_H
#define FRT_SCAN_SEEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct frt_scan_seen; /* opaque */

/* Reads `path`; a file that is missing, damaged or could have been written by others counts as empty. 0 or -ENOMEM. */
int frt_scan_seen_load(const char *path, struct frt_scan_seen **ret_seen);
void frt_scan_seen_free(struct frt_scan_seen *seen);

bool frt_scan_seen_find(struct frt_scan_seen *seen, const struct stat *st, uint8_t ret_sha256[32]);
int frt_scan_seen_put(struct frt_scan_seen *seen, const struct stat *st, const uint8_t sha256[32]);

/* Writes what was found or put since the load, and what lies on devices that were not looked at. 0 or a negative errno. */
int frt_scan_seen_save(const struct frt_scan_seen *seen, const char *path);

#endif
