/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Canonical login names. LDAP compares names loosely (case, spaces, width); the password file does not. One spelling is
 * accepted on both sides, byte for byte: [a-z_][a-z0-9_.-]{0,31}.
 */
#ifndef FRT_SUPPORT_NAME_H
#define FRT_SUPPORT_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define FRT_LOGIN_NAME_MAX 32

bool frt_name_is_canonical(const char *bytes, size_t length);

/* Writes the form under which two names are "the same to somebody": lower case, spaces dropped, full-width letters
 * narrowed, anything else as it is. Always NUL-terminated; cut at `size`. For finding names that collide. */
void frt_name_fold(const char *bytes, size_t length, char *buffer, size_t size);

/* Identifiers of tools, requests, hosts, agencies: [A-Za-z0-9][A-Za-z0-9_.:+-]{0,62}. */
bool frt_identifier_is_valid(const char *text);

#endif
