/* SPDX-License-Identifier: BSD-2-Clause
 *
 * People: who was refused, who changed whose role, who tries again and again, who acts in another's name.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "casework/questions_parts.h"
#include "support/cleanup.h"
#include "support/file.h"
#include "support/time_text.h"

static const char *type_of(const struct frt_desk *desk, const struct frt_past_decision *row)
{
    return frt_fact_value_name(FRT_FACT_OFFICIAL_TYPE, frt_past_fact(desk, row, FRT_FACT_OFFICIAL_TYPE));
}

/* Denials that a flood of identical ones was counted as. */
static int64_t counted_denials(const struct frt_desk *desk)
{
    int64_t count = 0;
    char text[64];

    for (size_t i = 0; i < frt_history_event_count(desk->history); i++) {
        const struct frt_past_event *event = frt_history_event(desk->history, i);

        if (frt_history_is_kind(desk->history, event, "gap") &&
            frt_history_in_period(desk->history, event->time_us) &&
            frt_history_field(event, "of", text, sizeof(text)) && strcmp(text, "identical denials") == 0)
            count += frt_history_number(event, "count", 0);
    }
    return count;
}

static void list_city_denials(const struct frt_desk *desk, struct frt_tally *groups, struct frt_tally *people,
                              struct frt_reply *reply)
{
    static const char *const columns[] = {FRT_DECISION_COLUMNS, "official_type", "host", NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "denials", "Denials of city officials", columns);

    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);
        uint32_t key[FRT_TALLY_KEYS] = {row->department, frt_past_fact(desk, row, FRT_FACT_OFFICIAL_TYPE)};
        struct frt_tally_row *counts;

        if (row->verdict != FRT_VERDICT_DENY || !frt_past_is_city(desk, row))
            continue;
        frt_decision_cells(sheet, desk, row);
        frt_sheet_text(sheet, type_of(desk, row));
        frt_sheet_text(sheet, frt_history_say(desk->history, row, FRT_PAST_HOST));
        if ((counts = frt_tally_at(groups, key)))
            counts->count[0]++;
        key[2] = row->person;
        if ((counts = frt_tally_at(people, key)) && counts->count[0]++ == 0) {
            key[2] = 0;
            if ((counts = frt_tally_at(groups, key)))
                counts->count[1]++;
        }
    }
}

void frt_ask_city_denials(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"department", "official_type", "#denials", "#people", NULL};
    struct frt_tally *groups = frt_tally_new(), *people = frt_tally_new();
    struct frt_sheet *sheet;
    int64_t counted = counted_denials(desk);

    frt_reply_filters(reply, "verdict deny, a city role in force");
    list_city_denials(desk, groups, people, reply);
    frt_tally_sort(groups);
    sheet = frt_reply_sheet(reply, "groups", "Denials by department and official type", columns);
    for (size_t i = 0; i < frt_tally_rows(groups); i++) {
        const struct frt_tally_row *row = frt_tally_row(groups, i);

        frt_sheet_text(sheet, frt_history_text(desk->history, row->key[0]));
        frt_sheet_text(sheet, frt_fact_value_name(FRT_FACT_OFFICIAL_TYPE, row->key[1]));
        frt_sheet_number(sheet, row->count[0]);
        frt_sheet_number(sheet, row->count[1]);
    }
    if (counted > 0)
        frt_reply_note(
            reply,
            "%" PRId64
            " more identical denials came too fast to be recorded singly; gap records count them (Q11)",
            counted);
    frt_tally_free(groups);
    frt_tally_free(people);
}

/* Role changes are told by a directory server; files say nothing about who changed them. */
static bool has_role_records(const struct frt_desk *desk, struct frt_reply *reply)
{
    if (frt_count_events(desk, "role") + frt_count_events(desk, "entry") + frt_count_events(desk, "sync") > 0)
        return true;
    frt_reply_state(reply, FRT_REPLY_NO_RECORDS,
                    "no role changes are recorded in this trail: its frtd read the directory from LDIF "
                    "files, which do not "
                    "say who changed what; with a directory server each change is a record");
    return false;
}

static void change_cells(struct frt_sheet *sheet, const struct frt_role_change *change)
{
    frt_sheet_number(sheet, (int64_t)change->n);
    frt_sheet_time(sheet, change->time_us);
    frt_sheet_text(sheet, change->role);
    frt_sheet_text(sheet, change->what);
    frt_sheet_text(sheet, change->values);
    frt_sheet_text(sheet, change->by);
    frt_sheet_text(sheet, change->ticket);
}

void frt_ask_role_before_allow(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"#days",   "#decision", "time",    "person", "tool",
                                          "request", "#change",   "changed", "role",   "what",
                                          "values",  "by",        "ticket",  NULL};
    struct frt_role_changes changes;
    struct frt_sheet *sheet;

    frt_reply_filters(reply,
                      "verdict allow or exempt, a role of the person changed at most %" PRId64 " days before",
                      desk->knobs.days);
    if (!has_role_records(desk, reply))
        return;
    sheet = frt_reply_sheet(reply, "changes", "Role changes shortly before an allow", columns);
    if (!frt_role_changes_read(desk, &changes)) {
        reply->failed = true;
        return;
    }
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);
        const struct frt_role_change *change = frt_role_changes_of(&changes, row->person);

        if ((row->verdict != FRT_VERDICT_ALLOW && row->verdict != FRT_VERDICT_EXEMPT) ||
            frt_past_is_repeat(desk, row))
            continue;
        for (; change; change = frt_role_changes_next(&changes, change)) {
            if (change->time_us > row->time_us ||
                row->time_us - change->time_us > desk->knobs.days * FRT_DAY_US)
                continue;
            frt_sheet_format(sheet, "%.2f", (double)(row->time_us - change->time_us) / (double)FRT_DAY_US);
            frt_sheet_number(sheet, (int64_t)row->n);
            frt_sheet_time(sheet, row->time_us);
            frt_sheet_text(sheet, frt_history_text(desk->history, row->person));
            frt_sheet_text(sheet, frt_history_say(desk->history, row, FRT_PAST_TOOL));
            frt_sheet_text(sheet, frt_history_say(desk->history, row, FRT_PAST_REQUEST));
            change_cells(sheet, change);
        }
    }
    frt_role_changes_clear(&changes);
}

/* What is remembered of one person and one tool; numbers of rows and changes, + 1, 0 none. */
enum { LAST_DENIAL, DENIAL_BEFORE_CHANGE, CHANGE };

static void pair_row(const struct frt_desk *desk, const struct frt_role_changes *changes,
                     const struct frt_tally_row *memory, const struct frt_past_decision *allow,
                     struct frt_sheet *sheet)
{
    const struct frt_past_decision *denial =
        frt_history_decision(desk->history, (size_t)memory->count[DENIAL_BEFORE_CHANGE] - 1);

    frt_sheet_text(sheet, frt_history_text(desk->history, allow->person));
    frt_sheet_text(sheet, frt_history_say(desk->history, allow, FRT_PAST_TOOL));
    frt_sheet_number(sheet, (int64_t)denial->n);
    frt_sheet_time(sheet, denial->time_us);
    change_cells(sheet, &changes->list[memory->count[CHANGE] - 1]);
    frt_sheet_number(sheet, (int64_t)allow->n);
    frt_sheet_time(sheet, allow->time_us);
}

/* The latest change between the last denial and now becomes the pair that an allow will complete; another denial in between
 * does not undo it. */
static void note_pair(const struct frt_desk *desk, const struct frt_role_changes *changes, int64_t time_us,
                      const struct frt_role_change *change, struct frt_tally_row *memory)
{
    const struct frt_past_decision *denial;

    if (memory->count[LAST_DENIAL] == 0)
        return;
    denial = frt_history_decision(desk->history, (size_t)memory->count[LAST_DENIAL] - 1);
    for (; change; change = frt_role_changes_next(changes, change)) {
        if (change->time_us < denial->time_us || change->time_us > time_us ||
            change->time_us - denial->time_us > desk->knobs.days * FRT_DAY_US)
            continue;
        memory->count[DENIAL_BEFORE_CHANGE] = memory->count[LAST_DENIAL];
        memory->count[CHANGE] = change - changes->list + 1;
    }
}

static void pair_denials(const struct frt_desk *desk, const struct frt_role_changes *changes,
                         struct frt_tally *memories, struct frt_sheet *sheet)
{
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);
        const uint32_t key[FRT_TALLY_KEYS] = {row->person,
                                              frt_history_text_of(desk->history, row, FRT_PAST_TOOL)};
        const struct frt_role_change *change = frt_role_changes_of(changes, row->person);
        struct frt_tally_row *memory = change ? frt_tally_at(memories, key) : NULL;

        if (!memory)
            continue;
        note_pair(desk, changes, row->time_us, change, memory);
        if (row->verdict == FRT_VERDICT_DENY)
            memory->count[LAST_DENIAL] = (int64_t)i + 1;
        if (row->verdict != FRT_VERDICT_ALLOW)
            continue;
        if (memory->count[CHANGE] > 0)
            pair_row(desk, changes, memory, row, sheet);
        memset(memory->count, 0, sizeof(memory->count)); /* the first allow tells it */
    }
}

void frt_ask_role_after_denial(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"person",  "tool",   "#denial", "denied", "#change",
                                          "changed", "role",   "what",    "values", "by",
                                          "ticket",  "#allow", "allowed", NULL};
    struct frt_role_changes changes;
    struct frt_tally *denials;
    struct frt_sheet *sheet;

    frt_reply_filters(reply,
                      "deny, then a role change within %" PRId64 " days, then an allow for the same tool",
                      desk->knobs.days);
    if (!has_role_records(desk, reply))
        return;
    sheet = frt_reply_sheet(reply, "changes", "Role changes between a denial and an allow", columns);
    if (!frt_role_changes_read(desk, &changes)) {
        reply->failed = true;
        return;
    }
    denials = frt_tally_new();
    pair_denials(desk, &changes, denials, sheet);
    frt_tally_free(denials);
    frt_role_changes_clear(&changes);
}

struct actor {
    char name[64];
    int64_t roles, catalogue, papers, allows, reads;
};

struct actors {
    struct actor *list;
    size_t count, room;
    size_t unnamed; /* removals: the directory names nobody for what is gone */
};

static struct actor *actor(struct actors *actors, const char *name)
{
    for (size_t i = 0; i < actors->count; i++)
        if (strcmp(actors->list[i].name, name) == 0)
            return &actors->list[i];
    if (actors->count == actors->room) {
        size_t room = actors->room ? actors->room * 2 : 64;
        struct actor *grown = realloc(actors->list, room * sizeof(*grown));

        if (!grown)
            return NULL;
        actors->list = grown;
        actors->room = room;
    }
    actors->list[actors->count] = (struct actor){.roles = 0};
    snprintf(actors->list[actors->count].name, sizeof(actors->list[0].name), "%s", name);
    return &actors->list[actors->count++];
}

static void note_change(struct actors *actors, const struct frt_past_event *event, bool role)
{
    char by[256], name[64], class[64];
    struct actor *who;

    if (!frt_history_field(event, "by", by, sizeof(by)) || !by[0]) {
        actors->unnamed++;
        return;
    }
    frt_dn_person(by, name, sizeof(name));
    frt_history_field(event, "class", class, sizeof(class));
    who = actor(actors, name);
    if (!who)
        return;
    if (role || strcmp(class, "group") == 0) /* groups may carry roles, and the role office keeps them */
        who->roles++;
    else if (strcmp(class, "frtTool") == 0)
        who->catalogue++;
    else
        who->papers++;
}

static void note_reader(struct actors *actors, const struct frt_past_event *event)
{
    char name[64];
    struct actor *who;

    if (!frt_history_field(event, "login", name, sizeof(name)) || !name[0])
        frt_history_field(event, "user", name, sizeof(name));
    if (!name[0])
        snprintf(name, sizeof(name), "uid %" PRId64, frt_history_number(event, "uid", -1));
    who = actor(actors, name);
    if (who)
        who->reads++;
}

static void gather_actors(const struct frt_desk *desk, struct actors *actors)
{
    char what[512];

    for (size_t i = 0; i < frt_history_event_count(desk->history); i++) {
        const struct frt_past_event *event = frt_history_event(desk->history, i);

        if (!frt_history_in_period(desk->history, event->time_us))
            continue;
        if (frt_history_is_kind(desk->history, event, "role"))
            note_change(actors, event, true);
        else if (frt_history_is_kind(desk->history, event, "entry"))
            note_change(actors, event, false);
        else if (frt_history_is_kind(desk->history, event, "audit") &&
                 !frt_audit_is_scan(desk, event, what, sizeof(what)))
            note_reader(actors, event);
    }
}

static const char *const offices[] = {"role-admins", "policy-admins", "catalogue-admins", "auditors"};

static void gather_members(const struct frt_desk *desk, struct actors *actors)
{
    size_t count;
    frt_auto_free const struct frt_person **people = frt_list_people(desk, &count);

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < FRT_ARRAY_LEN(offices); k++)
            if (people[i]->uid && frt_desk_is_member(desk, offices[k], people[i]->uid))
                actor(actors, people[i]->uid);
}

static void count_allows(const struct frt_desk *desk, struct actors *actors)
{
    for (size_t a = 0; a < actors->count; a++) {
        uint32_t text = frt_history_find_text(desk->history, actors->list[a].name);

        for (size_t i = 0; text != UINT32_MAX && i < frt_history_decision_count(desk->history); i++) {
            const struct frt_past_decision *row = frt_history_decision(desk->history, i);

            actors->list[a].allows +=
                row->verdict == FRT_VERDICT_ALLOW && !frt_past_is_filing(desk, row) &&
                !frt_past_is_repeat(desk, row) &&
                (row->person == text || frt_history_text_of(desk->history, row, FRT_PAST_USER) == text);
        }
    }
}

static void separation_row(const struct frt_desk *desk, const struct actor *who, struct frt_sheet *sheet)
{
    char office[128] = "";
    size_t in_offices = 0;
    bool administers, reads;

    for (size_t k = 0; k < FRT_ARRAY_LEN(offices); k++)
        if (frt_desk_is_member(desk, offices[k], who->name)) {
            snprintf(office + strlen(office), sizeof(office) - strlen(office), "%s%s", office[0] ? " " : "",
                     offices[k]);
            in_offices++;
        }
    administers = who->roles + who->catalogue > 0 ||
                  (office[0] && !(in_offices == 1 && strcmp(office, "auditors") == 0));
    reads = who->reads > 0 || frt_desk_is_member(desk, "auditors", who->name);
    frt_sheet_text(sheet, who->name);
    frt_sheet_text(sheet, office);
    frt_sheet_number(sheet, who->roles);
    frt_sheet_number(sheet, who->catalogue);
    frt_sheet_number(sheet, who->papers);
    frt_sheet_number(sheet, who->allows);
    frt_sheet_number(sheet, who->reads);
    frt_sheet_text(sheet, in_offices > 1                   ? "in two offices"
                          : administers && reads           ? "administers and reads the trail"
                          : administers && who->allows > 0 ? "administers and received an allow"
                          : reads && who->allows > 0       ? "reads the trail and received an allow"
                                                           : "");
}

void frt_ask_separation(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"person",
                                          "offices",
                                          "#role_changes",
                                          "#catalogue_changes",
                                          "#other_changes",
                                          "#allows",
                                          "#readings",
                                          "conflict",
                                          NULL};
    struct frt_sheet *sheet =
        frt_reply_sheet(reply, "people", "Who administers, reads and was allowed", columns);
    struct actors actors = {.list = NULL};

    gather_actors(desk, &actors);
    gather_members(desk, &actors);
    count_allows(desk, &actors);
    for (size_t i = 0; i < actors.count; i++)
        separation_row(desk, &actors.list[i], sheet);
    free(actors.list);
    if (!desk->view)
        frt_reply_state(reply, FRT_REPLY_PARTLY,
                        "who belongs to which office stands in the directory: give --directory");
    else if (frt_count_events(desk, "role") + frt_count_events(desk, "entry") +
                 frt_count_events(desk, "sync") ==
             0)
        frt_reply_state(
            reply, FRT_REPLY_PARTLY,
            "no changes of roles or catalogue are recorded in this trail: its frtd read LDIF files");
    if (actors.unnamed > 0)
        frt_reply_note(
            reply, "%zu changes name nobody: a directory does not say who removed an entry; its own log may",
            actors.unnamed);
    frt_reply_note(
        reply,
        "readings of copies elsewhere leave no record here; policy changes are recorded with their digest, "
        "not with a name (Q29)");
}

static int compare_counts(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* The value in the middle; sorts. */
static double median(int64_t *values, size_t count)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof(*values), compare_counts);
    return count % 2 ? (double)values[count / 2] : (double)(values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Median and median absolute deviation: a few heavy users do not hide themselves by pulling the mean up. */
static double limit_of(const struct frt_tally *tally, size_t column, double *ret_median)
{
    size_t count = frt_tally_rows(tally);
    frt_auto_free int64_t *values = calloc(count + 1, sizeof(*values));

    if (!values)
        return 1e18;
    for (size_t i = 0; i < count; i++)
        values[i] = frt_tally_row(tally, i)->count[column] * 1000;
    *ret_median = median(values, count) / 1000;
    for (size_t i = 0; i < count; i++) {
        int64_t distance = frt_tally_row(tally, i)->count[column] * 1000 - (int64_t)(*ret_median * 1000);

        values[i] = distance < 0 ? -distance : distance;
    }
    return *ret_median + 3 * 1.4826 * (median(values, count) / 1000) + 3;
}

/* The busiest day of each person, beside the days before it. */
static void count_days(const struct frt_desk *desk, struct frt_tally *people, struct frt_tally *days)
{
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);
        uint32_t key[FRT_TALLY_KEYS] = {row->person};
        struct frt_tally_row *person, *day;
        int64_t on_day;

        if (!row->person || (row->verdict != FRT_VERDICT_ALLOW && row->verdict != FRT_VERDICT_DENY) ||
            frt_past_is_repeat(desk, row))
            continue;
        key[1] = (uint32_t)(row->time_us / FRT_DAY_US) + 1;
        day = frt_tally_at(days, key);
        on_day = day ? ++day->count[0] : 0;
        key[1] = 0;
        person = frt_tally_at(people, key);
        if (!person)
            continue;
        person->count[row->verdict == FRT_VERDICT_ALLOW ? 1 : 0]++;
        person->count[3] += on_day == 1;
        if (on_day > person->count[2])
            person->count[2] = on_day;
    }
}

void frt_ask_outliers(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"person",       "#denials",  "#allows", "#active_days",
                                          "#busiest_day", "usual_day", "against", NULL};
    struct frt_sheet *sheet =
        frt_reply_sheet(reply, "people", "People far from the rest or from their usual day", columns);
    struct frt_tally *people = frt_tally_new(), *days = frt_tally_new();
    double median_denials = 0, median_allows = 0, most_denials, most_allows;

    frt_reply_filters(reply, "verdict deny or allow, by person");
    count_days(desk, people, days);
    most_denials = limit_of(people, 0, &median_denials);
    most_allows = limit_of(people, 1, &median_allows);
    frt_tally_sort(people);
    for (size_t i = 0; i < frt_tally_rows(people); i++) {
        const struct frt_tally_row *row = frt_tally_row(people, i);
        double usual = (double)(row->count[0] + row->count[1] - row->count[2]) /
                       (double)(row->count[3] > 1 ? row->count[3] - 1 : 1);
        bool peers = (double)row->count[0] > most_denials || (double)row->count[1] > most_allows;
        bool self = row->count[3] > 2 && (double)row->count[2] > 3 * usual + 3;

        if (!peers && !self)
            continue;
        frt_sheet_text(sheet, frt_history_text(desk->history, row->key[0]));
        for (size_t k = 0; k < 2; k++)
            frt_sheet_number(sheet, row->count[k]);
        frt_sheet_number(sheet, row->count[3]);
        frt_sheet_number(sheet, row->count[2]);
        frt_sheet_format(sheet, "%.1f", usual);
        frt_sheet_text(sheet, peers && self ? "peers and own days" : peers ? "peers" : "own days");
    }
    frt_reply_note(
        reply,
        "%zu people; median denials %.1f, allows %.1f; outlier: above median + 3 x 1.4826 x median absolute "
        "deviation + 3, or a day above three times one's usual day + 3",
        frt_tally_rows(people), median_denials, median_allows);
    frt_tally_free(people);
    frt_tally_free(days);
}

static bool is_off_hours(const struct frt_desk *desk, int64_t time_us)
{
    time_t s = (time_t)(time_us / 1000000);
    struct tm local;

    if (!localtime_r(&s, &local))
        return false;
    return local.tm_wday == 0 || local.tm_wday == 6 || (unsigned)local.tm_hour < desk->knobs.office_from ||
           (unsigned)local.tm_hour >= desk->knobs.office_to;
}

void frt_ask_odd_hours(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {FRT_DECISION_COLUMNS, "off_hours",      "remote_host",
                                          "service_account",    "shared_account", NULL};
    struct frt_sheet *sheet =
        frt_reply_sheet(reply, "attempts", "Off hours, remote, service or shared accounts", columns);
    int64_t off = 0, remote = 0, service = 0, shared = 0;

    tzset();
    frt_reply_filters(reply,
                      "outside %u to %u o'clock %s, weekends, remote, by services, through shared accounts",
                      desk->knobs.office_from, desk->knobs.office_to, tzname[0]);
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);
        unsigned subject = frt_past_fact(desk, row, FRT_FACT_SUBJECT);
        bool is_off = is_off_hours(desk, row->time_us),
             is_remote = frt_history_text_of(desk->history, row, FRT_PAST_RHOST) != 0,
             is_service = subject == FRT_SUBJECT_NO_LOGIN,
             is_shared = subject == FRT_SUBJECT_OFFICIAL_ACCOUNT || subject == FRT_SUBJECT_OFFICIAL_BEHIND;

        if (row->verdict == FRT_VERDICT_NOT_GOVERNED || (!is_off && !is_remote && !is_service && !is_shared))
            continue;
        frt_decision_cells(sheet, desk, row);
        frt_sheet_text(sheet, is_off ? "yes" : "");
        frt_sheet_text(sheet, frt_history_say(desk->history, row, FRT_PAST_RHOST));
        frt_sheet_text(sheet, is_service ? "yes" : "");
        frt_sheet_text(sheet, is_shared ? "yes" : "");
        off += is_off;
        remote += is_remote;
        service += is_service;
        shared += is_shared;
    }
    frt_reply_note(reply,
                   "off hours %" PRId64 ", remote %" PRId64 ", services %" PRId64 ", shared accounts %" PRId64
                   "; hours in the time zone of this process (TZ), set with --office-hours",
                   off, remote, service, shared);
}

void frt_ask_other_account(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {
        FRT_DECISION_COLUMNS, "acting_as", "asked_by", "#login_uid", "#uid", "program", NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "attempts", "Login and acting account differ", columns);

    frt_reply_filters(reply, "login person, acting person or PAM_RUSER differ");
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);
        uint32_t login = frt_history_text_of(desk->history, row, FRT_PAST_LOGIN),
                 user = frt_history_text_of(desk->history, row, FRT_PAST_USER),
                 ruser = frt_history_text_of(desk->history, row, FRT_PAST_RUSER);

        if (!(login && user && login != user) && !(ruser && user && ruser != user) &&
            !(row->auid >= 0 && row->uid >= 0 && row->auid != row->uid))
            continue;
        frt_decision_cells(sheet, desk, row);
        frt_sheet_text(sheet, frt_history_text(desk->history, user));
        frt_sheet_text(sheet, frt_history_text(desk->history, ruser));
        frt_sheet_number(sheet, row->auid);
        frt_sheet_number(sheet, row->uid);
        frt_sheet_text(sheet, frt_history_say(desk->history, row, FRT_PAST_EXE));
    }
}

struct streak {
    uint32_t person;
    int64_t time_us;
    size_t row;
};

static int by_person(const void *a, const void *b)
{
    const struct streak *x = a, *y = b;

    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* For one person's denials in order of time: the most that fall into any window of the given length. */
static void streaks(const struct frt_desk *desk, const struct streak *denials, size_t count,
                    struct frt_sheet *sheet)
{
    size_t most = 0, at = 0, from = 0;

    for (size_t i = 0; i < count; i++) {
        while (denials[i].time_us - denials[from].time_us >= desk->knobs.days * FRT_DAY_US)
            from++;
        if (i - from + 1 > most) {
            most = i - from + 1;
            at = from;
        }
    }
    if ((int64_t)most < desk->knobs.count)
        return;
    frt_sheet_text(sheet, frt_history_text(desk->history, denials[0].person));
    frt_sheet_text(sheet, frt_history_text(desk->history,
                                           frt_history_decision(desk->history, denials[at].row)->department));
    frt_sheet_number(sheet, (int64_t)most);
    frt_sheet_time(sheet, denials[at].time_us);
    frt_sheet_time(sheet, denials[at + most - 1].time_us);
    frt_sheet_number(sheet, (int64_t)count);
}

static size_t gather_denials(const struct frt_desk *desk, struct streak *denials)
{
    size_t count = 0;

    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);

        if (row->verdict == FRT_VERDICT_DENY && row->person)
            denials[count++] = (struct streak){row->person, row->time_us, i};
    }
    qsort(denials, count, sizeof(*denials), by_person);
    return count;
}

/* "uid 2026-01-31" per line. */
static void after_training(const struct frt_desk *desk, const struct streak *denials, size_t count,
                           char *training, struct frt_reply *reply)
{
    static const char *const columns[] = {"person", "trained", "#first_denial_after", "time", NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "training", "First denial after training", columns);
    char *line;

    while ((line = strsep(&training, "\n"))) {
        char *date = strchr(line, ' ');
        int64_t from_s, until_s;
        uint32_t person;

        if (!date)
            continue;
        *date++ = '\0';
        date[strcspn(date, "\r ")] = '\0';
        person = frt_history_find_text(desk->history, line);
        if (frt_period_parse(date, &from_s, &until_s) < 0 || person == UINT32_MAX)
            continue;
        for (size_t i = 0; i < count; i++)
            if (denials[i].person == person && denials[i].time_us >= until_s * 1000000) {
                frt_sheet_text(sheet, line);
                frt_sheet_text(sheet, date);
                frt_sheet_number(sheet, (int64_t)frt_history_decision(desk->history, denials[i].row)->n);
                frt_sheet_time(sheet, denials[i].time_us);
                break;
            }
    }
}

void frt_ask_repeated(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"person", "department", "#denials", "from",
                                          "to",     "#in_period", NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "people", "Repeated denials", columns);
    frt_auto_free struct streak *denials =
        calloc(frt_history_decision_count(desk->history) + 1, sizeof(*denials));
    frt_auto_free char *training = NULL;
    const char *what = "";
    size_t count, length;

    frt_reply_filters(reply, "verdict deny, at least %" PRId64 " by one person within %" PRId64 " days",
                      desk->knobs.count, desk->knobs.days);
    if (!denials) {
        reply->failed = true;
        return;
    }
    count = gather_denials(desk, denials);
    for (size_t i = 0, n; i < count; i += n) {
        for (n = 1; i + n < count && denials[i + n].person == denials[i].person; n++)
            ;
        streaks(desk, denials + i, n, sheet);
    }
    if (!desk->knobs.training)
        frt_reply_note(
            reply,
            "training dates are no part of the product: give them with --training FILE, \"uid date\" a line");
    else if (frt_file_read(desk->knobs.training, FRT_FILE_ANY, 16 << 20, &training, &length, &what) < 0)
        frt_reply_state(reply, FRT_REPLY_FAILED, "%s %s", desk->knobs.training, what);
    else
        after_training(desk, denials, count, training, reply);
}

static void list_dual_people(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"person",       "city_role",    "city_from",     "city_until",
                                          "outside_role", "outside_from", "outside_until", NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "people", "Dual-role people of the directory", columns);
    size_t count;
    frt_auto_free const struct frt_person **people = frt_list_people(desk, &count);

    for (size_t i = 0; i < count; i++) {
        const struct frt_role *roles[32], *city = NULL, *outside = NULL;
        size_t n =
            people[i]->uid ? frt_view_roles_of(desk->view, people[i]->uid, roles, FRT_ARRAY_LEN(roles)) : 0;

        for (size_t k = 0; k < n && k < FRT_ARRAY_LEN(roles); k++) {
            if (roles[k]->city && (!city || roles[k]->end_s > city->end_s))
                city = roles[k];
            else if (!roles[k]->city && (!outside || roles[k]->end_s > outside->end_s))
                outside = roles[k];
        }
        if (!city || !outside || city->end_s <= outside->start_s || outside->end_s <= city->start_s)
            continue;
        frt_sheet_text(sheet, people[i]->uid);
        frt_sheet_text(sheet, city->id);
        frt_sheet_time(sheet, city->start_s == INT64_MIN ? INT64_MIN : city->start_s * 1000000);
        frt_sheet_time(sheet, city->end_s == INT64_MAX ? INT64_MAX : city->end_s * 1000000);
        frt_sheet_text(sheet, outside->id);
        frt_sheet_time(sheet, outside->start_s == INT64_MIN ? INT64_MIN : outside->start_s * 1000000);
        frt_sheet_time(sheet, outside->end_s == INT64_MAX ? INT64_MAX : outside->end_s * 1000000);
    }
}

void frt_ask_dual_roles(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {FRT_DECISION_COLUMNS, "roles", NULL};
    struct frt_sheet *sheet =
        frt_reply_sheet(reply, "decisions", "Decisions while both roles were in force", columns);

    frt_reply_filters(reply, "subject dual");
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);

        if (frt_past_fact(desk, row, FRT_FACT_SUBJECT) != FRT_SUBJECT_DUAL)
            continue;
        frt_decision_cells(sheet, desk, row);
        frt_sheet_text(sheet, frt_history_say(desk->history, row,
                                              frt_history_text_of(desk->history, row, FRT_PAST_LOGIN_ROLES)
                                                  ? FRT_PAST_LOGIN_ROLES
                                                  : FRT_PAST_ROLES));
    }
    if (desk->view)
        list_dual_people(desk, reply);
    else
        frt_reply_state(
            reply, FRT_REPLY_PARTLY,
            "dual-role people who attempted nothing stand in the directory only: give --directory");
}

static size_t attempts_between(const struct frt_desk *desk, const char *uid, int64_t from_us,
                               int64_t until_us)
{
    uint32_t person = frt_history_find_text(desk->history, uid);
    size_t count = 0;

    for (size_t i = 0; person != UINT32_MAX && i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);

        count += row->person == person && row->time_us >= from_us && row->time_us < until_us &&
                 !frt_past_is_repeat(desk, row);
    }
    return count;
}

/* removed_us INT64_MAX: not removed. A role that no group carries on stopped at its end, since when the directory does not say. */
static void leaver_row(const struct frt_desk *desk, struct frt_sheet *sheet, const char *uid,
                       const char *role, int64_t end_us, int64_t removed_us, bool is_over, const char *state)
{
    int64_t until_us = removed_us == INT64_MAX ? frt_history_counts(desk->history)->last_us + 1 : removed_us;

    frt_sheet_text(sheet, uid);
    frt_sheet_text(sheet, role);
    frt_sheet_time(sheet, end_us);
    frt_sheet_time(sheet, removed_us);
    if (is_over)
        frt_sheet_text(sheet, "");
    else
        frt_sheet_format(sheet, "%.1f",
                         until_us > end_us ? (double)(until_us - end_us) / (double)FRT_DAY_US : 0.0);
    frt_sheet_number(sheet, (int64_t)attempts_between(desk, uid, end_us, until_us));
    frt_sheet_text(sheet, state);
}

/* City roles whose end has passed and that the directory still has. */
static void list_stale_roles(const struct frt_desk *desk, struct frt_sheet *sheet)
{
    size_t count;
    frt_auto_free const struct frt_person **people = frt_list_people(desk, &count);
    int64_t last_us = frt_history_counts(desk->history)->last_us;

    for (size_t i = 0; i < count; i++) {
        const struct frt_role *roles[32];
        size_t n =
            people[i]->uid ? frt_view_roles_of(desk->view, people[i]->uid, roles, FRT_ARRAY_LEN(roles)) : 0;

        for (size_t k = 0; k < n && k < FRT_ARRAY_LEN(roles); k++) {
            bool listed = false;

            if (!roles[k]->city || roles[k]->end_s == INT64_MAX || roles[k]->end_s * 1000000 > last_us)
                continue;
            for (size_t g = 0; g < n && g < FRT_ARRAY_LEN(roles); g++)
                listed |= roles[g]->from_group && roles[g]->city;
            listed |=
                roles[k]->group_dn && frt_view_group_lists(desk->view, roles[k]->group_dn, people[i]->uid);
            leaver_row(desk, sheet, people[i]->uid, roles[k]->id, roles[k]->end_s * 1000000, INT64_MAX,
                       !listed,
                       listed ? "ended, entry still there, STILL MEMBER of a city group"
                              : "ended, entry still there, in no city group any more");
        }
    }
}

void frt_ask_leavers(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"person",        "role",      "ended", "removed",
                                          "#days_between", "#attempts", "state", NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "leavers", "City roles that ended", columns);
    struct frt_role_changes changes;

    if (!frt_role_changes_read(desk, &changes)) {
        reply->failed = true;
        return;
    }
    for (size_t i = 0; i < changes.count; i++) {
        const struct frt_role_change *change = &changes.list[i];

        if (strcmp(change->what, "removed") == 0 && change->before_city && change->person[0])
            leaver_row(desk, sheet, change->person, change->role,
                       change->end_s == INT64_MAX ? change->time_us : change->end_s * 1000000,
                       change->time_us, false,
                       change->end_s == INT64_MAX ? "removed, no end was stated" : "removed");
    }
    frt_role_changes_clear(&changes);
    if (desk->view)
        list_stale_roles(desk, sheet);
    else
        frt_reply_state(reply, FRT_REPLY_PARTLY,
                        "roles that ended and are still there stand in the directory: give --directory");
}
