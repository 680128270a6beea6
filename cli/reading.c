/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/reading.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/ask.h"
#include "protocol/client.h"

struct frt_conf *frt_reading_conf(const char *path, bool *ret_failed)
{
    struct frt_conf *conf = path || access(FRT_CONF_PATH, R_OK) == 0 ? frt_cli_conf(path) : NULL;

    *ret_failed = !conf && (path || access(FRT_CONF_PATH, R_OK) == 0);
    return conf;
}

/* By what the folder is, not by how its path is written. A folder that cannot be looked at has no reading to record. */
static bool is_live(const struct frt_conf *conf, const char *log_dir)
{
    struct stat configured, read;

    if (!conf)
        return false;
    if (strcmp(conf->log_dir, log_dir) == 0)
        return true;
    return stat(conf->log_dir, &configured) == 0 && stat(log_dir, &read) == 0 &&
           configured.st_dev == read.st_dev && configured.st_ino == read.st_ino;
}

static void fill(struct frt_reading *reading, const char *why)
{
    reading->record = -1;
    snprintf(reading->words, sizeof(reading->words), "not recorded: %.240s", why);
}

void frt_reading_note(const struct frt_conf *conf, const char *log_dir, const char *what,
                      struct frt_reading *ret_reading)
{
    struct frt_ask ask = frt_cli_question(FRT_ASK_AUDIT);
    struct frt_answer answer;
    int r;

    if (!is_live(conf, log_dir)) {
        fill(ret_reading, "this is a copy, not the trail that frtd writes on this host");
        return;
    }
    snprintf(ask.path, sizeof(ask.path), "%s", what);
    r = frt_client_ask_once(conf->socket, &ask, frt_mono_ms() + FRT_CLI_TIMEOUT_MS, &answer);
    if (r < 0) {
        fill(ret_reading, r == -ENOENT || r == -ECONNREFUSED ? "frtd does not run" : strerror(-r));
    } else if (answer.decision < 0) {
        fill(ret_reading, answer.message[0] ? answer.message : "frtd could not write the record");
        frt_answer_clear(&answer);
    } else {
        ret_reading->record = answer.decision;
        snprintf(ret_reading->words, sizeof(ret_reading->words), "recorded as %" PRId64, answer.decision);
        frt_answer_clear(&answer);
        return;
    }
    fprintf(stderr, "frt: this reading was %s\n", ret_reading->words);
}
