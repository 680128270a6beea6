/* SPDX-License-Identifier: BSD-2-Clause */
#include "pam_module/arguments.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "protocol/client.h"
#include "support/cleanup.h"
#include "support/name.h"

#define TIMEOUT_DEFAULT_MS 2000
#define TIMEOUT_MAX_MS     60000

#define NOTICE                                                                                               \
    "Notice to city officials: facial recognition tools on this machine are governed by law, and every "     \
    "attempt to "                                                                                            \
    "open one is recorded. Your own refusals: frt why"

/* Decimal digits only: no sign, no space, no hexadecimal, no octal (threats P8). */
static int parse_number(const char *text, int64_t least, int64_t most, int64_t *ret)
{
    int64_t number = 0;

    if (text[0] == '\0' || strlen(text) > 10 || (text[0] == '0' && text[1] != '\0'))
        return -EINVAL;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -EINVAL;
        number = number * 10 + (*text - '0');
    }
    if (number < least || number > most)
        return -EINVAL;
    *ret = number;
    return 0;
}

static int take_tool(const char *text, struct frt_pam_arguments *arguments)
{
    if (strcmp(text, "env") == 0)
        return 0;
    if (!frt_identifier_is_valid(text))
        return -EINVAL;
    arguments->tool = text;
    return 0;
}

static int take_action(const char *text, struct frt_pam_arguments *arguments)
{
    static const enum frt_action actions[] = {FRT_ACTION_EXEC, FRT_ACTION_OPEN, FRT_ACTION_LOGIN};
    static const char names[][8] = {"exec", "open", "login"};

    for (size_t i = 0; i < FRT_ARRAY_LEN(actions); i++) {
        if (strcmp(text, names[i]) != 0)
            continue;
        arguments->action = actions[i];
        return 0;
    }
    return -EINVAL;
}

static int take_request(const char *text, struct frt_pam_arguments *arguments)
{
    static const char names[][12] = {
        [FRT_PAM_REQUEST_REQUIRED] = "required",
        [FRT_PAM_REQUEST_OPTIONAL] = "optional",
        [FRT_PAM_REQUEST_NONE] = "none",
    };

    for (size_t i = 0; i < FRT_ARRAY_LEN(names); i++) {
        if (strcmp(text, names[i]) != 0)
            continue;
        arguments->request = (enum frt_pam_request)i;
        return 0;
    }
    return -EINVAL;
}

/* Never root's group, never (gid_t)-1. */
static int take_group(const char *text, struct frt_pam_arguments *arguments)
{
    return parse_number(text, 1, UINT32_MAX - 1, &arguments->group_id);
}

static int take_socket(const char *text, struct frt_pam_arguments *arguments)
{
    arguments->socket = text;
    return text[0] == '/' ? 0 : -EINVAL;
}

static int take_timeout(const char *text, struct frt_pam_arguments *arguments)
{
    return parse_number(text, 1, TIMEOUT_MAX_MS, &arguments->timeout_ms);
}

static int take_contact(const char *text, struct frt_pam_arguments *arguments)
{
    arguments->contact = text;
    return text[0] && frt_prose_is_clean(text, strlen(text), false) ? 0 : -EINVAL;
}

static int take_results(const char *text, struct frt_pam_arguments *arguments)
{
    arguments->results_later = strcmp(text, "later") == 0;
    return arguments->results_later || strcmp(text, "ask") == 0 ? 0 : -EINVAL;
}

static int take_speak(const char *text, struct frt_pam_arguments *arguments)
{
    (void)text;
    arguments->speak = true;
    return 0;
}

static int take_debug(const char *text, struct frt_pam_arguments *arguments)
{
    (void)text;
    arguments->debug = true;
    return 0;
}

/* Names ending in '=' take a value; the others stand alone. */
static const struct {
    const char *name;
    int (*take)(const char *text, struct frt_pam_arguments *arguments);
} words[] = {
    {"tool=", take_tool},       {"action=", take_action},   {"request=", take_request},
    {"group_id=", take_group},  {"socket=", take_socket},   {"timeout_ms=", take_timeout},
    {"contact=", take_contact}, {"results=", take_results}, {"speak", take_speak},
    {"debug", take_debug},
};

/* Number of the row `argument` belongs to, or -1; `*ret_text` is what follows the name. */
static int find_word(const char *argument, const char **ret_text)
{
    for (size_t i = 0; i < FRT_ARRAY_LEN(words); i++) {
        size_t length = strlen(words[i].name);

        if (strncmp(argument, words[i].name, length) != 0)
            continue;
        if (words[i].name[length - 1] != '=' && argument[length] != '\0')
            continue;
        *ret_text = argument + length;
        return (int)i;
    }
    return -1;
}

bool frt_pam_arguments_govern(int argc, const char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strncmp(argv[i], "tool", 4) == 0 && (argv[i][4] == '=' || argv[i][4] == '\0'))
            return true;
    return false;
}

const char *frt_pam_arguments_notice(int argc, const char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "notice") == 0)
            return NOTICE;
        if (strncmp(argv[i], "notice=", 7) == 0 &&
            frt_prose_is_clean(argv[i] + 7, strlen(argv[i] + 7), false))
            return argv[i] + 7;
    }
    return NULL;
}

int frt_pam_arguments_parse(int argc, const char **argv, struct frt_pam_arguments *ret_arguments,
                            const char **ret_bad)
{
    struct frt_pam_arguments arguments = {
        .action = FRT_ACTION_EXEC,
        .group_id = -1,
        .socket = FRT_SOCKET_PATH,
        .timeout_ms = TIMEOUT_DEFAULT_MS,
        .contact = "",
    };
    unsigned seen = 0;

    for (int i = 0; i < argc; i++) {
        const char *text = NULL;
        int word = find_word(argv[i], &text);

        *ret_bad = argv[i];
        if (word < 0 || (seen & 1u << word))
            return -EINVAL;
        seen |= 1u << word;
        if (words[word].take(text, &arguments) < 0)
            return -EINVAL;
    }
    *ret_arguments = arguments;
    return 0;
}
