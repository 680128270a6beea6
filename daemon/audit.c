/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/audit.h"

#include <stdio.h>
#include <string.h>

static const char *name_of(const struct frt_daemon *daemon, int64_t uid)
{
    const struct frt_person *person = uid < 0 ? NULL : frt_view_person_by_number(daemon->view, uid);

    return person ? person->uid : "";
}

void frt_audit_note(struct frt_daemon *daemon, const struct frt_ask *ask, const struct frt_peer *peer,
                    struct frt_answer *ret_answer)
{
    struct frt_record record;

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
    frt_record_init(&record, "audit");
    frt_record_add_text(&record, "what", ask->path);
    frt_record_add_number(&record, "uid", peer->uid);
    frt_record_add_text(&record, "user", name_of(daemon, peer->uid));
    frt_record_add_number(&record, "auid", peer->login_uid);
    frt_record_add_text(&record, "login", name_of(daemon, peer->login_uid));
    frt_record_add_number(&record, "pid", peer->pid);
    frt_record_add_text(&record, "exe", peer->program);
    ret_answer->decision = frt_record_append(daemon, &record);
}
