/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Looking into one file: its digest, or its first bytes. The file is opened without waiting, without following a link and, where
 * the kernel lets us, without touching its access time; it must be the file that was looked at before.
 */
#ifndef FRT_SCAN_CONTENTS_H
#define FRT_SCAN_CONTENTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* `*st` is what the walk saw, and is renewed. 0 or a negative errno; -ESTALE: another file has taken the name, or it changed
 * while it was read. */
int frt_scan_digest(int directory, const char *name, struct stat *st, uint8_t ret_sha256[32]);

/* At most `max` bytes from the beginning; the caller frees. */
int frt_scan_head(int directory, const char *name, const struct stat *st, size_t max, char **ret_bytes,
                  size_t *ret_length);

#endif
