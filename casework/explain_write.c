/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "casework/explain.h"
#include "casework/safe_text.h"
#include "decision/words.h"
#include "support/time_text.h"
#include "trail/encoding.h"

#define NAME "  %-10s "

/* One name and one text; nothing when there is no text. */
static void say(FILE *out, const char *name, const char *text)
{
    char buffer[FRT_SAFE_MAX];

    if (text && text[0])
        fprintf(out, NAME "%s\n", name, frt_safe_text(text, buffer));
}

static const char *verdict_words(enum frt_verdict verdict)
{
    switch (verdict) {
    case FRT_VERDICT_DENY:
        return "DENIED";
    case FRT_VERDICT_ALLOW:
        return "ALLOWED, to be documented (items a-h)";
    case FRT_VERDICT_EXEMPT:
        return "LET PASS under an exemption";
    case FRT_VERDICT_NOT_GOVERNED:
        return "NOT GOVERNED: no facial recognition";
    }
    return "DENIED";
}

static void write_who(const struct frt_desk *desk, const struct frt_past_decision *row, FILE *out)
{
    const struct frt_history *h = desk->history;
    const char *login = frt_history_say(h, row, FRT_PAST_LOGIN),
               *user = frt_history_say(h, row, FRT_PAST_USER);

    fprintf(out, NAME "%s", "who", login[0] ? login : "nobody");
    fprintf(out, " logged in (login uid %d), acting as %s (uid %d)", row->auid, user[0] ? user : "nobody",
            row->uid);
    if (frt_history_say(h, row, FRT_PAST_RUSER)[0])
        fprintf(out, ", asked for by %s", frt_history_say(h, row, FRT_PAST_RUSER));
    fputc('\n', out);
    say(out, "roles",
        frt_history_say(h, row, FRT_PAST_LOGIN_ROLES)[0] ? frt_history_say(h, row, FRT_PAST_LOGIN_ROLES)
                                                         : frt_history_say(h, row, FRT_PAST_ROLES));
    if (frt_history_text_of(h, row, FRT_PAST_LOGIN_ROLES) &&
        frt_history_text_of(h, row, FRT_PAST_LOGIN_ROLES) != frt_history_text_of(h, row, FRT_PAST_ROLES))
        say(out, "acting as", frt_history_say(h, row, FRT_PAST_ROLES));
    say(out, "terminal", frt_history_say(h, row, FRT_PAST_TTY));
    say(out, "from", frt_history_say(h, row, FRT_PAST_RHOST));
}

static void write_what(const struct frt_desk *desk, const struct frt_past_decision *row, FILE *out)
{
    const struct frt_history *h = desk->history;

    fprintf(out, NAME "%s of %s", "what", frt_history_say(h, row, FRT_PAST_ACTION),
            frt_history_say(h, row, FRT_PAST_TOOL)[0] ? frt_history_say(h, row, FRT_PAST_TOOL)
                                                      : "something not in the catalogue");
    fprintf(out, " on host %s (owner %s), by way of %s %s\n", frt_history_say(h, row, FRT_PAST_HOST),
            frt_history_say(h, row, FRT_PAST_OWNER)[0] ? frt_history_say(h, row, FRT_PAST_OWNER) : "unknown",
            frt_history_say(h, row, FRT_PAST_SOURCE), frt_history_say(h, row, FRT_PAST_SERVICE));
    say(out, "path", frt_history_say(h, row, FRT_PAST_PATH));
    say(out, "digest", frt_history_say(h, row, FRT_PAST_SHA));
    say(out, "request", frt_history_say(h, row, FRT_PAST_REQUEST));
    say(out, "program", frt_history_say(h, row, FRT_PAST_EXE));
}

static void write_facts(const struct frt_desk *desk, const struct frt_past_decision *row, FILE *out)
{
    const struct frt_facts *facts = frt_history_facts(desk->history, row);
    char words[FRT_FACTS_WORDS_MAX];

    if (!facts) {
        say(out, "facts", "cannot be read by this version:");
        say(out, "", frt_history_say(desk->history, row, FRT_PAST_FACTS));
        return;
    }
    frt_facts_describe(facts, words);
    say(out, "facts then", words);
    for (unsigned f = 0; f < FRT_FACT_COUNT; f++)
        fprintf(out, "%s%s=%s",
                f % 5 ? "  "
                : f   ? "\n             "
                      : "             ",
                frt_fact_table[f].name, frt_fact_value_name((enum frt_fact)f, facts->value[f]));
    fputc('\n', out);
}

static void write_layers(const char *layers, FILE *out)
{
    char text[1024], *rest = text, *word;

    snprintf(text, sizeof(text), "%s", layers);
    fprintf(out, NAME, "layers");
    for (unsigned i = 0; (word = strsep(&rest, " ")); i++) {
        char *colon = strchr(word, ':');

        if (colon) {
            *colon = '\0';
            fprintf(out, "%s%s: %s", i ? "; " : "", word, strcmp(colon + 1, "-") == 0 ? "silent" : colon + 1);
        } else {
            fprintf(out, " by %s", word);
        }
    }
    fputc('\n', out);
}

static void write_rule(const struct frt_desk *desk, const struct frt_past_decision *row,
                       const struct frt_explanation *explanation, FILE *out)
{
    const struct frt_history *h = desk->history;
    const struct frt_reason_info *reason = &frt_reason_table[row->reason];

    write_layers(frt_history_say(h, row, FRT_PAST_LAYERS), out);
    fprintf(out, NAME "%s (line %u of policy %s, edition %s)\n", "rule",
            frt_history_say(h, row, FRT_PAST_RULE)[0] ? frt_history_say(h, row, FRT_PAST_RULE) : "none",
            row->line, frt_history_say(h, row, FRT_PAST_POLICY), frt_history_say(h, row, FRT_PAST_EDITION));
    fprintf(out, NAME "%s: %s\n", "reason", frt_history_say(h, row, FRT_PAST_REASON), reason->meaning);
    say(out, "obliges", frt_history_say(h, row, FRT_PAST_OBLIGATIONS));
    if (explanation->rule) {
        say(out, "citation", explanation->rule->citation);
        say(out, "message", explanation->rule->message);
        say(out, "again",
            explanation->is_same_again
                ? "deciding again from these facts under this policy gives the same"
                : "DECIDING AGAIN FROM THESE FACTS UNDER THIS POLICY GIVES SOMETHING ELSE");
        return;
    }
    if (!explanation->policy)
        fprintf(out, NAME "not shown: no policy file at hand; the decision was made under sha256 %s\n",
                "citation", frt_history_say(h, row, FRT_PAST_POLICY_SHA));
    else if (!explanation->is_same_policy)
        fprintf(out,
                NAME
                "not shown: the policy at hand (%s %s, sha256 %.12s) is not the one the decision was made\n"
                "             under (sha256 %.12s); give that edition with --policy\n",
                "citation", explanation->policy->id, explanation->policy->edition,
                explanation->policy->sha256, frt_history_say(h, row, FRT_PAST_POLICY_SHA));
    else
        say(out, "citation", "none: no rule of the policy carries this decision");
}

static void write_chain(const struct frt_desk *desk, const struct frt_explanation *explanation, FILE *out)
{
    char words[512];

    fprintf(out, NAME "record %" PRIu64 " in %s, leaf %s\n", "chain", explanation->n, explanation->file,
            explanation->leaf);
    if (explanation->is_sealed && explanation->seal_size > 0)
        fprintf(out, NAME "number %" PRIu64 ", over %" PRIu64 " records\n", "seal", explanation->seal,
                explanation->seal_size);
    else
        say(out, "seal", "NONE: no seal covers this record; it was never answered and proves nothing");
    frt_desk_chain_words(desk, words, sizeof(words));
    say(out, "trail", words);
    if (explanation->has_proof)
        fprintf(out, NAME "%s (%zu hashes; frt verify --proof %" PRIu64 " prints them)\n", "proof",
                explanation->is_included ? "verified: the record is in the tree with that root"
                                         : "DOES NOT VERIFY",
                explanation->proof.length, explanation->n);
    else
        say(out, "proof", "none: the trail was not verified up to this record");
}

void frt_explanation_write_text(const struct frt_desk *desk, const struct frt_explanation *explanation,
                                FILE *out)
{
    const struct frt_past_decision *row = frt_history_decision(desk->history, 0);
    char time[FRT_TIME_TEXT_MAX];

    frt_time_format_us(row->time_us, time);
    fprintf(out, "Decision %" PRIu64 ", %s: %s\n", row->n, time, verdict_words(row->verdict));
    write_who(desk, row, out);
    write_what(desk, row, out);
    write_facts(desk, row, out);
    write_rule(desk, row, explanation, out);
    fprintf(out, NAME "contextCSN %s, %d ms old\n", "directory",
            frt_history_say(desk->history, row, FRT_PAST_CSN)[0]
                ? frt_history_say(desk->history, row, FRT_PAST_CSN)
                : "(LDIF files)",
            row->age_ms);
    write_chain(desk, explanation, out);
}

static void set(json_t *object, const char *key, const char *text)
{
    char buffer[FRT_SAFE_MAX];

    json_object_set_new(object, key, json_string(frt_safe_text(text, buffer)));
}

static json_t *facts_json(const struct frt_facts *facts)
{
    json_t *object = json_object();

    for (unsigned f = 0; facts && f < FRT_FACT_COUNT; f++)
        set(object, frt_fact_table[f].name, frt_fact_value_name((enum frt_fact)f, facts->value[f]));
    return object;
}

static json_t *chain_json(const struct frt_desk *desk, const struct frt_explanation *explanation)
{
    json_t *object = json_object(), *path = json_array();
    char hex[65], words[512];

    frt_desk_chain_words(desk, words, sizeof(words));
    set(object, "trail", words);
    set(object, "file", explanation->file);
    set(object, "leaf", explanation->leaf);
    json_object_set_new(object, "sealed", json_boolean(explanation->is_sealed));
    json_object_set_new(object, "seal", json_integer((json_int_t)explanation->seal));
    json_object_set_new(object, "seal_records", json_integer((json_int_t)explanation->seal_size));
    json_object_set_new(object, "included", json_boolean(explanation->is_included));
    for (size_t i = 0; explanation->has_proof && i < explanation->proof.length; i++) {
        frt_hex_format(explanation->proof.path[i], FRT_HASH_SIZE, hex);
        json_array_append_new(path, json_string(hex));
    }
    json_object_set_new(object, "proof", path);
    return object;
}

void frt_explanation_write_json(const struct frt_desk *desk, const struct frt_explanation *explanation,
                                FILE *out)
{
    const struct frt_past_decision *row = frt_history_decision(desk->history, 0);
    json_t *object = json_object();
    char time[FRT_TIME_TEXT_MAX];

    frt_time_format_us(row->time_us, time);
    json_object_set_new(object, "decision", json_integer((json_int_t)row->n));
    set(object, "time", time);
    for (unsigned i = 0; i < FRT_PAST_TEXT_COUNT; i++)
        set(object, frt_past_keys[i], frt_history_say(desk->history, row, (enum frt_past_text)i));
    json_object_set_new(object, "facts", facts_json(frt_history_facts(desk->history, row)));
    set(object, "meaning", frt_reason_table[row->reason].meaning);
    json_object_set_new(object, "policy_at_hand_is_the_same", json_boolean(explanation->is_same_policy));
    set(object, "citation", explanation->rule ? explanation->rule->citation : "");
    set(object, "message", explanation->rule ? explanation->rule->message : "");
    json_object_set_new(object, "same_again",
                        explanation->is_same_policy ? json_boolean(explanation->is_same_again) : json_null());
    json_object_set_new(object, "chain", chain_json(desk, explanation));
    set(object, "record", explanation->line);
    json_dumpf(object, out, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    fputc('\n', out);
    json_decref(object);
}
