/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What each class of entry says, read into its struct. Each parser fills `item` and adds the keys under which the item is
 * to be found, also when the entry cannot be read: then as much as is known of what it is about, so that it poisons
 * that. Problems are left in the reader.
 */
#ifndef FRT_DIRECTORY_VIEW_PARSE_H
#define FRT_DIRECTORY_VIEW_PARSE_H

#include "directory/view_internal.h"
#include "directory/view_read.h"

/* Keys in the making. */
struct frt_key {
    enum frt_index index;
    size_t offset, length;
};

struct frt_parse {
    const struct frt_view *view;
    struct frt_reader reader;
    struct frt_item *item;
    const char *dn; /* normalised; NULL: not a DN */
    struct frt_key *keys;
    size_t key_count, key_capacity;
    char *bytes;
    size_t byte_count, byte_capacity;
};

void frt_parse_key(struct frt_parse *parse, enum frt_index index, const void *bytes, size_t length);
void frt_parse_text_key(struct frt_parse *parse, enum frt_index index, const char *text); /* NULL: none */
/* One key for every value of the attribute, options or not, folded, that some canonical name could be taken for. True
 * when there is a value and every one gave a key. */
bool frt_parse_folded_keys(struct frt_parse *parse, enum frt_index index, const char *attribute);

/* view_parse.c: people, roles, groups */
void frt_parse_person(struct frt_parse *parse);
void frt_parse_role(struct frt_parse *parse);
void frt_parse_group(struct frt_parse *parse);
/* view_parse_things.c */
void frt_parse_agency(struct frt_parse *parse);
void frt_parse_host(struct frt_parse *parse);
void frt_parse_tool(struct frt_parse *parse);
/* view_parse_papers.c */
void frt_parse_request(struct frt_parse *parse);
void frt_parse_authority(struct frt_parse *parse);

#endif
