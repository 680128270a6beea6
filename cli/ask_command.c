/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "casework/questions.h"
#include "cli/commands.h"
#include "cli/desk_options.h"

enum output { TEXT, JSON, CSV };

struct arguments {
    struct frt_cli_desk cli;
    struct frt_desk_knobs knobs;
    enum output output;
    const char *table;
    bool list;
};

static void print_help(FILE *out)
{
    fprintf(out,
            "Usage: frt ask --list\n"
            "       frt ask [OPTION]... QUESTION\n\n"
            "Answers one of the auditor's thirty-two questions from the trail, and from the directory where "
            "that is needed.\n"
            "QUESTION is its number (Q7) or name. Every answer states period, filters, policy editions, "
            "records considered\n"
            "and the state of the chain.\n\n"
            "  --csv                   the first table, RFC 4180; the statement goes to stderr\n"
            "  --json                  answer, statement and all tables\n"
            "  --table NAME            another table of the answer with --csv\n"
            "  --days N --count N      windows of Q8, Q9, Q24 (default 7 days, 3 denials)\n"
            "  --office-hours FROM-TO  Q22, hours of the day in the time zone TZ (default 7-19)\n"
            "  --city-cases FILE       Q19: case numbers of the city, one a line\n"
            "  --training FILE         Q24: \"uid date\", one a line\n"
            "  --policy FILE           Q29: which verdicts would differ under this policy\n%s\n"
            "Exit status: 0 answered, 1 answered in part or not at all (the answer says why), 4 wrong usage "
            "or input.\n",
            frt_cli_desk_help);
}

static void print_list(void)
{
    for (size_t i = 0; i < FRT_QUESTION_COUNT; i++)
        printf("Q%-3u %-24s %s\n", frt_questions[i].number, frt_questions[i].name, frt_questions[i].text);
}

static bool take_number(const char *name, const char *value, int64_t *ret_number)
{
    char *end;

    errno = 0;
    *ret_number = strtoll(value, &end, 10);
    if (errno == 0 && *end == '\0' && *ret_number > 0 && *ret_number <= 36600)
        return true;
    fprintf(stderr, "frt: --%s %s: expected a whole number from 1\n", name, value);
    return false;
}

static bool take_hours(struct frt_desk_knobs *knobs, const char *value)
{
    char rest;

    if (sscanf(value, "%2u-%2u%c", &knobs->office_from, &knobs->office_to, &rest) == 2 &&
        knobs->office_from < knobs->office_to && knobs->office_to <= 24)
        return true;
    fprintf(stderr, "frt: --office-hours %s: expected two hours of the day like 7-19\n", value);
    return false;
}

static bool take_option(struct arguments *arguments, const char *name, const char *value)
{
    struct frt_desk_knobs *knobs = &arguments->knobs;

    if (strcmp(name, "list") == 0)
        arguments->list = true;
    else if (strcmp(name, "csv") == 0)
        arguments->output = CSV;
    else if (strcmp(name, "json") == 0)
        arguments->output = JSON;
    else if (strcmp(name, "table") == 0)
        arguments->table = value;
    else if (strcmp(name, "days") == 0)
        return take_number(name, value, &knobs->days);
    else if (strcmp(name, "count") == 0)
        return take_number(name, value, &knobs->count);
    else if (strcmp(name, "office-hours") == 0)
        return take_hours(knobs, value);
    else if (strcmp(name, "city-cases") == 0)
        knobs->city_cases = value;
    else if (strcmp(name, "training") == 0)
        knobs->training = value;
    else
        knobs->policy = value;
    return true;
}

static const struct frt_sheet *wanted_table(const struct frt_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->sheet_count; i++)
        if (!name || strcmp(frt_sheet_name(reply->sheets[i]), name) == 0)
            return reply->sheets[i];
    return NULL;
}

static int write_csv(const struct frt_reply *reply, const struct frt_statement *statement, const char *table)
{
    const struct frt_sheet *sheet = wanted_table(reply, table);

    fprintf(stderr, "Q%u %s: %s%s%s\n", reply->question->number, reply->question->name,
            frt_reply_state_name(reply->state), reply->words[0] ? ": " : "", reply->words);
    frt_statement_write_text(statement, stderr);
    if (sheet) {
        frt_sheet_write_csv(sheet, stdout);
        return FRT_EXIT_YES;
    }
    if (!table)
        return FRT_EXIT_NO;
    fprintf(stderr, "frt: this answer has no table '%s'; it has:", table);
    for (size_t i = 0; i < reply->sheet_count; i++)
        fprintf(stderr, " %s", frt_sheet_name(reply->sheets[i]));
    fputs("\n", stderr);
    return FRT_EXIT_USAGE;
}

static int answer(const struct arguments *arguments, struct frt_desk *desk,
                  const struct frt_question *question, const char *query)
{
    struct frt_statement statement;
    struct frt_reply reply;
    int code;

    desk->knobs = arguments->knobs;
    frt_question_ask(desk, question, &reply);
    frt_desk_state(desk, query, reply.filters, &statement);
    code = reply.state == FRT_REPLY_ANSWERED ? FRT_EXIT_YES
           : reply.state == FRT_REPLY_FAILED ? FRT_EXIT_USAGE
                                             : FRT_EXIT_NO;
    if (arguments->output == CSV) {
        int written = write_csv(&reply, &statement, arguments->table);

        code = written != FRT_EXIT_YES ? written : code;
    } else if (arguments->output == JSON) {
        frt_reply_write_json(&reply, &statement, stdout);
    } else {
        frt_reply_write_text(&reply, &statement, stdout);
    }
    frt_reply_clear(&reply);
    return fflush(stdout) == 0 ? code : FRT_EXIT_USAGE;
}

int frt_ask_command(int argc, char **argv)
{
    static const struct option options[] = {
        FRT_CLI_DESK_ROWS,
        {"list", no_argument, NULL, 'o'},
        {"csv", no_argument, NULL, 'o'},
        {"json", no_argument, NULL, 'o'},
        {"table", required_argument, NULL, 'o'},
        {"days", required_argument, NULL, 'o'},
        {"count", required_argument, NULL, 'o'},
        {"office-hours", required_argument, NULL, 'o'},
        {"city-cases", required_argument, NULL, 'o'},
        {"training", required_argument, NULL, 'o'},
        {"policy", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct arguments arguments = {.knobs = {.days = 7, .count = 3, .office_from = 7, .office_to = 19}};
    const struct frt_question *question;
    struct frt_desk *desk;
    char query[512];
    int option, chosen, code;

    frt_cli_desk_query(argc, argv, query, sizeof(query));
    while ((option = getopt_long(argc, argv, "", options, &chosen)) != -1) {
        if (option != 'o' && option != FRT_CLI_DESK_OPTION) {
            print_help(option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : FRT_EXIT_USAGE;
        }
        if (option == 'o' ? !take_option(&arguments, options[chosen].name, optarg)
                          : !frt_cli_desk_option(&arguments.cli, options[chosen].name, optarg))
            return FRT_EXIT_USAGE;
    }
    if (arguments.list) {
        print_list();
        return FRT_EXIT_YES;
    }
    if (argc - optind != 1) {
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    question = frt_question_find(argv[optind]);
    if (!question) {
        fprintf(stderr, "frt: there is no question '%s'; frt ask --list shows all\n", argv[optind]);
        return FRT_EXIT_USAGE;
    }
    code = frt_cli_desk_open(&arguments.cli, query + 4, &desk);
    if (code != FRT_EXIT_YES)
        return code;
    code = answer(&arguments, desk, question, query);
    frt_cli_desk_close(&arguments.cli, desk);
    return code;
}
