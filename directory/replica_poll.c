/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/replica_poll.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define FRESH_START_MS (6 * 3600 * 1000LL)
#define PAGES_LIMIT_MS (15 * 60 * 1000LL)

static int search_page(struct frt_session *session, struct berval *cookie, LDAPMessage **ret_answer)
{
    union {
        const char *const *from;
        char **to; /* libldap does not write to it */
    } attributes = {.from = frt_session_attributes};
    LDAPControl *control = NULL, *controls[2] = {NULL, NULL};
    int result = ldap_create_page_control(session->ld, (ber_int_t)session->conf->directory.page_size, cookie,
                                          1, &control);

    if (result == LDAP_SUCCESS) {
        controls[0] = control;
        result = ldap_search_ext_s(session->ld, session->conf->layout.suffix, LDAP_SCOPE_SUBTREE,
                                   FRT_SESSION_FILTER, attributes.to, 0, controls, NULL, NULL, LDAP_NO_LIMIT,
                                   ret_answer);
        ldap_control_free(control);
    }
    return result == LDAP_SUCCESS ? 0 : frt_session_result(session, result, "paged search");
}

static int forward_page(struct frt_session *session, LDAPMessage *answer)
{
    int r = 0;

    for (LDAPMessage *message = ldap_first_message(session->ld, answer); message && r == 0;
         message = ldap_next_message(session->ld, message)) {
        if (ldap_msgtype(message) == LDAP_RES_SEARCH_ENTRY)
            r = frt_session_forward(session, message, NULL);
        else if (ldap_msgtype(message) == LDAP_RES_SEARCH_REFERENCE)
            r = frt_session_reference(session);
    }
    return r;
}

/* The cookie for the next page; empty after the last. A server that leaves the control out has answered in full. */
static int next_cookie(struct frt_session *session, LDAPMessage *answer, struct berval *cookie)
{
    LDAPControl **controls = NULL, *page;
    int result = LDAP_OTHER, r = 0;
    ber_int_t estimate = 0;

    ber_memfree(cookie->bv_val);
    *cookie = (struct berval){0};
    if (ldap_parse_result(session->ld, answer, &result, NULL, NULL, NULL, &controls, 0) != LDAP_SUCCESS)
        return frt_session_result(session, LDAP_DECODING_ERROR, "paged search");
    page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
    if (page && ldap_parse_pageresponse_control(session->ld, page, &estimate, cookie) != LDAP_SUCCESS)
        r = frt_session_result(session, LDAP_DECODING_ERROR, "paged search");
    ldap_controls_free(controls);
    return r;
}

static int poll_pages(struct frt_session *session)
{
    const int64_t began_ms = frt_replica_clock_ms();
    struct berval cookie = {0};
    int r;

    do {
        LDAPMessage *answer = NULL;

        frt_session_watchdog(session->conf->directory.network_timeout_s);
        r = search_page(session, &cookie, &answer);
        if (r == 0)
            r = forward_page(session, answer);
        if (r == 0)
            r = next_cookie(session, answer, &cookie);
        ldap_msgfree(answer);
        /* A server may hand out pages for ever. */
        if (r == 0 && frt_replica_clock_ms() - began_ms > PAGES_LIMIT_MS)
            r = frt_session_result(session, LDAP_TIMEOUT, "paged search");
    } while (r == 0 && cookie.bv_len > 0);
    ber_memfree(cookie.bv_val);
    return r;
}

/* One poll. `known` is the contextCSN of the last complete content. The CSN read before the content is what the content
 * is confirmed up to: a change while the pages came is found by the next poll. */
static int poll_once(struct frt_session *session, char known[FRT_REPLICA_MAX_CSN + 1])
{
    char csn[FRT_REPLICA_MAX_CSN + 1];
    int64_t asked_ms = frt_replica_clock_ms();
    int r = frt_session_read_csn(session, csn);

    if (r == 0 && (!csn[0] || strcmp(csn, known) != 0)) {
        r = frt_session_begin(session, csn);
        if (r == 0)
            r = poll_pages(session);
        if (r == 0)
            r = frt_session_end(session, "paged searches");
        if (r == 0)
            memcpy(known, csn, sizeof(csn));
    }
    if (r == 0)
        r = frt_session_confirm(session, csn, asked_ms);
    return r == 0 ? frt_session_flush(session) : r;
}

static void pause_for(struct frt_session *session, unsigned seconds)
{
    for (unsigned i = 0; i < seconds; i++) {
        frt_session_watchdog(session->conf->directory.network_timeout_s);
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    }
}

int frt_poll_run(struct frt_session *session)
{
    char known[FRT_REPLICA_MAX_CSN + 1] = "";
    int64_t began_ms = frt_replica_clock_ms();
    int r = 0;

    while (r == 0 && frt_replica_clock_ms() - began_ms < FRESH_START_MS) {
        r = poll_once(session, known);
        if (r == 0)
            pause_for(session, session->conf->directory.poll_interval_s);
    }
    return r;
}
