/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frtd's side of the kernel gate's connection (protocol/gate_message.h): sends the catalogue and every change of it, takes the
 * gate's word on whether it enforces, and records what it refused on its own. One gate a host.
 *
 * A gate that was there and does not report for six seconds, or whose connection closes, does not enforce: a fact that the
 * policies deny on, so that governed PAM services are refused while tools could be opened past them.
 */
#ifndef FRT_DAEMON_GATE_PORT_H
#define FRT_DAEMON_GATE_PORT_H

#include "daemon/connection.h"
#include "protocol/gate_message.h"

#define FRT_GATE_SILENCE_MS 6000

/* One message of the gate. False: nonsense, or not from root; the caller closes the connection. */
bool frt_gate_port_take(struct frt_connection *connection, const uint8_t *bytes, size_t size);

/* Who stands behind a question the gate asked; NULL when it told nothing. */
const struct frt_gate_context *frt_gate_port_context(const struct frt_daemon *daemon, const uint8_t rid[16]);

/* True when the gate keeps who opens this tool waiting for the answer; else it lets him pass and tells of it. */
bool frt_gate_port_holds(const struct frt_tool *tool);

/* The catalogue changed (a tool entry, a refresh, a reload): it is sent again with the next tick. */
void frt_gate_port_catalogue_changed(struct frt_daemon *daemon);

/* Roles, requests, grants or the policy changed: answers the gate remembers for reads are void. At once. */
void frt_gate_port_forget(struct frt_daemon *daemon);

/* What the gate tells again after frtd died is not recorded again: every denial of a question of its, and every report, is
 * known by its rid once it is sealed, and found again in the trail at start. */
void frt_gate_port_answered(struct frt_daemon *daemon, const struct frt_answer *answer); /* sealed */
void frt_gate_port_committed(struct frt_daemon *daemon,
                             bool sealed); /* the batch: acknowledges its reports */
void frt_gate_port_replay(struct frt_daemon *daemon, const struct frt_record_view *record);

void frt_gate_port_closed(struct frt_daemon *daemon); /* the gate's connection went away */
/* Where frt.conf says that this host has a gate, none is one that does not enforce. At start and on reload. */
void frt_gate_port_expect(struct frt_daemon *daemon);
void frt_gate_port_tick(struct frt_daemon *daemon);

#endif
