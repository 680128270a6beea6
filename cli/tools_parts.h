/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What `frt tools` was asked, and its parts: list, and the second lock (lock, unlock, status), which works without any process of
 * ours afterwards: group permission on what is catalogued.
 */
#ifndef FRT_CLI_TOOLS_PARTS_H
#define FRT_CLI_TOOLS_PARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#define FRT_LOCK_STATE "/var/lib/frt/lock.json"
#define FRT_LOCK_GROUP "frt-tools"

struct frt_tools_arguments {
    const char *conf_path, *state_path, *group, *root, *catalogue; /* root: "" for this system */
    char **names;                                                  /* tools; none: all */
    int name_count;
    bool dry_run, as_json;
};

int frt_tools_list(const struct frt_tools_arguments *arguments);
int frt_tools_lock(const struct frt_tools_arguments *arguments);
int frt_tools_unlock(const struct frt_tools_arguments *arguments);
int frt_tools_lock_status(const struct frt_tools_arguments *arguments);

/* The catalogue asked for: from frtd, or from the file given. NULL after a message; the caller decrefs. */
json_t *frt_tools_catalogue(const struct frt_tools_arguments *arguments, int *ret_exit);

/* True when the tool was named on the command line, or none was. */
bool frt_tools_is_named(const struct frt_tools_arguments *arguments, const char *id);

#endif
