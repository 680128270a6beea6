/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading files that are trusted by property, not by path: opened first, then owner, type and mode are looked at on the
 * descriptor.
 */
#ifndef FRT_SUPPORT_FILE_H
#define FRT_SUPPORT_FILE_H

#include <stddef.h>
#include <sys/stat.h>

enum frt_file_trust {
    FRT_FILE_ANY,          /* a regular file */
    FRT_FILE_NOT_WRITABLE, /* owned by root or ourselves, not writable by group or others */
    FRT_FILE_SECRET,       /* the same and not readable by group or others */
};

/* 0, or -EPERM when what fstat(2) told does not have the properties; `*ret_what` says in words what was expected. */
int frt_file_check(const struct stat *st, enum frt_file_trust trust, const char **ret_what);

/* Reads the whole of `path`, at most `max` bytes, into a fresh NUL-terminated buffer. 0, a negative errno: -EPERM when
 * the file does not have the properties, -EFBIG when it is larger. `*ret_what` says in words what was expected. */
int frt_file_read(const char *path, enum frt_file_trust trust, size_t max, char **ret_bytes,
                  size_t *ret_length, const char **ret_what);

#endif
