/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A policy file for explaining and replaying: read, not proven, never enforced. (settings/policy_file.h and trail/tree.h each
 * have a struct frt_proof of their own; this header lets others include either.)
 */
#ifndef FRT_CASEWORK_PAST_POLICY_H
#define FRT_CASEWORK_PAST_POLICY_H

#include <stddef.h>

#include "decision/policy.h"

/* 0 or a negative errno with `error`. */
int frt_past_policy_read(const char *path, struct frt_policy **ret_policy, char *error, size_t error_size);
void frt_past_policy_free(struct frt_policy *policy);

#endif
