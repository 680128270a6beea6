/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings/policy_file.h"
#include "support/cleanup.h"

#define NOW 1773669600 /* 2026-03-16T14:00:00Z */

/* libconfig 1.5's scanner forgets the text of a string that never ends. Not ours to free. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so";
}

static char folder[] = "/tmp/frt-policy-XXXXXX";
static char path[64];

/* A small policy that loads without a warning; the rows below change one thing in it. */
static const char base[] =
    "id = \"small\";\n"                                                          /* 1 */
    "title = \"A small policy\";\n"                                              /* 2 */
    "edition = \"1\";\n"                                                         /* 3 */
    "effective = \"2021-07-01\";\n"                                              /* 4 */
    "review_by = \"2026-12-31\";\n"                                              /* 5 */
    "contact = \"the solicitor\";\n"                                             /* 6 */
    "source = \"a test\";\n"                                                     /* 7 */
    "switches = {\n"                                                             /* 8 */
    "    requester_may_open = false;\n"                                          /* 9 */
    "    emergency_max_hours = 24;\n"                                            /* 10 */
    "};\n"                                                                       /* 11 */
    "layers = (\n"                                                               /* 12 */
    "{\n"                                                                        /* 13 */
    "    name = \"city\";\n"                                                     /* 14 */
    "    rules = (\n"                                                            /* 15 */
    "    {\n"                                                                    /* 16 */
    "        id = \"N-USE\";\n"                                                  /* 17 */
    "        when = { subject = \"official\"; host_owner = [ \"city\" ]; };\n"   /* 18 */
    "        verdict = \"deny\";\n"                                              /* 19 */
    "        reason = \"city-official\";\n"                                      /* 20 */
    "        oblige = [ \"review\" ];\n"                                         /* 21 */
    "        citation = \"c. 290\";\n"                                           /* 22 */
    "        message = \"No.\";\n"                                               /* 23 */
    "    },\n"                                                                   /* 24 */
    "    {\n"                                                                    /* 25 */
    "        id = \"NF\";\n"                                                     /* 26 */
    "        when = { not_tool_class = \"face-surveillance\"; };\n"              /* 27 */
    "        only_if = { requester_may_open = false; };\n"                       /* 28 */
    "        verdict = \"not-governed\";\n"                                      /* 29 */
    "        reason = \"not-frt\";\n"                                            /* 30 */
    "        citation = \"II\";\n"                                               /* 31 */
    "        message = \"Not FRT.\";\n"                                          /* 32 */
    "    });\n"                                                                  /* 33 */
    "});\n"                                                                      /* 34 */
    "never = ({ verdicts = [ \"allow\" ]; when = { subject = \"official\"; };\n" /* 35 */
    "          why = \"no official\"; });\n";

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/small.policy", folder);
}

static void remove_folder(void)
{
    unlink(path);
    rmdir(folder);
}

static void write_bytes(const char *bytes, size_t length)
{
    frt_auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
    ck_assert_int_eq(fchmod(fd, 0644), 0);
}

/* The base with `old` (which must be in it once) replaced by `new`. */
static void write_changed(const char *old, const char *new)
{
    const char *at = strstr(base, old);
    frt_auto_free char *text = NULL;
    int length;

    ck_assert_msg(at != NULL, "%s", old);
    ck_assert_msg(strstr(at + 1, old) == NULL, "%s stands there twice", old);
    length = asprintf(&text, "%.*s%s%s", (int)(at - base), base, new, at + strlen(old));
    ck_assert_int_gt(length, 0);
    write_bytes(text, (size_t)length);
}

struct warnings {
    unsigned count;
    char text[4096];
};

static void collect(void *arg, const char *text)
{
    struct warnings *w = arg;

    w->count++;
    strncat(w->text, text, sizeof(w->text) - strlen(w->text) - 2);
    strcat(w->text, "\n");
}

static int load(struct warnings *w, struct frt_policy **ret_policy, char error[FRT_POLICY_ERROR_MAX])
{
    memset(w, 0, sizeof(*w));
    return frt_policy_load(path, NOW, collect, w, ret_policy, error);
}

START_TEST(the_small_policy_loads_without_a_warning)
{
    char error[FRT_POLICY_ERROR_MAX];
    struct frt_policy *p = NULL;
    struct warnings w;

    write_bytes(base, strlen(base));
    ck_assert_msg(load(&w, &p, error) == 0, "%s", error);
    ck_assert_msg(w.count == 0, "%s", w.text);
    ck_assert_str_eq(p->id, "small");
    ck_assert_int_eq(p->effective_s, 1625097600);
    ck_assert_uint_eq(p->layer_count, 1);
    ck_assert_uint_eq(p->layers[0].rule_count, 2);
    ck_assert_uint_eq(p->layers[0].rules[0].line, 16);
    ck_assert_uint_eq(p->layers[0].rules[0].obligations, FRT_OBLIGE_REVIEW);
    ck_assert_uint_eq(p->layers[0].rules[0].when.mask[FRT_FACT_SUBJECT], 1u << FRT_SUBJECT_OFFICIAL);
    ck_assert_uint_eq(p->layers[0].rules[1].when.mask[FRT_FACT_TOOL_CLASS],
                      0x7fu & ~(1u << FRT_TOOL_FACE_SURVEILLANCE));
    ck_assert_uint_eq(p->never_count, 1);
    ck_assert_uint_eq(strlen(p->sha256), 64);
    frt_policy_free(p);
}
END_TEST

static const struct {
    const char *given, *old, *new, *error; /* `error` follows the path */
} refused[] = {
    {"broken syntax", "edition = \"1\";", "edition = ;", ":3: syntax error: expected libconfig syntax"},
    {"a string that never ends", "never = (", "never = \"(", ":35: syntax error"},
    {"a key twice", "edition = \"1\";", "edition = \"1\"; edition = \"2\";", ":3: duplicate setting name"},
    {"an unknown key", "edition = \"1\";", "edition = \"1\"; colour = \"red\";",
     ":3: colour: unknown key; known here: id title"},
    {"an unknown key of a rule", "oblige =", "obliged =", ":21: obliged: unknown key; known here: id when"},
    {"an unknown key of a layer", "name = \"city\";", "name = \"city\"; x = 1;", ":14: x: unknown key"},
    {"an unknown key of never", "why =", "because =", ":36: because: unknown key; known here: verdicts"},
    {"no id", "id = \"small\";", "", ":1: (the file): id: missing; expected a text"},
    {"an id with a blank", "\"small\"", "\"s mall\"", ":1: id: \"s mall\": expected an identifier"},
    {"a number for a text", "title = \"A small policy\";", "title = 12;",
     ":2: title: expected a text in double quotes"},
    {"an empty text", "\"the solicitor\"", "\"\"",
     ":6: contact: expected a text in double quotes that is not empty"},
    {"an approver without a name", "contact = \"the solicitor\";",
     "contact = \"the solicitor\"; approved_by = \"\";",
     ":6: approved_by: expected a text in double quotes that is not empty"},
    {"a control character", "\"a test\"", "\"a\\x1btest\"",
     ":7: source: expected UTF-8 without control characters"},
    {"bytes that are not UTF-8", "\"a test\"", "\"a\xff\"", ":7: source: expected UTF-8"},
    {"no such day", "\"2021-07-01\"", "\"2021-06-31\"",
     ":4: effective: \"2021-06-31\": expected a date that exists"},
    {"a date written otherwise", "\"2021-07-01\"", "\"07/01/2021\"",
     ":4: effective: \"07/01/2021\": expected a date"},
    {"a date with a time", "\"2026-12-31\"", "\"2026-12-31T00:00:00Z\"", ":5: review_by: "},
    {"no date", "effective = \"2021-07-01\";", "", ":1: (the file): effective: missing; expected a date"},
    {"a review before it begins", "\"2026-12-31\"", "\"2021-07-01\"", ":5: review_by: expected a date after"},
    {"an unknown switch", "requester_may_open = false;\n    e", "requester_may_opem = false;\n    e",
     ":9: requester_may_opem: unknown switch; known switches: publish_items"},
    {"a switch of the wrong type", "requester_may_open = false;\n    e",
     "requester_may_open = \"no\";\n    e", ":9: requester_may_open: expected true or false"},
    {"a number out of range", "= 24;", "= 169;",
     ":10: emergency_max_hours: expected a whole number from 1 to 168"},
    {"a fraction", "= 24;", "= 24.0;", ":10: emergency_max_hours: expected a whole number"},
    {"a choice nobody has", "= 24;", "= 24; dual_role = \"both\";",
     ":10: dual_role: \"both\": expected one of \"city_wins\" \"role_of_session\""},
    {"officials without the elected", "= 24;", "= 24; city_includes = [ \"appointed\", \"employee\" ];",
     ":10: city_includes: expected an array with at least \"elected\""},
    {"officials that are none", "= 24;", "= 24; city_includes = [ \"mayor\" ];",
     ":10: city_includes: \"mayor\": expected official types"},
    {"switches that are no group",
     "switches = {\n    requester_may_open = false;\n    emergency_max_hours = 24;\n}", "switches = 1",
     ":8: switches: expected a group"},
    {"layers that are no list", "layers = (\n", "layers = 1; x = (\n", ":12: x: unknown key"},
    {"a layer without rules", "    rules = (\n", "    rulez = (\n",
     ":15: rulez: unknown key; known here: name rules"},
    {"a layer without a name", "name = \"city\";", "", ":13: layers[0]: name: missing"},
    {"two layers of one name", "});\nnever", "}, { name = \"city\"; rules = (); });\nnever",
     ":34: name: \"city\": there is a layer of this name already"},
    {"seven layers", "});\nnever",
     "}, "
     "{name=\"b\";rules=();},{name=\"c\";rules=();},{name=\"d\";rules=();},{name=\"e\";rules=();},{name="
     "\"f\";rules=();},"
     "{name=\"g\";rules=();});\nnever",
     ":12: layers: expected a list of 1 to 6 layers"},
    {"an unknown fact", "host_owner = [", "host_ovner = [",
     ":18: host_ovner: unknown fact; known facts (also as not_FACT): subject official_type"},
    {"a fact written with a hyphen", "host_owner = [", "host-owner = [", ":18: host-owner: unknown fact"},
    {"an unknown value", "[ \"city\" ]", "[ \"town\" ]",
     ":18: host_owner: \"town\": expected one or more of: unknown city outside"},
    {"a value twice", "[ \"city\" ]", "[ \"city\", \"city\" ]",
     ":18: host_owner: \"city\": the value stands here twice"},
    {"no value", "[ \"city\" ]", "[ ]", ":18: host_owner: expected one or more of"},
    {"a number for a value", "[ \"city\" ]", "1", ":18: host_owner: expected one or more of"},
    {"a list for an array", "[ \"city\" ]", "( \"city\" )", ":18: host_owner: expected one or more of"},
    {"a fact and its negation", "host_owner = [ \"city\" ];",
     "host_owner = \"city\"; not_host_owner = \"outside\";",
     ":18: not_host_owner: this fact stands in the same `when` already"},
    {"all values excluded", "[ \"city\" ]", "\"city\"; not_operator = [ \"yes\", \"no\" ]",
     ":18: not_operator: excludes every value"},
    {"a `when` that is no group", "when = { subject = \"official\"; host_owner = [ \"city\" ]; };",
     "when = \"always\";", ":18: when: expected a group"},
    {"an unknown verdict", "verdict = \"deny\"", "verdict = \"denied\"",
     ":19: verdict: \"denied\": verdict: expected"},
    {"no verdict", "verdict = \"deny\";", "", ":16: rules[0]: verdict: expected"},
    {"an unknown reason", "\"city-official\"", "\"because\"",
     ":20: reason: \"because\": reason: with verdict \"deny\" expected one of: city-official"},
    {"a reason only frtd can give", "\"city-official\"", "\"late\"", ":20: reason: \"late\""},
    {"a reason of another verdict", "\"city-official\"", "\"exemption\"", ":20: reason: \"exemption\""},
    {"a denial's reason for letting pass", "\"not-frt\"", "\"city-official\"",
     ":30: reason: \"city-official\": reason: with verdict \"not-governed\" expected one of: not-frt"},
    {"a denial's reason for an exemption", "verdict = \"not-governed\";\n        reason = \"not-frt\"",
     "verdict = \"exempt\";\n        reason = \"proxy\"",
     ":30: reason: \"proxy\": reason: with verdict \"exempt\" expected one of: exemption"},
    {"a denial's reason for a permission", "verdict = \"not-governed\";\n        reason = \"not-frt\"",
     "verdict = \"allow\";\n        reason = \"proxy\"",
     ":30: reason: \"proxy\": reason: with verdict \"allow\" expected one of: request-on-file"},
    {"an unknown obligation", "\"review\"", "\"revue\"",
     ":21: oblige: \"revue\": expected one or more of: document"},
    {"obligations that are none", "[ \"review\" ]", "3", ":21: oblige: expected an array of"},
    {"no citation", "citation = \"c. 290\";", "", ":16: rules[0]: citation: missing"},
    {"no message", "message = \"No.\";", "", ":16: rules[0]: message: missing"},
    {"a citation too long for an answer", "\"c. 290\"",
     "\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
     "012345678901234567890123456789012345678901234567890123456789\"",
     ":22: citation: expected at most 159 bytes, not 160"},
    {"a rule that is no group", "    });\n});", "    }, 3 );\n});", ":33: rules[2]: expected a group"},
    {"only_if of an unknown switch", "only_if = { requester_may_open = false; };",
     "only_if = { weather = \"fair\"; };", ":28: weather: unknown switch"},
    {"only_if of a value nobody has", "only_if = { requester_may_open = false; };",
     "only_if = { dual_role = \"x\"; };", ":28: dual_role: \"x\": expected one of"},
    {"an empty only_if", "only_if = { requester_may_open = false; };", "only_if = { };",
     ":28: only_if: expected a group"},
    {"only_if on a set", "only_if = { requester_may_open = false; };",
     "only_if = { city_includes = [ \"elected\" ]; };", ":28: city_includes: cannot stand in only_if"},
    {"never without verdicts", "verdicts = [ \"allow\" ];", "", ":35: never[0]: verdicts: expected an array"},
    {"never a denial", "[ \"allow\" ]", "[ \"deny\" ]",
     ":35: verdicts: \"deny\": expected one or more of: allow exempt"},
    {"never without a reason", "why = \"no official\";", "", ":35: never[0]: why: missing"},
    {"never that is no list",
     "never = ({ verdicts = [ \"allow\" ]; when = { subject = \"official\"; };\n          why = \"no "
     "official\"; });",
     "never = 1;", ":35: never: expected a list"},
    {"another file drawn in", "id = \"small\";", "@include \"/etc/passwd\"\n",
     ":1: @include is not supported"},
};

START_TEST(a_bad_policy_is_refused_with_place_and_expectation)
{
    char error[FRT_POLICY_ERROR_MAX];
    struct frt_policy *p = NULL;
    struct warnings w;

    write_changed(refused[_i].old, refused[_i].new);
    ck_assert_msg(load(&w, &p, error) < 0, "%s: was accepted", refused[_i].given);
    ck_assert_ptr_null(p);
    ck_assert_msg(strncmp(error, path, strlen(path)) == 0, "%s: %s", refused[_i].given, error);
    ck_assert_msg(strstr(error, refused[_i].error) == error + strlen(path), "%s: %s", refused[_i].given,
                  error);
    for (const char *c = error; *c; c++)
        ck_assert_msg(*c >= 0x20 && *c < 0x7f, "%s: byte %d in the message", refused[_i].given, *c);
}
END_TEST

static const struct {
    const char *given, *old, *new, *warning;
} warned[] = {
    {"a rule that the one before it covers", "when = { not_tool_class = \"face-surveillance\"; };",
     "when = { subject = \"official\"; host_owner = \"city\"; view = \"stale\"; };",
     ":25: rule NF of layer city can never speak: rule N-USE (line 16) always speaks first"},
    {"a `when` without a fact", "when = { not_tool_class = \"face-surveillance\"; };", "when = { };",
     ":27: when: is empty, so this speaks for every attempt"},
    {"a review that was due", "\"2026-12-31\"", "\"2026-03-16\"",
     ":1: review_by: the review was due on 2026-03-16"},
    {"a beginning in the future", "\"2021-07-01\"", "\"2026-03-17\"",
     ":1: effective: the policy says it takes effect on 2026-03-17"},
    {"nothing that must never be",
     "never = ({ verdicts = [ \"allow\" ]; when = { subject = \"official\"; };\n          why = \"no "
     "official\"; });",
     "", "never: missing or empty, so nothing is proven"},
};

START_TEST(a_doubtful_policy_loads_with_a_warning)
{
    char error[FRT_POLICY_ERROR_MAX];
    struct frt_policy *p = NULL;
    struct warnings w;

    write_changed(warned[_i].old, warned[_i].new);
    ck_assert_msg(load(&w, &p, error) == 0, "%s: %s", warned[_i].given, error);
    ck_assert_msg(w.count == 1, "%s: %u: %s", warned[_i].given, w.count, w.text);
    ck_assert_msg(strstr(w.text, warned[_i].warning) != NULL, "%s: %s", warned[_i].given, w.text);
    frt_policy_free(p);
}
END_TEST

START_TEST(a_rule_whose_switch_stands_otherwise_is_left_out)
{
    char error[FRT_POLICY_ERROR_MAX];
    struct frt_policy *p = NULL;
    struct warnings w;

    write_changed("requester_may_open = false;\n    e", "requester_may_open = true;\n    e");
    ck_assert_msg(load(&w, &p, error) == 0, "%s", error);
    ck_assert_uint_eq(p->layers[0].rule_count, 1);
    ck_assert_uint_eq(p->rules_left_out, 1);
    ck_assert(p->values.requester_may_open);
    frt_policy_free(p);
}
END_TEST

START_TEST(a_switch_left_out_has_its_safest_value)
{
    char error[FRT_POLICY_ERROR_MAX];
    struct frt_policy *p = NULL;
    struct warnings w;

    write_changed("    requester_may_open = false;\n    emergency_max_hours = 24;\n", "");
    ck_assert_msg(load(&w, &p, error) == 0, "%s", error);
    ck_assert(!p->values.requester_may_open && !p->values.role_of_session && p->values.stale_member_counts);
    ck_assert_uint_eq(p->values.emergency_max_hours, 24);
    ck_assert_uint_eq(p->values.retro_filing_minutes, 0);
    ck_assert_uint_eq(p->values.city_includes, 0xfe);
    for (size_t i = 0; i < p->switch_count; i++)
        ck_assert(p->switches[i].is_default && p->switches[i].is_safest);
    frt_policy_free(p);
}
END_TEST

START_TEST(every_switch_reaches_the_facts_it_steers)
{
    char error[FRT_POLICY_ERROR_MAX];
    struct frt_policy *p = NULL;
    struct warnings w;

    write_changed(
        "= 24;",
        "= 6; retro_filing_minutes = 30; dual_role = \"role_of_session\"; stale_member_counts = false;\n"
        "city_includes = [ \"employee\", \"elected\", \"appointed\" ];");
    ck_assert_msg(load(&w, &p, error) == 0, "%s", error);
    ck_assert_uint_eq(p->values.emergency_max_hours, 6);
    ck_assert_uint_eq(p->values.retro_filing_minutes, 30);
    ck_assert(p->values.role_of_session && !p->values.stale_member_counts);
    ck_assert_uint_eq(p->values.city_includes, 0xe);
    frt_policy_free(p);
}
END_TEST

START_TEST(a_policy_that_breaks_its_never_is_refused_in_words)
{
    char error[FRT_POLICY_ERROR_MAX];
    struct frt_policy *p = NULL;
    struct warnings w;

    write_changed("verdict = \"not-governed\";\n        reason = \"not-frt\"",
                  "verdict = \"allow\";\n        reason = \"request-on-file\"");
    ck_assert_int_eq(load(&w, &p, error), -EINVAL);
    ck_assert_ptr_nonnull(
        strstr(error, ":35: never: \"no official\" does not hold: an elected city official"));
    ck_assert_ptr_nonnull(strstr(error, "would be allowed by rule NF of layer city (line 25)"));
    ck_assert_int_eq(frt_policy_parse(path, &p, error), 0);
    frt_policy_free(p);
}
END_TEST

START_TEST(a_file_cut_anywhere_is_refused_or_loads_whole)
{
    char error[FRT_POLICY_ERROR_MAX];
    struct warnings w;

    /* Only blanks and what `never` needs to close may be missing at the end. */
    for (size_t n = 0; n < strlen(base); n++) {
        struct frt_policy *p = NULL;
        bool may_load = n >= strlen(base) - 2 || (base[n] == 'n' && strncmp(base + n, "never", 5) == 0) ||
                        (n > 0 && strncmp(base + n, "\nnever", 6) == 0) ||
                        strncmp(base + n, ";\nnever", 7) == 0;

        write_bytes(base, n);
        if (load(&w, &p, error) == 0) {
            ck_assert_msg(may_load, "cut at byte %zu", n);
            frt_policy_free(p);
        }
    }
}
END_TEST

START_TEST(files_that_cannot_be_trusted_are_refused)
{
    char error[FRT_POLICY_ERROR_MAX];
    frt_auto_free char *large = calloc(1, 2 * 1024 * 1024);
    struct frt_policy *p = NULL;
    struct warnings w;

    write_bytes(base, strlen(base));
    ck_assert_int_eq(chmod(path, 0666), 0);
    ck_assert_int_eq(load(&w, &p, error), -EPERM);
    ck_assert_ptr_nonnull(strstr(error, "chmod go-w"));
    ck_assert_int_eq(frt_policy_load_any(path, NOW, NULL, NULL, &p, error), 0);
    frt_policy_free(p);
    p = NULL;
    write_bytes("id = \"a\0b\";\n", 12);
    ck_assert_int_eq(load(&w, &p, error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error, ":1: holds a NUL byte"));
    ck_assert_ptr_nonnull(large);
    memset(large, '\n', 2 * 1024 * 1024);
    write_bytes(large, 2 * 1024 * 1024);
    ck_assert_int_eq(load(&w, &p, error), -EFBIG);
    unlink(path);
    ck_assert_int_eq(load(&w, &p, error), -ENOENT);
    ck_assert_int_eq(frt_policy_load(folder, NOW, NULL, NULL, &p, error), -EPERM);
}
END_TEST

static const char *const shipped[] = {"northampton-ma", "springfield-ma", "san-francisco-ca"};

START_TEST(shipped_policies_load_without_a_warning_and_within_a_second)
{
    char error[FRT_POLICY_ERROR_MAX], file[256];
    struct frt_policy *p = NULL;
    struct warnings w = {0};
    struct frt_policy_proof proof;

    snprintf(file, sizeof(file), "%s/config/policies/%s.policy", FRT_SOURCE_DIR, shipped[_i]);
    ck_assert_msg(frt_policy_load_any(file, NOW, collect, &w, &p, error) == 0, "%s", error);
    ck_assert_msg(w.count == 0, "%s", w.text);
    ck_assert_str_eq(p->id, shipped[_i]);
    ck_assert_uint_ge(p->never_count, 9);
    ck_assert(frt_prove(p, NULL, &proof));
    ck_assert_uint_eq(proof.covered, frt_fact_space_size());
    /* Time by work, not by the clock: a box is some microseconds. */
    ck_assert_uint_lt(proof.visited, 20000);
    frt_policy_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("settings.policy_file");
    TCase *tc = tcase_create("policy_file");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 300);
    tcase_add_unchecked_fixture(tc, make_folder, remove_folder);
    tcase_add_test(tc, the_small_policy_loads_without_a_warning);
    tcase_add_loop_test(tc, a_bad_policy_is_refused_with_place_and_expectation, 0,
                        (int)FRT_ARRAY_LEN(refused));
    tcase_add_loop_test(tc, a_doubtful_policy_loads_with_a_warning, 0, (int)FRT_ARRAY_LEN(warned));
    tcase_add_test(tc, a_rule_whose_switch_stands_otherwise_is_left_out);
    tcase_add_test(tc, a_switch_left_out_has_its_safest_value);
    tcase_add_test(tc, every_switch_reaches_the_facts_it_steers);
    tcase_add_test(tc, a_policy_that_breaks_its_never_is_refused_in_words);
    tcase_add_test(tc, a_file_cut_anywhere_is_refused_or_loads_whole);
    tcase_add_test(tc, files_that_cannot_be_trusted_are_refused);
    tcase_add_loop_test(tc, shipped_policies_load_without_a_warning_and_within_a_second, 0,
                        (int)FRT_ARRAY_LEN(shipped));
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
