# SPDX-License-Identifier: Apache-2.0
"""Clients that are known in a PostgreSQL database: right, wrong, unknown, with groups and rules;
the database down, slow, started again, or full of nonsense."""
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from auth_test import SECRET, sluice
from backends_test import REFUSED, UNAVAILABLE, Backends
from support import case, wire
from support.broker import Broker, missing_peer
from support.raw import RawClient, connected
from support.wire import V5

PASSWORD = "what the database knows us by"
KINDS = ("argon2id", "sha512-pbkdf2", "sha512", "scram-sha-256")
TABLES = """
CREATE TABLE mqtt_user (name text, password_hash text);
CREATE TABLE mqtt_group (user_name text, group_name text);
CREATE TABLE mqtt_rule (user_name text, effect text, action text, filter text);
CREATE SEQUENCE asked;
INSERT INTO mqtt_user VALUES ('nonsense', 'plain'), ('none', NULL), ('two', '$6$a$b'), ('two', 'x');
INSERT INTO mqtt_group VALUES ('argon2id', 'operators');
INSERT INTO mqtt_rule VALUES ('sha512', 'allow', 'publish', 'own/%u'),
    ('sha512', 'deny', 'all', 'x'), ('bad', 'allow', 'everything', 't');
"""
SLOWLY = ("SELECT password_hash FROM mqtt_user WHERE name = $1 "
          "AND (name <> 'slow' OR pg_sleep(10) IS NOT NULL)")


class Cluster:
    """A server of its own in a temporary folder, on a Unix socket there, never as root."""

    def __init__(self):
        found = [os.path.join("/usr/lib/postgresql", version, "bin")
                 for version in sorted(os.listdir("/usr/lib/postgresql"))] \
            if os.path.isdir("/usr/lib/postgresql") else []
        self.bin = next((path for path in found if os.path.exists(path + "/initdb")), None) \
            or missing_peer("postgresql")
        self.folder = tempfile.mkdtemp(prefix="sluice-postgres-")
        self.who = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self.who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        secret = self.folder + "/secret"
        with open(secret, "w", encoding="ascii") as file:
            file.write(PASSWORD)
        os.chmod(secret, 0o644)
        self.run("initdb", "-D", self.folder + "/data", "-U", "sluice", "-A", "scram-sha-256",
                 f"--pwfile={secret}", "-E", "UTF8", "--locale=C", "--no-sync")
        self.process = None
        self.start()

    def run(self, program, *arguments, text=None):
        done = subprocess.run([f"{self.bin}/{program}", *arguments], input=text, timeout=120,
                              capture_output=True, text=True, check=False, cwd="/",
                              env={**os.environ, "PGPASSWORD": PASSWORD}, **self.who)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def start(self):
        self.process = subprocess.Popen(
            [f"{self.bin}/postgres", "-D", self.folder + "/data", "-k", self.folder,
             "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=40"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **self.who)
        end = time.monotonic() + 60
        while True:
            try:
                return self.sql("SELECT 1")
            except AssertionError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise

    def stop(self):
        self.process.send_signal(signal.SIGINT)     # ends connections, which SIGTERM waits for
        self.process.wait(60)

    def sql(self, text):
        return self.run("psql", "-h", self.folder, "-U", "sluice", "-d", "postgres", "-qtA",
                        "-v", "ON_ERROR_STOP=1", text=text)

    def clean_up(self):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder)


class Database(Backends):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.clean_up)
        rows = []
        with tempfile.TemporaryDirectory() as folder:
            for kind in KINDS:
                done = sluice("passwd", "-H", kind, "-c", "-b", folder + "/users", kind, SECRET)
                assert done.returncode == 0, done.stderr
                with open(folder + "/users", encoding="ascii") as file:
                    text = file.read().strip().partition(":")[2]
                rows.append(f"('{kind}', '{text}')")
                if kind == "sha512":
                    rows += [f"('{name}', '{text}')" for name in ("slow", "bad", "o''x")]
        cls.cluster.sql(TABLES + "INSERT INTO mqtt_user VALUES " + ", ".join(rows))

    def broker(self, **settings):
        return Broker(settings={
            "auth_postgres.connection": f"host={self.cluster.folder} user=sluice dbname=postgres",
            "auth_postgres.password_file": self.path("password", PASSWORD + "\n"),
            "auth_postgres.timeout": "5s", **settings})

    def test_right_wrong_and_unknown(self):
        with self.broker() as broker:
            for user in (*KINDS, "o'x"):
                with self.subTest(user=user):
                    self.assertEqual(self.code(broker.port, SECRET, user), 0)
                    self.assertEqual(self.code(broker.port, "wrong", user), REFUSED)
            for user in ("eve", "none", "' OR ''='", "argon2id'--"):
                with self.subTest(user=user):
                    self.assertEqual(self.code(broker.port, SECRET, user), REFUSED)
            self.assertEqual(self.code(broker.port, None, "argon2id"), REFUSED)
            self.assertEqual(self.code(broker.port, "", "none"), REFUSED)
            for secret in (SECRET, PASSWORD, "$argon2id"):
                self.assertNotIn(secret, broker.output())
                self.assertNotIn(secret, broker.fetch("/metrics")[1])

    def test_groups_and_rules_of_tables(self):
        rules = self.path("rules", "allow group operators publish ops\n")
        groups = "SELECT group_name FROM mqtt_group WHERE user_name = $1"
        with self.broker(**{"acl.rules_file": rules,
                            "auth_postgres.groups_query": groups}) as broker:
            for user, reason in (("argon2id", 0x10), ("sha512", 0x87)):
                client = connected(broker.port, user, V5, username=user, password=SECRET)
                self.assertEqual(client.publish("ops", b"", 1).reason, reason)
        query = "SELECT effect, action, filter FROM mqtt_rule WHERE user_name = $1"
        with self.broker(**{"auth_postgres.rules_query": query}) as broker:
            client = connected(broker.port, "c", V5, username="sha512", password=SECRET)
            for topic, reason in (("own/sha512", 0x10), ("own/other", 0x87), ("x", 0x87)):
                self.assertEqual(client.publish(topic, b"", 1).reason, reason)
            # Who has no rules may do nothing: there are rules.
            client = connected(broker.port, "d", V5, username="slow", password=SECRET)
            self.assertEqual(client.publish("t", b"", 1).reason, 0x87)
            self.assertEqual(self.code(broker.port, SECRET, "bad"), UNAVAILABLE)

    def test_what_was_right_a_moment_ago_is_known(self):
        query = ("SELECT CASE WHEN nextval('asked') > 0 THEN password_hash END "
                 "FROM mqtt_user WHERE name = $1")
        with self.broker(**{"auth_postgres.password_query": query}) as broker:
            for _ in range(5):
                self.assertEqual(self.code(broker.port, SECRET, "sha512"), 0)
            self.assertEqual(self.cluster.sql("SELECT last_value FROM asked"), "1")
            for _ in range(3):
                self.assertEqual(self.code(broker.port, "wrong", "sha512"), REFUSED)
            self.assertEqual(self.cluster.sql("SELECT last_value FROM asked"), "4")

    def test_nonsense_lets_nobody_in(self):
        with self.broker() as broker:
            for user in ("nonsense", "two"):
                with self.subTest(user=user):
                    self.assertEqual(self.code(broker.port, "x", user), UNAVAILABLE)
        for more in ({"auth_postgres.password_query": "SELECT x FROM nowhere WHERE y = $1"},
                     {"auth_postgres.password_file": self.path("other", "another password")},
                     {"auth_postgres.connection": "host=/nowhere user=sluice"}):
            with self.subTest(**more), self.broker(**more) as broker:
                self.assertEqual(self.code(broker.port, SECRET, "sha512"), UNAVAILABLE)
                self.assertNotIn(more.get("auth_postgres.password_file") and "another password"
                                 or PASSWORD, broker.output())

    def test_a_slow_database_keeps_nobody_else_waiting(self):
        with self.broker(**{"auth_postgres.password_query": SLOWLY,
                            "auth_postgres.timeout": "2s"}) as broker:
            end = self.bystander_is_served(broker.port, username="sha512", password=SECRET)
            begin = time.monotonic()
            slow = [RawClient(broker.port, V5) for _ in range(4)]
            for i, client in enumerate(slow):
                client.send(wire.connect(f"slow{i}", V5, username="slow", password=f"{SECRET}{i}"))
            self.assertEqual(self.code(broker.port, SECRET, "o'x"), 0)
            self.assertLess(time.monotonic() - begin, 1.8)
            self.assertEqual([client.read(30).reason for client in slow], [UNAVAILABLE] * 4)
            took = time.monotonic() - begin
            for client in slow:
                client.close()
            self.assertLess(end(), 1.0, "a slow database has stalled a shard")
            self.assertLess(took, 8)

    def test_down_and_up_again(self):
        users = self.users("file")
        with self.broker(**{"auth.password_file": users, "auth.cache_time": "0s"}) as broker:
            self.assertEqual(self.code(broker.port, SECRET, "sha512"), 0)
            self.cluster.stop()
            self.assertEqual(self.code(broker.port, SECRET, "sha512"), UNAVAILABLE)
            self.assertEqual(self.code(broker.port, SECRET, "file"), 0)
            self.cluster.start()
            self.assertEqual(self.code(broker.port, SECRET, "sha512"), 0)
            # Connections that were kept are gone, which is nobody's fault.
            clients = [threading.Thread(target=self.code, args=(broker.port, SECRET, "sha512"))
                       for _ in range(4)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            self.cluster.stop()
            self.cluster.start()
            self.assertEqual(self.code(broker.port, SECRET, "sha512"), 0)

    def test_what_cannot_work_does_not_start(self):
        for option, value, words in (
                ("connection", "host=x password=y", "holds a password"),
                ("connection", "host=x nonsense=y", "nonsense"),
                ("password_query", "SELECT 1", "needs a $1"),
                ("password_file", "/nowhere", "cannot be read")):
            with self.subTest(option=option, value=value):
                done = sluice("serve", "--port", "0", "--durability", "memory", "--set",
                              "auth_postgres.connection=host=/nowhere", "--set",
                              f"auth_postgres.{option}={value}")
                self.assertEqual(done.returncode, 1)
                self.assertIn(words, done.stderr)


if __name__ == "__main__":
    case.main()
