package io.trapline.sim.world.cluster.node;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.Grant;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.NodeSessionRequest;
import io.trapline.internal.v1.NodeSessionResponse;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.Renewal;
import io.trapline.internal.v1.Resignation;
import io.trapline.internal.v1.RunName;
import io.trapline.model.Lease;
import io.trapline.node.lease.LeaderFinder;
import io.trapline.node.lease.NodeLease;
import io.trapline.sim.check.Violation;
import io.trapline.sim.world.cluster.check.CopyChecks;
import io.trapline.sim.world.cluster.check.Serving;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.seam.ClusterSeams;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One life of a node: keeps in touch with the coordinators as {@code CoordinatorLink} does, by the real rules of leases. */
public final class NodeProcess implements Serving {
    private static final long MILLIS = 1_000_000;

    /** How a node reaches coordinators. */
    public interface Coordinators {
        /** Opens a session and registers; what it hears and its end go to the session. */
        SessionLine open(SimHost from, String address, NodeSessionRequest first, NodeSession session);
    }

    /** How a node reaches the others, and proposes to coordinators. */
    public interface Peers {
        /** A single message to whatever life the other node has when it arrives. */
        void send(SimHost from, String node, Supplier<String> what, Consumer<NodeProcess> arrive);

        /** Asks that coordinator once. */
        void propose(SimHost from, String coordinator, Command command);

        /** What copies are checked by. */
        CopyChecks checks();
    }

    /** What a session says. */
    public interface SessionLine {
        void send(NodeSessionRequest message);

        void close();
    }

    /** What a session hears. */
    public interface NodeSession {
        void heard(NodeSessionResponse response);

        /**
         * It is over.
         *
         * @param named the leader's address, if it was said; else empty
         * @param lifeIsOver ESTALE
         */
        void lost(String named, boolean lifeIsOver);
    }

    private final Agenda agenda;
    private final SimHost host;
    private final ClusterSeams seams;
    private final Coordinators coordinators;
    private final List<String> addresses;
    private final Peers peers;
    private final NodeLife life;
    private final NodeLease lease = new NodeLease(Lease.LASTS);
    private final LeaderFinder finder;
    private final NodeRegistryActor registry;
    private final Map<String, Session> sessions = new TreeMap<>();
    private long leadership;
    private long known;
    private long gateUntil;
    private boolean gateOpen;
    private boolean isOver;
    private int searches;

    /** The present life of the host's process begins. */
    public NodeProcess(
            Agenda agenda,
            SimHost host,
            ClusterSeams seams,
            List<String> addresses,
            Coordinators coordinators,
            Peers peers) {
        this.agenda = agenda;
        this.host = host;
        this.seams = seams;
        this.coordinators = coordinators;
        this.addresses = addresses;
        this.peers = peers;
        life = NodeLife.newBuilder()
                .setNode(host.name())
                .setIncarnation(agenda.name())
                .build();
        finder = new LeaderFinder(addresses, Lease.GRANT_SILENCE, now());
        registry = new NodeRegistryActor(agenda, host, life, this::copy, this::serves, new NodeRegistryActor.Told() {
            @Override
            public void applied(long revision) {
                lease.applied(now(), revision);
                say(NodeSessionRequest.newBuilder().setAppliedRevision(revision));
                publish();
            }

            @Override
            public void drained(long revision) {
                say(NodeSessionRequest.newBuilder().setDrainedRevision(revision));
            }
        });
        search();
        renewLater();
        accessLater();
    }

    private final class Session implements NodeSession {
        final String address;

        @Nullable
        SessionLine line;

        boolean isAdmitted;

        Session(String address) {
            this.address = address;
        }

        boolean isGone() {
            return sessions.get(address) != this;
        }

        void send(NodeSessionRequest message) {
            if (line != null) {
                line.send(message);
            }
        }

        @Override
        public void heard(NodeSessionResponse response) {
            if (!isGone()) {
                NodeProcess.this.heard(this, response);
            }
        }

        @Override
        public void lost(String named, boolean lifeIsOver) {
            if (isGone()) {
                return;
            }
            sessions.remove(address);
            if (lifeIsOver) {
                end();
            } else {
                finder.lost(now(), address, named);
                search();
            }
        }
    }

    private long now() {
        return host.clock().getAsLong();
    }

    // ---- to the coordinators

    private void search() {
        if (isOver) {
            return;
        }
        for (String address : finder.step(now())) {
            open(address);
        }
        long next = finder.nextStep();
        if (next != LeaderFinder.NEVER) {
            int search = ++searches;
            host.after(Math.max(1, next - now()), () -> {
                if (search == searches) {
                    search();
                }
            });
        }
    }

    private void open(String address) {
        Session session = new Session(address);
        sessions.put(address, session);
        NodeSessionRequest first = NodeSessionRequest.newBuilder()
                .setRegister(RegisterNode.newBuilder()
                        .setNode(life.getNode())
                        .setIncarnation(life.getIncarnation())
                        .setAddress("127.0.0.1:1"))
                .setKnownRevision(known)
                .setSilentLeader(finder.silentLeader())
                .build();
        session.line = coordinators.open(host, address, first, session);
    }

    private void renewLater() {
        host.after(Lease.RENEW_EVERY.toNanos(), () -> {
            if (!isOver) {
                List.copyOf(sessions.values()).forEach(this::renew);
                search();
                renewLater();
            }
        });
    }

    private void renew(Session session) {
        if (session.isAdmitted) {
            long number = lease.renewing(now());
            session.send(NodeSessionRequest.newBuilder()
                    .setRenew(Renewal.newBuilder().setNumber(number).setAppliedRevision(lease.applied()))
                    .build());
        }
    }

    private void say(NodeSessionRequest.Builder message) {
        NodeSessionRequest built = message.build();
        sessions.values().stream().filter(session -> session.isAdmitted).forEach(session -> session.send(built));
    }

    /** It comes to its end and serves no more. */
    public void resign() {
        isOver = true;
        gateOpen = false;
        say(NodeSessionRequest.newBuilder().setResign(Resignation.getDefaultInstance()));
    }

    // ---- from the coordinators

    private void heard(Session session, NodeSessionResponse response) {
        switch (response.getMessageCase()) {
            case ADMITTED -> {
                if (!response.getAdmitted().getWaiting()) {
                    session.isAdmitted = true;
                    renew(session);
                    registry.admitted();
                }
            }
            case GRANTED -> granted(session, response.getGranted());
            case CHANGE -> changed(response.getChange());
            case MESSAGE_NOT_SET -> {}
        }
    }

    private void changed(RegistryChange change) {
        boolean isNew = change.getSnapshot() ? change.getRevision() >= known : change.getRevision() > known;
        if (isNew) {
            if (!change.getSnapshot() && change.getRevision() != known + 1) {
                throw new Violation(
                        "V-5", "%s knows revision %d and is told %d next", host.name(), known, change.getRevision());
            }
            known = change.getRevision();
            registry.changed(change, () -> {});
        }
    }

    private void granted(Session session, Grant grant) {
        if (isOver) {
            return;
        }
        lease.granted(now(), grant.getNumber(), grant.getRevision(), grant.getLeadership());
        if (grant.getLeadership() >= leadership) {
            leadership = grant.getLeadership();
            for (String other : finder.granted(now(), session.address)) {
                Session closed = sessions.remove(other);
                if (closed != null && closed.line != null) {
                    closed.line.close();
                }
            }
        }
        publish();
    }

    private void publish() {
        if (!isOver && lease.serves(now())) {
            gateOpen = true;
            gateUntil = lease.untilNanos();
        }
    }

    private void end() {
        agenda.say(() -> host.name() + ": this life is over");
        isOver = true;
        gateOpen = false;
    }

    // ---- copies

    private Copy copy(RunName name) {
        return new Copy(agenda, host, seams, life, name, this::serves, new Copies() {
            @Override
            public void send(NodeLife to, long generation, Supplier<String> what, Consumer<Copy> arrive) {
                peers.send(host, to.getNode(), what, node -> {
                    if (node.life.equals(to)) {
                        node.registry.copy(generation).ifPresent(arrive);
                    }
                });
            }

            @Override
            public void propose(Command command) {
                String to = sessions.values().stream()
                        .filter(session -> session.isAdmitted)
                        .map(session -> session.address)
                        .findFirst()
                        .orElseGet(() -> agenda.oneOf(addresses));
                peers.propose(host, to, command);
            }

            @Override
            public CopyChecks checks() {
                return peers.checks();
            }
        });
    }

    // ---- guests

    private void accessLater() {
        host.after(agenda.between(2 * MILLIS, 30 * MILLIS), () -> {
            List<DomainActor> domains = registry.domains();
            if (!domains.isEmpty()) {
                agenda.oneOf(domains).access();
            }
            List<Copy> copies = registry.copies();
            if (!copies.isEmpty()) {
                agenda.oneOf(copies).write();
            }
            accessLater();
        });
    }

    // ---- as it truly is

    @Override
    public NodeLife life() {
        return life;
    }

    /** Whether it came to an end by what it was told, or resigned. */
    public boolean isOver() {
        return isOver;
    }

    @Override
    public boolean serves() {
        return host.isUp() && !isOver && gateOpen && seams.serves(now() - gateUntil < 0);
    }

    @Override
    public long appliedRevision() {
        return registry.acknowledged();
    }

    @Override
    public List<Long> claimsAtWork() {
        return registry.domains().stream()
                .flatMap(domain -> domain.accesses().stream())
                .map(access -> access.claimEpoch)
                .toList();
    }

    @Override
    public String toString() {
        return host + ": " + lease.stand(now()) + ", applied " + registry.acknowledged() + ", known " + known
                + (isOver ? ", over" : "") + ", sessions " + sessions.keySet();
    }
}
