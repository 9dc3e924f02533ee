package io.trapline.sim.world.cluster.request;

import io.trapline.internal.v1.AttachEmulator;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.CreateDomain;
import io.trapline.internal.v1.DetachEmulator;
import io.trapline.internal.v1.DrainNode;
import io.trapline.internal.v1.UndrainNode;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DestroyDomainRequest;
import io.trapline.v1.DestroyIoreqServerRequest;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.OnDisconnect;
import io.trapline.v1.OpenSessionRequest;
import io.trapline.v1.PauseDomainRequest;
import io.trapline.v1.RequestId;
import io.trapline.v1.SetIoreqServerStateRequest;
import io.trapline.v1.UnpauseDomainRequest;
import java.util.Optional;

/** What operators ask for, as commands; none has a request id yet. */
public final class Requests {
    /** {@code ioreq_server[0]}. */
    public static final int FIRST_TYPE = 16;

    private static final int READ_AND_WRITE = 3;

    private Requests() {}

    private static Command.Builder byOperator() {
        return Command.newBuilder().setPrincipal("alice");
    }

    public static Command openSession() {
        return byOperator()
                .setOpenSession(OpenSessionRequest.getDefaultInstance())
                .build();
    }

    /** Begins, or ends, the drain of a node. */
    public static Command drain(String node, boolean drained) {
        return (drained
                        ? Command.newBuilder()
                                .setDrainNode(DrainNode.newBuilder().setNode(node))
                        : Command.newBuilder()
                                .setUndrainNode(UndrainNode.newBuilder().setNode(node)))
                .build();
    }

    public static Command createDomain(int domid) {
        return createDomain(domid, false);
    }

    /**
     * A domain of 4 MiB.
     *
     * @param replicated whether each shard is to have two copies
     */
    public static Command createDomain(int domid, boolean replicated) {
        return byOperator()
                .setCreateDomain(CreateDomain.newBuilder()
                        .setRequest(CreateDomainRequest.newBuilder()
                                .setDomid(domid)
                                .setNrPages(1_024)
                                .setNrVcpus(1)
                                .setMemory(
                                        replicated
                                                ? DomainMemory.DOMAIN_MEMORY_REPLICATED
                                                : DomainMemory.DOMAIN_MEMORY_VOLATILE)))
                .build();
    }

    public static Command destroyDomain(int domid) {
        return byOperator()
                .setDestroyDomain(DestroyDomainRequest.newBuilder().setDomid(domid))
                .build();
    }

    public static Command pause(int domid) {
        return byOperator()
                .setPauseDomain(PauseDomainRequest.newBuilder().setDomid(domid))
                .build();
    }

    public static Command unpause(int domid) {
        return byOperator()
                .setUnpauseDomain(UnpauseDomainRequest.newBuilder().setDomid(domid))
                .build();
    }

    /**
     * A server.
     *
     * @param graceMillis for how long its claims stand without an emulator; 0 = they stay (C6)
     */
    public static Command createServer(int domid, int graceMillis) {
        return byOperator()
                .setCreateIoreqServer(CreateIoreqServerRequest.newBuilder()
                        .setDomid(domid)
                        .setOnDisconnect(
                                graceMillis == 0 ? OnDisconnect.ON_DISCONNECT_HOLD : OnDisconnect.ON_DISCONNECT_RELEASE)
                        .setGraceMs(graceMillis))
                .build();
    }

    public static Command destroyServer(int domid, int id, int drainMillis) {
        return byOperator()
                .setDestroyIoreqServer(DestroyIoreqServerRequest.newBuilder()
                        .setDomid(domid)
                        .setId(id)
                        .setDrainMs(drainMillis))
                .build();
    }

    public static Command setState(int domid, int id, boolean enabled, int drainMillis) {
        return byOperator()
                .setSetIoreqServerState(SetIoreqServerStateRequest.newBuilder()
                        .setDomid(domid)
                        .setId(id)
                        .setEnabled(enabled)
                        .setDrainMs(drainMillis))
                .build();
    }

    public static Command claim(int domid, int id, int x) {
        return byOperator()
                .setMapMemType(MapMemTypeRequest.newBuilder()
                        .setDomid(domid)
                        .setId(id)
                        .setTypeValue(FIRST_TYPE + x)
                        .setFlags(READ_AND_WRITE))
                .build();
    }

    public static Command release(int domid, int id, int x, int drainMillis) {
        return byOperator()
                .setMapMemType(MapMemTypeRequest.newBuilder()
                        .setDomid(domid)
                        .setId(id)
                        .setTypeValue(FIRST_TYPE + x)
                        .setDrainMs(drainMillis))
                .build();
    }

    /** An emulator attaches by way of that node. */
    public static Command attach(int domid, int id, long generation, long run, String node, boolean standby) {
        return Command.newBuilder()
                .setAttachEmulator(AttachEmulator.newBuilder()
                        .setPrincipal("alice")
                        .setDomid(domid)
                        .setId(id)
                        .setGeneration(generation)
                        .setRun(run)
                        .setNode(node)
                        .setStream(run)
                        .setStandby(standby))
                .build();
    }

    /** An emulator is gone. */
    public static Command detach(int domid, int id, long generation, long sessionEpoch) {
        return Command.newBuilder()
                .setDetachEmulator(DetachEmulator.newBuilder()
                        .setDomid(domid)
                        .setId(id)
                        .setGeneration(generation)
                        .setSessionEpoch(sessionEpoch))
                .build();
    }

    /** The same request under that id (section E); what has no place for one stays as it is. */
    public static Command withId(Command command, RequestId id) {
        Command.Builder named = command.toBuilder();
        switch (command.getCommandCase()) {
            case CREATE_DOMAIN ->
                named.getCreateDomainBuilder().getRequestBuilder().setRequestId(id);
            case DESTROY_DOMAIN -> named.getDestroyDomainBuilder().setRequestId(id);
            case PAUSE_DOMAIN -> named.getPauseDomainBuilder().setRequestId(id);
            case UNPAUSE_DOMAIN -> named.getUnpauseDomainBuilder().setRequestId(id);
            case CREATE_IOREQ_SERVER -> named.getCreateIoreqServerBuilder().setRequestId(id);
            case DESTROY_IOREQ_SERVER -> named.getDestroyIoreqServerBuilder().setRequestId(id);
            case SET_IOREQ_SERVER_STATE -> named.getSetIoreqServerStateBuilder().setRequestId(id);
            case MAP_MEM_TYPE -> named.getMapMemTypeBuilder().setRequestId(id);
            default -> {}
        }
        return named.build();
    }

    /** The request without its id: another one, for all that the registry can know. */
    public static Command withoutId(Command command) {
        Command.Builder unnamed = command.toBuilder();
        switch (command.getCommandCase()) {
            case CREATE_DOMAIN ->
                unnamed.getCreateDomainBuilder().getRequestBuilder().clearRequestId();
            case DESTROY_DOMAIN -> unnamed.getDestroyDomainBuilder().clearRequestId();
            case PAUSE_DOMAIN -> unnamed.getPauseDomainBuilder().clearRequestId();
            case UNPAUSE_DOMAIN -> unnamed.getUnpauseDomainBuilder().clearRequestId();
            case CREATE_IOREQ_SERVER -> unnamed.getCreateIoreqServerBuilder().clearRequestId();
            case DESTROY_IOREQ_SERVER -> unnamed.getDestroyIoreqServerBuilder().clearRequestId();
            case SET_IOREQ_SERVER_STATE ->
                unnamed.getSetIoreqServerStateBuilder().clearRequestId();
            case MAP_MEM_TYPE -> unnamed.getMapMemTypeBuilder().clearRequestId();
            default -> {}
        }
        return unnamed.build();
    }

    /** The id of a request; empty where it has none. */
    public static Optional<RequestId> id(Command command) {
        RequestId id = switch (command.getCommandCase()) {
            case CREATE_DOMAIN -> command.getCreateDomain().getRequest().getRequestId();
            case DESTROY_DOMAIN -> command.getDestroyDomain().getRequestId();
            case PAUSE_DOMAIN -> command.getPauseDomain().getRequestId();
            case UNPAUSE_DOMAIN -> command.getUnpauseDomain().getRequestId();
            case CREATE_IOREQ_SERVER -> command.getCreateIoreqServer().getRequestId();
            case DESTROY_IOREQ_SERVER -> command.getDestroyIoreqServer().getRequestId();
            case SET_IOREQ_SERVER_STATE -> command.getSetIoreqServerState().getRequestId();
            case MAP_MEM_TYPE -> command.getMapMemType().getRequestId();
            default -> RequestId.getDefaultInstance();
        };
        return id.getSession() == 0 ? Optional.empty() : Optional.of(id);
    }

    /** Whose domain it is about; 0 = none. */
    public static int domid(Command command) {
        return switch (command.getCommandCase()) {
            case CREATE_IOREQ_SERVER -> command.getCreateIoreqServer().getDomid();
            case DESTROY_IOREQ_SERVER -> command.getDestroyIoreqServer().getDomid();
            case SET_IOREQ_SERVER_STATE -> command.getSetIoreqServerState().getDomid();
            case MAP_MEM_TYPE -> command.getMapMemType().getDomid();
            default -> 0;
        };
    }

    /** Whether it can have an id. */
    public static boolean takesId(Command command) {
        return !command.hasOpenSession() && !command.hasAttachEmulator() && !command.hasDetachEmulator();
    }
}
