/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/coverage.h"

#include <stdlib.h>
#include <string.h>

#define BEAT_LATE_US INT64_C(150000000) /* beats come every minute */

static void add_stretch(struct frt_coverage *line, int64_t from_us, int64_t until_us, const char *state,
                        const char *why)
{
    if (until_us <= from_us)
        return;
    if (line->count > 0 && line->list[line->count - 1].why == why &&
        line->list[line->count - 1].until_us >= from_us) {
        line->list[line->count - 1].until_us = until_us;
        return;
    }
    if (line->count == line->room) {
        size_t room = line->room ? line->room * 2 : 64;
        struct frt_stretch *grown = realloc(line->list, room * sizeof(*grown));

        if (!grown) {
            line->failed = true;
            return;
        }
        line->list = grown;
        line->room = room;
    }
    line->list[line->count++] = (struct frt_stretch){from_us, until_us, state, why};
}

/* What beats say between two of them: the state of the later one holds for the minute before it. */
static void beats_between(const struct frt_desk *desk, size_t *beat, int64_t from_us, int64_t until_us,
                          struct frt_coverage *line)
{
    int64_t last_us = from_us;

    for (; *beat < frt_history_beat_count(desk->history); (*beat)++) {
        const struct frt_past_beat *row = frt_history_beat(desk->history, *beat);

        if (row->time_us > until_us)
            break;
        if (row->time_us < from_us)
            continue;
        if (row->time_us - last_us > BEAT_LATE_US)
            add_stretch(line, last_us, row->time_us, "no sign of life", "no heartbeat for more than 150 s");
        else if (row->gate == FRT_GATE_ABSENT)
            add_stretch(line, last_us, row->time_us, "no kernel gate", "frtd ran, no gate reported to it");
        else if (row->gate == FRT_GATE_NOT_ENFORCING)
            add_stretch(line, last_us, row->time_us, "not enforcing", "the gate said so");
        if (row->view != FRT_VIEW_FRESH)
            add_stretch(line, last_us, row->time_us, "directory not fresh", "outside agencies were refused");
        last_us = row->time_us;
    }
    if (until_us - last_us > BEAT_LATE_US)
        add_stretch(line, last_us, until_us, "no sign of life", "no heartbeat for more than 150 s");
}

/* The latest decision or beat before record n, or `last_us`. */
static int64_t last_sign(const struct frt_desk *desk, size_t *decision, size_t *beat, uint64_t n,
                         int64_t last_us)
{
    for (; *decision < frt_history_decision_count(desk->history); (*decision)++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, *decision);

        if (row->n >= n)
            break;
        last_us = row->time_us > last_us ? row->time_us : last_us;
    }
    for (; *beat < frt_history_beat_count(desk->history); (*beat)++) {
        const struct frt_past_beat *row = frt_history_beat(desk->history, *beat);

        if (row->n >= n)
            break;
        last_us = row->time_us > last_us ? row->time_us : last_us;
    }
    return last_us;
}

/* frtd's runs: from `start` to `stop`, or to the last record before the next `start` when it died. */
static void build_timeline(const struct frt_desk *desk, struct frt_coverage *line)
{
    int64_t up_since = INT64_MIN, down_since = INT64_MIN, last_us = INT64_MIN;
    size_t beat = 0, decision = 0, sign = 0;

    for (size_t i = 0; i < frt_history_event_count(desk->history); i++) {
        const struct frt_past_event *event = frt_history_event(desk->history, i);
        bool start = frt_history_is_kind(desk->history, event, "start");

        if (start && up_since != INT64_MIN) {
            last_us = last_sign(desk, &decision, &sign, event->n, last_us);
            beats_between(desk, &beat, up_since, last_us, line);
            add_stretch(line, last_us, event->time_us, "frtd not running", "it ended without saying so");
        } else if (start && down_since != INT64_MIN) {
            add_stretch(line, down_since, event->time_us, "frtd not running", "stopped");
        }
        if (start)
            up_since = event->time_us;
        if (frt_history_is_kind(desk->history, event, "stop") && up_since != INT64_MIN) {
            beats_between(desk, &beat, up_since, event->time_us, line);
            down_since = event->time_us;
            up_since = INT64_MIN;
        }
        if (!frt_history_is_kind(desk->history, event, "seg"))
            last_us = event->time_us > last_us ? event->time_us : last_us;
    }
    if (up_since != INT64_MIN)
        beats_between(desk, &beat, up_since, frt_history_counts(desk->history)->last_us, line);
    else if (down_since != INT64_MIN && desk->history)
        add_stretch(line, down_since, INT64_MAX, "frtd not running", "stopped; the trail ends here");
}

/* Only what lies in the period. */
static void clip(const struct frt_history_options *period, struct frt_coverage *line)
{
    size_t kept = 0;

    for (size_t i = 0; i < line->count; i++) {
        struct frt_stretch stretch = line->list[i];

        if (!period->is_single && stretch.from_us < period->from_us)
            stretch.from_us = period->from_us;
        if (!period->is_single && stretch.until_us > period->until_us)
            stretch.until_us = period->until_us;
        if (stretch.until_us > stretch.from_us)
            line->list[kept++] = stretch;
    }
    line->count = kept;
}

void frt_coverage_find(const struct frt_desk *desk, struct frt_coverage *ret_coverage)
{
    memset(ret_coverage, 0, sizeof(*ret_coverage));
    build_timeline(desk, ret_coverage);
    clip(frt_history_period(desk->history), ret_coverage);
}

void frt_coverage_clear(struct frt_coverage *coverage)
{
    free(coverage->list);
    memset(coverage, 0, sizeof(*coverage));
}
