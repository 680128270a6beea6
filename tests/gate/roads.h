/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the roads to a tool share: each ends the process with one of these.
 */
#ifndef FRT_TESTS_GATE_ROADS_H
#define FRT_TESTS_GATE_ROADS_H

enum { HAD = 42, REFUSED = 1, BROKEN = 3, ABSENT = 77 };

struct road {
    const char *name;
    void (*go)(void);
};

extern const struct road by_roads[]; /* ends with a name of NULL */
extern const char *dir;              /* the scratch file system */
extern int given;                    /* a descriptor somebody else opened; -1 none */

const char *in(const char *name);
void fail(void);          /* by errno: refused or broken */
void judge_bytes(int fd); /* had, when it reads as an ELF file */
void run(const char *path, const char *a, const char *b);
void run_fd(int fd);
void run_copy(int from, int to);
void run_shell(const char *command);
void enter_namespaces(int flags); /* CLONE_NEWUSER and these, root inside */
const char *own_tmpfs(void);      /* on mnt */

#endif
