/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "casework/history_state.h"
#include "support/cleanup.h"
#include "trail/verify.h"

#define STEP_US INT64_C(2000000) /* as frtd has it (daemon/clock.h) */

const char *const frt_past_keys[FRT_PAST_TEXT_COUNT] = {
    [FRT_PAST_SOURCE] = "src",         [FRT_PAST_SERVICE] = "svc",     [FRT_PAST_HOST] = "host",
    [FRT_PAST_USER] = "user",          [FRT_PAST_RUSER] = "ruser",     [FRT_PAST_EXE] = "exe",
    [FRT_PAST_LOGIN] = "login",        [FRT_PAST_TTY] = "tty",         [FRT_PAST_RHOST] = "rhost",
    [FRT_PAST_TOOL] = "tool",          [FRT_PAST_PATH] = "path",       [FRT_PAST_SHA] = "sha",
    [FRT_PAST_ACTION] = "action",      [FRT_PAST_AGENCY] = "agency",   [FRT_PAST_REQUEST] = "request",
    [FRT_PAST_EVIDENCE] = "evidence",  [FRT_PAST_CSN] = "csn",         [FRT_PAST_RULE] = "rule",
    [FRT_PAST_VERDICT] = "dec",        [FRT_PAST_REASON] = "why",      [FRT_PAST_LAYERS] = "layers",
    [FRT_PAST_OBLIGATIONS] = "oblige", [FRT_PAST_OWNER] = "owner",     [FRT_PAST_LOGIN_ROLES] = "lroles",
    [FRT_PAST_ROLES] = "roles",        [FRT_PAST_FACTS] = "facts",     [FRT_PAST_POLICY] = "policy",
    [FRT_PAST_EDITION] = "edition",    [FRT_PAST_POLICY_SHA] = "psha",
};

/* Who it was; where and under which policy; what it was about and how it was decided. Three that are different each time. */
enum { WHO, WHERE, WHAT, OWN };

const struct frt_text_place frt_text_places[FRT_PAST_TEXT_COUNT] = {
    [FRT_PAST_USER] = {WHO, 0},         [FRT_PAST_RUSER] = {WHO, 1},        [FRT_PAST_LOGIN] = {WHO, 2},
    [FRT_PAST_AGENCY] = {WHO, 3},       [FRT_PAST_LOGIN_ROLES] = {WHO, 4},  [FRT_PAST_ROLES] = {WHO, 5},
    [FRT_PAST_OWNER] = {WHO, 6},        [FRT_PAST_SOURCE] = {WHERE, 0},     [FRT_PAST_SERVICE] = {WHERE, 1},
    [FRT_PAST_HOST] = {WHERE, 2},       [FRT_PAST_EXE] = {WHERE, 3},        [FRT_PAST_TTY] = {WHERE, 4},
    [FRT_PAST_RHOST] = {WHERE, 5},      [FRT_PAST_CSN] = {WHERE, 6},        [FRT_PAST_POLICY] = {WHERE, 7},
    [FRT_PAST_EDITION] = {WHERE, 8},    [FRT_PAST_POLICY_SHA] = {WHERE, 9}, [FRT_PAST_TOOL] = {WHAT, 0},
    [FRT_PAST_SHA] = {WHAT, 1},         [FRT_PAST_ACTION] = {WHAT, 2},      [FRT_PAST_RULE] = {WHAT, 3},
    [FRT_PAST_VERDICT] = {WHAT, 4},     [FRT_PAST_REASON] = {WHAT, 5},      [FRT_PAST_LAYERS] = {WHAT, 6},
    [FRT_PAST_OBLIGATIONS] = {WHAT, 7}, [FRT_PAST_FACTS] = {WHAT, 8},       [FRT_PAST_PATH] = {OWN, 0},
    [FRT_PAST_REQUEST] = {OWN, 1},      [FRT_PAST_EVIDENCE] = {OWN, 2},
};

static const size_t widths[FRT_PAST_GROUPS] = {7, 10, 9};

/* A decision while its record is read. */
struct draft {
    struct frt_past_decision row;
    uint32_t text[FRT_PAST_TEXT_COUNT];
};

int frt_rows_add(struct frt_rows *rows, const void *row)
{
    size_t block = rows->count / FRT_BLOCK_ROWS;

    if (block == rows->block_count) {
        if (rows->block_count == rows->block_room) {
            size_t room = rows->block_room ? rows->block_room * 2 : 16;
            char **blocks = realloc(rows->blocks, room * sizeof(*blocks));

            if (!blocks)
                return -ENOMEM;
            rows->blocks = blocks;
            rows->block_room = room;
        }
        rows->blocks[block] = malloc(FRT_BLOCK_ROWS * rows->size);
        if (!rows->blocks[block])
            return -ENOMEM;
        rows->block_count++;
    }
    memcpy(rows->blocks[block] + rows->count % FRT_BLOCK_ROWS * rows->size, row, rows->size);
    rows->count++;
    return 0;
}

void frt_rows_clear(struct frt_rows *rows)
{
    for (size_t i = 0; i < rows->block_count; i++)
        free(rows->blocks[i]);
    free(rows->blocks);
    memset(rows, 0, sizeof(*rows));
}

static int add_text(struct frt_history *history, enum frt_past_text text,
                    const struct frt_record_field *field, uint32_t *ret_id)
{
    struct frt_last_text *last = &history->last[text];
    int r;

    if (last->text && last->length == field->value_length &&
        memcmp(last->text, field->value, field->value_length) == 0) {
        *ret_id = last->id;
        return 0;
    }
    r = frt_strings_add(history->strings, field->value, field->value_length, ret_id);
    if (r == 0)
        *last = (struct frt_last_text){
            .text = frt_strings_get(history->strings, *ret_id), .length = field->value_length, .id = *ret_id};
    return r;
}

static bool key_is(const struct frt_record_field *field, const char *key)
{
    return strncmp(key, field->key, field->key_length) == 0 && key[field->key_length] == '\0';
}

enum {
    NUMBER_UID = FRT_PAST_TEXT_COUNT,
    NUMBER_AUID,
    NUMBER_PID,
    NUMBER_AGE,
    NUMBER_LINE,
    NUMBER_USE,
    NUMBER_END
};

static int32_t small_number(const struct frt_record_field *field)
{
    long long number = strtoll(field->value, NULL, 10);

    return number > INT32_MAX || number < INT32_MIN ? -1 : (int32_t)number;
}

static void take_number(struct frt_past_decision *row, int what, int32_t number)
{
    if (what == NUMBER_UID)
        row->uid = number;
    else if (what == NUMBER_AUID)
        row->auid = number;
    else if (what == NUMBER_PID)
        row->pid = number;
    else if (what == NUMBER_AGE)
        row->age_ms = number;
    else if (what == NUMBER_LINE)
        row->line = (uint32_t)number;
    else
        row->is_use = number > 0;
}

static int find_key(const struct frt_record_field *field)
{
    static const char *const numbers[] = {"uid", "auid", "pid", "age", "line", "use"};

    for (int i = 0; i < FRT_PAST_TEXT_COUNT; i++)
        if (key_is(field, frt_past_keys[i]))
            return i;
    for (int i = NUMBER_UID; i < NUMBER_END; i++)
        if (key_is(field, numbers[i - NUMBER_UID]))
            return i;
    return -1;
}

/* What the field at this place is, remembered from the record before. */
static int know_key(struct frt_known_key *known, const struct frt_record_field *field)
{
    if (known->length != field->key_length || memcmp(known->key, field->key, field->key_length) != 0) {
        memcpy(known->key, field->key, field->key_length);
        known->length = field->key_length;
        known->what = find_key(field);
    }
    return known->what;
}

static int take_fields(struct frt_history *history, const struct frt_record_view *view, struct draft *draft)
{
    struct frt_record_field field;
    size_t at = view->body;

    for (size_t i = 0; i < FRT_RECORD_KEYS_MAX && frt_record_next_field(view, &at, &field); i++) {
        int what = know_key(&history->known[i], &field), r = 0;

        if (what < 0)
            continue;
        if (what < FRT_PAST_TEXT_COUNT && field.type == FRT_FIELD_TEXT)
            r = add_text(history, (enum frt_past_text)what, &field, &draft->text[what]);
        else if (what >= FRT_PAST_TEXT_COUNT && field.type == FRT_FIELD_NUMBER)
            take_number(&draft->row, what, small_number(&field));
        if (r < 0)
            return r;
    }
    return 0;
}

static int make_memo(struct frt_history *history, uint32_t id)
{
    size_t room = history->memo_room ? history->memo_room : 1024;
    uint32_t *grown;

    while (room <= id)
        room *= 2;
    if (room == history->memo_room)
        return 0;
    grown = realloc(history->facts_of, room * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    history->facts_of = grown;
    grown = realloc(history->department_of, room * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    history->department_of = grown;
    memset(history->facts_of + history->memo_room, 0, (room - history->memo_room) * sizeof(*grown));
    memset(history->department_of + history->memo_room, 0, (room - history->memo_room) * sizeof(*grown));
    history->memo_room = room;
    return 0;
}

static int find_facts(struct frt_history *history, uint32_t id)
{
    struct frt_facts facts;

    if (history->facts_of[id] != 0)
        return 0;
    if (!frt_past_facts_parse(frt_strings_get(history->strings, id), &facts)) {
        history->facts_of[id] = UINT32_MAX;
        return 0;
    }
    if (history->fact_count == history->fact_room) {
        size_t room = history->fact_room ? history->fact_room * 2 : 64;
        struct frt_facts *grown = realloc(history->facts, room * sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        history->facts = grown;
        history->fact_room = room;
    }
    history->facts[history->fact_count++] = facts;
    history->facts_of[id] = (uint32_t)history->fact_count;
    return 0;
}

static int find_department(struct frt_history *history, uint32_t roles, uint32_t *ret_id)
{
    const char *text;
    size_t length;
    uint32_t id;
    int r;

    if (history->department_of[roles] == 0) {
        length = frt_past_department(frt_strings_get(history->strings, roles), &text);
        r = frt_strings_add(history->strings, text, length, &id);
        if (r < 0)
            return r;
        history->department_of[roles] = id + 1;
    }
    *ret_id = history->department_of[roles] - 1;
    return 0;
}

/* The login person's city role counts first, then the acting account's, then outside roles. */
static int complete(struct frt_history *history, struct draft *draft)
{
    const uint32_t *texts = draft->text;
    uint32_t login_roles = texts[FRT_PAST_LOGIN_ROLES], roles = texts[FRT_PAST_ROLES], largest;
    const char *text = frt_strings_get(history->strings, login_roles);
    bool login_is_city = strncmp(text, "city/", 5) == 0 || strstr(text, "; city/");
    enum frt_verdict verdict = FRT_VERDICT_DENY;
    int reason, r;

    text = frt_strings_get(history->strings, roles);
    if (!login_is_city && (login_roles == 0 || strncmp(text, "city/", 5) == 0 || strstr(text, "; city/")))
        login_roles = roles;
    largest = login_roles > texts[FRT_PAST_FACTS] ? login_roles : texts[FRT_PAST_FACTS];
    r = make_memo(history, largest);
    if (r == 0)
        r = find_facts(history, texts[FRT_PAST_FACTS]);
    if (r == 0)
        r = find_department(history, login_roles, &draft->row.department);
    frt_verdict_find(frt_strings_get(history->strings, texts[FRT_PAST_VERDICT]), &verdict);
    draft->row.verdict = verdict;
    reason = frt_reason_find(frt_strings_get(history->strings, texts[FRT_PAST_REASON]));
    draft->row.reason = reason < 0 ? FRT_REASON_NOT_EVALUATED : (uint8_t)reason;
    draft->row.person = texts[FRT_PAST_LOGIN]  ? texts[FRT_PAST_LOGIN]
                        : texts[FRT_PAST_USER] ? texts[FRT_PAST_USER]
                                               : texts[FRT_PAST_RUSER];
    return r;
}

/* Gives each text its place in the row. */
static int pack(struct frt_history *history, struct draft *draft)
{
    uint32_t values[FRT_PAST_GROUPS][FRT_PAST_TEXT_COUNT];
    int r = 0;

    for (size_t i = 0; i < FRT_PAST_TEXT_COUNT; i++) {
        struct frt_text_place at = frt_text_places[i];

        *(at.group == OWN ? &draft->row.own[at.place] : &values[at.group][at.place]) = draft->text[i];
    }
    for (size_t g = 0; r == 0 && g < FRT_PAST_GROUPS; g++)
        r = frt_tuples_add(history->groups[g], values[g], &draft->row.group[g]);
    return r;
}

static int note_edition(struct frt_history *history, const struct draft *draft)
{
    struct frt_past_edition *edition = NULL;

    for (size_t i = history->edition_count; i > 0 && !edition; i--)
        if (history->editions[i - 1].sha == draft->text[FRT_PAST_POLICY_SHA] &&
            history->editions[i - 1].policy == draft->text[FRT_PAST_POLICY])
            edition = &history->editions[i - 1];
    if (!edition) {
        edition = realloc(history->editions, (history->edition_count + 1) * sizeof(*edition));
        if (!edition)
            return -ENOMEM;
        history->editions = edition;
        edition += history->edition_count++;
        *edition = (struct frt_past_edition){.policy = draft->text[FRT_PAST_POLICY],
                                             .edition = draft->text[FRT_PAST_EDITION],
                                             .sha = draft->text[FRT_PAST_POLICY_SHA],
                                             .first_us = draft->row.time_us};
    }
    edition->decisions++;
    edition->last_us = draft->row.time_us;
    return 0;
}

static int take_decision(struct frt_history *history, const struct frt_record_view *view)
{
    struct draft draft = {
        .row = {.n = view->n, .time_us = view->time_us, .uid = -1, .auid = -1, .pid = -1, .age_ms = -1}};
    int r;

    history->counts.decisions++;
    if (history->options.is_single ? view->n != history->options.only
                                   : !frt_history_in_period(history, view->time_us))
        return 0;
    r = take_fields(history, view, &draft);
    if (r == 0)
        r = complete(history, &draft);
    if (r == 0)
        r = note_edition(history, &draft);
    if (r == 0)
        r = pack(history, &draft);
    if (r == 0)
        r = frt_rows_add(&history->decisions, &draft.row);
    history->counts.considered += r == 0;
    return r;
}

static unsigned value_of(const struct frt_record_view *view, enum frt_fact fact, const char *key)
{
    char word[64];
    int value;

    if (frt_record_get_text(view, key, word, sizeof(word)) < 0)
        return 0;
    value = frt_fact_value_find(fact, word);
    return value < 0 ? 0 : (unsigned)value;
}

static int take_beat(struct frt_history *history, const struct frt_record_view *view)
{
    struct frt_past_beat row = {.n = view->n, .time_us = view->time_us, .boot_us = view->boot_us};

    history->counts.beats++;
    row.view = (uint8_t)value_of(view, FRT_FACT_VIEW, "view");
    row.gate = (uint8_t)value_of(view, FRT_FACT_GATE, "gate");
    if (view->has_boot) {
        row.same_boot = memcmp(history->boot_id, view->boot_id, 32) == 0;
        memcpy(history->boot_id, view->boot_id, 32);
    }
    return frt_rows_add(&history->beats, &row);
}

static char *keep_line(struct frt_history *history, const struct frt_record_view *view)
{
    struct frt_line_block *block = history->lines;
    char *line;

    if (!block || block->room - block->used < view->length) {
        size_t room = 64 * FRT_RECORD_MAX;

        block = malloc(sizeof(*block) + room);
        if (!block)
            return NULL;
        block->next = history->lines;
        block->used = 0;
        block->room = room;
        history->lines = block;
    }
    line = block->bytes + block->used;
    memcpy(line, view->line, view->length);
    block->used += view->length;
    return line;
}

static int take_event(struct frt_history *history, const struct frt_record_view *view)
{
    struct frt_past_event row = {.n = view->n, .time_us = view->time_us, .length = (uint32_t)view->length};
    int r = frt_strings_add(history->strings, view->kind, view->kind_length, &row.kind);

    history->counts.events++;
    if (r < 0)
        return r;
    row.line = keep_line(history, view);
    return row.line ? frt_rows_add(&history->events, &row) : -ENOMEM;
}

static int note_hole(struct frt_history *history, uint64_t from, uint64_t to)
{
    struct frt_past_hole *holes = realloc(history->holes, (history->hole_count + 1) * sizeof(*holes));

    if (!holes)
        return -ENOMEM;
    history->holes = holes;
    holes[history->hole_count++] = (struct frt_past_hole){.from = from, .to = to};
    return 0;
}

/* While frtd runs it records steps of the clock itself. */
static int note_step(struct frt_history *history, const struct frt_record_view *view)
{
    int64_t step = (view->time_us - history->counts.last_us) - (view->boot_us - history->last_boot_us);
    struct frt_past_step *steps;

    if (!history->had_boot || !view->has_boot || memcmp(history->last_boot_id, view->boot_id, 32) != 0 ||
        llabs(step) <= STEP_US || !(frt_record_is_kind(view, "seg") || frt_record_is_kind(view, "start")))
        return 0;
    steps = realloc(history->steps, (history->step_count + 1) * sizeof(*steps));
    if (!steps)
        return -ENOMEM;
    history->steps = steps;
    steps[history->step_count++] =
        (struct frt_past_step){.n = view->n, .time_us = view->time_us, .step_us = step};
    return 0;
}

static void note_clocks(struct frt_history *history, const struct frt_record_view *view)
{
    history->had_boot = view->has_boot;
    history->last_boot_us = view->boot_us;
    if (view->has_boot)
        memcpy(history->last_boot_id, view->boot_id, 32);
}

static int take_record(struct frt_history *history, const struct frt_record_view *raw)
{
    struct frt_history_counts *counts = &history->counts;
    struct frt_record_view numbered = *raw;
    const struct frt_record_view *view = &numbered;
    int r = 0;

    numbered.n += history->offset;
    if (view->n != history->next_n)
        r = note_hole(history, history->next_n, view->n);
    history->next_n = view->n + 1;
    if (counts->records == 0)
        counts->first_n = view->n;
    if (counts->records == 0 || view->time_us < counts->first_us)
        counts->first_us = view->time_us;
    if (r == 0)
        r = note_step(history, view);
    if (r < 0)
        return r;
    note_clocks(history, view);
    counts->records++;
    counts->last_n = view->n;
    counts->last_us = view->time_us;
    if (frt_record_is_kind(view, "decision"))
        return take_decision(history, view);
    return frt_record_is_kind(view, "beat") ? take_beat(history, view) : take_event(history, view);
}

static int on_entry(void *arg, const struct frt_trail_entry *entry)
{
    struct frt_history *history = arg;

    if (entry->is_sealed)
        return take_record(history, entry->record);
    history->counts.unsealed++;
    return 0;
}

static int read_lines(struct frt_history *history, const char *path)
{
    frt_auto_fclose FILE *stream = fopen(path, "re");
    frt_auto_free char *line = NULL;
    struct frt_record_view view;
    size_t room = 0;
    const char *what;
    ssize_t n;
    int r = 0;

    if (!stream)
        return -errno;
    while (r == 0 && (n = getline(&line, &room, stream)) > 0) {
        if (line[n - 1] == '\n')
            n--;
        if (frt_record_parse(line, (size_t)n, &view, &what) < 0)
            history->counts.unreadable++;
        else
            r = take_record(history, &view);
    }
    return r == 0 && ferror(stream) ? -EIO : r;
}

static int read_trail(struct frt_history *history, const char *path)
{
    struct stat status;

    if (stat(path, &status) < 0)
        return -errno;
    if (S_ISREG(status.st_mode))
        return read_lines(history, path);
    return frt_trail_read(path, 0, on_entry, history, &history->counts.unreadable);
}

static int new_history(const struct frt_history_options *options, struct frt_history **ret_history)
{
    struct frt_history *history = calloc(1, sizeof(*history));
    int r;

    if (!history)
        return -ENOMEM;
    history->options = *options;
    if (options->until_us == 0)
        history->options.until_us = INT64_MAX;
    history->decisions.size = sizeof(struct frt_past_decision);
    history->beats.size = sizeof(struct frt_past_beat);
    history->events.size = sizeof(struct frt_past_event);
    *ret_history = history;
    r = frt_strings_new(&history->strings);
    for (size_t g = 0; r == 0 && g < FRT_PAST_GROUPS; g++)
        r = frt_tuples_new(widths[g], &history->groups[g]);
    return r;
}

int frt_history_read_all(const char *const *paths, size_t count, const struct frt_history_options *options,
                         struct frt_history **ret_history)
{
    struct frt_history *history = NULL;
    int64_t last_us = 0;
    int r = new_history(options, &history);

    for (size_t i = 0; r == 0 && i < count; i++) {
        history->offset = history->next_n = i * FRT_HISTORY_STEP;
        history->had_boot = false;
        memset(history->boot_id, 0, sizeof(history->boot_id));
        r = read_trail(history, paths[i]);
        if (history->counts.last_us > last_us)
            last_us = history->counts.last_us;
    }
    if (r == 0 && count > 1) {
        history->counts.last_us = last_us;
        r = frt_history_merge(history);
    }
    if (r < 0) {
        frt_history_free(history);
        return r;
    }
    *ret_history = history;
    return 0;
}

int frt_history_read(const char *path, const struct frt_history_options *options,
                     struct frt_history **ret_history)
{
    return frt_history_read_all(&path, 1, options, ret_history);
}

void frt_history_free(struct frt_history *history)
{
    struct frt_line_block *next;

    if (!history)
        return;
    for (struct frt_line_block *block = history->lines; block; block = next) {
        next = block->next;
        free(block);
    }
    frt_rows_clear(&history->decisions);
    frt_rows_clear(&history->beats);
    frt_rows_clear(&history->events);
    frt_strings_free(history->strings);
    for (size_t g = 0; g < FRT_PAST_GROUPS; g++)
        frt_tuples_free(history->groups[g]);
    free(history->facts);
    free(history->facts_of);
    free(history->department_of);
    free(history->editions);
    free(history->holes);
    free(history->steps);
    free(history);
}
