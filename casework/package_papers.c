/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What decisions rested on, for an evidence package: written requests with their documents, the catalogue, and who held which role
 * when the period began and when it ended.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldap.h>
#include <ldif.h>

#include "casework/documents.h"
#include "casework/package_parts.h"
#include "casework/questions_parts.h"
#include "casework/safe_text.h"
#include "support/cleanup.h"
#include "support/time_text.h"

#define ROLES_OF_MAX 64

static void put_line(struct frt_package *package, FILE *out, const char *name, const char *bytes,
                     size_t length)
{
    char *line = ldif_put(LDIF_PUT_VALUE, name, bytes, (ber_len_t)length);

    if (line)
        fputs(line, out);
    else
        frt_package_fail(package, name, -ENOMEM);
    ber_memfree(line);
}

/* RFC 2849. */
static void put_entry(struct frt_package *package, FILE *out, const struct frt_entry *entry)
{
    put_line(package, out, "dn", entry->dn, strlen(entry->dn));
    for (size_t i = 0; i < entry->attribute_count; i++) {
        const struct frt_attribute *attribute = &entry->attributes[i];

        for (size_t k = 0; k < attribute->value_count; k++)
            put_line(package, out, attribute->name, attribute->values[k].bytes, attribute->values[k].length);
    }
    fputc('\n', out);
}

struct papers {
    struct frt_package *package;
    const struct frt_desk *desk;
    const char *folder;
    bool *is_named; /* by number of a text: a request that a decision of the period names */
};

static bool *find_named(const struct frt_history *history)
{
    bool *is_named = calloc(frt_history_text_count(history) + 1, sizeof(*is_named));

    for (size_t i = 0; is_named && i < frt_history_decision_count(history); i++)
        is_named[frt_history_text_of(history, frt_history_decision(history, i), FRT_PAST_REQUEST)] = true;
    return is_named;
}

/* Filed in the period, or named by a decision of it. */
static bool is_of_period(const struct papers *papers, const struct frt_request *request)
{
    const struct frt_history *history = papers->desk->history;
    uint32_t text;

    if (!request->id || !request->entry)
        return false;
    if (request->filed_s != INT64_MIN && frt_history_in_period(history, request->filed_s * 1000000))
        return true;
    text = frt_history_find_text(history, request->id);
    return text != UINT32_MAX && papers->is_named[text];
}

static void put_document(const struct papers *papers, FILE *list, const struct frt_request *request,
                         const char *hex)
{
    frt_auto_free char *bytes = NULL;
    size_t length = 0;
    char path[128];
    int r = frt_document_read(papers->folder, hex, &bytes, &length);
    FILE *out;

    fprintf(list, "\"%s\",\"%s\",\"%s\"\r\n", request->id, hex,
            r == 0          ? "here"
            : r == -EBADMSG ? "NOT here: what is kept is not what was filed"
                            : "NOT here: not in the folder of documents");
    if (r < 0)
        return;
    snprintf(path, sizeof(path), "requests/documents/%s", hex);
    out = frt_package_open(papers->package, path);
    if (out && length > 0)
        fwrite(bytes, 1, length, out); /* frt_package_close looks for errors */
    frt_package_close(papers->package, out);
}

static bool is_digest(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* Of several requests that rest on one document the first brings it. */
static bool is_first_with(const struct papers *papers, const struct frt_request **requests, size_t count,
                          const char *hex)
{
    for (size_t i = 0; i < count; i++)
        if (is_of_period(papers, requests[i]) &&
            strcmp(frt_entry_text(requests[i]->entry, "frtDocumentSha256"), hex) == 0)
            return false;
    return true;
}

/* The request, and the authority it names. */
static void put_request(const struct papers *papers, const struct frt_request *request)
{
    const struct frt_authority *authority = frt_request_authority(papers->desk, request);
    char path[128];
    FILE *out;

    snprintf(path, sizeof(path), "requests/%.63s.ldif", request->id);
    out = frt_package_open(papers->package, path);
    if (!out)
        return;
    put_entry(papers->package, out, request->entry);
    if (authority && authority->entry)
        put_entry(papers->package, out, authority->entry);
    frt_package_close(papers->package, out);
}

static void write_requests(const struct papers *papers)
{
    size_t count;
    frt_auto_free const struct frt_request **requests = frt_list_requests(papers->desk, &count);
    FILE *list = frt_package_open(papers->package, "requests/documents.csv");

    if (!list)
        return;
    fputs("\"request\",\"sha256\",\"document\"\r\n", list);
    for (size_t i = 0; i < count; i++) {
        const char *hex;

        if (!is_of_period(papers, requests[i]))
            continue;
        put_request(papers, requests[i]);
        hex = frt_entry_text(requests[i]->entry, "frtDocumentSha256");
        if (is_digest(hex) && is_first_with(papers, requests, i, hex))
            put_document(papers, list, requests[i], hex);
    }
    frt_package_close(papers->package, list);
}

static void write_catalogue(struct frt_package *package, const struct frt_desk *desk)
{
    size_t count;
    frt_auto_free const struct frt_tool **tools = frt_list_tools(desk, &count);
    FILE *out = frt_package_open(package, "catalogue/tools.ldif");

    for (size_t i = 0; out && i < count; i++)
        if (tools[i]->entry)
            put_entry(package, out, tools[i]->entry);
    frt_package_close(package, out);
}

/* ---- roles ---- */

static const char *const role_columns[] = {
    "frtRoleId",       "frtPerson", "frtAffiliation", "frtAgency",    "frtDepartment",
    "frtOfficialType", "frtSworn",  "frtPerformer",   "frtRoleStart", "frtRoleEnd"};

static void put_time(FILE *out, int64_t s, int64_t none)
{
    char text[FRT_TIME_TEXT_MAX] = "";

    if (s != none)
        frt_generalized_time_format(s, text);
    fprintf(out, ",\"%s\"", text);
}

static void put_role(FILE *out, const struct frt_role *role, const char *uid)
{
    const char *const words[] = {
        role->id,
        uid,
        role->city ? "city" : "outside",
        role->agency,
        role->department,
        role->official_type == FRT_OFFICIAL_NONE
            ? ""
            : frt_fact_value_name(FRT_FACT_OFFICIAL_TYPE, role->official_type),
        role->sworn ? "TRUE" : "FALSE",
        role->performer ? "TRUE" : "FALSE",
    };

    for (size_t i = 0; i < FRT_ARRAY_LEN(words); i++) {
        fputs(i ? "," : "", out);
        frt_csv_write(out, words[i] ? words[i] : "");
    }
    put_time(out, role->start_s, INT64_MIN);
    put_time(out, role->end_s, INT64_MAX);
    fputs(role->from_group ? ",\"the directory as given, by its group\"\r\n"
                           : ",\"the directory as given\"\r\n",
          out);
}

static void put_past_role(FILE *out, const char *says, uint64_t n)
{
    char text[256];

    for (size_t i = 0; i < FRT_ARRAY_LEN(role_columns); i++) {
        frt_past_role_value(says, role_columns[i], text, sizeof(text));
        fputs(i ? "," : "", out);
        frt_csv_write(out, text);
    }
    fprintf(out, ",\"before record %" PRIu64 "\"\r\n", n);
}

/* Changes of roles from a moment on, by role and in order: what a role was before the first is what it was at that moment. */
struct later {
    char role[64];
    const struct frt_past_event *event;
};

struct later_changes {
    struct later *list;
    size_t count;
};

static int compare_later(const void *a, const void *b)
{
    const struct later *x = a, *y = b;
    int order = strcmp(x->role, y->role);

    return order != 0 ? order : (x->event->n > y->event->n) - (x->event->n < y->event->n);
}

static void role_of(const struct frt_past_event *event, char *buffer, size_t size)
{
    char says[2048];

    frt_history_field(event, "after", says, sizeof(says));
    if (!says[0])
        frt_history_field(event, "before", says, sizeof(says));
    frt_past_role_value(says, "frtRoleId", buffer, size);
}

static int find_later(const struct frt_desk *desk, int64_t us, struct later_changes *ret_changes)
{
    ret_changes->count = 0;
    ret_changes->list = calloc(frt_count_events(desk, "role") + 1, sizeof(struct later));
    if (!ret_changes->list)
        return -ENOMEM;
    for (size_t i = 0; i < frt_history_event_count(desk->history); i++) {
        const struct frt_past_event *event = frt_history_event(desk->history, i);
        struct later *later = &ret_changes->list[ret_changes->count];

        if (event->time_us < us || !frt_history_is_kind(desk->history, event, "role"))
            continue;
        role_of(event, later->role, sizeof(later->role));
        later->event = event;
        ret_changes->count++;
    }
    qsort(ret_changes->list, ret_changes->count, sizeof(struct later), compare_later);
    return 0;
}

static int compare_role(const void *role, const void *later)
{
    return strcmp(role, ((const struct later *)later)->role);
}

static bool has_later(const struct later_changes *changes, const char *role)
{
    return bsearch(role, changes->list, changes->count, sizeof(struct later), compare_role) != NULL;
}

static void put_people(const struct frt_desk *desk, const struct later_changes *changes, FILE *out)
{
    size_t count;
    frt_auto_free const struct frt_person **people = frt_list_people(desk, &count);

    for (size_t i = 0; i < count; i++) {
        const struct frt_role *roles[ROLES_OF_MAX];
        size_t n = people[i]->uid ? frt_view_roles_of(desk->view, people[i]->uid, roles, ROLES_OF_MAX) : 0;

        for (size_t k = 0; k < n && k < ROLES_OF_MAX; k++)
            if (roles[k]->id && !has_later(changes, roles[k]->id))
                put_role(out, roles[k], people[i]->uid);
    }
}

static void put_changed(const struct later_changes *changes, FILE *out)
{
    char before[2048];

    for (size_t i = 0; i < changes->count; i++) {
        const struct later *later = &changes->list[i];

        if (i > 0 && strcmp(later[-1].role, later->role) == 0)
            continue;
        frt_history_field(later->event, "before", before, sizeof(before));
        if (before[0])
            put_past_role(out, before, later->event->n);
    }
}

/* Roles on file at that moment, in force or not: the directory as given, with what the trail says has changed since undone. */
static void write_roles_at(struct frt_package *package, const struct frt_desk *desk, const char *path,
                           int64_t us)
{
    struct later_changes changes;
    FILE *out;
    int r = find_later(desk, us, &changes);

    if (r < 0) {
        frt_package_fail(package, path, r);
        return;
    }
    out = frt_package_open(package, path);
    for (size_t i = 0; out && i < FRT_ARRAY_LEN(role_columns); i++)
        fprintf(out, "\"%s\",", role_columns[i]);
    if (out) {
        fputs("\"known from\"\r\n", out);
        put_people(desk, &changes, out);
        put_changed(&changes, out);
    }
    frt_package_close(package, out);
    free(changes.list);
}

void frt_package_write_papers(struct frt_package *package, const struct frt_desk *desk, const char *documents)
{
    const struct frt_history_options *period = frt_history_period(desk->history);
    bool is_all = period->from_us == 0 && period->until_us == 0;
    frt_auto_free bool *is_named = find_named(desk->history);
    struct papers papers = {.package = package, .desk = desk, .folder = documents, .is_named = is_named};

    write_catalogue(package, desk);
    if (!desk->view)
        return;
    if (!is_named) {
        frt_package_fail(package, "requests", -ENOMEM);
        return;
    }
    write_requests(&papers);
    write_roles_at(package, desk, "directory/roles-at-start.csv", is_all ? INT64_MIN : period->from_us);
    write_roles_at(package, desk, "directory/roles-at-end.csv", is_all ? INT64_MAX : period->until_us);
}
