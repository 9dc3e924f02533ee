package io.trapline.coordinator.raft;

import com.google.protobuf.CodedInputStream;
import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.CommitterState;
import io.trapline.internal.v1.LogEntry;
import io.trapline.internal.v1.Snapshot;
import java.io.BufferedInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.MD5FileUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registry as Ratis sees it: entries in, snapshots out. It decides nothing; {@link GuardedRegistry the registry} does.
 *
 * <p>Entries are applied, and snapshots are begun and put in place, by one thread of Ratis.
 */
final class RegistryStateMachine extends BaseStateMachine {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryStateMachine.class);

    private final SimpleStateMachineStorage storage = new SimpleStateMachineStorage();
    private final GuardedRegistry registry;
    private final Membership membership;
    private final ReplicaEvents events;
    // The term of the last configuration that was applied; of the thread that applies.
    private long configurationTerm;
    private final SnapshotWriter snapshots = new SnapshotWriter();
    private volatile boolean leading;
    private volatile boolean closing;
    private volatile long writtenTerm;

    /** What the directory must know before this replica acknowledges anything. */
    interface Membership {
        /** The log is there. */
        void hasLog() throws IOException;

        /** A configuration names these peers. */
        void named(Set<String> peers) throws IOException;
    }

    RegistryStateMachine(GuardedRegistry registry, Membership membership, ReplicaEvents events) {
        this.registry = registry;
        this.membership = membership;
        this.events = events;
    }

    boolean isLeading() {
        return leading;
    }

    @Override
    public void initialize(RaftServer server, RaftGroupId groupId, RaftStorage raftStorage) throws IOException {
        super.initialize(server, groupId, raftStorage);
        storage.init(raftStorage);
        load();
        membership.hasLog();
        getLifeCycle().transition(LifeCycle.State.STARTING);
        getLifeCycle().transition(LifeCycle.State.RUNNING);
    }

    /** A snapshot from the leader is there, and replaces the state: Ratis asserts the life cycle before it goes on. */
    @Override
    public void pause() {
        getLifeCycle().transition(LifeCycle.State.PAUSING);
        getLifeCycle().transition(LifeCycle.State.PAUSED);
    }

    @Override
    public void reinitialize() throws IOException {
        snapshots.drop();
        storage.loadLatestSnapshot();
        Snapshot snapshot = load();
        if (getLifeCycleState() == LifeCycle.State.PAUSED) {
            getLifeCycle().transition(LifeCycle.State.STARTING);
            getLifeCycle().transition(LifeCycle.State.RUNNING);
        }
        TermIndex last = getLastAppliedTermIndex();
        // Whoever waits for an entry that is in the snapshot, and so never comes by itself.
        for (CommitterState state : snapshot.getCommittersList()) {
            List<Result> results = state.getAnswersList().stream()
                    .map(answer -> new Result(answer, Optional.empty()))
                    .toList();
            events.applied(
                    new Applied(last.getIndex(), last.getTerm(), state.getCommitter(), state.getNumber(), results));
        }
        events.termApplied(last.getTerm());
    }

    @Override
    public StateMachineStorage getStateMachineStorage() {
        return storage;
    }

    private Snapshot load() throws IOException {
        SingleFileSnapshotInfo info = storage.getLatestSnapshot();
        if (info == null) {
            return Snapshot.getDefaultInstance();
        }
        File file = info.getFile().getPath().toFile();
        MD5FileUtil.verifySavedMD5(file, MD5FileUtil.computeMd5ForFile(file));
        Snapshot snapshot;
        try (var in = new BufferedInputStream(Files.newInputStream(file.toPath()))) {
            CodedInputStream coded = CodedInputStream.newInstance(in);
            coded.setSizeLimit(Integer.MAX_VALUE);
            snapshot = Snapshot.parseFrom(coded);
        }
        try {
            registry.restore(snapshot);
        } catch (IllegalArgumentException unknown) {
            throw new IOException(unknown.getMessage(), unknown);
        }
        setLastAppliedTermIndex(info.getTermIndex());
        return snapshot;
    }

    /**
     * Ratis calls it before each entry once enough of them have been applied since the last one. Nothing comes of it until what was
     * begun by an earlier call is on disk; only then may Ratis drop the log that it replaces.
     */
    @Override
    public long takeSnapshot() throws IOException {
        if (registry.isRestoring()) {
            // Half of a backup is in no snapshot: whoever starts again begins with its first part.
            return RaftLog.INVALID_LOG_INDEX;
        }
        TermIndex last = getLastAppliedTermIndex();
        if (closing) {
            snapshots.drop();
            return keep(SnapshotWriter.write(registry.snapshot(), last, nextSnapshot()));
        }
        Optional<SnapshotWriter.Written> written = snapshots.take();
        if (written.isPresent()) {
            return keep(written.get());
        }
        if (!snapshots.isBusy()) {
            snapshots.begin(registry.snapshot(), last, nextSnapshot());
        }
        return RaftLog.INVALID_LOG_INDEX;
    }

    private File nextSnapshot() {
        return new File(storage.getSnapshotFile(0, 0).getParentFile(), "snapshot.next");
    }

    private long keep(SnapshotWriter.Written written) throws IOException {
        TermIndex last = written.last();
        File file = storage.getSnapshotFile(last.getTerm(), last.getIndex());
        // The digest first: a snapshot that is there is whole, and its digest is there too.
        MD5FileUtil.saveMD5File(file, written.digest());
        Files.move(
                written.file().toPath(),
                file.toPath(),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        // On disk before Ratis drops the log that it replaces.
        DataDirectory.sync(file.toPath().resolveSibling("."));
        storage.updateLatestSnapshot(new SingleFileSnapshotInfo(new FileInfo(file.toPath(), written.digest()), last));
        return last.getIndex();
    }

    /** The next snapshot is the last one: it is written before {@link #takeSnapshot} returns. */
    void closing() {
        closing = true;
    }

    @Override
    public void close() throws IOException {
        super.close();
        snapshots.drop();
    }

    /** No entry was put into the log here, by this replica as a leader, in a later term. */
    long writtenTerm() {
        return writtenTerm;
    }

    /** An entry is about to be put into the log; its term was taken before this, and terms do not fall. One at a time. */
    @Override
    public TransactionContext preAppendTransaction(TransactionContext transaction) throws IOException {
        writtenTerm = getServer().join().getDivision(getGroupId()).getInfo().getCurrentTerm();
        return transaction;
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        LogEntryProto raftEntry = Objects.requireNonNull(transaction.getLogEntry());
        try {
            LogEntry entry = LogEntry.parseFrom(
                    raftEntry.getStateMachineLogEntry().getLogData().asReadOnlyByteBuffer());
            List<Result> results = registry.apply(raftEntry.getIndex(), entry);
            updateLastAppliedTermIndex(raftEntry.getTerm(), raftEntry.getIndex());
            events.applied(new Applied(
                    raftEntry.getIndex(), raftEntry.getTerm(), entry.getCommitter(), entry.getNumber(), results));
            return CompletableFuture.completedFuture(Message.EMPTY);
        } catch (IOException | RuntimeException broken) {
            // This replica's state can no longer be trusted; an answer from it would be a guess.
            events.failed(new IllegalStateException("an entry could not be applied: " + broken, broken));
            return CompletableFuture.failedFuture(broken);
        }
    }

    /** Told from the thread that applies; the first entry of a leader's term is of this kind, and {@link #notifyLeaderReady} follows. */
    @Override
    public void notifyConfigurationChanged(long term, long index, RaftConfigurationProto peers) {
        configurationTerm = term;
        try {
            membership.named(peers.getPeersList().stream()
                    .map(peer -> peer.getId().toStringUtf8())
                    .collect(Collectors.toSet()));
        } catch (IOException broken) {
            events.failed(
                    new IOException("the directory cannot be written: " + DataDirectory.rootReason(broken), broken));
        }
    }

    /** An entry of Raft's own: told from the thread that applies. */
    @Override
    public void notifyTermIndexUpdated(long term, long index) {
        super.notifyTermIndexUpdated(term, index);
        events.termApplied(term);
    }

    /** Told from the thread that applies, while it applies the configuration that begins this leader's term. */
    @Override
    public void notifyLeaderReady() {
        events.termApplied(configurationTerm);
        leads(configurationTerm);
    }

    @Override
    public void notifyLeaderChanged(RaftGroupMemberId member, RaftPeerId leader) {
        if (!member.getPeerId().equals(leader)) {
            leadsNoLonger();
        }
        events.leader(new ReplicaEvents.Leader(leader.toString(), services(leader)));
    }

    @Override
    public void notifyNotLeader(Collection<TransactionContext> pending) {
        leadsNoLonger();
    }

    private synchronized void leads(long term) {
        leading = true;
        events.leading(term);
        // Its end takes the role away and then tells; where it told before this, it found nothing to end.
        if (!isLeaderIn(term)) {
            leadsNoLonger();
        }
    }

    private boolean isLeaderIn(long term) {
        try {
            DivisionInfo now = getServer().join().getDivision(getGroupId()).getInfo();
            return now.isLeader() && now.getCurrentTerm() == term;
        } catch (IOException closed) {
            LOG.debug("it leads, and ends", closed);
            return false;
        }
    }

    /** Told from several threads of Raft's, and often twice. */
    private synchronized void leadsNoLonger() {
        if (leading) {
            leading = false;
            events.notLeading();
        }
    }

    private String services(RaftPeerId peer) {
        try {
            return services(getServer().join().getDivision(getGroupId()).getRaftConf(), peer);
        } catch (IOException closed) {
            LOG.debug("a leader is known, and this replica ends", closed);
            return "";
        }
    }

    /** Where the services of a peer are; empty = not known. */
    static String services(RaftConfiguration peers, RaftPeerId id) {
        RaftPeer peer = peers.getPeer(id);
        return peer == null || peer.getClientAddress() == null ? "" : peer.getClientAddress();
    }

    /** It asked for votes, and was told that the configuration names it no longer. */
    @Override
    public void notifyServerShutdown(RoleInfoProto role, boolean wholeServer) {
        if (!wholeServer) {
            events.failed(new IOException("this coordinator is none of the cluster's any more: it was replaced"));
        }
    }

    @Override
    public void notifyLogFailed(Throwable cause, LogEntryProto entry) {
        events.failed(new IOException("the log cannot be written: " + DataDirectory.rootReason(cause), cause));
    }
}
