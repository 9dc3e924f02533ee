package io.trapline.fuzz;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.trapline.model.AccessAttributes;
import io.trapline.v1.AccessBatch;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.AnswerBatch;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.GetIoreqServerInfoRequest;
import io.trapline.v1.GuestServiceGrpc;
import io.trapline.v1.IoreqBatch;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.MemType;
import io.trapline.v1.MemoryServiceGrpc;
import io.trapline.v1.OpenVcpu;
import io.trapline.v1.SetIoreqServerStateRequest;
import io.trapline.v1.SetMemTypeRequest;
import io.trapline.v1.VcpuOpened;

/** A domain with a claimed page, the server that claims it, and a guest that accesses it one by one. */
final class EmulatorDomain implements AutoCloseable {
    private static final int GFN = 3;
    private static final int TIMEOUT_MILLIS = 120_000;

    private final Channel channel;
    private final int domid;
    private final long generation;
    private final long server;
    private final Wire<AccessRequest, AccessResponse> guest;
    private final VcpuOpened vcpu;
    private long sequence;
    private boolean write;
    private long written;
    private long answer;
    private long refused;

    /**
     * A request that an emulator was passed.
     *
     * @param vcpuEpoch part of its key
     * @param sequence part of its key
     * @param answer what it is to be answered
     */
    record Forwarded(long vcpuEpoch, long sequence, long answer) {}

    private EmulatorDomain(Channel channel, int domid, long generation, long server) {
        this.channel = channel;
        this.domid = domid;
        this.generation = generation;
        this.server = server;
        guest = Wire.open(channel, GuestServiceGrpc.getAccessMethod());
        guest.send(AccessRequest.newBuilder()
                .setOpen(OpenVcpu.newBuilder().setDomid(domid).setWindow(1))
                .build());
        vcpu = guest.message().getOpened();
    }

    static EmulatorDomain create(Channel channel, int domid) {
        long generation = DomainServiceGrpc.newBlockingStub(channel)
                .createDomain(CreateDomainRequest.newBuilder()
                        .setDomid(domid)
                        .setNrPages(16)
                        .setNrVcpus(1)
                        .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE)
                        .setDefaultTimeoutMs(TIMEOUT_MILLIS)
                        .build())
                .getDomain()
                .getGeneration();
        MemoryServiceGrpc.newBlockingStub(channel)
                .setMemType(SetMemTypeRequest.newBuilder()
                        .setDomid(domid)
                        .addRuns(World.run(GFN, 1, MemType.MEM_TYPE_IOREQ_SERVER_3))
                        .build());
        var servers = IoreqServerServiceGrpc.newBlockingStub(channel);
        long server = servers.createIoreqServer(CreateIoreqServerRequest.newBuilder()
                        .setDomid(domid)
                        .setTimeoutMs(TIMEOUT_MILLIS)
                        .build())
                .getGeneration();
        World.claim(servers, domid, 0, MemType.MEM_TYPE_IOREQ_SERVER_3, 3);
        servers.setIoreqServerState(SetIoreqServerStateRequest.newBuilder()
                .setDomid(domid)
                .setEnabled(true)
                .build());
        return new EmulatorDomain(channel, domid, generation, server);
    }

    int domid() {
        return domid;
    }

    long generation() {
        return generation;
    }

    /** The server's generation. */
    long server() {
        return server;
    }

    long vcpuEpoch() {
        return vcpu.getVcpuEpoch();
    }

    long nextSequence() {
        return sequence + 1;
    }

    /** The emulator has sent so many answers that fit nothing. */
    void refused(int rows) {
        refused += rows;
    }

    /** The guest begins an access. */
    void begin(Dice dice) {
        sequence++;
        write = dice.chance(50);
        written = dice.anyLong();
        answer = write ? 0 : dice.anyLong();
        byte attributes = AccessAttributes.of(8, write, AccessAttributes.MEM);
        guest.send(AccessRequest.newBuilder()
                .setBatch(AccessBatch.newBuilder()
                        .addSequence(sequence)
                        .addAddress(GFN * 4096L)
                        .addData(written)
                        .setAttributes(ByteString.copyFrom(new byte[] {attributes}))
                        .addReceivedVcpu(0)
                        .addReceivedThrough(sequence - 1))
                .build());
    }

    /** What the emulator is passed is that access. */
    Forwarded check(IoreqBatch batch, Complaints complaints) {
        boolean right = batch.getSequenceCount() == 1
                && batch.getSequence(0) == sequence
                && batch.getVcpuEpoch(0) == vcpu.getVcpuEpoch()
                && batch.getAddress(0) == GFN * 4096L
                && (batch.getDataCount() == 0 ? 0 : batch.getData(0)) == (write ? written : 0)
                && batch.getMarks().isEmpty();
        complaints.check(right, () -> "#" + sequence + " expected, passed " + Complaints.shown(batch));
        return new Forwarded(vcpu.getVcpuEpoch(), sequence, answer);
    }

    /** The guest gets what the emulator answered. */
    void end(Complaints complaints) {
        AccessResponse response = guest.message();
        AnswerBatch answers = response.getAnswers();
        boolean right = answers.getSequenceCount() == 1
                && answers.getSequence(0) == sequence
                && answers.getErrno().isEmpty()
                && (answers.getDataCount() == 0 ? 0 : answers.getData(0)) == answer;
        complaints.check(right, () -> "#" + sequence + " = " + answer + " expected, got " + Complaints.shown(response));
    }

    /** Every answer that fitted nothing was counted (F1). */
    void checkCounters(Complaints complaints) {
        var counters = IoreqServerServiceGrpc.newBlockingStub(channel)
                .getIoreqServerInfo(
                        GetIoreqServerInfoRequest.newBuilder().setDomid(domid).build())
                .getCounters();
        boolean right = counters.getRefusedAnswers() == refused && counters.getAnswered() == sequence;
        complaints.check(
                right,
                () -> refused + " refused and " + sequence + " answered expected: " + Complaints.shown(counters));
    }

    @Override
    public void close() {
        guest.close();
    }
}
