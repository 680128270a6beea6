/* SPDX-License-Identifier: BSD-2-Clause
 *
 * LDIF files (RFC 2849) into entries, by libldap's own reader; slapcat output and hand-written files alike.
 */
#ifndef FRT_DIRECTORY_LDIF_H
#define FRT_DIRECTORY_LDIF_H

#include "directory/view.h"

#define FRT_LDIF_ERROR_MAX 512

/* Puts every entry of `path` into `view`. 0, or a negative errno with `error` ("FILE:LINE: what was expected").
 * The view holds what was read before the error; callers discard it. */
int frt_ldif_load(const char *path, struct frt_view *view, char error[FRT_LDIF_ERROR_MAX]);

#endif
