/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/scan_record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "protocol/client.h"

static enum frt_match match_of(const char *how)
{
    if (strcmp(how, "digest") == 0)
        return FRT_MATCH_DIGEST;
    return strcmp(how, "package") == 0 ? FRT_MATCH_PACKAGE : FRT_MATCH_PATH;
}

/* One question of kind retain: whose file it is, where, and what it is. 0, or a negative errno. */
static int record_finding(const char *socket, json_t *finding)
{
    struct frt_ask ask = frt_cli_question(FRT_ASK_DECIDE);
    struct frt_answer answer;
    const json_t *uid = json_object_get(finding, "uid");
    int r;

    ask.action = FRT_ACTION_RETAIN;
    ask.match = match_of(frt_cli_text(finding, "how"));
    if (json_integer_value(uid) > 0)
        ask.user_uid = json_integer_value(uid);
    snprintf(ask.tool, sizeof(ask.tool), "%s", frt_cli_text(finding, "tool"));
    snprintf(ask.service, sizeof(ask.service), "frt-scan");
    snprintf(ask.sha256, sizeof(ask.sha256), "%s", frt_cli_text(finding, "sha256"));
    snprintf(ask.path, sizeof(ask.path), "%s%s%s", frt_cli_text(finding, "path"),
             ask.match == FRT_MATCH_PACKAGE ? " " : "",
             ask.match == FRT_MATCH_PACKAGE ? frt_cli_text(finding, "mark") : "");
    ask.dev = (uint64_t)frt_cli_number(finding, "dev");
    ask.ino = (uint64_t)frt_cli_number(finding, "ino");
    r = frt_client_ask_once(socket, &ask, frt_mono_ms() + FRT_CLI_TIMEOUT_MS, &answer);
    if (r < 0)
        return r;
    json_object_set_new(finding, "decision", json_integer(answer.decision));
    json_object_set_new(finding, "verdict", json_string(frt_verdict_name(answer.verdict)));
    json_object_set_new(finding, "rule", json_string(answer.rule));
    frt_answer_clear(&answer);
    return 0;
}

static void record_note(const char *socket, const char *text)
{
    struct frt_ask ask = frt_cli_question(FRT_ASK_AUDIT);
    struct frt_answer answer;

    snprintf(ask.path, sizeof(ask.path), "%s", text);
    if (frt_client_ask_once(socket, &ask, frt_mono_ms() + FRT_CLI_TIMEOUT_MS, &answer) == 0)
        frt_answer_clear(&answer);
}

static void record_gone(const char *socket, const json_t *gone)
{
    const json_t *finding;
    size_t i;

    json_array_foreach(gone, i, finding)
    {
        char text[FRT_PATH_TEXT_MAX];

        snprintf(text, sizeof(text), "scan: gone: %.60s %.180s", frt_cli_text(finding, "tool"),
                 frt_cli_text(finding, "path"));
        record_note(socket, text);
    }
}

size_t frt_scan_record(const char *conf_path, json_t *findings, const json_t *gone, const char *summary)
{
    struct frt_conf *conf = frt_cli_conf(conf_path);
    int r = conf ? 0 : -EINVAL;
    size_t unrecorded = 0;
    json_t *finding;
    const char *key;

    json_object_foreach(findings, key, finding)
    {
        if (json_object_get(finding, "decision"))
            continue;
        if (r == 0)
            r = record_finding(conf->socket, finding);
        unrecorded += r < 0;
    }
    if (r == 0) {
        record_gone(conf->socket, gone);
        record_note(conf->socket, summary);
    } else {
        fprintf(stderr, "frt: %zu findings could not be recorded (%s); the next scan tries again\n",
                unrecorded, strerror(-r));
    }
    frt_conf_free(conf);
    return unrecorded;
}
