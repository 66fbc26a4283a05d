#!/usr/bin/python3
"""A peer that was written from docs/wire.md alone: shakes hands with a node, looks an actor up,
calls it, streams from it, watches it end, and says goodbye.

usage: python_peer_test.py protoc bank_node wire.proto bank.proto options.proto ref.proto
"""

import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

PREAMBLE = b"TROUPE\r\n"

HELLO, READY, REJECT, PING, PONG, ACK, GOODBYE = range(0x01, 0x08)
(REQUEST, ONEWAY, RESPONSE, ITEM, ERROR, CANCEL, CREDIT, LOOKUP, LOOKUP_REPLY, MONITOR, DEMONITOR,
 DOWN, UNDELIVERED) = range(0x10, 0x1D)

HAS_TARGET, HAS_DEADLINE, HAS_CREDIT, HAS_TRACE, HAS_SENDER = 1, 2, 4, 8, 16
MANDATORY = 0x100


def fingerprint(service: str, method: str) -> int:
    value = 2166136261
    for byte in f"{service}/{method}".encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


class Peer:
    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        self.buffer = b""
        self.sent = 0      # Numbered frames of ours.
        self.received = 0  # Numbered frames of the node.

    def send(self, kind, payload=b"", flags=MANDATORY, request_id=0, extensions=b""):
        sequence = 0
        if kind >= 0x10:
            self.sent += 1
            sequence = self.sent
        body = struct.pack("<BBHIIQ", kind, 0x12, flags, sequence, self.received, request_id)
        body += extensions + payload
        self.socket.sendall(struct.pack("<I", len(body)) + body)

    def target(self, found, method=""):
        return struct.pack("<QIHHI", found.generation, found.slot, found.shard, 0,
                           fingerprint("bank.Account", method) if method else 0)

    def take(self, count):
        while len(self.buffer) < count:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError
            self.buffer += more
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def receive(self):
        """The next frame that is no ping and no ack: (type, id, payload)."""
        while True:
            (length,) = struct.unpack("<I", self.take(4))
            body = self.take(length)
            kind, version_lane, flags, sequence, _, request_id = struct.unpack("<BBHIIQ", body[:20])
            assert version_lane >> 4 == 1
            if kind >= 0x10:
                self.received += 1
                assert sequence == self.received, (sequence, self.received)
            rest = body[20:]
            for flag, size in ((HAS_TARGET, 20), (HAS_DEADLINE, 4), (HAS_CREDIT, 4),
                               (HAS_TRACE, 28), (HAS_SENDER, 16)):
                if flags & flag:
                    rest = rest[size:]
            if kind == PING:
                self.send(PONG, rest, flags=0)
            elif kind != ACK:
                return kind, request_id, rest


def compile_schemas(protoc, wire, bank, options, ref, folder):
    for schema, place in ((wire, "troupe/proto/wire.proto"), (options, "troupe/proto/options.proto"),
                          (ref, "troupe/proto/ref.proto"), (bank, "bank.proto")):
        os.makedirs(os.path.dirname(os.path.join(folder, place)), exist_ok=True)
        shutil.copy(schema, os.path.join(folder, place))
    subprocess.run([protoc, f"-I{folder}", f"--python_out={folder}", "bank.proto",
                    "troupe/proto/wire.proto", "troupe/proto/options.proto",
                    "troupe/proto/ref.proto"], check=True, cwd=folder)
    sys.path.insert(0, folder)


def talk(address, wire_pb2, bank_pb2):
    peer = Peer(address)

    # Hello, and the answer. The name decides who has the last word: "python" > "bank", so this
    # end begins the session.
    hello = wire_pb2.Hello(version_min=1, version_max=1, node=b"python", incarnation=0xC0FFEE)
    hello.limits.frame_bytes_max = 1 << 20
    hello.limits.asks_max = 1000
    hello.limits.monitors_max = 1000
    peer.socket.sendall(PREAMBLE)
    peer.send(HELLO, hello.SerializeToString())
    assert peer.take(len(PREAMBLE)) == PREAMBLE
    kind, _, payload = peer.receive()
    assert kind == HELLO, kind
    answer = wire_pb2.Hello.FromString(payload)
    assert (answer.node, answer.version, answer.session) == (b"bank", 1, 0), answer
    assert answer.incarnation != 0
    peer.send(READY, wire_pb2.Ready(session=0x1234567).SerializeToString())

    # An actor that is not exported, one that serves something else, and the one wanted.
    for name, service, code in ((b"nobody", b"bank.Account", 5), (b"alice", b"bank.Other", 9)):
        peer.send(LOOKUP, wire_pb2.Lookup(name=name, service=service).SerializeToString(),
                  request_id=1)
        kind, request_id, payload = peer.receive()
        assert (kind, request_id) == (LOOKUP_REPLY, 1)
        assert wire_pb2.LookupReply.FromString(payload).status.code == code
    peer.send(LOOKUP, wire_pb2.Lookup(name=b"alice", service=b"bank.Account").SerializeToString(),
              request_id=1)
    kind, request_id, payload = peer.receive()
    alice = wire_pb2.LookupReply.FromString(payload)
    assert not alice.HasField("status") and alice.service == b"bank.Account", alice

    # A request, with 5 seconds for it.
    peer.send(REQUEST, bank_pb2.DepositRequest(cents=42).SerializeToString(),
              flags=MANDATORY | HAS_TARGET | HAS_DEADLINE, request_id=2,
              extensions=peer.target(alice, "Deposit") + struct.pack("<I", 5_000_000))
    kind, request_id, payload = peer.receive()
    assert (kind, request_id) == (RESPONSE, 2), (kind, payload)
    assert bank_pb2.Balance.FromString(payload).cents == 142

    # One whose handler says no.
    peer.send(REQUEST, bank_pb2.DepositRequest(cents=-1).SerializeToString(),
              flags=MANDATORY | HAS_TARGET, request_id=3,
              extensions=peer.target(alice, "Deposit"))
    kind, request_id, payload = peer.receive()
    assert (kind, request_id) == (ERROR, 3)
    status = wire_pb2.Status.FromString(payload)
    assert (status.code, status.message) == (3, b"cents must be positive"), status

    # One-way messages, and their effect.
    for _ in range(3):
        peer.send(ONEWAY, bank_pb2.AuditNote(text="note").SerializeToString(),
                  flags=MANDATORY | HAS_TARGET, extensions=peer.target(alice, "Audit"))
    peer.send(REQUEST, b"", flags=MANDATORY | HAS_TARGET, request_id=4,
              extensions=peer.target(alice, "Get"))
    kind, _, payload = peer.receive()
    assert bank_pb2.Balance.FromString(payload).audits == 3

    # A stream of 10 items, with credit for 4 at first.
    peer.send(REQUEST, bank_pb2.WatchRequest(items=10).SerializeToString(),
              flags=MANDATORY | HAS_TARGET | HAS_CREDIT, request_id=5,
              extensions=peer.target(alice, "Watch") + struct.pack("<I", 4))
    items = []
    while True:
        kind, request_id, payload = peer.receive()
        assert request_id == 5
        if kind == RESPONSE:
            break
        assert kind == ITEM, kind
        items.append(bank_pb2.Balance.FromString(payload).cents)
        if len(items) == 4:
            peer.send(CREDIT, flags=MANDATORY | HAS_CREDIT, request_id=5,
                      extensions=struct.pack("<I", 6))
    assert items == list(range(10)), items

    # A monitor, and the end of the actor.
    peer.send(MONITOR, flags=MANDATORY | HAS_TARGET, request_id=77,
              extensions=peer.target(alice))
    peer.send(REQUEST, b"", flags=MANDATORY | HAS_TARGET, request_id=6,
              extensions=peer.target(alice, "Stop"))
    frames = {}
    for _ in range(2):
        kind, request_id, payload = peer.receive()
        frames[kind] = (request_id, payload)
    assert frames[RESPONSE][0] == 6
    assert frames[DOWN][0] == 77
    assert wire_pb2.Down.FromString(frames[DOWN][1]).reason == wire_pb2.Down.STOPPED

    # Goodbye: the node closes when it has read to the end.
    peer.send(GOODBYE, wire_pb2.Goodbye(reason=wire_pb2.Goodbye.SHUTDOWN).SerializeToString(),
              flags=0)
    peer.socket.shutdown(socket.SHUT_WR)
    try:
        while True:
            peer.receive()
    except EOFError:
        pass


def main():
    protoc, node, wire, bank, options, ref = [os.path.abspath(path) for path in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder:
        compile_schemas(protoc, wire, bank, options, ref, folder)
        from troupe.proto import wire_pb2
        import bank_pb2
        process = subprocess.Popen([node], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            talk(process.stdout.readline().strip(), wire_pb2, bank_pb2)
        finally:
            process.stdin.close()
            code = process.wait(timeout=30)
        assert code == 0, code


if __name__ == "__main__":
    main()
