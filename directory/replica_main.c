/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frt-replica --config FILE --fd N: follows the directory for frtd, which starts it with a socket as descriptor N.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory/replica_supervisor.h"
#include "settings/frt_conf.h"
#include "support/cleanup.h"

struct arguments {
    const char *conf_path;
    int fd;
};

static int usage(void)
{
    fputs("usage: frt-replica --config FILE --fd N\n"
          "Follows the directory of FILE and reports to the socket N. Started by frtd, not by hand.\n",
          stderr);
    return 2;
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"fd", required_argument, NULL, 'f'}, {NULL, 0, NULL, 0}};
    char *end = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'c')
            arguments->conf_path = optarg;
        else if (option == 'f')
            arguments->fd = (int)strtol(optarg, &end, 10);
        else
            return -EINVAL;
    }
    return optind == argc && end && *end == '\0' && arguments->fd > 2 ? 0 : -EINVAL;
}

/* libldap and its TLS library read environment variables, some before main() begins (threats F12, L6). frtd gives us an
 * empty environment; whoever else starts us gets the same by starting over. */
static void shed_environment(char **argv)
{
    static char only[] = "LDAPNOINIT=1";
    char *environment[] = {only, NULL};

    if (environ && environ[0] && strcmp(environ[0], only) == 0 && !environ[1])
        return;
    execve("/proc/self/exe", argv, environment);
    perror("frt-replica: cannot start over without the environment");
    _exit(1);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {FRT_CONF_PATH, -1};
    frt_auto_free char *conf_path = NULL;
    struct stat st;

    shed_environment(argv);
    if (parse(argc, argv, &arguments) < 0)
        return usage();
    if (fstat(arguments.fd, &st) < 0 || !S_ISSOCK(st.st_mode)) {
        fputs("frt-replica: the descriptor of --fd is not a socket\n", stderr);
        return usage();
    }
    conf_path = realpath(arguments.conf_path, NULL);
    if (!conf_path || chdir("/") < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        fprintf(stderr, "frt-replica: %s: %s\n", arguments.conf_path, strerror(errno));
        return 1;
    }
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    return frt_supervisor_run(conf_path, arguments.fd);
}
