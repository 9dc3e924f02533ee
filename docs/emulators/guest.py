#!/usr/bin/env python3
"""A Trapline guest from the .proto files alone: creates a domain, types pages, claims, accesses, is refused, releases.

Each step's result is checked; exit 1 when one differs. The numbers in the comments are the steps of the guest's procedure in
trapline/v1/guest.proto; python/generate makes the code that is imported here.
"""
import argparse
import dataclasses
import os
import queue
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "python", "gen"))

import grpc
from google.rpc import error_details_pb2, status_pb2
from trapline.v1 import (
    common_pb2, domain_pb2, domain_pb2_grpc, guest_pb2, guest_pb2_grpc, ioreq_server_pb2, ioreq_server_pb2_grpc, memory_pb2,
    memory_pb2_grpc)

BATCH = 256  # rows; 4,096 are allowed
EAGAIN = common_pb2.ERRNO_EAGAIN

# How a connection ends that was lost; every other status is Trapline's word.
LOST = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED}


@dataclasses.dataclass
class Access:
    """One access of a vCPU (A1)."""

    address: int
    size: int = 8
    is_read: bool = False
    data: int = 0  # a write's value; with data_is_ptr the buffer's gpa
    count: int = 1
    df: bool = False
    posted: bool = False
    data_is_ptr: bool = False
    vcpu: int = 0
    timeout_ms: int = 0
    # From here on: its number and its outcome.
    sequence: int = 0
    errno: int = None
    value: int = 0

    def attributes(self):
        return (self.size.bit_length() - 1 | self.is_read << 2 | self.df << 5 | self.posted << 6 | self.data_is_ptr << 7)


class Guest:
    """Runs the vCPUs 0 ... nr_vcpus-1 of a domain over one stream, through lost connections."""

    def __init__(self, addresses, domid, nr_vcpus=1, window=64):
        self.addresses, self.domid, self.window = addresses, domid, window
        self.opened = [None] * nr_vcpus
        self.next_sequence = [0] * nr_vcpus
        self.received = [0] * nr_vcpus  # every answer up to this number has arrived
        self.outstanding = {}  # (vcpu, sequence) -> Access
        self.connections = 0
        self.channel = self.requests = self.responses = None
        self.connect()

    def connect(self):
        """Opens the stream and the vCPUs, or resumes them and sends again what has no answer (steps 1, 2 and 6)."""
        deadline = time.monotonic() + 30
        while True:
            address = self.addresses[self.connections % len(self.addresses)]
            self.connections += 1
            try:
                self.open(address)
                break
            except grpc.RpcError as error:
                if error.code() not in LOST or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        rows = [row for _, row in sorted(self.outstanding.items())]
        for start in range(0, len(rows), BATCH):
            self.send(rows[start:start + BATCH], resent=True)

    def open(self, address):
        self.close()
        self.channel = grpc.insecure_channel(address)
        self.requests = queue.SimpleQueue()
        self.responses = guest_pb2_grpc.GuestServiceStub(self.channel).Access(iter(self.requests.get, None))
        for vcpu, opened in enumerate(self.opened):
            self.requests.put(guest_pb2.AccessRequest(open=guest_pb2.OpenVcpu(
                domid=self.domid, vcpu=vcpu, window=self.window, token=opened.token if opened else b"",
                received_through=self.received[vcpu])))
            response = next(self.responses)
            while response.WhichOneof("response") == "answers":  # of a vCPU that is resumed already
                self.take_answers(response.answers)
                response = next(self.responses)
            if response.WhichOneof("response") != "opened":
                raise AssertionError(f"vCPU {vcpu} was not opened: {response}")
            if not opened:
                self.next_sequence[vcpu] = response.opened.next_sequence
                self.received[vcpu] = response.opened.next_sequence - 1
            self.opened[vcpu] = response.opened

    def close(self):
        if self.channel:
            self.requests.put(None)
            self.channel.close()
            self.channel = None

    def run(self, rows, on_answers=lambda answered: None):
        """Sends accesses, as many at a time as the windows allow, and returns them with their outcomes."""
        waiting = [[row for row in rows if row.vcpu == vcpu] for vcpu in range(len(self.opened))]
        while True:
            for batch in iter(lambda: self.take(waiting), []):
                self.send(batch)
            if not self.outstanding:
                return rows
            try:
                response = next(self.responses)
            except grpc.RpcError as error:
                if error.code() not in LOST:  # step 8
                    raise
                self.connect()
                continue
            if response.WhichOneof("response") != "answers":
                raise AssertionError(f"not an answer: {response}")
            self.take_answers(response.answers)
            on_answers(len(rows) - len(self.outstanding) - sum(map(len, waiting)))

    def take(self, waiting):
        """The next accesses that their vCPUs' windows let pass (step 3)."""
        batch = []
        for vcpu, rows in enumerate(waiting):
            while rows and len(batch) < BATCH and self.next_sequence[vcpu] <= self.received[vcpu] + self.window:
                row = rows.pop(0)
                row.sequence = self.next_sequence[vcpu]
                self.next_sequence[vcpu] += 1
                self.outstanding[vcpu, row.sequence] = row
                batch.append(row)
        return batch

    def send(self, rows, resent=False):
        self.requests.put(guest_pb2.AccessRequest(batch=guest_pb2.AccessBatch(
            resent=resent,
            vcpu=[row.vcpu for row in rows],
            sequence=[row.sequence for row in rows],
            address=[row.address for row in rows],
            attributes=bytes(row.attributes() for row in rows),
            data=[row.data for row in rows],
            count=[row.count for row in rows],
            timeout_ms=[row.timeout_ms for row in rows],
            received_vcpu=range(len(self.opened)),
            received_through=self.received)))

    def take_answers(self, answers):
        """Steps 4, 5 and 7."""
        again = []
        for i, sequence in enumerate(answers.sequence):
            vcpu = answers.vcpu[i] if answers.vcpu else 0
            errno = answers.errno[i] if answers.errno else 0
            row = self.outstanding.get((vcpu, sequence))
            if row is None:
                if sequence >= self.next_sequence[vcpu]:
                    raise AssertionError(f"an answer to nothing: vCPU {vcpu}, {sequence}")
                continue  # its answer and our resend have crossed; this is the same answer again
            if errno == EAGAIN:  # no effect
                again.append(row)
                continue
            row.errno, row.value = errno, answers.data[i] if answers.data else 0
            del self.outstanding[vcpu, sequence]
        for vcpu in range(len(self.opened)):
            first = min((sequence for v, sequence in self.outstanding if v == vcpu), default=self.next_sequence[vcpu])
            self.received[vcpu] = first - 1
        if again:
            time.sleep(0.01)
            self.send(again)

    def write(self, address, value, **more):
        return self.run([Access(address, data=value, **more)])[0]

    def read(self, address, **more):
        return self.run([Access(address, is_read=True, **more)])[0]


def reason_of(error):
    """(reason, metadata) of a refused call: the ErrorInfo in its status (section E)."""
    for name, value in error.trailing_metadata() or ():
        if name == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(value)
            for detail in status.details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info) and info.domain == "trapline":
                    return info.reason, dict(info.metadata)
    return error.code().name, {}


class Control:
    """The calls of one principal."""

    def __init__(self, channel, principal):
        self.domains = domain_pb2_grpc.DomainServiceStub(channel)
        self.servers = ioreq_server_pb2_grpc.IoreqServerServiceStub(channel)
        self.memory = memory_pb2_grpc.MemoryServiceStub(channel)
        self.metadata = [("trapline-principal", principal)]

    def call(self, method, request):
        return method(request, metadata=self.metadata, timeout=30)

    def create_domain(self, nr_pages, nr_vcpus=1):
        return self.call(self.domains.CreateDomain, domain_pb2.CreateDomainRequest(
            nr_pages=nr_pages, nr_vcpus=nr_vcpus, memory=domain_pb2.DOMAIN_MEMORY_VOLATILE)).domain

    def destroy_domain(self, domid):
        self.call(self.domains.DestroyDomain, domain_pb2.DestroyDomainRequest(domid=domid))

    def create_server(self, domid, bufioreq=ioreq_server_pb2.BUFIOREQ_OFF):
        """A new server, enabled."""
        server = self.call(self.servers.CreateIoreqServer, ioreq_server_pb2.CreateIoreqServerRequest(domid=domid, bufioreq=bufioreq))
        self.call(self.servers.SetIoreqServerState, ioreq_server_pb2.SetIoreqServerStateRequest(
            domid=domid, id=server.id, generation=server.generation, enabled=True))
        return server

    def set_mem_type(self, domid, first_gfn, count, mem_type):
        self.call(self.memory.SetMemType, memory_pb2.SetMemTypeRequest(
            domid=domid, runs=[memory_pb2.MemTypeRun(first_gfn=first_gfn, count=count, type=mem_type)]))

    def claim(self, domid, server, mem_type, flags):
        """flags: 1 = reads, 2 = writes, 0 releases."""
        return self.call(self.servers.MapMemType, ioreq_server_pb2.MapMemTypeRequest(
            domid=domid, id=server.id, generation=server.generation, type=mem_type, flags=flags))

    def read_memory(self, domid, gpa, size):
        return self.call(self.memory.ReadMemory, memory_pb2.ReadMemoryRequest(domid=domid, gpa=[gpa], size_bytes=[size])).data


def expect(what, got, wanted):
    """Checks one result and says so."""
    same = got == wanted
    print(f"{'ok  ' if same else 'FAIL'} {what}" + ("" if same else f": {got!r} instead of {wanted!r}"), flush=True)
    if not same:
        sys.exit(1)


def refusal(call, *arguments):
    """Why a call is refused; None when it is not."""
    try:
        call(*arguments)
    except grpc.RpcError as error:
        return reason_of(error)
    return None


def story(address):
    table = 0x10  # first gfn of two pages
    gpa = table << 12
    type_0, type_1 = common_pb2.MEM_TYPE_IOREQ_SERVER_0, common_pb2.MEM_TYPE_IOREQ_SERVER_1
    first, second = 0xFEDCBA9876543210, 0x8000000000000001  # both above 2^63
    with grpc.insecure_channel(address) as channel:
        operator, mediator, other = (Control(channel, name) for name in ("operator", "mediator", "other"))
        domid = operator.create_domain(nr_pages=64).domid
        guest = Guest([address], domid)
        try:
            guest.write(gpa, first)
            operator.set_mem_type(domid, table, 2, type_0)
            expect("a typed page keeps what was in it", guest.read(gpa).value, first)
            expect("and is plain memory without a claim", guest.write(gpa + 8, second).errno, 0)
            expect("so the page holds the write", int.from_bytes(operator.read_memory(domid, gpa + 8, 8), "little"), second)

            server, rival = mediator.create_server(domid), other.create_server(domid)
            mediator.claim(domid, server, type_0, 2)
            reason, metadata = refusal(other.claim, domid, rival, type_0, 2)
            expect("a second claim is refused", reason, "EBUSY")
            expect("and named the holder", metadata.get("holder"), str(server.id))
            expect("another type of the page is refused", refusal(operator.set_mem_type, domid, table, 1, type_1)[0], "EINVAL")

            expect("reads are not claimed: the page serves them", guest.read(gpa + 8).value, second)
            expect("a claimed write waits for an emulator", guest.write(gpa, second, timeout_ms=300).errno, common_pb2.ERRNO_ETIMEDOUT)
            expect("and did not touch the page", guest.read(gpa).value, first)

            mediator.claim(domid, server, type_0, 0)
            expect("after the release a write goes to the page", guest.write(gpa, second).errno, 0)
            expect("and is read back", guest.read(gpa).value, second)
            other.claim(domid, rival, type_0, 1)
            expect("the type is free for the other server", len(other.call(other.servers.ListClaims, ioreq_server_pb2.ListClaimsRequest(domid=domid)).claims), 1)
        finally:
            guest.close()
            operator.destroy_domain(domid)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connect", required=True, metavar="HOST:PORT")
    story(parser.parse_args().connect)
