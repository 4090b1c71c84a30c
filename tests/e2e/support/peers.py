# SPDX-License-Identifier: Apache-2.0
"""The clients that people have: paho-mqtt (Python) and mosquitto_pub / mosquitto_sub, each for
MQTT 3.1.1 and 5.0, behind one small interface, so that one test runs with all of them."""
import functools
import queue
import re
import shutil
import subprocess
import threading
import time
from collections import namedtuple

from support.broker import missing_peer
from support.wire import V31, V311, V5

PATIENCE = 30.0
Message = namedtuple("Message", "topic payload qos retain")

try:
    import paho.mqtt.client as paho_client
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties
except ImportError:
    paho_client = None


class Inbox:
    """Messages as they arrive, taken with a deadline."""

    def __init__(self):
        self.messages = queue.Queue()

    def take(self, count=1):
        deadline, taken = time.monotonic() + PATIENCE, []
        while len(taken) < count:
            try:
                taken.append(self.messages.get(timeout=max(0.001, deadline - time.monotonic())))
            except queue.Empty:
                raise AssertionError(
                    f"{len(taken)} of {count} messages came: {taken[-3:]}") from None
        return taken

    def until(self, topic):
        """What came before the message of that topic, which ends the wait."""
        taken = []
        while True:
            message = self.take()[0]
            if message.topic == topic:
                return taken
            taken.append(message)


def paho_properties(kind, values):
    out = Properties(getattr(PacketTypes, kind))
    for name, value in (values or {}).items():
        setattr(out, name, value)
    return out


class Paho(Inbox):
    """A paho client with its network thread; properties by paho's own names."""
    name = "paho"

    def __init__(self, port, client_id, version=V311, clean=True, expiry=None, keep_alive=60,
                 will=None, connect_properties=None):
        super().__init__()
        if paho_client is None:
            missing_peer("python3-paho-mqtt")
        self.version, self.raw_messages = version, []
        self.changed, self.connack, self.subacks, self.ended = threading.Condition(), None, {}, None
        options = {} if version == V5 else {"clean_session": clean}
        self.client = paho_client.Client(client_id, protocol=version, **options)
        self.client.max_inflight_messages_set(1000)
        self.client.on_connect, self.client.on_message = self.on_connect, self.on_message
        self.client.on_subscribe, self.client.on_disconnect = self.on_subscribe, self.on_disconnect
        if will:
            self.client.will_set(will["topic"], will["payload"], will.get("qos", 0),
                                 will.get("retain", False))
        extra = {}
        if version == V5:
            wanted = dict(connect_properties or {})
            if expiry is not None:
                wanted["SessionExpiryInterval"] = expiry
            extra = {"clean_start": clean, "properties": paho_properties("CONNECT", wanted)}
        self.client.connect("127.0.0.1", port, keep_alive, **extra)
        self.client.loop_start()
        self.wait(lambda: self.connack is not None, "CONNACK")

    def wait(self, condition, what):
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE), f"paho: no {what}"

    def note(self, action):
        with self.changed:
            action()
            self.changed.notify_all()

    def on_connect(self, client, userdata, flags, code, properties=None):
        answer = (flags["session present"], int(getattr(code, "value", code)), properties)
        self.note(lambda: setattr(self, "connack", answer))

    def on_disconnect(self, client, userdata, code, properties=None):
        self.note(lambda: setattr(self, "ended", int(getattr(code, "value", code))))

    def on_subscribe(self, client, userdata, mid, codes, properties=None):
        values = [int(getattr(code, "value", code)) for code in codes]
        self.note(lambda: self.subacks.__setitem__(mid, values))

    def on_message(self, client, userdata, message):
        self.raw_messages.append(message)
        self.messages.put(Message(message.topic, bytes(message.payload), message.qos,
                                  bool(message.retain)))

    @property
    def session_present(self):
        return bool(self.connack[0])

    def subscribe(self, *filters, qos=0):
        mid = self.client.subscribe([(name, qos) for name in filters])[1] if self.version != V5 \
            else self.client.subscribe([(name, paho_client.SubscribeOptions(qos))
                                        for name in filters])[1]
        self.wait(lambda: mid in self.subacks, "SUBACK")
        return self.subacks[mid]

    def publish(self, topic, payload=b"", qos=0, retain=False, properties=None):
        extra = {"properties": paho_properties("PUBLISH", properties)} if properties else {}
        info = self.client.publish(topic, payload, qos, retain, **extra)
        info.wait_for_publish(PATIENCE)
        assert info.is_published(), f"paho: publish to {topic} not completed"

    def close(self):
        """A clean end: DISCONNECT."""
        self.client.disconnect()
        self.client.loop_stop()

    def lose(self):
        """An abnormal end: the socket closes without a DISCONNECT."""
        self.client.loop_stop()
        if self.client.socket():
            self.client.socket().close()


def mosquitto_program(name):
    path = shutil.which(name)
    if path is None:
        missing_peer(name)
    return path


VERSION_NAMES = {V31: "mqttv31", V311: "mqttv311", V5: "mqttv5"}


class MosquittoSub(Inbox):
    """A mosquitto_sub process, subscribed when the constructor returns."""
    name = "mosquitto"

    def __init__(self, port, client_id, version, filters, qos=0, clean=True, expiry=None, more=()):
        super().__init__()
        command = ["stdbuf", "-oL", mosquitto_program("mosquitto_sub"), "-h", "127.0.0.1", "-p",
                   str(port), "-V", VERSION_NAMES[version], "-i", client_id, "-q", str(qos), "-d",
                   "-F", "MSG|%t|%q|%r|%x", *more]
        for name in filters:
            command += ["-t", name]
        if not clean:
            command.append("-c")
            if version == V5 and expiry is not None:
                command += ["-x", str(expiry)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL, text=True)
        self.log, self.granted = [], queue.Queue()
        self.thread = threading.Thread(target=self.collect, daemon=True)
        self.thread.start()
        try:
            self.codes = self.granted.get(timeout=PATIENCE)
        except queue.Empty:
            self.lose()
            raise AssertionError(f"mosquitto_sub did not subscribe: {self.log}") from None

    def collect(self):
        for line in self.process.stdout:
            found = re.match(r"Subscribed \(mid: \d+\): ([\d, ]+)", line)
            if found:
                self.granted.put([int(code) for code in found[1].split(",")])
            elif line.startswith("MSG|"):
                _, topic, qos, retain, payload = line.rstrip("\n").split("|")
                self.messages.put(Message(topic, bytes.fromhex(payload), int(qos), retain == "1"))
            else:
                self.log.append(line.rstrip("\n"))

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(PATIENCE)
        self.thread.join(PATIENCE)
        self.process.stdout.close()

    def lose(self):
        if self.process.poll() is None:
            self.process.kill()
        self.close()


def mosquitto_pub(port, version, topic, payload=b"", qos=0, retain=False, more=()):
    """Runs mosquitto_pub to its end and gives its exit code and what it printed."""
    command = [mosquitto_program("mosquitto_pub"), "-h", "127.0.0.1", "-p", str(port), "-V",
               VERSION_NAMES[version], "-t", topic, "-q", str(qos), *(["-r"] if retain else []),
               *(["-s"] if payload else ["-n"]), *more]
    done = subprocess.run(command, input=payload, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=PATIENCE, check=False)
    return done.returncode, done.stdout.decode(errors="replace")


# One test, every client: (family, version).
ALL = [("paho", V311), ("paho", V5), ("mosquitto", V311), ("mosquitto", V5)]


def label(peer):
    return f"{peer[0]}-{'5' if peer[1] == V5 else '311'}"


def with_every_client(test):
    """Runs a test once for each of ALL, with a client id and a topic of that run's own."""
    @functools.wraps(test)
    def run(self):
        for peer in ALL:
            with self.subTest(client=label(peer)):
                name = f"{self.client_id()[-60:]}-{label(peer)}"
                test(self, peer, name, f"{label(peer)}/{self.topic()}")
    return run


def listen(peer, port, client_id, filters, qos=0, durable=False):
    """A subscriber of that family and version; durable sessions outlive their connection."""
    family, version = peer
    expiry = 3600 if durable else None
    if family == "mosquitto":
        return MosquittoSub(port, client_id, version, filters, qos, not durable, expiry)
    client = Paho(port, client_id, version, not durable, expiry)
    assert client.connack[1] == 0, f"CONNACK {client.connack}"
    client.codes = client.subscribe(*filters, qos=qos)
    return client


def say(peer, port, topic, payload=b"", qos=0, retain=False):
    """Publishes one message with a client of that family and version, QoS exchange included."""
    family, version = peer
    if family == "mosquitto":
        code, said = mosquitto_pub(port, version, topic, payload, qos, retain)
        assert code == 0, f"mosquitto_pub: exit {code}: {said}"
        return
    client = Paho(port, f"say-{label(peer)}-{time.monotonic_ns()}", version)
    client.publish(topic, payload, qos, retain)
    client.close()
