/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The catalogue of tools as the gate uses it: what to mark, which contents to recognise. Taken from frtd message by
 * message into shared memory, complete or not at all.
 *
 *     frt_catalogue_take()  for each CATALOGUE_* message; 1 when the last one completed it
 *     frt_catalogue_load()  the live one, also in a new worker that has not spoken to frtd yet
 */
#ifndef FRT_GATE_CATALOGUE_H
#define FRT_GATE_CATALOGUE_H

#include "gate/shared.h"
#include "protocol/gate_message.h"

struct frt_gate_tool {
    char id[FRT_NAME_MAX];
    uint64_t key;
    enum frt_gate_treatment treatment;
    uint64_t copies; /* recognised by content since this worker started */
};

/* A path, pattern or model file name. */
struct frt_gate_place {
    enum frt_gate_item_kind kind;
    unsigned tool;
    char *text;
};

struct frt_gate_digest {
    uint8_t sha256[32];
    unsigned tool;
};

struct frt_catalogue {
    uint64_t serial;
    struct frt_gate_tool *tools;
    size_t tool_count;
    struct frt_gate_place *places;
    size_t place_count;
    struct frt_gate_digest *digests; /* ascending */
    size_t digest_count;
    uint64_t *sizes; /* ascending */
    size_t size_count;
    bool has_unsized_digest; /* a tool states digests without sizes: every program is hashed once */
};

/* Takes one message of `size` bytes into the slot that is not live. 0: go on; 1: complete, the slot is live now; -EBADMSG: out of
 * order or counts that do not agree, what was taken is dropped; -EFBIG. */
int frt_catalogue_take(struct frt_gate_shared *shared, const struct frt_gate_message *message,
                       const uint8_t *bytes, size_t size);

/* The live catalogue. 0, -ENODATA when none has come yet, -ENOMEM, -EBADMSG. */
int frt_catalogue_load(const struct frt_gate_shared *shared, struct frt_catalogue **ret_catalogue);
void frt_catalogue_free(struct frt_catalogue *catalogue);

/* Adds a path of `tool` that was found on this machine, unless it is there already. 0, -ENOMEM. */
int frt_catalogue_add_path(struct frt_catalogue *catalogue, unsigned tool, const char *path);

uint64_t frt_catalogue_key(const char *tool);
/* Index of the tool with this key; -1 when there is none. */
int frt_catalogue_find(const struct frt_catalogue *catalogue, uint64_t key);

/* True when a file of `size` bytes may have catalogued contents. */
bool frt_catalogue_has_size(const struct frt_catalogue *catalogue, uint64_t size);

/* Tool with these contents; -1. */
int frt_catalogue_find_digest(const struct frt_catalogue *catalogue, const uint8_t sha256[32]);

#endif
