/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/replica_controls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A reader over DER/BER bytes. liblber's ber_scanf is not asked: it copies, and it accepts what it need not. */
struct reader {
    const unsigned char *bytes;
    size_t left;
};

enum {
    TAG_BOOLEAN = 0x01,
    TAG_OCTETS = 0x04,
    TAG_ENUMERATED = 0x0a,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31,
    TAG_INFO_COOKIE = 0x80,  /* [0] primitive */
    TAG_INFO_DELETE = 0xa1,  /* [1] constructed */
    TAG_INFO_PRESENT = 0xa2, /* [2] */
    TAG_INFO_ID_SET = 0xa3,  /* [3] */
};

/* Takes one element with a one-byte tag and a definite length (RFC 4511 section 5.1). */
static int take_element(struct reader *reader, unsigned char *ret_tag, struct reader *ret_content)
{
    size_t length, header = 2;

    if (reader->left < 2 || (reader->bytes[0] & 0x1f) == 0x1f)
        return -EBADMSG;
    length = reader->bytes[1];
    if (length & 0x80) {
        size_t octets = length & 0x7f;

        if (octets < 1 || octets > 4 || reader->left < 2 + octets)
            return -EBADMSG;
        length = 0;
        for (size_t i = 0; i < octets; i++)
            length = length << 8 | reader->bytes[2 + i];
        header += octets;
    }
    if (length > reader->left - header)
        return -EBADMSG;
    *ret_tag = reader->bytes[0];
    *ret_content = (struct reader){reader->bytes + header, length};
    reader->bytes += header + length;
    reader->left -= header + length;
    return 0;
}

static bool next_is(const struct reader *reader, unsigned char tag)
{
    return reader->left > 0 && reader->bytes[0] == tag;
}

static int take_tagged(struct reader *reader, unsigned char tag, struct reader *ret_content)
{
    unsigned char found;
    int r = next_is(reader, tag) ? take_element(reader, &found, ret_content) : -EBADMSG;

    return r;
}

static int take_boolean(struct reader *reader, bool *ret_value)
{
    struct reader content;

    if (take_tagged(reader, TAG_BOOLEAN, &content) < 0 || content.left != 1)
        return -EBADMSG;
    *ret_value = content.bytes[0] != 0;
    return 0;
}

static struct berval borrowed(const struct reader *content)
{
    union {
        const unsigned char *from;
        char *to; /* struct berval has no const; nobody writes through it */
    } bytes = {.from = content->bytes};

    return (struct berval){content->left, bytes.to};
}

static int take_optional_cookie(struct reader *reader, struct berval *ret_cookie)
{
    struct reader content;

    if (!next_is(reader, TAG_OCTETS))
        return 0;
    if (take_tagged(reader, TAG_OCTETS, &content) < 0)
        return -EBADMSG;
    *ret_cookie = borrowed(&content);
    return 0;
}

static int take_optional_boolean(struct reader *reader, bool preset, bool *ret_value)
{
    *ret_value = preset;
    return next_is(reader, TAG_BOOLEAN) ? take_boolean(reader, ret_value) : 0;
}

static struct reader read_value(const struct berval *value)
{
    return (struct reader){(const unsigned char *)value->bv_val, value->bv_val ? value->bv_len : 0};
}

int frt_sync_state_parse(const struct berval *value, struct frt_sync_state *ret_state)
{
    struct reader outer = read_value(value), inner, state, uuid;
    struct frt_sync_state parsed = {0};

    if (take_tagged(&outer, TAG_SEQUENCE, &inner) < 0 || outer.left > 0)
        return -EBADMSG;
    if (take_tagged(&inner, TAG_ENUMERATED, &state) < 0 || state.left != 1 ||
        state.bytes[0] > LDAP_SYNC_DELETE)
        return -EBADMSG;
    if (take_tagged(&inner, TAG_OCTETS, &uuid) < 0 || uuid.left != FRT_REPLICA_UUID)
        return -EBADMSG;
    if (take_optional_cookie(&inner, &parsed.cookie) < 0 || inner.left > 0)
        return -EBADMSG;
    parsed.state = state.bytes[0];
    memcpy(parsed.uuid, uuid.bytes, FRT_REPLICA_UUID);
    *ret_state = parsed;
    return 0;
}

static int take_uuids(struct reader *reader, struct frt_sync_info *info)
{
    struct reader set, uuid;

    if (take_tagged(reader, TAG_SET, &set) < 0)
        return -EBADMSG;
    /* Two bytes of tag and length, sixteen of value. */
    if (set.left % (2 + FRT_REPLICA_UUID) != 0)
        return -EBADMSG;
    info->uuids = calloc(set.left / (2 + FRT_REPLICA_UUID) + 1, sizeof(*info->uuids));
    if (!info->uuids)
        return -ENOMEM;
    while (set.left > 0) {
        if (take_tagged(&set, TAG_OCTETS, &uuid) < 0 || uuid.left != FRT_REPLICA_UUID)
            return -EBADMSG;
        memcpy(info->uuids[info->uuid_count++], uuid.bytes, FRT_REPLICA_UUID);
    }
    return 0;
}

static int take_info(unsigned char tag, struct reader *content, struct frt_sync_info *info)
{
    int r;

    if (tag == TAG_INFO_COOKIE) {
        info->kind = FRT_SYNC_INFO_COOKIE;
        info->cookie = borrowed(content);
        return 0;
    }
    r = take_optional_cookie(content, &info->cookie);
    if (r < 0)
        return r;
    switch (tag) {
    case TAG_INFO_DELETE:
    case TAG_INFO_PRESENT:
        info->kind = tag == TAG_INFO_DELETE ? FRT_SYNC_INFO_DELETE : FRT_SYNC_INFO_PRESENT;
        r = take_optional_boolean(content, true, &info->refresh_done);
        break;
    case TAG_INFO_ID_SET:
        info->kind = FRT_SYNC_INFO_ID_SET;
        r = take_optional_boolean(content, false, &info->refresh_deletes);
        if (r == 0)
            r = take_uuids(content, info);
        break;
    default:
        return -EBADMSG;
    }
    return r == 0 && content->left > 0 ? -EBADMSG : r;
}

int frt_sync_info_parse(const struct berval *value, struct frt_sync_info *ret_info)
{
    struct reader outer = read_value(value), content;
    struct frt_sync_info info = {0};
    unsigned char tag;
    int r;

    if (take_element(&outer, &tag, &content) < 0 || outer.left > 0)
        return -EBADMSG;
    r = take_info(tag, &content, &info);
    if (r < 0) {
        frt_sync_info_clear(&info);
        return r;
    }
    *ret_info = info;
    return 0;
}

void frt_sync_info_clear(struct frt_sync_info *info)
{
    free(info->uuids);
    memset(info, 0, sizeof(*info));
}

int frt_sync_request_new(LDAPControl **ret_control)
{
    /* SEQUENCE { ENUMERATED refreshAndPersist(3) } */
    static char value[] = {0x30, 0x03, 0x0a, 0x01, 0x03};
    struct berval bytes = {sizeof(value), value};

    return ldap_control_create(LDAP_CONTROL_SYNC, 1, &bytes, 1, ret_control) == LDAP_SUCCESS ? 0 : -ENOMEM;
}
