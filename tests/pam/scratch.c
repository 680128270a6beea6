/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/pam/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cleanup.h"

static int converse(int count, const struct pam_message **messages, struct pam_response **ret_responses,
                    void *data)
{
    struct scratch *s = data;
    struct pam_response *responses = calloc((size_t)count, sizeof(*responses));

    if (!responses)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        size_t used = strlen(s->said);

        snprintf(s->said + used, sizeof(s->said) - used, "%s\n", messages[i]->msg);
        if (messages[i]->msg_style != PAM_PROMPT_ECHO_ON && messages[i]->msg_style != PAM_PROMPT_ECHO_OFF)
            continue;
        s->prompts++;
        responses[i].resp = s->reply ? strdup(s->reply) : NULL;
    }
    *ret_responses = responses;
    return PAM_SUCCESS;
}

const char *scratch_module(int number)
{
    return number == 0 ? FRT_BINARY_DIR "/lib/pam_frt.so" : FRT_BINARY_DIR "/tests/pam_frt_checked.so";
}

static void write_expanded(FILE *file, const char *lines, const char *module, const char *socket)
{
    for (const char *p = lines; *p; p++) {
        if (p[0] == '%' && p[1] == 'm') {
            fputs(module, file);
            p++;
        } else if (p[0] == '%' && p[1] == 's') {
            fputs(socket, file);
            p++;
        } else {
            fputc(*p, file);
        }
    }
}

void scratch_write(struct scratch *s, const char *lines, const char *module, const char *socket)
{
    char path[96];
    FILE *file;

    memset(s, 0, sizeof(*s));
    strcpy(s->directory, "/tmp/frt-pam-XXXXXX");
    if (!mkdtemp(s->directory))
        abort();
    snprintf(path, sizeof(path), "%s/svc", s->directory);
    file = fopen(path, "we");
    if (!file)
        abort();
    write_expanded(file, lines, module, socket);
    fputc('\n', file);
    fclose(file);
    s->conv = (struct pam_conv){.conv = converse, .appdata_ptr = s};
}

void scratch_start(struct scratch *s, const char *user)
{
    if (pam_start_confdir("svc", user, &s->conv, s->directory, &s->pamh) != PAM_SUCCESS)
        abort();
}

int scratch_run(struct scratch *s, enum scratch_phase phase, int flags)
{
    switch (phase) {
    case SCRATCH_AUTH:
        return pam_authenticate(s->pamh, flags);
    case SCRATCH_SETCRED:
        return pam_setcred(s->pamh, flags);
    case SCRATCH_ACCOUNT:
        return pam_acct_mgmt(s->pamh, flags);
    case SCRATCH_OPEN:
        return pam_open_session(s->pamh, flags);
    case SCRATCH_CLOSE:
        return pam_close_session(s->pamh, flags);
    }
    return PAM_ABORT;
}

void scratch_end(struct scratch *s)
{
    if (s->pamh)
        pam_end(s->pamh, PAM_SUCCESS);
    s->pamh = NULL;
}

void scratch_remove(struct scratch *s)
{
    char path[96];

    scratch_end(s);
    snprintf(path, sizeof(path), "%s/svc", s->directory);
    unlink(path);
    rmdir(s->directory);
}

int scratch_once(struct scratch *s, enum scratch_phase phase, const char *module, const char *arguments,
                 const char *socket, const char *user)
{
    static const char *const types[] = {"auth", "auth", "account", "session", "session"};
    frt_auto_free char *lines = NULL;
    int code;

    if (asprintf(&lines, "%s required %%m %s", types[phase], arguments) < 0)
        abort();
    scratch_write(s, lines, module, socket);
    scratch_start(s, user);
    code = scratch_run(s, phase, 0);
    scratch_remove(s);
    return code;
}
