# SPDX-License-Identifier: BSD-2-Clause
"""The second lock: frt tools lock, unlock, status, on a scratch root with its own dpkg, and the group that PAM gives to performers.
What is locked must stay shut with no process of ours alive. The machine's own files and packages are never touched."""
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pam_world  # noqa: E402

if __name__ == "__main__":
    pam_world.enter()

from frtd import Frtd, SUFFIX, program, sample_city  # noqa: E402

GROUP, OTHER_GROUP = 64331, 64332
OFFICIAL, PERFORMER = 20001, 20020
T = "/opt/face"
FACE = "#!/bin/sh\necho had\n"


def entry(tool, kind, action, **marks):
    lines = ["dn: frtToolId=%s,ou=tools,%s" % (tool, SUFFIX), "objectClass: frtTool", "frtToolId: " + tool, "cn: " + tool,
             "frtToolClass: " + kind, "frtCapability: embed", "frtAction: " + action, "frtCertainty: tested"]
    for name, values in marks.items():
        lines += ["frt%s: %s" % (name, value) for value in values]
    return "\n".join(lines) + "\n\n"


CATALOGUE = (
    entry("T90-face", "face-surveillance", "decide", Path=[T + "/bin/face", T + "/models", T + "/link", T + "/nowhere"],
          PathPattern=[T + "/lib/libface*.so"], Package=["deb:frt-test-face"]) +
    entry("T91-pam", "user-authentication", "decide", Path=[T + "/pam_face.so"]) +
    entry("T92-part", "frt-component", "record", Path=[T + "/lib/libpart.so"]) +
    entry("T93-bad", "face-surveillance", "decide", Path=[T + "/bad/" + n for n in
          ("owned", "writable", "suid", "caps", "acl", "open/in-open-directory", "fifo")]) +
    entry("T95-merged", "face-surveillance", "decide", Package=["deb:frt-test-merged"]) +
    entry("T94-many", "face-surveillance", "decide", Path=["/nowhere/%s/%d" % ("x" * 100, i) for i in range(3000)]))


def write(path, text, mode=0o755):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def what(path):
    st = os.lstat(path)
    return st.st_uid, st.st_gid, stat.S_IMODE(st.st_mode)


def attempt(uid, *command, groups=()):
    """Exit status and output of an ordinary account's attempt."""
    extra = ["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]
    done = subprocess.run(["setpriv", "--reuid", str(uid), "--regid", str(uid), *extra, *command], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class Lock(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = tempfile.mkdtemp(prefix="frt-lock-")
        os.chmod(cls.base, 0o755)
        extra = os.path.join(cls.base, "extra.ldif")
        write(extra, CATALOGUE, 0o644)
        cls.frtd = Frtd(host="h6", ldif=sample_city() + [extra])
        cls.frtd.start()
        cls.kept = os.path.join(cls.base, "catalogue.json")
        write(cls.kept, cls.frtd.frt("tools", "list", "--json").out, 0o644)
        cls.packages = {v: cls.build(v) for v in ("1.0", "1.1")}

    @classmethod
    def tearDownClass(cls):
        cls.frtd.__exit__(None, None, None)
        shutil.rmtree(cls.base, ignore_errors=True)

    @classmethod
    def build(cls, version):
        tree = os.path.join(cls.base, "package-" + version)
        write(tree + "/DEBIAN/control", "Package: frt-test-face\nVersion: %s\nArchitecture: all\nMaintainer: Nobody <n@example.org>\n"
              "Description: test\n" % version, 0o644)
        write(tree + "/usr/share/frt-test-face/face", FACE + "# " + version + "\n")
        write(tree + "/usr/share/doc/frt-test-face/run", FACE)
        write(tree + "/usr/share/frt-test-face/notes.txt", "notes", 0o644)
        os.makedirs(tree + "/usr/bin", exist_ok=True)
        if not os.path.islink(tree + "/usr/bin/face"):
            os.symlink("../share/frt-test-face/face", tree + "/usr/bin/face")
        to = os.path.join(cls.base, "frt-test-face_%s.deb" % version)
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, to], check=True, stdout=subprocess.DEVNULL)
        return to

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="root-", dir=self.base)
        os.chmod(self.root, 0o755)
        self.state = self.root + ".lock.json"
        for name in ("info", "updates", "parts", "alternatives"):
            os.makedirs(self.root + "/var/lib/dpkg/" + name)
        write(self.root + "/var/lib/dpkg/status", "", 0o644)
        self.install("1.0")
        write(self.root + T + "/bin/face", FACE)
        write(self.root + T + "/models/deep/arc.onnx", "weights", 0o644)
        write(self.root + T + "/lib/libface1.so", "elf", 0o644)
        write(self.root + T + "/lib/libpart.so", "elf", 0o644)
        write(self.root + T + "/pam_face.so", "elf", 0o644)
        self.packaged = self.root + "/usr/share/frt-test-face/face"
        self.own = [self.root + T + p for p in ("/bin/face", "/models/deep/arc.onnx", "/lib/libface1.so")]

    def install(self, version):
        subprocess.run(["dpkg", "--root=" + self.root, "--force-all", "--log=/dev/null", "-i", self.packages[version]], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def tools(self, *arguments, names=("T90",)):
        return self.frtd.frt("tools", arguments[0], "--root", self.root, "--state", self.state, "--group", "#%d" % GROUP,
                             "--catalogue", self.kept, *arguments[1:], *names)

    def lock(self, *arguments, **options):
        done = self.tools("lock", *arguments, **options)
        self.assertEqual(done.code, 0, done.out + done.err)
        return done

    # ---- list ----

    def test_the_whole_catalogue_comes_across_in_pages(self):
        tools = {t["id"]: t for t in self.frtd.json("tools", "list")["tools"]}
        self.assertEqual(len(tools), 44 + 6)
        self.assertEqual(tools["T94-many"]["marks"]["path"], ["/nowhere/%s/%d" % ("x" * 100, i) for i in range(3000)])
        self.assertEqual(tools["T04-facedetect"]["marks"]["package"], ["deb:facedetect"])
        self.assertEqual((tools["T92-part"]["class"], tools["T92-part"]["action"]), ("frt-component", "record"))

    def test_everybody_may_read_the_catalogue_and_see_one_tools_marks(self):
        done = self.frtd.frt("tools", "list", "T04", user=OFFICIAL)
        self.assertEqual(done.code, 0, done.err)
        self.assertIn("/usr/share/facedetect/facedetect", done.out)

    # ---- lock ----

    def test_officials_are_shut_out_and_the_group_is_let_in_with_nothing_of_ours_running(self):
        self.assertEqual(attempt(OFFICIAL, self.packaged), (0, "had\n"))
        self.lock()
        roads = ([self.packaged], [self.root + "/usr/bin/face"], ["/bin/sh", self.packaged], ["/bin/cat", self.packaged],
                 ["/usr/bin/python3", self.own[0]], ["/bin/cp", self.own[1], "/dev/null"], ["/lib64/ld-linux-x86-64.so.2", self.own[2]])
        for road in roads:
            code, shown = attempt(OFFICIAL, *road)
            self.assertNotEqual(code, 0, road)
            self.assertIn("ermission denied", shown)
            self.assertNotIn("had", shown)
        self.assertEqual(attempt(PERFORMER, self.packaged, groups=[GROUP]), (0, "had\n"))
        self.assertEqual(attempt(PERFORMER, "/bin/cat", self.own[1], groups=[GROUP]), (0, "weights"))

    def test_programs_become_0750_and_data_0640(self):
        self.lock()
        self.assertEqual(what(self.packaged), (0, GROUP, 0o750))
        self.assertEqual([what(p) for p in self.own], [(0, GROUP, 0o750), (0, GROUP, 0o640), (0, GROUP, 0o640)])

    def test_documentation_notes_exemptions_and_components_stay_as_they_were(self):
        self.lock(names=())
        for path in ("/usr/share/doc/frt-test-face/run", T + "/pam_face.so", T + "/lib/libpart.so",
                     "/usr/share/frt-test-face/notes.txt"):
            self.assertEqual(what(self.root + path)[1], 0, path)
        self.assertIn("exemptions are for everybody", self.lock(names=("T91", "T92")).out)

    def test_a_hard_link_is_locked_with_the_file_and_said_so(self):
        os.link(self.own[0], self.root + "/opt/other")
        self.assertIn("2 names (hard links)", self.lock().out)
        self.assertNotEqual(attempt(OFFICIAL, self.root + "/opt/other")[0], 0)

    def test_locking_again_changes_nothing(self):
        self.lock()
        before, state = [what(p) for p in self.own], open(self.state).read()
        self.assertIn("0 files locked, 4 were locked already", self.lock().out)
        self.assertEqual(([what(p) for p in self.own], open(self.state).read()), (before, state))

    def test_a_dry_run_changes_nothing(self):
        done = self.tools("lock", "--dry-run")
        self.assertEqual((done.code, done.out.count("would lock")), (1, 4), done.out)
        self.assertEqual(what(self.packaged), (0, 0, 0o755))
        self.assertFalse(os.path.exists(self.state))
        self.assertEqual(self.overrides(), "")

    def test_unlock_gives_back_exactly_what_was(self):
        os.chown(self.own[0], 0, OTHER_GROUP)
        os.chmod(self.own[0], 0o711)
        os.chmod(self.own[1], 0o444)
        before = [what(p) for p in self.own + [self.packaged]]
        self.lock()
        self.assertEqual(what(self.own[0]), (0, GROUP, 0o750))
        self.assertEqual(self.tools("unlock").code, 0)
        self.assertEqual([what(p) for p in self.own + [self.packaged]], before)
        self.assertEqual(self.overrides(), "")
        self.assertEqual(json.load(open(self.state)), {"locks": {}})
        self.assertIn("0 files unlocked", self.tools("unlock").out)

    # ---- what dpkg owns ----

    def overrides(self):
        return subprocess.run(["dpkg-statoverride", "--root=" + self.root, "--list"], capture_output=True, text=True).stdout

    def test_an_upgrade_by_dpkg_keeps_the_lock(self):
        self.lock()
        self.assertIn("%d 750 /usr/share/frt-test-face/face" % GROUP, self.overrides().replace("0750", "750"))
        self.install("1.1")
        self.assertIn("# 1.1", open(self.packaged).read())
        self.assertEqual(what(self.packaged), (0, GROUP, 0o750))
        self.assertEqual(self.tools("status").code, 0)
        self.tools("unlock")
        self.install("1.0")
        self.assertEqual(what(self.packaged), (0, 0, 0o755))

    def test_a_package_from_before_usr_was_merged_is_kept_under_the_path_it_gives(self):
        tree = os.path.join(self.base, "package-merged")
        write(tree + "/DEBIAN/control", "Package: frt-test-merged\nVersion: 1\nArchitecture: all\nMaintainer: N <n@example.org>\n"
              "Description: x\n", 0o644)
        write(tree + "/bin/frt-merged", FACE)
        os.makedirs(self.root + "/usr/bin", exist_ok=True)
        os.symlink("usr/bin", self.root + "/bin")
        deb = os.path.join(self.base, "merged.deb")
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, deb], check=True, stdout=subprocess.DEVNULL)
        for _ in range(2):
            subprocess.run(["dpkg", "--root=" + self.root, "--force-all", "--log=/dev/null", "-i", deb], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.lock(names=("T95",))
            self.assertEqual(what(self.root + "/usr/bin/frt-merged"), (0, GROUP, 0o750))
            self.assertRegex(self.overrides(), r"(?m) /bin/frt-merged$")

    def test_an_administrators_own_override_comes_back(self):
        subprocess.run(["dpkg-statoverride", "--root=" + self.root, "--add", "root", "#%d" % OTHER_GROUP, "0754",
                        "/usr/share/frt-test-face/face"], check=True)
        before = self.overrides()
        self.lock()
        self.assertNotIn(str(OTHER_GROUP), self.overrides())
        self.tools("unlock")
        self.assertEqual(self.overrides(), before)

    # ---- drift ----

    def test_status_tells_what_is_locked_and_what_changed_since(self):
        self.assertEqual(self.tools("status").code, 1)
        self.lock()
        done = self.tools("status")
        self.assertEqual((done.code, done.out.count("locked  ")), (0, 4), done.out)
        os.chmod(self.own[0], 0o755)
        done = self.tools("status")
        self.assertEqual(done.code, 1)
        self.assertRegex(done.out, r"CHANGED .*face: is 0:%d 0755, was locked as 0:%d 0750" % (GROUP, GROUP))
        self.lock()
        self.assertEqual(what(self.own[0]), (0, GROUP, 0o750))
        self.assertEqual(self.tools("status").code, 0)

    def test_a_lost_override_is_noticed_and_put_back(self):
        self.lock()
        subprocess.run(["dpkg-statoverride", "--root=" + self.root, "--remove", "/usr/share/frt-test-face/face"], check=True)
        self.assertIn("no longer keeps it", self.tools("status").out)
        self.lock()
        self.assertEqual(self.tools("status").code, 0)

    def test_a_replaced_file_is_locked_anew_and_its_own_mode_given_back(self):
        self.lock()
        write(self.own[2] + ".new", "elf 2", 0o755)
        os.rename(self.own[2] + ".new", self.own[2])
        self.lock()
        self.assertEqual(what(self.own[2]), (0, GROUP, 0o750))
        self.tools("unlock")
        self.assertEqual(what(self.own[2]), (0, 0, 0o755))

    def test_what_is_gone_is_said_and_forgotten(self):
        self.lock()
        os.unlink(self.own[0])
        self.assertIn("gone", self.tools("status").out)
        self.assertEqual(self.tools("unlock").code, 0)
        self.assertEqual(json.load(open(self.state)), {"locks": {}})

    # ---- hostile ----

    def test_what_others_could_undo_or_a_lock_would_spoil_is_refused_and_left_alone(self):
        bad = self.root + T + "/bad/"
        for name in ("owned", "writable", "suid", "caps", "acl", "open/in-open-directory"):
            write(bad + name, FACE)
        os.mkfifo(bad + "fifo")
        os.chown(bad + "owned", OFFICIAL, 0)
        os.chmod(bad + "writable", 0o777)
        os.chmod(bad + "suid", 0o4755)
        os.chmod(bad + "open", 0o1777)
        # cap_net_bind_service=ep (capabilities(7), version 2), u:20001:r-x (acl(5), version 2).
        os.setxattr(bad + "caps", "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))
        os.setxattr(bad + "acl", "system.posix_acl_access", bytes.fromhex(
            "02000000" "01000700ffffffff" "02000500214e0000" "04000500ffffffff" "10000500ffffffff" "20000500ffffffff"))
        names = sorted(os.listdir(bad)) + ["open/in-open-directory"]
        before = [what(bad + n) for n in names]
        done = self.tools("lock", names=("T93",))
        self.assertEqual((done.code, done.out.count("FAILED")), (1, 7), done.out)
        for why in ("not belong to root", "others than root can write", "set-user-ID", "file capabilities", "access control list",
                    "a directory on the way", "neither a file nor a directory"):
            self.assertIn(why, done.out)
        self.assertEqual([what(bad + n) for n in names], before)
        self.assertEqual(len(os.getxattr(bad + "caps", "security.capability")), 20)

    def test_a_symbolic_link_is_never_followed(self):
        outside = os.path.join(self.base, "outside")
        write(outside, FACE)
        os.symlink(outside, self.root + T + "/link")
        done = self.tools("lock")
        self.assertEqual(done.code, 1)
        self.assertIn("symbolic link", done.out)
        self.assertEqual(what(outside), (0, 0, 0o755))

    def test_a_directory_that_leads_out_of_the_root_is_looked_for_inside_it(self):
        outside = tempfile.mkdtemp(dir=self.base)
        write(outside + "/face", FACE)
        shutil.rmtree(self.root + T + "/bin")
        os.symlink(outside, self.root + T + "/bin")
        self.lock()
        self.assertEqual(what(outside + "/face"), (0, 0, 0o755))

    def test_a_link_put_in_the_place_of_a_locked_file_is_not_unlocked(self):
        outside = os.path.join(self.base, "outside2")
        write(outside, FACE, 0o700)
        self.lock()
        os.unlink(self.own[0])
        os.symlink(outside, self.own[0])
        self.assertEqual(self.tools("unlock").code, 1)
        self.assertEqual(what(outside), (0, 0, 0o700))

    def test_a_state_file_that_others_can_write_is_not_believed(self):
        self.lock()
        os.chmod(self.state, 0o666)
        self.assertEqual(self.tools("unlock").code, 4)
        self.assertEqual(what(self.own[0]), (0, GROUP, 0o750))

    def test_a_state_file_cannot_make_anything_set_user_id(self):
        self.lock()
        state = json.load(open(self.state))
        state["locks"][T + "/bin/face"]["mode"] = "4755"
        write(self.state, json.dumps(state), 0o644)
        self.assertEqual(self.tools("unlock").code, 1)
        self.assertEqual(what(self.own[0]), (0, GROUP, 0o750))

    def test_only_root_may(self):
        for part in ("lock", "unlock", "status"):
            done = self.frtd.frt("tools", part, "--root", self.root, "--state", self.state, user=OFFICIAL)
            self.assertEqual(done.code, 4)
        self.assertEqual(what(self.packaged), (0, 0, 0o755))

    def test_an_unknown_tool_or_group_is_said_before_anything_changes(self):
        self.assertIn("no tool 'T99'", self.tools("lock", names=("T99",)).err)
        done = self.frtd.frt("tools", "lock", "--root", self.root, "--state", self.state, "--catalogue", self.kept,
                             "--group", "no-such-group")
        self.assertEqual((done.code, what(self.packaged)), (4, (0, 0, 0o755)))
        self.assertIn("groupadd", done.err)


class Group(unittest.TestCase):
    """Who gets the group: real su, real libpam, the real frtd; the lock's file is on a scratch directory."""

    @classmethod
    def setUpClass(cls):
        cls.world = pam_world.World({"p01": OFFICIAL, "p20": PERFORMER})
        cls.frtd = Frtd(host="h6")
        cls.frtd.start()
        frt = "%s tool=T25 timeout_ms=60000 group_id=%d socket=%s" % (cls.world.module, GROUP, cls.frtd.socket)
        governed = "[success=ok new_authtok_reqd=ok ignore=die default=die]"
        cls.world.service("su", "auth required pam_permit.so\nauth required %s\naccount required pam_permit.so\naccount %s %s\n"
                          "session required pam_permit.so\n" % (frt, governed, frt))
        # An ordinary login: nobody is refused, nothing is asked, performers get the group.
        for name in ("sshd", "su-l"):
            cls.world.service(name, "auth required pam_permit.so\nauth optional %s request=none\naccount required pam_permit.so\n"
                              "session required pam_permit.so\n" % frt)
        cls.world.start_sshd()
        cls.tool = cls.world.path("face")
        write(cls.tool, FACE, 0o750)
        os.chown(cls.tool, 0, GROUP)

    @classmethod
    def tearDownClass(cls):
        cls.frtd.__exit__(None, None, None)
        cls.world.close()

    def setUp(self):
        if not self.frtd.process:
            self.frtd.start()

    def login(self, name):
        command = self.world.ssh_command(name, "-i", self.world.path("client"), "-o", "BatchMode=yes")
        return self.world.run(*command[:-2], "id -G; " + self.tool)

    def test_a_session_under_a_request_has_the_group_and_runs_the_tool(self):
        code, shown = self.world.dialogue(["su", "p20", "-c", self.tool], [("Written request", "Q201")], user="p20")
        self.assertEqual((code, shown.strip().split("\n")[-1]), (0, "had"), shown)

    def test_a_performers_ordinary_login_has_the_group(self):
        done = self.login("p20")
        self.assertIn(str(GROUP), done.stdout.split("\n")[0].split())
        self.assertIn("had", done.stdout)

    def test_an_officials_ordinary_login_goes_on_without_the_group(self):
        done = self.login("p01")
        self.assertNotIn(str(GROUP), done.stdout)
        self.assertNotIn("had", done.stdout)
        self.assertIn("ermission denied", done.all)

    def test_an_official_or_root_who_becomes_a_performer_does_not_get_it(self):
        done = self.world.run("su", "-", "p20", "-c", "id -G; " + self.tool)
        self.assertTrue(done.stdout.strip(), done.all)
        self.assertNotIn(str(GROUP), done.stdout)
        done = self.world.run("su", "-", "p20", "-c", "id -G; " + self.tool, user="p01")
        self.assertNotIn(str(GROUP), done.stdout)
        self.assertNotIn("had", done.stdout)

    def test_an_ordinary_login_is_no_attempt_and_is_not_recorded_as_one(self):
        before = len(self.frtd.records(k="decision"))
        self.login("p20")
        self.login("p01")
        self.assertEqual(len(self.frtd.records(k="decision")), before)

    def test_without_frtd_everybody_logs_in_and_nobody_gets_the_group(self):
        self.frtd.stop()
        done = self.login("p20")
        self.assertTrue(done.stdout.strip(), done.all)
        self.assertNotIn(str(GROUP), done.stdout)

    def test_a_launcher_without_privilege_cannot_give_itself_the_group(self):
        code, shown = attempt(PERFORMER, "/usr/bin/setpriv", "--groups", str(GROUP), self.tool)
        self.assertNotEqual(code, 0)
        self.assertNotIn("had", shown)


if __name__ == "__main__":
    unittest.main()
