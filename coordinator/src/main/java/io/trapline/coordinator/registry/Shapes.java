package io.trapline.coordinator.registry;

import io.trapline.internal.v1.AttachEmulator;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.UseCoordinatorIds;
import io.trapline.model.Domid;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.MemType;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.v1.Bufioreq;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.IoRange;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.OnDegraded;
import io.trapline.v1.OnDisconnect;
import io.trapline.v1.RequestId;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Is a command well formed by itself? The first of the checks; it needs no state, so that services make it before anything is
 * written to the log. Every refusal is EINVAL and names the field and its value.
 */
@Pure
final class Shapes {
    private static final int CLAIM_FLAGS = io.trapline.model.AccessFlags.ALL;
    private static final int MAX_GENERATION = 0x7FFF;

    private static final int MAX_TOKEN_BYTES = 16;

    private Shapes() {}

    /** The first thing that is wrong with the command. */
    static Optional<Refusal> check(Command command) {
        return RequestIds.of(command).flatMap(Shapes::requestId).or(() -> switch (command.getCommandCase()) {
            case CREATE_DOMAIN -> createDomain(command.getCreateDomain().getRequest());
            case CREATE_IOREQ_SERVER -> createServer(command.getCreateIoreqServer());
            case DESTROY_IOREQ_SERVER ->
                drainMillis(command.getDestroyIoreqServer().getDrainMs());
            case SET_IOREQ_SERVER_STATE ->
                drainMillis(command.getSetIoreqServerState().getDrainMs());
            case MAP_IO_RANGE -> range(command.getMapIoRange().getRange());
            case UNMAP_IO_RANGE -> range(command.getUnmapIoRange().getRange());
            case MAP_MEM_TYPE -> mapMemType(command.getMapMemType());
            case REGISTER_NODE -> registerNode(command.getRegisterNode());
            case ATTACH_EMULATOR -> attach(command.getAttachEmulator());
            case OPEN_VCPU -> bytes("token", command.getOpenVcpu().getToken().size(), MAX_TOKEN_BYTES);
            case MOVE_VCPU -> bytes("token", command.getMoveVcpu().getToken().size(), MAX_TOKEN_BYTES);
            case BEGIN_GENERATION ->
                upTo("generation", command.getBeginGeneration().getGeneration(), MAX_GENERATION);
            case BEGIN_LEADERSHIP -> name("peer", command.getBeginLeadership().getPeer());
            case USE_COORDINATOR_IDS -> coordinatorIds(command.getUseCoordinatorIds());
            case LAPSE_NODE, END_NODE, START_SYNC, MOVE_HOME -> restsOnLeadership(command);
            case RELEASE_UNATTENDED ->
                claimable(command.getReleaseUnattended().getTypeValue()).or(() -> restsOnLeadership(command));
            case ABANDON_SYNC -> command.getAbandonSync().hasPrimary() ? Optional.empty() : restsOnLeadership(command);
            case DROP_BACKUP -> command.getDropBackup().hasPrimary() ? Optional.empty() : restsOnLeadership(command);
            case BEGIN_HAND_OVER ->
                command.getBeginHandOver().hasPrimary() ? Optional.empty() : restsOnLeadership(command);
            case DRAIN_NODE -> name("node", command.getDrainNode().getNode());
            case UNDRAIN_NODE -> name("node", command.getUndrainNode().getNode());
            case LEAVE_NODE ->
                name("life.node", command.getLeaveNode().getLife().getNode());
            case COMMAND_NOT_SET -> Optional.of(Refusal.of(Errno.EINVAL, "command: none is set"));
            case DESTROY_DOMAIN,
                    PAUSE_DOMAIN,
                    UNPAUSE_DOMAIN,
                    OPEN_SESSION,
                    END_SESSION,
                    DETACH_EMULATOR,
                    ADD_BACKUP,
                    HAND_OVER,
                    FINISH_DRAIN -> Optional.empty();
        });
    }

    private static Optional<Refusal> requestId(RequestId id) {
        if (id.getNumber() <= 0) {
            return Optional.of(
                    Refusal.invalid("request_id.number", Long.toUnsignedString(id.getNumber()), "1, 2, 3 …"));
        }
        long acknowledged = id.getAcknowledgedThrough();
        if (acknowledged < 0 || acknowledged >= id.getNumber()) {
            return Optional.of(Refusal.invalid(
                    "request_id.acknowledged_through",
                    Long.toUnsignedString(acknowledged),
                    "0 … number - 1 = " + (id.getNumber() - 1)));
        }
        return Optional.empty();
    }

    private static Optional<Refusal> createDomain(CreateDomainRequest q) {
        if (q.getDomid() != 0 && !Domid.isValid(q.getDomid())) {
            return Optional.of(overLimit("domid", Integer.toUnsignedLong(q.getDomid()), Limit.MAX_DOMID));
        }
        return oneUpTo("nr_pages", q.getNrPages(), Limit.MAX_PAGES_PER_DOMAIN)
                .or(() -> oneUpTo("nr_vcpus", Integer.toUnsignedLong(q.getNrVcpus()), Limit.MAX_VCPUS_PER_DOMAIN))
                .or(() -> memory(q))
                .or(() -> upTo("default_timeout_ms", q.getDefaultTimeoutMs(), Limit.MAX_TIMEOUT_MILLIS));
    }

    private static Optional<Refusal> memory(CreateDomainRequest q) {
        if (q.getMemory() != DomainMemory.DOMAIN_MEMORY_REPLICATED
                && q.getMemory() != DomainMemory.DOMAIN_MEMORY_VOLATILE) {
            return Optional.of(Refusal.invalid("memory", enumText(q.getMemory(), q.getMemoryValue()), "not a choice"));
        }
        if (q.getOnDegraded() == OnDegraded.UNRECOGNIZED) {
            return Optional.of(Refusal.invalid("on_degraded", q.getOnDegradedValue(), "not a choice"));
        }
        if (q.getOnDegraded() == OnDegraded.ON_DEGRADED_WAIT && q.getMemory() == DomainMemory.DOMAIN_MEMORY_VOLATILE) {
            return Optional.of(Refusal.invalid("on_degraded", q.getOnDegraded(), "only for REPLICATED memory"));
        }
        return Optional.empty();
    }

    private static Optional<Refusal> createServer(CreateIoreqServerRequest q) {
        if (q.getBufioreq() == Bufioreq.UNRECOGNIZED) {
            return Optional.of(Refusal.invalid("bufioreq", q.getBufioreqValue(), "OFF, LEGACY or ATOMIC"));
        }
        if (q.getOnDisconnect() == OnDisconnect.UNRECOGNIZED) {
            return Optional.of(Refusal.invalid("on_disconnect", q.getOnDisconnectValue(), "HOLD or RELEASE"));
        }
        if (q.getOnDisconnect() != OnDisconnect.ON_DISCONNECT_RELEASE && q.getGraceMs() != 0) {
            return Optional.of(Refusal.invalid("grace_ms", Integer.toUnsignedString(q.getGraceMs()), "0 for HOLD"));
        }
        return upTo("timeout_ms", q.getTimeoutMs(), Limit.MAX_TIMEOUT_MILLIS)
                .or(() -> q.getOnDisconnect() == OnDisconnect.ON_DISCONNECT_RELEASE
                        ? oneUpTo("grace_ms", Integer.toUnsignedLong(q.getGraceMs()), Limit.MAX_GRACE_MILLIS)
                        : Optional.empty());
    }

    private static Optional<Refusal> claimable(int type) {
        return MemType.isIoreqServer(type)
                ? Optional.empty()
                : Optional.of(Refusal.invalid(
                        "type",
                        enumText(io.trapline.v1.MemType.forNumber(type), type),
                        "only ioreq_server[0 … 15] can be claimed"));
    }

    private static Optional<Refusal> mapMemType(MapMemTypeRequest q) {
        Optional<Refusal> type = claimable(q.getTypeValue());
        if (type.isPresent()) {
            return type;
        }
        if ((q.getFlags() & ~CLAIM_FLAGS) != 0) {
            return Optional.of(Refusal.invalid(
                    "flags", Integer.toUnsignedString(q.getFlags()), "a set of READ (1) and WRITE (2), or 0"));
        }
        if (q.getReset() && q.getFlags() != 0) {
            return Optional.of(Refusal.invalid("reset", true, "only with flags = 0, which releases"));
        }
        return drainMillis(q.getDrainMs());
    }

    private static Optional<Refusal> range(IoRange range) {
        long highest = switch (range.getType()) {
            case IO_RANGE_TYPE_PORT -> 0xFFFFL;
            case IO_RANGE_TYPE_MEMORY -> (1L << Limit.MAX_GPA_BITS.value()) - 1;
            case IO_RANGE_TYPE_PCI -> 0xFFFF_FFFFL;
            case IO_RANGE_TYPE_UNSPECIFIED, UNRECOGNIZED -> -1;
        };
        if (highest < 0) {
            return Optional.of(Refusal.invalid(
                    "range.type", enumText(range.getType(), range.getTypeValue()), "PORT, MEMORY or PCI"));
        }
        return rangeEnd("range.start", range.getStart(), highest)
                .or(() -> rangeEnd("range.end", range.getEnd(), highest))
                .or(() -> range.getStart() <= range.getEnd()
                        ? Optional.empty()
                        : Optional.of(
                                Refusal.invalid("range.start", range.getStart(), "above end = " + range.getEnd())));
    }

    private static Optional<Refusal> rangeEnd(String field, long value, long highest) {
        if (value >= 0 && value <= highest) {
            return Optional.empty();
        }
        return Optional.of(Refusal.invalid(field, Long.toUnsignedString(value), "0 … " + highest)
                .with("limit", highest));
    }

    private static Optional<Refusal> registerNode(RegisterNode q) {
        return name("node", q.getNode())
                .or(() -> q.getIncarnation() == 0
                        ? Optional.of(Refusal.invalid("incarnation", 0, "any other number"))
                        : Optional.empty());
    }

    private static Optional<Refusal> name(String field, String name) {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        return length > 0 && length <= Limit.MAX_NODE_NAME_BYTES.value()
                ? Optional.empty()
                : Optional.of(Refusal.invalid(field, length + " bytes", "1 … " + Limit.MAX_NODE_NAME_BYTES.value())
                        .with("limit", Limit.MAX_NODE_NAME_BYTES.value()));
    }

    private static Optional<Refusal> coordinatorIds(UseCoordinatorIds q) {
        return Stream.concat(
                        q.getUsedList().stream().map(id -> name("used", id)),
                        q.getJoiningList().stream().map(each -> name("joining", each.getId())))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static Optional<Refusal> restsOnLeadership(Command command) {
        return command.getLeadership() == 0
                ? Optional.of(Refusal.invalid("leadership", 0, "the one that it rests on"))
                : Optional.empty();
    }

    private static Optional<Refusal> attach(AttachEmulator q) {
        if (q.getGeneration() == 0) {
            return Optional.of(Refusal.invalid("generation", 0, "an emulator names its server's generation (S5)"));
        }
        if (q.getRun() == 0) {
            return Optional.of(Refusal.invalid("run", 0, "any other number, chosen once per process (F6)"));
        }
        if (q.getStandby() && q.getStream() == 0) {
            return Optional.of(Refusal.invalid("stream", 0, "a standby's stream has a name"));
        }
        return Optional.empty();
    }

    private static Optional<Refusal> bytes(String field, int size, int most) {
        return size <= most
                ? Optional.empty()
                : Optional.of(Refusal.invalid(field, size + " bytes", "at most " + most));
    }

    private static Optional<Refusal> drainMillis(int value) {
        return upTo("drain_ms", value, Limit.MAX_DRAIN_MILLIS);
    }

    private static Optional<Refusal> upTo(String field, int value, Limit limit) {
        long unsigned = Integer.toUnsignedLong(value);
        return unsigned <= limit.value() ? Optional.empty() : Optional.of(overLimit(field, unsigned, limit));
    }

    private static Optional<Refusal> upTo(String field, int value, int limit) {
        return Integer.toUnsignedLong(value) <= limit
                ? Optional.empty()
                : Optional.of(Refusal.invalid(field, Integer.toUnsignedString(value), "at most " + limit)
                        .with("limit", limit));
    }

    private static Optional<Refusal> oneUpTo(String field, long value, Limit limit) {
        if (value == 0) {
            return Optional.of(Refusal.invalid(field, 0, "1 … " + limit.value()).with("limit", limit.value()));
        }
        return value > 0 && value <= limit.value() ? Optional.empty() : Optional.of(overLimit(field, value, limit));
    }

    private static Refusal overLimit(String field, long value, Limit limit) {
        return Refusal.of(
                        Errno.EINVAL,
                        field + " = " + Long.toUnsignedString(value) + ": at most " + limit.value() + " "
                                + limit.unit())
                .with("field", field)
                .with("value", Long.toUnsignedString(value))
                .with("limit", limit.value())
                .with("limit_name", limit.key());
    }

    /** The name of a choice, or the number of one that the contract lacks. */
    private static String enumText(@Nullable Enum<?> choice, int number) {
        return choice == null || choice.name().equals("UNRECOGNIZED") ? Integer.toString(number) : choice.name();
    }
}
