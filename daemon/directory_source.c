/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where the view comes from: LDIF files, or frt-replica. What the replica tells of changes goes into the trail: an auditor asks
 * who changed a role before asking what followed from it (evidence record E4).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/gate_port.h"
#include "directory/ldif.h"
#include "directory/replica_process.h"
#include "protocol/client.h"
#include "support/journal.h"

int frt_directory_load_files(const struct frt_conf *conf, struct frt_view **ret_view, char *error,
                             size_t error_size)
{
    char ldif_error[FRT_LDIF_ERROR_MAX] = "the directory's layout (suffix, people, ...) cannot be used";
    struct frt_view *view = NULL;
    int r = frt_conf_new_view(conf, &view);

    if (r == 0)
        frt_view_refresh_begin(view);
    for (size_t i = 0; r == 0 && conf->directory.ldif[i]; i++)
        r = frt_ldif_load_trusted(conf->directory.ldif[i], view, ldif_error);
    if (r < 0) {
        snprintf(error, error_size, "%s", ldif_error);
        frt_view_free(view);
        return r;
    }
    frt_view_refresh_end(view);
    frt_view_confirm(view, "", frt_boot_ms());
    *ret_view = view;
    return 0;
}

/* Files cannot go stale under us; a replica's lease can. */
enum frt_view_state frt_directory_state(const struct frt_daemon *daemon)
{
    int64_t max_age_ms = daemon->feed ? (int64_t)daemon->conf->max_view_age_s * 1000 : INT64_MAX;

    return frt_view_state(daemon->view, frt_boot_ms(), max_age_ms);
}

static int open_replica(struct frt_daemon *daemon)
{
    char error[FRT_REPLICA_ERROR_MAX] = "";
    int r = frt_conf_new_view(daemon->conf, &daemon->view);

    if (r == 0)
        r = frt_replica_feed_new(&daemon->feed);
    if (r == 0)
        r = frt_replica_spawn(daemon->conf, &daemon->replica_fd, &daemon->replica_pid, error);
    if (r < 0)
        frt_journal(LOG_ERR, "frt-replica did not start: %s", error[0] ? error : strerror(-r));
    return r;
}

int frt_directory_open(struct frt_daemon *daemon)
{
    char error[FRT_LDIF_ERROR_MAX];
    int r;

    if (daemon->conf->directory.uris[0])
        return open_replica(daemon);
    r = frt_directory_load_files(daemon->conf, &daemon->view, error, sizeof(error));
    if (r < 0)
        frt_journal(LOG_ERR, "%s", error);
    return r;
}

static const char *change_name(enum frt_view_change kind)
{
    switch (kind) {
    case FRT_VIEW_ADDED:
        return "added";
    case FRT_VIEW_CHANGED:
        return "changed";
    case FRT_VIEW_REMOVED:
        return "removed";
    case FRT_VIEW_UNCHANGED:
        break;
    }
    return "unchanged";
}

/* Roles in full; of other entries only that they changed and by whom. People's own entries change often and carry no right. */
static void on_changed(void *arg, const struct frt_replica_change *change)
{
    struct frt_daemon *daemon = arg;
    bool role = strcmp(change->object_class, "frtRole") == 0;
    struct frt_record record;

    if (change->kind == FRT_VIEW_UNCHANGED)
        return;
    frt_gate_port_forget(daemon);
    if (strcmp(change->object_class, "frtTool") == 0)
        frt_gate_port_catalogue_changed(daemon);
    if (strcmp(change->object_class, "person") == 0)
        return;
    frt_record_init(&record, role ? "role" : "entry");
    frt_record_add_text(&record, "what", change_name(change->kind));
    frt_record_add_text(&record, "class", change->object_class);
    frt_record_add_text(&record, "dn", change->dn);
    frt_record_add_text(&record, "by", change->changed_by);
    frt_record_add_text(&record, "csn", change->csn);
    if (role) {
        frt_record_add_text(&record, "before", change->before);
        frt_record_add_text(&record, "after", change->after);
    }
    frt_record_add_number(&record, "refresh", change->by_refresh);
    frt_record_aside(daemon, &record);
}

static void on_state(void *arg, enum frt_replica_state state, const char *text)
{
    struct frt_daemon *daemon = arg;

    snprintf(daemon->replica_state, sizeof(daemon->replica_state), "%s", text);
    frt_journal(state == FRT_REPLICA_CONNECTED ? LOG_INFO : LOG_WARNING, "directory: %s", text);
}

static void on_refreshed(void *arg, const struct frt_replica_counts *counts)
{
    struct frt_daemon *daemon = arg;
    struct frt_record record;

    frt_gate_port_forget(daemon);
    frt_gate_port_catalogue_changed(daemon);
    frt_record_init(&record, "sync");
    frt_record_add_text(&record, "csn", frt_view_csn(daemon->view));
    frt_record_add_number(&record, "received", (int64_t)counts->received);
    frt_record_add_number(&record, "deletes", (int64_t)counts->removed);
    frt_record_add_number(&record, "total", (int64_t)counts->total);
    frt_record_add_number(&record, "unreadable", (int64_t)frt_view_unreadable_count(daemon->view));
    frt_record_aside(daemon, &record);
}

/* The view stays, ages and lapses; nothing else of frtd depends on the replica. It cannot be started again from here, where no
 * exec is possible any more: its own supervisor restarts what crashes, and losing that too is for the service manager. */
static void lose_replica(struct frt_daemon *daemon, sd_event_source *source, int error)
{
    struct frt_record record;

    snprintf(daemon->replica_state, sizeof(daemon->replica_state),
             "frt-replica is gone (%s): restart frtd; outside agencies are refused once the view is too old",
             strerror(-error));
    frt_journal(LOG_ALERT, "%s", daemon->replica_state);
    frt_record_init(&record, "sync");
    frt_record_add_text(&record, "lost", strerror(-error));
    frt_record_aside(daemon, &record);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    close(daemon->replica_fd);
    daemon->replica_fd = -1;
}

static int on_replica(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    struct frt_daemon *daemon = userdata;
    const struct frt_replica_listener listener = {
        .arg = daemon,
        .changed = on_changed,
        .state = on_state,
        .refreshed = on_refreshed,
    };
    int r;

    (void)revents;
    r = frt_replica_feed_read(daemon->feed, fd, daemon->view, frt_boot_ms(), &listener);
    if (r < 0)
        lose_replica(daemon, source, r);
    frt_commit_when_due(daemon);
    return 0;
}

int frt_directory_watch(struct frt_daemon *daemon)
{
    if (!daemon->feed)
        return 0;
    return sd_event_add_io(daemon->event, NULL, daemon->replica_fd, EPOLLIN, on_replica, daemon);
}
