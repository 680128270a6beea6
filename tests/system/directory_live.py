#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The replica against a real slapd: every way a role can come, change and go, and every way a server can fail."""
import contextlib
import os
import signal
import socket
import statistics
import sys
import time
import unittest

from replica_feed import Feed, status_of
from slapd import REPLICA_DN, SUFFIX, Slapd, person_dn

LATENCY_CHANGES = int(os.environ.get("FRT_LATENCY_CHANGES", "100"))
KILLS = int(os.environ.get("FRT_KILLS", "1000"))
POLICE = f"cn=police,ou=groups,{SUFFIX}"


def role_dn(name, container="roles"):
    return f"frtRoleId={name},ou={container},{SUFFIX}"


def role(name, person="p02", *lines, container="roles"):
    return "\n".join([f"dn: {role_dn(name, container)}", "changetype: add", "objectClass: frtRole", f"frtRoleId: {name}",
                      f"frtPerson: {person}", "frtAffiliation: city", "frtOfficialType: employee", *lines]) + "\n"


def change(dn, operation, attribute, *values):
    return "\n".join([f"dn: {dn}", "changetype: modify", f"{operation}: {attribute}",
                      *[f"{attribute}: {value}" for value in values]]) + "\n"


def ids(feed, uid):
    return sorted(role.split(" ")[0] for role in feed.roles(uid))


@contextlib.contextmanager
def following(server, **keys):
    """A view that has just become fresh, over ldapi, as root (who is the replica there)."""
    keys.setdefault("uris", [server.ldapi_uri])
    with Feed(sasl_external=True, **keys) as feed:
        feed.wait_fresh()
        yield feed


class Shared(unittest.TestCase):
    """Tests that leave the server as it was share one."""

    @classmethod
    def setUpClass(cls):
        cls.server = Slapd(external={0: REPLICA_DN}).start()
        cls.addClassCleanup(cls.server.close)


class Changes(Shared):
    def setUp(self):
        self.feed = self.enterContext(following(self.server, max_view_age=20))

    def add_role(self, name, *args, **keys):
        self.server.must(role(name, *args, **keys))
        self.addCleanup(self.server.delete, role_dn(name, keys.get("container", "roles")))
        return self.feed.wait_changed("added", f"frtRoleId={name},")

    def test_a_role_added_counts_and_says_who_added_it(self):
        added = self.add_role("live-add", "p25")
        self.assertEqual(added.object_class, "frtRole")
        self.assertEqual(added.after["frtPerson"], "p25")
        self.assertEqual(added.before, {})
        self.assertEqual(added.when, "live")
        self.assertEqual(added.by, "cn=admin," + SUFFIX)
        self.assertRegex(added.csn, r"^\d{14}\.\d{6}Z#")
        self.assertIn("live-add", ids(self.feed, "p25"))

    def test_the_office_that_changed_a_role_is_named(self):
        office = next(uid for uid in ("p05", "p19", "p20", "p21", "p22", "p23", "p24", "p35", "p36") if self.is_role_admin(uid))
        self.assertEqual(self.server.modify(role("live-office", "p25"), who=office), 0, self.server.last_error)
        self.addCleanup(self.server.delete, role_dn("live-office"))
        self.assertEqual(self.feed.wait_changed("added", "live-office").by, person_dn(office))

    def is_role_admin(self, uid):
        found = self.server.search(f"(member={person_dn(uid)})", base=f"cn=role-admins,ou=admins,{SUFFIX}", scope="base")
        return bool(found.entries)

    def test_a_role_changed_says_before_and_after(self):
        self.add_role("live-change")
        self.server.must(change(role_dn("live-change"), "replace", "frtPerson", "p03"))
        changed = self.feed.wait_changed("changed", "live-change")
        self.assertEqual((changed.before["frtPerson"], changed.after["frtPerson"]), ("p02", "p03"))
        self.assertNotIn("live-change", ids(self.feed, "p02"))
        self.assertIn("live-change", ids(self.feed, "p03"))

    def test_a_role_removed_counts_no_more(self):
        self.add_role("live-remove", "p25")
        self.assertEqual(self.server.delete(role_dn("live-remove")), 0)
        removed = self.feed.wait_changed("removed", "live-remove")
        self.assertEqual(removed.before["frtPerson"], "p25")
        self.assertEqual(removed.after, {})
        self.assertNotIn("live-remove", ids(self.feed, "p25"))

    def test_a_role_ended_by_time_is_seen_with_its_end(self):
        self.add_role("live-end", "p25", "frtRoleEnd: 20200101000000Z")
        self.assertIn("live-end city end=1577836800", " ".join(self.feed.roles("p25")))

    def test_a_role_moved_out_of_its_base_counts_no_more_and_again_when_moved_back(self):
        self.add_role("live-move", "p25")
        self.assertEqual(self.server.rename(role_dn("live-move"), "frtRoleId=live-move", f"ou=groups,{SUFFIX}"), 0)
        self.addCleanup(self.server.delete, role_dn("live-move", "groups"))
        self.feed.wait_changed("removed", "live-move")
        self.assertNotIn("live-move", ids(self.feed, "p25"))
        mark = self.feed.mark()
        self.assertEqual(self.server.rename(role_dn("live-move", "groups"), "frtRoleId=live-move", f"ou=roles,{SUFFIX}"), 0)
        self.feed.wait_changed("added", "live-move", since=mark)
        self.assertIn("live-move", ids(self.feed, "p25"))

    def test_a_container_moved_takes_its_roles_along_though_the_server_tells_of_none_of_them(self):
        container = f"ou=elsewhere,{SUFFIX}"
        self.server.must(f"dn: {container}\nchangetype: add\nobjectClass: organizationalUnit\nou: elsewhere\n")
        self.addCleanup(self.server.delete, container)
        self.server.must(f"dn: ou=roles2,{container}\nchangetype: add\nobjectClass: organizationalUnit\nou: roles2\n")
        self.server.must(role("live-subtree", "p25", container="roles2,ou=elsewhere"))
        self.addCleanup(self.server.delete, f"ou=roles2,{container}", subtree=True)
        self.feed.settle()
        self.assertNotIn("live-subtree", ids(self.feed, "p25"))
        mark = self.feed.mark()
        # ou=roles goes away and another container becomes ou=roles: syncprov sends the containers alone.
        self.assertEqual(self.server.rename(f"ou=roles,{SUFFIX}", "ou=roles-old"), 0)
        try:
            self.feed.wait("refreshed", since=mark)
            self.assertNotIn("p01-police", ids(self.feed, "p01"))
            self.assertEqual(self.server.rename(f"ou=roles2,{container}", "ou=roles", SUFFIX), 0)
            self.feed.wait("changed", lambda e: e.words[0] == "added" and "live-subtree" in e.words[2], since=mark)
            self.assertIn("live-subtree", ids(self.feed, "p25"))
            self.assertEqual(self.server.rename(f"ou=roles,{SUFFIX}", "ou=roles2", container), 0)
        finally:
            mark = self.feed.mark()
            self.assertEqual(self.server.rename(f"ou=roles-old,{SUFFIX}", "ou=roles"), 0)
        self.feed.wait("refreshed", since=mark)
        self.assertIn("p01-police", ids(self.feed, "p01"))

    def test_a_subtree_deleted_takes_every_role_in_it(self):
        names = [f"live-tree-{n}" for n in range(5)]
        for name in names:
            self.add_role(name, "p25")
        everything = self.server.dump()
        self.addCleanup(self.server.restore, everything)
        self.assertEqual(self.server.delete(f"ou=roles,{SUFFIX}", subtree=True), 0)
        for name in names:
            self.feed.wait_changed("removed", name)
        self.assertEqual([i for i in ids(self.feed, "p25") if not i.startswith("cn=")], [])
        self.assertEqual([i for i in ids(self.feed, "p01") if not i.startswith("cn=")], [])

    def test_one_name_with_another_identity_is_another_role(self):
        self.add_role("live-reuse", "p25")
        for person in ("p26", "p27", "p28"):
            mark = self.feed.mark()
            self.assertEqual(self.server.delete(role_dn("live-reuse")), 0)
            self.server.must(role("live-reuse", person))
            self.feed.wait("changed", lambda e: e.words[0] == "added" and f"frtPerson={person}" in e.words[7], since=mark)
            self.assertIn("live-reuse", ids(self.feed, person))
        self.assertNotIn("live-reuse", ids(self.feed, "p25") + ids(self.feed, "p26") + ids(self.feed, "p27"))

    def test_groups_nested_in_a_loop_list_their_people_and_end(self):
        ring = [f"cn=ring{n},ou=groups,{SUFFIX}" for n in range(3)]
        for n, dn in enumerate(ring):
            self.server.must(f"dn: {dn}\nchangetype: add\nobjectClass: groupOfNames\ncn: ring{n}\nmember: {ring[(n + 1) % 3]}\n")
            self.addCleanup(self.server.delete, dn)
        self.server.must(change(ring[1], "add", "member", person_dn("p25")))
        self.server.must(change(POLICE, "add", "member", ring[0]))
        self.addCleanup(self.server.modify, change(POLICE, "delete", "member", ring[0]))
        self.feed.settle()
        for dn in ring + [POLICE]:
            self.assertTrue(self.feed.says("group", dn, "p25"), dn)
        self.assertIn(POLICE, " ".join(self.feed.roles("p25")))
        self.assertEqual(self.feed.view().state, "fresh")

    def test_names_that_are_filters_are_only_names(self):
        strangers = {self.feed.ask("roles", name)[0] for name in ("*", ")(uid=*", "\\2a", "no-such-person")}
        self.assertEqual(len(strangers), 1)

    def test_a_value_of_a_mebibyte_and_a_bit_spoils_its_entry_and_nothing_else(self):
        before = self.feed.view()
        huge = "x" * (1024 * 1024 + 1)
        self.add_role("live-huge", "p25")
        self.server.must(change(role_dn("live-huge"), "replace", "frtOfficialType", huge))
        self.feed.wait_changed("changed", "live-huge")
        self.assertEqual(self.feed.view().unreadable, before.unreadable + 1)
        self.assertTrue(self.feed.says("person", "p01"))
        mark = self.feed.mark()
        self.server.must(change(role_dn("live-huge"), "replace", "frtOfficialType", "employee"))
        self.feed.wait_changed("changed", "live-huge", since=mark)
        self.assertEqual(self.feed.view().unreadable, before.unreadable)


class Latency(Shared):
    def test_a_change_reaches_the_view_within_a_tenth_of_a_second(self):
        with following(self.server) as feed:
            self.server.must(role("latency", "p25"))
            self.addCleanup(self.server.delete, role_dn("latency"))
            feed.wait_changed("added", "latency")
            delays_ms = []
            for n in range(LATENCY_CHANGES):
                mark = feed.mark()
                self.server.must(change(role_dn("latency"), "replace", "frtTicket", f"t{n}"))
                returned = time.time()
                event = feed.wait("changed", lambda e: f"frtTicket=t{n}" in e.words[7].split(), since=mark)
                delays_ms.append((event.at - returned) * 1000)
        median, worst = statistics.median(delays_ms), max(delays_ms)
        print(f"\nldapmodify returns -> the view has changed, {LATENCY_CHANGES} changes: median {median:.1f} ms, "
              f"worst {worst:.1f} ms (negative: before ldapmodify had returned)")
        self.assertLess(median, 100)
        self.assertLess(worst, 1000)


class Failures(unittest.TestCase):
    def server(self, **keys):
        server = Slapd(external={0: REPLICA_DN}, **keys).start()
        self.addCleanup(server.close)
        return server

    def test_what_changed_during_a_disconnect_is_found_afterwards(self):
        server = self.server()
        with following(server) as feed:
            server.must(role("gone-meanwhile", "p25") + "\n" + role("changed-meanwhile", "p25"))
            feed.wait_changed("added", "changed-meanwhile")
            # frt-replica is away; the server is not
            worker = feed.worker()
            os.kill(worker, signal.SIGSTOP)
            server.must(role("come-meanwhile", "p26"))
            server.delete(role_dn("gone-meanwhile"))
            server.must(change(role_dn("changed-meanwhile"), "replace", "frtPerson", "p27"))
            mark = feed.mark()
            os.kill(worker, signal.SIGKILL)
            come = feed.wait_changed("added", "come-meanwhile", mark)
            changed = feed.wait_changed("changed", "changed-meanwhile", mark)
            gone = feed.wait_changed("removed", "gone-meanwhile", mark)
            self.assertEqual({come.when, changed.when, gone.when}, {"refresh"})
            self.assertEqual(gone.before["frtPerson"], "p25")
            self.assertEqual((changed.before["frtPerson"], changed.after["frtPerson"]), ("p25", "p27"))
            self.assertEqual([i for i in ids(feed, "p25") if "meanwhile" in i], [])

    def test_a_server_restored_from_an_old_backup_is_not_believed(self):
        server = self.server()
        server.must(role("suspended", "p25"))
        with following(server) as feed:
            backup = server.dump()
            server.must(role("after-the-backup", "p26"))
            feed.wait_changed("added", "after-the-backup")
            feed.settle()
            self.assertEqual(feed.wait_fresh().state, "fresh")
            mark = feed.mark()
            server.restore(backup)
            view = feed.wait_view("incomplete")
            self.assertIn("server-went-back", view.problem)
            feed.wait("refreshed", since=mark)
            # The server catches up as soon as it takes a change newer than what we had seen.
            server.must(role("newer", "p27"))
            feed.wait_fresh()
            self.assertNotIn("after-the-backup", ids(feed, "p26"))

    def test_a_server_killed_again_and_again_costs_nothing_but_age(self):
        server = self.server()
        with following(server) as feed:
            for n in range(6):
                server.must(role(f"kill-{n}", "p25"))
                if n % 2:
                    feed.wait_changed("added", f"kill-{n}")
                mark = feed.mark()
                server.kill()
                feed.wait("disconnected", since=mark)
                server.start()
                feed.wait("confirmed", since=mark)
                self.assertIn(f"kill-{n}", ids(feed, "p25"))
            self.assertEqual(feed.wait_fresh().unreadable, 0)

    def test_a_server_killed_in_the_middle_of_its_content_leaves_the_old_view(self):
        people = "\n".join(f"dn: uid=x{n},ou=people,{SUFFIX}\nobjectClass: account\nobjectClass: posixAccount\nuid: x{n}\n"
                           f"cn: x{n}\nuidNumber: {40000 + n}\ngidNumber: 20000\nhomeDirectory: /\n" for n in range(4000))
        server = self.server(extra_ldif=[people])
        with following(server) as feed:
            count = feed.view().count
            for n in range(5):
                mark = feed.mark()
                self.assertEqual(feed.ask("restart"), ["0"])
                time.sleep(0.01 * n)  # a different moment of connecting and of the content each time
                server.kill()
                view = feed.view()
                self.assertEqual(view.count, count)
                self.assertIn(view.state, ("fresh", "stale"))
                server.start()
                feed.wait("confirmed", since=mark)
            self.assertEqual(feed.view().count, count)

    def test_a_worker_killed_again_and_again_leaves_the_view_whole(self):
        server = self.server()
        with following(server) as feed:
            count = feed.view().count
            supervisor = feed.supervisor()
            for n in range(KILLS):
                mark = feed.mark()
                feed.kill_worker()
                if n % 3 == 0:  # otherwise the next one goes wherever it happens to be
                    feed.wait("refreshed", since=mark)
                    self.assertEqual(feed.view().count, count)
            mark = feed.mark()
            feed.wait("confirmed", since=mark)
            self.assertEqual(feed.view().count, count)
            self.assertEqual(feed.wait_fresh().unreadable, 0)
            self.assertEqual(feed.supervisor(), supervisor)
            self.assertFalse([e for e in feed.events if e.kind in ("ended", "changed")])

    def test_a_worker_killed_while_it_writes_leaves_no_torn_frame(self):
        people = "\n".join(f"dn: uid=x{n},ou=people,{SUFFIX}\nobjectClass: account\nobjectClass: posixAccount\nuid: x{n}\n"
                           f"cn: x{n}\nuidNumber: {40000 + n}\ngidNumber: 20000\nhomeDirectory: /\n" for n in range(12000))
        server = self.server(extra_ldif=[people])
        with following(server) as feed:
            count, supervisor = feed.view().count, feed.supervisor()
            for _ in range(3):
                mark = feed.mark()
                feed.process.send_signal(signal.SIGSTOP)  # frtd reads no more, so everything behind it fills up
                try:
                    os.kill(feed.worker_of(supervisor), signal.SIGKILL)
                    self.wait_until_writing(supervisor)
                    os.kill(feed.worker_of(supervisor), signal.SIGKILL)
                finally:
                    feed.process.send_signal(signal.SIGCONT)
                feed.wait("confirmed", since=mark)
                self.assertEqual(feed.view().count, count)
            self.assertFalse([e for e in feed.events if e.kind in ("ended", "changed")])

    def wait_until_writing(self, supervisor):
        """Both blocked in write or send: the worker in the middle of a frame, most likely."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, IndexError):
                worker = Feed.worker_of(supervisor)
                calls = []
                for pid in (worker, supervisor):
                    with open(f"/proc/{pid}/syscall", encoding="ascii") as syscall:
                        calls.append(syscall.read().split()[0])
                if calls == ["1", "44"]:  # write, sendto
                    return
            time.sleep(0.02)
        self.fail("the worker never blocks")

    def test_a_frozen_server_makes_the_view_stale_within_its_lease(self):
        server = self.server()
        with following(server, max_view_age=4, network_timeout=2) as feed:
            server.pause()
            begun = time.monotonic()
            feed.wait("disconnected", lambda e: "does not answer" in e.words[0])
            view = feed.wait_view("stale")
            took = time.monotonic() - begun
            print(f"\nserver frozen -> view stale after {took:.1f} s (lease 4 s)")
            self.assertGreaterEqual(view.age_ms, 4000)
            self.assertTrue(feed.says("person", "p01"))
            self.assertLess(took, 30)
            server.resume()
            feed.wait_fresh()

    def test_the_lease_is_renewed_while_nothing_changes(self):
        server = self.server()
        with following(server, max_view_age=4) as feed:
            until = time.monotonic() + 9
            worst = 0
            while time.monotonic() < until:
                worst = max(worst, feed.view().age_ms)
                time.sleep(0.05)
            self.assertEqual(feed.view().state, "fresh")
            self.assertLess(worst, 4000)

    def test_changes_out_of_sight_do_not_hold_up_the_lease(self):
        server = self.server()
        with following(server, max_view_age=4) as feed:
            mark = feed.mark()
            for n in range(3):
                server.must(change(f"ou=people,{SUFFIX}", "replace", "description", f"d{n}"))
                csn = server.contextCSN()
                feed.wait("confirmed", lambda e: e.words[0] >= csn, since=mark)

    def test_a_group_that_may_not_be_read_makes_the_view_incomplete(self):
        hide = ('dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nadd: olcAccess\nolcAccess: {0}to dn.exact="%s" '
                'by dn.exact="%s" none by * break\n' % (POLICE, REPLICA_DN))
        server = self.server()
        groups = [{"group": POLICE, "affiliation": "city", "department": "police"}]
        with following(server, role_groups=groups) as feed:
            self.assertEqual(server.modify(hide, who="config"), 0, server.last_error)
            feed.ask("restart")
            self.assertIn("police", feed.wait_view("incomplete").problem)

    def test_a_reference_to_another_server_is_not_followed(self):
        server = self.server()
        with socket.create_server(("127.0.0.1", 0)) as elsewhere:
            elsewhere.settimeout(0)
            server.must(f"dn: ou=annex,{SUFFIX}\nchangetype: add\nobjectClass: referral\nobjectClass: extensibleObject\n"
                        f"ou: annex\nref: ldap://127.0.0.1:{elsewhere.getsockname()[1]}/ou=people,{SUFFIX}\n")
            with Feed(uris=[server.ldapi_uri], sasl_external=True, network_timeout=2) as feed:
                text = feed.wait("refused").words[0]
                self.assertIn("another", text)
                self.assertIn("uris", text)
                self.assertEqual(feed.view().state, "never-loaded")
            with self.assertRaises(BlockingIOError, msg="somebody went there"):
                elsewhere.accept()

    def test_an_answer_cut_at_the_size_limit_is_refused_with_the_line_to_add(self):
        limit = 'dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\ndelete: olcLimits\n'
        for content_sync in (True, False):
            with self.subTest(content_sync=content_sync):
                server = self.server()
                self.assertEqual(server.modify(limit, who="config"), 0, server.last_error)
                # the frontend's limit is inherited: 500 entries; fewer are allowed here
                self.assertEqual(server.modify("dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nadd: olcSizeLimit\n"
                                               "olcSizeLimit: 50\n", who="config"), 0, server.last_error)
                with Feed(uris=[server.ldapi_uri], sasl_external=True, content_sync=content_sync, page_size=20) as feed:
                    self.assertIn("size=unlimited", feed.wait("refused").words[0])
                    self.assertEqual(feed.view().state, "never-loaded")

    def test_a_suffix_that_is_not_there_is_refused(self):
        server = self.server()
        with Feed(uris=[server.ldapi_uri], sasl_external=True, suffix="dc=wrong,dc=example") as feed:
            self.assertIn("suffix", feed.wait("refused").words[0])

    def test_a_directory_that_shows_us_nothing_is_refused(self):
        server = self.server(sample_city=False, extra_ldif=[
            f"dn: {SUFFIX}\nobjectClass: organization\nobjectClass: dcObject\ndc: frt\no: o\n\n"
            f"dn: ou=people,{SUFFIX}\nobjectClass: organizationalUnit\nou: people\n"])
        with Feed(uris=[server.ldapi_uri], sasl_external=True) as feed:
            self.assertIn("may read it", feed.wait("refused").words[0])
            self.assertEqual(feed.view().state, "never-loaded")

    def test_the_next_server_takes_over(self):
        first, second = self.server(), self.server()
        second.restore(first.dump())
        with following(first, uris=[first.ldapi_uri, second.ldapi_uri]) as feed:
            mark = feed.mark()
            first.kill()
            feed.wait("connected", lambda e: e.words[0].startswith(second.ldapi_uri), since=mark)
            self.assertTrue(feed.says("person", "p01"))
            second.kill()
            mark = feed.mark()
            first.start()
            feed.wait("connected", lambda e: e.words[0].startswith(first.ldapi_uri), since=mark)

    def test_a_server_without_content_synchronisation_is_polled(self):
        server = self.server(syncprov=False)
        with following(server, page_size=7, poll_interval=1) as feed:
            self.assertIn("paged searches", feed.wait("connected").words[0])
            server.must(role("polled", "p25"))
            feed.wait_changed("added", "polled")
            server.must(change(role_dn("polled"), "replace", "frtPerson", "p26"))
            self.assertEqual(feed.wait_changed("changed", "polled").after["frtPerson"], "p26")
            server.delete(role_dn("polled"))
            feed.wait_changed("removed", "polled")
            self.assertEqual(feed.view().state, "fresh")

    def test_polling_confirms_where_nothing_changed(self):
        server = self.server()
        with following(server, content_sync=False, poll_interval=1, max_view_age=4) as feed:
            refreshed = [e for e in feed.events if e.kind == "refreshed"]
            mark = feed.mark()
            for _ in range(3):
                mark = feed.mark()
                feed.wait("confirmed", since=mark)
            self.assertEqual(len([e for e in feed.events if e.kind == "refreshed"]), len(refreshed))
            self.assertEqual(feed.view().state, "fresh")


class Identity(unittest.TestCase):
    """Who the replica is, and as whom it runs."""

    def setUp(self):
        self.server = Slapd().start()
        self.addCleanup(self.server.close)

    def feed(self, secret="sample-replica\n", mode=0o600, owner=None, **keys):
        keys.setdefault("bind_dn", REPLICA_DN)
        feed = Feed(uris=[self.server.ldapi_uri], secret_file="/nonexistent", **keys)
        feed.keys["secret_file"] = feed.secret(secret, mode, owner)
        feed.write_conf()
        self.addCleanup(feed.close)
        return feed.start()

    def test_a_password_from_a_file_of_its_own_is_taken(self):
        self.feed().wait_fresh()

    def test_a_secret_that_will_not_do_is_refused_before_anything_is_sent(self):
        for given, secret, mode, expected in [
                ("empty", "", 0o600, "not empty"), ("only a line end", "\n", 0o600, "not empty"),
                ("two lines", "a\nb\n", 0o600, "one line"), ("a NUL", "a\0b", 0o600, "one line"),
                ("readable by others", "sample-replica\n", 0o644, "0600"), ("by its group", "sample-replica\n", 0o640, "0600")]:
            with self.subTest(given):
                feed = self.feed(secret, mode)
                text = feed.wait("refused").words[0]
                self.assertIn(expected, text)
                self.assertEqual(feed.view().state, "never-loaded")
                feed.close()

    def test_a_wrong_password_is_refused_with_advice(self):
        text = self.feed("wrong\n").wait("refused").words[0]
        self.assertIn("Invalid credentials", text)
        self.assertIn("secret_file", text)
        self.assertNotIn("wrong", text)

    @unittest.skipUnless(os.geteuid() == 0, "changes accounts")
    def test_it_runs_as_its_own_account_in_a_sandbox_and_cannot_be_looked_into(self):
        os.chmod(self.server.directory, 0o755)
        feed = self.feed(owner=64322, account="#64322")
        feed.wait_fresh()
        for pid, filtered in ((feed.supervisor(), False), (feed.worker(), True)):
            status = status_of(pid)
            self.assertEqual(status["Uid"].split(), ["64322"] * 4)
            self.assertEqual(status["NoNewPrivs"], "1")
            self.assertEqual(int(status["CapEff"], 16), 0)
            self.assertEqual(status["Seccomp"], "2" if filtered else "0")
            with open(f"/proc/{pid}/environ", "rb") as environment:
                self.assertEqual(environment.read(), b"LDAPNOINIT=1\0")
            self.assertEqual(os.readlink(f"/proc/{pid}/cwd"), "/")
        # not dumpable: the kernel gives its files to root
        self.assertEqual(os.stat(f"/proc/{feed.worker()}/mem").st_uid, 0)

    def test_everything_ends_when_frtd_does(self):
        feed = self.feed()
        feed.wait_fresh()
        pids = [feed.supervisor(), feed.worker()]
        feed.process.kill()
        deadline = time.monotonic() + 60
        while any(os.path.exists(f"/proc/{pid}") and status_of(pid)["State"][0] != "Z" for pid in pids):
            self.assertLess(time.monotonic(), deadline, "frt-replica outlives frtd")
            time.sleep(0.02)

    def test_the_worker_ends_with_the_supervisor(self):
        feed = self.feed()
        feed.wait_fresh()
        worker = feed.worker()
        os.kill(feed.supervisor(), signal.SIGKILL)
        feed.wait("ended")
        deadline = time.monotonic() + 60
        while os.path.exists(f"/proc/{worker}"):
            self.assertLess(time.monotonic(), deadline, "a worker without a supervisor")
            time.sleep(0.02)
        mark = feed.mark()
        feed.wait("confirmed", since=mark)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
