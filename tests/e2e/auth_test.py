# SPDX-License-Identifier: Apache-2.0
"""Who may connect and what each may do: passwords, rules, their reload, and what a stranger who
guesses passwords does to everybody else."""
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
import unittest

from support import case
from support.broker import Broker, missing_peer, sluice_binary
from support.raw import RawClient, connected
from support.wire import V5, V31, V311

SECRET = "correct-horse-battery"
BAD_LOGIN = {V31: 4, V311: 4, V5: 0x86}
NOT_ALLOWED = {V31: 5, V311: 5, V5: 0x87}


def sluice(*words, stdin=None):
    return subprocess.run([sluice_binary(), *words], input=stdin, capture_output=True, text=True,
                          timeout=60, check=False)


class Folder(unittest.TestCase):
    """A test with a folder of its own, and users in it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-auth-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name, text=None):
        path = os.path.join(self.folder, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return path

    def users(self, *names, password=SECRET, kind="sha512-pbkdf2"):
        path = self.path("users")
        for name in names:
            flags = [] if os.path.exists(path) else ["-c"]
            done = sluice("passwd", *flags, "-H", kind, "-b", path, name, password)
            self.assertEqual(done.returncode, 0, done.stderr)
        return path

    def refused(self, port, code, version=V311, **options):
        with RawClient(port, version) as client:
            client.connect("refused", expect=code, **options)
            client.expect_closed()


class Passwd(Folder):
    def test_writes_what_it_reads_and_nobody_else_may_read_it(self):
        path = self.users("ann", kind="argon2id")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path, encoding="ascii") as file:
            self.assertRegex(file.read(), r"^ann:\$argon2id\$v=19\$m=19456,t=2,p=1\$")
        self.assertEqual(sluice("passwd", "-D", path, "ann").returncode, 0)
        self.assertEqual(sluice("passwd", "-D", path, "ann").returncode, 1)

    def test_hashes_passwords_that_stand_there_as_they_are(self):
        path = self.path("users", f"ann:{SECRET}\n# a comment\nbob:other\n")
        self.assertEqual(sluice("passwd", "-U", path).returncode, 0)
        with open(path, encoding="ascii") as file:
            text = file.read()
        self.assertNotIn(SECRET, text)
        self.assertIn("# a comment", text)
        with Broker(arguments=["--password-file", path]) as broker:
            connected(broker.port, "c", username="ann", password=SECRET).disconnect()

    def test_takes_the_password_from_standard_input(self):
        path = self.path("users")
        done = sluice("passwd", "-c", path, "ann", stdin=SECRET + "\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(SECRET, done.stdout + done.stderr)

    def test_mosquitto_reads_its_kinds_and_we_read_mosquittos(self):
        program = shutil.which("mosquitto_passwd") or missing_peer("mosquitto_passwd")
        path = self.path("users")
        for kind, user in (("sha512", "old"), ("sha512-pbkdf2", "new")):
            flags = [] if os.path.exists(path) else ["-c"]
            subprocess.run([program, "-H", kind, *flags, "-b", path, user, SECRET], check=True,
                           timeout=60)
        with Broker(arguments=["--password-file", path]) as broker:
            for user in ("old", "new"):
                connected(broker.port, user, username=user, password=SECRET).disconnect()
                self.refused(broker.port, 4, username=user, password="wrong")


class Passwords(Folder):
    def test_each_version_is_refused_by_its_own_code(self):
        users = self.users("ann")
        with Broker(arguments=["--password-file", users]) as broker:
            for version in (V31, V311, V5):
                with self.subTest(version=version):
                    connected(broker.port, "good", version, username="ann",
                              password=SECRET).disconnect()
                    for login in ({"username": "ann", "password": "wrong"},
                                  {"username": "eve", "password": SECRET},
                                  {"username": "ann"}):
                        self.refused(broker.port, BAD_LOGIN[version], version, **login)
                    self.refused(broker.port, NOT_ALLOWED[version], version)
            broker.wait_for_line(r"user 'eve'.*no such user")
            self.assertNotIn(SECRET, broker.output())

    def test_what_is_sent_behind_connect_is_done_after_it(self):
        users = self.users("ann", kind="argon2id")
        with Broker(arguments=["--password-file", users]) as broker:
            reader = connected(broker.port, "reader", username="ann", password=SECRET)
            reader.subscribe("t")
            from support import wire
            with RawClient(broker.port) as client:
                client.send(wire.connect("hasty", V311, username="ann", password=SECRET),
                            wire.publish("t", b"1", V311), wire.publish("t", b"2", V311),
                            wire.disconnect(V311))
                self.assertEqual(reader.expect("PUBLISH").payload, b"1")
                self.assertEqual(reader.expect("PUBLISH").payload, b"2")
            reader.disconnect()

    def test_a_file_of_rubbish_does_not_start_a_broker(self):
        path = self.path("users", "ann\n")
        done = sluice("serve", "--port", "0", "--set", "admin.port=0", "--durability", "memory",
                      "--password-file", path)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{path}:1", done.stderr)

    def test_anonymous_clients_may_be_let_in_beside(self):
        users = self.users("ann")
        with Broker(arguments=["--password-file", users, "--allow-anonymous"]) as broker:
            connected(broker.port, "nobody").disconnect()
            self.refused(broker.port, 4, username="ann", password="wrong")

    def test_ten_failures_in_a_minute_are_enough(self):
        users = self.users("ann")
        settings = {"auth.failures_of_local": "true"}
        with Broker(settings=settings, arguments=["--password-file", users]) as broker:
            for _ in range(10):
                self.refused(broker.port, 0x86, V5, username="ann", password="wrong")
            self.refused(broker.port, 0x9F, V5, username="ann", password=SECRET)
            _, text = broker.fetch("/metrics")
            self.assertIn('sluice_auth_limits_hit_total{limit="failures_max"} 1', text)
            self.assertIn('sluice_auth_checks_total{outcome="refused"} 10', text)

    def test_secrets_stand_nowhere(self):
        users = self.users("ann")
        with Broker(arguments=["--password-file", users, "-v"]) as broker:
            connected(broker.port, "c", username="ann", password=SECRET).disconnect()
            self.refused(broker.port, 4, username="ann", password=SECRET + "x")
            self.refused(broker.port, 4, username="eve", password=SECRET)
            _, metrics = broker.fetch("/metrics")
            _, clients = broker.fetch("/api/v1/clients")
            with open(f"/proc/{broker.process.pid}/cmdline", encoding="utf-8") as file:
                seen = broker.output() + metrics + clients + file.read()
            with open(users, encoding="ascii") as file:
                digest = file.read().split("$")[-1].strip()
            self.assertNotIn(SECRET, seen)
            self.assertNotIn(digest, seen)


ACL = """# anonymous
topic read public/#

user ann
topic readwrite sensors/#
topic deny sensors/secret
pattern readwrite own/%u/#
"""


class Rules(Folder):
    def test_mosquittos_file_decides_what_passes(self):
        users, acl = self.users("ann", "bob"), self.path("acl", ACL)
        arguments = ["--password-file", users, "--acl-file", acl, "--allow-anonymous"]
        with Broker(arguments=arguments) as broker:
            for version in (V311, V5):
                with self.subTest(version=version):
                    ann = connected(broker.port, f"ann{version}", version, username="ann",
                                    password=SECRET)
                    bob = connected(broker.port, f"bob{version}", version, username="bob",
                                    password=SECRET)
                    refusal = 0x87 if version == V5 else 0x80
                    self.assertEqual(ann.subscribe("sensors/#", "other", granted=False),
                                     [0, refusal])
                    self.assertEqual(bob.subscribe("sensors/#", "own/bob/#", granted=False),
                                     [refusal, 0])
                    answer = bob.publish("sensors/1", b"no", 1)
                    self.assertEqual(answer.reason, 0x87 if version == V5 else 0)
                    ann.publish("sensors/secret", b"no", 1)
                    ann.publish("sensors/2", b"yes", 1)
                    self.assertEqual(ann.expect("PUBLISH").payload, b"yes")
                    ann.disconnect()
                    bob.disconnect()

    def test_the_test_command_names_file_and_line(self):
        acl = self.path("acl", ACL)
        for words, code, text in (
                (("ann", "sensors/1", "--access", "write"), 0, f"{acl}:5"),
                (("ann", "sensors/secret", "--access", "read"), 1, f"{acl}:6"),
                (("eve", "own/eve/x", "--access", "publish"), 0, f"{acl}:7"),
                (("", "public/1", "--access", "read"), 0, f"{acl}:2"),
                (("eve", "public/1", "--access", "read"), 1, "no rule"),
                (("ann", "sensors/#", "--access", "subscribe"), 0, f"{acl}:5")):
            with self.subTest(words=words):
                done = sluice("acl", "test", *words, "--acl-file", acl)
                self.assertEqual(done.returncode, code, done.stdout + done.stderr)
                self.assertIn(text, done.stdout)

    def test_a_mistake_is_told_with_its_line(self):
        rules = self.path("rules", "allow everyone read #\npermit everything\n")
        done = sluice("acl", "check", "--rules", rules)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{rules}:2", done.stderr)


class Reload(Folder):
    def reload(self, broker, line):
        seen = len(broker.lines)
        broker.process.send_signal(signal.SIGHUP)
        return broker.wait_for_line(line, since=seen)

    def test_users_and_rules_change_while_the_broker_runs(self):
        users, rules = self.users("ann"), self.path("rules", "allow user ann read #\n")
        with Broker(arguments=["--password-file", users, "--rules", rules]) as broker:
            ann = connected(broker.port, "ann", V5, username="ann", password=SECRET)
            ann.subscribe("t")
            self.assertEqual(ann.publish("t", b"", 1).reason, 0x87)
            self.refused(broker.port, 0x86, V5, username="bob", password=SECRET)
            self.users("bob")
            self.path("rules", "allow everyone all t\n")
            self.reload(broker, "Config reloaded")
            self.assertEqual(ann.publish("t", b"1", 1).reason, 0)
            connected(broker.port, "bob", username="bob", password=SECRET).disconnect()

    def test_a_mistake_changes_nothing_and_says_why(self):
        users, rules = self.users("ann"), self.path("rules", "allow user ann all #\n")
        with Broker(arguments=["--password-file", users, "--rules", rules]) as broker:
            ann = connected(broker.port, "ann", V5, username="ann", password=SECRET)
            self.path("rules", "deny everyone all #\nrubbish\n")
            self.users("bob")
            self.reload(broker, re.escape(rules) + ":2")
            self.reload(broker, "not taken over")
            self.assertEqual(ann.publish("t", b"1", 1).reason, 0x10)
            self.refused(broker.port, 0x86, V5, username="bob", password=SECRET)

    def test_without_a_descriptor_left_everything_stays(self):
        users, rules = self.users("ann"), self.path("rules", "allow user ann publish #\n")
        with Broker(arguments=["--password-file", users, "--rules", rules]) as broker:
            ann = connected(broker.port, "ann", V5, username="ann", password=SECRET)
            used = len(os.listdir(f"/proc/{broker.process.pid}/fd"))
            before = resource.prlimit(broker.process.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(broker.process.pid, resource.RLIMIT_NOFILE, (used, before[1]))
            self.reload(broker, "not taken over")
            resource.prlimit(broker.process.pid, resource.RLIMIT_NOFILE, before)
            self.assertEqual(ann.subscribe("t", granted=False), [0x87])
            self.refused(broker.port, 0x87, V5)
            self.refused(broker.port, 0x86, V5, username="ann", password="wrong")

    def test_who_is_no_longer_known_is_disconnected(self):
        users = self.users("ann", "bob")
        with Broker(arguments=["--password-file", users]) as broker:
            ann = connected(broker.port, "ann", V5, username="ann", password=SECRET)
            bob = connected(broker.port, "bob", V5, username="bob", password=SECRET)
            sluice("passwd", "-D", users, "ann")
            self.reload(broker, "Config reloaded")
            ann.expect_closed(reason=0x98)
            bob.expect_quiet()


class Strangers(Folder):
    def test_guessed_passwords_do_not_slow_others(self):
        users = self.users("ann", kind="argon2id")
        with Broker(arguments=["--password-file", users]) as broker:
            client = connected(broker.port, "bystander", V311, username="ann", password=SECRET)
            client.subscribe("t")

            def round_trips(seconds):
                times, end = [], time.monotonic() + seconds
                while time.monotonic() < end:
                    begin = time.perf_counter()
                    client.publish("t", b"x")
                    client.expect("PUBLISH")
                    times.append(time.perf_counter() - begin)
                return sorted(times)[int(len(times) * 0.99)]

            quiet = round_trips(3)
            stop = threading.Event()

            def guess():
                while not stop.is_set():
                    with RawClient(broker.port) as stranger:
                        stranger.send(self.guess)
                        stranger.read()

            from support import wire
            self.guess = wire.connect("x", V311, username="ann", password="wrong")
            threads = [threading.Thread(target=guess) for _ in range(8)]
            for thread in threads:
                thread.start()
            loud = round_trips(3)
            stop.set()
            for thread in threads:
                thread.join()
            _, text = broker.fetch("/metrics")
            refused = int(re.search(r'auth_checks_total{outcome="refused"} (\d+)', text)[1])
            # Ten are checked, and those that were on their way by then.
            self.assertGreaterEqual(refused, 10)
            # The guessing itself runs on the same processors: a bound that a machine full of other
            # work keeps, and a shard that hashes does not (a hash takes tens of milliseconds).
            self.assertLess(loud, max(10 * quiet, 0.05))
            client.disconnect()


class Service(unittest.TestCase):
    def test_the_unit_leaves_the_broker_little_to_reach(self):
        program = shutil.which("systemd-analyze") or missing_peer("systemd-analyze")
        here = os.path.dirname(os.path.abspath(__file__))
        unit = os.path.join(here, "../../packaging/systemd/sluice.service")
        done = subprocess.run([program, "security", "--offline=true", "--threshold=15", unit],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-300:] + done.stderr)


if __name__ == "__main__":
    case.main()
