/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which files are behind the gate. Every catalogued file's inode is marked (so hard links, renames, bind mounts and name spaces
 * lead to the same mark) and its directory too (so a file that is put in its place is seen at its first open, before it
 * has a mark of its own; threats F6).
 *
 *     frt_marks_apply()     a new catalogue
 *     frt_marks_refresh()   look again: after a change in a watched directory, a mount, a tick
 *     frt_marks_step()      a few places at a time, so that openers are answered meanwhile
 *     frt_marks_classify()  the file of an event: which tool, if any
 *
 * The gate opens nothing that is marked: O_PATH descriptors make no events.
 */
#ifndef FRT_GATE_MARKS_H
#define FRT_GATE_MARKS_H

#include <sys/stat.h>

#include "gate/catalogue.h"
#include "gate/scope.h"

/* A directory that is marked, or watched because a catalogued path should appear below it. */
struct frt_marked_directory {
    dev_t dev;
    ino_t ino;
    unsigned place;   /* index in catalogue->places */
    const char *name; /* base name or pattern of one; NULL: everything in it; borrowed from the catalogue */
    char *path;       /* as we see it; NULL: it has none; owned */
};

struct frt_tree;

struct frt_waiting_tree {
    char *path;
    unsigned place;
};

struct frt_marks {
    int group;           /* fanotify */
    bool has_exec_marks; /* whole file systems are asked about programs */
    bool is_wide;        /* and, while marks are made anew, about every open */
    dev_t canary_dev;
    ino_t canary_ino;
    const char *canary; /* path */
    int watch;          /* inotify: poll it, then frt_marks_refresh() */
    int own_files;      /* /proc/self/fd */
    struct frt_gate_scope *scope;
    struct frt_gate_shared *shared;
    struct frt_catalogue *catalogue;          /* owned; NULL before the first */
    struct frt_marked_directory *directories; /* of the last complete look */
    size_t directory_count;
    struct frt_marked_directory *fresh; /* of the look under way */
    size_t fresh_count, next_place;
    struct frt_tree *tree; /* being walked; NULL: none */
    unsigned tree_place;
    struct frt_waiting_tree *waiting;
    size_t waiting_count;
    bool is_looking, was_complete, look_again;
    size_t filesystem_count; /* of the exec group */
    size_t failures;         /* marks the kernel refused at the last look */
    char failure[160];       /* the first of them */
};

int frt_marks_init(struct frt_marks *marks);
void frt_marks_clear(struct frt_marks *marks);

/* Takes `catalogue` over. What was marked and is catalogued no longer loses its mark at its next event. */
void frt_marks_apply(struct frt_marks *marks, struct frt_catalogue *catalogue);

void frt_marks_refresh(struct frt_marks *marks);

/* Goes on with the look under way. True when it is complete: every catalogued object that is present is marked. */
bool frt_marks_step(struct frt_marks *marks);

/* Empties the watch's queue. True when something of ours may have changed. */
bool frt_marks_read_watch(struct frt_marks *marks);

/* What an event is about. `st` is of `fd`; `by_name` also looks where the file stands now (events of the open group). Index of
 * the tool, -1: none. A file found by name is marked by its inode before this returns. */
int frt_marks_classify(struct frt_marks *marks, int fd, const struct statx *st, bool by_name);

/* From now on reads of this file are asked about too. An exec gives nobody a descriptor, and each event costs two process switches;
 * so this is for the first open that a person is allowed, just before it is. 0 or a negative errno. */
int frt_marks_ask_reads(struct frt_marks *marks, int fd);

/* Tells the kernel not to ask about this file again until it is written to, for events like the one in `mask`: only for files
 * that ordinary users cannot write, because stores through a shared mapping do not lift the mark (performance.md D). */
void frt_marks_ignore(struct frt_marks *marks, int fd, const struct statx *st, uint64_t mask);
bool frt_marks_may_ignore(const struct statx *st);

/* Marks one inode for OPEN_PERM only: the canary. `path` is borrowed. */
int frt_marks_add_canary(struct frt_marks *marks, const char *path);
bool frt_marks_is_canary(const struct frt_marks *marks, const struct statx *st);

dev_t frt_statx_dev(const struct statx *st);

#endif
