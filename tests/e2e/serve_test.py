# SPDX-License-Identifier: Apache-2.0
"""`sluice serve` as its operator meets it: options, banner, log, metrics, clients."""
import json
import os
import re
import socket
import subprocess
import tempfile
import time
import unittest

from support import case
from support.broker import MOSQUITTO, Broker, BrokerCase, free_port, sluice_binary
from support.peers import MosquittoSub
from support.raw import RawClient, connected
from support.wire import V5, V311


def run(*arguments, environment=None, folder=None):
    """Runs sluice to its end: exit code, standard output, standard error."""
    done = subprocess.run([sluice_binary(), *arguments], capture_output=True, text=True, timeout=60,
                          check=False, stdin=subprocess.DEVNULL, cwd=folder,
                          env={**os.environ, **(environment or {})})
    return done.returncode, done.stdout, done.stderr


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@unittest.skipIf(MOSQUITTO, "these are Sluice's own options")
class Options(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="sluice-e2e-")
        self.addCleanup(self.folder.cleanup)

    def write(self, text):
        path = self.folder.name + "/sluice.toml"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def check(self, *arguments, environment=None):
        code, out, err = run("serve", "--check", *arguments, environment=environment,
                             folder=self.folder.name)
        return code, out + err

    def test_version(self):
        code, out, _ = run("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^sluice \d+\.\d+\.\d+")

    def test_help_names_the_commands(self):
        code, out, _ = run("--help")
        self.assertEqual(code, 0)
        for command in ("serve", "pub", "sub", "clients", "kick"):
            self.assertIn(command, out)

    def test_unknown_command_is_an_error(self):
        code, out, err = run("sreve")
        self.assertEqual(code, 2)
        self.assertIn("sreve", out + err)

    def test_check_accepts_a_good_configuration(self):
        path = self.write("[mqtt]\nreceive_maximum = 50\n[log]\nlevel = \"debug\"\n")
        code, said = self.check("--config", path)
        self.assertEqual(code, 0, said)

    def test_check_names_file_line_option_and_what_is_allowed(self):
        path = self.write("[mqtt]\n# a comment\nreceive_maximum = 70000\n")
        code, said = self.check("--config", path)
        self.assertNotEqual(code, 0)
        self.assertIn("sluice.toml:3", said)
        self.assertIn("mqtt.receive_maximum", said)
        self.assertIn("65535", said)

    def test_every_mistake_is_named_at_once(self):
        path = self.write("[mqtt]\nreceive_maximum = 0\n[log]\nformat = \"xml\"\n")
        code, said = self.check("--config", path)
        self.assertNotEqual(code, 0)
        self.assertIn("mqtt.receive_maximum", said)
        self.assertIn("log.format", said)
        self.assertIn("json", said)

    def test_an_unknown_option_comes_with_a_suggestion(self):
        path = self.write("[mqtt]\nrecieve_maximum = 5\n")
        for arguments in (("--config", path), ("--set", "mqtt.recieve_maximum=5")):
            code, said = self.check(*arguments)
            self.assertNotEqual(code, 0)
            self.assertIn("did you mean mqtt.receive_maximum?", said)
        code, said = self.check(environment={"SLUICE__MQTT__RECIEVE_MAXIMUM": "5"})
        self.assertNotEqual(code, 0)
        self.assertIn("did you mean mqtt.receive_maximum?", said)

    def test_a_missing_configuration_file_is_an_error(self):
        code, said = self.check("--config", self.folder.name + "/none.toml")
        self.assertNotEqual(code, 0)
        self.assertIn("none.toml", said)

    def test_a_broken_configuration_does_not_start(self):
        path = self.write("[mqtt\n")
        code, out, err = run("serve", "--port", "0", "--config", path, folder=self.folder.name)
        self.assertEqual(code, 1)
        self.assertIn("sluice.toml:1", out + err)

    def test_a_durable_broker_makes_its_store_and_a_second_one_on_it_is_refused(self):
        for mode in ("fsync", "os"):
            store = os.path.join(self.folder.name, mode)
            arguments = ("--durability", mode, "--data", store)
            with Broker(arguments=arguments):
                self.assertTrue(os.listdir(store))
                code, out, err = run("serve", "--port", "0", *arguments, folder=self.folder.name)
                self.assertEqual(code, 1, out + err)
                self.assertIn(store, out + err)

    def test_without_a_word_it_syncs_and_says_where(self):
        process = subprocess.Popen(
            [sluice_binary(), "serve", "--port", "0", "--set", "admin.port=0"], text=True,
            cwd=self.folder.name, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        try:
            first = process.stdout.readline()
            self.assertRegex(first, r"durability: fsync .*, data in \./sluice-data$")
            self.assertTrue(os.listdir(os.path.join(self.folder.name, "sluice-data")))
            code, out, err = run("serve", "--port", "0", folder=self.folder.name)
            self.assertEqual(code, 1, out + err)
            self.assertIn(f"process {process.pid}", err)
            self.assertIn("--data", err)
        finally:
            process.terminate()
            self.assertEqual(process.wait(60), 0)
            process.stdout.close()

    def test_a_directory_that_cannot_be_written_is_named_with_a_way_out(self):
        place = os.path.join(self.folder.name, "read-only")
        os.mkdir(place)
        script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
        user = [] if os.geteuid() == 0 else ["-r"]
        inside = ["unshare", *user, "-m", "sh", "-c", script, "sh", place]
        if subprocess.run([*inside, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
            self.skipTest("no namespace of mounts here")
        for data in (place, place + "/store"):
            done = subprocess.run(
                [*inside, sluice_binary(), "serve", "--port", "0", "--data", data],
                cwd=self.folder.name, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=60, check=False)
            self.assertEqual(done.returncode, 1)
            for part in (data, "Read-only file system", "--data", "--durability memory"):
                self.assertIn(part, done.stderr)

    def receive_maximum(self, arguments=(), environment=None):
        with Broker(arguments=arguments, environment=environment) as broker:
            client = RawClient(broker.port, V5)
            answer = client.connect("c")
            client.close()
            return answer.props.get("receive_maximum", 65535)

    def test_command_line_over_environment_over_file(self):
        path = self.write("[mqtt]\nreceive_maximum = 11\n")
        variable = {"SLUICE__MQTT__RECEIVE_MAXIMUM": "12"}
        assignment = ("--set", "mqtt.receive_maximum=13")
        self.assertEqual(self.receive_maximum(("--config", path)), 11)
        self.assertEqual(self.receive_maximum(("--config", path), variable), 12)
        self.assertEqual(self.receive_maximum(("--config", path, *assignment), variable), 13)


@unittest.skipIf(MOSQUITTO, "Sluice's own log, metrics and administration")
class Serving(BrokerCase):
    def test_banner_says_where_it_listens_how_durable_it_is_and_what_to_type(self):
        banner = self.broker.output()
        self.assertIn(f"127.0.0.1:{self.port} (mqtt)", banner)
        self.assertRegex(banner, r"admin on http://127\.0\.0\.1:\d+")
        self.assertIn("memory", banner)
        self.assertIn("sluice sub", banner)
        self.assertIn("sluice pub", banner)

    def test_log_tells_of_connect_and_disconnect(self):
        name, since = self.client_id(), len(self.broker.lines)
        client = self.raw("", V5)
        self.broker.wait_for_line(
            rf"New client connected from 127\.0\.0\.1:\d+ as {name} \(p5, c1, k60\)", since=since)
        client.disconnect()
        self.broker.wait_for_line(f"Client {name} disconnected", since=since)
        client = self.raw("", V311)
        client.close()
        self.broker.wait_for_line(f"Client {name} closed its connection", since=since)

    def test_log_tells_of_a_takeover(self):
        since = len(self.broker.lines)
        first = self.raw("", V5)
        self.raw("", V5)
        first.expect_closed(reason=0x8E)
        self.broker.wait_for_line(
            f"Client {self.client_id()} already connected, closing old connection", since=since)

    def test_log_tells_of_a_timeout(self):
        since = len(self.broker.lines)
        self.raw("", V311, keep_alive=1).expect_closed()
        self.broker.wait_for_line(
            f"Client {self.client_id()} has exceeded timeout, disconnecting", since=since)

    def test_log_tells_of_a_protocol_error_and_its_reason(self):
        since = len(self.broker.lines)
        client = self.raw("", V311)
        client.send(b"\x36\x05\0\1a\0\1")
        client.expect_closed()
        line = self.broker.wait_for_line(
            f"Client {self.client_id()} disconnected due to (.*)", since=since)
        self.assertRegex(line[1], r"\w{4}")

    def test_log_escapes_what_clients_say(self):
        since = len(self.broker.lines)
        name = "evil\x1b[31m\r\nNew client"
        connected(self.port, name).disconnect()
        line = self.broker.wait_for_line(r"New client connected from .* as evil", since=since)
        self.assertNotIn("\x1b", line.string)
        self.assertFalse([text for text in self.broker.lines[since:]
                          if text.startswith("New client")])

    def test_a_log_that_nobody_reads_stops_nobody(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        port = free_port()
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen(
                [sluice_binary(), "serve", "--port", str(port), "--durability", "memory", "--set",
                 "admin.port=0", "--threads", "1"],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=write)
            os.close(write)
            try:
                self.assertIn(b"starting", os.read(read, 100))
                deadline = time.monotonic() + 20
                while not is_listening(port) and time.monotonic() < deadline:
                    os.sched_yield()
                # Two lines each, of a hundred bytes and more: the pipe holds 64 KiB.
                for number in range(1_000):
                    with connected(port, f"client-{number:04}-{'x' * 60}"):
                        pass
                said = os.read(read, 1 << 20)
                self.assertGreater(len(said), 50_000)
                with connected(port, "after"):
                    pass
                self.assertRegex(os.read(read, 1 << 20).decode(),
                                 r"Left out while nobody read this log: \d{3,} lines")
            finally:
                process.terminate()
                self.assertEqual(process.wait(20), 0)

    def test_health(self):
        status, body = self.broker.fetch("/health")
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body)["status"], "ok")

    def metric(self, name):
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.broker.fetch("/metrics")[1], re.M)
        self.assertTrue(found, f"no metric {name}")
        return float(found[1])

    def wait_for_metric(self, name, value):
        for _ in range(500):
            if self.metric(name) == value:
                return
        self.assertEqual(self.metric(name), value)

    def test_metrics_count_what_happens(self):
        status, text = self.broker.fetch("/metrics")
        self.assertEqual(status, 200)
        self.assertRegex(text, r"(?m)^# TYPE sluice_\w+ counter$")
        open_before = self.metric("sluice_connections_open")
        clients = [self.raw(str(n), V5) for n in range(5)]
        self.wait_for_metric("sluice_connections_open", open_before + 5)
        received = self.metric('sluice_messages_received_total{qos="1"}')
        sent = self.metric('sluice_messages_sent_total{qos="1"}')
        clients[0].subscribe(self.topic(), qos=1)
        for number in range(10):
            clients[1].publish(self.topic(), b"%d" % number, 1)
            clients[0].receive()
        self.assertEqual(self.metric('sluice_messages_received_total{qos="1"}'), received + 10)
        self.assertEqual(self.metric('sluice_messages_sent_total{qos="1"}'), sent + 10)

    def sluice(self, *arguments):
        address = self.broker.admin_url("").removeprefix("http://")
        return run(*arguments, "--admin", address)

    def test_clients_are_listed(self):
        self.raw("-a", V5)
        self.raw("-b", V311)
        code, out, err = self.sluice("clients")
        self.assertEqual(code, 0, err)
        for suffix in ("-a", "-b"):
            self.assertIn(self.client_id(suffix), out)
        self.assertIn("127.0.0.1:", out)

    def test_a_client_is_kicked(self):
        since = len(self.broker.lines)
        client = self.raw("", V5)
        code, out, err = self.sluice("kick", self.client_id())
        self.assertEqual(code, 0, out + err)
        client.expect_closed(reason=0x98)
        self.broker.wait_for_line(
            f"Client {self.client_id()} disconnected by the operator", since=since)

    def test_kicking_nobody_is_an_error(self):
        code, out, err = self.sluice("kick", "nobody-of-this-name")
        self.assertEqual(code, 1)
        self.assertIn("nobody-of-this-name", out + err)


@unittest.skipIf(MOSQUITTO, "Sluice's own options")
class Variants(unittest.TestCase):
    def test_json_log_is_one_object_a_line(self):
        with Broker(arguments=["--log-format", "json"]) as broker:
            connected(broker.port, 'quo"te', V5).disconnect()
            broker.wait_for_line("client_disconnected")
            objects = [json.loads(line) for line in broker.lines if line.startswith("{")]
            events = [each["event"] for each in objects]
            self.assertIn("client_connected", events)
            mine = objects[events.index("client_connected")]
            self.assertEqual((mine["client"], mine["level"]), ('quo"te', "info"))
            broker.stop()

    def test_v_says_more(self):
        for arguments, expected in (([], False), (["-v"], True)):
            with Broker(arguments=arguments) as broker:
                client = connected(broker.port, "c")
                client.subscribe("some/filter")
                client.disconnect()
                broker.wait_for_line("Client c disconnected")
                self.assertEqual("some/filter" in broker.output(), expected)

    def test_anonymous_clients_can_be_refused(self):
        with Broker(settings={"server.allow_anonymous": "false"}) as broker:
            for version, reason in ((V311, 5), (V5, 0x87)):
                client = RawClient(broker.port, version)
                self.assertEqual(client.connect("who", expect=None).reason, reason)
                client.expect_closed()
                client.close()
            broker.wait_for_line(r"Connection from 127\.0\.0\.1:\d+ refused, client who: \w+")

    def test_limits_hold(self):
        with Broker(settings={"limits.connections_max": 10}, threads=1) as broker:
            clients, refused = [], 0
            for number in range(20):
                client = RawClient(broker.port, V5)
                try:
                    client.connect(f"c{number}")
                    clients.append(client)
                except (AssertionError, OSError):
                    refused += 1
                    client.close()
            self.assertEqual((len(clients), refused), (10, 10))
            clients.pop().disconnect()
            broker.wait_for_line("Client c9 disconnected")
            client = RawClient(broker.port, V5)
            client.connect("again")
            for each in (*clients, client):
                each.close()

    def test_a_queue_is_bounded_and_the_drop_is_reported(self):
        with Broker(settings={"session.queue_messages_max": 10}) as broker:
            first = connected(broker.port, "away", clean=False)
            first.subscribe("a", qos=1)
            first.disconnect()
            speaker = connected(broker.port, "speaker")
            for number in range(30):
                speaker.publish("a", b"%d" % number, 1)
            broker.wait_for_line("dropped for client away")
            again = connected(broker.port, "away", clean=False)
            self.assertEqual([int(m.payload) for m in again.receive_all(10)], list(range(10)))
            again.expect_quiet()
            for client in (speaker, again):
                client.disconnect()

    def test_mosquitto_sub_sees_the_version_in_sys(self):
        with Broker() as broker:
            hear = MosquittoSub(broker.port, "sys", V311, ["$SYS/broker/version"])
            self.assertIn(b"sluice", hear.take()[0].payload)
            hear.close()


if __name__ == "__main__":
    case.main()
