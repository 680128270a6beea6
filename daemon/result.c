/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/result.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "support/time_text.h"

#define OPEN_MAX 100 /* told at once; fits an answer */

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

int frt_result_expect(struct frt_daemon *daemon, const struct frt_judgement *judgement, const char *request,
                      int64_t decision)
{
    const struct frt_attempt *a = &judgement->attempt;
    const struct frt_resolution *r = &judgement->resolution;
    struct frt_search search = {
        .decision = decision,
        .time_us = frt_clock_now_s(&daemon->clock) * 1000000,
        .uid = r->user ? r->user->uid_number : a->user_uid,
        .auid = a->login_uid,
        .request = request,
        .tool = r->tool ? r->tool->id : or_empty(a->tool),
        .user = r->user ? r->user->uid : or_empty(a->user),
        .login = r->login ? r->login->uid : or_empty(a->login),
    };

    return frt_searches_add(daemon->searches, &search);
}

static bool is_count(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length <= 9 && strspn(text, "0123456789") == length &&
           (text[0] != '0' || length == 1);
}

/* NULL, or why this cannot be recorded. */
static const char *objection(const struct frt_daemon *daemon, const struct frt_ask *ask,
                             const struct frt_peer *peer)
{
    const struct frt_search *search = frt_searches_find(daemon->searches, ask->decision);

    if (!search)
        return "decision: expected the number of a decision that allowed a search under a written request "
               "(frt request list "
               "--open lists those without a result)";
    if (ask->request[0] && strcmp(ask->request, search->request) != 0)
        return "decision: that search was made under another request (frt request list --open shows which)";
    if (peer->uid != 0 && !frt_search_is_of(search, peer->uid, peer->login_uid))
        return "decision: that search was allowed to somebody else; only the person who made it, or root, "
               "may record its result";
    if (strcmp(ask->matches, "none") != 0 && !is_count(ask->matches))
        return "matches: expected the number of candidates the search returned: digits, 0 when there were "
               "none";
    if (ask->database[0] == '\0')
        return strcmp(ask->matches, "none") == 0 ? "reason: expected why no search was made"
                                                 : "database: expected the database that was searched";
    return NULL;
}

const char *frt_result_person(const struct frt_daemon *daemon, const struct frt_peer *peer)
{
    int64_t uid = peer->login_uid >= 0 ? peer->login_uid : (int64_t)peer->uid;
    const struct frt_person *person = frt_view_person_by_number(daemon->view, uid);

    return person ? person->uid : "";
}

static void fill(const struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                 struct frt_record *record)
{
    const struct frt_search *search = frt_searches_find(daemon->searches, ask->decision);

    frt_record_init(record, "result");
    frt_record_add_number(record, "decision", ask->decision);
    frt_record_add_text(record, "request", search->request);
    if (strcmp(ask->matches, "none") == 0) {
        frt_record_add_text(record, "what", "no search was made");
        frt_record_add_text(record, "reason", ask->database);
    } else {
        frt_record_add_number(record, "matches", atoi(ask->matches));
        frt_record_add_text(record, "database", ask->database);
    }
    frt_record_add_text(record, "by", frt_result_person(daemon, peer));
    frt_record_add_number(record, "uid", peer->uid);
    frt_record_add_number(record, "auid", peer->login_uid);
}

void frt_result_note(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                     struct frt_answer *ret_answer)
{
    const char *why = objection(daemon, ask, peer);
    struct frt_record record;

    *ret_answer = (struct frt_answer){
        .verdict = FRT_VERDICT_NOT_GOVERNED, .reason = FRT_REASON_NOT_FRT, .decision = -1};
    memcpy(ret_answer->rid, ask->rid, sizeof(ret_answer->rid));
    if (why) {
        ret_answer->verdict = FRT_VERDICT_DENY;
        snprintf(ret_answer->message, sizeof(ret_answer->message), "%s", why);
        return;
    }
    fill(daemon, ask, peer, &record);
    ret_answer->decision = frt_record_append(daemon, &record);
    if (ret_answer->decision >= 0)
        frt_searches_note_result(daemon->searches, ask->decision, ret_answer->decision);
}

static json_t *describe(const struct frt_search *search)
{
    char time[FRT_TIME_TEXT_MAX];

    frt_time_format(search->time_us / 1000000, time);
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s}", "decision", (json_int_t)search->decision, "time", time,
                     "request", search->request, "tool", search->tool, "user", search->user, "login",
                     search->login);
}

/* One's own searches, and those under the requests one filed. */
static bool may_see(const struct frt_daemon *daemon, const struct frt_search *search,
                    const struct frt_peer *peer)
{
    const struct frt_request *request = frt_view_request(daemon->view, search->request);
    const char *name = frt_result_person(daemon, peer);

    return peer->auditor || frt_search_is_of(search, peer->uid, peer->login_uid) ||
           (name[0] && request && request->requester && strcmp(request->requester, name) == 0);
}

void frt_result_describe_open(const struct frt_daemon *daemon, const struct frt_peer *peer,
                              struct frt_answer *ret_answer)
{
    json_t *object, *list = json_array();
    json_int_t more = 0;

    for (size_t i = 0; i < frt_searches_count(daemon->searches); i++) {
        const struct frt_search *search = frt_searches_at(daemon->searches, i);

        if (search->results > 0 || !may_see(daemon, search, peer))
            continue;
        if (json_array_size(list) < OPEN_MAX)
            json_array_append_new(list, describe(search));
        else
            more++;
    }
    object = json_pack("{s:o, s:I}", "open", list, "more", more);
    ret_answer->verdict = FRT_VERDICT_NOT_GOVERNED;
    ret_answer->reason = FRT_REASON_NOT_FRT;
    ret_answer->text = object ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    ret_answer->text_length = ret_answer->text ? strlen(ret_answer->text) : 0;
    json_decref(object);
}
