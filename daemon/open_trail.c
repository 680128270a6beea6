/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The trail at start: recovered, read once for what frtd must remember, and the clock set by it.
 */
#include <errno.h>
#include <string.h>

#include "daemon/gate_port.h"
#include "support/journal.h"
#include "trail/verify.h"

struct replay {
    struct frt_daemon *daemon;
    int64_t last_us;
};

static int replay_entry(void *arg, const struct frt_trail_entry *entry)
{
    struct replay *replay = arg;

    if (entry->record->time_us > replay->last_us)
        replay->last_us = entry->record->time_us;
    if (frt_searches_replay(replay->daemon->searches, entry->record) < 0)
        return -ENOMEM;
    frt_gate_port_replay(replay->daemon, entry->record);
    return frt_ledger_replay(replay->daemon->ledger, entry->record);
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
        r = frt_trail_open(&options, &daemon->trail, error);
    if (r != 0) {
        frt_journal(LOG_ALERT, "the trail cannot be opened: %s. Nothing is allowed until it can.", error);
        return r < 0 ? r : -EBADMSG;
    }
    r = frt_trail_read(daemon->conf->log_dir, 0, replay_entry, &replay, &unreadable);
    if (r < 0) {
        frt_journal(LOG_ALERT, "the trail in %s cannot be read: %s", daemon->conf->log_dir, strerror(-r));
        return r;
    }
    frt_clock_init(&daemon->clock, replay.last_us);
    return 0;
}
