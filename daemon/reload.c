/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "daemon/gate_port.h"
#include "protocol/client.h"
#include "settings/policy_file.h"
#include "support/journal.h"

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* What cannot change while running keeps its old value, and says so. */
static void warn_of_fixed_keys(const struct frt_conf *old, const struct frt_conf *new)
{
    const struct {
        const char *key, *before, *after;
    } rows[] = {
        {"host", old->host, new->host},
        {"origin", old->origin, new->origin},
        {"user", old->user, new->user},
        {"socket", old->socket, new->socket},
        {"log_dir", old->log_dir, new->log_dir},
        {"key_dir", old->key_dir, new->key_dir},
        {"auditors_group", old->auditors_group, new->auditors_group},
        {"directory.uris", old->directory.uris[0], new->directory.uris[0]},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!same(rows[i].before, rows[i].after))
            frt_journal(LOG_WARNING, "%s: %s changed: restart frtd for it to take effect", new->path,
                        rows[i].key);
}

static void record_reload(struct frt_daemon *daemon, const char *outcome)
{
    struct frt_record record;

    frt_record_init(&record, "cfg");
    frt_record_add_text(&record, "reload", outcome);
    frt_record_add_text(&record, "policy", daemon->policy->id);
    frt_record_add_text(&record, "edition", daemon->policy->edition);
    frt_record_add_text(&record, "psha", daemon->policy->sha256);
    if (daemon->policy->approved_by)
        frt_record_add_text(&record, "approved", daemon->policy->approved_by);
    frt_record_add_number(&record, "entries", (int64_t)frt_view_entry_count(daemon->view));
    frt_record_aside(daemon, &record);
}

/* Answers that wait hold no pointers into policy or view, but they were decided under the old ones: seal them
 * first. */
static void apply(struct frt_daemon *daemon, struct frt_policy *policy, struct frt_view *view,
                  const struct frt_conf *conf)
{
    frt_commit_now(daemon);
    frt_policy_free(daemon->policy);
    daemon->policy = policy;
    daemon->conf->max_view_age_s = conf->max_view_age_s;
    daemon->conf->gate.required = conf->gate.required;
    frt_gate_port_expect(daemon);
    if (view) {
        frt_view_free(daemon->view);
        daemon->view = view;
    }
    if (daemon->feed &&
        daemon->replica_fd >= 0) /* certificates, secret and access rules may be other ones too */
        (void)frt_replica_feed_restart(daemon->replica_fd);
    frt_gate_port_forget(daemon);
    frt_gate_port_catalogue_changed(daemon);
}

void frt_daemon_reload(struct frt_daemon *daemon)
{
    char error[FRT_POLICY_ERROR_MAX] = "";
    struct frt_conf *conf = NULL;
    struct frt_policy *policy = NULL;
    struct frt_view *view = NULL;
    int r;

    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)frt_mono_ms() * 1000);
    r = frt_conf_load(daemon->conf->path, &conf, error);
    if (r == 0)
        r = frt_policy_load(conf->policy, frt_clock_now_s(&daemon->clock), frt_journal_warning, NULL, &policy,
                            error);
    if (r == 0 && !daemon->feed)
        r = frt_directory_load_files(conf, &view, error, sizeof(error));
    if (r < 0) {
        frt_journal(LOG_ALERT, "reload refused, everything stays as it was: %s", error);
        record_reload(daemon, "refused");
        frt_policy_free(policy);
        frt_view_free(view);
    } else {
        warn_of_fixed_keys(daemon->conf, conf);
        apply(daemon, policy, view, conf);
        record_reload(daemon, "done");
        frt_journal(LOG_INFO, "reloaded: policy %s edition %s", daemon->policy->id, daemon->policy->edition);
    }
    frt_conf_free(conf);
    sd_notify(0, "READY=1");
}
