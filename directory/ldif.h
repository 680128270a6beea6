/* SPDX-License-Identifier: BSD-2-Clause
 *
 * LDIF files (RFC 2849) into entries, by libldap's own line reader; slapcat output and hand-written files alike.
 *
 * Only content records are read. Change records, values by URL ("attr:< file:///...") and "include:" lines are errors: a
 * data file never makes us open another file. Records are split here and not by ldif_read_record(3), which follows
 * "include:" and reads before its buffer when a line begins with NUL.
 */
#ifndef FRT_DIRECTORY_LDIF_H
#define FRT_DIRECTORY_LDIF_H

#include <stdio.h>

#include "directory/view.h"

#define FRT_LDIF_ERROR_MAX 512

/* An entry that comes twice (the same entryUUID, or without one the same DN) is what it was the last time: a small file can
 * be laid over a large one. With different entryUUIDs they are two entries, which poison each other. */

/* Puts every entry of `path` into `view`. 0, or a negative errno with `error` ("FILE:LINE: what was expected").
 * The view holds what was read before the error; callers discard it. */
int frt_ldif_load(const char *path, struct frt_view *view, char error[FRT_LDIF_ERROR_MAX]);

/* The same for a file that decides who may do what: -EPERM unless it is a regular file of root or of this account that nobody
 * else can write. */
int frt_ldif_load_trusted(const char *path, struct frt_view *view, char error[FRT_LDIF_ERROR_MAX]);

/* The same from an open stream; `name` stands for the file in errors. */
int frt_ldif_load_stream(FILE *stream, const char *name, struct frt_view *view,
                         char error[FRT_LDIF_ERROR_MAX]);

#endif
