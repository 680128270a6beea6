/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/privileges.h"
#include "settings/policy_file.h"
#include "support/cleanup.h"
#include "support/journal.h"

#define EXIT_USAGE  64 /* sysexits(3) EX_USAGE */
#define EXIT_TRAIL  65 /* EX_DATAERR: nothing gets better by trying again */
#define EXIT_CONFIG 78 /* EX_CONFIG */

static void print_help(FILE *out)
{
    fputs("Usage: frtd [--config FILE] [--check]\n"
          "\n"
          "The decision point of frtgate: answers who may open a facial recognition tool, and records every\n"
          "answer in the trail before giving it.\n"
          "\n"
          "  -c, --config FILE  configuration (default " FRT_CONF_PATH ")\n"
          "      --check        read the configuration, policy and LDIF files, say what is wrong, and exit\n"
          "  -h, --help         this text\n"
          "  -V, --version      version\n"
          "\n"
          "Signals: SIGHUP reads configuration, policy and LDIF anew (all of it or none); SIGTERM stops.\n"
          "Exit status: 0 stopped as asked, 1 failed, 64 wrong usage, 65 the trail is broken and waits for "
          "frt ack,\n"
          "78 configuration or policy is wrong.\n"
          "See frtd(8), frt.conf(5), frt-policy(5).\n",
          out);
}

static void warn(void *arg, const char *text)
{
    (void)arg;
    fprintf(stderr, "warning: %s\n", text);
}

/* What the configuration names must be there; who may read it is seen when it is read. */
static int check_names(const struct frt_conf *conf)
{
    const struct {
        const char *key, *path;
    } files[] = {{"ca_file", conf->directory.ca_file},
                 {"cert_file", conf->directory.cert_file},
                 {"key_file", conf->directory.key_file},
                 {"secret_file", conf->directory.secret_file}};
    const struct {
        const char *key, *name;
    } accounts[] = {{"user", conf->user}, {"directory.user", conf->directory.user}};
    uid_t uid;
    gid_t gid;
    int r = 0;

    for (size_t i = 0; i < FRT_ARRAY_LEN(files); i++)
        if (files[i].path && access(files[i].path, F_OK) < 0) {
            fprintf(stderr, "%s: %s: %s: %s\n", conf->path, files[i].key, files[i].path, strerror(errno));
            r = -ENOENT;
        }
    for (size_t i = 0; i < FRT_ARRAY_LEN(accounts); i++)
        if (accounts[i].name && frt_account_find(accounts[i].name, &uid, &gid) < 0) {
            fprintf(stderr, "%s: %s: there is no account %s (make it: systemd-sysusers)\n", conf->path,
                    accounts[i].key, accounts[i].name);
            r = -ENOENT;
        }
    if (conf->auditors_group && frt_group_find(conf->auditors_group, &gid) < 0) {
        fprintf(stderr, "%s: auditors_group: there is no group %s (make it: systemd-sysusers)\n", conf->path,
                conf->auditors_group);
        r = -ENOENT;
    }
    return r;
}

static int check(const char *conf_path)
{
    char error[FRT_POLICY_ERROR_MAX];
    struct frt_conf *conf = NULL;
    struct frt_policy *policy = NULL;
    struct frt_view *view = NULL;
    int r = frt_conf_load(conf_path, &conf, error);

    if (r == 0)
        r = frt_policy_load(conf->policy, time(NULL), warn, NULL, &policy, error);
    if (r == 0 && conf->directory.ldif[0])
        r = frt_directory_load_files(conf, &view, error, sizeof(error));
    if (r < 0)
        fprintf(stderr, "%s\n", error);
    else
        r = check_names(conf);
    if (r == 0)
        printf("%s: good; host %s, policy %s edition %s\n", conf_path, conf->host, policy->id,
               policy->edition);
    frt_view_free(view);
    frt_policy_free(policy);
    frt_conf_free(conf);
    return r < 0 ? EXIT_CONFIG : 0;
}

/* Why frtd is not there, for `frt status`, which can only find it gone: beside the socket. */
static void leave_word(const struct frt_conf *conf, const char *text)
{
    frt_auto_free char *path = NULL;
    frt_auto_close int fd = -1;

    if (!conf || asprintf(&path, "%s" FRT_PROBLEM_SUFFIX, conf->socket) < 0)
        return;
    unlink(path);
    if (!text)
        return;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd >= 0 && fchmod(fd, 0644) == 0)
        (void)!write(fd, text, strlen(text));
}

static int run(const char *conf_path)
{
    struct frt_daemon daemon = {.listen_fd = -1, .replica_fd = -1};
    int r;

    frt_journal_open("frtd");
    r = frt_daemon_start(&daemon, conf_path);
    leave_word(daemon.conf, r == 0 ? NULL : frt_journal_last_error());
    if (r == 0 && (r = sd_event_loop(daemon.event)) < 0)
        frt_journal(LOG_ERR, "frtd ended: %s", strerror(-r));
    else if (r < 0 && r != -EKEYREJECTED) /* what to do then has been said */
        frt_journal(LOG_ERR, "frtd did not start: %s", strerror(-r));
    frt_daemon_stop(&daemon);
    if (r >= 0)
        return 0;
    if (r == -EKEYREJECTED)
        return EXIT_TRAIL;
    return r == -EINVAL || r == -ENOENT || r == -EPERM ? EXIT_CONFIG : 1;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 'C'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    const char *conf_path = FRT_CONF_PATH;
    bool only_check = false;
    int option;

    while ((option = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            conf_path = optarg;
            break;
        case 'C':
            only_check = true;
            break;
        case 'h':
            print_help(stdout);
            return 0;
        case 'V':
            puts("frtd " FRT_VERSION);
            return 0;
        default:
            print_help(stderr);
            return EXIT_USAGE;
        }
    }
    if (optind != argc) {
        fprintf(stderr, "frtd: unexpected argument: %s\n", argv[optind]);
        return EXIT_USAGE;
    }
    return only_check ? check(conf_path) : run(conf_path);
}
