#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The replica against a server that lies, errs or babbles (threats.md L8-L10): whatever it says, what was known stays
known until something whole replaces it, and a server that comes to its senses is followed again."""
import os
import random
import sys
import threading
import time
import unittest

from fake_provider import (ADD, DELETE, MODIFY, PRESENT, SUFFIX, SYNC_STATE, Provider, control, entry, message, octets, result,
                           sync_state, tlv, uuid)
from replica_feed import Feed

MUTATIONS = int(os.environ.get("FRT_MUTATIONS", "200"))


def csn(n, server=0):
    return f"202601{n:02}000000.000000Z#000000#{server:03x}#000000"


def cookie(n):
    return f"rid=000,csn={csn(n)}"


def role(n, person="p01", **more):
    name = f"r{n}"
    attributes = {"objectClass": ["frtRole"], "frtRoleId": [name], "frtPerson": [person], "frtAffiliation": ["city"],
                  "frtOfficialType": ["employee"], **more}
    return uuid(n), f"frtRoleId={name},ou=roles,{SUFFIX}", attributes


class Hostile(unittest.TestCase):
    def setUp(self):
        self.provider = self.enterContext(Provider(csn(1)))
        self.feed = self.enterContext(self.new_feed())

    def new_feed(self, **keys):
        return Feed(uris=[self.provider.uri], sasl_external=True, **{"network_timeout": 2, "max_view_age": 20, **keys})

    def content(self, count=3, person="p01"):
        """Serves the next synchronisation a whole content of `count` roles."""
        sync = self.provider.next_sync()
        for n in range(1, count + 1):
            sync.entry(*role(n, person))
        sync.done(cookie=f"rid=000,csn={self.provider.csn}")
        return sync

    def loaded(self, count=3):
        sync = self.content(count)
        self.feed.wait("confirmed")
        self.assertEqual(self.feed.view().count, count)
        return sync

    def recovers(self, count=3):
        """A good content is taken after all that."""
        mark = self.feed.mark()
        self.content(count)
        self.feed.wait("confirmed", since=mark)
        self.assertEqual(self.feed.wait_fresh().count, count)
        self.assertFalse([e for e in self.feed.events if e.kind == "ended"])

    # Contents.

    def test_a_good_content_is_taken(self):
        self.loaded()
        self.assertEqual(self.feed.wait_fresh().csn, csn(1))

    def test_an_empty_content_is_not_believed(self):
        for present in (True, False):
            with self.subTest(present=present):
                sync = self.loaded() if self.feed.view().count == 0 else self.last
                mark = self.feed.mark()
                sync.close()
                self.provider.next_sync().done(present=present)
                self.feed.wait("refused", since=mark)
                self.assertEqual(self.feed.view().count, 3)
                self.last = self.content()
                self.feed.wait("confirmed", since=mark)

    def test_a_content_without_most_of_what_was_there_is_believed_when_it_comes_twice(self):
        self.loaded(60).close()
        mark = self.feed.mark()
        sync = self.content(5)
        self.feed.wait("refreshed", since=mark)
        view = self.feed.wait_view("incomplete")
        self.assertEqual(view.count, 60)
        self.assertIn("a fifth", view.problem)
        sync.close()
        self.content(5)
        self.assertEqual(self.feed.wait_fresh().count, 5)

    def test_a_content_that_breaks_off_removes_nothing(self):
        self.loaded().close()
        sync = self.provider.next_sync()
        sync.entry(*role(1))
        sync.close()
        sync = self.provider.next_sync()
        self.assertEqual(self.feed.view().count, 3)
        sync.close()
        self.recovers()

    def test_one_identity_under_two_names_in_one_content_is_not_believed(self):
        self.loaded().close()
        sync = self.provider.next_sync()
        mark = self.feed.mark()
        sync.entry(*role(1))
        sync.entry(uuid(1), *role(2)[1:])
        sync.done()
        self.assertIn("two entries", self.feed.wait("disconnected", since=mark).words[0])
        self.assertEqual(self.feed.view().count, 3)
        self.recovers()

    def test_what_the_entry_and_the_control_say_of_its_identity_must_agree(self):
        self.loaded().close()
        sync = self.provider.next_sync()
        mark = self.feed.mark()
        sync.entry(*role(1, entryUUID=["00000000-0000-0000-0000-000000000002"]))
        self.assertIn("two different", self.feed.wait("refused", since=mark).words[0])
        self.recovers()

    def test_unchanged_is_not_accepted_of_what_was_never_sent(self):
        count = 1  # what came before the view was whole is there, and not believed
        self.assertEqual(self.feed.view().state, "never-loaded")
        for name, say in [("a present entry", lambda s: s.entry(uuid(9), "cn=x", {}, PRESENT)),
                          ("a set of present ones", lambda s: s.id_set([uuid(1), uuid(9)], False))]:
            with self.subTest(name):
                sync = self.provider.next_sync()
                mark = self.feed.mark()
                sync.entry(*role(1))
                say(sync)
                sync.done(present=True)
                self.assertIn("never sent", self.feed.wait("disconnected", since=mark).words[0])
                self.assertEqual(self.feed.view().count, count)
                self.recovers()
                count = 3
                self.feed.kill_worker()

    def test_a_set_of_present_ones_that_were_sent_changes_nothing(self):
        sync = self.provider.next_sync()
        for n in (1, 2):
            sync.entry(*role(n))
        sync.id_set([uuid(1)], False)
        sync.done(present=True, cookie=cookie(1))
        self.feed.wait("confirmed")
        self.assertEqual(self.feed.view().count, 2)

    def test_a_set_of_deleted_ones_deletes_them(self):
        sync = self.loaded()
        sync.id_set([uuid(1), uuid(3), uuid(77)], True)
        for n in (1, 3):
            self.feed.wait_changed("removed", f"frtRoleId=r{n},")
        self.assertEqual(self.feed.view().count, 1)

    def test_a_deletion_in_the_middle_of_a_content_counts(self):
        sync = self.provider.next_sync()
        for n in (1, 2, 3):
            sync.entry(*role(n))
        sync.delete(uuid(2))
        sync.done(cookie=cookie(1))
        self.feed.wait("confirmed")
        self.assertEqual(self.feed.view().count, 2)

    def test_a_name_given_to_another_before_the_first_was_deleted_ends_right(self):
        sync = self.loaded()
        sync.entry(uuid(50), *role(1, "p02")[1:])
        sync.delete(uuid(1), role(1)[1])
        self.feed.wait_changed("removed", "frtRoleId=r1,")
        self.assertEqual([r.split()[0] for r in self.feed.roles("p02")], ["r1"])
        self.assertEqual(self.feed.view().unreadable, 0)

    # Cookies and confirmations.

    def test_a_cookie_that_goes_back_ends_the_connection(self):
        self.provider.csn = csn(5)
        sync = self.loaded()
        mark = self.feed.mark()
        sync.entry(*role(4), ADD, cookie(4))
        self.assertIn("went back", self.feed.wait("disconnected", since=mark).words[0])
        self.recovers(4)

    def test_a_server_whose_contextcsn_goes_back_makes_the_view_incomplete(self):
        self.provider.csn = csn(5)
        self.loaded().close()
        self.provider.csn = csn(4)
        self.content()
        self.assertIn("server-went-back", self.feed.wait_view("incomplete").problem)
        self.provider.csn = csn(6)
        self.feed.wait_fresh()

    def test_one_of_two_servers_that_goes_back_makes_the_view_incomplete(self):
        self.provider.csn = csn(5)
        # contextCSN of two servers, the newer one unchanged
        both = self.provider
        both.csn = csn(5, 1)
        self.loaded().close()
        both.csn = csn(4, 1)
        self.content()
        self.feed.wait_view("incomplete")

    def test_nothing_is_confirmed_before_everything_up_to_it_has_come(self):
        sync = self.loaded()
        mark = self.feed.mark()
        self.provider.csn = csn(2)
        # The server says 2 while what it streams is still 1: held as long as the stream goes on ...
        for n in range(60):
            sync.entry(*role(1, frtTicket=[f"t{n}"]), MODIFY, cookie(1))
            time.sleep(0.1)
        self.assertFalse([e for e in self.feed.events[mark:] if e.kind == "confirmed"])
        # ... and confirmed when it gets there.
        sync.entry(*role(1), MODIFY, cookie(2))
        self.feed.wait("confirmed", lambda e: e.words[0] == csn(2), since=mark)

    def test_a_contextcsn_that_is_none_is_refused(self):
        self.loaded().close()
        for bad in ("a b", "a;b", "x" * 5000, "\n", ""):
            with self.subTest(bad=bad[:10]):
                mark = self.feed.mark()
                self.provider.csn = bad
                if bad == "":  # without one there is a content, and nothing to confirm it by
                    sync = self.provider.next_sync()
                    sync.entry(*role(1))
                    sync.entry(*role(2))
                    sync.entry(*role(3))
                    sync.done()
                self.assertIn("contextCSN", self.feed.wait("refused", since=mark).words[0])
                self.provider.csn = csn(2)
                self.content().close()
                self.feed.wait("refreshed", since=mark)

    # Results.

    def test_refresh_required_is_followed_on_the_same_connection(self):
        sync = self.loaded()
        time.sleep(1.1)  # more often than once a second is a fault of the server's
        mark = self.feed.mark()
        sync.result(4096)
        again = self.provider.next_sync()
        self.assertIs(again.connection, sync.connection)
        for n in (1, 2):
            again.entry(*role(n))
        again.done(cookie=cookie(1))
        self.feed.wait("confirmed", since=mark)
        self.assertEqual(self.feed.view().count, 2)
        self.assertFalse([e for e in self.feed.events[mark:] if e.kind == "disconnected"])
        again.result(4096)
        self.assertIn("one refresh after the other", self.feed.wait("disconnected", since=mark).words[0])

    def test_every_other_end_of_the_synchronisation_is_told(self):
        for code, kind, words in [(0, "disconnected", "ended"), (3, "refused", "size=unlimited"), (4, "refused", "size=unlimited"),
                                  (11, "refused", "size=unlimited"), (10, "refused", "never followed"),
                                  (32, "refused", "suffix"), (50, "refused", "may read it"), (51, "disconnected", "busy"),
                                  (52, "disconnected", "unavailable"), (53, "refused", "unwilling"), (80, "refused", "")]:
            for content in (0, 3):
                with self.subTest(code=code, content=content):
                    mark = self.feed.mark()
                    sync = self.content() if content else self.provider.next_sync()
                    if content:
                        self.feed.wait("refreshed", since=mark)
                    sync.result(code, "words of the server \x1b[31m")
                    text = self.feed.wait(kind, lambda e: e.words[0].startswith("ldapi:"), since=mark).words[0]
                    self.assertIn(words, text)
                    self.assertNotIn("\x1b", text)
                    mark = self.feed.mark()
                    self.content()  # keeps the pauses between attempts short
                    self.feed.wait("refreshed", since=mark)
                    self.feed.kill_worker()

    def test_a_reference_in_the_middle_is_not_followed(self):
        sync = self.loaded()
        mark = self.feed.mark()
        sync.say(tlv(0x73, octets("ldap://127.0.0.1:1/dc=evil")))
        self.assertIn("never followed", self.feed.wait("refused", since=mark).words[0])
        self.recovers()

    def test_a_notice_of_disconnection_is_taken(self):
        sync = self.loaded()
        mark = self.feed.mark()
        sync.send(message(0, tlv(0x78, result(52)[2:], octets("1.3.6.1.4.1.1466.20036", 0x8A))))
        self.feed.wait("disconnected", since=mark)
        self.recovers()

    # Time.

    def test_a_content_that_stops_is_given_up(self):
        sync = self.provider.next_sync()
        sync.entry(*role(1))
        self.assertIn("stopped", self.feed.wait("disconnected").words[0])
        self.recovers()

    def test_a_message_that_comes_byte_by_byte_is_given_up(self):
        sync = self.provider.next_sync()
        stop = threading.Event()

        def drip():
            for byte in message(sync.msgid, entry(*role(1)[1:]), sync_state(ADD, uuid(1))):
                sync.send(bytes([byte]))
                if stop.wait(0.3):
                    return
        thread = threading.Thread(target=drip)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)
        begun = time.monotonic()
        self.assertIn("stopped", self.feed.wait("disconnected").words[0])
        print(f"\na byte every 0.3 s, network_timeout 2 s: given up after {time.monotonic() - begun:.1f} s")
        self.recovers()

    def test_a_server_that_streams_and_does_not_answer_is_given_up(self):
        self.provider.csn = csn(1)
        sync = self.loaded()
        self.provider.answer_csn = False
        mark = self.feed.mark()
        until = time.monotonic() + 60
        while not [e for e in self.feed.events[mark:] if e.kind == "disconnected"]:
            sync.entry(*role(1, frtTicket=[str(time.monotonic())]), MODIFY, cookie(1))
            time.sleep(0.2)
            self.assertLess(time.monotonic(), until)
        self.provider.answer_csn = True
        self.recovers()

    # Bytes.

    def malformed(self):
        ok = sync_state(ADD, uuid(9))
        body = entry(*role(9)[1:])
        state = lambda value: control(SYNC_STATE, value)
        return [
            ("no control", [body]),
            ("an empty control", [body, state(b"")]),
            ("a control of noise", [body, state(b"\xff" * 40)]),
            ("state 9", [body, state(tlv(0x30, tlv(0x0A, b"\x09"), octets(uuid(9))))]),
            ("a uuid of 15 bytes", [body, state(tlv(0x30, tlv(0x0A, b"\x01"), octets(b"x" * 15)))]),
            ("an indefinite length", [body, state(b"\x30\x80" + tlv(0x0A, b"\x01") + octets(uuid(9)))]),
            ("an entry without a name", [entry("", {}), ok]),
            ("a name with a NUL", [entry("cn=a\0b", {"objectClass": ["frtRole"]}), ok]),
            ("attributes of noise", [tlv(0x64, octets("cn=x"), tlv(0x30, b"\xff\xff\xff")), ok]),
            ("an attribute without values' set", [tlv(0x64, octets("cn=x"), tlv(0x30, tlv(0x30, octets("cn")))), ok]),
            ("an unknown operation", [tlv(0x7E, b"")]),
            ("an extended answer", [result(0, tag=0x78)]),
            ("a bind answer", [result(0, tag=0x61)]),
        ]

    def malformed_infos(self):
        return [("nothing", b""), ("noise", b"\xff" * 30), ("tag 4", tlv(0xA4, b"")), ("a short uuid", tlv(0xA3, tlv(0x31, octets(b"x")))),
                ("no set", tlv(0xA3, b"")), ("a refresh nobody asked for", tlv(0xA1, b""))]

    def raw(self):
        return [("not LDAP", b"GET / HTTP/1.0\r\n\r\n"), ("a length of 4 GiB", b"\x30\x84\xff\xff\xff\xff" + b"x" * 100),
                ("a length of 2 GiB", b"\x30\x84\x7f\xff\xff\xff" + b"x" * 100), ("a length of 17 MiB", b"\x30\x84\x01\x10\x00\x00" + b"x" * 100),
                ("a length in nine octets", b"\x30\x89" + b"\x01" * 9 + b"x" * 100), ("an indefinite length", b"\x30\x80\x02\x01\x03\x00\x00"),
                ("a negative message id", tlv(0x30, tlv(2, b"\xff"), result(0))), ("an empty message", b"\x30\x00")]

    def test_malformed_messages_cost_the_connection_and_nothing_else(self):
        rows = [(name, lambda sync, parts=parts: sync.say(*parts)) for name, parts in self.malformed()]
        rows += [("sync info: " + name, lambda sync, value=value: sync.info(value)) for name, value in self.malformed_infos()]
        rows += [(name, lambda sync, data=data: sync.send(data)) for name, data in self.raw()]
        harmless = {"a negative message id"}
        for name, say in rows:
            with self.subTest(name):
                mark = self.feed.mark()
                sync = self.content()
                self.feed.wait("refreshed", since=mark)
                mark = self.feed.mark()
                say(sync)
                if name in harmless:  # tossed by libldap
                    sync.close()
                self.feed.wait("disconnected", since=mark)
                self.assertEqual(self.feed.view().count, 3)
        self.recovers()

    def test_thousands_of_flipped_bits_cost_connections_and_nothing_else(self):
        chance = random.Random(20261122)
        good = b"".join([
            message(2, entry(*role(4)[1:]), sync_state(ADD, uuid(4), cookie(1))),
            message(2, entry(*role(1, "p09")[1:]), sync_state(MODIFY, uuid(1), cookie(1))),
            message(2, tlv(0x79, octets("1.3.6.1.4.1.4203.1.9.1.4", 0x80), octets(octets(cookie(1), 0x80), 0x81))),
            message(2, entry("cn=gone", {}), sync_state(DELETE, uuid(2)))])
        flips = 0
        for _ in range(MUTATIONS):
            mark = self.feed.mark()
            sync = self.content()
            self.feed.wait("refreshed", since=mark)
            noise = bytearray(good.replace(b"\x02\x01\x02", bytes([2, 1, sync.msgid]), 1))
            for _ in range(chance.randrange(1, 12)):
                noise[chance.randrange(len(noise))] ^= 1 << chance.randrange(8)
                flips += 1
            sync.send(bytes(noise))
            sync.close()
        print(f"\n{flips} bits flipped in {MUTATIONS} streams")
        self.recovers()


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
