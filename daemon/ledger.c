/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define FLOOD_WINDOW_MS 60000

struct use {
    char request[64];
    unsigned count;
    UT_hash_handle hh;
};

struct flood {
    char key[320];
    int64_t window_ms;
    unsigned in_window;
    unsigned counted; /* not recorded singly since the last `gap` record */
    UT_hash_handle hh;
};

struct frt_ledger {
    struct use *uses;
    struct flood *floods;
    struct frt_denial denials[FRT_LEDGER_DENIALS]; /* ring */
    size_t denial_count;                           /* ever */
};

int frt_ledger_new(struct frt_ledger **ret_ledger)
{
    *ret_ledger = calloc(1, sizeof(**ret_ledger));
    return *ret_ledger ? 0 : -ENOMEM;
}

void frt_ledger_free(struct frt_ledger *ledger)
{
    struct use *use, *next_use;
    struct flood *flood, *next_flood;

    if (!ledger)
        return;
    HASH_ITER(hh, ledger->uses, use, next_use)
    {
        HASH_DEL(ledger->uses, use);
        free(use);
    }
    HASH_ITER(hh, ledger->floods, flood, next_flood)
    {
        HASH_DEL(ledger->floods, flood);
        free(flood);
    }
    free(ledger);
}

static struct use *find_use(const struct frt_ledger *ledger, const char *request)
{
    struct use *use;

    HASH_FIND_STR(ledger->uses, request, use);
    return use;
}

unsigned frt_ledger_uses(const struct frt_ledger *ledger, const char *request)
{
    const struct use *use = find_use(ledger, request);

    return use ? use->count : 0;
}

int frt_ledger_count_use(struct frt_ledger *ledger, const char *request)
{
    struct use *use = find_use(ledger, request);

    if (!use) {
        use = calloc(1, sizeof(*use));
        if (!use)
            return -ENOMEM;
        strncpy(use->request, request, sizeof(use->request) - 1);
        HASH_ADD_STR(ledger->uses, request, use);
    }
    use->count++;
    return 0;
}

void frt_ledger_take_back_use(struct frt_ledger *ledger, const char *request)
{
    struct use *use = find_use(ledger, request);

    if (use && use->count > 0)
        use->count--;
}

void frt_ledger_note_denial(struct frt_ledger *ledger, const struct frt_denial *denial)
{
    ledger->denials[ledger->denial_count++ % FRT_LEDGER_DENIALS] = *denial;
}

size_t frt_ledger_denials(const struct frt_ledger *ledger, const char *name,
                          const struct frt_denial **ret_denials, size_t max)
{
    size_t stored = 0;
    size_t kept = ledger->denial_count < FRT_LEDGER_DENIALS ? ledger->denial_count : FRT_LEDGER_DENIALS;

    for (size_t i = 1; i <= kept && stored < max; i++) {
        const struct frt_denial *denial = &ledger->denials[(ledger->denial_count - i) % FRT_LEDGER_DENIALS];

        if (!name || strcmp(denial->login, name) == 0 || strcmp(denial->user, name) == 0)
            ret_denials[stored++] = denial;
    }
    return stored;
}

static void copy_text(const struct frt_record_view *record, const char *key, char *buffer, size_t size)
{
    if (frt_record_get_text(record, key, buffer, size) < 0)
        buffer[0] = '\0';
}

static void replay_denial(struct frt_ledger *ledger, const struct frt_record_view *record)
{
    struct frt_denial denial = {.decision = (int64_t)record->n, .at_us = record->time_us};

    copy_text(record, "login", denial.login, sizeof(denial.login));
    copy_text(record, "user", denial.user, sizeof(denial.user));
    copy_text(record, "tool", denial.tool, sizeof(denial.tool));
    copy_text(record, "rule", denial.rule, sizeof(denial.rule));
    copy_text(record, "why", denial.reason, sizeof(denial.reason));
    copy_text(record, "action", denial.action, sizeof(denial.action));
    if (frt_record_get_number(record, "line", &denial.line) < 0)
        denial.line = 0;
    frt_ledger_note_denial(ledger, &denial);
}

int frt_ledger_replay(struct frt_ledger *ledger, const struct frt_record_view *record)
{
    char text[64];
    int64_t use = 0;

    if (!frt_record_is_kind(record, "decision"))
        return 0;
    copy_text(record, "dec", text, sizeof(text));
    if (strcmp(text, "deny") == 0)
        replay_denial(ledger, record);
    if (frt_record_get_number(record, "use", &use) < 0 || use == 0)
        return 0;
    copy_text(record, "request", text, sizeof(text));
    return frt_ledger_count_use(ledger, text);
}

bool frt_ledger_is_flood(struct frt_ledger *ledger, const char *key, int64_t mono_ms)
{
    struct flood *flood;

    HASH_FIND_STR(ledger->floods, key, flood);
    if (!flood) {
        flood = calloc(1, sizeof(*flood));
        if (!flood)
            return false; /* recorded singly: dearer, never lost */
        strncpy(flood->key, key, sizeof(flood->key) - 1);
        flood->window_ms = mono_ms;
        HASH_ADD_STR(ledger->floods, key, flood);
    }
    if (mono_ms - flood->window_ms >= FLOOD_WINDOW_MS) {
        flood->window_ms = mono_ms;
        flood->in_window = 0;
    }
    if (++flood->in_window <= FRT_FLOOD_PER_MINUTE)
        return false;
    flood->counted++;
    return true;
}

void frt_ledger_flush_floods(struct frt_ledger *ledger, int64_t mono_ms,
                             void (*emit)(void *arg, const struct frt_record *record), void *arg)
{
    struct flood *flood, *next;

    HASH_ITER(hh, ledger->floods, flood, next)
    {
        if (flood->counted > 0) {
            struct frt_record record;

            frt_record_init(&record, "gap");
            frt_record_add_text(&record, "of", "identical denials");
            frt_record_add_number(&record, "count", flood->counted);
            frt_record_add_text(&record, "key", flood->key);
            emit(arg, &record);
            flood->counted = 0;
        }
        if (mono_ms - flood->window_ms >= FLOOD_WINDOW_MS) {
            HASH_DEL(ledger->floods, flood);
            free(flood);
        }
    }
}
