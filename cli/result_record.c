/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/result_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/form_dialogue.h"
#include "protocol/client.h"
#include "support/percent.h"

json_t *frt_open_searches(const char *conf_path, int *ret_exit)
{
    struct frt_ask ask = frt_cli_question(FRT_ASK_OPEN);

    return frt_cli_ask(conf_path, &ask, ret_exit);
}

void frt_result_print_open(const char *conf_path, const char *request)
{
    int code;
    json_t *open = frt_open_searches(conf_path, &code);
    const json_t *search;
    size_t i;

    if (!open)
        puts("   open results                not known: frtd did not answer");
    json_array_foreach(json_object_get(open, "open"), i, search)
    {
        if (strcmp(frt_cli_text(search, "request"), request) == 0)
            printf(
                "   result is not on record     decision %lld of %s by %s: frt request record %s --decision "
                "%lld --matches N --database NAME\n",
                frt_cli_number(search, "decision"), frt_cli_text(search, "time"),
                frt_cli_text(search, "user"), request, frt_cli_number(search, "decision"));
    }
    json_decref(open);
}

static int send_result(const char *conf_path, const struct frt_ask *ask)
{
    struct frt_conf *conf = frt_cli_conf(conf_path);
    struct frt_answer answer;
    int r, code = FRT_EXIT_NO;

    if (!conf)
        return FRT_EXIT_USAGE;
    r = frt_client_ask_once(conf->socket, ask, frt_mono_ms() + FRT_CLI_TIMEOUT_MS, &answer);
    if (r < 0) {
        fprintf(stderr, "frt: frtd does not answer at %s: %s. Nothing was recorded.\n", conf->socket,
                strerror(-r));
        frt_conf_free(conf);
        return FRT_EXIT_UNREACHABLE;
    }
    if (answer.verdict == FRT_VERDICT_DENY)
        fprintf(stderr, "frt: %s. Nothing was recorded.\n", answer.message);
    else if (answer.decision < 0)
        fputs("frt: frtd could not write the record; try again later\n", stderr);
    else {
        printf("recorded as %lld\n", (long long)answer.decision);
        code = FRT_EXIT_YES;
    }
    frt_answer_clear(&answer);
    frt_conf_free(conf);
    return code;
}

int frt_result_tell(const char *conf_path, long long decision, const char *request, const char *matches,
                    const char *database)
{
    struct frt_ask ask = frt_cli_question(FRT_ASK_RESULT);

    ask.decision = decision;
    if (!frt_cli_set(ask.matches, sizeof(ask.matches), "matches", matches) ||
        !frt_cli_set(ask.request, sizeof(ask.request), "the request's id", request ? request : ""))
        return FRT_EXIT_USAGE;
    if (!frt_prose_is_clean(database, strlen(database), false) ||
        frt_percent_encode(database, strlen(database), ask.database, sizeof(ask.database)) !=
            strlen(database)) {
        fprintf(stderr,
                "frt: %s: expected at most %zu bytes of plain text, without control or direction marks\n",
                strcmp(matches, "none") == 0 ? "no-search" : "database", sizeof(ask.database) - 1);
        return FRT_EXIT_USAGE;
    }
    return send_result(conf_path, &ask);
}

int frt_result_ask(const char *conf_path, long long decision, const char *request)
{
    char database[512], matches[64];
    int code = FRT_EXIT_NO;

    for (unsigned i = 0; i < 10; i++) {
        if (!frt_ask_line(i ? "Another database searched (empty: no more)"
                            : "Database searched (empty: no search was made)",
                          database, sizeof(database)))
            return code;
        if (database[0] == '\0' && i > 0)
            return code;
        if (database[0] == '\0')
            return frt_ask_line("Why was no search made", matches, sizeof(matches)) && matches[0]
                       ? frt_result_tell(conf_path, decision, request, "none", matches)
                       : FRT_EXIT_NO;
        if (!frt_ask_line("Matches it returned (0 when there were none)", matches, sizeof(matches)))
            return code;
        code = frt_result_tell(conf_path, decision, request, matches, database);
    }
    return code;
}

/* The newest open search of this person with that tool under that request; 0 when there is none. */
static long long newest(const json_t *open, const char *user, const char *tool, const char *request)
{
    const json_t *search;
    long long found = 0;
    size_t i;

    json_array_foreach(json_object_get(open, "open"), i, search)
    {
        const char *of = frt_cli_text(search, "tool");

        if (strcmp(frt_cli_text(search, "request"), request) == 0 &&
            strcmp(frt_cli_text(search, "user"), user) == 0 && strncmp(of, tool, strlen(tool)) == 0 &&
            (of[strlen(tool)] == '\0' || of[strlen(tool)] == '-'))
            found = frt_cli_number(search, "decision");
    }
    return found;
}

void frt_result_after_run(const char *conf_path, const char *user, const char *tool, const char *request)
{
    int code;
    json_t *open = frt_open_searches(conf_path, &code);
    long long decision = open ? newest(open, user, tool, request) : 0;

    json_decref(open);
    if (decision == 0)
        return;
    if (isatty(STDIN_FILENO) && frt_result_ask(conf_path, decision, request) == FRT_EXIT_YES)
        return;
    fprintf(stderr,
            "frt: the law wants to know what this search returned. Record it, one line for each database (0 "
            "is an answer):\n"
            "    frt request record %s --decision %lld --matches N --database NAME\n",
            request, decision);
}
