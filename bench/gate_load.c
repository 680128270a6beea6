/* SPDX-License-Identifier: BSD-2-Clause
 *
 * gate_load WHAT COUNT FILE...: how long one way to use a file takes, for bench/gate.py. Prints the median, the 99th percentile and
 * the largest in microseconds, how often it was tried and how often it was refused.
 *     exec     posix_spawn and wait, COUNT times the first FILE
 *     first    posix_spawn and wait, each FILE once
 *     open     open and close, COUNT times the first FILE
 *     opens    open and close, each FILE once
 *     command  posix_spawn and wait, COUNT times the FILE with the rest as its arguments, nothing shown
 *     during   open and close the first FILE every two milliseconds, at most COUNT times, until the second FILE exists
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_US 2000

extern char **environ;
static size_t refused;

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void run(char **argv, char **envp, const posix_spawn_file_actions_t *actions)
{
    pid_t pid;

    /* A refused exec is measured too; posix_spawn then reports EPERM and has no child. */
    if (posix_spawn(&pid, argv[0], actions, NULL, argv, envp) == 0)
        waitpid(pid, NULL, 0);
    else
        refused++;
}

static void run_file(char *file)
{
    char *argv[] = {file, NULL}, *envp[] = {NULL};

    run(argv, envp, NULL);
}

static void run_command(char **argv)
{
    static posix_spawn_file_actions_t quiet;
    static bool is_ready;

    if (!is_ready) {
        posix_spawn_file_actions_init(&quiet);
        posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
        is_ready = true;
    }
    run(argv, environ, &quiet);
}

static void look(const char *file)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
    else
        refused++;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    bool each, is_exec, is_command, is_during;
    size_t count, n = 0;
    double *took;

    if (argc < 4)
        return 2;
    each = strcmp(argv[1], "first") == 0 || strcmp(argv[1], "opens") == 0;
    is_exec = strcmp(argv[1], "exec") == 0 || strcmp(argv[1], "first") == 0;
    is_command = strcmp(argv[1], "command") == 0;
    is_during = strcmp(argv[1], "during") == 0;
    count = each ? (size_t)argc - 3 : (size_t)atol(argv[2]);
    took = calloc(count, sizeof(*took));
    if (!took || count == 0 || (is_during && argc < 5))
        return 2;
    for (; n < count && !(is_during && access(argv[4], F_OK) == 0); n++) {
        char *file = argv[each ? 3 + n : 3];
        double begin = now_us();

        if (is_exec)
            run_file(file);
        else if (is_command)
            run_command(argv + 3);
        else
            look(file);
        took[n] = now_us() - begin;
        if (is_during)
            usleep(PAUSE_US);
    }
    qsort(took, n, sizeof(*took), by_value);
    printf("%.2f %.2f %.2f %zu %zu\n", took[n / 2], took[n * 99 / 100], took[n ? n - 1 : 0], n, refused);
    free(took);
    return 0;
}
