package io.trapline.coordinator.raft;

import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.LogEntry;
import io.trapline.internal.v1.Snapshot;
import io.trapline.model.FileTrouble;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage.StartupOption;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica of the registry: proposes entries, reads what it has applied, tells of it. Any thread may call it; nothing here blocks but
 * {@link #open}, {@link #start} and {@link #close}.
 */
public final class Replica implements Log, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Replica.class);

    private static final Duration GREETING = Duration.ofSeconds(1);

    private final ReplicaConfig config;
    private final DataDirectory directory;
    private final RaftGroupId groupId;
    private final GuardedRegistry registry = new GuardedRegistry();
    private volatile @Nullable Running running;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Formation formation;
    private final ClientId client = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();
    private final PeerWatch watch = new PeerWatch(new Processes());
    private final PeerAddresses addresses =
            new PeerAddresses(peer -> connectAnew(peer, "its name leads elsewhere now"));

    private record Running(RaftServer server, RegistryStateMachine stateMachine) {}

    private Replica(ReplicaConfig config, DataDirectory directory) {
        this.config = config;
        this.directory = directory;
        this.groupId = RaftGroupId.valueOf(directory.clusterId());
        this.formation = new Formation(config, directory, closing);
    }

    /**
     * Opens its directory, for this process alone. Nothing of Raft runs yet, and an empty directory is as it was; but what can be refused
     * without asking others is refused.
     */
    public static Replica open(ReplicaConfig config) throws StartException {
        Replica replica = new Replica(config, DataDirectory.open(config));
        boolean admitted = false;
        try {
            replica.formation.refuseEarly();
            admitted = true;
            return replica;
        } finally {
            if (!admitted) {
                replica.close();
            }
        }
    }

    /**
     * Forms or joins its cluster where it must, for which it waits for others; loads its state, and takes part. It may lead before this
     * returns. Where it fails, {@link #close} it; closing it lets it fail.
     */
    public void start(ReplicaEvents events, Peers peers) throws StartException {
        RegistryStateMachine stateMachine = new RegistryStateMachine(registry, new Membership(), events);
        try {
            Admission.Begin begin = formation.await(peers);
            if (begin != Admission.Begin.RECOVER) {
                directory.deleteLog();
            }
            RaftServer server = RaftServer.newBuilder()
                    .setServerId(RaftPeerId.valueOf(config.id()))
                    .setGroup(RaftGroup.valueOf(groupId, raftPeers(directory.formedBy())))
                    .setProperties(RaftSettings.of(config, directory.raft()))
                    .setParameters(RaftSettings.parameters(config))
                    .setStateMachine(stateMachine)
                    .setOption(begin == Admission.Begin.RECOVER ? StartupOption.RECOVER : StartupOption.FORMAT)
                    .build();
            running = new Running(server, stateMachine);
            refuseTakenAddress();
            server.start();
            watchOthers();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw directory.refuse("interrupted while starting");
        } catch (IOException | RuntimeException e) {
            throw directory.refuse(DataDirectory.rootReason(e), e);
        }
    }

    /** Ratis ends the whole process where it cannot listen. Somebody may take the address just behind this; that is seldom. */
    private void refuseTakenAddress() throws StartException {
        InetSocketAddress listens = config.listens();
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(listens.getHostString(), listens.getPort()));
        } catch (IOException taken) {
            throw new StartException(
                    "cannot listen for other coordinators at " + listens.getHostString() + ":" + listens.getPort()
                            + ": " + taken.getMessage(),
                    taken);
        }
    }

    /** Keeps in the directory what Raft has come to. */
    private final class Membership implements RegistryStateMachine.Membership {
        @Override
        public void hasLog() throws IOException {
            if (directory.state() == Admission.State.FORMING) {
                directory.member();
            }
        }

        @Override
        public void named(Set<String> peers) throws IOException {
            if (peers.contains(config.id())) {
                directory.member();
            }
            watchOthers();
        }
    }

    private void watchOthers() {
        List<ReplicaConfig.Peer> others = configuration().stream()
                .filter(peer -> !peer.id().equals(config.id()))
                .toList();
        watch.follow(others);
        addresses.follow(others);
    }

    private void connectAnew(String peer, String why) {
        Running now = running;
        if (now != null) {
            now.server().getServerRpc().handleException(RaftPeerId.valueOf(peer), new IOException(why), true);
        }
    }

    /** What follows from the end of another replica's process, and from its next life. */
    private final class Processes implements PeerWatch.Listener {
        /**
         * What is asked when a leader has ended is asked before, for nothing: then there is a connection to who is asked, which gRPC gives up
         * where nothing was said for half an hour, and the way to it has been gone.
         */
        @Override
        public void there(String peer) {
            Running now = running;
            if (now != null) {
                Votes votes = new Votes(now.server(), groupId, calls);
                Thread.ofVirtual().name("greet-" + peer).start(() -> greet(votes, peer));
            }
        }

        private void greet(Votes votes, String peer) {
            try {
                RaftServer.Division division = division().orElseThrow();
                votes.lasts(List.of(peer), division.getInfo().getCurrentTerm(), Votes.own(division), GREETING);
            } catch (InterruptedException closing) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException notNow) {
                LOG.debug("{} is not asked", peer, notNow);
            }
        }

        @Override
        public void gone(String peer) {
            Running now = running;
            if (now == null) {
                return;
            }
            division().ifPresent(division -> {
                RaftPeerId leader = division.getInfo().getLeaderId();
                if (leader != null && leader.toString().equals(peer)) {
                    succeed(new Votes(now.server(), groupId, calls), division, leader);
                }
            });
        }

        private void succeed(Votes votes, RaftServer.Division division, RaftPeerId leader) {
            List<String> ids = configuration().stream().map(Peer::id).distinct().toList();
            List<String> others = ids.stream()
                    .filter(id -> !id.equals(config.id()) && !id.equals(leader.toString()))
                    .toList();
            long term = division.getInfo().getCurrentTerm();
            Succession.Last own = Votes.own(division);
            try {
                Map<String, Succession.Last> lasts = votes.lasts(others, term, own, Succession.APART);
                Succession.standsAfter(config.id(), leader.toString(), ids, own, lasts)
                        .ifPresent(after -> CompletableFuture.delayedExecutor(after.toMillis(), TimeUnit.MILLISECONDS)
                                .execute(() -> stand(votes, leader, term)));
            } catch (InterruptedException closing) {
                Thread.currentThread().interrupt();
            }
        }

        /** Without this, votes and entries would reach it only after a pause of gRPC's, which grows to minutes. */
        @Override
        public void back(String peer) {
            connectAnew(peer, "its process has been started again");
        }
    }

    private static void stand(Votes votes, RaftPeerId leader, long term) {
        try {
            LOG.info(
                    "the process of leader {} has ended: {}",
                    leader,
                    votes.stand(leader, term) ? "standing for election" : "it is no leader any more");
        } catch (IOException closed) {
            LOG.debug("the replica ends", closed);
        }
    }

    private static List<RaftPeer> raftPeers(List<Peer> peers) {
        return peers.stream()
                .map(peer -> RaftPeer.newBuilder()
                        .setId(peer.id())
                        .setAddress(peer.host() + ":" + peer.port())
                        .setClientAddress(peer.services())
                        .build())
                .toList();
    }

    /** Its id. */
    public String id() {
        return config.id();
    }

    /** What its directory is. */
    public Admission.State state() {
        return directory.state();
    }

    /** The cluster's id. */
    public String clusterId() {
        return directory.clusterId().toString();
    }

    /** Whether this replica may propose and read. */
    public boolean isLeading() {
        Running now = running;
        return now != null && now.stateMachine().isLeading();
    }

    /** Where it fails the entry may be proposed again under its number, and is applied once. */
    @Override
    public CompletionStage<Void> propose(LogEntry entry) {
        Message message = Message.valueOf(
                UnsafeByteOperations.unsafeWrap(entry.toByteArray()), () -> "entry " + entry.getNumber());
        return submit(message, RaftClientRequest.writeRequestType());
    }

    @Override
    public long writtenTerm() {
        Running now = running;
        return now == null ? 0 : now.stateMachine().writtenTerm();
    }

    @Override
    public boolean isAlone() {
        return division()
                .map(RaftServer.Division::getRaftConf)
                .map(peers -> peers.getPreviousPeers().isEmpty()
                        && peers.getCurrentPeers().size() == 1
                        && peers.getPeer(RaftPeerId.valueOf(config.id())) != null)
                .orElse(false);
    }

    private Optional<RaftServer.Division> division() {
        Running now = running;
        try {
            return now == null ? Optional.empty() : Optional.of(now.server().getDivision(groupId));
        } catch (IOException closed) {
            LOG.debug("the replica ends", closed);
            return Optional.empty();
        }
    }

    /** The highest term that this replica has seen; 0 before it was started. */
    public long currentTerm() {
        return division().map(division -> division.getInfo().getCurrentTerm()).orElse(0L);
    }

    /** Who leads, as far as this replica knows. */
    public Optional<ReplicaEvents.Leader> leader() {
        return division()
                .flatMap(division -> Optional.ofNullable(division.getInfo().getLeaderId())
                        .map(id -> new ReplicaEvents.Leader(
                                id.toString(), RegistryStateMachine.services(division.getRaftConf(), id))));
    }

    /** The peers of the configuration of now; while it changes, those of both. Nobody before it was started. */
    public List<Peer> configuration() {
        return division()
                .map(division -> Stream.concat(
                                division.getRaftConf().getCurrentPeers().stream(),
                                division.getRaftConf().getPreviousPeers().stream())
                        .map(Replica::peer)
                        .distinct()
                        .toList())
                .orElse(List.of());
    }

    private static Peer peer(RaftPeer peer) {
        String address = peer.getAddress();
        int colon = address.lastIndexOf(':');
        String services = peer.getClientAddress();
        return new Peer(
                peer.getId().toString(),
                address.substring(0, colon),
                Integer.parseInt(address.substring(colon + 1)),
                services == null ? "" : services);
    }

    /**
     * Makes those the configuration, unless it is another one than {@code current} by then. It ends when that is committed, which may
     * take as long as those who come in take to catch up.
     *
     * @return why it was not done, one line; empty = it was
     */
    public CompletionStage<Optional<String>> reconfigure(List<Peer> current, List<Peer> next) {
        Running now = running;
        if (now == null) {
            return CompletableFuture.completedFuture(Optional.of("the replica has not started"));
        }
        SetConfigurationRequest request = new SetConfigurationRequest(
                client,
                now.server().getId(),
                groupId,
                calls.incrementAndGet(),
                SetConfigurationRequest.Arguments.newBuilder()
                        .setMode(SetConfigurationRequest.Mode.COMPARE_AND_SET)
                        .setServersInCurrentConf(raftPeers(current))
                        .setServersInNewConf(raftPeers(next))
                        .build());
        try {
            return now.server().setConfigurationAsync(request).handle((reply, failure) -> {
                if (failure != null) {
                    return Optional.of(DataDirectory.rootReason(failure));
                }
                return reply.isSuccess()
                        ? Optional.<String>empty()
                        : Optional.of(DataDirectory.rootReason(reply.getException()));
            });
        } catch (IOException e) {
            return CompletableFuture.completedFuture(Optional.of(DataDirectory.rootReason(e)));
        }
    }

    /** Lets another one lead ({@link LeadershipTransfer}); ends when this one leads no longer, and fails where it did not lead. */
    public CompletionStage<Void> stepDown() {
        Running now = running;
        Optional<RaftServer.Division> division = division();
        if (now == null || division.isEmpty()) {
            return CompletableFuture.failedFuture(new IOException("the replica does not run"));
        }
        if (!isLeading()) {
            return CompletableFuture.failedFuture(new IOException("the replica does not lead"));
        }
        return new LeadershipTransfer(now.server(), division.get(), client, calls::incrementAndGet).begin();
    }

    /** Reads the state as this replica has it now; whether it is still that of the cluster, nobody has asked. */
    public <T> T readLocal(Function<RegistryView, T> reader) {
        return registry.read(reader);
    }

    /** The whole state as this replica has it now. */
    public Snapshot snapshot() {
        return registry.snapshot();
    }

    private CompletionStage<Void> submit(Message message, RaftClientRequest.Type type) {
        Running now = running;
        if (now == null) {
            return CompletableFuture.failedFuture(new IOException("the replica has not started"));
        }
        RaftClientRequest request = RaftClientRequest.newBuilder()
                .setClientId(client)
                .setServerId(now.server().getId())
                .setGroupId(groupId)
                .setCallId(calls.incrementAndGet())
                .setMessage(message)
                .setType(type)
                .build();
        try {
            return now.server().submitClientRequestAsync(request).thenAccept(Replica::checkSuccess);
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static void checkSuccess(RaftClientReply reply) {
        if (!reply.isSuccess()) {
            throw new CompletionException(reply.getException());
        }
    }

    /** Ends it, with a snapshot where it can still write one, and lets another process have the directory. */
    @Override
    public void close() {
        closing.countDown();
        watch.close();
        addresses.close();
        Running now = running;
        try {
            if (now != null) {
                now.stateMachine().closing();
                now.server().close();
            }
        } catch (IOException e) {
            LOG.warn("closing the replica: {}", FileTrouble.text(e));
        }
        directory.close();
    }
}
