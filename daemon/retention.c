/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/retention.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/result.h"
#include "support/cleanup.h"
#include "support/time_text.h"

#define YEAR_S   (INT64_C(31556952)) /* Gregorian mean */
#define LIST_MAX 200                 /* told at once; fits an answer */

enum act { HOLD, RELEASE, PROPOSE, DESTROY, ACTS };

static const char *const act_names[ACTS] = {"hold", "release", "propose", "destroy"};

struct mark {
    int64_t n, time_us;
    enum act act;
    char object[65], by[FRT_NAME_MAX], reason[FRT_PATH_TEXT_MAX];
};

struct frt_retention {
    struct mark *marks; /* in order; few */
    size_t count, room;
};

int frt_retention_new(struct frt_retention **ret_retention)
{
    *ret_retention = calloc(1, sizeof(**ret_retention));
    return *ret_retention ? 0 : -ENOMEM;
}

void frt_retention_free(struct frt_retention *retention)
{
    if (retention)
        free(retention->marks);
    free(retention);
}

static int add(struct frt_retention *retention, const struct mark *mark)
{
    if (retention->count == retention->room) {
        size_t room = retention->room ? retention->room * 2 : 16;
        struct mark *marks = realloc(retention->marks, room * sizeof(*marks));

        if (!marks)
            return -ENOMEM;
        retention->marks = marks;
        retention->room = room;
    }
    retention->marks[retention->count++] = *mark;
    return 0;
}

static enum act act_of(const char *name)
{
    enum act act = HOLD;

    while (act < ACTS && strcmp(act_names[act], name) != 0)
        act++;
    return act;
}

int frt_retention_replay(struct frt_retention *retention, const struct frt_record_view *record)
{
    struct mark mark = {.n = (int64_t)record->n, .time_us = record->time_us};
    char what[16];

    if (!frt_record_is_kind(record, "retain") ||
        frt_record_get_text(record, "what", what, sizeof(what)) < 0 ||
        frt_record_get_text(record, "object", mark.object, sizeof(mark.object)) < 0 ||
        frt_record_get_text(record, "by", mark.by, sizeof(mark.by)) < 0 ||
        frt_record_get_text(record, "reason", mark.reason, sizeof(mark.reason)) < 0)
        return 0;
    mark.act = act_of(what);
    return mark.act == ACTS ? 0 : add(retention, &mark);
}

void frt_retention_take_back(struct frt_retention *retention, int64_t record)
{
    while (retention->count > 0 && retention->marks[retention->count - 1].n >= record)
        retention->count--;
}

/* The last mark of this object that is one of two; NULL: none. */
static const struct mark *last(const struct frt_retention *retention, const char *object, enum act one,
                               enum act other)
{
    for (size_t i = retention->count; i-- > 0;) {
        const struct mark *mark = &retention->marks[i];

        if ((mark->act == one || mark->act == other) && strcmp(mark->object, object) == 0)
            return mark;
    }
    return NULL;
}

static bool is_held(const struct frt_retention *retention, const char *object)
{
    const struct mark *mark = last(retention, object, HOLD, RELEASE);

    return mark && mark->act == HOLD;
}

static const char *document_of(const struct frt_request *request)
{
    const struct frt_attribute *digest =
        request->entry ? frt_entry_find(request->entry, "frtDocumentSha256") : NULL;

    return digest && digest->value_count > 0 ? digest->values[0].bytes : "";
}

/* When it was closed or withdrawn; INT64_MAX: it was not, or nobody can tell. */
static int64_t closed_s(const struct frt_request *request)
{
    const struct frt_attribute *at = frt_entry_find(request->entry, "frtWithdrawnAt");
    int64_t s;

    if (!request->withdrawn || !at || at->value_count == 0 ||
        frt_generalized_time_parse(at->values[0].bytes, strlen(at->values[0].bytes), &s) < 0)
        return INT64_MAX;
    return s;
}

static bool is_over(const struct frt_daemon *daemon, const struct frt_request *request)
{
    int64_t closed = closed_s(request);

    return closed != INT64_MAX && frt_clock_now_s(&daemon->clock) >= closed + FRT_RETENTION_YEARS * YEAR_S;
}

static const struct frt_request **all_requests(const struct frt_daemon *daemon, size_t *ret_count)
{
    size_t count = frt_view_requests(daemon->view, NULL, 0);
    const struct frt_request **list = calloc(count + 1, sizeof(*list));

    *ret_count = list ? count : 0;
    if (list && count > 0)
        frt_view_requests(daemon->view, list, count);
    return list;
}

/* One document may have been filed with several requests: each of them can keep it. */
static const char *papers_object(const struct frt_daemon *daemon, const char *document)
{
    size_t count, found = 0;
    frt_auto_free const struct frt_request **list = all_requests(daemon, &count);

    if (is_held(daemon->retention, document))
        return "hold: the document is under a legal hold; expected its release first";
    for (size_t i = 0; i < count; i++) {
        if (strcmp(document_of(list[i]), document) != 0)
            continue;
        found++;
        if (is_held(daemon->retention, list[i]->id))
            return "hold: a request with that document is under a legal hold; expected its release first";
        if (!is_over(daemon, list[i]))
            return "retention: expected seven years since every request with that document was closed";
    }
    return found ? NULL : "document: expected the document of a request in the directory";
}

static const char *destruction_objects(const struct frt_daemon *daemon, const char *document,
                                       const char *person, const char *permission)
{
    const struct mark *before = last(daemon->retention, document, PROPOSE, DESTROY);
    const char *why = papers_object(daemon, document);

    if (why)
        return why;
    if (permission[0] == '\0')
        return "permission: missing; expected the reference of the permission to destroy "
               "(Supervisor of Public Records)";
    if (before && before->act == DESTROY)
        return "document: it was destroyed before";
    if (before && strcmp(before->by, person) == 0)
        return "person: you proposed it yourself; expected a second person";
    if (before && strcmp(before->reason, permission) != 0)
        return "permission: expected the reference under which it was proposed";
    return NULL;
}

/* NULL, or why not. `object`: what the mark will be about. */
static const char *objection(const struct frt_daemon *daemon, const struct frt_ask *ask,
                             const struct frt_peer *peer, const char *person, enum act act, char object[65])
{
    const struct frt_request *request = ask->request[0] ? frt_view_request(daemon->view, ask->request) : NULL;

    if (!peer->auditor)
        return "person: only root and the auditors' group mark what is kept";
    if (person[0] == '\0')
        return "person: expected somebody of the directory, logged in under his own name";
    if (act == ACTS || act == PROPOSE)
        return "act: expected hold, release or destroy";
    if (!request && (ask->request[0] || !ask->sha256[0]))
        return "request: expected one that is in the directory, or the SHA-256 of a document or package";
    snprintf(object, 65, "%s", request ? request->id : ask->sha256);
    if (act == DESTROY) {
        if (request)
            snprintf(object, 65, "%s", document_of(request));
        return destruction_objects(daemon, object, person, ask->reason);
    }
    if (ask->reason[0] == '\0')
        return "reason: missing; expected why, and by whose order";
    if (is_held(daemon->retention, object) != (act == RELEASE))
        return act == HOLD ? "hold: it is under a legal hold already" : "hold: there is none";
    return NULL;
}

static void append(struct frt_daemon *daemon, struct mark *mark, const struct frt_peer *peer,
                   struct frt_answer *answer)
{
    struct frt_record record;

    frt_record_init(&record, "retain");
    frt_record_add_text(&record, "what", act_names[mark->act]);
    frt_record_add_text(&record, "object", mark->object);
    frt_record_add_text(&record, "reason", mark->reason);
    frt_record_add_text(&record, "by", mark->by);
    frt_record_add_number(&record, "uid", peer->uid);
    frt_record_add_number(&record, "auid", peer->login_uid);
    answer->decision = mark->n = frt_record_append(daemon, &record);
    if (mark->n >= 0 && add(daemon->retention, mark) < 0)
        answer->decision = -1; /* frtd would not remember; the record stands, and is read at the next start */
}

static void answer_text(struct frt_answer *answer, json_t *object)
{
    answer->text = object ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    answer->text_length = answer->text ? strlen(answer->text) : 0;
    json_decref(object);
}

void frt_retention_note(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                        struct frt_answer *ret_answer)
{
    struct mark mark = {.act = act_of(ask->act), .time_us = frt_clock_now_s(&daemon->clock) * 1000000};
    const char *person = frt_result_person(daemon, peer);
    const char *why = objection(daemon, ask, peer, person, mark.act, mark.object);
    const struct mark *before;

    if (why) {
        ret_answer->verdict = FRT_VERDICT_DENY;
        snprintf(ret_answer->message, sizeof(ret_answer->message), "%s", why);
        return;
    }
    snprintf(mark.by, sizeof(mark.by), "%s", person);
    snprintf(mark.reason, sizeof(mark.reason), "%s", ask->reason);
    before = last(daemon->retention, mark.object, PROPOSE, DESTROY);
    if (mark.act == DESTROY && !before)
        mark.act = PROPOSE;
    append(daemon, &mark, peer, ret_answer);
    if (mark.act == PROPOSE || mark.act == DESTROY)
        answer_text(ret_answer,
                    json_pack("{s:s, s:s}", "state", mark.act == DESTROY ? "destroyed" : "proposed",
                              "document", mark.object));
}

static void tell(json_t *list, json_int_t *more, const char *object, const char *state, int64_t since_s,
                 const char *by, const char *reason)
{
    char since[FRT_TIME_TEXT_MAX];

    if (json_array_size(list) == LIST_MAX) {
        ++*more;
        return;
    }
    frt_time_format(since_s, since);
    json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "object", object, "state", state,
                                          "since", since, "by", by, "reason", reason));
}

static bool is_current(const struct frt_retention *retention, const struct mark *mark)
{
    if (mark->act == HOLD || mark->act == RELEASE)
        return mark->act == HOLD && last(retention, mark->object, HOLD, RELEASE) == mark;
    return last(retention, mark->object, PROPOSE, DESTROY) == mark;
}

void frt_retention_describe(const struct frt_daemon *daemon, const struct frt_peer *peer,
                            struct frt_answer *ret_answer)
{
    static const char *const states[ACTS] = {"held", "", "proposed", "destroyed"};
    const struct frt_retention *retention = daemon->retention;
    json_t *list = json_array();
    json_int_t more = 0;
    size_t count;
    frt_auto_free const struct frt_request **requests = all_requests(daemon, &count);

    ret_answer->verdict = peer->auditor ? FRT_VERDICT_NOT_GOVERNED : FRT_VERDICT_DENY;
    for (size_t i = 0; peer->auditor && i < retention->count; i++) {
        const struct mark *mark = &retention->marks[i];

        if (is_current(retention, mark))
            tell(list, &more, mark->object, states[mark->act], mark->time_us / 1000000, mark->by,
                 mark->reason);
    }
    for (size_t i = 0; peer->auditor && i < count; i++) {
        const char *document = document_of(requests[i]);

        if (is_over(daemon, requests[i]) && document[0] && !papers_object(daemon, document) &&
            !last(retention, document, PROPOSE, DESTROY))
            tell(list, &more, requests[i]->id, "eligible",
                 closed_s(requests[i]) + FRT_RETENTION_YEARS * YEAR_S, "", "closed seven years ago");
    }
    if (!peer->auditor)
        snprintf(ret_answer->message, sizeof(ret_answer->message),
                 "only root and the auditors' group see what is marked");
    answer_text(ret_answer, json_pack("{s:o, s:I}", "marks", list, "more", more));
}
