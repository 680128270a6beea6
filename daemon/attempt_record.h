/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The `decision` record: what an auditor must find in it (NIST SP 800-53 AU-3 a-f; evidence record E0), as
 * keys. Roles and facts are frozen as they were, so that the decision can be explained and replayed later
 * without the directory.
 */
#ifndef FRT_DAEMON_ATTEMPT_RECORD_H
#define FRT_DAEMON_ATTEMPT_RECORD_H

#include "daemon/attempt.h"

void frt_attempt_record(const struct frt_daemon *daemon, const struct frt_ask *ask,
                        const struct frt_peer *peer, const struct frt_judgement *judgement, bool use,
                        struct frt_record *ret_record);

#endif
