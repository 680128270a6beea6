/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frt.conf: every mistake is named by file, line and key with what was expected, and nothing is half read.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings/frt_conf.h"
#include "settings/libconfig_text.h"
#include "support/cleanup.h"
#include "support/file.h"

static char scratch[] = "/tmp/frt-conf-XXXXXX";
static char path[64];

static void write_bytes(const char *bytes, size_t length)
{
    frt_auto_fclose FILE *file = fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fchmod(fileno(file), 0644), 0);
}

static void make_scratch(void)
{
    ck_assert_ptr_nonnull(mkdtemp(scratch));
    snprintf(path, sizeof(path), "%s/frt.conf", scratch);
}

static void remove_scratch(void)
{
    unlink(path);
    rmdir(scratch);
}

/* Two lines every file begins with, and the directory every file ends with, unless the row brings its own. */
#define HEAD      "host = \"h1\";\npolicy = \"/p\";\n"
#define DIRECTORY "directory = { ldif = [ \"/d.ldif\" ]; suffix = \"dc=x\"; };\n"

/* A server in one line: "directory = {" SERVER "};" */
#define SERVER "suffix = \"dc=x\"; uris = [ \"ldaps://a\" ]; ca_file = \"/ca\"; "
#define BOUND  SERVER "bind_dn = \"cn=r\"; secret_file = \"/s\"; "

static const struct {
    const char *given, *text, *expected; /* after "FILE:" */
} bad[] = {
    {"no libconfig", "host = ;\n", "1: syntax error: expected libconfig syntax (key = value;)"},
    {"a group that is not closed", HEAD "directory = {\n",
     "4: syntax error: expected libconfig syntax (key = value;)"},
    {"a text that is not closed", "policy = \"/p\";\nhost = \"h1;\n",
     "3: syntax error: expected libconfig syntax (key = value;)"},
    {"a key twice", HEAD "host = \"h2\";\n" DIRECTORY,
     "3: duplicate setting name: expected libconfig syntax (key = value;)"},
    {"an empty file", "", "1: host: missing, and there is no default"},
    {"no host", "policy = \"/p\";\n" DIRECTORY, "1: host: missing, and there is no default"},
    {"no policy", "host = \"h1\";\n" DIRECTORY, "1: policy: missing, and there is no default"},
    {"no directory", HEAD, "1: directory: missing; expected directory = { ... }"},
    {"no suffix", HEAD "directory = {\n ldif = [ \"/d\" ];\n};\n",
     "3: suffix: missing, and there is no default"},
    {"a key nobody knows", HEAD "hots = 1;\n" DIRECTORY,
     "3: hots: unknown key; known here: host origin user policy socket auditors_group log_dir key_dir "
     "max_view_age directory gate role_groups"},
    {"a key of directory at the top", HEAD "suffix = \"dc=x\";\n" DIRECTORY,
     "3: suffix: unknown key; known here: host origin user policy socket auditors_group log_dir key_dir "
     "max_view_age directory gate role_groups"},
    {"an unknown key of directory", HEAD "directory = { suffix = \"dc=x\";\n url = 1; };\n",
     "4: url: unknown key; known here: uris ldif user bind_dn secret_file sasl_external ca_file cert_file "
     "key_file content_sync poll_interval network_timeout page_size replica_program suffix people roles "
     "agencies hosts tools requests authorities groups"},
    {"an unknown key of the gate", HEAD DIRECTORY "gate = { requried = true; };\n",
     "4: requried: unknown key; known here: required only exec_marks kernel_audit canary_interval"},
    {"a gate that is no group", HEAD DIRECTORY "gate = true;\n",
     "4: gate: expected a group: { key = value; }"},
    {"a gate's mount that is no path", HEAD DIRECTORY "gate = { only = [ \"opt\" ]; };\n",
     "4: only[0]: expected an absolute path (beginning with /)"},
    {"an unknown key of a role group", HEAD DIRECTORY "role_groups = ( { dn = 1; } );\n",
     "4: dn: unknown key; known here: group affiliation agency department official_type"},
    {"a number for a text", HEAD "user = 7;\n" DIRECTORY, "3: user: expected a text in double quotes"},
    {"a flag for a text", HEAD "user = true;\n" DIRECTORY, "3: user: expected a text in double quotes"},
    {"a list for a text", HEAD "user = [ \"a\" ];\n" DIRECTORY, "3: user: expected a text in double quotes"},
    {"an empty text", HEAD "user = \"\";\n" DIRECTORY,
     "3: user: expected a text that is not empty (leave the key out for none)"},
    {"a text for a number", HEAD "max_view_age = \"60\";\n" DIRECTORY,
     "3: max_view_age: expected a whole number from 1 to 86400"},
    {"a fraction", HEAD "max_view_age = 1.5;\n" DIRECTORY,
     "3: max_view_age: expected a whole number from 1 to 86400"},
    {"one below the least", HEAD "max_view_age = 0;\n" DIRECTORY,
     "3: max_view_age: expected a whole number from 1 to 86400"},
    {"one above the most", HEAD "max_view_age = 86401;\n" DIRECTORY,
     "3: max_view_age: expected a whole number from 1 to 86400"},
    {"a negative number", HEAD "max_view_age = -60;\n" DIRECTORY,
     "3: max_view_age: expected a whole number from 1 to 86400"},
    {"a number that 32 bits make 60 of", HEAD "# 2^32 + 60\nmax_view_age = 4294967356;\n" DIRECTORY,
     "4: expected a whole number of at most nine digits"},
    {"the same in hexadecimal", HEAD "max_view_age = 0x10000003c;\n" DIRECTORY,
     "3: expected a whole number of at most nine digits"},
    {"a text for a flag", HEAD "directory = { suffix = \"dc=x\"; content_sync = \"yes\"; };\n",
     "3: content_sync: expected true or false"},
    {"a number for a flag", HEAD "directory = { suffix = \"dc=x\"; content_sync = 1; };\n",
     "3: content_sync: expected true or false"},
    {"a text for a list", HEAD "directory = { suffix = \"dc=x\";\n ldif = \"/d\"; };\n",
     "4: ldif: expected a list of texts: [ \"one\", \"two\" ]"},
    {"a number in a list", HEAD "directory = { suffix = \"dc=x\";\n ldif = ( \"/d\", 7 ); };\n",
     "4: ldif[1]: expected a text in double quotes"},
    {"a relative path in a list", HEAD "directory = { suffix = \"dc=x\";\n ldif = [ \"/d\", \"e\" ]; };\n",
     "4: ldif[1]: expected an absolute path (beginning with /)"},
    {"seventeen in a list",
     HEAD
     "directory = { suffix = \"dc=x\";\n ldif = [ \"/1\",\"/2\",\"/3\",\"/4\",\"/5\",\"/6\",\"/7\",\"/8\","
     "\"/9\",\"/10\",\"/11\",\"/12\",\"/13\",\"/14\",\"/15\",\"/16\",\"/17\" ]; };\n",
     "4: ldif: expected at most 16 elements"},
    {"a relative path", "host = \"h1\";\npolicy = \"policies/x\";\n" DIRECTORY,
     "2: policy: expected an absolute path (beginning with /)"},
    {"an empty path", HEAD "log_dir = \"\";\n" DIRECTORY,
     "3: log_dir: expected an absolute path (beginning with /)"},
    {"a socket path longer than an address",
     HEAD
     "socket = \"/23456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
     "123456789012345678\";\n" DIRECTORY,
     "3: socket: expected at most 107 bytes"},
    {"a host of 64 bytes",
     "host = \"1234567890123456789012345678901234567890123456789012345678901234\";\npolicy = "
     "\"/p\";\n" DIRECTORY,
     "1: host: expected at most 63 bytes"},
    {"not UTF-8", HEAD "user = \"fr\xfct\";\n" DIRECTORY,
     "3: user: expected UTF-8 without control characters"},
    {"an overlong form", HEAD "user = \"\xc0\xaf\";\n" DIRECTORY,
     "3: user: expected UTF-8 without control characters"},
    {"a surrogate", HEAD "user = \"\xed\xa0\x80\";\n" DIRECTORY,
     "3: user: expected UTF-8 without control characters"},
    {"a terminal escape", HEAD "user = \"\x1b[2J\";\n" DIRECTORY,
     "3: user: expected UTF-8 without control characters"},
    {"an escaped line feed", HEAD "user = \"a\\nb\";\n" DIRECTORY,
     "3: user: expected UTF-8 without control characters"},
    {"a C1 control character", HEAD "user = \"\xc2\x9b\";\n" DIRECTORY,
     "3: user: expected UTF-8 without control characters"},
    {"an override of writing direction", HEAD "user = \"\xe2\x80\xae\";\n" DIRECTORY,
     "3: user: expected UTF-8 without control characters"},
    {"an isolate of writing direction", HEAD "user = \"\xe2\x81\xa6\";\n" DIRECTORY,
     "3: user: expected UTF-8 without control characters"},
    {"an Arabic letter mark", HEAD "user = \"\xd8\x9c\";\n" DIRECTORY,
     "3: user: expected UTF-8 without control characters"},
    {"an escaped NUL", HEAD "/* \"a\\x00\" */\nuser = \"frt\\x00x\";\n" DIRECTORY,
     "4: \\x00 in a text: expected a text without NUL bytes"},
    {"@include", HEAD "\n  @include \"/etc/other.conf\"\n" DIRECTORY,
     "4: @include is not supported: expected everything in one file"},
    {"an origin with a space", HEAD "origin = \"frt h1\";\n" DIRECTORY,
     "3: origin: the trail's origin (default frt/HOST): expected printable ASCII without space or +"},
    {"an origin with a plus sign", HEAD "origin = \"frt+h1\";\n" DIRECTORY,
     "3: origin: the trail's origin (default frt/HOST): expected printable ASCII without space or +"},
    {"a host that makes no origin", "host = \"npd ws 07\";\npolicy = \"/p\";\n" DIRECTORY,
     "1: host: the trail's origin (default frt/HOST): expected printable ASCII without space or +"},
    {"a suffix that is no DN", HEAD "directory = { ldif = [ \"/d\" ];\n suffix = \"example.org\"; };\n",
     "4: suffix: expected a distinguished name such as \"dc=example,dc=org\""},
    {"a base that is no DN",
     HEAD "directory = { ldif = [ \"/d\" ]; suffix = \"dc=x\";\n roles = \"roles\"; };\n",
     "4: roles: expected a distinguished name such as \"dc=example,dc=org\""},
    {"a directory that is no group", HEAD "directory = \"ldaps://a\";\n",
     "3: directory: expected a group: { key = value; }"},
    {"neither uris nor ldif", HEAD "directory = { suffix = \"dc=x\"; };\n",
     "3: directory: expected uris = [ \"ldaps://...\" ] or ldif = [ \"/file.ldif\" ]"},
    {"an empty list of uris", HEAD "directory = { suffix = \"dc=x\"; uris = []; };\n",
     "3: directory: expected uris = [ \"ldaps://...\" ] or ldif = [ \"/file.ldif\" ]"},
    {"both uris and ldif", HEAD "directory = { " BOUND "ldif = [ \"/d\" ]; };\n",
     "3: directory: expected uris or ldif, not both"},
    {"a scheme of another world", HEAD "directory = { suffix = \"dc=x\"; uris = [ \"http://a\" ]; };\n",
     "3: directory: uris: expected ldaps://, ldap:// (with StartTLS) or ldapi://"},
    {"no CA", HEAD "directory = { suffix = \"dc=x\"; uris = [ \"ldap://a\" ]; sasl_external = true; };\n",
     "3: directory: ca_file: missing; TLS is always demanded, name the CA that signed the server"},
    {"no identity", HEAD "directory = { " SERVER "};\n",
     "3: directory: expected bind_dn and secret_file, or sasl_external = true"},
    {"half an identity", HEAD "directory = { " SERVER "bind_dn = \"cn=r\"; };\n",
     "3: directory: expected bind_dn and secret_file, or sasl_external = true"},
    {"two identities", HEAD "directory = { " BOUND "sasl_external = true; };\n",
     "3: directory: expected bind_dn or sasl_external, not both"},
    {"a certificate without its key", HEAD "directory = { " BOUND "cert_file = \"/c\"; };\n",
     "3: directory: expected cert_file and key_file together"},
    {"role groups that are no list", HEAD DIRECTORY "role_groups = { group = \"cn=a\"; };\n",
     "4: role_groups: expected a list of groups: ( { group = \"DN\"; affiliation = \"city\"; } )"},
    {"a role group that is no group", HEAD DIRECTORY "role_groups = ( \"cn=a\" );\n",
     "4: role_groups[0]: expected a group: { key = value; }"},
    {"a role group without a DN", HEAD DIRECTORY "role_groups = (\n {\n affiliation = \"city\"; } );\n",
     "5: group: missing, and there is no default"},
    {"an affiliation nobody knows",
     HEAD DIRECTORY "role_groups = ( { group = \"cn=a\"; affiliation = \"town\"; } );\n",
     "4: role_groups[0]: affiliation: expected \"city\" or \"outside\""},
    {"an official type nobody knows",
     HEAD DIRECTORY
     "role_groups = (\n { group = \"cn=a\"; affiliation = \"city\"; official_type = \"emploee\"; } );\n",
     "5: role_groups[0]: official_type: expected elected, appointed, employee, contractor, volunteer, intern "
     "or auxiliary"},
    {"an official type that says none",
     HEAD DIRECTORY
     "role_groups = (\n { group = \"cn=a\"; affiliation = \"city\"; official_type = \"none\"; } );\n",
     "5: role_groups[0]: official_type: expected elected, appointed, employee, contractor, volunteer, intern "
     "or auxiliary"},
};

START_TEST(names_file_line_key_and_what_was_expected)
{
    char error[FRT_CONF_ERROR_MAX], expected[FRT_CONF_ERROR_MAX];
    struct frt_conf *conf = NULL;

    write_bytes(bad[_i].text, strlen(bad[_i].text));
    snprintf(expected, sizeof(expected), "%s:%s", path, bad[_i].expected);
    ck_assert_msg(frt_conf_load(path, &conf, error) == -EINVAL, "%s: was read", bad[_i].given);
    ck_assert_msg(strcmp(error, expected) == 0, "%s:\n%s\nnot\n%s", bad[_i].given, error, expected);
    ck_assert_ptr_null(conf);
}
END_TEST

static void refuse_file(int expected_r, const char *expected_end)
{
    char error[FRT_CONF_ERROR_MAX], expected[FRT_CONF_ERROR_MAX];
    struct frt_conf *conf = NULL;

    snprintf(expected, sizeof(expected), "%s%s", path, expected_end);
    ck_assert_int_eq(frt_conf_load(path, &conf, error), expected_r);
    ck_assert_str_eq(error, expected);
    ck_assert_ptr_null(conf);
}

START_TEST(refuses_a_nul_byte_on_its_line)
{
    static const char text[] = HEAD "# \0 is no text\n" DIRECTORY;

    write_bytes(text, sizeof(text) - 1);
    refuse_file(-EINVAL, ":3: holds a NUL byte: expected a text file");
}
END_TEST

START_TEST(refuses_a_file_larger_than_a_mebibyte)
{
    size_t length = FRT_CONFIG_TEXT_MAX + 1;
    frt_auto_free char *text = malloc(length);

    memset(text, '\n', length);
    memcpy(text, HEAD DIRECTORY, strlen(HEAD DIRECTORY));
    write_bytes(text, length);
    refuse_file(-EFBIG, ": is larger than any such file should be (File too large)");
    write_bytes(text, length - 1);
    {
        char error[FRT_CONF_ERROR_MAX];
        struct frt_conf *conf = NULL;

        ck_assert_msg(frt_conf_load(path, &conf, error) == 0, "one byte less: %s", error);
        frt_conf_free(conf);
    }
}
END_TEST

static const struct {
    mode_t mode;
    int expected_r;
    const char *expected;
} modes[] = {
    {0664, -EPERM, ": expected not to be writable by group or others (chmod go-w) (Operation not permitted)"},
    {0646, -EPERM, ": expected not to be writable by group or others (chmod go-w) (Operation not permitted)"},
    {0620, -EPERM, ": expected not to be writable by group or others (chmod go-w) (Operation not permitted)"},
    {0644, 0, NULL},
    {0600, 0, NULL},
    {0444, 0, NULL},
};

START_TEST(trusts_only_files_that_others_cannot_write)
{
    char error[FRT_CONF_ERROR_MAX];
    struct frt_conf *conf = NULL;

    write_bytes(HEAD DIRECTORY, strlen(HEAD DIRECTORY));
    ck_assert_int_eq(chmod(path, modes[_i].mode), 0);
    if (modes[_i].expected_r < 0) {
        refuse_file(modes[_i].expected_r, modes[_i].expected);
        return;
    }
    ck_assert_msg(frt_conf_load(path, &conf, error) == 0, "%s", error);
    frt_conf_free(conf);
}
END_TEST

START_TEST(trusts_only_files_of_root_or_its_own_account)
{
    if (geteuid() != 0)
        return; /* only root can make a stranger's file */
    write_bytes(HEAD DIRECTORY, strlen(HEAD DIRECTORY));
    ck_assert_int_eq(chown(path, 12345, 12345), 0);
    refuse_file(-EPERM,
                ": expected to be owned by root or by the account that reads it (Operation not permitted)");
}
END_TEST

START_TEST(refuses_what_is_no_regular_file)
{
    ck_assert_int_eq(mkfifo(path, 0600), 0); /* and does not wait for a writer */
    refuse_file(-EPERM, ": expected a regular file (Operation not permitted)");
    unlink(path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    refuse_file(-EPERM, ": expected a regular file (Operation not permitted)");
    rmdir(path);
    refuse_file(-ENOENT, ": cannot be read (No such file or directory)");
}
END_TEST

/* The mode of the secret is the business of the process that reads it, frt-replica. */
START_TEST(does_not_look_at_the_secret_file)
{
    static const char text[] = HEAD "directory = { " BOUND "};\n";
    char error[FRT_CONF_ERROR_MAX];
    struct frt_conf *conf = NULL;

    write_bytes(text, sizeof(text) - 1);
    ck_assert_msg(frt_conf_load(path, &conf, error) == 0, "%s", error);
    ck_assert_str_eq(conf->directory.secret_file, "/s");
    frt_conf_free(conf);
}
END_TEST

static struct frt_conf *load(const char *text)
{
    char error[FRT_CONF_ERROR_MAX];
    struct frt_conf *conf = NULL;

    write_bytes(text, strlen(text));
    ck_assert_msg(frt_conf_load(path, &conf, error) == 0, "%s", error);
    return conf;
}

START_TEST(fills_in_the_defaults)
{
    struct frt_conf *conf = load(HEAD DIRECTORY);

    ck_assert_str_eq(conf->path, path);
    ck_assert_str_eq(conf->host, "h1");
    ck_assert_str_eq(conf->origin, "frt/h1");
    ck_assert_ptr_null(conf->user);
    ck_assert_str_eq(conf->socket, "/run/frt/frtd.sock");
    ck_assert_ptr_null(conf->auditors_group);
    ck_assert_str_eq(conf->log_dir, "/var/lib/frt/log");
    ck_assert_str_eq(conf->key_dir, "/var/lib/frt/key");
    ck_assert_uint_eq(conf->max_view_age_s, 60);
    ck_assert_ptr_null(conf->directory.uris[0]);
    ck_assert_str_eq(conf->directory.ldif[0], "/d.ldif");
    ck_assert_ptr_null(conf->directory.ldif[1]);
    ck_assert(conf->directory.content_sync);
    ck_assert(!conf->directory.sasl_external);
    ck_assert_uint_eq(conf->directory.poll_interval_s, 15);
    ck_assert_uint_eq(conf->directory.network_timeout_s, 5);
    ck_assert_uint_eq(conf->directory.page_size, 500);
    ck_assert_ptr_null(conf->layout.people);
    ck_assert_uint_eq(conf->role_group_count, 0);
    frt_conf_free(conf);
}
END_TEST

START_TEST(takes_every_key)
{
    struct frt_conf *conf = load(
        "host = \"npd-ws-07\";\norigin = \"frt.example/h1\";\nuser = \"#1234\";\npolicy = \"/p\";\n"
        "socket = \"/s\";\nauditors_group = \"auditors\";\nlog_dir = \"/l\";\nkey_dir = \"/k\";\n"
        "max_view_age = 86400;\n"
        "directory = { suffix = \"dc=x\"; uris = [ \"ldap://a\", \"ldapi://%2Frun%2Fldapi\" ]; ca_file = "
        "\"/ca\";\n"
        " sasl_external = true; cert_file = \"/c\"; key_file = \"/y\"; content_sync = false; user = \"r\";\n"
        " poll_interval = 3600; network_timeout = 1; page_size = 0x64;\n"
        " replica_program = \"/rp\"; people = \"ou=a,dc=x\"; roles = \"ou=b,dc=x\"; agencies = "
        "\"ou=c,dc=x\";\n"
        " hosts = \"ou=e,dc=x\"; tools = \"ou=f,dc=x\"; requests = "
        "\"ou=g,dc=x\";\n"
        " authorities = \"ou=h,dc=x\"; groups = \"ou=i,dc=x\"; };\n"
        "role_groups = ( { group = \"cn=p\xc3\xa9,dc=x\"; affiliation = \"city\"; department = \"police\";\n"
        " official_type = \"employee\"; }, { group = \"cn=m,dc=x\"; affiliation = \"outside\"; agency = "
        "\"msp\"; } "
        ");\n");

    ck_assert_str_eq(conf->origin, "frt.example/h1");
    ck_assert_str_eq(conf->user, "#1234");
    ck_assert_str_eq(conf->auditors_group, "auditors");
    ck_assert_uint_eq(conf->max_view_age_s, 86400);
    ck_assert_str_eq(conf->directory.uris[1], "ldapi://%2Frun%2Fldapi");
    ck_assert(conf->directory.sasl_external);
    ck_assert(!conf->directory.content_sync);
    ck_assert_uint_eq(conf->directory.poll_interval_s, 3600);
    ck_assert_uint_eq(conf->directory.page_size, 100);
    ck_assert_str_eq(conf->directory.user, "r");
    ck_assert_str_eq(conf->directory.replica_program, "/rp");
    ck_assert_str_eq(conf->layout.people, "ou=a,dc=x");
    ck_assert_str_eq(conf->layout.groups, "ou=i,dc=x");
    ck_assert_uint_eq(conf->role_group_count, 2);
    ck_assert_str_eq(conf->role_groups[0].department, "police");
    ck_assert_str_eq(conf->role_groups[1].agency, "msp");
    ck_assert_ptr_null(conf->role_groups[1].official_type);
    frt_conf_free(conf);
}
END_TEST

static const struct {
    const char *given, *text;
} good[] = {
    {"comments that look like mistakes",
     "// 4294967297 \"\n# \"\\x00\n/* 99999999999\n\"*/\n" HEAD DIRECTORY},
    {"long digits in quotes", HEAD "user = \"u12345678901234567890\";\n" DIRECTORY},
    {"a quote in quotes", HEAD "user = \"a\\\"99999999999\\\\\";\nmax_view_age = 000000000060;\n" DIRECTORY},
    {"the least", HEAD "max_view_age = 1;\n" DIRECTORY},
    {"a 64-bit number", HEAD "max_view_age = 60L;\n" DIRECTORY},
    {"colons and no semicolons", "host : \"h1\"\npolicy : \"/p\"\n" DIRECTORY},
    {"ldapi without TLS",
     HEAD "directory = { suffix = \"dc=x\"; uris = [ \"ldapi:///\" ]; sasl_external = true; };\n"},
    {"a socket path of 107 bytes", HEAD
     "socket = \"/2345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
     "012345678901234567\";\n" DIRECTORY},
};

START_TEST(reads_what_is_right)
{
    struct frt_conf *conf = load(good[_i].text);

    ck_assert_msg(strcmp(conf->host, "h1") == 0, "%s", good[_i].given);
    frt_conf_free(conf);
}
END_TEST

/* A copy of it: a checkout may be writable by a group. */
START_TEST(the_shipped_example_is_right)
{
    frt_auto_free char *text = NULL;
    struct frt_conf *conf;
    const char *what;
    size_t length;

    ck_assert_int_eq(
        frt_file_read(FRT_SOURCE_DIR "/config/frt.conf", FRT_FILE_ANY, 65536, &text, &length, &what), 0);
    conf = load(text);
    ck_assert_str_eq(conf->user, "frt");
    ck_assert_str_eq(conf->directory.user, "frt-replica");
    frt_conf_free(conf);
}
END_TEST

START_TEST(makes_a_view_of_the_layout)
{
    struct frt_conf *conf =
        load(HEAD DIRECTORY "role_groups = ( { group = \"cn=a,dc=x\"; affiliation = \"city\"; } );\n");
    struct frt_view *view = NULL;

    ck_assert_int_eq(frt_conf_new_view(conf, &view), 0);
    ck_assert_uint_eq(frt_view_entry_count(view), 0);
    frt_view_free(view);
    frt_conf_free(conf);
}
END_TEST

/* No bytes whatever make more of it than an error. */
START_TEST(survives_every_cut_of_a_good_file)
{
    static const char whole[] =
        HEAD DIRECTORY "role_groups = ( { group = \"cn=a\"; affiliation = \"city\"; } );\n";
    char error[FRT_CONF_ERROR_MAX];

    for (size_t length = 0; length < sizeof(whole) - 1; length++) {
        struct frt_conf *conf = NULL;

        write_bytes(whole, length);
        if (frt_conf_load(path, &conf, error) < 0)
            ck_assert_msg(strncmp(error, path, strlen(path)) == 0, "cut at %zu: %s", length, error);
        frt_conf_free(conf);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("settings.frt_conf");
    TCase *tests = tcase_create("frt_conf");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tests, make_scratch, remove_scratch);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, names_file_line_key_and_what_was_expected, 0, FRT_ARRAY_LEN(bad));
    tcase_add_test(tests, refuses_a_nul_byte_on_its_line);
    tcase_add_test(tests, refuses_a_file_larger_than_a_mebibyte);
    tcase_add_loop_test(tests, trusts_only_files_that_others_cannot_write, 0, FRT_ARRAY_LEN(modes));
    tcase_add_test(tests, trusts_only_files_of_root_or_its_own_account);
    tcase_add_test(tests, refuses_what_is_no_regular_file);
    tcase_add_test(tests, does_not_look_at_the_secret_file);
    tcase_add_test(tests, fills_in_the_defaults);
    tcase_add_test(tests, takes_every_key);
    tcase_add_loop_test(tests, reads_what_is_right, 0, FRT_ARRAY_LEN(good));
    tcase_add_test(tests, the_shipped_example_is_right);
    tcase_add_test(tests, makes_a_view_of_the_layout);
    tcase_add_test(tests, survives_every_cut_of_a_good_file);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
