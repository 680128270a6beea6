/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Requests and authorities before they are filed: complete ones pass, and whatever is wrong is refused with its field named.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casework/request_form.h"
#include "support/cleanup.h"

#define NOW_S  INT64_C(1773669600) /* 2026-03-16T14:00:00Z */
#define ROUNDS 10000

static const struct frt_form_context context = {
    .now_s = NOW_S, .requester = "p24", .emergency_max_hours = 24};

static const char order[] =
    "route=order\nrecipient=msp\nagency=ebpd\nposition=detective\ncase=EBPD-2026-0141\n"
    "reason=identify the man seen at the scene of a robbery\noffence=armed robbery\n"
    "database=RMV image file\ntraits=man, dark hair\nprobes=1\nmax-searches=3\nauthority=O77\n"
    "until=2026-03-31\ndocument=/d\ndocument-date=2026-03-10";
static const char deceased[] =
    "route=deceased\nrecipient=rmv\nagency=msp\nposition=trooper\ncase=ME-2026-0012\n"
    "reason=identify a deceased person\noffence=none\ndatabase=RMV image file\n"
    "trait-age=60 to 70\nprobes=1\nmax-searches=1\nauthority=D12\nuntil=2026-03-22T18:00Z\n"
    "document=/d\ndocument-date=2026-03-15";
static const char emergency[] = "route=emergency\nrecipient=fbi\nagency=mbpd\nposition=sergeant\nreason=find "
                                "a missing child\noffence=kidnapping\n"
                                "database=photo file\ntraits=man, dark hair\nbasis=a child was seen being "
                                "led to a car\nharm=the child may be hurt\n"
                                "no-delay=every hour widens the area\nsubject=the one adult in the picture";
static const char court[] =
    "kind=order\ncase=EBPD-2026-0141\nissuer=a justice of the District Court\n"
    "criminal-warrants=yes\nlimb=investigation\nstart=2026-03-01\nend=2026-03-31\ndocument=/d";
static const char declaration[] =
    "kind=deceased\ncase=ME-2026-0012\nstatus=deceased\n"
    "declared-by=Office of the Chief Medical Examiner\ndeclared-on=2026-03-15T17:30Z";
static const char evidence[] = "kind=evidence\nsource=report of a shop, by mail\nsolicited=no";

static const char *const all[] = {order, deceased, emergency, court, declaration, evidence};

static void give(struct frt_form *form, const char *name, const char *bytes, size_t length)
{
    enum frt_form_field field = frt_field_find(name);

    ck_assert_msg(field < FRT_FIELD_COUNT, "%s", name);
    ck_assert_int_eq(frt_form_set(form, field, bytes, length), 0);
}

/* Lines "name=value"; "-name" leaves a field of `base` out, a line of `changes` replaces it, "+name=value" adds to it. */
static void take(struct frt_form *form, const char *base, const char *changes)
{
    frt_auto_free char *lines = strdup(base), *edits = strdup(changes);
    char *rest, *equal;
    bool is_edited[FRT_FIELD_COUNT] = {false};

    rest = edits;
    for (char *line = strsep(&rest, "\n"); line && *line; line = strsep(&rest, "\n")) {
        char *name = *line == '-' || *line == '+' ? line + 1 : line;

        equal = strchr(name, '=');
        if (equal)
            *equal = '\0';
        ck_assert_msg(frt_field_find(name) < FRT_FIELD_COUNT, "%s", name);
        is_edited[frt_field_find(name)] |= *line != '+';
        if (*line != '-')
            give(form, name, equal + 1, strlen(equal + 1));
    }
    rest = lines;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        equal = strchr(line, '=');
        *equal = '\0';
        if (!is_edited[frt_field_find(line)])
            give(form, line, equal + 1, strlen(equal + 1));
    }
    if (form->kind == FRT_FORM_REQUEST_UNROUTED && frt_form_has(form, FRT_FIELD_KIND))
        form->kind = FRT_FORM_AUTHORITY_UNKNOWN;
    ck_assert_int_eq(frt_form_complete(form, &context), 0);
}

static const struct {
    const char *given, *base, *changes;
    const char *field; /* at fault; NULL: nothing is */
    const char *says;  /* part of what is said */
} rows[] = {
    {"an order's request", order, "", NULL, ""},
    {"a deceased person's request", deceased, "", NULL, ""},
    {"an emergency", emergency, "", NULL, ""},
    {"a court's order", court, "", NULL, ""},
    {"a declaration", declaration, "", NULL, ""},
    {"evidence", evidence, "", NULL, ""},
    {"solicited evidence is declared too", evidence, "solicited=yes", NULL, ""},
    /* items a to h */
    {"no document (a)", order, "-document", "document", "missing"},
    {"no date on the document (b)", order, "-document-date", "document-date", "missing"},
    {"no database (d)", order, "-database", "database", "missing"},
    {"no position (e)", order, "-position", "position", "missing"},
    {"no agency (e)", order, "-agency", "agency", "missing"},
    {"no reason (f)", order, "-reason", "reason", "missing"},
    {"no crime, not even none (f)", order, "-offence", "offence", "missing"},
    {"no recipient (g)", order, "-recipient", "recipient", "missing"},
    {"no characteristics (h)", order, "-traits", "traits", "missing"},
    {"characteristics by hair alone (h)", order, "-traits\ntrait-hair=grey", NULL, ""},
    {"no route", order, "-route", "route", "missing"},
    {"no case", order, "-case", "case", "missing"},
    {"no case in an emergency", emergency, "-case", NULL, ""},
    {"no authority", order, "-authority", "authority", "missing"},
    {"no declaration", deceased, "-authority", "authority", "missing"},
    {"no end", order, "-until", "until", "missing"},
    {"no end of an emergency: 24 hours", emergency, "-until", NULL, ""},
    {"no probes", order, "-probes", "probes", "missing"},
    {"no bound on searches", order, "-max-searches", "max-searches", "missing"},
    /* closed lists */
    {"a company as recipient", order, "recipient=Clearview AI", "recipient", "msp, rmv or fbi"},
    {"a recipient in capitals", order, "recipient=MSP", "recipient", "msp, rmv or fbi"},
    {"two recipients", order, "+recipient=rmv", "recipient", "2 values; expected one"},
    {"a fourth route", order, "route=curiosity", "route", "no other purpose"},
    {"two routes", order, "+route=deceased", "route", "2 values; expected one"},
    {"a limb nobody knows", court, "limb=curiosity", "limb", "risk-of-harm"},
    {"a court that issues no criminal warrants", court, "criminal-warrants=no", "criminal-warrants",
     "expected yes"},
    {"no word about its warrants", court, "-criminal-warrants", "criminal-warrants", "missing"},
    {"maybe", court, "criminal-warrants=maybe", "criminal-warrants", "yes or no"},
    {"somebody alive", declaration, "status=living", "status", "expected deceased"},
    {"a declaration by nobody", declaration, "-declared-by", "declared-by", "missing"},
    {"evidence without a word about solicitation", evidence, "-solicited", "solicited", "missing"},
    {"evidence declared for another", evidence, "declared-by=p02", "declared-by", "own login name"},
    {"an emergency statement by itself", court, "kind=emergency", "kind", "together with its"},
    {"a basis on an order's request", order, "basis=a child was seen somewhere", "basis", "another route"},
    {"an authority in an emergency", emergency, "authority=O77", "authority", "another route"},
    /* emergencies: narrow, and with all their reasons */
    {"no factual basis", emergency, "-basis", "basis", "missing"},
    {"an empty factual basis", emergency, "basis=", "basis", "10 characters"},
    {"a basis of dashes", emergency, "basis=----------", "basis", "10 characters"},
    {"a basis of nine characters", emergency, "basis=123456789", "basis", "10 characters"},
    {"a basis of ten characters", emergency, "basis=1234567890", NULL, ""},
    {"no harm", emergency, "-harm", "harm", "missing"},
    {"nothing that speaks against delay", emergency, "-no-delay", "no-delay", "missing"},
    {"nobody searched for", emergency, "-subject", "subject", "missing"},
    {"two databases in an emergency", emergency, "+database=another", "database", "narrowly tailored"},
    {"two databases under an order", order, "+database=another", NULL, ""},
    {"six searches in an emergency", emergency, "max-searches=6", "max-searches", "narrowly tailored"},
    {"five searches in an emergency", emergency, "max-searches=5", NULL, ""},
    {"six pictures in an emergency", emergency, "probes=6", "probes", "narrowly tailored"},
    {"24 hours", emergency, "until=2026-03-17T14:00:00Z", NULL, ""},
    {"24 hours and a second", emergency, "until=2026-03-17T14:00:01Z", "until", "at most 24"},
    /* numbers */
    {"no search", order, "max-searches=0", "max-searches", "1 to 20"},
    {"21 searches", order, "max-searches=21", "max-searches", "1 to 20"},
    {"20 searches", order, "max-searches=20", NULL, ""},
    {"minus one search", order, "max-searches=-1", "max-searches", "1 to 20"},
    {"everyone at the event", order, "probes=all", "probes", "1 to 20"},
    {"a number with a zero in front", order, "probes=01", "probes", "1 to 20"},
    {"2^64 + 1", order, "probes=18446744073709551617", "probes", "1 to 20"},
    /* times */
    {"dates reversed", order, "from=2026-03-20\nuntil=2026-03-19", "until", "not after from"},
    {"from and until the same", order, "from=2026-03-20T10:00Z\nuntil=2026-03-20T10:00Z", "until",
     "not after from"},
    {"a day as both ends is that day", order, "from=2026-03-20\nuntil=2026-03-20", NULL, ""},
    {"from yesterday", order, "from=2026-03-15", "from", "after the fact"},
    {"from five minutes ago", order, "from=2026-03-16T13:55:00Z", NULL, ""},
    {"from five minutes and a second ago", order, "from=2026-03-16T13:54:59Z", "from", "after the fact"},
    {"until yesterday", order, "until=2026-03-15", "until", "not after from"},
    {"92 days", order, "until=2026-06-16T14:00:00Z", NULL, ""},
    {"92 days and a second", order, "until=2026-06-16T14:00:01Z", "until", "at most 2208"},
    {"for ever", order, "until=9999-12-31", "until", "at most 2208"},
    {"from next year", order, "from=2027-03-16\nuntil=2027-03-17", "from", "92 days ahead"},
    {"a day that is none", order, "until=2026-02-30", "until", "like 2026-03-16"},
    {"a local time", order, "until=2026-03-31 14:00", "until", "like 2026-03-16"},
    {"a month", order, "until=2026-03", "until", "like 2026-03-16"},
    {"a document of tomorrow", order, "document-date=2026-03-17", "document-date", "future"},
    {"an order that ends before it begins", court, "start=2026-03-31\nend=2026-03-01", "end",
     "not after start"},
    {"an order that has ended", court, "end=2026-03-15", "end", "has passed"},
    {"an order that ends today", court, "end=2026-03-16", NULL, ""},
    {"an order for two years", court, "end=2028-03-01", "end", "more than a year"},
    {"declared tomorrow", declaration, "declared-on=2026-03-17", "declared-on", "future"},
    /* names */
    {"an agency with a slash", order, "agency=../ebpd", "agency", "letters, digits"},
    {"an authority with a parenthesis", order, "authority=O77)(uid=*", "authority", "on file"},
    {"approved by oneself", order, "approver=p24", "approver", "somebody else"},
    {"approved by another", order, "approver=p26", NULL, ""},
    {"approved by two words", order, "approver=the chief", "approver", "login name"},
    /* texts */
    {"an escape sequence", order, "reason=robbery \x1b[2J of a shop", "reason", "control"},
    {"a bell", order, "position=det\aective", "position", "control"},
    {"a DEL", order,
     "offence=rob\x7f"
     "bery",
     "offence", "control"},
    {"a C1 control", order,
     "offence=rob\xc2\x9b"
     "bery",
     "offence", "control"},
    {"a tab", order, "case=A\tB", "case", "control"},
    {"a right-to-left override", order, "reason=robbery \xe2\x80\xae txe.exe", "reason", "direction"},
    {"a right-to-left isolate", order, "traits=man \xe2\x81\xa7 x", "traits", ""},
    {"a zero-width space", order, "position=detec\xe2\x80\x8btive", "position", ""},
    {"nothing but no-break spaces", order, "position=\xc2\xa0\xc2\xa0", "position", ""},
    {"nothing but ideographic spaces", order, "position=\xe3\x80\x80", "position", ""},
    {"Latin 1", order, "position=d\xe9tective", "position", ""},
    {"overlong UTF-8", order, "position=a\xc0\xaf", "position", ""},
    {"half a surrogate pair", order, "position=a\xed\xa0\x80", "position", ""},
    {"accents", order, "position=d\xc3\xa9tective", NULL, ""},
    {"Japanese", order, "traits=\xe7\x94\xb7\xe6\x80\xa7", NULL, ""},
    {"a formula", order, "reason==cmd|'/c calc'!A1 and more", NULL, ""},
    {"a script", order, "reason=</script><script>alert(1)</script>", NULL, ""},
    {"the same database twice", order, "database=RMV image file\n+database=rmv  IMAGE file", "database",
     "twice"},
    {"eleven databases", order,
     "database=1\n+database=2\n+database=3\n+database=4\n+database=5\n+database=6\n+database=7\n+database=8\n"
     "+database=9\n+database=10\n+database=11",
     "database", "11 values"},
};

static void explain(const struct frt_form_problem *problems, size_t count, char *buffer, size_t size)
{
    size_t used = 0;

    buffer[0] = '\0';
    for (size_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(buffer + used, size - used, "%s: %s\n",
                                 frt_field_rows[problems[i].field].name, problems[i].expected);
}

START_TEST(each_form_passes_or_is_refused_with_its_field_named)
{
    struct frt_form_problem problems[FRT_FIELD_COUNT];
    struct frt_form form = {0};
    char said[4096];
    size_t count;

    take(&form, rows[_i].base, rows[_i].changes);
    count = frt_form_check(&form, &context, problems, FRT_FIELD_COUNT);
    explain(problems, count, said, sizeof(said));
    if (!rows[_i].field) {
        ck_assert_msg(count == 0, "%s: %s", rows[_i].given, said);
    } else {
        bool named = false;

        for (size_t i = 0; i < count; i++)
            named |= strcmp(frt_field_rows[problems[i].field].name, rows[_i].field) == 0 &&
                     strstr(problems[i].expected, rows[_i].says);
        ck_assert_msg(named, "%s: said:\n%s", rows[_i].given, said);
        /* A route that is none makes every field that depends on it look out of place: they are named too. */
        ck_assert_msg(count == 1 || form.kind == FRT_FORM_REQUEST_UNROUTED ||
                          form.kind == FRT_FORM_AUTHORITY_UNKNOWN,
                      "%s: said:\n%s", rows[_i].given, said);
    }
    frt_form_clear(&form);
}
END_TEST

START_TEST(everything_that_is_missing_is_named_at_once)
{
    static const char *const wanted[] = {"recipient", "agency",   "position",      "case",         "reason",
                                         "offence",   "database", "probes",        "max-searches", "until",
                                         "authority", "document", "document-date", "traits"};
    struct frt_form_problem problems[FRT_FIELD_COUNT];
    struct frt_form form = {0};
    size_t count;

    take(&form, "route=order", "");
    count = frt_form_check(&form, &context, problems, FRT_FIELD_COUNT);
    ck_assert_uint_eq(count, FRT_ARRAY_LEN(wanted));
    for (size_t w = 0; w < FRT_ARRAY_LEN(wanted); w++) {
        bool found = false;

        for (size_t i = 0; i < count; i++)
            found |= strcmp(frt_field_rows[problems[i].field].name, wanted[w]) == 0;
        ck_assert_msg(found, "%s", wanted[w]);
    }
    ck_assert_uint_eq(frt_form_check(&form, &context, NULL, 0), count);
    frt_form_clear(&form);
}
END_TEST

static const struct {
    const char *base, *name, *expected;
    size_t i;
} values[] = {
    {order, "until", "20260401000000Z", 0},
    {order, "from", "20260316140000Z", 0},
    {order, "document-date", "document dated 2026-03-10", 0},
    {order, "recipient", "msp", 0},
    {deceased, "until", "20260322180000Z", 0},
    {deceased, "trait-age", "apparent age: 60 to 70", 0},
    {emergency, "until", "20260317140000Z", 0},
    {emergency, "probes", "1", 0},
    {emergency, "max-searches", "1", 0},
    {court, "criminal-warrants", "TRUE", 0},
    {court, "end", "20260401000000Z", 0},
    {court, "start", "20260301000000Z", 0},
    {evidence, "solicited", "FALSE", 0},
    {evidence, "declared-by", "p24", 0},
    {evidence, "declared-on", "20260316140000Z", 0},
};

START_TEST(values_are_written_as_the_directory_holds_them)
{
    char buffer[FRT_FORM_NORMALIZED_MAX];
    struct frt_form form = {0};

    take(&form, values[_i].base, "");
    frt_form_value(&form, frt_field_find(values[_i].name), values[_i].i, buffer);
    ck_assert_str_eq(buffer, values[_i].expected);
    frt_form_clear(&form);
}
END_TEST

/* ---- hostile ---- */

static uint64_t state = 88172645463325252u;

static unsigned roll(unsigned sides)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state % sides);
}

/* Each is no value of any field but a path. */
static const struct {
    const char *bytes;
    size_t length;
} poisons[] = {
#define POISON(s)                                                                                            \
    {                                                                                                        \
        s, sizeof(s) - 1                                                                                     \
    }
    POISON(""),
    POISON("\0"),
    POISON("msp\0x"),
    POISON("order\n"),
    POISON("\x1b[31mred\x1b[0m text that is long enough"),
    POISON("\xe2\x80\xae txet that is long enough"),
    POISON("\xe2\x80\xaa left to right embedding, long"),
    POISON("\xe2\x80\xab right to left embedding, long"),
    POISON("\xe2\x80\xac pop, with some more text behind"),
    POISON("\xe2\x80\xad left to right override, long"),
    POISON("\xe2\x81\xa6 isolate, with some more text"),
    POISON("\xe2\x81\xa7 isolate, with some more text"),
    POISON("\xe2\x81\xa8 isolate, with some more text"),
    POISON("\xe2\x81\xa9 pop isolate, with more text"),
    POISON("\xe2\x80\xa8 line separator, and more text"),
    POISON("\xff\xfe not UTF-8, and more text of that"),
    POISON("\xf4\x90\x80\x80 beyond Unicode, and more text"),
    POISON("a text that is long enough\r\nBcc: everyone"),
    POISON("          "),
    POISON("\xc2\x85 next line, and more text of that"),
    POISON("a text that is long enough \x7f"),
    POISON("\xf3\xa0\x81\x81 tag characters, and more text"),
};

static const char *poison(char *large, size_t size, size_t *ret_length)
{
    unsigned which = roll(FRT_ARRAY_LEN(poisons) + 2);

    if (which < FRT_ARRAY_LEN(poisons)) {
        *ret_length = poisons[which].length;
        return poisons[which].bytes;
    }
    memset(large, 'A' + (char)roll(26), size); /* a text of 1 MB, or just too long for the largest field */
    *ret_length = which == FRT_ARRAY_LEN(poisons) ? size : 4097 + roll(100);
    return large;
}

static enum frt_form_field any_field_of(const struct frt_form *form)
{
    for (;;) {
        enum frt_form_field field = (enum frt_form_field)roll(FRT_FIELD_COUNT);

        if (frt_form_may(form, field) && frt_field_rows[field].type != FRT_ENTRY_PATH &&
            field != FRT_FIELD_ROUTE && field != FRT_FIELD_KIND)
            return field;
    }
}

START_TEST(ten_thousand_hostile_forms_are_refused_with_the_field_named)
{
    static char large[1 << 20];
    struct frt_form_problem problems[FRT_FIELD_COUNT];
    unsigned refused = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct frt_form form = {0};
        enum frt_form_field field;
        const char *bytes;
        size_t length, count;
        bool named = false;

        take(&form, all[roll(FRT_ARRAY_LEN(all))], "");
        field = any_field_of(&form);
        bytes = poison(large, sizeof(large), &length);
        for (size_t i = 0; i < form.fields[field].count; i++) {
            free(form.fields[field].values[i]);
            form.fields[field].values[i] = NULL;
        }
        form.fields[field].count = 0;
        ck_assert_int_eq(frt_form_set(&form, field, bytes, length), 0);
        count = frt_form_check(&form, &context, problems, FRT_FIELD_COUNT);
        for (size_t i = 0; i < count; i++)
            named |= problems[i].field == field;
        ck_assert_msg(named, "round %u: %s of %zu bytes: %.40s", round, frt_field_rows[field].name, length,
                      bytes);
        refused += count > 0;
        frt_form_clear(&form);
    }
    ck_assert_uint_eq(refused, ROUNDS);
}
END_TEST

START_TEST(each_field_has_a_name_of_its_own_a_question_and_an_expectation)
{
    for (unsigned f = 0; f < FRT_FIELD_COUNT; f++) {
        ck_assert_uint_eq(frt_field_find(frt_field_rows[f].name), f);
        ck_assert_msg(frt_field_rows[f].question && frt_field_rows[f].expected && frt_field_rows[f].may, "%s",
                      frt_field_rows[f].name);
    }
    ck_assert_uint_eq(frt_field_find("colour"), FRT_FIELD_COUNT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("casework.request_form");
    TCase *tc = tcase_create("form");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, each_form_passes_or_is_refused_with_its_field_named, 0, (int)FRT_ARRAY_LEN(rows));
    tcase_add_test(tc, everything_that_is_missing_is_named_at_once);
    tcase_add_loop_test(tc, values_are_written_as_the_directory_holds_them, 0, (int)FRT_ARRAY_LEN(values));
    tcase_add_test(tc, ten_thousand_hostile_forms_are_refused_with_the_field_named);
    tcase_add_test(tc, each_field_has_a_name_of_its_own_a_question_and_an_expectation);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
