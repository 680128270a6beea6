/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Inside of the policy file's reader: what policy_file.c, policy_rules.c and policy_switches.c share. Callers
 * use settings/policy_file.h.
 */
#ifndef FRT_SETTINGS_POLICY_READER_H
#define FRT_SETTINGS_POLICY_READER_H

#include "settings/libconfig_text.h"
#include "settings/policy_file.h"

struct frt_policy_reader {
    const char *path;
    struct frt_policy *policy;
    char *error; /* FRT_POLICY_ERROR_MAX bytes */
    void (*warn)(void *arg, const char *text);
    void *warn_arg;
};

/* A required or optional text of a group: its place, and what it may hold. */
struct frt_policy_text {
    const char *key;
    char **slot;
    size_t max; /* bytes */
    bool optional;
};

/* "FILE:LINE: KEY: expected", into the reader's error; returns -EINVAL. `quoted`, when not NULL, is a text
 * from the file that is shown escaped. */
__attribute__((format(printf, 4, 5))) int frt_policy_complain(const struct frt_policy_reader *reader,
                                                              const config_setting_t *setting,
                                                              const char *quoted, const char *format, ...);
__attribute__((format(printf, 3, 4))) void frt_policy_warn(const struct frt_policy_reader *reader,
                                                           unsigned line, const char *format, ...);

/* Takes `count` texts out of `group`. 0 or a negative errno. */
int frt_policy_take_texts(const struct frt_policy_reader *reader, const config_setting_t *group,
                          const struct frt_policy_text *texts, size_t count);

/* Complains about the first member of `group` that is not one of the NULL-terminated `keys`, and lists them.
 */
int frt_policy_check_keys(const struct frt_policy_reader *reader, const config_setting_t *group,
                          const char *const *keys);

/* Element `i` of a setting that is one text or an array of texts; NULL when it is neither or past the last.
 */
const char *frt_policy_word(const config_setting_t *setting, unsigned i);

/* policy_switches.c: `group` may be NULL (every switch at its default). */
int frt_policy_take_switches(const struct frt_policy_reader *reader, const config_setting_t *group);
/* Whether an only_if group holds for the switches taken before; true for NULL. */
int frt_policy_only_if(const struct frt_policy_reader *reader, const config_setting_t *group,
                       bool *ret_holds);

/* policy_rules.c */
int frt_policy_take_layers(const struct frt_policy_reader *reader, const config_setting_t *list);
int frt_policy_take_nevers(const struct frt_policy_reader *reader, const config_setting_t *list);

#endif
