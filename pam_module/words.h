/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the person is told, and what syslog gets. Everything has been checked or escaped before it comes here.
 */
#ifndef FRT_PAM_MODULE_WORDS_H
#define FRT_PAM_MODULE_WORDS_H

#include "pam_module/transaction.h"

/* A denial, or "could not be decided, therefore refused", with rule, citation, decision id and where to ask.
 */
void frt_words_refused(const struct frt_transaction *t, const struct frt_ask *ask,
                       const struct frt_answer *answer);

/* frtd did not answer; `error` is the negative errno of the client. */
void frt_words_unreachable(const struct frt_transaction *t, const struct frt_ask *ask, int error);

/* Let pass; speaks only when there is something to do afterwards. */
void frt_words_passed(const struct frt_transaction *t, const struct frt_ask *ask,
                      const struct frt_answer *answer);

/* What the policy has to say to a city official whose session opens; nothing when the answer carries no message. */
void frt_words_notice(const struct frt_transaction *t, const struct frt_answer *answer);

/* One line for the person, unless silence is wanted. `style` is PAM_TEXT_INFO or PAM_ERROR_MSG. */
void frt_words_tell(const struct frt_transaction *t, int style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The tool as people should read it. */
const char *frt_words_tool(const struct frt_ask *ask);

#endif
