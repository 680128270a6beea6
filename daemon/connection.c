/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "daemon/audit.h"
#include "daemon/describe.h"
#include "daemon/gate_port.h"
#include "daemon/result.h"
#include "daemon/retention.h"
#include "daemon/review.h"
#include "daemon/session.h"
#include "protocol/client.h"
#include "support/cleanup.h"
#include "support/journal.h"

#define OWN_DESCRIPTORS 64
#define IDLE_MS         10000 /* a connection without a question or a grant */

static void record_grant_end(struct frt_connection *connection)
{
    struct frt_record record;

    frt_record_init(&record, "session");
    frt_record_add_text(&record, "what", "grant ended");
    frt_record_add_text(&record, "user", connection->grant.user);
    frt_record_add_text(&record, "tool", connection->grant.tool);
    frt_record_add_text(&record, "request", connection->grant.request);
    frt_record_add_number(&record, "decision", connection->grant.decision);
    frt_record_aside(connection->daemon, &record);
}

static void connection_free(struct frt_connection *connection)
{
    struct frt_daemon *daemon = connection->daemon;

    if (connection->granted) {
        record_grant_end(connection);
        frt_gate_port_forget(daemon);
    }
    if (connection == daemon->gate_port.connection)
        frt_gate_port_closed(daemon);
    frt_connection_forget_pending(daemon, connection);
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        daemon->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    daemon->connection_count--;
    sd_event_source_unref(connection->source);
    close(connection->fd);
    free(connection);
}

bool frt_connection_send(struct frt_connection *connection, const struct frt_answer *answer)
{
    uint8_t small[4096], *buffer = small;
    frt_auto_free uint8_t *large = NULL;
    size_t size = sizeof(small);
    int n;

    if (answer->text_length > 0) {
        size = FRT_ANSWER_MAX;
        buffer = large = malloc(size);
    }
    n = buffer ? frt_answer_encode(answer, buffer, size) : -ENOMEM;
    if (n < 0) {
        frt_journal(LOG_ERR, "an answer could not be encoded: %s", strerror(-n));
        return false;
    }
    return send(connection->fd, buffer, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) == n;
}

void frt_connection_grant(struct frt_connection *connection, int64_t decision)
{
    connection->granted = true;
    connection->grant.decision = decision;
}

const struct frt_grant *frt_grant_find(const struct frt_daemon *daemon, const struct frt_ask *ask)
{
    for (const struct frt_connection *c = daemon->connections; c; c = c->next) {
        const struct frt_grant *grant = &c->grant;

        if (!c->granted || strcmp(grant->tool, ask->tool) != 0)
            continue;
        if (grant->login_uid == ask->login_uid && grant->user_uid == ask->user_uid)
            return grant;
    }
    return NULL;
}

/* The grant a question runs under: the gate's, a live one of that person and tool; for frt run, its own that PAM has just
 * allowed and counted. */
static const struct frt_grant *grant_of(struct frt_connection *connection, const struct frt_ask *ask)
{
    struct frt_daemon *daemon = connection->daemon;

    if (ask->kind == FRT_ASK_GATE)
        return frt_grant_find(daemon, ask);
    if (ask->kind != FRT_ASK_GRANT)
        return NULL;
    connection->grant_asked = true;
    frt_grant_fill(daemon->view, ask, connection->peer.login_uid, connection->peer.uid, &connection->grant);
    if (!frt_fresh_allow_take(&daemon->fresh_allows, &connection->grant, connection->peer.pid, frt_mono_ms()))
        return NULL;
    return &connection->grant;
}

static void handle_decide(struct frt_connection *connection, const struct frt_ask *ask)
{
    struct frt_daemon *daemon = connection->daemon;
    const struct frt_grant *grant = grant_of(connection, ask);
    struct frt_answer answer;
    const char *used = frt_attempt_decide(daemon, ask, &connection->peer, grant, &answer);

    if (ask->kind == FRT_ASK_GRANT)
        frt_describe_paths(daemon, ask->tool, &answer);
    frt_commit_later(daemon, connection, &answer, used, ask->kind == FRT_ASK_GRANT);
}

/* A question in another's name, of whatever kind, is an attempt that is refused and recorded. */
static bool refuse_spoof(struct frt_connection *connection, const struct frt_ask *ask)
{
    if (!frt_attempt_is_spoof(connection->daemon, ask, &connection->peer))
        return false;
    handle_decide(connection, ask);
    return true;
}

static void handle_text(struct frt_connection *connection, const struct frt_ask *ask)
{
    struct frt_answer answer = {.decision = -1};

    memcpy(answer.rid, ask->rid, sizeof(answer.rid));
    frt_describe(connection->daemon, ask, &connection->peer, &answer);
    if (ask->kind == FRT_ASK_WHY && frt_audit_why(connection->daemon, ask, &connection->peer, &answer)) {
        frt_commit_later(connection->daemon, connection, &answer, "", false);
        return;
    }
    frt_connection_send(connection, &answer);
    frt_answer_clear(&answer);
}

static void handle_open(struct frt_connection *connection, const struct frt_ask *ask)
{
    struct frt_answer answer = {.decision = -1};

    memcpy(answer.rid, ask->rid, sizeof(answer.rid));
    frt_result_describe_open(connection->daemon, &connection->peer, &answer);
    frt_connection_send(connection, &answer);
    frt_answer_clear(&answer);
}

static void handle_case(struct frt_connection *connection, const struct frt_ask *ask)
{
    struct frt_daemon *daemon = connection->daemon;
    struct frt_answer answer = {
        .verdict = FRT_VERDICT_NOT_GOVERNED, .reason = FRT_REASON_NOT_FRT, .decision = -1};

    memcpy(answer.rid, ask->rid, sizeof(answer.rid));
    if (ask->kind == FRT_ASK_RETAIN && strcmp(ask->act, "list") == 0) {
        frt_retention_describe(daemon, &connection->peer, &answer);
        frt_connection_send(connection, &answer);
        frt_answer_clear(&answer);
        return;
    }
    (ask->kind == FRT_ASK_REVIEW ? frt_review_note : frt_retention_note)(daemon, ask, &connection->peer,
                                                                         &answer);
    frt_commit_later(daemon, connection, &answer, "", false);
}

static void handle(struct frt_connection *connection, const struct frt_ask *ask)
{
    struct frt_answer answer;

    switch (ask->kind) {
    case FRT_ASK_DECIDE:
    case FRT_ASK_GRANT:
    case FRT_ASK_GATE:
        handle_decide(connection, ask);
        return;
    case FRT_ASK_SESSION_OPEN:
    case FRT_ASK_SESSION_CLOSE:
        if (refuse_spoof(connection, ask))
            return;
        frt_session_note(connection->daemon, ask, &connection->peer, &answer);
        frt_commit_later(connection->daemon, connection, &answer, "", false);
        return;
    case FRT_ASK_AUDIT:
        frt_audit_note(connection->daemon, ask, &connection->peer, &answer);
        frt_commit_later(connection->daemon, connection, &answer, "", false);
        return;
    case FRT_ASK_RESULT:
        frt_result_note(connection->daemon, ask, &connection->peer, &answer);
        frt_commit_later(connection->daemon, connection, &answer, "", false);
        return;
    case FRT_ASK_REVIEW:
    case FRT_ASK_RETAIN:
        handle_case(connection, ask);
        return;
    case FRT_ASK_OPEN:
        handle_open(connection, ask);
        return;
    case FRT_ASK_TOOL_NEEDS_REQUEST:
        if (refuse_spoof(connection, ask))
            return;
        frt_session_needs_request(connection->daemon, ask, &connection->peer, &answer);
        frt_connection_send(connection, &answer);
        return;
    case FRT_ASK_CHECK:
    case FRT_ASK_STATUS:
    case FRT_ASK_WHY:
    case FRT_ASK_CATALOGUE:
        handle_text(connection, ask);
        return;
    case FRT_ASK_KIND_END:
        return;
    }
}

/* A question, or a message of the gate. False: nonsense; the connection is to be closed. */
static bool take_message(struct frt_connection *connection, const uint8_t *bytes, size_t size)
{
    struct frt_ask ask;
    const char *what = "longer than any question";

    if (frt_gate_message_is(bytes, size))
        return frt_gate_port_take(connection, bytes, size);
    if (size > FRT_ASK_MAX || frt_ask_decode(bytes, size, &ask, &what) < 0) {
        connection->daemon->counts.malformed++;
        frt_journal(LOG_NOTICE, "malformed message from pid %d uid %u: %s", connection->peer.pid,
                    connection->peer.uid, what);
        return false;
    }
    if (ask.kind == FRT_ASK_GATE && connection != connection->daemon->gate_port.connection)
        return false;
    if (ask.kind == FRT_ASK_GRANT && connection->grant_asked) /* a connection is one grant */
        return false;
    frt_daemon_read_clock(connection->daemon);
    handle(connection, &ask);
    return true;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    struct frt_connection *connection = userdata;
    struct frt_daemon *daemon = connection->daemon;
    uint8_t buffer[FRT_GATE_MESSAGE_MAX];
    ssize_t n;

    (void)source;
    (void)revents;
    n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    connection->active_ms = frt_mono_ms();
    if (n <= 0 || !take_message(connection, buffer, (size_t)n))
        connection_free(connection);
    frt_commit_when_due(daemon);
    return 0;
}

/* One person's share: of the account, and of the login behind it, whatever accounts (a user namespace's range of them) that
 * login has. Root's services find room always. */
static bool may_connect(const struct frt_daemon *daemon, const struct frt_peer *peer)
{
    size_t of_uid = 0, of_login = 0;

    if (daemon->connection_count >= daemon->connections_max)
        return false;
    if (peer->uid == 0)
        return true;
    for (const struct frt_connection *c = daemon->connections; c; c = c->next) {
        of_uid += c->peer.uid == peer->uid;
        of_login += c->peer.uid != 0 && peer->login_uid >= 0 && c->peer.login_uid == peer->login_uid;
    }
    return of_uid < FRT_CONNECTIONS_PER_UID && of_login < FRT_CONNECTIONS_PER_UID &&
           daemon->connection_count + FRT_CONNECTIONS_OF_ROOT < daemon->connections_max;
}

static int add_connection(struct frt_daemon *daemon, int *fd)
{
    struct frt_connection *connection = calloc(1, sizeof(*connection));
    int r;

    if (!connection)
        return -ENOMEM;
    r = frt_peer_read(*fd, daemon->auditors_gid, &connection->peer);
    if (r == 0 && !may_connect(daemon, &connection->peer))
        r = -EUSERS;
    if (r == 0)
        r = sd_event_add_io(daemon->event, &connection->source, *fd, EPOLLIN, on_readable, connection);
    if (r < 0) {
        free(connection);
        return r;
    }
    connection->daemon = daemon;
    connection->fd = frt_steal_fd(fd);
    connection->active_ms = frt_mono_ms();
    connection->next = daemon->connections;
    if (connection->next)
        connection->next->previous = connection;
    daemon->connections = connection;
    daemon->connection_count++;
    return 0;
}

static int on_connect(sd_event_source *source, int listen_fd, uint32_t revents, void *userdata)
{
    struct frt_daemon *daemon = userdata;

    (void)revents;
    for (;;) {
        frt_auto_close int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0 && errno == ECONNABORTED)
            continue;
        if (fd < 0 && errno != EAGAIN) /* no descriptors, no memory: until the sweep has closed some */
            sd_event_source_set_enabled(source, SD_EVENT_OFF);
        if (fd < 0)
            return 0;
        (void)add_connection(daemon, &fd); /* if not, closed: the asker denies */
    }
}

/* Every connection is a descriptor; the rest are the trail's, the loop's and syslog's. */
static size_t connections_max(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return FRT_CONNECTIONS_OF_ROOT;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= FRT_CONNECTIONS_MAX + OWN_DESCRIPTORS)
        return FRT_CONNECTIONS_MAX;
    return limit.rlim_cur > OWN_DESCRIPTORS ? (size_t)limit.rlim_cur - OWN_DESCRIPTORS : 1;
}

/* A socket an earlier frtd left behind: ours alone, the trail's lock has already refused a second frtd. Nothing else is removed. */
static int clear_place(const char *path)
{
    struct stat st;

    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (S_ISSOCK(st.st_mode))
        return unlink(path) < 0 ? -errno : 0;
    frt_journal(LOG_ERR, "%s: is not a socket: expected nothing there, or the socket of an earlier frtd",
                path);
    return -EEXIST;
}

int frt_listen(struct frt_daemon *daemon)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    frt_auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const char *path = daemon->conf->socket;
    mode_t before;
    int r;

    if (fd < 0)
        return -errno;
    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    r = clear_place(path);
    if (r < 0)
        return r;
    before = umask(0111); /* everybody may ask; not chmod(), which would follow a link put there meanwhile */
    r = bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1024) < 0 ? -errno : 0;
    umask(before);
    if (r < 0)
        return r;
    daemon->listen_fd = frt_steal_fd(&fd);
    daemon->connections_max = connections_max();
    return 0;
}

int frt_listen_watch(struct frt_daemon *daemon)
{
    return sd_event_add_io(daemon->event, &daemon->listen_source, daemon->listen_fd, EPOLLIN, on_connect,
                           daemon);
}

void frt_connections_sweep(struct frt_daemon *daemon)
{
    struct frt_connection *next;

    for (struct frt_connection *c = daemon->connections; c; c = next) {
        next = c->next;
        if (!c->granted && !c->gate && frt_mono_ms() - c->active_ms > IDLE_MS)
            connection_free(c);
    }
    sd_event_source_set_enabled(daemon->listen_source, SD_EVENT_ON);
}

void frt_connections_close(struct frt_daemon *daemon)
{
    while (daemon->connections)
        connection_free(daemon->connections);
}
