/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frtd's end of the replica without frtd, for tests/system/directory_live.py and tls_matrix.py: starts frt-replica, feeds a
 * view, prints what happens one line each, and answers questions. Words are separated by tabs; texts are percent-escaped.
 *
 *     feed_dump CONFIG
 *
 *     events     @ seconds  connected|refused|disconnected  text
 *                @ seconds  changed  added|changed|removed  class  dn  changed-by  csn  refresh|live  before  after
 *                @ seconds  refreshed  received  removed  total  first|again
 *                @ seconds  confirmed  csn  age_ms
 *                @ seconds  ended  error            frt-replica was given up; it is started again
 *     questions  view | roles UID | person UID | tool ID | request ID | group DN UID | restart | pid | quit
 *     answers    = ...
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "directory/replica_feed.h"
#include "directory/replica_process.h"
#include "support/cleanup.h"
#include "support/percent.h"

struct dump {
    struct frt_conf *conf;
    struct frt_view *view;
    struct frt_replica_feed *feed;
    int fd;
    pid_t pid;
};

static void print_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    printf("@\t%lld.%06ld", (long long)now.tv_sec, now.tv_nsec / 1000);
}

static void print_text(const char *text)
{
    char buffer[8192];

    frt_percent_encode(text ? text : "", strlen(text ? text : ""), buffer, sizeof(buffer));
    printf("\t%s", buffer);
}

static void on_state(void *arg, enum frt_replica_state state, const char *text)
{
    (void)arg;
    print_time();
    printf("\t%s", frt_replica_state_name(state));
    print_text(text);
    putchar('\n');
}

static void on_changed(void *arg, const struct frt_replica_change *change)
{
    static const char *const kinds[] = {"unchanged", "added", "changed", "removed"};

    (void)arg;
    print_time();
    printf("\tchanged\t%s\t%s", kinds[change->kind], change->object_class);
    print_text(change->dn);
    print_text(change->changed_by);
    print_text(change->csn);
    printf("\t%s", change->by_refresh ? "refresh" : "live");
    print_text(change->before);
    print_text(change->after);
    putchar('\n');
}

static void on_refreshed(void *arg, const struct frt_replica_counts *counts)
{
    (void)arg;
    print_time();
    printf("\trefreshed\t%zu\t%zu\t%zu\t%s\n", counts->received, counts->removed, counts->total,
           counts->first ? "first" : "again");
}

static void on_confirmed(void *arg, const char *csn, int64_t age_ms)
{
    (void)arg;
    print_time();
    printf("\tconfirmed\t%s\t%" PRId64 "\n", csn, age_ms);
}

/* ---- questions ---- */

static void answer_view(const struct dump *dump)
{
    static const char *const states[] = {"never-loaded", "incomplete", "stale", "fresh"};
    const int64_t now_ms = frt_replica_clock_ms();
    const int64_t age_ms = frt_view_age_ms(dump->view, now_ms);

    printf("=\t%s\t%" PRId64 "\t%s\t%zu\t%zu",
           states[frt_view_state(dump->view, now_ms, (int64_t)dump->conf->max_view_age_s * 1000)], age_ms,
           frt_view_csn(dump->view) ? frt_view_csn(dump->view) : "", frt_view_entry_count(dump->view),
           frt_view_unreadable_count(dump->view));
    print_text(frt_view_problem(dump->view));
    putchar('\n');
}

static void answer_roles(const struct dump *dump, const char *uid)
{
    const struct frt_role *roles[32];
    size_t count = frt_view_roles_of(dump->view, uid, roles, FRT_ARRAY_LEN(roles));

    printf("=\t%zu", count);
    for (size_t i = 0; i < count && i < FRT_ARRAY_LEN(roles); i++)
        printf("\t%s %s end=%" PRId64 " by=%s", roles[i]->id, roles[i]->city ? "city" : "outside",
               roles[i]->end_s, roles[i]->changed_by ? roles[i]->changed_by : "");
    putchar('\n');
}

static void answer(struct dump *dump, char *line)
{
    char *word = strtok(line, " \n"), *argument = strtok(NULL, " \n"), *second = strtok(NULL, "\n");

    if (!word)
        return;
    if (strcmp(word, "view") == 0)
        answer_view(dump);
    else if (strcmp(word, "roles") == 0 && argument)
        answer_roles(dump, argument);
    else if (strcmp(word, "person") == 0 && argument)
        printf("=\t%s\n", frt_view_person_by_uid(dump->view, argument) ? "yes" : "no");
    else if (strcmp(word, "tool") == 0 && argument)
        printf("=\t%s\n", frt_view_tool(dump->view, argument) ? "yes" : "no");
    else if (strcmp(word, "request") == 0 && argument)
        printf("=\t%s\n", frt_view_request(dump->view, argument) ? "yes" : "no");
    else if (strcmp(word, "group") == 0 && argument && second)
        printf("=\t%s\n", frt_view_group_lists(dump->view, argument, second) ? "yes" : "no");
    else if (strcmp(word, "restart") == 0)
        printf("=\t%d\n", frt_replica_feed_restart(dump->fd));
    else if (strcmp(word, "pid") == 0)
        printf("=\t%d\n", (int)dump->pid);
    else if (strcmp(word, "quit") == 0)
        exit(0);
    else
        printf("=\twhat?\n");
}

/* ---- life ---- */

static int start(struct dump *dump)
{
    char error[FRT_REPLICA_ERROR_MAX];
    int r = frt_replica_feed_new(&dump->feed);

    if (r == 0)
        r = frt_replica_spawn(dump->conf, &dump->fd, &dump->pid, error);
    if (r < 0)
        fprintf(stderr, "feed_dump: %s\n", error);
    return r;
}

static void give_up(struct dump *dump, int r)
{
    print_time();
    printf("\tended\t%s\n", strerror(-r));
    close(dump->fd);
    waitpid(dump->pid, NULL, 0);
    frt_replica_feed_free(dump->feed);
    if (start(dump) < 0)
        exit(1);
}

static void follow(struct dump *dump)
{
    static const struct frt_replica_listener listener = {
        .changed = on_changed, .state = on_state, .refreshed = on_refreshed, .confirmed = on_confirmed};
    char line[1024];

    for (;;) {
        struct pollfd fds[] = {{.fd = dump->fd, .events = POLLIN}, {.fd = 0, .events = POLLIN}};

        fflush(stdout);
        if (poll(fds, FRT_ARRAY_LEN(fds), -1) < 0)
            continue;
        if (fds[0].revents) {
            int r =
                frt_replica_feed_read(dump->feed, dump->fd, dump->view, frt_replica_clock_ms(), &listener);

            if (r < 0)
                give_up(dump, r);
        }
        if (fds[1].revents) {
            if (!fgets(line, sizeof(line), stdin))
                return;
            answer(dump, line);
        }
    }
}

int main(int argc, char **argv)
{
    struct dump dump = {.fd = -1};
    char error[FRT_CONF_ERROR_MAX];

    if (argc != 2)
        return 2;
    setvbuf(stdin, NULL, _IONBF, 0); /* poll must see what fgets would */
    signal(SIGPIPE, SIG_IGN);
    if (frt_conf_load(argv[1], &dump.conf, error) < 0) {
        fprintf(stderr, "feed_dump: %s\n", error);
        return 2;
    }
    if (frt_conf_new_view(dump.conf, &dump.view) < 0 || start(&dump) < 0)
        return 1;
    follow(&dump);
    close(dump.fd);
    waitpid(dump.pid, NULL, 0);
    frt_replica_feed_free(dump.feed);
    frt_view_free(dump.view);
    frt_conf_free(dump.conf);
    return 0;
}
