/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The auditor's desk: a trail read and verified, the directory beside it where there is one. Questions, reports, packages and
 * replays start here, so that all of them state the same things about where their numbers come from.
 *
 *     frt_desk_open(&options, &desk, error);
 *     ... frt_question_ask(desk, ...), frt_page_write(desk, ...)
 *     frt_desk_close(desk);
 */
#ifndef FRT_CASEWORK_DESK_H
#define FRT_CASEWORK_DESK_H

#include <stdio.h>

#include "casework/history.h"
#include "directory/view.h"
#include "settings/frt_conf.h"
#include "trail/verify.h"

#define FRT_DESK_ERROR_MAX 1024
#define FRT_DESK_LDIF_MAX  64

struct frt_desk_options {
    const char *log_dir;          /* segments and pk0 */
    const char *const *more_dirs; /* trails of other hosts, to be asked as one; NULL-terminated; NULL: none */
    struct frt_history_options period;
    const char *const *ldif;     /* files or folders of them; NULL-terminated; NULL: no directory */
    const struct frt_conf *conf; /* layout and role groups; NULL: the usual layout under the suffix found */
    const char *origin, *first_key, *live_key; /* for verification; NULL: not known */
    bool skip_verify, keep_leaves;
    const char *reading; /* whether this reading was recorded, in words; NULL: nobody was asked */
};

/* What a desk was asked besides the period; questions read what concerns them. */
struct frt_desk_knobs {
    int64_t days;                    /* Q8, Q9, Q24: window */
    int64_t count;                   /* Q24: this many denials */
    unsigned office_from, office_to; /* Q22: hours of the day, in the time zone of the process */
    const char *city_cases;          /* Q19: file, one case number per line */
    const char *training;            /* Q24: file, "uid 2026-01-31" per line */
    const char *policy;              /* Q29: policy file to replay with */
};

struct frt_desk {
    struct frt_history *history;
    struct frt_view *view;    /* NULL: no directory was given */
    struct frt_view *offices; /* the same files, with ou=admins as its groups */
    char suffix[256];
    char directory_words[256]; /* "412 entries of 12 files, sha256 ..." */
    struct frt_verify_result chain;
    bool is_chain_checked;
    struct frt_desk_knobs knobs;
    char host[64], origin[256], reading[256];
    struct frt_desk **trails; /* with more than one: each by itself, without a directory */
    size_t trail_count;       /* 0: one trail, and it is this desk's */
};

/* 0 or a negative errno with `error`. */
int frt_desk_open(const struct frt_desk_options *options, struct frt_desk **ret_desk,
                  char error[FRT_DESK_ERROR_MAX]);
void frt_desk_close(struct frt_desk *desk);

/* "whole: 60 records under 55 seals, ..." in one line; never longer than 512. */
void frt_desk_chain_words(const struct frt_desk *desk, char *buffer, size_t size);
bool frt_desk_is_member(const struct frt_desk *desk, const char *office, const char *uid);

/* What every answer states (domain 3.4): name and value, in order. */
#define FRT_STATEMENT_MAX (14 + 2 * FRT_HISTORY_TRAILS_MAX)
struct frt_statement {
    size_t count;
    struct {
        const char *name;
        char value[1024];
    } rows[FRT_STATEMENT_MAX];
};
/* `query` is what was typed, `filters` what it narrows; both may be NULL. */
void frt_desk_state(const struct frt_desk *desk, const char *query, const char *filters,
                    struct frt_statement *ret_statement);
void frt_statement_write_text(const struct frt_statement *statement, FILE *out);
void frt_statement_write_json(const struct frt_statement *statement, FILE *out); /* an object */

/* "2026-03-16", "2026-03-16T14:00Z", "2026-03", "2026Q1", "2026": the first second it names and the first after it. 0 or
 * -EINVAL. */
int frt_period_parse(const char *text, int64_t *ret_from_s, int64_t *ret_until_s);

#endif
