/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frt run: a small PAM application. It walks the PAM service "frt" with the tool and the written request in the PAM
 * environment, then asks frtd for a grant and keeps that connection open while the tool runs: the connection is the grant, so
 * that no death of anything leaves one behind.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <security/pam_misc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/result_record.h"
#include "protocol/client.h"
#include "support/cleanup.h"

struct run {
    const char *conf_path, *request, *tool, *confdir;
    char *const *arguments; /* of the tool, NULL-terminated, argv[0] left free */
    const char *user;
};

static void print_help(FILE *out)
{
    fputs(
        "Usage: frt run [--request ID] TOOL [-- ARGUMENT...]\n\n"
        "Runs a catalogued tool the documented way: asks whether you may, under the written request ID, and "
        "holds the\n"
        "grant while the tool runs. One run is one use of the request. TOOL is an id of the catalogue (frt "
        "check shows\n"
        "it); the program is the path the catalogue gives for it.\n\n"
        "  --request ID     the written request under which you search; asked for when left out and needed\n"
        "  --pam-dir DIR    folder of the PAM service file 'frt' (default: the system's)\n"
        "  --config FILE    configuration (default " FRT_CONF_PATH ")\n\n"
        "Exit status: the tool's own; 1 refused, 4 wrong usage, 5 frtd does not answer, 126/127 the program "
        "could not be run.\n",
        out);
}

static int put(pam_handle_t *pamh, const char *name, const char *value)
{
    char entry[160];

    if (!value)
        return PAM_SUCCESS;
    if ((size_t)snprintf(entry, sizeof(entry), "%s=%s", name, value) >= sizeof(entry))
        return PAM_BUF_ERR;
    return pam_putenv(pamh, entry);
}

/* The request number the person gave at the prompt, when it was not on the command line. */
static void take_request(pam_handle_t *pamh, char buffer[FRT_NAME_MAX])
{
    const char *value = pam_getenv(pamh, "FRT_REQUEST");

    snprintf(buffer, FRT_NAME_MAX, "%s", value ? value : "");
}

/* Everything said goes to stderr: stdout is the tool's. Prompts are Linux-PAM's own business. */
static int converse(int count, const struct pam_message **messages, struct pam_response **ret_responses,
                    void *arg)
{
    struct pam_response *responses = calloc((size_t)count, sizeof(*responses));

    for (int i = 0; responses && i < count; i++) {
        struct pam_response *one = NULL;

        if (messages[i]->msg_style == PAM_TEXT_INFO || messages[i]->msg_style == PAM_ERROR_MSG) {
            fprintf(stderr, "%s\n", messages[i]->msg);
            continue;
        }
        if (misc_conv(1, &messages[i], &one, arg) != PAM_SUCCESS) {
            for (int k = 0; k < i; k++)
                free(responses[k].resp);
            free(responses);
            return PAM_CONV_ERR;
        }
        responses[i] = *one;
        free(one);
    }
    *ret_responses = responses;
    return responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int walk_pam(const struct run *run, char request[FRT_NAME_MAX])
{
    const struct pam_conv conversation = {converse, NULL};
    pam_handle_t *pamh = NULL;
    int r = run->confdir ? pam_start_confdir("frt", run->user, &conversation, run->confdir, &pamh)
                         : pam_start("frt", run->user, &conversation, &pamh);

    if (r == PAM_SUCCESS)
        r = put(pamh, "FRT_TOOL", run->tool);
    if (r == PAM_SUCCESS)
        r = put(pamh, "FRT_REQUEST", run->request);
    if (r == PAM_SUCCESS)
        r = pam_authenticate(pamh, 0);
    if (r == PAM_SUCCESS)
        r = pam_acct_mgmt(pamh, 0);
    if (r == PAM_SUCCESS)
        take_request(pamh, request);
    else
        fprintf(stderr, "frt: %s: %s\n", run->tool, pam_strerror(pamh, r));
    pam_end(pamh, r);
    return r == PAM_SUCCESS ? 0 : -EACCES;
}

static bool fill_ask(const struct run *run, const char *request, struct frt_ask *ask)
{
    *ask = frt_cli_question(FRT_ASK_GRANT);
    ask->action = FRT_ACTION_EXEC;
    ask->match = FRT_MATCH_NAMED;
    return frt_cli_set(ask->user, sizeof(ask->user), "your login name", run->user) &&
           frt_cli_set(ask->tool, sizeof(ask->tool), "TOOL", run->tool) &&
           frt_cli_set(ask->request, sizeof(ask->request), "--request", request);
}

/* The first of the catalogue's paths that can be run here; "" when there is none. */
static char *choose_path(const json_t *paths)
{
    const json_t *path;
    size_t i;

    json_array_foreach(paths, i, path) if (access(json_string_value(path), X_OK) ==
                                           0) return strdup(json_string_value(path));
    return strdup("");
}

static void explain_refusal(const struct frt_answer *answer)
{
    fprintf(stderr, "frt: refused. %s\n", answer->message);
    if (answer->rule[0])
        fprintf(stderr, "Rule %s: %s\n", answer->rule, answer->citation);
    if (answer->decision >= 0)
        fprintf(stderr, "Decision %lld. ", (long long)answer->decision);
    fprintf(stderr, "Ask: %s\n", answer->contact);
}

/* Asks for the grant on `fd`; the program's path on success (freed by the caller), NULL after a message. */
static char *take_grant(const struct run *run, int fd, const char *request, bool *ret_documented)
{
    struct frt_answer answer;
    struct frt_ask ask;
    json_t *object;
    char *path = NULL;
    int r;

    if (!fill_ask(run, request, &ask))
        return NULL;
    r = frt_client_ask(fd, &ask, frt_mono_ms() + FRT_CLI_TIMEOUT_MS, &answer);
    if (r < 0) {
        fprintf(stderr, "frt: frtd did not answer: %s; the tool is not run\n", strerror(-r));
        return NULL;
    }
    if (answer.verdict == FRT_VERDICT_ALLOW || answer.verdict == FRT_VERDICT_EXEMPT ||
        answer.verdict == FRT_VERDICT_NOT_GOVERNED) {
        object = answer.text ? json_loadb(answer.text, answer.text_length, 0, NULL) : NULL;
        path = choose_path(json_object_get(object, "paths"));
        *ret_documented = (answer.obligations & FRT_OBLIGE_DOCUMENT) != 0;
        json_decref(object);
    } else {
        explain_refusal(&answer);
    }
    frt_answer_clear(&answer);
    return path;
}

static int run_program(const struct run *run, const char *path)
{
    pid_t child = fork();
    int status;

    if (child < 0)
        return 126;
    if (child == 0) {
        ((char **)(uintptr_t)run->arguments)[0] = (char *)(uintptr_t)path;
        execv(path, run->arguments);
        fprintf(stderr, "frt: %s: %s\n", path, strerror(errno));
        _exit(errno == ENOENT ? 127 : 126);
    }
    signal(SIGINT, SIG_IGN); /* the terminal's interrupt is the tool's; the grant must outlive it */
    signal(SIGQUIT, SIG_IGN);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_granted(const struct run *run, const char *request)
{
    struct frt_conf *conf = frt_cli_conf(run->conf_path);
    frt_auto_free char *path = NULL;
    frt_auto_close int fd = -1;
    bool documented = false;
    int code;

    if (!conf)
        return FRT_EXIT_USAGE;
    fd = frt_client_connect(conf->socket, frt_mono_ms() + FRT_CLI_TIMEOUT_MS);
    frt_conf_free(conf);
    if (fd < 0) {
        fprintf(stderr, "frt: frtd does not answer: %s; the tool is not run\n", strerror(-fd));
        fd = -1;
        return FRT_EXIT_UNREACHABLE;
    }
    path = take_grant(run, fd, request, &documented);
    if (!path)
        return FRT_EXIT_NO;
    if (path[0] != '/') {
        fprintf(stderr, "frt: none of the paths (frtPath) the catalogue has for %s can be run here\n",
                run->tool);
        return 127;
    }
    code = run_program(run, path);
    close(frt_steal_fd(&fd)); /* the grant is over before anything is asked */
    if (documented)
        frt_result_after_run(run->conf_path, run->user, run->tool, request);
    return code;
}

int frt_run_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"request", required_argument, NULL, 'r'},
        {"pam-dir", required_argument, NULL, 'p'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    char request[FRT_NAME_MAX] = "";
    const struct passwd *self = getpwuid(getuid());
    struct run run = {.user = self ? self->pw_name : NULL};
    int option;

    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        if (option == 'c')
            run.conf_path = optarg;
        else if (option == 'r')
            run.request = optarg;
        else if (option == 'p')
            run.confdir = optarg;
        else {
            print_help(option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : FRT_EXIT_USAGE;
        }
    }
    if (optind >= argc || !run.user) {
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    run.tool = argv[optind];
    if (optind + 1 < argc && strcmp(argv[optind + 1], "--") == 0)
        optind++;
    run.arguments = argv + optind; /* argv[optind] becomes the program's own name */
    if (walk_pam(&run, request) < 0)
        return FRT_EXIT_NO;
    return run_granted(&run, request);
}
