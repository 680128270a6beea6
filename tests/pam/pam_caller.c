/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A small PAM application, as a screen locker or a launcher is one: runs phases of a service of a folder and prints each
 * code and what was said. Never privileged by itself.
 *
 *     pam_caller CONFDIR SERVICE USER PHASE... [NAME=VALUE...] [-- COMMAND...]
 *
 * PHASE: auth, account, open, close, setcred. NAME=VALUE goes into the PAM environment; "reply=TEXT" answers prompts.
 * COMMAND is run (not forked) when every phase passed. Exit status: the last code.
 */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *reply;

static int converse(int count, const struct pam_message **messages, struct pam_response **ret_responses,
                    void *data)
{
    struct pam_response *responses = calloc((size_t)count, sizeof(*responses));

    (void)data;
    if (!responses)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        printf("said: %s\n", messages[i]->msg);
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_ON || messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
            responses[i].resp = reply ? strdup(reply) : NULL;
    }
    *ret_responses = responses;
    return PAM_SUCCESS;
}

static const struct {
    const char *name;
    int (*run)(pam_handle_t *pamh, int flags);
} phases[] = {
    {"auth", pam_authenticate},   {"account", pam_acct_mgmt}, {"open", pam_open_session},
    {"close", pam_close_session}, {"setcred", pam_setcred},
};

static int run_phase(pam_handle_t *pamh, const char *name)
{
    struct timespec begin, end;
    int code;

    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
        if (strcmp(phases[i].name, name) != 0)
            continue;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        code = phases[i].run(pamh, strcmp(name, "setcred") == 0 ? PAM_ESTABLISH_CRED : 0);
        clock_gettime(CLOCK_MONOTONIC, &end);
        printf("%s: %d in %.3f ms\n", name, code,
               (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
        return code;
    }
    fprintf(stderr, "pam_caller: no phase %s\n", name);
    exit(100);
}

int main(int argc, char **argv)
{
    struct pam_conv conv = {.conv = converse};
    pam_handle_t *pamh = NULL;
    int code = PAM_SUCCESS, i;

    if (argc < 5 || pam_start_confdir(argv[2], argv[3], &conv, argv[1], &pamh) != PAM_SUCCESS)
        return 101;
    for (i = 4; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strncmp(argv[i], "reply=", 6) == 0)
            reply = argv[i] + 6;
        else if (strchr(argv[i], '='))
            pam_putenv(pamh, argv[i]);
    for (i = 4; i < argc && strcmp(argv[i], "--") != 0 && code == PAM_SUCCESS; i++)
        if (!strchr(argv[i], '='))
            code = run_phase(pamh, argv[i]);
    pam_end(pamh, code);
    fflush(stdout);
    while (i < argc && strcmp(argv[i], "--") != 0)
        i++;
    if (code == PAM_SUCCESS && i + 1 < argc) {
        execv(argv[i + 1], argv + i + 1);
        return 102;
    }
    return code;
}
