/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "cli/commands.h"
#include "protocol/client.h"
#include "support/cleanup.h"
#include "support/file.h"
#include "support/percent.h"

struct frt_conf *frt_cli_conf(const char *path)
{
    char error[FRT_CONF_ERROR_MAX];
    struct frt_conf *conf = NULL;

    if (frt_conf_load(path ? path : FRT_CONF_PATH, &conf, error) < 0)
        fprintf(stderr, "frt: %s%s\n", error, path ? "" : "; another file: --config FILE");
    return conf;
}

struct frt_ask frt_cli_question(enum frt_ask_kind kind)
{
    struct frt_ask ask = {.kind = kind, .user_uid = -1, .login_uid = -1};

    if (getrandom(ask.rid, sizeof(ask.rid), 0) != (ssize_t)sizeof(ask.rid))
        abort(); /* cannot happen for 16 bytes (getrandom(2)) */
    return ask;
}

/* What frtd said when it could not start, if it did. */
static bool show_problem(const char *socket)
{
    frt_auto_free char *path = NULL, *text = NULL;
    char shown[4096];
    const char *what;
    size_t length;

    if (asprintf(&path, "%s" FRT_PROBLEM_SUFFIX, socket) < 0 ||
        frt_file_read(path, FRT_FILE_ANY, 2048, &text, &length, &what) < 0)
        return false;
    if (!frt_prose_is_clean(text, length, false))
        frt_percent_encode(text, length, shown, sizeof(shown));
    else
        snprintf(shown, sizeof(shown), "%s", text);
    fprintf(stderr, "It did not start: %s\n", shown);
    return true;
}

static void explain_silence(const char *socket, int error)
{
    fprintf(stderr, "frt: frtd does not answer at %s: %s\n", socket, strerror(-error));
    if ((error == -ENOENT || error == -ECONNREFUSED) && show_problem(socket))
        return;
    if (error == -ENOENT || error == -ECONNREFUSED)
        fputs("Is it running? systemctl status frtd; or start it: frtd --config FILE\n", stderr);
    else if (error == -EPERM)
        fputs("Another account listens on that socket, or others may write in its directory. Look at it:\n"
              "    ls -ld of the socket and its directory; both should belong to frtd's account.\n",
              stderr);
    fputs("Until it answers, every facial recognition tool is refused; nothing else is affected.\n", stderr);
}

json_t *frt_cli_ask(const char *conf_path, struct frt_ask *ask, int *ret_exit)
{
    struct frt_conf *conf = frt_cli_conf(conf_path);
    struct frt_answer answer;
    json_t *object = NULL;
    int r;

    *ret_exit = FRT_EXIT_USAGE;
    if (!conf)
        return NULL;
    r = frt_client_ask_once(conf->socket, ask, frt_mono_ms() + FRT_CLI_TIMEOUT_MS, &answer);
    if (r < 0) {
        explain_silence(conf->socket, r);
        *ret_exit = FRT_EXIT_UNREACHABLE;
    } else {
        object = answer.text ? json_loadb(answer.text, answer.text_length, 0, NULL) : NULL;
        if (!object)
            fprintf(stderr, "frt: %s\n",
                    answer.message[0] ? answer.message : "frtd's answer could not be read");
        *ret_exit = FRT_EXIT_NO;
        frt_answer_clear(&answer);
    }
    frt_conf_free(conf);
    return object;
}

bool frt_cli_set(char *field, size_t size, const char *what, const char *value)
{
    if (strlen(value) < size) {
        strcpy(field, value);
        return true;
    }
    fprintf(stderr, "frt: %s is too long: expected at most %zu bytes\n", what, size - 1);
    return false;
}

const char *frt_cli_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

long long frt_cli_number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

void frt_cli_print_json(const json_t *object)
{
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    putchar('\n');
}
