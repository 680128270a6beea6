/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/replica_session.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "support/cleanup.h"
#include "support/percent.h"

#define FLUSH_AT (256 * 1024)

const char *const frt_session_attributes[] = {
    /* of every entry */
    "objectClass", "entryUUID", "entryCSN", "modifiersName", "modifyTimestamp", "cn", "description",
    /* people and groups */
    "uid", "uidNumber", "gidNumber", "member", "memberUid", "uniqueMember",
    /* names (ldap_schema/frt.schema; tests/directory/test_replica_wire.c compares) */
    "frtRoleId", "frtAgencyId", "frtDepartmentId", "frtHostId", "frtToolId", "frtRequestId", "frtAuthorityId",
    /* roles, agencies, hosts */
    "frtPerson", "frtAffiliation", "frtAgency", "frtDepartment", "frtOfficialType", "frtSworn",
    "frtPerformer", "frtRoleStart", "frtRoleEnd", "frtApprovedBy", "frtTicket", "frtRoleGroup",
    "frtAgencyKind", "frtRecipient", "frtOri", "frtOwner", "frtAssignedTo", "frtHostKind",
    /* tools */
    "frtToolClass", "frtCapability", "frtVector", "frtPath", "frtPathPattern", "frtSha256", "frtSize",
    "frtPackage", "frtSoname", "frtPyModule", "frtDesktopId", "frtUnit", "frtImage", "frtModelFile",
    "frtHost", "frtPort", "frtAction", "frtCertainty", "frtSource", "frtReviewedBy", "frtReviewedOn",
    "frtReviewDue", "frtCatalogueSerial",
    /* requests */
    "frtRequester", "frtRequesterAgency", "frtRequesterPosition", "frtFiledAt", "frtValidFrom",
    "frtValidUntil", "frtRoute", "frtAuthority", "frtCaseNumber", "frtMaxSearches", "frtProbeCount",
    "frtDatabase", "frtReason", "frtOffence", "frtTraits", "frtDocumentSha256", "frtToolRef",
    "frtWithdrawnAt", "frtRequestState",
    /* authorities */
    "frtAuthorityKind", "frtAuthorityStart", "frtAuthorityEnd", "frtIssuer", "frtIssuerCriminalWarrants",
    "frtLimb", "frtSubjectStatus", "frtDeclaredBy", "frtDeclaredOn", "frtFactualBasis", "frtHarm",
    "frtNoDelay", "frtSubject", "frtSolicited", NULL};

static const char *const our_classes[] = {"frtRole",
                                          "frtAgencyEntry",
                                          "frtDepartmentEntry",
                                          "frtHost",
                                          "frtTool",
                                          "frtRequest",
                                          "frtAuthorityEntry",
                                          "frtRoleGroup",
                                          "frtServiceAccount",
                                          "posixAccount",
                                          "account",
                                          "inetOrgPerson",
                                          "groupOfNames",
                                          "groupOfUniqueNames",
                                          "posixGroup"};

/* ---- writing ---- */

/* The supervisor reads as fast as frtd does; while it does not, neither do we read from the server. */
int frt_session_flush(struct frt_session *session)
{
    size_t done = 0;

    while (done < session->out.length) {
        ssize_t n = write(session->out_fd, session->out.bytes + done, session->out.length - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            _exit(0); /* nobody listens any more */
        done += (size_t)n;
        frt_session_watchdog(session->conf->directory.network_timeout_s);
    }
    session->out.length = 0;
    return 0;
}

static int sent(struct frt_session *session, int r)
{
    if (r < 0)
        return frt_trouble_set(&session->trouble, FRT_REPLICA_REFUSED,
                               "%s: an answer cannot be passed on (%s)", session->uri, strerror(-r));
    return session->out.length >= FLUSH_AT ? frt_session_flush(session) : 0;
}

int frt_session_begin(struct frt_session *session, const char *csn)
{
    frt_seen_clear(&session->seen);
    session->forwarded = 0;
    session->in_content = true;
    session->moved = false;
    return sent(session, frt_replica_put_begin(&session->out, csn));
}

int frt_session_end(struct frt_session *session, const char *how)
{
    char text[FRT_REPLICA_MAX_TEXT];
    int r;

    /* An empty directory and one we may not read look the same. */
    if (session->forwarded == 0)
        return frt_trouble_set(
            &session->trouble, FRT_REPLICA_REFUSED,
            "%s: no people, roles or tools under the suffix; check suffix, and that the replica's "
            "identity may read it (ldap_schema/access.ldif)",
            session->uri);
    session->in_content = false;
    session->refreshed = true;
    r = frt_replica_put_end(&session->out, session->forwarded);
    snprintf(text, sizeof(text), "%s: following by %s", session->uri, how);
    if (r == 0)
        r = frt_replica_put_state(&session->out, FRT_REPLICA_CONNECTED, text);
    return sent(session, r);
}

int frt_session_confirm(struct frt_session *session, const char *csn, int64_t asked_ms)
{
    return sent(session, frt_replica_put_confirm(&session->out, csn, asked_ms));
}

int frt_session_forget(struct frt_session *session, const uint8_t uuid[FRT_REPLICA_UUID], const char *dn)
{
    struct frt_seen_entry *seen = frt_seen_find(&session->seen, uuid);
    bool known = seen && seen->forwarded;

    frt_seen_remove(&session->seen, uuid);
    if (!known)
        return 0;
    return sent(session,
                frt_replica_put_remove(&session->out, uuid, strlen(dn) <= FRT_REPLICA_MAX_DN ? dn : ""));
}

/* ---- entries ---- */

struct gathered {
    struct berval name;
    struct berval *values;
    size_t count, bytes;
};

static bool is_our_class(const struct berval *value)
{
    for (size_t i = 0; i < FRT_ARRAY_LEN(our_classes); i++) {
        if (strlen(our_classes[i]) == value->bv_len &&
            strncasecmp(our_classes[i], value->bv_val, value->bv_len) == 0)
            return true;
    }
    return false;
}

static bool is_named(const struct gathered *attribute, const char *name)
{
    return attribute->name.bv_len == strlen(name) &&
           strncasecmp(attribute->name.bv_val, name, attribute->name.bv_len) == 0;
}

/* An entry that does not show its classes might be of ours: frtd judges. */
static bool is_ours(const struct gathered *attributes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_named(&attributes[i], "objectClass"))
            continue;
        for (size_t v = 0; v < attributes[i].count; v++) {
            if (is_our_class(&attributes[i].values[v]))
                return true;
        }
        return attributes[i].count == 0;
    }
    return true;
}

static bool same_name(const struct berval *a, const struct berval *b)
{
    return a->bv_len == b->bv_len && strncasecmp(a->bv_val, b->bv_val, a->bv_len) == 0;
}

/* frtd breaks with us over a name that is none, or that comes twice: here it costs the server its connection only. */
static bool is_acceptable(const struct gathered *attributes, size_t count)
{
    const struct gathered *last = &attributes[count - 1];

    if (!frt_replica_is_attribute_name(last->name.bv_val, last->name.bv_len))
        return false;
    for (size_t i = 0; i + 1 < count; i++) {
        if (same_name(&attributes[i].name, &last->name))
            return false;
    }
    return true;
}

/* The attributes of an entry; values point into the message. False when they cannot be read to the end. */
static bool gather(LDAP *ld, LDAPMessage *entry, BerElement *ber, struct gathered *attributes, size_t max,
                   size_t *ret_count)
{
    for (*ret_count = 0; *ret_count < max;) {
        struct gathered *attribute = &attributes[*ret_count];
        BerVarray values = NULL;

        memset(attribute, 0, sizeof(*attribute));
        if (ldap_get_attribute_ber(ld, entry, ber, &attribute->name, &values) != LDAP_SUCCESS)
            return false;
        if (!attribute->name.bv_val)
            return true;
        attribute->values = values;
        for (; values && values[attribute->count].bv_val; attribute->count++)
            attribute->bytes += values[attribute->count].bv_len + 4;
        ++*ret_count;
        if (!is_acceptable(attributes, *ret_count))
            return false;
    }
    return true;
}

/* A value or an attribute that does not fit a frame is replaced by one value that is a NUL byte. No syntax of ours allows
 * that, so frtd treats the entry as unreadable, which denies; leaving it out could look like its absence. */
static const struct berval unfit[] = {{1, (char[]){'\0'}}};

static bool fits(const struct gathered *attribute)
{
    if (attribute->count > FRT_ENTRY_MAX_VALUES || attribute->bytes > FRT_REPLICA_FRAME_MAX / 2)
        return false;
    for (size_t v = 0; v < attribute->count; v++) {
        if (attribute->values[v].bv_len > FRT_ENTRY_MAX_VALUE)
            return false;
    }
    return true;
}

static void put_attribute(struct frt_frame_buffer *out, const struct gathered *attribute, bool fit)
{
    const struct berval *values = fit ? attribute->values : unfit;
    size_t count = fit ? attribute->count : 1;

    frt_frame_put_u16(out, attribute->name.bv_len);
    frt_frame_put_bytes(out, attribute->name.bv_val, attribute->name.bv_len);
    frt_frame_put_u32(out, count);
    for (size_t v = 0; v < count; v++) {
        frt_frame_put_u32(out, values[v].bv_len);
        frt_frame_put_bytes(out, values[v].bv_val, values[v].bv_len);
    }
}

static int put_entry(struct frt_session *session, const char *dn, const uint8_t uuid[FRT_REPLICA_UUID],
                     const struct gathered *attributes, size_t count, bool whole)
{
    size_t present = 0, bytes = 0;

    for (size_t i = 0; i < count; i++) {
        present += attributes[i].count > 0;
        bytes += attributes[i].bytes;
    }
    whole = whole && bytes < FRT_REPLICA_FRAME_MAX - 1024 * 1024;
    frt_frame_begin(&session->out, FRT_REPLICA_ENTRY);
    frt_frame_put_bytes(&session->out, uuid, FRT_REPLICA_UUID);
    frt_frame_put_text16(&session->out, dn, FRT_REPLICA_MAX_DN);
    frt_frame_put_u16(&session->out, present);
    for (size_t i = 0; i < count; i++) {
        if (attributes[i].count > 0)
            put_attribute(&session->out, &attributes[i],
                          fits(&attributes[i]) && (whole || is_named(&attributes[i], "objectClass")));
    }
    return frt_frame_end(&session->out);
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

/* "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", RFC 4530. */
static bool parse_uuid(const struct berval *text, uint8_t ret_uuid[FRT_REPLICA_UUID])
{
    size_t used = 0;

    if (text->bv_len != 36)
        return false;
    for (size_t i = 0; i < 36;) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text->bv_val[i++] != '-')
                return false;
            continue;
        }
        if (hex(text->bv_val[i]) < 0 || hex(text->bv_val[i + 1]) < 0)
            return false;
        ret_uuid[used++] = (uint8_t)(hex(text->bv_val[i]) << 4 | hex(text->bv_val[i + 1]));
        i += 2;
    }
    return true;
}

/* The control's UUID counts; the attribute must not contradict it. */
static int settle_uuid(struct frt_session *session, const struct gathered *attributes, size_t count,
                       const uint8_t *given, uint8_t ret_uuid[FRT_REPLICA_UUID])
{
    bool found = false;

    for (size_t i = 0; i < count; i++) {
        if (is_named(&attributes[i], "entryUUID") && attributes[i].count == 1)
            found = parse_uuid(&attributes[i].values[0], ret_uuid);
    }
    if (given && found && memcmp(given, ret_uuid, FRT_REPLICA_UUID) != 0)
        return frt_trouble_set(&session->trouble, FRT_REPLICA_REFUSED,
                               "%s: an entry came with two different entryUUIDs; the server is broken",
                               session->uri);
    if (given)
        memcpy(ret_uuid, given, FRT_REPLICA_UUID);
    else if (!found)
        return frt_trouble_set(
            &session->trouble, FRT_REPLICA_REFUSED,
            "%s: entries come without entryUUID; a server with RFC 4530 is needed, and read access "
            "to it",
            session->uri);
    return 0;
}

/* Remembers the entry; notices when it was known under another name. */
static int remember(struct frt_session *session, const char *dn, const uint8_t uuid[FRT_REPLICA_UUID],
                    bool ours, bool *ret_was_forwarded)
{
    struct frt_seen_entry *seen = frt_seen_add(&session->seen, uuid);
    uint64_t hash = frt_seen_hash_dn(dn);

    if (!seen)
        return frt_trouble_set(&session->trouble, FRT_REPLICA_DISCONNECTED, "out of memory");
    if (seen->dn_hash && seen->dn_hash != hash) {
        if (session->in_content)
            return frt_trouble_set(&session->trouble, FRT_REPLICA_DISCONNECTED,
                                   "%s: two entries with one entryUUID in one content; starting over",
                                   session->uri);
        session->moved = true;
    }
    *ret_was_forwarded = seen->forwarded;
    seen->dn_hash = hash;
    seen->forwarded = ours;
    return 0;
}

static int forward(struct frt_session *session, const char *dn, const struct gathered *attributes,
                   size_t count, bool whole, const uint8_t *given)
{
    uint8_t uuid[FRT_REPLICA_UUID];
    bool was_forwarded = false, ours = is_ours(attributes, count);
    int r = settle_uuid(session, attributes, count, given, uuid);

    if (r == 0)
        r = remember(session, dn, uuid, ours, &was_forwarded);
    if (r < 0)
        return r;
    if (!ours)
        return was_forwarded ? sent(session, frt_replica_put_remove(&session->out, uuid, dn)) : 0;
    session->forwarded += session->in_content;
    return sent(session, put_entry(session, dn, uuid, attributes, count, whole));
}

static int unreadable(struct frt_session *session)
{
    return frt_trouble_set(&session->trouble, FRT_REPLICA_DISCONNECTED,
                           "%s: an entry cannot be read (malformed answer); starting over", session->uri);
}

static int forward_attributes(struct frt_session *session, LDAPMessage *entry, BerElement *ber,
                              const char *dn, const uint8_t *uuid)
{
    struct gathered attributes[FRT_ENTRY_MAX_ATTRIBUTES + 1];
    size_t count = 0;
    int r;

    if (!gather(session->ld, entry, ber, attributes, FRT_ARRAY_LEN(attributes), &count))
        r = unreadable(session);
    else if (count > FRT_ENTRY_MAX_ATTRIBUTES)
        r = forward(session, dn, attributes, FRT_ENTRY_MAX_ATTRIBUTES, false, uuid);
    else
        r = forward(session, dn, attributes, count, true, uuid);
    for (size_t i = 0; i < count; i++)
        ber_memfree(attributes[i].values);
    return r;
}

int frt_session_forward(struct frt_session *session, LDAPMessage *entry, const uint8_t uuid[FRT_REPLICA_UUID])
{
    frt_auto_free char *dn = NULL;
    BerElement *ber = NULL;
    struct berval name = {0};
    int r;

    if (ldap_get_dn_ber(session->ld, entry, &ber, &name) != LDAP_SUCCESS || !ber)
        return unreadable(session);
    if (name.bv_val && name.bv_len > 0 && !memchr(name.bv_val, '\0', name.bv_len))
        dn = strndup(name.bv_val, name.bv_len);
    r = dn ? forward_attributes(session, entry, ber, dn, uuid) : unreadable(session);
    ber_free(ber, 0);
    return r;
}

/* ---- results ---- */

int frt_session_result(struct frt_session *session, int result, const char *doing)
{
    const char *advice = "trying again";

    if (result == LDAP_SIZELIMIT_EXCEEDED || result == LDAP_ADMINLIMIT_EXCEEDED ||
        result == LDAP_TIMELIMIT_EXCEEDED)
        advice = "the server cut its answer short; give the replica's identity `limits ... size=unlimited "
                 "time=unlimited` (ldap_schema/limits.ldif)";
    else if (result == LDAP_NO_SUCH_OBJECT || result == LDAP_INSUFFICIENT_ACCESS)
        advice = "check suffix, and that the replica's identity may read it (ldap_schema/access.ldif)";
    else if (result == LDAP_REFERRAL)
        return frt_session_reference(session);
    return frt_trouble_ldap(&session->trouble, session->ld, result, session->uri, doing, advice);
}

int frt_session_reference(struct frt_session *session)
{
    return frt_trouble_set(
        &session->trouble, FRT_REPLICA_REFUSED,
        "%s: the server refers us to another one, which is never followed; name the server that "
        "holds the whole suffix in uris",
        session->uri);
}

/* ---- contextCSN ---- */

static char *csn_attributes[] = {(char[]){"contextCSN"}, NULL};

int frt_session_ask_csn(struct frt_session *session, int *ret_msgid)
{
    int result =
        ldap_search_ext(session->ld, session->conf->layout.suffix, LDAP_SCOPE_BASE, FRT_SESSION_FILTER,
                        csn_attributes, 0, NULL, NULL, NULL, LDAP_NO_LIMIT, ret_msgid);

    return result == LDAP_SUCCESS ? 0 : frt_session_result(session, result, "asking for contextCSN failed");
}

/* A contextCSN value is plain ASCII without separators; what is not is no CSN and spoils the answer. */
static bool append_csn(char csn[FRT_REPLICA_MAX_CSN + 1], const struct berval *value)
{
    size_t used = strlen(csn), comma = used > 0;

    if (value->bv_len == 0 || used + comma + value->bv_len > FRT_REPLICA_MAX_CSN)
        return false;
    for (size_t i = 0; i < value->bv_len; i++) {
        if (value->bv_val[i] <= ' ' || value->bv_val[i] > '~' || strchr(";,", value->bv_val[i]))
            return false;
    }
    if (comma)
        csn[used++] = ';';
    memcpy(csn + used, value->bv_val, value->bv_len);
    csn[used + value->bv_len] = '\0';
    return true;
}

int frt_session_take_csn(struct frt_session *session, LDAPMessage *entry, char csn[FRT_REPLICA_MAX_CSN + 1])
{
    struct berval **values = ldap_get_values_len(session->ld, entry, "contextCSN");
    bool good = true;

    csn[0] = '\0';
    for (size_t i = 0; values && values[i] && good; i++)
        good = append_csn(csn, values[i]);
    ldap_value_free_len(values);
    return good ? 0
                : frt_trouble_set(&session->trouble, FRT_REPLICA_REFUSED,
                                  "%s: the suffix's contextCSN cannot be read", session->uri);
}

int frt_session_read_csn(struct frt_session *session, char csn[FRT_REPLICA_MAX_CSN + 1])
{
    LDAPMessage *answer = NULL, *entry;
    int result, r = 0;

    result = ldap_search_ext_s(session->ld, session->conf->layout.suffix, LDAP_SCOPE_BASE, FRT_SESSION_FILTER,
                               csn_attributes, 0, NULL, NULL, NULL, LDAP_NO_LIMIT, &answer);
    csn[0] = '\0';
    entry = result == LDAP_SUCCESS ? ldap_first_entry(session->ld, answer) : NULL;
    if (entry)
        r = frt_session_take_csn(session, entry, csn);
    ldap_msgfree(answer);
    if (r < 0)
        return r;
    if (result == LDAP_SUCCESS && !entry)
        result = LDAP_NO_SUCH_OBJECT;
    return result == LDAP_SUCCESS ? 0 : frt_session_result(session, result, "reading the suffix failed");
}

void frt_session_watchdog(unsigned seconds)
{
    alarm(4 * seconds + 60);
}
