# SPDX-License-Identifier: Apache-2.0
"""A name server on 127.0.0.1:53, for a network namespace: SRV as told, and every host is 127.0.0.1.

Usage: name_server.py '{"_mqtt._tcp.example.test": [[PRIORITY, WEIGHT, PORT, HOST], …]}'
"""
import json
import socket
import struct
import sys

A, SRV = 1, 33
NO_SUCH_NAME = 3


def labels(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def question_of(packet):
    """The name that is asked for, its type, and where the question ends."""
    at, parts = 12, []
    while packet[at]:
        parts.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return ".".join(parts).lower(), struct.unpack(">H", packet[at + 1:at + 3])[0], at + 5


def answer_to(packet, services):
    name, kind, end = question_of(packet)
    is_known = name in services or not name.startswith("_")
    records = []
    if kind == SRV:
        records = [struct.pack(">HHH", *row[:3]) + labels(row[3]) for row in services.get(name, [])]
    elif kind == A and is_known:
        records = [socket.inet_aton("127.0.0.1")]
    flags = 0x8180 | (0 if is_known else NO_SUCH_NAME)
    head = packet[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0)
    # Each record's name is that of the question, which begins behind the header.
    return head + packet[12:end] + b"".join(
        struct.pack(">HHHIH", 0xC00C, kind, 1, 60, len(data)) + data for data in records)


def main():
    services = json.loads(sys.argv[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))
        print("ready", flush=True)
        while True:
            packet, sender = server.recvfrom(4096)
            server.sendto(answer_to(packet, services), sender)


if __name__ == "__main__":
    main()
