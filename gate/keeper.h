/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keeper holds the fanotify group and sees to it that there is always exactly one worker reading it.
 *
 * What the kernel does (performance.md D.a): when the last descriptor of a group closes, every waiting opener
 * is let through; while somebody holds it, they wait. Answers go by descriptor number, so an answer of a new
 * reader can hit what a dead reader owed under the same number (threats F2). Hence:
 *
 *   - three processes hold the group: the lead (supervises), the spare (sleeps until the lead lock is free, then is the lead) and
 *     the worker (reads, decides, answers; an orphan goes on, and starts a new spare). The kernel opens only when all
 *     three are gone.
 *   - the *reader lock*: nobody reads a group without a POSIX lock on a file of ours, and whoever has just got the lock
 *     first denies every number. The kernel drops the lock when the holder is dead, after its last system call, so the
 *     sweep misses nothing and no new event can share a number with an old one. This holds whoever dies when.
 *   - the worker reads by itself (a keeper in between would add two process switches to every first exec);
 * what it read and did not record before it died is found by the sweep, which needs no record.
 *   - a worker that moves nothing while openers wait is killed: they are refused within FRT_KEEPER_HANG_MS +
 * 100 ms.
 *
 * The lead allocates nothing after its start and parses nothing but the kernel's events.
 */
#ifndef FRT_GATE_KEEPER_H
#define FRT_GATE_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "gate/shared.h"

#define FRT_KEEPER_GROUPS    1 /* see let_go() in keeper.c for why there is one */
#define FRT_KEEPER_MAX_FILES 8192
#define FRT_KEEPER_HANG_MS   150
#define FRT_KEEPER_IDLE_MS   500 /* every question is over after FRT_WORKER_BUDGET_MS */

struct frt_keeper {
    int groups[FRT_KEEPER_GROUPS]; /* non-blocking; -1: none */
    unsigned max_files;            /* RLIMIT_NOFILE of whoever reads: descriptor numbers are below; at most
                                    * FRT_KEEPER_MAX_FILES */
    bool has_spare;
    struct frt_gate_shared *shared;
    /* The worker's life, in a process of its own; its value is the exit status. */
    int (*work)(struct frt_keeper *keeper, void *arg);
    void *arg;
    /* private */
    int locks, filler;
    uint8_t filled[FRT_KEEPER_MAX_FILES / 8]; /* numbers the lead keeps busy while it drains */
    bool has_free_numbers;
    pid_t worker, spare;
    int64_t worker_started_ms;
    uint64_t last_beat, last_answers, unread_answers;
    int64_t unanswered_since_ms;
    int64_t waiting_since_ms, hung_ms, unread_since_ms;
};

/* For the worker, now and then: when `lead_pid`, its parent, is gone, starts a spare in case nobody else is left; the lead lock
 * sorts out who leads. True when it did. */
bool frt_keeper_adopt(struct frt_keeper *keeper, pid_t lead_pid);

/* Prepares the lock and the signals. 0 or a negative errno. */
int frt_keeper_init(struct frt_keeper *keeper);

/* Supervises until SIGTERM or SIGINT; returns 0 then. Call it in a process with one thread. */
int frt_keeper_run(struct frt_keeper *keeper);

#endif
