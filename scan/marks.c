/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan/marks.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan/packages.h"
#include "support/cleanup.h"

struct mark {
    char *text, *tool;
    uint8_t sha256[32];
    uint64_t size;
};

struct list {
    struct mark *marks;
    size_t count;
};

struct frt_scan_marks {
    struct list lists[FRT_SCAN_KIND_END];
    bool has_unsized_digest;
};

int frt_scan_marks_new(struct frt_scan_marks **ret_marks)
{
    *ret_marks = calloc(1, sizeof(**ret_marks));
    return *ret_marks ? 0 : -ENOMEM;
}

void frt_scan_marks_free(struct frt_scan_marks *marks)
{
    for (int k = 0; marks && k < FRT_SCAN_KIND_END; k++) {
        for (size_t i = 0; i < marks->lists[k].count; i++) {
            free(marks->lists[k].marks[i].text);
            free(marks->lists[k].marks[i].tool);
        }
        free(marks->lists[k].marks);
    }
    free(marks);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool parse_digest(const char *text, uint8_t ret_sha256[32])
{
    if (strlen(text) != 64)
        return false;
    for (size_t i = 0; i < 32; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        ret_sha256[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static bool parse_size(const char *text, uint64_t *ret_size)
{
    char *end;

    errno = 0;
    *ret_size = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static bool parse(enum frt_scan_kind kind, struct mark *mark)
{
    char *name;

    switch (kind) {
    case FRT_SCAN_PATH:
        for (size_t n = strlen(mark->text); n > 1 && mark->text[n - 1] == '/'; n--)
            mark->text[n - 1] = '\0';
        return mark->text[0] == '/';
    case FRT_SCAN_PATTERN:
        return mark->text[0] == '/';
    case FRT_SCAN_MODEL:
        return mark->text[0] && !strchr(mark->text, '/');
    case FRT_SCAN_DIGEST:
        return parse_digest(mark->text, mark->sha256);
    case FRT_SCAN_SIZE:
        return parse_size(mark->text, &mark->size);
    case FRT_SCAN_PACKAGE:
        name = strchr(mark->text, ':');
        if (name && strncmp(mark->text, "pypi:", 5) == 0)
            frt_scan_normalise_python(name + 1);
        return name && name[1] && name != mark->text;
    case FRT_SCAN_KIND_END:
        return false;
    }
    return false;
}

int frt_scan_marks_add(struct frt_scan_marks *marks, enum frt_scan_kind kind, const char *tool,
                       const char *text)
{
    struct list *list = &marks->lists[kind < FRT_SCAN_KIND_END ? kind : 0];
    frt_auto_free char *own = strdup(text), *id = strdup(tool);
    struct mark mark = {.text = own, .tool = id};

    if (!own || !id)
        return -ENOMEM;
    if (!parse(kind, &mark))
        return -EINVAL;
    if ((list->count & (list->count - 1)) == 0) {
        struct mark *more = realloc(list->marks, (list->count ? 2 * list->count : 1) * sizeof(*more));

        if (!more)
            return -ENOMEM;
        list->marks = more;
    }
    mark.text = frt_steal(&own);
    mark.tool = frt_steal(&id);
    list->marks[list->count++] = mark;
    return 0;
}

static int by_text(const void *a, const void *b)
{
    const struct mark *one = a, *other = b;

    return strcmp(one->text, other->text);
}

static int by_digest(const void *a, const void *b)
{
    const struct mark *one = a, *other = b;

    return memcmp(one->sha256, other->sha256, sizeof(one->sha256));
}

static int by_size(const void *a, const void *b)
{
    const struct mark *one = a, *other = b;

    return one->size < other->size ? -1 : one->size > other->size;
}

static bool has_size(const struct frt_scan_marks *marks, const char *tool)
{
    const struct list *sizes = &marks->lists[FRT_SCAN_SIZE];

    for (size_t i = 0; i < sizes->count; i++)
        if (strcmp(sizes->marks[i].tool, tool) == 0)
            return true;
    return false;
}

void frt_scan_marks_finish(struct frt_scan_marks *marks)
{
    const struct list *digests = &marks->lists[FRT_SCAN_DIGEST];

    for (size_t i = 0; i < digests->count && !marks->has_unsized_digest; i++)
        marks->has_unsized_digest = !has_size(marks, digests->marks[i].tool);
    for (int k = 0; k < FRT_SCAN_KIND_END; k++) {
        struct list *list = &marks->lists[k];
        int (*order)(const void *, const void *) =
            k == FRT_SCAN_DIGEST ? by_digest : (k == FRT_SCAN_SIZE ? by_size : by_text);

        if (list->count)
            qsort(list->marks, list->count, sizeof(*list->marks), order);
    }
}

static const struct mark *find(const struct frt_scan_marks *marks, enum frt_scan_kind kind,
                               const struct mark *wanted, int (*order)(const void *, const void *))
{
    const struct list *list = &marks->lists[kind];

    return list->count ? bsearch(wanted, list->marks, list->count, sizeof(*wanted), order) : NULL;
}

static bool take(enum frt_scan_kind kind, const struct mark *mark, struct frt_scan_match *ret_match)
{
    if (mark)
        *ret_match = (struct frt_scan_match){.kind = kind, .tool = mark->tool, .mark = mark->text};
    return mark != NULL;
}

static const struct mark *find_pattern(const struct list *list, const char *text, int flags)
{
    for (size_t i = 0; i < list->count; i++)
        if (fnmatch(list->marks[i].text, text, flags) == 0)
            return &list->marks[i];
    return NULL;
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

bool frt_scan_match_name(const struct frt_scan_marks *marks, const char *path, bool is_directory,
                         struct frt_scan_match *ret_match)
{
    const struct mark wanted = {.text = (char *)(uintptr_t)path};

    return take(FRT_SCAN_PATH, find(marks, FRT_SCAN_PATH, &wanted, by_text), ret_match) ||
           take(FRT_SCAN_PATTERN, find_pattern(&marks->lists[FRT_SCAN_PATTERN], path, FNM_PATHNAME),
                ret_match) ||
           (!is_directory &&
            take(FRT_SCAN_MODEL, find_pattern(&marks->lists[FRT_SCAN_MODEL], base_of(path), 0), ret_match));
}

static bool is_called_like_a_tool(const struct frt_scan_marks *marks, const char *base)
{
    const struct list *paths = &marks->lists[FRT_SCAN_PATH];

    for (size_t i = 0; i < paths->count; i++)
        if (strcmp(base_of(paths->marks[i].text), base) == 0)
            return true;
    return false;
}

bool frt_scan_wants_contents(const struct frt_scan_marks *marks, const char *path, mode_t mode, uint64_t size)
{
    const struct mark wanted = {.size = size};
    const char *base = base_of(path);

    if (marks->lists[FRT_SCAN_DIGEST].count == 0 || size == 0)
        return false;
    if (find(marks, FRT_SCAN_SIZE, &wanted, by_size))
        return true;
    return marks->has_unsized_digest &&
           ((mode & 0111) || strstr(base, ".so") || is_called_like_a_tool(marks, base));
}

bool frt_scan_match_digest(const struct frt_scan_marks *marks, const uint8_t sha256[32],
                           struct frt_scan_match *ret_match)
{
    struct mark wanted = {0};

    memcpy(wanted.sha256, sha256, sizeof(wanted.sha256));
    return take(FRT_SCAN_DIGEST, find(marks, FRT_SCAN_DIGEST, &wanted, by_digest), ret_match);
}

bool frt_scan_match_package(const struct frt_scan_marks *marks, const char *system, const char *name,
                            struct frt_scan_match *ret_match)
{
    frt_auto_free char *text = NULL;
    struct mark wanted = {0};

    if (asprintf(&text, "%s:%s", system, name) < 0)
        return false;
    wanted.text = text;
    return take(FRT_SCAN_PACKAGE, find(marks, FRT_SCAN_PACKAGE, &wanted, by_text), ret_match);
}

void frt_scan_each_package(const struct frt_scan_marks *marks, const char *system,
                           const struct frt_scan_package_visitor *visitor)
{
    const struct list *list = &marks->lists[FRT_SCAN_PACKAGE];
    size_t length = strlen(system);

    for (size_t i = 0; i < list->count; i++) {
        const struct mark *mark = &list->marks[i];
        struct frt_scan_match match;

        if (strncmp(mark->text, system, length) == 0 && mark->text[length] == ':' &&
            take(FRT_SCAN_PACKAGE, mark, &match))
            visitor->visit(&match, mark->text + length + 1, visitor->arg);
    }
}
