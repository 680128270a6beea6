/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The less obvious roads to a tool.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/mount.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/gate/roads.h"

static void open_tool(void)
{
    judge_bytes(open(in("tools/tool"), O_RDONLY));
}

static void exec_tool(void)
{
    run(in("tools/tool"), NULL, NULL);
}

/* Ends as the child does. */
static void follow(pid_t pid)
{
    int status;

    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        _exit(BROKEN);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : BROKEN);
}

/* ---- names ---- */

static void proc_pid_root(void)
{
    char path[600];
    int ready[2];
    pid_t pid;
    char byte;

    if (pipe(ready) < 0)
        _exit(BROKEN);
    pid = fork();
    if (pid == 0) { /* a process in name spaces of its own, whose root leads to the tool */
        enter_namespaces(CLONE_NEWNS);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (write(ready[1], "", 1) == 1)
            pause();
        _exit(BROKEN);
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        _exit(ABSENT);
    snprintf(path, sizeof(path), "/proc/%d/root%s", pid, in("tools/tool"));
    run(path, NULL, NULL);
}

static void open_tree_clone(void)
{
    int tree;

    enter_namespaces(CLONE_NEWNS);
    tree = (int)syscall(SYS_open_tree, AT_FDCWD, in("tools"), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0)
        _exit(ABSENT);
    judge_bytes(openat(tree, "tool", O_RDONLY));
}

static void sh_stdin(void)
{
    run_shell("sh < $T/tools/tool.sh");
}

static void mount_overlay(const char *lower, const char *name)
{
    char options[2048], up[64], work[64], at[64];

    snprintf(up, sizeof(up), "mnt/%s-up", name);
    snprintf(work, sizeof(work), "mnt/%s-work", name);
    snprintf(at, sizeof(at), "mnt/%s", name);
    mkdir(in(up), 0755);
    mkdir(in(work), 0755);
    mkdir(in(at), 0755);
    snprintf(options, sizeof(options), "lowerdir=%s/%s,upperdir=%s/%s,workdir=%s/%s,userxattr", dir, lower,
             dir, up, dir, work);
    if (mount("overlay", in(at), "overlay", 0, options) < 0)
        _exit(ABSENT);
}

static void overlay_of_overlay(void)
{
    enter_namespaces(CLONE_NEWNS);
    own_tmpfs();
    mount_overlay("tools", "a");
    mount_overlay("mnt/a", "b");
    run(in("mnt/b/tool"), NULL, NULL);
}

/* Renaming copies the file up: the kernel reads it, in our name. */
static void overlay_copy_up(void)
{
    enter_namespaces(CLONE_NEWNS);
    own_tmpfs();
    mount_overlay("tools", "a");
    if (rename(in("mnt/a/tool"), in("mnt/a/mine")) < 0 && errno != EPERM && errno != EACCES)
        run(in("mnt/a/tool"), NULL,
            NULL); /* not that way: the copy is not made, the road ends as the plain one */
    run(in("mnt/a-up/mine"), NULL, NULL);
}

static void overlay_both(void)
{
    run(in("both/tool"), NULL, NULL);
}

static void overlay_both_read(void)
{
    judge_bytes(open(in("both/tool"), O_RDONLY));
}

/* An ELF file of his own whose interpreter (PT_INTERP) is the tool: the kernel opens it for him. */
static void elf_interp(void)
{
    struct {
        Elf64_Ehdr head;
        Elf64_Phdr parts[2];
        char interpreter[512];
    } file = {.head = {.e_ident = ELFMAG,
                       .e_type = ET_EXEC,
                       .e_machine = EM_X86_64,
                       .e_version = EV_CURRENT,
                       .e_entry = 0x10000000,
                       .e_phoff = sizeof(Elf64_Ehdr),
                       .e_ehsize = sizeof(Elf64_Ehdr),
                       .e_phentsize = sizeof(Elf64_Phdr),
                       .e_phnum = 2}};
    int fd = open(in("home/elf"), O_WRONLY | O_CREAT | O_TRUNC, 0755);

    file.head.e_ident[EI_CLASS] = ELFCLASS64;
    file.head.e_ident[EI_DATA] = ELFDATA2LSB;
    file.head.e_ident[EI_VERSION] = EV_CURRENT;
    snprintf(file.interpreter, sizeof(file.interpreter), "%s", in("tools/tool"));
    file.parts[0] = (Elf64_Phdr){.p_type = PT_INTERP,
                                 .p_offset = (uint64_t)(file.interpreter - (char *)&file),
                                 .p_filesz = strlen(file.interpreter) + 1};
    file.parts[1] = (Elf64_Phdr){.p_type = PT_LOAD,
                                 .p_flags = PF_R | PF_X,
                                 .p_vaddr = 0x10000000,
                                 .p_filesz = sizeof(file),
                                 .p_memsz = sizeof(file),
                                 .p_align = 4096};
    if (fd < 0 || write(fd, &file, sizeof(file)) != (ssize_t)sizeof(file))
        _exit(BROKEN);
    close(fd);
    run(in("home/elf"), NULL, NULL);
}

/* ---- io_uring ---- */

static struct {
    int fd;
    unsigned *tail;
    struct io_uring_sqe *sqe;
    struct io_uring_cqe *cqe;
} ring;

static void make_ring(unsigned flags)
{
    struct io_uring_params p = {.flags = flags, .sq_thread_idle = 1000};
    char *sq, *cq;

    ring.fd = (int)syscall(SYS_io_uring_setup, 4, &p);
    if (ring.fd < 0)
        _exit(ABSENT);
    sq = mmap(NULL, p.sq_off.array + p.sq_entries * sizeof(unsigned), PROT_READ | PROT_WRITE, MAP_SHARED,
              ring.fd, IORING_OFF_SQ_RING);
    cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE,
              MAP_SHARED, ring.fd, IORING_OFF_CQ_RING);
    ring.sqe = mmap(NULL, p.sq_entries * sizeof(*ring.sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
                    IORING_OFF_SQES);
    if (sq == MAP_FAILED || cq == MAP_FAILED || (void *)ring.sqe == MAP_FAILED)
        _exit(ABSENT);
    memset(ring.sqe, 0, sizeof(*ring.sqe));
    ((unsigned *)(void *)(sq + p.sq_off.array))[0] = 0;
    ring.tail = (void *)(sq + p.sq_off.tail);
    ring.cqe = (void *)(cq + p.cq_off.cqes);
}

/* What the one request gave. */
static int submit(unsigned flags)
{
    unsigned wake = flags & IORING_SETUP_SQPOLL ? IORING_ENTER_SQ_WAKEUP : 0;

    __atomic_store_n(ring.tail, 1, __ATOMIC_RELEASE);
    if (syscall(SYS_io_uring_enter, ring.fd, wake ? 0 : 1, 1, IORING_ENTER_GETEVENTS | wake, NULL, 0) < 0)
        _exit(ABSENT);
    errno = ring.cqe->res < 0 ? -ring.cqe->res : 0;
    if (errno)
        fail();
    return ring.cqe->res;
}

static void uring_open(unsigned flags, uint8_t how)
{
    make_ring(flags);
    ring.sqe->opcode = IORING_OP_OPENAT;
    ring.sqe->flags = how;
    ring.sqe->fd = AT_FDCWD;
    ring.sqe->addr = (uint64_t)(uintptr_t)in("tools/tool");
    ring.sqe->open_flags = O_RDONLY;
    judge_bytes(submit(flags));
}

static void io_uring_plain(void)
{
    uring_open(0, 0);
}

static void io_uring_worker(void)
{
    uring_open(0, IOSQE_ASYNC);
}

static void io_uring_polled(void)
{
    uring_open(IORING_SETUP_SQPOLL, 0);
}

static void given_io_uring(void)
{
    static char magic[4];

    make_ring(0);
    ring.sqe->opcode = IORING_OP_READ;
    ring.sqe->fd = given;
    ring.sqe->addr = (uint64_t)(uintptr_t)magic;
    ring.sqe->len = 4;
    submit(0);
    _exit(memcmp(magic, "\177ELF", 4) == 0 ? HAD : BROKEN);
}

/* ---- who asks ---- */

static void strange_name(void)
{
    prctl(PR_SET_NAME, "x) R 0\nUid:\t0");
    open_tool();
}

static void daemonised(void)
{
    int done[2];
    char status = BROKEN;

    if (pipe(done) < 0)
        _exit(BROKEN);
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            int had;
            pid_t pid = fork();

            if (pid == 0)
                exec_tool();
            waitpid(pid, &had, 0);
            status = (char)(WIFEXITED(had) ? WEXITSTATUS(had) : BROKEN);
            if (write(done[1], &status, 1) != 1)
                _exit(BROKEN);
        }
        _exit(0);
    }
    close(done[1]);
    if (read(done[0], &status, 1) != 1)
        _exit(BROKEN);
    _exit(status);
}

static void *outlive(void *arg)
{
    char path[64], text[512];

    /* Until the leader is a zombie. */
    snprintf(path, sizeof(path), "/proc/%d/status", getpid());
    for (int i = 0; i < 5000; i++) {
        int fd = open(path, O_RDONLY);
        ssize_t n = read(fd, text, sizeof(text) - 1);

        close(fd);
        text[n > 0 ? n : 0] = '\0';
        if (strstr(text, "State:\tZ"))
            break;
        usleep(1000);
    }
    open_tool();
    return arg;
}

/* The thread that opens is all there is; the leader, whose pid the process has, is dead. */
static void leaderless(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, outlive, NULL) != 0)
        _exit(BROKEN);
    syscall(SYS_exit, 0);
}

/* ---- what can be done with a descriptor somebody else opened (it came by SCM_RIGHTS) ---- */

static void given_reopen(void)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", given);
    judge_bytes(open(path, O_RDONLY));
}

static void given_ldso(void)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", given);
    run("/lib64/ld-linux-x86-64.so.2", path, NULL);
}

static void judge_piped(const int ends[2])
{
    char magic[4];

    if (read(ends[0], magic, 4) != 4)
        fail();
    _exit(memcmp(magic, "\177ELF", 4) == 0 ? HAD : BROKEN);
}

static void given_splice(void)
{
    loff_t at = 0;
    int ends[2];

    if (pipe(ends) < 0)
        _exit(BROKEN);
    if (splice(given, &at, ends[1], NULL, 4096, 0) <= 0)
        fail();
    judge_piped(ends);
}

static void given_copy_range(void)
{
    loff_t at = 0;
    int to = open(in("home/ranged"), O_RDWR | O_CREAT | O_TRUNC, 0600);

    if (to < 0 || copy_file_range(given, &at, to, NULL, 4096, 0) <= 0)
        fail();
    judge_bytes(to);
}

static void given_bytes(void)
{
    judge_bytes(given);
}

static void given_preadv2(void)
{
    char magic[4];
    struct iovec part = {magic, 4};

    if (preadv2(given, &part, 1, 0, 0) != 4)
        fail();
    _exit(memcmp(magic, "\177ELF", 4) == 0 ? HAD : BROKEN);
}

static void given_aio(void)
{
    static char magic[4];
    aio_context_t context = 0;
    struct iocb request = {.aio_fildes = (uint32_t)given,
                           .aio_lio_opcode = IOCB_CMD_PREAD,
                           .aio_buf = (uint64_t)(uintptr_t)magic,
                           .aio_nbytes = 4};
    struct iocb *requests[] = {&request};
    struct io_event event;

    if (syscall(SYS_io_setup, 1, &context) < 0)
        _exit(ABSENT);
    if (syscall(SYS_io_submit, context, 1L, requests) != 1)
        fail();
    if (syscall(SYS_io_getevents, context, 1L, 1L, &event, NULL) != 1)
        _exit(BROKEN);
    errno = event.res < 0 ? (int)-event.res : 0;
    if (errno)
        fail();
    _exit(memcmp(magic, "\177ELF", 4) == 0 ? HAD : BROKEN);
}

static void given_reflink(void)
{
    int to = open(in("reflink/home/clone"), O_RDWR | O_CREAT | O_TRUNC, 0600);

    if (to < 0 || ioctl(to, FICLONE, given) < 0) {
        if (errno == EOPNOTSUPP || errno == ENOENT || errno == EXDEV)
            _exit(ABSENT);
        fail();
    }
    judge_bytes(to);
}

/* ---- copies somebody else made ---- */

static void copy_python(void)
{
    run_shell("/usr/bin/python3 -BI $T/home/copy.py");
}

static void copy_library(void)
{
    run_shell("LD_PRELOAD=$T/home/copylib.so /bin/true");
}

static void vfork_exec(void)
{
    pid_t pid = vfork();

    if (pid == 0)
        exec_tool();
    follow(pid);
}

const struct road by_roads[] = {
    {"proc-pid-root", proc_pid_root},
    {"open-tree", open_tree_clone},
    {"sh-stdin", sh_stdin},
    {"overlay-of-overlay", overlay_of_overlay},
    {"overlay-copy-up", overlay_copy_up},
    {"overlay-both", overlay_both},
    {"overlay-both-read", overlay_both_read},
    {"elf-interp", elf_interp},
    {"io-uring", io_uring_plain},
    {"io-uring-worker", io_uring_worker},
    {"io-uring-polled", io_uring_polled},
    {"given-io-uring", given_io_uring},
    {"strange-name", strange_name},
    {"daemonised", daemonised},
    {"leaderless", leaderless},
    {"vfork", vfork_exec},
    {"given-reopen", given_reopen},
    {"given-ld.so", given_ldso},
    {"given-splice", given_splice},
    {"given-copy-range", given_copy_range},
    {"given-preadv2", given_preadv2},
    {"given-aio", given_aio},
    {"given-reflink", given_reflink},
    {"given-overlay", given_bytes},
    {"given-overlay-both", given_bytes},
    {"copy-python", copy_python},
    {"copy-library", copy_library},
    {NULL, NULL},
};
