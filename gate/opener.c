/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/opener.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "support/cleanup.h"

#define STATUS_MAX     4096
#define PTS_MAJOR_LOW  136
#define PTS_MAJOR_HIGH 143

/* Value behind `label` at the start of a line; NULL when there is no such line. */
static const char *find_line(const char *text, size_t length, const char *label)
{
    size_t n = strlen(label);
    const char *end = text + length;

    for (const char *line = text; line < end;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));

        if ((size_t)(end - line) > n && memcmp(line, label, n) == 0 && next)
            return line + n;
        line = next ? next + 1 : end;
    }
    return NULL;
}

/* Next decimal number of the line at `*at`. */
static int take_number(const char **at, const char *end, uint32_t *ret)
{
    uint64_t value = 0;
    const char *p = *at;

    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    if (p >= end || *p < '0' || *p > '9')
        return -EBADMSG;
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (uint64_t)(*p - '0');
        if (value > UINT32_MAX)
            return -EBADMSG;
    }
    *at = p;
    *ret = (uint32_t)value;
    return 0;
}

static int take_labelled(const char *text, size_t length, const char *label, uint32_t *ret, size_t count)
{
    const char *at = find_line(text, length, label);

    if (!at)
        return -EBADMSG;
    for (size_t i = 0; i < count; i++)
        if (take_number(&at, text + length, &ret[i]) < 0)
            return -EBADMSG;
    return 0;
}

int frt_opener_status_parse(const char *text, size_t length, struct frt_opener_status *ret_status)
{
    struct frt_opener_status status = {0};
    const char *name = find_line(text, length, "Name:\t");
    uint32_t tgid, ppid, threads;
    size_t n = 0;

    /* Name comes first and the kernel escapes newlines in it, so no name can forge a line. */
    if (!name || name != text + strlen("Name:\t"))
        return -EBADMSG;
    for (; n < sizeof(status.comm) - 1 && name[n] != '\n'; n++)
        status.comm[n] = name[n];
    if (take_labelled(text, length, "Tgid:", &tgid, 1) < 0 ||
        take_labelled(text, length, "PPid:", &ppid, 1) < 0 ||
        take_labelled(text, length, "Uid:", status.uids, 4) < 0 ||
        take_labelled(text, length, "Threads:", &threads, 1) < 0 || tgid == 0 || tgid > INT32_MAX ||
        ppid > INT32_MAX)
        return -EBADMSG;
    status.tgid = (pid_t)tgid;
    status.ppid = (pid_t)ppid;
    status.threads = threads;
    *ret_status = status;
    return 0;
}

/* Bytes read, or a negative errno. */
static ssize_t read_at(int directory, const char *path, char *buffer, size_t size)
{
    frt_auto_close int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return -errno;
    n = read(fd, buffer, size - 1);
    if (n < 0)
        return -errno;
    buffer[n] = '\0';
    return n;
}

static int read_status(int directory, const char *path, struct frt_opener_status *ret_status)
{
    char text[STATUS_MAX];
    ssize_t n = read_at(directory, path, text, sizeof(text));

    return n < 0 ? (int)n : frt_opener_status_parse(text, (size_t)n, ret_status);
}

static void add_uid(struct frt_opener *opener, uint32_t uid)
{
    size_t i = 0;

    if (uid == 0)
        return;
    while (i < opener->uid_count && opener->uids[i] < uid)
        i++;
    if (i < opener->uid_count && opener->uids[i] == uid)
        return;
    if (opener->uid_count == FRT_OPENER_MAX_UIDS) {
        opener->too_many = true;
        return;
    }
    memmove(&opener->uids[i + 1], &opener->uids[i], (opener->uid_count - i) * sizeof(opener->uids[0]));
    opener->uids[i] = uid;
    opener->uid_count++;
}

static void add_status(struct frt_opener *opener, const struct frt_opener_status *status)
{
    for (int i = 0; i < 4; i++)
        add_uid(opener, status->uids[i]);
}

/* The uids of every other thread. A thread that ends meanwhile is nobody any more. */
static int add_threads(struct frt_opener *opener)
{
    char path[32];
    unsigned seen = 0;
    struct dirent *entry;
    DIR *tasks;

    snprintf(path, sizeof(path), "/proc/%d/task", opener->tgid);
    tasks = opendir(path);
    if (!tasks)
        return -errno;
    while ((entry = readdir(tasks)) && !opener->too_many) {
        struct frt_opener_status status;
        char name[NAME_MAX + 16];

        if (entry->d_name[0] == '.' || atoi(entry->d_name) == opener->tid)
            continue;
        snprintf(name, sizeof(name), "%s/status", entry->d_name);
        if (read_status(dirfd(tasks), name, &status) == 0)
            add_status(opener, &status);
        if (++seen > FRT_OPENER_MAX_THREADS)
            opener->too_many = true;
    }
    closedir(tasks);
    return 0;
}

static int find_login(struct frt_opener *opener)
{
    char path[40], text[24];
    const char *at = text;
    uint32_t uid;
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/%d/loginuid", opener->tid);
    n = read_at(AT_FDCWD, path, text, sizeof(text));
    if (n == -ENOENT) { /* a kernel without audit has no login uids */
        opener->login_uid = -1;
        return 0;
    }
    if (n < 0)
        return (int)n;
    if (take_number(&at, text + n, &uid) < 0)
        return -EBADMSG;
    opener->login_uid = uid == UINT32_MAX ? -1 : (int64_t)uid;
    return 0;
}

static void remember_process(struct frt_opener_processes *processes, int64_t now_ms,
                             const struct frt_opener *opener)
{
    struct frt_opener_process *p = &processes->rows[processes->next];

    processes->next = (processes->next + 1) % FRT_OPENER_PROCESSES;
    *p = (struct frt_opener_process){.tgid = opener->tgid,
                                     .until_ms = now_ms + FRT_OPENER_PROCESS_MS,
                                     .uid_count = opener->uid_count,
                                     .too_many = opener->too_many};
    memcpy(p->uids, opener->uids, sizeof(p->uids));
}

static const struct frt_opener_process *find_process(const struct frt_opener_processes *processes,
                                                     int64_t now_ms, pid_t tgid)
{
    for (size_t i = 0; processes && i < FRT_OPENER_PROCESSES; i++)
        if (processes->rows[i].tgid == tgid && processes->rows[i].until_ms > now_ms)
            return &processes->rows[i];
    return NULL;
}

/* Everybody else in the process. */
static int add_process(struct frt_opener *opener, const struct frt_opener_status *status,
                       struct frt_opener_processes *processes, int64_t now_ms)
{
    const struct frt_opener_process *known;
    int r;

    if (status->threads > FRT_OPENER_MAX_THREADS)
        opener->too_many = true;
    if (status->threads == 1 || opener->too_many)
        return 0;
    known = find_process(processes, now_ms, opener->tgid);
    if (!known) {
        r = add_threads(opener);
        if (r == 0 && processes)
            remember_process(processes, now_ms, opener);
        return r;
    }
    for (size_t i = 0; i < known->uid_count; i++)
        add_uid(opener, known->uids[i]);
    opener->too_many = opener->too_many || known->too_many;
    return 0;
}

int frt_opener_find(pid_t tid, struct frt_opener_processes *processes, int64_t now_ms,
                    struct frt_opener *ret_opener)
{
    struct frt_opener opener = {.tid = tid};
    struct frt_opener_status status;
    char path[40];
    int r;

    if (tid <= 0) /* outside our pid namespace: nobody we could ask about */
        return -ESRCH;
    snprintf(path, sizeof(path), "/proc/%d/status", tid);
    r = read_status(AT_FDCWD, path, &status);
    if (r < 0)
        return r;
    opener.tgid = status.tgid;
    opener.parent = status.ppid;
    memcpy(opener.comm, status.comm, sizeof(opener.comm));
    add_status(&opener, &status);
    r = add_process(&opener, &status, processes, now_ms);
    if (r < 0)
        return r;
    if (opener.uid_count > FRT_OPENER_MAX_PEOPLE)
        opener.too_many = true;
    r = find_login(&opener);
    if (r == 0)
        *ret_opener = opener;
    return r;
}

int frt_opener_status_of(pid_t pid, struct frt_opener_status *ret_status)
{
    char path[40];

    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    return read_status(AT_FDCWD, path, ret_status);
}

/* tty_nr is the 7th field of /proc/PID/stat; the name before it may hold anything but ends at the last ')'. */
static unsigned tty_number(pid_t tid)
{
    char path[64], text[1024];
    const char *at;
    int number = 0;

    /* The thread's own: that of the process adds up all of its threads. */
    snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", tid, tid);
    if (read_at(AT_FDCWD, path, text, sizeof(text)) < 0)
        return 0;
    at = strrchr(text, ')');
    if (!at || sscanf(at + 1, " %*c %*d %*d %*d %d", &number) != 1)
        return 0;
    return (unsigned)number;
}

void frt_opener_tty(const struct frt_opener *opener, char *buffer, size_t size)
{
    unsigned number = tty_number(opener->tid), high = (number >> 8) & 0xfff,
             low = (number & 0xff) | ((number >> 12) & 0xfff00);
    struct stat st;

    buffer[0] = '\0';
    if (number == 0)
        return;
    if (high >= PTS_MAJOR_LOW && high <= PTS_MAJOR_HIGH)
        snprintf(buffer, size, "/dev/pts/%u", (high - PTS_MAJOR_LOW) * 256 + low);
    else if (high == 4 && low < 64)
        snprintf(buffer, size, "/dev/tty%u", low);
    else
        return;
    /* Another instance of devpts may have the same number: it must be this very terminal and belong to the person. */
    if (lstat(buffer, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(high, low)) {
        buffer[0] = '\0';
        return;
    }
    if (st.st_uid == (uid_t)opener->login_uid)
        return;
    for (size_t i = 0; i < opener->uid_count; i++)
        if (st.st_uid == opener->uids[i])
            return;
    buffer[0] = '\0';
}
