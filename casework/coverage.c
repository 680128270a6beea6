/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/coverage.h"

#include <stdlib.h>
#include <string.h>

#define BEAT_LATE_US INT64_C(150000000) /* beats come every minute */

static const char no_gate[] = "frtd ran, no gate reported to it", said_so[] = "the gate said so";

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

/* What the gate reported in one run of frtd, to the moment. False: it never did. */
static bool gate_between(const struct frt_desk *desk, size_t first, size_t end, int64_t from_us,
                         int64_t until_us, struct frt_coverage *line)
{
    const char *state = "no kernel gate", *why = no_gate;
    bool any = false;
    char word[32];

    for (size_t i = first; i < end; i++) {
        const struct frt_past_event *event = frt_history_event(desk->history, i);

        if (!frt_history_is_kind(desk->history, event, "guard"))
            continue;
        any = true;
        if (state)
            add_stretch(line, from_us, event->time_us, state, why);
        frt_history_field(event, "gate", word, sizeof(word));
        state = strcmp(word, "enforcing") == 0 ? NULL : "not enforcing";
        why = said_so;
        from_us = event->time_us;
    }
    if (any && state)
        add_stretch(line, from_us, until_us, state, why);
    return any;
}

/* What beats say between two of them: the state of the later one holds for the minute before it. */
static void beats_between(const struct frt_desk *desk, size_t *beat, int64_t from_us, int64_t until_us,
                          bool has_gate_told, struct frt_coverage *line)
{
    int64_t last_us = from_us;
    bool any = has_gate_told;

    for (; *beat < frt_history_beat_count(desk->history); (*beat)++) {
        const struct frt_past_beat *row = frt_history_beat(desk->history, *beat);

        if (row->time_us > until_us)
            break;
        if (row->time_us < from_us)
            continue;
        any = true;
        if (row->time_us - last_us > BEAT_LATE_US)
            add_stretch(line, last_us, row->time_us, "no sign of life", "no heartbeat for more than 150 s");
        else if (row->gate == FRT_GATE_ABSENT && !has_gate_told)
            add_stretch(line, last_us, row->time_us, "no kernel gate", no_gate);
        else if (row->gate == FRT_GATE_NOT_ENFORCING && !has_gate_told)
            add_stretch(line, last_us, row->time_us, "not enforcing", said_so);
        if (row->view != FRT_VIEW_FRESH)
            add_stretch(line, last_us, row->time_us, "directory not fresh", "outside agencies were refused");
        last_us = row->time_us;
    }
    if (until_us - last_us > BEAT_LATE_US)
        add_stretch(line, last_us, until_us, "no sign of life", "no heartbeat for more than 150 s");
    else if (!any)
        add_stretch(line, from_us, until_us, "no kernel gate", no_gate);
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

/* A run of frtd: its events are those from `first` to before `end`. */
static void run_between(const struct frt_desk *desk, size_t *beat, size_t first, size_t end, int64_t from_us,
                        int64_t until_us, struct frt_coverage *line)
{
    beats_between(desk, beat, from_us, until_us, gate_between(desk, first, end, from_us, until_us, line),
                  line);
}

/* frtd's runs: from `start` to `stop`, or to the last record before the next `start` when it died. */
static void build_timeline(const struct frt_desk *desk, struct frt_coverage *line)
{
    int64_t up_since = INT64_MIN, down_since = INT64_MIN, last_us = INT64_MIN;
    size_t beat = 0, decision = 0, sign = 0, first = 0;

    for (size_t i = 0; i < frt_history_event_count(desk->history); i++) {
        const struct frt_past_event *event = frt_history_event(desk->history, i);
        bool start = frt_history_is_kind(desk->history, event, "start");

        if (start && up_since != INT64_MIN) {
            last_us = last_sign(desk, &decision, &sign, event->n, last_us);
            run_between(desk, &beat, first, i, up_since, last_us, line);
            add_stretch(line, last_us, event->time_us, "frtd not running", "it ended without saying so");
        } else if (start && down_since != INT64_MIN) {
            add_stretch(line, down_since, event->time_us, "frtd not running", "stopped");
        }
        if (start) {
            up_since = event->time_us;
            first = i;
        }
        if (frt_history_is_kind(desk->history, event, "stop") && up_since != INT64_MIN) {
            run_between(desk, &beat, first, i, up_since, event->time_us, line);
            down_since = event->time_us;
            up_since = INT64_MIN;
        }
        if (!frt_history_is_kind(desk->history, event, "seg"))
            last_us = event->time_us > last_us ? event->time_us : last_us;
    }
    if (up_since != INT64_MIN)
        run_between(desk, &beat, first, frt_history_event_count(desk->history), up_since,
                    frt_history_counts(desk->history)->last_us, line);
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

static int by_time(const void *a, const void *b)
{
    const struct frt_stretch *x = a, *y = b;

    if (x->from_us != y->from_us)
        return x->from_us < y->from_us ? -1 : 1;
    return x->until_us < y->until_us ? -1 : x->until_us > y->until_us;
}

void frt_coverage_find(const struct frt_desk *desk, struct frt_coverage *ret_coverage)
{
    memset(ret_coverage, 0, sizeof(*ret_coverage));
    build_timeline(desk, ret_coverage);
    clip(frt_history_period(desk->history), ret_coverage);
    if (ret_coverage->count > 0)
        qsort(ret_coverage->list, ret_coverage->count, sizeof(*ret_coverage->list), by_time);
}

void frt_coverage_clear(struct frt_coverage *coverage)
{
    free(coverage->list);
    memset(coverage, 0, sizeof(*coverage));
}
