/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a history holds; for history.c (reading) and history_find.c (asking) only.
 */
#ifndef FRT_CASEWORK_HISTORY_STATE_H
#define FRT_CASEWORK_HISTORY_STATE_H

#include "casework/history.h"
#include "casework/tuples.h"

#define FRT_BLOCK_ROWS 4096U

/* Rows in blocks, so that growing never copies and never needs twice the room. */
struct frt_rows {
    size_t size; /* bytes of one */
    size_t count;
    size_t block_count, block_room;
    char **blocks;
};

int frt_rows_add(struct frt_rows *rows, const void *row);
void frt_rows_clear(struct frt_rows *rows);

static inline const void *frt_rows_at(const struct frt_rows *rows, size_t i)
{
    return rows->blocks[i / FRT_BLOCK_ROWS] + i % FRT_BLOCK_ROWS * rows->size;
}

struct frt_line_block {
    struct frt_line_block *next;
    size_t used, room;
    char bytes[];
};

/* What was last seen under a key: records repeat themselves. */
struct frt_last_text {
    const char *text;
    size_t length;
    uint32_t id;
};

/* What the field at a place of the last decision record was: the next record has its fields at the same places. */
struct frt_known_key {
    char key[FRT_RECORD_KEY_MAX];
    size_t length;
    int what; /* enum frt_past_text, or a number's (history.c); -1: nothing we keep */
};

/* Where a text of a decision is kept: in one of its groups, or with group FRT_PAST_GROUPS in the row itself. */
struct frt_text_place {
    uint8_t group, place;
};

extern const struct frt_text_place frt_text_places[FRT_PAST_TEXT_COUNT];

struct frt_history {
    struct frt_history_options options;
    uint64_t offset; /* added to the numbers of the trail that is being read */
    uint64_t next_n; /* the number its next record should have */
    struct frt_history_counts counts;
    struct frt_strings *strings;
    struct frt_rows decisions, beats, events;
    struct frt_line_block *lines;
    struct frt_last_text last[FRT_PAST_TEXT_COUNT];
    struct frt_known_key known[FRT_RECORD_KEYS_MAX];
    struct frt_tuples *groups[FRT_PAST_GROUPS];

    struct frt_facts *facts; /* one per different text */
    size_t fact_count, fact_room;
    uint32_t *facts_of;      /* by text number: index + 1 into facts; 0 unknown, UINT32_MAX not readable */
    uint32_t *department_of; /* by text number of a roles text: text number + 1 */
    size_t memo_room;

    struct frt_past_edition *editions;
    size_t edition_count;
    struct frt_past_hole *holes;
    size_t hole_count;
    struct frt_past_step *steps;
    size_t step_count;
    int64_t last_boot_us;
    char last_boot_id[32];
    bool had_boot;
    char boot_id[33];
};

/* casework/history_merge.c: puts what several trails told into one order of time. 0 or -ENOMEM. */
int frt_history_merge(struct frt_history *history);

#endif
