/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/attempt.h"

#include <stdio.h>
#include <string.h>

#include "daemon/attempt_record.h"
#include "daemon/result.h"
#include "protocol/client.h"
#include "support/cleanup.h"
#include "support/journal.h"

/* Accounts one question can involve: who acts, who asked for it, who connected. */
#define ACCOUNTS_MAX 3

static void add_account(struct frt_attempt *accounts, size_t *count, const char *user, int64_t uid)
{
    if (*count == ACCOUNTS_MAX || ((!user || user[0] == '\0') && uid < 0))
        return;
    for (size_t i = 0; i < *count; i++)
        if (user && accounts[i].user && strcmp(accounts[i].user, user) == 0)
            return;
    accounts[*count] = (struct frt_attempt){.user = user && user[0] ? user : NULL, .user_uid = uid};
    (*count)++;
}

/* PAM_RUSER and the caller's own uid count beside PAM_USER: whichever is the most restrictive decides
 * (threats P5, F10). An ordinary caller asks about himself only; that is checked before. */
static size_t involved_accounts(const struct frt_ask *ask, const struct frt_peer *peer,
                                struct frt_attempt accounts[ACCOUNTS_MAX])
{
    size_t count = 0;

    add_account(accounts, &count, ask->user, ask->user_uid);
    add_account(accounts, &count, ask->ruser, FRT_UID_UNSET);
    if (peer->uid != 0)
        add_account(accounts, &count, NULL, peer->uid);
    if (count == 0)
        accounts[count++] = (struct frt_attempt){.user_uid = FRT_UID_UNSET};
    return count;
}

/* The login person: the kernel's word where somebody logged in; else who asked for it, so that su and sudo
 * before any login session still name the person behind. */
static void set_login(struct frt_attempt *attempt, const struct frt_ask *ask, const struct frt_peer *peer)
{
    bool gate = ask->kind == FRT_ASK_GATE;

    attempt->login = NULL;
    attempt->login_uid = gate ? ask->login_uid : peer->login_uid;
    if (attempt->login_uid != FRT_UID_UNSET || gate)
        return;
    if (ask->ruser[0] != '\0')
        attempt->login = ask->ruser;
    else if (peer->uid != 0)
        attempt->login_uid = peer->uid;
}

static unsigned verdict_rank(enum frt_verdict verdict)
{
    switch (verdict) {
    case FRT_VERDICT_DENY:
        return 0;
    case FRT_VERDICT_EXEMPT:
        return 2;
    case FRT_VERDICT_ALLOW:
        return 1;
    case FRT_VERDICT_NOT_GOVERNED:
        return 3;
    }
    return 0;
}

void frt_attempt_judge(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                       const struct frt_grant *grant, struct frt_judgement *ret_judgement)
{
    struct frt_attempt accounts[ACCOUNTS_MAX];
    size_t count = involved_accounts(ask, peer, accounts);
    const char *request = grant ? grant->request : ask->request;
    unsigned uses = request[0] ? frt_ledger_uses(daemon->ledger, request) : 0;

    for (size_t i = 0; i < count; i++) {
        struct frt_judgement judgement = {.attempt = accounts[i], .granted = grant != NULL};
        struct frt_attempt *a = &judgement.attempt;

        set_login(a, ask, peer);
        a->tool = ask->tool;
        a->match = ask->match;
        a->host = daemon->conf->host;
        a->action = ask->action;
        a->request = request;
        a->evidence = ask->evidence;
        a->now_s = frt_clock_now_s(&daemon->clock);
        a->request_uses = grant && uses > 0 ? uses - 1 : uses; /* the grant itself is one use */
        a->view = frt_directory_state(daemon);
        a->clock = frt_clock_state(&daemon->clock);
        a->trail = frt_trail_is_writable(daemon->trail) ? FRT_TRAIL_READY : FRT_TRAIL_UNWRITABLE;
        a->gate = daemon->gate;
        frt_resolve(daemon->view, &daemon->policy->values, a, &judgement.resolution);
        frt_decide(daemon->policy, &judgement.resolution.facts, &judgement.decision);
        if (i == 0 ||
            verdict_rank(judgement.decision.verdict) < verdict_rank(ret_judgement->decision.verdict))
            *ret_judgement = judgement;
    }
}

static void copy(char *buffer, size_t size, const char *text)
{
    size_t length = text ? strnlen(text, size - 1) : 0;

    memcpy(buffer, text ? text : "", length);
    buffer[length] = '\0';
}

void frt_attempt_answer(const struct frt_daemon *daemon, const struct frt_ask *ask,
                        const struct frt_decision *decision, struct frt_answer *ret_answer)
{
    const struct frt_rule *rule = decision->rule;

    *ret_answer = (struct frt_answer){
        .verdict = decision->verdict,
        .reason = decision->reason,
        .obligations = decision->obligations,
        .decision = -1,
    };
    memcpy(ret_answer->rid, ask->rid, sizeof(ret_answer->rid));
    copy(ret_answer->rule, sizeof(ret_answer->rule), rule ? rule->id : "");
    copy(ret_answer->citation, sizeof(ret_answer->citation), rule ? rule->citation : "");
    copy(ret_answer->message, sizeof(ret_answer->message),
         rule ? rule->message : frt_reason_table[decision->reason].meaning);
    copy(ret_answer->contact, sizeof(ret_answer->contact), daemon->policy->contact);
}

/* The caller's account has a name in the directory, or this one is nobody's there. */
static bool is_another(const struct frt_daemon *daemon, const struct frt_person *self, const char *name)
{
    const struct frt_person *person;

    if (name[0] == '\0')
        return false;
    if (self)
        return strcmp(self->uid, name) != 0;
    return frt_view_find_person_by_uid(daemon->view, name, &person) != FRT_FOUND_ABSENT;
}

bool frt_attempt_is_spoof(const struct frt_daemon *daemon, const struct frt_ask *ask,
                          const struct frt_peer *peer)
{
    const struct frt_person *self;

    if (peer->uid == 0)
        return false;
    if (ask->user_uid != FRT_UID_UNSET && ask->user_uid != (int64_t)peer->uid)
        return true;
    self = frt_view_person_by_number(daemon->view, peer->uid);
    return is_another(daemon, self, ask->user) || is_another(daemon, self, ask->ruser);
}

/* What an ordinary caller may say is what he wants. Who he is, and what the kernel gate sees of a file, is not his to say. */
static struct frt_ask believable(const struct frt_ask *ask, const struct frt_peer *peer, bool spoof)
{
    struct frt_ask own = *ask;

    if (peer->uid == 0)
        return own;
    own.user_uid = peer->uid;
    own.pid = own.tid = 0;
    own.dev = own.ino = 0;
    own.sha256[0] = own.path[0] = '\0';
    if (spoof)
        own.user[0] = own.ruser[0] = '\0';
    return own;
}

static bool consumes_use(const struct frt_judgement *judgement, const struct frt_grant *grant)
{
    return judgement->decision.verdict == FRT_VERDICT_ALLOW && judgement->attempt.request &&
           judgement->attempt.request[0] && judgement->attempt.action != FRT_ACTION_FILE && !grant;
}

static void note_denial(struct frt_daemon *daemon, const struct frt_peer *peer,
                        const struct frt_judgement *judgement, int64_t decision)
{
    const struct frt_resolution *r = &judgement->resolution;
    const struct frt_attempt *a = &judgement->attempt;
    struct frt_denial denial = {.decision = decision < 0 ? -1 : decision,
                                .at_us = daemon->clock.last_real_us};

    copy(denial.login, sizeof(denial.login), r->login ? r->login->uid : a->login);
    if (r->user || peer->uid == 0)
        copy(denial.user, sizeof(denial.user), r->user ? r->user->uid : a->user);
    else /* a name of his own invention is no name */
        snprintf(denial.user, sizeof(denial.user), "#%u", peer->uid);
    copy(denial.tool, sizeof(denial.tool), r->tool ? r->tool->id : a->tool);
    copy(denial.rule, sizeof(denial.rule), judgement->decision.rule ? judgement->decision.rule->id : "");
    copy(denial.reason, sizeof(denial.reason), frt_reason_table[judgement->decision.reason].name);
    copy(denial.action, sizeof(denial.action), frt_fact_value_name(FRT_FACT_ACTION, a->action));
    denial.line = judgement->decision.rule ? judgement->decision.rule->line : 0;
    frt_ledger_note_denial(daemon->ledger, &denial);
}

static void note_allow(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                       int64_t decision)
{
    struct frt_grant grant;

    frt_grant_fill(daemon->view, ask, peer->login_uid, peer->uid, &grant);
    grant.decision = decision;
    frt_fresh_allow_note(&daemon->fresh_allows, &grant, peer->pid, frt_mono_ms());
}

/* Whose flood it is: what root's services say of a person; of an ordinary caller only what the kernel says. Nothing that a
 * caller can invent may make one denial look like many. */
static void describe_flooder(const struct frt_ask *ask, const struct frt_peer *peer, int64_t login_uid,
                             char person[FRT_FLOOD_PERSON_MAX])
{
    if (peer->uid != 0)
        snprintf(person, FRT_FLOOD_PERSON_MAX, "uid %u auid %lld", peer->uid, (long long)login_uid);
    else
        snprintf(person, FRT_FLOOD_PERSON_MAX, "user %s %lld ruser %s auid %lld", ask->user,
                 (long long)ask->user_uid, ask->ruser, (long long)login_uid);
}

bool frt_attempt_is_flood(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                          const struct frt_judgement *judgement, const char *what)
{
    char person[FRT_FLOOD_PERSON_MAX];
    int64_t now = frt_mono_ms();

    describe_flooder(ask, peer, judgement->attempt.login_uid, person);
    if (ask->kind == FRT_ASK_GATE ? !frt_ledger_is_counted_elsewhere(daemon->ledger, person, what, now)
                                  : !frt_ledger_is_flood(daemon->ledger, person, what, now))
        return false;
    daemon->counts.counted++;
    return true;
}

static bool is_flood_of_denials(struct frt_daemon *daemon, const struct frt_ask *ask,
                                const struct frt_peer *peer, const struct frt_judgement *judgement)
{
    const struct frt_decision *decision = &judgement->decision;
    char what[FRT_FLOOD_WHAT_MAX];

    if (decision->verdict != FRT_VERDICT_DENY)
        return false;
    snprintf(what, sizeof(what), "tool %s action %s rule %s why %s",
             judgement->resolution.tool ? judgement->resolution.tool->id : "(uncatalogued)",
             frt_fact_value_name(FRT_FACT_ACTION, ask->action), decision->rule ? decision->rule->id : "-",
             frt_reason_table[decision->reason].name);
    return frt_attempt_is_flood(daemon, ask, peer, judgement, what);
}

static void count(struct frt_counts *counts, const struct frt_decision *decision)
{
    switch (decision->verdict) {
    case FRT_VERDICT_DENY:
        counts->deny++;
        counts->undecided += frt_reason_table[decision->reason].could_not_decide;
        break;
    case FRT_VERDICT_ALLOW:
        counts->allow++;
        break;
    case FRT_VERDICT_EXEMPT:
        counts->exempt++;
        break;
    case FRT_VERDICT_NOT_GOVERNED:
        counts->not_governed++;
        break;
    }
}

const char *frt_attempt_decide(struct frt_daemon *daemon, const struct frt_ask *ask,
                               const struct frt_peer *peer, const struct frt_grant *grant,
                               struct frt_answer *ret_answer)
{
    bool spoof = frt_attempt_is_spoof(daemon, ask, peer), use;
    const struct frt_ask own = believable(ask, peer, spoof);
    struct frt_judgement judgement;
    struct frt_record record;

    frt_attempt_judge(daemon, &own, peer, grant, &judgement);
    if (spoof)
        judgement.decision = (struct frt_decision){.verdict = FRT_VERDICT_DENY, .reason = FRT_REASON_SPOOF};
    use = consumes_use(&judgement, grant);
    frt_attempt_answer(daemon, ask, &judgement.decision, ret_answer);
    count(&daemon->counts, &judgement.decision);
    if (is_flood_of_denials(daemon, &own, peer, &judgement))
        return "";
    frt_attempt_record(daemon, &own, peer, &judgement, use, &record);
    if (spoof)
        frt_record_add_text(&record, "said", ask->user[0] ? ask->user : ask->ruser);
    if (!use || frt_ledger_count_use(daemon->ledger, ask->request) == 0)
        ret_answer->decision = frt_record_append(daemon, &record);
    if (judgement.decision.verdict == FRT_VERDICT_DENY)
        note_denial(daemon, peer, &judgement, ret_answer->decision);
    if (use && ret_answer->decision >= 0 &&
        frt_result_expect(daemon, &judgement, ask->request, ret_answer->decision) < 0)
        frt_journal(
            LOG_WARNING,
            "out of memory: decision %lld is not in the list of open searches until frtd is restarted",
            (long long)ret_answer->decision);
    if (use && ret_answer->decision >= 0 && ask->kind == FRT_ASK_DECIDE)
        note_allow(daemon, ask, peer, ret_answer->decision);
    return use ? ask->request : "";
}
