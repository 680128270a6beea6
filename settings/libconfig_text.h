/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading a libconfig file that is trusted by property: one place for owner and mode, size, NUL bytes, syntax
 * errors and the rule that a configuration is one file (@include is refused, so that its digest covers all of
 * it).
 */
#ifndef FRT_SETTINGS_LIBCONFIG_TEXT_H
#define FRT_SETTINGS_LIBCONFIG_TEXT_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>

#include "support/file.h"

#define FRT_CONFIG_TEXT_MAX (1024 * 1024)

/* Reads and parses `path` into `config` (config_init() done by the caller, who also destroys it). 0 or a
 * negative errno with `error` "FILE:LINE: what was expected". `ret_text`, when not NULL, receives the bytes
 * (for their digest); the caller frees them. */
int frt_config_read(const char *path, enum frt_file_trust trust, config_t *config, char **ret_text,
                    size_t *ret_length, char *error, size_t error_size);

/* "FILE:LINE: KEY" of a setting, "FILE:LINE: LIST[2]" of a list's third element; for messages. */
void frt_config_where(const char *path, const config_setting_t *setting, char *buffer, size_t size);

/* True for UTF-8 without control characters: what may come into a message or a record. */
bool frt_config_text_is_clean(const char *text);

#endif
