/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/eopss.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/documents.h"
#include "casework/questions_parts.h"
#include "casework/request_form.h"
#include "casework/safe_text.h"
#include "support/cleanup.h"
#include "support/file.h"
#include "support/name.h"
#include "support/percent.h"
#include "support/time_text.h"
#include "trail/sha256.h"

struct frt_eopss {
    const struct frt_desk *desk;
    struct frt_eopss_options options;
    struct frt_results *results;
    struct frt_eopss_row *rows;
    size_t count, room;
    char **agencies;
    size_t agency_count;
};

const struct frt_desk *frt_eopss_desk(const struct frt_eopss *eopss)
{
    return eopss->desk;
}

const struct frt_eopss_options *frt_eopss_given(const struct frt_eopss *eopss)
{
    return &eopss->options;
}

/* ---- what a row says ---- */

static const char *first_value(const struct frt_eopss_row *row, const char *attribute)
{
    const struct frt_attribute *found = row->request ? frt_entry_find(row->request->entry, attribute) : NULL;

    return found && found->value_count > 0 ? found->values[0].bytes : "";
}

static void join(const struct frt_eopss_row *row, const char *attribute, char *buffer, size_t size)
{
    const struct frt_attribute *found = row->request ? frt_entry_find(row->request->entry, attribute) : NULL;
    size_t used = strlen(buffer);

    for (size_t i = 0; found && i < found->value_count && used < size; i++)
        used +=
            (size_t)snprintf(buffer + used, size - used, "%s%s", used ? "; " : "", found->values[i].bytes);
}

static void readable_time(const char *value, char *buffer, size_t size)
{
    char text[FRT_TIME_TEXT_MAX];
    int64_t s;

    if (frt_generalized_time_parse(value, strlen(value), &s) == 0) {
        frt_time_format(s, text);
        value = text;
    }
    snprintf(buffer, size, "%s", value);
}

/* What a note of the request says behind `begin`; "". */
static const char *note_of(const struct frt_eopss_row *row, const char *begin)
{
    const struct frt_attribute *notes =
        row->request ? frt_entry_find(row->request->entry, "description") : NULL;

    for (size_t i = 0; notes && i < notes->value_count; i++)
        if (strncmp(notes->values[i].bytes, begin, strlen(begin)) == 0)
            return notes->values[i].bytes + strlen(begin);
    return "";
}

static void say_dates(const struct frt_eopss_row *row, char *buffer, size_t size)
{
    const char *dated = note_of(row, FRT_FORM_DATED_NOTE);

    readable_time(first_value(row, "frtFiledAt"), buffer, size);
    if (dated[0])
        snprintf(buffer + strlen(buffer), size - strlen(buffer), "; document dated %s", dated);
}

static void say_result(const struct frt_eopss_row *row, char *buffer, size_t size)
{
    if (!row->result)
        buffer[0] = '\0';
    else if (row->result->matches < 0)
        snprintf(buffer, size, "no search was made");
    else
        snprintf(buffer, size, "%" PRId64, row->result->matches);
}

/* The name as it was when the request was filed; without that note, as the directory has it now. */
static const char *requester_name(const struct frt_eopss *eopss, const struct frt_eopss_row *row)
{
    const char *noted = note_of(row, FRT_FORM_REQUESTER_NOTE);
    const struct frt_person *person = frt_view_person_by_uid(eopss->desk->view, row->request->requester);

    return noted[0] ? noted : person && person->name ? person->name : "";
}

static void say_requester(const struct frt_eopss *eopss, const struct frt_eopss_row *row, char *buffer,
                          size_t size)
{
    const struct frt_request *request = row->request;
    const struct frt_agency *agency;
    const char *name;

    if (!request || !request->requester)
        return;
    name = requester_name(eopss, row);
    snprintf(buffer, size, "%s%s(%s)", name, name[0] ? " " : "", request->requester);
    join(row, "frtRequesterPosition", buffer, size);
    agency = request->requester_agency ? frt_view_agency(eopss->desk->view, request->requester_agency) : NULL;
    if (request->requester_agency)
        snprintf(buffer + strlen(buffer), size - strlen(buffer), "; %s",
                 agency && agency->name ? agency->name : request->requester_agency);
}

void frt_eopss_item(const struct frt_eopss *eopss, const struct frt_eopss_row *row, char item,
                    char buffer[FRT_EOPSS_TEXT_MAX])
{
    const size_t size = FRT_EOPSS_TEXT_MAX;

    buffer[0] = '\0';
    switch (item) {
    case 'a':
        snprintf(buffer, size, "%s", first_value(row, "frtDocumentSha256"));
        break;
    case 'b':
        say_dates(row, buffer, size);
        break;
    case 'c':
        say_result(row, buffer, size);
        break;
    case 'd':
        if (row->result && row->result->matches >= 0) {
            snprintf(buffer, size, "%s", row->result->database);
            (void)frt_percent_decode(buffer); /* as it was typed; every writer makes it safe again */
        }
        break;
    case 'e':
        say_requester(eopss, row, buffer, size);
        break;
    case 'f':
        join(row, "frtReason", buffer, size);
        join(row, "frtOffence", buffer, size);
        break;
    case 'g':
        snprintf(buffer, size, "%s", first_value(row, "frtRecipient"));
        break;
    case 'h':
        join(row, "frtTraits", buffer, size);
        break;
    default:
        break;
    }
}

/* ---- what is missing, and why ---- */

static void __attribute__((format(printf, 3, 4)))
lack(struct frt_eopss_row *row, char item, const char *format, ...)
{
    char *reason = row->missing[item - 'a'];
    va_list list;

    if (reason[0])
        return;
    va_start(list, format);
    vsnprintf(reason, sizeof(row->missing[0]), format, list);
    va_end(list);
}

/* The bytes under their hash, and still those. */
static bool is_kept(const char *documents, const char *hex, char why[160])
{
    frt_auto_free char *bytes = NULL;
    size_t length;
    int r = frt_document_read(documents, hex, &bytes, &length);

    snprintf(
        why, 160, "%s",
        r == -EBADMSG
            ? "the document kept is NOT the one that was filed (its SHA-256 differs)"
            : "the document's hash was filed, its bytes are not in the folder of documents (--documents)");
    return r == 0;
}

static void check_papers(const struct frt_eopss *eopss, struct frt_eopss_row *row)
{
    static const struct {
        char item;
        const char *attribute, *reason;
    } needed[] = {
        {'a', "frtDocumentSha256", "no document was filed with the request"},
        {'b', "frtFiledAt", "the request does not say when it was filed"},
        {'e', "frtRequester", "the request names no requester"},
        {'e', "frtRequesterPosition", "the request does not state the requester's position"},
        {'e', "frtRequesterAgency", "the request does not state the requester's agency"},
        {'f', "frtReason", "the request states no reason"},
        {'f', "frtOffence", "the request does not state the suspected crime (none would be an answer)"},
        {'g', "frtRecipient", "the request does not say to whom it was submitted"},
        {'h', "frtTraits", "the request states no characteristics"},
    };
    char why[160];

    for (size_t i = 0; i < FRT_ARRAY_LEN(needed); i++)
        if (!first_value(row, needed[i].attribute)[0])
            lack(row, needed[i].item, "%s", needed[i].reason);
    row->has_copy = is_kept(eopss->options.documents, first_value(row, "frtDocumentSha256"), why);
    if (!row->has_copy)
        lack(row, 'a', "%s", why);
}

static void find_missing(const struct frt_eopss *eopss, struct frt_eopss_row *row)
{
    const struct frt_history *history = eopss->desk->history;

    if (!row->result) {
        const char *person = frt_history_text(history, row->decision->person);

        lack(row, 'c', "no result is on record; %s records it: frt request record --decision %" PRIu64,
             person, row->decision->n);
        lack(row, 'd', "no result is on record, so which database was searched is not known");
    }
    if (row->request) {
        check_papers(eopss, row);
        return;
    }
    for (const char *item = "abefgh"; *item; item++)
        lack(row, *item,
             eopss->desk->view ? "request %s is not in the directory that was given"
                               : "no directory was given to look up request %s in (--directory)",
             frt_history_say(history, row->decision, FRT_PAST_REQUEST));
}

/* ---- gathering ---- */

static const char *performing(const struct frt_eopss *eopss, const struct frt_eopss_row *row)
{
    return frt_history_say(eopss->desk->history, row->decision, FRT_PAST_AGENCY);
}

static const char *requesting(const struct frt_eopss_row *row)
{
    return row->request && row->request->requester_agency ? row->request->requester_agency : "";
}

static int note_agency(struct frt_eopss *eopss, const char *id)
{
    char **agencies;

    if (!id || !frt_identifier_is_valid(id) || strcmp(id, "city") == 0 ||
        (eopss->options.agency && strcmp(id, eopss->options.agency) != 0))
        return 0;
    for (size_t i = 0; i < eopss->agency_count; i++)
        if (strcmp(eopss->agencies[i], id) == 0)
            return 0;
    agencies = realloc(eopss->agencies, (eopss->agency_count + 1) * sizeof(*agencies));
    if (!agencies)
        return -ENOMEM;
    eopss->agencies = agencies;
    agencies[eopss->agency_count] = strdup(id);
    return agencies[eopss->agency_count] ? (eopss->agency_count++, 0) : -ENOMEM;
}

static int add_row(struct frt_eopss *eopss, const struct frt_past_decision *decision,
                   const struct frt_request *request, const struct frt_result *result)
{
    struct frt_eopss_row *row;
    int r;

    if (eopss->count == eopss->room) {
        size_t room = eopss->room ? eopss->room * 2 : 64;
        struct frt_eopss_row *rows = realloc(eopss->rows, room * sizeof(*rows));

        if (!rows)
            return -ENOMEM;
        eopss->rows = rows;
        eopss->room = room;
    }
    row = &eopss->rows[eopss->count++];
    *row = (struct frt_eopss_row){.decision = decision, .request = request, .result = result};
    if (!result || result->matches >= 0)
        find_missing(eopss, row);
    r = note_agency(eopss, requesting(row));
    return r < 0 ? r : note_agency(eopss, performing(eopss, row));
}

static int add_search(struct frt_eopss *eopss, const struct frt_past_decision *decision)
{
    const char *id = frt_history_say(eopss->desk->history, decision, FRT_PAST_REQUEST);
    const struct frt_request *request = eopss->desk->view ? frt_view_request(eopss->desk->view, id) : NULL;
    const struct frt_result *results;
    size_t count = frt_results_of(eopss->results, (int64_t)decision->n, &results);
    int r = count == 0 ? add_row(eopss, decision, request, NULL) : 0;

    for (size_t i = 0; r == 0 && i < count; i++)
        r = add_row(eopss, decision, request, &results[i]);
    return r;
}

/* Also when nothing was searched: the agency whose machine keeps this trail owes a nil return. */
static int note_owner(struct frt_eopss *eopss)
{
    const struct frt_desk *desk = eopss->desk;
    size_t count = desk->view ? (desk->trail_count ? desk->trail_count : 1) : 0;
    int r = 0;

    for (size_t i = 0; r == 0 && i < count; i++) {
        const char *name = desk->trail_count ? desk->trails[i]->host : desk->host;
        const struct frt_host *host = name[0] ? frt_view_host(desk->view, name) : NULL;

        r = host ? note_agency(eopss, host->owner) : 0;
    }
    return r == 0 && eopss->options.agency ? note_agency(eopss, eopss->options.agency) : r;
}

int frt_eopss_gather(const struct frt_desk *desk, const struct frt_eopss_options *options,
                     struct frt_eopss **ret_eopss)
{
    struct frt_eopss *eopss = calloc(1, sizeof(*eopss));
    int r;

    if (!eopss)
        return -ENOMEM;
    eopss->desk = desk;
    eopss->options = *options;
    r = frt_results_read(desk->history, &eopss->results);
    for (size_t i = 0; r == 0 && i < frt_history_decision_count(desk->history); i++) {
        const struct frt_past_decision *decision = frt_history_decision(desk->history, i);

        if (decision->is_use && decision->verdict == FRT_VERDICT_ALLOW &&
            decision->time_us >= options->from_s * 1000000 && decision->time_us < options->until_s * 1000000)
            r = add_search(eopss, decision);
    }
    if (r == 0)
        r = note_owner(eopss);
    if (r < 0) {
        frt_eopss_free(eopss);
        return r;
    }
    *ret_eopss = eopss;
    return 0;
}

void frt_eopss_free(struct frt_eopss *eopss)
{
    if (!eopss)
        return;
    for (size_t i = 0; i < eopss->agency_count; i++)
        free(eopss->agencies[i]);
    free(eopss->agencies);
    free(eopss->rows);
    frt_results_free(eopss->results);
    free(eopss);
}

/* ---- asking ---- */

size_t frt_eopss_agencies(const struct frt_eopss *eopss, const char *const **ret_agencies)
{
    *ret_agencies = (const char *const *)eopss->agencies;
    return eopss->agency_count;
}

size_t frt_eopss_row_count(const struct frt_eopss *eopss)
{
    return eopss->count;
}

const struct frt_eopss_row *frt_eopss_row(const struct frt_eopss *eopss, size_t i, const char *agency)
{
    const struct frt_eopss_row *row = &eopss->rows[i];

    return strcmp(requesting(row), agency) == 0 || strcmp(performing(eopss, row), agency) == 0 ? row : NULL;
}

void frt_eopss_count(const struct frt_eopss *eopss, const char *agency, struct frt_eopss_totals *ret_totals)
{
    struct frt_eopss_totals totals = {.due_s =
                                          eopss->options.until_s + (int64_t)eopss->options.due_days * 86400};
    const struct frt_past_decision *counted = NULL;

    for (size_t i = 0; i < eopss->count; i++) {
        const struct frt_eopss_row *row = frt_eopss_row(eopss, i, agency);
        size_t missing = 0;

        if (!row)
            continue;
        if (row->result && row->result->matches < 0) {
            totals.not_made++;
            continue;
        }
        for (size_t item = 0; item < FRT_EOPSS_ITEMS; item++)
            missing += row->missing[item][0] != '\0';
        totals.rows++;
        totals.missing += missing;
        if (row->decision != counted) {
            totals.searches++;
            totals.incomplete += missing > 0;
            totals.awaiting_review +=
                frt_past_fact(eopss->desk, row->decision, FRT_FACT_ROUTE) == FRT_ROUTE_EMERGENCY &&
                !frt_review_of(eopss->desk->history, row->decision);
        }
        counted = row->decision;
    }
    if (eopss->options.now_s > totals.due_s)
        totals.days_late = (eopss->options.now_s - totals.due_s + 86399) / 86400;
    *ret_totals = totals;
}
