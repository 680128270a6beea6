/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gate/answer.h"
#include "protocol/client.h"

#define TICK_MS          40
#define LOCK_WAIT_MS     100
#define RESPAWN_PAUSE_MS 20
#define HANG_AGAIN_MS    2000
#define UNREAD_MS        100
#define GOODBYE_MS       500
#define ROOM             64 /* descriptor numbers that only the lead and its drainers use */
#define DRAINERS         8
#define STUCK_MS         20

static void pause_ms(int ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L};

    nanosleep(&t, NULL);
}

/* Bytes of the lock file. */
enum { READER_LOCK, LEAD_LOCK };

static int lock_command(const struct frt_keeper *keeper, int command, short type, int which)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = which, .l_len = 1};

    return fcntl(keeper->locks, command, &lock);
}

/* Whoever holds the reader lock though no worker of ours is alive is an orphan of the lead before us. Its pid is the lock's, asked
 * for twice around the pidfd, so it cannot be somebody else's by then. */
static void kill_reader(const struct frt_keeper *keeper)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = READER_LOCK, .l_len = 1},
                 again = lock;
    int fd;

    if (fcntl(keeper->locks, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK || lock.l_pid <= 0)
        return;
    fd = (int)syscall(SYS_pidfd_open, lock.l_pid, 0);
    if (fd < 0)
        return;
    if (fcntl(keeper->locks, F_GETLK, &again) == 0 && again.l_type != F_UNLCK && again.l_pid == lock.l_pid)
        syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
    close(fd);
}

/* The lock comes free when its holder is dead. False: it cannot die (state D), and nobody may read but to deny. */
static bool take_reader_lock(const struct frt_keeper *keeper)
{
    for (int i = 0; i < LOCK_WAIT_MS; i++) {
        if (lock_command(keeper, F_SETLK, F_WRLCK, READER_LOCK) == 0)
            return true;
        if (i % 10 == 0)
            kill_reader(keeper);
        pause_ms(1);
    }
    return false;
}

static void drop_reader_lock(const struct frt_keeper *keeper)
{
    lock_command(keeper, F_SETLK, F_UNLCK, READER_LOCK);
}

/* Waits as long as it takes. */
static void wait_for_lock(const struct frt_keeper *keeper, int which)
{
    while (lock_command(keeper, F_SETLKW, F_WRLCK, which) < 0)
        if (errno != EINTR)
            pause_ms(1);
}

static void sweep(const struct frt_keeper *keeper)
{
    size_t hit = 0;

    for (int i = 0; i < FRT_KEEPER_GROUPS; i++)
        if (keeper->groups[i] >= 0)
            hit += frt_answer_sweep(keeper->groups[i], keeper->max_files + ROOM);
    atomic_fetch_add(&keeper->shared->swept, hit);
    atomic_store(&keeper->shared->owed, 0);
}

/* Takes every number a worker may have, so that events the lead reads have numbers no worker's answer can
 * carry, not even one that is on its way out of a worker that was killed this moment. */
static void fill_numbers(struct frt_keeper *keeper)
{
    while (keeper->has_free_numbers) {
        int fd = fcntl(keeper->filler, F_DUPFD_CLOEXEC, 0);

        if (fd < 0 || (unsigned)fd >= keeper->max_files) {
            keeper->has_free_numbers = false;
            if (fd >= 0)
                close(fd);
            return;
        }
        keeper->filled[fd / 8] |= (uint8_t)(1u << (fd % 8));
    }
}

static void free_numbers(struct frt_keeper *keeper)
{
    for (unsigned fd = 0; fd < keeper->max_files; fd++)
        if (keeper->filled[fd / 8] & (1u << (fd % 8)))
            close((int)fd);
    memset(keeper->filled, 0, sizeof(keeper->filled));
    keeper->has_free_numbers = true;
}

static bool is_queued(const struct frt_keeper *keeper)
{
    for (int i = 0; i < FRT_KEEPER_GROUPS; i++) {
        int bytes = 0;

        if (keeper->groups[i] >= 0 && ioctl(keeper->groups[i], FIONREAD, &bytes) == 0 && bytes > 0)
            return true;
    }
    return false;
}

static pid_t start_drainer(const struct frt_keeper *keeper)
{
    pid_t lead = getpid(), pid = fork();

    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == lead)
        for (int i = 0; i < FRT_KEEPER_GROUPS; i++)
            if (keeper->groups[i] >= 0)
                frt_answer_drain(keeper->groups[i], &keeper->shared->swept);
    _exit(0);
}

/* True when it has ended; false when it has refused nobody for a while. */
static bool wait_for_drainer(const struct frt_keeper *keeper, pid_t pid)
{
    uint64_t last = atomic_load(&keeper->shared->swept);

    for (int idle_ms = 0; idle_ms < STUCK_MS; idle_ms++) {
        uint64_t now = atomic_load(&keeper->shared->swept);

        if (waitpid(pid, NULL, WNOHANG) == pid)
            return true;
        if (now != last)
            idle_ms = 0;
        last = now;
        pause_ms(1);
    }
    return false;
}

/* Refuses whoever is queued. Not by the lead itself: who reads an event about a file on an overlay may have to wait for an answer
 * about the file below (gate/rescue.h). A child that is stuck in that way is helped by the next, which reads that question
 * and refuses it. They only ever refuse, so it does not matter whose number an answer hits. */
static void drain(struct frt_keeper *keeper)
{
    pid_t stuck[DRAINERS];
    int count = 0;

    fill_numbers(keeper);
    for (int i = 0; i < DRAINERS && (i == 0 || is_queued(keeper)); i++) {
        pid_t pid = start_drainer(keeper);

        if (pid > 0 && !wait_for_drainer(keeper, pid))
            stuck[count++] = pid;
    }
    for (int i = 0; i < count; i++) {
        if (wait_for_drainer(keeper, stuck[i]))
            continue;
        kill(stuck[i], SIGKILL); /* who waits for such an answer can be killed */
        while (waitpid(stuck[i], NULL, 0) < 0 && errno == EINTR)
            ;
    }
    free_numbers(keeper);
    sweep(keeper);
}

static void limit_files(unsigned files)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = files;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int worker_main(struct frt_keeper *keeper, pid_t lead)
{
    sigset_t none;

    prctl(PR_SET_NAME, "frt-gate-work");
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    limit_files(keeper->max_files);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    wait_for_lock(keeper, READER_LOCK);
    if (getppid() != lead)
        return 70; /* the next lead starts one of its own */
    /* Whoever gets the lock sweeps before he reads: also what an orphan owed that nobody knew of. */
    sweep(keeper);
    return keeper->work(keeper, keeper->arg);
}

static void start_worker(struct frt_keeper *keeper)
{
    pid_t lead = getpid(), pid;

    if (frt_mono_ms() - keeper->worker_started_ms < RESPAWN_PAUSE_MS)
        pause_ms(RESPAWN_PAUSE_MS);
    pid = fork();
    if (pid == 0)
        _exit(worker_main(keeper, lead));
    keeper->worker = pid > 0 ? pid : 0;
    keeper->worker_started_ms = frt_mono_ms();
    keeper->waiting_since_ms = keeper->unanswered_since_ms = 0;
    atomic_store(&keeper->shared->worker_pid, (uint32_t)keeper->worker);
    if (pid > 0)
        atomic_fetch_add(&keeper->shared->starts, 1);
}

static int lead(struct frt_keeper *keeper);

static int block_signals(void)
{
    sigset_t blocked;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    return sigprocmask(SIG_BLOCK, &blocked, NULL) < 0 ? -errno : 0;
}

/* Sleeps until the lead is dead and its lock free. */
static int spare_main(struct frt_keeper *keeper)
{
    prctl(PR_SET_NAME, "frt-gate-spare");
    wait_for_lock(keeper, LEAD_LOCK);
    if (atomic_load(&keeper->shared->stop))
        return 0;
    mlockall(MCL_CURRENT);
    prctl(PR_SET_NAME, "frt-gate");
    atomic_fetch_add(&keeper->shared->takeovers, 1);
    keeper->worker = keeper->spare = 0;
    return lead(keeper);
}

/* What the worker has open is none of the keeper's business. */
static void close_others(const struct frt_keeper *keeper)
{
    for (int fd = 3; fd < (int)keeper->max_files; fd++)
        if (fd != keeper->groups[0] && fd != keeper->locks && fd != keeper->filler)
            close(fd);
}

bool frt_keeper_adopt(struct frt_keeper *keeper, pid_t lead_pid)
{
    pid_t pid;

    if (getppid() == lead_pid || atomic_load(&keeper->shared->stop))
        return false;
    pid = fork();
    if (pid == 0) {
        close_others(keeper);
        block_signals();
        _exit(spare_main(keeper));
    }
    return pid > 0;
}

static void start_spare(struct frt_keeper *keeper)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(spare_main(keeper));
    keeper->spare = pid > 0 ? pid : 0;
    atomic_store(&keeper->shared->spare_pid, (uint32_t)keeper->spare);
}

/* A child that was stopped is as good as dead, and while nobody waits nothing else would tell. */
static void reap(struct frt_keeper *keeper)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
        if (WIFSTOPPED(status)) {
            kill(pid, SIGKILL);
            continue;
        }
        if (pid == keeper->worker)
            keeper->worker = 0;
        if (pid == keeper->spare)
            keeper->spare = 0;
    }
}

static bool somebody_waits(const struct frt_keeper *keeper)
{
    return atomic_load(&keeper->shared->owed) > 0 || is_queued(keeper);
}

/* Openers wait, and the worker has not gone round once: it is stopped, or stuck; or it goes round and answers nobody. */
static bool is_hung(struct frt_keeper *keeper)
{
    uint64_t beat = atomic_load(&keeper->shared->beat), answers = atomic_load(&keeper->shared->answers);
    int64_t now = frt_mono_ms();
    bool waits = somebody_waits(keeper);

    if (!waits || answers != keeper->last_answers || keeper->unanswered_since_ms == 0)
        keeper->unanswered_since_ms = now;
    if (!waits || beat != keeper->last_beat || keeper->waiting_since_ms == 0)
        keeper->waiting_since_ms = now;
    keeper->last_answers = answers;
    keeper->last_beat = beat;
    return now - keeper->waiting_since_ms >= FRT_KEEPER_HANG_MS ||
           now - keeper->unanswered_since_ms >= FRT_KEEPER_IDLE_MS;
}

/* Workers die one after another, and between their deaths nobody was answered. */
static bool waits_across_workers(struct frt_keeper *keeper, int64_t now)
{
    uint64_t answers = atomic_load(&keeper->shared->answers);
    bool waits = somebody_waits(keeper);

    if (!waits || keeper->unread_since_ms == 0 || answers != keeper->unread_answers)
        keeper->unread_since_ms = waits ? now : 0;
    keeper->unread_answers = answers;
    return waits && now - keeper->unread_since_ms >= UNREAD_MS;
}

/* Nobody reads now: deny what was owed, then let a new worker in. When none can be started the queue is denied too; with no
 * process left for either, who waits waits for the first that comes free, and is tried again every tick. */
static void replace_worker(struct frt_keeper *keeper, bool was_hung)
{
    bool alone = take_reader_lock(keeper);
    int64_t now = frt_mono_ms();

    sweep(keeper);
    /* What the hung one had not read is the next worker's, unless that hangs as well. */
    if (!alone || (was_hung && now - keeper->hung_ms < HANG_AGAIN_MS) || waits_across_workers(keeper, now))
        drain(keeper);
    if (was_hung)
        keeper->hung_ms = now;
    if (alone)
        drop_reader_lock(keeper);
    else
        return;
    start_worker(keeper);
    if (keeper->worker == 0 && take_reader_lock(keeper)) {
        drain(keeper);
        drop_reader_lock(keeper);
    }
}

static void supervise(struct frt_keeper *keeper)
{
    bool was_hung = false;

    reap(keeper);
    if (keeper->has_spare && keeper->spare == 0)
        start_spare(keeper);
    if (keeper->worker > 0 && is_hung(keeper)) {
        was_hung = true;
        kill(keeper->worker, SIGKILL);
        atomic_fetch_add(&keeper->shared->hangs, 1);
        keeper->worker = 0; /* reaped later; the lock tells when it is gone */
    }
    if (keeper->worker == 0)
        replace_worker(keeper, was_hung);
}

/* Nobody is asked about any more; who waits is refused. Never close a group on which somebody waits: whoever opens a file that
 * two groups mark holds both, and the last holder of both would wait for himself for ever. */
static void let_go(struct frt_keeper *keeper)
{
    for (int i = 0; i < FRT_KEEPER_GROUPS; i++) {
        if (keeper->groups[i] < 0)
            continue;
        fanotify_mark(keeper->groups[i], FAN_MARK_FLUSH | FAN_MARK_FILESYSTEM, 0, AT_FDCWD, NULL);
        fanotify_mark(keeper->groups[i], FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
    }
    sweep(keeper);
    drain(keeper);
}

static void say_goodbye(struct frt_keeper *keeper)
{
    atomic_store(&keeper->shared->stop, 1);
    if (keeper->spare > 0)
        kill(keeper->spare, SIGKILL);
    for (int ms = 0; keeper->worker > 0 && ms < GOODBYE_MS; ms += 5) {
        pause_ms(5);
        reap(keeper);
    }
    if (keeper->worker > 0)
        kill(keeper->worker, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    let_go(keeper);
}

static int lead(struct frt_keeper *keeper)
{
    struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};
    sigset_t watched;

    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGINT);
    atomic_store(&keeper->shared->lead_pid, (uint32_t)getpid());
    for (;;) {
        int number;

        supervise(keeper);
        number = sigtimedwait(&watched, NULL, &tick);
        if (number == SIGTERM || number == SIGINT)
            break;
    }
    say_goodbye(keeper);
    return 0;
}

int frt_keeper_init(struct frt_keeper *keeper)
{
    keeper->locks = memfd_create("frt-gate-locks", MFD_CLOEXEC);
    if (keeper->locks < 0)
        return -errno;
    keeper->filler = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (keeper->filler < 0)
        return -errno;
    if (keeper->max_files > FRT_KEEPER_MAX_FILES)
        return -EINVAL;
    limit_files(keeper->max_files + ROOM);
    memset(keeper->filled, 0, sizeof(keeper->filled));
    keeper->has_free_numbers = true;
    keeper->worker = keeper->spare = 0;
    keeper->worker_started_ms = keeper->waiting_since_ms = 0;
    keeper->hung_ms = INT64_MIN / 2;
    keeper->unread_since_ms = keeper->unanswered_since_ms = 0;
    return block_signals();
}

int frt_keeper_run(struct frt_keeper *keeper)
{
    wait_for_lock(keeper, LEAD_LOCK);
    return lead(keeper);
}
