package io.trapline.coordinator.raft;

import com.google.protobuf.CodedInputStream;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.LogEntry;
import io.trapline.internal.v1.Snapshot;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.util.MD5FileUtil;

/**
 * The registry as Ratis sees it: entries in, snapshots out. It decides nothing; {@link GuardedRegistry the registry} does.
 *
 * <p>Entries are applied, and snapshots are taken, by one thread of Ratis.
 */
final class RegistryStateMachine extends BaseStateMachine {
    private final SimpleStateMachineStorage storage = new SimpleStateMachineStorage();
    private final GuardedRegistry registry = new GuardedRegistry();
    private final Formation formation;
    private volatile ReplicaEvents events = ReplicaEvents.IGNORED;
    private volatile boolean leading;

    /** Told when the log is there and nothing has been acknowledged yet. */
    interface Formation {
        void finished() throws IOException;
    }

    RegistryStateMachine(Formation formation) {
        this.formation = formation;
    }

    /** Whom to tell; before it is started. */
    void tell(ReplicaEvents whom) {
        events = whom;
    }

    /** Reads the state as it is now at this replica. */
    <T> T read(Function<RegistryView, T> reader) {
        return registry.read(reader);
    }

    boolean isLeading() {
        return leading;
    }

    @Override
    public void initialize(RaftServer server, RaftGroupId groupId, RaftStorage raftStorage) throws IOException {
        super.initialize(server, groupId, raftStorage);
        storage.init(raftStorage);
        load();
        formation.finished();
    }

    @Override
    public void reinitialize() throws IOException {
        storage.loadLatestSnapshot();
        load();
    }

    @Override
    public StateMachineStorage getStateMachineStorage() {
        return storage;
    }

    private void load() throws IOException {
        SingleFileSnapshotInfo info = storage.getLatestSnapshot();
        if (info == null) {
            return;
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
    }

    @Override
    public long takeSnapshot() throws IOException {
        TermIndex last = getLastAppliedTermIndex();
        Snapshot snapshot = registry.snapshot();
        File file = storage.getSnapshotFile(last.getTerm(), last.getIndex());
        File next = new File(file.getParentFile(), file.getName() + ".next");
        try (FileOutputStream out = new FileOutputStream(next)) {
            OutputStream buffered = new BufferedOutputStream(out, 1 << 16);
            snapshot.writeTo(buffered);
            buffered.flush();
            out.getFD().sync();
        }
        // The digest first: a snapshot that is there is whole, and its digest is there too.
        MD5Hash digest = MD5FileUtil.computeMd5ForFile(next);
        MD5FileUtil.saveMD5File(file, digest);
        Files.move(next.toPath(), file.toPath(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        // On disk before Ratis drops the log that it replaces.
        DataDirectory.sync(file.toPath().resolveSibling("."));
        storage.updateLatestSnapshot(new SingleFileSnapshotInfo(new FileInfo(file.toPath(), digest), last));
        return last.getIndex();
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        LogEntryProto raftEntry = Objects.requireNonNull(transaction.getLogEntry());
        try {
            LogEntry entry = LogEntry.parseFrom(
                    raftEntry.getStateMachineLogEntry().getLogData().asReadOnlyByteBuffer());
            List<Result> results = registry.apply(raftEntry.getIndex(), entry);
            updateLastAppliedTermIndex(raftEntry.getTerm(), raftEntry.getIndex());
            events.applied()
                    .accept(new Applied(raftEntry.getIndex(), entry.getCommitter(), entry.getNumber(), results));
            return CompletableFuture.completedFuture(Message.EMPTY);
        } catch (IOException | RuntimeException broken) {
            // This replica's state can no longer be trusted; an answer from it would be a guess.
            events.failed().accept(new IllegalStateException("an entry could not be applied: " + broken, broken));
            return CompletableFuture.failedFuture(broken);
        }
    }

    /** The answer to a read request says only that this replica led when the request came in, and has applied all there was. */
    @Override
    public CompletableFuture<Message> query(Message request) {
        return CompletableFuture.completedFuture(Message.EMPTY);
    }

    @Override
    public void notifyLeaderReady() {
        leading = true;
        events.leading().accept(true);
    }

    @Override
    public void notifyLeaderChanged(RaftGroupMemberId member, RaftPeerId leader) {
        if (leading && !member.getPeerId().equals(leader)) {
            leading = false;
            events.leading().accept(false);
        }
    }

    @Override
    public void notifyNotLeader(java.util.Collection<TransactionContext> pending) {
        if (leading) {
            leading = false;
            events.leading().accept(false);
        }
    }

    @Override
    public void notifyLogFailed(Throwable cause, LogEntryProto entry) {
        events.failed().accept(new IOException("the log cannot be written: " + DataDirectory.rootReason(cause), cause));
    }
}
