/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frtd, the decision point: state that its parts share. One thread, one event loop, one writer of the trail.
 *
 * The life of an attempt: connection.c reads a question and who asks it (peer.c); attempt.c gathers the
 * facts, decides and appends the record; the answer waits in the batch until commit.c has sealed it, and only
 * then leaves.
 */
#ifndef FRT_DAEMON_DAEMON_H
#define FRT_DAEMON_DAEMON_H

#include <systemd/sd-event.h>

#include "daemon/clock.h"
#include "daemon/grant.h"
#include "daemon/ledger.h"
#include "daemon/peer.h"
#include "daemon/searches.h"
#include "decision/decide.h"
#include "directory/replica_feed.h"
#include "protocol/gate_message.h"
#include "settings/frt_conf.h"
#include "trail/checkpoint.h"
#include "trail/writer.h"

#define FRT_BATCH_MAX           128 /* answers that wait for one seal; the trail takes 256 records */
#define FRT_COMMIT_WITHIN_MS    5
#define FRT_CONNECTIONS_MAX     4096
#define FRT_CONNECTIONS_PER_UID 128 /* of an ordinary user, and of a login */
#define FRT_CONNECTIONS_OF_ROOT 512 /* kept free for root's services, whatever others hold */

struct frt_connection;
struct frt_retention;

struct frt_pending {
    struct frt_connection *connection; /* NULL: went away while it waited */
    struct frt_answer answer;
    bool is_gate; /* the kernel gate's question */
    bool grants;  /* the answer to FRT_ASK_GRANT: letting pass makes its connection a grant */
    char used_request[FRT_NAME_MAX]; /* request this answer consumes a use of; "" none */
};

struct frt_counts {
    uint64_t deny, allow, exempt, not_governed, undecided, malformed, counted;
};

#define FRT_GATE_CONTEXTS 256

/* Who stands behind a question of the gate, told just before it. */
struct frt_gate_context {
    uint8_t rid[16];
    char tty[FRT_NAME_MAX], service[FRT_NAME_MAX], chain[FRT_GATE_CHAIN_MAX];
};

/* Denials on record that the gate may tell again: more than it can have untold at a time. */
#define FRT_GATE_TOLD 4096

struct frt_gate_port {
    struct frt_connection *connection; /* NULL: no gate */
    int64_t reported_ms;
    uint64_t serial; /* edition of the catalogue last sent */
    bool send_catalogue;
    uint64_t inodes, filesystems;
    char *text;                                          /* the gate's own account of its marks, JSON; NULL */
    struct frt_gate_context contexts[FRT_GATE_CONTEXTS]; /* ring */
    size_t context_count;
    uint8_t told[FRT_GATE_TOLD][16]; /* rids; ring */
    size_t told_count;
    /* rids of its reports in the batch: acknowledged when that is sealed */
    uint8_t reports[FRT_BATCH_MAX][16];
    size_t report_count;
};

struct frt_daemon {
    struct frt_conf *conf;
    struct frt_policy *policy;
    struct frt_view *view;
    struct frt_trail *trail;
    struct frt_key_pair host_key; /* signs checkpoints */
    char host_vkey[FRT_VKEY_MAX];
    uint64_t published;        /* size of the last checkpoint */
    int64_t published_ms;      /* when that was looked at */
    struct frt_ledger *ledger; /* uses of requests, last denials, floods */
    struct frt_searches *searches;
    struct frt_retention *retention;
    struct frt_fresh_allows fresh_allows;
    struct frt_clock clock;
    struct frt_counts counts;
    enum frt_gate_state gate;
    struct frt_gate_port gate_port;
    int64_t started_s;
    bool alarmed;       /* that the trail cannot be written has been told */
    gid_t auditors_gid; /* (gid_t)-1: none */

    sd_event *event;
    sd_event_source *commit_source;
    int listen_fd;
    sd_event_source *listen_source;
    struct frt_connection *connections; /* list */
    size_t connection_count, connections_max;
    struct frt_pending pending[FRT_BATCH_MAX];
    size_t pending_count;
    int64_t pending_since_ms; /* the oldest */

    struct frt_replica_feed *feed; /* NULL: the directory is LDIF files */
    int replica_fd;
    pid_t replica_pid;
    char replica_state[256]; /* last word of the replica, for status */
};

/* daemon/start.c: everything up to the loop, and its end. */
int frt_daemon_start(struct frt_daemon *daemon, const char *conf_path);
void frt_daemon_stop(struct frt_daemon *daemon);

/* daemon/open_trail.c */
int frt_daemon_open_trail(struct frt_daemon *daemon);

/* daemon/start.c: reads the clocks and records a step. Before anything is judged, and every second. */
void frt_daemon_read_clock(struct frt_daemon *daemon);

/* daemon/reload.c: reads configuration, policy and LDIF anew; all of it or none of it. */
void frt_daemon_reload(struct frt_daemon *daemon);

/* daemon/directory_source.c */
int frt_directory_open(
    struct frt_daemon *daemon); /* reads LDIF or starts frt-replica (before privileges go) */
int frt_directory_watch(struct frt_daemon *daemon); /* adds the replica to the loop */
int frt_directory_load_files(const struct frt_conf *conf, struct frt_view **ret_view, char *error,
                             size_t error_size);
enum frt_view_state frt_directory_state(const struct frt_daemon *daemon);

/* daemon/connection.c */
int frt_listen(struct frt_daemon *daemon);
int frt_listen_watch(struct frt_daemon *daemon);
void frt_connections_sweep(struct frt_daemon *daemon); /* closes idle ones; every second */
void frt_connections_close(struct frt_daemon *daemon);

/* daemon/commit.c: takes `answer` over; it leaves when its batch is sealed. `grants`: see struct frt_pending. */
int frt_commit_init(struct frt_daemon *daemon);
void frt_commit_later(struct frt_daemon *daemon, struct frt_connection *connection, struct frt_answer *answer,
                      const char *used_request, bool grants);
void frt_commit_now(struct frt_daemon *daemon);
/* After each event: what waits does not wait for the end of a stream of other questions. */
void frt_commit_when_due(struct frt_daemon *daemon);
/* Puts a record into the batch, sealing the one before when that is full. Its number, or a negative errno. */
int64_t frt_record_append(struct frt_daemon *daemon, const struct frt_record *record);
/* The same for a record nobody waits for (role changes, beats, clock). */
void frt_record_aside(struct frt_daemon *daemon, const struct frt_record *record);

/* daemon/connection.c, for commit.c */
/* False: it did not leave; the asker's deadline turns silence into a denial. */
bool frt_connection_send(struct frt_connection *connection, const struct frt_answer *answer);
void frt_connection_grant(struct frt_connection *connection, int64_t decision);
void frt_connection_forget_pending(struct frt_daemon *daemon, struct frt_connection *connection);

#endif
