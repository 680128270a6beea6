/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/replica_sync.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "directory/replica_controls.h"
#include "directory/replica_csn.h"
#include "support/cleanup.h"

#define FRESH_START_MS     (6 * 3600 * 1000LL)
#define REFRESH_LIMIT_MS   (15 * 60 * 1000LL)
#define QUIET_MS           250 /* after the contextCSN, for what cookies do not tell */
#define RESTART_SPACING_MS 1000
#define CONFIRM_SPACING_MS 100 /* after a change */
#define WAIT_LIMIT_MS      30000
#define COOKIE_MAX         4096

enum phase { REFRESH, PERSIST };

struct sync {
    struct frt_session *session;
    enum phase phase;
    int msgid;                    /* the sync search */
    char *cookie;                 /* newest, for comparing only */
    int64_t started_ms, heard_ms; /* of this refresh; of the last sync message */

    int csn_msgid; /* -1: not asked */
    int64_t csn_asked_ms, csn_answered_ms, csn_due_ms;
    bool csn_answered; /* waiting for the stream to catch up */
    char csn[FRT_REPLICA_MAX_CSN + 1];
};

static int lost(struct sync *sync, const char *what)
{
    return frt_trouble_set(&sync->session->trouble, FRT_REPLICA_DISCONNECTED, "%s: %s; connecting again",
                           sync->session->uri, what);
}

/* ---- asking for contextCSN ---- */

static void forget_csn(struct sync *sync)
{
    sync->csn_msgid = -1;
    sync->csn_answered = false;
    sync->csn[0] = '\0';
}

static int64_t lease_quarter_ms(const struct sync *sync)
{
    return (int64_t)sync->session->conf->max_view_age_s * 250;
}

static int ask_csn(struct sync *sync, int64_t now_ms)
{
    forget_csn(sync);
    sync->csn_asked_ms = now_ms;
    sync->csn_due_ms = now_ms + lease_quarter_ms(sync);
    return frt_session_ask_csn(sync->session, &sync->csn_msgid);
}

/* A server restored to before a change is found out by what was confirmed: so changes are confirmed as they come, not only when
 * a part of the lease is over. */
static void confirm_soon(struct sync *sync)
{
    int64_t soon_ms = sync->csn_asked_ms + CONFIRM_SPACING_MS;

    if (sync->phase == PERSIST && sync->csn_msgid < 0 && !sync->csn_answered && soon_ms < sync->csn_due_ms)
        sync->csn_due_ms = soon_ms;
}

static int confirm(struct sync *sync)
{
    bool is_behind = sync->cookie && frt_csn_went_back(frt_csn_of_cookie(sync->cookie), sync->csn);
    int r = frt_session_confirm(sync->session, sync->csn, sync->csn_asked_ms);

    forget_csn(sync);
    if (is_behind)
        confirm_soon(sync);
    return r;
}

static int csn_message(struct sync *sync, LDAPMessage *message)
{
    int result = LDAP_OTHER;

    switch (ldap_msgtype(message)) {
    case LDAP_RES_SEARCH_ENTRY:
        return frt_session_take_csn(sync->session, message, sync->csn);
    case LDAP_RES_SEARCH_REFERENCE:
        return frt_session_reference(sync->session);
    case LDAP_RES_SEARCH_RESULT:
        if (ldap_parse_result(sync->session->ld, message, &result, NULL, NULL, NULL, NULL, 0) != LDAP_SUCCESS)
            return lost(sync, "a malformed answer");
        break;
    default:
        return 0;
    }
    sync->csn_msgid = -1;
    if (result != LDAP_SUCCESS)
        return frt_session_result(sync->session, result, "asking for contextCSN failed");
    if (!sync->csn[0])
        return frt_trouble_set(
            &sync->session->trouble, FRT_REPLICA_REFUSED,
            "%s: the suffix shows no contextCSN, so nothing can be confirmed; give the replica's "
            "identity read access to the suffix's entry, or set content_sync = false",
            sync->session->uri);
    sync->csn_answered = true;
    sync->csn_answered_ms = frt_replica_clock_ms();
    return 0;
}

/* ---- the stream ---- */

static int take_cookie(struct sync *sync, const struct berval *cookie)
{
    char *copy;

    if (!cookie->bv_val || cookie->bv_len == 0)
        return 0;
    if (cookie->bv_len > COOKIE_MAX)
        return lost(sync, "a sync cookie longer than any");
    copy = strndup(cookie->bv_val, cookie->bv_len);
    if (!copy)
        return lost(sync, "out of memory");
    if (sync->cookie && frt_csn_went_back(frt_csn_of_cookie(sync->cookie), frt_csn_of_cookie(copy))) {
        free(copy);
        return lost(sync, "the server's sync cookie went back");
    }
    free(sync->cookie);
    sync->cookie = copy;
    confirm_soon(sync);
    return 0;
}

static int start(struct sync *sync)
{
    struct frt_session *session = sync->session;
    union {
        const char *const *from;
        char **to; /* libldap does not write to it */
    } attributes = {.from = frt_session_attributes};
    char csn[FRT_REPLICA_MAX_CSN + 1];
    LDAPControl *control = NULL, *controls[2] = {NULL, NULL};
    int result, r = frt_session_read_csn(session, csn);

    if (r < 0)
        return r;
    if (frt_sync_request_new(&control) < 0)
        return lost(sync, "out of memory");
    controls[0] = control;
    result =
        ldap_search_ext(session->ld, session->conf->layout.suffix, LDAP_SCOPE_SUBTREE, FRT_SESSION_FILTER,
                        attributes.to, 0, controls, NULL, NULL, LDAP_NO_LIMIT, &sync->msgid);
    ldap_control_free(control);
    if (result != LDAP_SUCCESS)
        return frt_session_result(session, result, "content synchronisation could not be asked for");
    forget_csn(sync);
    free(sync->cookie);
    sync->cookie = NULL;
    sync->phase = REFRESH;
    sync->started_ms = sync->heard_ms = frt_replica_clock_ms();
    return frt_session_begin(session, csn);
}

/* From scratch on the same connection: the server asked for it, or something above other entries moved. */
static int restart(struct sync *sync)
{
    if (frt_replica_clock_ms() - sync->started_ms < RESTART_SPACING_MS)
        return 0;
    ldap_abandon_ext(sync->session->ld, sync->msgid, NULL, NULL);
    if (sync->csn_msgid >= 0)
        ldap_abandon_ext(sync->session->ld, sync->csn_msgid, NULL, NULL);
    return start(sync);
}

static int refresh_done(struct sync *sync)
{
    int r = frt_session_end(sync->session, "content synchronisation");

    sync->phase = PERSIST;
    return r == 0 ? ask_csn(sync, frt_replica_clock_ms()) : r;
}

static const struct berval *find_state_control(LDAPControl **controls)
{
    for (size_t i = 0; controls && controls[i]; i++) {
        if (strcmp(controls[i]->ldctl_oid, LDAP_CONTROL_SYNC_STATE) == 0)
            return &controls[i]->ldctl_value;
    }
    return NULL;
}

static int entry_state(struct sync *sync, LDAPMessage *message, const struct frt_sync_state *state)
{
    frt_auto_free char *dn = NULL;

    switch (state->state) {
    case LDAP_SYNC_ADD:
    case LDAP_SYNC_MODIFY:
        return frt_session_forward(sync->session, message, state->uuid);
    case LDAP_SYNC_DELETE:
        dn = ldap_get_dn(sync->session->ld, message);
        return frt_session_forget(sync->session, state->uuid, dn ? dn : "");
    default:
        /* "Still there, unchanged" is for consumers that sent a cookie; we did not, so this is not about our content. */
        return lost(sync, "the server says unchanged of an entry it never sent");
    }
}

static int entry_message(struct sync *sync, LDAPMessage *message)
{
    struct frt_sync_state state;
    LDAPControl **controls = NULL;
    const struct berval *value;
    int r;

    if (ldap_get_entry_controls(sync->session->ld, message, &controls) != LDAP_SUCCESS)
        controls = NULL;
    value = find_state_control(controls);
    if (!value || frt_sync_state_parse(value, &state) < 0)
        r = lost(sync, "an entry without a proper sync state");
    else
        r = take_cookie(sync, &state.cookie);
    if (r == 0)
        r = entry_state(sync, message, &state);
    ldap_controls_free(controls);
    return r;
}

static int id_set(struct sync *sync, const struct frt_sync_info *info)
{
    int r = 0;

    for (size_t i = 0; i < info->uuid_count && r == 0; i++) {
        if (info->refresh_deletes)
            r = frt_session_forget(sync->session, info->uuids[i], "");
        else if (!frt_seen_find(&sync->session->seen, info->uuids[i]))
            r = lost(sync, "the server says unchanged of an entry it never sent");
    }
    return r;
}

static int info(struct sync *sync, const struct frt_sync_info *info)
{
    int r = take_cookie(sync, &info->cookie);

    if (r < 0)
        return r;
    switch (info->kind) {
    case FRT_SYNC_INFO_COOKIE:
        return 0;
    case FRT_SYNC_INFO_ID_SET:
        return id_set(sync, info);
    case FRT_SYNC_INFO_DELETE:
    case FRT_SYNC_INFO_PRESENT:
        if (sync->phase != REFRESH)
            return lost(sync, "the server began a refresh nobody asked for");
        return info->refresh_done ? refresh_done(sync) : 0;
    }
    return lost(sync, "an unknown sync info message");
}

static int intermediate_message(struct sync *sync, LDAPMessage *message)
{
    struct berval *value = NULL;
    struct frt_sync_info parsed;
    char *oid = NULL;
    int r = 0;

    if (ldap_parse_intermediate(sync->session->ld, message, &oid, &value, NULL, 0) != LDAP_SUCCESS || !oid)
        r = lost(sync, "a malformed intermediate message");
    else if (strcmp(oid, LDAP_SYNC_INFO) != 0)
        r = 0; /* not ours; RFC 4511 section 4.13 */
    else if (!value || frt_sync_info_parse(value, &parsed) < 0)
        r = lost(sync, "a malformed sync info message");
    else {
        r = info(sync, &parsed);
        frt_sync_info_clear(&parsed);
    }
    ldap_memfree(oid);
    ber_bvfree(value);
    return r;
}

/* The persist stage has no end: whatever result comes, the search is over. */
static int result_message(struct sync *sync, LDAPMessage *message)
{
    int result = LDAP_OTHER;

    if (ldap_parse_result(sync->session->ld, message, &result, NULL, NULL, NULL, NULL, 0) != LDAP_SUCCESS)
        return lost(sync, "a malformed result");
    if (result == LDAP_UNAVAILABLE_CRITICAL_EXTENSION && sync->phase == REFRESH)
        return FRT_SYNC_UNAVAILABLE;
    if (result == LDAP_SUCCESS)
        return lost(sync, "the server ended the synchronisation");
    if (result != LDAP_SYNC_REFRESH_REQUIRED)
        return frt_session_result(sync->session, result, "content synchronisation");
    if (frt_replica_clock_ms() - sync->started_ms < RESTART_SPACING_MS)
        return lost(sync, "the server asks for one refresh after the other");
    return start(sync);
}

static int sync_message(struct sync *sync, LDAPMessage *message)
{
    sync->heard_ms = frt_replica_clock_ms();
    switch (ldap_msgtype(message)) {
    case LDAP_RES_SEARCH_ENTRY:
        return entry_message(sync, message);
    case LDAP_RES_INTERMEDIATE:
        return intermediate_message(sync, message);
    case LDAP_RES_SEARCH_REFERENCE:
        return frt_session_reference(sync->session);
    case LDAP_RES_SEARCH_RESULT:
        return result_message(sync, message);
    default:
        return lost(sync, "a message nobody asked for");
    }
}

/* Notice of Disconnection, RFC 4511 section 4.4.1. */
static bool is_farewell(struct sync *sync, LDAPMessage *received)
{
    char *oid = NULL;
    bool farewell = ldap_parse_extended_result(sync->session->ld, received, &oid, NULL, 0) == LDAP_SUCCESS &&
                    oid && strcmp(oid, LDAP_NOTICE_OF_DISCONNECTION) == 0;

    ldap_memfree(oid);
    return farewell;
}

static int message(struct sync *sync, LDAPMessage *received)
{
    int msgid = ldap_msgid(received);

    if (msgid == sync->msgid)
        return sync_message(sync, received);
    if (msgid == sync->csn_msgid)
        return csn_message(sync, received);
    if (msgid == LDAP_RES_UNSOLICITED && is_farewell(sync, received))
        return lost(sync, "the server is closing the connection");
    return 0; /* the rest of something abandoned */
}

/* ---- time ---- */

static int64_t min_ms(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max_ms(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t stall_limit_ms(const struct sync *sync)
{
    return (int64_t)sync->session->conf->directory.network_timeout_s * 1000;
}

static bool has_caught_up(const struct sync *sync, int64_t now_ms)
{
    if (sync->cookie && frt_csn_covers(frt_csn_of_cookie(sync->cookie), sync->csn))
        return true;
    return now_ms - max_ms(sync->heard_ms, sync->csn_answered_ms) >= QUIET_MS;
}

/* What is due at `now_ms`, after everything received was handled. */
static int on_time(struct sync *sync, int64_t now_ms)
{
    if (sync->phase == REFRESH) {
        if (now_ms - sync->heard_ms > stall_limit_ms(sync) || now_ms - sync->started_ms > REFRESH_LIMIT_MS)
            return lost(sync, "the server stopped in the middle of its content");
        return 0;
    }
    if (sync->csn_msgid >= 0 && now_ms - sync->csn_asked_ms > stall_limit_ms(sync))
        return lost(sync, "the server does not answer");
    if (sync->csn_answered && !sync->session->moved && has_caught_up(sync, now_ms))
        return confirm(sync);
    if (sync->session->moved)
        return restart(sync);
    if (sync->csn_msgid < 0 && now_ms >= sync->csn_due_ms)
        return ask_csn(sync, now_ms);
    return 0;
}

static int64_t wait_ms(const struct sync *sync, int64_t now_ms)
{
    int64_t until_ms = now_ms + WAIT_LIMIT_MS;

    if (sync->phase == REFRESH)
        return min_ms(until_ms, sync->heard_ms + stall_limit_ms(sync)) - now_ms + 1;
    if (sync->csn_msgid < 0)
        until_ms = min_ms(until_ms, sync->csn_due_ms);
    else
        until_ms = min_ms(until_ms, sync->csn_asked_ms + stall_limit_ms(sync) + 1);
    if (sync->csn_answered || sync->session->moved)
        until_ms = min_ms(until_ms, now_ms + QUIET_MS / 2);
    return until_ms > now_ms ? until_ms - now_ms : 1;
}

/* One message, or a pause until the next thing is due. Everything at hand is read before frtd is written to, so that a
 * refresh goes in large writes; then at once, so that a change does not wait. */
static int step(struct sync *sync)
{
    const int64_t ms = wait_ms(sync, frt_replica_clock_ms());
    struct timeval none = {0, 0}, pause = {ms / 1000, ms % 1000 * 1000};
    LDAPMessage *received = NULL;
    LDAP *ld = sync->session->ld;
    int type, r;

    type = ldap_result(ld, LDAP_RES_ANY, LDAP_MSG_ONE, &none, &received);
    if (type == 0) {
        r = frt_session_flush(sync->session);
        if (r < 0)
            return r;
        type = ldap_result(ld, LDAP_RES_ANY, LDAP_MSG_ONE, &pause, &received);
    }
    if (type < 0) {
        int result = LDAP_SERVER_DOWN;

        ldap_get_option(ld, LDAP_OPT_RESULT_CODE, &result);
        return frt_session_result(sync->session, result ? result : LDAP_SERVER_DOWN, "the connection broke");
    }
    r = received ? message(sync, received) : 0;
    ldap_msgfree(received);
    return r == 0 ? on_time(sync, frt_replica_clock_ms()) : r;
}

int frt_sync_run(struct frt_session *session)
{
    struct sync sync = {.session = session, .csn_msgid = -1};
    int64_t began_ms = frt_replica_clock_ms(), life_ms = FRESH_START_MS - rand() % (FRESH_START_MS / 8);
    int r = start(&sync);

    while (r == 0 && (sync.phase == REFRESH || frt_replica_clock_ms() - began_ms < life_ms)) {
        frt_session_watchdog(session->conf->directory.network_timeout_s);
        r = step(&sync);
    }
    forget_csn(&sync);
    free(sync.cookie);
    return r;
}
