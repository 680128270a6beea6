/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/file_form.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/form_dialogue.h"
#include "support/cleanup.h"
#include "support/percent.h"
#include "support/time_text.h"

#define EMERGENCY_MAX_HOURS 24 /* domain A10; frtd's policy may be stricter */
#define ID_TRIES            4

struct filing {
    struct frt_office *office;
    struct frt_form *form;
    struct frt_form_context context;
    char *document; /* bytes; NULL: none */
    size_t document_length;
    char sha256[65];
    char id[32], statement[32];
    char name[200]; /* of the requester, as the directory has it now: item e is frozen with the request */
};

void frt_office_option(struct frt_office *office, const char *name, const char *value)
{
    if (strcmp(name, "config") == 0)
        office->conf_path = value;
    else if (strcmp(name, "login") == 0)
        office->login = value;
    else if (strcmp(name, "password-file") == 0)
        office->password_file = value;
    else if (strcmp(name, "documents") == 0)
        office->documents = value;
    else
        office->external = true;
}

static bool is_request(const struct frt_form *form)
{
    return form->kind <= FRT_FORM_REQUEST_EMERGENCY;
}

/* ---- the document ---- */

/* In an emergency the form is the written request: a text that says what was filed. */
static int write_document(struct filing *filing)
{
    FILE *out = open_memstream(&filing->document, &filing->document_length);
    char time[FRT_TIME_TEXT_MAX];

    if (!out)
        return -1;
    frt_time_format(filing->context.now_s, time);
    fprintf(
        out,
        "Written request for a facial recognition search, filed as an emergency\nrequester: %s\nfiled: %s\n",
        filing->office->name, time);
    for (unsigned f = 0; f < FRT_FIELD_COUNT; f++)
        for (size_t i = 0; i < filing->form->fields[f].count; i++)
            fprintf(out, "%s: %s\n", frt_field_rows[f].name, filing->form->fields[f].values[i]);
    return fclose(out) == 0 ? 0 : -1;
}

static int take_document(struct filing *filing)
{
    const struct frt_form *form = filing->form;
    int r = 0;

    if (frt_form_has(form, FRT_FIELD_DOCUMENT))
        r = frt_office_read(frt_form_get(form, FRT_FIELD_DOCUMENT), &filing->document,
                            &filing->document_length);
    else if (form->kind == FRT_FORM_REQUEST_EMERGENCY)
        r = write_document(filing);
    if (r < 0) {
        filing->document = NULL;
        return FRT_EXIT_USAGE;
    }
    if (filing->document && !frt_office_hash(filing->document, filing->document_length, filing->sha256)) {
        fputs("frt: document: libcrypto cannot make its SHA-256\n", stderr);
        return FRT_EXIT_USAGE;
    }
    return 0;
}

/* ---- entries ---- */

static int add(struct frt_entry *entry, const char *name, const char *value)
{
    return frt_entry_add(entry, name, value, strlen(value));
}

static int add_field(struct frt_entry *entry, const struct frt_form *form, enum frt_form_field field)
{
    char value[FRT_FORM_NORMALIZED_MAX];
    int r = 0;

    for (size_t i = 0; r == 0 && frt_field_rows[field].attribute && i < form->fields[field].count; i++) {
        frt_form_value(form, field, i, value);
        r = add(entry, frt_field_rows[field].attribute, value);
    }
    return r;
}

static int add_name(struct frt_entry *entry, const char *name)
{
    char note[256];

    snprintf(note, sizeof(note), FRT_FORM_REQUESTER_NOTE "%s", name);
    return add(entry, "description", note);
}

static bool is_of_statement(enum frt_form_field field)
{
    return field == FRT_FIELD_BASIS || field == FRT_FIELD_HARM || field == FRT_FIELD_NO_DELAY ||
           field == FRT_FIELD_SUBJECT;
}

static struct frt_entry *make_entry(const struct filing *filing)
{
    struct frt_entry *entry = frt_entry_new("");
    char time[FRT_TIME_TEXT_MAX];
    int r = entry ? add(entry, "frtRequester", filing->office->name) : -ENOMEM;

    for (unsigned f = 0; r == 0 && f < FRT_FIELD_COUNT; f++)
        if (!is_of_statement((enum frt_form_field)f))
            r = add_field(entry, filing->form, (enum frt_form_field)f);
    if (r == 0 && filing->document)
        r = add(entry, "frtDocumentSha256", filing->sha256);
    frt_generalized_time_format(filing->context.now_s, time);
    if (r == 0 && is_request(filing->form))
        r = add(entry, "frtFiledAt", time);
    if (r == 0 && is_request(filing->form))
        r = add(entry, "frtRequestState", "filed");
    if (r == 0 && is_request(filing->form) && filing->name[0])
        r = add_name(entry, filing->name);
    if (r == 0 && filing->statement[0])
        r = add(entry, "frtAuthority", filing->statement);
    if (r == 0)
        return entry;
    frt_entry_free(entry);
    return NULL;
}

/* The emergency statement beside the request: its basis, and the same bounds. */
static struct frt_entry *make_statement(const struct filing *filing)
{
    static const enum frt_form_field shared[] = {FRT_FIELD_CASE,     FRT_FIELD_BASIS,       FRT_FIELD_HARM,
                                                 FRT_FIELD_NO_DELAY, FRT_FIELD_SUBJECT,     FRT_FIELD_PROBES,
                                                 FRT_FIELD_DATABASE, FRT_FIELD_MAX_SEARCHES};
    struct frt_entry *entry = frt_entry_new("");
    char value[FRT_FORM_NORMALIZED_MAX];
    int r = entry ? add(entry, "frtRequester", filing->office->name) : -ENOMEM;

    if (r == 0)
        r = add(entry, "frtAuthorityKind", "emergency");
    for (size_t i = 0; r == 0 && i < FRT_ARRAY_LEN(shared); i++)
        r = add_field(entry, filing->form, shared[i]);
    if (r == 0) {
        frt_form_value(filing->form, FRT_FIELD_FROM, 0, value);
        r = add(entry, "frtAuthorityStart", value);
    }
    if (r == 0) {
        frt_form_value(filing->form, FRT_FIELD_UNTIL, 0, value);
        r = add(entry, "frtAuthorityEnd", value);
    }
    if (r == 0)
        return entry;
    frt_entry_free(entry);
    return NULL;
}

/* A fresh id each time one turns out to be taken. */
static int add_entry(struct filing *filing, enum frt_filing_shelf shelf, const char *prefix,
                     struct frt_entry *entry, char id[32])
{
    struct frt_trouble trouble = {0};
    int r = entry ? FRT_FILING_E_EXISTS : -ENOMEM;

    for (unsigned i = 0; r == FRT_FILING_E_EXISTS && i < ID_TRIES; i++) {
        frt_filing_new_id(prefix, filing->context.now_s, id);
        r = frt_filing_add(filing->office->filing, shelf, id, entry, &trouble);
    }
    frt_entry_free(entry);
    return r == 0 ? 0 : frt_office_explain(r, "filing", &trouble);
}

static const char *prefix_of(const struct frt_form *form)
{
    switch (form->kind) {
    case FRT_FORM_AUTHORITY_ORDER:
        return "O";
    case FRT_FORM_AUTHORITY_DECEASED:
        return "D";
    case FRT_FORM_AUTHORITY_EVIDENCE:
        return "EV";
    case FRT_FORM_REQUEST_UNROUTED:
    case FRT_FORM_REQUEST_ORDER:
    case FRT_FORM_REQUEST_DECEASED:
    case FRT_FORM_REQUEST_EMERGENCY:
    case FRT_FORM_AUTHORITY_UNKNOWN:
    case FRT_FORM_KIND_COUNT:
        break;
    }
    return "Q";
}

static int file_it(struct filing *filing)
{
    bool emergency = filing->form->kind == FRT_FORM_REQUEST_EMERGENCY, is_new = false;
    enum frt_filing_shelf shelf = is_request(filing->form) ? FRT_FILING_REQUESTS : FRT_FILING_AUTHORITIES;
    int code;

    if (filing->document && frt_office_keep(filing->office, filing->document, filing->document_length,
                                            filing->sha256, &is_new) < 0)
        return FRT_EXIT_USAGE;
    code = emergency
               ? add_entry(filing, FRT_FILING_AUTHORITIES, "S", make_statement(filing), filing->statement)
               : 0;
    if (code == 0)
        code = add_entry(filing, shelf, prefix_of(filing->form), make_entry(filing), filing->id);
    if (code != 0 && is_new) {
        char path[4200];

        snprintf(path, sizeof(path), "%s/%s", filing->office->documents, filing->sha256);
        unlink(path);
    }
    return code;
}

/* ---- what it relies on ---- */

static const char *value_of(const struct frt_entry *entry, const char *name)
{
    const struct frt_attribute *attribute = frt_entry_find(entry, name);

    return attribute && attribute->value_count > 0 ? attribute->values[0].bytes : "";
}

static int refuse(const char *field, const char *expected, const char *than)
{
    char shown[160];

    frt_percent_encode(than, strlen(than), shown, sizeof(shown));
    fprintf(stderr, "frt: %s: %s%s\nNothing was filed.\n", field, expected, shown);
    return FRT_EXIT_USAGE;
}

static int compare_authority(const struct frt_form *form, const struct frt_entry *entry)
{
    const char *end = value_of(entry, "frtAuthorityEnd"), *case_number = value_of(entry, "frtCaseNumber");
    int64_t end_s;

    if (strcmp(value_of(entry, "frtAuthorityKind"), frt_form_get(form, FRT_FIELD_ROUTE)) != 0)
        return refuse("authority",
                      "is of another kind than the route; it is: ", value_of(entry, "frtAuthorityKind"));
    if (case_number[0] && strcmp(case_number, frt_form_get(form, FRT_FIELD_CASE)) != 0)
        return refuse("case", "differs from the authority's; expected ", case_number);
    if (end[0] && frt_generalized_time_parse(end, strlen(end), &end_s) == 0 &&
        frt_form_time(form, FRT_FIELD_UNTIL) > end_s + 1) /* a day's last second, or the first after it */
        return refuse("until", "lies behind the end of the authority; expected no later than ", end);
    return 0;
}

static int check_authority(const struct filing *filing)
{
    struct frt_trouble trouble = {0};
    struct frt_entry *entry = NULL;
    int r, code;

    if (!is_request(filing->form) || !frt_form_has(filing->form, FRT_FIELD_AUTHORITY))
        return 0;
    r = frt_filing_get(filing->office->filing, FRT_FILING_AUTHORITIES,
                       frt_form_get(filing->form, FRT_FIELD_AUTHORITY), &entry, &trouble);
    if (r == FRT_FILING_E_ABSENT)
        return refuse("authority",
                      "there is none of that id that you put on file (frt authority list); expected one", "");
    if (r != 0)
        return frt_office_explain(r, "authority", &trouble);
    code = compare_authority(filing->form, entry);
    frt_entry_free(entry);
    return code;
}

/* ---- together ---- */

static int ask_and_check(struct filing *filing)
{
    struct frt_form_problem problems[FRT_FIELD_COUNT];
    char agency[64] = "";
    size_t count;

    (void)frt_filing_own(filing->office->filing, "frtAgency", agency, sizeof(agency));
    (void)frt_filing_own(filing->office->filing, "cn", filing->name, sizeof(filing->name));
    if (isatty(STDIN_FILENO) && !frt_form_ask(filing->form, agency))
        return FRT_EXIT_USAGE;
    if (agency[0] && is_request(filing->form) && !frt_form_has(filing->form, FRT_FIELD_AGENCY) &&
        !frt_form_take(filing->form, FRT_FIELD_AGENCY, agency))
        return FRT_EXIT_USAGE;
    filing->context.now_s = time(NULL); /* a dialogue takes its time */
    if (frt_form_complete(filing->form, &filing->context) < 0)
        return FRT_EXIT_USAGE;
    count = frt_form_check(filing->form, &filing->context, problems, FRT_FIELD_COUNT);
    frt_form_print_problems(filing->form, problems, count);
    if (count == 0)
        return 0;
    fputs("Nothing was filed.\n", stderr);
    return FRT_EXIT_USAGE;
}

static void report(const struct filing *filing)
{
    const struct frt_form *form = filing->form;

    puts(filing->id);
    if (filing->statement[0])
        fprintf(stderr, "Emergency statement %s; it will be reviewed.\n", filing->statement);
    if (filing->document)
        fprintf(stderr, "Document kept in %s/%s\n", filing->office->documents, filing->sha256);
    if (is_request(form))
        fprintf(stderr,
                "Filed; %s may search under it until %s, %s times at most. Withdraw it: frt request withdraw "
                "%s\n",
                frt_form_get(form, FRT_FIELD_RECIPIENT), frt_form_get(form, FRT_FIELD_UNTIL),
                frt_form_get(form, FRT_FIELD_MAX_SEARCHES), filing->id);
    else if (form->kind == FRT_FORM_AUTHORITY_EVIDENCE)
        fputs("Declared. A viewer opens the item when it is named: FRT_EVIDENCE, or frt check --evidence.\n",
              stderr);
    else
        fprintf(stderr, "On file. The request that relies on it: frt request new --authority %s\n",
                filing->id);
}

static int run(struct filing *filing, const char *json)
{
    int code = 0;

    if (json && !frt_form_read_json(filing->form, json))
        return FRT_EXIT_USAGE;
    if (filing->form->kind == FRT_FORM_AUTHORITY_UNKNOWN && frt_form_has(filing->form, FRT_FIELD_ROUTE))
        filing->form->kind = FRT_FORM_REQUEST_UNROUTED;
    if (filing->form->kind !=
        FRT_FORM_AUTHORITY_EVIDENCE) /* that everybody declares, officials too (O-409 III, 3) */
        code = frt_office_may_file(filing->office);
    if (code == 0)
        code = frt_office_open(filing->office);
    if (code == 0)
        code = ask_and_check(filing);
    if (code == 0)
        code = check_authority(filing);
    if (code == 0)
        code = take_document(filing);
    if (code == 0)
        code = file_it(filing);
    if (code == 0)
        report(filing);
    return code;
}

int frt_file_form(struct frt_office *office, struct frt_form *form, const char *json)
{
    struct filing filing = {.office = office, .form = form};
    int code = frt_office_enter(office);

    filing.context = (struct frt_form_context){time(NULL), office->name, EMERGENCY_MAX_HOURS};
    if (code == 0)
        code = run(&filing, json);
    free(filing.document);
    frt_form_clear(form);
    frt_office_leave(office);
    return code;
}
