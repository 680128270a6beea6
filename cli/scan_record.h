/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Findings of a scan into the trail, by way of frtd: each new one as an attempt to retain by whoever owns it, what has gone and the
 * scan itself as notes.
 */
#ifndef FRT_CLI_SCAN_RECORD_H
#define FRT_CLI_SCAN_RECORD_H

#include <jansson.h>

/* Asks frtd about every finding that no decision stands for yet, from this scan or an earlier one, and writes number, verdict and
 * rule into it. Returns how many could not be recorded, after a message. */
size_t frt_scan_record(const char *conf_path, json_t *findings, const json_t *gone, const char *summary);

#endif
