/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The trail at start: recovered, read once for what frtd must remember, and the clock set by it.
 */
#include <errno.h>
#include <string.h>

#include "daemon/gate_port.h"
#include "daemon/retention.h"
#include "support/journal.h"
#include "trail/verify.h"

struct replay {
    struct frt_daemon *daemon;
    int64_t last_us;
};

static int replay_entry(void *arg, const struct frt_trail_entry *entry)
{
    struct replay *replay = arg;

    if (entry->record->time_us > replay->last_us || frt_record_is_kind(entry->record, "ack"))
        replay->last_us = entry->record->time_us;
    if (frt_searches_replay(replay->daemon->searches, entry->record) < 0 ||
        frt_retention_replay(replay->daemon->retention, entry->record) < 0)
        return -ENOMEM;
    frt_gate_port_replay(replay->daemon, entry->record);
    return frt_ledger_replay(replay->daemon->ledger, entry->record);
}

/* Says what to type: an administrator who is told only what is wrong has no way out. */
static int refuse(int r, const char *error)
{
    static const char keep[] = "Nothing is allowed until then.";

    if (r == FRT_TRAIL_E_LOCKED)
        frt_journal(LOG_ALERT,
                    "%s: another frtd runs on it. Stop that one, or give this one its own log_dir.", error);
    else if (r == FRT_TRAIL_E_KEY_BREAK)
        frt_journal(LOG_ALERT,
                    "the trail is broken: %s. Keep the folder for the auditor; then, as root: "
                    "frt ack --reason 'WHY' && systemctl start frtd. %s",
                    error, keep);
    else if (r == FRT_TRAIL_E_ALTERED)
        frt_journal(
            LOG_ALERT,
            "the trail does not verify: %s. Put back what is named there, from a backup of log_dir. If that "
            "cannot be done, as root: frt ack --set-aside --reason 'WHY' && systemctl start frtd. %s",
            error, keep);
    else
        frt_journal(LOG_ALERT, "the trail cannot be opened: %s. %s", error, keep);
    return r == FRT_TRAIL_E_KEY_BREAK || r == FRT_TRAIL_E_ALTERED ? -EKEYREJECTED : r < 0 ? r : -EBUSY;
}

int frt_daemon_open_trail(struct frt_daemon *daemon)
{
    const struct frt_trail_options options = {
        .log_dir = daemon->conf->log_dir,
        .key_dir = daemon->conf->key_dir,
        .origin = daemon->conf->origin,
    };
    struct replay replay = {.daemon = daemon};
    char error[FRT_TRAIL_ERROR_MAX] = "";
    uint64_t unreadable = 0;
    int r = frt_ledger_new(&daemon->ledger);

    if (r == 0)
        r = frt_searches_new(&daemon->searches);
    if (r == 0)
        r = frt_retention_new(&daemon->retention);
    if (r == 0)
        r = frt_trail_open(&options, &daemon->trail, error);
    if (r != 0)
        return refuse(r, error);
    r = frt_trail_read(daemon->conf->log_dir, 0, replay_entry, &replay, &unreadable);
    if (r < 0) {
        frt_journal(LOG_ALERT, "the trail in %s cannot be read: %s", daemon->conf->log_dir, strerror(-r));
        return r;
    }
    frt_clock_init(&daemon->clock, replay.last_us);
    if (frt_clock_state(&daemon->clock) != FRT_CLOCK_GOOD)
        frt_journal(
            LOG_ALERT,
            "the clock stands before what is in the trail, and nothing is allowed until it has caught "
            "up. Set it right; if it is right now, and was wrong then: systemctl stop frtd; "
            "frt ack --reason 'WHY'; systemctl start frtd");
    return 0;
}
