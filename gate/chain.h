/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Parent chains: "sh 812 < sshd 790 < init 1". Each step read from /proc costs as much as a decision's arithmetic, and a person's
 * tools have the same ancestors. So those of one parent are kept, with a pidfd for each: while all of them live, no number has
 * become another process's and no parent has changed. Only names may be a moment old.
 */
#ifndef FRT_GATE_CHAIN_H
#define FRT_GATE_CHAIN_H

#include "gate/opener.h"

#define FRT_CHAIN_STEPS   8
#define FRT_CHAIN_MAX     512
#define FRT_CHAIN_PARENTS 8
#define FRT_CHAIN_MS      2000

struct frt_chain_parent {
    pid_t pid; /* 0: free */
    int64_t until_ms;
    int fds[FRT_CHAIN_STEPS]; /* pidfds; owned */
    unsigned count;
    char text[FRT_CHAIN_MAX];
};

struct frt_chains {
    struct frt_chain_parent parents[FRT_CHAIN_PARENTS];
    size_t next;
};

/* Fills `buffer` with at most `size` bytes; names are percent-escaped. */
void frt_chain_find(struct frt_chains *chains, const struct frt_opener *opener, int64_t now_ms, char *buffer,
                    size_t size);

#endif
