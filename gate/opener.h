/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Who opens: read from /proc while the opener is blocked, so its thread id cannot be reused meanwhile (threats F10, G11).
 * One thread may have changed its own uid, so every uid of every thread of the process counts.
 */
#ifndef FRT_GATE_OPENER_H
#define FRT_GATE_OPENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FRT_OPENER_MAX_UIDS    8
#define FRT_OPENER_MAX_PEOPLE  2   /* more distinct people in one process than this are refused */
#define FRT_OPENER_MAX_THREADS 512 /* more threads than we look at in time are refused */
#define FRT_OPENER_PROCESSES   16
#define FRT_OPENER_PROCESS_MS  100

struct frt_opener {
    pid_t tid, tgid, parent;
    int64_t login_uid;                  /* -1: nobody logged in */
    uint32_t uids[FRT_OPENER_MAX_UIDS]; /* distinct, root left out, ascending */
    size_t uid_count;
    bool too_many; /* people or threads: deny */
    char comm[20];
};

/* Everybody in a process of several threads, as seen a moment ago. Each opener's own uids are always looked at anew; that another
 * thread became somebody else since changes nothing that an open at that moment would not have given. */
struct frt_opener_process {
    pid_t tgid;
    int64_t until_ms; /* 0: free */
    uint32_t uids[FRT_OPENER_MAX_UIDS];
    size_t uid_count;
    bool too_many;
};

struct frt_opener_processes {
    struct frt_opener_process rows[FRT_OPENER_PROCESSES];
    size_t next;
};

/* What one /proc/PID/status says. */
struct frt_opener_status {
    pid_t tgid, ppid;
    uint32_t uids[4]; /* real, effective, saved, file system */
    unsigned threads;
    char comm[20];
};

/* Parses the labelled lines of /proc/PID/status (proc(5)); never by position, names may hold anything. 0 or -EBADMSG. */
int frt_opener_status_parse(const char *text, size_t length, struct frt_opener_status *ret_status);

/* Looks at thread `tid` of the event. 0, or a negative errno: then nobody knows who it is and the answer is no. `processes`, or
 * NULL: whose other threads were looked at a moment ago. */
int frt_opener_find(pid_t tid, struct frt_opener_processes *processes, int64_t now_ms,
                    struct frt_opener *ret_opener);

/* What /proc says of a process now. 0 or a negative errno. */
int frt_opener_status_of(pid_t pid, struct frt_opener_status *ret_status);

/* Path of the opener's terminal when it is the opener's own ("/dev/pts/3"); "" otherwise. */
void frt_opener_tty(const struct frt_opener *opener, char *buffer, size_t size);

#endif
