# SPDX-License-Identifier: Apache-2.0
"""MQTT 3.1 (MQIsdp, level 3): old clients still work."""
from support import case, wire
from support.broker import BrokerCase
from support.peers import Message, MosquittoSub, Paho, mosquitto_pub
from support.raw import RawClient
from support.wire import V5, V31, V311


class Mqtt31(BrokerCase):
    def test_a_3_1_client_connects_publishes_and_receives(self):
        client = self.raw("", V31)
        self.assertEqual(client.connack.raw, b"\x20\x02\0\0")
        for qos in (0, 1, 2):
            client.subscribe(self.topic(str(qos)), qos=qos)
            client.publish(self.topic(str(qos)), b"x", qos)
            client.receive(payload=b"x", qos=qos)

    def test_session_present_is_0_in_3_1(self):
        for _ in range(2):
            client = self.raw("", V31, clean=False)
            self.assertEqual(client.connack.raw[2:], b"\0\0")
            client.disconnect()

    def test_long_client_ids_are_accepted(self):
        for size in (1, 23, 24, 200):
            client = RawClient(self.port, V31)
            self.addCleanup(client.close)
            client.connect("i" * size)
            client.expect_quiet()

    def test_an_empty_client_id_is_refused_with_code_2(self):
        client = RawClient(self.port, V31)
        self.addCleanup(client.close)
        self.assertEqual(client.connect("", expect=None).reason, 2)
        client.expect_closed()

    def test_dup_publishes_and_wills_work(self):
        hear = self.raw("h", V5)
        hear.subscribe(self.topic("#"), qos=1)
        will = {"topic": self.topic("will"), "payload": b"gone"}
        self.raw("", V31, will=will).abort()
        hear.receive(payload=b"gone")

    def test_the_three_versions_talk_to_each_other(self):
        clients = {version: self.raw(str(version), version) for version in (V31, V311, V5)}
        for client in clients.values():
            client.subscribe(self.topic("#"), qos=2)
        for version, client in clients.items():
            packet_id = client.next_id()
            client.send(wire.publish(self.topic("a"), b"%d" % version, version, 1, packet_id))
        for client in clients.values():
            got, acked = [], 0
            while len(got) < 3 or not acked:
                found = client.read()
                if found.kind == "PUBACK":
                    acked += 1
                else:
                    got.append(int(found.payload))
                    client.send(wire.ack("PUBACK", found.packet_id))
            self.assertEqual(sorted(got), [V31, V311, V5])

    def test_paho_and_mosquitto_s_programs_in_3_1(self):
        listener = Paho(self.port, self.client_id("p"), V31)
        listener.subscribe(self.topic(), qos=1)
        other = MosquittoSub(self.port, self.client_id("m")[-23:], V31, [self.topic()], 1)
        code, said = mosquitto_pub(self.port, V31, self.topic(), b"x", 1, more=["-i", "pub31"])
        self.assertEqual(code, 0, said)
        for each in (listener, other):
            self.assertEqual(each.take(), [Message(self.topic(), b"x", 1, False)])
            each.close()


if __name__ == "__main__":
    case.main()
