/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/audit.h"

#include <stdio.h>
#include <string.h>

static const char *name_of(const struct frt_daemon *daemon, int64_t uid)
{
    const struct frt_person *person = uid < 0 ? NULL : frt_view_person_by_number(daemon->view, uid);

    return person ? person->uid : "";
}

static int64_t append(struct frt_daemon *daemon, const char *what, const struct frt_peer *peer)
{
    struct frt_record record;

    frt_record_init(&record, "audit");
    frt_record_add_text(&record, "what", what);
    frt_record_add_number(&record, "uid", peer->uid);
    frt_record_add_text(&record, "user", name_of(daemon, peer->uid));
    frt_record_add_number(&record, "auid", peer->login_uid);
    frt_record_add_text(&record, "login", name_of(daemon, peer->login_uid));
    frt_record_add_number(&record, "pid", peer->pid);
    frt_record_add_text(&record, "exe", peer->program);
    return frt_record_append(daemon, &record);
}

void frt_audit_note(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                    struct frt_answer *ret_answer)
{
    *ret_answer = (struct frt_answer){
        .verdict = FRT_VERDICT_NOT_GOVERNED, .reason = FRT_REASON_NOT_FRT, .decision = -1};
    memcpy(ret_answer->rid, ask->rid, sizeof(ret_answer->rid));
    if (!peer->auditor) {
        ret_answer->verdict = FRT_VERDICT_DENY;
        ret_answer->reason = FRT_REASON_SPOOF;
        snprintf(ret_answer->message, sizeof(ret_answer->message),
                 "only root and the auditors' group have their readings recorded");
        return;
    }
    ret_answer->decision = append(daemon, ask->path, peer);
}

bool frt_audit_why(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                   struct frt_answer *answer)
{
    const char *own = name_of(daemon, peer->login_uid >= 0 ? peer->login_uid : (int64_t)peer->uid);
    char what[FRT_NAME_MAX + 16];

    if (!peer->auditor || !answer->text || (ask->user[0] ? strcmp(ask->user, own) == 0 : own[0] != '\0'))
        return false;
    snprintf(what, sizeof(what), "why %s", ask->user[0] ? ask->user : "of everybody");
    answer->decision = append(daemon, what, peer);
    return true;
}
