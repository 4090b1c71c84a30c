# SPDX-License-Identifier: Apache-2.0
"""Forbidden bytes by rule: every packet cut at every byte, every flag, every property in every
packet that has it not, and so on. bad_v3 and bad_v5 hold what needs a sentence of its own.

Rows as there: name, bytes, answers.
"""
from support import wire
from support.bad_v3 import CLOSE, LATIN, NUL
from support.bad_v5 import MALFORMED, PROTOCOL, block, connack, disconnect
from support.wire import PROPERTIES, V5, one_property, packet, text

EITHER = disconnect(0x81, 0x82)
VALUES = {"byte": 1, "two": 1, "four": 1, "varint": 1, "text": "t", "binary": b"b",
          "pair": ("k", "v")}
TEXTS = {"text": lambda bad: bad, "pair": lambda bad: ("k", bad)}
# Which properties a client's packet may hold.
CLIENTS = {
    "CONNECT": {"session_expiry", "receive_maximum", "maximum_packet_size", "topic_alias_maximum",
                "request_response_info", "request_problem_info", "user_property",
                "authentication_method", "authentication_data"},
    "will": {"will_delay", "payload_format", "message_expiry", "content_type", "response_topic",
             "correlation_data", "user_property"},
    "PUBLISH": {"payload_format", "message_expiry", "topic_alias", "response_topic",
                "correlation_data", "user_property", "content_type", "subscription_id"},
    "PUBACK": {"reason_string", "user_property"}, "PUBREC": {"reason_string", "user_property"},
    "PUBREL": {"reason_string", "user_property"}, "PUBCOMP": {"reason_string", "user_property"},
    "SUBSCRIBE": {"subscription_id", "user_property"}, "UNSUBSCRIBE": {"user_property"},
    # A server's, but of this packet.
    "DISCONNECT": {"session_expiry", "reason_string", "user_property", "server_reference"},
    "AUTH": {"authentication_method", "authentication_data", "reason_string", "user_property"},
}
# Reason codes that a client may send.
CODES = {
    "PUBACK": {0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99},
    "PUBREC": {0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99},
    "PUBREL": {0, 0x92}, "PUBCOMP": {0, 0x92},
    "DISCONNECT": {0, 4, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99},
}
CODES_TRIED = (0x01, 0x02, 0x04, 0x10, 0x11, 0x18, 0x19, 0x7F, 0x80, 0x83, 0x87, 0x8B, 0x8E, 0x92,
               0x93, 0x9E, 0xA2, 0xFF)
FLAGS = {"PUBACK": 0, "PUBREC": 0, "PUBREL": 2, "PUBCOMP": 0, "SUBSCRIBE": 2, "UNSUBSCRIBE": 2,
         "PINGREQ": 0, "DISCONNECT": 0}


def first_byte(kind, flags=None):
    return wire.KINDS.index(kind) << 4 | (FLAGS.get(kind, 0) if flags is None else flags)


def holding(kind, properties):
    """A packet of MQTT 5 that is good but for its property block."""
    if kind in ("CONNECT", "will"):
        head = text("MQTT") + bytes([5, 6 if kind == "will" else 2]) + b"\0\x3C"
        if kind == "will":
            return packet(0x10, head + b"\0" + text("grid") + properties + text("w") + text("m"))
        return packet(0x10, head + properties + text("grid"))
    bodies = {"PUBLISH": (text("a"), b"x"), "SUBSCRIBE": (b"\0\1", text("a") + b"\0"),
              "UNSUBSCRIBE": (b"\0\1", text("a")), "DISCONNECT": (b"\0", b""),
              "AUTH": (b"\0", b"")}
    before, behind = bodies.get(kind, (b"\0\1\0", b""))
    return packet(first_byte(kind), before + properties + behind)


def answer(kind, code):
    return connack(code) if kind in ("CONNECT", "will") else disconnect(code)


def bodies(version):
    """Good bodies by packet, and at which lengths a body cut off is still good."""
    none = b"\0" if version == V5 else b""
    two = b"\0\1" + none + text("ab") + b"\0" + text("cd") + b"\1"
    filters = b"\0\1" + none + text("ab") + text("cd")
    first = 2 + len(none)
    return {
        "PUBLISH": (0x30, text("topic") + none, set()),
        "PUBLISH of QoS 1": (0x32, text("topic") + b"\0\1" + none, set()),
        "PUBLISH of QoS 2": (0x34, text("topic") + b"\0\1" + none, set()),
        "SUBSCRIBE": (0x82, two, {first + 5}),
        "UNSUBSCRIBE": (0xA2, filters, {first + 4}),
        **{kind: (first_byte(kind), b"\0\1", set())
           for kind in ("PUBACK", "PUBREC", "PUBREL", "PUBCOMP")}}


def cut_rows(version):
    for name, (first, body, good) in bodies(version).items():
        for size in sorted(set(range(len(body))) - good):
            bare = size == 2 + (version == V5) and first in (0x82, 0xA2)
            want = CLOSE if version != V5 else PROTOCOL if bare else MALFORMED
            yield f"{name} cut after {size} bytes", packet(first, body[:size]), want


def flag_rows(version):
    malformed = MALFORMED if version == V5 else CLOSE
    good = {kind: (b"" if kind in ("PINGREQ", "DISCONNECT") else body[1])
            for kind in FLAGS for body in [bodies(version).get(kind, (0, b"", 0))]}
    for kind, body in good.items():
        for flags in range(16):
            if flags != FLAGS[kind]:
                yield f"{kind} with flags {flags:#x}", packet(first_byte(kind, flags), body), \
                    malformed
    for kind in ("CONNACK", "SUBACK", "UNSUBACK", "PINGRESP"):
        for flags in (1, 2, 4, 8):
            yield f"{kind} from a client, flags {flags:#x}", \
                packet(first_byte(kind, flags), b""), CLOSE if version != V5 else EITHER
    for first in (0, 1, 2, 4, 8, 15):
        yield f"packet type 0, flags {first:#x}", bytes([first, 0]), \
            CLOSE if version != V5 else EITHER
    for first in (0x36, 0x37, 0x3E, 0x3F):
        yield f"PUBLISH, first byte {first:#x}", \
            packet(first, text("a") + b"\0\1" + (b"\0" if version == V5 else b"")), malformed


def trailing_rows(version):
    malformed = MALFORMED if version == V5 else CLOSE
    for kind in ("PUBACK", "PUBREC", "PUBREL", "PUBCOMP"):
        body = b"\0\1\0\0" if version == V5 else b"\0\1"
        yield f"{kind} and a byte", packet(first_byte(kind), body + b"x"), malformed
    yield "PINGREQ and a byte", packet(0xC0, b"x"), malformed
    yield "DISCONNECT and a byte", packet(0xE0, (b"\0\0" if version == V5 else b"") + b"x"), \
        malformed
    tail = b"\0" if version == V5 else b""
    yield "SUBSCRIBE and a byte", packet(0x82, b"\0\1" + tail + text("a") + b"\0x"), malformed
    yield "UNSUBSCRIBE and a byte", packet(0xA2, b"\0\1" + tail + text("a") + b"x"), malformed


def length_rows(version):
    """Remaining lengths that no version has, and for 5.0 those that are longer than needed."""
    malformed = MALFORMED if version == V5 else CLOSE
    for first in (0x30, 0x32, 0x40, 0x62, 0x82, 0xA2, 0xC0, 0xE0):
        yield f"first byte {first:#x}, length of five bytes", \
            bytes([first]) + b"\x80\x80\x80\x80\0", malformed
        if version == V5:
            yield f"first byte {first:#x}, length of two bytes for 0", \
                bytes([first]) + b"\x80\0", malformed


def connect_cut_rows(version):
    """CONNECT, cut at every byte of its body: once its version is known 5.0 is told why."""
    if version == V5:
        body = text("MQTT") + b"\5\xC6\0\x3C\0" + text("grid") + b"\0" + text("w") + text("m") + \
            text("u") + text("p")
    else:
        body = text("MQTT") + b"\4\xC6\0\x3C" + text("grid") + text("w") + text("m") + text("u") + \
            text("p")
    for size in range(len(body)):
        told = version == V5 and size >= 7
        yield f"CONNECT cut after {size} bytes", packet(0x10, body[:size]), \
            connack(0x81) if told else CLOSE


def connect_flag_rows(version):
    """All 256 values of the connect flags that the standard forbids, with a body that fits them."""
    for flags in range(256):
        will, qos = flags & 4, flags >> 3 & 3
        bad = flags & 1 or (not will and (qos or flags & 32)) or qos == 3 or (
            version != V5 and flags & 0x40 and not flags & 0x80)
        if not bad:
            continue
        none = b"\0" if version == V5 else b""
        body = text("MQTT") + bytes([version, flags]) + b"\0\x3C" + none + text("grid")
        body += none + text("w") + text("m") if will else b""
        body += (text("u") if flags & 0x80 else b"") + (text("p") if flags & 0x40 else b"")
        yield f"connect flags {flags:#x}", packet(0x10, body), \
            connack(0x81) if version == V5 else CLOSE


def property_rows(kinds):
    """Every property where it may not stand, twice, cut short, or with text that is none."""
    for kind in kinds:
        for name, (number, wire_type) in PROPERTIES.items():
            one = one_property(name, VALUES[wire_type])
            if name not in CLIENTS[kind]:
                yield f"{name} in {kind}", holding(kind, block(one)), answer(kind, 0x81)
                continue
            yield f"{name} in {kind}, cut short", holding(kind, block(one[:-1])), \
                answer(kind, 0x81)
            yield f"{name} in {kind}, its number alone", holding(kind, block(bytes([number]))), \
                answer(kind, 0x81)
            if name not in ("user_property", "subscription_id") and kind != "AUTH":
                yield f"{name} twice in {kind}", holding(kind, block(one, one)), \
                    answer(kind, 0x82)
            for what, bad in (("U+0000", NUL), ("Latin-1", LATIN)):
                if wire_type in TEXTS:
                    value = one_property(name, TEXTS[wire_type](bad))
                    yield f"{name} in {kind} with {what}", holding(kind, block(value)), \
                        answer(kind, 0x81)
        for number in (0x00, 0x04, 0x2B, 0x7F, 0xFF):
            yield f"property {number:#x} in {kind}", holding(kind, block(bytes([number, 0]))), \
                answer(kind, 0x81)
        for what, length in (("over the end", b"\x7F"), ("of two bytes for 0", b"\x80\0"),
                             ("of five bytes", b"\x80\x80\x80\x80\x01")):
            yield f"property length {what} in {kind}", holding(kind, length), answer(kind, 0x81)


def value_rows():
    """Values that a property may not have."""
    bad = {"CONNECT": [("receive_maximum", 0), ("maximum_packet_size", 0),
                       ("request_response_info", 2), ("request_problem_info", 255)],
           "will": [("payload_format", 2), ("response_topic", "a/#"), ("response_topic", "+")],
           "PUBLISH": [("payload_format", 2), ("payload_format", 255), ("subscription_id", 0),
                       ("subscription_id", 1), ("response_topic", "+/a")],
           "SUBSCRIBE": [("subscription_id", 0)]}
    for kind, rows in bad.items():
        for name, value in rows:
            yield f"{name} of {value} in {kind}", holding(kind, block(one_property(name, value))), \
                answer(kind, 0x82)
    yield "topic alias of 0", holding("PUBLISH", block(one_property("topic_alias", 0))), \
        disconnect(0x94)
    long_id = b"\x0B\x80\x80\x80\x80\x01"
    yield "subscription identifier of five bytes", holding("SUBSCRIBE", block(long_id)), MALFORMED


def code_rows():
    for kind, allowed in CODES.items():
        for code in CODES_TRIED:
            if code not in allowed:
                body = b"\0\1" if kind != "DISCONNECT" else b""
                yield f"{kind} with reason {code:#x}", \
                    packet(first_byte(kind), body + bytes([code])), PROTOCOL


def first_rows(version):
    yield from connect_cut_rows(version)
    yield from connect_flag_rows(version)
    if version == V5:
        yield from property_rows(("CONNECT", "will"))
        yield from (row for row in value_rows() if "CONNACK" in min(row[2]))


def later_rows(version):
    for rows in (cut_rows, flag_rows, trailing_rows, length_rows):
        yield from rows(version)
    if version == V5:
        yield from property_rows(k for k in CLIENTS if k not in ("CONNECT", "will", "AUTH"))
        yield from (row for row in value_rows() if "CONNACK" not in min(row[2]))
        yield from code_rows()
