/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate/chain.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/percent.h"

/* False: no room. */
static bool append(char *buffer, size_t size, const char *comm, pid_t pid)
{
    size_t used = strlen(buffer);
    char name[64], part[96];
    int n;

    frt_percent_encode(comm, strlen(comm), name, sizeof(name));
    n = snprintf(part, sizeof(part), "%s%s %d", used ? " < " : "", name, pid);
    if (n < 0 || used + (size_t)n >= size)
        return false;
    memcpy(buffer + used, part, (size_t)n + 1);
    return true;
}

/* Every one of them. */
static bool are_alive(const struct frt_chain_parent *p)
{
    struct pollfd fds[FRT_CHAIN_STEPS];

    for (unsigned i = 0; i < p->count; i++)
        fds[i] = (struct pollfd){.fd = p->fds[i], .events = POLLIN};
    return poll(fds, p->count, 0) == 0;
}

static void drop(struct frt_chain_parent *p)
{
    for (unsigned i = 0; i < p->count; i++)
        close(p->fds[i]);
    memset(p, 0, sizeof(*p));
}

static struct frt_chain_parent *find(struct frt_chains *chains, pid_t pid, int64_t now_ms)
{
    for (size_t i = 0; i < FRT_CHAIN_PARENTS; i++) {
        struct frt_chain_parent *p = &chains->parents[i];

        if (p->pid == pid && p->until_ms > now_ms && are_alive(p))
            return p;
    }
    return NULL;
}

/* The descriptor first: what is read while it shows life is that process's. Whoever cannot be held is told and not kept. */
static void look(struct frt_chain_parent *p, pid_t pid)
{
    for (int step = 1; step < FRT_CHAIN_STEPS && pid > 0; step++) {
        int fd = (int)syscall(SYS_pidfd_open, pid, 0);
        struct frt_opener_status status;

        if (fd >= 0)
            p->fds[p->count++] = fd;
        else
            p->pid = 0;
        if (frt_opener_status_of(pid, &status) < 0 || !append(p->text, sizeof(p->text), status.comm, pid))
            return;
        pid = status.ppid;
    }
}

static const struct frt_chain_parent *remember(struct frt_chains *chains, pid_t pid, int64_t now_ms)
{
    struct frt_chain_parent *p = &chains->parents[chains->next];

    chains->next = (chains->next + 1) % FRT_CHAIN_PARENTS;
    drop(p);
    p->pid = pid;
    p->until_ms = now_ms + FRT_CHAIN_MS;
    look(p, pid);
    return p;
}

void frt_chain_find(struct frt_chains *chains, const struct frt_opener *opener, int64_t now_ms, char *buffer,
                    size_t size)
{
    const struct frt_chain_parent *p;
    size_t used;

    buffer[0] = '\0';
    append(buffer, size, opener->comm, opener->tgid);
    if (opener->parent <= 0)
        return;
    p = find(chains, opener->parent, now_ms);
    if (!p)
        p = remember(chains, opener->parent, now_ms);
    used = strlen(buffer);
    if (p->text[0] && used + 3 + strlen(p->text) < size)
        snprintf(buffer + used, size - used, " < %s", p->text);
}
