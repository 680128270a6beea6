/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/commands.h"

static void print_help(FILE *out)
{
    fputs(
        "Usage: frt status [--config FILE] [--json]\n\n"
        "Says whether frtd decides, from how fresh a view of the directory, under which policy, and whether "
        "the\n"
        "trail is being written. Exit status 0: all is well; 1: tools are being refused for a reason shown;\n"
        "5: frtd does not answer.\n",
        out);
}

static bool is_well(const json_t *status)
{
    const char *view = frt_cli_text(json_object_get(status, "view"), "state");

    return strcmp(view, "fresh") == 0 &&
           json_is_true(json_object_get(json_object_get(status, "trail"), "writable")) &&
           strcmp(frt_cli_text(status, "clock"), "good") == 0 &&
           strcmp(frt_cli_text(status, "gate"), "not-enforcing") != 0;
}

static void print_view(const json_t *view)
{
    const json_t *line;
    size_t i;

    printf("directory  %s, %lld entries", frt_cli_text(view, "state"), frt_cli_number(view, "entries"));
    if (strcmp(frt_cli_text(view, "source"), "ldap") == 0 && frt_cli_number(view, "age_ms") < 0)
        printf(", never confirmed");
    else if (strcmp(frt_cli_text(view, "source"), "ldap") == 0)
        printf(", confirmed %.1f s ago", (double)frt_cli_number(view, "age_ms") / 1000);
    else
        printf(", from LDIF files");
    puts("");
    if (frt_cli_text(view, "replica")[0])
        printf("           %s\n", frt_cli_text(view, "replica"));
    if (frt_cli_text(view, "problem")[0])
        printf("           %s\n", frt_cli_text(view, "problem"));
    if (frt_cli_number(view, "unreadable_count") > 0)
        printf("           %lld entries cannot be read; what they are about is refused:\n",
               frt_cli_number(view, "unreadable_count"));
    json_array_foreach(json_object_get(view, "unreadable"), i, line)
        printf("             %s\n", json_string_value(line));
}

static void print_status(const json_t *status)
{
    const json_t *policy = json_object_get(status, "policy"), *trail = json_object_get(status, "trail");
    const json_t *decisions = json_object_get(status, "decisions");

    printf("frtd %s    %s on host %s, since %s\n", frt_cli_text(status, "version"),
           is_well(status) ? "working" : "NOT WELL: tools are being refused", frt_cli_text(status, "host"),
           frt_cli_text(status, "started"));
    printf("policy     %s, edition %s%s\n", frt_cli_text(policy, "id"), frt_cli_text(policy, "edition"),
           json_is_true(json_object_get(policy, "review_overdue")) ? " (review is overdue)" : "");
    print_view(json_object_get(status, "view"));
    printf("trail      %s, %lld records under %lld seals in %s\n",
           json_is_true(json_object_get(trail, "writable")) ? "written and sealed" : "CANNOT BE WRITTEN",
           frt_cli_number(trail, "records"), frt_cli_number(trail, "seals"), frt_cli_text(trail, "log_dir"));
    if (frt_cli_text(trail, "problem")[0])
        printf("           %s\n", frt_cli_text(trail, "problem"));
    printf("clock      %s\n", frt_cli_text(status, "clock"));
    if (strcmp(frt_cli_text(status, "clock"), "good") != 0)
        puts("           It stands before what is in the trail. Set it right; if it is right now, and was "
             "wrong then:\n"
             "           systemctl stop frtd; frt ack --reason 'WHY'; systemctl start frtd");
    printf("gate       %s\n", frt_cli_text(status, "gate"));
    if (strcmp(frt_cli_text(status, "gate"), "not-enforcing") == 0)
        puts("           frt gate status says why; systemctl restart frt-gate starts it anew");
    printf(
        "decisions  %lld denied (%lld of them undecidable), %lld allowed, %lld exempt, %lld not governed\n",
        frt_cli_number(decisions, "deny"), frt_cli_number(decisions, "undecided"),
        frt_cli_number(decisions, "allow"), frt_cli_number(decisions, "exempt"),
        frt_cli_number(decisions, "not_governed"));
    if (frt_cli_number(status, "open_results") > 0)
        printf("results    %lld searches without a result on record: frt request list --open\n",
               frt_cli_number(status, "open_results"));
}

int frt_status_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct frt_ask ask = frt_cli_question(FRT_ASK_STATUS);
    const char *conf_path = NULL;
    bool as_json = false;
    json_t *status;
    int option, code;

    while ((option = getopt_long(argc, argv, "c:jh", options, NULL)) != -1) {
        if (option == 'c')
            conf_path = optarg;
        else if (option == 'j')
            as_json = true;
        else {
            print_help(option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : FRT_EXIT_USAGE;
        }
    }
    if (optind != argc) {
        print_help(stderr);
        return FRT_EXIT_USAGE;
    }
    status = frt_cli_ask(conf_path, &ask, &code);
    if (!status)
        return code;
    if (as_json)
        frt_cli_print_json(status);
    else
        print_status(status);
    code = is_well(status) ? FRT_EXIT_YES : FRT_EXIT_NO;
    json_decref(status);
    return code;
}
