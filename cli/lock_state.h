/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the second lock was put on and how it was before, kept in a file of root's: written before anything is changed, so that
 * nothing is changed that could not be undone.
 *
 *     {"locks": {"/usr/bin/x": {"tool", "uid", "gid", "mode", "group", "locked_mode", "override", "former_override", "since"}}}
 *
 * `override` is the path under which dpkg-statoverride keeps the lock, absent where no package owns the file.
 */
#ifndef FRT_CLI_LOCK_STATE_H
#define FRT_CLI_LOCK_STATE_H

#include <jansson.h>
#include <sys/stat.h>

struct frt_lock_entry {
    uid_t uid; /* as it was before */
    gid_t gid;
    mode_t mode;
    gid_t group; /* as it is while locked */
    mode_t locked_mode;
};

/* The state, empty when there is no file yet. NULL after a message: unreadable, or not root's alone. The caller decrefs. */
json_t *frt_lock_state_load(const char *path);

/* 0, or a negative errno after a message. */
int frt_lock_state_save(const char *path, const json_t *state);

/* The entries: an object by path. Borrowed. */
json_t *frt_lock_state_entries(const json_t *state);

/* A new entry for a file as it is now, to be put into the state by the caller. */
json_t *frt_lock_entry_new(const char *tool, const struct stat *st, gid_t group);

/* Reads an entry. 0, or -EBADMSG: not one of ours, or modes that no lock ever has. */
int frt_lock_entry_read(const json_t *object, struct frt_lock_entry *ret_entry);

#endif
