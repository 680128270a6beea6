// links: frt_settings frt_decision frt_support
/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A policy file's bytes. Whatever is accepted must have been proven, decide every set of facts, and be freed.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decision/words.h"
#include "settings/policy_file.h"
#include "support/cleanup.h"

/* libconfig 1.5's scanner forgets the text of a string that never ends. Not ours to free. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so";
}

static void check_accepted(const struct frt_policy *policy)
{
    struct frt_facts facts = {{0}};
    struct frt_decision decision;
    struct frt_policy_proof proof;
    char words[FRT_FACTS_WORDS_MAX];

    if (!frt_prove(policy, NULL, &proof) || proof.covered != frt_fact_space_size())
        abort();
    frt_decide(policy, &facts, &decision);
    frt_facts_describe(&facts, words);
}

static void check_refused(const char *error)
{
    if (error[0] == '\0' || strlen(error) >= FRT_POLICY_ERROR_MAX)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    frt_auto_close int fd = memfd_create("policy", MFD_CLOEXEC);
    char path[64], error[FRT_POLICY_ERROR_MAX] = "";
    struct frt_policy *policy = NULL;

    if (fd < 0 || fchmod(fd, 0600) < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (frt_policy_load(path, 0, NULL, NULL, &policy, error) == 0) {
        check_accepted(policy);
        frt_policy_free(policy);
    } else {
        check_refused(error);
    }
    return 0;
}
