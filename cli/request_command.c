/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frt request: the life of a written request, from filing to the result of its last search.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/case_marks.h"
#include "cli/commands.h"
#include "cli/file_form.h"
#include "cli/form_dialogue.h"
#include "cli/paper_print.h"
#include "cli/result_record.h"

struct request {
    struct frt_office office;
    struct frt_form form;
    const char *json_form, *matches, *no_search, *finding, *permission;
    long long decision;
    bool open, retention;
    enum frt_paper_output output;
    const char *id;
};

static void print_help(FILE *out)
{
    fputs("Usage: frt request new [--route order|deceased|emergency] [FIELD]... [--form FILE]\n"
          "       frt request show ID [--document FILE] [--json]\n"
          "       frt request list [--open] [--json | --csv]\n"
          "       frt request withdraw ID\n"
          "       frt request close ID\n"
          "       frt request record ID --decision N (--matches N --database NAME | --no-search WHY)\n"
          "       frt request review ID --decision N --finding TEXT\n"
          "       frt request hold | release ID|SHA256 --reason WHY\n"
          "       frt request destroy ID|SHA256 --permission REFERENCE\n"
          "       frt request list --retention\n\n"
          "Written requests, filed in your own name; what is missing is asked for on a terminal. Fields:\n\n",
          out);
    for (unsigned f = 0; f < FRT_FIELD_COUNT; f++)
        if (frt_field_rows[f].may & (1u << FRT_FORM_REQUEST_ORDER | 1u << FRT_FORM_REQUEST_EMERGENCY))
            fprintf(out, "  --%-21s %s\n", frt_field_rows[f].name, frt_field_rows[f].question);
    fputs("  --form FILE             a JSON object with these fields; - is the standard input\n"
          "  --open                  list: searches whose result is not on record yet\n"
          "  --retention             list: what is held, proposed, destroyed, or may be proposed for it\n"
          "  --finding TEXT          what a review found; by somebody else than who searched or asked\n"
          "  --permission REFERENCE  of the permission to destroy; two different people give the "
          "same\n" FRT_OFFICE_HELP
          "\nExit status: 0 done, 1 refused, 4 wrong or missing fields (each is named), 5 no answer.\n",
          out);
}

/* ---- list, show ---- */

static int64_t now_s(void)
{
    return (int64_t)time(NULL);
}

static int add_row(void *arg, const struct frt_entry *entry)
{
    static const char *const columns[] = {"frtRequestId", "frtFiledAt",    "frtRecipient",
                                          "frtRoute",     "frtCaseNumber", "frtValidUntil"};
    struct frt_sheet *sheet = arg;

    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        frt_sheet_text(sheet, frt_paper_value(entry, columns[i]));
    frt_sheet_text(sheet, frt_paper_state(entry, now_s()));
    return 0;
}

static int list_filed(struct request *request)
{
    static const char *const columns[] = {"request", "filed", "recipient", "route",
                                          "case",    "until", "state",     NULL};
    struct frt_sheet *sheet = frt_sheet_new("requests", "Requests you may see", columns);
    struct frt_trouble trouble = {0};
    int r = frt_filing_list(request->office.filing, FRT_FILING_REQUESTS, add_row, sheet, &trouble);

    if (r == 0 && !frt_sheet_failed(sheet))
        frt_paper_print_sheet(sheet, request->output);
    frt_sheet_free(sheet);
    return frt_office_explain(r, "requests", &trouble);
}

static int list_open(const struct request *request)
{
    static const char *const columns[] = {"#decision", "time", "request", "tool", "login", "user", NULL};
    int code;
    json_t *open = frt_open_searches(request->office.conf_path, &code);
    const json_t *search;
    struct frt_sheet *sheet;
    long long more;
    size_t i;

    if (!open)
        return code;
    sheet = frt_sheet_new("open", "Searches whose result is not on record", columns);
    json_array_foreach(json_object_get(open, "open"), i, search)
    {
        frt_sheet_number(sheet, frt_cli_number(search, "decision"));
        for (size_t c = 1; columns[c]; c++)
            frt_sheet_text(sheet, frt_cli_text(search, columns[c]));
    }
    more = frt_cli_number(open, "more");
    frt_paper_print_sheet(sheet, request->output);
    if (more > 0)
        fprintf(stderr, "frt: and %lld more\n", more);
    if (frt_sheet_rows(sheet) > 0 && request->output == FRT_PAPER_TEXT)
        fputs("Record each: frt request record REQUEST --decision N --matches N --database NAME\n", stderr);
    frt_sheet_free(sheet);
    json_decref(open);
    return FRT_EXIT_YES;
}

static int show(struct request *request)
{
    struct frt_trouble trouble = {0};
    struct frt_entry *entry = NULL;
    int r = frt_filing_get(request->office.filing, FRT_FILING_REQUESTS, request->id, &entry, &trouble);
    const char *document = frt_form_has(&request->form, FRT_FIELD_DOCUMENT)
                               ? frt_form_get(&request->form, FRT_FIELD_DOCUMENT)
                               : NULL;
    bool same = true;

    if (r != 0)
        return frt_office_explain(r, "request", &trouble);
    if (request->output == FRT_PAPER_JSON) {
        frt_paper_print_json(entry);
    } else {
        frt_paper_print(entry);
        printf("   %-27s %s\n", "state", frt_paper_state(entry, now_s()));
        frt_result_print_open(request->office.conf_path, request->id);
    }
    if (document || request->output != FRT_PAPER_JSON)
        same = frt_office_compare(&request->office, frt_paper_value(entry, "frtDocumentSha256"), document);
    frt_entry_free(entry);
    return same ? FRT_EXIT_YES : FRT_EXIT_NO;
}

/* ---- withdraw, close ---- */

static int withdraw(struct request *request)
{
    struct frt_trouble trouble = {0};
    int r = frt_filing_withdraw(request->office.filing, request->id, now_s(), &trouble);

    if (r == 0)
        printf("%s is withdrawn; nobody may search under it any more\n", request->id);
    return frt_office_explain(r, "withdrawing", &trouble);
}

/* What was filed stays as filed, so closing is withdrawing, once every search this host knows of is documented. */
static int close_request(struct request *request)
{
    int code;
    json_t *open = frt_open_searches(request->office.conf_path, &code);
    const json_t *search;
    unsigned waiting = 0;
    size_t i;

    if (!open)
        return code;
    json_array_foreach(json_object_get(open, "open"), i, search)
    {
        if (strcmp(frt_cli_text(search, "request"), request->id) != 0)
            continue;
        if (waiting++ == 0)
            fprintf(stderr, "frt: %s cannot be closed yet: the result of these searches is not on record:\n",
                    request->id);
        fprintf(stderr, "    decision %lld of %s\n", frt_cli_number(search, "decision"),
                frt_cli_text(search, "time"));
    }
    json_decref(open);
    return waiting ? FRT_EXIT_NO : withdraw(request);
}

/* ---- record ---- */

/* With one open search under the request there is no need to name it. */
static int find_decision(struct request *request)
{
    int code;
    json_t *open = frt_open_searches(request->office.conf_path, &code);
    const json_t *search;
    unsigned found = 0;
    size_t i;

    if (!open)
        return code;
    json_array_foreach(json_object_get(open, "open"), i, search)
    {
        if (strcmp(frt_cli_text(search, "request"), request->id) == 0 && found++ == 0)
            request->decision = frt_cli_number(search, "decision");
    }
    json_decref(open);
    if (found == 1)
        return 0;
    fprintf(stderr,
            "frt: decision: missing; expected the number of the decision that allowed the search (%u are "
            "open under "
            "that request: frt request list --open)\n",
            found);
    return FRT_EXIT_USAGE;
}

static int record(struct request *request)
{
    const char *database = frt_form_get(&request->form, FRT_FIELD_DATABASE);
    int code = request->decision ? 0 : find_decision(request);

    if (code != 0)
        return code;
    if (request->no_search && (request->matches || database[0])) {
        fputs("frt: no-search: expected without matches and database\n", stderr);
        return FRT_EXIT_USAGE;
    }
    if (request->no_search)
        return frt_result_tell(request->office.conf_path, request->decision, request->id, "none",
                               request->no_search);
    if (!request->matches && !database[0] && isatty(STDIN_FILENO))
        return frt_result_ask(request->office.conf_path, request->decision, request->id);
    if (!request->matches || strcmp(request->matches, "none") == 0) {
        fputs("frt: matches: missing; expected how many candidates the search returned: 0 is an answer, "
              "blank is not\n",
              stderr);
        return FRT_EXIT_USAGE;
    }
    return frt_result_tell(request->office.conf_path, request->decision, request->id, request->matches,
                           database);
}

/* ---- review, hold, release, destroy ---- */

static int review(struct request *request)
{
    if (request->decision)
        return frt_mark_review(request->office.conf_path, request->id, request->decision, request->finding);
    fputs("frt: decision: missing; expected the number of the decision that allowed the search\n", stderr);
    return FRT_EXIT_USAGE;
}

static int hold(struct request *request)
{
    return frt_mark_hold(request->office.conf_path, "hold", request->id,
                         frt_form_get(&request->form, FRT_FIELD_REASON));
}

static int release(struct request *request)
{
    return frt_mark_hold(request->office.conf_path, "release", request->id,
                         frt_form_get(&request->form, FRT_FIELD_REASON));
}

static int destroy(struct request *request)
{
    return frt_mark_destroy(request->office.conf_path, request->id, request->permission,
                            request->office.documents ? request->office.documents : FRT_DOCUMENTS_PATH);
}

/* ---- which ---- */

static int file_new(struct request *request)
{
    return frt_file_form(&request->office, &request->form, request->json_form);
}

static int list(struct request *request)
{
    return list_filed(request);
}

static const struct {
    const char *name;
    bool with_id, with_directory;
    int (*run)(struct request *);
} verbs[] = {
    {"new", false, false, file_new},      {"show", true, true, show},
    {"list", false, true, list},          {"withdraw", true, true, withdraw},
    {"close", true, true, close_request}, {"record", true, false, record},
    {"review", true, false, review},      {"hold", true, false, hold},
    {"release", true, false, release},    {"destroy", true, false, destroy},
};

static int run_with_directory(struct request *request, int (*run)(struct request *))
{
    int code = frt_office_enter(&request->office);

    if (code == 0)
        code = frt_office_open(&request->office);
    if (code == 0)
        code = run(request);
    frt_office_leave(&request->office);
    return code;
}

static int run_verb(struct request *request, const char *verb)
{
    if (strcmp(verb, "list") == 0 && request->open)
        return request->id ? FRT_EXIT_USAGE : list_open(request);
    if (strcmp(verb, "list") == 0 && request->retention)
        return request->id ? FRT_EXIT_USAGE : frt_mark_list(request->office.conf_path, request->output);
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].name, verb) != 0 || verbs[i].with_id != (request->id != NULL))
            continue;
        return verbs[i].with_directory ? run_with_directory(request, verbs[i].run) : verbs[i].run(request);
    }
    print_help(stderr);
    return FRT_EXIT_USAGE;
}

static bool take_decision(struct request *request, const char *text)
{
    char *end;

    errno = 0;
    request->decision = strtoll(text, &end, 10);
    if (errno == 0 && *end == '\0' && text[0] >= '1' && text[0] <= '9')
        return true;
    fputs("frt: decision: expected a decision's number\n", stderr);
    return false;
}

static bool take_option(struct request *request, int option, const char *name, const char *value)
{
    switch (option) {
    case FRT_OFFICE_OPTION:
        frt_office_option(&request->office, name, value);
        return true;
    case FRT_FIELD_OPTION:
        return frt_form_take(&request->form, frt_field_find(name), value);
    case 'f':
        request->json_form = value;
        return true;
    case 'o':
        request->open = true;
        return true;
    case 'j':
    case 'v':
        request->output = option == 'j' ? FRT_PAPER_JSON : FRT_PAPER_CSV;
        return true;
    case 'd':
        return take_decision(request, value);
    case 'm':
        request->matches = value;
        return true;
    case 'r':
        request->retention = true;
        return true;
    case 'g':
        request->finding = value;
        return true;
    case 'p':
        request->permission = value;
        return true;
    case 'n':
        request->no_search = value;
        return true;
    default:
        print_help(option == 'h' ? stdout : stderr);
        return false;
    }
}

int frt_request_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"route", required_argument, NULL, FRT_FIELD_OPTION},
        {"recipient", required_argument, NULL, FRT_FIELD_OPTION},
        {"agency", required_argument, NULL, FRT_FIELD_OPTION},
        {"position", required_argument, NULL, FRT_FIELD_OPTION},
        {"case", required_argument, NULL, FRT_FIELD_OPTION},
        {"reason", required_argument, NULL, FRT_FIELD_OPTION},
        {"offence", required_argument, NULL, FRT_FIELD_OPTION},
        {"basis", required_argument, NULL, FRT_FIELD_OPTION},
        {"harm", required_argument, NULL, FRT_FIELD_OPTION},
        {"no-delay", required_argument, NULL, FRT_FIELD_OPTION},
        {"subject", required_argument, NULL, FRT_FIELD_OPTION},
        {"database", required_argument, NULL, FRT_FIELD_OPTION},
        {"trait-sex", required_argument, NULL, FRT_FIELD_OPTION},
        {"trait-age", required_argument, NULL, FRT_FIELD_OPTION},
        {"trait-race", required_argument, NULL, FRT_FIELD_OPTION},
        {"trait-hair", required_argument, NULL, FRT_FIELD_OPTION},
        {"trait-marks", required_argument, NULL, FRT_FIELD_OPTION},
        {"traits", required_argument, NULL, FRT_FIELD_OPTION},
        {"probes", required_argument, NULL, FRT_FIELD_OPTION},
        {"max-searches", required_argument, NULL, FRT_FIELD_OPTION},
        {"from", required_argument, NULL, FRT_FIELD_OPTION},
        {"until", required_argument, NULL, FRT_FIELD_OPTION},
        {"authority", required_argument, NULL, FRT_FIELD_OPTION},
        {"tool", required_argument, NULL, FRT_FIELD_OPTION},
        {"approver", required_argument, NULL, FRT_FIELD_OPTION},
        {"document", required_argument, NULL, FRT_FIELD_OPTION},
        {"document-date", required_argument, NULL, FRT_FIELD_OPTION},
        {"form", required_argument, NULL, 'f'},
        {"open", no_argument, NULL, 'o'},
        {"decision", required_argument, NULL, 'd'},
        {"matches", required_argument, NULL, 'm'},
        {"no-search", required_argument, NULL, 'n'},
        {"retention", no_argument, NULL, 'r'},
        {"finding", required_argument, NULL, 'g'},
        {"permission", required_argument, NULL, 'p'},
        {"json", no_argument, NULL, 'j'},
        {"csv", no_argument, NULL, 'v'},
        {"login", required_argument, NULL, FRT_OFFICE_OPTION},
        {"password-file", required_argument, NULL, FRT_OFFICE_OPTION},
        {"external", no_argument, NULL, FRT_OFFICE_OPTION},
        {"documents", required_argument, NULL, FRT_OFFICE_OPTION},
        {"config", required_argument, NULL, FRT_OFFICE_OPTION},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct request request = {.form = {.kind = FRT_FORM_REQUEST_UNROUTED}};
    int option, chosen = 0, code;

    while ((option = getopt_long(argc, argv, "", options, &chosen)) != -1)
        if (!take_option(&request, option, options[chosen].name, optarg)) {
            frt_form_clear(&request.form);
            return option == 'h' ? FRT_EXIT_YES : FRT_EXIT_USAGE;
        }
    if (optind >= argc || argc - optind > 2) {
        print_help(stderr);
        frt_form_clear(&request.form);
        return FRT_EXIT_USAGE;
    }
    request.id = argc - optind == 2 ? argv[optind + 1] : NULL;
    code = run_verb(&request, argv[optind]);
    frt_form_clear(&request.form);
    return code;
}
