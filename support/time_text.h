/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Times as text: RFC 3339 in UTC for people and the trail, GeneralizedTime (RFC 4517 section 3.3.13) for the directory.
 * Only the strict UTC forms are accepted; the calendar is checked; leap seconds are refused.
 */
#ifndef FRT_SUPPORT_TIME_TEXT_H
#define FRT_SUPPORT_TIME_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define FRT_TIME_TEXT_MAX 32

/* "2026-03-16T14:00:00Z" or "2026-03-16T14:00Z"; whole string. 0, or -EINVAL. */
int frt_time_parse(const char *text, int64_t *ret_s);

/* "20260316140000Z", exactly. 0, or -EINVAL. */
int frt_generalized_time_parse(const char *text, size_t length, int64_t *ret_s);

/* "2026-03-16T14:00:00Z". */
void frt_time_format(int64_t s, char buffer[FRT_TIME_TEXT_MAX]);

/* "2026-03-16T14:00:00.123456Z". */
void frt_time_format_us(int64_t us, char buffer[FRT_TIME_TEXT_MAX]);

/* "20260316140000Z". */
void frt_generalized_time_format(int64_t s, char buffer[FRT_TIME_TEXT_MAX]);

#endif
