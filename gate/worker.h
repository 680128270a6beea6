/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The worker: one thread that reads events, finds out who asks for what, asks frtd and answers the kernel. It opens
 * nothing that could be behind a mark (threats G4): event descriptors, /proc, and the person's terminal.
 */
#ifndef FRT_GATE_WORKER_H
#define FRT_GATE_WORKER_H

#include "gate/canary.h"
#include "gate/chain.h"
#include "gate/contents.h"
#include "gate/keeper.h"
#include "gate/marks.h"
#include "gate/memory.h"
#include "gate/opener.h"
#include "gate/point.h"
#include "gate/rescue.h"
#include "gate/service.h"

#define FRT_WORKER_BUDGET_MS  250 /* from reading an event to its answer */
#define FRT_WORKER_QUESTIONS  512
#define FRT_WORKER_PER_PERSON 64   /* questions of one person outstanding; more are refused */
#define FRT_WORKER_PER_FLOOD  32   /* the same while a flood is on */
#define FRT_WORKER_SLOW_US    1000 /* an answer that takes longer wakes too many */
#define FRT_WORKER_FLOOD      200  /* events queued */

struct frt_worker_options {
    const char *socket;  /* frtd's */
    const char *run_dir; /* canary, state.json */
    const char *only[FRT_SCOPE_MAX_ONLY];
    size_t only_count;
    int64_t canary_every_ms;
    struct frt_service service;
    bool exec_marks; /* recognise copies by their contents */
    bool audit;      /* the group was made with FAN_ENABLE_AUDIT */
};

/* An event that is being held. */
struct frt_question {
    bool is_used;
    int fd;
    uint64_t mask;
    uint64_t dev, ino;
    struct frt_opener who;
    int tool; /* -1 while the contents are being recognised */
    enum frt_match match;
    enum frt_action action;
    char sha256[65];
    int64_t deadline_ms;
    uint32_t sequence; /* in its rid; changes with each use */
    unsigned asked, answered;
    bool is_being_read;
    bool is_ended;           /* its process was, as a flood: answered when that is gone */
    enum frt_reason refusal; /* at its deadline */
};

struct frt_worker {
    struct frt_keeper *keeper;
    struct frt_gate_shared *shared;
    const struct frt_worker_options *options;
    struct frt_gate_scope scope;
    struct frt_marks marks;
    struct frt_point point;
    struct frt_canary canary;
    uint8_t instance[8];
    uint32_t sequence;
    struct frt_question questions[FRT_WORKER_QUESTIONS];
    unsigned question_count;
    struct frt_contents *contents;
    int contents_fd;
    struct frt_rescue *rescue; /* NULL until there is an overlay */
    struct frt_opener_processes processes;
    struct frt_chains chains;
    struct frt_memory memory;
    int64_t state_sent_ms, looked_ms;
    bool was_enforcing, has_state_changed, must_look, is_flooded, is_slow;
    pid_t lead; /* our parent at the start */
    bool has_adopted;
    uint32_t last_lead, last_spare;
    uint64_t errors; /* answers the kernel did not take */
};

/* The `work` of the keeper; `arg` is struct frt_worker_options. */
int frt_worker_run(struct frt_keeper *keeper, void *arg);

/* gate/asking.c: what frtd is asked. A rid names question and person, so one answer sent twice cannot stand for two. */
const char *frt_asking_tool(const struct frt_worker *worker, int tool);
void frt_asking_rid(const struct frt_worker *worker, uint32_t index, uint32_t sequence, uint8_t rid[16]);
void frt_asking_fill(const struct frt_worker *worker, const struct frt_question *question, int64_t uid,
                     struct frt_ask *ret_ask);
/* One question for each person in the process: all of them must be allowed. 0 or a negative errno. */
int frt_asking_send(struct frt_worker *worker, struct frt_question *question);

/* gate/questions.c */
void frt_questions_event(struct frt_worker *worker, int fd, uint64_t mask, pid_t tid);
void frt_questions_answer(struct frt_worker *worker, const struct frt_answer *answer);
void frt_questions_recognised(struct frt_worker *worker); /* contents that have been read */
void frt_questions_expire(struct frt_worker *worker, int64_t now_ms);
void frt_questions_disconnected(struct frt_worker *worker); /* nobody will answer any more */
void frt_questions_forget(struct frt_worker *worker);

/* gate/state.c: enforcing or why not; the JSON text is printable, at most `size` bytes. */
bool frt_state_is_enforcing(const struct frt_worker *worker, int64_t now_ms, char *why, size_t size);
size_t frt_state_format(const struct frt_worker *worker, int64_t now_ms, char *buffer, size_t size);
void frt_state_report(struct frt_worker *worker, int64_t now_ms, const char *goodbye);

#endif
