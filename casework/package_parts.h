/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the writers and the checker of packages share; for casework/package*.c and release.c.
 */
#ifndef FRT_CASEWORK_PACKAGE_PARTS_H
#define FRT_CASEWORK_PACKAGE_PARTS_H

#include "casework/package.h"

/* Notes a failure; the first one is what frt_package_finish() tells. */
void frt_package_fail(struct frt_package *package, const char *what, int error);

/* requests/ catalogue/ and directory/roles-at-*.csv (package_papers.c). `documents`: folder of kept documents; NULL: none. */
void frt_package_write_papers(struct frt_package *package, const struct frt_desk *desk,
                              const char *documents);

/* SHA-256 of a file, hex. 0 or a negative errno. */
int frt_file_digest(const char *path, char hex[65]);

#endif
