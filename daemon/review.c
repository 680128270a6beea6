/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/review.h"

#include <stdio.h>
#include <string.h>

#include "daemon/result.h"

/* NULL, or why this cannot be recorded. */
static const char *objection(const struct frt_daemon *daemon, const struct frt_ask *ask,
                             const struct frt_peer *peer, const char *reviewer)
{
    const struct frt_search *search = frt_searches_find(daemon->searches, ask->decision);
    const struct frt_request *request = search ? frt_view_request(daemon->view, search->request) : NULL;

    if (!peer->auditor)
        return "person: only root and the auditors' group review";
    if (reviewer[0] == '\0')
        return "person: expected somebody of the directory, logged in under his own name";
    if (!search || (ask->request[0] && strcmp(ask->request, search->request) != 0))
        return "decision: expected the number of a decision that allowed a search under that request";
    if (frt_search_is_of(search, peer->uid, peer->login_uid) || strcmp(reviewer, search->login) == 0 ||
        strcmp(reviewer, search->user) == 0)
        return "person: expected somebody else than the one who searched";
    if (request && request->requester && strcmp(request->requester, reviewer) == 0)
        return "person: expected somebody else than the one who asked for the search";
    return ask->reason[0] ? NULL : "finding: missing; expected what the review found";
}

void frt_review_note(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                     struct frt_answer *ret_answer)
{
    const char *reviewer = frt_result_person(daemon, peer), *why = objection(daemon, ask, peer, reviewer);
    struct frt_record record;

    if (why) {
        ret_answer->verdict = FRT_VERDICT_DENY;
        snprintf(ret_answer->message, sizeof(ret_answer->message), "%s", why);
        return;
    }
    frt_record_init(&record, "review");
    frt_record_add_number(&record, "decision", ask->decision);
    frt_record_add_text(&record, "request", frt_searches_find(daemon->searches, ask->decision)->request);
    frt_record_add_text(&record, "finding", ask->reason);
    frt_record_add_text(&record, "by", reviewer);
    frt_record_add_number(&record, "uid", peer->uid);
    frt_record_add_number(&record, "auid", peer->login_uid);
    ret_answer->decision = frt_record_append(daemon, &record);
}
