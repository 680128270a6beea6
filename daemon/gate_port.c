/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/gate_port.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "protocol/client.h"
#include "support/cleanup.h"
#include "support/journal.h"

#define TOOLS_MAX 4096

/* Attributes of a tool's entry that the gate can recognise it by. */
static const struct {
    const char *attribute;
    enum frt_gate_item_kind kind;
} marks[] = {
    {"frtPath", FRT_GATE_ITEM_PATH},
    {"frtPathPattern", FRT_GATE_ITEM_PATTERN},
    {"frtModelFile", FRT_GATE_ITEM_MODEL_FILE},
    {"frtSha256", FRT_GATE_ITEM_SHA256},
    {"frtSize", FRT_GATE_ITEM_SIZE},
    {"frtPackage", FRT_GATE_ITEM_PACKAGE},
};

static int send_message(struct frt_daemon *daemon, const struct frt_gate_message *message)
{
    frt_auto_free uint8_t *buffer = malloc(FRT_GATE_MESSAGE_MAX);
    int n = buffer ? frt_gate_message_encode(message, buffer, FRT_GATE_MESSAGE_MAX) : -ENOMEM;

    if (n < 0)
        return n;
    return send(daemon->gate_port.connection->fd, buffer, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) == n
               ? 0
               : -errno;
}

static int send_plain(struct frt_daemon *daemon, enum frt_gate_kind kind, uint64_t serial, uint64_t count)
{
    struct frt_gate_message message;

    frt_gate_message_init(&message, kind);
    message.serial = serial;
    message.count = count;
    return send_message(daemon, &message);
}

/* What whole machines use all the time, and what alone tells nobody who is on a picture, may pass before the answer when the
 * catalogue only wants it recorded. Redaction is an exemption: somebody has to say that it holds. */
static enum frt_gate_treatment treatment_of(const struct frt_tool *tool)
{
    bool harmless = tool->tool_class == FRT_TOOL_COMPONENT || tool->tool_class == FRT_TOOL_EVIDENCE_VIEWER;

    return tool->record_only && harmless ? FRT_GATE_TREAT_RECORD : FRT_GATE_TREAT_DECIDE;
}

bool frt_gate_port_holds(const struct frt_tool *tool)
{
    return !tool || treatment_of(tool) == FRT_GATE_TREAT_DECIDE;
}

/* A tool with many marks takes several messages; each holds what fits. */
static int send_tool(struct frt_daemon *daemon, const struct frt_tool *tool)
{
    frt_auto_free uint8_t *items = malloc(FRT_GATE_MESSAGE_MAX);
    struct frt_gate_message message;
    const size_t room = FRT_GATE_MESSAGE_MAX - 1024;
    size_t used = 0;
    int r = items ? 0 : -ENOMEM;

    frt_gate_message_init(&message, FRT_GATE_CATALOGUE_TOOL);
    message.serial = daemon->gate_port.serial;
    message.treatment = treatment_of(tool);
    message.items = items;
    snprintf(message.tool, sizeof(message.tool), "%s", tool->id);
    for (size_t m = 0; m < FRT_ARRAY_LEN(marks) && r == 0; m++) {
        const struct frt_attribute *attribute = frt_entry_find(tool->entry, marks[m].attribute);

        for (size_t v = 0; attribute && v < attribute->value_count && r == 0; v++) {
            const struct frt_value *value = &attribute->values[v];

            if (used + value->length + 16 > room) {
                message.items_length = used;
                r = send_message(daemon, &message);
                used = 0;
            }
            if (r == 0 &&
                frt_gate_item_put(items, room, &used, marks[m].kind, value->bytes, value->length) < 0)
                frt_journal(LOG_WARNING, "catalogue: %s: %s: a value the kernel gate cannot use was left out",
                            tool->id, marks[m].attribute);
        }
    }
    message.items_length = used;
    return r < 0 ? r : send_message(daemon, &message);
}

static bool is_for_gate(const struct frt_tool *tool)
{
    return tool->entry && !tool->ignore && tool->tool_class != FRT_TOOL_NOT_FRT;
}

/* Before the first copy of the directory there is no catalogue, and an empty one would unmark every tool: the gate keeps what it
 * has and goes on asking. */
static int send_catalogue(struct frt_daemon *daemon)
{
    static const struct frt_tool *tools[TOOLS_MAX];
    size_t count = frt_view_tools(daemon->view, tools, TOOLS_MAX), wanted = 0;
    int r;

    if (frt_directory_state(daemon) == FRT_VIEW_NEVER_LOADED)
        return -ENODATA;
    if (count > TOOLS_MAX)
        return -E2BIG;
    for (size_t i = 0; i < count; i++)
        wanted += is_for_gate(tools[i]);
    daemon->gate_port.serial++;
    r = send_plain(daemon, FRT_GATE_CATALOGUE_BEGIN, daemon->gate_port.serial, wanted);
    for (size_t i = 0; i < count && r == 0; i++)
        if (is_for_gate(tools[i]))
            r = send_tool(daemon, tools[i]);
    return r < 0 ? r : send_plain(daemon, FRT_GATE_CATALOGUE_END, daemon->gate_port.serial, wanted);
}

static void record_state(struct frt_daemon *daemon, const char *why)
{
    struct frt_record record;

    frt_record_init(&record, "guard");
    frt_record_add_text(&record, "gate", frt_fact_value_name(FRT_FACT_GATE, daemon->gate));
    frt_record_add_text(&record, "reason", why);
    frt_record_add_number(&record, "inodes", (int64_t)daemon->gate_port.inodes);
    frt_record_add_number(&record, "filesystems", (int64_t)daemon->gate_port.filesystems);
    frt_record_aside(daemon, &record);
}

static void set_state(struct frt_daemon *daemon, enum frt_gate_state state, const char *why)
{
    if (daemon->gate == state)
        return;
    daemon->gate = state;
    frt_journal(state == FRT_GATE_ENFORCING ? LOG_NOTICE : LOG_ALERT, "kernel gate: %s%s%s",
                frt_fact_value_name(FRT_FACT_GATE, state), why[0] ? ": " : "", why);
    record_state(daemon, why);
}

static void take_state(struct frt_daemon *daemon, const struct frt_gate_message *message)
{
    struct frt_gate_port *port = &daemon->gate_port;

    port->reported_ms = frt_mono_ms();
    port->inodes = message->inodes;
    port->filesystems = message->filesystems;
    free(port->text);
    port->text = message->text ? strndup(message->text, message->text_length) : NULL;
    set_state(daemon, message->enforcing ? FRT_GATE_ENFORCING : FRT_GATE_NOT_ENFORCING, message->why);
}

static void take_context(struct frt_daemon *daemon, const struct frt_gate_message *message)
{
    struct frt_gate_port *port = &daemon->gate_port;
    struct frt_gate_context *context = &port->contexts[port->context_count++ % FRT_GATE_CONTEXTS];

    memcpy(context->rid, message->rid, sizeof(context->rid));
    memcpy(context->tty, message->tty, sizeof(context->tty));
    memcpy(context->service, message->service, sizeof(context->service));
    memcpy(context->chain, message->chain, sizeof(context->chain));
}

static void send_ack(struct frt_daemon *daemon, const uint8_t rid[16])
{
    struct frt_gate_message message;

    frt_gate_message_init(&message, FRT_GATE_ACK);
    memcpy(message.rid, rid, sizeof(message.rid));
    if (daemon->gate_port.connection)
        (void)send_message(daemon, &message);
}

/* `rids`: one after the other. */
static bool holds(const uint8_t *rids, size_t count, const uint8_t rid[16])
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(rids + 16 * i, rid, 16) == 0)
            return true;
    return false;
}

static bool is_told(const struct frt_gate_port *port, const uint8_t rid[16])
{
    return holds(port->told[0], port->told_count < FRT_GATE_TOLD ? port->told_count : FRT_GATE_TOLD, rid);
}

static void note_told(struct frt_gate_port *port, const uint8_t rid[16])
{
    memcpy(port->told[port->told_count++ % FRT_GATE_TOLD], rid, 16);
}

/* Recorded, but its answer came after the gate had stopped waiting: both are in this batch. */
static bool is_pending(const struct frt_daemon *daemon, const uint8_t rid[16])
{
    for (size_t i = 0; i < daemon->pending_count; i++) {
        const struct frt_answer *answer = &daemon->pending[i].answer;

        if (daemon->pending[i].is_gate && answer->verdict == FRT_VERDICT_DENY && answer->decision >= 0 &&
            memcmp(answer->rid, rid, sizeof(answer->rid)) == 0)
            return true;
    }
    return false;
}

void frt_gate_port_answered(struct frt_daemon *daemon, const struct frt_answer *answer)
{
    if (answer->verdict == FRT_VERDICT_DENY && answer->decision >= 0)
        note_told(&daemon->gate_port, answer->rid);
}

void frt_gate_port_committed(struct frt_daemon *daemon, bool sealed)
{
    struct frt_gate_port *port = &daemon->gate_port;

    for (size_t i = 0; i < port->report_count && sealed; i++) {
        if (!is_told(port, port->reports[i]))
            note_told(port, port->reports[i]);
        send_ack(daemon, port->reports[i]);
    }
    port->report_count = 0; /* not sealed: the gate will tell again */
}

/* The 16 bytes a record names with 32 hex digits. */
static bool take_rid(const struct frt_record_view *record, uint8_t rid[16])
{
    char hex[33];

    if (frt_record_get_text(record, "rid", hex, sizeof(hex)) < 0 || strlen(hex) != 32)
        return false;
    for (int i = 0; i < 16; i++)
        if (sscanf(hex + 2 * i, "%2hhx", &rid[i]) != 1)
            return false;
    return true;
}

void frt_gate_port_replay(struct frt_daemon *daemon, const struct frt_record_view *record)
{
    char source[8] = "", verdict[16] = "";
    uint8_t rid[16];

    if (frt_record_is_kind(record, "decision")) {
        if (frt_record_get_text(record, "src", source, sizeof(source)) < 0 || strcmp(source, "guard") != 0 ||
            frt_record_get_text(record, "dec", verdict, sizeof(verdict)) < 0 || strcmp(verdict, "deny") != 0)
            return;
    } else if (!frt_record_is_kind(record, "gap")) {
        return;
    }
    if (take_rid(record, rid))
        note_told(&daemon->gate_port, rid);
}

static const char *name_refused(const struct frt_gate_message *message)
{
    if (!frt_reason_table[message->reason].could_not_decide)
        return "identical denials"; /* of what frtd had said a moment before */
    return message->asked ? "late answers" : "refused by the gate alone";
}

static int64_t record_refused(struct frt_daemon *daemon, const struct frt_gate_message *message)
{
    const char *why = frt_reason_table[message->reason].name;
    struct frt_record record;
    char text[192];

    frt_record_init(&record, "gap");
    for (int i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", message->rid[i]);
    frt_record_add_text(&record, "rid", text);
    frt_record_add_text(&record, "of", name_refused(message));
    frt_record_add_number(&record, "count", (int64_t)message->count);
    frt_record_add_text(&record, "tool", message->tool);
    frt_record_add_number(&record, "auid", message->login_uid);
    frt_record_add_number(&record, "uid", message->user_uid);
    frt_record_add_text(&record, "why", why);
    snprintf(text, sizeof(text), "uid %lld auid %lld tool %s why %s", (long long)message->user_uid,
             (long long)message->login_uid, message->tool[0] ? message->tool : "-", why);
    frt_record_add_text(&record, "key", text);
    return frt_record_append(daemon, &record);
}

/* Denials that are not on record: recorded and sealed before they are acknowledged, so that the gate can forget. */
static void take_refused(struct frt_daemon *daemon, const struct frt_gate_message *message)
{
    struct frt_gate_port *port = &daemon->gate_port;

    if (is_told(port, message->rid)) {
        send_ack(daemon, message->rid);
        return;
    }
    if (holds(port->reports[0], port->report_count, message->rid))
        return;
    if (port->report_count == FRT_BATCH_MAX)
        frt_commit_now(daemon);
    if (!is_pending(daemon, message->rid) && record_refused(daemon, message) < 0)
        return;
    memcpy(port->reports[port->report_count++], message->rid, sizeof(message->rid));
    sd_event_source_set_enabled(daemon->commit_source, SD_EVENT_ONESHOT);
}

static void take_hello(struct frt_connection *connection)
{
    struct frt_daemon *daemon = connection->daemon;
    int r;

    if (daemon->gate_port.connection && daemon->gate_port.connection != connection)
        daemon->gate_port.connection->gate =
            false; /* the newer one is the host's gate; the older falls idle */
    connection->gate = true;
    daemon->gate_port.connection = connection;
    daemon->gate_port.reported_ms = frt_mono_ms();
    set_state(daemon, FRT_GATE_NOT_ENFORCING, "connected, not yet marked");
    r = send_catalogue(daemon);
    if (r < 0 && r != -ENODATA)
        frt_journal(LOG_ERR, "the catalogue could not be sent to the kernel gate: %s", strerror(-r));
    daemon->gate_port.send_catalogue = r < 0;
}

bool frt_gate_port_take(struct frt_connection *connection, const uint8_t *bytes, size_t size)
{
    struct frt_daemon *daemon = connection->daemon;
    struct frt_gate_message message;
    const char *what = "not from root";

    if (connection->peer.uid != 0 || frt_gate_message_decode(bytes, size, &message, &what) < 0 ||
        (message.kind != FRT_GATE_HELLO && connection != daemon->gate_port.connection)) {
        frt_journal(LOG_NOTICE, "refused a message of the kernel gate: %s", what);
        return false;
    }
    switch (message.kind) {
    case FRT_GATE_HELLO:
        take_hello(connection);
        return true;
    case FRT_GATE_STATE:
        take_state(daemon, &message);
        return true;
    case FRT_GATE_CONTEXT:
        take_context(daemon, &message);
        return true;
    case FRT_GATE_REFUSED:
        take_refused(daemon, &message);
        return true;
    case FRT_GATE_CATALOGUE_BEGIN:
    case FRT_GATE_CATALOGUE_TOOL:
    case FRT_GATE_CATALOGUE_END:
    case FRT_GATE_FORGET:
    case FRT_GATE_ACK:
    case FRT_GATE_KIND_END:
        return false; /* ours to say, not the gate's */
    }
    return false;
}

const struct frt_gate_context *frt_gate_port_context(const struct frt_daemon *daemon, const uint8_t rid[16])
{
    for (size_t i = 0; i < FRT_GATE_CONTEXTS; i++)
        if (memcmp(daemon->gate_port.contexts[i].rid, rid, 16) == 0)
            return &daemon->gate_port.contexts[i];
    return NULL;
}

void frt_gate_port_catalogue_changed(struct frt_daemon *daemon)
{
    daemon->gate_port.send_catalogue = true;
}

void frt_gate_port_forget(struct frt_daemon *daemon)
{
    if (daemon->gate_port.connection)
        (void)send_plain(daemon, FRT_GATE_FORGET, 0, 0);
}

void frt_gate_port_closed(struct frt_daemon *daemon)
{
    daemon->gate_port.connection = NULL;
    set_state(daemon, FRT_GATE_NOT_ENFORCING, "its connection closed");
}

void frt_gate_port_expect(struct frt_daemon *daemon)
{
    if (daemon->conf->gate.required && daemon->gate == FRT_GATE_ABSENT)
        set_state(daemon, FRT_GATE_NOT_ENFORCING, "required on this host and not there: start frt-gate");
}

void frt_gate_port_tick(struct frt_daemon *daemon)
{
    struct frt_gate_port *port = &daemon->gate_port;

    if (!port->connection)
        return;
    if (frt_mono_ms() - port->reported_ms > FRT_GATE_SILENCE_MS)
        set_state(daemon, FRT_GATE_NOT_ENFORCING, "it does not report");
    if (port->send_catalogue && send_catalogue(daemon) == 0)
        port->send_catalogue = false;
}
