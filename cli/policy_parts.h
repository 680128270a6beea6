/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `frt policy show|test|prove`: what the three share (cli/policy_command.c) and where each lives.
 */
#ifndef FRT_CLI_POLICY_PARTS_H
#define FRT_CLI_POLICY_PARTS_H

#include <stdbool.h>

#include "settings/frt_conf.h"
#include "settings/policy_file.h"

#define FRT_POLICY_MAX_FILES 64

struct frt_policy_arguments {
    const char *policy; /* file; NULL: the one frt.conf names */
    const char *config; /* NULL: not given */
    const char *suffix; /* of the directory; NULL: the default */
    const char *directories[FRT_POLICY_MAX_FILES];
    size_t directory_count;
    const char *cases[FRT_POLICY_MAX_FILES];
    size_t case_count;
    bool as_json, verbose;
    struct frt_conf *conf; /* read from `config`; NULL: none */
};

/* Each returns an exit status of cli/commands.h and prints its own errors. */
int frt_policy_show(const struct frt_policy_arguments *arguments);
int frt_policy_prove(const struct frt_policy_arguments *arguments);
int frt_policy_test(const struct frt_policy_arguments *arguments);

#endif
