# SPDX-License-Identifier: Apache-2.0
"""Addresses that may not connect, how fast they may, and the profile for a broker open to all."""
import re
import time

from auth_test import SECRET, Folder, sluice
from support import case, wire
from support.broker import Broker
from support.certificates import Authority
from support.raw import RawClient, connected
from support.wire import V5, V311


class Bans(Folder):
    def bans(self, broker, *words):
        admin = re.search(r"admin on http://(\S+)", broker.output())[1]
        return sluice("bans", *words, "--admin", admin)

    def is_shut_out(self, port):
        try:
            with RawClient(port, V5) as client:
                client.send(wire.connect("x", V5))
                client.expect_closed()
        except ConnectionError:
            pass
        return True

    def test_wrong_passwords_ban_an_address_until_somebody_ends_it(self):
        settings = {"ban.local": "true", "ban.failures_max": "5", "auth.failures_max": "0"}
        with Broker(settings=settings, arguments=["--password-file", self.users("ann")]) as broker:
            inside = connected(broker.port, "inside", V5, username="ann", password=SECRET)
            for i in range(5):
                self.refused(broker.port, 0x86, V5, username=f"user{i}", password="wrong")
            broker.wait_for_line(r"127\.0\.0\.1 may not connect for 600 s .*: failures")
            self.assertTrue(self.is_shut_out(broker.port))
            inside.expect_quiet()
            listed = self.bans(broker)
            self.assertRegex(listed.stdout, r"^127\.0\.0\.1  (5\d\d|600) s left  failures\n$")
            _, text = broker.fetch("/metrics")
            self.assertIn("sluice_bans 1", text)
            self.assertRegex(text, r'sluice_accepts_denied_total{cause="banned"} [1-9]')
            self.assertEqual(self.bans(broker, "remove", "127.0.0.1").returncode, 0)
            connected(broker.port, "ann", V5, username="ann", password=SECRET).disconnect()
            self.assertEqual(self.bans(broker, "remove", "127.0.0.1").returncode, 1)

    def test_by_hand_and_for_a_time(self):
        with Broker() as broker:
            done = self.bans(broker, "add", "127.0.0.1", "--seconds", "2")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(self.is_shut_out(broker.port))
            end = time.monotonic() + 30
            while self.bans(broker).stdout:
                self.assertLess(time.monotonic(), end)
            connected(broker.port, "back").disconnect()
            self.assertEqual(self.bans(broker, "add", "nobody").returncode, 1)
            self.assertEqual(self.bans(broker, "remove", "192.0.2.1").returncode, 1)

    def test_a_rate_of_connections(self):
        settings = {"ban.local": "true", "ban.connections_per_s": "1", "ban.connections_burst": "3"}
        with Broker(settings=settings) as broker:
            served = 0
            for i in range(10):
                try:
                    with RawClient(broker.port) as client:
                        client.send(wire.connect(f"c{i}"))
                        served += client.read() is not None
                except (OSError, AssertionError):
                    pass
            self.assertIn(served, (3, 4, 5))
            _, text = broker.fetch("/metrics")
            self.assertRegex(text, r'accepts_denied_total{cause="connections_per_s"} [5-7]')

    def test_who_stands_behind_a_proxy_is_banned_and_the_proxy_is_not(self):
        arguments = ["--listen", "mqtt://127.0.0.1:0?proxy_protocol=true&proxy_trusted=127.0.0.1"
                     "&anonymous=true&deny_addresses=192.0.2.66"]
        with Broker(settings={"ban.local": "true", "ban.connections_max": "3"},
                    arguments=arguments) as broker:
            broker.wait_for_line("admin on ")
            port = int(re.findall(r"listening on 127\.0\.0\.1:(\d+)", broker.output())[-1])

            def served(address):
                with RawClient(port) as client:
                    client.send(f"PROXY TCP4 {address} 192.0.2.200 1000 1883\r\n".encode(),
                                wire.connect("c"))
                    try:
                        return client.read().kind == "CONNACK"
                    except (OSError, AssertionError, AttributeError):
                        return False

            self.assertEqual([served("192.0.2.1") for _ in range(5)],
                             [True, True, True, False, False])
            self.assertTrue(served("192.0.2.2"))
            self.assertFalse(served("192.0.2.66"))


class Public(Folder):
    def test_one_line_opens_a_broker_for_all_with_quotas(self):
        authority = Authority(self.path("ca"))
        certificate, key = authority.sign("server", "/CN=localhost", "DNS:localhost")
        done = sluice("serve", "--profile", "public", "--certificate", certificate, "--key", key,
                      "--client-ca", authority.file, "--set", "client.messages_per_s=7",
                      "--print-config")
        self.assertEqual(done.returncode, 0, done.stderr)
        for port in (1883, 8080, 8883, 8081, 8884):
            self.assertRegex(done.stdout, rf"port = {port}\b")
        self.assertRegex(done.stdout, r"messages_per_s = 7\b")
        self.assertEqual(sluice("serve", "--profile", "other", "--check").returncode, 1)

    def test_who_subscribes_to_everything_gets_it_slowly(self):
        settings = {"client.deliveries_per_s": "50", "client.deliveries_burst": "100"}
        with Broker(settings=settings) as broker:
            everything = connected(broker.port, "everything", V311)
            begin = time.monotonic()
            self.assertEqual(everything.subscribe("#", "$SYS/#"), [0, 0])
            writer = connected(broker.port, "writer", V311)
            for i in range(1000):
                writer.publish(f"flood/{i}", b"x")
            writer.publish("end", b"x", 1)
            _, text = broker.fetch("/metrics")
            dropped = int(re.search(r'dropped_total{cause="deliveries_per_s"} (\d+)', text)[1])
            self.assertGreaterEqual(dropped, 1000 - 100 - 50 * (time.monotonic() - begin))
            self.assertTrue(0 < dropped < 1000, dropped)
            # What it may not have is not kept from anybody else.
            other = connected(broker.port, "other", V311)
            other.subscribe("mine")
            other.publish("mine", b"1")
            self.assertEqual(other.expect("PUBLISH").payload, b"1")


if __name__ == "__main__":
    case.main()
