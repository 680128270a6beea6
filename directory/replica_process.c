/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/replica_process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/cleanup.h"

#define CHILD_SOCKET 3
#define CHILD_REPORT 4 /* close-on-exec: tells why there was no exec */

struct account {
    bool change;
    uid_t uid;
    gid_t gid;
    char name[64]; /* "": no supplementary groups */
};

struct plan {
    char program[PATH_MAX];
    const char *conf_path;
    struct account account;
};

static int fail(char error[FRT_REPLICA_ERROR_MAX], int r, const char *what, const char *detail)
{
    snprintf(error, FRT_REPLICA_ERROR_MAX, "frt-replica: %s%.*s: %s", what, 160, detail, strerror(-r));
    return r;
}

/* "#1234": that uid, with the group of its account, or of the same number when it has none. */
static int find_numbered(const char *text, struct account *ret_account)
{
    char *end = NULL;
    unsigned long number = strtoul(text, &end, 10);
    const struct passwd *entry;

    if (text[0] < '0' || text[0] > '9' || *end || number == 0 || number >= UINT_MAX)
        return -EINVAL;
    entry = getpwuid((uid_t)number);
    *ret_account = (struct account){true, (uid_t)number, entry ? entry->pw_gid : (gid_t)number, ""};
    return 0;
}

static int find_account(const char *user, struct account *ret_account)
{
    const struct passwd *entry;

    *ret_account = (struct account){0};
    if (geteuid() != 0 || !user || !user[0])
        return 0;
    if (user[0] == '#')
        return find_numbered(user + 1, ret_account);
    entry = getpwnam(user);
    if (!entry)
        return -ENOENT;
    /* Root would be no account of its own. */
    if (entry->pw_uid == 0 || strlen(user) >= sizeof(ret_account->name))
        return -EINVAL;
    *ret_account = (struct account){true, entry->pw_uid, entry->pw_gid, ""};
    memcpy(ret_account->name, user, strlen(user) + 1);
    return 0;
}

static int find_program(const char *configured, char program[PATH_MAX])
{
    ssize_t n;
    char *slash;

    if (configured && configured[0]) {
        if (strlen(configured) >= PATH_MAX)
            return -ENAMETOOLONG;
        memcpy(program, configured, strlen(configured) + 1);
        return 0;
    }
    n = readlink("/proc/self/exe", program, PATH_MAX - sizeof("frt-replica"));
    if (n < 0)
        return -errno;
    program[n] = '\0';
    slash = strrchr(program, '/');
    if (!slash)
        return -ENOENT;
    memcpy(slash + 1, "frt-replica", sizeof("frt-replica"));
    return 0;
}

/* ---- in the child ---- */

static int become(const struct account *account)
{
    if (!account->change)
        return 0;
    if (account->name[0] ? initgroups(account->name, account->gid) < 0 : setgroups(0, NULL) < 0)
        return -errno;
    if (setresgid(account->gid, account->gid, account->gid) < 0 ||
        setresuid(account->uid, account->uid, account->uid) < 0)
        return -errno;
    /* It must be for good. */
    return setresuid(0, 0, 0) == 0 ? -EPERM : 0;
}

static int arrange_descriptors(int socket, int report)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
        return -errno;
    /* Both may sit where the other has to go: move them up first. */
    socket = fcntl(socket, F_DUPFD_CLOEXEC, 16);
    report = fcntl(report, F_DUPFD_CLOEXEC, 16);
    if (socket < 0 || report < 0 || dup2(socket, CHILD_SOCKET) < 0 ||
        dup3(report, CHILD_REPORT, O_CLOEXEC) < 0)
        return -errno;
    return close_range(CHILD_REPORT + 1, ~0U, 0) < 0 ? -errno : 0;
}

static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void run(const struct plan *plan, int socket, int report)
{
    char name[] = "frt-replica", config[] = "--config", fd[] = "--fd", number[] = "3",
         ldap[] = "LDAPNOINIT=1";
    union {
        const char *from;
        char *to; /* exec does not write to it */
    } path = {.from = plan->conf_path};
    char *arguments[] = {name, config, path.to, fd, number, NULL}, *environment[] = {ldap, NULL};
    int r;

    reset_signals();
    r = arrange_descriptors(socket, report);
    if (r == 0)
        r = become(&plan->account);
    if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        r = -errno;
    if (r == 0) {
        execve(plan->program, arguments, environment);
        r = -errno;
    }
    if (write(CHILD_REPORT, &r, sizeof(r)) < 0)
        _exit(126);
    _exit(127);
}

/* ---- in the parent ---- */

/* 0 when the program runs; else what the child could not do. */
static int await_exec(int report, pid_t pid)
{
    int r = 0;
    ssize_t n;

    do {
        n = read(report, &r, sizeof(r));
    } while (n < 0 && errno == EINTR);
    if (n == 0)
        return 0;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return n == sizeof(r) && r < 0 ? r : -EIO;
}

static int start(const struct plan *plan, int *ret_fd, pid_t *ret_pid)
{
    frt_auto_close int ours = -1, theirs = -1, report_in = -1, report_out = -1;
    int pair[2], r;
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    ours = pair[0];
    theirs = pair[1];
    if (pipe2(pair, O_CLOEXEC) < 0)
        return -errno;
    report_in = pair[0];
    report_out = pair[1];
    pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0)
        run(plan, theirs, report_out);
    close(frt_steal_fd(&report_out));
    r = await_exec(report_in, pid);
    if (r < 0)
        return r;
    if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    *ret_fd = frt_steal_fd(&ours);
    *ret_pid = pid;
    return 0;
}

int frt_replica_spawn(const struct frt_conf *conf, int *ret_fd, pid_t *ret_pid,
                      char error[FRT_REPLICA_ERROR_MAX])
{
    struct plan plan = {.conf_path = conf->path};
    int r = find_account(conf->directory.user, &plan.account);

    if (r < 0)
        return fail(error, r, "directory.user: no such account that could run it: ", conf->directory.user);
    r = find_program(conf->directory.replica_program, plan.program);
    if (r < 0)
        return fail(error, r, "cannot be found", "");
    r = start(&plan, ret_fd, ret_pid);
    return r < 0 ? fail(error, r, "cannot be started as ", plan.program) : 0;
}
