# SPDX-License-Identifier: Apache-2.0
"""sluice bench: what it reports is right, and a broker that breaks its promise is found out."""
import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

from support import case, wire
from support.broker import Broker, sluice_binary

SHAPES = {"pairs": (3, 1), "fan-out": (5, 5), "fan-in": (4, 1), "shared": (3, 1)}


def bench(port, *words, within=60):
    """The exit code, the figures and what was printed."""
    command = [sluice_binary(), "bench", *words, "-h", "127.0.0.1", "-p", str(port),
               "--json", "-", "--quiet", "--warm-up", "0"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=within, check=False)
    figures = json.loads(done.stdout)["figures"] if done.stdout else {}
    return done.returncode, figures, done.stderr


class Honest(unittest.TestCase):
    def test_every_shape_at_every_quality_of_service_is_delivered_whole(self):
        with Broker(threads=2) as broker:
            for mode, (clients, _) in SHAPES.items():
                for qos in ("0", "1", "2"):
                    for version in ("311", "5"):
                        with self.subTest(mode=mode, qos=qos, version=version):
                            code, found, said = bench(
                                broker.port, mode, "-n", str(clients), "-q", qos, "-V", version,
                                "-t", "0.2", "-s", "64", "-w", "40",
                                "--server-pid", str(broker.process.pid))
                            self.assertEqual(code, 0, said)
                            self.assertGreater(found["delivered"], 100)
                            for name in ("lost", "duplicated", "reordered"):
                                self.assertEqual(found[name], 0, name)
                            self.assertGreater(found["server_cpu_ns"], 0)
                            self.assertLessEqual(found["latency_p50_ns"], found["latency_p99_ns"])

    def test_what_a_broker_remembers_is_counted_and_given_back(self):
        wanted = {"connections": ("-n", "300", "connection_bytes"),
                  "subscriptions": ("-c", "3000", "subscription_cpu_ns"),
                  "retained": ("-c", "2000", "deliver_cpu_ns"),
                  "queue": ("-c", "500", "drain_cpu_ns"),
                  "acks": ("-n", "5", "ack_p99_ns"),
                  "churn": ("-n", "10", "round_cpu_ns"),
                  "storm": ("-n", "100", "reconnect_cpu_ns")}
        # What comes in a second for one that is away is more than a queue in memory may be.
        with Broker(threads=2, settings={"session.queue_messages_max": 100_000_000,
                                         "session.queue_bytes_max": "4GiB"}) as broker:
            for mode, (flag, many, figure) in wanted.items():
                for qos, version in (("0", "5"), ("1", "311"), ("2", "5")):
                    with self.subTest(mode=mode, qos=qos, version=version):
                        code, found, said = bench(broker.port, mode, flag, many, "-q", qos, "-V",
                                                  version, "-t", "0.2", "--server-pid",
                                                  str(broker.process.pid))
                        self.assertEqual(code, 0, said)
                        self.assertGreaterEqual(found[figure], 0)
            reader = subprocess.run([sluice_binary(), "sub", "-h", "127.0.0.1", "-p",
                                     str(broker.port), "-W", "1", "bench/#"], check=False,
                                    stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
            self.assertEqual((reader.returncode, reader.stdout), (27, b""))
            self.assertIn("sluice_sessions 0\n", broker.fetch("/metrics")[1])

    def test_an_acknowledgement_stands_beside_what_the_machine_takes_for_it(self):
        with Broker(threads=1) as broker, tempfile.TemporaryDirectory() as directory:
            code, found, said = bench(broker.port, "acks", "-n", "1", "-w", "1", "-t", "0.2",
                                      "--commit-dir", directory)
            self.assertEqual(code, 0, said)
            for figure in ("echo_p50_ns", "commit_p50_ns", "commit_p99_ns"):
                self.assertGreater(found[figure], 0, figure)
            self.assertLessEqual(found["commit_p50_ns"], found["commit_p99_ns"])
            self.assertEqual(os.listdir(directory), [])
            code, _, said = bench(broker.port, "acks", "--commit-dir", directory + "/none")
            self.assertEqual(code, 1)
            self.assertIn("cannot write in '%s/none'" % directory, said)

    def test_acknowledgements_at_a_given_rate_are_all_there(self):
        settings = {"session.queue_messages_max": 100_000, "session.queue_bytes_max": "1GiB"}
        with Broker(threads=1, settings=settings) as broker:
            code, found, said = bench(broker.port, "acks", "-n", "10", "--rate", "2000", "-t", "1")
            self.assertEqual(code, 0, said)
            self.assertAlmostEqual(found["ack_per_s"], 2000, delta=500)

    def test_open_loop_keeps_the_rate_it_was_given(self):
        with Broker(threads=1) as broker:
            code, found, said = bench(broker.port, "pairs", "-n", "10", "--rate", "2000", "-t", "2",
                                      "-q", "1")
            self.assertEqual(code, 0, said)
            self.assertAlmostEqual(found["delivered_per_s"], 2000, delta=500)

    def test_what_it_counts_is_what_the_broker_counts(self):
        with Broker(threads=1) as broker:
            code, found, said = bench(broker.port, "fan-out", "-n", "4", "-t", "0.2")
            self.assertEqual(code, 0, said)
            metrics = broker.fetch("/metrics")[1]
            sent = next(float(line.split()[-1]) for line in metrics.splitlines()
                        if line.startswith('sluice_messages_sent_total{qos="0"'))
            self.assertGreaterEqual(sent, found["delivered"])

    def test_stopped_early_it_reports_what_it_has(self):
        with Broker(threads=1) as broker:
            load = subprocess.Popen(
                [sluice_binary(), "bench", "-h", "127.0.0.1", "-p", str(broker.port), "-t", "600",
                 "--warm-up", "0", "--json", "-", "--quiet"], stdout=subprocess.PIPE, text=True)
            while 'sluice_messages_sent_total{qos="0"} 0\n' in broker.fetch("/metrics")[1]:
                pass
            load.send_signal(signal.SIGINT)
            said = load.communicate(timeout=20)[0]
            self.assertEqual(load.returncode, 0)
            self.assertGreater(json.loads(said)["figures"]["delivered"], 0)

    def test_no_broker_is_a_failure_and_not_a_report(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        code, found, said = bench(port, "pairs", "-t", "0.1")
        self.assertEqual((code, found), (1, {}))
        self.assertIn("start a broker with: sluice serve", said)


class WrongBroker(threading.Thread):
    """One subscriber, one publisher; of message n the numbers `mangle(n)` are passed on."""

    def __init__(self, mangle):
        super().__init__(daemon=True)
        self.listener, self.mangle = socket.create_server(("127.0.0.1", 0)), mangle
        self.port, self.receiver = self.listener.getsockname()[1], None
        self.start()

    def run(self):
        threads = [threading.Thread(target=self.serve, args=(self.listener.accept()[0],),
                                    daemon=True) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.listener.close()

    def serve(self, connection):
        stream, seen = connection.makefile("rb"), 0
        while True:
            head = stream.read(2)
            if len(head) < 2:
                return connection.close()
            body, kind = stream.read(head[1]), wire.KINDS[head[0] >> 4]
            answer = {"CONNECT": b"\x20\2\0\0", "SUBSCRIBE": b"\x90\3" + body[:2] + b"\0"}.get(kind)
            if kind == "SUBSCRIBE":
                self.receiver = connection
            if answer:
                connection.sendall(answer)
            if kind != "PUBLISH":
                continue
            for number in self.mangle(seen):
                stamped = body[:-8] + struct.pack("=Q", number)
                self.receiver.sendall(head + stamped)
            seen += 1


class Found(unittest.TestCase):
    def find(self, mangle):
        broker = WrongBroker(mangle)
        found = bench(broker.port, "pairs", "-n", "1", "-t", "0.3", "-s", "16", "-w", "8")
        broker.join(20)
        return found

    def test_right_broker_passes(self):
        code, found, said = self.find(lambda number: [number])
        self.assertEqual(code, 0, said)
        self.assertEqual((found["lost"], found["duplicated"], found["reordered"]), (0, 0, 0))

    def test_lost_message_is_counted(self):
        _, found, _ = self.find(lambda number: [] if number == 5 else [number])
        self.assertEqual((found["lost"], found["duplicated"], found["reordered"]), (1, 0, 0))

    def test_doubled_message_fails_the_run(self):
        code, found, _ = self.find(lambda number: [number] * (2 if number == 5 else 1))
        self.assertEqual(code, 1)
        self.assertEqual(found["duplicated"], 1)

    def test_swapped_messages_fail_the_run(self):
        code, found, _ = self.find(lambda number: {5: [], 6: [6, 5]}.get(number, [number]))
        self.assertEqual(code, 1)
        self.assertEqual(found["reordered"], 1)


if __name__ == "__main__":
    case.main()
