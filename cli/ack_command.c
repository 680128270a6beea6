/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The way out of a broken trail: an administrator says that he knows, and why. Offline, because frtd does not run then.
 */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/commands.h"
#include "support/cleanup.h"
#include "support/journal.h"
#include "trail/writer.h"

#define REASON_MAX 200

static void print_help(FILE *out)
{
    fputs(
        "Usage: frt ack --reason TEXT [--set-aside] [--config FILE]\n\n"
        "Acknowledges a broken trail, as root, while frtd is stopped: its keys were lost or rolled back, "
        "its\n"
        "log lost its end or was removed, or the clock was once far ahead. The trail goes on behind a "
        "record\n"
        "of who said so and why, and frt verify tells of it for ever: what lay between is not proven. When\n"
        "nothing is broken, nothing is written.\n\n"
        "  --reason TEXT   why, for the auditor (\"disk replaced, ticket 77\")\n"
        "  --set-aside     the trail was altered and cannot be put back from a backup: move it, as it is,\n"
        "                  into a folder of its own inside log_dir, and begin a new one\n"
        "  --config FILE   where the trail is (default " FRT_CONF_PATH ")\n\n"
        "Uses of written requests that stand only in what was lost are counted anew: withdraw those that\n"
        "were used up. Exit status: 0 acknowledged, 1 nothing to acknowledge or not possible, 4 wrong "
        "usage.\n",
        out);
}

/* Who logged in, through su and sudo; who root is by himself otherwise. */
static int64_t find_speaker(char *name, size_t size)
{
    frt_auto_fclose FILE *file = fopen("/proc/self/loginuid", "re");
    uint32_t uid = UINT32_MAX;
    struct passwd *entry;

    if (!file || fscanf(file, "%" SCNu32, &uid) != 1)
        uid = UINT32_MAX;
    entry = getpwuid(uid == UINT32_MAX ? getuid() : uid);
    snprintf(name, size, "%s", entry ? entry->pw_name : "");
    return uid == UINT32_MAX ? -1 : (int64_t)uid;
}

/* What is written must be frtd's own afterwards: the account that owns the keys. */
static int become_owner(const char *key_dir)
{
    struct stat st;

    if (stat(key_dir, &st) < 0)
        return -errno;
    umask(027);
    if (st.st_uid == 0)
        return 0;
    return setgroups(0, NULL) < 0 || setresgid(st.st_gid, st.st_gid, st.st_gid) < 0 ||
                   setresuid(st.st_uid, st.st_uid, st.st_uid) < 0
               ? -errno
               : 0;
}

static int acknowledge(const struct frt_conf *conf, const char *reason, bool sets_aside)
{
    const struct frt_trail_options options = {
        .log_dir = conf->log_dir, .key_dir = conf->key_dir, .origin = conf->origin};
    char text[FRT_TRAIL_ERROR_MAX], speaker[64];
    struct frt_trail_word word = {.by = speaker, .reason = reason, .sets_aside = sets_aside};
    int r;

    word.login_uid = find_speaker(speaker, sizeof(speaker));
    frt_journal_open("frt");
    r = become_owner(conf->key_dir);
    if (r < 0) {
        fprintf(stderr, "frt: %s: %s\n", conf->key_dir, strerror(-r));
        return FRT_EXIT_NO;
    }
    r = frt_trail_acknowledge(&options, &word, text);
    if (r == 0) {
        frt_journal(LOG_ALERT, "%s acknowledged a broken trail: %s", speaker, text);
        puts("Acknowledged. Now: systemctl start frtd; then tell the auditor, who sees it with frt verify.");
        return FRT_EXIT_YES;
    }
    fprintf(stderr, "frt: %s\n", text);
    if (r == FRT_TRAIL_E_LOCKED)
        fputs("frtd runs on this trail: systemctl stop frtd, then again.\n", stderr);
    if (r == FRT_TRAIL_E_ALTERED)
        fputs("Put back what is named there, from a backup. If that cannot be done: frt ack --set-aside "
              "--reason 'WHY'\n",
              stderr);
    return FRT_EXIT_NO;
}

int frt_ack_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"reason", required_argument, NULL, 'r'},
        {"set-aside", no_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *conf_path = NULL, *reason = NULL;
    struct frt_conf *conf;
    bool sets_aside = false;
    int option, code;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'c')
            conf_path = optarg;
        else if (option == 'r')
            reason = optarg;
        else if (option == 'a')
            sets_aside = true;
        else {
            print_help(option == 'h' ? stdout : stderr);
            return option == 'h' ? FRT_EXIT_YES : FRT_EXIT_USAGE;
        }
    }
    if (optind != argc || !reason || !*reason || strlen(reason) > REASON_MAX) {
        fprintf(stderr, "frt: ack needs --reason with at most %d bytes: the auditor will read it\n",
                REASON_MAX);
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    if (geteuid() != 0) {
        fputs("frt: only root may acknowledge a broken trail\n", stderr);
        return FRT_EXIT_NO;
    }
    conf = frt_cli_conf(conf_path);
    if (!conf)
        return FRT_EXIT_USAGE;
    code = acknowledge(conf, reason, sets_aside);
    frt_conf_free(conf);
    return code;
}
