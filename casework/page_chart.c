/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "casework/page_parts.h"
#include "support/cleanup.h"
#include "support/time_text.h"

#define DAY_S    86400
#define HOUR_S   3600
#define WIDTH    1100
#define HEIGHT   210
#define LEFT     46
#define BOTTOM   24
#define BARS_MAX 92

enum { DENY, ALLOW, EXEMPT, REST, KINDS };

static const char *const kind_words[KINDS] = {"verdict_deny", "verdict_allow", "verdict_exempt",
                                              "verdict_not-governed"};
static const char *const kind_classes[KINDS] = {"deny", "allow", "exempt", "none"};

struct bucket {
    int64_t begin_s;
    uint64_t counts[KINDS];
};

static unsigned kind_of(enum frt_verdict verdict)
{
    switch (verdict) {
    case FRT_VERDICT_DENY:
        return DENY;
    case FRT_VERDICT_ALLOW:
        return ALLOW;
    case FRT_VERDICT_EXEMPT:
        return EXEMPT;
    case FRT_VERDICT_NOT_GOVERNED:
        return REST;
    }
    return REST;
}

enum unit { HOUR, DAY, WEEK, MONTH };

/* Beginning of the hour, the day, the week (Monday) or the month that a time lies in. */
static int64_t begin_of(int64_t s, enum unit unit)
{
    int64_t day = s / DAY_S;
    time_t at = (time_t)s;
    struct tm utc;

    switch (unit) {
    case HOUR:
        return s - s % HOUR_S;
    case DAY:
        return day * DAY_S;
    case WEEK:
        return (day - (day + 3) % 7) * DAY_S;
    case MONTH:
        break;
    }
    gmtime_r(&at, &utc);
    return (day - utc.tm_mday + 1) * DAY_S;
}

static int64_t next_of(int64_t begin_s, enum unit unit)
{
    switch (unit) {
    case HOUR:
        return begin_s + HOUR_S;
    case DAY:
        return begin_s + DAY_S;
    case WEEK:
        return begin_s + 7 * DAY_S;
    case MONTH:
        break;
    }
    return begin_of(begin_s + 32 * DAY_S, MONTH);
}

/* As fine as the bars can still be told apart. */
static enum unit unit_for(int64_t span_s)
{
    return span_s / HOUR_S < BARS_MAX      ? HOUR
           : span_s / DAY_S < BARS_MAX     ? DAY
           : span_s / DAY_S < 7 * BARS_MAX ? WEEK
                                           : MONTH;
}

static struct bucket *make_buckets(const struct frt_desk *desk, enum unit *ret_unit, size_t *ret_count)
{
    size_t decisions = frt_history_decision_count(desk->history), count = 0;
    int64_t first_s = frt_history_decision(desk->history, 0)->time_us / 1000000, last_s = first_s;
    struct bucket *buckets;

    for (size_t i = 0; i < decisions; i++) {
        int64_t s = frt_history_decision(desk->history, i)->time_us / 1000000;

        first_s = s < first_s ? s : first_s;
        last_s = s > last_s ? s : last_s;
    }
    *ret_unit = unit_for(last_s - first_s);
    for (int64_t s = begin_of(first_s, *ret_unit); s <= last_s && count < 4096; s = next_of(s, *ret_unit))
        count++;
    buckets = calloc(count, sizeof(*buckets));
    if (!buckets)
        return NULL;
    buckets[0].begin_s = begin_of(first_s, *ret_unit);
    for (size_t i = 1; i < count; i++)
        buckets[i].begin_s = next_of(buckets[i - 1].begin_s, *ret_unit);
    *ret_count = count;
    return buckets;
}

/* Decisions come nearly in order of time: the bucket of the one before is nearly always right. */
static void fill(const struct frt_desk *desk, struct bucket *buckets, size_t count)
{
    size_t at = 0;

    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);
        int64_t s = row->time_us / 1000000;

        while (at + 1 < count && s >= buckets[at + 1].begin_s)
            at++;
        while (at > 0 && s < buckets[at].begin_s)
            at--;
        buckets[at].counts[kind_of(row->verdict)]++;
    }
}

static uint64_t sum_of(const struct bucket *bucket)
{
    return bucket->counts[DENY] + bucket->counts[ALLOW] + bucket->counts[EXEMPT] + bucket->counts[REST];
}

static void write_bar(const struct frt_page *page, const struct bucket *bucket, double x, double width,
                      double scale, const char *name)
{
    double y = HEIGHT - BOTTOM;

    fprintf(page->out, "<g><title>%s:", name);
    for (unsigned k = 0; k < KINDS; k++)
        if (bucket->counts[k] > 0)
            fprintf(page->out, " %" PRIu64 " %s", bucket->counts[k], frt_page_word(page, kind_words[k]));
    fputs("</title>", page->out);
    for (unsigned k = 0; k < KINDS; k++) {
        double height = (double)bucket->counts[k] * scale;

        if (height <= 0)
            continue;
        y -= height;
        fprintf(page->out, "<rect class=\"%s-fill\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                kind_classes[k], x, y, width, height);
    }
    fputs("</g>\n", page->out);
}

static void name_of(const struct bucket *bucket, enum unit unit, char text[FRT_TIME_TEXT_MAX])
{
    frt_time_format(bucket->begin_s, text);
    text[unit == MONTH ? 7 : unit == HOUR ? 16 : 10] = '\0';
}

/* 1, 2 or 5 times a power of ten, so that at most five lines reach `most`. */
static uint64_t line_distance(uint64_t most)
{
    static const unsigned factors[] = {1, 2, 5};
    uint64_t power = 1;

    for (unsigned i = 0;; i++) {
        uint64_t distance = factors[i % FRT_ARRAY_LEN(factors)] * power;

        if (most / distance < 5)
            return distance;
        if (i % FRT_ARRAY_LEN(factors) == 2)
            power *= 10;
    }
}

static void write_svg(const struct frt_page *page, const struct bucket *buckets, size_t count, enum unit unit)
{
    uint64_t most = 1, distance;
    double step = (double)(WIDTH - LEFT - 8) / (double)count, width = step > 44 ? 40 : step * 0.86, scale;
    char name[FRT_TIME_TEXT_MAX];
    size_t every = count / 8 + 1;

    for (size_t i = 0; i < count; i++)
        most = sum_of(&buckets[i]) > most ? sum_of(&buckets[i]) : most;
    distance = line_distance(most);
    most = (most + distance - 1) / distance * distance;
    scale = (double)(HEIGHT - BOTTOM - 14) / (double)most;
    fprintf(page->out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", WIDTH, HEIGHT,
            frt_page_word(page, "over_time"));
    for (uint64_t value = 0; value <= most; value += distance) {
        double y = HEIGHT - BOTTOM - (double)value * scale;

        fprintf(page->out,
                "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%" PRIu64 "</text>\n",
                LEFT, WIDTH, y, y, LEFT - 6, y + 4, value);
    }
    for (size_t i = 0; i < count; i++) {
        double x = LEFT + 4 + (double)i * step + (step - width) / 2;
        bool is_edge = i == 0 && step < 44; /* a text in the middle would stick out */

        name_of(&buckets[i], unit, name);
        write_bar(page, &buckets[i], x, width, scale, name);
        if (i % every == 0)
            fprintf(page->out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>\n",
                    is_edge ? (double)LEFT + 4 : x + width / 2, HEIGHT - 7, is_edge ? "start" : "middle",
                    name);
    }
    fputs("</svg>\n", page->out);
}

static void write_table(const struct frt_page *page, const struct bucket *buckets, size_t count,
                        unsigned unit)
{
    static const char *const units[] = {"hour", "day", "week", "month"};
    char name[FRT_TIME_TEXT_MAX];

    fputs("<details><summary>", page->out);
    frt_page_say(page, "as_table");
    fputs("</summary><div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">", page->out);
    frt_page_say(page, units[unit]);
    for (unsigned k = 0; k < KINDS; k++) {
        fputs("</th><th scope=\"col\" class=\"number\">", page->out);
        frt_page_say(page, kind_words[k]);
    }
    fputs("</th></tr></thead><tbody>\n", page->out);
    for (size_t i = 0; i < count; i++) {
        if (sum_of(&buckets[i]) == 0)
            continue;
        name_of(&buckets[i], unit, name);
        fprintf(page->out, "<tr><th scope=\"row\">%s</th>", name);
        for (unsigned k = 0; k < KINDS; k++)
            fprintf(page->out, "<td class=\"number\">%" PRIu64 "</td>", buckets[i].counts[k]);
        fputs("</tr>\n", page->out);
    }
    fputs("</tbody></table></div></details>\n", page->out);
}

void frt_page_chart(struct frt_page *page)
{
    frt_auto_free struct bucket *buckets = NULL;
    size_t count;
    enum unit unit;

    if (frt_history_decision_count(page->desk->history) == 0)
        return;
    buckets = make_buckets(page->desk, &unit, &count);
    if (!buckets) {
        page->failed = true;
        return;
    }
    fill(page->desk, buckets, count);
    write_svg(page, buckets, count, unit);
    fputs("<ul class=\"legend\">", page->out);
    for (unsigned k = 0; k < KINDS; k++) {
        fprintf(page->out, "<li class=\"%s\"><i></i>", kind_classes[k]);
        frt_page_say(page, kind_words[k]);
        fputs("</li>", page->out);
    }
    fputs("</ul>\n", page->out);
    write_table(page, buckets, count, unit);
}
