#!/usr/bin/env python3
"""A complete Trapline emulator from the .proto files alone: a window of registers that hold what is written to them.

A write stores its bytes, a read returns them, little endian. The numbers in the comments are the steps of the emulator's
procedure in trapline/v1/emulator.proto. ./generate makes the code that is imported here.
"""
import argparse
import json
import os
import queue
import secrets
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "gen"))

import grpc
from trapline.v1 import common_pb2, emulator_pb2, emulator_pb2_grpc, memory_pb2, memory_pb2_grpc

COPY = 1  # ioreq type: guest memory
REDELIVERED = 1  # mark: another run may have carried this out
ROWS = 4096  # of one message

# Trapline's word. Whatever else ends a stream (UNAVAILABLE, INTERNAL, CANCELLED ...) is a lost connection, to be resumed.
FINAL = {
    grpc.StatusCode.ABORTED, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.DATA_LOSS,
}


class Row:
    """One row of an IoreqBatch. An empty column stands for its default."""

    def __init__(self, batch, i):
        attributes = batch.attributes[i]
        self.size = 1 << (attributes & 3)
        self.is_read = bool(attributes & 4)
        self.type = attributes >> 3 & 7
        self.df = bool(attributes & 64)
        self.data_is_ptr = bool(attributes & 128)
        self.address = batch.address[i]
        self.data = batch.data[i] if batch.data else 0
        self.count = batch.count[i] if batch.count else 1
        self.redelivered = bool(batch.marks and batch.marks[i] & REDELIVERED)
        self.key = common_pb2.IoreqKey(
            vcpu=batch.vcpu[i] if batch.vcpu else 0,
            vcpu_epoch=batch.vcpu_epoch[i],
            sequence=batch.sequence[i],
            part=batch.part[i] if batch.part else 0,
        )


class RegisterWindow:
    """The device: `size` bytes at guest physical address `base`. Outside of it reads return all ones and writes vanish."""

    def __init__(self, base, size):
        self.base = base
        self.bytes = bytearray(size)

    def carry_out(self, row, memory):
        """Does what one row asks and returns the answer. Storing again what was stored is harmless, so `redelivered` is
        not looked at; a device with effects outside would look at what it has on disk first."""
        length = row.count * row.size
        # Repetitions ascend from `address`, or with df descend from it. Registers that only hold do not mind the order,
        # so all of them are one block; a FIFO would go through them one by one.
        below = length - row.size if row.df else 0
        at = row.address - below - self.base
        inside = row.type == COPY and 0 <= at and at + length <= len(self.bytes)
        if row.is_read:
            block = bytes(self.bytes[at:at + length]) if inside else b"\xff" * length
            if row.data_is_ptr:
                memory.write(row, row.data - below, block)
                return 0
            last = 0 if row.df else length - row.size
            return int.from_bytes(block[last:last + row.size], "little")
        if row.data_is_ptr:
            block = memory.read(row, row.data - below, length)
        else:
            mask = (1 << 8 * row.size) - 1
            block = (row.data & mask).to_bytes(row.size, "little") * row.count
        if inside:
            self.bytes[at:at + length] = block
        return 0


class Memory:
    """The domain's pages, read and written on behalf of the server while it serves a row."""

    def __init__(self, stub, emulator, session_epoch):
        self.stub, self.emulator, self.session_epoch = stub, emulator, session_epoch

    def read(self, row, gpa, size):
        return self.stub.ReadMemory(memory_pb2.ReadMemoryRequest(
            domid=self.emulator.options.domid, on_behalf_of=self.on_behalf_of(row), gpa=[gpa], size_bytes=[size],
        ), metadata=self.emulator.metadata, timeout=5).data

    def write(self, row, gpa, data):
        self.stub.WriteMemory(memory_pb2.WriteMemoryRequest(
            domid=self.emulator.options.domid, on_behalf_of=self.on_behalf_of(row), gpa=[gpa], size_bytes=[len(data)], data=data,
        ), metadata=self.emulator.metadata, timeout=5)

    def on_behalf_of(self, row):
        return common_pb2.OnBehalfOf(
            id=self.emulator.options.id, generation=self.emulator.options.generation,
            session_epoch=self.session_epoch, serving=[row.key])


class KeptAnswers:
    """What this run has carried out and what is not settled yet (step 6)."""

    def __init__(self):
        self.lanes = {}  # vcpu -> (vcpu_epoch, {(sequence, part): answer})

    def lane(self, vcpu, epoch):
        """The answers of one life of a vCPU; None when a younger life of it is known."""
        known = self.lanes.get(vcpu)
        if known is None or known[0] < epoch:
            known = self.lanes[vcpu] = (epoch, {})
        return known[1] if known[0] == epoch else None

    def settle(self, vcpus, epochs, throughs):
        for vcpu, epoch, through in zip(vcpus, epochs, throughs):
            answers = self.lane(vcpu, epoch)
            for name in [name for name in answers or () if name[0] <= through]:
                del answers[name]

    def messages(self):
        """KeptRows of at most ROWS rows each, at least one, all but the last with `more`."""
        rows = [(vcpu, epoch, *name, answer) for vcpu, (epoch, answers) in self.lanes.items() for name, answer in answers.items()]
        for start in range(0, max(len(rows), 1), ROWS):
            columns = list(zip(*rows[start:start + ROWS])) or [()] * 5
            yield emulator_pb2.KeptRows(
                vcpu=columns[0], vcpu_epoch=columns[1], sequence=columns[2], part=columns[3], data=columns[4],
                more=start + ROWS < len(rows))


class Emulator:
    """Serves one server through any number of connections."""

    def __init__(self, options):
        self.options = options
        self.metadata = [("trapline-principal", options.principal)]
        self.run = secrets.randbits(64) or 1  # step 1
        self.device = RegisterWindow(options.base, options.size)
        self.kept = KeptAnswers()
        self.sessions = self.carried_out = self.repeated = self.redelivered = 0

    def serve(self):
        """Returns never, but with --once when a connection ends; raises what is final."""
        wait = 0.1
        for attempt in range(sys.maxsize):
            address = self.options.connect[attempt % len(self.options.connect)]
            before = self.sessions
            try:
                self.session(address)
                lost = "the stream ended"
            except grpc.RpcError as error:
                if error.code() in FINAL:  # step 9
                    raise
                lost = f"{error.code().name}: {error.details()}"
            say(f"connection to {address} lost: {lost}")
            if self.options.once:
                return
            wait = 0.1 if self.sessions > before else min(2 * wait, 2)
            time.sleep(wait)

    def session(self, address):
        options = [("grpc.keepalive_time_ms", 20_000), ("grpc.keepalive_timeout_ms", 5_000)]
        with grpc.insecure_channel(address, options) as channel:
            requests = queue.SimpleQueue()
            kept = self.kept.messages()
            requests.put(emulator_pb2.AttachRequest(attach=emulator_pb2.AttachServer(  # steps 2 and 8
                domid=self.options.domid, id=self.options.id, generation=self.options.generation, run=self.run,
                mode=emulator_pb2.ATTACH_MODE_ACTIVE, resume=self.sessions > 0, credit=ROWS, kept=next(kept))))
            for more in kept:
                requests.put(emulator_pb2.AttachRequest(kept=more))
            responses = emulator_pb2_grpc.EmulatorServiceStub(channel).Attach(iter(requests.get, None), metadata=self.metadata)
            memory = None
            try:
                for response in responses:
                    kind = response.WhichOneof("response")
                    if kind == "attached":  # step 3
                        self.sessions += 1
                        memory = Memory(memory_pb2_grpc.MemoryServiceStub(channel), self, response.attached.session_epoch)
                        say(f"attached: session {response.attached.session_epoch} at {address}")
                    elif kind == "ioreqs":  # step 4
                        answers = self.answer(response.ioreqs, memory)
                        if answers.sequence:
                            requests.put(emulator_pb2.AttachRequest(answers=answers))
                    elif kind == "settled":
                        self.kept.settle(response.settled.vcpu, response.settled.vcpu_epoch, response.settled.through)
                    elif kind == "rejected":
                        raise AssertionError(f"our message was malformed: {response.rejected}")
            finally:
                requests.put(None)

    def answer(self, batch, memory):
        """Carries out each row once and keeps its answer before it is sent (steps 5 and 6)."""
        answers = emulator_pb2.AnswerRows()
        given_up = bytearray()
        for i in range(len(batch.sequence)):
            row = Row(batch, i)
            name = (row.key.sequence, row.key.part)
            lane = self.kept.lane(row.key.vcpu, row.key.vcpu_epoch)
            if lane is None:
                continue
            is_given_up = False
            if name in lane:
                self.repeated += 1
            else:
                try:
                    lane[name] = self.device.carry_out(row, memory)
                except grpc.RpcError as error:
                    if error.code() == grpc.StatusCode.ABORTED:  # completed otherwise: we say that we give it up
                        is_given_up = True
                    elif error.code() == grpc.StatusCode.INVALID_ARGUMENT:
                        lane[name] = 0  # the buffer lies where no memory is
                    else:
                        raise  # attach again; the row is not kept, so it comes again
                if not is_given_up:
                    self.carried_out += 1
                    self.redelivered += row.redelivered
            answers.vcpu.append(row.key.vcpu)
            answers.vcpu_epoch.append(row.key.vcpu_epoch)
            answers.sequence.append(row.key.sequence)
            answers.part.append(row.key.part)
            answers.data.append(0 if is_given_up else lane[name])
            given_up.append(is_given_up)
        if any(given_up):
            answers.given_up = bytes(given_up)
        self.kept.settle(batch.settled_vcpu, batch.settled_vcpu_epoch, batch.settled_through)
        return answers

    def summary(self):
        return {name: getattr(self, name) for name in ("sessions", "carried_out", "repeated", "redelivered")}


def say(text):
    print(text, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    number = lambda text: int(text, 0)
    parser.add_argument("--connect", required=True, type=lambda text: text.split(","), metavar="HOST:PORT[,...]")
    parser.add_argument("--domid", required=True, type=number)
    parser.add_argument("--id", required=True, type=number, help="the IOREQ server")
    parser.add_argument("--generation", required=True, type=number, help="the server's generation")
    parser.add_argument("--principal", default="anonymous", help="who created the server")
    parser.add_argument("--base", default=0, type=number, help="gpa of the window (default 0)")
    parser.add_argument("--size", default=4096, type=number, help="its size in bytes (default 4096)")
    parser.add_argument("--once", action="store_true", help="leave when the connection is lost instead of resuming")
    emulator = Emulator(parser.parse_args())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        emulator.serve()
    except grpc.RpcError as error:
        say(f"refused: {error.code().name}: {error.details()}")
        return 3
    except KeyboardInterrupt:
        pass
    finally:
        print(json.dumps(emulator.summary()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
