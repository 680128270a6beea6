# SPDX-License-Identifier: BSD-2-Clause
"""pam_frt.so under the real su, sudo and sshd, in a mount namespace of its own; once with a frtd that answers from a table, once
with the real one and the sample city.

su, sudo and sshd are governed (they are made the tool T25 here); su-l (su -) is an ordinary service beside them."""
import os
import re
import shutil
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pam_world  # noqa: E402

if __name__ == "__main__":
    pam_world.enter()

from frtd import SUFFIX, Frtd, sample_city  # noqa: E402
from pam_fake_frtd import FakeFrtd, reason_numbers  # noqa: E402

PEOPLE = {"p01": 20001, "p02": 20002, "p06": 20006, "p20": 20020, "p24": 20024}
GOVERNED = "[success=ok new_authtok_reqd=ok ignore=die default=die]"
SUCCESS, DENIED, UNDECIDED = 0, 6, 9  # PAM_SUCCESS, PAM_PERM_DENIED, PAM_AUTHINFO_UNAVAIL

REASON = reason_numbers()


def from_a_table(ask):
    """What the real one says of these people on h6, in short."""
    who = {ask.get("user", ""), ask.get("ruser", "")}
    if ask["kind"].startswith("session"):
        return {"verdict": "not-governed", "reason": REASON["NOT_FRT"]}
    if who & {"p01", "p02", "p06"}:
        return {"rule": "N-OVER" if ask.get("request") else "N-USE", "citation": "Northampton Code c. 290 s. 1 (use)", "message": "City officials may not use it.",
                "contact": "City Solicitor"}
    if ask.get("user") == "p20" and ask.get("request") == "Q201":
        return {"verdict": "allow", "reason": REASON["REQUEST_ON_FILE"], "rule": "S-REQ"}
    if ask.get("user") == "p20":
        return {"rule": "S-REQ", "citation": "G.L. c. 6 s. 220", "message": "No written request was presented.", "reason": REASON["NO_REQUEST"],
                "contact": "City Solicitor", "needs_request": True}
    return {"rule": "S-PERF", "citation": "G.L. c. 6 s. 220", "message": "Only a performer may.", "contact": "City Solicitor"}


class Services:
    """Shared by both: the subclass has point()."""

    @classmethod
    def setUpClass(cls):
        cls.world = pam_world.World(PEOPLE)
        cls.frtd = cls.point()
        cls.frtd.start()
        cls.write_services(cls.frtd.socket)
        cls.world.sudoers("Defaults !lecture, timestamp_timeout=0\nroot ALL=(ALL:ALL) ALL\np01 ALL=(ALL) NOPASSWD: ALL\n"
                          "p20 ALL=(ALL) ALL\n")
        cls.world.start_sshd()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        cls.frtd.__exit__(None, None, None)

    @classmethod
    def write_services(cls, socket):
        default = "%s tool=T25 socket=%s" % (cls.world.module, socket)
        frt = default + " timeout_ms=60000"  # a busy machine is not what these rows are about
        account = "account required pam_unix.so\naccount %s %s\n" % (GOVERNED, frt)
        password = "auth requisite pam_unix.so\nauth required %s\n" % frt
        session = "session required pam_permit.so\nsession required %s\n" % frt
        cls.world.service("su", "auth sufficient pam_rootok.so\n" + password + account + session)
        cls.world.service("sudo", (password + account + "session required pam_permit.so\n").replace(frt, frt + " speak"))
        cls.world.service("sshd", password + account + session)
        cls.world.service("su-l", "auth sufficient pam_rootok.so\nauth required pam_unix.so\naccount required pam_unix.so\n"
                                  "session required pam_permit.so\nsession optional %s notice\n" % cls.world.module)
        cls.world.service("screensaver", "auth required pam_permit.so\naccount %s %s\n" % (GOVERNED, frt))
        cls.world.service("deadline", "account %s %s\n" % (GOVERNED, default))

    def assert_denied(self, shown, rule="N-USE", citation="290"):
        self.assertIn("T25: refused.", shown)
        self.assertRegex(shown, r"Rule %s: .*%s" % (re.escape(rule), citation))
        self.assertRegex(shown, r"Decision [0-9]+\. Ask: City Solicitor")

    def caller(self, about, service, *phases, user=None):
        return self.world.run(os.path.join(pam_world.BINARY, "tests", "pam_caller"), "/etc/pam.d", service, about, *phases,
                              user=user)

    # ---- su ----

    def test_su_to_a_city_official_is_denied_with_citation_decision_and_contact(self):
        done = self.world.run("su", "p01", "-c", "echo inside")
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("inside", done.stdout)
        self.assert_denied(done.all)

    def test_su_by_a_city_official_to_an_operator_is_denied(self):
        code, shown = self.world.dialogue(["su", "p20", "-c", "echo inside"],
                                          [("Password", pam_world.PASSWORD), ("Written request", "Q201")], user="p01")
        self.assertNotEqual(code, 0)
        self.assertNotIn("inside", shown)
        self.assert_denied(shown)

    def test_su_asks_an_operator_for_the_written_request_and_lets_him_pass(self):
        code, shown = self.world.dialogue(["su", "p20", "-c", "echo in; echo side"],
                                          [("Password", pam_world.PASSWORD), ("Written request number for T25", "Q201"),
                                           ("Database searched", "")], user="p20")
        self.assertEqual(code, 0, shown)
        self.assertIn("in\nside", shown)

    def test_su_with_an_empty_request_number_is_cancelled(self):
        code, shown = self.world.dialogue(["su", "p20", "-c", "echo in; echo side"],
                                          [("Password", pam_world.PASSWORD), ("Written request number for T25", "")],
                                          user="p20")
        self.assertNotEqual(code, 0)
        self.assertIn("T25: cancelled", shown)

    def test_a_wrong_password_is_no_way_in(self):
        code, shown = self.world.dialogue(["su", "p20", "-c", "echo in; echo side"],
                                          [("Password", "wrong"), ("Written request number", "Q201")], user="p20")
        self.assertNotEqual(code, 0)
        self.assertNotIn("Written request", shown)

    def test_an_expired_password_is_no_way_past_the_decision(self):
        """Debian's common-account ends the account stack when the password has expired; su lets it be changed and goes on."""
        with open(os.path.join(pam_world.SOURCE, "config", "pam", "su"), encoding="utf-8") as f:
            shipped = f.read().replace("pam_frt.so tool=T25-example",
                                       "%s tool=T25 socket=%s timeout_ms=60000" % (self.world.module, self.frtd.socket))
        for name, text in (("auth", "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\n"
                                    "auth required pam_permit.so\n"),
                           ("account", "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n"
                                       "account requisite pam_deny.so\naccount required pam_permit.so\n"),
                           ("session", "session required pam_permit.so\n")):
            self.world.service("common-" + name, text)
        self.world.service("su", shipped + "password required pam_permit.so\n")
        self.world.expire("p06")
        try:
            code, shown = self.world.dialogue(["su", "p06", "-c", "echo in; echo side"],
                                              [("Password", pam_world.PASSWORD), ("Written request", "")], user="p06")
        finally:
            self.world.expire("p06", days_ago=0)
            self.write_services(self.frtd.socket)
        self.assertNotIn("in\nside", shown)
        self.assertNotEqual(code, 0, shown)
        self.assert_denied(shown)

    # ---- sudo ----

    def test_sudo_by_a_city_official_is_denied_with_citation_decision_and_contact(self):
        done = self.world.run("sudo", "-n", "echo", "inside", user="p01")
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("inside", done.stdout)
        self.assert_denied(done.all)

    def test_sudo_lets_an_operator_with_a_request_pass(self):
        code, shown = self.world.dialogue(["sudo", "sh", "-c", "echo in; echo side"],
                                          [("password", pam_world.PASSWORD), ("Written request number for T25", "Q201")],
                                          user="p20")
        self.assertEqual(code, 0, shown)
        self.assertIn("in\nside", shown)

    # ---- sshd ----

    def test_ssh_by_key_is_denied_with_citation_decision_and_contact(self):
        done = self.world.ssh("p01")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")
        self.assert_denied(done.all)

    def test_ssh_by_key_presents_no_request_and_an_operator_is_denied(self):
        done = self.world.ssh("p20")
        self.assertNotEqual(done.returncode, 0)
        self.assert_denied(done.all, "S-REQ", "")

    def test_ssh_by_dialogue_carries_the_request_from_auth_to_account(self):
        code, shown = self.world.dialogue(
            self.world.ssh_command("p20", "-o", "PreferredAuthentications=keyboard-interactive"),
            [("Password", pam_world.PASSWORD), ("Written request number for T25", "Q201")])
        self.assertEqual(code, 0, shown)
        self.assertIn("p20", shown.splitlines()[-1] if shown.splitlines()[-1:] == ["p20"] else shown)

    # ---- others ----

    def test_an_ordinary_service_is_untouched_and_shows_its_notice(self):
        code, shown = self.world.dialogue(["su", "-", "p01", "-c", "echo in; echo side"], [("Password", pam_world.PASSWORD)],
                                          user="p02")
        self.assertEqual(code, 0, shown)
        self.assertIn("in\nside", shown)
        # A shell, not -c: su itself drops what modules have to say before a command.
        code, shown = self.world.dialogue(["su", "-", "p01"], [("Password", pam_world.PASSWORD), ("$", "exit")], user="p02")
        self.assertEqual(code, 0, shown)
        self.assertIn("Notice to city officials", shown)

    def test_an_unprivileged_screen_locker_gets_an_answer_about_its_own_user(self):
        done = self.caller("p01", "screensaver", "account", user="p01")
        self.assertEqual(done.returncode, DENIED, done.all)
        self.assert_denied(done.all)
        done = self.caller("p20", "screensaver", "account", "FRT_REQUEST=Q201", user="p20")
        self.assertEqual(done.returncode, SUCCESS, done.all)

    def test_logins_table(self):
        rows = (  # user, request, code, rule
            ("p01", None, DENIED, "N-USE"), ("p01", "Q201", DENIED, "N-OVER"), ("p06", None, DENIED, "N-USE"),
            ("p20", None, DENIED, "S-REQ"), ("p20", "Q999", DENIED, "S-REQ"), ("p24", "Q201", DENIED, "S-PERF"),
            ("p20", "Q201", SUCCESS, None))
        for user, request, expected, rule in rows:
            with self.subTest(user=user, request=request):
                given = ["FRT_REQUEST=" + request] if request else []
                done = self.caller(user, "screensaver", "account", *given)
                self.assertEqual(done.returncode, expected, done.all)
                if rule:
                    self.assert_denied(done.all, rule, "")


class WithoutFrtd:
    """Rows in which frtd is gone or hangs; they stop and start it."""

    def test_without_frtd_governed_services_deny_at_once_and_others_do_not_notice(self):
        self.frtd.stop()
        try:
            fastest = min(self.deny_once() for _ in range(5))
            print("frtd gone: denied in %.1f ms" % fastest)
            self.assertLess(fastest, 1000)
            for command, user in ((("su", "p20", "-c", "echo inside"), None), (("sudo", "-n", "echo", "inside"), "p01")):
                done = self.world.run(*command, user=user)
                self.assertNotEqual(done.returncode, 0)
                self.assertNotIn("inside", done.stdout)
                self.assertIn("could not be decided (frtd-unreachable), therefore refused", done.all)
                self.assertIn("is frtd running? (frt status)", done.all)
            done = self.world.ssh("p20")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("frtd-unreachable", done.all)
            done = self.world.run("su", "-", "p01", "-c", "echo inside")
            self.assertEqual((done.returncode, done.stdout.splitlines()[-1]), (0, "inside"))
        finally:
            self.frtd.start()

    def deny_once(self):
        done = self.caller("p20", "deadline", "account")
        self.assertEqual(done.returncode, UNDECIDED, done.all)
        return float(re.search(r"account: 9 in ([0-9.]+) ms", done.stdout).group(1))


class AFrtdFromATable(Services, WithoutFrtd, unittest.TestCase):
    @classmethod
    def point(cls):
        return FakeFrtd(from_a_table)

    def test_a_hung_frtd_denies_by_the_deadline_and_others_do_not_notice(self):
        self.frtd.answer = lambda ask: None
        try:
            milliseconds = self.deny_once()
            print("frtd hung: denied in %.1f ms" % milliseconds)
            self.assertGreaterEqual(milliseconds, 1990)
            self.assertLess(milliseconds, 20000)
            done = self.world.run("su", "-", "p01", "-c", "echo inside")
            self.assertEqual((done.returncode, done.stdout.splitlines()[-1]), (0, "inside"))
        finally:
            self.frtd.answer = from_a_table

    def test_sudo_asks_in_the_name_of_the_one_who_called_it(self):
        self.frtd.asks.clear()
        self.world.run("sudo", "-n", "-u", "p20", "echo", "inside", user="p01")
        asks = [ask for ask in self.frtd.asks if ask["kind"] == "decide"]
        self.assertTrue(asks)
        self.assertTrue(all("p01" in (ask.get("user"), ask.get("ruser")) for ask in asks), asks)

    def test_a_session_is_told_from_opening_to_closing_with_its_decision(self):
        self.frtd.asks.clear()
        code, shown = self.world.dialogue(["su", "p20", "-c", "true"],
                                          [("Password", pam_world.PASSWORD), ("Written request number for T25", "Q201")],
                                          user="p20")
        self.assertEqual(code, 0, shown)
        told = [(ask["kind"], ask.get("decision")) for ask in self.frtd.asks if ask["kind"].startswith("session")]
        self.assertEqual([kind for kind, _ in told], ["session-open", "session-close"])
        self.assertTrue(told[0][1] and told[0][1] == told[1][1], told)

    def test_a_module_replaced_by_rename_lets_nobody_pass_during_a_thousand_logins(self):
        stop, upgrades = threading.Event(), [0]

        def upgrade():
            fresh = self.world.module + ".new"
            while not stop.is_set():
                shutil.copy(os.path.join(pam_world.BINARY, "lib", "pam_frt.so"), fresh)
                os.rename(fresh, self.world.module)
                upgrades[0] += 1
                time.sleep(0.001)

        thread = threading.Thread(target=upgrade)
        self.frtd.asks.clear()
        thread.start()
        try:
            script = "i=0; while [ $i -lt 1000 ]; do '%s' /etc/pam.d screensaver p01 account >/dev/null; echo $?; i=$((i+1)); done"
            done = self.world.run("sh", "-c", script % os.path.join(pam_world.BINARY, "tests", "pam_caller"), timeout=500)
        finally:
            stop.set()
            thread.join()
        codes = done.stdout.split()
        self.assertEqual((len(codes), set(codes)), (1000, {"6"}))
        self.assertEqual(len(self.frtd.asks), 1000)
        self.assertGreater(upgrades[0], 100)
        print("module replaced %d times during 1000 logins" % upgrades[0])


class TheRealFrtd(Services, WithoutFrtd, unittest.TestCase):
    @classmethod
    def point(cls):
        point = Frtd(host="h6", ldif=[])
        files = []
        for path in sample_city():  # with searches enough for every test here
            files.append(os.path.join(point.dir, os.path.basename(path)))
            with open(path) as f:
                pam_world.write(files[-1], re.sub("(?m)^frtMaxSearches: 3$", "frtMaxSearches: 999", f.read()))
        point.write_conf({"ldif": files, "suffix": SUFFIX}, 60, "")
        return point

    def test_every_denial_shown_is_in_the_trail(self):
        done = self.world.run("su", "p06", "-c", "true")
        decision = int(re.search(r"Decision ([0-9]+)", done.all).group(1))
        records = [r for r in self.frtd.records() if r.get("n") == decision]
        self.assertEqual(len(records), 1, records)
        self.assertEqual(records[0].get("user"), "p06")

    # ---- what a search returned, asked when its session closes ----

    ENTER = [("Password", pam_world.PASSWORD), ("Written request number for T25", "Q201")]

    def searched(self, *answers, command=("su", "p20", "-c", "true")):
        """One search in a session on a terminal: (what was shown, its decision, the results on record)."""
        code, shown = self.world.dialogue(list(command), self.ENTER + list(answers), user="p20")
        self.assertEqual(code, 0, shown)
        decision = max(r["n"] for r in self.frtd.records(k="decision", dec="allow"))
        return shown, decision, [(r.get("database"), r["matches"]) for r in self.frtd.records(k="result", decision=decision)]

    def session(self):
        """What su's stack says when it opens and closes a session; su itself keeps information to itself."""
        done = self.world.run(os.path.join(pam_world.BINARY, "bin", "pam-try"), "--session", "--request", "Q201", "su", "p20")
        self.assertIn("Database searched", done.stdout, done.all)
        return done.stdout

    def open_searches(self):
        return [row[0] for row in self.frtd.json("request", "list", "--open")["rows"]]

    def test_su_asks_for_each_database_when_the_session_closes(self):
        shown, decision, results = self.searched(("Database searched", "rmv image file"), ("Matches it returned", "3"),
                                                 ("Another database", "msp gallery"), ("Matches it returned", "0"),
                                                 ("Another database", ""))
        self.assertEqual(results, [("rmv image file", 3), ("msp gallery", 0)], shown)
        self.assertNotIn(decision, self.open_searches())

    def test_a_blank_is_no_number_and_zero_is_one(self):
        shown, decision, results = self.searched(("Database searched", "rmv"), ("Matches it returned", ""),
                                                 ("Matches it returned", "none"), ("Matches it returned", "0"),
                                                 ("Another database", ""))
        self.assertEqual(results, [("rmv", 0)], shown)
        self.assertEqual(shown.count("Expected digits: 0 is an answer, blank is not."), 2, shown)

    def test_what_is_not_answered_stays_open_and_the_next_login_says_so(self):
        shown, decision, results = self.searched(("Database searched", ""))
        self.assertEqual(results, [], shown)
        self.assertIn("It stays open. Record it: frt request record REQUEST --decision %d " % decision, shown)
        self.assertIn(decision, self.open_searches())
        self.assertRegex(self.frtd.frt("status").out, "results +[0-9]+ searches without a result on record")
        self.assertRegex(self.session(), "Notice: The result of [0-9]+ of your searches is not on record")
        for n in self.open_searches():
            self.assertEqual(self.frtd.frt("request", "record", "Q201", "--decision", str(n), "--matches", "0",
                                           "--database", "rmv").code, 0)
        self.assertNotIn("Notice:", self.session())

    def test_without_a_terminal_nothing_is_asked_and_nothing_is_read(self):
        done = self.world.run("sh", "-c", "su p20 -c 'echo inside' && cat", user="p20",
                              stdin="%s\nQ201\nkeep this\n" % pam_world.PASSWORD)
        self.assertTrue(done.stdout.endswith("inside\nkeep this\n"), done.all)
        self.assertNotIn("Database searched", done.all)

    def test_sshd_closes_as_root_without_asking(self):
        before = len(self.frtd.records(k="decision", dec="allow"))
        self.world.dialogue(self.world.ssh_command("p20", "-o", "PreferredAuthentications=keyboard-interactive"), self.ENTER)
        allowed = self.frtd.records(k="decision", dec="allow")[before:]
        self.assertTrue(allowed)
        self.assertIn(allowed[-1]["n"], self.open_searches())

    def test_a_stopped_frtd_denies_by_the_deadline(self):
        self.frtd.process.send_signal(19)
        try:
            self.assertGreaterEqual(self.deny_once(), 1990)
        finally:
            self.frtd.process.send_signal(18)


if __name__ == "__main__":
    unittest.main(verbosity=2)
