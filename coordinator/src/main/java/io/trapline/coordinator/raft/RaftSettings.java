package io.trapline.coordinator.raft;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.rpc.SupportedRpcType;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/** Every setting of Ratis that differs from its default, with the reason. */
final class RaftSettings {
    private static final SizeInBytes ENTRY_LIMIT = SizeInBytes.valueOf("2MB");

    private RaftSettings() {}

    /**
     * The settings of one replica.
     *
     * @param raft where log and snapshots are
     * @param host where it listens
     * @param port 0 in a group of one, which nobody calls
     * @param snapshotEvery entries between two snapshots
     */
    static RaftProperties of(Path raft, String host, int port, long snapshotEvery) {
        RaftProperties properties = new RaftProperties();
        RaftConfigKeys.Rpc.setType(properties, SupportedRpcType.GRPC);
        GrpcConfigKeys.Server.setHost(properties, host);
        GrpcConfigKeys.Server.setPort(properties, port);
        RaftServerConfigKeys.setStorageDir(properties, List.of(raft.toFile()));
        elections(properties);
        log(properties);
        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, snapshotEvery);
        RaftServerConfigKeys.Snapshot.setRetentionFileNum(properties, 2);
        return properties;
    }

    private static void elections(RaftProperties properties) {
        // Shorter ones lose their leader on a saturated machine; longer ones would stall guests when a leader dies.
        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, millis(300));
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, millis(500));
        // Nobody led before: there is no leader to wait for.
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(properties, millis(20));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(properties, millis(60));
        // A process that was stopped for long goes on afterwards; by default Ratis would close it for good.
        RaftServerConfigKeys.Rpc.setSlownessTimeout(properties, TimeDuration.valueOf(1, TimeUnit.DAYS));
        RaftServerConfigKeys.setCloseThreshold(properties, TimeDuration.valueOf(1, TimeUnit.DAYS));
        // ReadIndex without the leader's lease: a deposed leader answers nothing.
        RaftServerConfigKeys.Read.setOption(properties, RaftServerConfigKeys.Read.Option.LINEARIZABLE);
        RaftServerConfigKeys.Read.setLeaderLeaseEnabled(properties, false);
    }

    private static void log(RaftProperties properties) {
        RaftServerConfigKeys.Log.setUseMemory(properties, false);
        RaftServerConfigKeys.Log.setLogMetadataEnabled(properties, false);
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf("8MB"));
        RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf("1MB"));
        RaftServerConfigKeys.Log.Appender.setBufferByteLimit(properties, ENTRY_LIMIT);
        RaftServerConfigKeys.Log.setWriteBufferSize(properties, SizeInBytes.valueOf(ENTRY_LIMIT.getSize() + 64));
        // A log whose middle is damaged is an error for a person, not something to be cut off.
        RaftServerConfigKeys.Log.setCorruptionPolicy(properties, RaftServerConfigKeys.Log.CorruptionPolicy.EXCEPTION);
    }

    private static TimeDuration millis(long millis) {
        return TimeDuration.valueOf(millis, TimeUnit.MILLISECONDS);
    }
}
