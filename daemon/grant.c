/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/grant.h"

#include <stdio.h>
#include <string.h>

void frt_grant_fill(const struct frt_view *view, const struct frt_ask *ask, int64_t login_uid,
                    int64_t user_uid, struct frt_grant *ret_grant)
{
    const struct frt_tool *tool = frt_view_tool(view, ask->tool);

    *ret_grant = (struct frt_grant){.login_uid = login_uid, .user_uid = user_uid, .decision = -1};
    snprintf(ret_grant->user, sizeof(ret_grant->user), "%s", ask->user);
    snprintf(ret_grant->tool, sizeof(ret_grant->tool), "%s", tool ? tool->id : ask->tool);
    snprintf(ret_grant->request, sizeof(ret_grant->request), "%s", ask->request);
}

void frt_fresh_allow_note(struct frt_fresh_allows *allows, const struct frt_grant *grant, int64_t pid,
                          int64_t mono_ms)
{
    struct frt_fresh_allow *row = &allows->rows[allows->next++ % FRT_FRESH_ALLOWS];

    *row = (struct frt_fresh_allow){.grant = *grant, .pid = pid, .mono_ms = mono_ms};
}

void frt_fresh_allow_forget(struct frt_fresh_allows *allows, int64_t decision)
{
    for (size_t i = 0; i < FRT_FRESH_ALLOWS; i++)
        if (allows->rows[i].grant.decision == decision)
            allows->rows[i].pid = 0;
}

bool frt_fresh_allow_take(struct frt_fresh_allows *allows, const struct frt_grant *grant, int64_t pid,
                          int64_t mono_ms)
{
    for (size_t i = 0; i < FRT_FRESH_ALLOWS; i++) {
        struct frt_fresh_allow *row = &allows->rows[i];

        if (row->pid != pid || mono_ms - row->mono_ms > FRT_FRESH_ALLOW_MS ||
            strcmp(row->grant.user, grant->user) != 0 || strcmp(row->grant.tool, grant->tool) != 0 ||
            strcmp(row->grant.request, grant->request) != 0)
            continue;
        row->pid = 0;
        return true;
    }
    return false;
}
