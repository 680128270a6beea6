/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What apt tells a DPkg::Pre-Install-Pkgs command, version 3 (apt.conf(5)): "VERSION 3", its configuration up to an empty line,
 * then a line for each step, of which those that unpack something matter here:
 *
 *     NAME OLD-VERSION OLD-ARCH OLD-MULTIARCH DIRECTION VERSION ARCH MULTIARCH /path/to.deb
 */
#ifndef FRT_CLI_APT_LINES_H
#define FRT_CLI_APT_LINES_H

#include <stdbool.h>

#define FRT_APT_WORD_MAX 256

struct frt_apt_step {
    char package[FRT_APT_WORD_MAX], version[FRT_APT_WORD_MAX];
};

/* True when `line` unpacks a package, without its newline. The line is changed. */
bool frt_apt_line_parse(char *line, struct frt_apt_step *ret_step);

/* True for the line that begins such a list. */
bool frt_apt_version_is_ours(const char *line);

#endif
