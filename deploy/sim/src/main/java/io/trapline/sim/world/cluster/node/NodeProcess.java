package io.trapline.sim.world.cluster.node;

import io.trapline.internal.v1.Grant;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.NodeSessionRequest;
import io.trapline.internal.v1.NodeSessionResponse;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.Renewal;
import io.trapline.internal.v1.Resignation;
import io.trapline.internal.v1.SessionActivity;
import io.trapline.model.Lease;
import io.trapline.node.lease.LeaderFinder;
import io.trapline.node.lease.NodeLease;
import io.trapline.sim.check.Violation;
import io.trapline.sim.world.cluster.check.Serving;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.seam.ClusterSeams;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** One life of a node: keeps in touch with the coordinators as {@code CoordinatorLink} does, by the real rules of leases. */
public final class NodeProcess implements Serving {
    /** How a node reaches coordinators. */
    public interface Coordinators {
        /** Opens a session and registers; what it hears and its end go to the session. */
        SessionLine open(SimHost from, String address, NodeSessionRequest first, NodeSession session);
    }

    /** What a session says. */
    public interface SessionLine {
        void send(NodeSessionRequest message);

        void close();
    }

    /** Whom a node's actors tell how far they are. */
    public interface Told {
        void applied(long revision);

        void drained(long revision);

        /** What clients have acknowledged at this node. */
        void acknowledged(SortedMap<Long, Long> through);

        /** A coordinator with which the node speaks; any, while there is none. */
        String coordinator();
    }

    /** What follows the registry at a node. */
    public interface Follower {
        /** A leader knows this life from now on. */
        void admitted();

        /** The registry has moved on, or is told as a whole. */
        void changed(RegistryChange change);

        /** A client has all answers up to that call of its session. */
        void acknowledged(long session, long through);

        /** Up to which revision all of the node's actors go by the registry. */
        long acknowledged();

        /** Revisions of the claims whose accesses are under way. */
        List<Long> claimsAtWork();
    }

    /** Begins to follow at a life of a node. */
    public interface Followers {
        /** Begins; {@code serves}: whether the node serves at this very moment. */
        Follower follow(NodeLife life, BooleanSupplier serves, Told told);
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
    private final long memoryBytes;
    private final Coordinators coordinators;
    private final NodeLife life;
    private final NodeLease lease = new NodeLease(Lease.LASTS);
    private final LeaderFinder finder;
    private final Follower registry;
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
            Followers followers) {
        this(agenda, host, seams, addresses, 0, coordinators, followers);
    }

    /**
     * The same.
     *
     * @param memoryBytes how much memory it says that the host has for guests
     */
    public NodeProcess(
            Agenda agenda,
            SimHost host,
            ClusterSeams seams,
            List<String> addresses,
            long memoryBytes,
            Coordinators coordinators,
            Followers followers) {
        this.memoryBytes = memoryBytes;
        this.agenda = agenda;
        this.host = host;
        this.seams = seams;
        this.coordinators = coordinators;
        life = NodeLife.newBuilder()
                .setNode(host.name())
                .setIncarnation(agenda.name())
                .build();
        finder = new LeaderFinder(addresses, Lease.GRANT_SILENCE, now());
        registry = followers.follow(life, this::serves, new Told() {
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

            @Override
            public void acknowledged(SortedMap<Long, Long> through) {
                say(NodeSessionRequest.newBuilder()
                        .setActivity(SessionActivity.newBuilder()
                                .addAllSessions(through.keySet())
                                .addAllAcknowledgedThrough(through.values())));
            }

            @Override
            public String coordinator() {
                return sessions.values().stream()
                        .filter(session -> session.isAdmitted)
                        .map(session -> session.address)
                        .findFirst()
                        .orElseGet(() -> agenda.oneOf(addresses));
            }
        });
        search();
        renewLater();
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
                        .setAddress("127.0.0.1:1")
                        .setMemoryBytes(memoryBytes))
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
            case ACKNOWLEDGED -> acknowledged(response.getAcknowledged());
            case MESSAGE_NOT_SET -> {}
        }
    }

    private void acknowledged(SessionActivity said) {
        for (int i = 0; i < said.getSessionsCount(); i++) {
            registry.acknowledged(said.getSessions(i), said.getAcknowledgedThrough(i));
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
            registry.changed(change);
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
        return registry.claimsAtWork();
    }

    @Override
    public String toString() {
        return host + ": " + lease.stand(now()) + ", applied " + registry.acknowledged() + ", known " + known
                + (isOver ? ", over" : "") + ", sessions " + sessions.keySet();
    }
}
