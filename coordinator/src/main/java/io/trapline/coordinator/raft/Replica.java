package io.trapline.coordinator.raft;

import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.LogEntry;
import java.io.IOException;
import java.util.List;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica of the registry: proposes entries, reads, tells what was applied. Any thread may call it; nothing here blocks but
 * {@link #open}, {@link #start} and {@link #close}.
 */
public final class Replica implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Replica.class);

    private final ReplicaConfig config;
    private final DataDirectory directory;
    private final RaftServer server;
    private final RegistryStateMachine stateMachine;
    private final RaftGroupId groupId;
    private final ClientId client = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();

    private Replica(
            ReplicaConfig config,
            DataDirectory directory,
            RaftServer server,
            RegistryStateMachine stateMachine,
            RaftGroupId groupId) {
        this.config = config;
        this.directory = directory;
        this.server = server;
        this.stateMachine = stateMachine;
        this.groupId = groupId;
    }

    /** Opens its directory, for this process alone. Nothing runs yet. */
    public static Replica open(ReplicaConfig config) throws StartException {
        DataDirectory directory = DataDirectory.open(config);
        RegistryStateMachine stateMachine = new RegistryStateMachine(directory::formed);
        boolean opened = false;
        try {
            RaftGroupId groupId = RaftGroupId.valueOf(directory.clusterId());
            RaftServer server = RaftServer.newBuilder()
                    .setServerId(RaftPeerId.valueOf(config.id()))
                    .setGroup(RaftGroup.valueOf(groupId, peers(config)))
                    .setProperties(RaftSettings.of(config, directory.raft()))
                    .setStateMachine(stateMachine)
                    .setOption(directory.isFormed() ? StartupOption.RECOVER : StartupOption.FORMAT)
                    .build();
            opened = true;
            return new Replica(config, directory, server, stateMachine, groupId);
        } catch (IOException | RuntimeException e) {
            throw failed(config, e);
        } finally {
            if (!opened) {
                directory.close();
            }
        }
    }

    /** Loads its state and takes part. It may lead before this returns. Where it fails, {@link #close} it. */
    public void start(ReplicaEvents events) throws StartException {
        stateMachine.tell(events);
        try {
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
        return stateMachine.isLeading();
    }

    /**
     * Appends an entry to the log. A failure says nothing about whether it will be applied, unless this replica did not lead; the entry
     * may be proposed again under its number, and is applied once.
     */
    public CompletionStage<Void> propose(LogEntry entry) {
        Message message = Message.valueOf(
                UnsafeByteOperations.unsafeWrap(entry.toByteArray()), () -> "entry " + entry.getNumber());
        return submit(message, RaftClientRequest.writeRequestType());
    }

    /**
     * Reads the state after everything that was applied, anywhere, before this call (linearizable): a quorum confirms first that this
     * replica still leads. Fails where it does not.
     */
    public <T> CompletionStage<T> read(Function<RegistryView, T> reader) {
        return submit(Message.EMPTY, RaftClientRequest.readRequestType())
                .thenApply(confirmed -> stateMachine.read(reader));
    }

    /** Reads the state as it is at this replica now. */
    public <T> T readLocal(Function<RegistryView, T> reader) {
        return stateMachine.read(reader);
    }

    private CompletionStage<Void> submit(Message message, RaftClientRequest.Type type) {
        RaftClientRequest request = RaftClientRequest.newBuilder()
                .setClientId(client)
                .setServerId(server.getId())
                .setGroupId(groupId)
                .setCallId(calls.incrementAndGet())
                .setMessage(message)
                .setType(type)
                .build();
        try {
            return server.submitClientRequestAsync(request).thenAccept(Replica::checkSuccess);
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
        try {
            server.close();
        } catch (IOException e) {
            LOG.warn("closing the replica: {}", DataDirectory.reason(e));
        }
        directory.close();
    }
}
