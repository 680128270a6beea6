/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Walks a PAM service the way a login program does, from service files in a folder of one's own, so that a line can be tried
 * before it stands in /etc/pam.d. Prints what the person would see; exits with the PAM result code.
 */
#include <fcntl.h>
#include <getopt.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/pam_stack.h"

#define EXIT_USAGE  64
#define ANSWERS_MAX 16

struct options {
    const char *confdir, *ruser, *tool, *request, *login_uid, *rhost;
    const char *answers[ANSWERS_MAX + 1]; /* NULL-terminated */
    size_t answer_count;
    bool session, quiet, check;
};

static void print_help(FILE *out)
{
    fputs(
        "Usage: pam-try [OPTION]... SERVICE USER\n"
        "       pam-try --check [--confdir DIR] SERVICE\n\n"
        "  --confdir DIR     folder with the service files (default /etc/pam.d)\n"
        "  --login-uid UID   set the kernel's login uid first, as a login would (root only)\n"
        "  --ruser USER      who asks (PAM_RUSER), as su and sudo set it\n"
        "  --rhost HOST      where from (PAM_RHOST), as sshd sets it\n"
        "  --tool ID         FRT_TOOL of the PAM environment, for lines with tool=env\n"
        "  --request ID      the written request: FRT_REQUEST of the PAM environment, and the answer when "
        "asked\n"
        "  --answer TEXT     to the next question that is not about the request; may be given several times\n"
        "  --session         open and close a session too\n"
        "  --check           only read the service's files: can its line of pam_frt.so be relied on?\n\n"
        "Exit status: the PAM result code (0 success, 6 permission denied, 9 could not be decided); of "
        "--check "
        "0 or 1.\n",
        out);
}

/* What the command line has for this question; "" when nothing. */
static const char *answer(struct options *options, const char *question)
{
    const char *text = options->answers[0];

    if (strncmp(question, "Written request", 15) == 0)
        return options->request ? options->request : "";
    memmove(options->answers, options->answers + 1, ANSWERS_MAX * sizeof(options->answers[0]));
    return text ? text : "";
}

static int converse(int count, const struct pam_message **messages, struct pam_response **ret_responses,
                    void *arg)
{
    struct options *options = arg;
    struct pam_response *responses = calloc((size_t)count, sizeof(*responses));

    if (!responses)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        bool prompt =
            messages[i]->msg_style == PAM_PROMPT_ECHO_ON || messages[i]->msg_style == PAM_PROMPT_ECHO_OFF;

        const char *reply = prompt ? answer(options, messages[i]->msg) : "";

        printf("    | %s%s\n", messages[i]->msg, reply);
        if (prompt)
            responses[i].resp = strdup(reply);
    }
    *ret_responses = responses;
    return PAM_SUCCESS;
}

static int set_login_uid(const char *uid)
{
    int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, uid, strlen(uid)) == (ssize_t)strlen(uid);

    if (fd >= 0)
        close(fd);
    if (!ok)
        perror("pam-try: /proc/self/loginuid");
    return ok ? 0 : -1;
}

static void set_environment(pam_handle_t *pamh, const char *name, const char *value)
{
    char entry[256];

    if (!value)
        return;
    snprintf(entry, sizeof(entry), "%s=%s", name, value);
    pam_putenv(pamh, entry);
}

static int walk(pam_handle_t *pamh, const struct options *options)
{
    int flags = options->quiet ? PAM_SILENT : 0;
    int r = PAM_SUCCESS;

    if (options->ruser)
        r = pam_set_item(pamh, PAM_RUSER, options->ruser);
    if (r == PAM_SUCCESS && options->rhost)
        r = pam_set_item(pamh, PAM_RHOST, options->rhost);
    if (r == PAM_SUCCESS)
        r = pam_set_item(pamh, PAM_TTY, "pam-try");
    set_environment(pamh, "FRT_TOOL", options->tool);
    set_environment(pamh, "FRT_REQUEST", options->request);
    if (r == PAM_SUCCESS)
        r = pam_authenticate(pamh, flags);
    if (r == PAM_SUCCESS)
        r = pam_acct_mgmt(pamh, flags);
    if (r == PAM_SUCCESS && options->session) {
        r = pam_open_session(pamh, flags);
        if (r == PAM_SUCCESS)
            r = pam_close_session(pamh, flags);
    }
    return r;
}

static int run(struct options *options, const char *service, const char *user)
{
    const struct pam_conv conversation = {converse, options};
    struct frt_pam_stack_report report;
    pam_handle_t *pamh = NULL;
    int r;

    if (options->login_uid && set_login_uid(options->login_uid) < 0)
        return EXIT_USAGE;
    (void)frt_pam_stack_check(options->confdir ? options->confdir : "/etc/pam.d", service, stderr, &report);
    r = options->confdir ? pam_start_confdir(service, user, &conversation, options->confdir, &pamh)
                         : pam_start(service, user, &conversation, &pamh);
    if (r == PAM_SUCCESS)
        r = walk(pamh, options);
    printf("    = %s\n", r == PAM_SUCCESS ? "let in" : pam_strerror(pamh, r));
    pam_end(pamh, r);
    return r;
}

static int check(const struct options *options, const char *service)
{
    struct frt_pam_stack_report report;
    int r = frt_pam_stack_check(options->confdir ? options->confdir : "/etc/pam.d", service, stdout, &report);

    if (r < 0) {
        fprintf(stderr, "pam-try: %s: cannot be read: %s\n", service, strerror(-r));
        return EXIT_USAGE;
    }
    if (report.governed == 0)
        printf("%s: no account line of pam_frt.so names a tool: this service is not governed\n", service);
    else if (report.problems == 0)
        printf("%s: governed; nothing before or around the line of pam_frt.so lets people past it\n",
               service);
    return report.problems > 0;
}

int main(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"confdir", required_argument, NULL, 'd'}, {"ruser", required_argument, NULL, 'r'},
        {"rhost", required_argument, NULL, 'R'},   {"tool", required_argument, NULL, 't'},
        {"request", required_argument, NULL, 'q'}, {"login-uid", required_argument, NULL, 'l'},
        {"answer", required_argument, NULL, 'a'},  {"session", no_argument, NULL, 's'},
        {"silent", no_argument, NULL, 'S'},        {"check", no_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    struct options options = {0};
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case 'd':
            options.confdir = optarg;
            break;
        case 'r':
            options.ruser = optarg;
            break;
        case 'R':
            options.rhost = optarg;
            break;
        case 't':
            options.tool = optarg;
            break;
        case 'q':
            options.request = optarg;
            break;
        case 'l':
            options.login_uid = optarg;
            break;
        case 'a':
            if (options.answer_count < ANSWERS_MAX)
                options.answers[options.answer_count++] = optarg;
            break;
        case 's':
            options.session = true;
            break;
        case 'S':
            options.quiet = true;
            break;
        case 'c':
            options.check = true;
            break;
        case 'h':
            print_help(stdout);
            return 0;
        default:
            print_help(stderr);
            return EXIT_USAGE;
        }
    }
    if (argc - optind != (options.check ? 1 : 2)) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (options.check)
        return check(&options, argv[optind]);
    return run(&options, argv[optind], argv[optind + 1]);
}
