/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words on a PAM line of pam_frt.so. A line governs when it names a tool; a governed line with a word
 * that is not understood fails closed, so that a typing mistake never opens anything.
 *
 *     tool=ID            the tool this service is (its id in the catalogue); makes the line govern
 *     tool=env           launchers (frt run): the tool is FRT_TOOL of the PAM environment; absent is a denial
 *     action=exec        what using the service amounts to: exec (default), open, or login (services that
 * recognise the person, like a face unlock) request=required   auth: a tool that needs a written request is
 * asked for its number, empty cancels (default); request=optional   empty goes on without one, and the
 * account phase decides; request=none       never asked for (FRT_REQUEST of the PAM environment still counts)
 *     group_id=N         setcred: adds this numeric group after an allow, or with request=none and no account line for
 *                        performers; no names, the module asks no NSS
 *     socket=PATH        where frtd listens
 *     timeout_ms=N       for the whole question, 1 to 60000 (default 2000)
 *     results=ask|later  what a search returned, when its session closes (default ask)
 *     contact=TEXT       where to ask while frtd cannot be reached
 *     speak              tells the person why although the application wants silence (PAM_SILENT), as sudo
 * does debug              questions and answers to syslog notice[=TEXT]      a line that names no tool: shown
 * when a session opens
 */
#ifndef FRT_PAM_MODULE_ARGUMENTS_H
#define FRT_PAM_MODULE_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "decision/facts.h"

enum frt_pam_request {
    FRT_PAM_REQUEST_REQUIRED,
    FRT_PAM_REQUEST_OPTIONAL,
    FRT_PAM_REQUEST_NONE,
};

/* Borrows its texts from the line. */
struct frt_pam_arguments {
    const char *tool; /* NULL: tool=env */
    enum frt_action action;
    enum frt_pam_request request;
    int64_t group_id; /* -1: none */
    const char *socket;
    int64_t timeout_ms;
    const char *contact; /* "" when not given */
    bool results_later;  /* what a search returned is not asked when the session closes */
    bool speak;
    bool debug;
};

/* True when the line names a tool, well or badly. */
bool frt_pam_arguments_govern(int argc, const char **argv);

/* The notice's text of a line that does not govern; NULL when it has none. */
const char *frt_pam_arguments_notice(int argc, const char **argv);

/* 0, or -EINVAL with `*ret_bad` the word at fault: unknown, twice, empty or outside its range. */
int frt_pam_arguments_parse(int argc, const char **argv, struct frt_pam_arguments *ret_arguments,
                            const char **ret_bad);

#endif
