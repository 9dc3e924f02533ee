package io.trapline.sim.world.part;

import com.google.protobuf.ByteString;
import io.trapline.internal.v1.AttachEmulator;
import io.trapline.internal.v1.BeginLeadership;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.CreateDomain;
import io.trapline.internal.v1.DetachEmulator;
import io.trapline.internal.v1.EndSession;
import io.trapline.internal.v1.FinishDrain;
import io.trapline.internal.v1.MoveVcpu;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.OpenVcpuStream;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.v1.Bufioreq;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DestroyIoreqServerRequest;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.IoRange;
import io.trapline.v1.IoRangeType;
import io.trapline.v1.MapIoRangeRequest;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.OpenSessionRequest;
import io.trapline.v1.PauseDomainRequest;
import io.trapline.v1.RequestId;
import io.trapline.v1.SetIoreqServerStateRequest;
import io.trapline.v1.UnmapIoRangeRequest;
import io.trapline.v1.UnpauseDomainRequest;
import java.nio.ByteBuffer;
import java.util.List;

/** Commands to the registry, in the words of the simulation. */
public final class Commands {
    public static final String NODE = "n1";
    public static final String PRINCIPAL = "alice";

    /** The first life of the node. */
    public static final long INCARNATION = 77;

    public static final int FIRST_TYPE = 16;

    private Commands() {}

    /** A life of the node begins. */
    public static Command registerNode(long incarnation) {
        return Command.newBuilder()
                .setRegisterNode(RegisterNode.newBuilder()
                        .setNode(NODE)
                        .setIncarnation(incarnation)
                        .setAddress("127.0.0.1:1"))
                .build();
    }

    /** The same after a life whose lease ended. */
    public static Command replaceNode(long incarnation, long leadership) {
        return registerNode(incarnation).toBuilder().setLeadership(leadership).build();
    }

    /** A coordinator begins to lead. */
    public static Command beginLeadership() {
        return Command.newBuilder()
                .setBeginLeadership(BeginLeadership.newBuilder().setPeer("c1"))
                .build();
    }

    /** Placed at one of those lives. */
    public static Command createDomain(
            int vcpus, int defaultTimeoutMillis, DomainMemory memory, List<NodeLife> usable) {
        return byOperator()
                .setCreateDomain(CreateDomain.newBuilder()
                        .setRequest(CreateDomainRequest.newBuilder()
                                .setDomid(Layout.DOMID)
                                .setNrPages(Layout.NR_PAGES)
                                .setNrVcpus(vcpus)
                                .setMemory(memory)
                                .setDefaultTimeoutMs(defaultTimeoutMillis))
                        .addAllUsableNodes(usable))
                .build();
    }

    public static Command createServer(boolean buffers, int timeoutMillis) {
        return byOperator()
                .setCreateIoreqServer(CreateIoreqServerRequest.newBuilder()
                        .setDomid(Layout.DOMID)
                        .setBufioreq(buffers ? Bufioreq.BUFIOREQ_ATOMIC : Bufioreq.BUFIOREQ_OFF)
                        .setTimeoutMs(timeoutMillis))
                .build();
    }

    public static Command destroyServer(int id, long generation, int drainMillis) {
        return byOperator()
                .setDestroyIoreqServer(DestroyIoreqServerRequest.newBuilder()
                        .setDomid(Layout.DOMID)
                        .setId(id)
                        .setGeneration(generation)
                        .setDrainMs(drainMillis))
                .build();
    }

    public static Command setState(int id, boolean enabled, int drainMillis) {
        return byOperator()
                .setSetIoreqServerState(SetIoreqServerStateRequest.newBuilder()
                        .setDomid(Layout.DOMID)
                        .setId(id)
                        .setEnabled(enabled)
                        .setDrainMs(drainMillis))
                .build();
    }

    public static Command claim(int id, int x, int flags) {
        return byOperator()
                .setMapMemType(MapMemTypeRequest.newBuilder()
                        .setDomid(Layout.DOMID)
                        .setId(id)
                        .setTypeValue(FIRST_TYPE + x)
                        .setFlags(flags))
                .build();
    }

    public static Command release(int id, int x, int drainMillis, boolean reset) {
        return byOperator()
                .setMapMemType(MapMemTypeRequest.newBuilder()
                        .setDomid(Layout.DOMID)
                        .setId(id)
                        .setTypeValue(FIRST_TYPE + x)
                        .setDrainMs(drainMillis)
                        .setReset(reset))
                .build();
    }

    public static Command mapRange(int id, boolean ports) {
        return byOperator()
                .setMapIoRange(MapIoRangeRequest.newBuilder()
                        .setDomid(Layout.DOMID)
                        .setId(id)
                        .setRange(range(ports)))
                .build();
    }

    public static Command unmapRange(int id, boolean ports) {
        return byOperator()
                .setUnmapIoRange(UnmapIoRangeRequest.newBuilder()
                        .setDomid(Layout.DOMID)
                        .setId(id)
                        .setRange(range(ports)))
                .build();
    }

    private static IoRange range(boolean ports) {
        return IoRange.newBuilder()
                .setType(ports ? IoRangeType.IO_RANGE_TYPE_PORT : IoRangeType.IO_RANGE_TYPE_MEMORY)
                .setStart(ports ? Layout.FIRST_PORT : Layout.RANGE_START)
                .setEnd(ports ? Layout.LAST_PORT : Layout.RANGE_END)
                .build();
    }

    public static Command pause() {
        return byOperator()
                .setPauseDomain(PauseDomainRequest.newBuilder().setDomid(Layout.DOMID))
                .build();
    }

    public static Command unpause() {
        return byOperator()
                .setUnpauseDomain(UnpauseDomainRequest.newBuilder().setDomid(Layout.DOMID))
                .build();
    }

    public static Command attach(int id, long generation, long run, String node) {
        return Command.newBuilder()
                .setAttachEmulator(AttachEmulator.newBuilder()
                        .setPrincipal(PRINCIPAL)
                        .setDomid(Layout.DOMID)
                        .setId(id)
                        .setGeneration(generation)
                        .setRun(run)
                        .setNode(node))
                .build();
    }

    public static Command detach(int id, long generation, long sessionEpoch) {
        return Command.newBuilder()
                .setDetachEmulator(DetachEmulator.newBuilder()
                        .setDomid(Layout.DOMID)
                        .setId(id)
                        .setGeneration(generation)
                        .setSessionEpoch(sessionEpoch))
                .build();
    }

    /** The guest is at that node, and may go on at another one by its token. */
    public static Command openVcpu(int vcpu, String node, int window, long token) {
        return Command.newBuilder()
                .setOpenVcpu(OpenVcpuStream.newBuilder()
                        .setDomid(Layout.DOMID)
                        .setVcpu(vcpu)
                        .setNode(node)
                        .setWindow(window)
                        .setToken(token(token)))
                .build();
    }

    /** The guest of a vCPU goes on at another node. */
    public static Command moveVcpu(int vcpu, String node, long token) {
        return Command.newBuilder()
                .setMoveVcpu(MoveVcpu.newBuilder()
                        .setDomid(Layout.DOMID)
                        .setVcpu(vcpu)
                        .setNode(node)
                        .setToken(token(token)))
                .build();
    }

    private static ByteString token(long token) {
        return ByteString.copyFrom(ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(token)
                .putLong(token)
                .array());
    }

    public static Command finishDrain(long revision) {
        return Command.newBuilder()
                .setFinishDrain(FinishDrain.newBuilder().setRevision(revision))
                .build();
    }

    public static Command openSession() {
        return byOperator()
                .setOpenSession(OpenSessionRequest.getDefaultInstance())
                .build();
    }

    public static Command endSession(long session) {
        return byOperator()
                .setEndSession(EndSession.newBuilder().setSession(session))
                .build();
    }

    /** The same request under that id; under none, where it is the default (section E). */
    public static Command withId(Command command, RequestId id) {
        Command.Builder named = command.toBuilder();
        switch (command.getCommandCase()) {
            case CREATE_IOREQ_SERVER -> named.getCreateIoreqServerBuilder().setRequestId(id);
            case DESTROY_IOREQ_SERVER -> named.getDestroyIoreqServerBuilder().setRequestId(id);
            case SET_IOREQ_SERVER_STATE -> named.getSetIoreqServerStateBuilder().setRequestId(id);
            case MAP_MEM_TYPE -> named.getMapMemTypeBuilder().setRequestId(id);
            case MAP_IO_RANGE -> named.getMapIoRangeBuilder().setRequestId(id);
            case UNMAP_IO_RANGE -> named.getUnmapIoRangeBuilder().setRequestId(id);
            case PAUSE_DOMAIN -> named.getPauseDomainBuilder().setRequestId(id);
            case UNPAUSE_DOMAIN -> named.getUnpauseDomainBuilder().setRequestId(id);
            default -> throw new IllegalArgumentException("no request of the operator: " + command);
        }
        return named.build();
    }

    private static Command.Builder byOperator() {
        return Command.newBuilder().setPrincipal(PRINCIPAL);
    }
}
