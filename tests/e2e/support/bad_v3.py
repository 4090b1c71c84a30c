# SPDX-License-Identifier: Apache-2.0
"""Byte sequences that MQTT 3.1.1 forbids, and the answer that the standard wants for each.

Rows: name, bytes, answers. Every one ends the connection; "close" is without any answer.
FIRST rows are the first bytes of a connection, LATER rows follow an accepted CONNECT.
"""
from support.wire import V311, ack, connect, packet, publish, subscribe, text, varint

CLOSE = {"close"}
LONE_SURROGATE, NUL, OVERLONG, CUT, LATIN = b"\xED\xA0\x80", b"a\0b", b"\xC0\xAF", b"a\xE2\x82", \
    b"M\xFCnchen"
NOT_UTF_8 = {"a surrogate": LONE_SURROGATE, "U+0000": NUL, "an overlong form": OVERLONG,
             "a character cut short": CUT, "a byte of Latin-1": LATIN,
             "a code point above U+10FFFF": b"\xF4\x90\x80\x80"}


def raw_connect(flags, payload, name="MQTT", level=4, keep_alive=b"\0\x3C", first=0x10):
    return packet(first, text(name) + bytes([level, flags]) + keep_alive + payload)


def connect_rows():
    good = connect("bad", V311)
    yield "reserved bits of the first byte of CONNECT", b"\x11" + good[1:], CLOSE
    yield "reserved bit of the connect flags", raw_connect(0x03, text("bad")), CLOSE
    will = text("bad") + text("w") + text("m")
    yield "will QoS 3", raw_connect(0x1E, will), CLOSE
    yield "will QoS without a will", raw_connect(0x0A, text("bad")), CLOSE
    yield "will retain without a will", raw_connect(0x22, text("bad")), CLOSE
    yield "password without a user name", raw_connect(0x42, text("bad") + text("pw")), CLOSE
    yield "user name missing", raw_connect(0x82, text("bad")), CLOSE
    yield "password missing", raw_connect(0xC2, text("bad") + text("user")), CLOSE
    yield "will topic missing", raw_connect(0x06, text("bad")), CLOSE
    yield "will message missing", raw_connect(0x06, text("bad") + text("w")), CLOSE
    yield "will topic with #", raw_connect(0x06, text("bad") + text("w/#") + text("m")), CLOSE
    yield "will topic with +", raw_connect(0x06, text("bad") + text("+/w") + text("m")), CLOSE
    yield "will topic empty", raw_connect(0x06, text("bad") + text("") + text("m")), CLOSE
    yield "protocol name MQTX", raw_connect(2, text("bad"), "MQTX"), CLOSE
    yield "protocol name empty", raw_connect(2, text("bad"), ""), CLOSE
    yield "protocol name in small letters", raw_connect(2, text("bad"), "mqtt"), CLOSE
    yield "protocol name longer than the packet", packet(0x10, b"\xFF\xFFMQTT\x04\x02\0\0"), CLOSE
    for level in (0, 1, 2, 6, 7, 100):
        yield f"protocol level {level}", raw_connect(2, text("bad"), level=level), \
            {"CONNACK 0x1", "CONNACK 0x84"}
    yield "CONNECT without a body", b"\x10\0", CLOSE
    yield "CONNECT cut in the protocol name", packet(0x10, b"\0\4MQ"), CLOSE
    yield "CONNECT cut after the level", packet(0x10, text("MQTT") + b"\x04"), CLOSE
    yield "CONNECT cut in keep alive", packet(0x10, text("MQTT") + b"\x04\x02\0"), CLOSE
    yield "CONNECT without a client id", packet(0x10, text("MQTT") + b"\x04\x02\0\x3C"), CLOSE
    yield "client id longer than the packet", raw_connect(2, b"\0\x09bad"), CLOSE
    yield "bytes after the payload of CONNECT", raw_connect(2, text("bad") + b"x"), CLOSE
    for name, value in NOT_UTF_8.items():
        yield f"client id with {name}", raw_connect(2, text(value)), CLOSE
    yield "user name not UTF-8", raw_connect(0x82, text("bad") + text(LATIN)), CLOSE
    yield "will topic not UTF-8", raw_connect(6, text("bad") + text(CUT) + text("m")), CLOSE
    yield "will topic with U+0000", raw_connect(6, text("bad") + text(NUL) + text("m")), CLOSE
    yield "no client id and not a clean session", raw_connect(0, text("")), {"CONNACK 0x2"}
    yield "remaining length of five bytes", b"\x10\x80\x80\x80\x80\x01", CLOSE
    yield "remaining length that never ends", b"\x10\xFF\xFF\xFF\xFF\xFF\xFF", CLOSE
    yield "CONNECT that announces the largest packet", b"\x10" + varint(268_435_455) + good[2:], \
        CLOSE


def first_rows():
    """What may not stand first on a connection."""
    yield from connect_rows()
    yield "PUBLISH before CONNECT", publish("a", b"x"), CLOSE
    yield "PUBLISH of QoS 1 before CONNECT", publish("a", b"x", V311, 1, 1), CLOSE
    yield "SUBSCRIBE before CONNECT", subscribe(1, [("a", 0)]), CLOSE
    yield "UNSUBSCRIBE before CONNECT", packet(0xA2, b"\0\1" + text("a")), CLOSE
    for kind in ("PUBACK", "PUBREC", "PUBREL", "PUBCOMP"):
        yield f"{kind} before CONNECT", ack(kind, 1), CLOSE
    yield "PINGREQ before CONNECT", b"\xC0\0", CLOSE
    yield "DISCONNECT before CONNECT", b"\xE0\0", CLOSE
    yield "CONNACK first", b"\x20\x02\0\0", CLOSE
    yield "AUTH before CONNECT", b"\xF0\0", CLOSE
    yield "packet type 0 first", b"\0\0", CLOSE
    yield "an HTTP request", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", CLOSE
    yield "a TLS ClientHello", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03\x03", CLOSE


def publish_rows():
    yield "PUBLISH of QoS 3", packet(0x36, text("a") + b"\0\1x"), CLOSE
    yield "PUBLISH of QoS 0 with DUP", packet(0x38, text("a") + b"x"), CLOSE
    yield "PUBLISH without a body", b"\x30\0", CLOSE
    yield "PUBLISH with half a topic length", b"\x30\x01\0", CLOSE
    yield "PUBLISH with an empty topic", publish("", b"x"), CLOSE
    yield "topic longer than the packet", packet(0x30, b"\0\x09abc"), CLOSE
    for topic in ("#", "+", "a/+", "a/#", "a+b", "a#"):
        yield f"topic name {topic}", publish(topic, b"x"), CLOSE
    for name, value in NOT_UTF_8.items():
        yield f"topic name with {name}", publish(value, b"x"), CLOSE
    for qos in (1, 2):
        yield f"QoS {qos} with packet identifier 0", publish("a", b"x", V311, qos, 0), CLOSE
        yield f"QoS {qos} without a packet identifier", packet(0x30 | qos << 1, text("a")), CLOSE
        yield f"QoS {qos} with half a packet identifier", \
            packet(0x30 | qos << 1, text("a") + b"\0"), CLOSE


def ack_rows():
    for kind in ("PUBACK", "PUBREC", "PUBREL", "PUBCOMP"):
        good = ack(kind, 1)
        yield f"{kind} without a body", good[:1] + b"\0", CLOSE
        yield f"{kind} of one byte", good[:1] + b"\1\0", CLOSE
        yield f"{kind} of three bytes", good[:1] + b"\3\0\1\0", CLOSE
        yield f"{kind} with wrong flags", bytes([good[0] ^ 0x02]) + good[1:], CLOSE
        yield f"{kind} for identifier 0", ack(kind, 0), CLOSE


def subscribe_rows():
    good = subscribe(1, [("a", 0)])
    for flags in (0, 1, 3, 0xF):
        yield f"SUBSCRIBE with flags {flags:#x}", bytes([0x80 | flags]) + good[1:], CLOSE
    yield "SUBSCRIBE with identifier 0", subscribe(0, [("a", 0)]), CLOSE
    yield "SUBSCRIBE without a body", b"\x82\0", CLOSE
    yield "SUBSCRIBE without a filter", subscribe(1, []), CLOSE
    yield "SUBSCRIBE without a QoS", packet(0x82, b"\0\1" + text("a")), CLOSE
    yield "SUBSCRIBE whose second filter lacks its QoS", \
        packet(0x82, b"\0\1" + text("a") + b"\0" + text("b")), CLOSE
    for qos in (3, 4, 0x40, 0x80, 0xFF):
        yield f"SUBSCRIBE with QoS byte {qos:#x}", subscribe(1, [("a", qos)]), CLOSE
    for name in ("", "a#", "#/a", "a/#/b", "a+", "+a", "a/+b/c", "##", "++"):
        yield f"filter {name!r}", subscribe(1, [(name, 0)]), CLOSE
    for name, value in NOT_UTF_8.items():
        yield f"filter with {name}", subscribe(1, [(value, 0)]), CLOSE
    yield "filter longer than the packet", packet(0x82, b"\0\1\0\x09ab\0"), CLOSE
    for flags in (0, 1, 0xF):
        yield f"UNSUBSCRIBE with flags {flags:#x}", \
            packet(0xA0 | flags, b"\0\1" + text("a")), CLOSE
    yield "UNSUBSCRIBE with identifier 0", packet(0xA2, b"\0\0" + text("a")), CLOSE
    yield "UNSUBSCRIBE without a filter", packet(0xA2, b"\0\1"), CLOSE
    yield "UNSUBSCRIBE of an empty filter", packet(0xA2, b"\0\1\0\0"), CLOSE
    yield "UNSUBSCRIBE filter longer than the packet", packet(0xA2, b"\0\1\0\x09ab"), CLOSE
    yield "UNSUBSCRIBE filter not UTF-8", packet(0xA2, b"\0\1" + text(LATIN)), CLOSE


def later_rows():
    """What may not come from a connected client."""
    yield "a second CONNECT", connect("bad-again", V311), CLOSE
    yield "a second CONNECT of level 9", raw_connect(2, text("bad"), level=9), CLOSE
    yield "a second CONNECT with a long client id", connect("x" * 1000, V311), CLOSE
    yield "a second CONNECT without a client id", raw_connect(0, text("")), CLOSE
    yield "packet type 0", b"\0\0", CLOSE
    yield "packet type 15", b"\xF0\0", CLOSE
    yield "CONNACK from a client", b"\x20\x02\0\0", CLOSE
    yield "SUBACK from a client", b"\x90\x03\0\1\0", CLOSE
    yield "UNSUBACK from a client", b"\xB0\x02\0\1", CLOSE
    yield "PINGRESP from a client", b"\xD0\0", CLOSE
    yield from publish_rows()
    yield from ack_rows()
    yield from subscribe_rows()
    yield "PINGREQ with flags", b"\xC1\0", CLOSE
    yield "PINGREQ with a body", b"\xC0\x01\0", CLOSE
    yield "DISCONNECT with flags", b"\xE1\0", CLOSE
    yield "DISCONNECT with a body", b"\xE0\x01\0", CLOSE
    yield "remaining length of five bytes", b"\x30\x80\x80\x80\x80\x01", CLOSE
