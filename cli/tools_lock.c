/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/catalogue.h"
#include "cli/commands.h"
#include "cli/dpkg.h"
#include "cli/lock_find.h"
#include "cli/lock_state.h"
#include "cli/tools_parts.h"
#include "support/cleanup.h"
#include "support/percent.h"

struct work {
    const struct frt_tools_arguments *arguments;
    char *root; /* "" for this system */
    int root_fd;
    gid_t group;
    json_t *state;
    const char *tool; /* being worked on */
    int changed, shut, open, failed;
};

static void say(const struct work *work, const char *word, const char *path, const char *more)
{
    char shown[3 * PATH_MAX];

    frt_percent_encode(path, strlen(path), shown, sizeof(shown));
    printf("%-10s %-20s %s%s%s\n", word, work->tool, shown, more[0] ? ": " : "", more);
}

static bool find_group(const char *name, gid_t *ret_gid)
{
    const struct group *group;
    char *end;
    unsigned long number;

    if (name[0] != '#') {
        group = getgrnam(name);
        if (group)
            *ret_gid = group->gr_gid;
        else
            fprintf(stderr,
                    "frt: there is no group '%s'; make it (groupadd --system %s), or give --group NAME or "
                    "#NUMBER\n",
                    name, name);
        return group != NULL;
    }
    number = strtoul(name + 1, &end, 10);
    *ret_gid = (gid_t)number;
    if (name[1] == '\0' || *end || number == 0 || number >= UINT32_MAX)
        fprintf(stderr, "frt: --group %s: expected a name or # and a number above 0\n", name);
    else
        return true;
    return false;
}

static void work_close(struct work *work)
{
    free(work->root);
    json_decref(work->state);
    if (work->root_fd >= 0)
        close(work->root_fd);
}

static bool work_open(struct work *work, const struct frt_tools_arguments *arguments)
{
    *work = (struct work){.arguments = arguments, .root_fd = -1};
    if (geteuid() != 0) {
        fputs("frt: only root can change who may use a tool, or see all of it\n", stderr);
        return false;
    }
    work->root = arguments->root[0] ? realpath(arguments->root, NULL) : strdup("");
    if (work->root && strcmp(work->root, "/") == 0)
        work->root[0] = '\0';
    if (work->root)
        work->root_fd = open(work->root[0] ? work->root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (work->root_fd < 0)
        fprintf(stderr, "frt: --root %s: %s\n", arguments->root, strerror(errno));
    else
        work->state = frt_lock_state_load(arguments->state_path);
    return work->state != NULL;
}

static int save(const struct work *work)
{
    return frt_lock_state_save(work->arguments->state_path, work->state);
}

/* Everybody may use what the policy exempts, and components are part of everything: a group would keep the wrong people out. */
static bool is_lockable(const json_t *tool)
{
    return strcmp(frt_cli_text(tool, "class"), "face-surveillance") == 0 &&
           strcmp(frt_cli_text(tool, "action"), "decide") == 0;
}

static void visit_tools(struct work *work, const json_t *tools, const struct frt_lock_visitor *visitor)
{
    const json_t *tool;
    size_t i;

    json_array_foreach(tools, i, tool)
    {
        work->tool = frt_cli_text(tool, "id");
        if (!frt_tools_is_named(work->arguments, work->tool))
            continue;
        if (is_lockable(tool)) {
            int n = frt_lock_find(tool, work->root, work->root_fd, visitor);

            if (n <= 0 && work->arguments->name_count > 0)
                say(work, "absent", "", "nothing of it was found by path, pattern or package");
        } else if (work->arguments->name_count > 0) {
            say(work, "left", "",
                "only face surveillance tools that are decided on are locked; exemptions are for everybody");
        }
    }
}

/* ---- lock ---- */

static void keep_through_upgrades(const struct work *work, const char *path, json_t *entry)
{
    frt_auto_free char *spelled = NULL, *former = NULL;
    char package[FRT_DPKG_NAME_MAX];

    if (frt_dpkg_owner(work->root, path, package, &spelled) < 0)
        return;
    former = frt_dpkg_override(work->root, spelled);
    json_object_set_new(entry, "package", json_string(package));
    json_object_set_new(entry, "override", json_string(spelled));
    if (former)
        json_object_set_new(entry, "former_override", json_string(former));
}

/* Sets dpkg's override to what the entry wants, unless it says so already. */
static int set_override(const struct work *work, const json_t *entry, const struct frt_lock_entry *values)
{
    const char *path = frt_cli_text(entry, "override");
    frt_auto_free char *now = path[0] ? frt_dpkg_override(work->root, path) : NULL;
    char by_number[64], by_name[96];
    const struct group *group = getgrgid(values->group);

    if (!path[0])
        return 0;
    snprintf(by_number, sizeof(by_number), "root #%u %04o", values->group, values->locked_mode);
    snprintf(by_name, sizeof(by_name), "root %.40s %o", group ? group->gr_name : "-", values->locked_mode);
    if (now && (strcmp(now, by_number) == 0 || strcmp(now, by_name) == 0))
        return 0;
    if (now && frt_dpkg_override_remove(work->root, path) < 0)
        return -EIO;
    return frt_dpkg_override_add(work->root, by_number, path);
}

static bool is_shut(const struct stat *st, const struct frt_lock_entry *entry)
{
    return st->st_uid == 0 && st->st_gid == entry->group && (st->st_mode & 07777) == entry->locked_mode;
}

static void lock_failed(struct work *work, const char *path, const char *why)
{
    say(work, "FAILED", path, why);
    work->failed++;
}

/* A file that was put in the place of a locked one and lets everybody in: what it is now is what to give back. */
static void note_replacement(json_t *entry, const struct work *work, const struct stat *st)
{
    json_t *fresh = st->st_mode & 07 ? frt_lock_entry_new(work->tool, st, work->group) : NULL;

    json_object_update_existing(entry, fresh);
    json_decref(fresh);
    json_object_set_new(entry, "group", json_integer(work->group));
}

/* Writes down how the file was, then changes it. */
static void lock_file(struct work *work, const struct frt_lock_file *file)
{
    json_t *entries = frt_lock_state_entries(work->state), *entry = json_object_get(entries, file->path);
    struct frt_lock_entry values;
    int r;

    if (entry) {
        note_replacement(entry, work, &file->st);
    } else {
        entry = frt_lock_entry_new(work->tool, &file->st, work->group);
        keep_through_upgrades(work, file->path, entry);
        if (json_object_set_new(entries, file->path, entry) < 0) {
            lock_failed(work, file->path, "its name is no UTF-8 text");
            return;
        }
    }
    if (save(work) < 0 || frt_lock_entry_read(entry, &values) < 0) {
        lock_failed(work, file->path, "what it was before could not be written down");
        return;
    }
    r = frt_lock_file_shut(file, values.group, values.locked_mode);
    if (r < 0)
        lock_failed(work, file->path, strerror(-r));
    else if (set_override(work, entry, &values) < 0)
        lock_failed(work, file->path,
                    "locked, but dpkg-statoverride did not take it: an upgrade would open it");
}

static void visit_to_lock(const struct frt_lock_file *file, const char *why, void *arg)
{
    struct work *work = arg;
    const json_t *entry = json_object_get(frt_lock_state_entries(work->state), file->path);
    struct frt_lock_entry values;
    char note[64] = "";

    if (why) {
        lock_failed(work, file->path, why);
        return;
    }
    if (entry && frt_lock_entry_read(entry, &values) == 0 && values.group == work->group &&
        is_shut(&file->st, &values)) {
        work->shut++;
        if (!work->arguments->dry_run && set_override(work, entry, &values) < 0)
            lock_failed(work, file->path,
                        "locked, but dpkg-statoverride did not take it: an upgrade would open it");
        return;
    }
    if (file->st.st_nlink > 1)
        snprintf(note, sizeof(note), "%lu names (hard links), all locked with it",
                 (unsigned long)file->st.st_nlink);
    say(work, work->arguments->dry_run ? "would lock" : "locked", file->path, note);
    work->changed++;
    if (!work->arguments->dry_run)
        lock_file(work, file);
}

int frt_tools_lock(const struct frt_tools_arguments *arguments)
{
    struct work work;
    const struct frt_lock_visitor visitor = {visit_to_lock, &work};
    json_t *tools = NULL;
    int code = FRT_EXIT_USAGE;

    if (work_open(&work, arguments) && find_group(arguments->group, &work.group))
        tools = frt_tools_catalogue(arguments, &code);
    if (tools) {
        visit_tools(&work, tools, &visitor);
        printf("%d files %s, %d were locked already, %d cannot be\n", work.changed,
               arguments->dry_run ? "would be locked" : "locked", work.shut, work.failed);
        code = work.failed || (arguments->dry_run && work.changed) ? FRT_EXIT_NO : FRT_EXIT_YES;
        json_decref(tools);
    }
    work_close(&work);
    return code;
}

/* ---- unlock ---- */

static int give_back_override(const struct work *work, const json_t *entry)
{
    const char *path = frt_cli_text(entry, "override"), *former = frt_cli_text(entry, "former_override");
    frt_auto_free char *now = path[0] ? frt_dpkg_override(work->root, path) : NULL;

    if (now && frt_dpkg_override_remove(work->root, path) < 0)
        return -EIO;
    return path[0] && former[0] ? frt_dpkg_override_add(work->root, former, path) : 0;
}

/* 0: the file is as it was before, or gone. */
static int unlock_one(struct work *work, const char *path, const json_t *entry)
{
    struct frt_lock_entry values;
    struct frt_lock_file file;
    const char *why = "its entry in the state file is damaged";
    int r = frt_lock_entry_read(entry, &values);

    if (r == 0)
        r = frt_lock_file_open(work->root_fd, path, &file, &why);
    if (r == -ENOENT) {
        say(work, "gone", path, "");
        return work->arguments->dry_run ? 0 : give_back_override(work, entry);
    }
    if (r != 0) {
        lock_failed(work, path,
                    r < 0 && r != -EBADMSG ? strerror(-r)
                    : r == 1               ? "it is a directory now"
                                           : why);
        return -EPERM;
    }
    say(work, work->arguments->dry_run ? "would open" : "unlocked", path, "");
    if (!work->arguments->dry_run) {
        r = give_back_override(work, entry);
        if (r == 0)
            r = frt_lock_file_restore(&file, values.uid, values.gid, values.mode);
        if (r < 0)
            lock_failed(work, path, strerror(-r));
    }
    frt_lock_file_close(&file);
    return r;
}

int frt_tools_unlock(const struct frt_tools_arguments *arguments)
{
    struct work work;
    json_t *entries, *entry, *copy;
    const char *path;
    int code = FRT_EXIT_USAGE;

    if (work_open(&work, arguments)) {
        entries = frt_lock_state_entries(work.state);
        copy = json_copy(entries);
        json_object_foreach(copy, path, entry)
        {
            work.tool = frt_cli_text(entry, "tool");
            if (!frt_tools_is_named(arguments, work.tool) || unlock_one(&work, path, entry) < 0)
                continue;
            work.changed++;
            if (arguments->dry_run)
                continue;
            json_object_del(entries, path);
            if (save(&work) < 0)
                work.failed++;
        }
        json_decref(copy);
        printf("%d files %s, %d could not be\n", work.changed,
               arguments->dry_run ? "would be unlocked" : "unlocked", work.failed);
        code = work.failed ? FRT_EXIT_NO : FRT_EXIT_YES;
    }
    work_close(&work);
    return code;
}

/* ---- status ---- */

static void report_drift(struct work *work, const struct frt_lock_file *file,
                         const struct frt_lock_entry *entry)
{
    char text[128];

    snprintf(text, sizeof(text), "is %u:%u %04o, was locked as 0:%u %04o", file->st.st_uid, file->st.st_gid,
             file->st.st_mode & 07777, entry->group, entry->locked_mode);
    say(work, "CHANGED", file->path, text);
    work->open++;
}

static void status_one(const struct frt_lock_file *file, const char *why, void *arg)
{
    struct work *work = arg;
    const json_t *entry = json_object_get(frt_lock_state_entries(work->state), file->path);
    frt_auto_free char *override = NULL;
    struct frt_lock_entry values;

    if (why || !entry || frt_lock_entry_read(entry, &values) < 0) {
        say(work, "OPEN", file->path, why ? why : "not locked; frt tools lock");
        work->open++;
        return;
    }
    if (!is_shut(&file->st, &values)) {
        report_drift(work, file, &values);
        return;
    }
    if (frt_cli_text(entry, "override")[0]) {
        override = frt_dpkg_override(work->root, frt_cli_text(entry, "override"));
        if (!override) {
            say(work, "CHANGED", file->path,
                "dpkg-statoverride no longer keeps it: an upgrade would open it");
            work->open++;
            return;
        }
    }
    say(work, "locked", file->path, frt_cli_text(entry, "package"));
    work->shut++;
}

static void report_gone(struct work *work)
{
    json_t *entry;
    const char *path;

    json_object_foreach(frt_lock_state_entries(work->state), path, entry)
    {
        struct stat st;

        work->tool = frt_cli_text(entry, "tool");
        if (frt_tools_is_named(work->arguments, work->tool) &&
            fstatat(work->root_fd, path + 1, &st, AT_SYMLINK_NOFOLLOW) < 0)
            say(work, "gone", path, "frt tools unlock forgets it");
    }
}

int frt_tools_lock_status(const struct frt_tools_arguments *arguments)
{
    struct work work;
    const struct frt_lock_visitor visitor = {status_one, &work};
    json_t *tools = NULL;
    int code = FRT_EXIT_USAGE;

    if (work_open(&work, arguments))
        tools = frt_tools_catalogue(arguments, &code);
    if (tools) {
        visit_tools(&work, tools, &visitor);
        report_gone(&work);
        printf("%d files locked, %d not\n", work.shut, work.open);
        code = work.open ? FRT_EXIT_NO : FRT_EXIT_YES;
        json_decref(tools);
    }
    work_close(&work);
    return code;
}
