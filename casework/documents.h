/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The folder of documents: what was filed with written requests, each file named by the SHA-256 of its bytes.
 */
#ifndef FRT_CASEWORK_DOCUMENTS_H
#define FRT_CASEWORK_DOCUMENTS_H

#include <stddef.h>

/* Reads the document that was filed as `hex` from `folder` (NULL: there is none). 0 and bytes to be freed; -ENOENT when it is not
 * there or cannot be read, -EBADMSG when what is kept has another SHA-256, -ENOMEM. */
int frt_document_read(const char *folder, const char *hex, char **ret_bytes, size_t *ret_length);

#endif
