/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/ledger.h"

#include <errno.h>
#include <stdio.h>
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
    char key[FRT_FLOOD_PERSON_MAX + FRT_FLOOD_WHAT_MAX];
    int64_t window_ms;
    unsigned in_window;
    unsigned counted; /* not recorded singly since the last `gap` record */
    UT_hash_handle hh;
};

struct frt_ledger {
    struct use *uses;
    struct flood *floods;
    struct frt_denial denials[FRT_LEDGER_DENIALS];
    uint64_t serials[FRT_LEDGER_DENIALS]; /* when each was noted; 0: free */
    uint64_t serial;
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

static bool is_same_person(const struct frt_denial *a, const struct frt_denial *b)
{
    return strcmp(a->login, b->login) == 0 && strcmp(a->user, b->user) == 0;
}

/* A free place; the person's own oldest once there are enough of them; else the oldest of all. */
static size_t choose_place(const struct frt_ledger *ledger, const struct frt_denial *denial)
{
    size_t own = 0, own_oldest = 0, oldest = 0;

    for (size_t i = 0; i < FRT_LEDGER_DENIALS; i++) {
        if (ledger->serials[i] < ledger->serials[oldest])
            oldest = i;
        if (ledger->serials[i] == 0 || !is_same_person(&ledger->denials[i], denial))
            continue;
        if (own == 0 || ledger->serials[i] < ledger->serials[own_oldest])
            own_oldest = i;
        own++;
    }
    return own >= FRT_LEDGER_PER_PERSON ? own_oldest : oldest;
}

void frt_ledger_note_denial(struct frt_ledger *ledger, const struct frt_denial *denial)
{
    size_t place = choose_place(ledger, denial);

    ledger->denials[place] = *denial;
    ledger->serials[place] = ++ledger->serial;
}

void frt_ledger_unrecorded(struct frt_ledger *ledger, int64_t decision)
{
    for (size_t i = 0; i < FRT_LEDGER_DENIALS; i++)
        if (ledger->serials[i] != 0 && ledger->denials[i].decision == decision)
            ledger->denials[i].decision = -1;
}

/* The newest that is older than `serial` and about `name`; FRT_LEDGER_DENIALS when there is none. */
static size_t find_before(const struct frt_ledger *ledger, const char *name, uint64_t serial)
{
    size_t found = FRT_LEDGER_DENIALS;
    uint64_t best = 0;

    for (size_t i = 0; i < FRT_LEDGER_DENIALS; i++) {
        const struct frt_denial *denial = &ledger->denials[i];

        if (ledger->serials[i] <= best || ledger->serials[i] >= serial)
            continue;
        if (name && strcmp(denial->login, name) != 0 && strcmp(denial->user, name) != 0)
            continue;
        best = ledger->serials[i];
        found = i;
    }
    return found;
}

size_t frt_ledger_denials(const struct frt_ledger *ledger, const char *name,
                          const struct frt_denial **ret_denials, size_t max)
{
    uint64_t serial = UINT64_MAX;
    size_t stored = 0;

    while (stored < max) {
        size_t i = find_before(ledger, name, serial);

        if (i == FRT_LEDGER_DENIALS)
            break;
        serial = ledger->serials[i];
        ret_denials[stored++] = &ledger->denials[i];
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

/* How often within this minute; NULL without memory. */
static struct flood *count_in_window(struct frt_ledger *ledger, const char *person, const char *what,
                                     int64_t mono_ms)
{
    char key[FRT_FLOOD_PERSON_MAX + FRT_FLOOD_WHAT_MAX];
    struct flood *flood;

    snprintf(key, sizeof(key), "%s%s%s", person, what[0] ? " " : "", what);
    HASH_FIND_STR(ledger->floods, key, flood);
    if (!flood) {
        flood = calloc(1, sizeof(*flood));
        if (!flood)
            return NULL;
        memcpy(flood->key, key, sizeof(key));
        flood->window_ms = mono_ms;
        HASH_ADD_STR(ledger->floods, key, flood);
    }
    if (mono_ms - flood->window_ms >= FLOOD_WINDOW_MS) {
        flood->window_ms = mono_ms;
        flood->in_window = 0;
    }
    flood->in_window++;
    return flood;
}

/* The flood this one belongs to; NULL when it is to be recorded singly. */
static struct flood *find_flood(struct frt_ledger *ledger, const char *person, const char *what,
                                int64_t mono_ms)
{
    const struct flood *all = count_in_window(ledger, person, "", mono_ms);
    struct flood *flood = count_in_window(ledger, person, what, mono_ms);

    if (!all || !flood)
        return NULL; /* recorded singly: dearer, never lost */
    if (flood->in_window <= (all->in_window > FRT_FLOOD_PERSON_PER_MINUTE ? 1 : FRT_FLOOD_PER_MINUTE))
        return NULL;
    return flood;
}

bool frt_ledger_is_flood(struct frt_ledger *ledger, const char *person, const char *what, int64_t mono_ms)
{
    struct flood *flood = find_flood(ledger, person, what, mono_ms);

    if (flood)
        flood->counted++;
    return flood != NULL;
}

bool frt_ledger_is_counted_elsewhere(struct frt_ledger *ledger, const char *person, const char *what,
                                     int64_t mono_ms)
{
    return find_flood(ledger, person, what, mono_ms) != NULL;
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
