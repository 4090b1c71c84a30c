# SPDX-License-Identifier: Apache-2.0
"""MQTT over WebSocket, and behind the PROXY protocol: peers, and what RFC 6455 forbids."""
import base64
import hashlib
import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import unittest

from support import case, wire
from support.broker import MOSQUITTO, Broker, free_port, missing_peer, sluice_binary
from support.certificates import Authority
from support.peers import PATIENCE, paho_client
from support.wire import V5, V311
from tls_test import Listening, context, ends, run

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = base64.b64encode(b"0123456789abcdef").decode()


def request(path="/mqtt", method="GET", **headers):
    given = {"Host": "127.0.0.1", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
             "Sec-WebSocket-Key": KEY, "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Protocol": "mqtt"}
    given.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = [f"{name}: {value}" for name, value in given.items() if value is not None]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode()


def frame(payload, opcode=2, final=True, masked=True, reserved=0, length=None):
    first = (0x80 if final else 0) | reserved | opcode
    size = len(payload) if length is None else length
    if length is not None and length >= 65536 or size >= 65536:
        head = struct.pack("!BBQ", first, 127 | (0x80 if masked else 0), size)
    elif size >= 126:
        head = struct.pack("!BBH", first, 126 | (0x80 if masked else 0), size)
    else:
        head = struct.pack("!BB", first, size | (0x80 if masked else 0))
    if not masked:
        return head + payload
    mask = b"\x11\x22\x33\x44"
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


class Socket:
    """A WebSocket that says exactly the bytes a test wants."""

    def __init__(self, port, upgrade=None):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.buffer = b""
        self.head = ""
        if upgrade is not None:
            self.socket.sendall(upgrade)
            while b"\r\n\r\n" not in self.buffer and self.fill():
                pass
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            self.head = head.decode("latin-1")

    def fill(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self.buffer += data
        return bool(data)

    def take(self, size):
        while len(self.buffer) < size:
            if not self.fill():
                return None
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def frame(self):
        """Opcode and payload of the next frame, None at the end of the stream."""
        head = self.take(2)
        if head is None:
            return None
        size = head[1] & 0x7F
        assert not head[1] & 0x80, "a server does not mask"
        if size == 126:
            size = struct.unpack("!H", self.take(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self.take(8))[0]
        return head[0] & 0x0F, self.take(size)

    def close_code(self):
        """The code of the Close frame that ends the stream."""
        while (found := self.frame()) is not None:
            if found[0] == 8:
                return struct.unpack("!H", found[1][:2])[0]
        return None

    def close(self):
        self.socket.close()


@unittest.skipIf(MOSQUITTO, "Sluice's own listeners")
class WebSocket(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.at = Listening("ws", ws_paths=["/mqtt", "/"], settings={"limits.connect_timeout": "2s"})
        cls.at.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.at.__exit__(None)

    def open(self, upgrade=None):
        made = Socket(self.at.port, request() if upgrade is None else upgrade)
        self.addCleanup(made.close)
        return made

    def connected(self, version=V311):
        client = self.open()
        client.socket.sendall(frame(wire.connect("ws-" + self.id().split(".")[-1], version)))
        opcode, answer = client.frame()
        self.assertEqual((opcode, answer[0], answer[3]), (2, 0x20, 0))
        return client

    def test_paho_publishes_and_subscribes(self):
        if paho_client is None:
            missing_peer("python3-paho-mqtt")
        for size in (1, 200, 70000):
            client = paho_client.Client(f"paho-ws-{size}", transport="websockets")
            got = []
            client.on_connect = lambda c, u, flags, code: c.subscribe("ws/paho", 1)
            client.on_subscribe = lambda c, u, mid, codes, n=size: c.publish("ws/paho", b"x" * n, 1)
            client.on_message = lambda c, u, message: got.append(len(message.payload))
            client.connect("127.0.0.1", self.at.port)
            for _ in range(600):
                client.loop(0.1)
                if got:
                    break
            client.disconnect()
            self.assertEqual(got, [size])

    def test_sluice_tools_speak_it(self):
        url = f"ws://127.0.0.1:{self.at.port}/mqtt"
        code, said = run(sluice_binary(), "pub", url, "-t", "ws/own", "-m", "x" * 70000, "-r", "-q",
                         "1")
        self.assertEqual(code, 0, said)
        code, said = run(sluice_binary(), "sub", url, "-t", "ws/own", "-C", "1")
        self.assertEqual((code, said), (0, "x" * 70000 + "\n"))

    def test_the_answer_to_an_upgrade(self):
        accept = base64.b64encode(hashlib.sha1((KEY + GUID).encode()).digest()).decode()
        for asked, chosen in (("mqtt", "mqtt"), ("mqttv3.1", "mqttv3.1"),
                              ("chat, mqttv3.1, mqtt", "mqtt")):
            head = self.open(request(Sec_WebSocket_Protocol=asked)).head
            self.assertRegex(head, "^HTTP/1.1 101 ")
            self.assertIn(f"Sec-WebSocket-Accept: {accept}", head)
            self.assertIn(f"Sec-WebSocket-Protocol: {chosen}\r\n", head + "\r\n")

    def test_wrong_upgrades_are_answered_and_closed(self):
        rows = [(request(Sec_WebSocket_Protocol=None), 400),
                (request(Sec_WebSocket_Protocol="chat"), 400),
                (request(Sec_WebSocket_Version="8"), 426),
                (request(Sec_WebSocket_Key="short"), 400), (request(Sec_WebSocket_Key=None), 400),
                (request(Upgrade=None), 426), (request(Upgrade="h2c"), 426),
                (request(method="POST"), 405), (request("/elsewhere"), 404),
                (request(Origin="http://evil.example"), 403),
                (b"GET / HTTP/9.9\r\n\r\n", 505), (b"\x10\x0c\x00\x04MQTT\r\n\r\n", 400),
                (b"GET /mqtt HTTP/1.1\r\n\r\n", 400)]
        for sent, status in rows:
            with self.subTest(request=sent[:60], status=status):
                client = self.open(sent)
                self.assertRegex(client.head, rf"^HTTP/1\.1 {status} ")
                self.assertTrue(ends(client.socket))

    def test_pages_of_this_machine_may_connect_to_a_local_listener(self):
        for origin in ("http://localhost:8080", "http://127.0.0.1", "https://[::1]:3000"):
            self.assertIn(" 101 ", self.open(request(Origin=origin)).head)

    def test_a_listed_origin_may_connect_and_others_may_not(self):
        with Listening("ws", ws_origins="https://app.example") as at:
            for origin, works in (("https://app.example", True), ("https://x.example", False)):
                client = Socket(at.port, request(Origin=origin))
                self.assertEqual(" 101 " in client.head, works)
                client.close()

    def test_who_is_forwarded_is_named_if_the_proxy_is_trusted(self):
        def come(at, name, *lines):
            head = request().replace(b"\r\n\r\n", b"\r\n" + b"".join(
                b"X-Forwarded-For: " + line + b"\r\n" for line in lines) + b"\r\n")
            client = Socket(at.port, head)
            self.addCleanup(client.close)
            client.socket.sendall(frame(wire.connect(name)))
            return client.frame()

        rows = [((b"10.1.2.3",), r"10\.1\.2\.3:0"), ((b"10.1.2.3:4711",), r"10\.1\.2\.3:4711"),
                ((b"[2001:db8::1]:99",), r"\[2001:db8::1\]:99"),
                ((b"2001:db8::1",), r"\[2001:db8::1\]:0"),
                # What the client has written itself stands first.
                ((b"6.6.6.6, 10.1.2.3",), r"10\.1\.2\.3:0"),
                ((b"6.6.6.6", b"10.1.2.3"), r"10\.1\.2\.3:0"),
                # Another trusted proxy before the last one.
                ((b"6.6.6.6, 10.1.2.3, 192.168.7.7",), r"10\.1\.2\.3:0"),
                ((b"192.168.7.8, 192.168.7.7",), r"192\.168\.7\.8:0"),
                ((b"10.1.2.3, unknown",), r"127\.0\.0\.1:"), ((), r"127\.0\.0\.1:")]
        with Listening("ws", proxy_trusted=["127.0.0.0/8", "192.168.0.0/16"],
                       allow_anonymous="true") as at:
            for number, (lines, peer) in enumerate(rows):
                with self.subTest(lines=lines):
                    come(at, f"forwarded-{number}", *lines)
                    at.broker.wait_for_line(f"connected from {peer}.* as forwarded-{number} ")
        with Listening("ws", proxy_trusted="192.168.0.0/16", allow_anonymous="true") as at:
            come(at, "stranger", b"10.1.2.3")
            at.broker.wait_for_line(r"connected from 127\.0\.0\.1:\d+ as stranger ")

    def test_other_protocols_are_answered_at_their_first_byte(self):
        for begin in (wire.connect("plain"), b"\x16\x03\x01", b"\r", b"get / HTTP/1.1"):
            client = self.open(begin)
            self.assertRegex(client.head, r"^HTTP/1\.1 400 ")
            self.assertTrue(ends(client.socket))

    def test_half_sent_upgrades_and_silence_are_closed_in_time(self):
        for begin in (b"", b"GET /mq", request()[:-2], request()):
            client = self.open(b"") if not begin else Socket(self.at.port)
            client.socket.sendall(begin)
            self.assertTrue(ends(client.socket))
            client.close()

    def test_an_endless_request_is_closed(self):
        client = Socket(self.at.port)
        try:
            client.socket.sendall(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 40000)
        except OSError:
            pass
        self.assertTrue(ends(client.socket))
        client.close()

    def test_what_the_standard_forbids_is_closed_with_its_code(self):
        ping = frame(b"x" * 126, 9)
        rows = [("text", frame(b"hello", 1), 1003),
                ("unmasked", frame(b"\xc0\0", masked=False), 1002),
                ("reserved bit", frame(b"\xc0\0", reserved=0x40), 1002),
                ("reserved opcode 3", frame(b"", 3), 1002),
                ("reserved opcode 11", frame(b"", 11), 1002),
                ("long ping", ping, 1002), ("cut ping", frame(b"", 9, final=False), 1002),
                ("continuation of nothing", frame(b"x", 0), 1002),
                ("message within a message", frame(b"\xc0", 2, False) + frame(b"\0", 2), 1002),
                ("oversize", frame(b"", 2, length=1 << 40), 1009),
                ("64-bit length with its top bit", frame(b"", 2, length=1 << 63), 1002),
                ("length not shortest", b"\x82\xfe\x00\x05\0\0\0\0hello", 1002),
                ("close of one byte", frame(b"\x03", 8), 1002),
                ("close with 1005", frame(b"\x03\xed", 8), 1002),
                ("close with bad text", frame(b"\x03\xe8\xff\xfe", 8), 1007),
                ("close", frame(b"\x03\xe8bye", 8), 1000),
                ("close of nothing", frame(b"", 8), 1000)]
        for what, sent, code in rows:
            with self.subTest(what):
                client = self.connected()
                client.socket.sendall(sent)
                self.assertEqual(client.close_code(), code)
                self.assertTrue(ends(client.socket))
                client.close()

    def binary_only(self, version):
        client = self.connected(version)
        client.socket.sendall(frame(wire.PINGREQ, 1))
        self.assertEqual(client.close_code(), 1003)
        self.assertTrue(ends(client.socket))

    def test_MQTT3_6_0_0_1_text_frames_end_the_connection(self):
        self.binary_only(V311)

    def test_MQTT5_6_0_0_1_text_frames_end_the_connection(self):
        self.binary_only(V5)

    def test_MQTT3_6_0_0_2_packets_and_frames_are_cut_and_merged_anyhow(self):
        self.cut_and_merged(V311)

    def test_MQTT5_6_0_0_2_packets_and_frames_are_cut_and_merged_anyhow(self):
        self.cut_and_merged(V5)

    def test_each_of_many_small_answers_has_a_frame_of_its_own(self):
        client = self.connected()
        client.socket.sendall(frame(b"\xc0\0" * 5000))
        for _ in range(5000):
            self.assertEqual(client.frame(), (2, b"\xd0\0"))

    def offers(self, version):
        """What our client asks a server for."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(PATIENCE)
            url = f"ws://127.0.0.1:{server.getsockname()[1]}/mqtt"
            process = subprocess.Popen([sluice_binary(), "pub", url, "-V", version, "-t", "t", "-m",
                                        "x"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(process.wait, 30)
            self.addCleanup(process.kill)
            asked, head = server.accept()[0], b""
            while b"\r\n\r\n" not in head:
                head += asked.recv(4096)
            asked.close()
        self.assertIn(b"\r\nSec-WebSocket-Protocol: mqtt\r\n", head)

    def test_MQTT3_6_0_0_3_the_client_offers_mqtt(self):
        self.offers("mqttv311")

    def test_MQTT5_6_0_0_3_the_client_offers_mqtt(self):
        self.offers("mqttv5")

    def selects(self, version):
        client = self.connected(version)
        self.assertIn("\r\nSec-WebSocket-Protocol: mqtt\r\n", client.head + "\r\n")

    def test_MQTT3_6_0_0_4_the_server_selects_mqtt(self):
        self.selects(V311)

    def test_MQTT5_6_0_0_4_the_server_selects_mqtt(self):
        self.selects(V5)

    def cut_and_merged(self, version):
        ping, pong = wire.PINGREQ, (2, b"\xd0\x00")
        client = self.connected(version)
        client.socket.sendall(frame(ping[:1], 2, False) + frame(b"in between", 9) +
                              frame(ping[1:], 0))
        self.assertEqual(sorted([client.frame(), client.frame()]), [pong, (10, b"in between")])
        client.socket.sendall(frame(ping * 2))
        # There are clients that read one packet of a frame only.
        self.assertEqual(client.take(8), (b"\x82\x02" + pong[1]) * 2)
        for byte in frame(ping) + frame(b"p", 9):
            client.socket.sendall(bytes([byte]))
        self.assertEqual(sorted([client.frame(), client.frame()]), [pong, (10, b"p")])

    def test_behind_the_head_in_one_segment(self):
        client = self.open(request() + frame(wire.connect("early")))
        self.assertEqual(client.frame(), (2, b"\x20\x02\x00\x00"))

    def test_over_tls(self):
        with tempfile.TemporaryDirectory(prefix="sluice-e2e-") as folder:
            authority = Authority(folder + "/ca")
            certificate, key = authority.sign("server", "/CN=localhost", "DNS:localhost")
            with Listening("wss", cert=certificate, key=key) as at:
                url = f"wss://localhost:{at.port}/mqtt"
                code, said = run(sluice_binary(), "pub", url, "-t", "t", "-m", "secure", "-r", "-q",
                                 "1", "--cafile", authority.file)
                self.assertEqual(code, 0, said)
                if paho_client is None:
                    missing_peer("python3-paho-mqtt")
                got = []
                client = paho_client.Client("paho-wss", transport="websockets")
                client.tls_set_context(context(authority))
                client.on_connect = lambda c, u, flags, code: c.subscribe("t")
                client.on_message = lambda c, u, message: got.append(message.payload)
                client.connect("localhost", at.port)
                for _ in range(300):
                    client.loop(0.1)
                    if got:
                        break
                client.disconnect()
                self.assertEqual(got, [b"secure"])

    def test_curl_is_told_what_is_spoken_here(self):
        if shutil.which("curl") is None:
            missing_peer("curl")
        code, said = run("curl", "-si", f"http://127.0.0.1:{self.at.port}/mqtt")
        self.assertEqual(code, 0)
        self.assertIn("426 Upgrade Required", said)


V2 = b"\r\n\r\n\0\r\nQUIT\n"


def v2(command=1, source=("10.1.2.3", 4711), more=b"", family=0x11):
    body = socket.inet_aton(source[0]) + socket.inet_aton("10.0.0.1")
    body += struct.pack("!HH", source[1], 1883) + more
    return V2 + bytes([0x20 | command, family]) + struct.pack("!H", len(body)) + body


@unittest.skipIf(MOSQUITTO, "Sluice's own listeners")
class Proxy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.at = Listening("mqtt", proxy_protocol="true", proxy_trusted="127.0.0.0/8",
                           allow_anonymous="true", settings={"limits.connect_timeout": "2s"})
        cls.at.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.at.__exit__(None)

    def say(self, data):
        made = socket.create_connection(("127.0.0.1", self.at.port), PATIENCE)
        self.addCleanup(made.close)
        made.sendall(data)
        return made

    def test_the_client_of_either_version_is_named_in_the_log(self):
        rows = [(b"PROXY TCP4 10.1.2.3 10.0.0.1 4711 1883\r\n", r"10\.1\.2\.3:4711"),
                (b"PROXY TCP6 2001:db8::1 ::1 4712 1883\r\n", r"\[2001:db8::1\]:4712"),
                (v2(source=("10.9.8.7", 99)), r"10\.9\.8\.7:99"),
                (b"PROXY UNKNOWN\r\n", r"127\.0\.0\.1:")]
        for number, (header, peer) in enumerate(rows):
            client = self.say(header + wire.connect(f"proxied-{number}"))
            self.assertEqual(client.recv(4), b"\x20\x02\x00\x00")
            self.at.broker.wait_for_line(f"connected from {peer}.* as proxied-{number}")

    def test_bad_headers_are_closed(self):
        rows = [wire.connect("none"), b"PROXY TCP4 10.1.2.3\r\n", b"PROXY TCP4 " + b"1" * 200,
                b"PROXY TCP4 ::1 ::1 1 1\r\n", b"PROXY TCP9 10.1.2.3 10.0.0.1 1 1\r\n",
                b"PROXY TCP4 10.1.2.3 10.0.0.1 99999 1\r\n", v2(more=b"\x01\xff\xff"),
                v2(family=0x99), V2 + b"\x31\x11\x00\x00", V2 + b"\x21\x11\x00\x02xx",
                V2 + b"\x21\x11\xff\xff", os.urandom(64)]
        for row in rows:
            with self.subTest(row=row[:40]):
                self.assertTrue(ends(self.say(row)))

    def test_a_header_that_does_not_come_is_waited_for_a_while(self):
        for begin in (b"", b"PROXY TC", V2[:5]):
            self.assertTrue(ends(self.say(begin)))

    def test_a_peer_that_is_not_trusted_is_closed(self):
        with Listening("mqtt", proxy_protocol="true", proxy_trusted="10.0.0.0/8") as at:
            with socket.create_connection(("127.0.0.1", at.port), PATIENCE) as client:
                client.sendall(b"PROXY TCP4 10.1.2.3 10.0.0.1 4711 1883\r\n")
                self.assertTrue(ends(client))

    def test_a_health_check_of_the_proxy_passes(self):
        client = self.say(V2 + b"\x20\x00\x00\x00" + wire.connect("local"))
        self.assertEqual(client.recv(4), b"\x20\x02\x00\x00")

    def test_anonymous_clients_come_through_a_proxy_only_if_that_is_said(self):
        with Listening("mqtt", proxy_protocol="true", proxy_trusted="127.0.0.0/8") as at:
            with socket.create_connection(("127.0.0.1", at.port), PATIENCE) as client:
                client.sendall(v2() + wire.connect("anonymous"))
                self.assertEqual(client.recv(4), b"\x20\x02\x00\x05")

    def test_haproxy(self):
        program = shutil.which("haproxy", path="/usr/sbin:" + os.environ.get("PATH", ""))
        if program is None:
            missing_peer("haproxy")
        port = free_port()
        with tempfile.TemporaryDirectory(prefix="sluice-e2e-") as folder:
            path = folder + "/haproxy.cfg"
            with open(path, "w", encoding="ascii") as file:
                file.write("defaults\n mode tcp\n timeout connect 5s\n timeout client 60s\n"
                           " timeout server 60s\n"
                           f"listen mqtt\n bind 127.0.0.1:{port}\n"
                           f" server sluice 127.0.0.1:{self.at.port} send-proxy-v2"
                           " check inter 200\n")
            process = subprocess.Popen([program, "-db", "-f", path], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            try:
                code, said = 1, ""
                for _ in range(100):
                    code, said = run(sluice_binary(), "pub", "-p", str(port), "-t", "t", "-m", "x",
                                     "-q", "1", "-i", "through-haproxy")
                    if code == 0:
                        break
                self.assertEqual(code, 0, said)
                self.at.broker.wait_for_line(r"from 127\.0\.0\.1:\d+ as through-haproxy")
            finally:
                process.terminate()
                process.wait(20)
        self.assertIsNone(re.search("error", self.at.broker.output(), re.I))


if __name__ == "__main__":
    case.main()
