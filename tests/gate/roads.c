/* SPDX-License-Identifier: BSD-2-Clause
 *
 * roads LOGIN UID ROAD DIR [FD]: one way to get at a tool, gone by an ordinary person. DIR holds what tests/system/gate_matrix.py
 * put there. Exit status: 42 the tool's code ran or its bytes were had, 1 refused (EPERM, EACCES), 3 something else went
 * wrong, 77 this kernel does not offer the road. LOGIN -1 leaves the login uid unset.
 */
#define _GNU_SOURCE
#include "tests/gate/roads.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OFFICIAL = 20001, PERFORMER = 20020 }; /* p01 and p20 of the sample city */

const char *dir;
int given = -1;
static long login_uid, own_uid;

const char *in(const char *name)
{
    static char path[4][512];
    static int next;
    char *p = path[next++ % 4];

    snprintf(p, 512, "%s/%s", dir, name);
    return p;
}

void fail(void)
{
    fprintf(stderr, "%s\n", strerror(errno));
    _exit(errno == EPERM || errno == EACCES ? REFUSED : BROKEN);
}

void run(const char *path, const char *a, const char *b)
{
    char *argv[] = {(char *)(uintptr_t)path, (char *)(uintptr_t)a, a ? (char *)(uintptr_t)b : NULL, NULL};
    char *envp[] = {NULL};

    execve(path, argv, envp);
    fail();
}

void run_fd(int fd)
{
    char *argv[] = {(char *)(uintptr_t) "tool", NULL}, *envp[] = {NULL};

    if (fd < 0)
        fail();
    syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
    fail();
}

/* Had when the first bytes are those of an ELF file. */
void judge_bytes(int fd)
{
    char magic[4];
    ssize_t n = fd < 0 ? -1 : pread(fd, magic, 4, 0);

    if (n < 0)
        fail();
    _exit(n == 4 && memcmp(magic, "\177ELF", 4) == 0 ? HAD : BROKEN);
}

static void copy_bytes(int from, int to)
{
    struct stat st;

    if (from < 0 || to < 0 || fstat(from, &st) < 0)
        fail();
    for (off_t at = 0; at < st.st_size;)
        if (sendfile(to, from, &at, (size_t)(st.st_size - at)) <= 0)
            fail();
}

void run_copy(int from, int to)
{
    copy_bytes(from, to);
    run_fd(to);
}

/* A program refused in a child makes it end with 126 or 127; its own status counts otherwise. */
void run_shell(const char *command)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);

        dup2(null, 2);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(BROKEN);
    }
    waitpid(pid, &status, 0);
    status = WIFEXITED(status) ? WEXITSTATUS(status) : BROKEN;
    _exit(status == HAD ? HAD : status == ABSENT ? ABSENT : REFUSED);
}

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);

    if (fd >= 0 && write(fd, text, strlen(text)) < 0)
        errno = EIO;
    if (fd >= 0)
        close(fd);
}

/* An ordinary user's own name spaces, root in them. */
void enter_namespaces(int flags)
{
    char map[64];
    long uid = own_uid;

    if (unshare(CLONE_NEWUSER | flags) < 0)
        _exit(ABSENT);
    snprintf(map, sizeof(map), "0 %ld 1", uid);
    write_text("/proc/self/setgroups", "deny");
    write_text("/proc/self/uid_map", map);
    write_text("/proc/self/gid_map", map);
    if (flags & CLONE_NEWNS)
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

const char *own_tmpfs(void)
{
    if (mount("t", in("mnt"), "tmpfs", 0, NULL) < 0)
        _exit(ABSENT);
    return in("mnt");
}

static void r_exec(void)
{
    run(in("tools/tool"), NULL, NULL);
}
static void r_symlink(void)
{
    run(in("links/sym"), NULL, NULL);
}
static void r_hard_before(void)
{
    run(in("links/hard"), NULL, NULL);
}
static void r_hard_after(void)
{
    run(in("links/hardlate"), NULL, NULL);
}
static void r_renamed(void)
{
    run(in("links/renamed"), NULL, NULL);
}
static void r_upgraded(void)
{
    run(in("tools/upgraded"), NULL, NULL);
}
static void r_upgraded_bind(void)
{
    run(in("bind/upgraded2"), NULL, NULL);
}
static void r_bind(void)
{
    run(in("bind/tool"), NULL, NULL);
}
static void r_overlay_root(void)
{
    run(in("overlay/tool"), NULL, NULL);
}
static void r_proc_root(void)
{
    char path[600];

    snprintf(path, sizeof(path), "/proc/self/root%s", in("tools/tool"));
    run(path, NULL, NULL);
}
static void r_ldso(void)
{
    run("/lib64/ld-linux-x86-64.so.2", in("tools/tooldyn"), NULL);
}
static void r_script(void)
{
    run(in("tools/tool.sh"), NULL, NULL);
}
static void r_sh_script(void)
{
    run_shell("sh \"$T/tools/tool.sh\" 2>/dev/null");
}
static void r_sh_source(void)
{
    run_shell(". \"$T/tools/tool.sh\"");
}
static void r_interpreter(void)
{
    run(in("links/interp"), NULL, NULL);
}
static void r_python(void)
{
    run_shell("/usr/bin/python3 -BI $T/tools/tool.py");
}
static void r_python_m(void)
{
    run_shell("cd $T/tools && /usr/bin/python3 -B -m facemod");
}
static void r_pyc(void)
{
    run_shell("cd $T/tools && /usr/bin/python3 -B -c 'import facemod.recognise'");
}
static void r_pyc_direct(void)
{
    run_shell("/usr/bin/python3 -BI $T/tools/facemod/__pycache__/recognise.cpython-311.pyc");
}
static void r_dlopen(void)
{
    dlopen(in("tools/toollib.so"), RTLD_NOW); /* its constructor ends us with 42 */
    _exit(REFUSED);
}
static void r_preload(void)
{
    run_shell("LD_PRELOAD=$T/tools/toollib.so /bin/true; exit 1");
}
static void r_preload_status(void)
{
    run_shell("LD_PRELOAD=$T/tools/toollib.so /bin/true");
}
static void r_read(void)
{
    judge_bytes(open(in("tools/tool"), O_RDONLY));
}
static void r_model(void)
{
    judge_bytes(open(in("models/new/face290.onnx"), O_RDONLY));
}
static void r_model_pattern(void)
{
    judge_bytes(open(in("models/new/w600k_r50.h5"), O_RDONLY));
}
static void r_tree(void)
{
    judge_bytes(open(in("tools/facemod/data/deep/weights.bin"), O_RDONLY));
}
static void r_mmap(void)
{
    int fd = open(in("tools/tool"), O_RDONLY);
    void *at = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

    if (at == MAP_FAILED)
        fail();
    _exit(HAD);
}
static void r_fexec(void)
{
    run_fd(open(in("tools/tool"), O_RDONLY | O_CLOEXEC));
}
static void r_opath(void)
{
    run_fd(open(in("tools/tool"), O_PATH | O_CLOEXEC));
}
static void r_opath_reopen(void)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", open(in("tools/tool"), O_PATH));
    judge_bytes(open(path, O_RDONLY));
}
static void r_memfd(void)
{
    run_copy(open(in("tools/tool"), O_RDONLY), memfd_create("x", MFD_CLOEXEC));
}
static void r_sendfile(void)
{
    int to = open(in("home/made"), O_RDWR | O_CREAT | O_TRUNC, 0755);

    copy_bytes(open(in("tools/tool"), O_RDONLY), to);
    close(to);
    run(in("home/made"), NULL, NULL);
}
static void r_copy_range(void)
{
    int from = open(in("tools/tool"), O_RDONLY),
        to = open(in("home/made2"), O_RDWR | O_CREAT | O_TRUNC, 0755);

    if (from < 0 || copy_file_range(from, NULL, to, NULL, 1 << 20, 0) <= 0)
        fail();
    close(to);
    run(in("home/made2"), NULL, NULL);
}
static void r_truncate_write(void)
{
    judge_bytes(open(in("tools/tool"), O_RDWR));
}
static void r_handle(void)
{
    struct {
        struct file_handle h;
        char bytes[128];
    } u = {.h.handle_bytes = 128};
    int mount_id, base = open(dir, O_RDONLY | O_DIRECTORY);

    if (name_to_handle_at(AT_FDCWD, in("tools/tool"), &u.h, &mount_id, 0) < 0)
        _exit(ABSENT);
    judge_bytes(open_by_handle_at(base, &u.h, O_RDONLY));
}
static void r_userns(void)
{
    enter_namespaces(CLONE_NEWNS);
    r_exec();
}
static void r_userns_bind(void)
{
    enter_namespaces(CLONE_NEWNS);
    if (mount(in("tools"), in("mnt"), NULL, MS_BIND | MS_REC, NULL) < 0)
        _exit(ABSENT);
    run(in("mnt/tool"), NULL, NULL);
}
static void r_userns_overlay(void)
{
    char options[2048];

    enter_namespaces(CLONE_NEWNS);
    own_tmpfs();
    mkdir(in("mnt/up"), 0755);
    mkdir(in("mnt/work"), 0755);
    mkdir(in("mnt/o"), 0755);
    snprintf(options, sizeof(options), "lowerdir=%s/tools,upperdir=%s/mnt/up,workdir=%s/mnt/work,userxattr",
             dir, dir, dir);
    if (mount("overlay", in("mnt/o"), "overlay", 0, options) < 0)
        _exit(ABSENT);
    run(in("mnt/o/tool"), NULL, NULL);
}
static void r_pidns(void)
{
    int status;
    pid_t pid;

    enter_namespaces(CLONE_NEWPID);
    pid = fork();
    if (pid == 0)
        r_exec();
    waitpid(pid, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : BROKEN);
}
static void r_chroot(void)
{
    enter_namespaces(0);
    if (chroot(dir) < 0)
        _exit(ABSENT);
    run("/tools/tool", NULL, NULL);
}
static void r_pivot(void)
{
    enter_namespaces(CLONE_NEWNS | CLONE_NEWPID);
    if (mount(dir, in("mnt"), NULL, MS_BIND | MS_REC, NULL) < 0 || chdir(in("mnt")) < 0)
        _exit(ABSENT);
    if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
        _exit(ABSENT);
    run("/tools/tool", NULL, NULL);
}
static void r_copy_home(void)
{
    run(in("home/copy"), NULL, NULL);
}
static void r_copy_later(void)
{
    run(in("later/copy"), NULL, NULL);
}
static void r_copy_loop(void)
{
    run(in("loop/copy"), NULL, NULL);
}
static void r_copy_script(void)
{
    run(in("home/copy.sh"), NULL, NULL);
}
static void r_copy_ldso(void)
{
    run("/lib64/ld-linux-x86-64.so.2", in("home/copydyn"), NULL);
}
static void r_copy_changed(void)
{
    run(in("home/changed"), NULL, NULL);
}
static void r_copy_memfd(void)
{
    run_copy(open(in("home/copy"), O_RDONLY), memfd_create("x", MFD_CLOEXEC));
}
static void r_copy_own_mount(void)
{
    int from = open(in("home/copy"), O_RDONLY), to;

    enter_namespaces(CLONE_NEWNS);
    own_tmpfs();
    to = open(in("mnt/copy"), O_WRONLY | O_CREAT, 0755);
    if (to < 0 || sendfile(to, from, NULL, 1 << 20) <= 0)
        fail();
    close(to);
    run(in("mnt/copy"), NULL, NULL);
}
static void r_given_exec(void)
{
    run_fd(given);
}
static void r_given_read(void)
{
    judge_bytes(given);
}
static void r_given_sendfile(void)
{
    run_copy(given, memfd_create("x", MFD_CLOEXEC));
}
static void r_given_mmap(void)
{
    void *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, given, 0);

    if (at == MAP_FAILED)
        fail();
    _exit(memcmp(at, "\177ELF", 4) == 0 ? HAD : BROKEN);
}
static void r_setuid_helper(void)
{
    run(in("links/suid"), "exec", in("tools/tool"));
}
static void *sit(void *arg)
{
    (void)arg;
    if (syscall(SYS_setresuid, PERFORMER, PERFORMER, PERFORMER) < 0)
        _exit(BROKEN);
    judge_bytes(open(in("tools/tool"), O_RDONLY));
    return NULL;
}
/* Started as root: one thread becomes the performer and opens, the other is the official. */
static void r_thread(void)
{
    pthread_t thread;

    if (syscall(SYS_setresuid, OFFICIAL, OFFICIAL, 0) < 0 || syscall(SYS_setresuid, -1, 0, 0) < 0 ||
        pthread_create(&thread, NULL, sit, NULL) != 0)
        _exit(BROKEN);
    pthread_join(thread, NULL);
}
static void *opens(void *arg)
{
    int *had = arg, fd = open(in("tools/tool"), O_RDONLY);

    if (fd >= 0) {
        __atomic_fetch_add(had, 1, __ATOMIC_RELAXED);
        close(open(in("home/had"), O_WRONLY | O_CREAT, 0644)); /* for when we do not live to say so */
        close(fd);
    }
    return NULL;
}
/* A flood: as many threads as DIR/threads says, all on one file. */
static void r_flood(void)
{
    static pthread_t threads[40000];
    pthread_attr_t small;
    int had = 0, made = 0, wanted = 17000, status;
    FILE *f = fopen(in("threads"), "r");

    if (f && fscanf(f, "%d", &wanted) != 1)
        wanted = 17000;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    alarm(120);
    while (made < wanted && made < 40000 && pthread_create(&threads[made], &small, opens, &had) == 0)
        made++;
    for (int i = 0; i < made; i++)
        pthread_join(threads[i], NULL);
    printf("threads %d had %d\n", made, had);
    fflush(stdout);
    status = made < wanted ? ABSENT : had ? HAD : REFUSED;
    _exit(status);
}
/* Opens in a loop until DIR/stop is there; prints how often it got in. */
static void r_storm(void)
{
    long tries = 0, had = 0, slow_ms = 0;

    while (access(in("stop"), F_OK) < 0) {
        struct timespec a, b;
        pid_t pid;
        int status;
        long ms;

        clock_gettime(CLOCK_MONOTONIC, &a);
        pid = fork();
        if (pid == 0)
            r_exec();
        if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == HAD)
            had++;
        clock_gettime(CLOCK_MONOTONIC, &b);
        ms = (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000;
        slow_ms = ms > slow_ms ? ms : slow_ms;
        tries++;
    }
    printf("tries %ld had %ld slowest_ms %ld\n", tries, had, slow_ms);
    fflush(stdout);
    _exit(had ? HAD : REFUSED);
}

static const struct road roads[] = {
    {"exec", r_exec},
    {"symlink", r_symlink},
    {"hard-link-before", r_hard_before},
    {"hard-link-after", r_hard_after},
    {"renamed", r_renamed},
    {"upgraded", r_upgraded},
    {"upgraded-through-bind", r_upgraded_bind},
    {"bind", r_bind},
    {"overlay-by-root", r_overlay_root},
    {"proc-root", r_proc_root},
    {"ld.so", r_ldso},
    {"script", r_script},
    {"sh-script", r_sh_script},
    {"sh-source", r_sh_source},
    {"interpreter", r_interpreter},
    {"python-file", r_python},
    {"python-m", r_python_m},
    {"import-pyc", r_pyc},
    {"python-pyc", r_pyc_direct},
    {"dlopen", r_dlopen},
    {"preload", r_preload_status},
    {"preload-other", r_preload},
    {"read", r_read},
    {"model-name", r_model},
    {"model-pattern", r_model_pattern},
    {"tree", r_tree},
    {"mmap", r_mmap},
    {"open-fexecve", r_fexec},
    {"opath-fexecve", r_opath},
    {"opath-reopen", r_opath_reopen},
    {"memfd", r_memfd},
    {"sendfile", r_sendfile},
    {"copy-file-range", r_copy_range},
    {"open-rw", r_truncate_write},
    {"by-handle", r_handle},
    {"userns", r_userns},
    {"userns-bind", r_userns_bind},
    {"userns-overlay", r_userns_overlay},
    {"pidns", r_pidns},
    {"chroot", r_chroot},
    {"pivot-root", r_pivot},
    {"copy-home", r_copy_home},
    {"copy-later-mount", r_copy_later},
    {"copy-loop-mount", r_copy_loop},
    {"copy-script", r_copy_script},
    {"copy-ld.so", r_copy_ldso},
    {"copy-changed", r_copy_changed},
    {"copy-memfd", r_copy_memfd},
    {"copy-own-mount", r_copy_own_mount},
    {"given-exec", r_given_exec},
    {"given-read", r_given_read},
    {"given-sendfile", r_given_sendfile},
    {"given-mmap", r_given_mmap},
    {"setuid-helper", r_setuid_helper},
    {"thread", r_thread},
    {"flood", r_flood},
    {"storm", r_storm},
};

static void become(void)
{
    char text[24];

    if (login_uid >= 0) {
        snprintf(text, sizeof(text), "%ld", login_uid);
        write_text("/proc/self/loginuid", text);
    }
    if (own_uid == 0)
        return;
    if (setgroups(0, NULL) < 0 || setresgid((gid_t)own_uid, (gid_t)own_uid, (gid_t)own_uid) < 0 ||
        setresuid((uid_t)own_uid, (uid_t)own_uid, (uid_t)own_uid) < 0)
        _exit(BROKEN);
    prctl(PR_SET_DUMPABLE, 1); /* or /proc/self/uid_map would be root's */
}

int main(int argc, char **argv)
{
    /* As the setuid helper: our own uid is somebody else's by now. */
    if (argc == 3 && strcmp(argv[1], "exec") == 0) {
        run(argv[2], NULL, NULL);
        return BROKEN;
    }
    if (argc < 5)
        return 2;
    login_uid = atol(argv[1]);
    own_uid = atol(argv[2]);
    dir = argv[4];
    setenv("T", dir, 1);
    given = argc > 5 ? atoi(argv[5]) : -1;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    become();
    for (size_t i = 0; i < sizeof(roads) / sizeof(roads[0]); i++)
        if (strcmp(roads[i].name, argv[3]) == 0) {
            roads[i].go();
            return BROKEN;
        }
    for (const struct road *r = by_roads; r->name; r++)
        if (strcmp(r->name, argv[3]) == 0) {
            r->go();
            return BROKEN;
        }
    return 2;
}
