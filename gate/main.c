/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frt-gate: holds every open and exec of a catalogued facial recognition tool in the kernel until frtd has decided.
 */
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "gate/worker.h"
#include "protocol/client.h"
#include "settings/frt_conf.h"
#include "support/cleanup.h"

#define WORKER_FILES 2048
#define TTY_GROUP    5

static const char usage[] =
    "usage: frt-gate [--config FILE | --all | --only MOUNTPOINT...] [options]\n"
    "  --config FILE      read `gate` and `socket` of this configuration (" FRT_CONF_PATH ")\n"
    "  --all              without a configuration: gate every local file system of this machine\n"
    "  --only DIR         without a configuration: gate this mount and those below it; may be given again\n"
    "  --check            read the configuration, say what would be gated, and exit\n"
    "  --socket PATH      frtd's socket (" FRT_SOCKET_PATH ")\n"
    "  --run DIR          where the canary and state.json live (/run/frt-gate)\n"
    "  --canary-ms N      try the canary every N ms (5000)\n"
    "  --no-exec-marks    do not recognise copies by their contents\n"
    "  --no-audit         no records in the kernel's audit log\n"
    "  --no-spare         one keeper instead of two (tests)\n"
    "  --version          version\n";

struct gate {
    struct frt_worker_options options;
    struct frt_keeper keeper;
    const char *conf_path;
    bool all, no_exec, no_audit, no_spare, only_check;
};

static int parse_options(int argc, char **argv, struct gate *gate)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'f'},
                                            {"check", no_argument, NULL, 'C'},
                                            {"version", no_argument, NULL, 'V'},
                                            {"all", no_argument, NULL, 'a'},
                                            {"only", required_argument, NULL, 'o'},
                                            {"socket", required_argument, NULL, 's'},
                                            {"run", required_argument, NULL, 'r'},
                                            {"canary-ms", required_argument, NULL, 'c'},
                                            {"no-exec-marks", no_argument, NULL, 'x'},
                                            {"no-audit", no_argument, NULL, 'n'},
                                            {"no-spare", no_argument, NULL, '1'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'f')
            gate->conf_path = optarg;
        else if (c == 'C')
            gate->only_check = true;
        else if (c == 'V') {
            puts("frt-gate " FRT_VERSION);
            exit(0);
        } else if (c == 'h') {
            fputs(usage, stdout);
            exit(0);
        } else if (c == 'a')
            gate->all = true;
        else if (c == 'o' && gate->options.only_count < FRT_SCOPE_MAX_ONLY)
            gate->options.only[gate->options.only_count++] = optarg;
        else if (c == 's')
            gate->options.socket = optarg;
        else if (c == 'r')
            gate->options.run_dir = optarg;
        else if (c == 'c')
            gate->options.canary_every_ms = atoi(optarg);
        else if (c == 'x')
            gate->no_exec = true;
        else if (c == 'n')
            gate->no_audit = true;
        else if (c == '1')
            gate->no_spare = true;
        else
            return -EINVAL;
    }
    if (optind != argc || gate->all + (gate->options.only_count > 0) + (gate->conf_path != NULL) > 1)
        return -EINVAL;
    if (!gate->all && gate->options.only_count == 0 && !gate->conf_path)
        gate->conf_path = FRT_CONF_PATH;
    return 0;
}

/* The words of frt.conf; options that were given as well stand. `conf` stays for the life of the process. */
static int read_configuration(struct gate *gate, struct frt_conf **ret_conf)
{
    char error[FRT_CONF_ERROR_MAX];
    const struct frt_conf_gate *wanted;

    if (!gate->conf_path)
        return 0;
    if (frt_conf_load(gate->conf_path, ret_conf, error) < 0) {
        fprintf(stderr, "frt-gate: %s\n", error);
        return -EINVAL;
    }
    wanted = &(*ret_conf)->gate;
    for (size_t i = 0; wanted->only[i]; i++)
        gate->options.only[gate->options.only_count++] = wanted->only[i];
    if (!gate->options.socket)
        gate->options.socket = (*ret_conf)->socket;
    if (gate->options.canary_every_ms <= 0)
        gate->options.canary_every_ms = (int64_t)wanted->canary_interval_s * 1000;
    gate->no_exec |= !wanted->exec_marks;
    gate->no_audit |= !wanted->audit;
    return 0;
}

static void fill_in(struct gate *gate)
{
    if (!gate->options.socket)
        gate->options.socket = FRT_SOCKET_PATH;
    if (gate->options.canary_every_ms <= 0)
        gate->options.canary_every_ms = 5000;
}

static void say_what_is_gated(const struct gate *gate)
{
    printf("%s: good; gates", gate->conf_path ? gate->conf_path : "options");
    for (size_t i = 0; i < gate->options.only_count; i++)
        printf(" %s", gate->options.only[i]);
    printf("%s, asks %s\n", gate->options.only_count ? "" : " every local file system", gate->options.socket);
}

/* Out of memory kills others first; no swap; nobody's environment. */
static int harden(void)
{
    frt_auto_close int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    static const gid_t tty = TTY_GROUP; /* terminals are root:tty 0620; ours to write notices to */

    if (fd < 0 || write(fd, "-1000", 5) != 5)
        fprintf(stderr, "frt-gate: the kernel may kill it when memory runs out: oom_score_adj: %s\n",
                strerror(errno));
    clearenv();
    if (chdir("/") < 0 || setgroups(1, &tty) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
        return -errno;
    setpriority(PRIO_PROCESS, 0, -20);
    /* People wait for every answer, and nice counts for nothing between sessions (sched(7), autogroup). Where the kernel says no,
     * they wait our turn. */
    sched_setscheduler(0, SCHED_RR, &(struct sched_param){.sched_priority = 1});
    umask(022);
    return 0;
}

/* fanotify sees pids of its own name space: in any but the first, openers would have none (threats G18). */
static bool is_in_first_pid_namespace(void)
{
    char link[64] = "";

    return readlink("/proc/self/ns/pid", link, sizeof(link) - 1) > 0 && strcmp(link, "pid:[4026531836]") == 0;
}

static int make_group(bool audit)
{
    unsigned flags = FAN_CLASS_CONTENT | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS | FAN_REPORT_TID |
                     FAN_CLOEXEC | FAN_NONBLOCK | (audit ? FAN_ENABLE_AUDIT : 0);
    int fd = fanotify_init(flags, O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NOATIME);

    return fd < 0 ? -errno : fd;
}

/* One group for everything: whoever closes the last descriptors of two waits for openers that wait for the other. */
static int prepare_group(struct gate *gate)
{
    int fd = gate->no_audit ? -EINVAL : make_group(true);

    gate->options.audit = fd >= 0;
    gate->options.exec_marks = !gate->no_exec;
    if (fd < 0)
        fd = make_group(false);
    gate->keeper.groups[0] = fd;
    return fd < 0 ? fd : 0;
}

static int make_run_dir(const char *path)
{
    char canary[256];
    frt_auto_close int fd = -1;

    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return -errno;
    snprintf(canary, sizeof(canary), "%s/canary", path);
    unlink(canary);
    fd = open(canary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    return fd < 0 ? -errno : 0;
}

static int drop_capabilities(void)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    capng_clear(CAPNG_SELECT_BOTH);
    capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET, CAP_SYS_ADMIN,
                  CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_SETUID, CAP_SETGID, CAP_KILL, -1);
    return capng_apply(CAPNG_SELECT_BOTH) == 0 ? 0 : -EPERM;
}

static int fail(const char *what, int error)
{
    fprintf(stderr, "frt-gate: %s: %s\n", what, strerror(-error));
    return EX_OSERR;
}

int main(int argc, char **argv)
{
    static struct gate gate = {.options = {.run_dir = "/run/frt-gate"},
                               .keeper = {.max_files = WORKER_FILES, .work = frt_worker_run}};
    struct frt_conf *conf = NULL;
    int r;

    if (parse_options(argc, argv, &gate) < 0) {
        fputs(usage, stderr);
        return EX_USAGE;
    }
    if (read_configuration(&gate, &conf) < 0)
        return EX_CONFIG;
    fill_in(&gate);
    if (gate.only_check) {
        say_what_is_gated(&gate);
        frt_conf_free(conf);
        return 0;
    }
    frt_service_init(&gate.options.service);
    if (!is_in_first_pid_namespace()) {
        fprintf(stderr,
                "frt-gate: runs only in the machine's first pid name space, where every opener has a pid\n");
        return EX_CONFIG;
    }
    if ((r = harden()) < 0)
        return fail("preparing", r);
    if ((r = make_run_dir(gate.options.run_dir)) < 0)
        return fail(gate.options.run_dir, r);
    if ((r = frt_contents_prepare()) < 0)
        return fail("SHA-256", r);
    if ((r = prepare_group(&gate)) < 0)
        return fail("fanotify (needs root)", r);
    gate.keeper.arg = &gate.options;
    gate.keeper.has_spare = !gate.no_spare;
    if ((r = frt_keeper_init(&gate.keeper)) < 0 || (r = drop_capabilities()) < 0)
        return fail("preparing", r);
    mlockall(MCL_CURRENT);
    gate.keeper.shared = frt_gate_shared_new();
    if (!gate.keeper.shared)
        return fail("shared memory", -ENOMEM);
    if ((r = frt_service_confine()) < 0)
        return fail("seccomp", r);
    return frt_keeper_run(&gate.keeper) == 0 ? 0 : EX_SOFTWARE;
}
