/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/tuples.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define FIRST_ROOM 256U

struct frt_tuples {
    size_t width;
    uint32_t *values;
    size_t count, room;
    uint32_t *slots; /* id + 1; 0 is free; twice as many as there is room */
    uint64_t seed;   /* what a trail holds is strangers' choice: nobody shall choose collisions */
    uint32_t last;
};

static size_t slot_of(const struct frt_tuples *tuples, const uint32_t *values)
{
    uint64_t hash = tuples->seed;
    size_t mask = 2 * tuples->room - 1, at;

    for (size_t i = 0; i < tuples->width; i++)
        hash = (hash ^ values[i]) * UINT64_C(0xff51afd7ed558ccd) + (hash >> 29);
    at = (hash ^ hash >> 32) & mask;
    while (tuples->slots[at] && memcmp(tuples->values + (tuples->slots[at] - 1) * tuples->width, values,
                                       tuples->width * sizeof(*values)) != 0)
        at = (at + 1) & mask;
    return at;
}

static int grow(struct frt_tuples *tuples)
{
    size_t room = tuples->room ? tuples->room * 2 : FIRST_ROOM;
    uint32_t *values = reallocarray(tuples->values, room, tuples->width * sizeof(*values)), *slots;

    if (!values)
        return -ENOMEM;
    tuples->values = values;
    slots = calloc(2 * room, sizeof(*slots));
    if (!slots)
        return -ENOMEM;
    free(tuples->slots);
    tuples->slots = slots;
    tuples->room = room;
    for (size_t id = 0; id < tuples->count; id++)
        slots[slot_of(tuples, values + id * tuples->width)] = (uint32_t)id + 1;
    return 0;
}

int frt_tuples_new(size_t width, struct frt_tuples **ret_tuples)
{
    struct frt_tuples *tuples = calloc(1, sizeof(*tuples));

    if (!tuples)
        return -ENOMEM;
    tuples->width = width;
    if (getrandom(&tuples->seed, sizeof(tuples->seed), 0) != (ssize_t)sizeof(tuples->seed) ||
        grow(tuples) < 0) {
        frt_tuples_free(tuples);
        return -ENOMEM;
    }
    *ret_tuples = tuples;
    return 0;
}

void frt_tuples_free(struct frt_tuples *tuples)
{
    if (!tuples)
        return;
    free(tuples->values);
    free(tuples->slots);
    free(tuples);
}

int frt_tuples_add(struct frt_tuples *tuples, const uint32_t *values, uint32_t *ret_id)
{
    size_t at, size = tuples->width * sizeof(*values);

    if (tuples->count > 0 && memcmp(tuples->values + tuples->last * tuples->width, values, size) == 0) {
        *ret_id = tuples->last;
        return 0;
    }
    at = slot_of(tuples, values);
    if (tuples->slots[at] == 0) {
        if (tuples->count >= UINT32_MAX - 1)
            return -ENOMEM;
        if (tuples->count == tuples->room) {
            if (grow(tuples) < 0)
                return -ENOMEM;
            at = slot_of(tuples, values);
        }
        memcpy(tuples->values + tuples->count * tuples->width, values, size);
        tuples->slots[at] = (uint32_t)++tuples->count;
    }
    tuples->last = *ret_id = tuples->slots[at] - 1;
    return 0;
}

uint32_t frt_tuples_get(const struct frt_tuples *tuples, uint32_t id, size_t place)
{
    return tuples->values[id * tuples->width + place];
}
