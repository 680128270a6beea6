/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What scans have found on this host, when first and when last, and under which number of the trail it stands: a JSON object by
 * key ("TOOL how PATH") in a file of root's.
 */
#ifndef FRT_CLI_FINDINGS_H
#define FRT_CLI_FINDINGS_H

#include <jansson.h>
#include <sys/stat.h>

#include "scan/marks.h"

#define FRT_FINDINGS_PATH "/var/lib/frt/findings.json"

struct frt_findings {
    json_t *list; /* by key */
    char now[32]; /* time of this scan */
    size_t found, fresh;
};

/* An unreadable or untrusted file is said and counts as empty. 0 or -ENOMEM. */
int frt_findings_load(struct frt_findings *findings, const char *path);
int frt_findings_save(const struct frt_findings *findings, const char *path);
void frt_findings_clear(struct frt_findings *findings);

/* Notes one thing found; `st` and `sha256` may be NULL. The finding, borrowed: "new" true when no scan has seen it before. NULL: no
 * memory. */
json_t *frt_findings_note(struct frt_findings *findings, const struct frt_scan_match *match, const char *path,
                          const struct stat *st, const uint8_t *sha256);

/* Name of a way of recognising: "path", "pattern", "model", "digest", "package". */
const char *frt_findings_how(enum frt_scan_kind kind);

#endif
