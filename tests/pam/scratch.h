/* SPDX-License-Identifier: BSD-2-Clause
 *
 * PAM services in a folder of their own, run through the real libpam by pam_start_confdir(3); what the module said to the
 * person is kept.
 */
#ifndef FRT_TESTS_PAM_SCRATCH_H
#define FRT_TESTS_PAM_SCRATCH_H

#include <security/pam_appl.h>
#include <stdbool.h>
#include <stddef.h>

struct scratch {
    char directory[64];
    char said[4096];   /* messages, each ended by '\n' */
    const char *reply; /* to prompts; NULL: no answer */
    unsigned prompts;
    struct pam_conv conv;
    pam_handle_t *pamh;
};

enum scratch_phase { SCRATCH_AUTH, SCRATCH_SETCRED, SCRATCH_ACCOUNT, SCRATCH_OPEN, SCRATCH_CLOSE };

/* The two builds of the module: as shipped, and with whatever the preset checks. */
#define SCRATCH_MODULES 2
const char *scratch_module(int number);

/* The service "svc" gets these lines; %m in them is the module, %s the socket. */
void scratch_write(struct scratch *s, const char *lines, const char *module, const char *socket);
void scratch_start(struct scratch *s, const char *user);
int scratch_run(struct scratch *s, enum scratch_phase phase, int flags);
void scratch_end(struct scratch *s);
void scratch_remove(struct scratch *s);

/* All of it for one line of one phase. */
int scratch_once(struct scratch *s, enum scratch_phase phase, const char *module, const char *arguments,
                 const char *socket, const char *user);

#endif
