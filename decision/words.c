/* SPDX-License-Identifier: BSD-2-Clause */
#include "decision/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text {
    char *buffer;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *t, const char *format, ...)
{
    size_t room = FRT_FACTS_WORDS_MAX - t->length;
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vsnprintf(t->buffer + t->length, room, format, arguments);
    va_end(arguments);
    if (n > 0)
        t->length += (size_t)n < room ? (size_t)n : room - 1;
}

static const char *value_of(const struct frt_facts *facts, enum frt_fact fact)
{
    return frt_fact_value_name(fact, facts->value[fact]);
}

static const char *article(const char *word)
{
    return word[0] && strchr("aeiou", word[0]) ? "an" : "a";
}

/* "elected city official", "city employee": the way people say it. */
static void say_official(struct text *t, const struct frt_facts *facts, const char *prefix)
{
    const char *type = value_of(facts, FRT_FACT_OFFICIAL_TYPE);

    switch (facts->value[FRT_FACT_OFFICIAL_TYPE]) {
    case FRT_OFFICIAL_ELECTED:
    case FRT_OFFICIAL_APPOINTED:
        say(t, "%s%s %s city official", prefix, article(type), type);
        break;
    case FRT_OFFICIAL_NONE:
        say(t, "%sa city official", prefix);
        break;
    default:
        say(t, "%sa city official (%s)", prefix, type);
    }
}

static void say_subject(struct text *t, const struct frt_facts *facts)
{
    switch (facts->value[FRT_FACT_SUBJECT]) {
    case FRT_SUBJECT_NO_LOGIN:
        say(t, "a service nobody is logged in to");
        break;
    case FRT_SUBJECT_OUTSIDE:
        say(t, "a person of an outside agency");
        break;
    case FRT_SUBJECT_OFFICIAL:
        say_official(t, facts, "");
        break;
    case FRT_SUBJECT_DUAL:
        say_official(t, facts, "");
        say(t, " who also holds an outside role");
        break;
    case FRT_SUBJECT_OFFICIAL_BEHIND:
        say_official(t, facts, "");
        say(t, " acting through another account");
        break;
    case FRT_SUBJECT_OFFICIAL_ACCOUNT:
        say_official(t, facts, "somebody acting through the account of ");
        break;
    default:
        say(t, "an unknown person");
    }
    say(t, " (agency kind %s, named operator %s)", value_of(facts, FRT_FACT_AGENCY_KIND),
        value_of(facts, FRT_FACT_OPERATOR));
}

static void say_attempt(struct text *t, const struct frt_facts *facts)
{
    const char *tool = value_of(facts, FRT_FACT_TOOL_CLASS);
    const char *host = value_of(facts, FRT_FACT_HOST_OWNER);

    say(t, ", action %s", value_of(facts, FRT_FACT_ACTION));
    say(t, ", %s %s tool (capability %s, matched by %s)", article(tool), tool,
        value_of(facts, FRT_FACT_CAPABILITY), value_of(facts, FRT_FACT_MATCH));
    if (facts->value[FRT_FACT_HOST_OWNER] == FRT_HOST_UNKNOWN)
        say(t, ", on a host of unknown owner");
    else
        say(t, ", on %s host", strcmp(host, "city") == 0 ? "a city" : "an outside agency's");
    say(t, " (%s)", value_of(facts, FRT_FACT_DEVICE));
}

static void say_papers(struct text *t, const struct frt_facts *facts)
{
    if (facts->value[FRT_FACT_REQUEST] == FRT_REQUEST_NONE)
        say(t, ", without a written request");
    else
        say(t, ", request %s", value_of(facts, FRT_FACT_REQUEST));
    say(t, ", route %s, authority %s, scope %s", value_of(facts, FRT_FACT_ROUTE),
        value_of(facts, FRT_FACT_AUTHORITY), value_of(facts, FRT_FACT_SCOPE));
    if (facts->value[FRT_FACT_EVIDENCE] != FRT_EVIDENCE_NONE)
        say(t, ", evidence %s", value_of(facts, FRT_FACT_EVIDENCE));
}

void frt_facts_describe(const struct frt_facts *facts, char buffer[FRT_FACTS_WORDS_MAX])
{
    struct text t = {.buffer = buffer};

    buffer[0] = '\0';
    say_subject(&t, facts);
    say_attempt(&t, facts);
    say_papers(&t, facts);
    say(&t, "; directory %s, clock %s, trail %s, gate %s", value_of(facts, FRT_FACT_VIEW),
        value_of(facts, FRT_FACT_CLOCK), value_of(facts, FRT_FACT_TRAIL), value_of(facts, FRT_FACT_GATE));
}
