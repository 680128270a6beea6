/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What our programs say to the administrator: stderr under systemd's "<N>" convention (sd-daemon(3)) or with
 * a terminal, syslog otherwise. One place, so that text from outside is made safe once.
 */
#ifndef FRT_SUPPORT_JOURNAL_H
#define FRT_SUPPORT_JOURNAL_H

#include <syslog.h>

void frt_journal_open(const char *program);
void frt_journal(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The latest message of priority LOG_ERR or worse; "" when there was none. */
const char *frt_journal_last_error(void);
/* A warning, with the signature that loaders call back (settings/policy_file.h). */
void frt_journal_warning(void *unused, const char *text);

#endif
