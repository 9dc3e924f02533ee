package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.CreateDomain;
import io.trapline.model.Pure;
import io.trapline.v1.RequestId;
import java.util.Optional;

/** Where commands carry their request id (section E). */
@Pure
final class RequestIds {
    private RequestIds() {}

    /** The command's request id; empty where it has none. */
    static Optional<RequestId> of(Command command) {
        return switch (command.getCommandCase()) {
            case CREATE_DOMAIN -> {
                var q = command.getCreateDomain().getRequest();
                yield present(q.hasRequestId(), q.getRequestId());
            }
            case DESTROY_DOMAIN -> {
                var q = command.getDestroyDomain();
                yield present(q.hasRequestId(), q.getRequestId());
            }
            case PAUSE_DOMAIN -> {
                var q = command.getPauseDomain();
                yield present(q.hasRequestId(), q.getRequestId());
            }
            case UNPAUSE_DOMAIN -> {
                var q = command.getUnpauseDomain();
                yield present(q.hasRequestId(), q.getRequestId());
            }
            case CREATE_IOREQ_SERVER -> {
                var q = command.getCreateIoreqServer();
                yield present(q.hasRequestId(), q.getRequestId());
            }
            case DESTROY_IOREQ_SERVER -> {
                var q = command.getDestroyIoreqServer();
                yield present(q.hasRequestId(), q.getRequestId());
            }
            case SET_IOREQ_SERVER_STATE -> {
                var q = command.getSetIoreqServerState();
                yield present(q.hasRequestId(), q.getRequestId());
            }
            case MAP_IO_RANGE -> {
                var q = command.getMapIoRange();
                yield present(q.hasRequestId(), q.getRequestId());
            }
            case UNMAP_IO_RANGE -> {
                var q = command.getUnmapIoRange();
                yield present(q.hasRequestId(), q.getRequestId());
            }
            case MAP_MEM_TYPE -> {
                var q = command.getMapMemType();
                yield present(q.hasRequestId(), q.getRequestId());
            }
            case BEGIN_LEADERSHIP,
                    LAPSE_NODE,
                    END_NODE,
                    START_SYNC,
                    ABANDON_SYNC,
                    ADD_BACKUP,
                    DROP_BACKUP,
                    BEGIN_HAND_OVER,
                    HAND_OVER,
                    DRAIN_NODE,
                    UNDRAIN_NODE,
                    LEAVE_NODE,
                    MOVE_HOME,
                    RELEASE_UNATTENDED,
                    OPEN_SESSION,
                    END_SESSION,
                    REGISTER_NODE,
                    ATTACH_EMULATOR,
                    DETACH_EMULATOR,
                    OPEN_VCPU,
                    MOVE_VCPU,
                    FINISH_DRAIN,
                    BEGIN_GENERATION,
                    USE_COORDINATOR_IDS,
                    COMMAND_NOT_SET -> Optional.empty();
        };
    }

    /** What the client asked for: the command without its request id and without what the leader has added. */
    static Command content(Command command) {
        Command.Builder content = command.toBuilder();
        switch (command.getCommandCase()) {
            case CREATE_DOMAIN -> {
                content.setCreateDomain(CreateDomain.newBuilder()
                        .setRequest(command.getCreateDomain().getRequest()));
                content.getCreateDomainBuilder().getRequestBuilder().clearRequestId();
            }
            case DESTROY_DOMAIN -> content.getDestroyDomainBuilder().clearRequestId();
            case PAUSE_DOMAIN -> content.getPauseDomainBuilder().clearRequestId();
            case UNPAUSE_DOMAIN -> content.getUnpauseDomainBuilder().clearRequestId();
            case CREATE_IOREQ_SERVER -> content.getCreateIoreqServerBuilder().clearRequestId();
            case DESTROY_IOREQ_SERVER -> content.getDestroyIoreqServerBuilder().clearRequestId();
            case SET_IOREQ_SERVER_STATE ->
                content.getSetIoreqServerStateBuilder().clearRequestId();
            case MAP_IO_RANGE -> content.getMapIoRangeBuilder().clearRequestId();
            case UNMAP_IO_RANGE -> content.getUnmapIoRangeBuilder().clearRequestId();
            case MAP_MEM_TYPE -> content.getMapMemTypeBuilder().clearRequestId();
            case BEGIN_LEADERSHIP,
                    LAPSE_NODE,
                    END_NODE,
                    START_SYNC,
                    ABANDON_SYNC,
                    ADD_BACKUP,
                    DROP_BACKUP,
                    BEGIN_HAND_OVER,
                    HAND_OVER,
                    DRAIN_NODE,
                    UNDRAIN_NODE,
                    LEAVE_NODE,
                    MOVE_HOME,
                    RELEASE_UNATTENDED,
                    OPEN_SESSION,
                    END_SESSION,
                    REGISTER_NODE,
                    ATTACH_EMULATOR,
                    DETACH_EMULATOR,
                    OPEN_VCPU,
                    MOVE_VCPU,
                    FINISH_DRAIN,
                    BEGIN_GENERATION,
                    USE_COORDINATOR_IDS,
                    COMMAND_NOT_SET -> {}
        }
        return content.build();
    }

    private static Optional<RequestId> present(boolean has, RequestId id) {
        return has ? Optional.of(id) : Optional.empty();
    }
}
