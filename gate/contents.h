/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SHA-256 of an event's file, a slice at a time so that other openers are not kept waiting. Event descriptors carry
 * FMODE_NONOTIFY: reading them makes no events.
 */
#ifndef FRT_GATE_CONTENTS_H
#define FRT_GATE_CONTENTS_H

#include <stdint.h>

struct frt_contents; /* opaque: one file being hashed */

#define FRT_CONTENTS_MORE 1 /* call again */

/* Loads what libcrypto needs; once, before anything is marked. 0 or -ENOSYS. */
int frt_contents_prepare(void);

/* -ENOMEM. */
int frt_contents_begin(int fd, struct frt_contents **ret_contents);
/* Hashes the next slice. FRT_CONTENTS_MORE; 0 with the digest; a negative errno. */
int frt_contents_step(struct frt_contents *contents, uint8_t ret_sha256[32]);
void frt_contents_free(struct frt_contents *contents);

#endif
