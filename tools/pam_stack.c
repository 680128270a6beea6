/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/pam_stack.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "support/cleanup.h"
#include "support/percent.h"

#define DEPTH_MAX 16
#define JUMPS_MAX 32
#define SHIPPED   "[success=ok new_authtok_reqd=ok ignore=die default=die]"

struct place {
    char text[256]; /* "/etc/pam.d/su:3"; "" when there is none */
};

/* A line that jumps over the next modules under some result. */
struct jump {
    struct place from;
    unsigned over;
};

struct walk {
    const char *confdir;
    FILE *out;
    struct frt_pam_stack_report *report;
    unsigned depth;
    struct place ends; /* the first line that can end the stack without refusing */
    struct jump jumps[JUMPS_MAX];
    size_t jump_count;
};

static void problem(struct walk *walk, const struct place *place, const char *what, const char *detail)
{
    char shown[256];

    frt_percent_encode(detail, strlen(detail), shown, sizeof(shown));
    fprintf(walk->out, "%s: %s%s\n", place->text, what, shown);
    walk->report->problems++;
}

/* The next word, which may stand in brackets; NULL at the end. */
static char *next_word(char **rest, bool *ret_bracketed)
{
    char *word = *rest + strspn(*rest, " \t"), *end;

    *ret_bracketed = *word == '[';
    if (*word == '\0')
        return NULL;
    end = *ret_bracketed ? strchr(++word, ']') : word + strcspn(word, " \t");
    if (!end)
        end = word + strlen(word);
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

static bool refuses(const char *action)
{
    return strcmp(action, "die") == 0 || strcmp(action, "bad") == 0;
}

/* What a control does with one result. Words: what pam.conf(5) says they are short for. */
static const struct {
    const char *word, *actions;
} short_controls[] = {
    {"required", "success=ok new_authtok_reqd=ok ignore=ignore default=bad"},
    {"requisite", "success=ok new_authtok_reqd=ok ignore=ignore default=die"},
    {"sufficient", "success=done new_authtok_reqd=done default=ignore"},
    {"optional", "success=ok new_authtok_reqd=ok default=ignore"},
};

static const char *actions_of(const char *control, bool bracketed)
{
    for (size_t i = 0; !bracketed && i < FRT_ARRAY_LEN(short_controls); i++)
        if (strcasecmp(control, short_controls[i].word) == 0)
            return short_controls[i].actions;
    return control;
}

/* The module never answers PAM_IGNORE where it governs, so ignore=ignore of "required" does no harm. */
static bool lets_refusals_pass(const char *actions)
{
    frt_auto_free char *copy = strdup(actions);
    bool has_default = false;
    char *rest = copy;

    for (char *pair = copy ? strsep(&rest, " \t") : NULL; pair; pair = strsep(&rest, " \t")) {
        char *action = strchr(pair, '=');

        if (!action)
            continue;
        *action++ = '\0';
        has_default = has_default || strcasecmp(pair, "default") == 0;
        if (strcasecmp(pair, "success") == 0 || strcasecmp(pair, "new_authtok_reqd") == 0 ||
            strcasecmp(pair, "ignore") == 0)
            continue;
        if (!refuses(action))
            return true;
    }
    return !has_default;
}

static void remember_jump(struct walk *walk, const struct place *place, const char *action)
{
    unsigned long over = strtoul(action, NULL, 10);

    if (over == 0 || walk->jump_count == JUMPS_MAX)
        return;
    walk->jumps[walk->jump_count++] =
        (struct jump){.from = *place, .over = over > UINT_MAX / 2 ? UINT_MAX / 2 : (unsigned)over};
}

/* Another module's line: what it may do to the lines behind it. */
static void pass(struct walk *walk, const struct place *place, const char *actions)
{
    frt_auto_free char *copy = strdup(actions);
    char *rest = copy;

    for (char *pair = copy ? strsep(&rest, " \t") : NULL; pair; pair = strsep(&rest, " \t")) {
        char *action = strchr(pair, '=');

        if (!action)
            continue;
        action++;
        if (strcmp(action, "done") == 0 && !walk->ends.text[0])
            walk->ends = *place;
        if (isdigit((unsigned char)*action))
            remember_jump(walk, place, action);
    }
}

static void judge(struct walk *walk, const struct place *place, const char *actions)
{
    walk->report->governed++;
    if (lets_refusals_pass(actions))
        problem(walk, place, "this control lets people pass whom frtd refused; use ", SHIPPED);
    if (walk->ends.text[0])
        problem(walk, place, "is never asked when this line ends the stack first; put it before ",
                walk->ends.text);
    for (size_t i = 0; i < walk->jump_count; i++)
        if (walk->jumps[i].over > 0)
            problem(walk, place, "is jumped over by ", walk->jumps[i].from.text);
}

static bool names_a_tool(char *rest)
{
    bool bracketed;
    char *word;

    while ((word = next_word(&rest, &bracketed)))
        if (strncmp(word, "tool", 4) == 0 && (word[4] == '=' || word[4] == '\0'))
            return true;
    return false;
}

static void take_module(struct walk *walk, const struct place *place, const char *actions, char *rest)
{
    bool bracketed;
    const char *module = next_word(&rest, &bracketed), *slash = module ? strrchr(module, '/') : NULL;
    const char *name = slash ? slash + 1 : module;
    size_t before = walk->jump_count;

    if (name && strcmp(name, "pam_frt.so") == 0 && names_a_tool(rest))
        judge(walk, place, actions);
    else if (name)
        pass(walk, place, actions);
    for (size_t i = 0; i < before; i++)
        if (walk->jumps[i].over > 0)
            walk->jumps[i].over--;
}

static int read_service(struct walk *walk, const char *service);

static void include(struct walk *walk, const struct place *place, const char *file)
{
    int r = file ? read_service(walk, file) : -ENOENT;

    if (r < 0)
        problem(walk, place, "includes a file that cannot be read: ", file ? file : "");
}

/* What ends a substack ends no more than that. */
static void substack(struct walk *walk, const struct place *place, const char *file)
{
    struct place ends = walk->ends;

    include(walk, place, file);
    walk->ends = ends;
}

static void take_line(struct walk *walk, const struct place *place, char *line)
{
    bool bracketed;
    char *rest = line, *type = next_word(&rest, &bracketed), *control;

    if (!type)
        return;
    if (strcmp(type, "@include") == 0) {
        include(walk, place, next_word(&rest, &bracketed));
        return;
    }
    if (strcasecmp(type + (*type == '-'), "account") != 0)
        return;
    control = next_word(&rest, &bracketed);
    if (!control)
        return;
    if (!bracketed && strcasecmp(control, "include") == 0)
        include(walk, place, next_word(&rest, &bracketed));
    else if (!bracketed && strcasecmp(control, "substack") == 0)
        substack(walk, place, next_word(&rest, &bracketed));
    else
        take_module(walk, place, actions_of(control, bracketed), rest);
}

/* Lines that end in a backslash go on in the next; '#' begins a comment. */
static void read_lines(struct walk *walk, const char *path, FILE *file)
{
    frt_auto_free char *line = NULL, *whole = NULL;
    size_t size = 0, used = 0;
    struct place place;
    unsigned number = 0;
    ssize_t n;

    while ((n = getline(&line, &size, file)) >= 0) {
        char *grown = realloc(whole, used + (size_t)n + 1);
        bool goes_on;

        number++;
        if (!grown)
            return;
        whole = grown;
        line[strcspn(line, "#\n")] = '\0';
        strcpy(whole + used, line);
        used += strlen(line);
        goes_on = used > 0 && whole[used - 1] == '\\';
        if (goes_on) {
            whole[used - 1] = ' ';
            continue;
        }
        snprintf(place.text, sizeof(place.text), "%.240s:%u", path, number);
        take_line(walk, &place, whole);
        used = 0;
    }
}

static int read_service(struct walk *walk, const char *service)
{
    frt_auto_fclose FILE *file = NULL;
    frt_auto_free char *path = NULL;

    if (walk->depth == DEPTH_MAX)
        return -ELOOP;
    if (asprintf(&path, "%s%s%s", service[0] == '/' ? "" : walk->confdir, service[0] == '/' ? "" : "/",
                 service) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    file = fopen(path, "re");
    if (!file)
        return -errno;
    walk->depth++;
    read_lines(walk, path, file);
    walk->depth--;
    return 0;
}

int frt_pam_stack_check(const char *confdir, const char *service, FILE *out,
                        struct frt_pam_stack_report *ret_report)
{
    struct walk walk = {.confdir = confdir, .out = out, .report = ret_report};

    *ret_report = (struct frt_pam_stack_report){0};
    return read_service(&walk, service);
}
