/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <time.h>
#include <unistd.h>

#include "gate/answer.h"
#include "gate/inodes.h"
#include "gate/notice.h"
#include "gate/refusals.h"
#include "gate/worker.h"
#include "protocol/client.h"
#include "support/cleanup.h"

#define READS_ALLOW_MS  5000
#define READS_DENY_MS   1000
#define SECOND_HALF_MS  200
#define RECORD_EVERY_MS 60000
#define ENDED_MS        100        /* until a process that was ended has let go of its events */
#define NOBODY_ASKED    UINT32_MAX /* rid of a question whose answer changes nothing */

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* Answers and closes, in this order: a closed number may belong to another event at once. */
static void release(struct frt_worker *w, int fd, bool allow)
{
    int64_t begin = now_us();
    int r = allow ? frt_answer_allow(w->keeper->groups[0], fd)
                  : frt_answer_deny(w->keeper->groups[0], fd, w->options->audit);

    if (now_us() - begin > FRT_WORKER_SLOW_US)
        w->is_slow = true;
    if (r < 0) {
        w->errors++;
        w->has_state_changed = true;
        frt_answer_deny(w->keeper->groups[0], fd, false);
    }
    atomic_fetch_add(allow ? &w->shared->allowed : &w->shared->denied, 1);
    close(fd);
    atomic_fetch_sub(&w->shared->owed, 1);
    atomic_fetch_add(&w->shared->answers, 1);
}

static void pass(struct frt_worker *w, int fd)
{
    if (frt_answer_allow(w->keeper->groups[0], fd) < 0) {
        w->errors++;
        frt_answer_deny(w->keeper->groups[0], fd, false);
    }
    close(fd);
    atomic_fetch_sub(&w->shared->owed, 1);
    atomic_fetch_add(&w->shared->answers, 1);
}

static void drop_question(struct frt_worker *w, struct frt_question *q)
{
    if (q->is_being_read)
        frt_contents_cancel(w->contents, (uint32_t)(q - w->questions), q->sequence);
    q->is_used = false;
    w->question_count--;
}

static int64_t person_of(const struct frt_opener *who)
{
    return who->uid_count ? who->uids[0] : 0;
}

static struct frt_memory_key key_of(enum frt_memory_kind kind, const struct frt_question *q)
{
    struct frt_memory_key key;

    frt_memory_key(kind, &q->who, q->dev, q->ino, &key);
    return key;
}

static enum frt_memory_kind denied_kind(const struct frt_question *q)
{
    return q->action == FRT_ACTION_EXEC ? FRT_MEMORY_DENIED_EXEC : FRT_MEMORY_DENIED_OPEN;
}

static void remember(struct frt_worker *w, const struct frt_question *q, enum frt_memory_kind kind,
                     bool allow, enum frt_reason reason, int64_t now, int64_t for_ms)
{
    const struct frt_memory_key key = key_of(kind, q);

    frt_memory_put(&w->memory, &key, allow, reason, now, for_ms);
}

static void remember_denial(struct frt_worker *w, const struct frt_question *q, enum frt_reason reason,
                            int64_t now)
{
    const struct frt_memory_key key = key_of(denied_kind(q), q);

    frt_memory_note_denial(&w->memory, &key, reason, now);
}

void frt_questions_forget(struct frt_worker *w)
{
    frt_memory_forget(&w->memory);
}

/* A denial that has no record, or may have none, is ours to tell. */
static void tell_later(struct frt_worker *w, const struct frt_question *q, enum frt_reason reason,
                       const struct frt_answer *answer)
{
    uint8_t rid[16];
    uint32_t i = 0;

    if (answer && answer->decision >= 0)
        return;
    while (q->answered & (1u << i))
        i++;
    frt_asking_rid(w, (uint32_t)(q - w->questions), q->sequence + i, rid);
    frt_refusals_add(w->shared, frt_asking_tool(w, q->tool), q->who.login_uid, person_of(&q->who), reason,
                     q->asked > 0, !answer && q->asked > 0 ? rid : NULL);
}

/* The end of a question that was held. `answer` NULL: frtd did not speak. */
static void settle(struct frt_worker *w, struct frt_question *q, bool allow, enum frt_reason reason,
                   const struct frt_answer *answer)
{
    int64_t now = frt_mono_ms();

    if (allow && q->match == FRT_MATCH_PATH && q->action == FRT_ACTION_OPEN && q->who.uid_count > 0 &&
        frt_marks_ask_reads(&w->marks, q->fd) < 0)
        allow = false;
    /* Before the opener goes on: what it was may be the last thing its session does. */
    if (!allow)
        frt_notice_write(&q->who, frt_asking_tool(w, q->tool), reason, answer, now);
    release(w, q->fd, allow);
    if (q->match == FRT_MATCH_PATH && !q->who.too_many) {
        remember(w, q, FRT_MEMORY_READS, allow, reason, now, allow ? READS_ALLOW_MS : READS_DENY_MS);
        if (allow && q->action == FRT_ACTION_EXEC)
            remember(w, q, FRT_MEMORY_SECOND_HALF, true, reason, now, SECOND_HALF_MS);
        if (!allow && answer)
            remember_denial(w, q, reason, now);
    }
    if (!allow)
        tell_later(w, q, reason, answer);
    drop_question(w, q);
}

static struct frt_question *new_question(struct frt_worker *w)
{
    for (size_t i = 0; i < FRT_WORKER_QUESTIONS; i++) {
        struct frt_question *q = &w->questions[i];

        if (q->is_used)
            continue;
        memset(q, 0, sizeof(*q));
        q->is_used = true;
        q->tool = -1;
        q->sequence = w->sequence += 4;
        w->question_count++;
        return q;
    }
    return NULL;
}

static unsigned count_of_person(const struct frt_worker *w, const struct frt_opener *who)
{
    unsigned count = 0;

    for (size_t i = 0, seen = 0; seen < w->question_count && i < FRT_WORKER_QUESTIONS; i++) {
        const struct frt_question *q = &w->questions[i];

        seen += q->is_used;
        if (q->is_used && q->tool >= 0 && q->who.login_uid == who->login_uid &&
            person_of(&q->who) == person_of(who))
            count++;
    }
    return count;
}

/* Refused without asking: too many, unknown, or nobody to ask. */
static void refuse(struct frt_worker *w, struct frt_question *q, enum frt_reason reason)
{
    settle(w, q, false, reason, NULL);
}

/* Each answer wakes everybody who waits on the group (one wait queue in the kernel), so a flood of N openers costs N^2 and makes others
 * wait for minutes. While one is on, a person who has too much outstanding loses the process that does it: its threads
 * wait killably, are gone at once, and their events with them. The opener is blocked, so its pid is its own. What was read
 * of its events is answered when the others have gone, for then the answer wakes few. */
static bool end_flood(struct frt_worker *w, const struct frt_question *flood)
{
    int64_t until = frt_mono_ms() + ENDED_MS;

    if (flood->who.uid_count == 0 || flood->who.tgid <= 1 || kill(flood->who.tgid, SIGKILL) < 0)
        return false;
    if (!flood->is_ended)
        atomic_fetch_add(&w->shared->floods, 1);
    for (size_t i = 0; i < FRT_WORKER_QUESTIONS; i++) {
        struct frt_question *q = &w->questions[i];

        if (!q->is_used || q->is_ended || q->is_being_read || q->who.tgid != flood->who.tgid)
            continue;
        q->is_ended = true;
        q->deadline_ms = until;
    }
    return true;
}

/* While a flood is on, what cannot be asked waits for its deadline, so that it is seen how many one person has. */
static void refuse_later(struct frt_worker *w, struct frt_question *q, enum frt_reason reason)
{
    q->refusal = reason;
    if (!w->is_flooded)
        refuse(w, q, reason);
}

/* Everything about the file is known: who is it, and what does frtd say? */
static void ask_about(struct frt_worker *w, struct frt_question *q)
{
    if (count_of_person(w, &q->who) > (w->is_flooded ? FRT_WORKER_PER_FLOOD : FRT_WORKER_PER_PERSON)) {
        if (!w->is_flooded || !end_flood(w, q))
            refuse(w, q, FRT_REASON_LATE);
    } else if (q->who.too_many) {
        refuse_later(w, q, FRT_REASON_SUBJECT_UNKNOWN);
    } else if (w->point.fd < 0 || frt_asking_send(w, q) < 0) {
        refuse_later(w, q, FRT_REASON_FRTD_UNREACHABLE);
    }
}

/* A component or a viewer: let pass, told once a minute for each person and file. */
static void record(struct frt_worker *w, struct frt_question *q)
{
    int64_t now = frt_mono_ms();
    struct frt_ask ask;

    const struct frt_memory_key key = key_of(FRT_MEMORY_RECORDED, q);

    if (frt_memory_recall(&w->memory, &key, now) || w->point.fd < 0) {
        pass(w, q->fd);
        drop_question(w, q);
        return;
    }
    frt_asking_fill(w, q, person_of(&q->who), &ask);
    pass(w, q->fd);
    remember(w, q, FRT_MEMORY_RECORDED, true, FRT_REASON_NOT_FRT, now, RECORD_EVERY_MS);
    frt_asking_rid(w, NOBODY_ASKED, q->sequence, ask.rid);
    frt_point_ask(&w->point, &ask);
    drop_question(w, q);
}

/* What stands for an answer of frtd's; NULL: it has to be asked. */
static const struct frt_remembered *recall(struct frt_worker *w, const struct frt_question *q, int64_t now)
{
    struct frt_memory_key key;
    struct frt_remembered *r;

    if (q->who.too_many)
        return NULL;
    key = key_of(q->mask & FAN_ACCESS_PERM ? FRT_MEMORY_READS : FRT_MEMORY_SECOND_HALF, q);
    r = frt_memory_recall(&w->memory, &key, now);
    if (r || (q->mask & FAN_ACCESS_PERM)) {
        if (r && key.kind == FRT_MEMORY_SECOND_HALF) /* comes once */
            r->until_ms = 0;
        return r;
    }
    key = key_of(denied_kind(q), q);
    return frt_memory_flood(&w->memory, &key, now);
}

/* The opener is known and the file is the tool q->tool. */
static void decide(struct frt_worker *w, struct frt_question *q)
{
    int64_t now = frt_mono_ms();
    const struct frt_remembered *r;

    if (w->marks.catalogue->tools[q->tool].treatment == FRT_GATE_TREAT_RECORD) {
        record(w, q);
        return;
    }
    r = recall(w, q, now);
    if (!r) {
        ask_about(w, q);
        return;
    }
    if (!r->allow)
        frt_refusals_add(w->shared, frt_asking_tool(w, q->tool), q->who.login_uid, person_of(&q->who),
                         r->reason, false, NULL);
    release(w, q->fd, r->allow);
    drop_question(w, q);
}

static struct frt_question *hold(struct frt_worker *w, int fd, uint64_t mask, const struct statx *st,
                                 pid_t tid)
{
    struct frt_question *q = new_question(w);
    int64_t now = frt_mono_ms();
    int r;

    if (!q)
        return NULL;
    r = frt_opener_find(tid, &w->processes, now, &q->who);
    q->fd = fd;
    q->mask = mask;
    q->dev = frt_statx_dev(st);
    q->ino = st->stx_ino;
    q->action = mask & FAN_OPEN_EXEC_PERM ? FRT_ACTION_EXEC : FRT_ACTION_OPEN;
    q->deadline_ms = now + FRT_WORKER_BUDGET_MS;
    q->refusal = FRT_REASON_LATE;
    if (r <
        0) /* nobody knows who it is; not to be mistaken for root without a login, who has no uids either */
        q->who = (struct frt_opener){.tid = tid, .tgid = tid, .login_uid = -1, .too_many = true};
    return q;
}

/* The file is a tool, by its inode or its name. */
static void on_tool(struct frt_worker *w, int tool, int fd, uint64_t mask, const struct statx *st, pid_t tid)
{
    struct frt_question *q = hold(w, fd, mask, st, tid);

    if (!q) {
        release(w, fd, false);
        frt_refusals_add(w->shared, frt_asking_tool(w, tool), -1, -1, FRT_REASON_LATE, false, NULL);
        return;
    }
    q->tool = tool;
    q->match = FRT_MATCH_PATH;
    decide(w, q);
}

/* A program that is no tool by name is about to run: is it a copy of one? */
static void on_program(struct frt_worker *w, int fd, uint64_t mask, const struct statx *st, pid_t tid)
{
    struct frt_question *q;

    if (!S_ISREG(st->stx_mode) || !frt_catalogue_has_size(w->marks.catalogue, st->stx_size)) {
        frt_marks_ignore(&w->marks, fd, st, mask);
        pass(w, fd);
        return;
    }
    q = hold(w, fd, mask, st, tid);
    if (!q || frt_contents_add(w->contents, fd, (uint32_t)(q - w->questions), q->sequence) < 0) {
        release(w, fd, false);
        frt_refusals_add(w->shared, "", q ? q->who.login_uid : -1, -1, FRT_REASON_LATE, false, NULL);
        if (q)
            drop_question(w, q);
        return;
    }
    q->is_being_read = true;
}

/* There is no catalogue. Whatever an earlier worker marked is refused; programs that nobody marked run. */
static void on_unknown(struct frt_worker *w, int fd, uint64_t mask, const struct statx *st)
{
    if ((mask & FAN_OPEN_EXEC_PERM) && !frt_inodes_find(w->shared, st)) {
        pass(w, fd);
        return;
    }
    release(w, fd, false);
    frt_refusals_add(w->shared, "", -1, -1, FRT_REASON_FRTD_UNREACHABLE, false, NULL);
}

void frt_questions_event(struct frt_worker *w, int fd, uint64_t mask, pid_t tid)
{
    struct statx st;
    int tool;

    /* our own reading of an overlay's file */
    if (frt_contents_is_reader(w->contents, tid) || frt_rescue_is_ours(w->rescue, tid)) {
        pass(w, fd);
        return;
    }
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &st) < 0 ||
        frt_marks_is_canary(&w->marks, &st)) {
        release(w, fd, false);
        return;
    }
    if (!w->marks.catalogue) {
        on_unknown(w, fd, mask, &st);
        return;
    }
    tool = frt_marks_classify(&w->marks, fd, &st, true);
    if (tool >= 0) {
        on_tool(w, tool, fd, mask, &st, tid);
    } else if (mask & FAN_OPEN_EXEC_PERM) {
        on_program(w, fd, mask, &st, tid);
    } else {
        frt_marks_ignore(&w->marks, fd, &st, mask);
        pass(w, fd);
    }
}

static void to_hex(const uint8_t sha256[32], char hex[65])
{
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", sha256[i]);
}

static void recognised(struct frt_worker *w, struct frt_question *q, const uint8_t sha256[32])
{
    struct statx st;

    q->tool = frt_catalogue_find_digest(w->marks.catalogue, sha256);
    if (q->tool < 0) {
        if (statx(q->fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) == 0)
            frt_marks_ignore(&w->marks, q->fd, &st, FAN_OPEN_EXEC_PERM);
        pass(w, q->fd);
        drop_question(w, q);
        return;
    }
    to_hex(sha256, q->sha256);
    q->match = FRT_MATCH_DIGEST;
    w->marks.catalogue->tools[q->tool].copies++;
    atomic_fetch_add(&w->shared->identified, 1);
    decide(w, q);
}

void frt_questions_recognised(struct frt_worker *w)
{
    struct frt_contents_result result;

    while (frt_contents_take(w->contents, &result)) {
        struct frt_question *q = &w->questions[result.question];

        if (!q->is_used || !q->is_being_read || q->sequence != result.sequence)
            continue;
        q->is_being_read = false;
        if (result.error < 0)
            refuse(w, q, FRT_REASON_TOOL_UNKNOWN);
        else
            recognised(w, q, result.sha256);
    }
}

static bool lets_pass(enum frt_verdict verdict)
{
    switch (verdict) {
    case FRT_VERDICT_ALLOW:
    case FRT_VERDICT_EXEMPT:
    case FRT_VERDICT_NOT_GOVERNED:
        return true;
    case FRT_VERDICT_DENY:
        return false;
    }
    return false;
}

void frt_questions_answer(struct frt_worker *w, const struct frt_answer *answer)
{
    struct frt_question *q;
    uint32_t index, sequence;

    memcpy(&index, answer->rid + 8, 4);
    memcpy(&sequence, answer->rid + 12, 4);
    if (memcmp(answer->rid, w->instance, 8) != 0 || index >= FRT_WORKER_QUESTIONS)
        return;
    q = &w->questions[index];
    if (!q->is_used || q->is_being_read || q->is_ended || q->sequence != (sequence & ~3u))
        return; /* too late: it has been refused */
    if (!lets_pass(answer->verdict)) {
        settle(w, q, false, answer->reason, answer);
        return;
    }
    /* One bit for each person, so that one answer sent twice cannot stand for two. */
    q->answered |= 1u << (sequence & 3u);
    if (q->answered == (1u << q->asked) - 1)
        settle(w, q, true, answer->reason, answer);
}

void frt_questions_expire(struct frt_worker *w, int64_t now_ms)
{
    for (size_t i = 0; w->question_count && !w->is_slow && i < FRT_WORKER_QUESTIONS; i++)
        if (w->questions[i].is_used && now_ms >= w->questions[i].deadline_ms)
            refuse(w, &w->questions[i], w->questions[i].refusal);
}

void frt_questions_disconnected(struct frt_worker *w)
{
    frt_questions_forget(w);
    for (size_t i = 0; w->question_count && i < FRT_WORKER_QUESTIONS; i++)
        if (w->questions[i].is_used && w->questions[i].asked)
            refuse(w, &w->questions[i], FRT_REASON_FRTD_UNREACHABLE);
}
