/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pam_frt.so: makes a PAM service answer to frtd. The line decides whether it governs
 * (pam_module/arguments.h). Everything ends in enter(): one exit, and a value that denies until something
 * better is known.
 */
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <string.h>
#include <syslog.h>

#include "pam_module/arguments.h"
#include "pam_module/phases.h"
#include "pam_module/words.h"
#include "support/percent.h"

#define ENTRY __attribute__((visibility("default")))

/* A line that names no tool has only its notice. */
static void show_notice(pam_handle_t *pamh, unsigned flags, int argc, const char **argv)
{
    const char *notice = frt_pam_arguments_notice(argc, argv);

    if (notice && !(flags & PAM_SILENT))
        (void)pam_prompt(pamh, PAM_TEXT_INFO, NULL, "%s", notice);
}

static int refuse_line(const struct frt_transaction *t, const char *word)
{
    char escaped[256];

    frt_percent_encode(word, strlen(word), escaped, sizeof(escaped));
    pam_syslog(t->pamh, LOG_ERR, "refused: the PAM line has a word that is not understood: %s", escaped);
    frt_words_tell(
        t, PAM_ERROR_MSG,
        "Refused: this service's PAM line for pam_frt has a mistake. Tell your system administrator.");
    return PAM_SYSTEM_ERR;
}

static int enter(pam_handle_t *pamh, int flags, int argc, const char **argv, bool opens_session,
                 int (*phase)(const struct frt_transaction *t))
{
    struct frt_transaction t = {.pamh = pamh, .flags = (unsigned)flags};
    const char *bad = NULL;
    int code = PAM_SYSTEM_ERR;

    if (!frt_pam_arguments_govern(argc, argv)) {
        if (opens_session)
            show_notice(pamh, (unsigned)flags, argc, argv);
        return PAM_IGNORE;
    }
    if (frt_pam_arguments_parse(argc, argv, &t.arguments, &bad) < 0)
        code = refuse_line(&t, bad);
    else
        code = phase(&t);
    return code;
}

ENTRY int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return enter(pamh, flags, argc, argv, false, frt_phase_authenticate);
}

ENTRY int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return enter(pamh, flags, argc, argv, false, frt_phase_setcred);
}

ENTRY int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return enter(pamh, flags, argc, argv, false, frt_phase_account);
}

ENTRY int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return enter(pamh, flags, argc, argv, true, frt_phase_open_session);
}

ENTRY int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return enter(pamh, flags, argc, argv, false, frt_phase_close_session);
}
