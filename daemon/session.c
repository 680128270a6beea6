/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/session.h"

#include <stdio.h>
#include <string.h>

/* The notice is what the policy would say if this person opened a face surveillance system now; people whom
 * the city's layer does not bind get none. */
static void add_notice(struct frt_daemon *daemon, const struct frt_judgement *judgement,
                       struct frt_answer *answer)
{
    struct frt_facts facts = judgement->resolution.facts;
    struct frt_decision decision;
    uint8_t subject = facts.value[FRT_FACT_SUBJECT];

    if (subject != FRT_SUBJECT_OFFICIAL && subject != FRT_SUBJECT_DUAL)
        return;
    facts.value[FRT_FACT_TOOL_CLASS] = FRT_TOOL_FACE_SURVEILLANCE;
    facts.value[FRT_FACT_CAPABILITY] = FRT_CAPABILITY_RECOGNITION;
    facts.value[FRT_FACT_MATCH] = FRT_MATCH_NAMED;
    facts.value[FRT_FACT_ACTION] = FRT_ACTION_EXEC;
    frt_decide(daemon->policy, &facts, &decision);
    if (!decision.rule)
        return;
    snprintf(answer->message, sizeof(answer->message), "%s", decision.rule->message);
    snprintf(answer->citation, sizeof(answer->citation), "%s", decision.rule->citation);
    snprintf(answer->rule, sizeof(answer->rule), "%s", decision.rule->id);
}

/* What a search returned is owed until it is told (R26); who searched hears of it at each login,
 * but of the search he logs in for. */
static void remind(const struct frt_daemon *daemon, const struct frt_ask *ask,
                   const struct frt_judgement *judgement, struct frt_answer *answer)
{
    const struct frt_person *person =
        judgement->resolution.login ? judgement->resolution.login : judgement->resolution.user;
    size_t open = 0;

    for (size_t i = 0; person && i < frt_searches_count(daemon->searches); i++) {
        const struct frt_search *search = frt_searches_at(daemon->searches, i);

        open += search->results == 0 && search->decision != ask->decision &&
                frt_search_is_of(search, person->uid_number, -1);
    }
    if (open > 0)
        snprintf(answer->message, sizeof(answer->message),
                 "The result of %zu of your searches is not on record. See them: frt request list --open",
                 open);
}

void frt_session_note(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                      struct frt_answer *ret_answer)
{
    const char *what = ask->kind == FRT_ASK_SESSION_OPEN ? "session opened" : "session closed";
    struct frt_judgement judgement;
    struct frt_record record;

    frt_attempt_judge(daemon, ask, peer, NULL, &judgement);
    *ret_answer = (struct frt_answer){.verdict = FRT_VERDICT_NOT_GOVERNED, .reason = FRT_REASON_NOT_FRT};
    memcpy(ret_answer->rid, ask->rid, sizeof(ret_answer->rid));
    snprintf(ret_answer->contact, sizeof(ret_answer->contact), "%s", daemon->policy->contact);
    if (ask->kind == FRT_ASK_SESSION_OPEN)
        add_notice(daemon, &judgement, ret_answer);
    if (ask->kind == FRT_ASK_SESSION_OPEN && !ret_answer->message[0])
        remind(daemon, ask, &judgement, ret_answer);
    if (peer->uid != 0 && frt_attempt_is_flood(daemon, ask, peer, &judgement, what)) {
        ret_answer->decision = -1;
        return;
    }
    frt_record_init(&record, "session");
    frt_record_add_text(&record, "what", what);
    frt_record_add_text(&record, "svc", ask->service);
    frt_record_add_text(&record, "user",
                        judgement.resolution.user ? judgement.resolution.user->uid : ask->user);
    frt_record_add_number(&record, "uid", peer->uid);
    frt_record_add_number(&record, "auid", judgement.attempt.login_uid);
    frt_record_add_text(&record, "tool", ask->tool);
    frt_record_add_text(&record, "tty", ask->tty);
    frt_record_add_text(&record, "rhost", ask->rhost);
    frt_record_add_number(&record, "pid", peer->pid);
    ret_answer->decision = frt_record_append(daemon, &record);
}

void frt_session_needs_request(struct frt_daemon *daemon, const struct frt_ask *ask,
                               const struct frt_peer *peer, struct frt_answer *ret_answer)
{
    struct frt_ask without = *ask;
    struct frt_judgement judgement;

    without.request[0] = '\0';
    frt_attempt_judge(daemon, &without, peer, NULL, &judgement);
    frt_attempt_answer(daemon, ask, &judgement.decision, ret_answer);
    ret_answer->needs_request = judgement.decision.reason == FRT_REASON_NO_REQUEST;
}
