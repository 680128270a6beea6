/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Legitimacy: was there a request, a route, an authority; did it stay in scope; was it asked for by those who may not.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "casework/questions_parts.h"
#include "casework/results.h"
#include "support/cleanup.h"
#include "support/file.h"

/* What allows can be checked against twice: the facts frozen then, and the directory as it is now. */
static void note_sources(const struct frt_desk *desk, struct frt_reply *reply)
{
    if (desk->view)
        frt_reply_note(
            reply, "checked twice: against the facts frozen in each record, and against the directory given");
    else
        frt_reply_note(
            reply,
            "checked against the facts frozen in each record; give --directory to check the papers as well");
}

static size_t count_verdict(const struct frt_desk *desk, enum frt_verdict verdict)
{
    size_t count = 0;

    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++)
        count += frt_history_decision(desk->history, i)->verdict == verdict;
    return count;
}

/* Looks at each allow; `check` gives what is wrong with it in words, or NULL. */
static void list_exceptions(const struct frt_desk *desk, struct frt_reply *reply, const char *title,
                            const char *(*check)(const struct frt_desk *desk,
                                                 const struct frt_past_decision *row))
{
    static const char *const columns[] = {FRT_DECISION_COLUMNS, "exception", NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "exceptions", title, columns);

    frt_reply_filters(reply, "verdict allow (%zu decisions)", count_verdict(desk, FRT_VERDICT_ALLOW));
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);
        const char *what =
            row->verdict == FRT_VERDICT_ALLOW && !frt_past_is_filing(desk, row) ? check(desk, row) : NULL;

        if (!what)
            continue;
        frt_decision_cells(sheet, desk, row);
        frt_sheet_text(sheet, what);
    }
    note_sources(desk, reply);
}

static const char *check_request(const struct frt_desk *desk, const struct frt_past_decision *row)
{
    const struct frt_request *request = frt_past_request(desk, row);

    if (!frt_history_text_of(desk->history, row, FRT_PAST_REQUEST))
        return "no request named";
    if (frt_past_fact(desk, row, FRT_FACT_REQUEST) != FRT_REQUEST_ON_FILE)
        return "the facts say the request was not on file";
    if (!desk->view)
        return NULL;
    if (!request)
        return "the directory has no such request";
    if (request->filed_s == INT64_MIN || request->filed_s * 1000000 > row->time_us)
        return "filed after the decision";
    return NULL;
}

void frt_ask_without_request(const struct frt_desk *desk, struct frt_reply *reply)
{
    list_exceptions(desk, reply, "Allowed without a request on file", check_request);
}

static bool is_one_of_three(const char *recipient)
{
    return strcmp(recipient, "rmv") == 0 || strcmp(recipient, "msp") == 0 || strcmp(recipient, "fbi") == 0;
}

static const char *check_recipient(const struct frt_desk *desk, const struct frt_past_decision *row)
{
    const struct frt_request *request = frt_past_request(desk, row);
    unsigned state = frt_past_fact(desk, row, FRT_FACT_REQUEST);

    if (state == FRT_REQUEST_WRONG_RECIPIENT || state == FRT_REQUEST_OTHER_AGENCY)
        return "the facts say the request was addressed elsewhere";
    if (request && (!request->recipient || !is_one_of_three(request->recipient)))
        return "the directory says the recipient is none of the three bodies";
    return desk->view && !request ? "the directory has no such request" : NULL;
}

void frt_ask_other_recipient(const struct frt_desk *desk, struct frt_reply *reply)
{
    list_exceptions(desk, reply, "Allowed on a request to another recipient", check_recipient);
}

static const char *check_order(const struct frt_desk *desk, const struct frt_past_decision *row)
{
    const struct frt_request *request = frt_past_request(desk, row);
    const struct frt_authority *order = frt_request_authority(desk, request);

    if (frt_past_fact(desk, row, FRT_FACT_ROUTE) != FRT_ROUTE_ORDER)
        return NULL;
    if (frt_past_fact(desk, row, FRT_FACT_AUTHORITY) != FRT_AUTHORITY_IN_FORCE)
        return "the facts say the order was not in force";
    if (!request)
        return NULL;
    if (!order || strcmp(order->kind ? order->kind : "", "order") != 0)
        return "the directory has no such order";
    if (order->start_s != INT64_MIN && row->time_us < order->start_s * 1000000)
        return "before the order began";
    if (order->end_s != INT64_MAX && row->time_us >= order->end_s * 1000000)
        return "after the order ended";
    if (order->case_number && request->case_number && strcmp(order->case_number, request->case_number) != 0)
        return "the order is for another docket";
    return NULL;
}

void frt_ask_order_out_of_force(const struct frt_desk *desk, struct frt_reply *reply)
{
    list_exceptions(desk, reply, "Allowed on an order out of force", check_order);
}

static const char *check_deceased(const struct frt_desk *desk, const struct frt_past_decision *row)
{
    const struct frt_authority *declaration = frt_request_authority(desk, frt_past_request(desk, row));

    if (frt_past_fact(desk, row, FRT_FACT_ROUTE) != FRT_ROUTE_DECEASED)
        return NULL;
    if (frt_past_fact(desk, row, FRT_FACT_AUTHORITY) != FRT_AUTHORITY_IN_FORCE)
        return "the facts say nobody declared the subject dead";
    if (!desk->view)
        return NULL;
    if (!declaration)
        return "the declaration is missing from the directory";
    return declaration->declared_dead ? NULL
                                      : "the directory now says the subject lives, or nobody declared it";
}

void frt_ask_deceased(const struct frt_desk *desk, struct frt_reply *reply)
{
    list_exceptions(desk, reply, "Allowed on the route for deceased persons, against the papers",
                    check_deceased);
}

/* A court order for the same case that begins after the emergency. */
static const char *order_after(const struct frt_desk *desk, const struct frt_request *request,
                               int64_t time_us)
{
    size_t count;
    frt_auto_free const struct frt_authority **list = frt_list_authorities(desk, &count);

    for (size_t i = 0; i < count; i++)
        if (list[i]->kind && strcmp(list[i]->kind, "order") == 0 && list[i]->case_number &&
            request->case_number && strcmp(list[i]->case_number, request->case_number) == 0 &&
            list[i]->start_s != INT64_MIN && list[i]->start_s * 1000000 >= time_us - FRT_DAY_US)
            return list[i]->id;
    return "";
}

/* True when it has been reviewed. */
static bool emergency_cells(const struct frt_desk *desk, const struct frt_past_decision *row,
                            struct frt_sheet *sheet)
{
    const struct frt_request *request = frt_past_request(desk, row);
    const struct frt_authority *statement = frt_request_authority(desk, request);
    const struct frt_past_event *review = frt_review_of(desk->history, row);
    char text[512];

    frt_decision_cells(sheet, desk, row);
    frt_sheet_text(sheet, statement ? frt_entry_text(statement->entry, "frtFactualBasis") : "");
    frt_sheet_text(sheet, statement ? frt_entry_text(statement->entry, "frtHarm") : "");
    if (review)
        frt_sheet_format(sheet, "%.1f", (double)(review->time_us - row->time_us) / 3.6e9);
    else
        frt_sheet_text(sheet, "not reviewed");
    for (size_t k = 0; k < 2; k++) {
        if (review)
            frt_history_field(review, k ? "finding" : "by", text, sizeof(text));
        frt_sheet_text(sheet, review ? text : "");
    }
    frt_sheet_text(sheet, request ? order_after(desk, request, row->time_us) : "");
    return review;
}

static bool is_emergency(const struct frt_desk *desk, const struct frt_past_decision *row)
{
    return row->verdict == FRT_VERDICT_ALLOW && !frt_past_is_repeat(desk, row) &&
           frt_past_fact(desk, row, FRT_FACT_ROUTE) == FRT_ROUTE_EMERGENCY;
}

size_t frt_emergencies_waiting(const struct frt_desk *desk)
{
    size_t waiting = 0;

    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);

        waiting += is_emergency(desk, row) && !frt_review_of(desk->history, row);
    }
    return waiting;
}

void frt_ask_emergencies(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {FRT_DECISION_COLUMNS,
                                          "factual_basis",
                                          "harm",
                                          "hours_to_review",
                                          "reviewed_by",
                                          "finding",
                                          "order_that_followed",
                                          NULL};
    size_t waiting = 0;
    struct frt_sheet *sheet =
        frt_reply_sheet(reply, "emergencies", "Allowed on the emergency route", columns);

    frt_reply_filters(reply, "verdict allow, route emergency");
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);

        if (is_emergency(desk, row))
            waiting += !emergency_cells(desk, row, sheet);
    }
    if (!desk->view && frt_sheet_rows(sheet) > 0)
        frt_reply_state(reply, FRT_REPLY_PARTLY,
                        "the factual basis and later orders stand in the directory: give --directory");
    if (frt_sheet_rows(sheet) > 0)
        frt_reply_note(reply, "%zu of %zu wait for their human review (frt request review)", waiting,
                       frt_sheet_rows(sheet));
}

static const char *emergency_fault(unsigned authority)
{
    switch (authority) {
    case FRT_AUTHORITY_NO_BASIS:
        return "no factual basis, harm or need for no delay stated";
    case FRT_AUTHORITY_UNBOUNDED:
        return "scope missing or unbounded";
    case FRT_AUTHORITY_NOT_IN_FORCE:
        return "statement not in force";
    default:
        return "statement missing";
    }
}

void frt_ask_emergencies_refused(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {FRT_DECISION_COLUMNS, "missing", NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "refused", "Refused on the emergency route", columns);

    frt_reply_filters(reply, "verdict deny, reason emergency-invalid");
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);

        if (row->verdict != FRT_VERDICT_DENY || row->reason != FRT_REASON_EMERGENCY_INVALID)
            continue;
        frt_decision_cells(sheet, desk, row);
        frt_sheet_text(sheet, emergency_fault(frt_past_fact(desk, row, FRT_FACT_AUTHORITY)));
    }
}

void frt_ask_exemptions(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"rule", "tool", "host", "person", "#uses", "first", "last", NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "exemptions", "Exemptions used", columns);
    struct frt_tally *tally = frt_tally_new();

    frt_reply_filters(reply, "verdict exempt");
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);
        const uint32_t key[FRT_TALLY_KEYS] = {frt_history_text_of(desk->history, row, FRT_PAST_RULE),
                                              frt_history_text_of(desk->history, row, FRT_PAST_TOOL),
                                              frt_history_text_of(desk->history, row, FRT_PAST_HOST),
                                              row->person};
        struct frt_tally_row *counts = row->verdict == FRT_VERDICT_EXEMPT ? frt_tally_at(tally, key) : NULL;

        if (!counts)
            continue;
        if (counts->count[0]++ == 0)
            counts->count[1] = row->time_us;
        counts->count[2] = row->time_us;
    }
    frt_tally_sort(tally);
    for (size_t i = 0; i < frt_tally_rows(tally); i++) {
        const struct frt_tally_row *counts = frt_tally_row(tally, i);

        for (size_t k = 0; k < 4; k++)
            frt_sheet_text(sheet, frt_history_text(desk->history, counts->key[k]));
        frt_sheet_number(sheet, counts->count[0]);
        frt_sheet_time(sheet, counts->count[1]);
        frt_sheet_time(sheet, counts->count[2]);
    }
    frt_tally_free(tally);
}

static void list_declarations(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"item",        "declared", "solicited", "declared_by",
                                          "declared_on", "source",   NULL};
    struct frt_sheet *sheet;
    size_t count;
    frt_auto_free const struct frt_authority **list = frt_list_authorities(desk, &count);

    if (!desk->view)
        return;
    sheet = frt_reply_sheet(reply, "items", "Items in the directory", columns);
    for (size_t i = 0; i < count; i++) {
        if (!list[i]->kind || strcmp(list[i]->kind, "evidence") != 0)
            continue;
        frt_sheet_text(sheet, list[i]->id);
        frt_sheet_text(sheet, list[i]->declared ? "yes" : "NO");
        frt_sheet_text(sheet, !list[i]->declared ? "not declared" : list[i]->solicited ? "YES" : "no");
        frt_sheet_text(sheet, frt_entry_text(list[i]->entry, "frtDeclaredBy"));
        frt_sheet_time(sheet, list[i]->start_s == INT64_MIN ? INT64_MIN : list[i]->start_s * 1000000);
        frt_sheet_text(sheet, frt_entry_text(list[i]->entry, "frtSource"));
    }
}

void frt_ask_evidence(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {FRT_DECISION_COLUMNS, "item", "declaration", NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "attempts", "Attempts with a flagged item", columns);

    frt_reply_filters(reply, "an evidence item was presented");
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);
        unsigned evidence = frt_past_fact(desk, row, FRT_FACT_EVIDENCE);

        if (evidence == FRT_EVIDENCE_NONE)
            continue;
        frt_decision_cells(sheet, desk, row);
        frt_sheet_text(sheet, frt_history_say(desk->history, row, FRT_PAST_EVIDENCE));
        frt_sheet_text(sheet, frt_fact_value_name(FRT_FACT_EVIDENCE, evidence));
    }
    list_declarations(desk, reply);
    if (!desk->view)
        frt_reply_state(reply, FRT_REPLY_PARTLY,
                        "items that nobody opened stand in the directory only: give --directory");
}

/* Whether one of the lines of `cases` is this case number. */
static bool is_city_case(const char *cases, const char *number)
{
    size_t length = number ? strlen(number) : 0;

    for (const char *line = cases; line && *line && length > 0;
         line = strchr(line, '\n') ? strchr(line, '\n') + 1 : "")
        if (strncmp(line, number, length) == 0 &&
            (line[length] == '\n' || line[length] == '\r' || line[length] == '\0'))
            return true;
    return false;
}

static bool is_official(const struct frt_desk *desk, const char *uid)
{
    const struct frt_role *roles[32];
    size_t count = uid ? frt_view_roles_of(desk->view, uid, roles, FRT_ARRAY_LEN(roles)) : 0;

    for (size_t i = 0; i < count && i < FRT_ARRAY_LEN(roles); i++)
        if (roles[i]->city)
            return true;
    return false;
}

/* The case number of a request that a city official filed or had filed. */
static bool is_case_of_official(const struct frt_desk *desk, const struct frt_request *request,
                                const struct frt_request *const *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (all[i] != request && all[i]->case_number && request->case_number &&
            strcmp(all[i]->case_number, request->case_number) == 0 && is_official(desk, all[i]->requester))
            return true;
    return false;
}

/* An official's name or uid as a word of what the request says. */
static bool names_official(const struct frt_desk *desk, const struct frt_request *request, char who[64])
{
    static const char *const attributes[] = {"frtReason", "description", "frtTraits", "frtSubject",
                                             "frtRequesterPosition"};
    size_t count;
    frt_auto_free const struct frt_person **people = frt_list_people(desk, &count);

    for (size_t i = 0; i < count; i++) {
        if (!is_official(desk, people[i]->uid))
            continue;
        for (size_t k = 0; k < FRT_ARRAY_LEN(attributes); k++) {
            const char *text = frt_entry_text(request->entry, attributes[k]);

            if (people[i]->name && strlen(people[i]->name) > 4 && strcasestr(text, people[i]->name)) {
                snprintf(who, 64, "%s", people[i]->uid);
                return true;
            }
        }
    }
    return false;
}

static void proxy_row(const struct frt_desk *desk, const char *cases, const struct frt_request *request,
                      const struct frt_request *const *all, size_t count, struct frt_sheet *sheet)
{
    char why[256] = "", who[64];
    int score = 0;

    if (is_official(desk, request->requester)) {
        score += 4;
        strcat(why, "the requester is a city official; ");
    }
    if (is_city_case(cases, request->case_number)) {
        score += 3;
        strcat(why, "the case number is a city case; ");
    }
    if (is_case_of_official(desk, request, all, count)) {
        score += 3;
        strcat(why, "a city official filed for the same case; ");
    }
    if (names_official(desk, request, who)) {
        score += 2;
        snprintf(why + strlen(why), sizeof(why) - strlen(why), "it names the official %s; ", who);
    }
    if (score == 0)
        return;
    why[strlen(why) - 2] = '\0';
    frt_sheet_number(sheet, score);
    frt_sheet_text(sheet, request->id);
    frt_sheet_text(sheet, request->requester);
    frt_sheet_text(sheet, request->requester_agency);
    frt_sheet_text(sheet, request->case_number);
    frt_sheet_text(sheet, why);
}

static void list_proxy_requests(const struct frt_desk *desk, const char *cases, struct frt_reply *reply)
{
    static const char *const columns[] = {"#score", "request", "requester", "agency", "case", "why", NULL};
    struct frt_sheet *sheet =
        frt_reply_sheet(reply, "requests", "Requests that match a city case or official", columns);
    size_t count;
    frt_auto_free const struct frt_request **all = frt_list_requests(desk, &count);

    for (size_t i = 0; i < count; i++)
        proxy_row(desk, cases, all[i], all, count, sheet);
}

static void list_proxy_attempts(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {FRT_DECISION_COLUMNS, NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "attempts", "Decisions flagged as by proxy", columns);

    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);

        if (strstr(frt_history_say(desk->history, row, FRT_PAST_OBLIGATIONS), "flag-proxy"))
            frt_decision_cells(sheet, desk, row);
    }
}

void frt_ask_proxy(const struct frt_desk *desk, struct frt_reply *reply)
{
    frt_auto_free char *cases = NULL;
    const char *what = "";
    size_t length;

    if (desk->knobs.city_cases &&
        frt_file_read(desk->knobs.city_cases, FRT_FILE_ANY, 16 << 20, &cases, &length, &what) < 0) {
        frt_reply_state(reply, FRT_REPLY_FAILED, "%s %s", desk->knobs.city_cases, what);
        return;
    }
    if (desk->view)
        list_proxy_requests(desk, cases, reply);
    list_proxy_attempts(desk, reply);
    if (!desk->view)
        frt_reply_state(reply, FRT_REPLY_PARTLY, "requests stand in the directory: give --directory");
    else if (!cases)
        frt_reply_state(reply, FRT_REPLY_PARTLY,
                        "the city's case index is no part of the product: give its numbers with --city-cases "
                        "FILE, one a line");
}

static void count_uses(const struct frt_desk *desk, struct frt_tally *uses, struct frt_tally *days,
                       struct frt_tally *people)
{
    for (size_t i = 0; i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *row = frt_history_decision(desk->history, i);
        uint32_t key[FRT_TALLY_KEYS] = {frt_history_text_of(desk->history, row, FRT_PAST_REQUEST)};
        struct frt_tally_row *counts;

        if (!row->is_use || !(counts = frt_tally_at(uses, key)))
            continue;
        counts->count[0]++;
        key[1] = (uint32_t)(row->time_us / FRT_DAY_US);
        if ((counts = frt_tally_at(days, key)) && counts->count[0]++ == 0 &&
            (key[1] = 0, counts = frt_tally_at(uses, key)))
            counts->count[1]++;
        key[1] = row->person;
        if ((counts = frt_tally_at(people, key)) && counts->count[0]++ == 0 &&
            (key[1] = 0, counts = frt_tally_at(uses, key)))
            counts->count[2]++;
    }
}

/* As the resolver counts them: an order or a deceased person without a stated maximum is good for one. */
static unsigned maximum_of(const struct frt_request *request)
{
    if (!request)
        return 0;
    if (request->max_searches > 0)
        return request->max_searches;
    return request->route == FRT_ROUTE_ORDER || request->route == FRT_ROUTE_DECEASED ? 1 : 0;
}

void frt_ask_over_scope(const struct frt_desk *desk, struct frt_reply *reply)
{
    static const char *const columns[] = {"request",     "#searches", "maximum", "#days",
                                          "#performers", "exception", NULL};
    struct frt_sheet *sheet = frt_reply_sheet(reply, "requests", "Requests used beyond or across", columns);
    struct frt_tally *uses = frt_tally_new(), *days = frt_tally_new(), *people = frt_tally_new();

    frt_reply_filters(reply, "allowed decisions that used up one search of their request");
    count_uses(desk, uses, days, people);
    frt_tally_sort(uses);
    for (size_t i = 0; i < frt_tally_rows(uses); i++) {
        const struct frt_tally_row *counts = frt_tally_row(uses, i);
        const char *id = frt_history_text(desk->history, counts->key[0]);
        unsigned maximum = maximum_of(desk->view ? frt_view_request(desk->view, id) : NULL);
        bool over = maximum > 0 && counts->count[0] > (int64_t)maximum;

        if (!over && counts->count[1] < 2 && counts->count[2] < 2)
            continue;
        frt_sheet_text(sheet, id);
        frt_sheet_number(sheet, counts->count[0]);
        frt_sheet_format(sheet, maximum ? "%u" : "%.0u", maximum);
        frt_sheet_number(sheet, counts->count[1]);
        frt_sheet_number(sheet, counts->count[2]);
        frt_sheet_format(sheet, "%s%s%s", over ? "beyond its maximum; " : "",
                         counts->count[1] > 1 ? "several days; " : "",
                         counts->count[2] > 1 ? "several performers" : "");
    }
    if (!desk->view)
        frt_reply_state(reply, FRT_REPLY_PARTLY, "maxima stand in the directory: give --directory");
    frt_tally_free(uses);
    frt_tally_free(days);
    frt_tally_free(people);
}
