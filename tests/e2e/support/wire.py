# SPDX-License-Identifier: Apache-2.0
"""MQTT packets to and from bytes, for tests: small, strict and independent of the broker's codec.

The decoder checks every packet that the server sends against what the standards demand of a
server (flags, reason codes, which property stands where), so each test is also such a check.
"""
import struct
from types import SimpleNamespace

V31, V311, V5 = 3, 4, 5
KINDS = [None, "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP",
         "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP",
         "DISCONNECT", "AUTH"]

# name: (identifier, wire type)
PROPERTIES = {
    "payload_format": (0x01, "byte"), "message_expiry": (0x02, "four"),
    "content_type": (0x03, "text"), "response_topic": (0x08, "text"),
    "correlation_data": (0x09, "binary"), "subscription_id": (0x0B, "varint"),
    "session_expiry": (0x11, "four"), "assigned_client_id": (0x12, "text"),
    "server_keep_alive": (0x13, "two"), "authentication_method": (0x15, "text"),
    "authentication_data": (0x16, "binary"), "request_problem_info": (0x17, "byte"),
    "will_delay": (0x18, "four"), "request_response_info": (0x19, "byte"),
    "response_info": (0x1A, "text"), "server_reference": (0x1C, "text"),
    "reason_string": (0x1F, "text"), "receive_maximum": (0x21, "two"),
    "topic_alias_maximum": (0x22, "two"), "topic_alias": (0x23, "two"),
    "maximum_qos": (0x24, "byte"), "retain_available": (0x25, "byte"),
    "user_property": (0x26, "pair"), "maximum_packet_size": (0x27, "four"),
    "wildcard_available": (0x28, "byte"), "subscription_id_available": (0x29, "byte"),
    "shared_available": (0x2A, "byte"),
}
BY_ID = {number: (name, kind) for name, (number, kind) in PROPERTIES.items()}
REPEATABLE = {"user_property", "subscription_id"}
ACK = {"reason_string", "user_property"}
FROM_SERVER = {
    "CONNACK": ACK | {"session_expiry", "receive_maximum", "maximum_qos", "retain_available",
                      "maximum_packet_size", "assigned_client_id", "topic_alias_maximum",
                      "wildcard_available", "subscription_id_available", "shared_available",
                      "server_keep_alive", "response_info", "server_reference",
                      "authentication_method", "authentication_data"},
    "PUBLISH": {"payload_format", "message_expiry", "topic_alias", "response_topic",
                "correlation_data", "user_property", "subscription_id", "content_type"},
    "PUBACK": ACK, "PUBREC": ACK, "PUBREL": ACK, "PUBCOMP": ACK, "SUBACK": ACK, "UNSUBACK": ACK,
    "DISCONNECT": ACK | {"server_reference"},
    "AUTH": ACK | {"authentication_method", "authentication_data"},
}
REASONS = {
    "CONNACK": {0, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90,
                0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F},
    "PUBACK": {0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99},
    "PUBREC": {0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99},
    "PUBREL": {0, 0x92}, "PUBCOMP": {0, 0x92},
    "SUBACK": {0, 1, 2, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2},
    "UNSUBACK": {0, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91},
    "DISCONNECT": {0, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94,
                   0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1,
                   0xA2},
    "AUTH": {0, 0x18},
}


class BadPacket(AssertionError):
    """The server sent what the standard forbids."""


def varint(value):
    out = bytearray()
    while True:
        value, low = value >> 7, value & 127
        out.append(low | (128 if value else 0))
        if not value:
            return bytes(out)


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("!H", len(data)) + data


def one_property(name, value):
    number, kind = PROPERTIES[name]
    if kind == "pair":
        body = text(value[0]) + text(value[1])
    elif kind in ("text", "binary"):
        body = text(value)
    elif kind == "varint":
        body = varint(value)
    else:
        body = struct.pack({"byte": "!B", "two": "!H", "four": "!I"}[kind], value)
    return bytes([number]) + body


def properties(values=None):
    """A property block with its length; a list stands for a property that repeats."""
    out = b""
    for name, value in (values or {}).items():
        for each in value if isinstance(value, list) else [value]:
            out += one_property(name, each)
    return varint(len(out)) + out


def packet(first_byte, body):
    return bytes([first_byte]) + varint(len(body)) + body


def connect(client_id, version=V311, clean=True, keep_alive=60, will=None, username=None,
            password=None, props=None):
    """will: a dict with topic, payload and optionally qos, retain, props."""
    flags, tail = (2 if clean else 0), text(client_id)
    if will:
        flags |= 4 | will.get("qos", 0) << 3 | (32 if will.get("retain") else 0)
        if version == V5:
            tail += properties(will.get("props"))
        tail += text(will["topic"]) + text(will.get("payload", b""))
    if username is not None:
        flags, tail = flags | 128, tail + text(username)
    if password is not None:
        flags, tail = flags | 64, tail + text(password)
    head = text("MQIsdp" if version == V31 else "MQTT")
    head += struct.pack("!BBH", version, flags, keep_alive)
    if version == V5:
        head += properties(props)
    return packet(0x10, head + tail)


def publish(topic, payload=b"", version=V311, qos=0, packet_id=None, retain=False, dup=False,
            props=None):
    first = 0x30 | (8 if dup else 0) | qos << 1 | (1 if retain else 0)
    body = text(topic)
    if packet_id is not None:
        body += struct.pack("!H", packet_id)
    if version == V5:
        body += properties(props)
    return packet(first, body + (payload if isinstance(payload, bytes) else payload.encode()))


def ack(kind, packet_id, version=V311, reason=None, props=None):
    body = struct.pack("!H", packet_id)
    if version == V5 and (reason is not None or props):
        body += bytes([reason or 0]) + (properties(props) if props else b"")
    return packet(KINDS.index(kind) << 4 | (2 if kind == "PUBREL" else 0), body)


def subscribe(packet_id, filters, version=V311, props=None):
    """filters: pairs of filter and options (the QoS, for 3.x)."""
    body = struct.pack("!H", packet_id) + (properties(props) if version == V5 else b"")
    return packet(0x82, body + b"".join(text(name) + bytes([options]) for name, options in filters))


def unsubscribe(packet_id, filters, version=V311, props=None):
    body = struct.pack("!H", packet_id) + (properties(props) if version == V5 else b"")
    return packet(0xA2, body + b"".join(text(name) for name in filters))


def disconnect(version=V311, reason=None, props=None):
    if version == V5 and (reason is not None or props):
        return packet(0xE0, bytes([reason or 0]) + (properties(props) if props else b""))
    return packet(0xE0, b"")


PINGREQ = b"\xC0\x00"


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise BadPacket(f"packet cut short: {self.data[:80].hex()}")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, count):
        return int.from_bytes(self.take(count), "big")

    def varint(self):
        value = 0
        for shift in (0, 7, 14, 21):
            byte = self.number(1)
            value |= (byte & 127) << shift
            if byte < 128:
                if byte == 0 and shift:
                    raise BadPacket("variable byte integer longer than needed")
                return value
        raise BadPacket("variable byte integer of more than four bytes")

    def binary(self):
        return self.take(self.number(2))

    def string(self):
        return self.binary().decode()

    def rest(self):
        return self.take(len(self.data) - self.at)

    def left(self):
        return len(self.data) - self.at

    def properties(self, kind):
        block, out = Reader(self.take(self.varint())), {}
        while block.left():
            number = block.number(1)
            if number not in BY_ID:
                raise BadPacket(f"unknown property {number:#x} in {kind}")
            name, wire = BY_ID[number]
            if name not in FROM_SERVER.get(kind, ()):
                raise BadPacket(f"{name} may not stand in a server's {kind}")
            value = {"byte": lambda: block.number(1), "two": lambda: block.number(2),
                     "four": lambda: block.number(4), "varint": block.varint,
                     "text": block.string, "binary": block.binary,
                     "pair": lambda: (block.string(), block.string())}[wire]()
            if name in REPEATABLE:
                out.setdefault(name, []).append(value)
            elif name in out:
                raise BadPacket(f"{name} twice in {kind}")
            else:
                out[name] = value
        return out


def decode(first, body, version):
    """A server's packet as a namespace: kind, raw, and its fields."""
    kind, flags, reader = KINDS[first >> 4], first & 15, Reader(body)
    found = SimpleNamespace(kind=kind, raw=bytes([first]) + varint(len(body)) + body, props={},
                            reason=0)
    allowed = {"CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBACK", "UNSUBACK",
               "PINGRESP"} | ({"DISCONNECT", "AUTH"} if version == V5 else set())
    if kind not in allowed:
        raise BadPacket(f"a server does not send {kind} in version {version}")
    if kind != "PUBLISH" and flags != (2 if kind == "PUBREL" else 0):
        raise BadPacket(f"{kind} with flags {flags:#x}")
    if kind == "PUBLISH":
        decode_publish(found, flags, reader, version)
    elif kind == "CONNACK":
        found.session_present, found.reason = reader.number(1), reader.number(1)
        if found.session_present > (0 if found.reason else 1):
            raise BadPacket(f"CONNACK flags {found.session_present:#x} reason {found.reason:#x}")
        if version == V5:
            found.props = reader.properties(kind)
    elif kind in ("SUBACK", "UNSUBACK"):
        found.packet_id = reader.number(2)
        if version == V5:
            found.props = reader.properties(kind)
        found.reasons = list(reader.rest()) if version == V5 or kind == "SUBACK" else []
        if version != V5 and set(found.reasons) - {0, 1, 2, 0x80}:
            raise BadPacket(f"SUBACK return codes {found.reasons}")
    elif kind != "PINGRESP":
        if kind not in ("DISCONNECT", "AUTH"):
            found.packet_id = reader.number(2)
        if version == V5 and reader.left():
            found.reason = reader.number(1)
        if version == V5 and reader.left():
            found.props = reader.properties(kind)
    if reader.left():
        raise BadPacket(f"{reader.left()} bytes too many in {kind}: {found.raw[:80].hex()}")
    check_reasons(found, version)
    return found


def decode_publish(found, flags, reader, version):
    found.dup, found.qos, found.retain = bool(flags & 8), flags >> 1 & 3, bool(flags & 1)
    if found.qos == 3 or (found.dup and not found.qos):
        raise BadPacket(f"PUBLISH with flags {flags:#x}")
    found.topic = reader.string()
    if set(found.topic) & set("#+\0"):
        raise BadPacket(f"PUBLISH to {found.topic!r}")
    found.packet_id = reader.number(2) if found.qos else None
    if found.packet_id == 0:
        raise BadPacket("packet identifier 0")
    if version == V5:
        found.props = reader.properties("PUBLISH")
    found.payload = reader.rest()


def check_reasons(found, version):
    if version == V5 and found.kind in REASONS:
        wrong = set(getattr(found, "reasons", [found.reason])) - REASONS[found.kind]
        # A server may refuse an unknown protocol level before it knows how to speak 5.0.
        if wrong and not (found.kind == "CONNACK" and wrong == {1}):
            raise BadPacket(f"{found.kind} with reason {sorted(map(hex, wrong))}")
