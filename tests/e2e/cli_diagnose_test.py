# SPDX-License-Identifier: Apache-2.0
"""`sluice doctor` on what can be wrong, and `sluice test` against this broker and others."""
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from support.broker import Broker, free_port, missing_peer, sluice_binary
from support.certificates import Authority
from support.case import main

PATIENCE = 120.0


def run(*words):
    done = subprocess.run([sluice_binary(), *words], stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=PATIENCE, env={**os.environ, "HOME": "/nonexistent"})
    return done.returncode, done.stdout, done.stderr


def findings(text):
    """(mark, part) of each line that a doctor printed."""
    return [tuple(line.split()[:2]) for line in text.splitlines() if line.startswith(("✓", "✗"))]


class Speaker:
    """A listener that answers whatever comes with the same bytes, and closes."""

    def __init__(self, answer):
        self.answer, self.socket = answer, socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.recv(4096)
                    connection.sendall(self.answer)
                except OSError:
                    pass

    def close(self):
        # A thread that waits in accept() is woken by shutdown, not by close.
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(PATIENCE)


class Doctor(unittest.TestCase):
    def doctor(self, *words):
        return run("doctor", "--patience", "2", *words)

    def test_all_is_well(self):
        with Broker() as broker:
            code, text, error = self.doctor(f"mqtt://127.0.0.1:{broker.port}")
            self.assertEqual(code, 0, text + error)
            self.assertEqual([part for _, part in findings(text) if part != "limits"],
                             ["DNS", "TCP", "MQTT", "login", "subscribe", "publish"])
            self.assertNotIn("✗", text)
            self.assertIn("MQTT 5.0", text)
            _, text, _ = self.doctor("-h", "127.0.0.1", "-p", str(broker.port), "-V", "311")
            self.assertIn("MQTT 3.1.1", text)

    def test_nothing_there(self):
        code, text, _ = self.doctor(f"mqtt://127.0.0.1:{free_port()}")
        self.assertEqual((code, findings(text)), (3, [("✓", "DNS"), ("✗", "TCP")]))
        self.assertIn("sluice serve", text)
        code, text, _ = self.doctor("mqtt://no-such-host.invalid")
        self.assertEqual((code, findings(text)), (3, [("✗", "DNS")]))
        code, text, _ = self.doctor("--unix", "/nonexistent")
        self.assertEqual((code, findings(text)), (3, [("✗", "socket")]))

    def test_something_else_than_mqtt_is_named(self):
        for answer, word in ((b"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP is spoken here"),
                             (b"SSH-2.0-x\r\n", "SSH"), (b"\x15\x03\x01\0\2\2\x28", "wants TLS"),
                             (b"+OK POP3\r\n", "something else than MQTT"),
                             (b"", "closed at the first word")):
            with self.subTest(answer=answer):
                speaker = Speaker(answer)
                code, text, _ = self.doctor(f"mqtt://127.0.0.1:{speaker.port}")
                speaker.close()
                self.assertEqual(code, 3, text)
                self.assertIn(word, text)

    def test_real_tls_listener_is_recognised(self):
        openssl = shutil.which("openssl") or missing_peer("openssl")
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                            "/CN=localhost", "-keyout", folder + "/key", "-out", folder + "/cert"],
                           check=True, stderr=subprocess.DEVNULL, timeout=PATIENCE)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder + "/cert", folder + "/key")
            with socket.create_server(("127.0.0.1", 0)) as listener:
                def serve():
                    while True:
                        try:
                            context.wrap_socket(listener.accept()[0], server_side=True).close()
                        except ssl.SSLError:
                            pass
                        except OSError:
                            return
                thread = threading.Thread(target=serve, daemon=True)
                thread.start()
                _, text, _ = self.doctor(f"mqtt://127.0.0.1:{listener.getsockname()[1]}")
                listener.shutdown(socket.SHUT_RDWR)
                thread.join(PATIENCE)
            self.assertIn("mqtts://", text)

    def test_tls_is_a_step_of_its_own(self):
        with tempfile.TemporaryDirectory() as folder:
            authority = Authority(folder + "/ca", "Test Authority")
            certificate, key = authority.sign("server", "/CN=broker.test", "DNS:localhost")
            listener = f"mqtts://127.0.0.1:0?cert={certificate}&key={key}"
            with Broker(arguments=["--listen", listener]) as broker:
                broker.wait_for_line("admin on ")
                port = re.findall(r"^listening on 127\.0\.0\.1:(\d+) \(mqtts\)", broker.output(),
                                  re.M)[-1]
                url = f"mqtts://localhost:{port}"
                code, text, _ = self.doctor(url, "--cafile", authority.file)
                self.assertEqual(code, 0, text)
                self.assertRegex(text, r"✓ TLS +TLSv1\.3, \S+, certificate of broker\.test by "
                                       r"Test Authority until 20\d\d-\d\d-\d\d")
                code, text, _ = self.doctor(url)
                self.assertEqual((code, findings(text)[-1]), (3, ("✗", "TLS")), text)
                self.assertIn("certificate", text)
                code, text, _ = self.doctor(f"mqtts://127.0.0.1:{port}", "--cafile",
                                            authority.file)
                self.assertEqual((code, findings(text)[-1]), (3, ("✗", "TLS")), text)

    def test_refused_login_says_what_to_check(self):
        speaker = Speaker(b"\x20\3\0\x86\0")
        code, text, _ = self.doctor(f"mqtt://127.0.0.1:{speaker.port}", "-u", "me", "-P", "wrong")
        speaker.close()
        self.assertEqual(code, 4)
        self.assertIn("check -u and -P", text)
        self.assertNotIn("wrong", text)


class FeatureMatrix(unittest.TestCase):
    def matrix(self, port):
        code, text, error = run("test", f"mqtt://127.0.0.1:{port}", "--json", "--patience", "5")
        self.assertIn(code, (0, 1), error)
        rows = [json.loads(line) for line in text.splitlines()]
        return code, {(row["check"], row["version"]): row["result"] for row in rows}, text

    def test_this_broker_keeps_every_statement(self):
        with Broker() as broker:
            code, rows, text = self.matrix(broker.port)
            self.assertEqual((code, {k: v for k, v in rows.items() if v != "yes"}), (0, {}), text)
            self.assertEqual(len(rows), 50)
            code, text, _ = run("test", "-h", "127.0.0.1", "-p", str(broker.port))
            self.assertEqual(code, 0)
            self.assertIn("50 yes, 0 no, 0 not offered", text)
            self.assertIn("MQTT5-3.3.1-9", text)

    def test_mosquitto_is_judged_as_it_is_known(self):
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin") or missing_peer("mosquitto")
        with self.peer([program, "-p"]) as port:
            _, rows, text = self.matrix(port)
            # 2.0.11 closes the old connection without a DISCONNECT, as paho sees it too.
            known = {("second connection takes the client id over", "5.0")}
            self.assertLessEqual({key for key, value in rows.items() if value == "no"}, known, text)

    def test_nats_server_offers_3_1_1_alone(self):
        program = shutil.which("nats-server", path="/usr/sbin:/usr/bin")
        program = program or missing_peer("nats-server")
        with tempfile.TemporaryDirectory() as folder:
            port, client_port = free_port(), free_port()
            config = folder + "/nats.conf"
            with open(config, "w", encoding="utf-8") as file:
                file.write(f'port: {client_port}\nserver_name: "n"\n'
                           f'jetstream {{ store_dir: "{folder}" }}\n'
                           f'mqtt {{ host: "127.0.0.1", port: {port} }}\n')
            with self.peer([program, "-a", "127.0.0.1", "-c", config], port):
                _, rows, text = self.matrix(port)
                self.assertEqual({version for _, version in rows}, {"3.1.1"}, text)
                self.assertEqual(rows["QoS 1 is acknowledged and delivered", "3.1.1"], "yes")
                self.assertNotEqual(rows["QoS 2 is acknowledged and delivered", "3.1.1"], "yes")

    def test_nobody_there(self):
        code, _, error = run("test", f"mqtt://127.0.0.1:{free_port()}")
        self.assertEqual(code, 3)
        self.assertIn("nothing listens", error)

    def peer(self, command, port=None):
        """Another broker; its port, if it is not in its configuration, is its last argument."""
        outer = self

        class Running:
            def __enter__(self):
                self.port = port or free_port()
                words = command if port else [*command, str(self.port)]
                self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL,
                                                stderr=subprocess.DEVNULL)
                deadline = time.monotonic() + PATIENCE
                while True:
                    try:
                        socket.create_connection(("127.0.0.1", self.port), 1).close()
                        return self.port
                    except OSError:
                        outer.assertIsNone(self.process.poll())
                        outer.assertLess(time.monotonic(), deadline)

            def __exit__(self, *unused):
                self.process.kill()
                self.process.wait(PATIENCE)

        return Running()


if __name__ == "__main__":
    main()
