package io.trapline.coordinator.raft;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.rpc.SupportedRpcType;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/** Every setting of Ratis that differs from its default, with the reason. */
final class RaftSettings {
    private static final TimeDuration NEVER = TimeDuration.valueOf(1, TimeUnit.DAYS);
    private static final SizeInBytes ENTRY_LIMIT = SizeInBytes.valueOf("2MB");

    private RaftSettings() {}

    /** The settings of one replica, with its log and snapshots under {@code raft}. */
    static RaftProperties of(ReplicaConfig config, Path raft) {
        RaftProperties properties = new RaftProperties();
        RaftConfigKeys.Rpc.setType(properties, config.hasAddress() ? SupportedRpcType.GRPC : new AloneRpc());
        GrpcConfigKeys.Server.setHost(properties, config.listens().getHostString());
        GrpcConfigKeys.Server.setPort(properties, config.listens().getPort());
        RaftServerConfigKeys.setStorageDir(properties, List.of(raft.toFile()));
        elections(properties);
        if (config.peers().size() == 1) {
            // Nor is there anybody who could stand at the same time.
            RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(properties, millis(1));
            RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(properties, millis(2));
            // A pause of the process makes a leader step down; there is nobody else who could have led meanwhile.
            RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(properties, NEVER);
        }
        log(properties);
        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, config.snapshotEvery());
        RaftServerConfigKeys.Snapshot.setRetentionFileNum(properties, 2);
        return properties;
    }

    /** What are no properties: nobody takes part in another replica's name. */
    static Parameters parameters(ReplicaConfig config) {
        Parameters parameters = new Parameters();
        GrpcConfigKeys.Server.setServicesCustomizer(
                parameters, (builder, types) -> builder.intercept(new Addressee(config.id())));
        return parameters;
    }

    private static void elections(RaftProperties properties) {
        // Shorter ones lose their leader on a saturated machine; longer ones would stall guests when a leader dies.
        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, millis(300));
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, millis(500));
        // Nobody led before: there is no leader to wait for.
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(properties, millis(20));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(properties, millis(60));
        // Others may stand first; but of three, who has lost its followers may soon be one of the two that are left. By
        // default it
        // stands for no election for 10 s.
        RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(properties, millis(1_000));
        // A follower that does not answer is asked again soon; a member that catches up may take longer than by
        // default.
        RaftServerConfigKeys.Rpc.setRequestTimeout(properties, millis(1_000));
        RaftServerConfigKeys.setStagingTimeout(properties, millis(60_000));
        // A process that was stopped for long goes on afterwards; by default Ratis would close it for good.
        RaftServerConfigKeys.Rpc.setSlownessTimeout(properties, NEVER);
        RaftServerConfigKeys.setCloseThreshold(properties, NEVER);
    }

    private static void log(RaftProperties properties) {
        // Entries are made unique by the registry; Ratis' own memory of requests would only grow with the rate of
        // commits.
        RaftServerConfigKeys.RetryCache.setExpiryTime(properties, millis(2_000));
        RaftServerConfigKeys.Log.setUseMemory(properties, false);
        RaftServerConfigKeys.Log.setLogMetadataEnabled(properties, false);
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
        // Ratis 3.3 would chain what a follower appends to what it appends already: where that is under way at the same
        // index it takes
        // another leader's entry for the same one and acknowledges it, and once one append has failed all later ones
        // fail with it, while
        // heartbeats go on. Then nobody is elected and nothing is committed.
        RaftServerConfigKeys.Log.setAppendEntriesComposeEnabled(properties, false);
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf("8MB"));
        RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf("1MB"));
        // A follower that comes back is led again soon; by default only after pauses of 5 s.
        RaftServerConfigKeys.Log.Appender.setRetryPolicy(properties, "10ms,10, 100ms,1000000000");
        RaftServerConfigKeys.Log.Appender.setBufferByteLimit(properties, ENTRY_LIMIT);
        RaftServerConfigKeys.Log.setWriteBufferSize(properties, SizeInBytes.valueOf(ENTRY_LIMIT.getSize() + 64));
        // A log whose middle is damaged is an error for a person, not something to be cut off.
        RaftServerConfigKeys.Log.setCorruptionPolicy(properties, RaftServerConfigKeys.Log.CorruptionPolicy.EXCEPTION);
    }

    private static TimeDuration millis(long millis) {
        return TimeDuration.valueOf(millis, TimeUnit.MILLISECONDS);
    }
}
