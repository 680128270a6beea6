/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What Debian's package manager knows, asked through its own programs (dpkg-query(1), dpkg-statoverride(1)): its files are its
 * own business. `root` is "" for this system, or the directory of another one. On a system without dpkg everything is
 * "no package".
 */
#ifndef FRT_CLI_DPKG_H
#define FRT_CLI_DPKG_H

#include <stdbool.h>

#define FRT_DPKG_NAME_MAX 128

/* Runs a program of ours or the system's: argv[0] is an absolute path, the environment is clean. Exit status, or a negative
 * errno. Output goes to `*ret_output` (the caller frees; NULL: thrown away); `quiet`: complaints, too. */
int frt_program_run(char *const argv[], bool quiet, char **ret_output);

/* The package that owns `path` (as dpkg spells it, returned in `ret_path`, which may lack a leading /usr). 0, or -ENOENT. */
int frt_dpkg_owner(const char *root, const char *path, char ret_package[FRT_DPKG_NAME_MAX], char **ret_path);

/* Version of an installed package; NULL: not installed. The caller frees. */
char *frt_dpkg_version(const char *root, const char *package);

/* Paths of an installed package, one a line; NULL: not installed. The caller frees. */
char *frt_dpkg_files(const char *root, const char *package);

/* "user group mode" of the override of `path`; NULL: there is none. The caller frees. */
char *frt_dpkg_override(const char *root, const char *path);

/* Adds or removes an override; nothing on disk but dpkg's own list changes. `what` as above. 0, or -EIO after dpkg's own message. */
int frt_dpkg_override_add(const char *root, const char *what, const char *path);
int frt_dpkg_override_remove(const char *root, const char *path);

#endif
