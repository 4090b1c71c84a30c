# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0: properties forwarded, aliases, identifiers, options, expiry, limits, reason codes."""
from support import case, wire
from support.broker import BrokerCase, not_for_mosquitto
from support.peers import MosquittoSub, Paho, mosquitto_pub
from support.raw import RawClient, connected
from support.wire import V5, V311

NO_LOCAL = 4
ALL_PROPERTIES = {
    "payload_format": 1, "content_type": "text/plain; charset=utf-8",
    "response_topic": "answer/to/this", "correlation_data": bytes(range(256)),
    "user_property": [("b", "2"), ("a", "1"), ("b", "2"), ("", ""), ("clé", "données")]}


class Properties(BrokerCase):
    threads = 4

    def setUp(self):
        super().setUp()
        self.client = self.raw("", V5, props={"topic_alias_maximum": 0})

    def test_publish_properties_are_forwarded_unaltered_and_in_order(self):
        for qos in (0, 1, 2):
            hear = self.raw(f"h{qos}", V5)
            hear.subscribe(self.topic(), qos=2)
            self.client.publish(self.topic(), b"x", qos, props=ALL_PROPERTIES)
            self.assertEqual(hear.receive(qos=qos, payload=b"x").props, ALL_PROPERTIES)

    def test_mqtt_3_subscribers_get_the_message_without_them(self):
        hear = self.raw("h", V311)
        hear.subscribe(self.topic(), qos=1)
        self.client.publish(self.topic(), b"x", 1, props=ALL_PROPERTIES)
        hear.receive(payload=b"x")

    def test_properties_survive_a_queue(self):
        options = {"clean": False, "props": {"session_expiry": 300}}
        hear = connected(self.port, self.client_id("h"), V5, **options)
        hear.subscribe(self.topic(), qos=1)
        hear.disconnect()
        self.client.publish(self.topic(), b"x", 1, props=ALL_PROPERTIES)
        hear = connected(self.port, self.client_id("h"), V5, **options)
        self.assertEqual(hear.receive(payload=b"x").props, ALL_PROPERTIES)
        hear.disconnect()

    def test_request_and_response(self):
        responder = self.raw("r", V5)
        responder.subscribe(self.topic("ask"), qos=1)
        self.client.subscribe(self.topic("answer"), qos=1)
        self.client.publish(self.topic("ask"), b"?", 1, props={
            "response_topic": self.topic("answer"), "correlation_data": b"42"})
        asked = responder.receive(payload=b"?").props
        responder.publish(asked["response_topic"], b"!", 1,
                          props={"correlation_data": asked["correlation_data"]})
        self.assertEqual(self.client.receive(payload=b"!").props, {"correlation_data": b"42"})

    def test_user_properties_between_paho_and_mosquitto(self):
        hear = Paho(self.port, self.client_id("p"), V5)
        hear.subscribe(self.topic(), qos=1)
        code, said = mosquitto_pub(self.port, V5, self.topic(), b"x", 1, more=[
            "-D", "publish", "user-property", "unit", "°C", "-D", "publish", "content-type", "t"])
        self.assertEqual(code, 0, said)
        hear.take()
        properties = hear.raw_messages[0].properties
        self.assertEqual(properties.UserProperty, [("unit", "°C")])
        self.assertEqual(properties.ContentType, "t")
        hear.close()

    def test_subscription_identifiers_come_with_each_message(self):
        self.client.subscribe(self.topic("a"), props={"subscription_id": 1})
        self.client.subscribe(self.topic("+"), props={"subscription_id": 268_435_455})
        self.client.subscribe(self.topic("#"))
        self.client.publish(self.topic("a"), b"x")
        self.client.publish(self.topic("b"), b"y")
        self.client.publish(self.topic("c/d"), b"z")
        got = {}
        while b"z" not in got:
            message = self.client.receive()
            got.setdefault(message.payload, []).extend(message.props.get("subscription_id", []))
        self.assertEqual(sorted(got[b"x"]), [1, 268_435_455])
        self.assertEqual((got[b"y"], got[b"z"]), ([268_435_455], []))

    def test_no_local_keeps_a_client_from_its_own_messages(self):
        other = self.raw("o", V5)
        for client in (self.client, other):
            client.subscribe(self.topic(), options=NO_LOCAL)
        self.client.publish(self.topic(), b"mine", 0)
        other.receive(payload=b"mine")
        self.client.expect_quiet()

    def test_puback_may_say_that_nobody_subscribed(self):
        for qos in (1, 2):
            self.assertIn(self.client.publish(self.topic("nobody"), b"x", qos).reason, (0, 0x10))


class Aliases(BrokerCase):
    def test_aliases_of_a_client_stand_for_topics(self):
        client = self.raw("", V5)
        self.assertGreaterEqual(client.connack.props.get("topic_alias_maximum", 0), 2)
        client.subscribe(self.topic("#"))
        for alias, topic in ((1, "a"), (2, "b")):
            client.publish(self.topic(topic), b"set", props={"topic_alias": alias})
            client.receive(topic=self.topic(topic), payload=b"set")
        for alias, topic in ((1, "a"), (2, "b"), (1, "a")):
            client.publish("", b"used", props={"topic_alias": alias})
            got = client.receive(topic=self.topic(topic), payload=b"used")
            self.assertEqual(got.props, {})
        client.publish(self.topic("c"), b"moved", props={"topic_alias": 1})
        client.publish("", b"now c", props={"topic_alias": 1})
        self.assertEqual([m.topic for m in client.receive_all(2)], [self.topic("c")] * 2)

    def test_aliases_end_with_the_connection(self):
        client = self.raw("", V5, clean=False, props={"session_expiry": 300})
        client.publish(self.topic(), b"x", props={"topic_alias": 1})
        client.disconnect()
        client = self.raw("", V5, clean=False, props={"session_expiry": 300})
        client.publish("", b"x", props={"topic_alias": 1})
        client.expect_closed(reason=0x82)

    @not_for_mosquitto("2.0.11 never sends aliases")
    def test_aliases_of_the_server_stay_within_the_client_s_maximum(self):
        hear, known = self.raw("", V5, props={"topic_alias_maximum": 2}), {}
        hear.subscribe(self.topic("#"), qos=1)
        speaker, saved = self.raw("s", V5), 0
        for number in range(300):
            topic = self.topic("rare" if number % 25 == 0 else str(number % 2))
            speaker.publish(topic, b"%d" % number, 1)
            got = hear.receive(payload=b"%d" % number)
            alias = got.props.get("topic_alias")
            if alias is not None:
                self.assertTrue(1 <= alias <= 2)
                saved += got.topic == ""
                known[alias] = got.topic or known[alias]
            self.assertEqual(got.topic or known[alias], topic)
        self.assertGreater(saved, 150, "aliases would have saved most of these topics")

    def test_no_alias_for_a_client_that_did_not_ask(self):
        hear, speaker = self.raw("", V5), self.raw("s", V5)
        hear.subscribe(self.topic())
        for _ in range(20):
            speaker.publish(self.topic(), b"x", 0)
            self.assertNotIn("topic_alias", hear.receive(topic=self.topic()).props)


class Expiry(BrokerCase):
    def test_a_waiting_message_tells_how_long_it_has_left(self):
        options = {"clean": False, "props": {"session_expiry": 300}}
        hear = connected(self.port, self.client_id("h"), V5, **options)
        hear.subscribe(self.topic(), qos=1)
        hear.disconnect()
        speaker = self.raw("s", V5)
        speaker.publish(self.topic(), b"short", 1, props={"message_expiry": 1})
        speaker.publish(self.topic(), b"long", 1, props={"message_expiry": 100})
        speaker.publish(self.topic(), b"for ever", 1)
        with self.assertRaisesRegex(AssertionError, "nothing arrived"):
            speaker.read(within=2.5)
        hear = connected(self.port, self.client_id("h"), V5, **options)
        message = hear.receive(payload=b"long")
        self.assertTrue(95 <= message.props["message_expiry"] <= 99, message.props)
        self.assertEqual(hear.receive(payload=b"for ever").props, {})
        hear.disconnect()

    @not_for_mosquitto("2.0.11 waits for ever behind it")
    def test_an_expired_message_does_not_block_the_rest(self):
        hear = self.raw("h", V5, props={"receive_maximum": 1})
        hear.subscribe(self.topic(), qos=1)
        speaker = self.raw("s", V5)
        speaker.publish(self.topic(), b"first", 1)
        for _ in range(20):
            speaker.publish(self.topic(), b"expires", 1, props={"message_expiry": 1})
        speaker.publish(self.topic(), b"last", 1)
        first = hear.expect("PUBLISH", payload=b"first")
        with self.assertRaisesRegex(AssertionError, "nothing arrived"):
            speaker.read(within=2.5)
        hear.send(wire.ack("PUBACK", first.packet_id))
        hear.receive(payload=b"last")


class Limits(BrokerCase):
    def test_connack_says_what_the_server_has(self):
        props = self.raw("", V5).connack.props
        self.assertNotEqual(props.get("maximum_qos"), 0)
        self.assertNotEqual(props.get("retain_available"), 0)
        self.assertNotEqual(props.get("wildcard_available"), 0)
        self.assertNotEqual(props.get("shared_available"), 0)
        self.assertNotEqual(props.get("subscription_id_available"), 0)
        self.assertGreaterEqual(props.get("receive_maximum", 65535), 20)
        self.assertLessEqual(props.get("maximum_packet_size", 0), 268_435_455)

    def test_an_empty_client_id_gets_one_assigned(self):
        names = set()
        for _ in range(20):
            client = RawClient(self.port, V5)
            self.addCleanup(client.close)
            names.add(client.connect("").props["assigned_client_id"])
        self.assertEqual(len(names), 20)
        self.assertTrue(all(names))

    def test_an_assigned_client_id_resumes_its_session(self):
        client = RawClient(self.port, V5)
        name = client.connect("", clean=False, props={"session_expiry": 300}).props[
            "assigned_client_id"]
        client.subscribe(self.topic(), qos=1)
        client.disconnect()
        client = RawClient(self.port, V5)
        answer = client.connect(name, clean=False, props={"session_expiry": 300})
        self.assertEqual(answer.session_present, 1)
        self.assertNotIn("assigned_client_id", answer.props)
        client.disconnect()

    @not_for_mosquitto("2.0.11 gives quota back twice at QoS 2")
    def test_receive_maximum_of_the_client_is_never_passed(self):
        for limit in (1, 2, 7):
            hear = self.raw(f"h{limit}", V5, props={"receive_maximum": limit})
            hear.subscribe(self.topic(str(limit)), qos=2)
            speaker = self.raw(f"s{limit}", V5)
            for number in range(40):
                speaker.publish(self.topic(str(limit)), b"%d" % number, 1 + number % 2)
            got = 0
            while got < 40:
                batch = [hear.expect("PUBLISH") for _ in range(min(limit, 40 - got))]
                hear.expect_quiet()
                for message in batch:
                    self.assertEqual(int(message.payload), got)
                    got += 1
                    if message.qos == 1:
                        hear.send(wire.ack("PUBACK", message.packet_id))
                    else:
                        hear.send(wire.ack("PUBREC", message.packet_id))
                for message in batch:
                    if message.qos == 2:
                        self.finish(hear, message.packet_id)

    def finish(self, hear, packet_id):
        """PUBREL and PUBCOMP of one message; nothing else can come while the window is full."""
        hear.answer_to("PUBREL", packet_id)
        hear.send(wire.ack("PUBCOMP", packet_id))

    def test_qos_0_goes_on_while_the_window_is_full(self):
        hear = self.raw("h", V5, props={"receive_maximum": 1})
        hear.subscribe(self.topic(), qos=1)
        speaker = self.raw("s", V5)
        for number, qos in enumerate((1, 1, 0)):
            speaker.publish(self.topic(), b"%d" % number, qos)
        speaker.publish(self.topic(), b"3", 1)
        held = hear.expect("PUBLISH", payload=b"0")
        hear.expect("PUBLISH", payload=b"2", qos=0)
        hear.expect_quiet()
        hear.send(wire.ack("PUBACK", held.packet_id))
        self.assertEqual([m.payload for m in hear.receive_all(2)], [b"1", b"3"])

    @not_for_mosquitto("2.0.11 takes more than it announces")
    def test_receive_maximum_of_the_server_is_enforced(self):
        client = self.raw("", V5)
        limit = client.connack.props.get("receive_maximum", 65535)
        for number in range(limit + 1):
            client.send(wire.publish(self.topic(), b"x", V5, 2, number + 1))
        for number in range(limit + 1):
            found = client.read()
            if found.kind == "DISCONNECT":
                self.assertEqual(found.reason, 0x93)
                client.expect_closed()
                return
            self.assertEqual((found.kind, found.packet_id), ("PUBREC", number + 1))
        self.fail(f"{limit + 1} unreleased messages were taken")

    def test_a_message_above_the_client_s_maximum_packet_size_is_left_out(self):
        hear = self.raw("h", V5, props={"maximum_packet_size": 200})
        hear.subscribe(self.topic(), qos=1)
        speaker = self.raw("s", V5)
        for size in (10, 300, 1000, 11):
            speaker.publish(self.topic(), b"x" * size, 1)
        self.assertEqual([len(m.payload) for m in hear.receive_all(2)], [10, 11])
        hear.expect_quiet()

    @not_for_mosquitto("2.0.11 passes one byte more")
    def test_a_message_of_exactly_the_maximum_arrives(self):
        topic = "m"
        hear = self.raw("h", V5, props={"maximum_packet_size": 100})
        hear.subscribe(topic)
        head = len(wire.publish(topic, b"", V5))
        speaker = self.raw("s", V5)
        for size in (101, 100):
            speaker.publish(topic, b"x" * (size - head), 0)
        self.assertEqual(len(hear.receive().payload), 100 - head)
        hear.expect_quiet()

    def test_a_packet_above_the_server_s_maximum_is_refused(self):
        client = self.raw("", V5)
        limit = client.connack.props.get("maximum_packet_size", 268_435_455 + 5)
        if limit >= 268_435_455:
            return      # The protocol itself has no larger packet.
        client.send(b"\x30" + wire.varint(limit + 1) + wire.text("a"))
        client.expect_closed(reason=0x95)

    def test_codes_of_a_suback(self):
        client = self.raw("", V5)
        packet_id = client.next_id()
        client.send(wire.subscribe(packet_id, [("a/b", 2), ("a/+", 1), ("a/#", 0)], V5))
        client.expect("SUBACK", packet_id=packet_id, reasons=[2, 1, 0])

    def test_mosquitto_sub_in_mqtt_5_keeps_a_session_as_long_as_asked(self):
        MosquittoSub(self.port, self.client_id("m"), V5, [self.topic()], 1, False, 300).close()
        self.assertEqual(mosquitto_pub(self.port, V5, self.topic(), b"missed", 1)[0], 0)
        again = MosquittoSub(self.port, self.client_id("m"), V5, [self.topic()], 1, False, 300)
        self.assertEqual(again.take()[0].payload, b"missed")
        again.close()


if __name__ == "__main__":
    case.main()
