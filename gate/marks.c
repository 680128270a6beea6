/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/marks.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "gate/inodes.h"
#include "gate/tree.h"
#include "support/cleanup.h"

#define OPEN_MASK (FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM)
#define FULL_MASK (OPEN_MASK | FAN_ACCESS_PERM)
#define WATCH_MASK                                                                                           \
    (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB |       \
     IN_ONLYDIR)
#define MAX_DIRECTORIES (1u << 18)
#define PLACES_A_STEP   4    /* about 0.1 ms; openers wait for no more */
#define ENTRIES_A_STEP  16   /* of a tree, the same */
#define MAX_WATCHES     256  /* of one level of a pattern */
#define MAX_LOOKS       2000 /* into marked directories, for one file: 10 ms */

/* A file this young may be about to be renamed to a catalogued name; an ignore mark would go with it. */
#define SETTLED_S 10

dev_t frt_statx_dev(const struct statx *st)
{
    return makedev(st->stx_dev_major, st->stx_dev_minor);
}

static uint64_t mask_of(const struct frt_marks *marks, unsigned tool)
{
    return marks->catalogue->tools[tool].treatment == FRT_GATE_TREAT_DECIDE ? FULL_MASK : OPEN_MASK;
}

static void note_failure(struct frt_marks *marks, const char *what, int error)
{
    if (marks->failures++ == 0)
        snprintf(marks->failure, sizeof(marks->failure), "%.80s: %.70s", what, strerror(error));
}

static int mark_fd(int group, unsigned flags, uint64_t mask, int fd)
{
    char path[40];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return fanotify_mark(group, flags, mask, AT_FDCWD, path) < 0 ? -errno : 0;
}

/* The ignore mark first: from here on every open is asked about. Reads only when somebody may have a descriptor that others could
 * be given. They are marked all the same, and ignored: whether a descriptor's reads can be asked about at all is settled when it
 * is opened (file_set_fsnotify_mode, from 6.14 on). */
static int mark_inode(struct frt_marks *marks, int fd, const struct statx *st, unsigned tool,
                      const char *path)
{
    int r;

    mark_fd(marks->group, FAN_MARK_REMOVE | FAN_MARK_IGNORE, FULL_MASK, fd);
    r = mark_fd(marks->group, FAN_MARK_ADD, mask_of(marks, tool), fd);
    if (r == 0 && !frt_inodes_asks_reads(marks->shared, st))
        r = mark_fd(marks->group, FAN_MARK_ADD | FAN_MARK_IGNORE, FAN_ACCESS_PERM, fd);
    if (r < 0) {
        note_failure(marks, path, -r);
        return r;
    }
    return frt_inodes_put(marks->shared, st, marks->catalogue->tools[tool].key, path);
}

static int look(int fd, struct statx *st)
{
    return statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, st) < 0 ? -errno : 0;
}

static void add_file(struct frt_marks *marks, int directory, const char *name, unsigned place,
                     const char *path)
{
    frt_auto_close int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct statx st;

    if (fd < 0 || look(fd, &st) < 0 || !S_ISREG(st.stx_mode) ||
        !frt_scope_has(marks->scope, frt_statx_dev(&st)))
        return;
    mark_inode(marks, fd, &st, marks->catalogue->places[place].tool, path);
}

static void free_directories(struct frt_marked_directory *directories, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(directories[i].path);
}

static char *path_of(int fd)
{
    char link[40], path[PATH_MAX];
    ssize_t n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof(path));
    return n > 0 && n < (ssize_t)sizeof(path) && path[0] == '/' ? strndup(path, (size_t)n) : NULL;
}

static int remember_directory(struct frt_marks *marks, int fd, const struct statx *st, unsigned place,
                              const char *name)
{
    size_t n = marks->fresh_count;

    if (n == MAX_DIRECTORIES)
        return -ENOSPC;
    if (n == 0 || (n >= 16 && (n & (n - 1)) == 0)) {
        struct frt_marked_directory *more = realloc(marks->fresh, (n < 16 ? 16 : n * 2) * sizeof(*more));

        if (!more)
            return -ENOMEM;
        marks->fresh = more;
    }
    marks->fresh[marks->fresh_count++] =
        (struct frt_marked_directory){frt_statx_dev(st), st->stx_ino, place, name, path_of(fd)};
    return 0;
}

/* Marks an open directory for its children. */
static int add_directory(struct frt_marks *marks, int fd, unsigned place, const char *name, const char *path)
{
    char link[40];
    struct statx st;
    int r = look(fd, &st);

    if (r < 0 || !S_ISDIR(st.stx_mode) || !frt_scope_has(marks->scope, frt_statx_dev(&st)))
        return r < 0 ? r : -ENOTDIR;
    r = mark_fd(marks->group, FAN_MARK_ADD | FAN_MARK_ONLYDIR,
                mask_of(marks, marks->catalogue->places[place].tool) | FAN_EVENT_ON_CHILD, fd);
    if (r == 0)
        r = remember_directory(marks, fd, &st, place, name);
    if (r < 0)
        note_failure(marks, path, -r);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    inotify_add_watch(marks->watch, link, WATCH_MASK);
    return r;
}

struct tree_context {
    struct frt_marks *marks;
    unsigned place;
};

static void visit_tree(int fd, const char *name, bool is_directory, const char *path, void *arg)
{
    struct tree_context *context = arg;

    if (is_directory)
        add_directory(context->marks, fd, context->place, NULL, path);
    else
        add_file(context->marks, fd, name, context->place, path);
}

/* A whole directory: its turn comes after the places, or before the next one. */
static void add_tree(struct frt_marks *marks, const char *path, unsigned place)
{
    size_t size = (marks->waiting_count + 1) * sizeof(*marks->waiting);
    struct frt_waiting_tree *more = realloc(marks->waiting, size);
    char *copy = strdup(path);

    if (more)
        marks->waiting = more;
    if (more && copy)
        marks->waiting[marks->waiting_count++] = (struct frt_waiting_tree){copy, place};
    else
        note_failure(marks, path, ENOMEM);
    if (!more)
        free(copy);
}

/* False when no tree is left. */
static bool step_tree(struct frt_marks *marks)
{
    struct tree_context context = {marks, marks->tree_place};

    if (!marks->tree && marks->waiting_count > 0) {
        struct frt_waiting_tree next = marks->waiting[--marks->waiting_count];

        marks->tree = frt_tree_open(next.path);
        marks->tree_place = context.place = next.place;
        free(next.path);
    }
    for (int i = 0; marks->tree && i < ENTRIES_A_STEP; i++) {
        if (frt_tree_next(marks->tree, visit_tree, &context))
            continue;
        frt_tree_close(marks->tree);
        marks->tree = NULL;
    }
    return marks->tree || marks->waiting_count > 0;
}

static void drop_trees(struct frt_marks *marks)
{
    frt_tree_close(marks->tree);
    marks->tree = NULL;
    while (marks->waiting_count > 0)
        free(marks->waiting[--marks->waiting_count].path);
    free(marks->waiting);
    marks->waiting = NULL;
}

/* False when there is no such directory. */
static bool watch_existing(struct frt_marks *marks, const char *path)
{
    struct statx st;

    if (statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &st) < 0)
        return false;
    if (frt_scope_has(marks->scope, frt_statx_dev(&st)))
        inotify_add_watch(marks->watch, path, WATCH_MASK);
    return true;
}

/* Nothing stands there yet: watch the deepest directory that exists, to look again when it changes. */
static void watch_ancestor(struct frt_marks *marks, const char *path)
{
    char part[PATH_MAX];
    char *slash;

    snprintf(part, sizeof(part), "%s", path);
    while ((slash = strrchr(part, '/')) && slash != part) {
        *slash = '\0';
        if (watch_existing(marks, part))
            return;
    }
}

/* One existing or expected path: its directory, then the file (or the whole directory) itself. */
static void add_path(struct frt_marks *marks, const char *path, unsigned place, const char *name)
{
    frt_auto_close int directory = -1;
    const char *slash = strrchr(path, '/');
    char parent[PATH_MAX];
    struct statx st;

    if (!slash || (size_t)(slash - path) >= sizeof(parent))
        return;
    snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
    directory = open(slash == path ? "/" : parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 || look(directory, &st) < 0 || !frt_scope_has(marks->scope, frt_statx_dev(&st))) {
        watch_ancestor(marks, path);
        return;
    }
    add_directory(marks, directory, place, name, path);
    if (statx(directory, slash + 1, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &st) < 0)
        return;
    if (S_ISDIR(st.stx_mode)) {
        add_tree(marks, path, place);
        return;
    }
    add_file(marks, directory, slash + 1, place, path);
}

/* A name that is a link stands for what it leads to, too, and stays a name of its own. */
static void add_literal(struct frt_marks *marks, unsigned place)
{
    const char *path = marks->catalogue->places[place].text;
    frt_auto_free char *real = realpath(path, NULL);

    add_path(marks, path, place, strrchr(path, '/') + 1);
    if (real && strcmp(real, path) != 0 &&
        frt_catalogue_add_path(marks->catalogue, marks->catalogue->places[place].tool, real) < 0)
        note_failure(marks, path, ENOMEM);
}

/* Directories that may come to match: every level below the first wildcard is watched, for some people have it and others do
 * not yet. */
static void watch_levels(struct frt_marks *marks, const char *pattern)
{
    size_t literal = strcspn(pattern, "*?[");
    char prefix[PATH_MAX];
    char *slash;

    snprintf(prefix, sizeof(prefix), "%s", pattern);
    while ((slash = strrchr(prefix, '/')) && slash != prefix) {
        glob_t found = {0};

        *slash = '\0';
        if (glob(prefix, GLOB_NOSORT | GLOB_ONLYDIR, NULL, &found) == 0)
            for (size_t i = 0; i < found.gl_pathc && i < MAX_WATCHES; i++)
                watch_existing(marks, found.gl_pathv[i]);
        globfree(&found);
        if (strlen(prefix) <= literal)
            break;
    }
    watch_ancestor(marks, prefix);
}

static void add_pattern(struct frt_marks *marks, unsigned place)
{
    const char *pattern = marks->catalogue->places[place].text, *slash = strrchr(pattern, '/');
    char parent[PATH_MAX];
    glob_t found = {0};

    snprintf(parent, sizeof(parent), "%.*s", (int)(slash - pattern), pattern);
    if (glob(parent, GLOB_NOSORT | GLOB_ONLYDIR, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++) {
            frt_auto_close int fd = open(found.gl_pathv[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

            if (fd >= 0)
                add_directory(marks, fd, place, slash + 1, found.gl_pathv[i]);
        }
    watch_levels(marks, pattern);
    globfree(&found);
    memset(&found, 0, sizeof(found));
    if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            add_path(marks, found.gl_pathv[i], place, slash + 1);
    globfree(&found);
}

/* From 6.5 on the kernel makes events for the file below an overlay's file, too. Then the file systems below tell of programs run
 * through overlays, and an overlay itself must not be marked: making the event's descriptor opens the file below, which
 * is an event of its own for the very reader that waits for it. Before 6.5 only the overlay tells. */
static bool kernel_sees_below_overlays(void)
{
    unsigned major = 0, minor = 0;
    struct utsname name;

    return uname(&name) == 0 && sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
           (major > 6 || (major == 6 && minor >= 5));
}

/* Each file system, asked about programs only; its root may be any of its mount points. */
static void mark_filesystems(struct frt_marks *marks, unsigned flags, uint64_t mask)
{
    marks->filesystem_count = 0;
    for (size_t i = 0; i < marks->scope->mount_count; i++) {
        const char *path = marks->scope->mounts[i].path;

        if (strcmp(marks->scope->mounts[i].type, "overlay") == 0 && kernel_sees_below_overlays())
            continue;
        if (fanotify_mark(marks->group, flags | FAN_MARK_FILESYSTEM, mask, AT_FDCWD, path) == 0)
            marks->filesystem_count++;
        else if (flags == FAN_MARK_ADD)
            note_failure(marks, path, errno);
    }
}

static void add_filesystems(struct frt_marks *marks)
{
    if (marks->has_exec_marks)
        mark_filesystems(marks, FAN_MARK_ADD, FAN_OPEN_EXEC_PERM);
}

static bool has_same_contents(const struct frt_catalogue *a, const struct frt_catalogue *b)
{
    if (a->digest_count != b->digest_count || a->size_count != b->size_count)
        return false;
    for (size_t i = 0; i < a->digest_count; i++)
        if (memcmp(a->digests[i].sha256, b->digests[i].sha256, 32) != 0)
            return false;
    return a->size_count == 0 || memcmp(a->sizes, b->sizes, a->size_count * sizeof(*a->sizes)) == 0;
}

/* What was passed by its contents may be catalogued now, and ignore marks cannot be listed. So all inode marks go and are made
 * anew; until they are, every open on these file systems is asked about, so nothing is unguarded meanwhile. */
static void forget_ignored(struct frt_marks *marks)
{
    if (!marks->has_exec_marks)
        return;
    mark_filesystems(marks, FAN_MARK_ADD, FULL_MASK);
    marks->is_wide = true;
    fanotify_mark(marks->group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
    frt_marks_add_canary(marks, marks->canary);
}

void frt_marks_refresh(struct frt_marks *marks)
{
    if (marks->is_looking) {
        marks->look_again = true;
        return;
    }
    marks->is_looking = marks->catalogue != NULL;
    marks->look_again = false;
    marks->next_place = 0;
    free_directories(marks->fresh, marks->fresh_count);
    marks->fresh_count = 0;
    marks->failures = 0;
    marks->failure[0] = '\0';
    if (marks->is_looking)
        add_filesystems(marks);
}

static int by_place(const void *a, const void *b)
{
    const struct frt_marked_directory *x = a, *y = b;

    if (x->dev != y->dev)
        return x->dev < y->dev ? -1 : 1;
    return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static void finish_look(struct frt_marks *marks)
{
    if (marks->fresh_count)
        qsort(marks->fresh, marks->fresh_count, sizeof(*marks->fresh), by_place);
    free_directories(marks->directories, marks->directory_count);
    free(marks->directories);
    marks->directories = marks->fresh;
    marks->directory_count = marks->fresh_count;
    marks->fresh = NULL;
    marks->fresh_count = 0;
    marks->is_looking = false;
    marks->was_complete = true;
    /* Also what a worker that died in between has left. */
    mark_filesystems(marks, FAN_MARK_REMOVE, FAN_OPEN_PERM | FAN_ACCESS_PERM);
    add_filesystems(marks);
    marks->is_wide = false;
}

bool frt_marks_step(struct frt_marks *marks)
{
    const struct frt_catalogue *c = marks->catalogue;

    if (marks->is_looking && step_tree(marks))
        return false;
    for (int i = 0; marks->is_looking && i < PLACES_A_STEP && marks->waiting_count == 0; i++) {
        unsigned place = (unsigned)marks->next_place;

        if (marks->next_place == c->place_count) {
            finish_look(marks);
            break;
        }
        marks->next_place++;
        if (c->places[place].kind == FRT_GATE_ITEM_PATH)
            add_literal(marks, place);
        if (c->places[place].kind == FRT_GATE_ITEM_PATTERN)
            add_pattern(marks, place);
    }
    if (!marks->is_looking && marks->look_again)
        frt_marks_refresh(marks);
    return !marks->is_looking;
}

int frt_marks_init(struct frt_marks *marks)
{
    marks->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    marks->own_files = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return marks->watch < 0 || marks->own_files < 0 ? -errno : 0;
}

void frt_marks_clear(struct frt_marks *marks)
{
    frt_catalogue_free(marks->catalogue);
    marks->catalogue = NULL;
    free_directories(marks->directories, marks->directory_count);
    free_directories(marks->fresh, marks->fresh_count);
    free(marks->directories);
    free(marks->fresh);
    marks->directories = marks->fresh = NULL;
    marks->directory_count = marks->fresh_count = 0;
    drop_trees(marks);
    close(marks->watch);
    close(marks->own_files);
}

void frt_marks_apply(struct frt_marks *marks, struct frt_catalogue *catalogue)
{
    struct frt_catalogue *old = marks->catalogue;

    marks->catalogue = catalogue;
    if (old && !has_same_contents(old, catalogue))
        forget_ignored(marks);
    free_directories(marks->directories, marks->directory_count);
    marks->directory_count = 0; /* they borrow from the old one */
    drop_trees(marks);
    marks->was_complete = marks->is_looking = false;
    frt_catalogue_free(old);
    frt_marks_refresh(marks);
}

bool frt_marks_read_watch(struct frt_marks *marks)
{
    char buffer[4096] __attribute__((aligned(8)));
    bool any = false;

    while (read(marks->watch, buffer, sizeof(buffer)) > 0)
        any = true;
    return any;
}

/* fnmatch(3) takes its time; most names differ in the first letter. */
static bool matches(const char *pattern, const char *name)
{
    return (pattern[0] == name[0] || strchr("*?[\\", pattern[0])) && fnmatch(pattern, name, 0) == 0;
}

static bool is_named(const struct frt_marks *marks, const struct frt_marked_directory *d, const char *base)
{
    if (!d->name)
        return true;
    if (marks->catalogue->places[d->place].kind == FRT_GATE_ITEM_PATH)
        return strcmp(d->name, base) == 0;
    return matches(d->name, base);
}

/* First entry that does not come before this directory; `ino` 0: before this file system. */
static size_t first_place(const struct frt_marks *marks, dev_t dev, ino_t ino)
{
    struct frt_marked_directory key = {.dev = dev, .ino = ino};
    size_t low = 0, high = marks->directory_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (by_place(&marks->directories[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct frt_marked_directory *next_place(const struct frt_marks *marks, size_t *i, dev_t dev,
                                                     ino_t ino, const char *base)
{
    for (; *i < marks->directory_count; (*i)++) {
        const struct frt_marked_directory *d = &marks->directories[*i];

        if (d->dev != dev || (ino != 0 && d->ino != ino))
            return NULL;
        if (is_named(marks, d, base))
            return d;
    }
    return NULL;
}

static int by_model_name(const struct frt_marks *marks, const char *base)
{
    for (size_t i = 0; i < marks->catalogue->place_count; i++) {
        const struct frt_gate_place *place = &marks->catalogue->places[i];

        if (place->kind == FRT_GATE_ITEM_MODEL_FILE && matches(place->text, base))
            return (int)place->tool;
    }
    return -1;
}

static bool is_file(const char *path, dev_t dev, ino_t ino)
{
    struct statx st;

    return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &st) == 0 && st.stx_ino == ino &&
           frt_statx_dev(&st) == dev;
}

/* Does this directory hold the file under that name? One we cannot ask about, or no longer, does: a wrong denial is better than
 * a way in. */
static bool holds(const struct frt_marked_directory *d, const struct statx *st, const char *base,
                  unsigned *looked)
{
    char path[PATH_MAX];

    if (!d->path || ++*looked > MAX_LOOKS || !is_file(d->path, d->dev, d->ino))
        return true;
    return snprintf(path, sizeof(path), "%s/%s", d->path, base) >= (int)sizeof(path) ||
           is_file(path, frt_statx_dev(st), st->stx_ino);
}

/* The most restrictive tool that claims the name. `ino` 0: the directory is not known (a file below an overlay, a path of another
 * name space), so each marked one on this file system is looked into. */
static int by_directory(const struct frt_marks *marks, const struct statx *st, ino_t ino, const char *base)
{
    const struct frt_marked_directory *d;
    dev_t dev = frt_statx_dev(st);
    unsigned looked = 0;
    int found = -1;

    for (size_t i = first_place(marks, dev, ino); (d = next_place(marks, &i, dev, ino, base)); i++) {
        unsigned tool = marks->catalogue->places[d->place].tool;

        if (ino == 0 && !holds(d, st, base, &looked))
            continue;
        if (found < 0 || marks->catalogue->tools[tool].treatment == FRT_GATE_TREAT_DECIDE)
            found = (int)tool;
    }
    return found >= 0 ? found : by_model_name(marks, base);
}

/* Before the first look is complete: the path as the catalogue writes it, or below a catalogued directory. */
static bool is_at(const struct frt_gate_place *place, const char *path)
{
    size_t n = strlen(place->text);

    if (place->kind == FRT_GATE_ITEM_PATTERN)
        return fnmatch(place->text, path, FNM_PATHNAME) == 0;
    return place->kind == FRT_GATE_ITEM_PATH && strncmp(place->text, path, n) == 0 &&
           (path[n] == '\0' || path[n] == '/');
}

/* Only the name, for a file that was put in a catalogued place and is reached through another: one question too many, for a moment,
 * is better than a way in. A pattern of wildcards only would be everything. */
static bool is_called(const struct frt_gate_place *place, const char *base)
{
    const char *last = strrchr(place->text, '/');

    if (!last || place->kind == FRT_GATE_ITEM_MODEL_FILE)
        return false;
    if (place->kind == FRT_GATE_ITEM_PATH)
        return strcmp(last + 1, base) == 0;
    return last[1 + strspn(last + 1, "*?")] != '\0' && matches(last + 1, base);
}

static int by_path(const struct frt_marks *marks, const char *path, const char *base, bool *ret_sure)
{
    const struct frt_catalogue *c = marks->catalogue;

    *ret_sure = true;
    for (size_t i = 0; i < c->place_count; i++)
        if (is_at(&c->places[i], path))
            return (int)c->places[i].tool;
    *ret_sure = false;
    for (size_t i = 0; i < c->place_count; i++)
        if (c->tools[c->places[i].tool].treatment == FRT_GATE_TREAT_DECIDE && is_called(&c->places[i], base))
            return (int)c->places[i].tool;
    return -1;
}

static int classify_by_name(struct frt_marks *marks, int fd, const struct statx *st, char *path, size_t size,
                            bool *ret_sure)
{
    struct statx at_path, parent;
    char number[16];
    char *base;
    ssize_t n;
    size_t i;
    int tool;

    snprintf(number, sizeof(number), "%d", fd);
    n = readlinkat(marks->own_files, number, path, size - 1);
    if (n <= 0)
        return -1;
    path[n] = '\0';
    base = strrchr(path, '/');
    if (!base)
        return -1;
    /* No marked directory of this file system has a place for the name: nearly every program. */
    i = first_place(marks, frt_statx_dev(st), 0);
    if (marks->was_complete && !next_place(marks, &i, frt_statx_dev(st), 0, base + 1))
        return by_model_name(marks, base + 1);
    /* Is this path, for us, really this file? Then its directory is known. */
    if (path[0] == '/' && statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &at_path) == 0 &&
        at_path.stx_ino == st->stx_ino && frt_statx_dev(&at_path) == frt_statx_dev(st)) {
        *base = '\0';
        if (statx(AT_FDCWD, base == path ? "/" : path, 0, STATX_BASIC_STATS, &parent) < 0)
            parent.stx_ino = 0;
        *base = '/';
        tool = by_directory(marks, st, parent.stx_ino, base + 1);
    } else {
        tool = by_directory(marks, st, 0, base + 1);
    }
    return tool < 0 && !marks->was_complete ? by_path(marks, path, base + 1, ret_sure) : tool;
}

int frt_marks_classify(struct frt_marks *marks, int fd, const struct statx *st, bool by_name)
{
    const struct frt_shared_inode *known;
    char path[PATH_MAX];
    bool sure = true;
    int tool;

    if (!marks->catalogue)
        return -1;
    known = frt_inodes_find(marks->shared, st);
    tool = known ? frt_catalogue_find(marks->catalogue, known->tool) : -1;
    if (tool >= 0 || !by_name)
        return tool;
    if (known) { /* catalogued no longer */
        mark_fd(marks->group, FAN_MARK_REMOVE, FULL_MASK, fd);
        frt_inodes_remove(marks->shared, st);
    }
    if (!S_ISREG(st->stx_mode))
        return -1;
    tool = classify_by_name(marks, fd, st, path, sizeof(path), &sure);
    if (tool >= 0 && sure)
        mark_inode(marks, fd, st, (unsigned)tool, path);
    return tool;
}

int frt_marks_ask_reads(struct frt_marks *marks, int fd)
{
    struct statx st;
    int r = look(fd, &st);

    if (r < 0 || frt_inodes_asks_reads(marks->shared, &st))
        return r;
    r = mark_fd(marks->group, FAN_MARK_REMOVE | FAN_MARK_IGNORE, FAN_ACCESS_PERM, fd);
    if (r == 0)
        frt_inodes_ask_reads(marks->shared, &st);
    return r;
}

bool frt_marks_may_ignore(const struct statx *st)
{
    return S_ISREG(st->stx_mode) && st->stx_uid == 0 && !(st->stx_mode & S_IWOTH) &&
           (st->stx_gid == 0 || !(st->stx_mode & S_IWGRP));
}

void frt_marks_ignore(struct frt_marks *marks, int fd, const struct statx *st, uint64_t mask)
{
    struct timespec now;

    if (!frt_marks_may_ignore(st) || marks->is_wide || !marks->was_complete)
        return;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (!(mask & FAN_OPEN_EXEC_PERM) && now.tv_sec - st->stx_ctime.tv_sec < SETTLED_S)
        return;
    fanotify_mark(marks->group, FAN_MARK_ADD | FAN_MARK_IGNORE,
                  mask & FAN_OPEN_EXEC_PERM ? FAN_OPEN_EXEC_PERM : FAN_OPEN_PERM | FAN_ACCESS_PERM, fd, NULL);
}

int frt_marks_add_canary(struct frt_marks *marks, const char *path)
{
    struct stat st;

    if (lstat(path, &st) < 0)
        return -errno;
    if (!frt_scope_has(marks->scope, st.st_dev))
        return -EXDEV;
    marks->canary = path;
    marks->canary_dev = st.st_dev;
    marks->canary_ino = st.st_ino;
    return fanotify_mark(marks->group, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, path) < 0 ? -errno : 0;
}

bool frt_marks_is_canary(const struct frt_marks *marks, const struct statx *st)
{
    return st->stx_ino == marks->canary_ino && frt_statx_dev(st) == marks->canary_dev;
}
