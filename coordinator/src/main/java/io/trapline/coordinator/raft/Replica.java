package io.trapline.coordinator.raft;

import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.LogEntry;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
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

    private final ReplicaConfig config;
    private final DataDirectory directory;
    private final RaftGroupId groupId;
    private final GuardedRegistry registry = new GuardedRegistry();
    private volatile @Nullable Running running;
    private final ClientId client = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();

    private record Running(RaftServer server, RegistryStateMachine stateMachine) {}

    private Replica(ReplicaConfig config, DataDirectory directory) {
        this.config = config;
        this.directory = directory;
        this.groupId = RaftGroupId.valueOf(directory.clusterId());
    }

    /** Opens its directory, for this process alone. Nothing runs yet. */
    public static Replica open(ReplicaConfig config) throws StartException {
        return new Replica(config, DataDirectory.open(config));
    }

    /** Loads its state and takes part. It may lead before this returns. Where it fails, {@link #close} it. */
    public void start(ReplicaEvents events) throws StartException {
        RegistryStateMachine stateMachine = new RegistryStateMachine(registry, directory::formed, events);
        try {
            RaftServer server = RaftServer.newBuilder()
                    .setServerId(RaftPeerId.valueOf(config.id()))
                    .setGroup(RaftGroup.valueOf(groupId, peers(config)))
                    .setProperties(RaftSettings.of(config, directory.raft()))
                    .setStateMachine(stateMachine)
                    .setOption(directory.isFormed() ? StartupOption.RECOVER : StartupOption.FORMAT)
                    .build();
            running = new Running(server, stateMachine);
            server.start();
        } catch (IOException | RuntimeException e) {
            throw failed(config, e);
        }
    }

    private static StartException failed(ReplicaConfig config, Exception e) {
        return new StartException("data directory " + config.dataDirectory() + ": " + DataDirectory.rootReason(e), e);
    }

    private static List<RaftPeer> peers(ReplicaConfig config) {
        return config.peers().stream()
                .map(peer -> RaftPeer.newBuilder()
                        .setId(peer.id())
                        .setAddress(peer.host() + ":" + peer.port())
                        .build())
                .toList();
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

    /** Reads the state as this replica has it now; whether it is still that of the cluster, nobody has asked. */
    public <T> T readLocal(Function<RegistryView, T> reader) {
        return registry.read(reader);
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
        Running now = running;
        try {
            if (now != null) {
                now.server().close();
            }
        } catch (IOException e) {
            LOG.warn("closing the replica: {}", DataDirectory.reason(e));
        }
        directory.close();
    }
}
