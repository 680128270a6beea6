/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fake_point SOCKET: a decision point for tests of the gate. Commands on stdin, one a line; what it is asked on stdout, one
 * JSON object a line.
 *
 *     tool ID decide|record     begins a tool; then its marks:
 *     path P | pattern P | model N | sha256 H | size N
 *     publish                   sends the catalogue, now and to every new gate
 *     allow LOGIN UID TOOL      a grant, -1 unset, "*" any
 *     forbid                    no grants any more, and FORGET
 *     delay MS | mute | speak   how it answers
 *     drop                      closes the gate's connection
 *     sync WORD                 prints {"sync":"WORD"}
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/client.h"
#include "protocol/gate_message.h"

#define MAX_MESSAGES 4096
#define MAX_GRANTS   64
#define MAX_LATE     32768

struct grant {
    long login, uid;
    char tool[FRT_NAME_MAX];
};

struct late {
    int64_t due_ms;
    struct frt_ask ask;
};

static struct {
    uint8_t *bytes[MAX_MESSAGES];
    size_t length[MAX_MESSAGES], count;
    struct frt_gate_message tool;
    uint8_t items[FRT_GATE_MESSAGE_MAX - 256];
    size_t used;
    uint64_t tools, serial;
} catalogue;

static struct grant grants[MAX_GRANTS];
static size_t grant_count;
static struct late late[MAX_LATE];
static size_t late_first, late_end;
static int gate = -1, listener = -1;
static int64_t delay_ms;
static bool is_mute;
static long long decisions;

static void keep(const struct frt_gate_message *message)
{
    static uint8_t buffer[FRT_GATE_MESSAGE_MAX];
    int n = frt_gate_message_encode(message, buffer, sizeof(buffer));

    if (n < 0 || catalogue.count == MAX_MESSAGES) {
        fprintf(stderr, "fake_point: cannot encode: %d\n", n);
        exit(1);
    }
    catalogue.bytes[catalogue.count] = malloc((size_t)n);
    memcpy(catalogue.bytes[catalogue.count], buffer, (size_t)n);
    catalogue.length[catalogue.count++] = (size_t)n;
}

static void send_bytes(const uint8_t *bytes, size_t length)
{
    if (gate >= 0 && send(gate, bytes, length, MSG_NOSIGNAL) != (ssize_t)length && errno != EPIPE &&
        errno != ECONNRESET)
        fprintf(stderr, "fake_point: send: %s\n", strerror(errno));
}

static void send_message(enum frt_gate_kind kind, uint64_t serial, const uint8_t rid[16])
{
    struct frt_gate_message message;
    uint8_t buffer[256];
    int n;

    frt_gate_message_init(&message, kind);
    message.serial = serial;
    message.count = catalogue.tools;
    if (rid)
        memcpy(message.rid, rid, sizeof(message.rid));
    n = frt_gate_message_encode(&message, buffer, sizeof(buffer));
    if (n > 0)
        send_bytes(buffer, (size_t)n);
}

static void flush_tool(void)
{
    if (!catalogue.tool.tool[0])
        return;
    catalogue.tool.items = catalogue.items;
    catalogue.tool.items_length = catalogue.used;
    keep(&catalogue.tool);
    catalogue.used = 0;
}

static void send_catalogue(void)
{
    send_message(FRT_GATE_CATALOGUE_BEGIN, catalogue.serial, NULL);
    for (size_t i = 0; i < catalogue.count; i++)
        send_bytes(catalogue.bytes[i], catalogue.length[i]);
    send_message(FRT_GATE_CATALOGUE_END, catalogue.serial, NULL);
}

static void begin_tool(const char *id, const char *treatment)
{
    flush_tool();
    if (catalogue.tools == 0)
        catalogue.serial++;
    frt_gate_message_init(&catalogue.tool, FRT_GATE_CATALOGUE_TOOL);
    catalogue.tool.serial = catalogue.serial;
    catalogue.tool.treatment =
        strcmp(treatment, "record") == 0 ? FRT_GATE_TREAT_RECORD : FRT_GATE_TREAT_DECIDE;
    snprintf(catalogue.tool.tool, sizeof(catalogue.tool.tool), "%s", id);
    catalogue.tools++;
}

static void add_item(enum frt_gate_item_kind kind, const char *text)
{
    int r = frt_gate_item_put(catalogue.items, sizeof(catalogue.items), &catalogue.used, kind, text,
                              strlen(text));

    if (r == -EMSGSIZE) {
        flush_tool();
        r = frt_gate_item_put(catalogue.items, sizeof(catalogue.items), &catalogue.used, kind, text,
                              strlen(text));
    }
    if (r < 0)
        fprintf(stderr, "fake_point: item %s: %s\n", text, strerror(-r));
}

static void publish(void)
{
    flush_tool();
    catalogue.tool.tool[0] = '\0';
    if (gate >= 0)
        send_catalogue();
}

static void restart_catalogue(void)
{
    for (size_t i = 0; i < catalogue.count; i++)
        free(catalogue.bytes[i]);
    catalogue.count = 0;
    catalogue.tools = 0;
    catalogue.tool.tool[0] = '\0';
}

static bool is_granted(const struct frt_ask *ask)
{
    for (size_t i = 0; i < grant_count; i++)
        if (grants[i].login == ask->login_uid && grants[i].uid == ask->user_uid &&
            (strcmp(grants[i].tool, "*") == 0 || strcmp(grants[i].tool, ask->tool) == 0))
            return true;
    return false;
}

static void answer(const struct frt_ask *ask)
{
    bool granted = is_granted(ask);
    struct frt_answer reply;
    uint8_t buffer[2048];
    int n;

    frt_answer_init(&reply);
    memcpy(reply.rid, ask->rid, sizeof(reply.rid));
    reply.verdict = granted ? FRT_VERDICT_ALLOW : FRT_VERDICT_DENY;
    reply.reason = granted ? FRT_REASON_REQUEST_ON_FILE : FRT_REASON_CITY_OFFICIAL;
    reply.decision = decisions++;
    snprintf(reply.citation, sizeof(reply.citation), "Northampton Code 290-3");
    snprintf(reply.message, sizeof(reply.message), "City officials may not use face surveillance.");
    n = frt_answer_encode(&reply, buffer, sizeof(buffer));
    if (n > 0)
        send_bytes(buffer, (size_t)n);
}

static void print_ask(const struct frt_ask *ask)
{
    printf("{\"ask\":\"%s\",\"login\":%lld,\"uid\":%lld,\"action\":\"%s\",\"match\":\"%s\",\"path\":\"%s\","
           "\"granted\":%s}\n",
           ask->tool, (long long)ask->login_uid, (long long)ask->user_uid,
           frt_fact_value_name(FRT_FACT_ACTION, ask->action), frt_fact_value_name(FRT_FACT_MATCH, ask->match),
           ask->path, is_granted(ask) ? "true" : "false");
}

static void take_gate_message(const uint8_t *bytes, size_t size)
{
    struct frt_gate_message m;
    const char *what;

    if (frt_gate_message_decode(bytes, size, &m, &what) < 0) {
        printf("{\"bad\":\"%s\"}\n", what);
        return;
    }
    if (m.kind == FRT_GATE_HELLO) {
        printf("{\"hello\":1}\n");
        if (catalogue.tools)
            send_catalogue();
    }
    if (m.kind == FRT_GATE_STATE)
        printf("{\"state\":%s,\"why\":\"%s\",\"inodes\":%llu,\"canaries\":%llu}\n",
               m.enforcing ? "true" : "false", m.why, (unsigned long long)m.inodes,
               (unsigned long long)m.canaries);
    if (m.kind == FRT_GATE_CONTEXT)
        printf("{\"context\":\"%s\",\"tty\":\"%s\"}\n", m.chain, m.tty);
    if (m.kind == FRT_GATE_REFUSED) {
        printf("{\"refused\":\"%s\",\"login\":%lld,\"uid\":%lld,\"count\":%llu,\"reason\":\"%s\",\"asked\":%"
               "s}\n",
               m.tool, (long long)m.login_uid, (long long)m.user_uid, (unsigned long long)m.count,
               frt_reason_table[m.reason].name, m.asked ? "true" : "false");
        if (!is_mute)
            send_message(FRT_GATE_ACK, 0, m.rid);
    }
}

static void take_ask(const uint8_t *bytes, size_t size)
{
    struct frt_ask ask;
    const char *what;

    if (frt_ask_decode(bytes, size, &ask, &what) < 0) {
        printf("{\"bad\":\"%s\"}\n", what);
        return;
    }
    print_ask(&ask);
    if (is_mute)
        return;
    if (delay_ms == 0)
        answer(&ask);
    else if (late_end < MAX_LATE)
        late[late_end++] = (struct late){frt_mono_ms() + delay_ms, ask};
}

static void read_gate(void)
{
    static uint8_t buffer[FRT_GATE_MESSAGE_MAX];
    ssize_t n = recv(gate, buffer, sizeof(buffer), 0);

    if (n <= 0) {
        close(gate);
        gate = -1;
        printf("{\"gone\":1}\n");
    } else if (frt_gate_message_is(buffer, (size_t)n)) {
        take_gate_message(buffer, (size_t)n);
    } else {
        take_ask(buffer, (size_t)n);
    }
}

static void obey(char *line)
{
    char word[16] = "", a[4096] = "", b[64] = "", c[64] = "";

    sscanf(line, "%15s %4095s %63s %63s", word, a, b, c);
    if (strcmp(word, "tool") == 0)
        begin_tool(a, b);
    else if (strcmp(word, "path") == 0)
        add_item(FRT_GATE_ITEM_PATH, a);
    else if (strcmp(word, "pattern") == 0)
        add_item(FRT_GATE_ITEM_PATTERN, a);
    else if (strcmp(word, "model") == 0)
        add_item(FRT_GATE_ITEM_MODEL_FILE, a);
    else if (strcmp(word, "sha256") == 0)
        add_item(FRT_GATE_ITEM_SHA256, a);
    else if (strcmp(word, "size") == 0)
        add_item(FRT_GATE_ITEM_SIZE, a);
    else if (strcmp(word, "publish") == 0)
        publish();
    else if (strcmp(word, "restart") == 0)
        restart_catalogue();
    else if (strcmp(word, "allow") == 0 && grant_count < MAX_GRANTS) {
        grants[grant_count].login = atol(a);
        grants[grant_count].uid = atol(b);
        snprintf(grants[grant_count++].tool, FRT_NAME_MAX, "%s", c);
    } else if (strcmp(word, "forbid") == 0) {
        grant_count = 0;
        send_message(FRT_GATE_FORGET, 0, NULL);
    } else if (strcmp(word, "delay") == 0)
        delay_ms = atol(a);
    else if (strcmp(word, "mute") == 0)
        is_mute = true;
    else if (strcmp(word, "speak") == 0)
        is_mute = false;
    else if (strcmp(word, "drop") == 0 && gate >= 0) {
        close(gate);
        gate = -1;
    } else if (strcmp(word, "sync") == 0)
        printf("{\"sync\":\"%s\"}\n", a);
}

static bool read_commands(void)
{
    static char buffer[65536];
    static size_t used;
    ssize_t n = read(0, buffer + used, sizeof(buffer) - 1 - used);
    char *line = buffer, *end;

    if (n <= 0)
        return false;
    used += (size_t)n;
    buffer[used] = '\0';
    while ((end = strchr(line, '\n'))) {
        *end = '\0';
        obey(line);
        line = end + 1;
    }
    used -= (size_t)(line - buffer);
    memmove(buffer, line, used);
    return true;
}

static void answer_late(void)
{
    int64_t now = frt_mono_ms();

    while (late_first < late_end && late[late_first].due_ms <= now)
        answer(&late[late_first++].ask);
    if (late_first == late_end)
        late_first = late_end = 0;
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0)
        return -1;
    return fd;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    listener = argc == 2 ? listen_at(argv[1]) : -1;
    if (listener < 0)
        return 2;
    printf("{\"ready\":1}\n");
    for (;;) {
        struct pollfd fds[] = {
            {.fd = 0, .events = POLLIN}, {.fd = listener, .events = POLLIN}, {.fd = gate, .events = POLLIN}};

        poll(fds, 3, late_first < late_end ? 2 : -1);
        answer_late();
        if (fds[0].revents && !read_commands())
            return 0;
        if (fds[2].revents && gate == fds[2].fd)
            read_gate();
        if (fds[1].revents) {
            if (gate >= 0)
                close(gate);
            gate = accept(listener, NULL, NULL);
        }
    }
}
