/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Policy files (libconfig syntax, frt-policy(5)) into struct frt_policy. A policy loads only when every key
 * is known, every rule has an id, verdict, reason, citation and message, and every "never" statement holds
 * over the whole space of facts (decision/prove.h): a policy that breaks one is refused with the combination
 * that shows it, in words.
 */
#ifndef FRT_SETTINGS_POLICY_FILE_H
#define FRT_SETTINGS_POLICY_FILE_H

#include "decision/prove.h"

#define FRT_POLICY_ERROR_MAX 2048

/* Reads without proving, whoever may write the file. 0 or a negative errno with `error`. */
int frt_policy_parse(const char *path, struct frt_policy **ret_policy, char error[FRT_POLICY_ERROR_MAX]);

/* Reads and proves, for those who act on it: the file must be one that only root or ourselves can write. Warnings (shadowed rules, review-by date passed) go to `warn` when not NULL, one call
 * each. */
int frt_policy_load(const char *path, int64_t now_s, void (*warn)(void *arg, const char *text),
                    void *warn_arg, struct frt_policy **ret_policy, char error[FRT_POLICY_ERROR_MAX]);

/* The same for those who only look (frt policy show, test): a clone of the source tree belongs to whoever made it. */
int frt_policy_load_any(const char *path, int64_t now_s, void (*warn)(void *arg, const char *text),
                        void *warn_arg, struct frt_policy **ret_policy, char error[FRT_POLICY_ERROR_MAX]);

void frt_policy_free(struct frt_policy *policy);

/* The message frt_policy_load() gives for a proof that broke, for callers that prove by themselves. */
void frt_policy_proof_words(const char *path, const struct frt_policy *policy,
                            const struct frt_policy_proof *proof, char buffer[FRT_POLICY_ERROR_MAX]);

#endif
