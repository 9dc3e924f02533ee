package io.trapline.sim.world.cluster.coordinator;

import io.trapline.coordinator.commit.NotLeading;
import io.trapline.coordinator.lease.ChangeRing;
import io.trapline.coordinator.lease.HeldRegistrations;
import io.trapline.coordinator.lease.Leadership;
import io.trapline.coordinator.lease.LeaseKeeper;
import io.trapline.coordinator.lease.Views;
import io.trapline.coordinator.raft.ReplicaEvents;
import io.trapline.coordinator.registry.DrainRoles;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.coordinator.registry.Result;
import io.trapline.coordinator.registry.UnattendedClaim;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DetachEmulator;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.FinishDrain;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.NodeSessionRequest;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.Mailbox;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.raft.SimReplica;
import io.trapline.sim.world.cluster.seam.ClusterSeams;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Carries out what the real {@link Leadership} says, as {@code LeaseKeeper} does. */
final class KeeperActor {
    private static final int SLOW = 2_000;
    private static final long SLOWEST = 50_000_000;
    private static final Duration TICK = Duration.ofMillis(50);

    private record Arrived(NodeLife life, long renewal) {}

    private final Agenda agenda;
    private final SimHost host;
    private final Mailbox mailbox;
    private final CommitterActor committer;
    private final ClusterSeams seams;
    private final LeaseKeeper.Settings settings;
    private final ChangeRing ring;
    private final Map<Arrived, Long> arrivedNanos = new HashMap<>();
    private final HeldRegistrations<LeaseKeeper.Register> held;
    private String leader = "";
    private @Nullable SimReplica replica;
    private @Nullable Leadership leadership;
    private long confirmedNanos = -1;

    /** @param ringChanges how many changes it keeps for nodes that come back */
    KeeperActor(Agenda agenda, SimHost host, CommitterActor committer, ClusterSeams seams, int ringChanges) {
        this.agenda = agenda;
        this.host = host;
        this.committer = committer;
        this.seams = seams;
        mailbox = new Mailbox(agenda, host, SLOW, SLOWEST);
        ring = new ChangeRing(ringChanges, 1 << 20);
        held = new HeldRegistrations<>(host.name());
        settings =
                new LeaseKeeper.Settings(host.name(), "the cluster", new Reading(), host.clock(), () -> {}, List::of);
    }

    /** Whose state it reads; before it is told anything. */
    void log(SimReplica log) {
        replica = log;
    }

    private final class Reading implements Views {
        @Override
        public <T> T read(Function<RegistryView, T> reader) {
            return through(reader.apply(Objects.requireNonNull(replica).view()));
        }

        /** Of all that is read only lives of nodes come as a list of lives, and claims without an emulator as one of those. */
        @SuppressWarnings("unchecked")
        private <T> T through(T read) {
            if (read instanceof DrainRoles roles) {
                return (T) seams.drainRoles(roles);
            }
            if (!(read instanceof List<?> list) || list.isEmpty()) {
                return read;
            }
            return switch (list.getFirst()) {
                case NodeLife life -> (T) seams.mayHoldLeases((List<NodeLife>) read);
                case UnattendedClaim claim -> (T) seams.unattended((List<UnattendedClaim>) read);
                default -> read;
            };
        }
    }

    // ---- from the replica

    void leading(boolean leads) {
        mailbox.tell(() -> {
            Leadership before = leadership;
            leadership = null;
            if (before != null) {
                before.end(notLeading());
            }
            if (leads) {
                Leadership begun = new Leadership(settings, ring, new Outside());
                leadership = begun;
                begun.begin();
                held.takeAll().forEach(begun::register);
                tickLater(begun);
            }
        });
    }

    void leader(ReplicaEvents.Leader of) {
        mailbox.tell(() -> {
            leader = of.address();
            held.leads(of.peer(), of.address()).forEach(this::refuse);
        });
    }

    private void tickLater(Leadership of) {
        host.after(
                TICK.toNanos(),
                () -> mailbox.tell(() -> {
                    if (leadership == of) {
                        of.tick();
                        tickLater(of);
                    }
                }));
    }

    void applied(List<Result> results) {
        mailbox.tell(() -> results.forEach(result -> result.change().ifPresent(this::changed)));
    }

    private void changed(RegistryChange change) {
        ring.add(change);
        Leadership now = leadership;
        if (now != null) {
            now.changed(change);
            if (seams.finishesDrainsAtOnce()) {
                change.getDrainsList().forEach(this::finish);
            }
            if (seams.endsSessionsForOthers()) {
                change.getServersList().stream()
                        .filter(server -> server.getStandbysCount() > 0)
                        .forEach(this::endSession);
            }
        }
    }

    private void endSession(ServerRecord server) {
        committer.submit(
                Command.newBuilder()
                        .setDetachEmulator(DetachEmulator.newBuilder()
                                .setDomid(server.getServer().getDomid())
                                .setId(server.getServer().getId())
                                .setGeneration(server.getServer().getGeneration())
                                .setSessionEpoch(server.getServer().getSessionEpoch()))
                        .build(),
                answer -> {});
    }

    private void finish(DrainRecord drain) {
        committer.submit(
                Command.newBuilder()
                        .setFinishDrain(FinishDrain.newBuilder().setRevision(drain.getRevision()))
                        .build(),
                answer -> {});
    }

    private final class Outside implements Leadership.Outside {
        @Override
        public void submit(Leadership from, Command command, Consumer<Answer> reply) {
            committer.submit(command, answer -> then(from, () -> reply.accept(answer)));
        }

        @Override
        public void confirm(Leadership from, Runnable confirmed, Runnable refused) {
            if (seams.confirmsItself()) {
                then(from, confirmed);
            } else {
                committer.confirm(
                        begun -> then(from, () -> {
                            confirmedNanos = begun;
                            confirmed.run();
                        }),
                        () -> then(from, refused));
            }
        }

        @Override
        public void later(Leadership from, Duration delay, Runnable step) {
            host.after(delay.toNanos(), () -> then(from, step));
        }
    }

    private void then(Leadership asked, Runnable step) {
        mailbox.tell(() -> {
            if (leadership == asked) {
                step.run();
            }
        });
    }

    // ---- from nodes

    void register(NodeStream stream, NodeSessionRequest first) {
        LeaseKeeper.Register register = new LeaseKeeper.Register(
                stream, first.getRegister(), first.getClusterId(), first.getKnownRevision(), first.getSilentLeader());
        mailbox.tell(() -> {
            Leadership now = leadership;
            if (now != null) {
                now.register(register);
            } else if (held.hold(now(), register, register.silentLeader())) {
                host.after(
                        HeldRegistrations.LONGEST.toNanos(),
                        () -> mailbox.tell(() -> held.expired(now()).forEach(this::refuse)));
            } else {
                refuse(register);
            }
        });
    }

    private void refuse(LeaseKeeper.Register register) {
        register.stream().onError(Statuses.toException(notLeading()));
    }

    private long now() {
        return host.clock().getAsLong();
    }

    void said(NodeStream stream, NodeSessionRequest message) {
        mailbox.tell(() -> {
            Leadership now = leadership;
            if (now == null) {
                return;
            }
            switch (message.getMessageCase()) {
                case RENEW -> {
                    arrivedNanos.put(
                            new Arrived(stream.life(), message.getRenew().getNumber()), agenda.now());
                    now.renewed(stream, message.getRenew());
                }
                case APPLIED_REVISION -> now.applied(stream, message.getAppliedRevision());
                case DRAINED_REVISION -> now.drained(stream, message.getDrainedRevision());
                case RESIGN -> now.resigned(stream);
                case ACTIVITY -> now.acknowledged(message.getActivity());
                case REGISTER, MESSAGE_NOT_SET -> throw new IllegalArgumentException(message.toString());
            }
        });
    }

    void gone(NodeStream stream) {
        mailbox.tell(() -> {
            if (leadership != null) {
                leadership.gone(stream);
            } else {
                held.gone(register -> register.stream() == stream);
            }
        });
    }

    // ---- from operators

    void await(LeaseKeeper.Await await) {
        mailbox.tell(() -> {
            if (leadership == null) {
                await.lost().accept(notLeading());
            } else {
                leadership.await(await);
            }
        });
    }

    // ---- from other coordinators

    void inquired(LeaseKeeper.Await await) {
        mailbox.tell(() -> {
            if (leadership == null) {
                await.lost().accept(notLeading());
            } else if (seams.answersInquiriesAtOnce()) {
                await.done().run();
            } else {
                leadership.await(await);
            }
        });
    }

    /** The lives that hold a lease of this leadership. */
    void leased(Consumer<List<NodeLife>> reply) {
        mailbox.tell(() -> reply.accept(
                leadership == null
                        ? List.of()
                        : leadership.leased().stream()
                                .map(LeaseKeeper.LeasedNode::life)
                                .toList()));
    }

    // ---- as it truly is

    /** True time at which a renewal was taken from the mailbox. */
    long arrivedNanos(NodeLife life, long renewal) {
        return arrivedNanos.getOrDefault(new Arrived(life, renewal), Long.MAX_VALUE);
    }

    /** True time at which the entry was begun that has confirmed the leadership last; -1 = none has. */
    long confirmedNanos() {
        return confirmedNanos;
    }

    /** Whether it takes that life's lease for lapsed. */
    boolean takesForLapsed(NodeLife life) {
        Leadership now = leadership;
        return now != null && !now.mayServe(life);
    }

    private Refusal notLeading() {
        return NotLeading.refusal(leader);
    }
}
