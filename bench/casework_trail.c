/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Writes a trail of N decisions by the real writer, for measurements and for trying the report: one attempt about every six
 * seconds from 5 January 2026 on, a heartbeat a minute, now and then a role change, a reading, a restart. The same N and seed give the
 * same decisions.
 *
 * usage: casework-trail DIR N [SEED]     makes DIR/log and DIR/key
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "trail/writer.h"

#define BEGIN_US INT64_C(1767598200000000) /* 2026-01-05T07:30:00Z */
#define STEP_US  INT64_C(6000000)

struct persona {
    const char *user;
    int uid;
    const char *roles, *agency, *subject, *type, *kind, *operator, * owner;
};

static const struct persona personas[] = {
    {"p01", 20001, "city/police/employee sworn [p01-police]", "city", "official", "employee", "none", "no",
     "city"},
    {"p02", 20002, "city/police/employee sworn [p02-police]", "city", "official", "employee", "none", "no",
     "city"},
    {"p06", 20006, "city/mayor/elected [p06-mayor]", "city", "official", "elected", "none", "no", "city"},
    {"p07", 20007, "city/council/elected [p07-council]", "city", "official", "elected", "none", "no", "city"},
    {"p09", 20009, "city/clerk/intern [p09-clerk]", "city", "official", "intern", "none", "no", "city"},
    {"p10", 20010, "city/library/employee [p10-library]", "city", "official", "employee", "none", "no",
     "city"},
    {"p14", 20014, "city/health/volunteer [p14-health]", "city", "official", "volunteer", "none", "no",
     "city"},
    {"p16", 20016, "city/it/contractor [p16-it]", "vend-net", "official", "contractor", "none", "no", "city"},
    {"p20", 20020, "outside/msp/msp sworn performer [p20-msp]", "msp", "outside", "none",
     "performer-requester", "yes", "msp"},
    {"p22", 20022, "outside/rmv/rmv performer [p22-rmv]", "rmv", "outside", "none", "performer", "yes",
     "rmv"},
    {"p24", 20024, "outside/ebpd/ebpd sworn [p24-ebpd]", "ebpd", "outside", "none", "requester", "no",
     "ebpd"},
    {"p31", 20031, "", "", "unknown", "none", "none", "no", "city"},
};

static const char *const tools[] = {"T03-digikam", "T01-face-recognition", "T05-deepface", "T23-clearview",
                                    "T24-pimeyes", "T16-photoprism",       "T11-frigate"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int64_t now_us = BEGIN_US;
static uint64_t state;

static int64_t clock_us(void *arg)
{
    (void)arg;
    return now_us;
}

static unsigned pick(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 11) % below);
}

/* What the policy would have said, in short: enough for counting, not for replaying. */
struct outcome {
    const char *tool, *rule, *verdict, *why, *layers, *oblige, *request, *route, *authority, *scope,
        *request_fact;
    unsigned line;
    bool use;
};

static struct outcome decide(const struct persona *persona)
{
    struct outcome o = {.tool = tools[pick(COUNT(tools))],
                        .verdict = "deny",
                        .oblige = "",
                        .request = "",
                        .route = "none",
                        .authority = "missing",
                        .scope = "unknown",
                        .request_fact = "none"};
    unsigned roll = pick(100);

    if (strcmp(persona->subject, "unknown") == 0) {
        o.rule = "F-CLOSED", o.why = "subject-unknown", o.line = 105;
        o.layers = "ground:deny F-CLOSED city:- state:- site:-";
    } else if (strcmp(persona->subject, "official") == 0) {
        bool redaction = roll < 12;

        o.tool = redaction ? "T34-deface" : o.tool;
        o.rule = redaction ? "X-RED" : roll < 20 ? "N-OVER" : "N-USE";
        o.verdict = redaction ? "exempt" : "deny";
        o.why = redaction ? "exemption" : roll < 20 ? "local-overrides" : "city-official";
        o.layers = redaction ? "ground:- city:exempt X-RED state:exempt X-RED site:-"
                             : "ground:- city:deny N-USE state:deny S-PERF site:-";
        o.line = redaction ? 300 : 394;
    } else if (strcmp(persona->operator, "no") == 0) {
        o.rule = "S-PERF", o.why = "not-operator", o.line = 610;
        o.layers = "ground:- city:- state:deny S-PERF site:-";
    } else {
        bool allow = roll < 70, emergency = roll < 6;

        o.tool = "T25-neoface";
        o.rule = emergency ? "S-EMG" : allow ? "S-ORD" : "S-REQ";
        o.verdict = allow ? "allow" : "deny";
        o.why = allow ? "request-on-file" : "no-request";
        o.layers =
            allow ? "ground:- city:- state:allow S-ORD site:-" : "ground:- city:- state:deny S-REQ site:-";
        o.oblige = allow ? emergency ? "document review" : "document" : "";
        o.route = allow ? emergency ? "emergency" : "order" : "none";
        o.authority = allow ? "in-force" : "missing";
        o.scope = allow ? "within" : "unknown";
        o.request_fact = allow ? "on-file" : "none";
        o.use = allow;
        o.line = 783;
    }
    return o;
}

static void fill(struct frt_record *record, const struct persona *persona)
{
    struct outcome o = decide(persona);
    char text[512], rid[33], request[32] = "";

    snprintf(rid, sizeof(rid), "%016" PRIx64 "%016" PRIx64, state, state * 31);
    if (o.use)
        snprintf(request, sizeof(request), "Q%u", 300 + pick(5000));
    frt_record_init(record, "decision");
    frt_record_add_text(record, "rid", rid);
    frt_record_add_text(record, "src", pick(4) ? "pam" : "guard");
    frt_record_add_text(record, "svc", "frt");
    frt_record_add_text(record, "host", "h6");
    frt_record_add_text(record, "user", persona->user);
    frt_record_add_number(record, "uid", persona->uid);
    frt_record_add_number(record, "auid", persona->uid);
    frt_record_add_text(record, "ruser", "");
    frt_record_add_number(record, "pid", 1000 + pick(30000));
    frt_record_add_number(record, "tid", 0);
    frt_record_add_text(record, "exe", "/usr/bin/login");
    frt_record_add_text(record, "login", persona->user);
    frt_record_add_text(record, "tty", "tty1");
    frt_record_add_text(record, "rhost", pick(20) ? "" : "192.0.2.7");
    frt_record_add_text(record, "tool", o.tool);
    frt_record_add_text(record, "path", "");
    frt_record_add_number(record, "dev", 0);
    frt_record_add_number(record, "ino", 0);
    frt_record_add_text(record, "sha", "");
    frt_record_add_text(record, "action", pick(5) ? "exec" : "open");
    frt_record_add_text(record, "agency", persona->agency);
    frt_record_add_text(record, "req", "");
    frt_record_add_text(record, "request", request);
    frt_record_add_text(record, "evidence", "");
    frt_record_add_number(record, "use", o.use);
    frt_record_add_text(record, "csn", "20260105073000.000000Z#000000#001#000000");
    frt_record_add_number(record, "age", pick(900));
    frt_record_add_text(record, "rule", o.rule);
    frt_record_add_number(record, "line", o.line);
    frt_record_add_text(record, "dec", o.verdict);
    frt_record_add_text(record, "why", o.why);
    frt_record_add_text(record, "layers", o.layers);
    frt_record_add_text(record, "oblige", o.oblige);
    frt_record_add_text(record, "owner", persona->owner);
    frt_record_add_text(record, "lroles", persona->roles);
    frt_record_add_text(record, "roles", persona->roles);
    snprintf(text, sizeof(text),
             "%s %s %s %s face-surveillance recognition named %s shared exec %s %s %s %s none fresh good "
             "ready enforcing",
             persona->subject, persona->type, persona->kind, persona->operator,
             strcmp(persona->owner, "city") == 0 ? "city" : "outside", o.request_fact, o.route, o.authority,
             o.scope);
    frt_record_add_text(record, "facts", text);
    frt_record_add_text(record, "policy", "northampton-ma");
    frt_record_add_text(record, "edition", "2023-10");
    frt_record_add_text(record, "psha", "666cdfb71b26bbfb3446f59e0f780a930226d7dae423ed629a892d5797d5121a");
}

static void append(struct frt_trail *trail, const struct frt_record *record)
{
    int64_t n = frt_trail_append(trail, record);

    if (n == -ENOBUFS && frt_trail_commit(trail) == 0)
        n = frt_trail_append(trail, record);
    if (n < 0) {
        fprintf(stderr, "casework-trail: append: %s\n", strerror((int)-n));
        exit(1);
    }
}

static void beside(struct frt_trail *trail, uint64_t i)
{
    struct frt_record record;

    if (i % 10 == 0) {
        frt_record_init(&record, "beat");
        frt_record_add_text(&record, "view", "fresh");
        frt_record_add_text(&record, "gate", i / 3000 % 7 == 3 ? "not-enforcing" : "enforcing");
        append(trail, &record);
    }
    if (i % 5000 == 2500) {
        frt_record_init(&record, "role");
        frt_record_add_text(&record, "what", "changed");
        frt_record_add_text(&record, "class", "frtRole");
        frt_record_add_text(&record, "dn", "frtRoleId=p20-msp,ou=roles,dc=frt,dc=example");
        frt_record_add_text(&record, "by", "uid=p19,ou=people,dc=frt,dc=example");
        frt_record_add_text(&record, "before", "frtPerson=p20 frtAffiliation=outside frtAgency=msp");
        frt_record_add_text(&record, "after",
                            "frtPerson=p20 frtAffiliation=outside frtAgency=msp frtPerformer=TRUE");
        append(trail, &record);
    }
}

static struct frt_trail *open_trail(const char *dir)
{
    char log[1024], key[1024], error[FRT_TRAIL_ERROR_MAX];
    const struct frt_trail_options options = {
        .log_dir = log, .key_dir = key, .origin = "frt/h6", .clock_us = clock_us};
    struct frt_trail *trail;

    snprintf(log, sizeof(log), "%s/log", dir);
    snprintf(key, sizeof(key), "%s/key", dir);
    mkdir(dir, 0755);
    mkdir(log, 0755);
    mkdir(key, 0700);
    if (frt_trail_open(&options, &trail, error) != 0) {
        fprintf(stderr, "casework-trail: %s\n", error);
        exit(1);
    }
    return trail;
}

int main(int argc, char **argv)
{
    struct frt_record record;
    struct frt_trail *trail;
    uint64_t count;

    if (argc < 3) {
        fputs("usage: casework-trail DIR N [SEED]\n", stderr);
        return 64;
    }
    count = strtoull(argv[2], NULL, 10);
    state = 0x9e3779b97f4a7c15u ^ (argc > 3 ? strtoull(argv[3], NULL, 10) : 1);
    trail = open_trail(argv[1]);
    frt_record_init(&record, "cfg");
    frt_record_add_text(&record, "version", FRT_VERSION);
    frt_record_add_text(&record, "host", "h6");
    append(trail, &record);
    for (uint64_t i = 0; i < count; i++) {
        if (i > 0 && i % 40000 == 0) {
            frt_trail_close(trail);
            now_us += INT64_C(5400000000);
            trail = open_trail(argv[1]);
        }
        now_us += STEP_US / 2 + pick(STEP_US);
        fill(&record, &personas[pick(3) ? pick(COUNT(personas)) : pick(3)]);
        append(trail, &record);
        beside(trail, i);
        if (i % 64 == 63 && frt_trail_commit(trail) < 0)
            return 1;
    }
    frt_trail_close(trail);
    return 0;
}
