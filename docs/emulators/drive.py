#!/usr/bin/env python3
"""Drives one emulator of this folder as a scripted guest, through connections that are cut, and checks every value.

The emulator must be a register window. Its connection and the guest's go through proxies that are cut in the middle. Exit 1 when
anything differs from a model of the memory: an answer, the device's bytes, the pages, or how often a request was carried out.
"""
import argparse
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import grpc
from guest import Access, Control, Guest, expect
from trapline.v1 import common_pb2, ioreq_server_pb2

PAGE = 4096
WINDOW = range(16 * PAGE, 20 * PAGE)  # the device: four pages of ioreq_server[0], two a vCPU
BUFFERS = (32 * PAGE, 40 * PAGE)  # plain pages for each vCPU's pointers, eight of them
WAIT_S = 30


class Proxy:
    """Forwards connections to one address until they are cut."""

    def __init__(self, target):
        host, port = target.rsplit(":", 1)
        self.target = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.open = []
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(self.target)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.open += (client, server)
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self.copy, args=(source, sink), daemon=True).start()

    def copy(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self, reset):
        """Ends every connection, with `reset` as a crash would. False when there was none."""
        with self.lock:
            sockets, self.open = self.open, []
        cut = False
        for one in sockets:
            try:
                if reset:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.shutdown(socket.SHUT_RDWR)
                cut = True
            except OSError:
                pass
            one.close()
        return cut


class Links:
    """All ways to the server: whichever the emulator has taken is cut."""

    def __init__(self, links):
        self.links = links

    def cut(self, reset):
        return any([link.cut(reset) for link in self.links])


class Emulator:
    """One process of the emulator that is driven."""

    def __init__(self, command, addresses, domid, server):
        self.process = subprocess.Popen(
            command + ["--connect", ",".join(addresses), "--domid", str(domid), "--id", str(server.id),
                       "--generation", str(server.generation), "--principal", "device", "--base", hex(WINDOW.start),
                       "--size", str(len(WINDOW))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.said = []
        self.attached = threading.Event()
        self.reader = threading.Thread(target=self.listen, daemon=True)
        self.reader.start()

    def listen(self):
        for line in self.process.stderr:
            self.said.append(line.rstrip())
            if line.startswith("attached"):
                self.attached.set()

    def wait_attached(self):
        if not self.attached.wait(WAIT_S):
            fail("the emulator did not attach: " + " / ".join(self.said))

    def end(self):
        """(exit code, summary) once it has ended."""
        try:
            output, _ = self.process.communicate(timeout=WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            fail("the emulator did not end")
        return self.process.returncode, json.loads(output.splitlines()[-1])


def fail(text):
    print("FAIL " + text, flush=True)
    sys.exit(1)


class Model:
    """What the guest must see: one flat memory, in which the window's bytes are the device's."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.bytes = bytearray(64 * PAGE)

    def access(self, vcpu):
        """A random access of a vCPU with what it must answer, carried out on the model."""
        pick = self.random
        size = 1 << pick.randrange(4)
        pointer = pick.random() < 0.1
        count = pick.choice((1, 1, 1, 1, 2, 7, 40)) if not pointer else pick.randrange(1, 700)
        length = count * size
        low, high = self.region(vcpu)
        if pick.random() < 0.25:  # across one of the page boundaries
            boundary = pick.choice(range(low // PAGE * PAGE + PAGE, high, PAGE))
            start = boundary - pick.randrange(1, length) if length > 1 else boundary
            start = max(low, min(start, high - length))
        else:
            start = pick.randrange(low, high - length + 1)
        row = Access(0, size=size, vcpu=vcpu, count=count, is_read=pick.random() < 0.5, df=pick.random() < 0.3,
                     data_is_ptr=pointer)
        row.address = start + length - size if row.df else start
        wanted = 0
        if pointer:
            buffer = BUFFERS[vcpu] + pick.randrange(8 * PAGE - length)
            row.data = buffer + length - size if row.df else buffer
            source, sink = (start, buffer) if row.is_read else (buffer, start)
            self.bytes[sink:sink + length] = self.bytes[source:source + length]
        elif row.is_read:
            last = start if row.df else start + length - size
            wanted = int.from_bytes(self.bytes[last:last + size], "little")
        else:
            row.data = pick.getrandbits(64)
            row.posted = count == 1 and pick.random() < 0.3
            self.bytes[start:start + length] = (row.data & (1 << 8 * size) - 1).to_bytes(size, "little") * count
        return row, wanted

    @staticmethod
    def region(vcpu):
        """Two pages of the window and the plain page beside them, so that some accesses are half forwarded."""
        return ((15 * PAGE, 18 * PAGE), (18 * PAGE, 21 * PAGE))[vcpu]


def big_values(guest):
    """Values that a signed or a floating-point 64-bit number spoils."""
    values = (1 << 63, (1 << 64) - 1, (1 << 63) + 1, 0x8000000000000400, 0xFEDCBA9876543210, (1 << 53) + 1)
    for i, value in enumerate(values):
        guest.write(WINDOW.start + 8 * i, value)
    expect("values of 2^63 and more come back", [guest.read(WINDOW.start + 8 * i).value for i in range(len(values))], list(values))


def through_cuts(guest, model, proxies, rows, cuts):
    """Random accesses while connections are cut; every answer is compared."""
    accesses = [model.access(model.random.randrange(2)) for _ in range(rows)]
    due = [rows * (i + 1) // (cuts + 1) for i in range(cuts)]

    def on_answers(answered):
        # A cut that finds no connection, because the last one is not back yet, is due again.
        if due and answered >= due[0] and proxies[len(due) % len(proxies)].cut(reset=len(due) % 3 != 2):
            due.pop(0)

    guest.run([row for row, _ in accesses], on_answers)
    for row, wanted in accesses:
        if (row.errno, row.value) != (0, wanted):
            fail(f"{row} instead of {wanted:#x}")
    expect(f"{rows} accesses, pages crossed, repetitions, pointers, posted: every answer as the model's", len(accesses), rows)
    expect(f"{cuts} connections were cut meanwhile", len(due), 0)


def settle(control, domid, server):
    """The server's counters once nothing is under way."""
    deadline = time.monotonic() + WAIT_S
    while True:
        info = control.call(control.servers.GetIoreqServerInfo, ioreq_server_pb2.GetIoreqServerInfoRequest(domid=domid, id=server.id))
        if info.counters.in_flight == 0 and info.counters.posted_waiting == 0:
            return info.counters
        if time.monotonic() > deadline:
            fail(f"something stays under way: {info.counters}")
        time.sleep(0.02)


def compare(guest, control, domid, model):
    """The device's bytes as the guest reads them, and the pages behind and beside them."""
    rows = guest.run([Access(gpa, is_read=True) for gpa in WINDOW[::8]])
    seen = b"".join(row.value.to_bytes(8, "little") for row in rows)
    expect("the device holds what the model holds", seen == model.bytes[WINDOW.start:WINDOW.stop], True)
    expect("no write went past the claim into a page", control.read_memory(domid, WINDOW.start, len(WINDOW)) == bytes(len(WINDOW)), True)
    for first, last in ((0, WINDOW.start), (WINDOW.stop, len(model.bytes))):
        expect("the plain pages hold what the model holds", control.read_memory(domid, first, last - first) == model.bytes[first:last], True)


def drive(options):
    with grpc.insecure_channel(options.connect) as channel:
        control = Control(channel, "device")
        domid = control.create_domain(nr_pages=64, nr_vcpus=2).domid
        server = control.create_server(domid, ioreq_server_pb2.BUFIOREQ_ATOMIC)
        control.set_mem_type(domid, WINDOW.start // PAGE, len(WINDOW) // PAGE, common_pb2.MEM_TYPE_IOREQ_SERVER_0)
        control.claim(domid, server, common_pb2.MEM_TYPE_IOREQ_SERVER_0, 3)
        links = [Proxy(options.connect), Proxy(options.connect)]
        addresses = ["127.0.0.1:1"] + [link.address for link in links]  # the first is dead
        emulator = Emulator(options.command, addresses, domid, server)
        successor = None
        guest_link = Proxy(options.connect)
        guest = Guest([guest_link.address], domid, nr_vcpus=2)
        try:
            emulator.wait_attached()
            big_values(guest)
            model = Model(options.seed)
            model.bytes[WINDOW.start:WINDOW.start + 48] = b"".join(
                guest.read(WINDOW.start + 8 * i).value.to_bytes(8, "little") for i in range(6))
            through_cuts(guest, model, [guest_link, Links(links), Links(links)], options.rows, options.cuts)
            compare(guest, control, domid, model)
            counters = settle(control, domid, server)
            expect("no request timed out", counters.timed_out, 0)
            successor = Emulator(options.command, addresses, domid, server)
            successor.wait_attached()
            code, summary = emulator.end()
            expect("a newer session ends it with ABORTED, exit 3", code, 3)
            expect("it resumed after each of its cuts", summary["sessions"] > options.cuts * 2 // 3, True)
            expect("each request was carried out once", summary["carried_out"], counters.answered)
            if options.verify:
                verify(options.verify, options.connect, domid, server)
            successor.process.send_signal(signal.SIGTERM)
            expect("a signal ends it in order", successor.end()[0], 0)
            print(f"     {summary}")
        finally:
            for one in (emulator, successor):
                if one and one.process.poll() is None:
                    one.process.kill()
                    one.process.wait()
            guest.close()
            control.destroy_domain(domid)


def verify(command, address, domid, server):
    result = subprocess.run([command, "emulator", "verify", str(server.id), "--domid", str(domid), "--connect", address],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode:
        print(result.stdout)
    expect("trapline emulator verify finds no rule broken", result.returncode, 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connect", required=True, metavar="HOST:PORT")
    parser.add_argument("--rows", type=int, default=3000, help="accesses (default 3000)")
    parser.add_argument("--cuts", type=int, default=6, help="cut connections (default 6)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verify", metavar="TRAPLINE", help="also run this command's `emulator verify`")
    parser.add_argument("command", nargs="+", help="starts the emulator")
    drive(parser.parse_args())
