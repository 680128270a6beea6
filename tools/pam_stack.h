/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reads the service files of a folder as libpam does and says where a line of pam_frt.so cannot be relied on: a control that
 * lets people pass although frtd refused, or a line before it that can end the account stack or jump over it. No module can
 * find that out for itself: it is not called (pam.conf(5)).
 */
#ifndef FRT_TOOLS_PAM_STACK_H
#define FRT_TOOLS_PAM_STACK_H

#include <stdio.h>

struct frt_pam_stack_report {
    unsigned governed; /* account lines of pam_frt.so that name a tool */
    unsigned problems; /* each told on the stream */
};

/* 0, or a negative errno when the service's own file cannot be read; files it includes that cannot be read are problems, as they
 * are to libpam. */
int frt_pam_stack_check(const char *confdir, const char *service, FILE *out,
                        struct frt_pam_stack_report *ret_report);

#endif
