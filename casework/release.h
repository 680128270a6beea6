/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A public release (domain 3.6): decision records that denied, field by field redacted, and counts. Nothing of the EOPSS file
 * (items a-h of allowed searches) is in it.
 *
 * Persons become pseudonyms that hold within one release; its key is random and, unless asked for, thrown away, so that two
 * releases cannot be joined. Rows stand in the order of the hour and then of a random number: their order says nothing. Each
 * redaction is a line of redaction-log.csv, with digests keyed by the same key: a plain hash of a name is as good as the name.
 */
#ifndef FRT_CASEWORK_RELEASE_H
#define FRT_CASEWORK_RELEASE_H

#include "casework/package.h"

struct frt_release_options {
    const char *out;
    const char *
        key_out; /* where to keep the release's key, for whoever must answer for a redaction; NULL: nowhere */
    const char *sign_key;
    const char *who;
    const struct frt_policy *policy; /* for citations; NULL: none */
    bool
        withhold_small_groups; /* department and type too, where fewer than 3 people of the release have them */
};

/* Writes the release; `log_sha256` is the digest of its redaction log, for the trail. 0 or a negative errno with `error`. */
int frt_release_export(const struct frt_desk *desk, const struct frt_release_options *options,
                       char log_sha256[65], char error[FRT_PACKAGE_ERROR_MAX]);

#endif
