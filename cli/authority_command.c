/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frt authority: what a written request relies on, and declarations about received evidence.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/file_form.h"
#include "cli/form_dialogue.h"
#include "cli/paper_print.h"

struct authority {
    struct frt_office office;
    struct frt_form form;
    const char *json_form;
    enum frt_paper_output output;
};

static void print_help(FILE *out)
{
    fputs("Usage: frt authority new [--kind order|deceased|evidence] [FIELD]... [--form FILE]\n"
          "       frt authority show ID [--document FILE] [--json]\n"
          "       frt authority list [--json | --csv]\n\n"
          "Orders of courts, declarations that somebody is deceased, and declarations how received evidence "
          "was received.\n"
          "Emergency statements are made with their request (frt request new --route emergency). Fields:\n\n",
          out);
    for (unsigned f = 0; f < FRT_FIELD_COUNT; f++)
        if (frt_field_rows[f].may & (1u << FRT_FORM_AUTHORITY_ORDER | 1u << FRT_FORM_AUTHORITY_DECEASED |
                                     1u << FRT_FORM_AUTHORITY_EVIDENCE))
            fprintf(out, "  --%-21s %s\n", frt_field_rows[f].name, frt_field_rows[f].question);
    fputs(
        "  --form FILE             a JSON object with these fields; - is the standard input\n" FRT_OFFICE_HELP
        "\nExit status: 0 done, 1 refused, 4 wrong or missing fields (each is named), 5 no answer.\n",
        out);
}

static int add_row(void *arg, const struct frt_entry *entry)
{
    static const char *const columns[] = {"frtAuthorityId", "frtAuthorityKind", "frtCaseNumber",
                                          "frtAuthorityStart", "frtAuthorityEnd"};
    struct frt_sheet *sheet = arg;

    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        frt_sheet_text(sheet, frt_paper_value(entry, columns[i]));
    return 0;
}

static int list(struct authority *authority)
{
    static const char *const columns[] = {"authority", "kind", "case", "from", "until", NULL};
    struct frt_sheet *sheet = frt_sheet_new("authorities", "Authorities you may see", columns);
    struct frt_trouble trouble = {0};
    int r = frt_filing_list(authority->office.filing, FRT_FILING_AUTHORITIES, add_row, sheet, &trouble);

    if (r == 0 && !frt_sheet_failed(sheet))
        frt_paper_print_sheet(sheet, authority->output);
    frt_sheet_free(sheet);
    return frt_office_explain(r, "authorities", &trouble);
}

static int show(struct authority *authority, const char *id)
{
    const char *document = frt_form_has(&authority->form, FRT_FIELD_DOCUMENT)
                               ? frt_form_get(&authority->form, FRT_FIELD_DOCUMENT)
                               : NULL;
    struct frt_trouble trouble = {0};
    struct frt_entry *entry = NULL;
    int r = frt_filing_get(authority->office.filing, FRT_FILING_AUTHORITIES, id, &entry, &trouble);
    bool same = true;

    if (r != 0)
        return frt_office_explain(r, "authority", &trouble);
    (authority->output == FRT_PAPER_JSON ? frt_paper_print_json : frt_paper_print)(entry);
    if (document || frt_entry_find(entry, "frtDocumentSha256"))
        same = frt_office_compare(&authority->office, frt_paper_value(entry, "frtDocumentSha256"), document);
    frt_entry_free(entry);
    return same ? FRT_EXIT_YES : FRT_EXIT_NO;
}

static int run_with_directory(struct authority *authority, const char *id)
{
    int code = frt_office_enter(&authority->office);

    if (code == 0)
        code = frt_office_open(&authority->office);
    if (code == 0)
        code = id ? show(authority, id) : list(authority);
    frt_office_leave(&authority->office);
    return code;
}

static int run_verb(struct authority *authority, int count, char **words)
{
    if (count == 1 && strcmp(words[0], "new") == 0)
        return frt_file_form(&authority->office, &authority->form, authority->json_form);
    if (count == 1 && strcmp(words[0], "list") == 0)
        return run_with_directory(authority, NULL);
    if (count == 2 && strcmp(words[0], "show") == 0)
        return run_with_directory(authority, words[1]);
    print_help(stderr);
    return FRT_EXIT_USAGE;
}

static bool take_option(struct authority *authority, int option, const char *name, const char *value)
{
    switch (option) {
    case FRT_OFFICE_OPTION:
        frt_office_option(&authority->office, name, value);
        return true;
    case FRT_FIELD_OPTION:
        return frt_form_take(&authority->form, frt_field_find(name), value);
    case 'f':
        authority->json_form = value;
        return true;
    case 'j':
    case 'v':
        authority->output = option == 'j' ? FRT_PAPER_JSON : FRT_PAPER_CSV;
        return true;
    default:
        print_help(option == 'h' ? stdout : stderr);
        return false;
    }
}

int frt_authority_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"kind", required_argument, NULL, FRT_FIELD_OPTION},
        {"case", required_argument, NULL, FRT_FIELD_OPTION},
        {"max-searches", required_argument, NULL, FRT_FIELD_OPTION},
        {"issuer", required_argument, NULL, FRT_FIELD_OPTION},
        {"criminal-warrants", required_argument, NULL, FRT_FIELD_OPTION},
        {"limb", required_argument, NULL, FRT_FIELD_OPTION},
        {"status", required_argument, NULL, FRT_FIELD_OPTION},
        {"declared-by", required_argument, NULL, FRT_FIELD_OPTION},
        {"declared-on", required_argument, NULL, FRT_FIELD_OPTION},
        {"source", required_argument, NULL, FRT_FIELD_OPTION},
        {"solicited", required_argument, NULL, FRT_FIELD_OPTION},
        {"start", required_argument, NULL, FRT_FIELD_OPTION},
        {"end", required_argument, NULL, FRT_FIELD_OPTION},
        {"document", required_argument, NULL, FRT_FIELD_OPTION},
        {"form", required_argument, NULL, 'f'},
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
    struct authority authority = {.form = {.kind = FRT_FORM_AUTHORITY_UNKNOWN}};
    int option, chosen = 0, code;

    while ((option = getopt_long(argc, argv, "", options, &chosen)) != -1)
        if (!take_option(&authority, option, options[chosen].name, optarg)) {
            frt_form_clear(&authority.form);
            return option == 'h' ? FRT_EXIT_YES : FRT_EXIT_USAGE;
        }
    code = run_verb(&authority, argc - optind, argv + optind);
    frt_form_clear(&authority.form);
    return code;
}
