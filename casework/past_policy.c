/* SPDX-License-Identifier: BSD-2-Clause */
#include "casework/past_policy.h"

#include <stdio.h>

#include "settings/policy_file.h"

int frt_past_policy_read(const char *path, struct frt_policy **ret_policy, char *error, size_t error_size)
{
    char text[FRT_POLICY_ERROR_MAX] = "";
    int r = frt_policy_parse(path, ret_policy, text);

    if (r < 0)
        snprintf(error, error_size, "%s", text);
    return r;
}

void frt_past_policy_free(struct frt_policy *policy)
{
    frt_policy_free(policy);
}
