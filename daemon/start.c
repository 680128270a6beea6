/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From root to a confined loop, and back down in order. What needs root (directories, the replica's own
 * account) comes first; the trail is opened as the account that will write it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "daemon/gate_port.h"
#include "daemon/privileges.h"
#include "daemon/publish.h"
#include "daemon/retention.h"
#include "protocol/client.h"
#include "settings/policy_file.h"
#include "support/cleanup.h"
#include "support/journal.h"

#define TICK_US     1000000
#define BEAT_TICKS  60
#define RETRY_TICKS 5

static int load_settings(struct frt_daemon *daemon, const char *conf_path)
{
    char error[FRT_POLICY_ERROR_MAX];
    int r = frt_conf_load(conf_path, &daemon->conf, error);

    if (r == 0)
        r = frt_policy_load(daemon->conf->policy, time(NULL), frt_journal_warning, NULL, &daemon->policy,
                            error);
    if (r < 0)
        frt_journal(LOG_ERR, "%s", error);
    return r;
}

/* Trusted by property: whoever may write where the socket, the trail or its keys lie can put others in their place. */
static int check_directory(const char *path, int fd, uid_t uid, mode_t mode)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (st.st_uid != uid && st.st_uid != 0) {
        frt_journal(LOG_ERR, "%s: is owned by uid %u: expected frtd's account (chown %u %s)", path, st.st_uid,
                    uid, path);
        return -EPERM;
    }
    if (st.st_mode & 022 & ~mode) {
        frt_journal(LOG_ERR, "%s: others may write in it: expected mode %04o (chmod go-w %s)", path, mode,
                    path);
        return -EPERM;
    }
    if ((mode & 077) == 0 && (st.st_mode & 077)) {
        frt_journal(LOG_ERR, "%s: holds the trail's keys: expected mode 0700 (chmod 700 %s)", path, path);
        return -EPERM;
    }
    return 0;
}

/* A directory of ours: made when missing, owned by the account that uses it. */
static int own_directory(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
    bool made = mkdir(path, 0700) == 0;
    frt_auto_close int fd = -1;

    if (!made && errno != EEXIST) {
        frt_journal(LOG_ERR, "%s: cannot be made: %s. Make its parent directory first.", path,
                    strerror(errno));
        return -errno;
    }
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        frt_journal(LOG_ERR, "%s: cannot be used as a directory of frtd's: %s", path, strerror(errno));
        return -errno;
    }
    if (!made)
        return check_directory(path, fd, uid, mode);
    if (geteuid() == 0 && fchown(fd, uid, gid) < 0)
        return -errno;
    return fchmod(fd, mode) < 0 ? -errno : 0;
}

static int own_directories(const struct frt_daemon *daemon, uid_t uid, gid_t gid)
{
    frt_auto_free char *socket_dir = strdup(daemon->conf->socket);
    char *slash = socket_dir ? strrchr(socket_dir, '/') : NULL;
    int r = slash ? 0 : -ENOMEM;

    if (r == 0 && slash != socket_dir) {
        *slash = '\0';
        r = own_directory(socket_dir, uid, gid, 0755);
    }
    if (r == 0 &&
        daemon->auditors_gid != (gid_t)-1) /* set-group-id: what is written there is the auditors' to read */
        r = own_directory(daemon->conf->log_dir, uid, daemon->auditors_gid, 02750);
    else if (r == 0)
        r = own_directory(daemon->conf->log_dir, uid, gid, 0750);
    return r < 0 ? r : own_directory(daemon->conf->key_dir, uid, gid, 0700);
}

static int become_account(struct frt_daemon *daemon)
{
    const struct frt_conf *conf = daemon->conf;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int r;

    daemon->auditors_gid = (gid_t)-1;
    if (conf->auditors_group && frt_group_find(conf->auditors_group, &daemon->auditors_gid) < 0)
        frt_journal(LOG_WARNING, "%s: auditors_group: there is no group %s; only root may ask about others",
                    conf->path, conf->auditors_group);
    if (conf->user && frt_account_find(conf->user, &uid, &gid) < 0) {
        frt_journal(LOG_ERR,
                    "%s: user: there is no account %s (make it: systemd-sysusers, or adduser --system %s)",
                    conf->path, conf->user, conf->user);
        return -ENOENT;
    }
    if (geteuid() == 0 && uid == 0)
        frt_journal(LOG_WARNING, "running as root: set user = \"frt\" in %s", conf->path);
    r = own_directories(daemon, uid, gid);
    if (r == 0)
        r = frt_directory_open(daemon);
    return r < 0 ? r : frt_privileges_drop(uid, gid);
}

static void record_configuration(struct frt_daemon *daemon)
{
    struct frt_record record;

    frt_record_init(&record, "cfg");
    frt_record_add_text(&record, "version", FRT_VERSION);
    frt_record_add_text(&record, "host", daemon->conf->host);
    frt_record_add_text(&record, "policy", daemon->policy->id);
    frt_record_add_text(&record, "edition", daemon->policy->edition);
    frt_record_add_text(&record, "psha", daemon->policy->sha256);
    if (daemon->policy->approved_by)
        frt_record_add_text(&record, "approved", daemon->policy->approved_by);
    frt_record_add_text(&record, "view", frt_fact_value_name(FRT_FACT_VIEW, frt_directory_state(daemon)));
    frt_record_add_number(&record, "entries", (int64_t)frt_view_entry_count(daemon->view));
    frt_record_add_number(&record, "max_view_age", daemon->conf->max_view_age_s);
    frt_record_aside(daemon, &record);
}

static void emit(void *arg, const struct frt_record *record)
{
    frt_record_aside(arg, record);
}

static void record_clock_step(struct frt_daemon *daemon, int64_t step_us)
{
    struct frt_record record;

    frt_record_init(&record, "clock");
    frt_record_add_number(&record, "step_us", step_us);
    frt_record_add_text(&record, "state",
                        frt_fact_value_name(FRT_FACT_CLOCK, frt_clock_state(&daemon->clock)));
    frt_record_aside(daemon, &record);
    frt_journal(LOG_WARNING, "the clock was stepped by %lld s", (long long)(step_us / 1000000));
}

void frt_daemon_read_clock(struct frt_daemon *daemon)
{
    int64_t step_us = frt_clock_tick(&daemon->clock);

    if (step_us != 0)
        record_clock_step(daemon, step_us);
}

static void record_beat(struct frt_daemon *daemon)
{
    struct frt_record record;

    frt_record_init(&record, "beat");
    frt_record_add_text(&record, "view", frt_fact_value_name(FRT_FACT_VIEW, frt_directory_state(daemon)));
    frt_record_add_text(&record, "gate", frt_fact_value_name(FRT_FACT_GATE, daemon->gate));
    frt_record_add_number(&record, "deny", (int64_t)daemon->counts.deny);
    frt_record_add_number(&record, "allow", (int64_t)daemon->counts.allow);
    frt_record_add_number(&record, "exempt", (int64_t)daemon->counts.exempt);
    frt_record_aside(daemon, &record);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct frt_daemon *daemon = userdata;
    int64_t ticks = frt_mono_ms() / 1000;

    frt_daemon_read_clock(daemon);
    if (!frt_trail_is_writable(daemon->trail) && ticks % RETRY_TICKS == 0 &&
        frt_trail_retry(daemon->trail) == 0)
        frt_journal(LOG_NOTICE, "the trail can be written again");
    if (frt_trail_is_writable(daemon->trail)) /* else what was counted waits */
        frt_ledger_flush_floods(daemon->ledger, frt_mono_ms(), emit, daemon);
    if (ticks % BEAT_TICKS == 0)
        record_beat(daemon);
    if (frt_mono_ms() - daemon->published_ms >= BEAT_TICKS * 1000)
        frt_publish_checkpoint(daemon);
    frt_gate_port_tick(daemon);
    frt_connections_sweep(daemon);
    return sd_event_source_set_time(source, usec + TICK_US) < 0
               ? 0
               : sd_event_source_set_enabled(source, SD_EVENT_ON);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
    (void)source;
    (void)info;
    frt_daemon_reload(userdata);
    return 0;
}

static int add_signal(struct frt_daemon *daemon, int number, sd_event_signal_handler_t handler)
{
    /* Without a handler sd-event ends the loop, with the last argument as its exit status. */
    return sd_event_add_signal(daemon->event, NULL, number, handler, handler ? daemon : NULL);
}

static int build_loop(struct frt_daemon *daemon)
{
    uint64_t now;
    int r = sd_event_default(&daemon->event);

    if (r >= 0)
        r = add_signal(daemon, SIGTERM, NULL);
    if (r >= 0)
        r = add_signal(daemon, SIGINT, NULL);
    if (r >= 0)
        r = add_signal(daemon, SIGHUP, on_hangup);
    if (r >= 0)
        r = sd_event_set_watchdog(daemon->event, 1);
    if (r >= 0)
        r = sd_event_now(daemon->event, CLOCK_MONOTONIC, &now);
    if (r >= 0)
        r = sd_event_add_time(daemon->event, NULL, CLOCK_MONOTONIC, now + TICK_US, 0, on_tick, daemon);
    if (r >= 0)
        r = frt_commit_init(daemon);
    if (r >= 0)
        r = frt_listen_watch(daemon);
    return r < 0 ? r : frt_directory_watch(daemon);
}

static void block_signals(void)
{
    const int handled[] = {SIGTERM, SIGINT, SIGHUP};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < FRT_ARRAY_LEN(handled); i++)
        sigaddset(&set, handled[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ,
           SIG_IGN); /* a full file size limit is an error of write(), not a death (trail format, 6) */
}

int frt_daemon_start(struct frt_daemon *daemon, const char *conf_path)
{
    int r = load_settings(daemon, conf_path);

    daemon->started_s = time(NULL);
    umask(027);
    block_signals();
    if (r == 0)
        r = become_account(daemon);
    if (r == 0)
        r = frt_daemon_open_trail(daemon);
    if (r == 0)
        r = frt_publish_open(daemon);
    if (r == 0)
        r = frt_listen(daemon);
    if (r == 0)
        r = build_loop(daemon);
    if (r == 0)
        r = frt_privileges_confine();
    if (r < 0)
        return r;
    record_configuration(daemon);
    frt_gate_port_expect(daemon);
    frt_commit_now(daemon);
    frt_publish_checkpoint(daemon);
    sd_notifyf(0, "READY=1\nSTATUS=deciding for host %s under policy %s", daemon->conf->host,
               daemon->policy->id);
    frt_journal(LOG_INFO, "ready: host %s, policy %s edition %s, trail %s, first public key %s",
                daemon->conf->host, daemon->policy->id, daemon->policy->edition, daemon->conf->log_dir,
                frt_trail_first_public_key(daemon->trail));
    return 0;
}

void frt_daemon_stop(struct frt_daemon *daemon)
{
    sd_notify(0, "STOPPING=1");
    if (daemon->trail && daemon->commit_source)
        frt_commit_now(daemon);
    frt_connections_close(daemon);
    if (daemon->trail) {
        frt_ledger_flush_floods(daemon->ledger, frt_mono_ms(), emit, daemon);
        (void)frt_trail_commit(daemon->trail);
        if (daemon->host_vkey[0])
            frt_publish_checkpoint(daemon);
        explicit_bzero(&daemon->host_key, sizeof(daemon->host_key));
        frt_trail_close(daemon->trail);
    }
    if (daemon->listen_fd >= 0) {
        unlink(daemon->conf->socket);
        close(daemon->listen_fd);
    }
    if (daemon->replica_fd >= 0)
        close(daemon->replica_fd); /* the replica's supervisor ends with it */
    frt_replica_feed_free(daemon->feed);
    sd_event_source_unref(daemon->listen_source);
    sd_event_source_unref(daemon->commit_source);
    sd_event_unref(daemon->event);
    free(daemon->gate_port.text);
    frt_ledger_free(daemon->ledger);
    frt_searches_free(daemon->searches);
    frt_retention_free(daemon->retention);
    frt_view_free(daemon->view);
    frt_policy_free(daemon->policy);
    frt_conf_free(daemon->conf);
}
