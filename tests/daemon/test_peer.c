/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Who is at the other end, with real processes: what we rely on from the kernel, and a peer that vanished is nobody.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/peer.h"
#include "support/cleanup.h"

#define NO_GROUP ((gid_t)-1)
#define AUDITORS ((gid_t)54321)
#define STRANGER ((uid_t)12345)

static char scratch[] = "/tmp/frt-peer-XXXXXX";
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static int listener;

static void make_listener(void)
{
    ck_assert_ptr_nonnull(mkdtemp(scratch));
    ck_assert_int_eq(chmod(scratch, 0755), 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", scratch);
    listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(chmod(address.sun_path, 0666), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
}

static void remove_listener(void)
{
    close(listener);
    unlink(address.sun_path);
    rmdir(scratch);
}

static int call(void)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? fd : -1;
}

/* What the peer is before it connects. */
struct shape {
    const char *login_uid; /* written to /proc/self/loginuid */
    uid_t uid;
    gid_t gid;
    gid_t groups[300];
    size_t group_count;
    bool hangs_up;       /* ends at once, with the connection made */
    bool connects_first; /* and takes its shape afterwards */
};

static bool take_shape(const struct shape *shape)
{
    if (shape->login_uid) {
        int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, shape->login_uid, strlen(shape->login_uid)) < 0)
            return false;
        close(fd);
    }
    return setgroups(shape->group_count, shape->groups) == 0 &&
           setresgid(shape->gid, shape->gid, shape->gid) == 0 &&
           setresuid(shape->uid, shape->uid, shape->uid) == 0;
}

/* A process of that shape that has connected; it stays until it is killed. Returns the accepted end. */
static int peer_of(const struct shape *shape, pid_t *ret_pid)
{
    int fd;

    *ret_pid = fork();
    if (*ret_pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (shape->connects_first ? call() < 0 || !take_shape(shape) : !take_shape(shape) || call() < 0)
            _exit(1);
        while (!shape->hangs_up)
            pause();
        _exit(0);
    }
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static struct frt_peer read_peer(const struct shape *shape, gid_t auditors)
{
    struct frt_peer peer = {0};
    pid_t pid;
    frt_auto_close int fd = peer_of(shape, &pid);
    int r = frt_peer_read(fd, auditors, &peer);

    ck_assert_msg(r == 0, "%s", strerror(-r));
    ck_assert_int_eq(peer.pid, pid);
    end(pid);
    return peer;
}

/* Only root can give a process another account or login uid. */
#define NEEDS_ROOT()                                                                                         \
    if (geteuid() != 0)                                                                                      \
    return

START_TEST(knows_process_account_and_program)
{
    const struct shape self = {.uid = getuid(), .gid = getgid()};
    struct frt_peer peer;
    char own[256] = "";

    NEEDS_ROOT();
    peer = read_peer(&self, NO_GROUP);
    ck_assert_int_gt(readlink("/proc/self/exe", own, sizeof(own) - 1), 0);
    own[sizeof(peer.program) - 1] = '\0';
    ck_assert_uint_eq(peer.uid, 0);
    ck_assert_str_eq(peer.program, own);
    ck_assert(peer.auditor); /* root is */
}
END_TEST

/* SO_PEERCRED is about who connected, not about who reads or writes now. */
START_TEST(a_peer_that_changes_its_account_later_stays_who_it_was)
{
    const struct shape stranger = {.uid = STRANGER, .gid = STRANGER};
    const struct shape later = {.uid = STRANGER, .gid = STRANGER, .connects_first = true};

    NEEDS_ROOT();
    ck_assert_uint_eq(read_peer(&stranger, AUDITORS).uid, STRANGER);
    ck_assert(!read_peer(&stranger, AUDITORS).auditor);
    ck_assert_uint_eq(read_peer(&later, AUDITORS).uid, 0);
}
END_TEST

static const struct {
    const char *given, *written;
    int64_t expected;
} login_uids[] = {
    {"a person", "20001", 20001},
    {"root logged in", "0", 0},
    {"the largest", "4294967294", 4294967294},
    {"nobody", "4294967295", -1},
};

START_TEST(takes_the_login_uid_from_the_kernel)
{
    const struct shape shape = {.login_uid = login_uids[_i].written, .uid = STRANGER, .gid = STRANGER};
    struct frt_peer peer;

    NEEDS_ROOT();
    if (access("/proc/self/loginuid", W_OK) < 0)
        return; /* a kernel without audit */
    peer = read_peer(&shape, NO_GROUP);
    ck_assert_msg(peer.login_uid == login_uids[_i].expected, "%s: %lld", login_uids[_i].given,
                  (long long)peer.login_uid);
}
END_TEST

START_TEST(an_auditor_is_one_by_either_kind_of_group)
{
    const struct shape primary = {.uid = STRANGER, .gid = AUDITORS};
    const struct shape supplementary = {
        .uid = STRANGER, .gid = STRANGER, .groups = {7, AUDITORS, 9}, .group_count = 3};
    const struct shape neither = {.uid = STRANGER, .gid = STRANGER, .groups = {7, 9}, .group_count = 2};

    NEEDS_ROOT();
    ck_assert(read_peer(&primary, AUDITORS).auditor);
    ck_assert(read_peer(&supplementary, AUDITORS).auditor);
    ck_assert(!read_peer(&neither, AUDITORS).auditor);
    ck_assert(!read_peer(&supplementary, NO_GROUP).auditor);
}
END_TEST

START_TEST(more_groups_than_it_reads_make_no_auditor)
{
    struct shape many = {.uid = STRANGER, .gid = STRANGER, .group_count = 300};

    NEEDS_ROOT();
    for (gid_t i = 0; i < 300; i++)
        many.groups[i] = i == 0 ? AUDITORS : 60000 + i;
    ck_assert(!read_peer(&many, AUDITORS).auditor);
    many.group_count = 256;
    ck_assert(read_peer(&many, AUDITORS).auditor);
}
END_TEST

/* polkit CVE-2021-3560: a peer that is gone must not pass for anybody, least of all for root. */
START_TEST(a_peer_that_vanished_is_nobody)
{
    const struct shape quick = {.uid = getuid(), .gid = getgid(), .hangs_up = true};
    struct frt_peer peer = {.uid = 77};
    siginfo_t info;
    pid_t pid;
    frt_auto_close int fd = -1;

    NEEDS_ROOT();
    fd = peer_of(&quick, &pid);
    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    ck_assert_int_eq(frt_peer_read(fd, NO_GROUP, &peer), -ESRCH); /* dead, not yet buried */
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(frt_peer_read(fd, NO_GROUP, &peer), -ESRCH); /* buried: the number is free again */
}
END_TEST

/* The number of a vanished peer belongs to somebody else by now. Where the kernel names the very process (6.5), the
 * namesake is not taken for it. */
START_TEST(a_namesake_of_a_vanished_peer_is_not_taken_for_it)
{
    const struct shape quick = {.uid = STRANGER, .gid = STRANGER, .hangs_up = true};
    struct frt_peer peer = {0};
    frt_auto_close int fd = -1, next = -1;
    char number[16];
    pid_t gone, namesake;
    int pidfd = -1, has_peer_pidfd;
    socklen_t length = sizeof(pidfd);

    NEEDS_ROOT();
    fd = peer_of(&quick, &gone);
    has_peer_pidfd =
        getsockopt(fd, SOL_SOCKET, 77 /* SO_PEERPIDFD */, &pidfd, &length) == 0 || errno != ENOPROTOOPT;
    if (pidfd >= 0)
        close(pidfd);
    ck_assert_int_eq(waitpid(gone, NULL, 0), gone);
    next = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
    if (next < 0 || !has_peer_pidfd)
        return; /* cannot make a namesake here, or the kernel cannot tell it */
    for (int i = 0; i < 200; i++) {
        snprintf(number, sizeof(number), "%d", gone - 1);
        if (pwrite(next, number, strlen(number), 0) < 0)
            return;
        namesake = fork();
        if (namesake == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            pause();
            _exit(0);
        }
        if (namesake == gone)
            break;
        end(namesake); /* somebody else was quicker */
    }
    if (namesake != gone)
        return;
    ck_assert_int_eq(frt_peer_read(fd, NO_GROUP, &peer), -ESRCH);
    end(namesake);
}
END_TEST

/* frtd is not root while it serves: what it may not read it does not need. */
START_TEST(an_ordinary_account_reads_strangers_too)
{
    const struct shape stranger = {.login_uid = "20001", .uid = STRANGER, .gid = STRANGER};
    pid_t pid, reader;
    frt_auto_close int fd = -1;
    int status;

    NEEDS_ROOT();
    if (access("/proc/self/loginuid", W_OK) < 0)
        return;
    fd = peer_of(&stranger, &pid);
    reader = fork();
    if (reader == 0) {
        struct frt_peer peer;

        if (setgroups(0, NULL) < 0 || setresgid(999, 999, 999) < 0 || setresuid(999, 999, 999) < 0)
            _exit(10);
        if (frt_peer_read(fd, NO_GROUP, &peer) < 0)
            _exit(11);
        if (peer.uid != STRANGER || peer.login_uid != 20001 || peer.auditor)
            _exit(12);
        _exit(strcmp(peer.program, "[test_daemon_pee]") == 0 ? 0 : 13);
    }
    ck_assert_int_eq(waitpid(reader, &status, 0), reader);
    end(pid);
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

static int is_nobody_to_us(void)
{
    struct frt_peer peer;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    return fd >= 0 && frt_peer_read(fd, NO_GROUP, &peer) == -ESRCH ? 0 : 1;
}

/* Seen from a pid namespace, a process outside has number 0: nobody we can tell. */
START_TEST(a_peer_outside_our_pid_namespace_is_nobody)
{
    frt_auto_close int own = -1;
    pid_t outer, reader;
    int status;

    NEEDS_ROOT();
    own = call();
    ck_assert_int_ge(own, 0);
    outer = fork(); /* a process that has used up its namespace's first process can make no other */
    if (outer == 0) {
        if (unshare(CLONE_NEWPID) < 0)
            _exit(0);
        reader = fork();
        if (reader == 0)
            _exit(is_nobody_to_us());
        _exit(waitpid(reader, &status, 0) == reader ? WEXITSTATUS(status) : 2);
    }
    ck_assert_int_eq(waitpid(outer, &status, 0), outer);
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(what_is_no_unix_socket_is_an_error)
{
    struct frt_peer peer;
    frt_auto_close int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

    ck_assert_int_eq(frt_peer_read(file, NO_GROUP, &peer), -ENOTSOCK);
    ck_assert_int_eq(frt_peer_read(-1, NO_GROUP, &peer), -EBADF);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("daemon.peer");
    TCase *tests = tcase_create("peer");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tests, make_listener, remove_listener);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, knows_process_account_and_program);
    tcase_add_test(tests, a_peer_that_changes_its_account_later_stays_who_it_was);
    tcase_add_loop_test(tests, takes_the_login_uid_from_the_kernel, 0, FRT_ARRAY_LEN(login_uids));
    tcase_add_test(tests, an_auditor_is_one_by_either_kind_of_group);
    tcase_add_test(tests, more_groups_than_it_reads_make_no_auditor);
    tcase_add_test(tests, a_peer_that_vanished_is_nobody);
    tcase_add_test(tests, a_namesake_of_a_vanished_peer_is_not_taken_for_it);
    tcase_add_test(tests, an_ordinary_account_reads_strangers_too);
    tcase_add_test(tests, a_peer_outside_our_pid_namespace_is_nobody);
    tcase_add_test(tests, what_is_no_unix_socket_is_an_error);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
