# SPDX-License-Identifier: Apache-2.0
"""Byte sequences that MQTT 5.0 forbids, and the answers that the standard allows for each.

Rows as in bad_v3. Where the standard names one reason code there is one; where a fault can be
read as malformed (0x81) or as a protocol error (0x82) both stand.
"""
from support.bad_v3 import CUT, LATIN, NOT_UTF_8, NUL
from support.wire import (V5, ack, connect, one_property, packet, properties, publish, subscribe,
                          text, varint)

CLOSE = {"close"}


def connack(*codes):
    return {f"CONNACK {code:#x}" for code in codes}


def disconnect(*codes):
    return {f"DISCONNECT {code:#x}" for code in codes}


MALFORMED, PROTOCOL, EITHER = disconnect(0x81), disconnect(0x82), disconnect(0x81, 0x82)
CONNECT_ONCE = {"session_expiry": 1, "receive_maximum": 5, "maximum_packet_size": 1000,
                "topic_alias_maximum": 5, "request_response_info": 1, "request_problem_info": 1,
                "authentication_method": "m", "authentication_data": b"d"}
WILL_ONCE = {"will_delay": 1, "payload_format": 1, "message_expiry": 1, "content_type": "t",
             "response_topic": "r", "correlation_data": b"c"}
PUBLISH_ONCE = {"payload_format": 1, "message_expiry": 1, "content_type": "t",
                "response_topic": "r", "correlation_data": b"c", "topic_alias": 1}


def block(*raw):
    """A property block from raw properties, so that it may be wrong."""
    joined = b"".join(raw)
    return varint(len(joined)) + joined


def raw_connect(flags=2, props=b"\0", payload=text("bad5"), level=5):
    return packet(0x10, text("MQTT") + bytes([level, flags]) + b"\0\x3C" + props + payload)


def raw_will(props):
    return raw_connect(6, b"\0", text("bad5") + props + text("w") + text("m"))


def first_rows():
    yield "reserved bit of the connect flags", raw_connect(3), connack(0x81)
    will = text("bad5") + b"\0" + text("w") + text("m")
    yield "will QoS 3", raw_connect(0x1E, payload=will), connack(0x81)
    yield "will QoS without a will", raw_connect(0x0A), connack(0x81)
    yield "will retain without a will", raw_connect(0x22), connack(0x81)
    yield "user name missing", raw_connect(0x82), connack(0x81)
    yield "password missing", raw_connect(0x42), connack(0x81)
    yield "will topic missing", raw_connect(6, payload=text("bad5") + b"\0"), connack(0x81)
    yield "will properties missing", raw_connect(6), connack(0x81)
    for topic in ("w/#", "+"):
        yield f"will topic {topic}", raw_connect(
            6, payload=text("bad5") + b"\0" + text(topic) + text("m")), connack(0x81, 0x82, 0x90)
    yield "CONNECT cut after keep alive", packet(0x10, text("MQTT") + b"\5\2\0\0"), connack(0x81)
    yield "properties longer than the packet", raw_connect(props=b"\x7F"), connack(0x81)
    yield "property length of two bytes for 0", raw_connect(props=b"\x80\0"), connack(0x81)
    yield "bytes after the payload", raw_connect(payload=text("bad5") + b"x"), connack(0x81)
    yield "client id longer than the packet", raw_connect(payload=b"\0\x09bad"), connack(0x81)
    for name, value in NOT_UTF_8.items():
        yield f"client id with {name}", raw_connect(payload=text(value)), connack(0x81)
    yield "user name not UTF-8", raw_connect(0x82, payload=text("b") + text(CUT)), connack(0x81)
    for number in (0x00, 0x04, 0x7F):
        yield f"unknown property {number:#x}", raw_connect(props=block(bytes([number, 0]))), \
            connack(0x81)
    for name, value in {"topic_alias": 1, "will_delay": 1, "message_expiry": 1, "maximum_qos": 1,
                        "reason_string": "r", "assigned_client_id": "x"}.items():
        yield f"{name} in CONNECT", raw_connect(props=block(one_property(name, value))), \
            connack(0x81, 0x82)
    for name, value in CONNECT_ONCE.items():
        twice = one_property(name, value) * 2
        if name == "authentication_data":
            twice += one_property("authentication_method", "m")
        yield f"{name} twice in CONNECT", raw_connect(props=block(twice)), connack(0x82)
    for name, value in {"receive_maximum": 0, "maximum_packet_size": 0, "request_problem_info": 2,
                        "request_response_info": 2}.items():
        yield f"{name} of {value}", raw_connect(props=block(one_property(name, value))), \
            connack(0x82)
    yield "authentication data without a method", \
        raw_connect(props=block(one_property("authentication_data", b"d"))), connack(0x82)
    yield "an authentication method that nobody has", \
        raw_connect(props=block(one_property("authentication_method", "nobody-has-it"))), \
        connack(0x8C)
    yield "property cut short", raw_connect(props=b"\x02\x11\0"), connack(0x81)
    yield "user property of one string", raw_connect(props=block(b"\x26" + text("k"))), \
        connack(0x81)
    yield "user property with U+0000", \
        raw_connect(props=block(one_property("user_property", ("k", NUL)))), connack(0x81)
    for name, value in WILL_ONCE.items():
        yield f"{name} twice in a will", raw_will(block(one_property(name, value) * 2)), \
            connack(0x82)
    yield "topic alias in a will", raw_will(block(one_property("topic_alias", 1))), \
        connack(0x81, 0x82)
    yield "payload format 2 in a will", raw_will(block(one_property("payload_format", 2))), \
        connack(0x81, 0x82)
    yield "response topic with # in a will", raw_will(block(one_property("response_topic", "#"))), \
        connack(0x81, 0x82, 0x90)
    yield "PUBLISH before CONNECT", publish("a", b"x", V5), CLOSE
    yield "AUTH before CONNECT", b"\xF0\0", CLOSE


def publish_rows():
    yield "PUBLISH of QoS 3", packet(0x36, text("a") + b"\0\1\0x"), MALFORMED
    yield "PUBLISH of QoS 0 with DUP", packet(0x38, text("a") + b"\0x"), EITHER
    yield "PUBLISH without a body", b"\x30\0", MALFORMED
    yield "PUBLISH without properties", packet(0x30, text("a")), MALFORMED
    yield "empty topic without an alias", publish("", b"x", V5), PROTOCOL
    yield "an alias that was never set", publish("", b"x", V5, props={"topic_alias": 3}), PROTOCOL
    yield "topic alias 0", publish("a", b"x", V5, props={"topic_alias": 0}), disconnect(0x94)
    yield "topic alias 65535", publish("a", b"x", V5, props={"topic_alias": 65535}), \
        disconnect(0x94)
    for topic in ("#", "a/+", "a#"):
        yield f"topic name {topic}", publish(topic, b"x", V5), disconnect(0x81, 0x82, 0x90)
    for name, value in NOT_UTF_8.items():
        yield f"topic name with {name}", publish(value, b"x", V5), MALFORMED
    for qos in (1, 2):
        yield f"QoS {qos} with packet identifier 0", publish("a", b"x", V5, qos, 0), EITHER
        yield f"QoS {qos} without a packet identifier", packet(0x30 | qos << 1, text("a")), \
            MALFORMED
    for name, value in PUBLISH_ONCE.items():
        twice = block(one_property(name, value) * 2)
        yield f"{name} twice in PUBLISH", packet(0x30, text("a") + twice), PROTOCOL
    yield "subscription identifier from a client", \
        publish("a", b"x", V5, props={"subscription_id": 1}), PROTOCOL
    yield "response topic with a wildcard", \
        publish("a", b"x", V5, props={"response_topic": "r/#"}), disconnect(0x81, 0x82, 0x90)
    yield "payload format 2", publish("a", b"x", V5, props={"payload_format": 2}), \
        disconnect(0x81, 0x82, 0x99)
    yield "unknown property in PUBLISH", packet(0x30, text("a") + block(b"\x7F\0")), MALFORMED
    for name, value in {"session_expiry": 1, "reason_string": "r", "will_delay": 1}.items():
        yield f"{name} in PUBLISH", publish("a", b"x", V5, props={name: value}), EITHER
    yield "properties longer than the packet", packet(0x30, text("a") + b"\x40"), MALFORMED
    yield "property length of two bytes for 0", packet(0x30, text("a") + b"\x80\0"), MALFORMED
    yield "content type not UTF-8", publish("a", b"x", V5, props={"content_type": LATIN}), \
        MALFORMED
    yield "user property with U+0000", \
        publish("a", b"x", V5, props={"user_property": (NUL, "v")}), MALFORMED


def ack_rows():
    for kind in ("PUBACK", "PUBREC", "PUBREL", "PUBCOMP"):
        good = ack(kind, 1)
        yield f"{kind} of one byte", good[:1] + b"\1\0", MALFORMED
        yield f"{kind} with wrong flags", bytes([good[0] ^ 0x02]) + good[1:], MALFORMED
        yield f"{kind} with an unknown reason", ack(kind, 1, V5, 0x05), EITHER
        yield f"{kind} with an unknown property", packet(good[0], b"\0\1\0" + block(b"\x7F\0")), \
            MALFORMED
        twice = block(one_property("reason_string", "r") * 2)
        yield f"{kind} with two reason strings", packet(good[0], b"\0\1\0" + twice), PROTOCOL


def subscribe_rows():
    good = subscribe(1, [("a", 0)], V5)
    yield "SUBSCRIBE with flags 0", b"\x80" + good[1:], MALFORMED
    yield "SUBSCRIBE with identifier 0", subscribe(0, [("a", 0)], V5), EITHER
    yield "SUBSCRIBE without a filter", subscribe(1, [], V5), PROTOCOL
    yield "SUBSCRIBE without options", packet(0x82, b"\0\1\0" + text("a")), MALFORMED
    yield "SUBSCRIBE with QoS 3", subscribe(1, [("a", 3)], V5), EITHER
    yield "SUBSCRIBE with retain handling 3", subscribe(1, [("a", 0x30)], V5), EITHER
    for bit in (0x40, 0x80):
        yield f"SUBSCRIBE with reserved bit {bit:#x}", subscribe(1, [("a", bit)], V5), MALFORMED
    yield "No Local on a shared subscription", subscribe(1, [("$share/g/a", 4)], V5), PROTOCOL
    yield "subscription identifier 0", \
        subscribe(1, [("a", 0)], V5, {"subscription_id": 0}), PROTOCOL
    yield "subscription identifier twice", \
        subscribe(1, [("a", 0)], V5, {"subscription_id": [1, 2]}), PROTOCOL
    yield "topic alias in SUBSCRIBE", subscribe(1, [("a", 0)], V5, {"topic_alias": 1}), EITHER
    for name in ("", "a#", "#/a", "a/#/b", "a+", "+a"):
        yield f"filter {name!r}", subscribe(1, [(name, 0)], V5), \
            disconnect(0x81, 0x82, 0x8F) | {"SUBACK 0x8f"}
    for name, value in NOT_UTF_8.items():
        yield f"filter with {name}", subscribe(1, [(value, 0)], V5), MALFORMED
    yield "UNSUBSCRIBE with flags 0", packet(0xA0, b"\0\1\0" + text("a")), MALFORMED
    yield "UNSUBSCRIBE with identifier 0", packet(0xA2, b"\0\0\0" + text("a")), EITHER
    yield "UNSUBSCRIBE without a filter", packet(0xA2, b"\0\1\0"), PROTOCOL
    yield "UNSUBSCRIBE filter not UTF-8", packet(0xA2, b"\0\1\0" + text(LATIN)), MALFORMED
    yield "subscription identifier in UNSUBSCRIBE", \
        packet(0xA2, b"\0\1" + properties({"subscription_id": 1}) + text("a")), EITHER


def second_connects():
    """What a first CONNECT is refused for by codes that DISCONNECT has not."""
    yield "of level 9", packet(0x10, text("MQTT") + b"\x09\2\0\x3C")
    yield "of another protocol", packet(0x10, text("HTTP") + b"\5\2\0\x3C")
    yield "with a long client id", connect("x" * 1000, V5)
    yield "with the reserved flag", raw_connect(3)
    yield "without a body", b"\x10\0"
    yield "with an unknown method", raw_connect(
        props=block(one_property("authentication_method", "nobody-has-it")))


def later_rows():
    yield "a second CONNECT", connect("bad-again", V5), PROTOCOL
    for what, data in second_connects():
        yield f"a second CONNECT {what}", data, PROTOCOL
    yield "packet type 0", b"\0\0", EITHER
    for name, data in {"CONNACK": b"\x20\x03\0\0\0", "SUBACK": b"\x90\x04\0\1\0\0",
                       "UNSUBACK": b"\xB0\x04\0\1\0\0", "PINGRESP": b"\xD0\0"}.items():
        yield f"{name} from a client", data, EITHER
    yield from publish_rows()
    yield from ack_rows()
    yield from subscribe_rows()
    yield "PINGREQ with flags", b"\xC1\0", MALFORMED
    yield "PINGREQ with a body", b"\xC0\x01\0", MALFORMED
    yield "DISCONNECT with flags", b"\xE1\0", MALFORMED
    yield "DISCONNECT with an unknown reason", b"\xE0\x01\x05", EITHER
    yield "DISCONNECT that a server only may send", b"\xE0\x01\x8B", EITHER | {"close"}
    yield "DISCONNECT with an unknown property", packet(0xE0, b"\0" + block(b"\x7F\0")), MALFORMED
    yield "session expiry in DISCONNECT after 0 in CONNECT", \
        packet(0xE0, b"\0" + properties({"session_expiry": 10})), PROTOCOL
    yield "two reason strings in DISCONNECT", \
        packet(0xE0, b"\0" + block(one_property("reason_string", "r") * 2)), PROTOCOL
    yield "AUTH without an authentication method", b"\xF0\0", PROTOCOL
    yield "AUTH with flags", b"\xF1\0", MALFORMED
    yield "AUTH of re-authentication, never authenticated", \
        packet(0xF0, b"\x19" + properties({"authentication_method": "m"})), PROTOCOL
    yield "remaining length of five bytes", b"\x30\x80\x80\x80\x80\x01", MALFORMED
