# SPDX-License-Identifier: BSD-2-Clause
"""Somebody, as login(1) and su(1) leave him; in a child of the test's own (after fork(2), or as subprocess's preexec_fn)."""
import os


def log_in(uid):
    """The kernel's login uid, which no later change of account changes (proc(5))."""
    with open("/proc/self/loginuid", "w") as f:
        f.write(str(uid))


def become(uid, gid=None, groups=()):
    os.setgroups(groups)
    os.setresgid(*[uid if gid is None else gid] * 3)
    os.setresuid(uid, uid, uid)
