/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/case_marks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/commands.h"
#include "protocol/client.h"
#include "support/percent.h"

static bool set_reason(struct frt_ask *ask, const char *name, const char *text)
{
    size_t length = text ? strlen(text) : 0;

    if (length == 0)
        return true; /* frtd says what is missing, and refuses */
    if (frt_prose_is_clean(text, length, false) &&
        frt_percent_encode(text, length, ask->reason, sizeof(ask->reason)) == length)
        return true;
    fprintf(stderr, "frt: %s: expected at most %zu bytes of plain text, without control or direction marks\n",
            name, sizeof(ask->reason) - 1);
    return false;
}

static bool set_object(struct frt_ask *ask, const char *object)
{
    if (strlen(object) == 64 && strspn(object, "0123456789abcdef") == 64)
        strcpy(ask->sha256, object);
    else
        return frt_cli_set(ask->request, sizeof(ask->request), "the request's id", object);
    return true;
}

/* Exit status; on FRT_EXIT_YES the caller clears `*ret_answer`. */
static int tell(const char *conf_path, const struct frt_ask *ask, struct frt_answer *ret_answer)
{
    struct frt_conf *conf = frt_cli_conf(conf_path);
    int r, code = FRT_EXIT_NO;

    if (!conf)
        return FRT_EXIT_USAGE;
    r = frt_client_ask_once(conf->socket, ask, frt_mono_ms() + FRT_CLI_TIMEOUT_MS, ret_answer);
    if (r < 0) {
        fprintf(stderr, "frt: frtd does not answer at %s: %s. Nothing was recorded.\n", conf->socket,
                strerror(-r));
        code = FRT_EXIT_UNREACHABLE;
    } else if (ret_answer->verdict == FRT_VERDICT_DENY) {
        fprintf(stderr, "frt: %s. Nothing was recorded.\n", ret_answer->message);
    } else if (ret_answer->decision < 0) {
        fputs("frt: frtd could not write the record; try again later\n", stderr);
    } else {
        code = FRT_EXIT_YES;
    }
    frt_conf_free(conf);
    if (r == 0 && code != FRT_EXIT_YES)
        frt_answer_clear(ret_answer);
    return code;
}

static int tell_and_say(const char *conf_path, const struct frt_ask *ask)
{
    struct frt_answer answer;
    int code = tell(conf_path, ask, &answer);

    if (code == FRT_EXIT_YES) {
        printf("recorded as %lld\n", (long long)answer.decision);
        frt_answer_clear(&answer);
    }
    return code;
}

int frt_mark_review(const char *conf_path, const char *request, long long decision, const char *finding)
{
    struct frt_ask ask = frt_cli_question(FRT_ASK_REVIEW);

    ask.decision = decision;
    if (!frt_cli_set(ask.request, sizeof(ask.request), "the request's id", request) ||
        !set_reason(&ask, "finding", finding))
        return FRT_EXIT_USAGE;
    return tell_and_say(conf_path, &ask);
}

int frt_mark_hold(const char *conf_path, const char *act, const char *object, const char *reason)
{
    struct frt_ask ask = frt_cli_question(FRT_ASK_RETAIN);

    strcpy(ask.act, act);
    if (!set_object(&ask, object) || !set_reason(&ask, "reason", reason))
        return FRT_EXIT_USAGE;
    return tell_and_say(conf_path, &ask);
}

static int remove_kept(const char *documents, const char *digest)
{
    char path[4200];

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", documents, digest) < sizeof(path) &&
        (unlink(path) == 0 || errno == ENOENT))
        return FRT_EXIT_YES;
    fprintf(stderr, "frt: %s/%s: %s. Its destruction is recorded; remove it as root.\n", documents, digest,
            strerror(errno));
    return FRT_EXIT_NO;
}

int frt_mark_destroy(const char *conf_path, const char *object, const char *permission, const char *documents)
{
    struct frt_ask ask = frt_cli_question(FRT_ASK_RETAIN);
    struct frt_answer answer;
    const char *digest;
    json_t *said;
    int code;

    strcpy(ask.act, "destroy");
    if (!set_object(&ask, object) || !set_reason(&ask, "permission", permission))
        return FRT_EXIT_USAGE;
    code = tell(conf_path, &ask, &answer);
    if (code != FRT_EXIT_YES)
        return code;
    said = answer.text ? json_loadb(answer.text, answer.text_length, 0, NULL) : NULL;
    digest = frt_cli_text(said, "document");
    printf("recorded as %lld\n", (long long)answer.decision);
    if (strcmp(frt_cli_text(said, "state"), "destroyed") != 0) {
        printf("Destruction of document %s is proposed. Nothing was removed: a second person says the same,\n"
               "with the same --permission.\n",
               digest);
    } else {
        code = remove_kept(documents, digest);
        if (code == FRT_EXIT_YES)
            printf("Document %s is destroyed; its digest, who proposed and who did it stay in the trail.\n",
                   digest);
    }
    json_decref(said);
    frt_answer_clear(&answer);
    return code;
}

int frt_mark_list(const char *conf_path, enum frt_paper_output output)
{
    static const char *const columns[] = {"object", "state", "since", "by", "reason", NULL};
    struct frt_ask ask = frt_cli_question(FRT_ASK_RETAIN);
    struct frt_sheet *sheet = frt_sheet_new("marks", "Papers that are marked", columns);
    const json_t *mark;
    json_t *marks;
    size_t i;
    int code;

    strcpy(ask.act, "list");
    marks = frt_cli_ask(conf_path, &ask, &code);
    json_array_foreach(json_object_get(marks, "marks"), i, mark) for (size_t c = 0; columns[c]; c++)
        frt_sheet_text(sheet, frt_cli_text(mark, columns[c]));
    if (marks) {
        frt_paper_print_sheet(sheet, output);
        if (frt_cli_number(marks, "more") > 0)
            fprintf(stderr, "frt: and %lld more\n", frt_cli_number(marks, "more"));
        code = FRT_EXIT_YES;
    }
    frt_sheet_free(sheet);
    json_decref(marks);
    return code;
}
