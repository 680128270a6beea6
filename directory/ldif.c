/* SPDX-License-Identifier: BSD-2-Clause */
#include "directory/ldif.h"

#include <errno.h>
#include <fcntl.h>
#include <ldap.h>
#include <ldif.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "support/cleanup.h"
#include "support/file.h"
#include "support/percent.h"

/* A group of 500,000 members with room to spare; far below what would hurt. */
#define MAX_RECORD (128u * 1024 * 1024)

struct reader {
    FILE *stream;
    const char *name;
    char *line; /* getline(3)'s */
    size_t line_size;
    unsigned long line_number;
    char *record; /* unfolded by libldap while it is parsed */
    size_t length, size;
    unsigned long record_line; /* of the record's first line */
    char *error;
};

__attribute__((format(printf, 4, 5))) static int fail(struct reader *reader, int code, unsigned long line,
                                                      const char *format, ...)
{
    char file[256];
    size_t used;
    va_list args;

    frt_percent_encode(reader->name, strlen(reader->name), file, sizeof(file));
    snprintf(reader->error, FRT_LDIF_ERROR_MAX, "%s:%lu: ", file, line);
    used = strlen(reader->error);
    va_start(args, format);
    vsnprintf(reader->error + used, FRT_LDIF_ERROR_MAX - used, format, args);
    va_end(args);
    return code;
}

static int append(struct reader *reader, const char *bytes, size_t length)
{
    if (length >= MAX_RECORD - reader->length)
        return fail(reader, -E2BIG, reader->line_number, "expected records of less than 128 MiB");
    if (reader->size - reader->length <= length) {
        size_t size = (reader->length + length + 1) * 2;
        char *grown = realloc(reader->record, size);

        if (!grown)
            return fail(reader, -ENOMEM, reader->line_number, "out of memory");
        reader->record = grown;
        reader->size = size;
    }
    memcpy(reader->record + reader->length, bytes, length);
    reader->length += length;
    reader->record[reader->length] = '\0';
    return 0;
}

/* One physical line without its end. 1, 0 at the end of the file, or a negative errno. */
static int next_line(struct reader *reader, size_t *ret_length)
{
    ssize_t n;

    errno = 0;
    n = getline(&reader->line, &reader->line_size, reader->stream);
    if (n < 0 && feof(reader->stream))
        return 0;
    reader->line_number++;
    if (n < 0)
        return fail(reader, errno ? -errno : -EIO, reader->line_number, "cannot be read: %s",
                    strerror(errno));
    if (memchr(reader->line, '\0', (size_t)n))
        return fail(reader, -EINVAL, reader->line_number,
                    "expected text without NUL bytes (write such values in base64, \"name:: ...\")");
    while (n > 0 && (reader->line[n - 1] == '\n' || reader->line[n - 1] == '\r'))
        n--;
    if (memchr(reader->line, '\r', (size_t)n))
        return fail(reader, -EINVAL, reader->line_number, "expected no carriage return inside a line");
    *ret_length = (size_t)n;
    return 1;
}

/* Takes a line of a record in. A continued comment is part of the comment (RFC 2849 note 3). */
static int take_line(struct reader *reader, size_t length, bool *in_comment)
{
    bool continued = reader->line[0] == ' ';
    int r;

    if (reader->line[0] == '#' || (continued && *in_comment)) {
        *in_comment = true;
        return 0;
    }
    *in_comment = false;
    if (reader->length == 0 && continued)
        return fail(reader, -EINVAL, reader->line_number, "expected \"dn: ...\", not a continued line");
    if (reader->length == 0)
        reader->record_line = reader->line_number;
    if (continued)
        reader->length--; /* the line end before it */
    r = append(reader, reader->line + continued, length - continued);
    return r < 0 ? r : append(reader, "\n", 1);
}

/* Gathers the lines of the next record. 1, 0 at the end, or a negative errno. */
static int next_record(struct reader *reader)
{
    bool in_comment = false;
    size_t length = 0;
    int r;

    reader->length = 0;
    while ((r = next_line(reader, &length)) > 0) {
        if (length == 0 && reader->length > 0)
            return 1;
        in_comment = length > 0 && in_comment;
        if (length == 0)
            continue;
        r = take_line(reader, length, &in_comment);
        if (r < 0)
            return r;
    }
    return r < 0 ? r : reader->length > 0;
}

/* Whole groups of four, '=' only to fill the last. libldap decodes the same, but prints what it does not like to
 * stderr as it is. */
static bool is_base64(const char *text)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t digits = strspn(text, alphabet), fill = strspn(text + digits, "=");

    return digits > 0 && text[digits + fill] == '\0' && fill <= 2 && (digits + fill) % 4 == 0;
}

/* Splits "name: value". libldap opens what "name:< url" says, so that is refused before it sees the line. */
static int parse_line(struct reader *reader, char *line, struct berval *ret_name, struct berval *ret_value,
                      int *ret_owned)
{
    const char *colon = strchr(line, ':');
    char shown[64];

    if (!colon || colon == line) {
        frt_percent_encode(line, strlen(line), shown, sizeof(shown));
        return fail(reader, -EINVAL, reader->record_line,
                    "expected lines \"name: value\" in this record, found \"%s\"", shown);
    }
    if (colon[1] == '<') {
        frt_percent_encode(line, (size_t)(colon - line), shown, sizeof(shown));
        return fail(reader, -EINVAL, reader->record_line,
                    "%s: expected the value itself; values by URL (\":<\") are not read", shown);
    }
    if ((colon[1] == ':' && !is_base64(colon + 2 + strspn(colon + 2, " "))) ||
        ldif_parse_line2(line, ret_name, ret_value, ret_owned) != 0) {
        frt_percent_encode(line, strcspn(line, ":"), shown, sizeof(shown));
        return fail(reader, -EINVAL, reader->record_line, "%s: expected base64 after \"::\"", shown);
    }
    return 0;
}

static int refuse_change(struct reader *reader)
{
    return fail(
        reader, -EINVAL, reader->record_line,
        "expected entries, found a change record (changetype:); apply it to the directory and export that "
        "with slapcat or ldapsearch -LLL");
}

static int add_value(struct reader *reader, struct frt_entry *entry, const char *name,
                     const struct berval *value)
{
    int r;

    if (strcasecmp(name, "changetype") == 0 || strcasecmp(name, "control") == 0)
        return refuse_change(reader);
    if (strcasecmp(name, "dn") == 0)
        return fail(reader, -EINVAL, reader->record_line,
                    "expected an empty line between entries, found a second \"dn:\" in this record");
    if (strcasecmp(name, "entryUUID") == 0)
        (void)frt_uuid_parse(value->bv_val, value->bv_len, entry->uuid);
    r = frt_entry_add(entry, name, value->bv_val, value->bv_len);
    if (r == -E2BIG)
        return fail(reader, r, reader->record_line,
                    "expected values of at most 1 MiB, 500,000 of one attribute, 256 attributes");
    return r < 0 ? fail(reader, r, reader->record_line, "out of memory") : 0;
}

/* Adds the remaining lines; `rest` is libldap's position. */
static int add_lines(struct reader *reader, struct frt_entry *entry, char **rest)
{
    char *line;

    while ((line = ldif_getline(rest))) {
        struct berval name = {0}, value = {0};
        int owned = 0, r;

        r = parse_line(reader, line, &name, &value, &owned);
        if (r == 0)
            r = add_value(reader, entry, name.bv_val, &value);
        if (owned)
            ber_memfree(value.bv_val);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool is_keyword(const char *line, const char *keyword)
{
    return strncasecmp(line, keyword, strlen(keyword)) == 0;
}

/* The DN's line. `*ret_entry` stays NULL for a record that is only "version: 1". */
static int begin_entry(struct reader *reader, char **rest, struct frt_entry **ret_entry)
{
    struct berval name = {0}, value = {0};
    char *line = ldif_getline(rest);
    int owned = 0, r = 0;

    if (line && is_keyword(line, "version:")) {
        if (strspn(line + 8, " ") + 8 + 1 != strlen(line) || line[strlen(line) - 1] != '1')
            return fail(reader, -EINVAL, reader->record_line, "expected \"version: 1\"");
        line = ldif_getline(rest);
    }
    if (!line)
        return 0;
    if (!is_keyword(line, "dn:"))
        return fail(reader, -EINVAL, reader->record_line,
                    "expected \"dn: ...\" at the beginning of an entry (\"include:\" is not followed; "
                    "ldapsearch wants "
                    "-LLL)");
    r = parse_line(reader, line, &name, &value, &owned);
    if (r == 0 && strlen(value.bv_val) != value.bv_len)
        r = fail(reader, -EINVAL, reader->record_line, "dn: expected a name without NUL bytes");
    if (r == 0) {
        *ret_entry = frt_entry_new(value.bv_val);
        if (!*ret_entry)
            r = fail(reader, -ENOMEM, reader->record_line, "out of memory");
    }
    if (owned)
        ber_memfree(value.bv_val);
    return r;
}

static int load_record(struct reader *reader, struct frt_view *view)
{
    struct frt_entry *entry = NULL;
    char *rest = reader->record;
    int r = begin_entry(reader, &rest, &entry);

    if (r < 0 || !entry)
        return r;
    r = add_lines(reader, entry, &rest);
    if (r < 0) {
        frt_entry_free(entry);
        return r;
    }
    r = frt_view_put(view, entry, NULL);
    return r < 0 ? fail(reader, r, reader->record_line, "out of memory") : 0;
}

int frt_ldif_load_stream(FILE *stream, const char *name, struct frt_view *view,
                         char error[FRT_LDIF_ERROR_MAX])
{
    struct reader reader = {.stream = stream, .name = name, .error = error};
    int r;

    *error = '\0';
    while ((r = next_record(&reader)) > 0) {
        r = load_record(&reader, view);
        if (r < 0)
            break;
    }
    free(reader.line);
    free(reader.record);
    return r;
}

static int load(const char *path, enum frt_file_trust trust, struct frt_view *view,
                char error[FRT_LDIF_ERROR_MAX])
{
    int wait =
        trust == FRT_FILE_ANY ? 0 : O_NONBLOCK; /* a pipe, which is no such file, would wait for a writer */
    frt_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | wait);
    struct reader reader = {.name = path, .error = error};
    frt_auto_fclose FILE *stream = NULL;
    const char *what = "";
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return fail(&reader, -errno, 0, "cannot be opened: %s", strerror(errno));
    if (S_ISDIR(st.st_mode))
        return fail(&reader, -EISDIR, 0, "expected a file, this is a folder");
    if (trust != FRT_FILE_ANY && frt_file_check(&st, trust, &what) < 0)
        return fail(&reader, -EPERM, 0, "%s", what);
    stream = fdopen(fd, "r");
    if (!stream)
        return fail(&reader, -errno, 0, "cannot be opened: %s", strerror(errno));
    (void)frt_steal_fd(&fd);
    return frt_ldif_load_stream(stream, path, view, error);
}

int frt_ldif_load(const char *path, struct frt_view *view, char error[FRT_LDIF_ERROR_MAX])
{
    return load(path, FRT_FILE_ANY, view, error);
}

int frt_ldif_load_trusted(const char *path, struct frt_view *view, char error[FRT_LDIF_ERROR_MAX])
{
    return load(path, FRT_FILE_NOT_WRITABLE, view, error);
}
